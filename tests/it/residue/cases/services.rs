//! Cases of the room `services` of the table.

use super::{Case, case, sign};

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
    case(
        "UnitFiles",
        sign!(
            "path;/etc/systemd/system/flanneld.service;type=f|path;/etc/systemd/system/kubelet-certs-renew.timer;type=f|path;/etc/systemd/system/kubeadm-certs-renew.timer;type=f"
        ),
        &[
            "/etc/systemd/system/flanneld.service: goes",
            "/etc/systemd/system/kubelet-certs-renew.timer: goes",
            "/etc/systemd/system/kubeadm-certs-renew.timer: goes",
        ],
    ),
    // flannel works without Kubernetes.
    case(
        "UnitFiles",
        "path;/etc/systemd/system/flanneld.service;type=f",
        &["/etc/systemd/system/flanneld.service: unsure"],
    ),
    case(
        "DanglingUnits",
        "path;/etc/systemd/system/multi-user.target.wants/flanneld.service;type=l;target=/x;dangling=yes|path;/etc/systemd/system/multi-user.target.wants/etcd.service;type=l;target=/x;dangling=yes",
        &["/etc/systemd/system/multi-user.target.wants/flanneld.service: goes"],
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
        "Services",
        "unit;kubelet.service;load=not-found;enabled=-;active=active",
        &["unit kubelet.service: goes"],
    ),
    case(
        "UnitFiles",
        "path;/usr/lib/systemd/system/kubelet.service;type=f|owner;/usr/lib/systemd/system/kubelet.service;package=kubelet|package;kubelet;manager=rpm;version=1",
        &[],
    ),
    case(
        "Services",
        "unit;flanneld.service;load=loaded;enabled=enabled;active=active|unit;calico-node.service;load=loaded;enabled=enabled;active=active",
        &["unit flanneld.service: unsure", "unit calico-node.service: unsure"],
    ),
    case("UnitFiles", sign!("path;/etc/systemd/system/kubelet-exporter.service;type=f"), &[]),
    case(
        "NamedServices",
        sign!(
            "unit;k3s-edge.service;load=loaded;enabled=enabled;active=active;program=/usr/local/bin/k3s;role=server|path;/etc/systemd/system/k3s-edge.service;type=f|path;/etc/systemd/system/k3s-edge.service.env;type=f"
        ),
        &[
            "unit k3s-edge.service: goes",
            "/etc/systemd/system/k3s-edge.service: goes",
            "/etc/systemd/system/k3s-edge.service.env: goes",
        ],
    ),
    // They are called so and start something else, or nobody knows what.
    case(
        "NamedServices",
        sign!(
            "unit;k3s-exporter.service;load=loaded;enabled=enabled;active=active;program=/usr/bin/exporter|path;/etc/systemd/system/k3s-exporter.service;type=f|path;/etc/systemd/system/k3s-backup.service;type=f|unit;k3s-agent.service;load=loaded;enabled=enabled;active=active;program=/usr/local/bin/k3s;role=agent|unit;k3s-snapshot.service;load=loaded;enabled=disabled;active=inactive;program=/usr/local/bin/k3s;role=|path;/etc/systemd/system/k3s-snapshot.service;type=f"
        ),
        &[],
    ),
    case("Snaps", "path;/snap/microk8s;type=d;empty=no", &["/snap/microk8s: kept"]),
    case(
        "DanglingUnits",
        "path;/etc/systemd/system/multi-user.target.wants/kube-proxy.service;type=l;target=/x;dangling=yes",
        &["/etc/systemd/system/multi-user.target.wants/kube-proxy.service: goes"],
    ),
    case("Snaps", "path;/snap/lxd;type=d;empty=no|path;/var/snap/microk8s;type=d", &[]),
];
