//! Rules in the words of `iptables-save` (iptables(8), iptables-extensions(8)).

use super::packet::{Action, Holds, Packet, Rule, Verdict, any, is_port, walk, within, words};

/// What the table `filter` of one kernel interface, `nft` or `legacy`, says of a packet.
pub(super) fn verdict<'a>(lines: &[&'a str], packet: &Packet<'_>) -> Verdict {
    let chain = packet.hook.chain();
    let rules = |chain: &str| -> Vec<Rule<'a>> {
        let of = |line: &&'a str| {
            let rest = line.strip_prefix("-A ")?.strip_prefix(chain)?.strip_prefix(' ')?;
            Some(rule(line.strip_prefix("-A ")?, rest, packet))
        };
        lines.iter().filter_map(of).collect()
    };
    walk(chain, &rules, 0).unwrap_or_else(|| {
        let policy = lines.iter().find_map(|line| {
            line.strip_prefix(':')?.strip_prefix(chain)?.split_whitespace().next()
        });
        match policy {
            Some("DROP") => Verdict::Dropped(format!("-P {chain} DROP")),
            Some("ACCEPT") => Verdict::Accepted,
            _ => Verdict::Unknown,
        }
    })
}

fn rule<'a>(text: &str, conditions: &'a str, packet: &Packet<'_>) -> Rule<'a> {
    let mut holds = Holds::Yes;
    let mut action = Action::Pass;
    let mut not = false;
    let mut words = words(conditions).into_iter();
    while let Some(word) = words.next() {
        if word == "!" {
            not = true;
            continue;
        }
        let mut value = || words.next().unwrap_or_default();
        let this = match word {
            "-s" => within(value(), packet.source),
            "-d" => within(value(), packet.destination),
            "-i" => interface(value(), packet.input),
            "-o" => interface(value(), packet.output),
            "-p" => matches!(value(), "tcp" | "all" | "6" | "0").into(),
            "--dport" => is_port(value(), ':', packet.port),
            "--dports" => any(value().split(',').map(|one| is_port(one, ':', packet.port))),
            "--ctstate" | "--state" => value().split(',').any(|state| state == "NEW").into(),
            "--comment" => {
                value();
                continue;
            }
            "-m" => match value() {
                "tcp" | "comment" | "conntrack" | "state" | "multiport" => continue,
                "udp" | "icmp" => Holds::No,
                _ => Holds::Perhaps,
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
            _ => Holds::Perhaps,
        };
        holds = holds.and(this.unless(not));
        not = false;
    }
    Rule { text: text.to_owned(), holds, action }
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

fn interface(named: &str, name: &str) -> Holds {
    match named.strip_suffix('+') {
        Some(beginning) => name.starts_with(beginning).into(),
        None => (named == name).into(),
    }
}
