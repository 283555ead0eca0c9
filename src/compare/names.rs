//! What the things of a cluster are called, whoever made it: tables of patterns with what is of that name. From the research residue.md
//! (classes R01 to R45), which read kubeadm, kube-proxy, the network plugins and eleven installers.
//!
//! A pattern is of the whole name. `Names` are looked through from the top.

use std::sync::LazyLock;

use regex::Regex;

/// A table: patterns, and what is of that name.
pub(super) type Names = LazyLock<Vec<(Regex, &'static str)>>;

/// What the first pattern that is of this name says.
pub(super) fn first(names: &Names, name: &str) -> Option<&'static str> {
    names.iter().find(|(pattern, _)| pattern.is_match(name)).map(|(_, what)| *what)
}

pub(super) fn table(rows: &[(&str, &'static str)]) -> Vec<(Regex, &'static str)> {
    // A pattern that cannot be read matches nothing, and the test of all patterns fails.
    rows.iter().filter_map(|(pattern, what)| Some((whole(pattern)?, *what))).collect()
}

fn whole(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("^(?:{pattern})$")).ok()
}

/// A row's pattern as it was written.
pub(super) fn source(pattern: &Regex) -> &str {
    let whole = pattern.as_str();
    whole.strip_prefix("^(?:").and_then(|rest| rest.strip_suffix(")$")).unwrap_or(whole)
}

/// Declares tables, and for the test that reads each pattern the list of all.
macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = [$(($pattern:expr, $what:expr)),+ $(,)?];)+) => {
        $($(#[$doc])* pub(super) static $name: $crate::compare::names::Names =
            std::sync::LazyLock::new(|| $crate::compare::names::table(&[$(($pattern, $what)),+]));)+
        #[cfg(test)]
        pub(super) const PATTERNS: &[(&str, &str)] = &[$($((stringify!($name), $pattern)),+),+];
    };
}
pub(super) use tables;

tables! {
    /// Paths (R01 to R07, R15, R17, R27, R45).
    PATHS = [
        (r"/etc/kubernetes(/.*)?|/var/lib/kubelet(/.*)?|/run/kubernetes(/.*)?|/var/lib/kube-[^/]*(/.*)?", "Kubernetes' configuration and state"),
        (r"/usr/libexec/kubernetes(/.*)?", "the kubelet's directory of volume plugins"),
        (r"/var/lib/etcd(/.*)?|/etc/etcd[^/]*(/.*)?", "etcd's data"),
        (r"/etc/cni(/.*)?|/opt/cni(/.*)?|/var/lib/cni(/.*)?", "network plugins, their configuration and state"),
        (r"/(run|etc|var/lib|var/run)/(flannel|calico|cilium|antrea|kube-router|weave|ovn|openvswitch|multus)(/.*)?", "a pod network's state"),
        (r"/etc/origin/(openvswitch|ovn)(/.*)?", "a pod network's state"),
        (r"/var/log/(pods|containers|kube[^/]*|calico|cilium|kube-ovn|ovn|antrea)(/.*)?", "logs of pods"),
        (r"/root/\.kube(/.*)?", "kubectl's configuration and caches"),
        (r"/etc/crictl\.yaml|/etc/bash_completion\.d/(kubectl|kubeadm|crictl)", "configuration of Kubernetes' tools"),
        (r"(/usr(/local)?)?/s?bin/(kubelet|kubeadm|kubectl|crictl|kube-[^/]*|cri-dockerd|etcd|etcdctl|calicoctl|cilium)", "programs of Kubernetes"),
        (r"(/usr/lib|/lib|/etc|/run)/systemd/system(\.control)?/(.*/)?(kube|kubelet|etcd|bivouac|cri-docker)[^/]*(/.*)?", "units of Kubernetes, or of bivouac"),
        (r"/etc/(sysctl|modules-load|modprobe)\.d/[^/]*(bivouac|kube|k8s|cilium|calico)[^/]*", "kernel settings for a cluster"),
        (r"/etc/(default|sysconfig)/kubelet", "settings of the kubelet"),
        (r"/(var/lib|etc|run|opt)/bivouac[^/]*(/.*)?", "a directory of bivouac's"),
        (r"/run/netns/cni-[0-9a-f]{8}-.*|/run/(ipcns|utsns|userns|pidns)/[0-9a-f]{8}-.*", "namespaces of pods"),
        (r"/var/lib/(rook|longhorn)(/.*)?|/var/openebs(/.*)?|/opt/local-path-provisioner(/.*)?", "data of a storage add-on"),
        (r"/tmp/(kube[^/]*|bivouac[^/]*|cni[^/]*|etcd[^/]*)", "files of Kubernetes' programs"),
        (r"/sys/fs/bpf/(cilium|calico|tc)(/.*)?", "programs and maps of a pod network"),
    ];
    /// Below the directories of a runtime that has an owner: what is Kubernetes' there.
    IN_STORES = [
        (r".*/k8s\.io(/.*)?", "containerd's namespace of Kubernetes"),
        (r".*/io\.containerd\.grpc\.v1\.cri(/.*)?", "what containerd keeps of pods"),
        (r".*/k8s_[^/]*(/.*)?", "containers of pods"),
    ];
    /// Files of network plugins that others bring: podman (87-podman, netavark has none), nerdctl, CRI-O's own package, docker.
    PLUGINS_OF_OTHERS = [
        (r"/etc/cni/net\.d/[0-9]*-?(podman|nerdctl|buildkit)[^/]*", "podman's or nerdctl's"),
        (r"/var/lib/cni/networks/(podman|nerdctl|buildkit)[^/]*(/.*)?", "podman's or nerdctl's"),
        (r"/etc/cni/\.lock", "podman's"),
    ];
    /// Below /sys/fs/bpf: systemd, snapd, Tetragon, bpfman, xdp-tools.
    BPF_OF_OTHERS = [
        (r"/sys/fs/bpf/(systemd|snap|tetragon|bpfman|xdp)(/.*)?", "another program's"),
    ];
    /// Packages (R12).
    PACKAGES = [
        (r"kubelet|kubeadm|kubectl|kubernetes-.*|cri-tools|cri-dockerd", "a package of Kubernetes'"),
    ];
    /// Units (R15).
    UNITS = [
        (r"kubelet\.service|kube-.*|k8s-.*|etcd.*|bivouac.*|cri-docker.*", "a unit of Kubernetes', or of bivouac"),
        (r"kubepods.*", "pods' control groups"),
        (r"var-lib-kubelet.*\.mount|run-netns-cni.*\.mount", "a mount of the kubelet's or of pods"),
    ];
    /// Links (R23, R24). A pod's end that the bridge plugin makes has eight digits behind `veth` (containernetworking/plugins, pkg/ip: four random
    /// bytes); docker's has seven (libnetwork, `vethPrefix` and `vethLen`).
    LINKS = [
        (r"cni[0-9]+|cbr0|veth[0-9a-f]{8}", "the bridge plugin's"),
        (r"flannel[-.].*", "flannel's"),
        (r"cali.*|tunl0|vxlan(-v6)?\.calico|wireguard\.cali|wg-v6\.cali|bpf(in|out)\.cali|egress\.calico", "Calico's"),
        (r"cilium_.*|lxc_health|lxc[0-9a-f]{10,}", "Cilium's"),
        (r"weave|datapath|vethwe.*|vxlan-6784", "Weave's"),
        (r"kube-bridge|kube-dummy-if|kube-ipvs0|nodelocaldns", "kube-proxy's, kube-router's or the DNS cache's"),
        (r"ovn0|ovn-k8s-.*|genev_sys_6081|vxlan_sys_4789|antrea-.*", "OVN's or Antrea's"),
    ];
    /// Filters and programs of XDP on links, by the words at the end of their lines: a filter's name and its program's (R28; sources in residue/table/bpf.rs).
    PROGRAMS_ON_LINKS = [
        (r".* handle [^ ]+ (cil_|cilium-|bpf_(netdev|network|host|lxc|overlay)[^ ]*\.o:\[(from|to)-).*|.* cil_[^ ]*", "Cilium's program"),
        (r".* handle [^ ]+ (cali_|calico_|[^ ]*\.o:\[calico_).*|.* cali(co)?_[^ ]*", "Calico's program"),
    ];
    /// Links for which a host has to forward packets, and that other programs than a cluster make: docker, podman, libvirt, LXD, Incus, VPNs.
    FORWARDED = [
        (r"docker0|br-[0-9a-f]{12}|podman[0-9]+|cni-podman[0-9]+|nerdctl[0-9]+", "containers of others"),
        (r"virbr[0-9]+|lxdbr[0-9]+|lxcbr[0-9]+|incusbr[0-9]+", "machines and containers of others"),
        (r"tailscale[0-9]+|wg[0-9]+|tun[0-9]+", "tunnels"),
    ];
    /// Chains of iptables (R18, R19).
    CHAINS = [
        (r"KUBE-.*", "Kubernetes'"),
        (r"CNI-.*", "network plugins'"),
        (r"BIVOUAC-.*", "bivouac's"),
        (r"FLANNEL-.*", "flannel's"),
        (r"cali-.*", "Calico's"),
        (r"(OLD_)?CILIUM_.*", "Cilium's"),
        (r"WEAVE.*", "Weave's"),
        (r"ANTREA-.*|OVN-.*", "Antrea's or OVN's"),
    ];
    /// Rules in chains of others' that networks mark with a comment of their own.
    RULE_COMMENTS = [
        (r#".*--comment "?(flanneld (masq|forward)|cali:|NodeLocal DNS|kubernetes |cilium[: -]).*"#, "a network's"),
    ];
    /// Tables of nftables (R20).
    TABLES = [
        (r"kube-proxy|cni_hostport|cni_plugins_masquerade|flannel-ipv[46]|calico|bivouac.*", "Kubernetes' or a network's"),
    ];
    /// Sets (R21).
    SETS = [
        (r"KUBE-.*", "kube-proxy's set"),
        (r"(inet6:)?(KUBE-.*|kube-router-.*)|cali[46]0.*|weave-.*|ovn[46]0.*|ANTREA-.*|CILIUM_.*", "a pod network's set"),
    ];
    /// Routes that networks mark (R26): Calico's.
    ROUTES = [
        (r".* proto (bird|80)( .*)?", "Calico's routes"),
    ];
    /// Rules of routing (R26): Cilium's tables, kube-router's, and `local` that Cilium moves from 0 to 100.
    ROUTING_RULES = [
        (r".* lookup (2004|2005|77|78|79|kube-router)( .*)?", "a pod network's rule of routing"),
        (r"100:.* lookup local( .*)?", "Cilium moves this rule here"),
    ];
    /// Users and groups (R42): kubeadm's rootless control plane, installers' etcd and kube.
    ACCOUNTS = [
        (r"kubeadm-.*|kube|kubelet|etcd|k8s", "an installer's"),
    ];
}

/// Keys that say whether the host forwards packets.
pub(super) fn forwarding(key: &str) -> bool {
    key == "net.ipv4.ip_forward"
        || key.starts_with("net.bridge.")
        || ((key.starts_with("net.ipv4.conf.") || key.starts_with("net.ipv6.conf."))
            && key.ends_with(".forwarding"))
}

/// The link that a setting is of. A point in its name is a `/` there: `net.ipv4.conf.flannel/1.forwarding`.
pub(super) fn link_of(key: &str) -> Option<String> {
    let rest = key.strip_prefix("net.ipv4.conf.").or_else(|| key.strip_prefix("net.ipv6.conf."))?;
    rest.rsplit_once('.').map(|(link, _)| link.replace('/', "."))
}

/// Whether programs of a cluster write this key, and the values that they write; none where these depend. The kubelet: pkg/kubelet/cm/
/// `container_manager_linux.go`; kube-proxy: pkg/proxy/iptables/proxier.go, pkg/proxy/ipvs/proxier.go, cmd/kube-proxy/app/conntrack.go. What writing `ip_forward`
/// changes besides: Documentation/networking/ip-sysctl.
pub(super) fn written_by_cluster(key: &str) -> Option<&'static [&'static str]> {
    const ENDINGS: &[&str] = &[
        ".forwarding",
        ".mc_forwarding",
        ".accept_redirects",
        ".accept_ra",
        ".arp_ignore",
        ".arp_announce",
        ".proxy_arp",
        ".rp_filter",
        ".route_localnet",
        ".send_redirects",
    ];
    const FIXED: &[(&str, &[&str])] = &[
        ("net.ipv4.ip_forward", &["1"]),
        ("vm.overcommit_memory", &["1"]),
        ("vm.panic_on_oom", &["0"]),
        ("kernel.panic", &["10"]),
        ("kernel.panic_on_oops", &["1"]),
        ("kernel.keys.root_maxkeys", &["1000000"]),
        ("kernel.keys.root_maxbytes", &["25000000"]),
        ("net.ipv4.conf.all.route_localnet", &["1"]),
        ("net.netfilter.nf_conntrack_max", &[]),
        ("net.netfilter.nf_conntrack_tcp_timeout_established", &[]),
        ("net.netfilter.nf_conntrack_tcp_timeout_close_wait", &[]),
    ];
    if let Some((_, values)) = FIXED.iter().find(|(name, _)| *name == key) {
        return Some(values);
    }
    let is_link = key.starts_with("net.ipv4.conf.") || key.starts_with("net.ipv6.conf.");
    if key.starts_with("net.bridge.") || (is_link && ENDINGS.iter().any(|it| key.ends_with(it))) {
        return Some(&[]);
    }
    None
}
