//! A firewall that is on drops what the cluster needs, unless it was told. firewalld is told by the
//! installation (`kind/firewall.sh`), of the pods and the other hosts; of others its owner decides.

use super::{Check, Context, Finding, HostFacts, Run};
use crate::host::facts::Unit;

pub(super) const CHECK: Check = Check {
    name: "Firewalld",
    description: "no firewall is on that blocks the cluster, or those who use it",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let firewalld = host.facts.unit("firewalld.service").is_some_and(Unit::is_running);
    let control_plane = host.host.control_plane;
    let pods = context.cluster.network.pod_subnet;
    let each = |before: &str| {
        let all = pods.iter().map(|net| format!("`{before}{net}`"));
        all.collect::<Vec<_>>().join(", ")
    };
    let mut findings = Vec::new();
    if firewalld && control_plane {
        let message = "`firewalld` is on: pods and the other hosts are let in, who uses the API from elsewhere is not";
        let fix = "`firewall-cmd --add-port=6443/tcp`, and the same with `--permanent`, if others are to use it";
        findings.push(host.warning(CHECK.name, message, fix));
    }
    if host.facts.ufw == Some(true) {
        let ports = if control_plane { "6443, 2379, 2380, 10250" } else { "10250" };
        let message = format!(
            "`ufw` is on: it must let TCP {ports} in from the other hosts, and all from pods"
        );
        let fix = format!(
            "{}, {}, and the same for the other hosts' addresses; or switch it off",
            each("ufw allow from "),
            each("ufw route allow from ")
        );
        findings.push(host.warning(CHECK.name, message, fix));
    }
    findings
}
