//! What another cluster left outside of its directories.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};
use crate::ssh::quote;

pub(super) const CHECK: Check = Check {
    name: "Leftovers",
    description: "no links, firewall chains or data of another cluster are left",
    severity: Severity::Error,
    phase: Phase::Network,
    breaks: "pods get wrong addresses or routes: `cni0 already has an IP address different from ...`",
    kubeadm: None,
    needs: &[need::TRACES],
    page: "Seen by network links (`cni0`, `flannel.1`, `cali*`, `kube-ipvs0`, ...), by chains \
           in the packet filter (`KUBE-*`, `cali-*`, ...) and by directories of k3s, RKE2, k0s, \
           microk8s and minikube.\n\nA reboot takes links and chains away; data goes with the tool \
           that made it.",
    run: Run::EachHost(run),
};

/// Where other distributions keep their clusters.
const DATA: [&str; 5] =
    ["/etc/rancher", "/var/lib/rancher", "/var/lib/k0s", "/var/snap/microk8s", "/var/lib/minikube"];

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let left = &host.facts.leftovers;
    let mut findings = Vec::new();
    let data: Vec<&String> =
        left.paths.iter().flatten().filter(|path| DATA.contains(&path.as_str())).collect();
    if !data.is_empty() {
        let message = format!("another Kubernetes is, or was, installed here: {}", quoted(data));
        let fix = "remove it with the tool that installed it, and then these directories";
        findings.push(host.error(CHECK.name, message, fix));
    }
    if host.facts.has_claimed_kernel() {
        return findings;
    }
    // `cni0` with another address makes every pod fail; the others carry routes of their own.
    if let Some(links) = left.links.as_ref().filter(|links| !links.is_empty()) {
        let message = format!("network links of another cluster are left: {}", quoted(links));
        let commands: Vec<String> =
            links.iter().map(|link| format!("ip link delete {}", quote(link))).collect();
        let finding = host.error(CHECK.name, message, "reboot, or delete them");
        findings.push(finding.typed(commands.join("; ")));
    }
    // kube-proxy writes its own over them.
    if let Some(chains) = left.chains.as_ref().filter(|chains| !chains.is_empty()) {
        let message = format!("firewall chains of another cluster are left: {}", quoted(chains));
        let finding = host.warning(CHECK.name, message, "reboot, and they are gone");
        findings.push(finding.typed("reboot"));
    }
    findings
}
