//! Ends a script that has run too long, from a second channel.

use std::sync::Arc;

use super::bootstrap::{self, compact};
use super::connection::{Connection, Link};
use super::error::Error;

/// Ends what runs below the loop with this pid, as [`super::shell`] describes. Takes up to five
/// seconds and the time to get there.
pub(super) async fn stop(link: &Link, pid: u32) -> Result<(), Error> {
    let script = format!("bv_loop={pid}\n{}", compact(include_str!("stop.sh")));
    match run(link, &script).await {
        // With `MaxSessions 1` the only session is the one that hangs.
        Err(Error::ChannelRefused(_)) => {
            let second = Connection::open(&link.target, Arc::clone(&link.keys)).await?;
            let result = run(second.link(), &script).await;
            second.close().await;
            result
        }
        result => result,
    }
}

async fn run(link: &Link, script: &str) -> Result<(), Error> {
    let mut started = bootstrap::start(link, script).await?;
    while started.next().await {}
    Ok(())
}
