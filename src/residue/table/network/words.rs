//! Routes and rules of routing as `ip` writes them.

use std::net::IpAddr;

use ipnet::IpNet;

use super::super::super::ranges::parsed;

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Route<'a> {
    /// `blackhole`, `local`, `throw`...; empty where it leads somewhere.
    pub kind: &'a str,
    /// Where to; nothing for the default route.
    pub to: Option<IpNet>,
    /// The next hop.
    pub via: Option<IpAddr>,
    pub dev: &'a str,
    /// Who says that he set it.
    pub proto: &'a str,
    /// The table, where it is not `main`.
    pub table: &'a str,
    /// Whether it says anything that is not among these: a source, a metric of the owner's, a second next hop.
    pub says_more: bool,
}

impl<'a> Route<'a> {
    pub fn of(text: &'a str) -> Self {
        const KINDS: [&str; 8] = [
            "blackhole",
            "unreachable",
            "prohibit",
            "local",
            "throw",
            "broadcast",
            "multicast",
            "anycast",
        ];
        let mut words = text.split_whitespace().peekable();
        let mut route = Self::default();
        if let Some(kind) = words.next_if(|it| KINDS.contains(it)) {
            route.kind = kind;
        }
        route.to = words.next().and_then(parsed);
        while let Some(word) = words.next() {
            match word {
                "via" => route.via = words.next().and_then(|it| it.parse().ok()),
                "dev" => route.dev = words.next().unwrap_or_default(),
                "proto" => route.proto = words.next().unwrap_or_default(),
                "table" => route.table = words.next().unwrap_or_default(),
                "scope" | "pref" => {
                    words.next();
                }
                // What the kernel gives each of IPv6.
                "metric" if words.peek() == Some(&"1024") => {
                    words.next();
                }
                _ => route.says_more = true,
            }
        }
        route
    }
}

/// A rule of routing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rule<'a> {
    /// Its place.
    pub priority: &'a str,
    /// Whom it is about.
    pub from: Option<IpNet>,
    pub to: Option<IpNet>,
    /// The table that it leads to.
    pub table: &'a str,
    /// Whether it asks for a mark of packets.
    pub mark: &'a str,
    /// Whether it asks for anything else.
    pub says_more: bool,
}

impl<'a> Rule<'a> {
    /// Of `32765: from 10.244.1.0/24 lookup 77`.
    pub fn of(text: &'a str) -> Option<Self> {
        let (priority, rest) = text.split_once(':')?;
        let mut rule = Self { priority, ..Self::default() };
        let mut words = rest.split_whitespace();
        while let Some(word) = words.next() {
            match word {
                "from" => rule.from = words.next().and_then(parsed),
                "to" => rule.to = words.next().and_then(parsed),
                "lookup" => rule.table = words.next().unwrap_or_default(),
                "fwmark" => rule.mark = words.next().unwrap_or_default(),
                _ => rule.says_more = true,
            }
        }
        Some(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_read_word_by_word() {
        let route = Route::of("blackhole 10.244.0.0/26 proto bird");
        assert_eq!((route.kind, route.proto, route.says_more), ("blackhole", "bird", false));
        assert_eq!(route.to.unwrap().to_string(), "10.244.0.0/26");
        let route = Route::of("fd00::/64 via fd01::2 dev eth0 metric 1024 pref medium");
        assert_eq!((route.dev, route.via.is_some(), route.says_more), ("eth0", true, false));
        for own in [
            "10.244.1.0/24 via 10.0.0.2 dev eth0 metric 50",
            "10.244.1.0/24 via 10.0.0.2 dev eth0 src 10.0.0.9",
            "10.244.1.0/24 nhid 7 via 10.0.0.2 dev eth0",
        ] {
            assert!(Route::of(own).says_more, "{own}");
        }
        assert_eq!(Route::of("default via 10.0.0.1 dev eth0").to, None);
        assert_eq!(Route::of("local default dev lo table 2004").table, "2004");
    }

    #[test]
    fn rules_are_read_word_by_word() {
        let rule = Rule::of("32765: from 10.244.1.0/24 lookup kube-router").unwrap();
        assert_eq!((rule.priority, rule.table, rule.says_more), ("32765", "kube-router", false));
        assert!(rule.from.is_some() && rule.to.is_none());
        let rule = Rule::of("32764: from all fwmark 0x3b9 lookup 78").unwrap();
        assert_eq!((rule.mark, rule.from, rule.says_more), ("0x3b9", None, false));
        assert!(Rule::of("99: not from all fwmark 0x1 lookup 1").unwrap().says_more);
    }
}
