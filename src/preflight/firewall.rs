//! A firewall that is on drops what the cluster needs, unless it was told.

use super::{Check, Context, Finding, HostFacts, Run};

pub(super) const CHECK: Check = Check {
    name: "Firewalld",
    description: "no firewall is on that may block the cluster",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let firewalld = host.facts.unit("firewalld.service").filter(|unit| unit.is_running());
    let ports = if host.host.control_plane { "6443, 2379, 2380, 10250" } else { "10250" };
    let pods = &context.cluster.network.pod_subnet;
    let warning = |name: &str, allow: &str| {
        let message = format!(
            "`{name}` is on: it must let TCP {ports} in from the other hosts, and all from pods"
        );
        host.warning(CHECK.name, message, format!("{allow}; or switch it off"))
    };
    let mut findings = Vec::new();
    if firewalld.is_some() {
        let allow = format!(
            "`firewall-cmd --permanent --zone=trusted --add-source={pods}`, the same for the other \
             hosts' addresses, and `firewall-cmd --reload`"
        );
        findings.push(warning("firewalld", &allow));
    }
    if host.facts.ufw == Some(true) {
        let allow = format!(
            "`ufw allow from {pods}`, `ufw route allow from {pods}`, and the same for the other \
             hosts' addresses"
        );
        findings.push(warning("ufw", &allow));
    }
    findings
}
