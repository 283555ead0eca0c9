//! An even number of control planes is no better than one less.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity};

pub(super) const CHECK: Check = Check {
    name: "ControlPlaneCount",
    description: "the number of control planes is odd",
    severity: Severity::Warning,
    phase: Phase::Operation,
    breaks: "the cluster bears no more losses than with one control plane less",
    kubeadm: None,
    needs: &[],
    page: "Seen by the number of control planes in cluster.yaml: etcd goes on while more than \
           half of its members do, so that four bear the loss of one, as three do.\n\nUse an odd \
           number.",
    run: Run::AllHosts(run),
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let planes: Vec<&HostFacts<'_>> =
        context.hosts.iter().filter(|host| host.host.control_plane).collect();
    let (count, Some((first, rest))) = (planes.len(), planes.split_first()) else { return vec![] };
    if count % 2 == 1 {
        return vec![];
    }
    // etcd goes on while more than half of its members do.
    let (lost, less) = ((count - 1) / 2, count - 1);
    let lost = if lost == 0 { "none".to_owned() } else { lost.to_string() };
    let message = format!(
        "the cluster bears the loss of {lost} of its {count} control planes, no more than with \
         {less}, and there is one more to break: etcd needs more than half of its members"
    );
    let fix = format!("use {less} or {} control planes", count + 1);
    let finding = first.warning(CHECK.name, message, fix);
    vec![rest.iter().fold(finding, |finding, host| finding.and(host))]
}
