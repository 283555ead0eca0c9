//! Routes and network namespaces of pods.

use ipnet::IpNet;

use super::super::super::agents::Agent;
use super::super::super::host::{CNI_USERS, Host, doubted, goes, owners, unsure};
use super::super::super::ranges::{Range, Use, is_one, parsed};
use super::super::super::removal::Stage;
use super::super::super::{Entry, NONE, Outcome};
use super::alone;
use super::links::{is_calicos_end, is_clusters_link, is_kube_routers_tunnel};
use super::words::Route;
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

pub(in super::super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "Routes",
        classes: &["R26"],
        what: "routes of pod networks",
        known: "one that leads over a link of Calico's with its protocol; one that lies wholly in a network of pods' or services' that the cluster wrote down, in the form that its network gives routes: Calico's blocks (`blackhole`, or by a node, `proto bird` or `80`), flannel's `host-gw` (by a node, no more words, in a network that flannel itself wrote down), kube-router's (`proto 17`, tables 77 to 79), Cilium's (by a node, `proto kernel`; tables 2004 and 2005)",
        undone: "`ip route del` one by one, by their exact words; one without which who is logged in would be reached another way comes back at once; those over a link go with it",
        never: "`ip route flush`; the default route; one into a network of the host's own links, of docker's or libvirt's, or to who is logged in; one that is no node's share, or leads by the default gateway; one whose author left no other sign, or that may be a BIRD's of the owner's: it is named, with the command",
        kinds: &[Kind::Route],
        judge: route,
        ..NONE
    },
    Entry {
        name: "PodNamespaces",
        classes: &["R27"],
        what: "network namespaces of pods",
        known: "`cni-` and a UUID, as containerd's CRI plugin names them, and another sign of a Kubernetes",
        undone: "unmounted lazily and removed one by one",
        never: "other namespaces (k0s and kubespray delete all: VPNs, OpenStack's routers)",
        kinds: &[Kind::Netns],
        judge: |thing, host| {
            let uuid = thing.name.strip_prefix("cni-")?;
            let is_uuid = uuid.len() == 36
                && uuid.bytes().enumerate().all(|(at, c)| match at {
                    8 | 13 | 18 | 23 => c == b'-',
                    _ => c.is_ascii_hexdigit(),
                });
            if !is_uuid {
                return Some(owners("its name is not one that the CRI plugin gives"));
            }
            let user = CNI_USERS.iter().find(|path| host.path(path).is_some());
            Some(match host.sign() {
                Some(sign) => goes(
                    format!("its name, and {sign}"),
                    Stage::Network,
                    Clear::Netns,
                    &[&thing.name],
                ),
                // podman named them the same way until 3.x.
                None if user.is_some() => {
                    owners(format!("`{}` names namespaces so too", user.unwrap_or(&"")))
                }
                None => unsure("nothing else here says that there was a Kubernetes"),
            })
        },
        ..NONE
    },
    Entry {
        name: "Conntrack",
        classes: &["R29"],
        what: "connections that the kernel still translates",
        known: "they were made to an address in the services' network, or lead to one in the pods' (both as for routes), and nobody else has that network",
        undone: "where `conntrack` is installed, `conntrack -D` by both addresses; otherwise by themselves, those of UDP two minutes after the last packet, those of TCP when either end notices that nobody answers",
        never: "`conntrack -F`, which cuts everybody's connections; what is translated for others, such as docker's published ports",
        kinds: &[Kind::Connection],
        judge: connection,
        ..NONE
    },
];

fn route(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (family, text) = thing.name.split_once(' ')?;
    let route = Route::of(text);
    let command = format!("`ip -{family} route del {text}`");
    let outcome = judged(thing, host);
    let may_go = match outcome {
        Some(Outcome::Goes { .. }) => true,
        Some(Outcome::Unsure { .. }) | None => host.was_planned(&thing.name),
        Some(_) => false,
    };
    // Whoever made it.
    if may_go && route.to.is_some_and(|to| host.is_peers(&to)) {
        let why = format!("it leads to where this login comes from: {command} from elsewhere");
        return Some(doubted(why));
    }
    if may_go && route.via.is_some() && host.is_peer_unknown() {
        return Some(doubted(format!(
            "where this login comes from is not known, and it may be answered by this: {command} from a console"
        )));
    }
    outcome
}

fn judged(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (family, text) = thing.name.split_once(' ')?;
    let route = Route::of(text);
    if !route.table.is_empty() {
        return table(thing, &route, host);
    }
    let is_bgp = matches!(route.proto, "bird" | "80");
    let is_calicos = matches!(route.dev, "tunl0" | "vxlan.calico" | "vxlan-v6.calico")
        || is_calicos_end(route.dev);
    let around = route.to.as_ref().and_then(|to| host.ranges().around(to));
    // The kernel's own tunnel is anybody's.
    let is_anybodys = route.dev == "tunl0"
        && (host.own_router().is_some()
            || (around.is_none() && host.ranges().known.iter().any(|it| it.of != Use::Services)));
    if is_bgp && is_calicos && route.to.is_some() && !is_anybodys {
        return Some(match host.sign() {
            None => alone(),
            Some(_) => take(
                thing,
                &format!(
                    "its protocol is `{}`, and it leads over Calico's link `{}`",
                    route.proto, route.dev
                ),
            ),
        });
    }
    // It goes with its link.
    if host.of(Kind::Link).any(|it| it.name == route.dev && is_clusters_link(it, host)) {
        return None;
    }
    if let (Some(range), Some(to)) = (around, &route.to)
        && let Some(maker) = maker(&route)
        && host.sign().is_some()
    {
        // Nothing speaks for an agent's, where the host's own network is in that of the pods: Cilium has 10.0.0.0/8 by itself.
        let is_agents = maker.signs || maker.agents.iter().any(|it| host.agent(*it).is_some());
        if !is_agents && host.ranges().taker(&range.net).is_some() {
            return None;
        }
        let command = format!("`ip -{family} route del {text}`");
        let range_is = range.shown();
        return Some(if let Some(taker) = host.ranges().taker(to) {
            doubted(format!(
                "it is in {range_is}, and in a network of {taker}: {command}, if it is not yours"
            ))
        } else if let Some(doubt) = others(&route, host) {
            doubted(format!("it is in {range_is}; {doubt}: {command}, if it is not yours"))
        } else if let Some(doubt) = doubt(&route, range, &maker, host) {
            unsure(format!("it is in {range_is}; {doubt}: {command}, if it is not yours"))
        } else {
            let agent = maker.agents.iter().find_map(|it| host.agent(*it)).unwrap_or_default();
            take(thing, &format!("{} in {range_is}, and {agent}", maker.what))
        });
    }
    Some(match (route.proto, host.sign()) {
        ("bird", None) => owners("BIRD set it, and there is no Kubernetes here"),
        ("bird", Some(_)) => unsure(format!(
            "BIRD set it: Calico's or your own; no network of pods that is known here has it: `ip -{family} route del {text}`, if it is Calico's"
        )),
        ("80", _) => unsure(format!(
            "its protocol `80` is Calico's as a rule, and no network of pods that is known here has it: `ip -{family} route del {text}`, if it is Calico's"
        )),
        _ => return None,
    })
}

fn take(thing: &Thing, proof: &str) -> Outcome {
    goes(proof, Stage::Network, Clear::Routes, &[&thing.name])
}

/// Who makes routes of a form.
struct Maker {
    what: &'static str,
    agents: &'static [Agent],
    /// It says in the kernel's own place who set it.
    signs: bool,
}

/// Who makes a route that looks so. Sources: felix/routetable and confd's `bird_ipam.cfg` of Calico, pkg/backend/hostgw of flannel,
/// pkg/controllers/routing of kube-router (`zebraRouteOriginator`, 17, which some `ip` call `mrouted`), pkg/datapath/linux of Cilium.
fn maker(route: &Route<'_>) -> Option<Maker> {
    let by_node = route.kind.is_empty() && route.via.is_some();
    let of = |what, agents, signs| Some(Maker { what, agents, signs });
    match (route.kind, route.proto) {
        ("blackhole", "bird" | "80") => of("a block of Calico's", &[Agent::Calico], true),
        ("", "bird" | "80") if by_node => {
            of("another node's block of Calico's", &[Agent::Calico], true)
        }
        ("", "17" | "mrouted") if by_node => {
            of("kube-router's route to another node's pods", &[Agent::KubeRouter], true)
        }
        ("", "kernel") if by_node => {
            of("Cilium's route to another node's pods", &[Agent::Cilium], true)
        }
        ("", "") if by_node => {
            of("flannel's route to another node's pods", &[Agent::Flannel], false)
        }
        _ => None,
    }
}

/// Whether it may be what one node's pods have: a block of Calico's is between /20 and /32, /116 and /128
/// (`docs.tigera.io/calico/latest/reference/resources/ippool`, `blockSize`), a node's whole share is a /24 and a /64 where nobody says otherwise
/// (`--node-cidr-mask-size-ipv4` and `-ipv6` of kube-controller-manager, `SubnetLen` of flannel).
fn is_nodes(net: &IpNet) -> bool {
    net.prefix_len() >= if net.addr().is_ipv4() { 20 } else { 64 }
}

/// Whose it may be now, whoever made such ones before.
fn others(route: &Route<'_>, host: &Host<'_>) -> Option<String> {
    if let Some(gateway) = route.via.filter(|it| host.is_gateway(*it)) {
        return Some(format!("it leads by `{gateway}`, the host's gateway, which is no node"));
    }
    let router = host.own_router().filter(|_| route.proto == "bird")?;
    Some(format!("{router}, and may have set it as well"))
}

/// What speaks against that it is theirs.
fn doubt(route: &Route<'_>, range: &Range, maker: &Maker, host: &Host<'_>) -> Option<String> {
    if !maker.agents.iter().any(|it| host.agent(*it).is_some()) {
        let names: Vec<&str> = maker.agents.iter().map(|it| it.name()).collect();
        return Some(format!(
            "{} makes such routes, and nothing else says that it was here",
            names.join(" or ")
        ));
    }
    let to = route.to?;
    if !is_nodes(&to) || !host.ranges().is_part(&to, |_| true) {
        return Some("that is not what one node's pods have".to_owned());
    }
    if maker.signs {
        return None;
    }
    // A router of the owner's may lead to all of it, and one who routes to pods by hand writes the same.
    if range.of != Use::Pods || is_one(&to) || route.says_more {
        return Some("a network writes no such route".to_owned());
    }
    if !host.ranges().is_part(&to, |from| host.is_flannels(from)) {
        return Some("flannel itself wrote down no network that it is a part of".to_owned());
    }
    if let Some(taker) = host.ranges().taker(&range.net) {
        return Some(format!("a network of {taker} overlaps with that"));
    }
    let next = route.via.map(IpNet::from)?;
    let is_near = host.of(Kind::Link).filter(|it| it.name == route.dev).any(|it| {
        let made = ["wireguard", "tun", "ipip", "ip6tnl", "gre", "vxlan", "geneve"];
        let mut nets = it.get("addresses").split_whitespace();
        !made.contains(&it.get("type"))
            && nets.any(|net| net.parse::<IpNet>().is_ok_and(|net| net.contains(&next)))
    });
    (!is_near).then(|| {
        format!("its next hop is on no network of `{}`, as another node would be", route.dev)
    })
}

/// Routes of tables that only one network has.
fn table(thing: &Thing, route: &Route<'_>, host: &Host<'_>) -> Option<Outcome> {
    let around = route.to.as_ref().and_then(|to| host.ranges().around(to));
    let to_itself = route.kind == "local" && route.to.is_none() && route.dev == "lo";
    let (agent, is_its) = match route.table {
        // What Cilium sets there leads to the host itself or over its own link.
        "2004" | "2005" => (Agent::Cilium, to_itself || route.dev.starts_with("cilium_")),
        // Tunnels to other nodes, services whose answers go past, addresses of services from outside (pkg/controllers/proxy).
        "77" | "78" | "79" => (
            Agent::KubeRouter,
            to_itself
                || around.is_some()
                || matches!(route.dev, "kube-bridge" | "kube-dummy-if")
                || is_kube_routers_tunnel(route.dev),
        ),
        // Anybody's, but for what Calico's WireGuard sets there (felix/wireguard).
        "1" => {
            let is_its = matches!(route.dev, "wireguard.cali" | "wg-v6.cali")
                || (route.kind == "throw" && route.proto == "80" && around.is_some());
            host.sign().filter(|_| is_its)?;
            (Agent::Calico, true)
        }
        _ => return None,
    };
    Some(match (host.sign(), host.agent(agent)) {
        (None, _) => owners("there is no Kubernetes here"),
        (Some(_), Some(sign)) if is_its => take(
            thing,
            &format!("it is in a table of {}'s, {}, and {sign}", agent.name(), route.table),
        ),
        (Some(_), _) => unsure(format!(
            "the table {} is {}'s as a rule, and nothing else says that this is its own",
            route.table,
            agent.name()
        )),
    })
}

fn connection(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (to, target) = thing.name.split_once(' ')?;
    let of = |address: &str, uses: &[Use]| {
        let net = parsed(address)?;
        let range = host.ranges().around(&net).filter(|it| uses.contains(&it.of))?;
        host.ranges().taker(&net).is_none().then_some(range)
    };
    let range = of(to, &[Use::Services]).or_else(|| of(target, &[Use::Pods]))?;
    let sign = host.sign()?;
    Some(if thing.is("tool") {
        goes(
            format!("it is of {}, and {sign}", range.shown()),
            Stage::Network,
            Clear::Connections,
            &[&thing.name],
        )
    } else {
        owners(format!(
            "it ends by itself, one of UDP two minutes after the last packet; `conntrack -D -d {to} -r {target}` (of the package conntrack) ends it at once"
        ))
    })
}
