//! Which ways between hosts are tried: what goes over the network in a cluster, as a table, and of all pairs of
//! hosts so many as a preflight has time for.

use std::net::IpAddr;

use crate::cluster::{API_PORT, Cluster, LoadBalancer, Plugin};
use crate::host::ways::Protocol;

/// Up to this many hosts each is tried from each; of more, each from a few.
const FULL: usize = 12;

/// Where nobody's port is: the last of those that services may have on nodes (kubeadm's page of ports and
/// protocols wants them open between nodes), which the API server gives out last by chance alone.
pub const POD_PORT: u16 = 32767;

/// A small datagram: what it says, and filling.
const SMALL: usize = 64;

/// Who is at an end of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    ControlPlane,
    Worker,
    Any,
    /// The host that serves the bundle to the others.
    Server,
}

/// What says which traffic a cluster has.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// What the user asked for.
    pub cluster: &'a Cluster,
    /// Whether the cluster is another tool's, with a pod network of its own.
    pub foreign: bool,
}

/// Something that goes over the network.
struct Traffic {
    from: Who,
    to: Who,
    protocol: Protocol,
    /// 0 is the port that the bundle is served on.
    port: u16,
    purpose: &'static str,
    when: fn(Setting<'_>) -> bool,
}

const ALWAYS: fn(Setting<'_>) -> bool = |_| true;
/// Behind somebody's own load balancer hosts need not reach the control planes themselves.
const DIRECT: fn(Setting<'_>) -> bool = |it| it.cluster.load_balancer != LoadBalancer::External;
const OWN_ETCD: fn(Setting<'_>) -> bool = |it| it.cluster.external_etcd().is_none();
const ROUTED: fn(Setting<'_>) -> bool =
    |it| it.cluster.network.plugin == Plugin::Bridge && !it.foreign;
const SERVED: fn(Setting<'_>) -> bool =
    |it| it.cluster.serve.is_some() && it.cluster.bundle.is_some();

/// Source: kubernetes.io, "Ports and Protocols": 6443 of all, 2379-2380 of API server and etcd, 10250 of the
/// control plane. The plugin `bridge` has routes and no tunnel, so pods' packets are plain IP.
const TRAFFIC: &[Traffic] = &[
    Traffic {
        from: Who::ControlPlane,
        to: Who::ControlPlane,
        protocol: Protocol::Tcp,
        port: API_PORT,
        purpose: "the API server",
        when: DIRECT,
    },
    Traffic {
        from: Who::Worker,
        to: Who::ControlPlane,
        protocol: Protocol::Tcp,
        port: API_PORT,
        purpose: "the API server",
        when: DIRECT,
    },
    Traffic {
        from: Who::ControlPlane,
        to: Who::ControlPlane,
        protocol: Protocol::Tcp,
        port: 2379,
        purpose: "etcd's clients",
        when: OWN_ETCD,
    },
    Traffic {
        from: Who::ControlPlane,
        to: Who::ControlPlane,
        protocol: Protocol::Tcp,
        port: 2380,
        purpose: "etcd's members",
        when: OWN_ETCD,
    },
    Traffic {
        from: Who::ControlPlane,
        to: Who::Any,
        protocol: Protocol::Tcp,
        port: 10250,
        purpose: "the kubelet",
        when: ALWAYS,
    },
    Traffic {
        from: Who::Any,
        to: Who::Server,
        protocol: Protocol::Tcp,
        port: 0,
        purpose: "the bundle, which it serves",
        when: SERVED,
    },
    Traffic {
        from: Who::Any,
        to: Who::Any,
        protocol: Protocol::Tcp,
        port: POD_PORT,
        purpose: "pods and services",
        when: ROUTED,
    },
    Traffic {
        from: Who::Any,
        to: Who::Any,
        protocol: Protocol::Udp,
        port: POD_PORT,
        purpose: "pods and services",
        when: ROUTED,
    },
    Traffic {
        from: Who::Any,
        to: Who::Any,
        protocol: Protocol::Large,
        port: POD_PORT,
        purpose: "pods and services",
        when: ROUTED,
    },
];

/// A host, as far as ways go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    /// Whether it carries the control plane.
    pub control_plane: bool,
    /// Whether it serves the bundle.
    pub serves: bool,
    /// Its address as a node; without one it has no part.
    pub address: Option<IpAddr>,
    /// The largest packet that its interface sends.
    pub mtu: Option<u32>,
    /// Which machine it is: hosts that are one machine talk over no network.
    pub machine: usize,
    /// Whether it is a node already: between two of these everything is as it was.
    pub joined: bool,
}

/// A way to try, by the hosts' places in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// From where.
    pub from: usize,
    /// Where to.
    pub to: usize,
    /// How.
    pub protocol: Protocol,
    /// Which port there.
    pub port: u16,
    /// Who goes that way.
    pub purpose: &'static str,
    /// How many bytes a datagram has.
    pub size: usize,
}

/// The ways to try. With many hosts their number grows like that of the hosts: every worker tries every control
/// plane, each kubelet is tried from one control plane, and pods' ways go round in two rings.
#[must_use]
pub fn plan(setting: Setting<'_>, stations: &[Station]) -> Vec<Planned> {
    let mut ways = Vec::new();
    for traffic in TRAFFIC.iter().filter(|traffic| (traffic.when)(setting)) {
        let all = |who: Who| {
            let fits = move |it: &&usize| who.is(&stations[**it]);
            (0..stations.len()).collect::<Vec<_>>().iter().filter(fits).copied().collect::<Vec<_>>()
        };
        for (from, to) in traffic.pairs(&all(traffic.from), &all(traffic.to)) {
            let (one, two) = (&stations[from], &stations[to]);
            let (Some(here), Some(there)) = (one.address, two.address) else { continue };
            let apart = from != to && one.machine != two.machine && here != there;
            if !apart || (one.joined && two.joined) || here.is_ipv6() != there.is_ipv6() {
                continue;
            }
            let Some(size) = size(traffic.protocol, one) else { continue };
            let port = match (traffic.to, &setting.cluster.serve) {
                (Who::Server, Some(serve)) => serve.port,
                _ => traffic.port,
            };
            let (protocol, purpose) = (traffic.protocol, traffic.purpose);
            ways.push(Planned { from, to, protocol, port, purpose, size });
        }
    }
    ways
}

/// The TCP ports of a host that another goes to, by whether each carries the control plane; without those of pods.
#[must_use]
pub fn ports(setting: Setting<'_>, from: bool, to: bool) -> Vec<u16> {
    let all = TRAFFIC.iter().filter(|it| (it.when)(setting) && it.protocol == Protocol::Tcp);
    let hosts = all.filter(|it| it.port != POD_PORT && it.from.may_be(from) && it.to.may_be(to));
    hosts.map(|it| it.port).collect()
}

/// What is in a packet besides its headers: of IP 20 bytes, or 40, and of UDP 8. Packets of loopback's size are no
/// network's.
fn size(protocol: Protocol, from: &Station) -> Option<usize> {
    if protocol != Protocol::Large {
        return Some(SMALL);
    }
    let mtu = usize::try_from(from.mtu?).ok().filter(|mtu| (576..=9216).contains(mtu))?;
    Some(mtu - if from.address?.is_ipv6() { 48 } else { 28 })
}

impl Who {
    /// Whether it is a host by its role alone.
    fn may_be(self, control_plane: bool) -> bool {
        match self {
            Self::ControlPlane => control_plane,
            Self::Worker => !control_plane,
            Self::Any => true,
            Self::Server => false,
        }
    }

    fn is(self, it: &Station) -> bool {
        match self {
            Self::Server => it.serves,
            other => other.may_be(it.control_plane),
        }
    }
}

impl Traffic {
    fn pairs(&self, from: &[usize], to: &[usize]) -> Vec<(usize, usize)> {
        let every = || from.iter().flat_map(|one| to.iter().map(move |two| (*one, *two)));
        match (self.from, self.to) {
            (Who::Any, Who::Any) if from.len() > FULL => {
                let count = from.len();
                let next = |place: usize, stride: usize| from[(place + stride) % count];
                let both = |place: usize| [1, count / 2].map(|by| (from[place], next(place, by)));
                (0..count).flat_map(both).collect()
            }
            (Who::ControlPlane, Who::Any) if to.len() > FULL && !from.is_empty() => {
                let spread = |(place, two): (usize, &usize)| (from[place % from.len()], *two);
                let among = every().filter(|(_, two)| from.contains(two));
                let others = to.iter().enumerate().map(spread);
                among.chain(others.filter(|(_, two)| !from.contains(two))).collect()
            }
            _ => every().collect(),
        }
    }
}
