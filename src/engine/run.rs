//! Runs a plan on connected hosts.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::cancel::Cancel;
use super::gates::Gates;
use super::lane::{Runner, Shared};
use super::path;
use super::turns::Turns;
use crate::event::{EventKind, Events, seconds};
use crate::host::Remote;
use crate::playbook::{Plan, Values};

/// How a plan is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Hosts that work at the same time; a host that waits at a gate does not count.
    pub parallel: usize,
    /// Tells the run to stop.
    pub cancel: Cancel,
    /// When the run began, for its total time.
    pub started: Instant,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every host did all of its work.
    Done,
    /// Some host did not.
    Failed,
    /// Another run holds a host.
    Locked,
}

/// Runs a plan; `remotes` are its lanes' hosts, in order. A host that fails does not stop the others' preparation, only what waits for it.
pub async fn run(
    plan: Plan,
    remotes: Vec<Remote>,
    values: Values,
    events: &Events,
    options: &Options,
) -> Ended {
    let names: Vec<String> = plan.lanes.iter().map(|lane| lane.name.clone()).collect();
    let shared = Arc::new(Shared {
        gates: Gates::new(&plan),
        values: Mutex::new(values),
        records: Mutex::new(Vec::new()),
        turns: Turns::new(&plan),
        permits: Semaphore::new(options.parallel.max(1)),
        events: events.clone(),
        cancel: options.cancel.clone(),
        started: Instant::now(),
    });
    let mut lanes = JoinSet::new();
    for (index, (lane, remote)) in plan.lanes.into_iter().zip(remotes).enumerate() {
        let runner = Runner::new(index, lane.name, Arc::clone(&shared));
        lanes.spawn(runner.run(lane.tasks, remote));
    }
    let mut ended = Ended::Done;
    while let Some(done) = lanes.join_next().await {
        match done.unwrap_or(Ended::Failed) {
            Ended::Locked => ended = Ended::Locked,
            Ended::Failed if ended == Ended::Done => ended = Ended::Failed,
            Ended::Done | Ended::Failed => {}
        }
    }
    let records = shared.records.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    events.run(EventKind::RunDone {
        ok: ended == Ended::Done,
        seconds: seconds(options.started.elapsed()),
        differences: None,
        critical_path: path::critical(&records, &names),
    });
    ended
}
