//! What a host downloads by itself, and what becomes of it.

use super::failure::{Failure, interrupted};
use super::lane::Runner;
use crate::event::{EventKind, StepName};
use crate::host::{Change, Journal, Wanted};
use crate::playbook::Task;

impl Runner {
    /// Downloads what the lane installs, file by file, and learns the sums of what is in archives.
    pub(super) async fn stage(
        &mut self,
        task: &Task,
        journal: &mut Journal,
        wanted: &[Wanted],
    ) -> Result<bool, Failure> {
        for file in wanted.chunk_by(|one, next| one.origin.sum == next.origin.sum) {
            self.output(&task.step, &format!("downloads {}", file[0].origin.url));
            let lines = self.lines(&task.step);
            let file: Vec<&Wanted> = file.iter().collect();
            let staged = tokio::select! {
                staged = journal.stage(&file, task.limit, Some(lines)) => staged,
                () = self.shared.cancel.stopped() => return Err(interrupted()),
            };
            let staged = staged.map_err(|error| Failure {
                fix: "check the host's way to the release servers (`mirror`, `ca` and `proxy` in cluster.yaml), or let this machine download: `artifacts: {download: operator}`".to_owned(),
                again: false,
                ..error.into()
            })?;
            self.staged.extend(staged);
        }
        Ok(false)
    }

    fn output(&self, step: &StepName, line: &str) {
        self.tell(EventKind::StepOutput { step: step.clone(), line: line.to_owned() });
    }

    /// The change with the sum and the size of what the host has downloaded for it.
    pub(super) fn with_staged(&self, change: &Change) -> Change {
        let mut change = change.clone();
        if let Change::Artifact { upload, .. } = &mut change
            && let Some(origin) = &upload.origin
            && let Some((_, sum, size)) = self.staged.iter().find(|it| it.0 == *origin)
        {
            upload.sha256.clone_from(sum);
            upload.size = *size;
        }
        change
    }

    /// Removes what was downloaded, and on a host of which nothing was changed everything of ours.
    pub(super) async fn unstage(&self, journal: Journal) {
        // What is left is ours, and the next run or a wipe takes it away.
        tokio::select! {
            left = journal.unstage() => {
                if let Ok(Some(journal)) = left {
                    journal.close().await;
                }
            }
            () = self.shared.cancel.must_leave() => {}
        }
    }
}
