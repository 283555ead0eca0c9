//! A control plane that answers, for the verbs that need one and no more.

use std::fmt::Write as _;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::exit::{Exit, Stop};
use super::options::Options;
use super::{credentials, hosts, session, signals};
use crate::cluster::{Cluster, Host};
use crate::engine::Cancel;
use crate::host::{Admin, Error, Remote};
use crate::ssh::{self, HostKeys, Policy, Target};

/// A control plane that was reached.
#[derive(Debug)]
pub struct ControlPlane<'a> {
    pub host: &'a Host,
    pub remote: Remote,
}

/// Connects to all control planes at once and takes the first whose API server answers; else, in file
/// order, one that has the administrator's kubeconfig. A dead one holds up nobody.
pub async fn find<'a>(cluster: &'a Cluster, options: &Options) -> Result<ControlPlane<'a>, Stop> {
    tokio::select! {
        found = search(cluster, options) => found,
        () = signals::first() => Err(Stop::said(Exit::Interrupted)),
    }
}

async fn search<'a>(cluster: &'a Cluster, options: &Options) -> Result<ControlPlane<'a>, Stop> {
    let targets = credentials::targets(cluster, options.connect_timeout())?;
    let planes: Vec<(&Host, Target)> =
        cluster.hosts.iter().zip(targets).filter(|(host, _)| host.control_plane).collect();
    let policy = if options.accept_new_host_keys { Policy::AcceptNew } else { Policy::Known };
    let keys = Arc::new(hosts::host_keys(policy));
    let mut tried = attempt(&planes, &keys).await;
    let new = keys.unknown();
    let accepted = policy == Policy::AcceptNew && !new.is_empty();
    let found = tried.iter().any(Result::is_ok);
    if accepted || (!found && !new.is_empty() && hosts::asked(&Cancel::default(), &new).await?) {
        keys.record(&new).map_err(|error| Stop::error(Exit::Unreachable, &error, &error.fix()))?;
        if !found {
            tried = attempt(&planes, &keys).await;
        }
    }
    choose(tried)
}

/// What came of a control plane.
type Tried<'a> = Result<(Admin, ControlPlane<'a>), (&'a Host, Error)>;

/// Tries all side by side, until one answers; the results are in file order.
async fn attempt<'a>(planes: &[(&'a Host, Target)], keys: &Arc<HostKeys>) -> Vec<Tried<'a>> {
    let run = session::named("look");
    let mut tasks = JoinSet::new();
    for (index, (_, target)) in planes.iter().enumerate() {
        let (target, keys, run) = (target.clone(), Arc::clone(keys), run.clone());
        tasks.spawn(async move {
            let tried = async {
                let mut remote = Remote::connect(&target, keys, &run).await?;
                Ok((remote.admin().await?, remote))
            };
            (index, tried.await)
        });
    }
    let mut results = Vec::new();
    while let Some(joined) = tasks.join_next().await {
        // A task that panicked has said so.
        let Ok((index, tried)) = joined else { continue };
        let host = planes[index].0;
        let answers = matches!(tried, Ok((Admin::Answers, _)));
        let tried = tried
            .map(|(admin, remote)| (admin, ControlPlane { host, remote }))
            .map_err(|error| (host, error));
        results.push((index, tried));
        if answers {
            break;
        }
    }
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, tried)| tried).collect()
}

fn choose(tried: Vec<Tried<'_>>) -> Result<ControlPlane<'_>, Stop> {
    let (mut best, mut errors): (Option<(Admin, ControlPlane<'_>)>, _) = (None, Vec::new());
    for one in tried {
        match one {
            Ok((admin, plane)) if best.as_ref().is_none_or(|(good, _)| admin > *good) => {
                best = Some((admin, plane));
            }
            Ok(_) => {}
            Err(error) => errors.push(error),
        }
    }
    match best {
        Some((Admin::Answers | Admin::Silent, plane)) => Ok(plane),
        Some((Admin::None, plane)) => Err(Stop::new(
            Exit::Failed,
            format!(
                "{}: there is no `/etc/kubernetes/admin.conf` on it, and on no other control plane that answers\n  fix: install the cluster with `bivouac init`",
                plane.host.display
            ),
        )),
        None => {
            let mut message = String::from("no control plane can be reached");
            for (host, error) in &errors {
                let _ = write!(message, "\n  {}: {error}\n    fix: {}", host.display, fix(error));
            }
            Err(Stop::new(Exit::Unreachable, message))
        }
    }
}

fn fix(error: &Error) -> String {
    match error {
        Error::Ssh(ssh::Error::HostKeyUnknown(_)) => {
            format!("{}, or `--accept-new-host-keys`", error.fix())
        }
        _ => error.fix(),
    }
}
