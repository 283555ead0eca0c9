//! The container runtime.

use super::super::{Cause, Layer, Source};
use super::likely;
use crate::cluster::containerd::SWITCH_CRI_ON;

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        name: "RuntimeMasked",
        layer: Layer::Runtime,
        is: "the container runtime's unit is masked, so that nothing can start it",
        fix: "unmask and start it",
        command: None,
        page: "`systemctl mask` links a unit to /dev/null.",
        signatures: &[],
    },
    Cause {
        name: "RuntimeStopped",
        layer: Layer::Runtime,
        is: "the container runtime is stopped",
        fix: "start it",
        command: None,
        page: "Its unit ended without an error, or was never started: somebody or something stopped it. Without a runtime the kubelet can do nothing.",
        signatures: &[],
    },
    Cause {
        name: "RuntimeMissing",
        layer: Layer::Runtime,
        is: "the container runtime, or a program of it, is not on the host or cannot be run",
        fix: "put it back: `bivouac init` installs what is missing",
        command: None,
        page: "systemd says `status=203/EXEC` of a program that it cannot run.",
        signatures: &[
            likely(Source::Runtime, r"Failed at step EXEC spawning (\S+): (.*)", "`{1}` cannot be run: {2}", "systemd[1]: (ntainerd)[901]: containerd.service: Failed at step EXEC spawning /usr/local/bin/containerd: No such file or directory"),
            likely(Source::Runtime, r"Failed to locate executable (\S+): (.*)", "`{1}` cannot be run: {2}", "(tainerd)[901]: containerd.service: Failed to locate executable /usr/local/bin/containerd: No such file or directory"),
            likely(Source::Runtime, r"(?:Unable to|Failed to) (?:locate executable|execute) '?(/[^ ']+)'?: (.*)", "`{1}` cannot be run: {2}", "(tainerd)[901]: containerd.service: Unable to locate executable '/usr/local/bin/containerd': No such file or directory"),
        ],
    },
    Cause {
        name: "RuntimeFrozen",
        layer: Layer::Runtime,
        is: "the container runtime's program is stopped by a signal (`kill -STOP`): it is there and does nothing",
        fix: "let it go on",
        command: None,
        page: "Its state in `ps` is `T`.",
        signatures: &[],
    },
    Cause {
        name: "ContainerdConfig",
        layer: Layer::Runtime,
        is: "containerd does not understand its configuration",
        fix: "mend /etc/containerd/config.toml; `containerd config dump` says where it is wrong",
        command: Some("containerd config dump > /dev/null"),
        page: "`bivouac init` writes the file anew, and starts containerd with it.",
        signatures: &[
            likely(Source::Runtime, r"failed to load TOML(?: from \S+)?:? ?(.*)", "containerd does not understand /etc/containerd/config.toml: {1}", "containerd[901]: containerd: failed to load TOML: /etc/containerd/config.toml: (3, 5): was expecting token =, but got \"x\" instead"),
            likely(Source::Runtime, r"expected containerd config version (.*)", "/etc/containerd/config.toml is of a version that this containerd does not take: {1}", "containerd: expected containerd config version equal to or less than `2`, got `3`"),
            likely(Source::Runtime, r"mirrors.? cannot be set when .?config_path", "`mirrors` and `config_path` are both set for containerd's registries, which exclude each other", "level=warning msg=\"failed to load plugin io.containerd.grpc.v1.cri\" error=\"invalid plugin config: `mirrors` cannot be set when `config_path` is provided\""),
            likely(Source::Runtime, r"invalid plugin config: (.*)", "containerd refuses the configuration of a plugin: {1}", "level=warning msg=\"failed to load plugin io.containerd.grpc.v1.cri\" error=\"invalid plugin config: no corresponding runtime configured in `containerd.runtimes` for `containerd` `default_runtime_name = x`\""),
        ],
    },
    Cause {
        name: "CriDisabled",
        layer: Layer::Runtime,
        is: "containerd's part for Kubernetes, its CRI plugin, is switched off",
        fix: "take `cri` out of `disabled_plugins` in /etc/containerd/config.toml and start containerd anew",
        command: Some(SWITCH_CRI_ON),
        page: "Packages of docker's project (`containerd.io`) come with `disabled_plugins = [\"cri\"]`, since docker does not need it.",
        signatures: &[
            likely(Source::Output, r"unknown service runtime\.v1(?:alpha2)?\.(?:Runtime|Image)Service", "containerd does not serve Kubernetes: its CRI plugin is off or did not start", "[ERROR CRI]: container runtime is not running: output: rpc error: code = Unimplemented desc = unknown service runtime.v1alpha2.RuntimeService"),
            likely(Source::Kubelet, r"unknown service runtime\.v1(?:alpha2)?\.(?:Runtime|Image)Service", "containerd does not serve Kubernetes: its CRI plugin is off or did not start", "F1126 05:10:11.1 900 server.go:269] failed to run Kubelet: failed to create kubelet: get remote runtime typed version failed: rpc error: code = Unimplemented desc = unknown service runtime.v1alpha2.RuntimeService"),
        ],
    },
    Cause {
        name: "CriBroken",
        layer: Layer::Runtime,
        is: "containerd's part for Kubernetes, its CRI plugin, did not start",
        fix: "`journalctl -u containerd` has the reason behind `failed to load plugin`",
        command: Some("journalctl -u containerd | grep 'failed to load plugin'"),
        page: "The rest of containerd runs all the same, so its unit is active and `ctr` works.",
        signatures: &[
            likely(Source::Runtime, r#"failed to load plugin(?:" id=| )"?io\.containerd\.(?:grpc\.v1\.cri|cri\.v1)\S* ?.*error="(.*)""#, "containerd's CRI plugin did not start: {1}", "level=warning msg=\"failed to load plugin io.containerd.grpc.v1.cri\" error=\"failed to create CRI service: failed to find snapshotter \\\"foo\\\"\"")
                .but_not("level=warning msg=\"failed to load plugin io.containerd.snapshotter.v1.devmapper\" error=\"devmapper not configured\""),
        ],
    },
    Cause {
        name: "CriVersion",
        layer: Layer::Runtime,
        is: "the container runtime speaks an older version of the CRI than this kubelet needs",
        fix: "a newer runtime: kubelets from 1.26 on need containerd 1.6 or cri-o 1.20",
        command: None,
        page: "The CRI of version `v1alpha2` was dropped with Kubernetes 1.26.",
        signatures: &[
            likely(Source::Kubelet, r"CRI v1 (?:runtime|image) API is not implemented", "", "E1126 05:10:11.1 900 run.go:74] \"command failed\" err=\"failed to run Kubelet: validate service connection: CRI v1 runtime API is not implemented for endpoint \\\"unix:///run/containerd/containerd.sock\\\"\""),
        ],
    },
    Cause {
        name: "CriSocket",
        layer: Layer::Runtime,
        is: "the kubelet looks for the container runtime at a socket that is not there",
        fix: "give the kubelet the socket of the runtime that runs, in /var/lib/kubelet/kubeadm-flags.env or its configuration, and start it anew",
        command: None,
        page: "`--container-runtime-endpoint`, from 1.27 on `containerRuntimeEndpoint` of the kubelet's configuration: unix:///run/containerd/containerd.sock, unix:///var/run/crio/crio.sock, unix:///run/cri-dockerd.sock.",
        signatures: &[
            likely(Source::Output, r"container runtime is not running.*(no such file or directory|connection refused)", "the container runtime does not answer at its socket ({1})", "\t[ERROR CRI]: container runtime is not running: output: time=\"x\" level=fatal msg=\"connect: connect endpoint 'unix:///run/x.sock': dial unix /run/x.sock: connect: no such file or directory\""),
            likely(Source::Output, r"Couldn't create the interface used for talking to the container runtime", "the container runtime does not answer at its socket", "Couldn't create the interface used for talking to the container runtime: failed to create new CRI runtime service"),
            likely(Source::Output, r"[Ff]ound multiple CRI (?:sockets|endpoints)", "the host has several container runtimes, and kubeadm was not told which to take", "Found multiple CRI endpoints on the host. Please define which one do you wish to use by setting the 'criSocket' field"),
            likely(Source::Kubelet, r"dial unix (\S+?): connect: no such file or directory", "the kubelet looks for the container runtime at `{1}`, which is not there", "W1126 05:10:11.1 900 clientconn.go:1223] grpc: addrConn.createTransport failed to connect to {/run/wrong.sock <nil> 0 <nil>}. Err :connection error: desc = \"transport: Error while dialing dial unix /run/wrong.sock: connect: no such file or directory\". Reconnecting..."),
        ],
    },
    Cause {
        name: "RuncMissing",
        layer: Layer::Runtime,
        is: "runc, which makes the containers, is not there or cannot be run",
        fix: "put it back: `bivouac init` installs what is missing",
        command: None,
        page: "containerd looks for `runc` on its PATH.",
        signatures: &[
            likely(Source::Kubelet, r#"exec: "?runc"?: (executable file not found in \$PATH|permission denied)|fork/exec (\S*runc): (.*?)(?::|$)"#, "runc cannot be run", "E1126 05:10:11.1 900 remote_runtime.go:116] RunPodSandbox from runtime service failed: rpc error: code = Unknown desc = failed to create containerd task: failed to create shim: OCI runtime create failed: unable to retrieve OCI runtime error (open log.json: no such file or directory): exec: \"runc\": executable file not found in $PATH: unknown"),
            likely(Source::Runtime, r#"exec: "?runc"?: (executable file not found in \$PATH|permission denied)|libseccomp\S*: (?:version|cannot open)"#, "runc cannot be run", "level=error msg=\"RunPodSandbox failed\" error=\"failed to create containerd task: exec: \\\"runc\\\": executable file not found in $PATH\""),
        ],
    },
    Cause {
        name: "ShimMissing",
        layer: Layer::Runtime,
        is: "containerd's shim, which holds each pod, is not there or cannot be run",
        fix: "put it back: `bivouac init` installs what is missing",
        command: None,
        page: "`containerd-shim-runc-v2` lies beside containerd or on its PATH.",
        signatures: &[
            likely(Source::Kubelet, r#"runtime "io\.containerd\.runc\.v2" binary not installed "?(\S*?)"?: |containerd-shim-runc-v2: (permission denied|no such file)"#, "`containerd-shim-runc-v2` cannot be run", "E1126 05:10:11.1 900 remote_runtime.go:116] RunPodSandbox from runtime service failed: rpc error: code = Unknown desc = failed to start sandbox container task: runtime \"io.containerd.runc.v2\" binary not installed \"containerd-shim-runc-v2\": file does not exist: unknown"),
        ],
    },
    Cause {
        name: "CgroupDriver",
        layer: Layer::Runtime,
        is: "the kubelet and the container runtime have different cgroup drivers",
        fix: "make both `systemd`: `SystemdCgroup = true` for containerd's runc, `cgroupDriver: systemd` for the kubelet; then start both anew",
        command: None,
        page: "One of the two makes groups where the other does not look. containerd's own default and that of kubelets without a configuration is `cgroupfs`; kubeadm writes `systemd` from 1.22 on.",
        signatures: &[
            likely(Source::Kubelet, r#"kubelet cgroup driver: "(\w+)" is different from docker cgroup driver: "(\w+)""#, "the kubelet's cgroup driver is `{1}`, docker's is `{2}`", "F1126 05:10:11.1 900 server.go:269] failed to run Kubelet: misconfiguration: kubelet cgroup driver: \"systemd\" is different from docker cgroup driver: \"cgroupfs\""),
            likely(Source::Kubelet, r"expected cgroupsPath to be of format", "the kubelet's cgroup driver is `cgroupfs`, the container runtime's is `systemd`", "E1126 05:10:11.1 900 remote_runtime.go:116] RunPodSandbox from runtime service failed: rpc error: code = Unknown desc = failed to create containerd task: OCI runtime create failed: runc create failed: expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got \"/kubepods/burstable/pod1/c\" instead: unknown"),
        ],
    },
    Cause {
        name: "Overlay",
        layer: Layer::Runtime,
        is: "the file system below the runtime's store does not carry overlays",
        fix: "give the store (/var/lib/containerd) a file system that does: ext4, or xfs made with `ftype=1`",
        command: None,
        page: "Overlays do not work on overlays, on NFS, and on an xfs made with `ftype=0`; the kernel needs the module `overlay`.",
        signatures: &[
            likely(Source::Runtime, r"(does not support d_type)", "the file system below the runtime's store does not support d_type: an xfs made with `ftype=0`", "level=warning msg=\"failed to load plugin io.containerd.snapshotter.v1.overlayfs\" error=\"/var/lib/containerd does not support d_type. If the backing filesystem is xfs, please reformat with ftype=1\""),
            likely(Source::Kubelet, r"failed to mount .*overlay.*(no such device|invalid argument)", "overlays cannot be mounted: {1}", "E1126 05:10:11.1 900 remote_runtime.go:116] RunPodSandbox from runtime service failed: failed to mount rootfs component &{overlay overlay [index=off]}: invalid argument: unknown"),
            likely(Source::Runtime, r"failed to mount .*overlay.*(no such device|invalid argument)", "overlays cannot be mounted: {1}", "level=error msg=\"RunPodSandbox failed\" error=\"failed to mount rootfs component &{overlay overlay [index=off]}: no such device\""),
        ],
    },
    Cause {
        name: "AppArmor",
        layer: Layer::Runtime,
        is: "AppArmor is on, and its tool `apparmor_parser` is missing or fails",
        fix: "install the package `apparmor`",
        command: Some("apt-get install -y apparmor"),
        page: "containerd loads a profile of its own where the kernel has AppArmor.",
        signatures: &[
            likely(Source::Runtime, r"apparmor_parser|apparmor failed to apply profile", "", "level=error msg=\"StartContainer failed\" error=\"failed to create containerd task: apparmor failed to apply profile: write /proc/self/attr/exec: no such file or directory\""),
            likely(Source::Kubelet, r"apparmor_parser|apparmor failed to apply profile", "", "E1126 05:10:11.1 900 remote_runtime.go:251] StartContainer failed: apparmor failed to apply profile: write /proc/self/attr/exec: no such file or directory"),
        ],
    },
];
