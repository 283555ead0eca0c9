//! Connects to all hosts of a run, side by side.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::host::{Error, Remote, Run};
use crate::ssh::{HostKeys, Target};

/// A host that could not be connected to.
#[derive(Debug)]
pub struct Unreached {
    /// Its index among the targets.
    pub index: usize,
    /// Display name.
    pub host: String,
    pub error: Box<Error>,
}

/// Logins that may be unfinished at once. sshd's `MaxStartups` default (10:30:100) begins to refuse at
/// 10 from one address, and a bastion sees them all.
const LOGINS: usize = 8;

/// Connects to every target; the results are in the targets' order.
pub async fn connect(
    targets: &[Target],
    keys: &Arc<HostKeys>,
    run: &Run,
) -> Vec<Result<Remote, Unreached>> {
    let logins = Arc::new(Semaphore::new(LOGINS));
    let mut tasks = JoinSet::new();
    for (index, target) in targets.iter().cloned().enumerate() {
        let (logins, keys, run) = (Arc::clone(&logins), Arc::clone(keys), run.clone());
        tasks.spawn(async move {
            let _permit = logins.acquire().await;
            let remote = Remote::connect(&target, keys, &run).await;
            (
                index,
                remote.map_err(|error| Unreached {
                    index,
                    host: target.name,
                    error: Box::new(error),
                }),
            )
        });
    }
    let mut results: Vec<_> = tasks.join_all().await;
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
