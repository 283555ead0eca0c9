//! Rules of the packet filter that drop what the cluster needs. What is not certain is not told: a rule that
//! asks for something else than addresses, interfaces and ports may let pass, too.
//!
//! firewalld and ufw have rules of their own, which their own tools know better: `firewall.rs`.

mod iptables;
mod nft;
mod packet;
mod rule;

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

use self::packet::{Hook, Packet, Verdict};
use super::between::scheme::{self, Setting};
use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};
use crate::cluster::RuntimeKind;
use crate::host::facts::Unit;

pub(super) const CHECK: Check = Check {
    name: "PacketFilter",
    description: "no rule of iptables or nftables drops what the cluster needs",
    severity: Severity::Error,
    phase: Phase::Network,
    breaks: "the components, the hosts or the pods cannot reach each other",
    kubeadm: None,
    needs: &[need::FILTER],
    page: "Seen by the rules of iptables (both kinds) and nftables, where these can be read without a kernel module \
           being loaded. Packets that the cluster needs are taken through them: those of a host to itself, between \
           the hosts, between pods, from pods to the API server and from a host to its pods. A rule that asks for \
           something else than addresses, interfaces and ports is passed over.\n\n\
           Let these packets in by rules before the one that drops them, and keep those over a reboot where \
           the others come from.",
    run: Run::EachHost(run),
};

/// The pod network's bridge (`templates/cni/bridge.conflist`).
const BRIDGE: &str = "cni0";

/// A packet that is needed, and why.
struct Needed<'a> {
    /// As an object: `what pods send each other`.
    what: &'static str,
    packet: Packet<'a>,
    lets: Lets,
}

/// What lets a packet pass, and others that are like it.
#[derive(Clone, Copy)]
enum Lets {
    Loopback,
    From(Ipv4Net),
    To(Ipv4Net),
}

impl Lets {
    /// As a condition, in the words of iptables and of nftables.
    fn words(self, hook: Hook) -> [String; 2] {
        let short = |net: Ipv4Net| match net.prefix_len() {
            32 => net.addr().to_string(),
            _ => net.to_string(),
        };
        match self {
            Self::Loopback if hook == Hook::Output => ["-o lo".to_owned(), "oifname lo".to_owned()],
            Self::Loopback => ["-i lo".to_owned(), "iifname lo".to_owned()],
            Self::From(net) => [format!("-s {}", short(net)), format!("ip saddr {}", short(net))],
            Self::To(net) => [format!("-d {}", short(net)), format!("ip daddr {}", short(net))],
        }
    }
}

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let facts = host.facts;
    let firewalld = facts.unit("firewalld.service").is_some_and(Unit::is_running);
    if firewalld || facts.ufw == Some(true) {
        return vec![];
    }
    // Read once, for all packets.
    let filters = ["nft", "legacy"].map(|kind| {
        let all = facts.packets.filter.iter().flatten().filter(|(it, _)| it == kind);
        let lines: Vec<&str> = all.map(|(_, line)| line.as_str()).collect();
        (kind, iptables::Filter::read(&lines))
    });
    let ruleset: Vec<&str> = facts.packets.ruleset.iter().flatten().map(String::as_str).collect();
    let tables = nft::tables(&ruleset);
    if tables.is_empty() && filters.iter().all(|(_, filter)| filter.is_empty()) {
        return vec![];
    }
    let (mut rules, mut whats, mut commands): (Vec<String>, Vec<&str>, Vec<String>) =
        Default::default();
    let mut note = |rule: String, what, command| {
        if !rules.contains(&rule) {
            rules.push(rule);
        }
        if !whats.contains(&what) {
            whats.push(what);
        }
        if !commands.contains(&command) {
            commands.push(command);
        }
    };
    for Needed { what, packet, lets } in needed(context, host) {
        let words = || lets.words(packet.hook);
        for (kind, filter) in &filters {
            if let Verdict::Dropped(rule) = filter.verdict(&packet) {
                let rule = format!(
                    "iptables-{kind} {}",
                    if rule.starts_with("-P") { rule } else { format!("-A {rule}") }
                );
                let ([by_iptables, _], chain) = (words(), packet.hook.chain());
                note(rule, what, format!("iptables-{kind} -I {chain} {by_iptables} -j ACCEPT"));
            }
        }
        for table in &tables {
            if let Some((chain, rule)) = table.drops(&packet) {
                let ([_, by_nft], place) = (words(), format!("{} {chain}", table.name));
                note(
                    format!("nft {place}: {rule}"),
                    what,
                    format!("nft insert rule {place} {by_nft} accept"),
                );
            }
        }
    }
    if rules.is_empty() {
        return vec![];
    }
    let message = format!("the packet filter drops {}, by {}", whats.join(", "), quoted(&rules));
    let fix = "let them pass, and keep that over a reboot where the rules come from";
    vec![host.error(CHECK.name, message, fix).typed(commands.join(" && "))]
}

/// What a host of the cluster sends and gets.
fn needed<'a>(context: &Context<'_>, host: &'a HostFacts<'_>) -> Vec<Needed<'a>> {
    let facts = host.facts;
    let v4 = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    };
    let Some(own) = facts.node_address(&host.host.address).and_then(v4) else { return vec![] };
    let net = context.cluster.network.pod_subnet.iter().find_map(|net| match net {
        IpNet::V4(net) => Some(net),
        IpNet::V6(_) => None,
    });
    let mut interfaces = facts.global_addresses();
    let Some(interface) =
        interfaces.find(|it| it.net.addr() == IpAddr::V4(own)).map(|it| it.interface.as_str())
    else {
        return vec![];
    };
    let plane = host.host.control_plane;
    let mut all = itself(own, plane);
    let setting = Setting { cluster: context.cluster, foreign: context.foreign };
    let ports = [false, true].map(|theirs| {
        (scheme::ports(setting, theirs, plane), scheme::ports(setting, plane, theirs))
    });
    let others = context.hosts.iter().filter(|other| other.host.display != host.host.display);
    for other in others {
        let Some(address) = other.facts.node_address(&other.host.address).and_then(v4) else {
            continue;
        };
        let (incoming, outgoing) = &ports[usize::from(other.host.control_plane)];
        all.extend(between(own, interface, address, incoming, outgoing));
    }
    all.extend(net.into_iter().flat_map(|net| of_pods(own, interface, plane, net, host, context)));
    all
}

/// What a host sends itself goes by `lo`, also to its own address.
fn itself<'a>(own: Ipv4Addr, plane: bool) -> Vec<Needed<'a>> {
    let ports: &[(Ipv4Addr, u16)] = if plane {
        &[(Ipv4Addr::LOCALHOST, 10248), (Ipv4Addr::LOCALHOST, 2379), (own, 2379), (own, 6443)]
    } else {
        &[(Ipv4Addr::LOCALHOST, 10248)]
    };
    let each = ports.iter().flat_map(|(address, port)| {
        let (source, destination, port) = (*address, *address, *port);
        [
            Packet { hook: Hook::Output, source, destination, input: "", output: "lo", port },
            Packet { hook: Hook::Input, source, destination, input: "lo", output: "", port },
        ]
    });
    each.map(|packet| Needed { what: "what the host sends itself", packet, lets: Lets::Loopback })
        .collect()
}

/// Between two hosts, to the ports of the one and of the other.
fn between<'a>(
    own: Ipv4Addr,
    interface: &'a str,
    other: Ipv4Addr,
    incoming: &[u16],
    outgoing: &[u16],
) -> impl Iterator<Item = Needed<'a>> {
    let what = "what the hosts send each other";
    let incoming = incoming.iter().map(move |port| Needed {
        what,
        packet: Packet {
            hook: Hook::Input,
            source: other,
            destination: own,
            input: interface,
            output: "",
            port: *port,
        },
        lets: Lets::From(other.into()),
    });
    let outgoing = outgoing.iter().map(move |port| Needed {
        what,
        packet: Packet {
            hook: Hook::Output,
            source: own,
            destination: other,
            input: "",
            output: interface,
            port: *port,
        },
        lets: Lets::To(other.into()),
    });
    incoming.chain(outgoing)
}

fn of_pods<'a>(
    own: Ipv4Addr,
    interface: &'a str,
    plane: bool,
    net: Ipv4Net,
    host: &HostFacts<'_>,
    context: &Context<'_>,
) -> Vec<Needed<'a>> {
    // Another tool's cluster has a network of its own.
    if context.foreign {
        return vec![];
    }
    let from = u32::from(net.network());
    // Of this node's share, and of another's.
    let (near, far) = (Ipv4Addr::from(from + 5), Ipv4Addr::from(from + 261));
    if !net.contains(&far) {
        return vec![];
    }
    let (to, out) = (Lets::To(net), Lets::From(net));
    let mut all = Vec::new();
    // An existing docker's own policy is another check's finding.
    let docker = host.facts.docker.as_ref().and_then(|docker| docker.forward.as_deref());
    let theirs = context.cluster.runtime.existing
        && context.cluster.runtime.traits.kind == RuntimeKind::Docker
        && docker == Some("DROP");
    if !theirs {
        for (source, destination, input, output, lets) in
            [(near, far, BRIDGE, interface, out), (far, near, interface, BRIDGE, to)]
        {
            all.push(Needed {
                what: "what pods send each other",
                packet: Packet {
                    hook: Hook::Forward,
                    source,
                    destination,
                    input,
                    output,
                    port: 80,
                },
                lets,
            });
        }
    }
    if plane {
        all.push(Needed {
            what: "what pods send the API server",
            packet: Packet {
                hook: Hook::Input,
                source: near,
                destination: own,
                input: BRIDGE,
                output: "",
                port: 6443,
            },
            lets: out,
        });
    }
    all.push(Needed {
        what: "what the host sends its pods",
        packet: Packet {
            hook: Hook::Output,
            source: own,
            destination: near,
            input: "",
            output: BRIDGE,
            port: 8080,
        },
        lets: to,
    });
    all
}

#[cfg(test)]
mod tests;
