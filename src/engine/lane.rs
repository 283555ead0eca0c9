//! One host's lane: its tasks in order, over its one connection.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use super::cancel::Cancel;
use super::gates::{Gates, State};
use super::path::Record;
use super::run::Ended;
use crate::event::{EventKind, Events, StepName, seconds};
use crate::host::{Change, Data, Error, Journal, Outcome, Remote};
use crate::playbook::{Fetch, Task, Values, Work};

/// What the lanes of a run share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) gates: Gates,
    pub(super) values: Mutex<Values>,
    pub(super) records: Mutex<Vec<Record>>,
    pub(super) permits: Semaphore,
    pub(super) events: Events,
    pub(super) cancel: Cancel,
    pub(super) started: Instant,
}

/// Why a task did not end well.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) cause: String,
    pub(super) fix: String,
    pub(super) tail: Vec<String>,
    /// A second try may help: the host answered, the work did not succeed.
    again: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let tail = match &error {
            Error::Script { answer, .. } => tail(&answer.stdout, &answer.stderr),
            _ => Vec::new(),
        };
        let again = matches!(error, Error::Script { .. });
        Self { cause: describe(&error), fix: error.fix(), tail, again }
    }
}

/// An error with its sources, one sentence.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        source = inner.source();
    }
    text
}

/// The last lines of what a script said.
fn tail(stdout: &str, stderr: &str) -> Vec<String> {
    const LINES: usize = 15;
    let lines: Vec<&str> =
        stdout.lines().chain(stderr.lines()).filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].iter().map(|line| (*line).to_owned()).collect()
}

/// How often a wait looks again.
const EVERY: Duration = Duration::from_millis(500);

/// How long an earlier run's last command is waited for, when its operator is gone.
const PATIENCE: Duration = Duration::from_secs(600);

/// Runs one lane.
#[derive(Debug)]
pub(super) struct Runner {
    index: usize,
    name: String,
    shared: Arc<Shared>,
    own_values: Values,
    changed: usize,
    locked: bool,
}

impl Runner {
    pub(super) fn new(index: usize, name: String, shared: Arc<Shared>) -> Self {
        Self { index, name, shared, own_values: Values::new(), changed: 0, locked: false }
    }

    /// Runs all tasks; says whether all were done.
    pub(super) async fn run(mut self, tasks: Vec<Task>, remote: Remote) -> Ended {
        let began = Instant::now();
        let ok = self.work(&tasks, remote).await;
        let ended = match (ok, self.locked) {
            (true, _) => Ended::Done,
            (false, true) => Ended::Locked,
            (false, false) => Ended::Failed,
        };
        let changed = self.changed;
        self.tell(EventKind::HostDone { ok, changed, seconds: seconds(began.elapsed()) });
        ended
    }

    async fn work(&mut self, tasks: &[Task], remote: Remote) -> bool {
        let shared = Arc::clone(&self.shared);
        let Ok(permit) = shared.permits.acquire().await else { return false };
        let mut permit = Some(permit);
        let open = StepName {
            playbook: "host".to_owned(),
            step: "lock it and take its baseline".to_owned(),
        };
        let Some(mut journal) = self.open(&open, remote).await else {
            self.shut(tasks, &open);
            return false;
        };
        for (at, task) in tasks.iter().enumerate() {
            let Ok(gate_lane) = self.pass_gate(task, &shared, &mut permit).await else {
                self.shut(&tasks[at..], &task.step);
                return false;
            };
            if shared.cancel.is_stopped() || !self.step(task, &mut journal, gate_lane).await {
                self.shut(&tasks[at..], &task.step);
                return false;
            }
            if let Some(gate) = &task.opens {
                shared.gates.pass(gate, self.index);
            }
        }
        journal.into_remote().close().await;
        true
    }

    /// Locks the host; the first thing that happens to it.
    async fn open(&mut self, step: &StepName, remote: Remote) -> Option<Journal> {
        let began = Instant::now();
        self.tell(EventKind::StepStarted { step: step.clone() });
        let opened = tokio::select! {
            opened = Journal::open(remote, PATIENCE) => opened,
            () = self.shared.cancel.stopped() => return None,
        };
        match opened {
            Ok(journal) => {
                self.done(step, began, false, None);
                Some(journal)
            }
            Err(error) => {
                self.locked = matches!(error, Error::Locked { .. });
                self.failed(step, began, error.into());
                None
            }
        }
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
        let mut state = shared.gates.state(gate);
        let began = Instant::now();
        if state == State::Closed {
            drop(permit.take());
            self.tell(EventKind::GateWaiting { gate: gate.clone() });
            state = tokio::select! {
                state = shared.gates.settled(gate) => state,
                () = shared.cancel.stopped() => return Err(()),
            };
            if let State::Open { .. } = state {
                *permit = shared.permits.acquire().await.ok();
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
                        cause: failure.cause,
                        attempt,
                    });
                }
                Err(failure) => {
                    self.failed(&task.step, began, failure);
                    return false;
                }
            }
        }
    }

    async fn attempt(&mut self, task: &Task, journal: &mut Journal) -> Result<bool, Failure> {
        let values = self.values();
        let work = task.work.resolve(&task.step, &values).map_err(|error| Failure {
            cause: describe(&error),
            fix: "correct the playbook or the template; `bivouac render` shows what it becomes"
                .to_owned(),
            tail: Vec::new(),
            again: false,
        })?;
        match work {
            Work::Changes(changes) => self.changes(task, journal, &changes).await,
            Work::Wait { until } => {
                self.wait(&until, task.limit, journal.reader()).await?;
                Ok(false)
            }
            Work::Read { run, name, shared } => {
                let value = journal.reader().read(&run, task.limit).await?.stdout.trim().to_owned();
                if shared {
                    self.shared
                        .values
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .insert(name, value);
                } else {
                    self.own_values.insert(name, value);
                }
                Ok(false)
            }
            Work::Fetch(fetch) => self.fetch(&fetch, task.limit, journal.reader()).await,
        }
    }

    /// Shared values, and this host's own over them.
    fn values(&self) -> Values {
        let mut values = self.shared.values.lock().unwrap_or_else(PoisonError::into_inner).clone();
        values.extend(self.own_values.clone());
        values
    }

    async fn changes(
        &self,
        task: &Task,
        journal: &mut Journal,
        changes: &[Change],
    ) -> Result<bool, Failure> {
        let name = format!("{}: {}", task.step.playbook, task.step.step);
        let mut any = false;
        for change in changes {
            if self.shared.cancel.is_stopped() && any {
                return Err(interrupted());
            }
            let progress = match change.data() {
                Data::Upload(upload) => Some(self.progress(&task.step, upload.size)),
                Data::Bytes(_) => None,
            };
            let lines = self.lines(&task.step);
            let outcome = tokio::select! {
                outcome = journal.change(&name, change, task.limit, Some(lines), progress) => outcome?,
                () = self.must_leave() => return Err(interrupted()),
            };
            any |= outcome == Outcome::Changed;
        }
        Ok(any)
    }

    /// Ends when a running change must be left: at once, or some time after a gentle stop.
    async fn must_leave(&self) {
        tokio::select! {
            () = self.shared.cancel.left() => {}
            () = async {
                self.shared.cancel.stopped().await;
                tokio::time::sleep(Cancel::GRACE).await;
            } => {}
        }
    }

    async fn wait(&self, until: &str, limit: Duration, reader: &mut Remote) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            let rest = limit.saturating_sub(began.elapsed());
            let answer = tokio::select! {
                answer = reader.try_read(until, rest.max(EVERY)) => answer?,
                () = self.shared.cancel.stopped() => return Err(interrupted()),
            };
            if answer.status == 0 {
                return Ok(());
            }
            if began.elapsed() >= limit {
                return Err(Failure {
                    cause: format!("it did not come about within {} s", limit.as_secs()),
                    fix: "look at the host, then run the same command again".to_owned(),
                    tail: tail(&answer.stdout, &answer.stderr),
                    again: false,
                });
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = self.shared.cancel.stopped() => return Err(interrupted()),
            }
        }
    }

    /// Fetches a file to a local one of mode 0600, replaced in one rename.
    async fn fetch(
        &self,
        fetch: &Fetch,
        limit: Duration,
        reader: &mut Remote,
    ) -> Result<bool, Failure> {
        let text =
            reader.read(&format!("cat -- {}", crate::ssh::quote(&fetch.path)), limit).await?.stdout;
        if std::fs::read_to_string(&fetch.to).is_ok_and(|old| old == text) {
            return Ok(false);
        }
        let new = format!("{}.new", fetch.to);
        let write = || {
            let _ = std::fs::remove_file(&new);
            let mut file =
                std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&new, &fetch.to)
        };
        write().map_err(|error| Failure {
            cause: format!("`{}` cannot be written here: {error}", fetch.to),
            fix: "make the directory writable, or run from another one".to_owned(),
            tail: Vec::new(),
            again: false,
        })?;
        Ok(true)
    }

    fn lines(&self, step: &StepName) -> mpsc::UnboundedSender<String> {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let (events, host, step) = (self.shared.events.clone(), self.name.clone(), step.clone());
        tokio::spawn(async move {
            while let Some(line) = receiver.recv().await {
                events.host(&host, EventKind::StepOutput { step: step.clone(), line });
            }
        });
        sender
    }

    fn progress(&self, step: &StepName, total: u64) -> mpsc::UnboundedSender<u64> {
        let (sender, mut receiver) = mpsc::unbounded_channel::<u64>();
        let (events, host, step) = (self.shared.events.clone(), self.name.clone(), step.clone());
        tokio::spawn(async move {
            // A display needs a few figures a second, not one for each packet.
            let mut shown = 0;
            while let Some(done) = receiver.recv().await {
                if done.saturating_sub(shown) >= total / 50 {
                    shown = done;
                    events.host(&host, EventKind::StepProgress { step: step.clone(), done, total });
                }
            }
        });
        sender
    }

    fn done(&self, step: &StepName, began: Instant, changed: bool, gate_lane: Option<usize>) {
        let end = self.shared.started.elapsed();
        let record = Record {
            lane: self.index,
            step: step.clone(),
            start: end.saturating_sub(began.elapsed()),
            end,
            gate_lane,
        };
        self.shared.records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
        self.tell(EventKind::StepDone {
            step: step.clone(),
            changed,
            seconds: seconds(began.elapsed()),
        });
    }

    fn failed(&self, step: &StepName, began: Instant, failure: Failure) {
        self.tell(EventKind::StepFailed {
            step: step.clone(),
            cause: failure.cause,
            fix: failure.fix,
            stderr_tail: failure.tail,
            seconds: seconds(began.elapsed()),
        });
    }

    fn tell(&self, kind: EventKind) {
        self.shared.events.host(&self.name, kind);
    }
}

fn interrupted() -> Failure {
    Failure {
        cause: "interrupted".to_owned(),
        fix: "run the same command again: it goes on from here".to_owned(),
        tail: Vec::new(),
        again: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Answer;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Link {
        text: &'static str,
        source: Option<Box<Link>>,
    }

    fn chain(texts: &[&'static str]) -> Option<Box<Link>> {
        let (text, rest) = texts.split_first()?;
        Some(Box::new(Link { text, source: chain(rest) }))
    }

    #[test]
    fn an_error_and_its_sources_are_one_sentence() {
        for (texts, expected) in [
            (vec!["no answer"], "no answer"),
            (vec!["no answer", "timed out"], "no answer: timed out"),
            // What was said is not said again.
            (vec!["no answer: timed out", "timed out"], "no answer: timed out"),
            (vec!["a", "b: c", "c", "d"], "a: b: c: d"),
        ] {
            assert_eq!(describe(&chain(&texts).unwrap()), expected);
        }
    }

    #[test]
    fn the_tail_is_the_end_of_both_streams_without_empty_lines() {
        assert_eq!(tail("", "\n \n"), Vec::<String>::new());
        assert_eq!(tail("out\n\n", "  err\n"), ["out", "  err"]);
        let many = (0..40).fold(String::new(), |all, line| format!("{all}{line}\n"));
        let lines = tail(&many, "the end\n");
        assert_eq!(lines.len(), 15);
        assert_eq!((lines[0].as_str(), lines[14].as_str()), ("26", "the end"));
    }

    #[test]
    fn only_a_script_s_own_failure_is_worth_a_second_try() {
        let answer =
            Answer { status: 1, stdout: "doing\n".to_owned(), stderr: "E: no\n".to_owned() };
        let failure: Failure = Error::Script { cause: "E: no".to_owned(), answer }.into();
        assert!(failure.again);
        assert_eq!(
            (failure.cause.as_str(), failure.tail.as_slice()),
            ("E: no", ["doing".to_owned(), "E: no".to_owned()].as_slice())
        );
        let failure: Failure = Error::Locked { holder: "run x".to_owned() }.into();
        assert!(!failure.again && failure.tail.is_empty());
        assert!(failure.cause.contains("run x"), "{}", failure.cause);
        assert!(!failure.fix.is_empty());
        assert!(!interrupted().again);
    }
}
