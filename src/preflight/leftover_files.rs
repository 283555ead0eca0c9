//! Files that kubeadm makes itself, and refuses to find: by each of them it takes the host for a node, or comes by an authority that is
//! another cluster's.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "FileAvailable-*",
    description: "no credentials, authority or manifests of another cluster are there",
    severity: Severity::Error,
    phase: Phase::Init,
    breaks: "kubeadm ends at its own checks, or takes the old cluster's authority for its own",
    kubeadm: Some(
        "in every version, for the manifests (`init`, and joining control planes), `kubelet.conf` and `bootstrap-kubelet.conf` (joins), \
         and `pki/ca.crt` (joining workers)",
    ),
    needs: &[need::PATHS],
    page: "Seen by the files themselves, on all hosts: a kubelet runs the manifests that it finds, and `kubeadm init` goes on with an authority that is there. \
           What the journal has as ours is passed over.\n\n`bivouac wipe --foreign` takes the earlier cluster away (`bivouac wipe` one of \
           bivouac's); or move its directory out of the way.",
    run: Run::EachHost(run),
};

/// Those of kubeadm's own checks (`addCommonChecks`, `RunInitNodeChecks`, `RunJoinNodeChecks` of `cmd/kubeadm/app/preflight/checks.go`).
const FILES: [&str; 7] = [
    "/etc/kubernetes/manifests/kube-apiserver.yaml",
    "/etc/kubernetes/manifests/kube-controller-manager.yaml",
    "/etc/kubernetes/manifests/kube-scheduler.yaml",
    "/etc/kubernetes/manifests/etcd.yaml",
    "/etc/kubernetes/kubelet.conf",
    "/etc/kubernetes/bootstrap-kubelet.conf",
    "/etc/kubernetes/pki/ca.crt",
];
const DIRECTORY: &str = "/etc/kubernetes";

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    if host.facts.has_claimed(DIRECTORY) {
        return vec![];
    }
    let is_there = |path: &&&str| host.facts.leftovers.kubeadm_files.iter().any(|it| it == **path);
    let finding = |path: &&str| {
        let name = format!("FileAvailable-{}", path.replace('/', "-"));
        let message = format!("`{path}` is there, of another cluster");
        super::directories::aside(
            host.error(&name, message, super::directories::OLD_CLUSTER),
            DIRECTORY,
        )
    };
    FILES.iter().filter(is_there).map(finding).collect()
}
