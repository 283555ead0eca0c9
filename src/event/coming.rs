//! A file that comes to this machine, told as a step of the run as a whole.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::{EventKind, Events, StepName, seconds};

/// The least time between two tellings of the same file.
const PAUSE: Duration = Duration::from_millis(250);

/// One file under way.
#[derive(Debug)]
pub struct Coming {
    events: Events,
    step: StepName,
    began: Instant,
    /// When its bytes were told last, in milliseconds since it began, and one more.
    told: AtomicU64,
}

impl Coming {
    /// Tells that it begins; `what` is what the operator reads: `kubelet for amd64`.
    #[must_use]
    pub fn begin(events: &Events, what: &str) -> Self {
        let step = StepName { playbook: "sources".to_owned(), step: format!("download {what}") };
        events.run(EventKind::StepStarted { step: step.clone() });
        Self { events: events.clone(), step, began: Instant::now(), told: AtomicU64::new(0) }
    }

    /// Tells its bytes so far, and in all, now and then and at the end.
    pub fn bytes(&self, done: u64, total: u64) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let told = self.told.load(Ordering::Relaxed);
        let pause = u64::try_from(PAUSE.as_millis()).unwrap_or(u64::MAX);
        if done < total && told > 0 && now < told.saturating_add(pause) {
            return;
        }
        self.told.store(now.saturating_add(1), Ordering::Relaxed);
        self.events.run(EventKind::StepProgress { step: self.step.clone(), done, total });
    }

    /// Tells that it is here. One that is merely dropped did not come, which the run's end tells.
    pub fn end(self) {
        let seconds = seconds(self.began.elapsed());
        self.events.run(EventKind::StepDone { step: self.step, changed: false, seconds });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_now_and_then_and_at_the_end() {
        let (events, mut received) = Events::channel();
        let coming = Coming::begin(&events, "kubelet for amd64");
        for done in 1..=1000 {
            coming.bytes(done, 1000);
        }
        coming.end();
        let mut kinds = Vec::new();
        while let Ok(event) = received.try_recv() {
            assert_eq!(event.host, None);
            kinds.push(event.kind);
        }
        let name = |step: &StepName| format!("{}: {}", step.playbook, step.step);
        assert!(
            matches!(kinds.first(), Some(EventKind::StepStarted { step }) if name(step) == "sources: download kubelet for amd64")
        );
        assert!(matches!(kinds[1], EventKind::StepProgress { done: 1, total: 1000, .. }));
        let last = &kinds[kinds.len() - 2..];
        assert!(matches!(last[0], EventKind::StepProgress { done: 1000, total: 1000, .. }));
        assert!(matches!(last[1], EventKind::StepDone { changed: false, .. }));
        assert!(kinds.len() < 20, "a thousand pieces were told one by one");
    }
}
