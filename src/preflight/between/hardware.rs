//! Two machines with one hardware address on one network: packets go now to the one, now to the other.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity};
use super::{alike, named, names};

pub(in super::super) const CHECK: Check = Check {
    name: "DuplicateMAC",
    description: "the interfaces with the nodes' addresses have hardware addresses of their own",
    severity: Severity::Error,
    phase: Phase::Join,
    breaks: "packets for one host go to the other, now and then: connections hang and break",
    kubeadm: None,
    needs: &[],
    page: "Seen by the interfaces that carry the nodes' addresses; bridges and other virtual interfaces may be alike \
           everywhere. Machines that were copied often have it.\n\nGive one of them another hardware address in the \
           hypervisor.",
    run: Run::AllHosts(run),
};

const FIX: &str = "give one of them another hardware address: in the hypervisor, or where its network configuration \
                   sets one";

/// The interface that carries the node's address; others, such as bridges of containers, may be alike everywhere.
fn run(context: &Context<'_>) -> Vec<Finding> {
    let link = |host: &HostFacts<'_>| {
        host.facts.link_of(host.facts.node_address(&host.host.address)?).cloned()
    };
    let all = alike(context.hosts, |host| link(host)?.mac);
    let finding = |(mac, group): (String, Vec<&HostFacts<'_>>)| {
        let interface = |host: &&HostFacts<'_>| {
            let link = link(host).map(|link| link.name).unwrap_or_default();
            format!("{link} of {}", host.host.display)
        };
        let interfaces = named(&group.iter().map(interface).collect::<Vec<_>>());
        let message = format!("{interfaces} have the same hardware address {mac}");
        let finding = group[0].error(CHECK.name, message, FIX);
        Finding { hosts: names(&group), ..finding }
    };
    all.into_iter().map(finding).collect()
}
