//! Whose a host's networks are: the cluster's, other containers', the owner's.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::super::ranges::{self, Range, Ranges, Use};
use super::super::table;
use super::Host;
use crate::host::inventory::{Kind, Thing};

/// Programs of routers that speak BGP: what they set says so in the same words as Calico's.
const OTHERS_BIRD: [&str; 4] =
    ["/usr/sbin/bird", "/usr/sbin/bird6", "/usr/local/sbin/bird", "/usr/lib/frr/bgpd"];
/// Plugins that put pods into networks that the host's owner has, or may do so (Multus, by what it delegates to).
const OTHERS_NETS: [&str; 7] =
    ["macvlan", "ipvlan", "host-device", "sriov", "vlan", "tap", "multus"];
/// Open vSwitch on the host itself.
const OTHERS_SWITCH: [&str; 4] = [
    "/usr/bin/ovs-vsctl",
    "/usr/sbin/ovs-vswitchd",
    "/usr/local/sbin/ovs-vswitchd",
    "/etc/openvswitch",
];
/// The paths that say something about others.
pub(super) fn asked() -> impl Iterator<Item = &'static str> {
    OTHERS_BIRD.into_iter().chain(OTHERS_SWITCH)
}

impl<'a> Host<'a> {
    /// The cluster's networks, and those of others.
    pub(in crate::residue) fn ranges(&self) -> &Ranges {
        &self.ranges
    }

    /// Whether the operator's own login comes from there.
    pub(in crate::residue) fn is_peers(&self, net: &IpNet) -> bool {
        self.peer().is_some_and(|ip| net.contains(&ip))
    }

    /// Whether the host could not say where it comes from.
    pub(in crate::residue) fn is_peer_unknown(&self) -> bool {
        self.peer().is_none() && self.of(Kind::Fact).any(|it| it.name == "peer")
    }

    fn peer(&self) -> Option<IpAddr> {
        self.fact("peer").split('%').next()?.parse().ok()
    }

    /// Whether the default route leads by this neighbour.
    pub(in crate::residue) fn is_gateway(&self, ip: IpAddr) -> bool {
        self.fact("gateways").split_whitespace().any(|it| it.parse() == Ok(ip))
    }

    /// What says that the owner has a router of his own that speaks BGP, on this host itself or in a container.
    pub(in crate::residue) fn own_router(&self) -> Option<String> {
        let path = OTHERS_BIRD.into_iter().find(|path| self.path(path).is_some());
        path.map(|path| format!("`{path}` is there")).or_else(|| {
            let name = self.fact("routers").split_whitespace().next()?;
            Some(format!("a `{name}` runs that is no pod's"))
        })
    }

    /// Whether flannel itself wrote down what is read from there: `subnet.env`, `net-conf.json`, or a configuration with its plugin.
    pub(in crate::residue) fn is_flannels(&self, from: &str) -> bool {
        let is_its = |it: &Thing| it.get("plugins").split(',').any(|plugin| plugin == "flannel");
        from.starts_with("/run/flannel/")
            || from.ends_with("/net-conf.json")
            || self.of(Kind::Network).any(|it| it.name == from && is_its(it))
    }

    /// A program of a switch that the owner has on this host itself.
    pub(in crate::residue) fn own_switch(&self) -> Option<&'static str> {
        OTHERS_SWITCH.into_iter().find(|path| self.path(path).is_some())
    }

    /// Networks that configurations of pods' networks name are the cluster's; those of other containers, and of links that are not the
    /// cluster's, are somebody else's.
    pub(in crate::residue) fn find_ranges(&self) -> Ranges {
        let mut ranges = Ranges::of(self.inventory, self.past.ranges());
        let has_others =
            |it: &Thing| it.get("plugins").split(',').any(|it| OTHERS_NETS.contains(&it));
        for network in self.of(Kind::Network) {
            for net in network.get("subnets").split_whitespace() {
                match self.network(network) {
                    Some(true) if has_others(network) => {}
                    Some(true) => ranges.add(Range::new(Use::Pods, net, &network.name)),
                    Some(false) => {
                        ranges.take(net, format!("the network `{}`", network.get("network")));
                    }
                    None => {}
                }
            }
        }
        // A plugin that gives each pod a network of its own says nothing of all of them.
        for note in self.of(Kind::Attachment).filter(|it| it.is("pod")) {
            // Where pods may have more than one, and the owner's own, what says nothing of it is no proof.
            let name = note.get("network");
            let mut others = self.of(Kind::Network).filter(|it| has_others(it));
            let is_plain = |it: &Thing| {
                it.get("network") == name && !has_others(it) && self.network(it) == Some(true)
            };
            if others.next().is_some() && !self.of(Kind::Network).any(is_plain) {
                continue;
            }
            let range = Range::new(Use::Pods, note.get("subnet"), &note.name);
            ranges.add(range.filter(|it| !ranges::is_one(&it.net)));
        }
        for link in self.of(Kind::Link).filter(|it| !table::is_clusters_link(it, self)) {
            for address in link.get("addresses").split_whitespace() {
                let is_kernels = link.name == "lo"
                    || (link.name == "tunl0"
                        && ranges::parsed(address).is_some_and(|it| ranges::is_one(&it)));
                if !is_kernels {
                    ranges.take(address, format!("`{}`", link.name));
                }
            }
        }
        ranges
    }

    /// Networks of containers that are not Kubernetes', by name.
    pub(in crate::residue) fn other_networks(&self) -> BTreeSet<&'a str> {
        let configured = self
            .of(Kind::Network)
            .filter(|it| self.network(it) == Some(false))
            .map(|it| it.get("network"));
        let used = self.of(Kind::Attachment).filter(|it| !it.is("pod")).map(|it| it.get("network"));
        configured.chain(used).filter(|name| !name.is_empty()).collect()
    }

    /// Networks of pods, by name.
    pub(in crate::residue) fn pod_networks(&self) -> BTreeSet<&'a str> {
        let configured = self
            .of(Kind::Network)
            .filter(|it| self.network(it) == Some(true))
            .map(|it| it.get("network"));
        let used = self.of(Kind::Attachment).filter(|it| it.is("pod")).map(|it| it.get("network"));
        configured.chain(used).filter(|name| !name.is_empty()).collect()
    }

    /// Containers of pods that have an address.
    pub(in crate::residue) fn pod_ids(&self) -> impl Iterator<Item = &'a str> {
        self.of(Kind::Attachment).filter(|it| it.is("pod")).map(|it| it.get("id"))
    }

    /// Whether a network configuration is of pods (`true`), of others (`false`), or nobody knows.
    ///
    /// Sources: the files that the projects ship (flannel's and Calico's manifests, Cilium's `05-cilium.conflist`, Weave's, kube-router's,
    /// podman's `87-podman.conflist`, nerdctl's `nerdctl-*.conflist`, CRI-O's `100-crio-bridge.conflist`).
    pub(in crate::residue) fn network(&self, thing: &Thing) -> Option<bool> {
        const PODS: [&str; 11] = [
            "flannel",
            "calico",
            "calico-ipam",
            "cilium-cni",
            "weave-net",
            "kube-ovn",
            "multus",
            "antrea",
            "kube-router",
            "aws-cni",
            "terway",
        ];
        let (name, file) =
            (thing.get("network"), thing.name.rsplit('/').next().unwrap_or_default());
        if name == "podman" || file.contains("podman") || file.starts_with("nerdctl-") {
            return Some(false);
        }
        // kube-router's own file has the standard plugins in it.
        if thing.get("plugins").split(',').any(|plugin| PODS.contains(&plugin))
            || file.starts_with("10-kuberouter.conf")
        {
            return Some(true);
        }
        let mut users =
            self.of(Kind::Attachment).filter(|it| it.get("network") == name).map(|it| it.is("pod"));
        match users.next() {
            Some(first) if users.all(|pod| pod == first) => Some(first),
            _ => None,
        }
    }
}
