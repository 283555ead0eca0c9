//! Rules in the words of `iptables-save` (iptables(8), iptables-extensions(8)).

use std::collections::BTreeMap;

use super::packet::{Holds, Packet, Verdict};
use super::rule::{Action, Name, Of, Rule, network, ports, walk, words};

/// The table `filter` of one kernel interface, `nft` or `legacy`.
#[derive(Debug, Default)]
pub(super) struct Filter<'a> {
    chains: BTreeMap<&'a str, Vec<Rule<'a>>>,
    policies: BTreeMap<&'a str, &'a str>,
}

impl<'a> Filter<'a> {
    /// Reads its rules and policies.
    pub(super) fn read(lines: &[&'a str]) -> Self {
        let mut it = Self::default();
        for line in lines {
            if let Some(text) = line.strip_prefix("-A ") {
                let (chain, conditions) = text.split_once(' ').unwrap_or((text, ""));
                it.chains.entry(chain).or_default().extend(rule(text, conditions));
            } else if let Some((chain, rest)) =
                line.strip_prefix(':').and_then(|line| line.split_once(' '))
            {
                let policy = rest.split_whitespace().next().unwrap_or_default();
                it.policies.entry(chain).or_insert(policy);
            }
        }
        it
    }

    /// Whether it has none, so that it says nothing of any packet.
    pub(super) fn is_empty(&self) -> bool {
        self.chains.is_empty() && self.policies.is_empty()
    }

    /// What it says of a packet.
    pub(super) fn verdict(&self, packet: &Packet<'_>) -> Verdict {
        let chain = packet.hook.chain();
        let rules = |chain: &str| self.chains.get(chain).map_or(&[][..], Vec::as_slice);
        walk(chain, &rules, packet, 0).unwrap_or_else(|| match self.policies.get(chain) {
            Some(&"DROP") => Verdict::Dropped(format!("-P {chain} DROP")),
            Some(&"ACCEPT") => Verdict::Accepted,
            _ => Verdict::Unknown,
        })
    }
}

fn rule<'a>(text: &'a str, conditions: &'a str) -> Option<Rule<'a>> {
    let mut asks = Vec::new();
    let mut action = Action::Pass;
    let mut not = false;
    let mut words = words(conditions).into_iter();
    while let Some(word) = words.next() {
        if word == "!" {
            not = true;
            continue;
        }
        let mut value = || words.next().unwrap_or_default();
        let all = |holds: bool| Of::All(holds.into());
        let of = match word {
            "-s" => Of::Source(vec![network(value())]),
            "-d" => Of::Destination(vec![network(value())]),
            "-i" => Of::Input(vec![Name::read(value(), '+')]),
            "-o" => Of::Output(vec![Name::read(value(), '+')]),
            "-p" => all(matches!(value(), "tcp" | "all" | "6" | "0")),
            "--dport" => Of::Port(vec![ports(value(), ':')]),
            "--dports" => Of::Port(value().split(',').map(|one| ports(one, ':')).collect()),
            "--ctstate" | "--state" => all(value().split(',').any(|state| state == "NEW")),
            "--comment" => {
                value();
                continue;
            }
            "-m" => match value() {
                "tcp" | "comment" | "conntrack" | "state" | "multiport" => continue,
                "udp" | "icmp" => all(false),
                _ => Of::All(Holds::Perhaps),
            },
            "-j" | "-g" => {
                action = match value() {
                    "ACCEPT" => Action::Accept,
                    "DROP" | "REJECT" => Action::Drop,
                    "RETURN" => Action::Return,
                    "QUEUE" | "NFQUEUE" | "SYNPROXY" => Action::Other,
                    own if own.is_empty() || PASS.contains(&own) => Action::Pass,
                    chain if word == "-g" => Action::Goto(chain),
                    chain => Action::Jump(chain),
                };
                // What follows tells the target how.
                break;
            }
            _ => Of::All(Holds::Perhaps),
        };
        asks.push(of.unless(not));
        not = false;
    }
    Rule::new(text, asks, action)
}

/// Targets that let the packet go on.
const PASS: [&str; 14] = [
    "AUDIT",
    "CHECKSUM",
    "CLASSIFY",
    "CONNMARK",
    "CONNSECMARK",
    "CT",
    "DSCP",
    "LOG",
    "MARK",
    "NFLOG",
    "NOTRACK",
    "SECMARK",
    "SET",
    "TRACE",
];
