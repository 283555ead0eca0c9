//! Runs a plan on connected hosts.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::cancel::Cancel;
use super::gates::{Gates, State};
use super::lane::{Runner, Shared};
use super::locks::{self, Taken};
use super::path;
use super::turns::Turns;
use super::wipe::{self, Sum, Wiped};
use crate::event::{EventKind, Events, PathStep, StepName, seconds};
use crate::host::{Remote, Via};
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
    /// Another run holds a host; nothing was changed.
    Locked,
}

/// What a run works on.
#[derive(Debug)]
pub struct Work {
    /// What is to be done.
    pub plan: Plan,
    /// The hosts of the plan's lanes, in order.
    pub remotes: Vec<Remote>,
    /// Hosts that are wiped as soon as the cluster has let them go, with their names.
    pub leaving: Vec<(String, Remote)>,
    /// What steps may name as `values.…`.
    pub values: Values,
    /// How hosts reach servers.
    pub via: Via,
}

/// A step that did not end well.
#[derive(Debug, Clone)]
pub struct FailedStep {
    /// The host's display name.
    pub host: String,
    /// The step.
    pub step: StepName,
    /// Why, as far as the step itself says.
    pub cause: String,
    /// The last lines of its output.
    pub output: Vec<String>,
    /// The host answered; what did not succeed is the work.
    pub answered: bool,
}

/// How a run went. It is over for those who watch once that is [told](Outcome::tell).
#[derive(Debug)]
#[must_use = "nobody knows that the run is over until it is told"]
pub struct Outcome {
    /// How the work ended.
    pub ended: Ended,
    /// How the wipes of hosts that leave did.
    pub wiped: Wiped,
    /// What did not end well, in the order in which it happened.
    pub failed: Vec<FailedStep>,
    done: EventKind,
}

impl Outcome {
    /// Tells that the run is over.
    pub fn tell(self, events: &Events) {
        events.run(self.done);
    }
}

/// Does the work: how that ended, and how the wipes of hosts that leave did. A host that fails does not
/// stop the others' preparation, only what waits for it.
pub async fn run(work: Work, events: &Events, options: &Options) -> Outcome {
    let wiped_some = !work.leaving.is_empty();
    let (ended, wiped, path, failed) = lanes(work, events, options).await;
    let done = EventKind::RunDone {
        ok: ended == Ended::Done && wiped.how == Wiped::Clean,
        seconds: seconds(options.started.elapsed()),
        differences: wiped.differences.filter(|_| wiped_some),
        critical_path: path,
    };
    Outcome { ended, wiped: wiped.how, failed, done }
}

/// Does work that is only a part of the run: its end is not told.
pub async fn part(work: Work, events: &Events, options: &Options) -> Ended {
    lanes(work, events, options).await.0
}

/// The gate at which hosts that leave wait for their wipe (`playbooks/remove`).
const LEFT: &str = "the nodes have left";

/// How one lane ended.
enum Lane {
    Work { ok: bool },
    Wipe(Wiped, usize),
}

/// Runs all lanes: how the work, and the wipes, ended, and what took the time.
async fn lanes(
    work: Work,
    events: &Events,
    options: &Options,
) -> (Ended, Sum, Vec<PathStep>, Vec<FailedStep>) {
    let Work { plan, remotes, leaving, values, via } = work;
    let names: Vec<String> = plan.lanes.iter().map(|lane| lane.name.clone()).collect();
    let shared = Arc::new(Shared {
        gates: Gates::new(&plan),
        values: Mutex::new(values),
        via,
        records: Mutex::new(Vec::new()),
        failed: Mutex::new(Vec::new()),
        turns: Turns::new(&plan),
        permits: Semaphore::new(options.parallel.max(1)),
        events: events.clone(),
        cancel: options.cancel.clone(),
        started: Instant::now(),
    });
    let leavers: Vec<String> = leaving.iter().map(|(name, _)| name.clone()).collect();
    let hosts = names.iter().cloned().zip(remotes).chain(leaving).collect();
    let Some(taken) = locks::take(hosts, "host", events, &options.cancel).await else {
        return (Ended::Locked, Sum::default(), Vec::new(), Vec::new());
    };
    let mut taken = taken.into_iter();
    let mut lanes = JoinSet::new();
    for (index, (lane, host)) in plan.lanes.into_iter().zip(taken.by_ref()).enumerate() {
        let runner = Runner::new(index, lane.name, Arc::clone(&shared));
        lanes.spawn(async move { Lane::Work { ok: runner.run(lane.tasks, host).await } });
    }
    for (name, host) in leavers.into_iter().zip(taken) {
        lanes.spawn(leave(name, host, Arc::clone(&shared), options.clone()));
    }
    let (mut ended, mut wiped) = (Ended::Done, Sum::default());
    while let Some(done) = lanes.join_next().await {
        match done.unwrap_or(Lane::Work { ok: false }) {
            Lane::Work { ok: true } => {}
            Lane::Work { ok: false } => ended = Ended::Failed,
            Lane::Wipe(how, differences) => wiped.add(how, differences),
        }
    }
    let records = shared.records.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let failed = std::mem::take(
        &mut *shared.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
    );
    (ended, wiped, path::critical(&records, &names), failed)
}

/// Wipes a host once its node has left.
async fn leave(name: String, host: Taken, shared: Arc<Shared>, options: Options) -> Lane {
    let tell = |kind| shared.events.host(&name, kind);
    let began = Instant::now();
    tell(EventKind::GateWaiting { gate: LEFT.to_owned() });
    let state = tokio::select! {
        state = shared.gates.settled(LEFT, false) => state,
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
    let (wiped, left) = wipe::Lane::new(name, events, options).run(host).await;
    Lane::Wipe(wiped, left)
}
