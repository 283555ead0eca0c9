//! How packets go: links, policy routing, the packet filter, ports; and what files say of that.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Route;
use super::parse::{self, Read};

/// What of the host's own settings packets meet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packets {
    /// Network interfaces.
    pub interfaces: Option<Vec<Interface>>,
    /// Addresses that the kernel takes for nothing new.
    pub unusable: Option<Vec<Unusable>>,
    /// Who the IPv4 default route leads to.
    pub gateway: Option<String>,
    /// Rules of policy routing, without the first, in the words of `ip rule`: `32766: from all lookup main`.
    pub rules: Option<Vec<String>>,
    /// Routes of the tables that other rules lead to: the table's name, the route.
    pub tables: Vec<(String, Route)>,
    /// The table `filter` in the words of `iptables-save`: `nft` or `legacy`, and a line.
    pub filter: Option<Vec<(String, String)>>,
    /// `nft list ruleset`, line by line, without the tables of iptables.
    pub ruleset: Option<Vec<String>>,
    /// Ports that connections of the host's own begin at: the first and the last.
    pub ephemeral: Option<(u16, u16)>,
    /// Of these, the ones that are kept free.
    pub reserved: Option<Vec<(u16, u16)>>,
    /// Settings of packets that files have for the next boot, in the order in which they are set.
    pub at_boot: Option<Vec<AtBoot>>,
    /// Proxies that systemd gives the kubelet: the file, the variable, its value without a password.
    pub kubelet_proxies: Option<Vec<(String, String, String)>>,
    /// Variables that systemd takes away from the kubelet after all else: `NAME`, or `NAME=VALUE` for that value alone.
    pub kubelet_unset: Vec<String>,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// `eth0`.
    pub name: String,
    /// Whether it is switched on.
    pub is_up: bool,
    /// Whether something is at its other end.
    pub has_carrier: bool,
}

/// An address that the kernel takes for nothing new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// The address and its network.
    pub net: IpNet,
    /// The interface.
    pub interface: String,
    /// In the kernel's word: `deprecated`, `tentative`, `dadfailed`.
    pub why: String,
}

/// A line of `sysctl.d`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtBoot {
    /// What it is sorted by: the name of the file; `~` for `/etc/sysctl.conf`, which may come last.
    pub place: String,
    /// The file.
    pub file: String,
    /// `net.ipv4.ip_forward`.
    pub key: String,
    /// The value.
    pub value: String,
}

impl Packets {
    pub(super) fn read(read: &Read) -> Self {
        let pair = |line: &str| line.split_once(' ').map(owned);
        let sysctl = |key: &str| {
            let all = read.list("sysctl", pair)?;
            all.into_iter().find(|(name, _)| name == key).map(|(_, value)| value)
        };
        Self {
            interfaces: read.list("link_flags", interface),
            unusable: read.list("unusable", unusable),
            gateway: read.text("gateway"),
            rules: read.texts("rule"),
            tables: read
                .list("table", |line| {
                    let (name, route) = line.split_once(' ')?;
                    Some((name.to_owned(), parse::route(route, false)?))
                })
                .unwrap_or_default(),
            filter: read.list("filter", pair),
            ruleset: read.texts("ruleset"),
            ephemeral: sysctl("net.ipv4.ip_local_port_range").and_then(|it| range(&it, ' ')),
            reserved: sysctl("net.ipv4.ip_local_reserved_ports")
                .map(|it| it.split(',').filter_map(|one| range(one, '-')).collect()),
            at_boot: read.list("boot_sysctl", at_boot),
            kubelet_proxies: read.list("kubelet_proxy", |line| {
                let (file, rest) = line.split_once(' ')?;
                let (name, value) = rest.split_once('=')?;
                Some((file.to_owned(), name.to_owned(), value.to_owned()))
            }),
            kubelet_unset: read.texts("kubelet_unset").unwrap_or_default(),
        }
    }

    /// An interface, where it is there.
    pub fn interface(&self, name: &str) -> Option<&Interface> {
        self.interfaces.iter().flatten().find(|it| it.name == name)
    }

    /// Why an address is taken for nothing new.
    pub fn unusable(&self, address: IpAddr) -> Option<&Unusable> {
        self.unusable.iter().flatten().find(|it| it.net.addr() == address)
    }
}

fn owned((one, two): (&str, &str)) -> (String, String) {
    (one.to_owned(), two.to_owned())
}

fn interface(line: &str) -> Option<Interface> {
    let mut words = line.split_whitespace();
    let (name, flags) = (words.next()?, words.next()?);
    let has = |flag: &str| flags.trim_matches(['<', '>']).split(',').any(|one| one == flag);
    Some(Interface { name: name.to_owned(), is_up: has("UP"), has_carrier: !has("NO-CARRIER") })
}

fn unusable(line: &str) -> Option<Unusable> {
    let mut words = line.split_whitespace();
    let (net, interface, why) = (words.next()?, words.next()?, words.next()?);
    let net = parse::network(net)?;
    Some(Unusable { net, interface: interface.to_owned(), why: why.to_owned() })
}

/// `32768 60999`, or one port.
fn range(text: &str, between: char) -> Option<(u16, u16)> {
    let (first, last) = text.trim().split_once(between).unwrap_or((text.trim(), text.trim()));
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

fn at_boot(line: &str) -> Option<AtBoot> {
    let mut words = line.split_whitespace().map(str::to_owned);
    let (place, file, key, value) = (words.next()?, words.next()?, words.next()?, words.next()?);
    Some(AtBoot { place, file, key, value })
}

#[cfg(test)]
mod tests {
    use super::super::Facts;

    #[test]
    fn what_packets_meet_is_read() {
        let text = "facts 1\nlink_flags -\nlink_flags lo <LOOPBACK,UP,LOWER_UP>\nlink_flags eth0 <NO-CARRIER,BROADCAST,UP>\n\
                    link_flags eth1 <BROADCAST>\nunusable 10.0.0.5/24 eth0 deprecated\n\
                    rule 100: from all to 10.244.0.0/16 lookup 7\ntable 7 default via 10.0.0.1 dev wg0\n\
                    filter -\nfilter nft :FORWARD DROP [0:0]\nsysctl net.ipv4.ip_local_port_range 1024 65535\n\
                    sysctl net.ipv4.ip_local_reserved_ports 6443,10248-10260\n\
                    boot_sysctl -\nboot_sysctl 99-x.conf /etc/sysctl.d/99-x.conf net.ipv4.ip_forward 0\n\
                    kubelet_proxy -\nkubelet_proxy /etc/x.conf http_proxy=http://p:3128\nend\n";
        let packets = Facts::parse(text).unwrap().packets;
        let lo = packets.interface("lo").unwrap();
        assert!(lo.is_up && lo.has_carrier);
        let (eth0, eth1) = (packets.interface("eth0").unwrap(), packets.interface("eth1").unwrap());
        assert!(eth0.is_up && !eth0.has_carrier && !eth1.is_up);
        assert_eq!(packets.unusable("10.0.0.5".parse().unwrap()).unwrap().why, "deprecated");
        assert_eq!(packets.tables[0].1.interface.as_deref(), Some("wg0"));
        assert_eq!(packets.filter.unwrap()[0].1, ":FORWARD DROP [0:0]");
        assert_eq!(packets.ephemeral, Some((1024, 65535)));
        assert_eq!(packets.reserved, Some(vec![(6443, 6443), (10248, 10260)]));
        assert_eq!(packets.at_boot.unwrap()[0].key, "net.ipv4.ip_forward");
        assert_eq!(packets.kubelet_proxies.unwrap()[0].2, "http://p:3128");
        assert_eq!(packets.ruleset, None);
    }
}
