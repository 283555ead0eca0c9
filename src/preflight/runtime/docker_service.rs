//! An existing docker must run and come back with the host: kubeadm's `Service-Docker`, until 1.23.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};
use super::is_looked_at;
use crate::cluster::RuntimeKind;

pub(crate) const CHECK: Check = Check {
    name: "Service-Docker",
    description: "the existing docker runs",
    severity: Severity::Error,
    phase: Phase::Runtime,
    breaks: "kubeadm finds no runtime, and the kubelet none either",
    kubeadm: Some(
        "an error until 1.23 for one that does not run, a warning for one that is not enabled",
    ),
    needs: &[need::UNITS],
    page: "Seen by the state of `docker.service`, where `runtime: {name: docker, existing: true}` is in cluster.yaml. One that does not come back with the host is \
           enabled by the installation.\n\nStart it; `journalctl -u docker` has why it ended.",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let is_docker = context.cluster.runtime.traits.kind == RuntimeKind::Docker;
    if !is_docker || !is_looked_at(context, host) || host.facts.docker.is_some() {
        return vec![];
    }
    if host.facts.unit("docker.service").is_none() {
        let message = "`existing: true`, but `docker.service` is not there";
        let fix = "install it, or take `existing: true` out: then bivouac brings one";
        return vec![host.error(CHECK.name, message, fix)];
    }
    let message = "`existing: true`, but `docker.service` does not run";
    let fix = "start it; `journalctl -u docker` has why it ended";
    vec![
        host.error(CHECK.name, message, fix)
            .typed("systemctl unmask docker.service; systemctl enable --now docker.service"),
    ]
}
