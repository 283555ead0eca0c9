//! Nodes reach each other by their addresses; machines behind NAT often share one (10.0.2.15).

use std::net::IpAddr;

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, same_machine};

pub(super) const CHECK: Check = Check {
    name: "NodeAddress",
    description: "each node has an address, and they differ",
    severity: Severity::Error,
    phase: Phase::Join,
    breaks: "nodes cannot be told apart by address, or have none",
    kubeadm: None,
    needs: &[need::ADDRESSES],
    page: "Seen by addresses and default routes. Machines behind NAT often have one and the \
           same (VirtualBox's 10.0.2.15).\n\nWrite in cluster.yaml, as the host's `address`, one \
           of its own that the other hosts can reach.",
    run: Run::AllHosts(run),
};

const FIX: &str = "write in cluster.yaml, as the host's `address`, one of its own that the other \
                   hosts can reach";

fn run(context: &Context<'_>) -> Vec<Finding> {
    let network = &context.cluster.network.pod_subnet;
    let address = |host: &HostFacts<'_>| host.facts.node_address(&host.host.address);
    let of = |host: &HostFacts<'_>, v6| host.facts.address_of(&host.host.address, v6);
    let other = |host: &HostFacts<'_>| {
        network.is_dual().then(|| of(host, !address(host)?.is_ipv6())).flatten()
    };
    let known = |host: &&HostFacts<'_>| {
        host.facts.addresses.is_some() && host.facts.routes.is_some() && host.is_root()
    };
    let missing = |host: &HostFacts<'_>| {
        let message = format!(
            "`{}` is no address of the host, and there is no default route to choose one by",
            host.host.address
        );
        host.error(CHECK.name, message, FIX)
    };
    let clash = |(one, two): (&HostFacts<'_>, &HostFacts<'_>)| {
        let same = |of: &dyn Fn(&HostFacts<'_>) -> Option<IpAddr>| {
            of(one).filter(|first| Some(first) == of(two).as_ref())
        };
        let ip = same(&address).or_else(|| same(&other))?;
        if same_machine::are_one(one, two) {
            return None;
        }
        let (first, second) = (&one.host.display, &two.host.display);
        let message = format!("`{first}` and `{second}` would both be at `{ip}`");
        Some(one.error(CHECK.name, message, FIX).and(two))
    };
    let without = context.hosts.iter().filter(known).filter(|host| address(host).is_none());
    without.map(missing).chain(context.pairs().filter_map(clash)).collect()
}
