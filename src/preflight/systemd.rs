//! The kubelet and containerd are systemd's services, and so is their place in the cgroups.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "Systemd",
    description: "systemd runs as process 1, answers, and is not about to end",
    severity: Severity::Error,
    phase: Phase::Runtime,
    breaks: "neither the runtime nor the kubelet can be started",
    kubeadm: None,
    needs: &[need::INIT],
    page: "Seen by the name of process 1, and by what it says of itself (`systemctl is-system-running`): that a service of \
           the host has failed (`degraded`) is no matter. The runtime and the kubelet are services of systemd, \
           and their place in the cgroups is its business.\n\nBoot the host with systemd; a \
           distribution without it cannot be a node.",
    run: Run::EachHost(run),
};

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    match &host.facts.init {
        Some(init) if init != "systemd" => {
            let message = match host.facts.os.name() {
                Some(name) => format!("`{name}` runs without systemd: process 1 is `{init}`"),
                None => format!("process 1 is `{init}`, not systemd"),
            };
            let fix = "boot the host with systemd; a distribution that has none cannot be a node";
            vec![host.error(CHECK.name, message, fix)]
        }
        _ => manager(host).into_iter().collect(),
    }
}

/// Its own word.
fn manager(host: &HostFacts<'_>) -> Option<Finding> {
    let (message, fix, command) = match host.facts.services.manager.as_deref()? {
        "silent" => (
            "systemd does not answer: `systemctl show` says nothing",
            "have it start itself anew; if that does not help, reboot",
            "kill -TERM 1",
        ),
        "stopping" => {
            ("the host is shutting down", "wait until it is up again", "systemctl reboot")
        }
        "maintenance" => (
            "the host is in rescue mode, where services are not started",
            "let it boot to its usual end",
            "systemctl default",
        ),
        _ => return None,
    };
    Some(host.error(CHECK.name, message, fix).typed(command))
}
