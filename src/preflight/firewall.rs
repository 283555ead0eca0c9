//! A firewall that is on drops what the cluster needs, unless it was told. firewalld is told by the
//! installation (`kind/firewall.sh`), of the pods and the other hosts; of others its owner decides.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};
use crate::host::facts::Unit;

pub(super) const CHECK: Check = Check {
    name: "Firewalld",
    description: "no firewall is on that blocks the cluster, or those who use it",
    severity: Severity::Warning,
    phase: Phase::Network,
    breaks: "the hosts or the pods cannot reach each other",
    kubeadm: Some("for firewalld alone, as a warning, in every version"),
    needs: &[need::UNITS],
    page: "Seen by whether firewalld runs and ufw is on. firewalld is told by the installation \
           of pods and hosts; others who use the API are its owner's to let in. ufw is its owner's \
           in all.\n\nOpen what the finding names.",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let firewalld = host.facts.unit("firewalld.service").is_some_and(Unit::is_running);
    let control_plane = host.host.control_plane;
    let mut findings = Vec::new();
    if firewalld && control_plane {
        let message = "`firewalld` is on: pods and the other hosts are let in, who uses the API from elsewhere is not";
        let fix = "let them in, if others are to use it";
        let command =
            "firewall-cmd --add-port=6443/tcp && firewall-cmd --permanent --add-port=6443/tcp";
        findings.push(host.warning(CHECK.name, message, fix).typed(command));
    }
    if host.facts.ufw == Some(true) {
        let ports = if control_plane { "6443, 2379, 2380, 10250" } else { "10250" };
        let message = format!(
            "`ufw` is on: it must let TCP {ports} in from the other hosts, and all from pods"
        );
        let fix = "let pods and the other hosts in; or switch it off";
        findings.push(host.warning(CHECK.name, message, fix).typed(ufw(context, host)));
    }
    findings
}

/// What lets in pods, and the other hosts as far as their addresses are known.
fn ufw(context: &Context<'_>, host: &HostFacts<'_>) -> String {
    let others = context.hosts.iter().filter(|other| other.host.display != host.host.display);
    let addresses = others.filter_map(|other| other.facts.node_address(&other.host.address));
    let pods = context.cluster.network.pod_subnet;
    let pods = pods.iter().map(|net| format!("ufw allow from {net} && ufw route allow from {net}"));
    let rules = pods.chain(addresses.map(|address| format!("ufw allow from {address}")));
    rules.collect::<Vec<_>>().join(" && ")
}
