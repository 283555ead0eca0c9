//! The address that the other hosts know a node by must be one that the kernel uses.

use std::net::IpAddr;

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "NetworkInterface",
    description: "the node's address can be used, and its interface is on",
    severity: Severity::Error,
    phase: Phase::Join,
    breaks: "the other hosts cannot reach the node, or connections from it come from another address",
    kubeadm: None,
    needs: &[need::ADDRESSES, need::INTERFACES],
    page: "Seen by `ip addr` and `ip link`. An address that is `deprecated` is taken for no new connection, one \
           that is `tentative` or `dadfailed` for none at all: another machine may have it. An interface \
           without `UP` is off, one with `NO-CARRIER` has nothing at its other end.\n\n\
           Give the address back its lifetime, or switch the interface on; or name another `address` of \
           the host in cluster.yaml.",
    run: Run::EachHost(run),
};

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    unusable(host).or_else(|| off(host)).into_iter().collect()
}

fn unusable(host: &HostFacts<'_>) -> Option<Finding> {
    let packets = &host.facts.packets;
    let named: Option<IpAddr> = host.host.address.parse().ok();
    let node = || host.facts.node_address(&host.host.address);
    let it = named.and_then(|ip| packets.unusable(ip)).or_else(|| packets.unusable(node()?))?;
    let (net, interface, why) = (it.net, &it.interface, &it.why);
    let message = format!("its address `{}` (`{interface}`) is `{why}`", net.addr());
    Some(if why == "deprecated" {
        let command =
            format!("ip addr change {net} dev {interface} valid_lft forever preferred_lft forever");
        let fix =
            "give it its lifetime back, and see who took it; or use another address of the host";
        host.error(CHECK.name, message, fix).typed(command)
    } else {
        let fix = "see whether another machine has it too, and give one of them another";
        host.error(CHECK.name, message, fix)
    })
}

fn off(host: &HostFacts<'_>) -> Option<Finding> {
    let node = host.facts.node_address(&host.host.address)?;
    let own = host.facts.global_addresses().find(|address| address.net.addr() == node)?;
    let interface = host.facts.packets.interface(&own.interface)?;
    let name = &interface.name;
    if !interface.is_up {
        let message = format!("`{name}`, which has its address `{node}`, is off");
        let command = format!("ip link set {name} up");
        return Some(host.error(CHECK.name, message, "switch it on").typed(command));
    }
    if !interface.has_carrier {
        let message =
            format!("`{name}`, which has its address `{node}`, has nothing at its other end");
        let fix = "see to the cable or the virtual network, or name another `address` of the host";
        return Some(host.error(CHECK.name, message, fix));
    }
    None
}
