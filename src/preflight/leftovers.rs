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
           in the packet filter (`KUBE-*`, `cali-*`, ...; of `CNI-*`, which podman has too, those of \
           a pod network) and by directories of k3s, RKE2, k0s, microk8s and minikube; and a `wipe --foreign` that was cut off, by its journal.\n\nA reboot takes links and chains away; data goes with the tool \
           that made it.",
    run: Run::EachHost(run),
};

/// Where other distributions keep their clusters.
const DATA: [&str; 7] = [
    "/etc/rancher",
    "/var/lib/rancher",
    "/var/lib/k0s",
    "/var/snap/microk8s",
    "/var/snap/k8s",
    "/var/lib/minikube",
    "/etc/origin",
];

/// What takes away nothing else, and asks first. A line that reads all rules and writes them anew loses those that it does not
/// understand, and people their hosts (k3s-io/k3s#8793, kubernetes#112477); one that clears all virtual servers loses keepalived's
/// (kubernetes#59507).
fn wiped(host: &HostFacts<'_>) -> String {
    format!(
        "`bivouac wipe --foreign {}` takes them out and nothing else, after it has shown what goes; or reboot",
        host.host.display
    )
}

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let left = &host.facts.leftovers;
    let mut findings = Vec::new();
    // Our journal would be one of two things at once: how to put the host back, and what was another's.
    if host.facts.is_being_cleared() {
        let fix = format!("take it up again: `bivouac wipe --foreign {}`", host.host.display);
        findings.push(host.error(
            CHECK.name,
            "a wipe of what another installer left was cut off here",
            fix,
        ));
    }
    let data: Vec<&String> =
        left.paths.iter().flatten().filter(|path| DATA.contains(&path.as_str())).collect();
    if !data.is_empty() {
        let message = format!("another Kubernetes is, or was, installed here: {}", quoted(data));
        let fix = "`bivouac wipe --foreign` takes away what is provably its own, after it has shown what goes; what it keeps it names with the reason (`--also` takes data): move that aside, if you need none of it here";
        findings.push(host.error(CHECK.name, message, fix));
    }
    if host.facts.has_claimed_kernel() {
        return findings;
    }
    findings.extend(processes(host));
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
        findings.push(host.warning(CHECK.name, message, wiped(host)));
    }
    findings.extend(tables(host));
    findings
}

/// Programs of a cluster whose containers still run.
fn processes(host: &HostFacts<'_>) -> Option<Finding> {
    let all = host.facts.leftovers.processes.as_ref().filter(|all| !all.is_empty())?;
    if host.facts.is_our_node() {
        return None;
    }
    let names: Vec<&str> = all.iter().filter_map(|it| it.name.as_deref()).collect();
    let pids: Vec<String> = all.iter().map(|it| it.pid.to_string()).collect();
    let message = format!("programs of another cluster still run: {}", quoted(names));
    let fix = "remove the earlier cluster with the tool that installed it or with `bivouac wipe --foreign`, or end them";
    Some(host.error(CHECK.name, message, fix).typed(format!("kill {}", pids.join(" "))))
}

/// Rules in tables that nothing of ours writes over: they lead services' addresses to where nobody is any more.
fn tables(host: &HostFacts<'_>) -> Vec<Finding> {
    let left = &host.facts.leftovers;
    let mut findings = Vec::new();
    if let Some(tables) = left.tables.as_ref().filter(|tables| !tables.is_empty()) {
        let message =
            format!("tables of another cluster are left in the packet filter: {}", quoted(tables));
        let commands: Vec<String> = tables
            .iter()
            .map(|table| {
                format!(
                    "nft delete table {}",
                    table.split(' ').map(quote).collect::<Vec<_>>().join(" ")
                )
            })
            .collect();
        findings.push(
            host.error(CHECK.name, message, "reboot, or delete them").typed(commands.join(" && ")),
        );
    }
    // A balancer of the owner's own has servers too, and no link of kube-proxy's.
    let is_proxy = left.links.iter().flatten().any(|link| link == "kube-ipvs0");
    if let Some(servers) = left.servers.filter(|servers| *servers > 0 && is_proxy) {
        let message = format!("virtual servers of another cluster are left in IPVS: {servers}");
        findings.push(host.error(CHECK.name, message, wiped(host)));
    }
    findings
}
