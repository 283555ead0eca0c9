//! Cases of what is known by the pods' network: links, routes, rules, addresses, neighbours.

use super::{Case, case};

/// A host of a cluster whose pods have 10.244.0.0/16, with an address of its own and docker's network, and what else it tells.
macro_rules! host {
    ($($rest:literal),*) => {
        concat!(
            "path;/var/lib/kubelet/config.yaml;type=f|range;10.244.0.0/16;of=pods;from=manifest|range;fd00:244::/48;of=pods;from=manifest\
             |link;eth0;type=;addresses=192.168.7.9/24 fd00:7::9/64 |link;docker0;type=bridge;addresses=172.17.0.1/16 |fact;peer;value=192.168.7.1|",
            $($rest),*
        )
    };
}

pub const CASES: &[Case] = &[
    // Calico's blocks, its own and other nodes'.
    case(
        "Routes",
        host!(
            "path;/var/lib/calico;type=d;empty=no|",
            "route;4 blackhole 10.244.3.64/26 proto bird|route;4 blackhole 10.244.3.0/26 proto 80|route;6 blackhole fd00:244::/122 dev lo proto 80 metric 1024 pref medium|route;4 10.244.9.0/26 via 192.168.7.8 dev eth0 proto bird|route;4 10.244.9.64/26 via 192.168.7.8 dev eth0 proto 80"
        ),
        &[
            "route blackhole 10.244.3.64/26 proto bird: goes",
            "route blackhole 10.244.3.0/26 proto 80: goes",
            "route blackhole fd00:244::/122 dev lo proto 80 metric 1024 pref medium: goes",
            "route 10.244.9.0/26 via 192.168.7.8 dev eth0 proto bird: goes",
            "route 10.244.9.64/26 via 192.168.7.8 dev eth0 proto 80: goes",
        ],
    ),
    // The owner's: beside the network, around it, or of no protocol.
    case(
        "Routes",
        host!(
            "path;/var/lib/calico;type=d;empty=no|",
            "route;4 blackhole 10.0.0.0/8|route;4 blackhole 10.244.3.64/26|route;4 blackhole 10.0.0.0/8 proto bird|route;4 10.245.9.0/26 via 192.168.7.8 dev eth0 proto bird|route;4 blackhole 10.245.0.0/26 proto 80|route;4 10.244.0.0/15 via 192.168.7.8 dev eth0 proto bird|route;4 unreachable 10.244.7.0/24 proto static"
        ),
        &[
            "route blackhole 10.0.0.0/8 proto bird: unsure",
            "route 10.245.9.0/26 via 192.168.7.8 dev eth0 proto bird: unsure",
            "route blackhole 10.245.0.0/26 proto 80: unsure",
            "route 10.244.0.0/15 via 192.168.7.8 dev eth0 proto bird: unsure",
        ],
    ),
    // Nothing else says whose they are.
    case(
        "Routes",
        host!(
            "route;4 blackhole 10.244.3.64/26 proto bird|route;4 10.244.9.0/26 via 192.168.7.8 dev eth0|route;4 10.244.9.0/24 via 192.168.7.8 dev eth0 proto kernel|route;4 10.244.9.0/24 via 192.168.7.8 dev eth0 proto 17"
        ),
        &[
            "route blackhole 10.244.3.64/26 proto bird: unsure",
            "route 10.244.9.0/26 via 192.168.7.8 dev eth0: unsure",
            "route 10.244.9.0/24 via 192.168.7.8 dev eth0 proto kernel: unsure",
            "route 10.244.9.0/24 via 192.168.7.8 dev eth0 proto 17: unsure",
        ],
    ),
    // A BIRD of the owner's writes the same word; nobody else writes the other.
    case(
        "Routes",
        host!(
            "path;/var/lib/calico;type=d;empty=no|",
            "path;/usr/sbin/bird;type=f|",
            "route;4 blackhole 10.244.3.64/26 proto bird|route;4 blackhole 10.244.3.0/26 proto 80"
        ),
        &[
            "route blackhole 10.244.3.64/26 proto bird: unsure",
            "route blackhole 10.244.3.0/26 proto 80: goes",
        ],
    ),
    // flannel's host-gw.
    case(
        "Routes",
        host!(
            "path;/run/flannel;type=d;empty=no|range;10.244.0.0/16;of=pods;from=/run/flannel/subnet.env|range;fd00:244::/48;of=pods;from=/run/flannel/subnet.env|",
            "route;4 10.244.1.0/24 via 192.168.7.8 dev eth0|route;6 fd00:244:0:1::/64 via fd00:7::8 dev eth0 metric 1024 pref medium"
        ),
        &[
            "route 10.244.1.0/24 via 192.168.7.8 dev eth0: goes",
            "route fd00:244:0:1::/64 via fd00:7::8 dev eth0 metric 1024 pref medium: goes",
        ],
    ),
    // The owner's: beside the network, all of it, with a metric, by a router further away, by his own hand.
    case(
        "Routes",
        host!(
            "path;/run/flannel;type=d;empty=no|range;10.244.0.0/16;of=pods;from=/run/flannel/subnet.env|",
            "route;4 10.245.1.0/24 via 192.168.7.8 dev eth0|route;4 10.244.0.0/16 via 192.168.7.254 dev eth0|route;4 10.244.2.0/24 via 192.168.7.8 dev eth0 metric 50|route;4 10.244.2.0/24 via 10.9.9.9 dev eth0|route;4 10.244.2.0/24 via 192.168.7.8 dev eth0 proto static"
        ),
        &[
            "route 10.244.0.0/16 via 192.168.7.254 dev eth0: unsure",
            "route 10.244.2.0/24 via 192.168.7.8 dev eth0 metric 50: unsure",
            "route 10.244.2.0/24 via 10.9.9.9 dev eth0: unsure",
        ],
    ),
    // A static route of his in a wide network, whoever wrote that down: by his gateway, to one host, to more than one node has; one in which flannel is not.
    case(
        "Routes",
        host!(
            "path;/run/flannel;type=d;empty=no|range;192.168.0.0/16;of=pods;from=/run/flannel/subnet.env|link;eth2;type=;addresses=10.0.0.5/24 |fact;gateways;value=10.0.0.1 |",
            "route;4 192.168.50.0/24 via 10.0.0.1 dev eth2|route;4 192.168.60.7 via 10.0.0.2 dev eth2|route;4 192.168.64.0/18 via 10.0.0.2 dev eth2"
        ),
        &[
            "route 192.168.50.0/24 via 10.0.0.1 dev eth2: unsure",
            "route 192.168.60.7 via 10.0.0.2 dev eth2: unsure",
            "route 192.168.64.0/18 via 10.0.0.2 dev eth2: unsure",
        ],
    ),
    case(
        "Routes",
        host!(
            "path;/run/flannel;type=d;empty=no|range;10.0.0.0/8;of=pods;from=/run/flannel/subnet.env|fact;gateways;value=192.168.7.254 |",
            "route;4 10.20.1.0/24 via 192.168.7.254 dev eth0|route;4 10.20.2.7 via 192.168.7.8 dev eth0|route;4 10.64.0.0/18 via 192.168.7.8 dev eth0|route;4 10.20.3.0/24 via 192.168.7.8 dev eth0"
        ),
        &[
            "route 10.20.1.0/24 via 192.168.7.254 dev eth0: unsure",
            "route 10.20.2.7 via 192.168.7.8 dev eth0: unsure",
            "route 10.64.0.0/18 via 192.168.7.8 dev eth0: unsure",
            "route 10.20.3.0/24 via 192.168.7.8 dev eth0: goes",
        ],
    ),
    case(
        "Routes",
        host!(
            "path;/run/flannel;type=d;empty=no|network;/etc/cni/net.d/10-f.conflist;network=f;plugins=flannel,;subnets=10.246.0.0/16 |",
            "route;4 10.244.1.0/24 via 192.168.7.8 dev eth0|route;4 10.246.1.0/24 via 192.168.7.8 dev eth0"
        ),
        &[
            "route 10.244.1.0/24 via 192.168.7.8 dev eth0: unsure",
            "route 10.246.1.0/24 via 192.168.7.8 dev eth0: goes",
        ],
    ),
    // Nor does a protocol speak for what is no node's share, or leads by the gateway.
    case(
        "Routes",
        host!(
            "path;/var/lib/calico;type=d;empty=no|path;/run/cilium;type=d;empty=no|path;/var/lib/kube-router;type=d|range;10.0.0.0/8;of=pods;from=x|fact;gateways;value=192.168.7.254 |",
            "route;4 10.66.0.0/16 via 192.168.7.8 dev eth0 proto bird|route;4 blackhole 10.67.0.0/16 proto 80|route;4 10.68.0.0/24 via 192.168.7.254 dev eth0 proto kernel|route;4 10.69.0.0/24 via 192.168.7.254 dev eth0 proto 17|route;4 10.70.0.0/26 via 192.168.7.254 dev eth0 proto 80"
        ),
        &[
            "route 10.66.0.0/16 via 192.168.7.8 dev eth0 proto bird: unsure",
            "route blackhole 10.67.0.0/16 proto 80: unsure",
            "route 10.68.0.0/24 via 192.168.7.254 dev eth0 proto kernel: unsure",
            "route 10.69.0.0/24 via 192.168.7.254 dev eth0 proto 17: unsure",
            "route 10.70.0.0/26 via 192.168.7.254 dev eth0 proto 80: unsure",
        ],
    ),
    // A BIRD of the owner's in a container.
    case(
        "Routes",
        host!(
            "path;/var/lib/calico;type=d;empty=no|fact;routers;value= bird|",
            "route;4 10.244.9.0/26 via 192.168.7.8 dev eth0 proto bird|route;4 10.244.9.64/26 via 192.168.7.8 dev eth0 proto 80"
        ),
        &[
            "route 10.244.9.0/26 via 192.168.7.8 dev eth0 proto bird: unsure",
            "route 10.244.9.64/26 via 192.168.7.8 dev eth0 proto 80: goes",
        ],
    ),
    // By a VPN.
    case(
        "Routes",
        host!(
            "path;/run/flannel;type=d;empty=no|range;10.244.0.0/16;of=pods;from=/run/flannel/subnet.env|",
            "link;wg0;type=wireguard;addresses=10.99.0.1/24 |",
            "route;4 10.244.2.0/24 via 10.99.0.2 dev wg0"
        ),
        &["route 10.244.2.0/24 via 10.99.0.2 dev wg0: unsure"],
    ),
    // docker's network lies in it.
    case(
        "Routes",
        host!(
            "path;/var/lib/calico;type=d;empty=no|",
            "path;/run/flannel;type=d;empty=no|",
            "link;br-0a1b;type=bridge;addresses=10.244.200.1/24 |",
            "route;4 10.244.1.0/24 via 192.168.7.8 dev eth0|route;4 blackhole 10.244.200.0/26 proto 80|route;4 blackhole 10.244.3.0/26 proto 80"
        ),
        &[
            "route 10.244.1.0/24 via 192.168.7.8 dev eth0: unsure",
            "route blackhole 10.244.200.0/26 proto 80: unsure",
            "route blackhole 10.244.3.0/26 proto 80: goes",
        ],
    ),
    // podman's network does.
    case(
        "Routes",
        host!(
            "path;/var/lib/calico;type=d;empty=no|",
            "network;/etc/cni/net.d/87-podman.conflist;network=podman;plugins=bridge,;subnets=10.244.88.0/24 |",
            "route;4 10.244.88.0/26 via 192.168.7.8 dev eth0 proto bird"
        ),
        &["route 10.244.88.0/26 via 192.168.7.8 dev eth0 proto bird: unsure"],
    ),
    // Calico's pools are networks of pods, too.
    case(
        "Routes",
        host!(
            "path;/var/lib/calico;type=d;empty=no|",
            "range;10.50.0.0/16;of=pools;from=set|fact;peer;value=10.50.1.7|",
            "route;4 10.50.1.0/26 via 192.168.7.8 dev eth0 proto bird"
        ),
        &["route 10.50.1.0/26 via 192.168.7.8 dev eth0 proto bird: goes"],
    ),
    case(
        "Routes",
        host!(
            "path;/var/lib/calico;type=d;empty=no|",
            "fact;x;value=y|",
            "route;4 10.244.0.0/26 via 192.168.7.8 dev eth0 proto 80"
        ),
        &["route 10.244.0.0/26 via 192.168.7.8 dev eth0 proto 80: goes"],
    ),
    // kube-router's.
    case(
        "Routes",
        host!(
            "path;/var/lib/kube-router;type=d;empty=no|",
            "route;4 10.244.1.0/24 via 192.168.7.8 dev eth0 proto 17|route;4 10.244.2.0/24 via 192.168.7.8 dev eth0 proto mrouted|route;4 10.244.1.0/24 dev tun-0a1b2c3d4e5 table 77|route;4 172.20.0.0/16 dev tun-berlin table 77|route;4 local default dev lo table 78|route;4 203.0.113.7 dev kube-bridge table 79|route;4 203.0.113.0/24 dev eth0 table 79"
        ),
        &[
            "route 10.244.1.0/24 via 192.168.7.8 dev eth0 proto 17: goes",
            "route 10.244.2.0/24 via 192.168.7.8 dev eth0 proto mrouted: goes",
            "route 10.244.1.0/24 dev tun-0a1b2c3d4e5 table 77: goes",
            "route 172.20.0.0/16 dev tun-berlin table 77: unsure",
            "route local default dev lo table 78: goes",
            "route 203.0.113.7 dev kube-bridge table 79: goes",
            "route 203.0.113.0/24 dev eth0 table 79: unsure",
        ],
    ),
    // A table of the owner's of the same number.
    case(
        "Routes",
        host!(
            "route;4 default via 192.168.7.254 dev eth0 table 77|route;4 10.244.0.0/26 dev eth0 table 1"
        ),
        &["route default via 192.168.7.254 dev eth0 table 77: unsure"],
    ),
    // Cilium's direct routes.
    case(
        "Routes",
        host!(
            "path;/run/cilium;type=d;empty=no|",
            "route;4 10.244.9.0/24 via 192.168.7.8 dev eth0 proto kernel|route;4 10.9.0.0/24 via 192.168.7.8 dev eth0 proto kernel"
        ),
        &["route 10.244.9.0/24 via 192.168.7.8 dev eth0 proto kernel: goes"],
    ),
    // Calico's WireGuard has the table 1.
    case(
        "Routes",
        host!(
            "path;/var/lib/calico;type=d;empty=no|",
            "link;wireguard.cali;type=wireguard|",
            "route;4 10.244.9.0/26 dev wireguard.cali scope link table 1|route;4 throw 10.244.9.64/26 proto 80 table 1|route;4 10.8.0.0/24 dev eth0 table 1|route;4 throw 10.8.0.0/24 table 1"
        ),
        &[
            "route 10.244.9.0/26 dev wireguard.cali scope link table 1: goes",
            "route throw 10.244.9.64/26 proto 80 table 1: goes",
        ],
    ),
    // Without a Kubernetes.
    case(
        "Routes",
        "route;4 blackhole 10.244.3.64/26 proto bird|route;4 10.244.1.0/24 via 192.168.7.8 dev eth0",
        &["route blackhole 10.244.3.64/26 proto bird: stays"],
    ),
    // kube-router's.
    case(
        "RoutingRules",
        host!(
            "path;/var/lib/kube-router;type=d;empty=no|",
            "policy;4 32765: from 10.244.1.0/24 lookup kube-router|policy;4 32764: from 10.244.1.0/24 lookup 77|policy;4 32764: from all fwmark 0x3b9 lookup kube-router-dsr|policy;4 32765: from all lookup external_ip"
        ),
        &[
            "rule of routing 32765: from 10.244.1.0/24 lookup kube-router: goes",
            "rule of routing 32764: from 10.244.1.0/24 lookup 77: goes",
            "rule of routing 32764: from all fwmark 0x3b9 lookup kube-router-dsr: goes",
            "rule of routing 32765: from all lookup external_ip: goes",
        ],
    ),
    // The owner's.
    case(
        "RoutingRules",
        host!(
            "path;/var/lib/kube-router;type=d;empty=no|",
            "policy;4 32765: from 10.9.0.0/16 lookup 77|policy;4 100: from all fwmark 0x1 lookup 100|policy;4 70: from all lookup 79|policy;4 32765: from 10.244.1.0/24 lookup 77 suppress_prefixlength 0|policy;4 50: from 172.17.0.0/16 lookup 50"
        ),
        &["rule of routing 32765: from 10.244.1.0/24 lookup 77 suppress_prefixlength 0: unsure"],
    ),
    // Nothing else says whose they are.
    case(
        "RoutingRules",
        host!(
            "policy;4 32765: from 10.244.1.0/24 lookup 77|policy;4 512: from all to 10.244.1.7 lookup main|policy;4 32764: from all fwmark 0x3b9 lookup 78"
        ),
        &[
            "rule of routing 32765: from 10.244.1.0/24 lookup 77: unsure",
            "rule of routing 512: from all to 10.244.1.7 lookup main: unsure",
        ],
    ),
    // Calico's WireGuard, and one of wg-quick's.
    case(
        "RoutingRules",
        host!(
            "link;wireguard.cali;type=wireguard|",
            "policy;4 99: not from all fwmark 0x100000/0x100000 lookup 1|policy;4 99: not from all fwmark 0xca6c lookup 51820"
        ),
        &["rule of routing 99: not from all fwmark 0x100000/0x100000 lookup 1: goes"],
    ),
    case("RoutingRules", host!("policy;4 99: not from all fwmark 0x100000/0x100000 lookup 1"), &[]),
    case(
        "RoutingTables",
        host!(
            "path;/var/lib/kube-router;type=d;empty=no|",
            "line;rt_tables;file=/etc/iproute2/rt_tables;number=12;text=77 kube-router|line;rt_tables;file=/etc/iproute2/rt_tables;number=13;text=79 external_ip"
        ),
        &["/etc/iproute2/rt_tables:12: goes", "/etc/iproute2/rt_tables:13: goes"],
    ),
    // A name that is anybody's.
    case(
        "RoutingTables",
        host!("line;rt_tables;file=/etc/iproute2/rt_tables;number=13;text=79 external_ip"),
        &[],
    ),
    // Without a Kubernetes.
    case(
        "RoutingTables",
        "line;rt_tables;file=/etc/iproute2/rt_tables;number=12;text=77 kube-router",
        &[],
    ),
    // Calico's address of the kernel's tunnel.
    case(
        "AddressesOfPods",
        host!(
            "path;/var/lib/calico;type=d;empty=no|",
            "link;tunl0;type=ipip;addresses=10.244.3.64/32 |address;10.244.3.64/32 tunl0;file=;way-in=no;known=yes;leased=no;alone=yes"
        ),
        &["address 10.244.3.64/32 tunl0: goes"],
    ),
    // The owner's tunnel.
    case(
        "AddressesOfPods",
        host!(
            "path;/var/lib/calico;type=d;empty=no|",
            "link;tunl0;type=ipip;addresses=10.9.0.1/32 |address;10.9.0.1/32 tunl0;file=;way-in=no;known=yes|address;10.9.0.2/32 eth0;file=;way-in=no;known=yes"
        ),
        &[],
    ),
    case(
        "AddressesOfPods",
        host!(
            "path;/var/lib/calico;type=d;empty=no|",
            "link;tunl0;type=ipip;addresses=10.244.3.64/32 |address;10.244.3.64/32 tunl0;file=;way-in=yes;known=yes"
        ),
        &["address 10.244.3.64/32 tunl0: unsure"],
    ),
    // Nothing says that Calico was here; one on a link of the host's own.
    case(
        "AddressesOfPods",
        host!(
            "link;tunl0;type=ipip;addresses=10.244.3.64/32 |address;10.244.3.64/32 tunl0;file=;way-in=no;known=yes|address;10.244.3.7/32 eth0;file=;way-in=no;known=yes"
        ),
        &["address 10.244.3.64/32 tunl0: unsure", "address 10.244.3.7/32 eth0: unsure"],
    ),
    case(
        "Neighbours",
        host!(
            "path;/run/flannel;type=d;empty=no|",
            "neighbour;4 10.244.1.0 dev eth0 lladdr 02:00:00:00:00:01 PERMANENT|neighbour;6 fd00:244::7 dev eth0 lladdr 02:00:00:00:00:01 PERMANENT"
        ),
        &[
            "neighbour 10.244.1.0 dev eth0 lladdr 02:00:00:00:00:01 PERMANENT: unsure",
            "neighbour fd00:244::7 dev eth0 lladdr 02:00:00:00:00:01 PERMANENT: unsure",
        ],
    ),
    // On a tunnel of the kernel's own, which stays, whoever has it.
    case(
        "Neighbours",
        host!(
            "path;/var/lib/calico;type=d;empty=no|link;tunl0;type=ipip|link;cilium_tunl;type=ipip|",
            "neighbour;4 10.244.1.0 dev tunl0 lladdr 10.0.0.8 PERMANENT|neighbour;4 10.244.1.0 dev cilium_tunl lladdr 10.0.0.8 PERMANENT"
        ),
        &[
            "neighbour 10.244.1.0 dev tunl0 lladdr 10.0.0.8 PERMANENT: goes",
            "neighbour 10.244.1.0 dev cilium_tunl lladdr 10.0.0.8 PERMANENT: goes",
        ],
    ),
    // A network of the LAN that a macvlan of pods has is no network of pods': in a file of Multus', in a plugin's own, in a note.
    case(
        "Neighbours",
        host!(
            "network;/etc/cni/net.d/00-multus.conf;network=multus-cni-network;plugins=multus,macvlan,host-local,;subnets=192.168.8.0/24 |network;/etc/cni/net.d/10-lan.conf;network=lan;plugins=macvlan,host-local,;subnets=192.168.9.0/24 \
             |attachment;/var/lib/cni/results/lan-1-net1;pod=yes;network=lan;id=1;subnet=192.168.10.5/24|",
            "neighbour;4 192.168.8.9 dev eth1 lladdr 02:00:00:00:00:01 PERMANENT|neighbour;4 192.168.9.9 dev eth1 lladdr 02:00:00:00:00:01 PERMANENT|neighbour;4 192.168.10.9 dev eth1 lladdr 02:00:00:00:00:01 PERMANENT|link;eth1;type=;addresses="
        ),
        &[],
    ),
    // The owner's; one that goes with its link.
    case(
        "Neighbours",
        host!(
            "path;/run/flannel;type=d;empty=no|",
            "link;flannel.1;type=vxlan;addresses=10.244.0.0/32 |neighbour;4 192.168.7.1 dev eth0 lladdr 02:00:00:00:00:01 PERMANENT|neighbour;4 10.245.0.7 dev eth0 lladdr 02:00:00:00:00:01 PERMANENT|neighbour;4 10.244.1.0 dev flannel.1 lladdr 02:00:00:00:00:01 PERMANENT"
        ),
        &[],
    ),
    // Weave's.
    case(
        "Links",
        host!(
            "path;/var/lib/weave;type=d;empty=no|",
            "link;weave;type=bridge;addresses=10.32.0.1/12 |link;vethwe-bridge;type=veth;master=weave|link;vethwe-datapath;type=veth;master=datapath|link;vxlan-6784;type=vxlan;master=datapath|link;vethwepl1a2b3c4;type=veth;master=weave"
        ),
        &[
            "link weave: goes",
            "link vethwe-bridge: goes",
            "link vethwe-datapath: goes",
            "link vxlan-6784: goes",
            "link vethwepl1a2b3c4: goes",
        ],
    ),
    // A card of the host's hangs on it; another kind.
    case(
        "Links",
        host!(
            "path;/var/lib/weave;type=d;empty=no|",
            "link;weave;type=bridge|link;eth1;type=;master=weave|link;vethwe-bridge;type=dummy"
        ),
        &["link weave: unsure", "link vethwe-bridge: unsure"],
    ),
    // kube-router's.
    case(
        "Links",
        host!(
            "path;/var/lib/kube-router;type=d;empty=no|",
            "link;kube-bridge;type=bridge;addresses=10.244.3.1/24 |link;tun-a1b2c3d4e5f;type=ipip|link;veth12;type=veth;master=kube-bridge|link;kube-dummy-if;type=dummy"
        ),
        &[
            "link kube-bridge: goes",
            "link tun-a1b2c3d4e5f: goes",
            "link veth12: goes",
            "link kube-dummy-if: goes",
        ],
    ),
    // The owner's tunnels.
    case(
        "Links",
        host!("link;tun-office;type=ipip|link;tun0;type=tun|link;veth12;type=veth;master=docker0"),
        &[],
    ),
    // Cilium's.
    case(
        "Links",
        host!(
            "path;/run/cilium;type=d;empty=no|",
            "link;cilium_host;type=veth|link;cilium_vxlan;type=vxlan|link;cilium_ipip4;type=ipip|link;cilium_tunl;type=ipip|link;lxc0a1b2c3d4e5f;type=veth;master=|link;lxc_health;type=veth"
        ),
        &[
            "link cilium_host: goes",
            "link cilium_vxlan: goes",
            "link cilium_ipip4: goes",
            "link cilium_tunl: unsure",
            "link lxc0a1b2c3d4e5f: goes",
            "link lxc_health: goes",
        ],
    ),
    // LXD names its own nearly so.
    case(
        "Links",
        host!(
            "path;/run/cilium;type=d;empty=no|",
            "link;lxdbr0;type=bridge;addresses=10.10.10.1/24 |",
            "link;lxc0a1b2c3d4e5f;type=veth;master=|link;lxcab12;type=veth;master=lxdbr0"
        ),
        &["link lxc0a1b2c3d4e5f: unsure"],
    ),
    // The owner's: no Cilium, other networks, the kernel's tunnel.
    case(
        "Links",
        host!(
            "link;lxc0a1b2c3d4e5f;type=veth;master=|link;vxlan0;type=vxlan;addresses=10.9.0.1/24 |link;tunl0;type=ipip;addresses=10.244.3.0/32 |link;br0;type=bridge;addresses=10.99.0.1/24 "
        ),
        &[],
    ),
    // A name that somebody chose, with an address of pods'.
    case(
        "Links",
        host!(
            "link;vxlan0;type=vxlan;addresses=10.244.3.0/32 |link;docker1;type=bridge;addresses=172.18.0.1/16 "
        ),
        &["link vxlan0: unsure"],
    ),
    // A configuration of pods names the bridge.
    case(
        "Links",
        host!(
            "network;/etc/cni/net.d/10-b.conflist;network=b;plugins=bridge,;bridge=mybr0;subnets=10.244.3.0/24 |attachment;/var/lib/cni/results/b-1-eth0;pod=yes;network=b;id=1|",
            "link;mybr0;type=bridge;addresses=10.244.3.1/24 |link;vethab;type=veth;master=mybr0"
        ),
        &["link mybr0: goes", "link vethab: goes"],
    ),
    // The same, but it is the owner's own bridge.
    case(
        "Links",
        host!(
            "network;/etc/cni/net.d/10-b.conflist;network=b;plugins=bridge,;bridge=br0;subnets=10.244.3.0/24 |attachment;/var/lib/cni/results/b-1-eth0;pod=yes;network=b;id=1|",
            "link;br0;type=bridge;addresses=10.99.3.1/24 |link;tap0;type=tun;master=br0"
        ),
        &["link br0: unsure"],
    ),
    // docker's.
    case(
        "Links",
        host!(
            "network;/etc/cni/net.d/10-b.conflist;network=b;plugins=bridge,;bridge=docker0;subnets=10.244.3.0/24 |attachment;/var/lib/cni/results/b-1-eth0;pod=yes;network=b;id=1|",
            "link;vethab;type=veth;master=docker0"
        ),
        &[],
    ),
    // flannel's number is a setting.
    case(
        "Links",
        host!(
            "link;flannel.42;type=vxlan;addresses=10.244.3.0/32 |link;flannel.x;type=vxlan|link;flannel.7;type=bridge"
        ),
        &["link flannel.42: goes", "link flannel.7: unsure"],
    ),
    // Antrea's.
    case(
        "SwitchLinks",
        host!(
            "path;/run/antrea;type=d;empty=no|",
            "link;antrea-gw0;type=openvswitch;addresses=10.244.3.1/24 |link;ovs-system;type=openvswitch|link;vxlan_sys_4789;type=vxlan;master=ovs-system|link;genev_sys_6081;type=geneve;master=ovs-system"
        ),
        &[
            "link antrea-gw0: unsure",
            "link ovs-system: unsure",
            "link vxlan_sys_4789: goes",
            "link genev_sys_6081: goes",
        ],
    ),
    // The host has an Open vSwitch of its own; or somebody's in containers.
    case(
        "SwitchLinks",
        host!(
            "path;/run/antrea;type=d;empty=no|",
            "path;/etc/openvswitch;type=d|",
            "link;vxlan_sys_4789;type=vxlan;master=ovs-system"
        ),
        &["link vxlan_sys_4789: unsure"],
    ),
    case(
        "SwitchLinks",
        host!(
            "path;/run/antrea;type=d;empty=no|",
            "link;vxlan_sys_4789;type=vxlan;master=ovs-system|link;br-tun;type=openvswitch"
        ),
        &["link vxlan_sys_4789: unsure"],
    ),
    // OpenStack's, beside a kubelet.
    case(
        "SwitchLinks",
        host!(
            "link;vxlan_sys_4789;type=vxlan;master=ovs-system|link;ovs-system;type=openvswitch|link;br-int;type=openvswitch|link;mirror0;type=openvswitch|link;datapath;type=openvswitch"
        ),
        &[],
    ),
    case(
        "SwitchLinks",
        host!(
            "path;/var/lib/weave;type=d;empty=no|",
            "link;datapath;type=openvswitch|link;weave;type=bridge"
        ),
        &["link datapath: unsure"],
    ),
    // The host's own card in a container, and pairs of the owner's, hang on no bridge; most configurations name none.
    case(
        "Links",
        host!(
            "path;/var/lib/calico;type=d;empty=no|",
            "network;/etc/cni/net.d/10-calico.conflist;network=k8s-pod-network;plugins=calico,;bridge=;subnets=|link;eth1;type=veth;master=;addresses=10.99.0.9/24 |link;mine0;type=veth;master="
        ),
        &[],
    ),
    // It goes with its link.
    case(
        "Routes",
        host!(
            "path;/run/flannel;type=d;empty=no|",
            "link;flannel.1;type=vxlan;addresses=10.244.0.0/32 |route;4 10.244.2.0/24 via 10.244.2.0 dev flannel.1"
        ),
        &[],
    ),
    // Cilium's own default is all of 10.0.0.0/8, in which the host's network lies: what is the owner's is not spoken of.
    case(
        "Routes",
        host!(
            "path;/run/cilium;type=d;empty=no|range;10.0.0.0/8;of=pods;from=x|link;eth1;type=;addresses=10.1.2.9/24 |",
            "route;4 10.5.0.0/16 via 10.1.2.254 dev eth1|route;4 10.1.2.128/25 via 10.1.2.254 dev eth1 proto kernel|route;4 10.7.1.0/24 via 10.1.2.8 dev eth1 proto kernel"
        ),
        &[
            "route 10.1.2.128/25 via 10.1.2.254 dev eth1 proto kernel: unsure",
            "route 10.7.1.0/24 via 10.1.2.8 dev eth1 proto kernel: goes",
        ],
    ),
    case(
        "Links",
        host!(
            "range;10.0.0.0/8;of=pods;from=x|range;10.96.0.0/12;of=services;from=x|",
            "link;br0;type=bridge;addresses=10.1.2.9/24 ;uplink=yes|link;br1;type=bridge;addresses=10.1.3.9/24 |link;eth2;type=;master=br1|link;br2;type=bridge;addresses=10.100.0.1/24 |link;flannel.1;type=vxlan;uplink=yes"
        ),
        &["link flannel.1: unsure"],
    ),
    case(
        "AddressesOfPods",
        host!(
            "range;10.0.0.0/8;of=pods;from=x|",
            "address;10.128.0.2/32 eth0;file=;way-in=no;known=yes;leased=no;alone=yes|address;10.128.0.3/32 eth0;file=;way-in=yes;known=yes;leased=no;alone=no"
        ),
        &[],
    ),
    case(
        "Neighbours",
        host!(
            "range;10.0.0.0/8;of=pods;from=x|link;eth1;type=;addresses=10.1.2.9/24 |",
            "neighbour;4 10.1.2.1 dev eth1 lladdr 02:00:00:00:00:01 PERMANENT|neighbour;4 10.9.9.1 dev eth1 lladdr 02:00:00:00:00:01 PERMANENT"
        ),
        &["neighbour 10.9.9.1 dev eth1 lladdr 02:00:00:00:00:01 PERMANENT: unsure"],
    ),
    // The kernel's own tunnel, which a router of the owner's may use as well.
    case(
        "Routes",
        host!(
            "path;/var/lib/calico;type=d;empty=no|link;tunl0;type=ipip;addresses=10.244.3.0/32 |",
            "route;4 10.244.9.0/26 via 192.168.7.8 dev tunl0 proto bird onlink|route;4 10.99.0.0/16 via 192.168.7.8 dev tunl0 proto bird onlink|route;4 default via 192.168.7.8 dev tunl0 proto bird onlink"
        ),
        &[
            "route 10.244.9.0/26 via 192.168.7.8 dev tunl0 proto bird onlink: goes",
            "route 10.99.0.0/16 via 192.168.7.8 dev tunl0 proto bird onlink: unsure",
            "route default via 192.168.7.8 dev tunl0 proto bird onlink: unsure",
        ],
    ),
    case(
        "Routes",
        host!(
            "path;/var/lib/calico;type=d;empty=no|path;/usr/sbin/bird;type=f|",
            "route;4 10.244.9.0/26 via 192.168.7.8 dev tunl0 proto bird"
        ),
        &["route 10.244.9.0/26 via 192.168.7.8 dev tunl0 proto bird: unsure"],
    ),
];
