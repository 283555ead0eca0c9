//! The catalogue's table of log lines (D), row by row: a line of its kind, and the causes of which one must know it. Rows that
//! the catalogue itself calls generic or a symptom have the cause that they are a symptom of.

use regex::Regex;

use super::super::causes;

/// Who says it, what, and the causes that know it.
const ROWS: &[(&str, &str, &[&str])] = &[
    ("kubeadm", "unknown service runtime.v1alpha2.RuntimeService", &["CriDisabled"]),
    (
        "kubeadm",
        "container runtime is not running: output: dial unix /run/containerd/containerd.sock: connect: no such file or directory",
        &["CriSocket"],
    ),
    ("kubeadm", "found multiple CRI sockets, please use --cri-socket", &["CriSocket"]),
    (
        "kubeadm",
        "Couldn't create the interface used for talking to the container runtime: failed",
        &["CriSocket"],
    ),
    (
        "kubeadm",
        "The HTTP call equal to 'curl -sSL http://localhost:10248/healthz' failed with error: connection refused",
        &["KubeletDown"],
    ),
    (
        "kubeadm",
        "Get \"http://localhost:10248/healthz\": dial tcp: lookup localhost on 10.0.0.2:53: no such host",
        &["LocalhostUnresolvable"],
    ),
    ("kubeadm", "[control-plane-check] kube-scheduler is not healthy after 4m0s", &["ApiDown"]),
    (
        "kubeadm",
        "[ERROR ImagePull]: failed to pull image registry.k8s.io/pause:3.9: dial tcp 1.2.3.4:443: i/o timeout",
        &["RegistryUnreachable"],
    ),
    (
        "kubeadm",
        "[ERROR ImagePull]: failed to pull image mirror/coredns:v1.8.0: manifest unknown",
        &["ImageMissing"],
    ),
    (
        "kubeadm",
        "[ERROR ImagePull]: failed to pull image a/b:c: x509: certificate signed by unknown authority",
        &["RegistryCertificate"],
    ),
    ("kubeadm", "toomanyrequests: You have reached your pull rate limit", &["RegistryLimit"]),
    (
        "kubeadm",
        "detected that the sandbox image \"k8s.gcr.io/pause:3.6\" of the container runtime is inconsistent with that used by kubeadm",
        &["PauseImage"],
    ),
    (
        "kubeadm",
        "[ERROR SystemVerification]: failed to parse kernel config: unable to load kernel module",
        &["KernelConfig"],
    ),
    (
        "kubeadm",
        "[ERROR SystemVerification]: missing required cgroups: memory",
        &["CgroupController"],
    ),
    (
        "kubeadm",
        "[ERROR SystemVerification]: cgroups v1 support is deprecated and will be removed in a future release",
        &["CgroupVersion"],
    ),
    ("kubeadm", "unsupported kernel release: 3.8.0", &["KernelOld"]),
    ("kubeadm", "[ERROR Port-10250]: Port 10250 is in use", &["PortInUse"]),
    (
        "kubeadm",
        "[ERROR DirAvailable--var-lib-etcd]: /var/lib/etcd is not empty",
        &["LeftoverCluster"],
    ),
    (
        "kubeadm",
        "a kubeconfig file \"/etc/kubernetes/admin.conf\" exists already but has got the wrong CA cert",
        &["LeftoverCluster"],
    ),
    ("kubeadm", "the kubelet version is higher than the control plane version", &["VersionSkew"]),
    (
        "kubeadm",
        "this version of kubeadm only supports deploying clusters with the control plane version >= 1.29.0",
        &["VersionSkew"],
    ),
    (
        "kubeadm",
        "no kind \"InitConfiguration\" is registered for version \"kubeadm.k8s.io/v1beta3\"",
        &["KubeadmApi"],
    ),
    (
        "kubeadm",
        "host 'A_B' must be a valid IP address or a valid RFC-1123 DNS subdomain",
        &["HostnameInvalid"],
    ),
    ("kubeadm", "unable to select an IP from default routes", &["NoDefaultRoute"]),
    (
        "kubeadm",
        "could not find a JWS signature in the cluster-info ConfigMap for token ID \"abcdef\"",
        &["TokenInvalid"],
    ),
    (
        "kubeadm",
        "failed to verify JWS signature of received cluster info object",
        &["TokenInvalid"],
    ),
    ("kubeadm", "none of the public keys \"sha256:ab\" are pinned", &["AuthorityHash"]),
    (
        "kubeadm",
        "couldn't validate the identity of the API Server: dial tcp 10.0.0.1:6443: i/o timeout",
        &["ApiDown"],
    ),
    (
        "kubeadm",
        "couldn't validate the identity of the API Server: cluster-info is forbidden",
        &["AnonymousOff"],
    ),
    (
        "kubeadm",
        "x509: certificate has expired or is not yet valid: current time 2021-03-11T07:59:48Z is before 2021-03-11T08:09:21Z",
        &["ClockOff"],
    ),
    (
        "kubeadm",
        "x509: certificate has expired or is not yet valid: current time 2021-03-11T07:59:48Z is after 2021-03-10T08:09:21Z",
        &["CertificateExpired"],
    ),
    (
        "kubeadm",
        "x509: certificate is valid for 10.96.0.1, 192.168.1.10, not 192.168.1.100",
        &["CertificateNames"],
    ),
    (
        "kubeadm",
        "Secret \"kubeadm-certs\" was not found in the \"kube-system\" Namespace",
        &["CertificateKey"],
    ),
    (
        "kubeadm",
        "error decoding secret data with provided key: cipher: message authentication failed",
        &["CertificateKey"],
    ),
    (
        "kubeadm",
        "a cluster that doesn't have a stable controlPlaneEndpoint address",
        &["ControlPlaneEndpoint"],
    ),
    (
        "kubeadm",
        "a Node with name \"w1\" and status \"Ready\" already exists in the cluster",
        &["NodeNameTaken"],
    ),
    (
        "kubeadm",
        "error execution phase check-etcd: etcd cluster is not healthy: context deadline exceeded",
        &["EtcdLeftover"],
    ),
    (
        "kubeadm",
        "etcdserver: can only promote a learner member which is in sync with leader",
        &["EtcdPeers"],
    ),
    ("kubeadm", "etcdserver: too many learner members in cluster", &["EtcdPeers"]),
    (
        "kubeadm",
        "error execution phase upload-config/kubeadm: could not create the ConfigMap: EOF",
        &["ApiDown"],
    ),
    (
        "kubeadm",
        "configmaps \"kubelet-config-1.23\" is forbidden: User cannot get resource",
        &["VersionSkew"],
    ),
    (
        "kubeadm",
        "error execution phase kubelet-start: error uploading crisocket: timed out waiting for the condition",
        &["KubeletDown", "ApiDown"],
    ),
    ("kubelet", "failed to run Kubelet: running with swap on is not supported", &["Swap"]),
    (
        "kubelet",
        "E1126 05:10:11.1 900 server.go:1] failed to parse kubelet flag: unknown flag: --network-plugin",
        &["KubeletFlag"],
    ),
    (
        "kubelet",
        "failed to load Kubelet config file /var/lib/kubelet/config.yaml, error failed to read kubelet config file, error: open: no such file",
        &["KubeletConfigMissing", "KubeletConfig"],
    ),
    (
        "kubelet",
        "kubelet cgroup driver: \"systemd\" is different from docker cgroup driver: \"cgroupfs\"",
        &["CgroupDriver"],
    ),
    ("kubelet", "expected cgroupsPath to be of format \"slice:prefix:name\"", &["CgroupDriver"]),
    ("kubelet", "kubelet is configured to not run on a host using cgroup v1", &["CgroupVersion"]),
    (
        "kubelet",
        "Failed to start ContainerManager [invalid kernel flag: vm/overcommit_memory, expected value: 1, actual value: 0]",
        &["KubeletKernelFlags"],
    ),
    (
        "kubelet",
        "Failed to start ContainerManager system validation failed - Following Cgroup subsystem not mounted: [memory]",
        &["CgroupController"],
    ),
    (
        "kubelet",
        "Failed to start ContainerManager invalid Node Allocatable configuration. Resource \"memory\" has a reservation",
        &["KubeletReserved"],
    ),
    (
        "kubelet",
        "Failed to start ContainerManager failed to get rootfs info: unable to find data in memory cache",
        &["KubeletMounts"],
    ),
    ("kubelet", "open /dev/kmsg: no such file or directory", &["DevKmsg"]),
    ("kubelet", "inotify_init: too many open files", &["FileWatchers"]),
    (
        "kubelet",
        "validate service connection: CRI v1 runtime API is not implemented for endpoint",
        &["CriVersion"],
    ),
    (
        "kubelet",
        "failed to get sandbox image \"k8s.gcr.io/pause:3.6\": failed to pull image",
        &["PauseImage"],
    ),
    (
        "kubelet",
        "Could not process manifest file: metadata.name: Invalid value: must consist of a lowercase RFC 1123 subdomain",
        &["HostnameInvalid"],
    ),
    (
        "kubelet",
        "hostPath type check failed: /usr/share/zoneinfo/Asia/Shanghai is not a file",
        &["HostPathMissing"],
    ),
    (
        "kubelet",
        "open /run/systemd/resolve/resolv.conf: no such file or directory",
        &["KubeletResolv"],
    ),
    (
        "kubelet",
        "NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
        &["CniFails"],
    ),
    ("kubelet", "failed to find plugin \"bridge\" in path [/opt/cni/bin]", &["CniPluginMissing"]),
    (
        "kubelet",
        "failed to set bridge addr: \"cni0\" already has an IP address different from 10.244.1.1/24",
        &["CniLeftover"],
    ),
    (
        "kubelet",
        "Unable to register node \"w1\" with API server: dial tcp 10.0.0.1:6443: connect: connection refused",
        &["ApiDown"],
    ),
    ("kubelet", "Error getting node \"w1\": node \"w1\" not found", &["ApiDown"]),
    (
        "kubelet",
        "nodes \"a\" is forbidden: node \"b\" is not allowed to modify node \"a\"",
        &["HostnameChanged"],
    ),
    (
        "kubelet",
        "Failed to watch: Get \"https://10.0.0.1:6443/api/v1/nodes\": x509: certificate signed by unknown authority",
        &["AuthorityReplaced"],
    ),
    (
        "kubelet",
        "part of the existing bootstrap client certificate is expired: 2025-11-26 05:10:11 +0000 UTC",
        &["KubeletCertificateExpired"],
    ),
    ("kubelet", "listen tcp 0.0.0.0:10250: bind: address already in use", &["PortInUse"]),
    (
        "kubelet",
        "eviction manager: attempting to reclaim ephemeral-storage",
        &["DiskPressure", "DiskFull"],
    ),
    (
        "containerd",
        "failed to load plugin io.containerd.grpc.v1.cri error=\"invalid plugin config\"",
        &["CriBroken"],
    ),
    (
        "containerd",
        "invalid plugin config: `mirrors` cannot be set when `config_path` is provided",
        &["ContainerdConfig"],
    ),
    (
        "containerd",
        "containerd: failed to load TOML: /etc/containerd/config.toml: expected = after a key",
        &["ContainerdConfig"],
    ),
    (
        "containerd",
        "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs does not support d_type",
        &["Overlay"],
    ),
    (
        "containerd",
        "failed to mount rootfs component &{overlay overlay []}: no such device",
        &["Overlay"],
    ),
    ("containerd", "failed to mount /tmp/x: overlay: invalid argument", &["Overlay"]),
    (
        "containerd",
        "get apparmor_parser version: exec: \"apparmor_parser\": executable file not found in $PATH",
        &["AppArmor"],
    ),
    ("containerd", "exec: \"runc\": executable file not found in $PATH", &["RuncMissing"]),
    ("containerd", "exec format error", &["WrongArchitecture"]),
    ("containerd", "http: server gave HTTP response to HTTPS client", &["RegistryCertificate"]),
    ("etcd", "listen tcp 10.0.0.9:2380: bind: cannot assign requested address", &["AddressGone"]),
    ("etcd", "member 8e9e05c52164694d has already been bootstrapped", &["EtcdLeftover"]),
    ("etcd", "cluster ID mismatch", &["EtcdLeftover"]),
    ("etcd", "slow fdatasync", &["EtcdSlow"]),
    (
        "etcd",
        "rejected connection from \"10.0.0.1:1\" (error \"remote error: tls: bad certificate\")",
        &["AuthorityReplaced"],
    ),
    ("etcd", "dial tcp 10.0.0.2:2380: i/o timeout", &["EtcdPeers"]),
    ("apiserver", "Error: unknown flag: --pod-eviction-timeout", &["ApiServerFlag"]),
    ("apiserver", "dial tcp 127.0.0.1:2379: connect: connection refused", &["ApiDown"]),
    ("apiserver", "Fatal glibc error: CPU does not support x86-64-v2", &["OldProcessor"]),
    (
        "kube-proxy",
        "open /proc/sys/net/netfilter/nf_conntrack_max: permission denied",
        &["ProxyConntrack"],
    ),
    ("kube-proxy", "can't use the IPVS proxier: IPVS proxier will not be used", &["ProxyIpvs"]),
    ("coredns", "plugin/loop: Loop (127.0.0.1:55953 -> :53) detected for zone \".\"", &["DnsLoop"]),
    ("coredns", "dial tcp 10.96.0.1:443: i/o timeout", &["ServicesUnreachable"]),
    (
        "flannel",
        "Error registering network: failed to acquire lease: node \"w1\" pod cidr not assigned",
        &["NetworkPods"],
    ),
    ("flannel", "failed to create vxlanDevice: operation not supported", &["NetworkPods"]),
    ("calico", "Kernel's RPF check is set to 'loose'", &["NetworkPods"]),
    ("kcm", "Error allocating CIDR: there are no remaining CIDRs available", &["PodRangeUsedUp"]),
    (
        "apt",
        "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1234 (unattended-upgr)",
        &["PackageLock"],
    ),
    (
        "apt",
        "E: The repository 'https://apt.kubernetes.io kubernetes-xenial Release' does not have a Release file.",
        &["PackageSource"],
    ),
    (
        "apt",
        "W: GPG error: https://a b InRelease: The following signatures couldn't be verified: NO_PUBKEY B53DC80D13EDEF05",
        &["PackageKey"],
    ),
    ("apt", "E: Version '1.22.10-00' for 'kubeadm' was not found", &["PackageVersion"]),
    (
        "apt",
        "E: Held packages were changed and -y was used without --allow-change-held-packages.",
        &["PackageHeld"],
    ),
    ("ssh", "sudo: a terminal is required to read the password", &["SudoPassword"]),
    ("ssh", "Received message too long 1214606444", &["LoginRefused"]),
    ("ssh", "kex_exchange_identification: read: Connection reset by peer", &["SshThrottled"]),
];

/// Rows without a cause of their own. `timed out waiting for the condition`: what stands behind it is looked for. `Nameserver limits exceeded`:
/// the catalogue calls it harmless.
const NONE: [&str; 2] = ["timed out waiting for the condition", "Nameserver limits were exceeded"];

#[test]
fn every_row_has_a_cause_that_knows_it() {
    let mut wrong = Vec::new();
    for (source, line, names) in ROWS {
        let knows = |name: &&str| {
            let mut all = causes().filter(|cause| cause.name == *name);
            all.any(|cause| {
                cause.signatures.iter().any(|it| Regex::new(it.pattern).unwrap().is_match(line))
            })
        };
        if !names.iter().any(knows) {
            let others: Vec<&str> = causes()
                .filter(|cause| {
                    cause.signatures.iter().any(|it| Regex::new(it.pattern).unwrap().is_match(line))
                })
                .map(|cause| cause.name)
                .collect();
            wrong.push(format!("{source}: {line}: {names:?} does not know it, {others:?} do"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ROWS.len() + NONE.len() >= 103, "{}", ROWS.len());
    for line in NONE {
        assert!(!ROWS.iter().any(|(_, row, _)| row.contains(line) && row.len() == line.len()));
    }
}
