//! One host's lane: its tasks in order, over its one connection.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::cancel::Cancel;
use super::failure::Failure;
use super::gates::{Gates, State};
use super::locks::Taken;
use super::path::Record;
use super::run::FailedStep;
use super::turns::{Turn, Turns};
use crate::event::{EventKind, Events, StepName, seconds};
use crate::host::{Error, Journal, Locked, Staged, Via};
use crate::playbook::{Pending, Task, Values, Work};

/// What the lanes of a run share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) gates: Gates,
    pub(super) values: Mutex<Values>,
    pub(super) via: Via,
    pub(super) records: Mutex<Vec<Record>>,
    pub(super) failed: Mutex<Vec<FailedStep>>,
    pub(super) permits: Semaphore,
    pub(super) turns: Turns,
    pub(super) events: Events,
    pub(super) cancel: Cancel,
    pub(super) started: Instant,
}

/// Runs one lane.
#[derive(Debug)]
pub(super) struct Runner {
    index: usize,
    pub(super) name: String,
    pub(super) shared: Arc<Shared>,
    pub(super) own_values: Values,
    changed: usize,
    /// What the host has downloaded.
    pub(super) staged: Vec<Staged>,
}

impl Runner {
    pub(super) fn new(index: usize, name: String, shared: Arc<Shared>) -> Self {
        Self { index, name, shared, own_values: Values::new(), changed: 0, staged: Vec::new() }
    }

    /// Runs all tasks; says whether all were done.
    pub(super) async fn run(mut self, tasks: Vec<Task>, taken: Taken) -> bool {
        let Taken { host, step, began, ended } = taken;
        let ok = if let Some(host) = host {
            self.record(&step, began, ended, None);
            self.work(&tasks, host).await
        } else {
            self.shut(&tasks, &step);
            false
        };
        let changed = self.changed;
        self.tell(EventKind::HostDone { ok, changed, seconds: seconds(began.elapsed()) });
        ok
    }

    async fn work(&mut self, tasks: &[Task], host: Locked) -> bool {
        let shared = Arc::clone(&self.shared);
        let Ok(permit) = shared.permits.acquire().await else { return false };
        let mut permit = Some(permit);
        let open = StepName { playbook: "host".to_owned(), step: "take its baseline".to_owned() };
        let Some(mut journal) = self.open(&open, host).await else {
            self.shut(tasks, &open);
            return false;
        };
        let stages = tasks.iter().any(|task| matches!(&task.work, Pending::Ready(Work::Stage(_))));
        let ok = self.tasks(tasks, &shared, &mut permit, &mut journal).await;
        match (stages, ok) {
            (true, true) => self.unstage(journal).await,
            // Nothing was changed: nothing is left.
            (true, false) if self.changed == 0 => self.unstage(journal).await,
            (false, true) => journal.close().await,
            (_, false) => {}
        }
        ok
    }

    /// All tasks in order; says whether all were done.
    async fn tasks<'a>(
        &mut self,
        tasks: &[Task],
        shared: &'a Shared,
        permit: &mut Option<SemaphorePermit<'a>>,
        journal: &mut Journal,
    ) -> bool {
        for (at, task) in tasks.iter().enumerate() {
            let Ok(gate_lane) = self.pass_gate(task, shared, permit).await else {
                self.shut(&tasks[at..], &task.step);
                return false;
            };
            let Ok((turn, before)) = self.take_turn(task, shared, permit, journal).await else {
                self.shut(&tasks[at..], &task.step);
                return false;
            };
            let waited_for = before.or(gate_lane);
            if shared.cancel.is_stopped() || !self.step(task, journal, waited_for).await {
                self.shut(&tasks[at..], &task.step);
                return false;
            }
            drop(turn);
            if let Some(gate) = &task.opens {
                shared.gates.pass(gate, self.index);
            }
        }
        true
    }

    /// Opens the host for changes.
    async fn open(&self, step: &StepName, host: Locked) -> Option<Journal> {
        let began = Instant::now();
        self.tell(EventKind::StepStarted { step: step.clone() });
        let opened = tokio::select! {
            opened = self.opened(host) => opened,
            () = self.shared.cancel.stopped() => return None,
        };
        match opened {
            Ok(journal) => {
                self.done(step, began, false, None);
                Some(journal)
            }
            Err(error) => {
                self.failed(step, began, error.into());
                None
            }
        }
    }

    /// Opens a host, and tells it how servers are reached.
    async fn opened(&self, host: Locked) -> Result<Journal, Error> {
        let mut journal = Journal::open(host).await?;
        journal.reach(&self.shared.via).await?;
        Ok(journal)
    }

    /// Waits for the task's gate, without counting as a host at work. Returns the lane that opened it
    /// if there was a wait.
    async fn pass_gate<'a>(
        &self,
        task: &Task,
        shared: &'a Shared,
        permit: &mut Option<SemaphorePermit<'a>>,
    ) -> Result<Option<usize>, ()> {
        let Some(gate) = &task.needs else { return Ok(None) };
        let mut state = shared.gates.state(gate, task.anyway);
        let began = Instant::now();
        if state == State::Closed {
            drop(permit.take());
            self.tell(EventKind::GateWaiting { gate: gate.clone() });
            state = tokio::select! {
                state = shared.gates.settled(gate, task.anyway) => state,
                () = shared.cancel.stopped() => return Err(()),
            };
            if let State::Open { .. } = state {
                *permit = Some(back_to_work(shared).await?);
                self.tell(EventKind::GateOpened {
                    gate: gate.clone(),
                    seconds: seconds(began.elapsed()),
                });
            }
            return match state {
                State::Open { last } => Ok(Some(last)),
                State::Shut { because } => {
                    self.tell(EventKind::GateShut { gate: gate.clone(), because });
                    Err(())
                }
                State::Closed => Err(()),
            };
        }
        match state {
            State::Shut { because } => {
                self.tell(EventKind::GateShut { gate: gate.clone(), because });
                Err(())
            }
            _ => Ok(None),
        }
    }

    /// Takes the lane's turn at what only one host at a time may do, without counting as a host at
    /// work while it waits; who has nothing to do there does not wait. Returns the lane that had it before if
    /// there was a wait.
    async fn take_turn<'a>(
        &self,
        task: &Task,
        shared: &'a Shared,
        permit: &mut Option<SemaphorePermit<'a>>,
        journal: &mut Journal,
    ) -> Result<(Option<Turn<'a>>, Option<usize>), ()> {
        let Some(what) = &task.alone else { return Ok((None, None)) };
        if let Some(turn) = shared.turns.free(what, self.index) {
            return Ok((Some(turn), None));
        }
        if self.is_done(task, journal).await {
            return Ok((None, None));
        }
        let began = Instant::now();
        let gate = format!("its turn at {what}");
        drop(permit.take());
        self.tell(EventKind::GateWaiting { gate: gate.clone() });
        let (turn, before) = tokio::select! {
            turn = shared.turns.next(what, self.index) => turn,
            () = shared.cancel.stopped() => return Err(()),
        };
        *permit = Some(back_to_work(shared).await?);
        self.tell(EventKind::GateOpened { gate, seconds: seconds(began.elapsed()) });
        Ok((turn, before))
    }

    /// Tells all who wait for this lane that they wait in vain.
    fn shut(&self, rest: &[Task], step: &StepName) {
        let because = format!("{} stopped at `{}: {}`", self.name, step.playbook, step.step);
        for gate in rest.iter().filter_map(|task| task.opens.as_ref()) {
            self.shared.gates.shut(gate, &because);
        }
    }

    /// One task, with its tries.
    async fn step(&mut self, task: &Task, journal: &mut Journal, gate_lane: Option<usize>) -> bool {
        let began = Instant::now();
        self.tell(EventKind::StepStarted { step: task.step.clone() });
        let mut attempt = 1;
        let mut first: Option<Failure> = None;
        loop {
            match self.attempt(task, journal).await {
                Ok(changed) => {
                    self.changed += usize::from(changed);
                    self.done(&task.step, began, changed, gate_lane);
                    return true;
                }
                Err(failure)
                    if failure.again
                        && attempt < task.tries
                        && !self.shared.cancel.is_stopped() =>
                {
                    attempt += 1;
                    self.tell(EventKind::StepRetried {
                        step: task.step.clone(),
                        cause: failure.cause.clone(),
                        attempt,
                    });
                    first.get_or_insert(failure);
                }
                Err(failure) => {
                    let failure = failure.after(first);
                    self.failed(&task.step, began, failure);
                    return false;
                }
            }
        }
    }

    fn done(&self, step: &StepName, began: Instant, changed: bool, gate_lane: Option<usize>) {
        self.record(step, began, Instant::now(), gate_lane);
        self.tell(EventKind::StepDone {
            step: step.clone(),
            changed,
            seconds: seconds(began.elapsed()),
        });
    }

    fn record(&self, step: &StepName, began: Instant, ended: Instant, gate_lane: Option<usize>) {
        let since = |moment: Instant| moment.saturating_duration_since(self.shared.started);
        let (start, end) = (since(began), since(ended));
        let record = Record { lane: self.index, step: step.clone(), start, end, gate_lane };
        self.shared.records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
    }

    fn failed(&self, step: &StepName, began: Instant, failure: Failure) {
        self.shared.failed.lock().unwrap_or_else(PoisonError::into_inner).push(FailedStep {
            host: self.name.clone(),
            step: step.clone(),
            cause: failure.cause.clone(),
            output: failure.tail.clone(),
            answered: failure.again,
        });
        self.tell(EventKind::StepFailed {
            step: step.clone(),
            cause: failure.cause,
            fix: failure.fix,
            stderr_tail: failure.tail,
            seconds: seconds(began.elapsed()),
        });
    }

    pub(super) fn tell(&self, kind: EventKind) {
        self.shared.events.host(&self.name, kind);
    }
}

/// Counts as a host at work again, unless the run is stopped meanwhile.
async fn back_to_work(shared: &Shared) -> Result<SemaphorePermit<'_>, ()> {
    tokio::select! {
        permit = shared.permits.acquire() => permit.map_err(drop),
        () = shared.cancel.stopped() => Err(()),
    }
}
