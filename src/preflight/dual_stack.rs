//! With two families every node needs an address of each, and packets of each must be passed on.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};
use crate::ssh::quote;

pub(super) const CHECK: Check = Check {
    name: "DualStack",
    description: "with IPv4 and IPv6, the host has an address of each and can forward both",
    severity: Severity::Error,
    phase: Phase::Network,
    breaks: "nodes or pods have no address of the second family",
    kubeadm: Some(
        "for forwarding of IPv6 alone, as `FileContent--proc-sys-net-ipv6-conf-default-forwarding`",
    ),
    needs: &[need::IPV6],
    page: "Seen by addresses, default routes and IPv6 settings where `network.podSubnet` has \
           two families.\n\nGive each host an address of each family, or write one family in \
           cluster.yaml.",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    if !context.cluster.network.pod_subnet.is_dual() {
        return vec![];
    }
    let facts = host.facts;
    if facts.ipv6 == Some(false) {
        let message = "IPv6 is switched off, and `network.podSubnet` has two families";
        let fix = "switch it on: `sysctl net.ipv6.conf.all.disable_ipv6=0`, and without `ipv6.disable=1` on the kernel's \
                   command line; or write one IPv4 network for pods and one for services in cluster.yaml";
        let command =
            "sysctl -w net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0";
        return vec![host.error(CHECK.name, message, fix).typed(command)];
    }
    let mut findings = Vec::new();
    for (v6, family) in [(false, "IPv4"), (true, "IPv6")] {
        let unknown = facts.addresses.is_none() || facts.routes.is_none();
        if !unknown && facts.address_of(&host.host.address, v6).is_none() {
            let message = format!(
                "it has no {family} address that others can reach, and `network.podSubnet` has two families"
            );
            let fix = format!(
                "give it one, by which the other hosts reach it; or write no {family} network in cluster.yaml"
            );
            findings.push(host.error(CHECK.name, message, fix));
        }
    }
    // A host that forwards takes no routes from routers (Documentation/networking/ip-sysctl, `accept_ra`).
    for interface in facts.accept_ra.iter().flatten() {
        let message = format!(
            "its IPv6 default route (`{interface}`) comes from a router, and it will be lost when the host forwards packets"
        );
        let fix = format!(
            "set `net.ipv6.conf.{interface}.accept_ra=2` on the host, in `/etc/sysctl.d` too"
        );
        let command =
            format!("sysctl -w {}", quote(&format!("net.ipv6.conf.{interface}.accept_ra=2")));
        findings.push(host.warning(CHECK.name, message, fix).typed(command));
    }
    findings
}
