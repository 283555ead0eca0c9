//! Two hosts of cluster.yaml must be two machines.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "SameMachine",
    description: "no two hosts of cluster.yaml are one machine",
    severity: Severity::Error,
    phase: Phase::Connect,
    breaks: "one machine would be installed twice at the same time",
    kubeadm: None,
    needs: &[need::IDENTITY],
    page: "Seen by machine id, boot id and addresses, which two names of one machine have in \
           common. Containers of one machine have addresses of their own and are two.\n\nTake one \
           of the two out of cluster.yaml.",
    run: Run::AllHosts(run),
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let same = context.pairs().filter(|(one, two)| are_one(one, two));
    let finding = |(one, two): (&HostFacts<'_>, &HostFacts<'_>)| {
        let (first, second) = (&one.host.display, &two.host.display);
        let message = format!("`{first}` and `{second}` are one machine");
        one.error(CHECK.name, message, "remove one of them from cluster.yaml").and(two)
    };
    same.map(finding).collect()
}

/// Whether two readings are of one machine: the same identity, the same boot, and the same
/// addresses (containers of one image on one kernel have the first two in common).
pub(super) fn are_one(one: &HostFacts<'_>, two: &HostFacts<'_>) -> bool {
    let (one, two) = (one.facts, two.facts);
    let identity = one.machine_id.as_ref().zip(one.boot_id.as_ref());
    let addresses = |facts: &crate::host::facts::Facts| {
        let mut all: Vec<_> = facts.global_addresses().map(|address| address.net).collect();
        all.sort();
        all
    };
    identity.is_some()
        && identity == two.machine_id.as_ref().zip(two.boot_id.as_ref())
        && addresses(one) == addresses(two)
}
