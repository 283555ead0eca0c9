//! Cases of the room `network` of the table.

use super::{Case, case, sign};

pub const CASES: &[Case] = &[
    case(
        "NetworkConfig",
        sign!("network;/etc/cni/net.d/10-flannel.conflist;network=cbr0;plugins=flannel,portmap,"),
        &["/etc/cni/net.d/10-flannel.conflist: goes"],
    ),
    case(
        "NetworkConfig",
        "network;/etc/cni/net.d/10-b.conflist;network=b;plugins=bridge,|attachment;/var/lib/cni/results/b-1-eth0;pod=yes;network=b;id=1",
        &["/etc/cni/net.d/10-b.conflist: goes"],
    ),
    case(
        "NetworkConfig",
        "network;/etc/cni/net.d/10-b.conflist;network=b;plugins=bridge,",
        &["/etc/cni/net.d/10-b.conflist: unsure"],
    ),
    case(
        "NetworkConfig",
        "network;/etc/cni/net.d/87-podman.conflist;network=podman;plugins=bridge,portmap,firewall,tuning,|network;/etc/cni/net.d/nerdctl-bridge.conflist;network=bridge;plugins=bridge,",
        &[
            "/etc/cni/net.d/87-podman.conflist: stays",
            "/etc/cni/net.d/nerdctl-bridge.conflist: stays",
        ],
    ),
    case(
        "NetworkConfig",
        sign!(
            "network;/etc/cni/net.d/10-b.conflist;network=b;plugins=bridge,|path;/usr/bin/containerd;type=f|namespace;k8s.io"
        ),
        &["/etc/cni/net.d/10-b.conflist: goes"],
    ),
    case(
        "NetworkConfig",
        sign!(
            "network;/etc/cni/net.d/10-b.conflist;network=b;plugins=bridge,|path;/usr/bin/containerd;type=f|namespace;k8s.io|path;/usr/bin/podman;type=f"
        ),
        &["/etc/cni/net.d/10-b.conflist: unsure"],
    ),
    case(
        "RenamedConfig",
        "path;/etc/cni/net.d/87-podman.conflist.cilium_bak;type=f",
        &["/etc/cni/net.d/87-podman.conflist.cilium_bak: goes"],
    ),
    case(
        "RenamedConfig",
        "path;/etc/cni/net.d/87-podman.conflist.cilium_bak;type=f|network;/etc/cni/net.d/87-podman.conflist;network=podman",
        &["/etc/cni/net.d/87-podman.conflist.cilium_bak: unsure"],
    ),
    case("NetworkState", sign!("path;/run/flannel;type=d;empty=no"), &["/run/flannel: goes"]),
    // Calico, Weave and flannel without Kubernetes.
    case(
        "NetworkState",
        "path;/etc/calico;type=d;empty=no|path;/var/lib/weave;type=d;empty=no|path;/run/flannel;type=d|path;/run/cilium;type=d",
        &[
            "/etc/calico: unsure",
            "/var/lib/weave: unsure",
            "/run/flannel: unsure",
            "/run/cilium: unsure",
        ],
    ),
    // Whatever it is called: the login came in over it.
    case(
        "Links",
        sign!("link;cni0;type=bridge;way-in=yes|link;flannel.1;type=vxlan;way-in=no"),
        &["link cni0: unsure", "link flannel.1: goes"],
    ),
    case(
        "Links",
        "link;weave;type=bridge|link;cali0123456789a;type=veth|link;flannel.1;type=vxlan|link;kube-ipvs0;type=dummy",
        &[
            "link weave: unsure",
            "link cali0123456789a: unsure",
            "link flannel.1: unsure",
            "link kube-ipvs0: goes",
        ],
    ),
    case(
        "Routes",
        "route;4 10.244.1.0/24 via 10.0.0.2 dev tunl0 proto bird onlink",
        &["route 10.244.1.0/24 via 10.0.0.2 dev tunl0 proto bird onlink: unsure"],
    ),
    case("NetworkState", "path;/run/openvswitch;type=d|path;/run/flannel2;type=d", &[]),
    case(
        "NetworkAddresses",
        sign!(
            "path;/var/lib/cni;type=d;empty=no|attachment;/var/lib/cni/results/b-1-eth0;pod=yes;network=b;id=1"
        ),
        &["/var/lib/cni: goes"],
    ),
    case(
        "NetworkAddresses",
        sign!(
            "path;/var/lib/cni;type=d;empty=no|attachment;/var/lib/cni/results/podman-1-eth0;pod=no;network=podman;id=1"
        ),
        &["/var/lib/cni: stays"],
    ),
    case(
        "PodNotes",
        "attachment;/var/lib/cni/results/podman-1-eth0;pod=no;network=podman;id=1|attachment;/var/lib/cni/results/b-2-eth0;pod=yes;network=b;id=2",
        &["/var/lib/cni/results/b-2-eth0: goes"],
    ),
    case(
        "PodNotes",
        "attachment;/var/lib/cni/results/podman-1-eth0;pod=no;network=podman;id=1",
        &[],
    ),
    case(
        "PodRanges",
        "path;/var/lib/cni/networks/b;type=d;empty=no|network;/etc/cni/net.d/87-podman.conflist;network=podman|attachment;/var/lib/cni/results/b-2-eth0;pod=yes;network=b;id=2",
        &["/var/lib/cni/networks/b: goes"],
    ),
    case(
        "PodRanges",
        "path;/var/lib/cni/networks/podman;type=d;empty=no|network;/etc/cni/net.d/87-podman.conflist;network=podman|attachment;/var/lib/cni/results/b-2-eth0;pod=yes;network=b;id=2",
        &[],
    ),
    case(
        "NoteDirectories",
        sign!(
            "path;/var/lib/cni/results;type=d;empty=yes|network;/etc/cni/net.d/87-podman.conflist;network=podman"
        ),
        &["/var/lib/cni/results: goes"],
    ),
    case(
        "NoteDirectories",
        sign!(
            "path;/var/lib/cni/results;type=d;empty=no|network;/etc/cni/net.d/87-podman.conflist;network=podman"
        ),
        &[],
    ),
    case(
        "NetworkPlugins",
        sign!("path;/opt/cni/bin/calico;type=f|path;/opt/cni/bin/bridge;type=f"),
        &["/opt/cni/bin/calico: goes", "/opt/cni/bin/bridge: goes"],
    ),
    case(
        "NetworkPlugins",
        sign!(
            "path;/opt/cni/bin/my-tool;type=f|path;/opt/cni/bin/bridge;type=f|network;/etc/cni/net.d/87-podman.conflist;network=podman"
        ),
        &["/opt/cni/bin/my-tool: stays", "/opt/cni/bin/bridge: stays"],
    ),
    case(
        "NetworkDirectories",
        sign!("path;/etc/cni;type=d;empty=no|path;/etc/cni/net.d;type=d;empty=yes"),
        &["/etc/cni: goes", "/etc/cni/net.d: goes"],
    ),
    case(
        "NetworkDirectories",
        sign!(
            "path;/etc/cni;type=d;empty=no|path;/etc/cni/net.d;type=d;empty=no|network;/etc/cni/net.d/87-podman.conflist;network=podman"
        ),
        &[],
    ),
    case("OpenVswitch", "path;/etc/openvswitch;type=d", &["/etc/openvswitch: stays"]),
    case(
        "NetworkTools",
        "path;/etc/NetworkManager/conf.d/rke2-canal.conf;type=f",
        &["/etc/NetworkManager/conf.d/rke2-canal.conf: goes"],
    ),
    case("NetworkTools", "path;/etc/NetworkManager/conf.d/mine.conf;type=f", &[]),
    case(
        "Links",
        sign!(
            "link;cni0;type=bridge|link;flannel.1;type=vxlan|link;cali0123456789a;type=veth|link;veth12;type=veth;master=cni0"
        ),
        &[
            "link cni0: goes",
            "link flannel.1: goes",
            "link cali0123456789a: goes",
            "link veth12: goes",
        ],
    ),
    // The owner's bridge, which a network of pods has as well: whose its ends are is not known.
    case(
        "Links",
        sign!(
            "network;/etc/cni/net.d/10-br.conflist;network=lan;plugins=bridge,;bridge=br0;subnets=10.9.0.0/24 |attachment;/var/lib/cni/results/lan-1-eth0;pod=yes;network=lan;id=1\
             |link;br0;type=bridge;addresses=10.9.0.1/24 |link;eth0;type=;master=br0|link;vethABCDEF;type=veth;master=br0|link;veth12345678;type=veth;master=br0"
        ),
        &["link br0: unsure", "link vethABCDEF: unsure", "link veth12345678: unsure"],
    ),
    case(
        "Links",
        sign!(
            "network;/etc/cni/net.d/10-br.conflist;network=lan;plugins=bridge,;bridge=br0;subnets=10.9.0.0/24 |attachment;/var/lib/cni/results/lan-1-eth0;pod=yes;network=lan;id=1\
             |link;br0;type=bridge;addresses=10.9.0.1/24 |link;veth12345678;type=veth;master=br0"
        ),
        &["link br0: goes", "link veth12345678: goes"],
    ),
    // kube-router's tunnels, and a tunnel of the owner's.
    case(
        "Links",
        sign!(
            "path;/var/lib/kube-router;type=d|link;tun-berlin;type=ipip|link;tun-7;type=ipip|link;tun-cafe;type=ip6tnl|link;tun-10002;type=ipip|link;tun192168100200;type=ipip|link;tun10;type=ipip|link;tun-0a1b2c3d4e5;type=ip6tnl"
        ),
        &["link tun-10002: goes", "link tun192168100200: goes", "link tun-0a1b2c3d4e5: goes"],
    ),
    case(
        "Links",
        "link;cni0;type=bridge|link;flannel.1;type=bridge",
        &["link cni0: unsure", "link flannel.1: unsure"],
    ),
    case(
        "Links",
        sign!(
            "link;docker0;type=bridge|link;lxcbr0;type=bridge|link;lxc1a2b;type=veth|link;dummy0;type=dummy|link;california;type=veth|link;cni-podman0;type=bridge|link;veth9;type=veth;master=docker0"
        ),
        &[],
    ),
    case(
        "Routes",
        sign!(
            "route;4 10.244.1.0/24 via 10.0.0.2 dev tunl0 proto bird onlink|route;4 10.244.2.7 dev cali0123456789a proto 80"
        ),
        &[
            "route 10.244.1.0/24 via 10.0.0.2 dev tunl0 proto bird onlink: goes",
            "route 10.244.2.7 dev cali0123456789a proto 80: goes",
        ],
    ),
    // BIRD is a router of its own, with and without a Kubernetes beside it.
    case(
        "Routes",
        "route;4 default via 10.0.0.2 dev eth0 proto bird|route;4 10.9.0.0/24 dev california proto bird",
        &[
            "route default via 10.0.0.2 dev eth0 proto bird: stays",
            "route 10.9.0.0/24 dev california proto bird: stays",
        ],
    ),
    case(
        "Routes",
        sign!("route;4 default via 10.0.0.2 dev eth0 proto bird"),
        &["route default via 10.0.0.2 dev eth0 proto bird: unsure"],
    ),
    case(
        "Routes",
        "route;4 10.244.1.0/24 via 10.0.0.2 dev eth0|route;4 10.9.0.0/24 via 10.0.0.2 dev eth0 proto static",
        &[],
    ),
    case(
        "PodNamespaces",
        sign!("netns;cni-01234567-89ab-cdef-0123-456789abcdef"),
        &["network namespace cni-01234567-89ab-cdef-0123-456789abcdef: goes"],
    ),
    case(
        "PodNamespaces",
        sign!("netns;cni-mine|netns;vpn|netns;qrouter-01234567-89ab-cdef-0123-456789abcdef"),
        &["network namespace cni-mine: stays"],
    ),
    // So do the plugins that it brought.
    case(
        "NetworkPlugins",
        "package;kubelet;manager=apt;version=1|package;kubernetes-cni;manager=apt;version=1|path;/usr/bin/podman;type=f|path;/opt/cni/bin/bridge;type=f|owner;/opt/cni/bin/bridge;package=kubernetes-cni",
        &["/opt/cni/bin/bridge: stays"],
    ),
    case(
        "RoutingRules",
        sign!(
            "link;cilium_host;type=veth|policy;4 9: from all fwmark 0x200/0xf00 lookup 2004|policy;6 10: from all fwmark 0xa00/0xf00 lookup 2005|policy;4 100: from all lookup local|policy;4 32766: from all lookup main"
        ),
        &[
            "rule of routing 9: from all fwmark 0x200/0xf00 lookup 2004: goes",
            "rule of routing 10: from all fwmark 0xa00/0xf00 lookup 2005: goes",
            "rule of routing 100: from all lookup local: goes",
        ],
    ),
    // Others may have the same words; nearly the same words are others'.
    case(
        "RoutingRules",
        sign!(
            "policy;4 9: from all fwmark 0x200/0xf00 lookup 2004|policy;4 0: from all lookup local"
        ),
        &["rule of routing 9: from all fwmark 0x200/0xf00 lookup 2004: unsure"],
    ),
    case(
        "RoutingRules",
        sign!(
            "link;cilium_host;type=veth|policy;4 9: from 10.0.0.0/8 fwmark 0x200/0xf00 lookup 2004|policy;4 101: from all lookup local|policy;4 10: from all lookup 2004"
        ),
        &[],
    ),
    case(
        "Routes",
        sign!(
            "path;/run/cilium;type=d|route;4 local default dev lo proto kernel scope host table 2004"
        ),
        &["route local default dev lo proto kernel scope host table 2004: goes"],
    ),
    case(
        "Routes",
        sign!("route;4 10.9.0.0/16 dev eth0 table 2004"),
        &["route 10.9.0.0/16 dev eth0 table 2004: unsure"],
    ),
    case(
        "Routes",
        sign!(
            "path;/run/cilium;type=d|route;4 10.9.0.0/16 dev eth0 table 2004|route;4 default via 10.0.0.7 dev cilium_host table 2005"
        ),
        &[
            "route 10.9.0.0/16 dev eth0 table 2004: unsure",
            "route default via 10.0.0.7 dev cilium_host table 2005: goes",
        ],
    ),
    case(
        "AddressesOfServices",
        "address;10.0.0.100/32 eth0;file=/etc/kubernetes/manifests/kube-vip.yaml;way-in=no;known=yes|address;10.0.0.101/32 eth0;file=;way-in=no;known=yes",
        &["address 10.0.0.100/32 eth0: goes"],
    ),
    // The login came in on it; nobody knows what it came in on; it is a network of the host's own.
    case(
        "AddressesOfServices",
        "address;10.0.0.100/32 eth0;file=/a.yaml;way-in=yes;known=yes|address;fd00::9/128 eth0;file=/a.yaml;way-in=no;known=no|address;10.0.0.9/24 eth0;file=/a.yaml;way-in=no;known=yes|address;fd00::9/32 eth0;file=/a.yaml;way-in=no;known=yes",
        &[
            "address 10.0.0.100/32 eth0: kept",
            "address fd00::9/128 eth0: unsure",
            "address 10.0.0.9/24 eth0: unsure",
            "address fd00::9/32 eth0: unsure",
        ],
    ),
    case(
        "PodNamespaces",
        "netns;cni-01234567-89ab-cdef-0123-456789abcdef|path;/usr/bin/podman;type=f",
        &["network namespace cni-01234567-89ab-cdef-0123-456789abcdef: stays"],
    ),
    // The owner's, of the same form.
    case("AddressesOfServices", sign!("address;10.0.0.101/32 eth0;file=;way-in=no;known=yes"), &[]),
    // Some clouds give a host its only address as /32, and kube-vip may have been told that one.
    case(
        "AddressesOfServices",
        "address;10.128.0.2/32 eth0;file=/a.yaml;way-in=no;known=yes;leased=no;alone=yes|address;10.128.0.3/32 eth1;file=/a.yaml;way-in=no;known=yes;leased=yes;alone=no",
        &["address 10.128.0.2/32 eth0: unsure", "address 10.128.0.3/32 eth1: unsure"],
    ),
    case(
        "NetworkAccess",
        sign!(
            "path;/etc/cni/net.d/calico-kubeconfig;type=f|path;/etc/cni/net.d/multus.d;type=d;empty=no|path;/etc/cni/net.d/whereabouts.d;type=d;empty=no"
        ),
        &[
            "/etc/cni/net.d/calico-kubeconfig: goes",
            "/etc/cni/net.d/multus.d: goes",
            "/etc/cni/net.d/whereabouts.d: goes",
        ],
    ),
    case(
        "NetworkAccess",
        "path;/etc/cni/net.d/calico-kubeconfig;type=f|path;/etc/cni/net.d/mine.d;type=d",
        &["/etc/cni/net.d/calico-kubeconfig: unsure"],
    ),
    case(
        "NetworkConfig",
        sign!(
            "network;/etc/cni/net.d/00-multus.conf;network=multus-cni-network;plugins=multus,calico,calico-ipam,|network;/etc/cni/net.d/10-kuberouter.conflist;network=ekvm;plugins=bridge,portmap,"
        ),
        &["/etc/cni/net.d/00-multus.conf: goes", "/etc/cni/net.d/10-kuberouter.conflist: goes"],
    ),
    // Of what Cilium put aside a pod network's goes, and others' get their names back.
    case(
        "RenamedConfig",
        sign!(
            "path;/etc/cni/net.d/10-flannel.conflist.cilium_bak;type=f|network;/etc/cni/net.d/10-flannel.conflist.cilium_bak;network=cbr0;plugins=flannel,portmap,|path;/etc/cni/net.d/87-podman.conflist.cilium_bak;type=f|network;/etc/cni/net.d/87-podman.conflist.cilium_bak;network=podman;plugins=bridge,"
        ),
        &[
            "/etc/cni/net.d/10-flannel.conflist.cilium_bak: goes",
            "/etc/cni/net.d/87-podman.conflist.cilium_bak: goes",
        ],
    ),
    case(
        "NetworkPlugins",
        sign!(
            "path;/opt/cni/bin/calico;type=f|path;/opt/cni/bin/install;type=f|path;/opt/cni/bin/multus-daemon;type=f|path;/opt/cni/bin/antrea-agent;type=f"
        ),
        &[
            "/opt/cni/bin/calico: goes",
            "/opt/cni/bin/install: goes",
            "/opt/cni/bin/multus-daemon: goes",
            "/opt/cni/bin/antrea-agent: goes",
        ],
    ),
    case(
        "NetworkPlugins",
        sign!("path;/opt/cni/bin/install;type=f"),
        &["/opt/cni/bin/install: stays"],
    ),
    case(
        "PodRanges",
        sign!(
            "path;/var/lib/cni/flannel;type=d;empty=no|path;/var/lib/cni/mine;type=d|network;/etc/cni/net.d/87-podman.conflist;network=podman"
        ),
        &["/var/lib/cni/flannel: goes"],
    ),
    case(
        "SwitchState",
        sign!(
            "path;/opt/cni/bin/kube-ovn;type=f|path;/etc/origin/ovn;type=d;empty=no|path;/run/openvswitch;type=d;empty=no|path;/run/ovn;type=d;empty=no"
        ),
        &["/etc/origin/ovn: goes", "/run/openvswitch: goes", "/run/ovn: goes"],
    ),
    case(
        "SwitchState",
        sign!(
            "path;/opt/cni/bin/kube-ovn;type=f|path;/run/openvswitch;type=d;empty=no|path;/usr/bin/ovs-vsctl;type=f"
        ),
        &["/run/openvswitch: stays"],
    ),
    case(
        "SwitchState",
        sign!("path;/run/openvswitch;type=d;empty=no"),
        &["/run/openvswitch: stays"],
    ),
    case(
        "NetworkTools",
        sign!(
            "path;/etc/NetworkManager/conf.d/links.conf;type=f;words=calico,cilium,|path;/etc/NetworkManager/conf.d/mine.conf;type=f;words="
        ),
        &["/etc/NetworkManager/conf.d/links.conf: unsure"],
    ),
    // To a service, and from outside to a pod by a port of the node's; docker's, and one into a network that the owner has too.
    case(
        "Conntrack",
        sign!(
            "range;10.96.0.0/12;of=services;from=x|range;10.244.0.0/16;of=pods;from=x|connection;10.96.0.10 10.244.0.3;count=3;tool=yes|connection;10.96.0.1 192.168.7.1;count=1;tool=yes|connection;192.168.7.1 10.244.0.9;count=1;tool=yes|connection;192.168.7.1 172.17.0.2;count=9;tool=yes|connection;10.244.0.1 192.168.7.9;count=1;tool=yes"
        ),
        &[
            "connections to 10.96.0.10 that lead to 10.244.0.3: goes",
            "connections to 10.96.0.1 that lead to 192.168.7.1: goes",
            "connections to 192.168.7.1 that lead to 10.244.0.9: goes",
        ],
    ),
    // They end by themselves, and no tool is there.
    case(
        "Conntrack",
        sign!(
            "range;10.96.0.0/12;of=services;from=x|connection;10.96.0.10 10.244.0.3;count=3;tool=no"
        ),
        &["connections to 10.96.0.10 that lead to 10.244.0.3: stays"],
    ),
    case("Conntrack", sign!("connection;10.96.0.10 10.244.0.3;count=3;tool=yes"), &[]),
    case(
        "Conntrack",
        "range;10.96.0.0/12;of=services;from=x|connection;10.96.0.10 10.244.0.3;count=3;tool=yes",
        &[],
    ),
];
