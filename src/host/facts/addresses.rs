//! Addresses and routes, and which of a host's addresses is the node's.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Facts;

/// An address of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `eth0`.
    pub interface: String,
    /// The address with its prefix: `10.89.7.11/24`.
    pub net: IpNet,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Where to; `None` is the default route.
    pub destination: Option<IpNet>,
    /// Through which interface; `None` for routes that lead nowhere, and for several hops.
    pub interface: Option<String>,
    /// The source address that it prefers.
    pub source: Option<IpAddr>,
    /// Whether it is an IPv6 route.
    pub ipv6: bool,
    /// Whether another machine is the next hop.
    pub gateway: bool,
}

impl Facts {
    /// Addresses that others can reach: not loopback, not link-local.
    pub fn global_addresses(&self) -> impl Iterator<Item = &Address> {
        self.addresses.iter().flatten().filter(|address| match address.net.addr() {
            IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
            IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local(),
        })
    }

    /// The default route, IPv4 first.
    pub fn default_route(&self) -> Option<&Route> {
        let defaults = || self.routes.iter().flatten().filter(|r| r.destination.is_none());
        defaults().find(|route| !route.ipv6).or_else(|| defaults().next())
    }

    /// The node's address: the one that SSH connects to where that is the host's own, else the
    /// source address of the default route (kubeadm's and kubelet's choice).
    pub fn node_address(&self, ssh_address: &str) -> Option<IpAddr> {
        let own = |ip: &IpAddr| self.global_addresses().any(|address| address.net.addr() == *ip);
        if let Some(ip) = ssh_address.parse().ok().filter(own) {
            return Some(ip);
        }
        let route = self.default_route()?;
        let of_interface = || {
            let mut addresses = self.global_addresses().map(|a| (&a.interface, a.net.addr()));
            let wanted = |(name, ip): &(&String, IpAddr)| {
                Some(*name) == route.interface.as_ref() && ip.is_ipv6() == route.ipv6
            };
            addresses.find(wanted).map(|(_, ip)| ip)
        };
        route.source.or_else(of_interface)
    }

    /// The node's address of one family: the one that SSH connects to where that is the host's own, else the
    /// source address of that family's default route, else one of the interface that the node's address is
    /// on, else any.
    pub fn address_of(&self, ssh_address: &str, v6: bool) -> Option<IpAddr> {
        let fits = |ip: &IpAddr| ip.is_ipv6() == v6;
        if let Some(ip) = self.node_address(ssh_address).filter(fits) {
            return Some(ip);
        }
        let addresses = || self.global_addresses().filter(|address| fits(&address.net.addr()));
        let of = |name: &str| addresses().find(|address| address.interface == name);
        let routes = self.routes.iter().flatten();
        let default = routes.clone().find(|route| route.destination.is_none() && route.ipv6 == v6);
        let source = default.and_then(|route| route.source).filter(fits);
        let by_route = || default.and_then(|route| of(route.interface.as_deref()?));
        let beside = || {
            let node = self.node_address(ssh_address)?;
            let mut all = self.global_addresses();
            of(&all.find(|address| address.net.addr() == node)?.interface)
        };
        let found = || by_route().or_else(beside).or_else(|| addresses().next());
        source.or_else(|| found().map(|address| address.net.addr()))
    }

    /// The networks that one of the host's addresses is on, by its interface's own prefix.
    pub fn networks(&self, address: IpAddr) -> impl Iterator<Item = IpNet> {
        let own = self.addresses.iter().flatten().filter(move |it| it.net.addr() == address);
        own.map(|it| it.net.trunc())
    }
}
