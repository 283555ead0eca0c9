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
