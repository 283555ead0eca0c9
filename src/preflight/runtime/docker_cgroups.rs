//! kubelets are told `systemd` for the whole cluster; cri-dockerd does not compare (kubernetes/kubernetes#111662), and kubeadm did until
//! 1.23.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity};
use super::is_looked_at;
use crate::cluster::RuntimeKind;

pub(crate) const CHECK: Check = Check {
    name: "IsDockerSystemdCheck",
    description: "the existing docker has the kubelets' cgroup driver",
    severity: Severity::Error,
    phase: Phase::Kubelet,
    breaks: "pods are started again and again: `expected cgroupsPath to be of format \"slice:prefix:name\"`",
    kubeadm: Some("a warning from 1.14 to 1.23"),
    // What does not answer is found otherwise.
    needs: &[],
    page: "Seen by `docker info`, where `runtime: {name: docker, existing: true}` is in cluster.yaml.\n\nGive it the driver `systemd` in \
           `/etc/docker/daemon.json`, and restart it; containers that run are restarted with it.",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    if context.cluster.runtime.traits.kind != RuntimeKind::Docker || !is_looked_at(context, host) {
        return vec![];
    }
    let driver = host.facts.docker.as_ref().and_then(|runs| runs.cgroup.as_ref());
    let Some(driver) = driver.filter(|driver| *driver != "systemd") else { return vec![] };
    let message =
        format!("docker's cgroup driver is `{driver}`, and the cluster's kubelets use `systemd`");
    let fix = super::docker::line("\"exec-opts\": [\"native.cgroupdriver=systemd\"]");
    vec![host.error(CHECK.name, message, fix)]
}
