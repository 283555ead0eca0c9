//! What links are called.

pub(super) use super::super::super::kernel::FORWARDED as OTHERS;

/// Names of links with the kinds that they are: of the sources of kube-proxy, flannel, Calico, Cilium, Weave, kube-router, Antrea.
const LINKS: [(&str, &[&str]); 32] = [
    ("kube-ipvs0", &["dummy"]),
    ("nodelocaldns", &["dummy"]),
    ("kube-dummy-if", &["dummy"]),
    ("kube-bridge", &["bridge"]),
    ("cbr0", &["bridge"]),
    ("flannel-v6.1", &["vxlan"]),
    ("flannel-v6.4096", &["vxlan"]),
    ("flannel-wg", &["wireguard"]),
    ("flannel-wg-v6", &["wireguard"]),
    ("vxlan.calico", &["vxlan"]),
    ("vxlan-v6.calico", &["vxlan"]),
    ("wireguard.cali", &["wireguard"]),
    ("wg-v6.cali", &["wireguard"]),
    ("bpfin.cali", &["veth"]),
    ("bpfout.cali", &["veth"]),
    ("egress.calico", &["vxlan"]),
    ("cilium_host", &["veth"]),
    ("cilium_net", &["veth"]),
    ("cilium_vxlan", &["vxlan"]),
    ("cilium_geneve", &["geneve"]),
    ("cilium_wg0", &["wireguard"]),
    ("cilium_ipip4", &["ipip"]),
    ("cilium_ipip6", &["ip6tnl"]),
    ("lxc_health", &["veth"]),
    ("weave", &["bridge"]),
    ("vxlan-6784", &["vxlan"]),
    ("vethwe-bridge", &["veth"]),
    ("vethwe-datapath", &["veth"]),
    ("vethwe-pcap", &["veth"]),
    ("vethwedu", &["veth"]),
    ("antrea-egress0", &["dummy"]),
    ("antrea-ingress0", &["dummy"]),
];

/// The kinds that a link of this name is, where only a Kubernetes or its network names one so. flannel's has the number of its network.
pub(super) fn kinds(name: &str) -> Option<&'static [&'static str]> {
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|c| c.is_ascii_digit());
    // Calico's own (`wg-v6.cali`) is in the list.
    if name.strip_prefix("flannel.").is_some_and(is_number) {
        return Some(&["vxlan"]);
    }
    LINKS.iter().find(|(it, _)| *it == name).map(|(_, kinds)| *kinds)
}

/// `cali` and eleven digits, as Calico and its kin name pods' ends.
pub(in crate::residue) fn is_calicos_end(name: &str) -> bool {
    is_end(name, "cali", 11)
}

/// `lxc` and twelve digits, as Cilium names pods' ends (`Endpoint2IfName` of pkg/datapath/connector). LXC's own are shorter, or on a bridge.
pub(super) fn is_ciliums_end(name: &str) -> bool {
    is_end(name, "lxc", 12)
}

/// `tun-` and eleven digits of a hash, as kube-router names tunnels to other nodes (`GenerateTunnelName` of pkg/tunnels), or, before that was there,
/// the other node's address without its points: behind `tun-`, where it has less than twelve digits, else behind `tun` (`generateTunnelName` of
/// pkg/controllers/routing).
pub(in crate::residue) fn is_kube_routers_tunnel(name: &str) -> bool {
    let is_address = |prefix, lengths: std::ops::RangeInclusive<usize>| {
        name.strip_prefix(prefix).is_some_and(|it: &str| {
            lengths.contains(&it.len()) && it.bytes().all(|c| c.is_ascii_digit())
        })
    };
    is_end(name, "tun-", 11) || is_address("tun-", 4..=11) || is_address("tun", 12..=12)
}

fn is_end(name: &str, prefix: &str, digits: usize) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|it| it.len() == digits && it.bytes().all(|c| c.is_ascii_hexdigit()))
}
