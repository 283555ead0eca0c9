//! The text of `podSubnet` or `serviceSubnet`: one network, or one of each family, each by itself.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Check;
use crate::cluster::Subnets;
use crate::cluster::mistake::quote;
use crate::cluster::yaml::{At, Spot};

/// Networks that mean something else, and what.
const RESERVED: [(&str, &str); 8] = [
    ("0.0.0.0/8", "this host"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local addresses"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved for later"),
    ("::/8", "loopback and translated addresses"),
    ("fe80::/10", "link-local addresses"),
    ("ff00::/8", "multicast"),
];

/// Networks and the place that they were given at; a default has none.
pub(super) struct Given {
    pub(super) nets: Subnets,
    pub(super) spot: Option<Spot>,
}

impl Check<'_> {
    /// What was given; `None` where nothing was. A mistake is noted, and is `Some(None)`.
    #[expect(clippy::option_option, reason = "nothing given, and nothing right given, differ")]
    pub(super) fn subnets(
        &mut self,
        given: Option<&At<String>>,
        example: &str,
    ) -> Option<Option<Given>> {
        let given = given.filter(|given| !given.value.trim().is_empty())?;
        Some(self.nets(given, example).map(|nets| Given { nets, spot: Some(given.spot) }))
    }

    fn nets(&mut self, given: &At<String>, example: &str) -> Option<Subnets> {
        let mut all = given.value.split(',').map(str::trim);
        let (first, second) = (all.next().unwrap_or_default(), all.next());
        if all.next().is_some() {
            self.two_at_most(given, "has more than two networks");
            return None;
        }
        let first = self.net(given.spot, first, example);
        let Some(second) = second else {
            let first = first?;
            if matches!(first, IpNet::V6(_)) {
                let what = format!("IPv6 alone ({})", quote(&given.value));
                let expected =
                    format!("an IPv4 network like `{example}`, alone or with one of IPv6");
                self.not_supported(given.spot, &what, &expected);
                return None;
            }
            return Some(first.into());
        };
        let second = self.net(given.spot, second, example);
        let nets = Subnets::both(first?, second?);
        if nets.is_none() {
            self.two_at_most(given, "has two networks of one family");
        }
        nets
    }

    fn two_at_most(&mut self, given: &At<String>, what: &str) {
        self.wrong(given.spot, format!("{} {what}", quote(&given.value)), |it| {
            it.found(&given.value).expected("one network, or one of IPv4 and one of IPv6")
        });
    }

    /// One network: a CIDR without host bits, outside of the reserved ones.
    fn net(&mut self, spot: Spot, text: &str, example: &str) -> Option<IpNet> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let Ok(ip) = address.parse::<IpAddr>() else {
            self.wrong(spot, format!("{} is not a network", quote(text)), |it| {
                it.found(text).expected(format!("a network like `{example}`"))
            });
            return None;
        };
        let (most, usual) = if ip.is_ipv6() { (128, 64) } else { (32, 16) };
        // Only the plain spelling: `/016` and `/+16` are somebody's slip.
        let bits = prefix.and_then(|text| text.parse().ok().filter(|n: &u8| n.to_string() == text));
        let Some(net) = bits.and_then(|bits| IpNet::new(ip, bits).ok()) else {
            let what = if prefix.is_none() { "no prefix length" } else { "a bad prefix length" };
            let near = prefix.is_none().then(|| format!("{ip}/{usual}"));
            self.wrong(spot, format!("{} has {what}", quote(text)), |it| {
                it.found(text).expected(format!("a prefix length from /0 to /{most}")).nearest(near)
            });
            return None;
        };
        if net.trunc() != net {
            let message =
                format!("{} has host bits set: its network is `{}`", quote(text), net.trunc());
            self.wrong(spot, message, |it| {
                it.found(text)
                    .expected("the first address of the network")
                    .nearest(Some(net.trunc().to_string()))
            });
            return None;
        }
        let reserved =
            RESERVED.iter().find(|(other, _)| other.parse().is_ok_and(|other| overlap(net, other)));
        if let Some((other, what)) = reserved {
            let message = format!("{} overlaps `{other}` ({what})", quote(text));
            let example = if ip.is_ipv6() { "fd00:10:244::/56" } else { "10.244.0.0/16" };
            self.wrong(spot, message, |it| {
                it.found(text).expected(format!("a private network, like `{example}`"))
            });
            return None;
        }
        Some(net)
    }
}

pub(super) fn overlap(one: IpNet, other: IpNet) -> bool {
    one.contains(&other) || other.contains(&one)
}
