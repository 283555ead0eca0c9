//! `bivouac remove`: take hosts out of the cluster and wipe them.

mod drain;
mod leaving;

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use super::exit::{Exit, Stop};
use super::hosts;
use super::options::Options;
use super::running::{self, refused};
use super::session::Session;
use super::{diagnose, init, join, needed, others, preflight, sources, version};
use crate::cluster::{Cluster, Host};
use crate::engine::{self, Ended, Wiped};
use crate::host::{Remote, Via};
use crate::playbook::{Artifacts, HostState, Site, acting};
use crate::report;

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Args {
    /// Hosts of cluster.yaml, by name or address.
    #[arg(value_name = "HOST", required = true)]
    hosts: Vec<String>,
    /// They are dead: take them out of the cluster without a connection to them.
    #[arg(long)]
    dead: bool,
    /// Drain also pods whose `emptyDir` data is lost with them.
    #[arg(long)]
    delete_emptydir_data: bool,
    /// Drain also pods that nothing makes anew on another node.
    #[arg(long)]
    force: bool,
    /// Seconds that each pod gets to end; without it, its own.
    #[arg(long, value_name = "SECONDS")]
    grace: Option<u32>,
    /// Seconds that the drain of a node may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    drain_timeout: u64,
    /// Do not drain: pods end with the host.
    #[arg(long)]
    skip_drain: bool,
}

/// Hosts by their place in cluster.yaml.
type Indexed = Vec<(usize, Remote)>;

impl Args {
    /// `kubectl drain`'s flags.
    fn flags(&self) -> String {
        let mut flags = Vec::new();
        flags.extend(self.delete_emptydir_data.then(|| "--delete-emptydir-data".to_owned()));
        flags.extend(self.force.then(|| "--force".to_owned()));
        flags.extend(self.grace.map(|seconds| format!("--grace-period {seconds}")));
        flags.join(" ")
    }
}

pub async fn run(options: &Options, args: &Args) -> Result<Exit, Stop> {
    let cluster = Box::pin(version::settled_by_cluster(options)).await?;
    let named = join::named(&cluster, &args.hosts)?;
    let (going, staying): (Vec<usize>, Vec<usize>) =
        (0..cluster.hosts.len()).partition(|host| named.contains(host));
    if !staying.iter().any(|host| cluster.hosts[*host].control_plane) {
        return Err(last());
    }
    let going = cluster.only(&going).hosts;
    if !options.yes {
        confirm(&cluster, &going, args.dead)?;
    }
    // A dead host is nobody to connect to.
    let asked = if args.dead { cluster.only(&staying) } else { cluster };
    let mut session = Session::begin(options, "remove", asked);
    let exit = match remove(&mut session, options, args, &going).await {
        Ok(exit) => exit,
        Err(stop) => stop.show(),
    };
    let exit = session.end(exit).await;
    if matches!(exit, Exit::Done | Exit::Differs) && !options.quiet {
        report::err(&farewell(&going, args.dead));
    }
    Ok(exit)
}

fn last() -> Stop {
    refused(
        "nobody would be left to carry the control plane",
        "to take the whole cluster away, use `bivouac wipe`",
    )
}

async fn remove(
    session: &mut Session,
    options: &Options,
    args: &Args,
    going: &[Host],
) -> Result<Exit, Stop> {
    let library = Arc::new(preflight::library(options)?);
    let remotes = hosts::connect(session, options).await?;
    let (remotes, seen) = hosts::look(session, remotes).await?;
    let mut states = hosts::states(session, &seen);
    let named = |host: &Host| going.iter().any(|it| it.address == host.address);
    let (leave, rest): (Vec<usize>, Vec<usize>) =
        (0..states.len()).partition(|host| named(&session.cluster.hosts[*host]));
    others::not_cut_off(options, &session.cluster, &leave, &seen)?;
    let mut remotes = remotes;
    {
        // Whoever leaves does not act.
        let mut all: Vec<&mut Remote> = remotes.iter_mut().collect();
        let mut standing: Vec<HostState> = states.clone();
        for host in &leave {
            standing[*host].joined = false;
        }
        running::find_acting(session, &mut all, &mut standing).await?;
        for (state, it) in states.iter_mut().zip(standing) {
            state.silent = it.silent;
        }
    }
    let stay = staying(&session.cluster, &states, &rest).ok_or_else(last)?;
    // A control plane whose join was cut off may be in etcd already; the file does name it.
    let halves = rest.iter().filter(|host| !stay.contains(host));
    let halves: Vec<IpAddr> = halves.map(|host| states[*host].address).collect();
    let gone: Vec<HostState> = leave.iter().map(|host| states[*host].clone()).collect();
    for host in &leave {
        others::not_ours(&session.cluster.hosts[*host], &states[*host])?;
    }
    let (leaving_remotes, remotes): (Indexed, Indexed) =
        remotes.into_iter().enumerate().partition(|(host, _)| leave.contains(host));
    let remotes = remotes.into_iter().filter(|(host, _)| stay.contains(host));
    let mut remotes: Vec<Remote> = remotes.map(|(_, remote)| remote).collect();
    session.cluster = session.cluster.only(&stay);
    let (states, seen) = (running::only(states, &stay), running::only(seen, &stay));
    let acting = acting(&session.cluster, &states).ok_or_else(last)?;
    let acts = &session.cluster.hosts[acting];
    let members = running::survey(session, acts, &mut remotes[acting]).await?;
    let foreign = HostState::are_foreign(&states, acting);
    running::settle(&mut session.cluster, &states[acting], foreign, &members, false)?;
    let mut leaving = Vec::new();
    for (index, host) in going.iter().enumerate() {
        leaving.push(leaving::departure(host, gone.get(index), &members, args).await);
    }
    for (index, (host, it)) in going.iter().zip(&leaving).enumerate() {
        let joined = gone.get(index).is_some_and(|state| state.joined);
        leaving::in_cluster(host, it, &members, joined, &seen)?;
    }
    let leaving = leaving::ordered(leaving, &members)?;
    running::note_nodes(&mut session.cluster, &members, &leaving);
    if !drain::drains(session, &mut remotes[acting], &leaving, &members).await? {
        return Err(Stop::said(Exit::Refused));
    }
    let artifacts = Artifacts::default();
    let kubeconfig = init::kubeconfig_path(&session.cluster);
    let site = Site {
        cluster: &session.cluster,
        hosts: &states,
        artifacts: &artifacts,
        kubeconfig: &kubeconfig,
        leaving: &leaving,
    };
    if !foreign {
        let gone = leaving.iter().filter_map(|it| it.address.parse().ok());
        running::complete(&site, &members, &gone.chain(halves).collect::<Vec<_>>())?;
        running::taken_out(&session.cluster, &states, &members)?;
    }
    let (plan, fetches) =
        needed::planned(session, options, &library, &mut remotes, &states, &leaving).await?;
    let mut values = init::secrets()?;
    let mut via = Via::default();
    if fetches {
        let cluster = &session.cluster;
        let (hosts, artifacts, leaving) = (&states, &Artifacts::default(), &leaving);
        let site = Site { cluster, hosts, artifacts, kubeconfig: &kubeconfig, leaving };
        values.extend(sources::values(&site)?);
        via = sources::via(&site)?;
    }
    let run = engine::Options {
        parallel: options.parallel,
        cancel: session.cancel.clone(),
        started: session.started,
    };
    let leaving = leaving_remotes.into_iter().zip(going);
    let leaving = leaving.map(|((_, remote), host)| (host.display.clone(), remote)).collect();
    let work = engine::Work { plan, remotes, leaving, values, via };
    session.concluded = true;
    let outcome = engine::run(work, &session.events, &run).await;
    let how = (outcome.ended, outcome.wiped);
    diagnose::after(session, options, &outcome.failed).await;
    outcome.tell(&session.events);
    Ok(match how {
        (Ended::Locked, _) | (_, Wiped::Locked) => Exit::Locked,
        (Ended::Failed, _) | (_, Wiped::Failed) => Exit::Failed,
        (Ended::Done, Wiped::Differs) => Exit::Differs,
        (Ended::Done, Wiped::Clean) => Exit::Done,
    })
}

/// Those of the rest that have a part in it: the control plane that acts, and our nodes, whose routes and
/// load balancers follow. Nobody joins by a removal. `None`: no control plane is left.
fn staying(cluster: &Cluster, states: &[HostState], rest: &[usize]) -> Option<Vec<usize>> {
    let left = running::only(states.to_vec(), rest);
    let acting = rest[acting(&cluster.only(rest), &left)?];
    let has_part =
        |host: &usize| *host == acting || (states[*host].joined && !states[*host].foreign);
    Some(rest.iter().copied().filter(has_part).collect())
}

/// A removal takes what is on a host for good: its name has to be typed.
fn confirm(cluster: &Cluster, going: &[Host], dead: bool) -> Result<(), Stop> {
    let names: Vec<&str> = going.iter().map(|host| host.display.as_str()).collect();
    let names = names.join(" ");
    if !report::is_terminal() {
        return Err(Stop::new(
            Exit::Usage,
            format!(
                "removing {names} needs an answer and there is no terminal\n  fix: add `--yes`"
            ),
        ));
    }
    let wipe = if dead { "" } else { " and wipes it" };
    let question = format!(
        "this takes {names} out of the cluster `{}`{wipe}\ntype `{names}` to go on: ",
        cluster.name
    );
    match report::ask(&question) {
        Some(answer) if answer.split_whitespace().eq(names.split_whitespace()) => Ok(()),
        _ => Err(Stop::new(Exit::Usage, "nothing was changed: the name was not typed")),
    }
}

/// What is left for the operator to do.
fn farewell(going: &[Host], dead: bool) -> String {
    let names: Vec<String> = going.iter().map(|host| format!("`{}`", host.display)).collect();
    let mut text = format!(
        "take {} out of cluster.yaml, or the next `init` or `join` adds it again",
        names.join(" and ")
    );
    if dead {
        for host in going {
            let _ = write!(
                text,
                "\n{}: was not wiped. If it ever comes back, it is no part of the cluster, but its kubelet would knock again: cut it off, then `bivouac wipe -m {}`",
                host.display, host.address
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nodes_of_ours_have_a_part_in_a_removal() {
        let text = "apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {name: demo}\nspec:\n  kubernetes: {version: v1.20.2}\n  artifacts: {bundle: b}\n  hosts:\n  - {address: 10.0.0.1, roles: [control-plane]}\n  - {address: 10.0.0.2, roles: [control-plane]}\n  - {address: 10.0.0.3, roles: [worker]}\n  - {address: 10.0.0.4, roles: [worker]}\n";
        let cluster = crate::cluster::parse("cluster.yaml", text).unwrap();
        let stays = |joined: [bool; 4], foreign: [bool; 4], rest: &[usize]| {
            let state = |host: usize| HostState {
                joined: joined[host],
                foreign: foreign[host],
                ..HostState::bare("n", "10.0.0.1".parse().unwrap())
            };
            staying(&cluster, &[state(0), state(1), state(2), state(3)], rest)
        };
        let (all, none) = ([true; 4], [false; 4]);
        assert_eq!(stays(all, none, &[0, 1, 2]), Some(vec![0, 1, 2]));
        // One that never joined does not join by the removal of another.
        assert_eq!(stays([true, false, true, true], none, &[0, 1, 2]), Some(vec![0, 2]));
        assert_eq!(stays([false, true, true, true], none, &[0, 1, 2]), Some(vec![1, 2]));
        // Of another tool's nodes only the one that acts.
        assert_eq!(stays(all, [true, true, true, false], &[0, 1, 2]), Some(vec![0]));
        assert_eq!(stays(none, none, &[0, 1, 2]), None);
    }
}
