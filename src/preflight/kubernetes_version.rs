//! The version of a cluster that is there already.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity};

pub(super) const CHECK: Check = Check {
    name: "KubernetesVersion",
    description: "a cluster that is there has the version that cluster.yaml asks for",
    severity: Severity::Error,
    phase: Phase::Init,
    breaks: "the run would bring files of one version to a cluster of another",
    kubeadm: Some("only as far as it compares its own version with the one asked for"),
    needs: &[],
    page: "Seen by the image of the API server in the manifest of a control plane of \
           ours.\n\nWrite the version that the cluster has in cluster.yaml.",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let wanted = context.cluster.kubernetes.version.to_string();
    let version = host.facts.api_version.as_ref().filter(|_| host.facts.is_our_node());
    let Some(version) = version.filter(|version| **version != wanted) else { return vec![] };
    let message = format!("the cluster runs Kubernetes {version}, this run is for {wanted}");
    let bundle = context.cluster.bundle_too();
    let fix =
        format!("write `version: {version}` in cluster.yaml{bundle}; `upgrade` is not built yet");
    vec![host.error(CHECK.name, message, fix)]
}
