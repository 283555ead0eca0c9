//! Disks, and the machine itself.

use super::super::{Cause, Layer, Source};
use super::likely;

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        name: "DiskFull",
        layer: Layer::Disk,
        is: "a file system is full",
        fix: "make room on it; `du -x` shows what takes it",
        command: None,
        page: "Without room the kubelet evicts pods, etcd stops writing and containerd cannot make a container. The kubelet's own limits are 10 % free for its directory and 15 % for images; below them the node has the condition `DiskPressure`.",
        signatures: &[
            likely(Source::Kubelet, r"no space left on device", "", "E1126 05:10:11.1 900 pod_workers.go:191] Error syncing pod: failed to create a sandbox: mkdir /var/lib/kubelet/pods/x: no space left on device"),
            likely(Source::Runtime, r"no space left on device", "", "time=\"2026-11-26T05:10:11Z\" level=error msg=\"CreateContainer failed\" error=\"write /var/lib/containerd/tmp: no space left on device\""),
            likely(Source::Etcd, r"no space left on device", "", "C | etcdserver: open wal error: write /var/lib/etcd/member/wal/0.tmp: no space left on device"),
            likely(Source::Output, r"[Nn]o space left on device", "", "dpkg: error processing archive: cannot copy extracted data: failed to write (No space left on device)"),
        ],
    },
    Cause {
        name: "InodesExhausted",
        layer: Layer::Disk,
        is: "a file system has no inodes left: it takes no more files although there is room",
        fix: "delete files on it; the directory with the most is often one of logs or caches",
        command: None,
        page: "Programs say `no space left on device` for this too. `df -i` shows it.",
        signatures: &[],
    },
    Cause {
        name: "DiskPressure",
        layer: Layer::Disk,
        is: "the kubelet says that its disk is nearly full, and evicts pods",
        fix: "make room for the kubelet and for images",
        command: None,
        page: "The condition `DiskPressure` of the node. Its limits are `evictionHard` of the kubelet's configuration.",
        signatures: &[
            likely(Source::Kubelet, r"eviction manager: (attempting to reclaim|must evict pod\(s\) to reclaim) ephemeral-storage", "", "W1126 05:10:11.1 900 eviction_manager.go:344] eviction manager: attempting to reclaim ephemeral-storage")
                .but_not("W1126 05:10:11.1 900 eviction_manager.go:344] eviction manager: attempting to reclaim memory"),
        ],
    },
    Cause {
        name: "ReadOnly",
        layer: Layer::Disk,
        is: "a file system that must be written to is mounted read-only",
        fix: "see in the kernel's log why; mount it for writing again once the disk is well",
        command: None,
        page: "The kernel mounts a file system read-only when it finds an error on it (`errors=remount-ro`). Then the disk comes first, and the mount after.",
        signatures: &[
            likely(Source::Kubelet, r"(\S+): read-only file system", "`{1}` is on a file system that is mounted read-only", "F1126 05:10:11.1 900 server.go:1] failed to run Kubelet: mkdir /var/lib/kubelet/pods: read-only file system"),
            likely(Source::Runtime, r"(\S+): read-only file system", "`{1}` is on a file system that is mounted read-only", "containerd: failed to create /var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db: read-only file system"),
            likely(Source::Etcd, r"(\S+): read-only file system", "`{1}` is on a file system that is mounted read-only", "C | etcdmain: cannot access data directory: open /var/lib/etcd/.touch: read-only file system"),
        ],
    },
    Cause {
        name: "DiskBroken",
        layer: Layer::Disk,
        is: "the kernel has errors of a disk or of a file system",
        fix: "save what is on it, check it (`fsck`, `smartctl -a`) and replace it",
        command: None,
        page: "The kernel's log has I/O errors or errors of the file system in the last quarter of an hour.",
        signatures: &[
            likely(Source::Kernel, r"((blk_update_request: )?I/O error, dev \S+|Buffer I/O error on dev \S+|EXT4-fs error \(device \S+\)|XFS \(\S+\): .*[Cc]orrupt)", "the kernel says `{1}`", "kernel: EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2: comm kubelet: reading directory lblock 0"),
        ],
    },
    Cause {
        name: "NoExec",
        layer: Layer::Machine,
        is: "programs of the cluster lie on a mount with `noexec`, so that they cannot be run",
        fix: "mount it without `noexec`",
        command: None,
        page: "systemd says `status=203/EXEC` and `Permission denied` of a program that is there and executable.",
        signatures: &[],
    },
    Cause {
        name: "OutOfMemory",
        layer: Layer::Machine,
        is: "the kernel killed a program of the cluster for want of memory",
        fix: "give the host more memory, or take load off it",
        command: None,
        page: "A control plane needs 1.7 GB at the very least.",
        signatures: &[
            likely(Source::Kernel, r"Out of memory: Killed process \d+ \((kubelet|etcd|kube-\S+|containerd\S*|crio|dockerd)\)", "the kernel killed `{1}` for want of memory", "kernel: Out of memory: Killed process 1412 (kube-apiserver) total-vm:1100000kB, anon-rss:300000kB")
                .but_not("kernel: Out of memory: Killed process 1412 (java) total-vm:1100000kB, anon-rss:300000kB"),
        ],
    },
    Cause {
        name: "ClockOff",
        layer: Layer::Machine,
        is: "the host's clock is off",
        fix: "set it, and let something keep it: chrony, ntpd or systemd-timesyncd",
        command: Some("timedatectl set-ntp true"),
        page: "Certificates and tokens are valid from one moment to another, by each host's own clock.",
        signatures: &[
            likely(Source::Output, r"x509: certificate has expired or is not yet valid: current time (\S+) is before", "a certificate is not valid yet by the host's clock, `{1}`", "error execution phase preflight: couldn't validate the identity of the API Server: x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:00Z is before 2026-11-26T05:00:00Z")
                .but_not("x509: certificate has expired or is not yet valid: current time 2027-12-01T00:00:00Z is after 2027-11-26T05:00:00Z"),
            likely(Source::Kubelet, r"x509: certificate has expired or is not yet valid: current time (\S+) is before", "a certificate is not valid yet by the host's clock, `{1}`", "E1126 05:10:11.1 900 reflector.go:138] failed to list *v1.Node: x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:00Z is before 2026-11-26T05:00:00Z"),
        ],
    },
    Cause {
        name: "AddressGone",
        layer: Layer::Machine,
        is: "an address that the host's part of the cluster was made with is not the host's own any more",
        fix: "give the host its address back; a cluster does not follow a change of addresses",
        command: None,
        page: "The addresses are in certificates and manifests: `--advertise-address` of the API server, etcd's peer addresses, `--node-ip` of the kubelet. Hosts of a cluster want fixed addresses.",
        signatures: &[
            likely(Source::Etcd, r"listen tcp (\S+):23(79|80): bind: cannot assign requested address", "etcd is to listen on `{1}`, which is not an address of the host", "C | etcdmain: listen tcp 10.0.0.99:2380: bind: cannot assign requested address"),
            likely(Source::Kubelet, r"node IP: \W?([0-9a-f.:]+)\W? not found in the host's network interfaces", "the kubelet is told that `{1}` is the host's address, which it is not", "F1126 05:10:11.1 900 server.go:1] failed to run Kubelet: failed to validate nodeIP: node IP: \"10.0.0.99\" not found in the host's network interfaces"),
        ],
    },
    Cause {
        name: "HostnameChanged",
        layer: Layer::Machine,
        is: "the host has another name than the one by which it joined the cluster",
        fix: "give the host its name back and start the kubelet anew; or take it out of the cluster and let it join again",
        command: None,
        page: "A kubelet may change its own node only (`NodeRestriction`), and its certificate has the node's name. cloud-init sets names anew at boot unless it has `preserve_hostname: true`.",
        signatures: &[
            likely(Source::Kubelet, r#"node "([^"]+)" is not allowed to modify node "([^"]+)""#, "its certificate is that of the node `{1}`, and it calls itself `{2}`", "E1126 05:10:11.1 900 kubelet_node_status.go:93] Unable to register node \"w1-new\" with API server: nodes \"w1-new\" is forbidden: node \"w1\" is not allowed to modify node \"w1-new\""),
        ],
    },
    Cause {
        name: "HostnameInvalid",
        layer: Layer::Machine,
        is: "the host's name is none that Kubernetes takes",
        fix: "give it a name of small letters, digits and hyphens (`hostnamectl set-hostname NAME`), or `name` in cluster.yaml",
        command: None,
        page: "RFC 1123: small letters, digits, `-` and `.`; it begins and ends with a letter or a digit.",
        signatures: &[
            likely(Source::Kubelet, r"Could not process manifest file.*RFC 1123", "", "E1126 05:10:11.1 900 file.go:187] Could not process manifest file \"/etc/kubernetes/manifests/etcd.yaml\": invalid pod: metadata.name: Invalid value: \"etcd-Cp_1\": a lowercase RFC 1123 subdomain must consist of lower case"),
            likely(Source::Output, r"must be a valid IP address or a valid RFC-1123 DNS subdomain", "a name is none that Kubernetes takes", "controlPlaneEndpoint: Invalid value: \"API_1:6443\": must be a valid IP address or a valid RFC-1123 DNS subdomain"),
        ],
    },
    Cause {
        name: "LocalhostUnresolvable",
        layer: Layer::Machine,
        is: "the name `localhost` leads nowhere",
        fix: "add `127.0.0.1 localhost` to /etc/hosts",
        command: Some("echo '127.0.0.1 localhost' >> /etc/hosts"),
        page: "kubeadm asks the kubelet under `localhost`, and kubelet and containerd stream over it.",
        signatures: &[
            likely(Source::Output, r"dial tcp: lookup localhost", "", "[kubelet-check] The HTTP call equal to 'curl -sSL http://localhost:10248/healthz' failed with error: Get \"http://localhost:10248/healthz\": dial tcp: lookup localhost on 10.0.0.2:53: no such host")
                .but_not("dial tcp: lookup api.example on 10.0.0.2:53: no such host"),
            likely(Source::Kubelet, r"dial tcp: lookup localhost", "", "E1126 05:10:11.1 900 server.go:1] dial tcp: lookup localhost on 10.0.0.2:53: no such host"),
        ],
    },
    Cause {
        name: "FileWatchers",
        layer: Layer::Machine,
        is: "the kernel's limit of watched files is used up",
        fix: "raise the limits",
        command: Some("sysctl -w fs.inotify.max_user_instances=1024 fs.inotify.max_user_watches=524288"),
        page: "`fs.inotify.max_user_instances` is 128 by default, for all programs of root together.",
        signatures: &[
            likely(Source::Kubelet, r"inotify_init: too many open files|fsnotify watcher: too many open files", "", "F1126 05:10:11.1 900 kubelet.go:1] unable to create fsnotify watcher: too many open files").but_not("E1126 05:10:11.1 900 x.go:1] accept tcp: too many open files"),
            likely(Source::Runtime, r"inotify_init: too many open files|fsnotify watcher: too many open files", "", "level=error msg=\"failed to load plugin\" error=\"failed to create CRI service: failed to create cni conf monitor: failed to create fsnotify watcher: too many open files\""),
        ],
    },
    Cause {
        name: "NoDefaultRoute",
        layer: Layer::Machine,
        is: "the host has no default route, so that no address could be chosen",
        fix: "set a default route, or give `address` in cluster.yaml as an address of the host",
        command: None,
        page: "kubeadm takes the address of the interface that the default route goes out by.",
        signatures: &[
            likely(Source::Output, r"unable to select an IP from default routes", "", "unable to select an IP from default routes."),
        ],
    },
    Cause {
        name: "Swap",
        layer: Layer::Kubelet,
        is: "swap is on, and the kubelet does not start with it",
        fix: "turn swap off, and take it out of /etc/fstab so that it stays off",
        command: Some("swapoff -a && sed -i.bak '/\\sswap\\s/s/^/#/' /etc/fstab"),
        page: "`failSwapOn: false` in the kubelet's configuration lets it start all the same.",
        signatures: &[
            likely(Source::Kubelet, r"[Rr]unning with swap on is not supported", "", "F1126 05:10:11.1 900 server.go:269] failed to run Kubelet: running with swap on is not supported, please disable swap! or set --fail-swap-on flag to false."),
            likely(Source::Output, r"\[ERROR Swap\]|the kubelet ended: .*running with swap on is not supported", "", "\t[ERROR Swap]: running with swap on is not supported. Please disable swap"),
        ],
    },
];
