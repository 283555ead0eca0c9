//! A wipe: each host's journal played back, newest entry first, and the host compared with its
//! baseline.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::connect::Unreached;
use super::failure::Failure;
use super::run::Options;
use super::task::output;
use crate::event::{EventKind, Events, StepName, seconds};
use crate::host::{Entry, Error, Journal, Remote, State};
use crate::ssh;

/// Limit for one undo: stopping a node's pods may take minutes.
const LIMIT: Duration = Duration::from_secs(900);

/// How long an earlier run's last command is waited for, when its operator is gone.
const PATIENCE: Duration = Duration::from_secs(900);

/// How a wipe ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wiped {
    /// Every host is as it was before.
    Clean,
    /// Every host was wiped, and something differs.
    Differs,
    /// Another run holds a host.
    Locked,
    /// Some host could not be wiped to the end.
    Failed,
}

/// Wipes hosts, side by side; those that could not be reached are told. How it ended is the worst of them.
pub async fn wipe(
    hosts: Vec<(String, Result<Remote, Unreached>)>,
    events: &Events,
    options: &Options,
) -> Wiped {
    let permits = Arc::new(Semaphore::new(options.parallel.max(1)));
    let mut lanes = JoinSet::new();
    for (name, remote) in hosts {
        let (permits, events, options) = (Arc::clone(&permits), events.clone(), options.clone());
        lanes.spawn(async move {
            let _permit = permits.acquire().await;
            Lane::new(name, events, options).run(remote).await
        });
    }
    let (mut wiped, mut differences) = (Wiped::Clean, Some(0));
    while let Some(lane) = lanes.join_next().await {
        let (ended, left) = lane.unwrap_or((Wiped::Failed, 0));
        wiped = wiped.max(ended);
        differences = differences.filter(|_| ended <= Wiped::Differs).map(|sum| sum + left);
    }
    events.run(EventKind::RunDone {
        ok: wiped == Wiped::Clean,
        seconds: seconds(options.started.elapsed()),
        differences,
        critical_path: Vec::new(),
    });
    wiped
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
enum Stopped {
    /// It did not work; the host can still be worked on.
    Step,
    /// Another run holds the host.
    Locked,
    /// Nothing more can be done on the host.
    Lane,
}

impl From<Stopped> for Wiped {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Locked => Self::Locked,
            Stopped::Step | Stopped::Lane => Self::Failed,
        }
    }
}

/// One host of a wipe.
#[derive(Debug)]
pub(super) struct Lane {
    name: String,
    events: Events,
    options: Options,
    undone: usize,
    differences: usize,
}

impl Lane {
    pub(super) fn new(name: String, events: Events, options: Options) -> Self {
        Self { name, events, options, undone: 0, differences: 0 }
    }

    /// Wipes the host; says how that ended, and how much is left.
    pub(super) async fn run(mut self, remote: Result<Remote, Unreached>) -> (Wiped, usize) {
        let began = Instant::now();
        let ended = match self.wipe(remote).await {
            Ok(()) if self.differences == 0 => Wiped::Clean,
            Ok(()) => Wiped::Differs,
            Err(stopped) => stopped,
        };
        let ok = ended <= Wiped::Differs;
        self.tell(EventKind::HostDone {
            ok,
            changed: self.undone,
            seconds: seconds(began.elapsed()),
        });
        (ended, self.differences)
    }

    async fn wipe(&mut self, remote: Result<Remote, Unreached>) -> Result<(), Wiped> {
        let mut remote = match remote {
            Ok(remote) => remote,
            Err(unreached) => {
                let work = async { Err::<(), _>(*unreached.error) };
                return self.step("connect", work).await.map_err(Wiped::from);
            }
        };
        let look = Journal::is_there(&mut remote);
        if !self.step("look for the journal", look).await.map_err(Wiped::from)? {
            self.tell(EventKind::Fact {
                name: "journal".to_owned(),
                value: "none: nothing to undo".to_owned(),
            });
            self.tell(EventKind::Compared { differences: Vec::new() });
            remote.close().await;
            return Ok(());
        }
        let lines = output(&self.events, &self.name, &named("lock it"));
        let open = Journal::open(remote, PATIENCE, &lines);
        let mut journal = self.step("lock it", open).await.map_err(Wiped::from)?;
        let cluster = |entry: &Entry| entry.kind == "kubeadm" && entry.state != State::Undone;
        if journal.entries().iter().any(cluster) {
            match self.step("stop the pods", journal.still(LIMIT)).await {
                // Then their own entries say what is wrong.
                Ok(()) | Err(Stopped::Step) => {}
                Err(stopped) => return Err(stopped.into()),
            }
        }
        let undone = self.undo_all(&mut journal).await?;
        let compare = journal.compare();
        let compared =
            self.step("compare with the baseline", compare).await.map_err(Wiped::from)?;
        // What was kept comes first: it says why the rest differs.
        let mut differences: Vec<String> =
            undone.kept.into_iter().map(|what| format!("= kept {what}")).collect();
        differences.extend(compared);
        self.differences = differences.len();
        self.tell(EventKind::Compared { differences });
        if undone.failed {
            return Err(Wiped::Failed);
        }
        if self.differences == 0 {
            let forget = journal.forget();
            let remote = self.step("remove the journal", forget).await.map_err(Wiped::from)?;
            remote.close().await;
        }
        Ok(())
    }

    /// Undoes every entry, newest first. An undo that does not work is told, and the older ones go on:
    /// each restores its own thing, and what stays is in the comparison.
    async fn undo_all(&mut self, journal: &mut Journal) -> Result<Undone, Wiped> {
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
                return Err(Wiped::Failed);
            }
            let lines = output(&self.events, &self.name, &named(&step));
            match self.step(&step, journal.undo(seq, LIMIT, Some(lines))).await {
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
                Err(stopped) => return Err(stopped.into()),
            }
        }
        Ok(undone)
    }

    async fn step<T>(
        &self,
        name: &str,
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
                let changed = ["undo", "remove", "stop"].iter().any(|verb| name.starts_with(verb));
                self.tell(EventKind::StepDone { step, changed, seconds });
                Ok(value)
            }
            Err(error) => {
                let stopped = match &error {
                    Error::Locked { .. } | Error::Orphan { .. } => Stopped::Locked,
                    Error::Script { .. } | Error::Ssh(ssh::Error::Hung { stopped: true, .. }) => {
                        Stopped::Step
                    }
                    _ => Stopped::Lane,
                };
                let Failure { cause, fix, tail, .. } = error.into();
                self.tell(EventKind::StepFailed { step, cause, fix, stderr_tail: tail, seconds });
                Err(stopped)
            }
        }
    }

    fn tell(&self, kind: EventKind) {
        self.events.host(&self.name, kind);
    }
}

fn named(step: &str) -> StepName {
    StepName { playbook: "wipe".to_owned(), step: step.to_owned() }
}
