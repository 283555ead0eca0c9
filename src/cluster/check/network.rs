//! `spec.network`: each network by itself, against the other, and against the hosts.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use super::{Check, names};
use crate::cluster::free::Node;
use crate::cluster::mistake::quote;
use crate::cluster::yaml::{At, Spot};
use crate::cluster::{Network, Plugin, raw};

const POD_SUBNET: &str = "10.244.0.0/16";
const SERVICE_SUBNET: &str = "10.96.0.0/16";
const DNS_DOMAIN: &str = "cluster.local";
/// Prefix length of a node's share of the pod subnet: kube-controller-manager's
/// `--node-cidr-mask-size`, whose default is 24.
const NODE_PREFIX: u8 = 24;
/// kube-controller-manager cannot cut a network into more than 2^16 shares (`subNetMaxDiff`).
const MOST_SHARES: u8 = 16;
/// kubeadm wants at least ten service addresses and at most 2^20 (`ValidateIPNetFromString`,
/// `MinimumAddressesInServiceSubnet`, `MaximumBitsForServiceSubnet`).
const SERVICE_PREFIXES: std::ops::RangeInclusive<u8> = 12..=28;
/// Networks that mean something else, and what.
const RESERVED: [(&str, &str); 5] = [
    ("0.0.0.0/8", "this host"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local addresses"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved for later"),
];

/// A network and the place that it was given at; its default has none.
struct Given {
    net: Ipv4Net,
    spot: Option<Spot>,
}

impl Check<'_> {
    pub(super) fn network(&mut self, spec: &raw::Spec) -> Option<Network> {
        let default = raw::Network::default();
        let given = spec.network.as_ref().unwrap_or(&default);
        self.word(given.plugin.as_ref(), "spec.network.plugin", &["bridge"]);
        let dns_domain = given.dns_domain.as_ref();
        let dns_domain = self.optional(dns_domain, "a DNS domain", names::subdomain);
        let pods = self.subnet(given.pod_subnet.as_ref(), "spec.network.podSubnet", POD_SUBNET);
        let services = self.subnet(
            given.service_subnet.as_ref(),
            "spec.network.serviceSubnet",
            SERVICE_SUBNET,
        );
        if let (Some(pods), Some(services)) = (&pods, &services) {
            self.apart(pods, services);
        }
        let hosts = spec.hosts.as_ref().map(|hosts| hosts.value.as_slice()).unwrap_or_default();
        if let Some(pods) = &pods {
            self.room_for_nodes(pods, hosts.len(), node_prefix(spec));
            self.hosts_outside("podSubnet", pods, hosts);
        }
        if let Some(services) = &services {
            self.room_for_services(services);
            self.hosts_outside("serviceSubnet", services, hosts);
        }
        Some(Network {
            plugin: Plugin::Bridge,
            pod_subnet: IpNet::V4(pods?.net),
            service_subnet: IpNet::V4(services?.net),
            dns_domain: dns_domain.unwrap_or_else(|| DNS_DOMAIN.to_owned()),
        })
    }

    /// One network: an IPv4 CIDR without host bits, outside of the reserved ones.
    fn subnet(&mut self, given: Option<&At<String>>, field: &str, default: &str) -> Option<Given> {
        let Some(given) = given.filter(|given| !given.value.is_empty()) else {
            return default.parse().ok().map(|net| Given { net, spot: None });
        };
        let text = given.value.as_str();
        let expected = format!("a network like `{default}`");
        if text.contains(',') {
            let what = format!("dual stack ({} in `{field}`)", quote(text));
            self.not_supported(given.spot, &what, &expected);
            return None;
        }
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let Ok(ip) = address.parse::<IpAddr>() else {
            self.wrong(given.spot, format!("{} is not a network", quote(text)), |it| {
                it.found(text).expected(expected)
            });
            return None;
        };
        let IpAddr::V4(ip) = ip else {
            let what = format!("IPv6 ({} in `{field}`)", quote(text));
            self.not_supported(given.spot, &what, &expected);
            return None;
        };
        // Only the plain spelling: `/016` and `/+16` are somebody's slip.
        let bits = prefix.and_then(|text| text.parse().ok().filter(|n: &u8| n.to_string() == text));
        let Some(net) = bits.and_then(|bits| Ipv4Net::new(ip, bits).ok()) else {
            let what = if prefix.is_none() { "no prefix length" } else { "a bad prefix length" };
            let near = prefix.is_none().then(|| format!("{ip}/16"));
            self.wrong(given.spot, format!("{} has {what}", quote(text)), |it| {
                it.found(text).expected("a prefix length from /0 to /32").nearest(near)
            });
            return None;
        };
        if net.trunc() != net {
            let message =
                format!("{} has host bits set: its network is `{}`", quote(text), net.trunc());
            self.wrong(given.spot, message, |it| {
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
            self.wrong(given.spot, message, |it| {
                it.found(text).expected("a private network, like `10.244.0.0/16`")
            });
            return None;
        }
        Some(Given { net, spot: Some(given.spot) })
    }

    fn apart(&mut self, pods: &Given, services: &Given) {
        if !overlap(pods.net, services.net) {
            return;
        }
        let from = |given: &Given| if given.spot.is_some() { "" } else { " (the default)" };
        let message = format!(
            "the networks overlap: `podSubnet` is `{}`{}, `serviceSubnet` is `{}`{}",
            pods.net,
            from(pods),
            services.net,
            from(services)
        );
        // The one that was written last is the one to be looked at.
        let place = |given: &Given| given.spot.map(|spot| (spot.line, spot.column));
        let last = if place(pods) > place(services) { pods } else { services };
        self.wrong(last.spot.unwrap_or_default(), message, |it| {
            it.found(&last.net.to_string()).expected("networks that share no address")
        });
    }

    fn room_for_nodes(&mut self, pods: &Given, hosts: usize, node_prefix: u8) {
        let prefix = pods.net.prefix_len();
        let spot = pods.spot.unwrap_or_default();
        let shares = node_prefix.checked_sub(prefix);
        if shares.is_some_and(|bits| bits > MOST_SHARES) {
            let message = format!("`{}` is too large for `podSubnet`", pods.net);
            let most = node_prefix - MOST_SHARES;
            self.wrong(spot, message, |it| {
                it.found(&pods.net.to_string()).expected(format!("at most a /{most}"))
            });
            return;
        }
        let room = shares.map_or(0, |bits| 1_usize << bits);
        if room >= hosts {
            return;
        }
        let bits = hosts.next_power_of_two().trailing_zeros();
        let enough = u8::try_from(bits).ok().and_then(|bits| node_prefix.checked_sub(bits));
        let near = enough
            .and_then(|enough| Ipv4Net::new(pods.net.addr(), enough).ok())
            .map(|net| net.trunc().to_string());
        let message = format!(
            "`podSubnet` `{}` is too small: each node takes a /{node_prefix} of it, so that it has \
             room for {room} of the {hosts} hosts",
            pods.net
        );
        self.wrong(spot, message, |it| {
            let enough = enough.unwrap_or(MOST_SHARES);
            it.found(&pods.net.to_string()).expected(format!("a /{enough} or larger")).nearest(near)
        });
    }

    fn room_for_services(&mut self, services: &Given) {
        if SERVICE_PREFIXES.contains(&services.net.prefix_len()) {
            return;
        }
        let small = services.net.prefix_len() > *SERVICE_PREFIXES.end();
        let what = if small { "too small" } else { "too large" };
        let message = format!("`{}` is {what} for `serviceSubnet`", services.net);
        self.wrong(services.spot.unwrap_or_default(), message, |it| {
            it.found(&services.net.to_string()).expected(format!(
                "a prefix length from /{} to /{}",
                SERVICE_PREFIXES.start(),
                SERVICE_PREFIXES.end()
            ))
        });
    }

    fn hosts_outside(&mut self, field: &str, subnet: &Given, hosts: &[At<raw::Host>]) {
        for address in hosts.iter().filter_map(|host| host.value.address.as_ref()) {
            let Ok(ip) = address.value.parse::<IpAddr>() else { continue };
            let inside = matches!(ip.to_canonical(), IpAddr::V4(ip) if subnet.net.contains(&ip));
            if inside {
                let message = format!(
                    "the host {} lies in `{field}` `{}`",
                    quote(&address.value),
                    subnet.net
                );
                self.wrong(address.spot, message, |it| {
                    it.found(&address.value)
                        .expected(format!("a `{field}` that no host's address is in"))
                });
            }
        }
    }
}

/// What the user asked kube-controller-manager for, in either form of `extraArgs` (a mapping up to
/// v1beta3, a list of names and values from v1beta4 on).
fn node_prefix(spec: &raw::Spec) -> u8 {
    const NAMES: [&str; 2] = ["node-cidr-mask-size", "node-cidr-mask-size-ipv4"];
    let asked = || {
        let kubeadm = &spec.kubernetes.as_ref()?.value.kubeadm.as_ref()?.value;
        let args = kubeadm.get("controllerManager")?.value.get("extraArgs")?;
        let named = |arg: &&At<Node>| matches!(arg.value.get("name"), Some(Node::Text(name)) if NAMES.contains(&name.as_str()));
        let value = match args {
            Node::List(list) => list.iter().find(named)?.value.get("value"),
            map => NAMES.iter().find_map(|name| map.get(name)),
        };
        match value? {
            Node::Text(text) => text.parse().ok(),
            Node::Number(number) => u8::try_from(number.as_u64()?).ok(),
            _ => None,
        }
    };
    asked().filter(|prefix| (1..=30).contains(prefix)).unwrap_or(NODE_PREFIX)
}

fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}
