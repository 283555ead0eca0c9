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
        self.fact("peer").parse::<IpAddr>().is_ok_and(|ip| net.contains(&ip))
    }

    /// A program of a router, or of a switch, that the owner has on this host itself.
    pub(in crate::residue) fn own_router(&self) -> Option<&'static str> {
        OTHERS_BIRD.into_iter().find(|path| self.path(path).is_some())
    }

    pub(in crate::residue) fn own_switch(&self) -> Option<&'static str> {
        OTHERS_SWITCH.into_iter().find(|path| self.path(path).is_some())
    }

    /// Networks that configurations of pods' networks name are the cluster's; those of other containers, and of links that are not the
    /// cluster's, are somebody else's.
    pub(in crate::residue) fn find_ranges(&self) -> Ranges {
        let mut ranges = Ranges::of(self.inventory, self.past.ranges());
        for network in self.of(Kind::Network) {
            for net in network.get("subnets").split_whitespace() {
                match self.network(network) {
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
