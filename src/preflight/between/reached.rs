//! What goes over the network between hosts must get there, and large packets too.

use std::collections::BTreeMap;

use crate::host::facts::Unit;
use crate::host::ways::{Outcome, Protocol, Way};

use super::walls::{self, Packet, Side, Walls};

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};

pub(in super::super) const PORTS: Check = Check {
    name: "PortsBetweenHosts",
    description: "hosts reach each other on the ports that the cluster needs",
    severity: Severity::Error,
    phase: Phase::Join,
    breaks: "hosts wait in vain for the API server, etcd, kubelets or pods of others",
    kubeadm: None,
    needs: &[need::WAYS],
    page: "Seen by trying: for a moment each host listens, and the others connect, for as many pairs as there is time for. TCP \
           6443 of the control planes from all hosts (not behind an external load balancer), 2379 and 2380 among \
           control planes, 10250 from control planes, the port that serves the bundle, and for pods and services, \
           which the plugin `bridge` sends as plain IP, TCP and UDP 32767. Who answers, or refuses where nobody \
           listens, is reached. A host whose firewalld runs is opened by the installation, and not judged. With more \
           than 12 hosts the ways of pods are tried from each host to two others.\n\nOpen the port on the host that \
           it is named for, in its firewall and in what is between the hosts.",
    run: Run::AllHosts(ports),
};

pub(in super::super) const MTU: Check = Check {
    name: "PathMTU",
    description: "packets as large as hosts send get to the others",
    severity: Severity::Error,
    phase: Phase::Network,
    breaks: "connections are made and then hang: TLS handshakes, pulls, pods on other nodes",
    kubeadm: None,
    needs: &[],
    page: "Seen by trying, beside the ports: a datagram as large as the sender's interface takes, which must not be cut. Where \
           small ones arrive and large ones do not, and nobody says that they are too large, something on the way \
           has a smaller MTU.\n\nGive the interfaces of all hosts the MTU that gets through.",
    run: Run::AllHosts(mtu),
};

/// Hosts that a message names; the others are counted.
const NAMED: usize = 4;

/// A way that was tried, and who tried it.
#[derive(Clone, Copy)]
struct Tried<'a> {
    from: &'a HostFacts<'a>,
    way: &'a Way,
}

impl Tried<'_> {
    fn is_blocked(&self) -> bool {
        !matches!(self.way.outcome, Outcome::Open | Outcome::Unknown)
    }
}

/// Of all that was tried what somebody could tell, without the hosts whose firewalld the installation opens
/// (`kind/firewall.sh`).
fn tried<'a>(context: &'a Context<'a>) -> Vec<Tried<'a>> {
    let opened = |name: &str| {
        let host = context.hosts.iter().find(|host| host.host.display == name);
        host.and_then(|host| host.facts.unit("firewalld.service")).is_some_and(Unit::is_running)
    };
    let all = context.hosts.iter().filter(|host| host.is_root());
    let ways = all.flat_map(|from| from.facts.ways.iter().map(move |way| Tried { from, way }));
    let judged = |it: &Tried<'_>| {
        it.way.outcome != Outcome::Unknown && !(it.is_blocked() && opened(&it.way.to))
    };
    ways.filter(judged).collect()
}

fn ports(context: &Context<'_>) -> Vec<Finding> {
    let mut all = tried(context);
    all.retain(|it| it.way.protocol != Protocol::Large);
    let mut findings = Vec::new();
    // Who reaches nobody is one finding, and not one of each of the others.
    let mute: Vec<&str> = context
        .hosts
        .iter()
        .filter(|host| gets_nowhere(&all, &host.host.display))
        .map(|host| host.host.display.as_str())
        .collect();
    for host in context.hosts {
        let name = host.host.display.as_str();
        if mute.contains(&name) {
            let message = "nothing that it sends gets to the other hosts, which reach each other";
            let fix = format!(
                "let `{name}` out: see its own firewall (`nft list ruleset`, `iptables -S OUTPUT`), its routes (`ip \
                 route`), and what is between it and the others"
            );
            findings.push(host.error(PORTS.name, message, fix));
        }
        let here: Vec<Tried<'_>> = all
            .iter()
            .filter(|it| it.way.to == name && !mute.contains(&it.from.host.display.as_str()))
            .copied()
            .collect();
        findings.extend(unreached(host, &here));
    }
    findings
}

/// Whether a host reaches none of at least two others, who are reached by somebody else.
fn gets_nowhere(all: &[Tried<'_>], name: &str) -> bool {
    let own: Vec<_> = all.iter().filter(|it| it.from.host.display == name).collect();
    let mut targets: Vec<&str> = own.iter().map(|it| it.way.to.as_str()).collect();
    targets.sort_unstable();
    targets.dedup();
    let by_others = |to: &&str| {
        all.iter().any(|it| it.way.to == **to && it.from.host.display != name && !it.is_blocked())
    };
    targets.len() > 1 && own.iter().all(|it| it.is_blocked()) && targets.iter().any(by_others)
}

/// The findings of a host that others do not reach: what they have in common is one.
fn unreached(host: &HostFacts<'_>, tried: &[Tried<'_>]) -> Vec<Finding> {
    // By port and by what came back: who tried in vain.
    let mut ports: BTreeMap<(Protocol, u16), (Vec<&Tried<'_>>, usize)> = BTreeMap::new();
    for it in tried {
        let (blocked, count) = ports.entry((it.way.protocol, it.way.port)).or_default();
        *count += 1;
        if it.is_blocked() {
            blocked.push(it);
        }
    }
    let all = !tried.is_empty() && tried.iter().all(Tried::is_blocked);
    let mut groups: Vec<Group<'_>> = Vec::new();
    for ((protocol, port), (blocked, count)) in ports {
        let Some(first) = blocked.first() else { continue };
        let group = Group {
            from: blocked.iter().map(|it| it.from.host.display.as_str()).collect(),
            everybody: blocked.len() == count && count > 1,
            outcome: first.way.outcome,
            packets: blocked.iter().filter_map(|it| packet(it, host)).collect(),
            ports: vec![(protocol, port, first.way.purpose)],
        };
        match groups.iter_mut().find(|it| it.is_like(&group)) {
            Some(like) => {
                like.ports.extend(group.ports);
                like.packets.extend(group.packets);
            }
            // Nothing gets there: that is one finding, whoever needs which port.
            None if all => match groups.first_mut() {
                Some(first) => first.take(group),
                None => groups.push(group),
            },
            None => groups.push(group),
        }
    }
    let sender = |group: &Group<'_>| match group.from.as_slice() {
        [one] => tried.iter().map(|it| it.from).find(|it| it.host.display == **one),
        _ => None,
    };
    groups.into_iter().map(|group| group.finding(host, sender(&group), all)).collect()
}

/// Ports of a host that the same hosts do not reach.
struct Group<'a> {
    from: Vec<&'a str>,
    /// Nobody does who tried, and several did.
    everybody: bool,
    outcome: Outcome,
    ports: Vec<(Protocol, u16, &'static str)>,
    packets: Vec<Packet>,
}

/// What is sent that way.
fn packet(it: &Tried<'_>, to: &HostFacts<'_>) -> Option<Packet> {
    let address = |host: &HostFacts<'_>| host.facts.node_address(&host.host.address);
    let (from, to) = (address(it.from)?, address(to)?);
    Some(Packet { from, to, protocol: it.way.protocol, port: it.way.port })
}

/// What is to be typed, and where.
struct Opening {
    /// The host whose rule it is.
    host: String,
    /// The rule.
    rule: String,
    command: String,
}

/// By the hosts' own rules: those of the one that is not reached, and, where one host alone does not reach it, those of
/// that one.
fn opening(
    to: &HostFacts<'_>,
    from: Option<&HostFacts<'_>>,
    packets: &[Packet],
) -> Option<Opening> {
    let first = *packets.first()?;
    let at = |host: &HostFacts<'_>, side: Side| {
        let wall = walls::find(&Walls::of(&host.facts.packets), side, first)?;
        let command = match side {
            Side::Receiver if host.facts.ufw == Some(true) => walls::by_ufw(packets),
            _ => wall.opened(side, packets),
        };
        Some(Opening { host: host.host.display.clone(), rule: wall.rule, command })
    };
    // What comes back to who tried is shut out by rules that speak of no port.
    let reply = |host: &HostFacts<'_>| {
        let back = Packet { from: first.to, to: first.from, port: 0, ..first };
        let wall = walls::find(&Walls::of(&host.facts.packets), Side::Receiver, back)?;
        let command = wall.opened(Side::Receiver, &[back]);
        let host = host.host.display.clone();
        wall.speaks_of_no_port().then_some(Opening { host, rule: wall.rule, command })
    };
    at(to, Side::Receiver).or_else(|| at(from?, Side::Sender)).or_else(|| reply(from?))
}

impl Group<'_> {
    fn is_like(&self, other: &Self) -> bool {
        (&self.from, self.everybody, self.outcome) == (&other.from, other.everybody, other.outcome)
    }

    fn take(&mut self, other: Self) {
        let new = other.from.iter().filter(|it| !self.from.contains(it)).copied();
        self.from.extend(new.collect::<Vec<_>>());
        self.everybody |= other.everybody || self.from.len() > 1;
        self.ports.extend(other.ports);
        self.packets.extend(other.packets);
    }

    /// `all`: nothing that was tried gets to the host.
    fn finding(&self, host: &HostFacts<'_>, sender: Option<&HostFacts<'_>>, all: bool) -> Finding {
        let name = &host.host.display;
        let ports = self.listed();
        let what = match self.outcome {
            Outcome::Rejected => "a firewall refuses, although it listens",
            Outcome::NoRoute => "there is no way, or a firewall forbids it",
            _ => "nothing comes back",
        };
        let from = self.senders();
        let message = if self.everybody {
            format!("no other host reaches it on {ports}: {what} (tried from {from})")
        } else {
            format!("{from} -> `{name}`: not reached on {ports}: {what}")
        };
        let fix = if all {
            format!(
                "let {from} reach `{name}`: see the firewalls of both (`nft list ruleset`, `iptables -S`), their routes, \
                 and what is between them"
            )
        } else {
            format!(
                "open {} to `{name}` for {from}: in its own firewall (`nft list ruleset`, `iptables -S INPUT`), and in \
                 what is between them",
                self.numbers()
            )
        };
        if let Some(opening) = opening(host, sender, &self.packets) {
            let Opening { host: at, rule, command } = opening;
            let message = format!("{message}; `{at}` itself has the rule `{rule}`");
            let fix = format!(
                "open {} between them in the firewall of `{at}`, now and in its configuration, so that it stays open",
                self.numbers()
            );
            // What is typed is typed there alone.
            let mut finding = host.error(PORTS.name, message, fix).typed(command);
            finding.hosts = vec![at];
            return finding;
        }
        let mut finding = host.error(PORTS.name, message, fix);
        if let ([one], false) = (self.from.as_slice(), self.everybody) {
            finding.hosts.insert(0, (*one).to_owned());
        }
        finding
    }

    fn senders(&self) -> String {
        let named = quoted(self.from.iter().take(NAMED));
        match self.from.len().saturating_sub(NAMED) {
            0 => named,
            others => format!("{named} and {others} others"),
        }
    }

    /// `TCP 2379 (etcd's clients), UDP 32767 (pods and services)`
    fn listed(&self) -> String {
        let one = |(protocol, port, purpose): &(Protocol, u16, &str)| {
            format!("{} {port} ({purpose})", protocol.word())
        };
        self.ports.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn numbers(&self) -> String {
        let one =
            |(protocol, port, _): &(Protocol, u16, &str)| format!("{} {port}", protocol.word());
        self.ports.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

/// Where small packets get through and large ones do not, without a word that they are too large: connections are
/// made, and hang.
fn mtu(context: &Context<'_>) -> Vec<Finding> {
    let all = tried(context);
    let passes = |it: &Tried<'_>| {
        all.iter().any(|small| {
            small.way.protocol == Protocol::Udp
                && small.way.outcome == Outcome::Open
                && small.from.host.display == it.from.host.display
                && small.way.to == it.way.to
        })
    };
    let lost = |it: &&Tried<'_>| {
        it.way.protocol == Protocol::Large && it.way.outcome == Outcome::Silent && passes(it)
    };
    let lost: Vec<_> = all.iter().filter(lost).collect();
    let mtu_of = |host: &HostFacts<'_>| {
        let address = host.facts.node_address(&host.host.address)?;
        host.facts.link_of(address).map(|link| (link.name.clone(), link.mtu))
    };
    let mut findings: Vec<Finding> = Vec::new();
    for host in context.hosts {
        let name = &host.host.display;
        let senders: Vec<_> = lost.iter().filter(|it| it.way.to == *name).collect();
        let Some(first) = senders.first() else { continue };
        let (theirs, own) = (mtu_of(first.from), mtu_of(host));
        let from = quoted(senders.iter().take(NAMED).map(|it| &it.from.host.display));
        let (Some((_, sent)), Some((interface, takes))) = (theirs, own) else { continue };
        let message = format!(
            "{from} -> `{name}`: packets of {sent} bytes are lost on the way without a word, small ones get there"
        );
        let fix = if takes < sent {
            format!(
                "give `{interface}` of `{name}` the MTU that the others have, now and in its network configuration"
            )
        } else {
            format!(
                "find who drops them between {from} and `{name}` (a tunnel, a VPN, a switch), or give the hosts' \
                 interfaces the MTU that gets through"
            )
        };
        let mut finding = host.error(MTU.name, message, fix);
        if let [one] = senders.as_slice() {
            finding.hosts.insert(0, one.from.host.display.clone());
        }
        findings.push(finding);
    }
    findings
}
