//! bivouac brings containerd. One that is there has an owner, and pods or containers of theirs.

use super::{Check, Context, Finding, HostFacts, Run, quoted};

pub(super) const CHECK: Check = Check {
    name: "ContainerRuntime",
    description: "no other container runtime is there",
    run: Run::EachHost(run),
};

const UNITS: [&str; 4] =
    ["containerd.service", "docker.service", "cri-docker.service", "crio.service"];

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    // What its owner puts beside the runtime of a node that runs is his business.
    if host.facts.is_our_node() {
        return vec![];
    }
    let ours = |name: &&&str| host.facts.has_claimed(&format!("/etc/systemd/system/{name}"));
    let units = UNITS.iter().filter(|name| !ours(name)).filter_map(|name| host.facts.unit(name));
    let running = units.filter(|unit| unit.is_running()).map(|unit| &unit.name);
    let config = host.facts.runtime_config.iter().filter(|path| !host.facts.has_claimed(path));
    let there: Vec<&String> = running.chain(config).collect();
    if there.is_empty() {
        return vec![];
    }
    let message =
        format!("a container runtime is already there; not supported yet: {}", quoted(there));
    let fix = "remove it if nothing on the host needs it, or use another host";
    vec![host.error(CHECK.name, message, fix)]
}
