//! Packages of distributions, where they come from, and how they are held.

use super::super::host::{Host, Runtime, goes, owners, unsure};
use super::super::removal::Stage;
use super::super::{Entry, NONE, Outcome};
use super::file_by_sign;
use super::network::others_may_use;
use crate::host::Clear;
use crate::host::inventory::Thing;

/// The names under which only Kubernetes' own repositories, Rancher's and distributions publish it.
const KUBERNETES: &[&str] = &[
    "kubelet",
    "kubeadm",
    "kubectl",
    "kubernetes-cni",
    "cri-tools",
    "k3s-selinux",
    "rke2-server",
    "rke2-agent",
    "rke2-common",
    "rke2-selinux",
    "kubernetes-client",
    "kubernetes-node",
    "kubernetes-master",
];

/// Whether a package goes, as far as the table knows: what it brought goes with it.
pub(in super::super) fn is_going(package: &str, host: &Host<'_>) -> bool {
    KUBERNETES.contains(&package) && host.sign().is_some() && !is_shared(package, host)
        || ["containerd", "containerd.io", "runc"].contains(&package)
            && matches!(host.containerd(), Runtime::Cluster(_))
        || ["cri-o", "cri-o-runc"].contains(&package) && matches!(host.crio(), Runtime::Cluster(_))
}

/// The standard network plugins come as a package, and others may call them in `/opt/cni/bin`.
fn is_shared(package: &str, host: &Host<'_>) -> bool {
    package == "kubernetes-cni" && others_may_use(host)
}

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "KubernetesPackages",
        classes: &["R12", "R13"],
        what: "packages of Kubernetes itself, held or not",
        known: "the names under which only Kubernetes' own repositories publish",
        undone: "their hold is taken off, then they are removed by `dpkg --purge` or `rpm -e`, which take these or nothing: no dependency is resolved, no package source is needed",
        never: "a package that another one needs; `kubernetes-cni` where podman, nerdctl or their kin may use its plugins; anything that a package manager would take along",
        packages: KUBERNETES,
        judge: |thing, host| {
            if thing.name == "kubectl" || thing.name == "kubernetes-client" {
                let client = host.sign().is_none();
                if client {
                    return Some(owners(
                        "a client: there is no cluster on this host that it came with",
                    ));
                }
            }
            if is_shared(&thing.name, host) {
                return Some(owners("others here may have networks of its plugins"));
            }
            Some(removed(thing, "a package of Kubernetes itself"))
        },
        ..NONE
    },
    Entry {
        name: "ToolPackages",
        classes: &["R16"],
        what: "tools of the distribution that installers bring along",
        known: "their names; for whom they were installed nobody knows",
        undone: "by their owner, with the package manager",
        never: "by itself: others may use them by now, and packages that were upgraded or removed in passing cannot be had back",
        packages: &[
            "conntrack",
            "conntrack-tools",
            "socat",
            "ebtables",
            "ethtool",
            "ipset",
            "ipvsadm",
            "nfs-common",
            "open-iscsi",
            "chrony",
            "containernetworking-plugins",
            "container-selinux",
        ],
        judge: |_, host| {
            host.sign().map(|_| {
                owners("a tool of the distribution: for whom it was installed is not known")
            })
        },
        ..NONE
    },
    Entry {
        name: "Repositories",
        classes: &["R14"],
        what: "where the packages of Kubernetes came from, and the keys that were trusted for it",
        known: "the file names of Kubernetes' own documentation and of Rancher's installers",
        undone: "saved and removed",
        never: "where nothing else says that there was a Kubernetes: a client comes from there too; docker's repository, which is of use without Kubernetes; a key that apt-key added to the shared ring; `sources.list`",
        paths: &[
            "/etc/apt/sources.list.d/kubernetes.list",
            "/etc/apt/sources.list.d/kubernetes.sources",
            "/etc/apt/keyrings/kubernetes-apt-keyring.gpg",
            "/etc/apt/keyrings/kubernetes-archive-keyring.gpg",
            "/usr/share/keyrings/kubernetes-archive-keyring.gpg",
            "/etc/apt/trusted.gpg.d/kubernetes.gpg",
            "/etc/apt/preferences.d/kubernetes",
            "/etc/yum.repos.d/kubernetes.repo",
            "/etc/yum.repos.d/rancher-k3s-common.repo",
            "/etc/yum.repos.d/rancher-rke2.repo",
            "/etc/yum.repos.d/rancher-rke2-*.repo",
            "/etc/zypp/repos.d/kubernetes.repo",
            "/etc/zypp/repos.d/rancher-k3s-common.repo",
        ],
        judge: |thing, host| {
            let is_clients = host.sign().is_none() && !thing.name.contains("rancher");
            if is_clients {
                return Some(owners("a client may come from it: there is no cluster on this host"));
            }
            file_by_sign(thing, host)
        },
        ..NONE
    },
    Entry {
        name: "OtherRepositories",
        classes: &["R14"],
        what: "repositories that installers add and that are of use without Kubernetes",
        known: "their file names",
        undone: "by their owner",
        never: "by itself",
        paths: &[
            "/etc/apt/sources.list.d/docker-ce.list",
            "/etc/apt/sources.list.d/docker.list",
            "/etc/yum.repos.d/docker-ce.repo",
            "/etc/apt/sources.list.d/devel:kubic:libcontainers:stable*.list",
        ],
        judge: |_, host| {
            host.sign()
                .map(|_| owners("a repository that is of use without Kubernetes: perhaps yours"))
        },
        ..NONE
    },
];

/// A package that goes.
pub(super) fn removed(thing: &Thing, proof: &str) -> Outcome {
    match thing.get("manager") {
        manager @ ("apt" | "rpm") => {
            goes(proof, Stage::Packages, Clear::Packages, &[manager, &thing.name])
        }
        _ => unsure("the package manager is not known"),
    }
}

/// Whether a package of this list is installed.
pub(super) fn installed<'a>(host: &Host<'a>, names: &[&str]) -> Option<&'a Thing> {
    host.of(crate::host::inventory::Kind::Package).find(|it| names.contains(&it.name.as_str()))
}
