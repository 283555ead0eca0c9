//! The hosts that leave: as the cluster knows them, and in the order in which etcd bears it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::exit::Stop;
use super::super::hosts::Seen;
use super::super::running::refused;
use super::{Args, last};
use crate::cluster::Host;
use crate::members::{self, Members, Refusal};
use crate::playbook::{HostState, Leaving};
use crate::ssh::quote;

/// A host that leaves, as the cluster knows it.
pub(super) async fn departure(
    host: &Host,
    state: Option<&HostState>,
    members: &Members,
    args: &Args,
) -> Leaving {
    let address = match (state, host.address.parse()) {
        (Some(state), _) => Some(state.address),
        (None, Ok(address)) => Some(address),
        (None, Err(_)) => looked_up(&host.address).await,
    };
    let own_name = || host.node_name.clone().unwrap_or_else(|| host.display.clone());
    let name = state.map_or_else(own_name, |state| state.node.clone());
    let node = members.node(&name, address);
    let member = members.member_of(node.map_or(&name, |node| &node.name), node, address);
    // etcd knows it by the node's address, which need not be the one that SSH goes to.
    let other = state.and_then(|state| state.other_address);
    let of_node = node.iter().flat_map(|node| node.addresses.iter().copied());
    let of_member = member.and_then(|member| member.address);
    let addresses: BTreeSet<IpAddr> =
        of_node.chain(address).chain(other).chain(of_member).collect();
    let address = of_member.or(address);
    Leaving {
        name: host.display.clone(),
        node: node.map_or_else(|| name.clone(), |node| node.name.clone()),
        address: address.map_or_else(String::new, |address| address.to_string()),
        addresses: addresses.into_iter().collect(),
        // One that left etcd before a run was killed may be in kubeadm's list still.
        control_plane: host.control_plane || member.is_some(),
        dead: args.dead,
        drain: (!args.skip_drain).then(|| args.flags()),
        drain_timeout: args.drain_timeout,
    }
}

/// The address that a dead host's name leads to.
async fn looked_up(name: &str) -> Option<IpAddr> {
    let mut addresses = tokio::net::lookup_host((name, 22)).await.ok()?;
    addresses.next().map(|address| address.ip())
}

/// Refuses a host that is not, and never was, in the cluster. One that an earlier run took out, and
/// was killed, is known from that run's entries.
pub(super) fn in_cluster(
    host: &Host,
    leaving: &Leaving,
    members: &Members,
    joined: bool,
    staying: &[Seen],
) -> Result<(), Stop> {
    let word = quote(&leaving.node);
    let took_out = staying.iter().flat_map(|seen| &seen.entries).any(|entry| {
        entry.step.starts_with("leave: ")
            && entry.arguments.iter().any(|line| line.split_whitespace().any(|it| it == word))
    });
    let is = members.nodes.iter().any(|node| node.name == leaving.node) || leaving.control_plane;
    if is || joined || took_out {
        return Ok(());
    }
    Err(refused(
        format!("{}: is not in the cluster", host.display),
        "take it out of cluster.yaml; what may be left on it goes with `bivouac wipe`. If its node has another name \
         (`bivouac kubectl -- get nodes`), give the host that `name` in cluster.yaml",
    ))
}

/// The hosts in the order in which etcd bears that they leave.
pub(super) fn ordered(mut leaving: Vec<Leaving>, members: &Members) -> Result<Vec<Leaving>, Stop> {
    let address = |it: &Leaving| it.address.parse::<IpAddr>().ok();
    let addresses: Vec<IpAddr> = leaving.iter().filter_map(address).collect();
    let etcd = members.etcd.as_deref().unwrap_or_default();
    let order = members::order(etcd, &addresses).map_err(|refusal| match refusal {
        Refusal::Last => last(),
        Refusal::NoMajorityNow { healthy, members } => refused(
            format!("etcd has lost its majority: {healthy} of its {members} members answer, so it can agree on nothing"),
            "bring one of the others back first, or restore etcd from a snapshot",
        ),
        Refusal::NoMajorityThen { address, healthy, members, unhealthy } => {
            let name = leaving.iter().find(|it| it.address == address.to_string());
            let name = name.map_or_else(|| address.to_string(), |it| it.name.clone());
            let dead = unhealthy.join("`, `");
            refused(
                format!("{name}: without it etcd would have {members} members, of which {healthy} would be healthy: no majority"),
                format!("bring `{dead}` back first, or take it out first with `bivouac remove --dead {}`", unhealthy.first().map_or("", String::as_str)),
            )
        }
    })?;
    let place = |it: &Leaving| order.iter().position(|address| it.address == address.to_string());
    // Workers go first: it does not matter to etcd, and their pods need a place while there is most.
    leaving.sort_by_key(|it| place(it).map_or(0, |place| place + 1));
    Ok(leaving)
}
