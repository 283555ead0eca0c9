//! The kubelet and containerd are systemd's services, and so is their place in the cgroups.

use super::{Check, Context, Finding, HostFacts, Run};

pub(super) const CHECK: Check =
    Check { name: "Systemd", description: "systemd runs as process 1", run: Run::EachHost(run) };

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    match &host.facts.init {
        Some(init) if init != "systemd" => {
            let message = format!("process 1 is `{init}`, not systemd");
            vec![host.error(CHECK.name, message, "boot the host with systemd")]
        }
        _ => vec![],
    }
}
