//! A wipe: each host's journal played back, newest entry first, and the host compared with its
//! baseline.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::connect::Unreached;
use super::failure::Failure;
use super::locks::{self, Taken};
use super::run::Options;
use super::task::output;
use crate::compare::compare;
use crate::event::{EventKind, Events, StepName, seconds};
use crate::host::{Entry, Error, Journal, Locked, Remote, State};
use crate::ssh;

/// Limit for one undo: stopping a node's pods may take minutes.
pub(super) const LIMIT: Duration = Duration::from_secs(900);

/// How a wipe ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wiped {
    /// Every host is as it was before.
    Clean,
    /// Every host was wiped, and something differs.
    Differs,
    /// Another run holds a host; nothing was changed.
    Locked,
    /// Some host could not be wiped to the end.
    Failed,
}

/// Whether a step of a wipe changes the host.
pub(super) const CHANGES: bool = true;
pub(super) const LOOKS: bool = false;

/// What the wipes of several hosts came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sum {
    /// The worst of them.
    pub(super) how: Wiped,
    /// What differs on all of them; `None` where some host could not be compared.
    pub(super) differences: Option<usize>,
}

impl Default for Sum {
    fn default() -> Self {
        Self { how: Wiped::Clean, differences: Some(0) }
    }
}

impl Sum {
    pub(super) fn add(&mut self, how: Wiped, differences: usize) {
        self.how = self.how.max(how);
        self.differences =
            self.differences.filter(|_| how <= Wiped::Differs).map(|sum| sum + differences);
    }
}

/// Wipes hosts, side by side; those that could not be reached are told. How it ended is the worst of them.
pub async fn wipe(
    hosts: Vec<(String, Result<Remote, Unreached>)>,
    events: &Events,
    options: &Options,
) -> Wiped {
    let sum = wipe_all(hosts, events, options).await;
    events.run(EventKind::RunDone {
        ok: sum.how == Wiped::Clean,
        seconds: seconds(options.started.elapsed()),
        differences: sum.differences,
        critical_path: Vec::new(),
    });
    sum.how
}

async fn wipe_all(
    hosts: Vec<(String, Result<Remote, Unreached>)>,
    events: &Events,
    options: &Options,
) -> Sum {
    let mut sum = Sum::default();
    let mut looks = JoinSet::new();
    for (index, (name, remote)) in hosts.into_iter().enumerate() {
        let lane = Lane::new(name, events.clone(), options.clone());
        looks.spawn(async move { (index, lane.look(remote).await) });
    }
    let mut looks = looks.join_all().await;
    looks.sort_by_key(|(index, _)| *index);
    let mut ours = Vec::new();
    for (_, look) in looks {
        match look {
            Look::Ours(name, remote) => ours.push((name, remote)),
            Look::Ended(how) => sum.add(how, 0),
        }
    }
    let names: Vec<String> = ours.iter().map(|(name, _)| name.clone()).collect();
    let Some(taken) = locks::take(ours, "wipe", events, &options.cancel).await else {
        return Sum { how: Wiped::Locked, differences: None };
    };
    let permits = Arc::new(Semaphore::new(options.parallel.max(1)));
    let mut lanes = JoinSet::new();
    for (name, host) in names.into_iter().zip(taken) {
        let lane = Lane::new(name, events.clone(), options.clone());
        let permits = Arc::clone(&permits);
        lanes.spawn(async move {
            let _permit = permits.acquire().await;
            lane.run(host).await
        });
    }
    while let Some(lane) = lanes.join_next().await {
        let (how, left) = lane.unwrap_or((Wiped::Failed, 0));
        sum.add(how, left);
    }
    sum
}

/// What a first look at a host finds.
enum Look {
    /// Something to undo.
    Ours(String, Remote),
    /// Nothing more to do there.
    Ended(Wiped),
}

/// What came of all undos of a host.
#[derive(Debug, Default)]
struct Undone {
    /// What was left alone because it is no longer ours.
    kept: Vec<String>,
    /// Some undo did not work.
    failed: bool,
}

/// Why a step of a wipe has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    /// It did not work; the host can still be worked on.
    Step,
    /// Nothing more can be done on the host.
    Lane,
}

/// One host of a wipe.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) events: Events,
    pub(super) options: Options,
    /// Changes that were taken back, or things that were taken away.
    pub(super) undone: usize,
    differences: usize,
}

impl Lane {
    pub(super) fn new(name: String, events: Events, options: Options) -> Self {
        Self { name, events, options, undone: 0, differences: 0 }
    }

    /// Looks whether there is anything to undo on a host, if it can be reached.
    async fn look(self, remote: Result<Remote, Unreached>) -> Look {
        let began = Instant::now();
        let looked = match remote {
            Ok(mut remote) => {
                let look = Journal::is_there(&mut remote);
                self.step("look for the journal", LOOKS, look)
                    .await
                    .map(|is_there| (is_there, remote))
            }
            Err(unreached) => {
                let work = async { Err(*unreached.error) };
                self.step("connect", LOOKS, work).await
            }
        };
        let ended = match looked {
            Ok((true, remote)) => return Look::Ours(self.name, remote),
            Ok((false, remote)) => {
                self.nothing();
                self.tell(EventKind::Compared(Box::default()));
                remote.close().await;
                Wiped::Clean
            }
            Err(_) => Wiped::Failed,
        };
        self.ended(ended, began);
        Look::Ended(ended)
    }

    fn nothing(&self) {
        let (name, value) = ("journal".to_owned(), "none: nothing to undo".to_owned());
        self.tell(EventKind::Fact { name, value });
    }

    /// Wipes the host; says how that ended, and how much is left.
    pub(super) async fn run(mut self, taken: Taken) -> (Wiped, usize) {
        let ended = match taken.host {
            None => Wiped::Failed,
            Some(host) => match self.wipe(host).await {
                Ok(()) if self.differences == 0 => Wiped::Clean,
                Ok(()) => Wiped::Differs,
                Err(_) => Wiped::Failed,
            },
        };
        self.ended(ended, taken.began);
        (ended, self.differences)
    }

    pub(super) fn ended(&self, ended: Wiped, began: Instant) {
        let ok = ended <= Wiped::Differs;
        let (changed, seconds) = (self.undone, seconds(began.elapsed()));
        self.tell(EventKind::HostDone { ok, changed, seconds });
    }

    async fn wipe(&mut self, host: Locked) -> Result<(), Stopped> {
        let mut journal = self.step("open the journal", LOOKS, Journal::reopen(host)).await?;
        if journal.entries().is_empty() {
            self.nothing();
        }
        if self.options.cancel.is_stopped() {
            return Err(Stopped::Lane);
        }
        let cluster = |entry: &Entry| entry.kind == "kubeadm" && entry.state != State::Undone;
        if journal.entries().iter().any(cluster) {
            match self.step("stop the pods", CHANGES, journal.still(LIMIT)).await {
                // Then their own entries say what is wrong.
                Ok(()) | Err(Stopped::Step) => {}
                Err(Stopped::Lane) => return Err(Stopped::Lane),
            }
        }
        let is_ours = journal.entries().iter().any(Entry::restores);
        let undone = self.undo_all(&mut journal).await?;
        // The cluster there is another tool's and goes on: it would be what differs.
        if !is_ours && !undone.failed {
            let (name, value) = ("host".to_owned(), "nothing on it was changed".to_owned());
            self.tell(EventKind::Fact { name, value });
            self.tell(EventKind::Compared(Box::default()));
            let forget = journal.forget();
            self.step("remove the journal", CHANGES, forget).await?.close().await;
            return Ok(());
        }
        let looked = journal.compare();
        let looked = self.step("compare with the baseline", LOOKS, looked).await?;
        let comparison = compare(&looked, journal.entries(), undone.kept);
        self.differences = comparison.left.len();
        self.tell(EventKind::Compared(Box::new(comparison)));
        if undone.failed {
            return Err(Stopped::Step);
        }
        if self.differences == 0 {
            let forget = journal.forget();
            let remote = self.step("remove the journal", CHANGES, forget).await?;
            remote.close().await;
        }
        Ok(())
    }

    /// Undoes every entry, newest first. An undo that does not work is told, and the older ones go on:
    /// each restores its own thing, and what stays is in the comparison.
    async fn undo_all(&mut self, journal: &mut Journal) -> Result<Undone, Stopped> {
        let entries: Vec<(u64, String, bool)> = journal
            .entries()
            .iter()
            .rev()
            .filter(|entry| entry.state != State::Undone)
            .map(|entry| (entry.seq, format!("undo `{}`", entry.step), entry.kind == "package"))
            .collect();
        let mut undone = Undone::default();
        for (seq, step, brings_tools) in entries {
            // The next try of what did not work may need these tools: `iptables`, say.
            if undone.failed && brings_tools {
                continue;
            }
            if self.options.cancel.is_stopped() {
                return Err(Stopped::Lane);
            }
            let lines = output(&self.events, &self.name, &named(&step));
            match self.step(&step, CHANGES, journal.undo(seq, LIMIT, Some(lines))).await {
                Ok(kept) => {
                    self.undone += 1;
                    for what in kept {
                        // Several runs may have written the same file.
                        if !undone.kept.contains(&what) {
                            undone.kept.push(what);
                        }
                    }
                }
                Err(Stopped::Step) => undone.failed = true,
                Err(Stopped::Lane) => return Err(Stopped::Lane),
            }
        }
        Ok(undone)
    }

    pub(super) async fn step<T>(
        &self,
        name: &str,
        changed: bool,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Stopped> {
        let began = Instant::now();
        let step = named(name);
        self.tell(EventKind::StepStarted { step: step.clone() });
        let result = tokio::select! {
            result = work => result,
            () = self.options.cancel.must_leave() => return Err(Stopped::Lane),
        };
        let seconds = seconds(began.elapsed());
        match result {
            Ok(value) => {
                self.tell(EventKind::StepDone { step, changed, seconds });
                Ok(value)
            }
            Err(error) => {
                let stopped = match &error {
                    Error::Script { .. }
                    | Error::ShutOut { is_back: true, .. }
                    | Error::Ssh(ssh::Error::Hung { stopped: true, .. }) => Stopped::Step,
                    _ => Stopped::Lane,
                };
                let Failure { cause, fix, tail, .. } = error.into();
                self.tell(EventKind::StepFailed { step, cause, fix, stderr_tail: tail, seconds });
                Err(stopped)
            }
        }
    }

    pub(super) fn tell(&self, kind: EventKind) {
        self.events.host(&self.name, kind);
    }
}

pub(super) fn named(step: &str) -> StepName {
    StepName { playbook: "wipe".to_owned(), step: step.to_owned() }
}
