//! A packet as rules see it, and what rules say of it. What a rule asks that is not understood is a doubt, and
//! where in doubt nothing is said.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// Where in the kernel a packet is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hook {
    /// It is for this host.
    Input,
    /// It goes through.
    Forward,
    /// This host sends it.
    Output,
}

impl Hook {
    /// The chain of iptables.
    pub(super) fn chain(self) -> &'static str {
        match self {
            Self::Input => "INPUT",
            Self::Forward => "FORWARD",
            Self::Output => "OUTPUT",
        }
    }

    /// nftables' word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Forward => "forward",
            Self::Output => "output",
        }
    }
}

/// The first packet of a TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    pub(super) hook: Hook,
    pub(super) source: Ipv4Addr,
    pub(super) destination: Ipv4Addr,
    /// The interface that it comes in by; empty where this host sends it.
    pub(super) input: &'a str,
    /// The interface that it goes out by; empty where it is for this host.
    pub(super) output: &'a str,
    pub(super) port: u16,
}

/// What a rule, or all of them, say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It passes.
    Accepted,
    /// It does not, because of this: a rule, or a chain's policy.
    Dropped(String),
    /// Nobody can tell.
    Unknown,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    Perhaps,
}

impl Holds {
    pub(super) fn unless(self, not: bool) -> Self {
        match (self, not) {
            (Self::Yes, true) => Self::No,
            (Self::No, true) => Self::Yes,
            (as_it_is, _) => as_it_is,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Perhaps, _) | (_, Self::Perhaps) => Self::Perhaps,
            _ => Self::Yes,
        }
    }
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// What a rule does with a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action<'a> {
    Accept,
    Drop,
    Return,
    /// Goes on in another chain, and comes back.
    Jump(&'a str),
    /// Goes on in another chain, and does not come back.
    Goto(&'a str),
    /// Nothing that ends it: it is counted, logged, marked.
    Pass,
    /// A program decides.
    Other,
}

/// A rule, read for one packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule<'a> {
    pub(super) text: String,
    pub(super) holds: Holds,
    pub(super) action: Action<'a>,
}

/// How deep chains may call each other; the kernel allows 16.
const DEEPEST: usize = 16;

/// Goes through a chain; `None` where the packet comes out at its end.
pub(super) fn walk<'a>(
    chain: &str,
    rules: &dyn Fn(&str) -> Vec<Rule<'a>>,
    depth: usize,
) -> Option<Verdict> {
    if depth > DEEPEST {
        return Some(Verdict::Unknown);
    }
    for rule in rules(chain) {
        let inner = match rule.action {
            Action::Jump(chain) | Action::Goto(chain) => walk(chain, rules, depth + 1),
            _ => None,
        };
        match (rule.holds, rule.action) {
            (Holds::No, _)
            | (_, Action::Pass)
            // What may be dropped here, and is accepted later, is nobody's finding.
            | (Holds::Perhaps, Action::Drop) => {}
            (Holds::Yes, Action::Accept) => return Some(Verdict::Accepted),
            (Holds::Yes, Action::Drop) => return Some(Verdict::Dropped(rule.text)),
            (Holds::Yes, Action::Return) => return None,
            (Holds::Yes, Action::Goto(_)) => return inner,
            (Holds::Yes, Action::Jump(_)) => {
                if inner.is_some() {
                    return inner;
                }
            }
            (Holds::Perhaps, Action::Jump(_)) => {
                if !matches!(inner, None | Some(Verdict::Dropped(_))) {
                    return Some(Verdict::Unknown);
                }
            }
            (_, Action::Other)
            | (Holds::Perhaps, Action::Accept | Action::Return | Action::Goto(_)) => {
                return Some(Verdict::Unknown);
            }
        }
    }
    None
}

/// Whether an address is in what a rule names: an address or a network.
pub(super) fn within(named: &str, address: Ipv4Addr) -> Holds {
    let one = named.parse::<Ipv4Addr>().map(Ipv4Net::from);
    match named.parse::<Ipv4Net>().or(one) {
        Ok(net) => net.contains(&address).into(),
        Err(_) => Holds::Perhaps,
    }
}

/// Whether a port is what a rule names: one, or the first and the last.
pub(super) fn is_port(named: &str, between: char, port: u16) -> Holds {
    let (first, last) = named.split_once(between).unwrap_or((named, named));
    match (first.trim().parse::<u16>(), last.trim().parse::<u16>()) {
        (Ok(first), Ok(last)) => (first..=last).contains(&port).into(),
        _ => Holds::Perhaps,
    }
}

/// One of several.
pub(super) fn any(all: impl Iterator<Item = Holds>) -> Holds {
    all.fold(Holds::No, |before, this| match (before, this) {
        (Holds::Yes, _) | (_, Holds::Yes) => Holds::Yes,
        (Holds::Perhaps, _) | (_, Holds::Perhaps) => Holds::Perhaps,
        _ => Holds::No,
    })
}

/// The words of a rule; quotes and braces hold words together.
pub(super) fn words(rule: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = rule.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            '{' => rest.find('}').map_or(rest.len(), |end| end + 1),
            _ => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        words.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    words
}
