//! Addresses of pods and services must not be anybody's already: what is there would be cut off.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};
use crate::host::facts::ResolvConf;

pub(super) const CHECK: Check = Check {
    name: "Subnets",
    description: "pod and service networks overlap with no address or route of a host",
    severity: Severity::Error,
    phase: Phase::Network,
    breaks: "addresses of pods or services lead to the host's own network, or its network is cut off",
    kubeadm: None,
    needs: &[need::ADDRESSES],
    page: "Seen by the addresses and routes of each host against `network.podSubnet` and \
           `network.serviceSubnet`. A wider route that covers them is a warning: only its owner \
           knows whether something is there.\n\nChoose networks in cluster.yaml that nothing there \
           uses.",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    // Once the cluster is there, the overlapping addresses are the pods'.
    if host.facts.is_our_node() {
        return vec![];
    }
    let network = &context.cluster.network;
    let subnets = [("podSubnet", network.pod_subnet), ("serviceSubnet", network.service_subnet)];
    let each = subnets.iter().flat_map(|(key, nets)| nets.iter().map(move |net| (key, net)));
    each.filter_map(|(key, subnet)| overlap(host, key, &subnet)).collect()
}

fn overlap(host: &HostFacts<'_>, key: &str, subnet: &IpNet) -> Option<Finding> {
    let fix = format!("choose another `network.{key}` in cluster.yaml, one that nothing here uses");
    let own = host.facts.global_addresses().find(|address| subnet.contains(&address.net.addr()));
    if let Some(address) = own {
        let (ip, interface) = (address.net.addr(), &address.interface);
        let message = format!("its address `{ip}` (`{interface}`) lies in `{key}` {subnet}");
        return Some(host.error(CHECK.name, message, fix));
    }
    let routes = || {
        let all = host.facts.routes.iter().flatten();
        all.filter_map(|route| Some((route.destination?, route.interface.as_deref())))
    };
    let by = |interface: Option<&str>| interface.map_or(String::new(), |i| format!(" (`{i}`)"));
    if let Some((net, interface)) = routes().find(|(net, _)| subnet.contains(net)) {
        let message = format!("its route to {net}{} lies in `{key}` {subnet}", by(interface));
        return Some(host.error(CHECK.name, message, fix));
    }
    let servers = [&host.facts.names.etc, &host.facts.names.resolved].into_iter().flatten();
    let servers = servers.flat_map(|file| match file {
        ResolvConf::There(servers) => servers.as_slice(),
        _ => &[],
    });
    let mut servers = servers.filter_map(|server| server.parse::<IpAddr>().ok());
    if let Some(server) = servers.find(|server| subnet.contains(server)) {
        let message = format!("its name server `{server}` lies in `{key}` {subnet}");
        return Some(host.error(CHECK.name, message, fix));
    }
    // A wide route may well have room for the subnet; only its owner knows.
    let (net, interface) = routes().find(|(net, _)| net.contains(subnet))?;
    let message = format!("its route to {net}{} covers `{key}` {subnet}", by(interface));
    Some(host.warning(CHECK.name, message, fix))
}
