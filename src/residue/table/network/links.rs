//! Links of pod networks and of kube-proxy.

mod names;
mod switch;

pub(in crate::residue) use names::is_calicos_end;
pub(super) use names::is_kube_routers_tunnel;
pub(in super::super) use switch::ENTRIES as SWITCH;

use super::super::super::agents::Agent;
use super::super::super::host::{Host, goes, owners, unsure};
use super::super::super::ranges::{Use, parsed};
use super::super::super::removal::Stage;
use super::super::super::{Entry, NONE, Outcome};
use super::{alone, works_alone};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

pub(in super::super) const ENTRIES: &[Entry] = &[Entry {
    name: "Links",
    classes: &["R23", "R24"],
    what: "links of pod networks and of kube-proxy",
    known: "a name that only they use, and the kind of link that it is there; where the name is anybody's (`cni0`, `tun-*`, `lxc*`, a bridge that a configuration of pods names) another sign of who made it, and nothing but pods' ends on it; those ends, where the bridge goes",
    undone: "`ip link del` one by one; a link that leads to the default route, or over which the login came in, is refused; behind links, routes and addresses a new login proves the way in",
    never: "`docker0`, `br-*`, `virbr*`, an LXC's `lxc*`, `dummy0`, `tunl0` (it is the kernel's own), `veth*` in general, and a link that merely has an address of the pods' network: that is named",
    kinds: &[Kind::Link],
    judge: link,
    ..NONE
}];

/// Kinds of links that somebody makes; what has another is the host's own card, or nothing that an agent makes.
const MADE: [&str; 9] =
    ["bridge", "vxlan", "geneve", "wireguard", "ipip", "ip6tnl", "gre", "dummy", "macvlan"];

fn link(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let outcome = named(thing, host)?;
    Some(match outcome {
        Outcome::Goes { .. } if thing.is("uplink") => unsure("the default route leads over it"),
        Outcome::Goes { .. } if thing.is("way-in") => {
            unsure("this login came in over it: log in on another address, then run this again")
        }
        outcome => outcome,
    })
}

fn named(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (name, kind) = (thing.name.as_str(), thing.get("type"));
    let mine = |proof: &str| goes(proof, Stage::Links, Clear::Links, &[name]);
    let foreign = || {
        let ends = host.of(Kind::Link).filter(|it| it.get("master") == name);
        let mut others = ends.filter(|it| !matches!(it.get("type"), "veth" | "vxlan" | "dummy"));
        others.next().map(|it| unsure(format!("`{}`, which is no pod's end, hangs on it", it.name)))
    };
    if let Some(kinds) = names::kinds(name) {
        return Some(if !kinds.contains(&kind) {
            unsure(format!(
                "a link of this name should be of the kind `{}` and is `{kind}`",
                kinds[0]
            ))
        } else if host.sign().is_none() && works_alone(name) {
            alone()
        } else {
            let proof = "only Kubernetes and its network plugins name a link so";
            foreign().unwrap_or_else(|| mine(proof))
        });
    }
    if names::is_calicos_end(name) && kind == "veth" {
        return Some(match host.sign() {
            Some(_) => mine("Calico names pods' links so"),
            None => alone(),
        });
    }
    // The kernel's own, under Cilium's names (pkg/datapath/loader: it renames them where it makes tunnels of these kinds).
    if let "cilium_tunl" | "cilium_ip6tnl" = name {
        let own = if name == "cilium_tunl" { "tunl0" } else { "ip6tnl0" };
        return Some(unsure(format!(
            "it is the kernel's `{own}` under Cilium's name and cannot be removed: `ip link set {name} down && ip link set {name} name {own}`, or a reboot"
        )));
    }
    if name == "cni0" {
        return Some(match host.sign() {
            _ if kind != "bridge" => unsure(format!("`cni0` should be a bridge and is `{kind}`")),
            _ if is_others_bridge(name, host) => {
                owners("a network that is not Kubernetes' has it as its bridge")
            }
            Some(sign) => {
                foreign().unwrap_or_else(|| mine(&format!("the pods' bridge, and {sign}")))
            }
            None => unsure("nothing else here says that there was a Kubernetes"),
        });
    }
    let sign = host.sign()?;
    // Pods' ends that outlived them.
    let master = thing.get("master");
    if kind == "veth" && is_pods_bridge(master, host) && !is_others_bridge(master, host) {
        let mut bridges = host.of(Kind::Link).filter(|it| it.get("type") == "bridge");
        let bridge = bridges.find(|it| it.name == master);
        let goes = bridge.is_some_and(|it| matches!(link(it, host), Some(Outcome::Goes { .. })));
        return Some(if goes {
            mine("it hangs on the pods' bridge, which goes")
        } else {
            unsure(format!(
                "it hangs on `{master}`, which pods have as well as others: `ip link del dev {name}`, if it is a pod's"
            ))
        });
    }
    if kind == "bridge" && is_configured(name, host) && !is_others_bridge(name, host) {
        return Some(match within(thing, host) {
            Some(range) => foreign().unwrap_or_else(|| {
                mine(&format!("a configuration of pods' network names it, and {range}"))
            }),
            None => unsure(format!(
                "a configuration of pods' network names it, and an address on it is of no network of theirs: `ip link del dev {name}`, if nobody else has it"
            )),
        });
    }
    // pkg/tunnels of kube-router: `tun-` and the other node's address, or its hash.
    if is_kube_routers_tunnel(name)
        && matches!(kind, "ipip" | "ip6tnl")
        && let Some(agent) = host.agent(Agent::KubeRouter)
    {
        return Some(mine(&format!("kube-router names tunnels to other nodes so, and {agent}")));
    }
    if names::is_ciliums_end(name)
        && kind == "veth"
        && master.is_empty()
        && let Some(agent) = host.agent(Agent::Cilium)
    {
        return Some(match others_containers(host) {
            Some(other) => unsure(format!(
                "Cilium names pods' links so, and LXC its containers': `{other}` is there"
            )),
            None => mine(&format!("Cilium names pods' links so, and {agent}")),
        });
    }
    // A name that somebody chose.
    let is_others = names::OTHERS.iter().any(|it| name.starts_with(it)) || thing.is("uplink");
    let is_of_pods = |thing: &Thing| {
        let mut nets = thing.get("addresses").split_whitespace().filter_map(parsed);
        nets.all(|net| host.ranges().around(&net).is_some_and(|it| it.of != Use::Services))
    };
    if MADE.contains(&kind) && !is_others && is_of_pods(thing) && foreign().is_none() {
        let range = within(thing, host)?;
        return Some(unsure(format!(
            "its address is of {range}, and {sign}; its name says nothing: `ip link del dev {name}`, if it is not yours"
        )));
    }
    None
}

/// The network of the cluster's that all of a link's addresses are in.
fn within(thing: &Thing, host: &Host<'_>) -> Option<String> {
    let mut nets = thing.get("addresses").split_whitespace().map(parsed);
    let first = host.ranges().around(&nets.next()??)?;
    nets.all(|net| net.is_some_and(|net| host.ranges().around(&net).is_some()))
        .then(|| first.shown())
}

/// Bridges on which pods' ends hang.
fn is_pods_bridge(name: &str, host: &Host<'_>) -> bool {
    ["cni0", "cbr0", "kube-bridge", "weave"].contains(&name) || is_configured(name, host)
}

/// Whether a configuration of pods' network names this bridge.
fn is_configured(name: &str, host: &Host<'_>) -> bool {
    let mut networks = host.of(Kind::Network);
    // Most name none, and most links hang on none.
    !name.is_empty()
        && networks.any(|it| it.get("bridge") == name && host.network(it) == Some(true))
}

/// Whether a network of others has it as its bridge, or it is called as others call theirs.
fn is_others_bridge(name: &str, host: &Host<'_>) -> bool {
    names::OTHERS.iter().any(|it| name.starts_with(it))
        || host
            .of(Kind::Network)
            .any(|it| it.get("bridge") == name && host.network(it) == Some(false))
}

/// The bridge of a manager of other containers, whose links have names of the same form.
fn others_containers<'a>(host: &Host<'a>) -> Option<&'a str> {
    let mut links = host.of(Kind::Link).map(|it| it.name.as_str());
    links.find(|it| ["lxdbr", "lxcbr", "incusbr"].iter().any(|bridge| it.starts_with(bridge)))
}

/// Whether a link is the cluster's by its name and kind: its addresses are no network of the owner's.
pub(in crate::residue) fn is_clusters_link(thing: &Thing, host: &Host<'_>) -> bool {
    let (name, kind) = (thing.name.as_str(), thing.get("type"));
    names::kinds(name).is_some_and(|kinds| kinds.contains(&kind))
        || (names::is_calicos_end(name) && kind == "veth")
        || switch::is_agents(name)
        || (kind == "bridge" && is_pods_bridge(name, host) && !is_others_bridge(name, host))
        || (is_kube_routers_tunnel(name) && host.agent(Agent::KubeRouter).is_some())
}
