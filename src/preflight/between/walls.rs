//! Which rule of a host's own packet filter shuts a way, and what to type to open it.

use std::net::IpAddr;

use crate::host::facts::Packets;
use crate::host::ways::Protocol;

/// A packet filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Walls {
    /// Of iptables: the program, and a line as iptables-save prints it.
    rules: Vec<(String, String)>,
    /// Of nftables' own tables.
    nft: Vec<NftChain>,
}

/// A chain of nftables that packets come through by themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct NftChain {
    /// `inet filter input`.
    name: String,
    /// Where it is: `input`, `output`.
    hook: String,
    /// Whether it drops what no rule speaks of.
    drops: bool,
    rules: Vec<String>,
}

impl Walls {
    /// What a host told of it (`facts/packets.sh`).
    pub(super) fn of(packets: &Packets) -> Self {
        let filter = packets.filter.iter().flatten();
        let rules = filter.map(|(kind, line)| (format!("iptables-{kind}"), line.clone())).collect();
        let mut walls = Self { rules, nft: Vec::new() };
        let (mut table, mut chain) = (String::new(), NftChain::default());
        for line in packets.ruleset.iter().flatten() {
            let named = |what: &str| line.strip_prefix(what).and_then(|it| it.strip_suffix(" {"));
            if let Some(name) = named("table ") {
                name.clone_into(&mut table);
            } else if let Some(name) = named("chain ") {
                chain = NftChain { name: format!("{table} {name}"), ..NftChain::default() };
            } else if line == "}" {
                let done = std::mem::take(&mut chain);
                if !done.hook.is_empty() {
                    walls.nft.push(done);
                }
            } else if let Some(rest) = line.strip_prefix("type filter hook ") {
                rest.split(' ').next().unwrap_or_default().clone_into(&mut chain.hook);
                chain.drops = line.contains("policy drop");
            } else if !chain.name.is_empty() {
                chain.rules.push(line.clone());
            }
        }
        walls
    }
}

/// Which side of a way a host is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Receiver,
    Sender,
}

/// A way's packets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet {
    pub from: IpAddr,
    pub to: IpAddr,
    pub protocol: Protocol,
    pub port: u16,
}

/// A rule that shuts a way, and the program that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wall {
    /// As its program shows it.
    pub rule: String,
    opener: Opener,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Opener {
    Iptables { tool: String, chain: &'static str },
    Nft { chain: String },
}

impl Side {
    fn chain(self) -> &'static str {
        match self {
            Self::Receiver => "INPUT",
            Self::Sender => "OUTPUT",
        }
    }

    fn hook(self) -> &'static str {
        match self {
            Self::Receiver => "input",
            Self::Sender => "output",
        }
    }
}

/// The rule that most likely shuts it: one that drops or refuses such packets, else a policy that does. What a rule
/// says beyond protocol, port and addresses is not understood, so this is evidence and no proof.
pub(super) fn find(walls: &Walls, side: Side, packet: Packet) -> Option<Wall> {
    let v6 = packet.to.is_ipv6();
    let of_family = |tool: &str| tool.starts_with("ip6") == v6;
    let wall = |tool: &str, rule: &str| Wall {
        rule: rule.to_owned(),
        opener: Opener::Iptables { tool: tool.to_owned(), chain: side.chain() },
    };
    let rules = || walls.rules.iter().filter(|(tool, _)| of_family(tool));
    let shuts = |rule: &str| {
        rule.starts_with("-A ")
            && (rule.contains("-j DROP") || rule.contains("-j REJECT"))
            && !rule.starts_with(&format!("-A {}", other(side).chain()))
            && !rule.starts_with("-A FORWARD")
            && iptables_matches(rule, packet)
    };
    if let Some((tool, rule)) = rules().find(|(_, rule)| shuts(rule)) {
        return Some(wall(tool, rule));
    }
    let chains = || walls.nft.iter().filter(|chain| chain.hook == side.hook() && fits(chain, v6));
    for chain in chains() {
        if let Some(rule) = chain.rules.iter().find(|rule| nft_matches(rule, packet)) {
            let opener = Opener::Nft { chain: chain.name.clone() };
            return Some(Wall { rule: rule.clone(), opener });
        }
    }
    let policy = format!(":{} DROP", side.chain());
    if let Some((tool, _)) = rules().find(|(_, rule)| rule.starts_with(&policy)) {
        return Some(wall(tool, &format!("-P {} DROP", side.chain())));
    }
    let chain = chains().find(|chain| chain.drops)?;
    let opener = Opener::Nft { chain: chain.name.clone() };
    Some(Wall { rule: format!("policy drop of {}", chain.name), opener })
}

fn other(side: Side) -> Side {
    match side {
        Side::Receiver => Side::Sender,
        Side::Sender => Side::Receiver,
    }
}

fn fits(chain: &NftChain, v6: bool) -> bool {
    match chain.name.split(' ').next() {
        Some("inet") => true,
        Some("ip6") => v6,
        Some("ip") => !v6,
        _ => false,
    }
}

fn kind(protocol: Protocol) -> &'static str {
    if protocol == Protocol::Tcp { "tcp" } else { "udp" }
}

/// Whether a port is in a list such as `2379,2380` or `30000:32767`.
fn in_list(list: &str, port: u16) -> bool {
    list.split([',', ' ', '{', '}']).filter(|it| !it.is_empty()).any(|it| {
        match it.split_once([':', '-']) {
            Some((low, high)) => {
                let (low, high) = (low.parse().unwrap_or(0), high.parse().unwrap_or(u16::MAX));
                (low..=high).contains(&port)
            }
            None => it.parse() == Ok(port),
        }
    })
}

fn covers(net: &str, ip: IpAddr) -> bool {
    net.parse::<ipnet::IpNet>().map_or_else(|_| net.parse() == Ok(ip), |net| net.contains(&ip))
}

fn iptables_matches(rule: &str, packet: Packet) -> bool {
    let words: Vec<&str> = rule.split(' ').collect();
    let after =
        |flags: &[&str]| words.windows(2).find(|pair| flags.contains(&pair[0])).map(|pair| pair[1]);
    let negated = rule.contains(" ! ");
    after(&["-p", "--protocol"]).is_none_or(|it| it == kind(packet.protocol) || it == "all")
        && after(&["--dport", "--dports"]).is_none_or(|it| in_list(it, packet.port))
        && !rule.contains("--sport")
        && !rule.contains("INVALID")
        && after(&["-i"]).is_none_or(|it| it != "lo")
        && after(&["-s", "--source"]).is_none_or(|it| covers(it, packet.from) != negated)
        && after(&["-d", "--destination"]).is_none_or(|it| covers(it, packet.to) != negated)
}

fn nft_matches(rule: &str, packet: Packet) -> bool {
    let verdict = rule.split(' ').any(|word| word == "drop" || word == "reject");
    let after = |key: &str| {
        let rest = rule.split_once(key)?.1.trim_start();
        Some(match rest.strip_prefix('{') {
            Some(set) => set.split('}').next().unwrap_or_default().trim().to_owned(),
            None => rest.split(' ').next().unwrap_or_default().to_owned(),
        })
    };
    let wrong = if packet.protocol == Protocol::Tcp { "udp" } else { "tcp" };
    let is_about = |word: &str| rule.split(' ').any(|it| it == word);
    let is_other = is_about(wrong) && !is_about(kind(packet.protocol));
    let from = after("saddr ").is_none_or(|it| it.split(", ").any(|net| covers(net, packet.from)));
    let to = after("daddr ").is_none_or(|it| it.split(", ").any(|net| covers(net, packet.to)));
    verdict
        && !rule.contains("\"lo\"")
        && !rule.contains("invalid")
        && !rule.contains("sport")
        && !is_other
        && !is_about("icmp")
        && after("dport ").is_none_or(|it| in_list(&it, packet.port))
        && from
        && to
}

/// Ports of the packets, of one protocol.
fn ports_of(packets: &[Packet], protocol: &str) -> Vec<String> {
    let mut all: Vec<u16> =
        packets.iter().filter(|it| kind(it.protocol) == protocol).map(|it| it.port).collect();
    all.sort_unstable();
    all.dedup();
    all.iter().map(ToString::to_string).collect()
}

/// The other ends of the packets, as seen from a side.
fn ends_of(packets: &[Packet], side: Side) -> Vec<String> {
    let end = |it: &Packet| if side == Side::Receiver { it.from } else { it.to };
    let mut all: Vec<IpAddr> = packets.iter().map(end).collect();
    all.sort_unstable();
    all.dedup();
    all.iter().map(ToString::to_string).collect()
}

/// ufw's own words for what a host is to let in.
pub(super) fn by_ufw(packets: &[Packet]) -> String {
    let mut commands = Vec::new();
    for from in ends_of(packets, Side::Receiver) {
        for protocol in ["tcp", "udp"] {
            let ports = ports_of(packets, protocol).join(",");
            if !ports.is_empty() {
                commands
                    .push(format!("ufw allow proto {protocol} from {from} to any port {ports}"));
            }
        }
    }
    commands.join(" && ")
}

impl Wall {
    /// Whether it is a rule for all packets of the other side, or for all of a protocol.
    pub(super) fn speaks_of_no_port(&self) -> bool {
        !self.is_policy() && !self.rule.contains("dport")
    }

    fn is_policy(&self) -> bool {
        self.rule.starts_with("-P ") || self.rule.starts_with("policy ")
    }

    /// What to type on the host, for these packets of one side.
    pub(super) fn opened(&self, side: Side, packets: &[Packet]) -> String {
        let mut commands: Vec<String> = Vec::new();
        let ends = ends_of(packets, side);
        // What shuts out all of a host shuts out its answers too: then nodes trust each other, as behind firewalld.
        let all = self.speaks_of_no_port();
        for protocol in ["tcp", "udp"] {
            let list = ports_of(packets, protocol);
            if list.is_empty() {
                continue;
            }
            let ports = list.join(",");
            commands.push(match &self.opener {
                Opener::Iptables { tool, chain } => {
                    let flag = if side == Side::Receiver { "-s" } else { "-d" };
                    let what = if all {
                        String::new()
                    } else {
                        format!(" -p {protocol} -m multiport --dports {ports}")
                    };
                    format!("{tool} -I {chain} {flag} {}{what} -j ACCEPT", ends.join(","))
                }
                Opener::Nft { chain } => {
                    let family = if ends.iter().any(|it| it.contains(':')) { "ip6" } else { "ip" };
                    let end = if side == Side::Receiver { "saddr" } else { "daddr" };
                    let what = if all {
                        String::new()
                    } else {
                        format!(" {protocol} dport {{ {ports} }}")
                    };
                    let ends = ends.join(", ");
                    format!("nft 'insert rule {chain} {family} {end} {{ {ends} }}{what} accept'")
                }
            });
        }
        commands.dedup();
        commands.join(" && ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `facts/packets.sh` tells it.
    fn walls() -> Walls {
        let filter = [
            ":INPUT ACCEPT [0:0]",
            ":OUTPUT ACCEPT [0:0]",
            "-A INPUT -i lo -j DROP",
            "-A INPUT -m conntrack --ctstate INVALID -j DROP",
            "-A INPUT -p tcp -m tcp --dport 10250 -j DROP",
            "-A INPUT -s 10.0.0.7/32 -j REJECT --reject-with icmp-port-unreachable",
            "-A OUTPUT -p udp -j DROP",
        ];
        let ruleset = [
            "table inet filter {",
            "chain input {",
            "type filter hook input priority filter; policy drop;",
            "iif \"lo\" accept",
            "ct state invalid drop",
            "tcp dport { 22, 6443 } accept",
            "ip saddr 10.0.0.9 udp dport 30000-32767 drop",
            "}",
            "}",
        ];
        let filter = filter.map(|line| ("nft".to_owned(), line.to_owned())).to_vec();
        Walls::of(&Packets {
            filter: Some(filter),
            ruleset: Some(ruleset.map(str::to_owned).to_vec()),
            ..Packets::default()
        })
    }

    fn packet(from: &str, protocol: Protocol, port: u16) -> Packet {
        Packet { from: from.parse().unwrap(), to: "10.0.0.1".parse().unwrap(), protocol, port }
    }

    fn rule(side: Side, packet: Packet) -> Option<String> {
        find(&walls(), side, packet).map(|wall| wall.rule)
    }

    #[test]
    fn the_rule_that_shuts_a_way_is_found() {
        let tcp = |from, port| rule(Side::Receiver, packet(from, Protocol::Tcp, port)).unwrap();
        assert_eq!(tcp("10.0.0.2", 10250), "-A INPUT -p tcp -m tcp --dport 10250 -j DROP");
        assert!(tcp("10.0.0.7", 6443).starts_with("-A INPUT -s 10.0.0.7/32"));
        assert_eq!(tcp("10.0.0.2", 2380), "policy drop of inet filter input");
        let udp = rule(Side::Receiver, packet("10.0.0.9", Protocol::Udp, 32767)).unwrap();
        assert_eq!(udp, "ip saddr 10.0.0.9 udp dport 30000-32767 drop");
        let out = rule(Side::Sender, packet("10.0.0.2", Protocol::Udp, 32767)).unwrap();
        assert_eq!(out, "-A OUTPUT -p udp -j DROP");
        assert_eq!(rule(Side::Sender, packet("10.0.0.2", Protocol::Tcp, 6443)), None);
        assert_eq!(
            find(&Walls::default(), Side::Receiver, packet("10.0.0.2", Protocol::Tcp, 1)),
            None
        );
    }

    #[test]
    fn a_rule_for_all_of_a_host_is_opened_for_all_of_it() {
        let walls = walls();
        let some = [packet("10.0.0.7", Protocol::Udp, 32767), packet("10.0.0.7", Protocol::Tcp, 0)];
        let wall = find(&walls, Side::Receiver, some[1]).unwrap();
        assert!(wall.speaks_of_no_port());
        let open = wall.opened(Side::Receiver, &some);
        assert_eq!(open, "iptables-nft -I INPUT -s 10.0.0.7 -j ACCEPT");
    }

    #[test]
    fn what_opens_it_is_of_the_same_program() {
        let walls = walls();
        let some =
            [packet("10.0.0.3", Protocol::Tcp, 10250), packet("10.0.0.2", Protocol::Tcp, 10250)];
        let wall = find(&walls, Side::Receiver, some[0]).unwrap();
        assert_eq!(
            wall.opened(Side::Receiver, &some),
            "iptables-nft -I INPUT -s 10.0.0.2,10.0.0.3 -p tcp -m multiport --dports 10250 -j ACCEPT"
        );
        let some =
            [packet("10.0.0.3", Protocol::Tcp, 2379), packet("10.0.0.3", Protocol::Tcp, 2380)];
        let wall = find(&walls, Side::Receiver, some[0]).unwrap();
        assert!(!wall.speaks_of_no_port());
        assert_eq!(
            wall.opened(Side::Receiver, &some),
            "nft 'insert rule inet filter input ip saddr { 10.0.0.3 } tcp dport { 2379,2380 } accept'"
        );
    }
}
