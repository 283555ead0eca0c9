//! The catalogue of failures that preflight and `diagnose` were built from, row by row: the check or the cause that answers
//! each, or why it cannot come about or be seen beforehand. A name that there is not fails; that each check finds what it says is proven by
//! its cases in `preflight.rs`, that each cause does by its samples (`src/diagnose/tests.rs`).

use std::collections::BTreeSet;

use bivouac::page::Page;
use bivouac::preflight::{CHECKS, called, named};

/// What answers a row.
enum By {
    /// A finding of preflight, of the connection or of `status`, by its name.
    Found(&'static str),
    /// A cause of `diagnose`: it shows only once it has happened.
    Told(&'static str),
    /// It does not come about, or cannot be seen beforehand.
    Not(&'static str),
}
use By::{Found, Not, Told};

/// Every check of kubeadm, by its own name (table A): it must lead to one of ours.
const OF_KUBEADM: &[&str] = &[
    "IsPrivilegedUser",
    "NumCPU",
    "Mem",
    "KubernetesVersion",
    "Firewalld",
    "Port-6443",
    "Port-10259",
    "Port-10257",
    "Port-10250",
    "Port-2379",
    "Port-2380",
    "DirAvailable--var-lib-etcd",
    "DirAvailable--etc-kubernetes-manifests",
    "FileAvailable--etc-kubernetes-manifests-kube-apiserver.yaml",
    "FileAvailable--etc-kubernetes-manifests-kube-controller-manager.yaml",
    "FileAvailable--etc-kubernetes-manifests-kube-scheduler.yaml",
    "FileAvailable--etc-kubernetes-manifests-etcd.yaml",
    "FileAvailable--etc-kubernetes-kubelet.conf",
    "FileAvailable--etc-kubernetes-bootstrap-kubelet.conf",
    "FileAvailable--etc-kubernetes-pki-ca.crt",
    "FileContent--proc-sys-net-bridge-bridge-nf-call-iptables",
    "FileContent--proc-sys-net-bridge-bridge-nf-call-ip6tables",
    "FileContent--proc-sys-net-ipv4-ip_forward",
    "FileContent--proc-sys-net-ipv6-conf-default-forwarding",
    "Swap",
    "FileExisting-crictl",
    "FileExisting-conntrack",
    "FileExisting-ip",
    "FileExisting-iptables",
    "FileExisting-mount",
    "FileExisting-nsenter",
    "FileExisting-losetup",
    "FileExisting-ebtables",
    "FileExisting-socat",
    "FileExisting-ethtool",
    "FileExisting-tc",
    "FileExisting-touch",
    "CRI",
    "ContainerRuntimeVersion",
    "Service-Docker",
    "IsDockerSystemdCheck",
    "SystemVerification",
    "Hostname",
    "KubeletVersion",
    "Service-Kubelet",
    "HTTPProxy",
    "HTTPProxyCIDR",
    "ExternalEtcdVersion",
    "ExternalEtcdClientCertificates",
    "ImagePull",
    "RequiredIPVSKernelModulesAvailable",
];

/// What kubeadm misses, or explains badly (table B). Not in it: what only `kubeadm upgrade` checks.
const ROWS: &[(&str, By)] = &[
    ("ssh-auth-denied", Found("Login")),
    ("ssh-host-key-changed", Found("HostKey")),
    (
        "ssh-max-sessions",
        Not("one channel on one connection a host carries all that is done there (ssh/loop.sh)"),
    ),
    ("ssh-maxstartups-throttle", Told("SshThrottled")),
    ("sudo-password-required", Found("Sudo")),
    ("sudo-requiretty", Found("Sudo")),
    (
        "sudo-secure-path",
        Not("the loop sets a PATH of its own, and programs are called by it, never by sudo's"),
    ),
    ("root-login-disabled", Found("Login")),
    (
        "noisy-shell-profile",
        Not(
            "what a login prints stands before the loop's first mark and is not read (ssh_login.rs, ssh_faults.rs)",
        ),
    ),
    ("non-posix-login-shell", Found("LoginShell")),
    ("sftp-subsystem-missing", Not("nothing goes over SFTP; bytes are the loop's standard input")),
    ("login-password-expired", Found("LoginShell")),
    ("ssh-forwarding-disabled", Found("Reachable")),
    (
        "fail2ban-lockout",
        Not("one connection and one login a host; a host that does not answer is Reachable's"),
    ),
    (
        "ssh-disconnect-mid-run",
        Not("what runs outlives its operator, and the next run goes on (t-kills, t-points)"),
    ),
    ("umask-restrictive", Not("the loop sets its own umask, and the units' is systemd's")),
    ("tmp-noexec", Not("nothing of ours is executed below /tmp")),
    ("locale-noise", Not("the loop sets LC_ALL=C")),
    ("python-missing", Not("hosts need no Python")),
    ("duplicate-hostname", Found("NodeName")),
    ("duplicate-machine-id", Found("MachineID")),
    ("duplicate-product-uuid", Found("MachineID")),
    ("duplicate-mac", Found("DuplicateMAC")),
    ("invalid-hostname", Found("Hostname")),
    ("hostname-is-localhost", Found("Hostname")),
    (
        "hostname-unresolvable",
        Not(
            "nodes go by addresses: the kubelet is given its own, and the API server asks for InternalIP first",
        ),
    ),
    ("hostname-resolves-loopback", Not("as every Debian has it; the kubelet is given its address")),
    ("hostname-resolves-wrong", Found("Hostname")),
    (
        "wildcard-search-domain",
        Not("only a question to a name server shows it, and preflight asks nobody's name servers"),
    ),
    ("cloud-init-resets-hostname", Found("Hostname")),
    ("cloud-init-manages-hosts", Found("ControlPlaneEndpoint")),
    ("etc-file-immutable", Found("Writable")),
    ("node-name-already-exists", Found("NodeName")),
    ("clock-skew", Found("Clock")),
    ("clock-absurd", Found("ClockYear")),
    ("time-sync-inactive", Found("TimeSync")),
    ("no-default-route", Found("NodeAddress")),
    (
        "multi-nic-wrong-advertise",
        Not("addresses are those of cluster.yaml, given to kubeadm, kubelet and etcd"),
    ),
    ("duplicate-primary-ip", Found("NodeAddress")),
    (
        "dhcp-node-address",
        Not(
            "most clouds give fixed addresses by DHCP, so the lease says nothing; AddressGone tells it afterwards",
        ),
    ),
    ("cidr-overlaps-host-network", Found("Subnets")),
    ("cidr-overlap-each-other", Not("cluster.yaml is refused (tests/it/cluster/mistakes.rs)")),
    ("pod-cidr-too-small", Found("PodAddresses")),
    (
        "cni-cidr-mismatch",
        Not("the network's files and kubeadm's configuration are made of one setting"),
    ),
    ("ports-filtered-between-hosts", Found("PortsBetweenHosts")),
    ("local-firewall-active", Found("Firewalld")),
    ("overlay-traffic-blocked", Found("PortsBetweenHosts")),
    ("docker-forward-drop", Found("PacketFilter")),
    (
        "rp-filter-strict",
        Not(
            "routes of `bridge` are symmetric, which both kinds of the filter let pass; Calico says it itself (NetworkPods)",
        ),
    ),
    ("bridge-nf-off", Found("FileContent-*")),
    ("mtu-mismatch", Found("PathMTU")),
    (
        "vxlan-checksum-offload",
        Not("a fault of drivers that shows only in packets of a tunnel, which `bridge` has not"),
    ),
    ("hosts-cannot-reach-each-other", Found("PortsBetweenHosts")),
    ("ephemeral-range-overlap", Found("EphemeralPorts")),
    ("ipv6-disabled", Found("DualStack")),
    ("networkmanager-touches-cni", Found("PolicyRouting")),
    ("endpoint-unresolvable", Found("ControlPlaneEndpoint")),
    ("endpoint-invalid-name", Not("cluster.yaml is refused (tests/it/cluster/mistakes.rs)")),
    (
        "lb-hairpin-broken",
        Not(
            "each control plane goes by its own address until it serves, and by 127.0.0.1 with the internal balancer",
        ),
    ),
    (
        "lb-slow-to-mark-healthy",
        Not("kubeadm goes by the control plane's own address; a gate waits for the cluster's"),
    ),
    ("lb-and-apiserver-same-port", Found("Port-*")),
    (
        "kube-vip-super-admin",
        Not("kube-vip gets the kubeconfig that the version asks for (the column super_admin)"),
    ),
    ("iptables-backend-mixed", Found("PacketFilter")),
    ("nftables-mode-unsupported", Found("ProxyMode")),
    ("no-dns-resolver", Found("ResolvConf")),
    ("resolv-conf-loop", Found("ResolvConf")),
    (
        "resolvconf-mixed-distro",
        Not("each kubelet has the file that is right on its host (resolvConf)"),
    ),
    ("proxy-without-no-proxy", Found("HTTPProxy")),
    (
        "proxy-missing-for-daemons",
        Not("a login's proxies are unset, and the runtime's are cluster.yaml's `proxy`"),
    ),
    ("tls-interception", Found("Sources")),
    ("kernel-too-old", Found("SystemVerification")),
    ("module-missing", Found("KernelModules")),
    ("running-kernel-modules-gone", Found("KernelModules")),
    (
        "kernel-config-unreadable",
        Not(
            "kubeadm is told to ignore what it cannot read; its content is SystemVerification's here",
        ),
    ),
    ("cgroup-v1-unsupported", Found("SystemVerification")),
    ("cgroup-controller-missing", Found("SystemVerification")),
    ("cgroup-driver-mismatch", Found("ContainerRuntime")),
    ("cgroup-driver-mixed-hosts", Found("IsDockerSystemdCheck")),
    (
        "selinux-enforcing",
        Not(
            "containers get no labels (enable_selinux is off), and files get those of their directories",
        ),
    ),
    ("apparmor-parser-missing", Found("AppArmor")),
    (
        "fips-mode",
        Not(
            "it shows in the SSH handshake, which Reachable tells with the algorithms of both sides",
        ),
    ),
    ("swap-on", Found("Swap")),
    ("swap-returns-on-boot", Found("SwapAtBoot")),
    ("inotify-limits", Found("InotifyLimits")),
    ("pid-limits", Found("PidLimits")),
    ("cpu-lacks-x86-64-v2", Found("Processor")),
    ("arm64-page-size", Found("Processor")),
    ("protect-kernel-defaults", Found("ProtectKernelDefaults")),
    ("conntrack-sysctl-readonly", Found("ConntrackMax")),
    ("hidepid", Not("it hides nothing from root, and pods have a /proc of their own")),
    ("reserved-exceeds-capacity", Found("Reserved")),
    ("disk-space-low", Found("DiskSpace")),
    ("disk-pressure", Found("DiskPressure")),
    (
        "etcd-slow-fsync",
        Not("only writes show it, and preflight writes nothing; EtcdSlow tells it afterwards"),
    ),
    ("xfs-ftype0", Found("ImageStore")),
    ("overlay-on-overlay", Found("ImageStore")),
    ("readonly-system-dirs", Found("Writable")),
    ("mount-propagation-private", Found("MountPropagation")),
    ("static-pod-hostpath-missing", Found("HostPaths")),
    ("apt-lock-held", Found("PackageLock")),
    (
        "unattended-upgrades",
        Not(
            "programs are no packages, and docker's, which is one, keeps its containers (live-restore)",
        ),
    ),
    ("package-held", Found("Packages")),
    ("version-unavailable", Found("Sources")),
    ("legacy-k8s-repo", Found("Packages")),
    ("repo-key-invalid", Found("Packages")),
    ("eol-distro-repo", Found("Packages")),
    ("needrestart-prompt", Not("package steps tell needrestart to list only")),
    ("wrong-architecture", Found("Architecture")),
    ("kubelet-kubeadm-skew", Found("KubeletVersion")),
    ("kubeadm-cluster-skew", Found("KubernetesVersion")),
    ("kubelet-unit-incomplete", Found("DropIns")),
    ("runtime-package-conflict", Found("ContainerRuntime")),
    ("snap-packages", Found("OtherKubernetes")),
    (
        "cni-plugins-missing",
        Not("they are installed with the rest, and looked for by their sums in each run"),
    ),
    ("systemd-absent-or-degraded", Found("Systemd")),
    ("containerd-cri-disabled", Found("CRI")),
    ("containerd-config-broken", Found("CRI")),
    ("cri-socket-absent", Found("CRI")),
    ("cri-v1-unsupported", Found("ContainerRuntimeVersion")),
    ("containerd-1x-end", Found("ContainerRuntimeVersion")),
    (
        "crio-version-skew",
        Not("cri-o is brought in the version of the table, and an existing one is refused"),
    ),
    ("dockershim-gone", Not("docker comes with cri-dockerd in every version")),
    ("pause-image-unpullable", Found("ImagePull")),
    ("mirror-lacks-coredns-path", Found("ImagePull")),
    ("registry-unreachable", Found("ImagePull")),
    ("registry-rate-limit", Told("RegistryLimit")),
    ("private-registry-tls", Found("ImagePull")),
    ("images-in-wrong-store", Not("images are imported into the namespace that the CRI uses")),
    ("image-arch-mismatch", Found("ImagePull")),
    ("kubelet-unknown-flag", Found("KubeletFlags")),
    ("runc-unusable", Not("runc is brought, by its sum; RuncMissing tells what became of it")),
    ("services-not-enabled", Not("units are enabled by their steps")),
    ("leftover-kubernetes-dir", Found("FileAvailable-*")),
    ("leftover-etcd-data", Found("DirAvailable-*")),
    ("stale-cni-config", Found("DirAvailable-*")),
    ("stale-cni-interfaces", Found("Leftovers")),
    ("stale-netfilter-rules", Found("Leftovers")),
    ("stale-kubelet-state", Found("DirAvailable-*")),
    ("other-kubernetes-distro", Found("OtherKubernetes")),
    (
        "stale-kubeconfig",
        Not(
            "kubectl is called with the cluster's own file; KUBECONFIG is unset, and `kubeconfig` merges by name",
        ),
    ),
    (
        "kubeadm-api-version",
        Not("the configuration is written in the version's API (the golden files of every minor)"),
    ),
    ("removed-component-flag", Found("KubeadmSettings")),
    (
        "controlplane-endpoint-missing",
        Not("every cluster has an address that can be moved; Api::Moves gives it to an old one"),
    ),
    ("even-control-planes", Found("ControlPlaneCount")),
    ("token-expired", Not("the token is made for the run")),
    (
        "jws-signer-not-running",
        Not("joins trust the authority's own certificate, not a signed ConfigMap"),
    ),
    ("ca-hash-mismatch", Not("the authority is read from the control plane in each run")),
    ("certificate-key-expired", Not("control planes get their files over SSH, not by a Secret")),
    ("certificate-key-wrong", Not("likewise: no key is passed on")),
    ("anonymous-auth-disabled", Not("a join by file asks nobody anonymously")),
    ("etcd-quorum-lost-on-join", Found("PortsBetweenHosts")),
    ("etcd-stale-member", Found("EtcdMember")),
    ("etcd-learner-not-in-sync", Not("one that learns is waited for and promoted by the next try")),
    ("parallel-control-plane-join", Not("members join by turns (`alone: etcd`)")),
    (
        "api-cert-sans-missing",
        Not("all addresses and the endpoint are in the certificate; CertificateNames tells others"),
    ),
    ("existing-certs-expired", Found("CertificateExpired")),
    ("stale-admin-rbac", Told("VersionSkew")),
    ("external-etcd-unusable", Found("ExternalEtcdVersion")),
    ("ipvs-prereqs-missing", Found("ProxyMode")),
    (
        "worker-resources",
        Not("kubeadm wants nothing of workers, and what their pods need is their owner's to say"),
    ),
    ("version-lookup-offline", Not("the version is always given to kubeadm")),
    (
        "partial-init-rerun",
        Not(
            "a run that was cut off goes on by its journal; another's is DirAvailable's and FileAvailable's",
        ),
    ),
    ("conntrack-binary-missing", Found("FileExisting-*")),
    ("ip-forward-unchecked-on-join", Found("FileContent-*")),
    ("serving-csr-pending", Found("ServingCertificates")),
];

fn pages() -> Vec<Page> {
    bivouac::cli::pages().unwrap()
}

#[test]
fn every_check_of_kubeadm_is_found_by_its_name() {
    for name in OF_KUBEADM {
        let page = pages().into_iter().find(|page| page.is_of(called(name)));
        let page = page.unwrap_or_else(|| panic!("{name} leads nowhere"));
        assert!(page.kubeadm.is_some(), "{name}: its page says nothing of kubeadm");
    }
    assert!(named("NoSuchCheck").is_err());
}

#[test]
fn every_row_of_the_catalogue_is_answered() {
    let pages = pages();
    let mut ids = BTreeSet::new();
    let mut used = BTreeSet::new();
    for (id, by) in ROWS {
        assert!(ids.insert(id), "{id} twice");
        match by {
            Found(name) => {
                let page = pages.iter().find(|page| page.name == *name);
                let page = page.unwrap_or_else(|| panic!("{id}: {name} is no page"));
                assert_ne!(page.of, "diagnose", "{id}: {name} is told afterwards only");
                used.insert(*name);
            }
            Told(name) => {
                let is = |page: &Page| page.name == *name && page.of == "diagnose";
                assert!(pages.iter().any(is), "{id}: {name} is no cause");
            }
            Not(why) => {
                assert!(why.split(' ').count() > 3, "{id}: {why:?} is no reason");
            }
        }
    }
    assert_eq!(ids.len(), 165, "the catalogue's rows");
    // What preflight finds beyond it: the catalogue is where to start.
    let beyond = CHECKS.iter().filter(|check| !used.contains(check.name)).count();
    assert!(beyond >= 25, "{beyond} checks are of no row");
}
