//! Images, and where they come from.

use super::super::{Cause, Layer, Source};
use super::likely;

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        name: "PauseImage",
        layer: Layer::Images,
        is: "the pause image that the runtime is set to, which every pod begins with, is not on the host and cannot be had",
        fix: "name an image that the host has as the runtime's sandbox image, or bring that image; then start the runtime anew",
        command: None,
        page: "containerd: `sandbox_image` (2.x: `sandbox` below `pinned_images`); cri-o: `pause_image`. Its own default is a name that an air-gapped host does not have. `ctr -n k8s.io images ls -q | grep pause` shows what is there.",
        signatures: &[
            likely(Source::Kubelet, r#"failed to get sandbox image "([^"]+)""#, "the pause image `{1}`, which the runtime is set to, is not on the host and cannot be pulled, so that no pod starts", "E1126 05:10:11.1 900 remote_runtime.go:116] RunPodSandbox from runtime service failed: rpc error: code = Unknown desc = failed to get sandbox image \"k8s.gcr.io/pause:9.9\": failed to pull image \"k8s.gcr.io/pause:9.9\": failed to resolve reference: dial tcp: lookup k8s.gcr.io: no such host"),
            likely(Source::Output, r#"detected that the sandbox image "(\S+)" of the container runtime is inconsistent"#, "the runtime's sandbox image is `{1}`, kubeadm's is another", "W1126 05:10:11.1 900 checks.go:835] detected that the sandbox image \"registry.k8s.io/pause:3.6\" of the container runtime is inconsistent with that used by kubeadm."),
        ],
    },
    Cause {
        name: "ImageMissing",
        layer: Layer::Images,
        is: "an image that the cluster needs is not on the host and cannot be had",
        fix: "bring it: `bivouac init` imports what is missing",
        command: None,
        page: "A bundle has all images. Where they come from a registry, the host must reach it.",
        signatures: &[
            likely(Source::Kubelet, r#"(?:ErrImagePull|ImagePullBackOff|ErrImageNeverPull).*?image "?([^" ]+)"?.*kube-system"#, "the image `{1}` is not on the host and cannot be pulled", "E1126 05:10:11.1 900 pod_workers.go:191] Error syncing pod 1 (\"kube-scheduler-cp1_kube-system(1)\"), skipping: failed to \"StartContainer\" for \"kube-scheduler\" with ImagePullBackOff: \"Back-off pulling image \"k8s.gcr.io/kube-scheduler:v1.20.9\"\" pod=kube-system/kube-scheduler-cp1"),
            likely(Source::Kubelet, r#"kube-system.*(?:ErrImagePull|ImagePullBackOff).*?(?:[Bb]ack-off pulling image|failed to pull and unpack image|image) "([^" ]+)""#, "the image `{1}` is not on the host and cannot be pulled", "E1126 05:10:11.1 900 pod_workers.go:191] Error syncing pod 1 (\"kube-scheduler-cp1_kube-system(1)\"), skipping: failed to \"StartContainer\" for \"kube-scheduler\" with ImagePullBackOff: \"Back-off pulling image \\\"k8s.gcr.io/kube-scheduler:v1.20.9\\\"\"")
                .but_not("E1126 05:10:11.1 900 pod_workers.go:191] Error syncing pod 1 (\"shop-1_default(1)\"), skipping: failed to \"StartContainer\" for \"shop\" with ImagePullBackOff: \"Back-off pulling image \\\"shop:v1\\\"\""),
            likely(Source::Output, r"\[ERROR ImagePull\]: failed to pull image (\S+?):? .*(?:manifest unknown|not found|pull access denied)", "no registry has the image `{1}`", "\t[ERROR ImagePull]: failed to pull image registry.example/coredns:v1.8.0: output: Error response from daemon: manifest for registry.example/coredns:v1.8.0 not found: manifest unknown"),
        ],
    },
    Cause {
        name: "RegistryUnreachable",
        layer: Layer::Images,
        is: "the registry of images cannot be reached from the host",
        fix: "a mirror (`imageRepository`), a proxy, or a bundle; and names that can be looked up",
        command: None,
        page: "containerd does not take a proxy from the shell's environment, but from its unit's.",
        signatures: &[
            likely(Source::Output, r"\[ERROR ImagePull\]: failed to pull image (\S+?):? .*(i/o timeout|no such host|TLS handshake timeout|connection refused|network is unreachable)", "the image `{1}` cannot be pulled: {2}", "\t[ERROR ImagePull]: failed to pull image k8s.gcr.io/kube-apiserver:v1.20.2: output: dial tcp 10.0.0.9:443: i/o timeout"),
        ],
    },
    Cause {
        name: "RegistryCertificate",
        layer: Layer::Images,
        is: "the registry's certificate is signed by an authority that the host does not know",
        fix: "give that authority in `registries` of cluster.yaml (`ca`), or on the host itself",
        command: None,
        page: "A proxy that opens TLS has an authority of its own, too.",
        signatures: &[
            likely(Source::Output, r"\[ERROR ImagePull\].*x509: certificate signed by unknown authority", "", "\t[ERROR ImagePull]: failed to pull image registry.example/pause:3.2: x509: certificate signed by unknown authority"),
            likely(Source::Runtime, r"server gave HTTP response to HTTPS client", "the registry speaks HTTP without TLS, and the runtime HTTPS", "level=error msg=\"PullImage failed\" error=\"failed to do request: Head https://registry.example:5000/v2/: http: server gave HTTP response to HTTPS client\""),
            likely(Source::Runtime, r"PullImage .*x509: certificate signed by unknown authority", "", "level=error msg=\"PullImage \\\"registry.example/a:1\\\" failed\" error=\"failed to do request: x509: certificate signed by unknown authority\""),
        ],
    },
    Cause {
        name: "RegistryLimit",
        layer: Layer::Images,
        is: "the registry gives no more images for now: too many were asked for",
        fix: "log in there, use a mirror, or wait",
        command: None,
        page: "Docker Hub counts pulls by address and by account.",
        signatures: &[
            likely(Source::Output, r"toomanyrequests|429 Too Many Requests", "", "toomanyrequests: You have reached your pull rate limit."),
            likely(Source::Runtime, r"toomanyrequests|429 Too Many Requests", "", "level=error msg=\"PullImage failed\" error=\"429 Too Many Requests - Server message: toomanyrequests\""),
        ],
    },
    Cause {
        name: "WrongArchitecture",
        layer: Layer::Images,
        is: "a program or an image is for another architecture than the host's",
        fix: "bring the one for this host: a bundle with `--arch`",
        command: None,
        page: "The kernel says `exec format error`.",
        signatures: &[
            likely(Source::Kubelet, r"exec format error", "", "E1126 05:10:11.1 900 remote_runtime.go:251] StartContainer failed: standard_init_linux.go:228: exec user process caused: exec format error"),
            likely(Source::Runtime, r"exec format error", "", "(tainerd)[901]: containerd.service: Failed to execute /usr/local/bin/containerd: Exec format error exec format error"),
            likely(Source::Etcd, r"exec format error", "", "standard_init_linux.go:228: exec user process caused: exec format error"),
            likely(Source::ApiServer, r"exec format error", "", "exec /usr/local/bin/kube-apiserver: exec format error"),
        ],
    },
    Cause {
        name: "OldProcessor",
        layer: Layer::Images,
        is: "the host's processor is older than the programs in the images want",
        fix: "for a virtual machine choose a newer processor type (`host`, `x86-64-v2`)",
        command: None,
        page: "Images that are made of RHEL 9 want x86-64-v2.",
        signatures: &[
            likely(Source::ApiServer, r"Fatal glibc error: CPU does not support (x86-64-v\d)", "the image wants a processor with `{1}`", "Fatal glibc error: CPU does not support x86-64-v2"),
            likely(Source::Proxy, r"Fatal glibc error: CPU does not support (x86-64-v\d)", "the image wants a processor with `{1}`", "Fatal glibc error: CPU does not support x86-64-v2"),
        ],
    },
];
