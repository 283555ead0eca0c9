//! Cases of the room `packages` of the table.

use super::{Case, case, sign};

pub const CASES: &[Case] = &[
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
];
