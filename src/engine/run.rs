//! Runs a plan on connected hosts.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::cancel::Cancel;
use super::gates::{Gates, State};
use super::lane::{Runner, Shared};
use super::path;
use super::turns::Turns;
use super::wipe::{self, Wiped};
use crate::event::{EventKind, Events, PathStep, seconds};
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
    let (ended, path) = lanes(plan, remotes, Vec::new(), values, events, options).await;
    events.run(EventKind::RunDone {
        ok: ended.0 == Ended::Done,
        seconds: seconds(options.started.elapsed()),
        differences: None,
        critical_path: path,
    });
    ended.0
}

/// Runs the plan of a removal; meanwhile the hosts that leave are wiped, as soon as the cluster has let
/// them go. Says how both ended: the wipe is [`Wiped::Clean`] where there was nothing to wipe.
pub async fn remove(
    plan: Plan,
    remotes: Vec<Remote>,
    leaving: Vec<(String, Remote)>,
    values: Values,
    events: &Events,
    options: &Options,
) -> (Ended, Wiped) {
    let wiped_some = !leaving.is_empty();
    let ((ended, wiped, left), path) = lanes(plan, remotes, leaving, values, events, options).await;
    events.run(EventKind::RunDone {
        ok: ended == Ended::Done && wiped == Wiped::Clean,
        seconds: seconds(options.started.elapsed()),
        differences: left.filter(|_| wiped_some),
        critical_path: path,
    });
    (ended, wiped)
}

/// The gate at which hosts that leave wait for their wipe (`playbooks/remove`).
const LEFT: &str = "the nodes have left";

/// How one lane ended.
enum Lane {
    Work(Ended),
    Wipe(Wiped, usize),
}

/// Runs all lanes: how the work, and the wipes, ended, the differences that are left, and what took the time.
async fn lanes(
    plan: Plan,
    remotes: Vec<Remote>,
    leaving: Vec<(String, Remote)>,
    values: Values,
    events: &Events,
    options: &Options,
) -> ((Ended, Wiped, Option<usize>), Vec<PathStep>) {
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
        lanes.spawn(async move { Lane::Work(runner.run(lane.tasks, remote).await) });
    }
    for (name, remote) in leaving {
        lanes.spawn(leave(name, remote, Arc::clone(&shared), options.clone()));
    }
    let (mut ended, mut wiped, mut left) = (Ended::Done, Wiped::Clean, Some(0));
    while let Some(done) = lanes.join_next().await {
        match done.unwrap_or(Lane::Work(Ended::Failed)) {
            Lane::Work(Ended::Locked) => ended = Ended::Locked,
            Lane::Work(Ended::Failed) if ended == Ended::Done => ended = Ended::Failed,
            Lane::Work(Ended::Done | Ended::Failed) => {}
            Lane::Wipe(how, differences) => {
                wiped = wiped.max(how);
                left = left.filter(|_| how <= Wiped::Differs).map(|sum| sum + differences);
            }
        }
    }
    let records = shared.records.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    ((ended, wiped, left), path::critical(&records, &names))
}

/// Wipes a host once its node has left.
async fn leave(name: String, remote: Remote, shared: Arc<Shared>, options: Options) -> Lane {
    let tell = |kind| shared.events.host(&name, kind);
    let began = Instant::now();
    tell(EventKind::GateWaiting { gate: LEFT.to_owned() });
    let state = tokio::select! {
        state = shared.gates.settled(LEFT) => state,
        () = options.cancel.stopped() => State::Shut { because: "the run was stopped".to_owned() },
    };
    if let State::Shut { because } = state {
        tell(EventKind::GateShut { gate: LEFT.to_owned(), because });
        let seconds = seconds(began.elapsed());
        tell(EventKind::HostDone { ok: false, changed: 0, seconds });
        return Lane::Wipe(Wiped::Failed, 0);
    }
    tell(EventKind::GateOpened { gate: LEFT.to_owned(), seconds: seconds(began.elapsed()) });
    let Ok(_permit) = shared.permits.acquire().await else { return Lane::Wipe(Wiped::Failed, 0) };
    let events = shared.events.clone();
    let (wiped, left) = wipe::Lane::new(name, events, options).run(Ok(remote)).await;
    Lane::Wipe(wiped, left)
}
