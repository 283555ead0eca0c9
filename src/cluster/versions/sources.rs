//! Where each column of the table is from.

/// A column and its source.
pub const SOURCES: &[(&str, &str)] = &[
    ("minor", "Kubernetes' releases"),
    (
        "newest_patch",
        "the newest patch of which the tags of etcd and CoreDNS were seen; later ones are taken to have the same",
    ),
    (
        "kubeadm_api",
        "v1beta3 came with 1.22 and v1beta2 went with 1.27 (kubernetes/kubernetes#114540, \"Migration from old \
         kubeadm config versions\" in the v1beta4 reference); v1beta4 came with 1.31, and v1beta3 may go from 1.34 \
         on (package comment of app/apis/kubeadm/v1beta3)",
    ),
    (
        "pause",
        "`PauseVersion` in kubernetes/cmd/kubeadm/app/constants: kubernetes/minikube, \
         `constants_kubeadm_images.go` (made by `kubeadm config images list`), to 1.32; kubernetes/kubernetes#130713 \
         for 1.34; what `kubeadm config images list` printed in public notes for 1.33, 1.35, 1.36 and 1.37",
    ),
    (
        "etcd",
        "`DefaultEtcdVersion` there, patch by patch: kubernetes/minikube to 1.31.2; for 1.29.11 and 1.30.14 \
         kubernetes/kubernetes#127953; 1.31.14, 1.32.10 and 1.33.6 by #135020, #135019 and #135018; 1.34.2, 1.35.8, \
         1.36.5 and 1.37.1 as `kubeadm config images list` printed them",
    ),
    (
        "external_etcd",
        "`MinExternalEtcdVersion` there: 3.2.18 until 1.27, 3.4.13 in 1.28 (kubernetes/kubernetes#118733), 3.5.11 as kubeadm 1.31 says it \
         (flatcar/scripts#2311), 3.5.24 from 1.35 on (etcd-io/etcd's notes on updating Kubernetes); between these the older one is taken, so \
         that nothing is refused that kubeadm takes",
    ),
    (
        "coredns",
        "`CoreDNSVersion` there, likewise: kubernetes/minikube to 1.32, `kubeadm config images list` from 1.33 on",
    ),
    (
        "coredns_image",
        "kubernetes/kubernetes#99832: below the default repository it is `coredns/coredns` from 1.21 on \
         (`GetDNSImage` in kubernetes/cmd/kubeadm/app/images)",
    ),
    (
        "registry_k8s_io_from",
        "1.25 moved to registry.k8s.io; the patches of December 2022 moved 1.22, 1.23 and 1.24 \
         (kubernetes/kubernetes#113388 and #113393, kubernetes/kubeadm#2671, Kubernetes blog of 2022-11-28)",
    ),
    (
        "needs_crictl",
        "kubeadm calls the CRI itself from 1.31 on (kubernetes/kubeadm#3064, kubernetes/kubernetes#124685); before \
         that it shells out to `crictl`",
    ),
    (
        "cri",
        "the kubelet asks for v1 first from 1.23 on (kubernetes/kubernetes#106501) and only for v1 from 1.26 on \
         (kubernetes/kubernetes#110618)",
    ),
    (
        "containerd",
        "containerd/containerd, RELEASES.md, \"Kubernetes Support\", as it was at each minor's time; v1alpha2 went \
         with 2.0, v1 came with 1.6; the kubelet may refuse what does not know `RuntimeConfig`, which came with \
         2.0, from 1.38 on (KEP-4033, kubernetes/kubernetes#139121); 1.36 and 1.37 as 1.35: no newer matrix was seen",
    ),
    (
        "install",
        "releases that were seen: containerd 1.7.29 and 2.1.5, cri-o 1.32 to 1.35 by kubernetes-sigs/kubespray's \
         checksums; containerd 2.2.9 and 2.3.7 and CNI plugins 1.9.1 by the Go module proxy's versions; runc 1.3.3 \
         is what containerd 1.7.29 and 2.1.5 were released with, 1.4.3 by Homebrew's formula; crictl has a .0 for \
         each minor (kubernetes-sigs/cri-tools); cri-o from 1.26 on by its release notes, which name the archives and \
         their sums (1.36.2 is the newest that was seen, and 1.37 goes with it): archives have published sums since \
         May 2022 (cri-o/cri-o#5844); cri-dockerd speaks v1 from 0.3.0 on (Mirantis/cri-dockerd#139), and v1alpha2 until \
         #525 of December 2025, which 0.3.20 is older than; 0.3.24 is the newest whose sum kubespray has; \
         it knows `RuntimeConfig` (#425)",
    ),
    (
        "cgroup1",
        "KEP-4569: maintenance from 1.31 on; kubernetes/kubernetes#134298 and #134744: `failCgroupV1` is true from \
         1.35 on",
    ),
    (
        "kernel",
        "k8s.io/system-validators, types_unix.go: 3.10 until 1.31, then 4.19 (a warning only)",
    ),
    (
        "kubelet_skew",
        "the version skew policy on kubernetes.io: n-2 until 1.27, n-3 from 1.28 on (KEP-3935)",
    ),
    (
        "control_plane_taint",
        "kubernetes/kubeadm#2200: 1.24 has both, until 1.23 only the old one counts",
    ),
    (
        "kubelet_config_by_minor",
        "the ConfigMap `kubelet-config-1.N` lost its number with 1.24 (kubernetes/kubernetes#108027)",
    ),
    (
        "cluster_status",
        "kubeadm-config's ClusterStatus went with 1.22 (kubernetes/kubeadm#2046, CHANGELOG-1.22)",
    ),
    ("super_admin", "kubernetes/kubeadm#2414: super-admin.conf came with 1.29"),
    (
        "local_kubelet",
        "KEP-4471: ControlPlaneKubeletLocalMode is alpha from 1.31 on, on from 1.33 on (kubernetes/kubernetes#129956), \
         and locked from 1.35 on (#134106)",
    ),
    (
        "stale_watches",
        "kubernetes/kubernetes#97294, from 1.20 on; kubermatic/kubeone#1243 starts such API servers anew; 1.22 came with \
         etcd's client 3.5, after which nobody saw it there",
    ),
    ("dual_stack_gate", "KEP-563: IPv6DualStack is alpha until 1.20, beta and on from 1.21 on"),
    ("proxy_modes", "KEP-3866: nftables is behind a gate until 1.30, beta and on from 1.31 on"),
];
