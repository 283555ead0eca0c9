//! Cases of the room `firewall` of the table.

use super::{Case, case, sign};

pub const CASES: &[Case] = &[
    case(
        "Unread",
        "fact;unread;value=the sets of ipset|fact;unread;value=the tables of nft|fact;os;value=debian ",
        &["the sets of ipset: unsure", "the tables of nft: unsure"],
    ),
    case("Unread", "fact;containerd;value=no", &[]),
    case(
        "Chains",
        "chain;iptables-nft filter cali-INPUT|chain;iptables-nft filter WEAVE-NPC|chain;iptables-nft filter FLANNEL-FWD",
        &[
            "chain iptables-nft filter cali-INPUT: unsure",
            "chain iptables-nft filter WEAVE-NPC: unsure",
            "chain iptables-nft filter FLANNEL-FWD: unsure",
        ],
    ),
    case(
        "Sets",
        "set;cali40masq-ipam-pools|set;weave-x|set;KUBE-A",
        &["set cali40masq-ipam-pools: unsure", "set weave-x: unsure", "set KUBE-A: goes"],
    ),
    case(
        "LooseRules",
        "rule;iptables-nft filter -A INPUT -m comment --comment \"cali:Cz_u1IQiXIMmKD4c\" -j ACCEPT",
        &[
            "rule iptables-nft filter -A INPUT -m comment --comment \"cali:Cz_u1IQiXIMmKD4c\" -j ACCEPT: unsure",
        ],
    ),
    case(
        "Chains",
        "chain;iptables-nft nat KUBE-SERVICES|chain;ip6tables-legacy filter cali-INPUT|chain;iptables-nft filter FLANNEL-FWD",
        &[
            "chain iptables-nft nat KUBE-SERVICES: goes",
            "chain ip6tables-legacy filter cali-INPUT: goes",
            "chain iptables-nft filter FLANNEL-FWD: goes",
        ],
    ),
    case(
        "Chains",
        "chain;iptables-nft nat MY-KUBE-SERVICES|chain;iptables-nft filter CNI-FORWARD|chain;iptables-nft filter DOCKER",
        &[],
    ),
    case(
        "Chains",
        "chain;iptables-nft nat KUBE-SEP-a'b\"c|chain;iptables-nft nat KUBE-SEP-A_0.b",
        &[
            "chain iptables-nft nat KUBE-SEP-a'b\"c: unsure",
            "chain iptables-nft nat KUBE-SEP-A_0.b: goes",
        ],
    ),
    // A rule of the owner's leads to it; and those of kube-proxy, of a balancer's, of the same name in another table.
    case(
        "Chains",
        "chain;iptables-nft filter KUBE-FIREWALL|chain;iptables-nft filter KUBE-EXT|chain;iptables-nft filter KUBE-FORWARD|chain;iptables-nft nat KUBE-EXT\
        |rule;iptables-nft filter -A INPUT -j KUBE-FIREWALL|rule;iptables-nft filter -A MY-FW -j KUBE-FIREWALL|rule;iptables-nft filter -A INPUT -p tcp -m tcp --dport 96 -g KUBE-EXT\
        |rule;iptables-nft filter -A FORWARD -p tcp -m comment --comment \"a -j \\\"KUBE-EXT\\\" b\" -j KUBE-FORWARD|rule;iptables-nft filter -A MINE -m comment --comment \"-j KUBE-FORWARD\" -j ACCEPT",
        &[
            "chain iptables-nft filter KUBE-FIREWALL: unsure",
            "chain iptables-nft filter KUBE-EXT: unsure",
            "chain iptables-nft filter KUBE-FORWARD: goes",
            "chain iptables-nft nat KUBE-EXT: goes",
        ],
    ),
    case(
        "CniChains",
        "chain;iptables-nft nat CNI-0f|rule;iptables-nft nat -A POSTROUTING -s 10.244.0.5/32 -m comment --comment \"name: \\\"b\\\" id: \\\"42\\\"\" -j CNI-0f|attachment;/var/lib/cni/results/b-42-eth0;pod=yes;network=b;id=42",
        &["chain iptables-nft nat CNI-0f: goes"],
    ),
    case(
        "CniChains",
        "chain;iptables-nft nat CNI-0f|chain;iptables-nft nat CNI-HOSTPORT-DNAT|rule;iptables-nft nat -A POSTROUTING -s 10.88.0.5/32 -m comment --comment \"name: \\\"podman\\\" id: \\\"43\\\"\" -j CNI-0f|attachment;/var/lib/cni/results/b-42-eth0;pod=yes;network=b;id=42",
        &[
            "chain iptables-nft nat CNI-0f: stays",
            "chain iptables-nft nat CNI-HOSTPORT-DNAT: stays",
        ],
    ),
    case("CniChains", "chain;iptables-nft nat CNI-0f", &["chain iptables-nft nat CNI-0f: unsure"]),
    case(
        "LooseRules",
        sign!(
            "rule;iptables-nft nat -A POSTROUTING -s 10.244.0.0/16 -m comment --comment \"flanneld masq\" -j MASQUERADE|rule;iptables-nft filter -A INPUT -m comment --comment \"cali:Cz_u1IQiXIMmKD4c\" -j ACCEPT"
        ),
        &[
            "rule iptables-nft nat -A POSTROUTING -s 10.244.0.0/16 -m comment --comment \"flanneld masq\" -j MASQUERADE: goes",
            "rule iptables-nft filter -A INPUT -m comment --comment \"cali:Cz_u1IQiXIMmKD4c\" -j ACCEPT: goes",
        ],
    ),
    // The owner's rule for ssh, whose comment speaks of both.
    case(
        "LooseRules",
        "rule;iptables-nft filter -A INPUT -p tcp --dport 22 -m comment --comment \"flanneld and KUBE- lookalike\" -j ACCEPT|rule;iptables-nft filter -A INPUT -m comment --comment cali:fornia -j ACCEPT",
        &[],
    ),
    case("NftTables", "table;ip kube-proxy;empty=no", &["table ip kube-proxy: goes"]),
    case("NftTables", sign!("table;ip cni_hostport;empty=no"), &["table ip cni_hostport: goes"]),
    case(
        "NftTables",
        sign!(
            "table;ip cni_hostport;empty=no|network;/etc/cni/net.d/87-podman.conflist;network=podman"
        ),
        &["table ip cni_hostport: stays"],
    ),
    case(
        "NftTables",
        "table;inet firewalld;empty=no|table;ip filter;empty=yes|table;inet mine;empty=no",
        &[],
    ),
    case(
        "Sets",
        sign!("set;KUBE-CLUSTER-IP|set;cali40masq-ipam-pools"),
        &["set KUBE-CLUSTER-IP: goes", "set cali40masq-ipam-pools: goes"],
    ),
    case("Sets", "set;f2b-sshd|set;mykube|set;california", &[]),
    case(
        "VirtualServers",
        "server;-t 10.96.0.1:443|link;kube-ipvs0;type=dummy;addresses=10.96.0.1/32 10.96.0.10/32 ",
        &["virtual server -t 10.96.0.1:443: goes"],
    ),
    case(
        "VirtualServers",
        "server;-t 10.0.0.9:80|link;kube-ipvs0;type=dummy;addresses=10.96.0.1/32 ",
        &["virtual server -t 10.0.0.9:80: unsure"],
    ),
    case(
        "VirtualServers",
        "server;-t 10.0.0.9:30080|server;-u [fd00::9]:32767|server;-t 10.0.0.9:29999|link;kube-ipvs0;type=dummy;addresses=10.96.0.1/32 ",
        &[
            "virtual server -t 10.0.0.9:30080: goes",
            "virtual server -u [fd00::9]:32767: goes",
            "virtual server -t 10.0.0.9:29999: unsure",
        ],
    ),
    case(
        "VirtualServers",
        sign!("server;-t 10.0.0.9:30080"),
        &["virtual server -t 10.0.0.9:30080: unsure"],
    ),
    case("VirtualServers", "server;-t 10.0.0.9:80", &["virtual server -t 10.0.0.9:80: stays"]),
];
