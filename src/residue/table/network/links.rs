//! Links of pod networks and of kube-proxy.

use super::super::super::host::{Host, goes, owners, unsure};
use super::super::super::removal::Stage;
use super::super::super::{Entry, NONE, Outcome};
use super::{alone, works_alone};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

pub(in super::super) const ENTRIES: &[Entry] = &[Entry {
    name: "Links",
    classes: &["R23", "R24"],
    what: "links of pod networks and of kube-proxy",
    known: "a name that only they use, and the kind of link that it is there; `cni0` is one only where something else says that there was a Kubernetes",
    undone: "`ip link del` one by one; a link that leads to the default route is refused",
    never: "`docker0`, `br-*`, `virbr*`, `lxc*` (LXC has them too), `dummy0`, `veth*` in general, and links that are configurable: a name is the proof, not a difference",
    kinds: &[Kind::Link],
    judge: link,
    ..NONE
}];

/// Names of links with the kinds that they are: of the sources of kube-proxy, flannel, Calico, Cilium, Weave, kube-router, Antrea, kube-ovn.
const LINKS: [(&str, &[&str]); 29] = [
    ("kube-ipvs0", &["dummy"]),
    ("nodelocaldns", &["dummy"]),
    ("kube-dummy-if", &["dummy"]),
    ("kube-bridge", &["bridge"]),
    ("cbr0", &["bridge"]),
    ("flannel.1", &["vxlan"]),
    ("flannel.4096", &["vxlan"]),
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
    ("lxc_health", &["veth"]),
    ("weave", &["bridge"]),
    ("vxlan-6784", &["vxlan"]),
    ("antrea-gw0", &["", "openvswitch"]),
    ("ovn0", &["", "openvswitch"]),
    ("ovn-k8s-mp0", &["", "openvswitch"]),
];

fn link(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (name, kind) = (thing.name.as_str(), thing.get("type"));
    let mine = |proof: &str| goes(proof, Stage::Links, Clear::Links, &[name]);
    if let Some((_, kinds)) = LINKS.iter().find(|(it, _)| *it == name) {
        return Some(if kinds.contains(&kind) && host.sign().is_none() && works_alone(name) {
            alone()
        } else if kinds.contains(&kind) {
            mine("only Kubernetes and its network plugins name a link so")
        } else {
            unsure(format!(
                "a link of this name should be of the kind `{}` and is `{kind}`",
                kinds[0]
            ))
        });
    }
    if is_calicos_end(name) && kind == "veth" {
        return Some(match host.sign() {
            Some(_) => mine("Calico names pods' links so"),
            None => alone(),
        });
    }
    if name == "cni0" {
        return Some(match host.sign() {
            _ if kind != "bridge" => unsure(format!("`cni0` should be a bridge and is `{kind}`")),
            _ if bridged_by_others(host) => {
                owners("a network that is not Kubernetes' has it as its bridge")
            }
            Some(sign) => mine(&format!("the pods' bridge, and {sign}")),
            None => unsure("nothing else here says that there was a Kubernetes"),
        });
    }
    // Pods' ends that outlived them.
    if thing.get("master") == "cni0"
        && kind == "veth"
        && host.sign().is_some()
        && !bridged_by_others(host)
    {
        return Some(mine("it hangs on the pods' bridge"));
    }
    None
}

/// `cali` and eleven digits, as Calico and its kin name pods' ends.
pub(in super::super::super) fn is_calicos_end(name: &str) -> bool {
    name.strip_prefix("cali")
        .is_some_and(|it| it.len() == 11 && it.bytes().all(|c| c.is_ascii_hexdigit()))
}

/// Whether a network of others has `cni0` as its bridge.
fn bridged_by_others(host: &Host<'_>) -> bool {
    host.of(Kind::Network).any(|it| it.get("bridge") == "cni0" && host.network(it) == Some(false))
}
