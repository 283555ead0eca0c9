//! Who installed a Kubernetes: marks that an installer alone leaves on the disk.

use super::host::Host;
use crate::host::inventory::Kind;

/// An installer of clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Installer {
    Kainstall,
    Kubespray,
    Sealos,
    Kubekey,
    K3s,
    K0s,
    Rke1,
    Rke2,
    Kubeasz,
    KubeOne,
    MicroK8s,
    CanonicalKubernetes,
    Bivouac,
    /// None of them: `kubeadm init` or `join`, typed.
    Kubeadm,
}

impl Installer {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kainstall => "kainstall",
            Self::Kubespray => "kubespray",
            Self::Sealos => "sealos",
            Self::Kubekey => "kubekey",
            Self::K3s => "k3s",
            Self::K0s => "k0s",
            Self::Rke1 => "RKE1",
            Self::Rke2 => "RKE2",
            Self::Kubeasz => "kubeasz",
            Self::KubeOne => "KubeOne",
            Self::MicroK8s => "MicroK8s",
            Self::CanonicalKubernetes => "Canonical Kubernetes",
            Self::Bivouac => "bivouac",
            Self::Kubeadm => "kubeadm, by hand",
        }
    }
}

/// Paths that only one installer makes. Sources, each project's own scripts: kainstall-debian.sh (`script::init_node`); kubespray
/// roles/kubernetes and roles/reset; sealos' image-cri-shim and labring-actions/runtime; kubekey's templates of initOS.sh; k3s' install.sh;
/// k0s' and RKE's documentation of their directories; RKE2's install.sh; kubeasz roles/kube-node, roles/clean; `KubeOne` pkg/scripts; snapd's directories of the snaps `microk8s` and `k8s`.
const MARKS: &[(Installer, &[&str])] = &[
    // Not the journal: a foreign wipe has one too while it looks.
    (Installer::Bivouac, &["/etc/kubernetes/bivouac"]),
    (
        Installer::Kainstall,
        &[
            "/etc/profile.d/zz-ssh-login-info.sh",
            "/etc/systemd/journald.conf.d/99-prophet.conf",
            "/etc/sysctl.d/99-kube.conf",
        ],
    ),
    (
        Installer::Kubespray,
        &[
            "/etc/kubernetes/kubelet.env",
            "/usr/local/bin/kubernetes-scripts",
            "/usr/local/bin/etcd-scripts",
            "/etc/modules-load.d/kubespray-br_netfilter.conf",
            "/usr/local/bin/k8s-certs-renew.sh",
        ],
    ),
    (
        Installer::Sealos,
        &[
            "/etc/image-cri-shim.yaml",
            "/var/lib/image-cri-shim",
            "/var/lib/sealos",
            "/root/.sealos",
            "/usr/bin/image-cri-shim",
            "/etc/kubernetes/manifests/kube-sealos-lvscare.yaml",
        ],
    ),
    (
        Installer::Kubekey,
        &[
            "/usr/local/bin/kube-scripts",
            "/etc/kubekey",
            "/usr/local/bin/kube-scripts/initOS.sh",
            "/tmp/kubekey",
        ],
    ),
    (
        Installer::K3s,
        &[
            "/etc/rancher/k3s",
            "/var/lib/rancher/k3s",
            "/usr/local/bin/k3s",
            "/usr/local/bin/k3s-killall.sh",
        ],
    ),
    (
        Installer::Rke2,
        &[
            "/etc/rancher/rke2",
            "/var/lib/rancher/rke2",
            "/opt/rke2",
            "/usr/local/bin/rke2",
            "/usr/bin/rke2",
        ],
    ),
    (Installer::K0s, &["/etc/k0s", "/var/lib/k0s", "/usr/local/bin/k0s", "/run/k0s"]),
    (Installer::Rke1, &["/opt/rke", "/var/lib/rancher/rke", "/etc/kubernetes/.tmp"]),
    (
        Installer::Kubeasz,
        &["/opt/kube/bin", "/etc/kube-lb", "/etc/systemd/system/kube-lb.service", "/etc/kubeasz"],
    ),
    (Installer::KubeOne, &["/etc/kubeone"]),
    (Installer::MicroK8s, &["/snap/microk8s", "/var/snap/microk8s"]),
    (Installer::CanonicalKubernetes, &["/snap/k8s", "/var/snap/k8s"]),
];

/// kubeadm's own, which all that use it have.
const KUBEADM: [&str; 2] = ["/var/lib/kubelet/kubeadm-flags.env", "/etc/kubernetes/kubelet.conf"];

/// The paths to ask for.
pub(super) fn marks() -> impl Iterator<Item = &'static str> {
    MARKS.iter().flat_map(|(_, paths)| paths.iter().copied()).chain(KUBEADM)
}

/// Who was here.
pub(super) fn of(host: &Host<'_>) -> Vec<Installer> {
    let marked = |paths: &[&str]| paths.iter().any(|path| host.path(path).is_some());
    let mut found: Vec<Installer> =
        MARKS.iter().filter(|(_, paths)| marked(paths)).map(|(installer, _)| *installer).collect();
    let line = |words: &str| host.of(Kind::Line).any(|it| it.get("text").contains(words));
    let mut add = |installer: Installer, is: bool| {
        if is && !found.contains(&installer) {
            found.push(installer);
        }
    };
    add(Installer::Kainstall, line("## Kainstall managed"));
    add(Installer::Kubekey, line("# kubekey hosts"));
    add(Installer::Rke1, host.of(Kind::Container).any(|it| it.get("kubernetes") == "rke"));
    let by_hand = marked(&KUBEADM) || host.of(Kind::Package).any(|it| it.name == "kubeadm");
    if found.is_empty() && by_hand {
        found.push(Installer::Kubeadm);
    }
    found
}
