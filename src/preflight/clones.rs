//! Machines made from one image often share an identity: DHCP then gives them one lease, and tools
//! that go by it mix them up. Kubernetes itself does not mind.

use super::between::{alike, named, names};
use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "MachineID",
    description: "machines have identities of their own",
    severity: Severity::Error,
    phase: Phase::Operation,
    breaks: "DHCP gives both hosts one address; tools that go by the identity mix them up",
    kubeadm: None,
    needs: &[need::IDENTITY],
    page: "Seen by `/etc/machine-id` and the firmware's UUID, where two hosts have the same. \
           Machines made from one image often do. Containers see their machine's UUID and are \
           passed over.\n\nMake a new machine id on one of them, or give the machine a UUID of its \
           own in the hypervisor.",
    run: Run::AllHosts(run),
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, group) in alike(context.hosts, |host| host.facts.machine_id.clone()) {
        let message = format!("{} have the same `/etc/machine-id`", named(&names(&group)));
        let keeps = &group[0].host.display;
        let fix =
            format!("give each but `{keeps}` one of its own, and reboot it when there is time");
        let command = "rm -f /etc/machine-id /var/lib/dbus/machine-id && systemd-machine-id-setup";
        // Nodes that run have gone on with it until now.
        let new = group.iter().any(|host| !host.facts.is_our_node());
        let finding = if new {
            group[0].error(CHECK.name, message, fix)
        } else {
            group[0].warning(CHECK.name, message, fix)
        };
        // What is typed is typed on the others.
        let finding = finding.typed(command);
        findings.push(Finding { hosts: names(&group[1..]), ..finding });
    }
    for (_, group) in alike(context.hosts, |host| host.facts.product_uuid.clone()) {
        // Containers of one machine see its hardware and its boot; of who has a copied machine id that was said.
        let own = |it: &&&HostFacts<'_>| {
            let one = group[0].facts;
            let same_boot = one.boot_id.is_some() && one.boot_id == it.facts.boot_id;
            let said = one.machine_id.is_some() && one.machine_id == it.facts.machine_id;
            !same_boot && !said
        };
        let mut copies: Vec<&HostFacts<'_>> = group.iter().skip(1).filter(own).copied().collect();
        if copies.is_empty() {
            continue;
        }
        copies.insert(0, group[0]);
        let message = format!("{} have the same hardware UUID", named(&names(&copies)));
        let fix = "give each machine a UUID of its own in the hypervisor";
        let finding = group[0].warning(CHECK.name, message, fix);
        findings.push(Finding { hosts: names(&copies), ..finding });
    }
    findings.extend(context.hosts.iter().filter_map(nameless));
    findings
}

/// One without an identity: journald keeps no journal of it, and nodes are told apart by it.
fn nameless(host: &HostFacts<'_>) -> Option<Finding> {
    if host.facts.has_machine_id != Some(false) {
        return None;
    }
    let message = "`/etc/machine-id` is empty, or not there";
    let found = host.warning(CHECK.name, message, "have systemd make one, and reboot");
    Some(found.typed("rm -f /etc/machine-id; systemd-machine-id-setup"))
}
