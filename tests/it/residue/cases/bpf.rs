//! Cases of the room `bpf` of the table.

use super::{Case, case, sign};

pub const CASES: &[Case] = &[
    // All the names that Cilium gave in its time: 1.13 and later, by the kernel's name alone, 1.12, those of iproute2.
    case(
        "TcFilters",
        sign!(
            "path;/run/cilium;type=d\
            |filter;eth0 ingress protocol all pref 1 chain 0 handle 0x1 cil_from_netdev-eth0 cil_from_netdev;link=eth0;label=cil_from_netdev-eth0;program=cil_from_netdev\
            |filter;eth0 egress protocol all pref 1 chain 0 handle 0x1 prog:[*fsobj] cil_to_netdev;link=eth0;label=prog:[*fsobj];program=cil_to_netdev\
            |filter;eth1 ingress protocol all pref 1 chain 0 handle 0x1 cilium-eth1 -;link=eth1;label=cilium-eth1;program=-\
            |filter;eth2 ingress protocol all pref 1 chain 0 handle 0x1 bpf_netdev_eth2.o:[from-netdev] -;link=eth2;label=bpf_netdev_eth2.o:[from-netdev];program=-\
            |filter;lxc1 ingress protocol all pref 1 chain 0 handle 0x1 bpf_lxc.o:[from-container] -;link=lxc1;label=bpf_lxc.o:[from-container];program=-"
        ),
        &[
            "filter eth0 ingress protocol all pref 1 chain 0 handle 0x1 cil_from_netdev-eth0 cil_from_netdev: goes",
            "filter eth0 egress protocol all pref 1 chain 0 handle 0x1 prog:[*fsobj] cil_to_netdev: goes",
            "filter eth1 ingress protocol all pref 1 chain 0 handle 0x1 cilium-eth1 -: goes",
            "filter eth2 ingress protocol all pref 1 chain 0 handle 0x1 bpf_netdev_eth2.o:[from-netdev] -: goes",
            "filter lxc1 ingress protocol all pref 1 chain 0 handle 0x1 bpf_lxc.o:[from-container] -: goes",
        ],
    ),
    case(
        "TcFilters",
        sign!(
            "link;vxlan.calico;type=vxlan\
            |filter;eth0 ingress protocol all pref 49152 chain 0 handle 0x1 cali_tc_preambl:[61] cali_tc_preambl;link=eth0;label=cali_tc_preambl:[61];program=cali_tc_preambl\
            |filter;eth0 egress protocol all pref 49152 chain 0 handle 0x1 to_hep_no_log.o:[calico_to_host_ep] -;link=eth0;label=to_hep_no_log.o:[calico_to_host_ep];program=-"
        ),
        &[
            "filter eth0 ingress protocol all pref 49152 chain 0 handle 0x1 cali_tc_preambl:[61] cali_tc_preambl: goes",
            "filter eth0 egress protocol all pref 49152 chain 0 handle 0x1 to_hep_no_log.o:[calico_to_host_ep] -: goes",
        ],
    ),
    // The owner's, beside a Cilium: no name, one of another program's, and what only looks like a section of Cilium's.
    case(
        "TcFilters",
        sign!(
            "path;/run/cilium;type=d\
            |filter;eth0 ingress protocol all pref 49152 chain 0 handle 0x1 - -;link=eth0;label=-;program=-\
            |filter;eth0 ingress protocol all pref 2 chain 0 handle 0x1 council_x -;link=eth0;label=council_x;program=-\
            |filter;eth0 ingress protocol all pref 3 chain 0 handle 0x1 my_bpf_host.o:[from-host] -;link=eth0;label=my_bpf_host.o:[from-host];program=-\
            |filter;eth0 ingress protocol all pref 4 chain 0 handle 0x1 bpf_host.o:[classifier] -;link=eth0;label=bpf_host.o:[classifier];program=-\
            |filter;eth0 ingress protocol all pref 5 chain 0 handle 0x1 cilium-eth1 -;link=eth0;label=cilium-eth1;program=-\
            |filter;eth0 ingress protocol all pref 6 chain 0 handle 0x1 calibrate -;link=eth0;label=calibrate;program=calibrate"
        ),
        &[],
    ),
    // A Cilium without a Kubernetes, and its name without a Cilium.
    case(
        "TcFilters",
        "path;/run/cilium;type=d|filter;eth0 ingress protocol all pref 1 chain 0 handle 0x1 cil_x -;link=eth0;label=cil_x;program=-",
        &["filter eth0 ingress protocol all pref 1 chain 0 handle 0x1 cil_x -: unsure"],
    ),
    case(
        "TcFilters",
        sign!(
            "path;/run/calico;type=d|filter;eth0 ingress protocol all pref 1 chain 0 handle 0x1 cil_x -;link=eth0;label=cil_x;program=-"
        ),
        &["filter eth0 ingress protocol all pref 1 chain 0 handle 0x1 cil_x -: unsure"],
    ),
    // Without tc it is not known; that matters only where one of them was.
    case(
        "TcFilters",
        sign!("link;cilium_host;type=veth|fact;filters of tc;value=unseen"),
        &["filters of tc: unsure"],
    ),
    case("TcFilters", sign!("link;flannel.1;type=vxlan|fact;filters of tc;value=unseen"), &[]),
    case(
        "XdpPrograms",
        sign!(
            "chain;iptables-nft filter CILIUM_INPUT|xdp;eth0 xdpdrv cil_xdp_entry;link=eth0;program=cil_xdp_entry;id=7|xdp;eth1 xdpgeneric cil_xdp_entry;link=eth1;program=cil_xdp_entry;id=8"
        ),
        &["XDP eth0 xdpdrv cil_xdp_entry: goes", "XDP eth1 xdpgeneric cil_xdp_entry: goes"],
    ),
    case(
        "XdpPrograms",
        sign!(
            "path;/run/cilium;type=d|xdp;eth0 xdpdrv xdp_dispatcher;link=eth0;program=xdp_dispatcher;id=7|xdp;eth1 xdpgeneric -;link=eth1;program=-;id=8|xdp;eth2 xdpdrv bpf_xdp_entry;link=eth2;program=bpf_xdp_entry;id=9"
        ),
        &["XDP eth1 xdpgeneric -: unsure", "XDP eth2 xdpdrv bpf_xdp_entry: unsure"],
    ),
    // Of a host without either nothing is said.
    case(
        "XdpPrograms",
        sign!(
            "link;flannel.1;type=vxlan|xdp;eth1 xdpgeneric -;link=eth1;program=-;id=8|xdp;eth2 xdpdrv prefilter;link=eth2;program=prefilter;id=9"
        ),
        &[],
    ),
    // Calico's in the mode of iptables: its name is anybody's, the pin for this link is not.
    case(
        "XdpPrograms",
        sign!(
            "path;/var/lib/calico;type=d|xdp;eth1 xdpdrv prefilter;link=eth1;program=prefilter;id=9"
        ),
        &["XDP eth1 xdpdrv prefilter: unsure"],
    ),
    case(
        "XdpPrograms",
        sign!(
            "path;/var/lib/calico;type=d|xdp;eth1 xdpdrv prefilter;link=eth1;program=prefilter;id=9;pinned=yes"
        ),
        &["XDP eth1 xdpdrv prefilter: goes"],
    ),
    case(
        "SocketPrograms",
        sign!(
            "path;/run/cilium;type=d|attached;cgroup_inet4_connect cil_sock4_conne id 12;program=cil_sock4_conne|attached;cgroup_device sd_devices id 3;program=sd_devices"
        ),
        &["program on cgroups cgroup_inet4_connect cil_sock4_conne id 12: goes"],
    ),
    case(
        "SocketPrograms",
        sign!(
            "attached;connect4 calico_connect_ id 12;program=calico_connect_|fact;programs on cgroups;value=unseen"
        ),
        &["program on cgroups connect4 calico_connect_ id 12: unsure"],
    ),
    case(
        "SocketPrograms",
        sign!(
            "path;/run/cilium;type=d|mount;/run/cilium/cgroupv2;type=cgroup2;options=,rw,;by=|fact;programs on cgroups;value=unseen"
        ),
        &["programs on cgroups: unsure"],
    ),
    // Nothing was mounted, or pins hold them.
    case(
        "SocketPrograms",
        sign!("path;/run/cilium;type=d|fact;programs on cgroups;value=unseen"),
        &[],
    ),
    case(
        "SocketPrograms",
        sign!(
            "path;/run/cilium;type=d|mount;/run/cilium/cgroupv2;type=cgroup2;options=,rw,;by=|fact;programs on cgroups;value=pinned"
        ),
        &[],
    ),
    case(
        "BpfPins",
        sign!(
            "link;cilium_host;type=veth|pin;/sys/fs/bpf/cilium;pins=40|pin;/sys/fs/bpf/tc/globals/cilium_calls_1|pin;/sys/fs/bpf/tc/globals/mine|pin;/sys/fs/bpf/mine|pin;/sys/fs/bpf/cilium_of_mine|pin;/sys/fs/bpf/tetragon/x|pin;/sys/fs/bpf/mine/cali_x|pin;/sys/fs/bpf/tcx/eth0_ingress"
        ),
        &["/sys/fs/bpf/cilium: goes", "/sys/fs/bpf/tc/globals/cilium_calls_1: goes"],
    ),
    case(
        "BpfPins",
        sign!(
            "path;/run/calico;type=d|link;eth0;type=|link;cali0123456789a;type=veth|pin;/sys/fs/bpf/tc/globals/cali_v4_nat_fe|pin;/sys/fs/bpf/tcx/eth0_ingress|pin;/sys/fs/bpf/tcx/cali0123456789a_egress|pin;/sys/fs/bpf/tcx/eth9_ingress|pin;/sys/fs/bpf/calico_connect4;pins=2"
        ),
        &[
            "/sys/fs/bpf/tc/globals/cali_v4_nat_fe: goes",
            "/sys/fs/bpf/tcx/eth0_ingress: goes",
            "/sys/fs/bpf/tcx/cali0123456789a_egress: goes",
            "/sys/fs/bpf/tcx/eth9_ingress: unsure",
            "/sys/fs/bpf/calico_connect4: goes",
        ],
    ),
    // A pin alone says nothing of who made it, but a filter beside it does.
    case("BpfPins", sign!("pin;/sys/fs/bpf/cilium;pins=40"), &["/sys/fs/bpf/cilium: unsure"]),
    case(
        "BpfPins",
        sign!(
            "pin;/sys/fs/bpf/cilium;pins=40|filter;eth0 ingress protocol all pref 1 chain 0 handle 0x1 cil_x -;link=eth0;label=cil_x;program=-"
        ),
        &["/sys/fs/bpf/cilium: goes"],
    ),
    case(
        "BpfPins",
        "link;cilium_host;type=veth|pin;/sys/fs/bpf/cilium;pins=40",
        &["/sys/fs/bpf/cilium: unsure"],
    ),
    case(
        "BpfMounts",
        sign!(
            "path;/run/cilium;type=d|mount;/run/cilium/cgroupv2;type=cgroup2;options=,rw,relatime,;by=|mount;/sys/fs/bpf;type=bpf;options=,rw,relatime,;by=|pin;/sys/fs/bpf/cilium;pins=2|pin;/sys/fs/bpf/maps.debug|mount;/sys/fs/cgroup;type=cgroup2;options=,rw,;by="
        ),
        &["mount /run/cilium/cgroupv2: goes", "mount /sys/fs/bpf: goes"],
    ),
    // As systemd mounts it; one that others use; one of the owner's unit; and without a plugin.
    case(
        "BpfMounts",
        sign!(
            "path;/run/cilium;type=d|mount;/sys/fs/bpf;type=bpf;options=,rw,nosuid,nodev,noexec,relatime,;by="
        ),
        &[],
    ),
    case(
        "BpfMounts",
        sign!(
            "path;/run/cilium;type=d|mount;/sys/fs/bpf;type=bpf;options=,rw,relatime,;by=|pin;/sys/fs/bpf/mine"
        ),
        &["mount /sys/fs/bpf: stays"],
    ),
    case(
        "BpfMounts",
        sign!("path;/run/cilium;type=d|mount;/sys/fs/bpf;type=bpf;options=,rw,relatime,;by=owner"),
        &["mount /sys/fs/bpf: stays"],
    ),
    case("BpfMounts", sign!("mount;/sys/fs/bpf;type=bpf;options=,rw,relatime,;by="), &[]),
    case(
        "BpfMounts",
        "mount;/run/calico/cgroup;type=cgroup2;options=,rw,;by=",
        &["mount /run/calico/cgroup: unsure"],
    ),
];
