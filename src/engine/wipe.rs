//! A wipe: each host's journal played back, newest entry first, and the host compared with its
//! baseline.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::failure::Failure;
use super::run::Options;
use super::task::output;
use crate::event::{EventKind, Events, StepName, seconds};
use crate::host::{Error, Journal, Remote, State};

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

/// Wipes hosts, side by side. How it ended is the worst of them.
pub async fn wipe(hosts: Vec<(String, Remote)>, events: &Events, options: &Options) -> Wiped {
    let permits = Arc::new(Semaphore::new(options.parallel.max(1)));
    let mut lanes = JoinSet::new();
    for (name, remote) in hosts {
        let (permits, events, options) = (Arc::clone(&permits), events.clone(), options.clone());
        lanes.spawn(async move {
            let _permit = permits.acquire().await;
            Lane { name, events, options, undone: 0, differences: 0 }.run(remote).await
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

/// One host of a wipe.
#[derive(Debug)]
struct Lane {
    name: String,
    events: Events,
    options: Options,
    undone: usize,
    differences: usize,
}

impl Lane {
    /// Wipes the host; says how that ended, and how much is left.
    async fn run(mut self, remote: Remote) -> (Wiped, usize) {
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

    async fn wipe(&mut self, mut remote: Remote) -> Result<(), Wiped> {
        let known = self.step("look for the journal", Journal::is_there(&mut remote)).await?;
        if !known {
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
        let mut journal = self.step("lock it", open).await?;
        let kept = self.undo_all(&mut journal).await?;
        let compared = self.step("compare with the baseline", journal.compare()).await?;
        // What was kept comes first: it says why the rest differs.
        let mut differences: Vec<String> =
            kept.into_iter().map(|what| format!("= kept {what}")).collect();
        differences.extend(compared);
        self.differences = differences.len();
        self.tell(EventKind::Compared { differences });
        if self.differences == 0 {
            let remote = self.step("remove the journal", journal.forget()).await?;
            remote.close().await;
        }
        Ok(())
    }

    /// Undoes every entry, newest first; returns what was left alone.
    async fn undo_all(&mut self, journal: &mut Journal) -> Result<Vec<String>, Wiped> {
        let entries: Vec<(u64, String)> = journal
            .entries()
            .iter()
            .rev()
            .filter(|entry| entry.state != State::Undone)
            .map(|entry| (entry.seq, format!("undo `{}`", entry.step)))
            .collect();
        let mut kept = Vec::new();
        for (seq, step) in entries {
            if self.options.cancel.is_stopped() {
                return Err(Wiped::Failed);
            }
            let lines = output(&self.events, &self.name, &named(&step));
            for what in self.step(&step, journal.undo(seq, LIMIT, Some(lines))).await? {
                // Several runs may have written the same file.
                if !kept.contains(&what) {
                    kept.push(what);
                }
            }
            self.undone += 1;
        }
        Ok(kept)
    }

    async fn step<T>(
        &self,
        name: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Wiped> {
        let began = Instant::now();
        let step = named(name);
        self.tell(EventKind::StepStarted { step: step.clone() });
        let result = tokio::select! {
            result = work => result,
            () = self.options.cancel.must_leave() => return Err(Wiped::Failed),
        };
        let seconds = seconds(began.elapsed());
        match result {
            Ok(value) => {
                let changed = name.starts_with("undo") || name.starts_with("remove");
                self.tell(EventKind::StepDone { step, changed, seconds });
                Ok(value)
            }
            Err(error) => {
                let ended = if matches!(error, Error::Locked { .. } | Error::Orphan { .. }) {
                    Wiped::Locked
                } else {
                    Wiped::Failed
                };
                let Failure { cause, fix, tail, .. } = error.into();
                self.tell(EventKind::StepFailed { step, cause, fix, stderr_tail: tail, seconds });
                Err(ended)
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
