//! bivouac brings a container runtime. One that is there has an owner, and pods or containers of theirs: it
//! is used only where the operator says so, and only if it fits.

pub(super) mod apparmor;
pub(super) mod cri;
mod docker;
pub(super) mod docker_cgroups;
pub(super) mod docker_service;
mod existing;
pub(super) mod version;

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};
use crate::cluster::{CONTAINERD, CRI_O, DOCKER, RUNTIMES, RuntimeKind, Traits};
use crate::host::facts::Unit;

pub(super) const CHECK: Check = Check {
    name: "ContainerRuntime",
    description: "no other container runtime is there, or the existing one fits",
    severity: Severity::Error,
    phase: Phase::Runtime,
    breaks: "two runtimes fight for sockets and images, or the one that is there cannot carry a node",
    kubeadm: None,
    needs: &[need::UNITS],
    page: "Seen by services, configurations and data of containerd, docker and cri-o, and \
           where the existing one is to be used by what it says itself: version, CRI plugin, \
           cgroup driver, socket, directories, registries, containers of another \
           cluster.\n\nRemove the runtime if nothing needs it, or use it with `runtime: {existing: \
           true}`; each line of its configuration that does not fit is named with what to write.",
    run: Run::EachHost(run),
};

const UNITS: [&str; 4] =
    ["containerd.service", "docker.service", "cri-docker.service", "crio.service"];

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let runtime = &context.cluster.runtime;
    let unit = runtime.traits.engine;
    let is_ours = is_ours(host, unit);
    if runtime.existing && is_ours {
        let message = format!("`{unit}` there is bivouac's own, not an existing one");
        let fix = "take `existing: true` out of `spec.runtime`, or wipe the host first";
        return vec![host.error(CHECK.name, message, fix)];
    }
    if !runtime.existing && host.facts.has_borrowed_runtime() {
        let message = format!("the node uses a `{unit}` that has an owner");
        let fix = "write `runtime: {existing: true}` in cluster.yaml, as it was when the host was \
                   installed, or remove the host first";
        return vec![host.error(CHECK.name, message, fix)];
    }
    if let Some(other) = made_with_another(context, host) {
        return vec![other];
    }
    // What its owner puts beside the runtime of a node that runs is his business.
    if host.facts.is_our_node() {
        return vec![];
    }
    match (runtime.existing, runtime.traits.kind) {
        (false, RuntimeKind::Docker) => {
            let there = nobody_s(context, host);
            if there.is_empty() {
                docker::package(context, host).into_iter().collect()
            } else {
                there
            }
        }
        // cluster.yaml has no existing cri-o.
        (false, _) | (true, RuntimeKind::CriO) => nobody_s(context, host),
        (true, RuntimeKind::Containerd) => existing::run(context, host),
        (true, RuntimeKind::Docker) => docker::existing(host),
    }
}

/// Whether it is the existing runtime that counts: not on a node, where it is its owner's business by now, and not where it is to be settled
/// first whose it is.
fn is_looked_at(context: &Context<'_>, host: &HostFacts<'_>) -> bool {
    let runtime = &context.cluster.runtime;
    // Who does not know its units does not know whether it runs.
    let is_known = host.facts.units.is_some();
    runtime.existing
        && is_known
        && !is_ours(host, runtime.traits.engine)
        && !host.facts.is_our_node()
        && made_with_another(context, host).is_none()
}

/// A node keeps the runtime that it was made with: its pods are in that one's store.
fn made_with_another(context: &Context<'_>, host: &HostFacts<'_>) -> Option<Finding> {
    let now = context.cluster.runtime.traits;
    let has = |it: &&&Traits| host.facts.has_claimed(&format!("/etc/systemd/system/{}", it.unit));
    let before = RUNTIMES.iter().filter(|it| it.kind != now.kind).find(has)?;
    if host.facts.has_claimed(&format!("/etc/systemd/system/{}", now.unit)) {
        return None;
    }
    let message = format!("bivouac put the runtime `{}` there, not `{}`", before.name, now.name);
    let fix = format!(
        "write `runtime: {{name: {}}}` in cluster.yaml, as it was then; or remove or wipe the host first",
        before.name
    );
    Some(host.error(CHECK.name, message, fix))
}

/// docker's own units come with a package, after its configuration.
const OF_DOCKER: [&str; 2] = ["containerd.service", "docker.service"];

fn is_ours(host: &HostFacts<'_>, unit: &str) -> bool {
    host.facts.has_claimed(&format!("/etc/systemd/system/{unit}"))
        || (OF_DOCKER.contains(&unit) && host.facts.has_claimed(DOCKER.config))
}

/// What is installed, or has images, and does not run: ours would start it, with its owner's containers, and a wipe would take away what
/// it keeps.
fn stopped<'a>(runtime: &Traits, host: &'a HostFacts<'_>) -> Vec<&'a String> {
    let data = |it: &Traits| {
        let mut all = host.facts.runtime_data.iter();
        all.find(|path| *path == it.root && !host.facts.has_claimed(it.root))
    };
    let unit = |it: &Traits| {
        let unit = host.facts.unit(it.engine).filter(|unit| !is_ours(host, &unit.name));
        unit.map(|unit| &unit.name)
    };
    match runtime.kind {
        RuntimeKind::CriO => vec![],
        // A package without images takes nothing from its owner.
        RuntimeKind::Containerd => data(&CONTAINERD).and(unit(&CONTAINERD)).into_iter().collect(),
        RuntimeKind::Docker => {
            let containerd = data(&CONTAINERD).and(unit(&CONTAINERD));
            [containerd, unit(&DOCKER), data(&DOCKER)].into_iter().flatten().collect()
        }
    }
}

fn nobody_s(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let ours = |name: &&&str| is_ours(host, name);
    let units = UNITS.iter().filter(|name| !ours(name)).filter_map(|name| host.facts.unit(name));
    // A cri-o that does not run has a store all the same, or will have one.
    let counts = |unit: &&Unit| unit.is_running() || unit.name == CRI_O.unit;
    let found = units.filter(counts).map(|unit| &unit.name);
    // A package brings one into a directory that is claimed before.
    let its = |path: &String| {
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        host.facts.has_claimed(path) || host.facts.has_claimed(directory)
    };
    let config = host.facts.runtime_config.iter().filter(|path| !its(path));
    let mut there: Vec<&String> = found.chain(config).collect();
    for name in stopped(context.cluster.runtime.traits, host) {
        if !there.contains(&name) {
            there.push(name);
        }
    }
    if there.is_empty() {
        return vec![];
    }
    let message = format!("a container runtime is already there: {}", quoted(&there));
    let remove = "remove it if nothing on the host needs it";
    let Traits { kind, engine, .. } = context.cluster.runtime.traits;
    let can_stay = *kind != RuntimeKind::CriO && there.iter().any(|name| name == engine);
    let fix = if can_stay {
        format!(
            "{remove}, or have it used with `runtime: {{existing: true}}` in cluster.yaml; preflight says whether it fits"
        )
    } else {
        format!("{remove}, or use another host")
    };
    vec![host.error(CHECK.name, message, fix)]
}
