//! The table: one row a Kubernetes minor, oldest first. A row says what differs from the one before it,
//! so a new minor is a new row: `V1_38`, and its name in [`TABLE`]. Where each column is from is said in
//! [`super::sources`]; what came or went by name (flags, phases) is in [`super::names`].

use super::{Cgroup1, Components, Containerd, Release, VersionFacts};

/// The supported minors.
pub(super) const TABLE: [VersionFacts; 18] = [
    V1_20, V1_21, V1_22, V1_23, V1_24, V1_25, V1_26, V1_27, V1_28, V1_29, V1_30, V1_31, V1_32,
    V1_33, V1_34, V1_35, V1_36, V1_37,
];

const V1_20: VersionFacts = VersionFacts {
    minor: 20,
    newest_patch: 15,
    kubeadm_api: "v1beta2",
    pause: "3.2",
    etcd: &[(0, "3.4.13-0")],
    external_etcd: Release(3, 2, 18),
    coredns: &[(0, "1.7.0")],
    coredns_image: "coredns",
    registry_k8s_io_from: None,
    needs_crictl: true,
    cri: &["v1alpha2"],
    containerd: Containerd {
        least: Release(1, 4, 0),
        below: Some(Release(2, 0, 0)),
        deprecated_below: None,
        tested: &[Release(1, 5, 0)],
    },
    install: Components {
        containerd: Release(1, 7, 29),
        runc: Release(1, 3, 3),
        cni_plugins: Release(1, 9, 1),
        crictl: Release(1, 20, 0),
        cri_o: None,
        cri_dockerd: Release(0, 3, 20),
    },
    cgroup1: Cgroup1::Works,
    kernel: (3, 10),
    kubelet_skew: 2,
    control_plane_taint: "node-role.kubernetes.io/master",
    kubelet_config_by_minor: true,
    cluster_status: true,
    super_admin: false,
    local_kubelet: false,
    stale_watches: true,
    dual_stack_gate: true,
    proxy_modes: &["iptables", "ipvs"],
};

const V1_21: VersionFacts = VersionFacts {
    minor: 21,
    newest_patch: 14,
    pause: "3.4.1",
    coredns: &[(0, "v1.8.0")],
    coredns_image: "coredns/coredns",
    install: Components { crictl: Release(1, 21, 0), ..V1_20.install },
    dual_stack_gate: false,
    ..V1_20
};

const V1_22: VersionFacts = VersionFacts {
    minor: 22,
    newest_patch: 17,
    kubeadm_api: "v1beta3",
    pause: "3.5",
    etcd: &[(0, "3.5.0-0"), (17, "3.5.6-0")],
    coredns: &[(0, "v1.8.4")],
    registry_k8s_io_from: Some(17),
    containerd: Containerd { tested: &[Release(1, 5, 5)], ..V1_21.containerd },
    install: Components { crictl: Release(1, 22, 0), ..V1_21.install },
    cluster_status: false,
    stale_watches: false,
    ..V1_21
};

const V1_23: VersionFacts = VersionFacts {
    minor: 23,
    pause: "3.6",
    etcd: &[(0, "3.5.1-0"), (14, "3.5.5-0"), (15, "3.5.6-0")],
    coredns: &[(0, "v1.8.6")],
    registry_k8s_io_from: Some(15),
    cri: &["v1", "v1alpha2"],
    containerd: Containerd {
        below: None,
        tested: &[Release(1, 5, 8), Release(1, 6, 0)],
        ..V1_22.containerd
    },
    install: Components {
        crictl: Release(1, 23, 0),
        cri_dockerd: Release(0, 3, 24),
        ..V1_22.install
    },
    ..V1_22
};

const V1_24: VersionFacts = VersionFacts {
    minor: 24,
    pause: "3.7",
    etcd: &[(0, "3.5.3-0"), (8, "3.5.5-0"), (9, "3.5.6-0")],
    registry_k8s_io_from: Some(9),
    containerd: Containerd {
        tested: &[Release(1, 5, 11), Release(1, 6, 4), Release(1, 7, 0)],
        ..V1_23.containerd
    },
    install: Components { crictl: Release(1, 24, 0), ..V1_23.install },
    control_plane_taint: "node-role.kubernetes.io/control-plane",
    kubelet_config_by_minor: false,
    ..V1_23
};

const V1_25: VersionFacts = VersionFacts {
    minor: 25,
    newest_patch: 16,
    pause: "3.8",
    etcd: &[(0, "3.5.4-0"), (4, "3.5.5-0"), (5, "3.5.6-0"), (15, "3.5.9-0")],
    coredns: &[(0, "v1.9.3")],
    registry_k8s_io_from: Some(0),
    install: Components { crictl: Release(1, 25, 0), ..V1_24.install },
    ..V1_24
};

const V1_26: VersionFacts = VersionFacts {
    minor: 26,
    newest_patch: 15,
    pause: "3.9",
    etcd: &[(0, "3.5.6-0"), (10, "3.5.9-0"), (13, "3.5.10-0")],
    cri: &["v1"],
    containerd: Containerd {
        least: Release(1, 6, 0),
        tested: &[Release(1, 6, 15), Release(1, 7, 0)],
        ..V1_25.containerd
    },
    install: Components {
        crictl: Release(1, 26, 0),
        cri_o: Some(Release(1, 26, 4)),
        ..V1_25.install
    },
    ..V1_25
};

const V1_27: VersionFacts = VersionFacts {
    minor: 27,
    newest_patch: 16,
    etcd: &[(0, "3.5.7-0"), (7, "3.5.9-0"), (10, "3.5.10-0"), (12, "3.5.12-0")],
    coredns: &[(0, "v1.10.1")],
    install: Components {
        crictl: Release(1, 27, 0),
        cri_o: Some(Release(1, 27, 8)),
        ..V1_26.install
    },
    ..V1_26
};

const V1_28: VersionFacts = VersionFacts {
    minor: 28,
    external_etcd: Release(3, 4, 13),
    newest_patch: 15,
    etcd: &[(0, "3.5.9-0"), (6, "3.5.10-0"), (8, "3.5.12-0"), (14, "3.5.15-0")],
    install: Components {
        crictl: Release(1, 28, 0),
        cri_o: Some(Release(1, 28, 11)),
        ..V1_27.install
    },
    kubelet_skew: 3,
    ..V1_27
};

const V1_29: VersionFacts = VersionFacts {
    minor: 29,
    newest_patch: 15,
    etcd: &[(0, "3.5.10-0"), (3, "3.5.12-0"), (9, "3.5.15-0"), (11, "3.5.16-0")],
    coredns: &[(0, "v1.11.1")],
    containerd: Containerd { tested: &[Release(1, 6, 27), Release(1, 7, 11)], ..V1_28.containerd },
    install: Components {
        crictl: Release(1, 29, 0),
        cri_o: Some(Release(1, 29, 13)),
        ..V1_28.install
    },
    super_admin: true,
    ..V1_28
};

const V1_30: VersionFacts = VersionFacts {
    minor: 30,
    newest_patch: 14,
    etcd: &[(0, "3.5.12-0"), (5, "3.5.15-0")],
    coredns: &[(0, "v1.11.1"), (5, "v1.11.3")],
    containerd: Containerd {
        tested: &[Release(1, 6, 28), Release(1, 7, 13), Release(2, 0, 0)],
        ..V1_29.containerd
    },
    install: Components {
        containerd: Release(2, 1, 5),
        crictl: Release(1, 30, 0),
        cri_o: Some(Release(1, 30, 14)),
        ..V1_29.install
    },
    ..V1_29
};

const V1_31: VersionFacts = VersionFacts {
    minor: 31,
    external_etcd: Release(3, 5, 11),
    newest_patch: 14,
    kubeadm_api: "v1beta4",
    pause: "3.10",
    etcd: &[(0, "3.5.15-0"), (14, "3.5.24-0")],
    coredns: &[(0, "v1.11.1"), (1, "v1.11.3")],
    needs_crictl: false,
    containerd: Containerd {
        tested: &[Release(1, 6, 34), Release(1, 7, 20), Release(2, 0, 0)],
        ..V1_30.containerd
    },
    install: Components {
        crictl: Release(1, 31, 0),
        cri_o: Some(Release(1, 31, 13)),
        ..V1_30.install
    },
    cgroup1: Cgroup1::IsKept,
    proxy_modes: &["iptables", "ipvs", "nftables"],
    ..V1_30
};

const V1_32: VersionFacts = VersionFacts {
    minor: 32,
    newest_patch: 10,
    etcd: &[(0, "3.5.16-0"), (10, "3.5.24-0")],
    coredns: &[(0, "v1.11.3")],
    containerd: Containerd {
        tested: &[Release(1, 6, 36), Release(1, 7, 24), Release(2, 0, 1)],
        ..V1_31.containerd
    },
    install: Components {
        crictl: Release(1, 32, 0),
        cri_o: Some(Release(1, 32, 13)),
        ..V1_31.install
    },
    kernel: (4, 19),
    ..V1_31
};

const V1_33: VersionFacts = VersionFacts {
    minor: 33,
    newest_patch: 9,
    etcd: &[(0, "3.5.21-0"), (6, "3.5.24-0")],
    coredns: &[(0, "v1.12.0")],
    containerd: Containerd {
        tested: &[Release(1, 6, 36), Release(1, 7, 24), Release(2, 0, 4)],
        ..V1_32.containerd
    },
    install: Components {
        crictl: Release(1, 33, 0),
        cri_o: Some(Release(1, 33, 9)),
        ..V1_32.install
    },
    local_kubelet: true,
    ..V1_32
};

const V1_34: VersionFacts = VersionFacts {
    minor: 34,
    newest_patch: 2,
    pause: "3.10.1",
    etcd: &[(0, "3.6.4-0"), (2, "3.6.5-0")],
    coredns: &[(0, "v1.12.1")],
    containerd: Containerd {
        deprecated_below: Some(Release(2, 0, 0)),
        tested: &[Release(1, 7, 28), Release(2, 0, 6), Release(2, 1, 3)],
        ..V1_33.containerd
    },
    install: Components {
        crictl: Release(1, 34, 0),
        cri_o: Some(Release(1, 34, 8)),
        ..V1_33.install
    },
    ..V1_33
};

const V1_35: VersionFacts = VersionFacts {
    minor: 35,
    external_etcd: Release(3, 5, 24),
    newest_patch: 8,
    etcd: &[(0, "3.6.6-0")],
    coredns: &[(0, "v1.13.1")],
    containerd: Containerd {
        tested: &[Release(1, 7, 28), Release(2, 1, 5), Release(2, 2, 0)],
        ..V1_34.containerd
    },
    install: Components {
        containerd: Release(2, 2, 9),
        runc: Release(1, 4, 3),
        crictl: Release(1, 35, 0),
        cri_o: Some(Release(1, 35, 0)),
        ..V1_34.install
    },
    cgroup1: Cgroup1::IsRefused,
    ..V1_34
};

const V1_36: VersionFacts = VersionFacts {
    minor: 36,
    newest_patch: 5,
    pause: "3.10.2",
    etcd: &[(0, "3.6.8-0")],
    coredns: &[(0, "v1.14.2")],
    install: Components {
        containerd: Release(2, 3, 7),
        crictl: Release(1, 36, 0),
        cri_o: Some(Release(1, 36, 2)),
        ..V1_35.install
    },
    ..V1_35
};

const V1_37: VersionFacts = VersionFacts {
    minor: 37,
    newest_patch: 1,
    etcd: &[(0, "3.7.0-0")],
    coredns: &[(0, "v1.14.6")],
    install: Components { crictl: Release(1, 37, 0), ..V1_36.install },
    ..V1_36
};
