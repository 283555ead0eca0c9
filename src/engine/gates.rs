//! Gates: the only reasons for a host to wait for another.

use std::collections::HashMap;
use std::sync::Mutex;

use tokio::sync::watch;

use crate::playbook::Plan;

/// A gate's state. It changes once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Somebody still has to pass.
    Closed,
    /// Everybody passed, the given lane last.
    Open { last: usize },
    /// Somebody will not pass.
    Shut { because: String },
}

#[derive(Debug)]
struct Gate {
    missing: Mutex<usize>,
    state: watch::Sender<State>,
}

/// All gates of a plan. A gate is named by the tasks that open it, and opens with the last of them.
#[derive(Debug)]
pub(super) struct Gates(HashMap<String, Gate>);

impl Gates {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for task in plan.lanes.iter().flat_map(|lane| &lane.tasks) {
            if let Some(gate) = &task.opens {
                *counts.entry(gate.clone()).or_default() += 1;
            }
        }
        let gate =
            |count| Gate { missing: Mutex::new(count), state: watch::channel(State::Closed).0 };
        Self(counts.into_iter().map(|(name, count)| (name, gate(count))).collect())
    }

    /// One of the gate's tasks is done.
    pub(super) fn pass(&self, name: &str, lane: usize) {
        let Some(gate) = self.0.get(name) else { return };
        let mut missing = gate.missing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *missing = missing.saturating_sub(1);
        if *missing == 0 {
            gate.state.send_if_modified(|state| {
                let closed = *state == State::Closed;
                if closed {
                    *state = State::Open { last: lane };
                }
                closed
            });
        }
    }

    /// One of the gate's tasks will never be done.
    pub(super) fn shut(&self, name: &str, because: &str) {
        let Some(gate) = self.0.get(name) else { return };
        gate.state.send_if_modified(|state| {
            let closed = *state == State::Closed;
            if closed {
                *state = State::Shut { because: because.to_owned() };
            }
            closed
        });
    }

    /// The state now; a gate that nobody opens is open.
    pub(super) fn state(&self, name: &str) -> State {
        self.0
            .get(name)
            .map_or(State::Open { last: usize::MAX }, |gate| gate.state.borrow().clone())
    }

    /// The state once it is no longer closed.
    pub(super) async fn settled(&self, name: &str) -> State {
        let Some(gate) = self.0.get(name) else { return self.state(name) };
        let mut receiver = gate.state.subscribe();
        match receiver.wait_for(|state| *state != State::Closed).await {
            Ok(state) => state.clone(),
            Err(_) => State::Shut { because: "the run ended".to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::StepName;
    use crate::host::Probe;
    use crate::playbook::{Lane, Pending, Task, Work};

    fn task(opens: Option<&str>) -> Task {
        Task {
            step: StepName { playbook: "p".to_owned(), step: "s".to_owned() },
            needs: None,
            opens: opens.map(str::to_owned),
            alone: None,
            limit: Duration::from_secs(1),
            tries: 1,
            work: Pending::Ready(Work::Wait { until: Probe::new("true") }),
        }
    }

    /// Three lanes; two of them open `joined`, the first also opens `up`.
    fn gates() -> Gates {
        let lane = |host, opens: &[Option<&str>]| Lane {
            host,
            name: format!("h{host}"),
            tasks: opens.iter().map(|opens| task(*opens)).collect(),
        };
        Gates::new(&Plan {
            lanes: vec![
                lane(0, &[Some("up"), None, Some("joined")]),
                lane(1, &[None, Some("joined")]),
                lane(2, &[None]),
            ],
        })
    }

    fn shut(because: &str) -> State {
        State::Shut { because: because.to_owned() }
    }

    #[test]
    fn a_gate_opens_with_the_last_of_its_tasks_and_knows_whose_that_was() {
        let gates = gates();
        assert_eq!(gates.state("joined"), State::Closed);
        gates.pass("joined", 1);
        assert_eq!(gates.state("joined"), State::Closed);
        gates.pass("joined", 0);
        assert_eq!(gates.state("joined"), State::Open { last: 0 });
        assert_eq!(gates.state("up"), State::Closed, "another gate");
    }

    #[test]
    fn a_gate_that_nobody_opens_is_open() {
        let gates = gates();
        assert!(matches!(gates.state("nobody's"), State::Open { .. }));
        // And nothing that is said of it does harm.
        gates.pass("nobody's", 0);
        gates.shut("nobody's", "h0 stopped");
        assert!(matches!(gates.state("nobody's"), State::Open { .. }));
    }

    #[test]
    fn the_first_reason_to_shut_a_gate_stays() {
        let gates = gates();
        gates.shut("joined", "h1 stopped");
        gates.shut("joined", "h0 stopped");
        assert_eq!(gates.state("joined"), shut("h1 stopped"));
        gates.pass("joined", 0);
        gates.pass("joined", 1);
        assert_eq!(gates.state("joined"), shut("h1 stopped"), "too late to pass");
    }

    #[test]
    fn an_open_gate_stays_open() {
        let gates = gates();
        gates.pass("up", 0);
        gates.shut("up", "h0 stopped afterwards");
        gates.pass("up", 2);
        assert_eq!(gates.state("up"), State::Open { last: 0 });
    }

    #[tokio::test]
    async fn who_waits_is_told() {
        let gates = std::sync::Arc::new(gates());
        let waiting = |name: &'static str| {
            let gates = std::sync::Arc::clone(&gates);
            tokio::spawn(async move { gates.settled(name).await })
        };
        let (up, joined) = (waiting("up"), waiting("joined"));
        tokio::task::yield_now().await;
        gates.pass("up", 0);
        gates.shut("joined", "h1 stopped");
        assert_eq!(up.await.unwrap(), State::Open { last: 0 });
        assert_eq!(joined.await.unwrap(), shut("h1 stopped"));
        // Who comes later does not wait at all.
        assert_eq!(gates.settled("up").await, State::Open { last: 0 });
        assert!(matches!(gates.settled("nobody's").await, State::Open { .. }));
    }
}
