//! An existing containerd must be of a release that goes with the version of Kubernetes.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity};
use super::is_looked_at;
use crate::cluster::RuntimeKind;
use crate::cluster::versions::Release;

pub(crate) const CHECK: Check = Check {
    name: "ContainerRuntimeVersion",
    description: "the existing containerd goes with the version of Kubernetes",
    severity: Severity::Error,
    phase: Phase::Runtime,
    breaks: "the kubelet does not speak with it: `CRI v1 runtime API is not implemented`",
    kubeadm: Some("a warning from 1.35 on, for containerd 1.x"),
    // What does not answer is found by `CRI`.
    needs: &[],
    page: "Seen by `ctr version`, where `runtime: {existing: true}` is in cluster.yaml, against the releases that go with the minor (containerd's RELEASES.md). From \
           1.35 on containerd 1.x is one that a later kubelet will refuse: it cannot say which cgroup driver it has (`RuntimeConfig`, \
           kubernetes/kubernetes#134906).\n\nInstall a release that fits, or take another version of Kubernetes.",
    run: Run::EachHost(run),
};

/// The first minor whose kubeadm warns, and the first release that says which cgroup driver it has.
const WARNS: u64 = 35;
const SAYS: Release = Release(2, 0, 0);

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    if !is_looked_at(context, host)
        || context.cluster.runtime.traits.kind != RuntimeKind::Containerd
    {
        return vec![];
    }
    let version = host.facts.containerd.as_ref().and_then(|runs| runs.version.as_ref());
    let Some(version) = version else { return vec![] };
    let Ok(release) = version.parse::<Release>() else { return vec![] };
    let kubernetes = &context.cluster.kubernetes.version;
    if let Some(expected) = kubernetes.facts().containerd.instead_of(release) {
        let message = format!("containerd is {version}; Kubernetes {kubernetes} needs {expected}");
        let fix = "install that, or take another version of Kubernetes";
        return vec![host.error(CHECK.name, message, fix)];
    }
    if kubernetes.0.minor >= WARNS && release < SAYS {
        let message = format!("containerd is {version}, which kubelets of later versions refuse");
        return vec![host.warning(CHECK.name, message, format!("install {SAYS} or newer"))];
    }
    vec![]
}
