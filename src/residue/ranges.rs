//! The networks of pods and services, from whatever the cluster wrote down of them, and the networks that are somebody else's: what a
//! route, an address or a rule of routing is measured by.

use std::cmp::Reverse;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::host::inventory::{Inventory, Kind, Thing};

/// What a network of the cluster's is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Pods have their addresses from it.
    Pods,
    /// Calico takes it for one of pods, of this cluster or of another one that it does not masquerade for.
    Pools,
    /// Services have their addresses from it.
    Services,
}

impl Use {
    const ALL: [(&'static str, Self); 3] =
        [("pods", Self::Pods), ("pools", Self::Pools), ("services", Self::Services)];

    /// What the inventory and the plan of a wipe call it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, it)| *it == self).map_or("", |(name, _)| *name)
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, it)| *it)
    }
}

/// A network of the cluster's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// What it is for.
    pub of: Use,
    /// The network.
    pub net: IpNet,
    /// Where that is written.
    pub from: String,
}

impl Range {
    /// From what a host told; nothing where that is no network that a cluster may have.
    pub(super) fn new(of: Use, net: &str, from: &str) -> Option<Self> {
        let net = net.parse::<IpNet>().ok()?.trunc();
        is_plausible(&net).then(|| Self { of, net, from: from.to_owned() })
    }

    /// As the plan of a wipe has it (`Past`).
    pub(super) fn words(&self) -> [String; 3] {
        [self.of.name().to_owned(), self.net.to_string(), self.from.clone()]
    }

    /// Back from these words.
    pub(super) fn of_words(words: &[String]) -> Option<Self> {
        let [of, net, from] = words else { return None };
        Self::new(Use::of(of)?, net, from)
    }

    /// For people.
    pub(super) fn shown(&self) -> String {
        let whose = match self.of {
            Use::Pods | Use::Pools => "pods' network",
            Use::Services => "services' network",
        };
        format!("the {whose} {} ({})", self.net, self.from)
    }
}

/// What is too large for a cluster's network, or of a use of its own, was misread, or says nothing.
fn is_plausible(net: &IpNet) -> bool {
    let ip = net.addr();
    let is_special = ip.is_loopback()
        || ip.is_multicast()
        || match ip {
            IpAddr::V4(ip) => ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        };
    let smallest = if ip.is_ipv4() { 8 } else { 16 };
    !is_special && !ip.is_unspecified() && net.prefix_len() >= smallest
}

/// Whether a network is one address.
pub(super) fn is_one(net: &IpNet) -> bool {
    net.prefix_len() == net.max_prefix_len()
}

/// An address, or a network, as `ip` writes it.
pub(super) fn parsed(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// What a k3s, an RKE2 and a k0s take where nobody says otherwise (`docs.k3s.io/cli/server`, `docs.rke2.io/reference/server_config`,
/// `docs.k0sproject.io/stable/configuration`).
struct Default {
    tool: &'static str,
    /// What says that one was here.
    paths: [&'static str; 2],
    units: [&'static str; 2],
    pods: &'static str,
    services: &'static str,
}

const DEFAULTS: [Default; 3] = [
    Default {
        tool: "k3s",
        paths: ["/etc/rancher/k3s", "/var/lib/rancher/k3s"],
        units: ["k3s.service", "k3s-agent.service"],
        pods: "10.42.0.0/16",
        services: "10.43.0.0/16",
    },
    Default {
        tool: "rke2",
        paths: ["/etc/rancher/rke2", "/var/lib/rancher/rke2"],
        units: ["rke2-server.service", "rke2-agent.service"],
        pods: "10.42.0.0/16",
        services: "10.43.0.0/16",
    },
    Default {
        tool: "k0s",
        paths: ["/etc/k0s", "/var/lib/k0s"],
        units: ["k0scontroller.service", "k0sworker.service"],
        pods: "10.244.0.0/16",
        services: "10.96.0.0/12",
    },
];

/// All of one host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ranges {
    /// The cluster's.
    pub known: Vec<Range>,
    /// Of others, with who has it.
    taken: Vec<(IpNet, String)>,
}

impl Ranges {
    /// What the host told, and what an earlier wipe knew.
    pub fn of(inventory: &Inventory, past: &[Range]) -> Self {
        let mut ranges = Self::default();
        for range in past {
            ranges.add(Some(range.clone()));
        }
        for thing in inventory.of(Kind::Range) {
            let of = Use::of(thing.get("of"));
            ranges.add(of.and_then(|of| Range::new(of, &thing.name, thing.get("from"))));
        }
        for it in &DEFAULTS {
            let is_here = |thing: &Thing| match thing.kind {
                Kind::Path => it.paths.contains(&thing.name.as_str()),
                Kind::Unit => it.units.contains(&thing.name.as_str()),
                _ => false,
            };
            if !inventory.things.iter().any(is_here) {
                continue;
            }
            for (of, net) in [(Use::Pods, it.pods), (Use::Services, it.services)] {
                let is_said = |range: &Range| range.of == of && range.from.contains(it.tool);
                if !ranges.known.iter().any(is_said) {
                    ranges.add(Range::new(of, net, &format!("{}'s default", it.tool)));
                }
            }
        }
        ranges
    }

    /// One more of the cluster's: one place a network does not speak for another.
    pub fn add(&mut self, range: Option<Range>) {
        let Some(range) = range else { return };
        if !self.known.contains(&range) {
            self.known.push(range);
        }
    }

    /// One that is somebody else's.
    pub fn take(&mut self, net: &str, who: impl Into<String>) {
        if let Some(net) = parsed(net) {
            self.taken.push((net.trunc(), who.into()));
        }
    }

    /// The smallest network of the cluster's that this is wholly in.
    pub fn around(&self, net: &IpNet) -> Option<&Range> {
        let around = self.known.iter().filter(|it| it.net.contains(net));
        around.min_by_key(|it| Reverse(it.net.prefix_len()))
    }

    /// Whether it is a part, and not all, of a network of pods' that is written in such a place.
    pub fn is_part(&self, net: &IpNet, is_such: impl Fn(&str) -> bool) -> bool {
        let mut larger = self.known.iter().filter(|it| it.net.contains(net) && it.net != *net);
        larger.any(|it| it.of != Use::Services && is_such(&it.from))
    }

    /// Who else has a network that overlaps with this one.
    pub fn taker(&self, net: &IpNet) -> Option<&str> {
        let overlap = |other: &IpNet| other.contains(net) || net.contains(other);
        self.taken.iter().find(|(other, _)| overlap(other)).map(|(_, who)| who.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &str) -> Inventory {
        Inventory::parse(&format!("inventory 1\n{}end\n", lines.replace(';', "\t"))).unwrap()
    }

    #[test]
    fn what_no_cluster_has_is_no_network_of_one() {
        for net in [
            "0.0.0.0/0",
            "::/0",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "224.0.0.0/8",
            "fe80::/64",
            "10.0.0.0/7",
            "10.244.0.0",
            "x",
            "fd00::/8",
        ] {
            assert_eq!(Range::new(Use::Pods, net, "x"), None, "{net}");
        }
        // flannel writes the address of its bridge.
        let range = Range::new(Use::Pods, "10.244.3.1/24", "x").unwrap();
        assert_eq!(range.net.to_string(), "10.244.3.0/24");
        assert_eq!(Range::of_words(&range.words()), Some(range));
    }

    #[test]
    fn a_tool_s_default_counts_only_where_the_tool_is_and_says_nothing_else() {
        let known = |lines: &str| -> Vec<String> {
            let all = Ranges::of(&told(lines), &[]).known;
            all.iter().map(|it| format!("{} {}", it.of.name(), it.net)).collect()
        };
        assert_eq!(
            known("path;/etc/kubernetes;type=d\nunit;k3s-exporter.service;active=active\n"),
            [""; 0]
        );
        assert_eq!(
            known("path;/etc/rancher/k3s;type=d\n"),
            ["pods 10.42.0.0/16", "services 10.43.0.0/16"]
        );
        let own = "unit;k3s-agent.service;active=active\nrange;10.9.0.0/16;of=pods;from=/etc/rancher/k3s/config.yaml\n";
        assert_eq!(known(own), ["pods 10.9.0.0/16", "services 10.43.0.0/16"]);
    }

    #[test]
    fn a_network_is_measured_by_the_smallest_around_it_and_by_who_else_has_it() {
        let lines = "range;10.0.0.0/8;of=pools;from=set\nrange;10.244.0.0/16;of=pods;from=file\nrange;fd00:1::/48;of=pods;from=file\n";
        let mut ranges = Ranges::of(&told(lines), &[]);
        ranges.take("10.9.0.11/24", "eth0");
        let net = |text: &str| parsed(text).unwrap();
        assert_eq!(ranges.around(&net("10.244.1.0/26")).unwrap().from, "file");
        assert_eq!(ranges.around(&net("10.9.7.0/24")).unwrap().from, "set");
        assert_eq!(ranges.around(&net("fd00:1:0:2::/64")).unwrap().from, "file");
        // Partly in it is not in it.
        assert_eq!(ranges.around(&net("8.0.0.0/6")), None);
        assert_eq!(ranges.around(&net("192.168.0.0/26")), None);
        assert_eq!(ranges.taker(&net("10.9.0.7")), Some("eth0"));
        assert_eq!(ranges.taker(&net("10.0.0.0/8")), Some("eth0"));
        assert_eq!(ranges.taker(&net("10.9.1.0/24")), None);
    }
}
