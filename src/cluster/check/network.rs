//! `spec.network`: each network by itself, against the others, and against the hosts.

use std::net::IpAddr;

use ipnet::IpNet;

use super::subnet::{Given, overlap};
use super::{Check, names};
use crate::cluster::free::Node;
use crate::cluster::mistake::quote;
use crate::cluster::nearest::{nearest, one_of};
use crate::cluster::yaml::{At, Spot};
use crate::cluster::{Network, Plugin, ProxyMode, Subnets, Version, raw};

const POD_SUBNETS: [&str; 2] = ["10.244.0.0/16", "fd00:10:244::/56"];
const SERVICE_SUBNETS: [&str; 2] = ["10.96.0.0/16", "fd00:10:96::/112"];
const DNS_DOMAIN: &str = "cluster.local";
/// kube-controller-manager cannot cut a network into more than 2^16 shares (`subNetMaxDiff`).
const MOST_SHARES: u8 = 16;
/// kubeadm wants at least ten service addresses and at most 2^20 (`ValidateIPNetFromString`,
/// `MinimumAddressesInServiceSubnet`, `MaximumBitsForServiceSubnet`), and so does the API server.
const SERVICE_PREFIXES: std::ops::RangeInclusive<u8> = 12..=28;
const SERVICE_PREFIXES_V6: std::ops::RangeInclusive<u8> = 108..=124;

impl Check<'_> {
    pub(super) fn network(
        &mut self,
        spec: &raw::Spec,
        version: Option<&Version>,
    ) -> Option<Network> {
        let default = raw::Network::default();
        let given = spec.network.as_ref().unwrap_or(&default);
        self.word(given.plugin.as_ref(), "spec.network.plugin", &["bridge"]);
        let dns_domain = given.dns_domain.as_ref();
        let dns_domain = self.optional(dns_domain, "a DNS domain", names::subdomain);
        let proxy_mode = self.proxy_mode(given.proxy_mode.as_ref(), version);
        self.proxy_mode_once(spec, proxy_mode);
        let pods = self.subnets(given.pod_subnet.as_ref(), POD_SUBNETS[0]);
        let services = self.subnets(given.service_subnet.as_ref(), SERVICE_SUBNETS[0]);
        // What is not given is of the families of what is.
        let like = |other: &Option<Option<Given>>, defaults| {
            let nets = other.as_ref().and_then(|other| other.as_ref()).map(|other| other.nets);
            default_subnets(defaults, nets)
        };
        let (like_services, like_pods) =
            (like(&services, POD_SUBNETS), like(&pods, SERVICE_SUBNETS));
        let pods = pods.unwrap_or(like_services);
        let services = services.unwrap_or(like_pods);
        if let (Some(pods), Some(services)) = (&pods, &services) {
            self.apart(pods, services);
            self.same_families(pods, services);
        }
        let hosts = spec.hosts.as_ref().map(|hosts| hosts.value.as_slice()).unwrap_or_default();
        if let Some(pods) = &pods {
            for net in pods.nets.iter() {
                self.room_for_nodes(pods, net, hosts.len(), node_prefix(spec, net));
            }
            self.hosts_outside("podSubnet", pods, hosts);
            self.node_masks(spec, pods);
        }
        if let Some(services) = &services {
            for net in services.nets.iter() {
                self.room_for_services(services, net);
            }
            self.hosts_outside("serviceSubnet", services, hosts);
        }
        Some(Network {
            plugin: Plugin::Bridge,
            pod_subnet: pods?.nets,
            service_subnet: services?.nets,
            proxy_mode: proxy_mode?,
            dns_domain: dns_domain.unwrap_or_else(|| DNS_DOMAIN.to_owned()),
        })
    }

    /// A mode that this version of kube-proxy has.
    fn proxy_mode(
        &mut self,
        given: Option<&At<String>>,
        version: Option<&Version>,
    ) -> Option<ProxyMode> {
        let Some(given) = given else { return Some(ProxyMode::default()) };
        let words = ProxyMode::WORDS.map(|(word, _)| word);
        let found = ProxyMode::WORDS.into_iter().find(|(word, _)| *word == given.value);
        let Some((word, mode)) = found else {
            let message = format!("{} is no mode of kube-proxy", quote(&given.value));
            self.wrong(given.spot, message, |it| {
                it.found(&given.value)
                    .expected(one_of(&words))
                    .nearest(nearest(&given.value, &words))
            });
            return None;
        };
        if let Some(version) = version.filter(|version| version.minor() < mode.since()) {
            let since = mode.since();
            let message =
                format!("kube-proxy {version} has no mode `{word}`: it came with v1.{since}");
            self.wrong(given.spot, message, |it| {
                it.found(word).expected(format!("`iptables` or `ipvs`, or Kubernetes v1.{since}"))
            });
            return None;
        }
        Some(mode)
    }

    /// What kube-proxy's own configuration may say of it: the same.
    fn proxy_mode_once(&mut self, spec: &raw::Spec, mode: Option<ProxyMode>) {
        let own = spec.kubernetes.as_ref().and_then(|it| it.value.kube_proxy.as_ref());
        let own = own.and_then(|own| own.value.get("mode"));
        let is_same = |own: &&At<Node>| matches!((&own.value, mode), (Node::Text(text), Some(mode)) if text == mode.word());
        if let Some(own) = own.filter(|own| !is_same(own)) {
            self.wrong(own.spot, "`mode` is set by bivouac", |it| {
                it.expected("`spec.network.proxyMode`")
            });
        }
    }

    fn apart(&mut self, pods: &Given, services: &Given) {
        let pairs = || {
            let of = |pod: IpNet| services.nets.iter().map(move |service| (pod, service));
            pods.nets.iter().flat_map(of)
        };
        let Some((pod, service)) = pairs().find(|(pod, service)| overlap(*pod, *service)) else {
            return;
        };
        let from = |given: &Given| if given.spot.is_some() { "" } else { " (the default)" };
        let message = format!(
            "the networks overlap: `podSubnet` is `{pod}`{}, `serviceSubnet` is `{service}`{}",
            from(pods),
            from(services)
        );
        let (spot, net) =
            if is_last(pods, services) { (pods.spot, pod) } else { (services.spot, service) };
        self.wrong(spot.unwrap_or_default(), message, |it| {
            it.found(&net.to_string()).expected("networks that share no address")
        });
    }

    /// Each service has addresses of the pods' families; whose is first is the cluster's own.
    fn same_families(&mut self, pods: &Given, services: &Given) {
        let families = |given: &Given| (given.nets.is_v6_first(), given.nets.is_dual());
        if families(pods) == families(services) {
            return;
        }
        let message = format!(
            "`podSubnet` `{}` and `serviceSubnet` `{}` are not of the same families",
            pods.nets, services.nets
        );
        let last = if is_last(pods, services) { pods } else { services };
        self.wrong(last.spot.unwrap_or_default(), message, |it| {
            it.found(&last.nets.to_string())
                .expected("in both one network of IPv4, or two, in the same order")
        });
    }

    fn room_for_nodes(&mut self, pods: &Given, net: IpNet, hosts: usize, node_prefix: u8) {
        let prefix = net.prefix_len();
        let spot = pods.spot.unwrap_or_default();
        let shares = node_prefix.checked_sub(prefix);
        if shares.is_some_and(|bits| bits > MOST_SHARES) {
            let message = format!("`{net}` is too large for `podSubnet`");
            let most = node_prefix - MOST_SHARES;
            self.wrong(spot, message, |it| {
                it.found(&net.to_string()).expected(format!("at most a /{most}"))
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
            .and_then(|enough| IpNet::new(net.addr(), enough).ok())
            .map(|net| net.trunc().to_string());
        let message = format!(
            "`podSubnet` `{net}` is too small: each node takes a /{node_prefix} of it, so that it has \
             room for {room} of the {hosts} hosts"
        );
        self.wrong(spot, message, |it| {
            let enough = enough.unwrap_or(MOST_SHARES);
            it.found(&net.to_string()).expected(format!("a /{enough} or larger")).nearest(near)
        });
    }

    fn room_for_services(&mut self, services: &Given, net: IpNet) {
        let prefixes = match net {
            IpNet::V4(_) => SERVICE_PREFIXES,
            IpNet::V6(_) => SERVICE_PREFIXES_V6,
        };
        if prefixes.contains(&net.prefix_len()) {
            return;
        }
        let small = net.prefix_len() > *prefixes.end();
        let what = if small { "too small" } else { "too large" };
        let message = format!("`{net}` is {what} for `serviceSubnet`");
        self.wrong(services.spot.unwrap_or_default(), message, |it| {
            it.found(&net.to_string()).expected(format!(
                "a prefix length from /{} to /{}",
                prefixes.start(),
                prefixes.end()
            ))
        });
    }

    fn hosts_outside(&mut self, field: &str, subnets: &Given, hosts: &[At<raw::Host>]) {
        for address in hosts.iter().filter_map(|host| host.value.address.as_ref()) {
            let Ok(ip) = address.value.parse::<IpAddr>() else { continue };
            let Some(net) = subnets.nets.iter().find(|net| net.contains(&ip.to_canonical())) else {
                continue;
            };
            let message = format!("the host {} lies in `{field}` `{net}`", quote(&address.value));
            self.wrong(address.spot, message, |it| {
                it.found(&address.value)
                    .expected(format!("a `{field}` that no host's address is in"))
            });
        }
    }

    /// With two families kube-controller-manager takes one size of a node's share for each, and refuses the
    /// flag that means both (cmd/kube-controller-manager/app/core.go, `setNodeCIDRMaskSizesDualStack`).
    fn node_masks(&mut self, spec: &raw::Spec, pods: &Given) {
        let asked = argument(spec, "controllerManager", &["node-cidr-mask-size"]);
        if let Some((spot, _)) = asked.filter(|_| pods.nets.is_dual()) {
            let message = "`node-cidr-mask-size` does not say of which family, and there are two";
            self.wrong(spot, message, |it| {
                it.expected("`node-cidr-mask-size-ipv4` and `node-cidr-mask-size-ipv6`")
            });
        }
    }
}

/// Networks for what was not given, of the families of what was.
fn default_subnets(defaults: [&str; 2], like: Option<Subnets>) -> Option<Given> {
    let nets = match like {
        Some(like) if like.is_v6_first() => format!("{},{}", defaults[1], defaults[0]),
        Some(like) if like.is_dual() => defaults.join(","),
        _ => defaults[0].to_owned(),
    };
    nets.parse().ok().map(|nets| Given { nets, spot: None })
}

/// Whether the first was written later: that one is to be looked at.
fn is_last(one: &Given, other: &Given) -> bool {
    let place = |given: &Given| given.spot.map(|spot| (spot.line, spot.column));
    place(one) > place(other)
}

/// Prefix length of a node's share of a pod subnet: what the user asked kube-controller-manager for, or its
/// defaults (`DefaultNodeMaskCIDRIPv4`, `DefaultNodeMaskCIDRIPv6`).
fn node_prefix(spec: &raw::Spec, net: IpNet) -> u8 {
    let (names, most, usual): (&[&str], _, _) = match net {
        IpNet::V4(_) => (&["node-cidr-mask-size", "node-cidr-mask-size-ipv4"], 30, 24),
        IpNet::V6(_) => (&["node-cidr-mask-size-ipv6"], 126, 64),
    };
    let asked = argument(spec, "controllerManager", names).and_then(|(_, value)| match value {
        Node::Text(text) => text.parse().ok(),
        Node::Number(number) => u8::try_from(number.as_u64()?).ok(),
        _ => None,
    });
    asked.filter(|prefix| (1..=most).contains(prefix)).unwrap_or(usual)
}

/// What the user gives a component by one of these names, in either form of `extraArgs` (a mapping up to
/// v1beta3, a list of names and values from v1beta4 on).
pub(super) fn argument<'a>(
    spec: &'a raw::Spec,
    component: &str,
    names: &[&str],
) -> Option<(Spot, &'a Node)> {
    let kubeadm = &spec.kubernetes.as_ref()?.value.kubeadm.as_ref()?.value;
    let is_it = |arg: &&At<Node>| matches!(arg.value.get("name"), Some(Node::Text(name)) if names.contains(&name.as_str()));
    let Node::Map(component) = &kubeadm.get(component)?.value else { return None };
    match &component.get("extraArgs")?.value {
        Node::List(list) => {
            let item = list.iter().find(is_it)?;
            Some((item.spot, item.value.get("value")?))
        }
        Node::Map(map) => {
            let item = names.iter().find_map(|name| map.get(*name))?;
            Some((item.spot, &item.value))
        }
        _ => None,
    }
}
