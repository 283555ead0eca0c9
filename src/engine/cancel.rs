//! How a run is told to stop.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Two ways to stop: gently (no new step, what only waits ends at once) and at once (what is
/// running is left to the host, whose journal knows of it).
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    gentle: CancellationToken,
    hard: CancellationToken,
}

impl Cancel {
    /// How long a running change may go on after a gentle stop.
    pub const GRACE: Duration = Duration::from_secs(8);

    /// Starts no further step.
    pub fn stop(&self) {
        self.gentle.cancel();
    }

    /// Leaves at once.
    pub fn leave(&self) {
        self.gentle.cancel();
        self.hard.cancel();
    }

    /// Whether a stop was asked for.
    pub fn is_stopped(&self) -> bool {
        self.gentle.is_cancelled()
    }

    /// Ends when a stop is asked for.
    pub async fn stopped(&self) {
        self.gentle.cancelled().await;
    }

    /// Ends when running changes must be left.
    pub async fn left(&self) {
        self.hard.cancelled().await;
    }
}
