//! An existing runtime must run and answer, and its part for Kubernetes be on: kubeadm's `CRI`, which from 1.31 on only logs where it does
//! not.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};
use super::is_looked_at;
use crate::cluster::RuntimeKind;
use crate::cluster::containerd::SWITCH_CRI_ON;
use crate::host::facts::Containerd;

pub(crate) const CHECK: Check = Check {
    name: "CRI",
    description: "the existing runtime runs, and answers Kubernetes",
    severity: Severity::Error,
    phase: Phase::Runtime,
    breaks: "kubeadm finds no runtime, and the kubelet none either",
    kubeadm: Some(
        "an error in every version; from 1.31 on a socket that does not answer is only logged",
    ),
    needs: &[need::UNITS],
    page: "Seen by the service of the runtime, by what `ctr version` says, by `containerd config dump` (`disabled_plugins`, as Docker's package \
           `containerd.io` has it) and by `ctr plugins ls`, where `runtime: {existing: true}` is in cluster.yaml. A runtime that bivouac brings is started by \
           the installation.\n\nStart it, or switch its plugin on; `journalctl -u containerd` has why a plugin is not well.",
    run: Run::EachHost(run),
};

const CONFIG: &str = "/etc/containerd/config.toml";

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    // docker has a check of kubeadm's own; cluster.yaml has no existing cri-o.
    if !is_looked_at(context, host)
        || context.cluster.runtime.traits.kind != RuntimeKind::Containerd
    {
        return vec![];
    }
    let Some(runs) = &host.facts.containerd else {
        return vec![missing(host, context.cluster.runtime.traits.unit)];
    };
    answer(host, runs).or_else(|| plugin(host, runs)).into_iter().collect()
}

fn missing(host: &HostFacts<'_>, unit: &str) -> Finding {
    if host.facts.unit(unit).is_none() {
        let message = format!("`existing: true`, but `{unit}` is not there");
        let fix = "install it, or take `existing: true` out: then bivouac brings one";
        return host.error(CHECK.name, message, fix);
    }
    let message = format!("`existing: true`, but `{unit}` does not run");
    let fix = format!("start it; `journalctl -u {unit}` has why it ended");
    host.error(CHECK.name, message, fix)
        .typed(format!("systemctl unmask {unit}; systemctl enable --now {unit}"))
}

fn answer(host: &HostFacts<'_>, runs: &Containerd) -> Option<Finding> {
    if runs.version.is_some() {
        return None;
    }
    let message = "containerd runs, but `ctr version` has no answer from it";
    let fix = "see `journalctl -u containerd`, and that `ctr` is installed";
    Some(host.error(CHECK.name, message, fix).typed("systemctl restart containerd"))
}

fn plugin(host: &HostFacts<'_>, runs: &Containerd) -> Option<Finding> {
    if runs.cri_disabled == Some(true) {
        let message = "containerd's plugin for Kubernetes is switched off";
        let fix =
            format!("take `cri` out of `disabled_plugins` in `{CONFIG}`, and restart containerd");
        return Some(host.error(CHECK.name, message, fix).typed(SWITCH_CRI_ON));
    }
    let ill = runs.ill.as_ref().filter(|ill| !ill.is_empty())?;
    let message = format!("containerd's plugin for Kubernetes is not well: {}", quoted(ill));
    Some(host.error(CHECK.name, message, "`journalctl -u containerd` says why"))
}
