//! What one task does on a host: changes, waits, reads, fetches.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::failure::{Failure, describe, interrupted, tail};
use super::lane::Runner;
use crate::event::{EventKind, Events, StepName};
use crate::host::{Change, Data, Journal, Lines, Outcome, Probe, Remote, WAITS};
use crate::playbook::{Fetch, SERVE_TOKEN, Task, Values, Work};
use crate::secret::Secret;

/// How often a wait looks again.
const EVERY: Duration = Duration::from_millis(500);

impl Runner {
    /// Does a task's work once; says whether the host was changed.
    pub(super) async fn attempt(
        &mut self,
        task: &Task,
        journal: &mut Journal,
    ) -> Result<bool, Failure> {
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
                let answer = journal.reader().probe(&run, task.limit).await?.good()?;
                let value = answer.stdout.trim().to_owned();
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
            Work::Stage(wanted) => self.stage(task, journal, &wanted).await,
            Work::Fetch(fetch) => self.fetch(&fetch, task.limit, journal.reader()).await,
        }
    }

    /// Whether the host is already as a task's changes would have it. What cannot be said is a no.
    pub(super) async fn is_done(&self, task: &Task, journal: &mut Journal) -> bool {
        let Ok(Work::Changes(changes)) = task.work.resolve(&task.step, &self.values()) else {
            return false;
        };
        for change in &changes {
            let is = tokio::select! {
                is = journal.reader().is(change, task.limit) => is,
                () = self.shared.cancel.stopped() => return false,
            };
            if !is.unwrap_or(false) {
                return false;
            }
        }
        true
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
        let token = self.values().secret(SERVE_TOKEN);
        let mut any = false;
        for change in changes {
            let change = &self.with_staged(change);
            if self.shared.cancel.is_stopped() && any {
                return Err(interrupted());
            }
            let progress = match change.data() {
                Data::Upload(upload) => Some(self.progress(&task.step, upload.size)),
                Data::Bytes(_) => None,
            };
            let lines = self.lines(&task.step);
            let token = token.as_ref();
            let outcome = tokio::select! {
                outcome = journal.change(&name, change, token, task.limit, Some(lines), progress) => outcome?,
                () = self.shared.cancel.must_leave() => return Err(interrupted()),
            };
            any |= outcome == Outcome::Changed;
        }
        Ok(any)
    }

    async fn wait(
        &self,
        until: &Probe,
        limit: Duration,
        reader: &mut Remote,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            let rest = limit.saturating_sub(began.elapsed());
            let answer = tokio::select! {
                answer = reader.probe(until, rest.max(EVERY)) => answer?,
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
        let text = reader.file(&fetch.path, limit).await?;
        let text = match &fetch.server {
            Some(server) => with_server(&text, server),
            None => text,
        };
        let private = std::fs::metadata(&fetch.to).is_ok_and(|file| file.mode() & 0o777 == 0o600);
        if private && std::fs::read_to_string(&fetch.to).is_ok_and(|old| old == text) {
            return Ok(false);
        }
        Secret::new(text).write_to(Path::new(&fetch.to)).map_err(|error| Failure {
            cause: format!("`{}` cannot be written here: {error}", fetch.to),
            fix: "make the directory writable, or run from another one".to_owned(),
            tail: Vec::new(),
            again: false,
        })?;
        Ok(true)
    }

    pub(super) fn lines(&self, step: &StepName) -> Lines {
        output(&self.shared.events, &self.name, step)
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
}

/// Where a step's lines of output go: they become events of its host.
pub(super) fn output(events: &Events, host: &str, step: &StepName) -> Lines {
    let (sender, mut receiver) = mpsc::unbounded_channel::<String>();
    let (events, host, step) = (events.clone(), host.to_owned(), step.clone());
    tokio::spawn(async move {
        while let Some(line) = receiver.recv().await {
            let step = step.clone();
            events.host(
                &host,
                match line.strip_prefix(WAITS) {
                    Some(what) => EventKind::StepWaiting { step, what: what.to_owned() },
                    None => EventKind::StepOutput { step, line },
                },
            );
        }
    });
    sender
}

/// A kubeconfig whose clusters are reached at another URL. Only these lines begin with `server:`.
fn with_server(kubeconfig: &str, url: &str) -> String {
    let line = |line: &str| match line.split_once("server:") {
        Some((indent, _)) if indent.trim().is_empty() => format!("{indent}server: {url}\n"),
        _ => format!("{line}\n"),
    };
    kubeconfig.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_server_of_a_kubeconfig_is_replaced() {
        let before = "clusters:\n- cluster:\n    certificate-authority-data: c2VydmVyOg==\n    server: https://127.0.0.1:6443\n  name: server:\n";
        let after = with_server(before, "https://192.0.2.11:6443");
        assert_eq!(after, before.replace("127.0.0.1", "192.0.2.11"));
    }
}
