//! Rules, read once a host; packets are judged by what was read. What a rule asks that is not understood is a
//! doubt, and where in doubt nothing is said.

use std::ops::RangeInclusive;

use ipnet::Ipv4Net;

use super::packet::{Holds, Packet, Verdict, any};

/// A rule, whatever packet comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule<'a> {
    text: &'a str,
    asks: Vec<Ask<'a>>,
    action: Action<'a>,
}

/// What a rule does with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// A condition of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask<'a> {
    of: Of<'a>,
    not: bool,
}

/// What a condition compares; of several values one is enough, and one that is not understood is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Of<'a> {
    /// It is the same for all packets that are judged.
    All(Holds),
    Source(Vec<Option<Ipv4Net>>),
    Destination(Vec<Option<Ipv4Net>>),
    Input(Vec<Name<'a>>),
    Output(Vec<Name<'a>>),
    Port(Vec<Option<RangeInclusive<u16>>>),
}

/// An interface's name, or the beginning of some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    text: &'a str,
    begins: bool,
}

impl<'a> Rule<'a> {
    /// `None` where it holds for no packet that is judged.
    pub(super) fn new(text: &'a str, asks: Vec<Ask<'a>>, action: Action<'a>) -> Option<Self> {
        let told = |ask: &Ask<'_>| match &ask.of {
            Of::All(holds) => Some(holds.unless(ask.not)),
            _ => None,
        };
        if asks.iter().any(|ask| told(ask) == Some(Holds::No)) {
            return None;
        }
        let asks = asks.into_iter().filter(|ask| told(ask) != Some(Holds::Yes)).collect();
        Some(Self { text, asks, action })
    }

    fn holds(&self, packet: &Packet<'_>) -> Holds {
        let mut all = Holds::Yes;
        for ask in &self.asks {
            all = all.and(ask.of.holds(packet).unless(ask.not));
            if all == Holds::No {
                break;
            }
        }
        all
    }
}

impl<'a> Of<'a> {
    pub(super) fn unless(self, not: bool) -> Ask<'a> {
        Ask { of: self, not }
    }

    fn holds(&self, packet: &Packet<'_>) -> Holds {
        let within = |nets: &[Option<Ipv4Net>], address| {
            any(nets
                .iter()
                .map(|net| net.map_or(Holds::Perhaps, |net| net.contains(&address).into())))
        };
        let is_one = |names: &[Name<'_>], name| any(names.iter().map(|it| it.is(name).into()));
        match self {
            Self::All(holds) => *holds,
            Self::Source(nets) => within(nets, packet.source),
            Self::Destination(nets) => within(nets, packet.destination),
            Self::Input(names) => is_one(names, packet.input),
            Self::Output(names) => is_one(names, packet.output),
            Self::Port(ports) => any(ports.iter().map(|ports| {
                ports.as_ref().map_or(Holds::Perhaps, |ports| ports.contains(&packet.port).into())
            })),
        }
    }
}

impl<'a> Name<'a> {
    /// `more` stands at the end of a name that is only a beginning.
    pub(super) fn read(text: &'a str, more: char) -> Self {
        match text.strip_suffix(more) {
            Some(text) => Self { text, begins: true },
            None => Self { text, begins: false },
        }
    }

    fn is(self, name: &str) -> bool {
        if self.begins { name.starts_with(self.text) } else { name == self.text }
    }
}

/// How deep chains may call each other; the kernel allows 16.
const DEEPEST: usize = 16;

/// Takes a packet through a chain; `None` where it comes out at its end.
pub(super) fn walk<'r, 'a: 'r>(
    chain: &str,
    rules: &dyn Fn(&str) -> &'r [Rule<'a>],
    packet: &Packet<'_>,
    depth: usize,
) -> Option<Verdict> {
    if depth > DEEPEST {
        return Some(Verdict::Unknown);
    }
    for rule in rules(chain) {
        let holds = rule.holds(packet);
        let inner = match rule.action {
            Action::Jump(chain) | Action::Goto(chain) if holds != Holds::No => {
                walk(chain, rules, packet, depth + 1)
            }
            _ => None,
        };
        match (holds, rule.action) {
            (Holds::No, _)
            | (_, Action::Pass)
            // What may be dropped here, and is accepted later, is nobody's finding.
            | (Holds::Perhaps, Action::Drop) => {}
            (Holds::Yes, Action::Accept) => return Some(Verdict::Accepted),
            (Holds::Yes, Action::Drop) => return Some(Verdict::Dropped(rule.text.to_owned())),
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

/// What a rule names: an address or a network.
pub(super) fn network(named: &str) -> Option<Ipv4Net> {
    let one = named.parse::<std::net::Ipv4Addr>().map(Ipv4Net::from);
    named.parse::<Ipv4Net>().or(one).ok()
}

/// What a rule names: a port, or the first and the last.
pub(super) fn ports(named: &str, between: char) -> Option<RangeInclusive<u16>> {
    let (first, last) = named.split_once(between).unwrap_or((named, named));
    Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
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
