//! Clusters that another tool made: what a wipe has to leave alone, and whom it may not take from them.

use super::exit::Stop;
use super::hosts;
use super::options::Options;
use super::running::{self, refused};
use super::session::Session;
use crate::cluster::{Cluster, Host};
use crate::engine::Unreached;
use crate::event::{EventKind, Finding, Severity};
use crate::host::{Entry, Probe, Remote};
use crate::members::Members;
use crate::playbook::HostState;

/// What hosts were connected to, or why not: one for each of the file.
type Reached = [Result<Remote, Unreached>];

/// Exits with 0 where a node's kubelet has its credentials.
const NODE: &str = "[ -s /etc/kubernetes/kubelet.conf ]";

/// Refuses a wipe that would take nodes, or members of etcd, from a cluster of another tool's that goes on
/// without them. Names its control planes, which stay as they are.
pub async fn spare(session: &Session, reached: &mut Reached) -> Result<(), Stop> {
    let (mut theirs, mut guests) = (Vec::new(), Vec::new());
    let (planes, workers): (Vec<usize>, Vec<usize>) =
        (0..reached.len()).partition(|host| session.cluster.hosts[*host].control_plane);
    for index in planes {
        match kin(&mut reached[index]).await {
            Some(Kin::Guest) => guests.push(index),
            Some(Kin::Theirs) => theirs.push(index),
            None => {}
        }
    }
    // Nobody is here whom the cluster could be asked through; nearly always because there is none.
    if theirs.is_empty() && guests.is_empty() {
        return Ok(());
    }
    for index in workers {
        if kin(&mut reached[index]).await == Some(Kin::Guest) {
            guests.push(index);
        }
    }
    guests.sort_unstable();
    for index in &theirs {
        session.events.host(
            &session.cluster.hosts[*index].display,
            EventKind::Finding(Finding::new(
"OtherCluster",
Severity::Warning,
"it is a control plane of a cluster that bivouac did not make: it stays as it is",
"if that cluster is to go, take it away with the tool that made it (`kubeadm reset`)",
)),
        );
    }
    let mut names = Vec::new();
    let members = members(session, reached, theirs.iter().chain(&guests)).await;
    for index in guests {
        if stays(session, reached, index, members.as_ref(), &theirs).await {
            names.push(session.cluster.hosts[index].display.as_str());
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    Err(refused(
        format!(
            "{}: in a cluster that another tool made and that goes on without this wipe's hosts: it would be left with dead nodes, or an etcd without a majority",
            names.join(", ")
        ),
        format!(
            "take them out with `bivouac remove {}`, which wipes them as well; if that cluster is no more, take its hosts out of cluster.yaml",
            names.join(" ")
        ),
    ))
}

/// Hosts on which a wipe of what another installer left was cut off: playing that back would bring some of it.
pub async fn cut_off_hosts(session: &Session, reached: &mut Reached) -> Vec<Host> {
    let mut hosts = Vec::new();
    for (host, remote) in session.cluster.hosts.iter().zip(reached) {
        let Ok(remote) = remote else { continue };
        // One that cannot be read says so where it is wiped.
        if remote.peek().await.is_ok_and(|entries| Entry::are_cut_off(&entries)) {
            hosts.push(host.clone());
        }
    }
    hosts
}

/// Refuses a removal of such hosts.
pub fn not_cut_off(
    options: &Options,
    cluster: &Cluster,
    leave: &[usize],
    seen: &[hosts::Seen],
) -> Result<(), Stop> {
    let hosts = leave.iter().filter(|host| Entry::are_cut_off(&seen[**host].entries));
    let hosts: Vec<Host> = hosts.map(|host| cluster.hosts[*host].clone()).collect();
    if hosts.is_empty() { Ok(()) } else { Err(cut_off(options, &hosts)) }
}

/// What is said of them.
pub fn cut_off(options: &Options, hosts: &[Host]) -> Stop {
    let names: Vec<&str> = hosts.iter().map(|host| host.display.as_str()).collect();
    refused(
        format!("{}: {CUT_OFF}; taken back it would bring some of that again", names.join(", ")),
        format!("go on with `{}`", options.foreign(hosts)),
    )
}

/// What there is to say of a host with such a journal.
pub const CUT_OFF: &str = "a wipe of what another installer left was cut off here";

/// The same as a finding, for those who only look.
pub fn is_cut_off(options: &Options, host: &Host) -> EventKind {
    let fix = format!("go on with `{}`", options.foreign([host]));
    EventKind::Finding(Finding::new("ForeignWipe", Severity::Error, CUT_OFF, fix))
}

/// Refuses a node that another tool made: nobody wrote down what was on its host before.
pub fn not_ours(host: &Host, state: &HostState) -> Result<(), Stop> {
    if !state.foreign {
        return Ok(());
    }
    Err(refused(
        format!("{}: another tool made it a node, so it cannot be wiped", host.display),
        format!(
            "take it out by hand: `bivouac kubectl -- drain {0}`, `kubeadm reset` on the host, `bivouac kubectl -- delete node {0}`",
            state.node
        ),
    ))
}

/// What a host is to a cluster that another tool made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kin {
    /// A node that we made.
    Guest,
    /// A node that the other tool made.
    Theirs,
}

/// What cannot be read is told when it is to be wiped.
async fn kin(reached: &mut Result<Remote, Unreached>) -> Option<Kin> {
    let remote = reached.as_mut().ok()?;
    let entries = remote.peek().await.ok()?;
    if hosts::was_node(&entries) {
        return hosts::is_guest(&entries).then_some(Kin::Guest);
    }
    let answer = remote.probe(&Probe::new(NODE), hosts::FACTS).await.ok()?;
    (answer.status == 0).then_some(Kin::Theirs)
}

/// The cluster, by the first control plane among these that can say.
async fn members(
    session: &Session,
    reached: &mut Reached,
    hosts: impl Iterator<Item = &usize>,
) -> Option<Members> {
    for index in hosts {
        let host = &session.cluster.hosts[*index];
        let Ok(remote) = &mut reached[*index] else { continue };
        if host.control_plane
            && let Ok(members) = running::survey(session, host, remote).await
        {
            return Some(members);
        }
    }
    None
}

/// Whether the cluster would still have the guest `index` in it. Without an answer it may, as long as the
/// file names one of its own control planes.
async fn stays(
    session: &Session,
    reached: &mut Reached,
    index: usize,
    members: Option<&Members>,
    theirs: &[usize],
) -> bool {
    let Some(members) = members else { return !theirs.is_empty() };
    let host = &session.cluster.hosts[index];
    let Ok(remote) = &mut reached[index] else { return false };
    let Ok(seen) = hosts::look_at(remote, None, &[]).await else { return !theirs.is_empty() };
    let state = hosts::state(host, &seen, &session.cluster.network.pod_subnet);
    let is_in = members.member(state.address).is_some()
        || members.node(&state.node, Some(state.address)).is_some();
    // Where the whole cluster is in the file, and all of it ours by now, nobody is left behind.
    let named = session.cluster.hosts.iter();
    let named: Vec<_> = named.filter_map(|host| host.address.parse().ok()).collect();
    let others = members
        .nodes
        .iter()
        .any(|node| !node.addresses.iter().any(|address| named.contains(address)));
    is_in && (others || !theirs.is_empty())
}
