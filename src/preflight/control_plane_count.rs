//! An even number of control planes is no better than one less.

use super::{Check, Context, Finding, HostFacts, Run};

pub(super) const CHECK: Check = Check {
    name: "ControlPlaneCount",
    description: "the number of control planes is odd",
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
    let message = format!(
        "{count} control planes bear the loss of {lost}, as {less} do, and there is one more to lose: \
         etcd needs more than half of them"
    );
    let fix = format!("make it {less} or {} control planes", count + 1);
    let finding = first.warning(CHECK.name, message, fix);
    vec![rest.iter().fold(finding, |finding, host| finding.and(host))]
}
