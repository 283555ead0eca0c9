//! Cases of the room `files` of the table.

use super::{Case, case, sign};

pub const CASES: &[Case] = &[
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
        "EtcdFiles",
        sign!("path;/etc/etcd.env;type=f|path;/etc/ssl/etcd;type=d;empty=no|path;/etc/etcd;type=d"),
        &["/etc/etcd.env: goes", "/etc/ssl/etcd: goes", "/etc/etcd: unsure"],
    ),
    // It could not start any more.
    case(
        "EtcdFiles",
        sign!(
            "unit;etcd.service;load=loaded;enabled=enabled;active=active|path;/etc/etcd.env;type=f|path;/etc/systemd/system/etcd.service;type=f"
        ),
        &["/etc/etcd.env: kept", "/etc/systemd/system/etcd.service: kept"],
    ),
    case(
        "EtcdFiles",
        "unit;etcd.service;load=loaded;enabled=enabled;active=active|path;/etc/etcd;type=d;empty=no|path;/etc/systemd/system/etcd.service;type=f",
        &[],
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
    // The directory goes with what is in it, also where the manifest that named it went in a wipe that was cut off.
    case(
        "ClusterEtcd",
        sign!(
            "path;/var/lib/etcd;type=d;empty=no|path;/var/lib/etcd/member;type=d;empty=no|path;/etc/kubernetes/pki/etcd;type=d"
        ),
        &["/var/lib/etcd: goes", "/var/lib/etcd/member: goes"],
    ),
    case(
        "ClusterEtcd",
        sign!("path;/var/lib/etcd;type=d;empty=no|path;/var/lib/etcd/mine;type=f"),
        &[],
    ),
];
