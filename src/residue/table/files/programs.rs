//! Programs that no package brought.

use super::super::super::host::{Host, goes, owners};
use super::super::super::removal::Stage;
use super::super::super::{Entry, NONE, Outcome};
use super::super::{held, program};
use super::etcd;
use crate::host::Clear;
use crate::host::inventory::Thing;

pub(in super::super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "Programs",
        classes: &["R12"],
        what: "programs of Kubernetes that no package brought",
        known: "the program's name, no package that owns it, and another sign of a Kubernetes",
        undone: "removed; programs are not saved",
        never: "what a package brought (it goes with the package, or not at all); helm, etcdctl and other tools that are used without a cluster as well; containerd, runc and ctr by their names (kubekey and sealos delete the distribution's)",
        paths: &[
            "/usr/bin/kubelet",
            "/usr/bin/kubeadm",
            "/usr/bin/kubectl",
            "/usr/bin/crictl",
            "/usr/bin/critest",
            "/usr/bin/kube-proxy",
            "/usr/bin/kube-apiserver",
            "/usr/bin/kube-controller-manager",
            "/usr/bin/kube-scheduler",
            "/usr/local/bin/kubelet",
            "/usr/local/bin/kubeadm",
            "/usr/local/bin/kubectl",
            "/usr/local/bin/crictl",
            "/usr/local/bin/critest",
            "/usr/local/bin/kube-proxy",
            "/usr/local/bin/kube-apiserver",
            "/usr/local/bin/kube-controller-manager",
            "/usr/local/bin/kube-scheduler",
            "/usr/local/bin/calicoctl",
            "/usr/local/bin/calicoctl.sh",
            "/usr/local/bin/calico-upgrade",
            "/usr/local/bin/kubernetes-scripts",
            "/usr/local/bin/etcd-scripts",
            "/usr/local/bin/k8s-certs-renew.sh",
            "/usr/local/bin/kube-scripts",
            "/usr/bin/image-cri-shim",
            "/usr/bin/cri-dockerd",
            "/usr/local/bin/cri-dockerd",
            "/usr/bin/sealctl",
            "/opt/kube/bin",
            "/opt/bin/kubelet",
            "/opt/bin/kubeadm",
            "/opt/bin/kubectl",
        ],
        judge: kubernetes_program,
        ..NONE
    },
    Entry {
        name: "OtherTools",
        classes: &["R12"],
        what: "tools that are used with a cluster, and without one as well",
        known: "their names",
        undone: "by their owner; etcd goes with its service, where that is named with `--also` and starts it",
        never: "by itself",
        paths: &[
            "/usr/local/bin/helm",
            "/usr/bin/helm",
            "/usr/local/bin/etcdctl",
            "/usr/local/bin/etcd",
            "/usr/local/bin/nerdctl",
            "/usr/local/bin/velero",
        ],
        judge: |thing, host| {
            if etcd::is_its_program(&thing.name, host) {
                return Some(held(thing, host).unwrap_or_else(|| {
                    let proof = "its service is named on the command line";
                    goes(proof, Stage::Files, Clear::Programs, &[&thing.name])
                }));
            }
            host.sign().map(|_| owners("a tool that needs no cluster: perhaps yours"))
        },
        ..NONE
    },
];

fn kubernetes_program(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    // k3s', RKE2's and k0s' own programs under the names of others.
    if thing.get("type") == "l" {
        let target = thing.get("target").rsplit('/').next().unwrap_or_default();
        let is_theirs = ["k3s", "rke2", "k0s"].contains(&target)
            || host.sign().is_some()
                && ["kubectl", "kubelet", "kubeadm", "crictl"].contains(&target);
        if is_theirs && host.package_of(&thing.name).is_none() {
            return Some(goes(
                format!("a link to `{target}`"),
                Stage::Files,
                Clear::Symlinks,
                &[&thing.name],
            ));
        }
    }
    // A client is of use on a host without a cluster.
    let is_client = thing.name.ends_with("/kubectl")
        || thing.name.ends_with("/crictl")
        || thing.name.ends_with("/critest");
    if is_client
        && host.sign().is_none()
        && (thing.get("type") == "l" || held(thing, host).is_none())
    {
        return Some(owners("a client: there is no cluster on this host that it came with"));
    }
    program(thing, host)
}
