//! Locks all hosts of a run before the first of them is changed: all, or none.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::cancel::Cancel;
use super::failure::Failure;
use super::task::output;
use crate::event::{EventKind, Events, StepName, seconds};
use crate::host::{Error, Locked, Remote};

/// How long an earlier run's last command is waited for, when its operator is gone: as long as the
/// longest undo.
const PATIENCE: Duration = Duration::from_secs(900);

/// What the other hosts of a run that found one held stop at.
const GATE: &str = "all hosts are locked";

/// The step of taking a host's lock.
#[derive(Debug)]
pub(super) struct Taken {
    /// The host, unless that did not work; why has been told.
    pub(super) host: Option<Locked>,
    pub(super) step: StepName,
    pub(super) began: Instant,
    pub(super) ended: Instant,
}

/// Takes the locks of named hosts; `playbook` is the step's, in the words of the run. `None` if another
/// run holds one of them, or has changed it meanwhile: then all are let go and have been told so. A host
/// that cannot be locked for other reasons is left out, and the others go on.
///
/// The first by name is locked before the others, so that of two runs that start at once, whatever order
/// their hosts have, one gets them all.
pub(super) async fn take(
    hosts: Vec<(String, Remote)>,
    playbook: &str,
    events: &Events,
    cancel: &Cancel,
) -> Option<Vec<Taken>> {
    let names: Vec<String> = hosts.iter().map(|(name, _)| name.clone()).collect();
    let mut results: Vec<Option<(Taken, bool)>> = names.iter().map(|_| None).collect();
    let mut hosts: Vec<(usize, (String, Remote))> = hosts.into_iter().enumerate().collect();
    hosts.sort_by(|(_, (one, _)), (_, (other, _))| one.cmp(other));
    let mut hosts = hosts.into_iter();
    if let Some((index, (name, remote))) = hosts.next() {
        results[index] = Some(one(name, remote, playbook, events, cancel).await);
    }
    let held = |results: &[Option<(Taken, bool)>]| {
        results.iter().position(|it| matches!(it, Some((_, true))))
    };
    if held(&results).is_none() {
        let mut rest = JoinSet::new();
        for (index, (name, remote)) in hosts {
            let (playbook, events, cancel) = (playbook.to_owned(), events.clone(), cancel.clone());
            rest.spawn(
                async move { (index, one(name, remote, &playbook, &events, &cancel).await) },
            );
        }
        for (index, taken) in rest.join_all().await {
            results[index] = Some(taken);
        }
    }
    let held = held(&results);
    let taken = results.into_iter().map(|it| it.map(|(taken, _)| taken));
    let Some(held) = held else { return Some(taken.flatten().collect()) };
    for (index, (name, taken)) in names.iter().zip(taken).enumerate() {
        let because = (index != held).then(|| format!("{} is another run's", names[held]));
        let_go(name, taken, because, events).await;
    }
    None
}

/// Lets a host go because another one is held; a host that is held itself has been told so.
async fn let_go(name: &str, taken: Option<Taken>, because: Option<String>, events: &Events) {
    let began = taken.as_ref().map_or_else(Instant::now, |taken| taken.began);
    let refused = taken.as_ref().is_some_and(|taken| taken.host.is_none());
    if let Some(because) = because.filter(|_| !refused) {
        events.host(name, EventKind::GateShut { gate: GATE.to_owned(), because });
    }
    if let Some(host) = taken.and_then(|taken| taken.host) {
        host.release().await;
    }
    let seconds = seconds(began.elapsed());
    events.host(name, EventKind::HostDone { ok: false, changed: 0, seconds });
}

/// Takes one host's lock; says whether another run is in the way.
async fn one(
    name: String,
    remote: Remote,
    playbook: &str,
    events: &Events,
    cancel: &Cancel,
) -> (Taken, bool) {
    let began = Instant::now();
    let step = StepName { playbook: playbook.to_owned(), step: "lock it".to_owned() };
    events.host(&name, EventKind::StepStarted { step: step.clone() });
    let lines = output(events, &name, &step);
    let result = tokio::select! {
        result = Locked::take(remote, PATIENCE, &lines) => Some(result),
        () = cancel.stopped() => None,
    };
    let ended = Instant::now();
    let seconds = seconds(began.elapsed());
    let mut by_another = false;
    let host = match result {
        Some(Ok(host)) => {
            let step = step.clone();
            events.host(&name, EventKind::StepDone { step, changed: false, seconds });
            Some(host)
        }
        Some(Err(error)) => {
            by_another =
                matches!(error, Error::Locked { .. } | Error::Orphan { .. } | Error::Moved { .. });
            let Failure { cause, fix, tail, .. } = error.into();
            let step = step.clone();
            let failed = EventKind::StepFailed { step, cause, fix, stderr_tail: tail, seconds };
            events.host(&name, failed);
            None
        }
        None => None,
    };
    (Taken { host, step, began, ended }, by_another)
}
