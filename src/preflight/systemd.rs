//! The kubelet and containerd are systemd's services, and so is their place in the cgroups.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "Systemd",
    description: "systemd runs as process 1",
    severity: Severity::Error,
    phase: Phase::Runtime,
    breaks: "neither the runtime nor the kubelet can be started",
    kubeadm: None,
    needs: &[need::INIT],
    page: "Seen by the name of process 1. The runtime and the kubelet are services of systemd, \
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
        _ => vec![],
    }
}
