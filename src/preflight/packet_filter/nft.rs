//! Rules in the words of `nft list ruleset` (nft(8)).

use std::collections::BTreeMap;

use super::packet::{Holds, Packet, Verdict, any};
use super::rule::{Action, Ask, Name, Of, Rule, network, ports, walk, words};

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
    rules: Vec<Rule<'a>>,
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
            self.rules.extend(rule(line));
        }
    }
}

impl Table<'_> {
    /// The chain that drops a packet, and what in it does.
    pub(super) fn drops(&self, packet: &Packet<'_>) -> Option<(&str, String)> {
        let rules =
            |chain: &str| self.chains.get(chain).map_or(&[][..], |chain| chain.rules.as_slice());
        let begins = |chain: &Chain<'_>| chain.hook == Some(packet.hook.word());
        self.chains.iter().filter(|(_, chain)| begins(chain)).find_map(|(name, chain)| {
            match walk(name, &rules, packet, 0) {
                Some(Verdict::Dropped(rule)) => Some((*name, rule)),
                None if chain.drops => Some((*name, "policy drop".to_owned())),
                _ => None,
            }
        })
    }
}

fn rule(line: &str) -> Option<Rule<'_>> {
    let all = words(line);
    let doubt = || Of::All(Holds::Perhaps).unless(false);
    let mut asks = Vec::new();
    // Values that are joined are compared with pairs.
    if all.contains(&".") {
        asks.push(doubt());
    }
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
                asks.push(ask(word, "", &mut words));
                continue;
            }
            "ip" | "ip6" | "ct" | "meta" | "tcp" | "udp" | "th" | "icmp" | "icmpv6" => {
                let field = words.next().unwrap_or_default();
                asks.push(ask(word, field, &mut words));
                continue;
            }
            map if all.contains(&"vmap") => {
                // Only of states it is known what it says of new connections.
                let is_of_states = line.contains("ct state vmap {") && !map.contains("new");
                asks = vec![if is_of_states { Of::All(Holds::No).unless(false) } else { doubt() }];
                action = Action::Other;
            }
            _ => {
                asks.push(doubt());
                continue;
            }
        }
        break;
    }
    Rule::new(line, asks, action)
}

fn ask<'a>(of: &str, field: &str, words: &mut impl Iterator<Item = &'a str>) -> Ask<'a> {
    let mut value = words.next().unwrap_or_default();
    let not = value == "!=";
    if matches!(value, "!=" | "==") {
        value = words.next().unwrap_or_default();
    }
    if value == "vmap" {
        return Of::All(Holds::Yes).unless(false);
    }
    condition(of, field, value).unless(not)
}

fn condition<'a>(of: &str, field: &str, value: &'a str) -> Of<'a> {
    // Sets by name, values that are joined, words that look at something else.
    if value.contains(['@', '$', '&'])
        || [".", "type", "oif"].contains(&value)
        || value.contains(" . ")
    {
        return Of::All(Holds::Perhaps);
    }
    let each = || {
        let set = value.strip_prefix('{').map_or(value, |set| set.trim_end_matches('}'));
        set.split(',').map(str::trim)
    };
    let names = || each().map(|one| Name::read(one.trim_matches('"'), '*')).collect();
    let one_is = |is: &dyn Fn(&str) -> bool| Of::All(any(each().map(|one| is(one).into())));
    match (of, field) {
        ("iif" | "iifname", _) | ("meta", "iif" | "iifname") => Of::Input(names()),
        ("oif" | "oifname", _) | ("meta", "oif" | "oifname") => Of::Output(names()),
        ("ip", "saddr") => Of::Source(each().map(network).collect()),
        ("ip", "daddr") => Of::Destination(each().map(network).collect()),
        ("ip", "protocol") | ("meta", "l4proto") => one_is(&|one| matches!(one, "tcp" | "6")),
        ("meta", "nfproto") => one_is(&|one| one == "ipv4"),
        ("tcp" | "th", "dport") => Of::Port(each().map(|one| ports(one, '-')).collect()),
        ("udp" | "ip6" | "icmp" | "icmpv6", _) => Of::All(Holds::No),
        ("ct", "state") => one_is(&|one| one == "new"),
        _ => Of::All(Holds::Perhaps),
    }
}
