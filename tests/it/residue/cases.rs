//! One host a case: what an entry knows as its own, and what only looks like it.

/// A host, and what an entry says of it.
pub struct Case {
    pub entry: &'static str,
    /// Its lines; `;` is a tab and `|` ends one.
    pub host: &'static str,
    pub says: &'static [&'static str],
}

const fn case(entry: &'static str, host: &'static str, says: &'static [&'static str]) -> Case {
    Case { entry, host, says }
}

/// A control plane that kubeadm made, as far as order matters.
pub const KUBEADM: &str = "path;/etc/kubernetes/manifests/etcd.yaml;type=f|unit;kubelet.service;load=loaded;enabled=enabled;active=active|process;containerd-shim;pid=7;namespace=k8s.io;pods=no\
    |chain;iptables-nft nat KUBE-SERVICES|chain;iptables-nft filter KUBE-FIREWALL|set;KUBE-CLUSTER-IP|link;kube-ipvs0;type=dummy;addresses=10.96.0.1/32 |path;/var/lib/kubelet;type=d;empty=no|path;/etc/kubernetes;type=d;empty=no\
    |package;kubelet;manager=apt;version=1.20.2|path;/usr/local/bin/crictl;type=f|path;/opt/cni;type=d;empty=no|path;/opt/cni/bin;type=d;empty=no|path;/opt/cni/bin/flannel;type=f";

/// A sign of a Kubernetes, for entries that want one.
macro_rules! sign {
    ($rest:literal) => {
        concat!("path;/var/lib/kubelet/config.yaml;type=f|", $rest)
    };
}

pub const CASES: &[Case] = &[
    case(
        "StaticPods",
        "path;/etc/kubernetes/manifests/kube-apiserver.yaml;type=f",
        &["/etc/kubernetes/manifests/kube-apiserver.yaml: goes"],
    ),
    case(
        "StaticPods",
        "path;/etc/kubernetes/manifests/deep/x.yaml;type=f|path;/etc/kubelet.d/own.yaml;type=f",
        &[],
    ),
    case(
        "Services",
        "unit;kubelet.service;load=loaded;enabled=enabled;active=inactive|unit;k3s.service;load=loaded;enabled=disabled;active=active",
        &["unit kubelet.service: goes", "unit k3s.service: goes"],
    ),
    case(
        "Services",
        "unit;my-kubelet.service;load=loaded;enabled=enabled;active=active|unit;kubelet.service;load=loaded;enabled=disabled;active=inactive",
        &[],
    ),
    case(
        "EtcdService",
        "unit;etcd.service;load=loaded;enabled=enabled;active=active",
        &["unit etcd.service: kept"],
    ),
    case("EtcdService", "unit;etcd-backup.service;load=loaded;enabled=enabled;active=active", &[]),
    case(
        "UnitFiles",
        "path;/etc/systemd/system/kubelet.service.d;type=d;empty=no",
        &["/etc/systemd/system/kubelet.service.d: goes"],
    ),
    case(
        "UnitFiles",
        "path;/usr/lib/systemd/system/kubelet.service;type=f|owner;/usr/lib/systemd/system/kubelet.service;package=kubelet|path;/etc/systemd/system/mykubelet.service;type=f",
        &["/usr/lib/systemd/system/kubelet.service: stays"],
    ),
    case(
        "DanglingUnits",
        "path;/etc/systemd/system/multi-user.target.wants/kubelet.service;type=l;target=/lib/x;dangling=yes",
        &["/etc/systemd/system/multi-user.target.wants/kubelet.service: goes"],
    ),
    case(
        "DanglingUnits",
        "path;/etc/systemd/system/multi-user.target.wants/kubelet.service;type=l;target=/lib/x",
        &[],
    ),
    case(
        "Pods",
        "process;containerd-shim;pid=7;namespace=k8s.io;pods=no|process;etcd;pid=8;pods=yes;namespace=",
        &["process containerd-shim (7): goes", "process etcd (8): goes"],
    ),
    case(
        "Unread",
        "fact;unread;value=the sets of ipset|fact;unread;value=the tables of nft|fact;os;value=debian ",
        &["the sets of ipset: unsure", "the tables of nft: unsure"],
    ),
    case("Unread", "fact;containerd;value=no", &[]),
    case(
        "Pods",
        "process;kubelet;pid=9;pods=no;namespace=|unit;kubelet.service;load=not-found;enabled=-;active=active",
        &[],
    ),
    case(
        "Services",
        "unit;kubelet.service;load=not-found;enabled=-;active=active",
        &["unit kubelet.service: goes"],
    ),
    case(
        "Pods",
        "process;kubelet;pid=9;pods=no;namespace=|unit;kubelet.service;load=loaded;enabled=disabled;active=inactive",
        &["process kubelet (9): unsure"],
    ),
    case(
        "Pods",
        "process;containerd-shim;pid=7;namespace=moby;pods=no|process;etcd;pid=8;pods=no;namespace=",
        &[],
    ),
    case(
        "DockerPods",
        "container;ab;name=k8s_POD_web;kubernetes=yes|container;cd;name=etcd;kubernetes=rke",
        &["container k8s_POD_web: goes", "container etcd: goes"],
    ),
    // A name alone, or a label alone, is anybody's.
    case("DockerPods", "container;ab;name=k8s_mine;kubernetes=no", &["container k8s_mine: stays"]),
    case(
        "PodCgroups",
        "cgroup;/sys/fs/cgroup/kubepods.slice;processes=0",
        &["cgroup /sys/fs/cgroup/kubepods.slice: goes"],
    ),
    case("PodCgroups", "path;/sys/fs/cgroup/mine;type=d", &[]),
    case(
        "KubernetesConfig",
        "path;/etc/kubernetes;type=d;empty=no;mount=-;kept=0",
        &["/etc/kubernetes: goes"],
    ),
    case(
        "KubernetesConfig",
        "path;/etc/kubernetes;type=l;target=/data/kubernetes",
        &["/etc/kubernetes: unsure"],
    ),
    // rpm's kubelet brings the directories; the package goes, and so do they.
    case(
        "KubernetesConfig",
        "path;/etc/kubernetes;type=d;empty=no|owner;/etc/kubernetes;package=kubelet|package;kubelet;manager=rpm;version=1",
        &["/etc/kubernetes: goes"],
    ),
    case(
        "UnitFiles",
        "path;/usr/lib/systemd/system/kubelet.service;type=f|owner;/usr/lib/systemd/system/kubelet.service;package=kubelet|package;kubelet;manager=rpm;version=1",
        &[],
    ),
    case(
        "KubeletState",
        "path;/var/lib/kubelet;type=d;mount=self;mounts=12;kept=0",
        &["/var/lib/kubelet: goes"],
    ),
    // The owner's disk in a pod's volume; a network file system; a link.
    case(
        "KubeletState",
        "path;/var/lib/kubelet;type=d;mounts=12;kept=1",
        &["/var/lib/kubelet: kept"],
    ),
    case(
        "KubeletState",
        "path;/var/lib/kubelet;type=d;empty=yes;mount=other",
        &["/var/lib/kubelet: stays"],
    ),
    case("KubeletState", "path;/var/lib/kubelet;type=d;mount=remote", &["/var/lib/kubelet: kept"]),
    case(
        "KubeletState",
        "path;/var/lib/kubelet;type=l;target=/data",
        &["/var/lib/kubelet: unsure"],
    ),
    // The owner's disk, emptied by an earlier wipe.
    case(
        "KubeletState",
        "path;/var/lib/kubelet;type=d;empty=yes;mount=fstab;kept=0",
        &["/var/lib/kubelet: stays"],
    ),
    case("KubeletState", "path;/var/lib/kubelet-backup;type=d", &[]),
    case(
        "ClusterEtcd",
        "path;/var/lib/etcd/member;type=d;empty=no|fact;etcd-data;value=/var/lib/etcd",
        &["/var/lib/etcd/member: goes"],
    ),
    case(
        "ClusterEtcd",
        "path;/var/lib/etcd/member;type=d;empty=no|path;/etc/kubernetes/pki/etcd;type=d",
        &["/var/lib/etcd/member: goes"],
    ),
    case(
        "ClusterEtcd",
        "path;/var/lib/etcd/member;type=d;empty=no",
        &["/var/lib/etcd/member: unsure"],
    ),
    case(
        "ClusterEtcd",
        "path;/var/lib/etcd/member;type=d;empty=no|fact;etcd-data;value=/var/lib/etcd|fact;etcd-servers;value=https://10.0.0.5:2379",
        &["/var/lib/etcd/member: kept"],
    ),
    case(
        "ClusterEtcd",
        "path;/var/lib/etcd/member;type=d;empty=no|fact;etcd-data;value=/var/lib/etcd|unit;etcd.service;load=loaded;enabled=enabled;active=active",
        &["/var/lib/etcd/member: kept"],
    ),
    case(
        "EtcdSnapshots",
        "path;/var/lib/etcd/before-upgrade.db;type=f",
        &["/var/lib/etcd/before-upgrade.db: kept"],
    ),
    case("EtcdSnapshots", "path;/var/lib/etcd/member;type=d;empty=no", &[]),
    case("PodLogs", "path;/var/log/pods;type=d;empty=no", &["/var/log/pods: goes"]),
    case("PodLogs", "path;/var/log/journal;type=d|path;/var/log/pods2;type=d", &[]),
    case(
        "Kubeconfigs",
        "path;/root/.kube/config;type=f;words=kubeconfig;servers=https://10.0.0.1:6443 ;contexts=1|path;/etc/kubernetes/pki;type=d|fact;server;value=https://10.0.0.1:6443 ",
        &["/root/.kube/config: goes"],
    ),
    case(
        "Kubeconfigs",
        "path;/root/.kube/config;type=f;words=kubeconfig;servers=https://10.0.0.1:6443 https://prod:6443 ;contexts=2|path;/etc/kubernetes/pki;type=d|fact;server;value=https://10.0.0.1:6443 ",
        &["/root/.kube/config: stays"],
    ),
    case(
        "Kubeconfigs",
        sign!(
            "path;/home/ops/.kube/config;type=f;words=kubeconfig;servers=https://10.0.0.7:6443 ;contexts=1|link;eth0;type=veth;addresses=10.0.0.7/24 |fact;server;value="
        ),
        &["/home/ops/.kube/config: unsure"],
    ),
    case(
        "Kubeconfigs",
        "path;/home/ops/.kube/config;type=f;words=kubeconfig;servers=https://prod:6443 ;contexts=1|fact;server;value=",
        &["/home/ops/.kube/config: stays"],
    ),
    case(
        "Kubeconfigs",
        sign!(
            "path;/home/ops/.kube/config;type=f;words=kubeconfig;servers=https://prod:6443 ;contexts=1|fact;server;value="
        ),
        &["/home/ops/.kube/config: stays"],
    ),
    // Any cluster in containers is at a loopback address.
    case(
        "Kubeconfigs",
        sign!(
            "path;/root/.kube/config;type=f;words=kubeconfig;servers=https://127.0.0.1:6443 ;contexts=1;authorities=ab |fact;server;value=https://127.0.0.1:6443 |fact;authority;value=ab cd "
        ),
        &["/root/.kube/config: goes"],
    ),
    case(
        "Kubeconfigs",
        sign!(
            "path;/root/.kube/config;type=f;words=kubeconfig;servers=https://127.0.0.1:6443 ;contexts=1;authorities=ef |path;/home/a/.kube/config;type=f;words=kubeconfig;servers=https://localhost:6443 |fact;server;value=https://127.0.0.1:6443 https://localhost:6443 |fact;authority;value=ab "
        ),
        &["/root/.kube/config: unsure", "/home/a/.kube/config: unsure"],
    ),
    case(
        "Kubeconfigs",
        sign!(
            "path;/home/a/.kube/config;type=f;words=kubeconfig;servers=https://10.0.0.1:6443 ;linked=yes|fact;server;value=https://10.0.0.1:6443 "
        ),
        &["/home/a/.kube/config: unsure"],
    ),
    case(
        "KubectlCache",
        sign!("path;/root/.kube/cache;type=d;empty=no"),
        &["/root/.kube/cache: goes"],
    ),
    case("KubectlCache", "path;/root/.kube/cache;type=d;empty=no", &["/root/.kube/cache: stays"]),
    case("SharedDirectories", sign!("path;/root/.kube;type=d;empty=yes"), &["/root/.kube: goes"]),
    // Something of the owner's is in it.
    case("SharedDirectories", sign!("path;/root/.kube;type=d;empty=no"), &[]),
    case(
        "KubeadmInputs",
        sign!("path;/root/i.yaml;type=f;words=apiVersion: kubeadm"),
        &["/root/i.yaml: kept"],
    ),
    case(
        "KubeadmInputs",
        "path;/root/i.yaml;type=f;words=apiVersion: kubeadm",
        &["/root/i.yaml: stays"],
    ),
    case(
        "KubeadmInputs",
        "path;/root/app.yaml;type=f;words=|path;/srv/i.yaml;type=f;words=apiVersion: kubeadm",
        &[],
    ),
    case("SmallConfig", sign!("path;/etc/crictl.yaml;type=f"), &["/etc/crictl.yaml: goes"]),
    case("SmallConfig", "path;/etc/crictl.yaml;type=f", &["/etc/crictl.yaml: unsure"]),
    case("BalancerConfig", "path;/etc/kube-lb;type=d;empty=no", &["/etc/kube-lb: goes"]),
    case(
        "BalancerConfig",
        "path;/etc/nginx/nginx.conf;type=f;words=kubernetes,|path;/etc/haproxy/haproxy.cfg;type=f;words=",
        &["/etc/nginx/nginx.conf: unsure"],
    ),
    case(
        "TrustedAuthorities",
        sign!("path;/usr/local/share/ca-certificates/kube-ca.crt;type=f"),
        &["/usr/local/share/ca-certificates/kube-ca.crt: goes"],
    ),
    case(
        "TrustedAuthorities",
        "path;/usr/local/share/ca-certificates/kube-ca.crt;type=f",
        &["/usr/local/share/ca-certificates/kube-ca.crt: unsure"],
    ),
    case("TrustedAuthorities", "path;/usr/local/share/ca-certificates/my-kube-ca.crt;type=f", &[]),
    case(
        "Programs",
        sign!("path;/usr/local/bin/kubelet;type=f|path;/usr/local/bin/kubectl;type=l;target=k3s"),
        &["/usr/local/bin/kubelet: goes", "/usr/local/bin/kubectl: goes"],
    ),
    // Packages' programs, and a client on a host without a cluster.
    case(
        "Programs",
        "path;/usr/local/bin/kubectl;type=f|path;/usr/bin/kubectl;type=f|owner;/usr/bin/kubectl;package=kubectl",
        &["/usr/local/bin/kubectl: stays", "/usr/bin/kubectl: stays"],
    ),
    // A client under another version's name.
    case(
        "Programs",
        "path;/usr/local/bin/kubectl;type=l;target=/opt/kubectl-1.30/kubectl",
        &["/usr/local/bin/kubectl: stays"],
    ),
    case("OtherTools", sign!("path;/usr/local/bin/helm;type=f"), &["/usr/local/bin/helm: stays"]),
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
            "/run/cilium: goes",
        ],
    ),
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
        "Services",
        "unit;flanneld.service;load=loaded;enabled=enabled;active=active|unit;calico-node.service;load=loaded;enabled=enabled;active=active",
        &["unit flanneld.service: unsure", "unit calico-node.service: unsure"],
    ),
    case(
        "LooseRules",
        "rule;iptables-nft filter -A INPUT -m comment --comment \"cali:Cz_u1IQiXIMmKD4c\" -j ACCEPT",
        &[
            "rule iptables-nft filter -A INPUT -m comment --comment \"cali:Cz_u1IQiXIMmKD4c\" -j ACCEPT: unsure",
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
        "DistributionConfig",
        "path;/etc/rancher/k3s;type=d;empty=no",
        &["/etc/rancher/k3s: goes"],
    ),
    case("DistributionConfig", "path;/etc/rancher/mine;type=d", &[]),
    case(
        "DistributionData",
        "path;/var/lib/rancher/k3s/agent;type=d|path;/var/lib/rancher/k3s/server/token;type=f|path;/var/lib/rancher/k3s/server/db;type=d|path;/var/lib/rancher/k3s/server/db/state.db;type=f",
        &[
            "/var/lib/rancher/k3s/agent: goes",
            "/var/lib/rancher/k3s/server/token: goes",
            "/var/lib/rancher/k3s/server/db/state.db: goes",
        ],
    ),
    case(
        "DistributionData",
        "path;/var/lib/rancher/k3s/storage;type=d|path;/var/lib/rancher/k3s/server/db/snapshots;type=d;empty=no",
        &[],
    ),
    case(
        "DistributionPrograms",
        "path;/usr/local/bin/k3s-killall.sh;type=f|path;/usr/local/bin/ctr;type=l;target=k3s",
        &["/usr/local/bin/k3s-killall.sh: goes", "/usr/local/bin/ctr: goes"],
    ),
    case(
        "DistributionPrograms",
        "path;/usr/local/bin/ctr;type=f|path;/usr/bin/rke2;type=f|owner;/usr/bin/rke2;package=rke2-server",
        &["/usr/bin/rke2: stays"],
    ),
    case(
        "DistributionDirectories",
        "path;/var/lib/rancher/k3s;type=d;empty=no|path;/var/lib/rancher/k3s/agent;type=d;empty=no",
        &["/var/lib/rancher/k3s: goes"],
    ),
    case(
        "DistributionDirectories",
        "path;/var/lib/rancher/k3s;type=d;empty=no|path;/var/lib/rancher/k3s/storage;type=d;empty=no",
        &[],
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
    case(
        "ContainerdPods",
        "namespace;k8s.io;containers=4;images=9|namespace;default;containers=0;images=1|path;/usr/bin/containerd;type=f|fact;containerd;value=yes",
        &["containerd's namespace k8s.io: goes", "containerd's namespace default: stays"],
    ),
    case(
        "ContainerdPods",
        "namespace;k8s.io;containers=?;images=?|namespace;moby;containers=?;images=?|path;/usr/bin/containerd;type=f|fact;containerd;value=no",
        &["containerd's namespace k8s.io: unsure", "containerd's namespace moby: stays"],
    ),
    case(
        "ContainerdPods",
        "namespace;moby;containers=1;images=1|path;/usr/bin/containerd;type=f|fact;containerd;value=yes",
        &["containerd's namespace moby: stays"],
    ),
    case(
        "ContainerdPackages",
        "package;containerd;manager=apt;version=1|path;/usr/bin/containerd;type=f|owner;/usr/bin/containerd;package=containerd|namespace;k8s.io;containers=4;images=9|fact;kubelet-runtime;value=/run/containerd/containerd.sock ",
        &["package containerd 1: goes"],
    ),
    case(
        "ContainerdPackages",
        sign!(
            "package;containerd;manager=apt;version=1|path;/usr/bin/containerd;type=f|namespace;k8s.io|fact;kubelet-runtime;value=/run/containerd/containerd.sock |fact;needs-containerd;value=docker.io "
        ),
        &["package containerd 1: stays"],
    ),
    case(
        "ContainerdPackages",
        "package;containerd;manager=apt;version=1|path;/usr/bin/containerd;type=f",
        &["package containerd 1: stays"],
    ),
    case(
        "ContainerdService",
        "unit;containerd.service;load=loaded;enabled=enabled;active=active|path;/usr/bin/containerd;type=f|namespace;k8s.io|fact;kubelet-runtime;value=/run/containerd/containerd.sock ",
        &["unit containerd.service: goes"],
    ),
    case(
        "ContainerdService",
        "unit;containerd.service;load=loaded;enabled=enabled;active=active|path;/usr/bin/containerd;type=f|namespace;k8s.io|namespace;buildkit|fact;kubelet-runtime;value=/run/containerd/containerd.sock ",
        &["unit containerd.service: stays"],
    ),
    case(
        "ContainerdStore",
        sign!("path;/var/lib/containerd;type=d;empty=no|namespace;k8s.io"),
        &["/var/lib/containerd: goes"],
    ),
    case(
        "ContainerdStore",
        sign!("path;/var/lib/containerd;type=d;empty=no|namespace;k8s.io|namespace;moby"),
        &["/var/lib/containerd: stays"],
    ),
    case(
        "ContainerdFiles",
        sign!(
            "path;/etc/containerd;type=d;empty=no|path;/usr/bin/containerd;type=f|namespace;k8s.io"
        ),
        &["/etc/containerd: goes"],
    ),
    case(
        "ContainerdFiles",
        "path;/etc/containerd;type=d;empty=no|path;/usr/bin/containerd;type=f|namespace;default",
        &["/etc/containerd: stays"],
    ),
    case(
        "ContainerdPrograms",
        sign!(
            "path;/usr/local/bin/containerd;type=f|path;/usr/local/bin/runc;type=f|namespace;k8s.io"
        ),
        &["/usr/local/bin/containerd: goes", "/usr/local/bin/runc: goes"],
    ),
    case(
        "ContainerdPrograms",
        sign!(
            "path;/usr/bin/containerd;type=f|owner;/usr/bin/containerd;package=containerd|path;/usr/local/bin/runc;type=f|namespace;k8s.io|path;/usr/bin/dockerd;type=f"
        ),
        &["/usr/local/bin/runc: stays"],
    ),
    case("Docker", "package;docker-ce;manager=apt;version=1", &["package docker-ce 1: stays"]),
    case("CriO", "package;cri-o;manager=rpm;version=1", &["package cri-o 1: kept"]),
    case("CriO", "package;podman;manager=rpm;version=1", &[]),
    case(
        "KubernetesPackages",
        "package;kubelet;manager=apt;version=1.20.2;held=yes|package;kubectl;manager=apt;version=1.20.2",
        &["package kubelet 1.20.2: goes", "package kubectl 1.20.2: goes"],
    ),
    case(
        "KubernetesPackages",
        "package;kubectl;manager=apt;version=1.20.2",
        &["package kubectl 1.20.2: stays"],
    ),
    case(
        "KubernetesPackages",
        "package;kubelet;manager=apt;version=1|package;kubernetes-cni;manager=apt;version=1|path;/usr/bin/podman;type=f",
        &["package kubelet 1: goes", "package kubernetes-cni 1: stays"],
    ),
    case(
        "KubernetesPackages",
        "package;kubelet;manager=apt;version=1|package;kubernetes-cni;manager=apt;version=1",
        &["package kubelet 1: goes", "package kubernetes-cni 1: goes"],
    ),
    // So do the plugins that it brought.
    case(
        "NetworkPlugins",
        "package;kubelet;manager=apt;version=1|package;kubernetes-cni;manager=apt;version=1|path;/usr/bin/podman;type=f|path;/opt/cni/bin/bridge;type=f|owner;/opt/cni/bin/bridge;package=kubernetes-cni",
        &["/opt/cni/bin/bridge: stays"],
    ),
    case(
        "ToolPackages",
        sign!("package;conntrack;manager=apt;version=1"),
        &["package conntrack 1: stays"],
    ),
    case(
        "Repositories",
        sign!(
            "path;/etc/apt/sources.list.d/kubernetes.list;type=f|path;/etc/yum.repos.d/rancher-rke2-1.27.repo;type=f"
        ),
        &[
            "/etc/apt/sources.list.d/kubernetes.list: goes",
            "/etc/yum.repos.d/rancher-rke2-1.27.repo: goes",
        ],
    ),
    // A client came from there.
    case(
        "Repositories",
        "package;kubectl;manager=apt;version=1|path;/etc/apt/sources.list.d/kubernetes.list;type=f|path;/etc/apt/keyrings/kubernetes-apt-keyring.gpg;type=f|path;/etc/yum.repos.d/rancher-rke2.repo;type=f",
        &[
            "/etc/apt/sources.list.d/kubernetes.list: stays",
            "/etc/apt/keyrings/kubernetes-apt-keyring.gpg: stays",
            "/etc/yum.repos.d/rancher-rke2.repo: unsure",
        ],
    ),
    case("Repositories", "path;/etc/apt/sources.list.d/my-kubernetes.list;type=f", &[]),
    case(
        "OtherRepositories",
        sign!("path;/etc/apt/sources.list.d/docker-ce.list;type=f"),
        &["/etc/apt/sources.list.d/docker-ce.list: stays"],
    ),
    case(
        "BpfPrograms",
        "pin;/sys/fs/bpf/tc/globals/cilium_calls_1|pin;/sys/fs/bpf/mine",
        &["/sys/fs/bpf/tc/globals/cilium_calls_1: unsure"],
    ),
    case(
        "ModuleFiles",
        "path;/etc/modules-load.d/k8s.conf;type=f",
        &["/etc/modules-load.d/k8s.conf: goes"],
    ),
    case("ModuleFiles", "path;/etc/modules-load.d/wireguard.conf;type=f", &[]),
    case("SysctlFiles", "path;/etc/sysctl.d/k8s.conf;type=f", &["/etc/sysctl.d/k8s.conf: goes"]),
    case(
        "SysctlFiles",
        "path;/etc/sysctl.d/99-sysctl.conf;type=l;target=../sysctl.conf|path;/etc/sysctl.d/10-mine.conf;type=f",
        &[],
    ),
    case(
        "Sysctls",
        sign!(
            "setting;vm.overcommit_memory;now=1;file=;set=|setting;net.ipv4.ip_forward;now=1;file=/etc/sysctl.d/k8s.conf;set=1"
        ),
        &["setting vm.overcommit_memory: setting", "setting net.ipv4.ip_forward: setting"],
    ),
    // Others may need it; it is shown and not written (`forwarding_stays_where_others_need_it`).
    // A file of the owner's wants it so; and no Kubernetes was here.
    case(
        "Sysctls",
        sign!("setting;net.ipv4.ip_forward;now=1;file=/etc/sysctl.d/10-router.conf;set=1"),
        &[],
    ),
    case("Sysctls", "setting;net.ipv4.ip_forward;now=1;file=;set=", &[]),
    case(
        "SwapLine",
        sign!("line;fstab;file=/etc/fstab;number=3;text=#/dev/sda2 none swap sw 0 0"),
        &["/etc/fstab:3: setting"],
    ),
    case("SwapLine", "line;fstab;file=/etc/fstab;number=3;text=#/dev/sda2 none swap sw 0 0", &[]),
    case(
        "SelinuxMode",
        sign!("line;selinux;file=/etc/selinux/config;number=2;text=SELINUX=permissive"),
        &["/etc/selinux/config:2: setting"],
    ),
    case(
        "SelinuxMode",
        sign!("line;selinux;file=/etc/selinux/config;number=2;text=SELINUX=enforcing"),
        &[],
    ),
    case(
        "FirewallService",
        sign!("unit;firewalld.service;load=loaded;enabled=disabled;active=inactive"),
        &["unit firewalld.service: setting"],
    ),
    case(
        "FirewallService",
        sign!(
            "unit;firewalld.service;load=loaded;enabled=enabled;active=active|unit;ufw.service;load=loaded;enabled=disabled;active=inactive|fact;os;value=debian "
        ),
        &[],
    ),
    case(
        "HostsEntries",
        "line;hosts;file=/etc/hosts;number=4;text=10.0.0.9 k8s-worker-node1|line;hosts;file=/etc/hosts;number=5;text=# kubekey hosts BEGIN|line;hosts;file=/etc/hosts;number=9;text=# kubekey hosts END",
        &["/etc/hosts:4: setting", "/etc/hosts:5: setting"],
    ),
    case(
        "HostsEntries",
        "line;hosts;file=/etc/hosts;number=4;text=10.0.0.9 my-worker-1|line;hosts;file=/etc/hosts;number=6;text=10.0.0.9 my-worker-node1 db|line;hosts;file=/etc/hosts;number=7;text=# 10.0.0.9 k8s-worker-node1",
        &[],
    ),
    case(
        "HostsEntries",
        "line;hosts;file=/etc/hosts;number=5;text=# kubekey hosts BEGIN",
        &["/etc/hosts:5: unsure"],
    ),
    case(
        "Resolver",
        "line;resolv;file=/etc/resolv.conf;number=1;text=options timeout:2 attempts:3 rotate single-request-reopen",
        &["/etc/resolv.conf:1: setting"],
    ),
    case(
        "Resolver",
        "line;resolv;file=/etc/resolv.conf;number=1;text=options single-request-reopen",
        &[],
    ),
    case(
        "TuningBlocks",
        "line;block;file=/etc/security/limits.conf;number=50;text=## Kainstall managed start|line;block;file=/etc/security/limits.conf;number=60;text=## Kainstall managed end",
        &["/etc/security/limits.conf:50: setting"],
    ),
    case(
        "TuningBlocks",
        "line;block;file=/etc/security/limits.conf;number=50;text=## Kainstall managed start|line;block;file=/etc/profile;number=60;text=## Kainstall managed end",
        &["/etc/security/limits.conf:50: unsure"],
    ),
    case(
        "TuningFiles",
        "path;/etc/systemd/journald.conf.d/99-prophet.conf;type=f|path;/usr/sbin/policy-rc.d;type=f;words=exit 101,",
        &[
            "/etc/systemd/journald.conf.d/99-prophet.conf: setting",
            "/usr/sbin/policy-rc.d: setting",
        ],
    ),
    case(
        "TuningFiles",
        "path;/usr/sbin/policy-rc.d;type=f;words=exit 101,|path;/etc/modules-load.d/ipvs.conf;type=f",
        &[],
    ),
    case(
        "MaskedUnits",
        sign!("line;masked;file=/etc/systemd/system/apt-daily.service;text=apt-daily.service"),
        &["/etc/systemd/system/apt-daily.service: setting"],
    ),
    case("MaskedUnits", "line;masked;file=/etc/systemd/system/swap.target;text=swap.target", &[]),
    case("VolumeData", "path;/var/lib/longhorn;type=d;empty=no", &["/var/lib/longhorn: kept"]),
    case(
        "VolumeData",
        "path;/var/lib/rook;type=d;empty=yes|path;/srv/longhorn;type=d;empty=no",
        &[],
    ),
    case("VolumeData", sign!("path;/var/lib/ceph;type=d;empty=no"), &["/var/lib/ceph: kept"]),
    case("VolumeData", "path;/var/lib/ceph;type=d;empty=no", &[]),
    case("UnitFiles", sign!("path;/etc/systemd/system/kubelet-exporter.service;type=f"), &[]),
    case("VolumeDevices", "disk;/dev/longhorn/pvc-1", &["/dev/longhorn/pvc-1: kept"]),
    case("VolumeDevices", "path;/dev/sdb;type=o", &[]),
];
