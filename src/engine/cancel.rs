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

    /// Ends when a running change must be left: at once, or some time after a gentle stop.
    pub async fn must_leave(&self) {
        tokio::select! {
            () = self.hard.cancelled() => {}
            () = async {
                self.stopped().await;
                tokio::time::sleep(Self::GRACE).await;
            } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a future has ended by now.
    async fn ended(future: impl Future<Output = ()>) -> bool {
        tokio::select! {
            biased;
            () = future => true,
            () = std::future::ready(()) => false,
        }
    }

    #[tokio::test]
    async fn a_stop_is_gentle_and_leaving_is_both() {
        let cancel = Cancel::default();
        assert!(!cancel.is_stopped());
        assert!(!ended(cancel.stopped()).await && !ended(cancel.must_leave()).await);
        let clone = cancel.clone();
        clone.stop();
        assert!(cancel.is_stopped(), "clones are one");
        assert!(ended(cancel.stopped()).await);
        assert!(!ended(cancel.must_leave()).await, "running changes go on");
        clone.leave();
        assert!(ended(cancel.must_leave()).await);

        let at_once = Cancel::default();
        at_once.leave();
        assert!(at_once.is_stopped() && ended(at_once.stopped()).await);
    }
}
