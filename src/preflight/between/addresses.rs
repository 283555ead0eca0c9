//! A node's address must be one machine's alone.

use std::net::IpAddr;

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, same_machine};

pub(in super::super) const CHECK: Check = Check {
    name: "DuplicateAddress",
    description: "no other host has a node's address, or a network of its own in the way to it",
    severity: Severity::Error,
    phase: Phase::Join,
    breaks: "the host that has the address too, or a network of containers that covers it, talks to itself instead of \
             the node",
    kubeadm: None,
    needs: &[need::ADDRESSES],
    page: "Seen by the addresses and routes of all hosts: a node's address is an address of another host as well (left \
           from another time, or a virtual one), or another host has a network of containers (docker's bridges) that \
           covers it.\n\nTake the address, or the network of containers, away.",
    run: Run::AllHosts(run),
};

/// Interfaces behind which there are only the host's own containers. Those of virtual machines are none: a node may be one of them.
const INNER: [&str; 4] = ["docker", "podman", "cni", "nerdctl"];

/// docker calls the bridges of its networks by twelve digits of their id.
fn is_inner(interface: &str) -> bool {
    let by_id = interface
        .strip_prefix("br-")
        .is_some_and(|id| id.len() == 12 && id.bytes().all(|digit| digit.is_ascii_hexdigit()));
    by_id || INNER.iter().any(|beginning| interface.starts_with(beginning))
}

fn run(context: &Context<'_>) -> Vec<Finding> {
    let address = |host: &HostFacts<'_>| host.facts.node_address(&host.host.address);
    let mut findings = Vec::new();
    for owner in context.hosts {
        let Some(ip) = address(owner) else { continue };
        for other in context.hosts {
            // That both would be at it is `NodeAddress`.
            let apart = !std::ptr::eq(owner, other) && address(other) != Some(ip);
            if apart && !same_machine::are_one(owner, other) {
                findings.extend(taken(owner, other, ip).or_else(|| hidden(owner, other, ip)));
            }
        }
    }
    findings
}

fn taken(owner: &HostFacts<'_>, other: &HostFacts<'_>, ip: IpAddr) -> Option<Finding> {
    let own = other.facts.global_addresses().find(|own| own.net.addr() == ip)?;
    let (name, net, interface) = (&owner.host.display, own.net, &own.interface);
    let message = format!(
        "`{}` has `{ip}`, the address of `{name}`, on `{interface}` as well",
        other.host.display
    );
    let fix = format!(
        "take it away from `{}` (`ip address delete {net} dev {interface}`), also in its network configuration",
        other.host.display
    );
    let command = format!("ip address delete {net} dev {interface}");
    // What is typed is typed there alone: the owner keeps it.
    Some(other.error(CHECK.name, message, fix).typed(command))
}

/// The narrowest route wins: what goes to the owner would end in containers.
fn hidden(owner: &HostFacts<'_>, other: &HostFacts<'_>, ip: IpAddr) -> Option<Finding> {
    let routes = other.facts.routes.iter().flatten();
    let fits = routes.filter_map(|route| {
        let net = route.destination.filter(|net| net.contains(&ip))?;
        Some((net, route.interface.as_deref()?))
    });
    let (net, interface) = fits.max_by_key(|(net, _)| net.prefix_len())?;
    if !is_inner(interface) {
        return None;
    }
    // A bridge that carries the host's own address leads outside.
    let outside = other.facts.node_address(&other.host.address);
    if outside.and_then(|own| other.facts.link_of(own)).is_some_and(|link| link.name == interface) {
        return None;
    }
    let name = &owner.host.display;
    let message = format!(
        "on `{}` the network {net} of `{interface}` covers `{ip}`, the address of `{name}`: what goes there ends in \
         its own containers",
        other.host.display
    );
    let fix = "give that network of containers another range (of docker: `default-address-pools` and `bip` in \
         `/etc/docker/daemon.json`), or remove it (`docker network rm`)";
    Some(other.error(CHECK.name, message, fix).and(owner))
}
