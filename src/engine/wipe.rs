//! A wipe: each host's journal played back, newest entry first, and the host compared with its
//! baseline.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::lane::Failure;
use super::run::Options;
use crate::event::{EventKind, Events, StepName, seconds};
use crate::host::{Error, Journal, Remote, State};

/// Limit for one undo: stopping a node's pods may take minutes.
const LIMIT: Duration = Duration::from_secs(900);

/// How long an earlier run's last command is waited for, when its operator is gone.
const PATIENCE: Duration = Duration::from_secs(900);

/// Wipes hosts, side by side. Returns the number of differences that are left, `None` if some host
/// could not be wiped to the end.
pub async fn wipe(hosts: Vec<(String, Remote)>, events: &Events, options: &Options) -> Option<usize> {
    let permits = Arc::new(Semaphore::new(options.parallel.max(1)));
    let mut lanes = JoinSet::new();
    for (name, remote) in hosts {
        let (permits, events, options) = (Arc::clone(&permits), events.clone(), options.clone());
        lanes.spawn(async move {
            let _permit = permits.acquire().await.ok()?;
            let began = Instant::now();
            let wiped = Host { name, events, options }.wipe(remote).await;
            wiped.report(began)
        });
    }
    let mut differences = Some(0);
    while let Some(left) = lanes.join_next().await {
        differences = differences.zip(left.ok().flatten()).map(|(sum, left)| sum + left);
    }
    events.run(EventKind::RunDone {
        ok: differences == Some(0),
        seconds: seconds(options.started.elapsed()),
        differences,
        critical_path: Vec::new(),
    });
    differences
}

/// One host of a wipe.
#[derive(Debug)]
struct Host {
    name: String,
    events: Events,
    options: Options,
}

/// What a host's wipe came to.
#[derive(Debug)]
struct Wiped {
    host: Host,
    undone: usize,
    /// `None`: it stopped half way.
    differences: Option<usize>,
}

impl Wiped {
    fn report(self, began: Instant) -> Option<usize> {
        self.host.tell(EventKind::HostDone {
            ok: self.differences == Some(0),
            changed: self.undone,
            seconds: seconds(began.elapsed()),
        });
        self.differences
    }
}

impl Host {
    async fn wipe(self, mut remote: Remote) -> Wiped {
        let mut undone = 0;
        let known = match remote.try_read("[ -e \"$BV\" ]", Duration::from_secs(60)).await {
            Ok(answer) => answer.status == 0,
            Err(error) => {
                self.failed("look for the journal", Instant::now(), error.into());
                return Wiped { host: self, undone, differences: None };
            }
        };
        if !known {
            self.tell(EventKind::Fact { name: "journal".to_owned(), value: "none: nothing to undo".to_owned() });
            self.tell(EventKind::Compared { differences: Vec::new() });
            return Wiped { host: self, undone, differences: Some(0) };
        }
        let differences = self.undo_all(remote, &mut undone).await;
        Wiped { host: self, undone, differences }
    }

    async fn undo_all(&self, remote: Remote, undone: &mut usize) -> Option<usize> {
        let mut journal = self.step("lock it", Journal::open(remote, PATIENCE)).await?;
        let entries: Vec<(u64, String, String)> = journal
            .entries()
            .iter()
            .rev()
            .filter(|entry| entry.state != State::Undone)
            .map(|entry| {
                let step = entry.step.rsplit(": ").next().unwrap_or_default().to_owned();
                (entry.seq, step, entry.arguments.first().cloned().unwrap_or_default())
            })
            .collect();
        let mut kept = Vec::new();
        for (seq, step, _) in entries {
            if self.options.cancel.is_stopped() {
                return None;
            }
            kept.extend(self.step(&format!("undo `{step}`"), journal.undo(seq, LIMIT, None)).await?);
            *undone += 1;
        }
        let mut differences = self.step("compare with the baseline", journal.compare()).await?;
        differences.extend(kept.into_iter().map(|what| format!("= kept {what}")));
        let count = differences.len();
        self.tell(EventKind::Compared { differences });
        if count == 0 {
            let remote = self.step("remove the journal", journal.forget()).await?;
            remote.close().await;
        }
        Some(count)
    }

    async fn step<T>(&self, name: &str, work: impl Future<Output = Result<T, Error>>) -> Option<T> {
        let began = Instant::now();
        let step = step_name(name);
        self.tell(EventKind::StepStarted { step: step.clone() });
        let result = tokio::select! {
            result = work => result,
            () = self.options.cancel.left() => return None,
        };
        match result {
            Ok(value) => {
                let changed = name.starts_with("undo") || name.starts_with("remove");
                self.tell(EventKind::StepDone { step, changed, seconds: seconds(began.elapsed()) });
                Some(value)
            }
            Err(error) => {
                self.failed(name, began, error.into());
                None
            }
        }
    }

    fn failed(&self, name: &str, began: Instant, failure: Failure) {
        self.tell(EventKind::StepFailed {
            step: step_name(name),
            cause: failure.cause,
            fix: failure.fix,
            stderr_tail: failure.tail,
            seconds: seconds(began.elapsed()),
        });
    }

    fn tell(&self, kind: EventKind) {
        self.events.host(&self.name, kind);
    }
}

fn step_name(step: &str) -> StepName {
    StepName { playbook: "wipe".to_owned(), step: step.to_owned() }
}
