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
    let mut machines: Vec<Vec<&HostFacts<'_>>> = Vec::new();
    for host in context.hosts {
        match machines.iter_mut().find(|it| it.first().is_some_and(|first| are_one(first, host))) {
            Some(machine) => machine.push(host),
            None => machines.push(vec![host]),
        }
    }
    machines.iter().filter_map(|machine| several(machine)).collect()
}

/// The finding for a machine that several hosts of cluster.yaml are.
fn several(machine: &[&HostFacts<'_>]) -> Option<Finding> {
    let [first, rest @ ..] = machine else { return None };
    let (message, fix) = match rest {
        [] => return None,
        [second] => (
            format!("`{}` and `{}` are one machine", first.host.display, second.host.display),
            "remove one of them from cluster.yaml",
        ),
        _ => {
            let message = format!("these {} hosts are one machine", machine.len());
            (message, "remove all but one of them from cluster.yaml")
        }
    };
    let finding = first.error(CHECK.name, message, fix);
    Some(rest.iter().fold(finding, |finding, host| finding.and(host)))
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
