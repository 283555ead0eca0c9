//! Connects to all hosts of a run, side by side.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

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

/// A login that takes longer lets the next one begin: hosts that drop packets, or take a connection and are
/// silent, are known as such only at the end of their time, and must not hold up the others until then. An sshd
/// that is merely slow may turn some away meanwhile; those are dialled again.
const SLOW: Duration = Duration::from_secs(2);
/// So many may be slow at once.
const SLOW_ONES: usize = 64;

/// Connects to every target; the results are in the targets' order.
pub async fn connect(
    targets: &[Target],
    keys: &Arc<HostKeys>,
    run: &Run,
) -> Vec<Result<Remote, Unreached>> {
    let logins = Arc::new(Semaphore::new(LOGINS));
    let slow_ones = Arc::new(Semaphore::new(SLOW_ONES));
    let mut tasks = JoinSet::new();
    for (index, target) in targets.iter().cloned().enumerate() {
        let (logins, slow_ones) = (Arc::clone(&logins), Arc::clone(&slow_ones));
        let (keys, run) = (Arc::clone(keys), run.clone());
        tasks.spawn(async move {
            let permit = logins.acquire().await;
            let mut remote = pin!(Remote::connect(&target, keys, &run));
            let remote = if let Ok(remote) = timeout(SLOW, &mut remote).await {
                remote
            } else {
                tokio::select! {
                    remote = &mut remote => remote,
                    _slow = slow_ones.acquire() => {
                        drop(permit);
                        remote.await
                    }
                }
            };
            (
                index,
                remote.map_err(|error| Unreached {
                    index,
                    host: target.name.clone(),
                    error: Box::new(error),
                }),
            )
        });
    }
    let mut results: Vec<_> = tasks.join_all().await;
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
