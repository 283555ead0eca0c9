//! Machines made from one image often share an identity: DHCP then gives them one lease, and tools
//! that go by it mix them up. Kubernetes itself does not mind.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, same_machine};

pub(super) const CHECK: Check = Check {
    name: "MachineID",
    description: "machines have identities of their own",
    severity: Severity::Warning,
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
    let clone = |(one, two): (&HostFacts<'_>, &HostFacts<'_>)| {
        if same_machine::are_one(one, two) {
            return None;
        }
        let (first, second) = (&one.host.display, &two.host.display);
        let both = |what: &str| format!("`{first}` and `{second}` have the same {what}");
        let (one_facts, two_facts) = (one.facts, two.facts);
        if one_facts.machine_id.is_some() && one_facts.machine_id == two_facts.machine_id {
            let fix =
                "on one of them: `rm /etc/machine-id && systemd-machine-id-setup`, and reboot";
            let command = "rm -f /etc/machine-id /var/lib/dbus/machine-id && systemd-machine-id-setup && reboot";
            let finding = one.warning(CHECK.name, both("`/etc/machine-id`"), fix).typed(command);
            return Some(finding.and(two));
        }
        // Containers of one machine see its hardware and its boot.
        let one_kernel = one_facts.boot_id.is_some() && one_facts.boot_id == two_facts.boot_id;
        let same = one_facts.product_uuid.is_some()
            && one_facts.product_uuid == two_facts.product_uuid
            && !one_kernel;
        let fix = "give each machine a UUID of its own in the hypervisor";
        same.then(|| one.warning(CHECK.name, both("hardware UUID"), fix).and(two))
    };
    context.pairs().filter_map(clone).collect()
}
