//! Rules in the words of `nft list ruleset` (nft(8)).

use std::collections::BTreeMap;

use super::packet::{Action, Holds, Packet, Rule, Verdict, any, is_port, walk, within, words};

/// A table that sees IPv4.
#[derive(Debug, Default)]
pub(super) struct Table<'a> {
    /// Its family and name: `inet filter`.
    pub(super) name: &'a str,
    chains: BTreeMap<&'a str, Chain<'a>>,
}

#[derive(Debug, Default)]
struct Chain<'a> {
    /// Where the kernel begins with it: `input`.
    hook: Option<&'a str>,
    drops: bool,
    rules: Vec<&'a str>,
}

/// Reads the ruleset. What cannot be understood leaves a table out, or a rule in doubt.
pub(super) fn tables<'a>(lines: &[&'a str]) -> Vec<Table<'a>> {
    let mut tables: Vec<Table<'a>> = Vec::new();
    // What is open: a table, and in it a chain or something else.
    let (mut in_table, mut chain, mut other) = (false, None, 0_usize);
    for &line in lines {
        let opens = line.strip_suffix('{').map(str::trim_end);
        if other > 0 {
            other = other + usize::from(opens.is_some()) - usize::from(line == "}");
        } else if let Some(name) = chain {
            if line == "}" {
                chain = None;
            } else if let Some(table) = tables.last_mut() {
                table.chains.entry(name).or_default().take(line);
            }
        } else if !in_table {
            let Some(name) = opens.and_then(|open| open.strip_prefix("table ")) else { continue };
            in_table = true;
            tables.push(Table { name, chains: BTreeMap::new() });
        } else if line == "}" {
            in_table = false;
        } else if let Some(open) = opens {
            chain = open.strip_prefix("chain ");
            other = usize::from(chain.is_none());
            if let (Some(name), Some(table)) = (chain, tables.last_mut()) {
                table.chains.entry(name).or_default();
            }
        }
    }
    tables.retain(|table| table.name.starts_with("ip ") || table.name.starts_with("inet "));
    tables
}

impl<'a> Chain<'a> {
    fn take(&mut self, line: &'a str) {
        if let Some(rest) = line.strip_prefix("type ") {
            // Those of `nat` and `route` see the first packet only, or change it.
            let mut parts = rest.split_whitespace();
            self.hook = parts.next().filter(|kind| *kind == "filter").and_then(|_| parts.nth(1));
            self.drops = line.contains("policy drop");
        } else {
            self.rules.push(line);
        }
    }
}

impl Table<'_> {
    /// The chain that drops a packet, and what in it does.
    pub(super) fn drops(&self, packet: &Packet<'_>) -> Option<(&str, String)> {
        let rules = |chain: &str| -> Vec<Rule<'_>> {
            let all = self.chains.get(chain).map(|chain| chain.rules.as_slice());
            all.unwrap_or_default().iter().map(|line| rule(line, packet)).collect()
        };
        let begins = |chain: &Chain<'_>| chain.hook == Some(packet.hook.word());
        self.chains.iter().filter(|(_, chain)| begins(chain)).find_map(|(name, chain)| {
            match walk(name, &rules, 0) {
                Some(Verdict::Dropped(rule)) => Some((*name, rule)),
                None if chain.drops => Some((*name, "policy drop".to_owned())),
                _ => None,
            }
        })
    }
}

fn rule<'a>(line: &'a str, packet: &Packet<'_>) -> Rule<'a> {
    let all = words(line);
    // Values that are joined are compared with pairs.
    let mut holds = if all.contains(&".") { Holds::Perhaps } else { Holds::Yes };
    let mut action = Action::Pass;
    let mut words = all.iter().copied().peekable();
    while let Some(word) = words.next() {
        match word {
            "counter" | "packets" | "bytes" => {
                words.next_if(|next| next.bytes().all(|b| b.is_ascii_digit()));
                continue;
            }
            "comment" | "prefix" | "level" | "flags" | "group" => {
                words.next();
                continue;
            }
            "log" => continue,
            "accept" => action = Action::Accept,
            "drop" | "reject" => action = Action::Drop,
            "return" => action = Action::Return,
            "jump" => action = Action::Jump(words.next().unwrap_or_default()),
            "goto" => action = Action::Goto(words.next().unwrap_or_default()),
            "queue" => action = Action::Other,
            "iif" | "iifname" | "oif" | "oifname" => {
                holds = holds.and(compare(word, "", &mut words, packet));
                continue;
            }
            "ip" | "ip6" | "ct" | "meta" | "tcp" | "udp" | "th" | "icmp" | "icmpv6" => {
                let field = words.next().unwrap_or_default();
                holds = holds.and(compare(word, field, &mut words, packet));
                continue;
            }
            map if all.contains(&"vmap") => {
                // Only of states it is known what it says of new connections.
                let is_of_states = line.contains("ct state vmap {") && !map.contains("new");
                holds = if is_of_states { Holds::No } else { Holds::Perhaps };
                action = Action::Other;
            }
            _ => {
                holds = holds.and(Holds::Perhaps);
                continue;
            }
        }
        break;
    }
    Rule { text: line.to_owned(), holds, action }
}

fn compare<'a>(
    of: &str,
    field: &str,
    words: &mut impl Iterator<Item = &'a str>,
    packet: &Packet<'_>,
) -> Holds {
    let mut value = words.next().unwrap_or_default();
    let not = value == "!=";
    if matches!(value, "!=" | "==") {
        value = words.next().unwrap_or_default();
    }
    if value == "vmap" { Holds::Yes } else { condition(of, field, value, packet).unless(not) }
}

fn condition(of: &str, field: &str, value: &str, packet: &Packet<'_>) -> Holds {
    let each = |holds: &dyn Fn(&str) -> Holds| match value.strip_prefix('{') {
        Some(set) => any(set.trim_end_matches('}').split(',').map(|one| holds(one.trim()))),
        None => holds(value),
    };
    let name = |is: &str| {
        each(&|one| {
            let one = one.trim_matches('"');
            match one.strip_suffix('*') {
                Some(beginning) => is.starts_with(beginning).into(),
                None => (one == is).into(),
            }
        })
    };
    // Sets by name, values that are joined, words that look at something else.
    if value.starts_with(['@', '$', '&'])
        || [".", "type", "oif"].contains(&value)
        || value.contains(" . ")
    {
        return Holds::Perhaps;
    }
    match (of, field) {
        ("iif" | "iifname", _) | ("meta", "iif" | "iifname") => name(packet.input),
        ("oif" | "oifname", _) | ("meta", "oif" | "oifname") => name(packet.output),
        ("ip", "saddr") => each(&|one| within(one, packet.source)),
        ("ip", "daddr") => each(&|one| within(one, packet.destination)),
        ("ip", "protocol") | ("meta", "l4proto") => each(&|one| matches!(one, "tcp" | "6").into()),
        ("meta", "nfproto") => each(&|one| (one == "ipv4").into()),
        ("tcp" | "th", "dport") => each(&|one| is_port(one, '-', packet.port)),
        ("udp" | "ip6" | "icmp" | "icmpv6", _) => Holds::No,
        ("ct", "state") => {
            any(value.trim_matches(['{', '}']).split(',').map(|one| (one.trim() == "new").into()))
        }
        _ => Holds::Perhaps,
    }
}
