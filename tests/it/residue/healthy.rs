//! Hosts that were never part of a Kubernetes: `verify-clean` must say so, whatever their owners run. What each has is what these projects make on
//! Debian 12, Fedora 40 and Ubuntu 22.04.

use super::judged;

/// What every host has.
const PLAIN: &str = "fact;os;value=debian |fact;containerd;value=no|fact;docker;value=no|link;lo;type=;addresses=127.0.0.1/8 |link;eth0;type=;addresses=10.0.0.9/24 |path;/etc/modules-load.d;type=d\
    |package;socat;manager=apt;version=1|package;ethtool;manager=apt;version=1|unit;ufw.service;load=loaded;enabled=disabled;active=inactive|setting;vm.swappiness;now=10;file=/etc/sysctl.d/mine.conf;set=10\
    |setting;net.ipv4.ip_forward;now=1;file=;set=|line;fstab;file=/etc/fstab;number=3;text=#/dev/sda2 none swap sw 0 0|line;selinux;file=/etc/selinux/config;number=2;text=SELINUX=permissive\
    |policy;4 0: from all lookup local|policy;4 32766: from all lookup main|path;/etc/cni;type=d;empty=yes|line;resolv;file=/etc/resolv.conf;number=1;text=nameserver 169.254.20.10|unit;k3s-exporter.service;load=loaded;enabled=enabled;active=active;program=/usr/bin/k3s-exporter";

const HOSTS: &[(&str, &str)] = &[
    ("a plain host", ""),
    (
        "docker",
        "link;docker0;type=bridge;addresses=172.17.0.1/16 |link;br-0a1b2c3d4e5f;type=bridge|link;veth12ab;type=veth;master=docker0|chain;iptables-nft filter DOCKER|chain;iptables-nft filter DOCKER-USER|table;ip nat;empty=no\
         |table;ip filter;empty=no|process;containerd-shim;pid=9;namespace=moby;pods=no|namespace;moby;containers=2;images=0|package;docker-ce;manager=apt;version=1|package;containerd.io;manager=apt;version=1\
         |unit;containerd.service;load=loaded;enabled=enabled;active=active|path;/usr/bin/dockerd;type=f|owner;/usr/bin/dockerd;package=docker-ce|path;/usr/bin/containerd;type=f|owner;/usr/bin/containerd;package=containerd.io\
         |path;/usr/bin/runc;type=f|owner;/usr/bin/runc;package=containerd.io|path;/etc/containerd;type=d;empty=no|owner;/etc/containerd;package=containerd.io|path;/var/lib/containerd;type=d;empty=no|path;/run/containerd;type=d;empty=no\
         |path;/opt/containerd;type=d;empty=no|container;ab;name=web;state=running;kubernetes=no|path;/etc/apt/sources.list.d/docker.list;type=f|fact;needs-containerd;value=docker-ce |setting;net.ipv4.conf.all.route_localnet;now=1;file=;set=",
    ),
    // A cluster in containers (kind, minikube): its node is docker's, and what is its own is in the container's namespaces.
    (
        "kind",
        "link;docker0;type=bridge|link;br-0a1b2c3d4e5f;type=bridge|container;ab;name=kind-control-plane;state=running;kubernetes=no|namespace;moby;containers=1;images=0|path;/usr/bin/dockerd;type=f|path;/usr/local/bin/kubectl;type=f\
         |path;/root/.kube;type=d;empty=no|path;/root/.kube/config;type=f;words=kubeconfig;servers=https://127.0.0.1:40123 ;contexts=1;authorities=ab |path;/root/.kube/cache;type=d;empty=no|path;/usr/local/bin/helm;type=f\
         |package;docker-ce;manager=apt;version=1|path;/var/lib/containerd;type=d;empty=no|path;/usr/bin/containerd;type=f|unit;containerd.service;load=loaded;enabled=enabled;active=active",
    ),
    // podman until 3 has networks of plugins, and names namespaces as the CRI plugin does.
    (
        "podman with plugins",
        "path;/usr/bin/podman;type=f|owner;/usr/bin/podman;package=podman|package;containernetworking-plugins;manager=apt;version=1|network;/etc/cni/net.d/87-podman-bridge.conflist;network=podman;plugins=bridge,portmap,firewall,tuning,;bridge=cni-podman0\
         |link;cni-podman0;type=bridge;addresses=10.88.0.1/16 |link;veth0a1b2c3d;type=veth;master=cni-podman0|netns;cni-01234567-89ab-cdef-0123-456789abcdef|chain;iptables-nft nat CNI-0a1b2c3d4e5f0a1b2c3d4e5f\
         |chain;iptables-nft nat CNI-HOSTPORT-DNAT|chain;iptables-nft filter CNI-FORWARD|chain;iptables-nft filter CNI-ADMIN|rule;iptables-nft nat -A POSTROUTING -s 10.88.0.2/32 -m comment --comment \"name: \\\"podman\\\" id: \\\"4242\\\"\" -j CNI-0a1b2c3d4e5f0a1b2c3d4e5f\
         |path;/var/lib/cni;type=d;empty=no|path;/var/lib/cni/networks;type=d;empty=no|path;/var/lib/cni/networks/podman;type=d;empty=no|attachment;/var/lib/cni/results/podman-4242-eth0;pod=no;network=podman;id=4242\
         |path;/etc/cni/net.d;type=d;empty=no",
    ),
    (
        "podman whose containers have all ended",
        "path;/usr/bin/podman;type=f|network;/etc/cni/net.d/87-podman-bridge.conflist;network=podman;plugins=bridge,;bridge=cni-podman0|netns;cni-01234567-89ab-cdef-0123-456789abcdef|path;/var/lib/cni;type=d;empty=no\
         |path;/var/lib/cni/networks;type=d;empty=no|chain;iptables-nft nat CNI-HOSTPORT-SETMARK|chain;iptables-nft filter CNI-ADMIN|path;/etc/cni/net.d;type=d;empty=no|path;/opt/cni/bin/bridge;type=f",
    ),
    (
        "podman with netavark",
        "path;/usr/bin/podman;type=f|link;podman0;type=bridge;addresses=10.88.0.1/16 |netns;netns-01234567-89ab-cdef-0123-456789abcdef|table;inet netavark;empty=no|chain;iptables-nft nat NETAVARK-HOSTPORT-DNAT",
    ),
    (
        "nerdctl",
        "path;/usr/local/bin/nerdctl;type=f|path;/usr/local/bin/containerd;type=f|path;/usr/local/bin/ctr;type=f|path;/usr/local/bin/runc;type=f|path;/var/lib/containerd;type=d;empty=no|path;/var/lib/nerdctl;type=d;empty=no\
         |namespace;default;containers=1;images=1|network;/etc/cni/net.d/nerdctl-bridge.conflist;network=bridge;plugins=bridge,portmap,firewall,tuning,;bridge=nerdctl0|link;nerdctl0;type=bridge|path;/opt/cni/bin/bridge;type=f\
         |path;/opt/cni/bin/loopback;type=f|path;/opt/cni/bin/flannel;type=f|owner;/opt/cni/bin/flannel;package=mine|unit;containerd.service;load=loaded;enabled=enabled;active=active|process;containerd-shim;pid=9;namespace=default;pods=no\
         |path;/opt/cni;type=d;empty=no|path;/opt/cni/bin;type=d;empty=no|path;/etc/systemd/system/containerd.service;type=f|chain;iptables-nft filter CNI-ISOLATION-STAGE-1",
    ),
    (
        "libvirt and LXD",
        "link;virbr0;type=bridge;addresses=192.168.122.1/24 |link;vnet0;type=tun;master=virbr0|chain;iptables-nft filter LIBVIRT_FWI|table;ip libvirt_network;empty=no|link;lxdbr0;type=bridge|link;lxcab12;type=veth;master=lxdbr0\
         |table;inet lxd;empty=no|setting;net.ipv6.conf.all.forwarding;now=1;file=;set=",
    ),
    (
        "a router with BIRD and keepalived",
        "route;4 10.9.0.0/16 via 10.0.0.2 dev eth0 proto bird|route;4 default via 10.0.0.1 dev eth0 proto bird|server;-t 10.0.0.100:80|path;/etc/keepalived/keepalived.conf;type=f;words=|link;tunl0;type=ipip|set;blocklist\
         |policy;4 100: from all fwmark 0x1 lookup 100|policy;4 10: from 10.9.0.0/16 lookup 2004|policy;4 32765: from all lookup local|policy;4 9: from all fwmark 0x200/0xf00 lookup 2004\
         |address;10.0.0.100/32 eth0;file=;way-in=no;known=yes|route;4 10.9.0.0/16 dev eth0 table 2004|user;etcd;uid=105;comment=;home=/var/lib/etcd|group;kube-cert;gid=200;members=;primary=",
    ),
    (
        "a workstation with kubectl",
        "package;kubectl;manager=apt;version=1.30|path;/usr/bin/kubectl;type=f|owner;/usr/bin/kubectl;package=kubectl|path;/etc/apt/sources.list.d/kubernetes.list;type=f|path;/etc/apt/keyrings/kubernetes-apt-keyring.gpg;type=f\
         |path;/root/.kube;type=d;empty=no|path;/root/.kube/config;type=f;words=kubeconfig;servers=https://prod:6443 ;contexts=1|path;/root/.kube/cache;type=d;empty=no|path;/usr/local/bin/helm;type=f|path;/usr/local/bin/etcdctl;type=f\
         |path;/etc/bash_completion.d/kubectl;type=f|path;/usr/local/bin/crictl;type=f|path;/root/cluster.yaml;type=f;words=apiVersion: kubeadm",
    ),
];

#[test]
fn a_healthy_host_is_clean_whatever_its_owner_runs() {
    let mut wrong = Vec::new();
    for (name, host) in HOSTS {
        let judged = judged(&format!("{PLAIN}|{host}"));
        wrong.extend(judged.residue().map(|it| format!("{name}: {} {:?}", it.thing, it.outcome)));
        assert_eq!(judged.installers, [], "{name}");
        let wishes = bivouac::residue::Wishes { defaults: true, ..Default::default() };
        assert_eq!(bivouac::residue::removals(&judged, &wishes), [], "{name}");
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
