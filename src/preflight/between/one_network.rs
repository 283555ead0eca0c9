//! The pod network `bridge` has a route to each other node's pods, with that node as the next hop: the kernel takes
//! only one that is on a network of the host's own (`templates/cni/network.sh`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};
use crate::cluster::Plugin;

pub(in super::super) const CHECK: Check = Check {
    name: "NodeNetwork",
    description: "the hosts are on one network, as pods' routes want it",
    severity: Severity::Error,
    phase: Phase::Network,
    breaks: "the routes to the other nodes' pods are refused, and the pod network does not come up",
    kubeadm: None,
    needs: &[need::ADDRESSES],
    page: "Seen by the hosts' addresses and routes: the pod network `bridge` reaches another node's pods by a route whose \
           next hop is that node, and the kernel takes only a next hop that is on a network of the host's own.\n\n\
           Take hosts of one network, or name addresses of theirs that are.",
    run: Run::AllHosts(run),
};

fn run(context: &Context<'_>) -> Vec<Finding> {
    if context.cluster.network.plugin != Plugin::Bridge || context.foreign {
        return vec![];
    }
    let known = |host: &&HostFacts<'_>| {
        host.facts.addresses.is_some() && host.facts.routes.is_some() && host.is_root()
    };
    let address = |host: &HostFacts<'_>| host.facts.node_address(&host.host.address);
    let hosts: Vec<(&HostFacts<'_>, IpAddr)> =
        context.hosts.iter().filter(known).filter_map(|it| Some((it, address(it)?))).collect();
    // Which host has another as its neighbour; with many hosts of one network this is quick to say of all.
    let mut nets: BTreeMap<String, Vec<&HostFacts<'_>>> = BTreeMap::new();
    for (host, own) in &hosts {
        let net = host.facts.networks(*own).next();
        nets.entry(net.map_or_else(|| own.to_string(), |net| net.to_string()))
            .or_default()
            .push(host);
    }
    if nets.len() < 2 {
        return vec![];
    }
    let most = nets.values().map(Vec::len).max().unwrap_or_default();
    let Some(common) = nets.iter().find(|(_, hosts)| hosts.len() == most) else { return vec![] };
    let mut findings = Vec::new();
    for (net, apart) in nets.iter().filter(|(net, _)| *net != common.0) {
        let far = |host: &&&HostFacts<'_>| {
            let others = hosts.iter().filter(|(it, _)| !std::ptr::eq(*it, **host));
            others.clone().any(|(it, ip)| {
                let own = address(host);
                !is_neighbour(host, *ip) || own.is_some_and(|own| !is_neighbour(it, own))
            })
        };
        for host in apart.iter().filter(far) {
            let examples = quoted(common.1.iter().take(3).map(|it| &it.host.display));
            let message = format!(
                "it is on {net}, {examples} on {}: the pod network `bridge` has routes from node to node, which must be \
                 on one network",
                common.0
            );
            let fix = "take hosts that are on one network (their addresses in cluster.yaml may be those of another \
                       interface)";
            findings.push(host.error(CHECK.name, message, fix));
        }
    }
    findings
}

/// Whether an address can be a next hop: it is on a network of the host's own, or behind a route without a gateway.
fn is_neighbour(host: &HostFacts<'_>, ip: IpAddr) -> bool {
    let own = host.facts.addresses.iter().flatten();
    let by_address = own.clone().any(|it| it.net.contains(&ip) && it.net.addr() != ip);
    let mut routes = host.facts.routes.iter().flatten();
    by_address
        || routes.any(|route| {
            let leads = route.destination.is_some_and(|net| net.contains(&ip));
            leads && !route.gateway && route.interface.is_some()
        })
}
