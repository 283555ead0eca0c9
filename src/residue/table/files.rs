//! Files and directories of Kubernetes itself.

mod access;
mod etcd;
mod programs;

pub(super) use access::ENTRIES as ACCESS;
pub(super) use etcd::{
    ENTRIES as ETCD, ETCD_ELSEWHERE, is_a_service as is_etcd_a_service,
    is_elsewhere as is_etcd_elsewhere, service_stays as etcd_service_stays,
};
pub(super) use programs::ENTRIES as PROGRAMS;

use super::super::host::{Host, goes, owners, unsure};
use super::super::removal::Stage;
use super::super::{Entry, NONE, Outcome};
use super::network::works_alone;
use super::{by_sign, file, file_by_sign, held, hollow, tree, tree_by_sign};
use crate::host::Clear;
use crate::host::inventory::Thing;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "KubernetesConfig",
        classes: &["R01"],
        what: "the configuration of Kubernetes",
        known: "`/etc/kubernetes`, which nobody else makes",
        undone: "saved whole (it is root's alone, keys included), then removed by a walk that crosses no mount",
        never: "what a link there leads to; a mount below it",
        paths: &["/etc/kubernetes"],
        judge: |thing, host| {
            Some(held(thing, host).unwrap_or_else(|| {
                goes("only Kubernetes makes it", Stage::Files, Clear::Files, &[&thing.name])
            }))
        },
        ..NONE
    },
    Entry {
        name: "KubeletState",
        classes: &["R01", "R17"],
        what: "what the kubelet and kube-proxy write while they run",
        known: "directories that nobody else makes",
        undone: "everything below is unmounted (a network file system within a limit, then lazily), the list of mounts is read again, and only then the tree is removed, by a walk in which no mount can be seen",
        never: "a disk that is mounted there by /etc/fstab: it is emptied and stays mounted (kubeadm#2247); anything behind a mount (kubernetes#120376: volumes were deleted through mounts that stayed)",
        paths: &[
            "/var/lib/kubelet",
            "/var/lib/dockershim",
            "/var/lib/kube-proxy",
            "/run/kubernetes",
            "/usr/libexec/kubernetes",
            "/var/lib/kubernetes",
        ],
        judge: tree,
        ..NONE
    },
    Entry {
        name: "PodLogs",
        classes: &["R04"],
        what: "logs of pods and of the cluster's own programs",
        known: "directories that only the kubelet, kube-proxy, the API server's audit and network plugins write",
        undone: "removed; links in them are not followed",
        never: "journald's files and other logs: they are the host's",
        paths: &[
            "/var/log/pods",
            "/var/log/containers",
            "/var/log/calico",
            "/var/log/cilium",
            "/var/log/kube-ovn",
            "/var/log/antrea",
            "/var/log/kube-audit",
            "/var/log/kubernetes",
        ],
        judge: |thing, host| {
            if works_alone(&thing.name) { tree_by_sign(thing, host) } else { tree(thing, host) }
        },
        ..NONE
    },
    Entry {
        name: "SharedDirectories",
        classes: &["R01", "R05"],
        what: "directories in which others may have files too",
        known: "Kubernetes' installers make them",
        undone: "removed where they are empty in the end",
        never: "anything in them that is not listed by itself",
        paths: &["/root/.kube"],
        judge: hollow,
        ..NONE
    },
    Entry {
        name: "SmallConfig",
        classes: &["R06"],
        what: "small files for the cluster's tools",
        known: "files of names that only these tools read",
        undone: "saved and removed",
        never: "`/etc/crictl.yaml` where nothing else says that there was a Kubernetes; other completions",
        paths: &[
            "/etc/crictl.yaml",
            "/etc/bash_completion.d/kubectl",
            "/etc/bash_completion.d/kubectl.sh",
            "/etc/bash_completion.d/kubeadm",
            "/etc/bash_completion.d/crictl",
            "/etc/bash_completion.d/crio",
            "/etc/sudoers.d/crictl",
            "/etc/image-cri-shim.yaml",
            "/etc/kubeone",
            "/etc/kubekey",
            "/etc/NetworkManager/conf.d/k8s.conf",
            "/etc/NetworkManager/conf.d/calico.conf",
        ],
        judge: |thing, host| {
            let is_clients = thing.name.starts_with("/etc/bash_completion.d/");
            match host.sign() {
                None if is_clients => {
                    Some(owners("a client's: there is no cluster on this host that it came with"))
                }
                _ => file_by_sign(thing, host),
            }
        },
        ..NONE
    },
    Entry {
        name: "BalancerConfig",
        classes: &["R07"],
        what: "load balancers in front of API servers",
        known: "kubeasz' own directory; an haproxy, keepalived or nginx whose configuration speaks of Kubernetes is only named",
        undone: "kubeasz' is saved and removed",
        never: "the configuration of an haproxy, keepalived or nginx of the host's own (kubespray deletes `/etc/nginx` whole)",
        paths: &[
            "/etc/kube-lb",
            "/etc/haproxy/haproxy.cfg",
            "/etc/keepalived/keepalived.conf",
            "/etc/nginx/nginx.conf",
        ],
        judge: balancer,
        ..NONE
    },
    Entry {
        name: "TrustedAuthorities",
        classes: &["R08"],
        what: "the cluster's authorities among those that the host trusts",
        known: "the names that kubespray gives them, and another sign of a Kubernetes",
        undone: "saved and removed, and the host's list of authorities is made anew",
        never: "other authorities",
        paths: &[
            "/usr/local/share/ca-certificates/kube-ca.crt",
            "/usr/local/share/ca-certificates/etcd-ca.crt",
            "/etc/pki/ca-trust/source/anchors/kube-ca.crt",
            "/etc/pki/ca-trust/source/anchors/etcd-ca.crt",
        ],
        judge: |thing, host| by_sign(thing, host, Stage::Files, Clear::Authorities),
        ..NONE
    },
];

fn balancer(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    if thing.name == "/etc/kube-lb" {
        return file(thing, host);
    }
    let speaks = ["kubernetes", "k8s", "kubespray", "kubekey", "kainstall"];
    let is_for = thing.get("words").split(',').any(|word| speaks.contains(&word));
    is_for.then(|| {
        unsure("it speaks of Kubernetes; whether it serves something else too is not known")
    })
}
