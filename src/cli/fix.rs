//! `bivouac preflight --fix`: the repairs of `playbooks/fix`, on the hosts that have the finding.

use std::sync::Arc;

use super::exit::{Exit, Stop};
use super::options::Options;
use super::session::Session;
use super::{hosts, preflight, sources};
use crate::engine;
use crate::playbook::{Artifacts, Plan, Site, Values};
use crate::preflight::Judgement;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repaired {
    /// There was nothing to repair, and nothing was touched.
    Nothing,
    /// So many hosts were repaired.
    Hosts(usize),
    /// The repair did not come to its end; why was told.
    Not(Exit),
}

/// Findings with which a host is not to be changed at all: what else is read of it is wrong, it would be changed
/// by two at once, or a change could not be journaled or undone.
const UNSAFE: [&str; 4] = ["IsPrivilegedUser", "SameMachine", "Systemd", "Writable"];

/// Repairs what was found, on those hosts alone that have it.
pub async fn repaired(session: &mut Session, options: &Options) -> Result<Repaired, Stop> {
    let library = Arc::new(preflight::library(options)?);
    let remotes = hosts::connect(session, options).await?;
    let (remotes, seen) = hosts::look(session, remotes).await?;
    let states = hosts::states(session, &seen);
    let judgement = preflight::judged(session, &seen, (&[], &[]), &library, |_| true);
    refused(&judgement)?;
    let found = by_host(session, &judgement);
    let artifacts = Artifacts::default();
    let cluster = &session.cluster;
    let site =
        Site { cluster, hosts: &states, artifacts: &artifacts, kubeconfig: "", leaving: &[] };
    let plan = Plan::fix(&library, &site, &found)
        .map_err(|error| Stop::error(Exit::Usage, &error, error.fix()))?;
    let count = plan.lanes.len();
    if count == 0 {
        return Ok(Repaired::Nothing);
    }
    let has_lane = |index: usize| plan.lanes.iter().any(|lane| lane.host == index);
    let remotes = remotes.into_iter().enumerate();
    let remotes = remotes.filter(|(index, _)| has_lane(*index)).map(|(_, remote)| remote).collect();
    let via = sources::via(&site)?;
    let run = engine::Options {
        parallel: options.parallel,
        cancel: session.cancel.clone(),
        started: session.started,
    };
    let work = engine::Work { plan, remotes, leaving: Vec::new(), values: Values::new(), via };
    Ok(match engine::part(work, &session.events, &run).await {
        engine::Ended::Done => Repaired::Hosts(count),
        engine::Ended::Failed => Repaired::Not(Exit::Failed),
        engine::Ended::Locked => Repaired::Not(Exit::Locked),
    })
}

/// Refuses all of it where one of the hosts must not be changed.
fn refused(judgement: &Judgement) -> Result<(), Stop> {
    let forbids = |name: &str| UNSAFE.contains(&name);
    let Some(first) = judgement.findings.iter().find(|it| forbids(&it.name)) else {
        return Ok(());
    };
    Err(Stop::new(
        Exit::Refused,
        format!(
            "{}: {} (`{}`), so nothing is repaired on any host\n  fix: {}",
            first.hosts.join(", "),
            first.message,
            first.name,
            first.fix
        ),
    ))
}

/// The names of the findings that each host has, in file order; of findings of several hosts, of each.
fn by_host(session: &Session, judgement: &Judgement) -> Vec<Vec<String>> {
    let of = |display: &String| {
        let own = judgement.findings.iter().filter(|it| it.hosts.contains(display));
        own.map(|it| it.name.clone()).collect()
    };
    session.cluster.hosts.iter().map(|host| of(&host.display)).collect()
}

#[cfg(test)]
mod tests {
    use super::UNSAFE;
    use crate::preflight::named;

    #[test]
    fn what_forbids_a_repair_is_found_by_preflight() {
        for name in UNSAFE {
            assert_eq!(named(name).map(|check| check.name), Ok(name));
        }
    }
}
