//! What pods mount must show on the host, and the other way round.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(crate) const CHECK: Check = Check {
    name: "MountPropagation",
    description: "mounts spread between the host and pods",
    severity: Severity::Warning,
    phase: Phase::Operation,
    breaks: "pods of storage and network plugins do not start: `is mounted on \"/\" but it is not a shared or slave mount`",
    kubeadm: None,
    needs: &[need::PLACES],
    page: "Seen by the propagation of `/` (`findmnt -o PROPAGATION /`). systemd makes it shared at boot; something made it private since. \
           In containers it is as their machine wants it, and nothing is said.\n\nMake it shared again.",
    run: Run::EachHost(run),
};

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let is_machine =
        host.facts.init.as_deref() == Some("systemd") && host.facts.names.container == Some(false);
    match host.facts.places.mount("/") {
        Some(root) if !root.shared && is_machine => {
            let message = "`/` is a private mount: what pods mount does not show on the host";
            vec![
                host.warning(CHECK.name, message, "make it shared").typed("mount --make-rshared /"),
            ]
        }
        _ => vec![],
    }
}
