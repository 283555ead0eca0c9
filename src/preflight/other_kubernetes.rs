//! One host, one kubelet.

use super::{Check, Context, Finding, HostFacts, Run};

pub(super) const CHECK: Check = Check {
    name: "OtherKubernetes",
    description: "no other Kubernetes runs on the host",
    run: Run::EachHost(run),
};

const UNITS: [&str; 8] = [
    "kubelet.service",
    "k3s.service",
    "k3s-agent.service",
    "rke2-server.service",
    "rke2-agent.service",
    "k0scontroller.service",
    "k0sworker.service",
    "snap.microk8s.daemon-kubelite.service",
];

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let finding = |name: &str| {
        let message = format!("another Kubernetes runs here: `{name}`");
        let fix = "remove that cluster from the host with the tool that installed it, or use \
                   another host";
        host.error(CHECK.name, message, fix)
    };
    let ours = |name: &&&str| host.facts.has_claimed(&format!("/etc/systemd/system/{name}"));
    let units = UNITS.iter().filter(|name| !ours(name)).filter_map(|name| host.facts.unit(name));
    units.filter(|unit| unit.is_running()).map(|unit| finding(&unit.name)).collect()
}
