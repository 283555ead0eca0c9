//! A packet as rules see it, and what they say of it.

use std::net::Ipv4Addr;

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

/// One of several.
pub(super) fn any(all: impl Iterator<Item = Holds>) -> Holds {
    all.fold(Holds::No, |before, this| match (before, this) {
        (Holds::Yes, _) | (_, Holds::Yes) => Holds::Yes,
        (Holds::Perhaps, _) | (_, Holds::Perhaps) => Holds::Perhaps,
        _ => Holds::No,
    })
}
