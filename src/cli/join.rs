//! `bivouac join`: add control planes or workers to a cluster that runs.

use std::net::IpAddr;

use super::exit::{Exit, Stop};
use super::hosts::{self, Seen};
use super::options::Options;
use super::running::{self, refused};
use super::session::Session;
use super::skips::Skips;
use super::{init, preflight, reach, version, ways};
use crate::cluster::{Cluster, Host};
use crate::host::Remote;
use crate::members::{Member, Members};
use crate::playbook::{Artifacts, HostState, Site, acting};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Hosts of cluster.yaml, by name or address; without any, all that are not in the cluster yet.
    #[arg(value_name = "HOST")]
    hosts: Vec<String>,
    #[command(flatten)]
    skips: Skips,
}

pub async fn run(options: &Options, args: &Args) -> Result<Exit, Stop> {
    let cluster = args.skips.added(version::settled(options).await?)?;
    let named = named(&cluster, &args.hosts)?;
    let mut session = Session::begin(options, "join", cluster);
    let exit = match join(&mut session, options, &named).await {
        Ok(exit) => exit,
        Err(stop) => stop.show(),
    };
    Ok(session.end(exit).await)
}

/// The hosts that the command line names; all mistakes at once.
pub fn named(cluster: &Cluster, words: &[String]) -> Result<Vec<usize>, Stop> {
    let (mut hosts, mut mistakes) = (Vec::new(), Vec::new());
    for word in words {
        match cluster.named(word) {
            Ok(host) if !hosts.contains(&host) => hosts.push(host),
            Ok(_) => {}
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(hosts) } else { Err(Stop::new(Exit::Usage, mistakes.join("\n"))) }
}

async fn join(session: &mut Session, options: &Options, named: &[usize]) -> Result<Exit, Stop> {
    let begun = preflight::begin(session, options, true)?;
    let remotes = hosts::connect(session, options).await?;
    let (mut remotes, seen) = hosts::look(session, remotes).await?;
    let mut states = hosts::states(session, &seen);
    let mut all: Vec<&mut Remote> = remotes.iter_mut().collect();
    running::find_acting(session, &mut all, &mut states).await?;
    let Some(acting) = acting(&session.cluster, &states) else {
        return Err(refused(
            "no control plane of cluster.yaml is in a cluster yet",
            "make the cluster with `bivouac init`, which joins the other hosts as well",
        ));
    };
    let foreign = HostState::are_foreign(&states, acting);
    let (state, kept) = (states[acting].clone(), kept(&states, acting, named));
    let acts = &session.cluster.hosts[acting];
    let members = match running::survey(session, acts, &mut remotes[acting]).await {
        Ok(members) => members,
        Err(stop) => {
            // What stands in the way may say why.
            let checked = |host: usize| kept.contains(&host) && !states[host].foreign;
            begun.refused(session, &seen, checked).await?;
            return Err(stop);
        }
    };
    let joining: Vec<String> = kept
        .iter()
        .filter(|host| !states[**host].joined)
        .map(|host| session.cluster.hosts[*host].display.clone())
        .collect();
    // Those that the command line does not name are no strangers, and will not be in step either.
    let left_out: Vec<IpAddr> = (0..states.len())
        .filter(|host| !kept.contains(host))
        .map(|host| states[host].address)
        .collect();
    session.cluster = session.cluster.only(&kept);
    let mut remotes = running::only(remotes, &kept);
    let mut seen: Vec<Seen> = running::only(seen, &kept);
    let states = running::only(states, &kept);
    let may_move = !foreign && single(&session.cluster, &states);
    running::settle(&mut session.cluster, &state, foreign, &members, may_move)?;
    running::note_nodes(&mut session.cluster, &members, &[]);
    running::taken_out(&session.cluster, &states, &members)?;
    if !foreign {
        let artifacts = Artifacts::default();
        running::complete(&site(session, &states, &artifacts), &members, &left_out)?;
    }
    fits(&session.cluster, &states, &members, foreign)?;
    ways::tried(session, &mut remotes, &mut seen).await?;
    // A node of somebody else's is not ours to judge.
    let (artifacts, library) = begun.refused(session, &seen, |host| !states[host].foreign).await?;
    reach::servers(session, &mut remotes, &states).await?;
    let artifacts =
        preflight::with_images(session, &mut remotes, &states, artifacts, true, &|_, _| true)
            .await?;
    let after = match joining.as_slice() {
        [] => "every host was in the cluster already".to_owned(),
        [one] => format!("{one} is in the cluster"),
        many => format!("{} are in the cluster", many.join(", ")),
    };
    let checked = preflight::Checked { remotes, seen, artifacts, library };
    init::carry_out(session, options, checked, &states, &after).await
}

/// What a plan for these hosts begins with.
fn site<'a>(session: &'a Session, states: &'a [HostState], artifacts: &'a Artifacts) -> Site<'a> {
    Site { cluster: &session.cluster, hosts: states, artifacts, kubeconfig: "", leaving: &[] }
}

/// The hosts that have a part in it: those that join, and those of the cluster, whose routes and load
/// balancers follow; of nodes that another tool made only the control plane that acts.
fn kept(states: &[HostState], acting: usize, named: &[usize]) -> Vec<usize> {
    let has_part = |host: &usize| {
        let state = &states[*host];
        *host == acting
            || (state.joined && !state.foreign)
            || (!state.joined && (named.is_empty() || named.contains(host)))
    };
    (0..states.len()).filter(has_part).collect()
}

/// Whether the cluster has a single control plane.
fn single(cluster: &Cluster, states: &[HostState]) -> bool {
    let planes = cluster.hosts.iter().zip(states).filter(|(host, _)| host.control_plane);
    planes.filter(|(_, state)| state.joined).count() == 1
}

/// What would make a join fail, or harm the cluster.
fn fits(
    cluster: &Cluster,
    states: &[HostState],
    members: &Members,
    foreign: bool,
) -> Result<(), Stop> {
    let joining = || cluster.hosts.iter().zip(states).filter(|(_, state)| !state.joined);
    for (host, state) in joining() {
        let name = &host.display;
        let taken = members.nodes.iter().find(|node| {
            node.name == state.node
                && !node.addresses.is_empty()
                && !node.addresses.contains(&state.address)
        });
        if let Some(node) = taken {
            let where_to = node.addresses[0];
            return Err(refused(
                format!("{name}: the cluster has another node `{}`, at {where_to}", node.name),
                format!(
                    "give this host another `name` in cluster.yaml, or delete that node if it is no more (`kubectl delete node {}`)",
                    node.name
                ),
            ));
        }
        if foreign && members.cgroup_driver.as_deref() == Some("cgroupfs") {
            return Err(refused(
                format!(
                    "{name}: the cluster tells its kubelets to use the cgroup driver `cgroupfs`, and bivouac's container runtimes use `systemd`: no pod would start"
                ),
                "set `cgroupDriver: systemd` in the ConfigMap `kubelet-config` (until 1.23 `kubelet-config-1.N`) of `kube-system`: nodes that run keep theirs, and those that join get that one",
            ));
        }
        if host.control_plane && foreign && members.endpoint.is_none() {
            return Err(refused(
                format!(
                    "{name}: the cluster has no `controlPlaneEndpoint`, so it can have one control plane only"
                ),
                "set `controlPlaneEndpoint` in the ConfigMap `kubeadm-config` of `kube-system` first, or join workers only",
            ));
        }
        // At the address of this host: an earlier try to join, which the next one clears.
        let mut others =
            members.etcd.iter().flatten().filter(|it| it.address != Some(state.address));
        let sick = others.find(|member| member.learner || !member.healthy);
        if let (true, Some(member)) = (host.control_plane, sick) {
            let sick = called(cluster, states, member);
            let (why, mended) = if member.learner {
                ("has no vote yet", format!("finish its join with `bivouac join {sick}`"))
            } else {
                ("does not answer", format!("bring `{sick}` back"))
            };
            return Err(refused(
                format!("{name}: etcd takes no new member while its member `{sick}` {why}"),
                format!("{mended}, or take it out with `bivouac remove {sick} --dead`"),
            ));
        }
    }
    Ok(())
}

/// What cluster.yaml calls the host of a member of etcd. One that has not started yet has no name of its
/// own.
fn called(cluster: &Cluster, states: &[HostState], member: &Member) -> String {
    let at = |(_, state): &(&Host, &HostState)| Some(state.address) == member.address;
    let address = || member.address.map_or_else(String::new, |address| address.to_string());
    match cluster.hosts.iter().zip(states).find(at) {
        Some((host, _)) => host.display.clone(),
        None if member.name.is_empty() => address(),
        None => member.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said when `h2` joins, with this role, a cluster of another tool's that is so.
    fn said(role: &str, node: &str, endpoint: Option<&str>, driver: Option<&str>) -> String {
        let text = format!(
            "apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {{name: demo}}\nspec:\n  kubernetes: {{version: v1.20.2}}\n  artifacts: {{bundle: b}}\n  hosts:\n  - {{address: 10.0.0.1, roles: [control-plane], name: cp1}}\n  - {{address: 10.0.0.2, roles: [{role}], name: h2}}\n"
        );
        let cluster = crate::cluster::parse("cluster.yaml", &text).unwrap();
        let state = |node: &str, address: &str, joined| HostState {
            joined,
            foreign: joined,
            ..HostState::bare(node, address.parse().unwrap())
        };
        let states = [state("cp1", "10.0.0.1", true), state(node, "10.0.0.2", false)];
        let own: IpAddr = "10.0.0.1".parse().unwrap();
        let members = Members {
            endpoint: endpoint.map(str::to_owned),
            cgroup_driver: driver.map(str::to_owned),
            nodes: vec![crate::members::Node {
                name: "cp1".to_owned(),
                ready: true,
                addresses: vec![own],
            }],
            ..Members::default()
        };
        match fits(&cluster, &states, &members, true) {
            Ok(()) => String::new(),
            Err(stop) => format!("{stop:?}"),
        }
    }

    #[test]
    fn a_member_is_called_as_the_operator_calls_its_host() {
        let text = "apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {name: demo}\nspec:\n  kubernetes: {version: v1.20.2}\n  artifacts: {bundle: b}\n  hosts:\n  - {address: 10.0.0.1, roles: [control-plane], name: first}\n";
        let cluster = crate::cluster::parse("cluster.yaml", text).unwrap();
        let states = [HostState::bare("node-1", "10.0.0.1".parse().unwrap())];
        let name = |name: &str, address: &str| {
            let address = address.parse().ok();
            called(
                &cluster,
                &states,
                &Member { name: name.to_owned(), address, healthy: false, learner: false },
            )
        };
        assert_eq!(name("node-1", "10.0.0.1"), "first");
        // One that never started has no name.
        assert_eq!(name("", "10.0.0.1"), "first");
        assert_eq!((name("", "10.0.0.9"), name("x", "10.0.0.9")), ("10.0.0.9".into(), "x".into()));
    }

    #[test]
    fn what_a_cluster_of_another_tools_does_not_bear_is_refused() {
        let endpoint = Some("10.0.0.1:6443");
        assert_eq!(said("worker", "h2", None, Some("systemd")), "");
        assert_eq!(said("worker", "h2", None, None), "", "what is unknown is no reason");
        assert_eq!(said("control-plane", "h2", endpoint, Some("systemd")), "");
        let one = said("control-plane", "h2", None, Some("systemd"));
        assert!(one.contains("h2") && one.contains("no `controlPlaneEndpoint`"), "{one}");
        let driver = said("worker", "h2", endpoint, Some("cgroupfs"));
        assert!(driver.contains("`cgroupfs`") && driver.contains("kubelet-config"), "{driver}");
        let taken = said("worker", "cp1", endpoint, None);
        assert!(taken.contains("another node `cp1`, at 10.0.0.1"), "{taken}");
    }
}
