//! Turns: what only one host at a time may do, such as joining etcd.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::playbook::Plan;

/// One thing that is done by one host at a time.
#[derive(Debug)]
struct Place {
    free: Semaphore,
    /// The lane that has it, or had it last.
    last: Mutex<Option<usize>>,
}

/// A lane's turn; it ends when this is dropped.
pub(super) type Turn<'a> = SemaphorePermit<'a>;

/// All things of a plan that are done by one host at a time, by their names.
#[derive(Debug)]
pub(super) struct Turns(HashMap<String, Place>);

impl Turns {
    pub(super) fn new(plan: &Plan) -> Self {
        let tasks = plan.lanes.iter().flat_map(|lane| &lane.tasks);
        let place = || Place { free: Semaphore::new(1), last: Mutex::new(None) };
        Self(tasks.filter_map(|task| Some((task.alone.clone()?, place()))).collect())
    }

    /// The lane's turn, if nobody else has it.
    pub(super) fn free(&self, name: &str, lane: usize) -> Option<Turn<'_>> {
        let place = self.0.get(name)?;
        let turn = place.free.try_acquire().ok()?;
        *place.last() = Some(lane);
        Some(turn)
    }

    /// The lane's turn, when it comes (in the order of asking), and who had it before.
    pub(super) async fn next(&self, name: &str, lane: usize) -> (Option<Turn<'_>>, Option<usize>) {
        let Some(place) = self.0.get(name) else { return (None, None) };
        let turn = place.free.acquire().await.ok();
        (turn, place.last().replace(lane))
    }
}

impl Place {
    fn last(&self) -> MutexGuard<'_, Option<usize>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::StepName;
    use crate::host::Probe;
    use crate::playbook::{Lane, Pending, Task, Work};

    fn turns() -> Turns {
        let task = || Task {
            step: StepName { playbook: "p".to_owned(), step: "s".to_owned() },
            needs: None,
            anyway: false,
            opens: None,
            alone: Some("etcd".to_owned()),
            limit: Duration::from_secs(1),
            tries: 1,
            work: Pending::Ready(Work::Wait { until: Probe::new("true") }),
        };
        let lane = |host| Lane { host, name: format!("h{host}"), tasks: vec![task(), task()] };
        Turns::new(&Plan { lanes: vec![lane(0), lane(1)] })
    }

    #[tokio::test]
    async fn one_lane_at_a_time_and_the_next_knows_whom_it_waited_for() {
        let turns = turns();
        let turn = turns.free("etcd", 0).unwrap();
        assert!(turns.free("etcd", 1).is_none(), "lane 0 has it");
        let next = turns.next("etcd", 1);
        tokio::pin!(next);
        assert!(futures_poll(&mut next).await.is_none(), "lane 0 still has it");
        drop(turn);
        let (turn, before) = next.await;
        assert!(turn.is_some());
        assert_eq!(before, Some(0));
        drop(turn);
        assert!(turns.free("etcd", 0).is_some(), "and then it is free");
    }

    /// What a future has after one poll.
    async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        tokio::select! {
            biased;
            output = future => Some(output),
            () = std::future::ready(()) => None,
        }
    }
}
