//! Gates: the only reasons for a host to wait for another.

use std::collections::HashMap;

use tokio::sync::watch;

use crate::playbook::Plan;

/// A gate's state, for one who waits there. It changes once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Somebody still has to pass.
    Closed,
    /// Everybody passed, the given lane last.
    Open { last: usize },
    /// Somebody will not pass.
    Shut { because: String },
}

/// Who has come to a gate so far.
#[derive(Debug, Clone)]
struct Gate {
    /// Tasks that neither were done nor will never be.
    missing: usize,
    /// The lane that came last.
    last: usize,
    /// Why some task will never be done.
    because: Option<String>,
}

impl Gate {
    /// For whoever goes on only with everybody, or with all who could come (`anyway`).
    fn state(&self, anyway: bool) -> State {
        match &self.because {
            Some(because) if !anyway => State::Shut { because: because.clone() },
            _ if self.missing > 0 => State::Closed,
            _ => State::Open { last: self.last },
        }
    }
}

/// All gates of a plan. A gate is named by the tasks that open it, and opens with the last of them.
#[derive(Debug)]
pub(super) struct Gates(HashMap<String, watch::Sender<Gate>>);

impl Gates {
    pub(super) fn new(plan: &Plan) -> Self {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for task in plan.lanes.iter().flat_map(|lane| &lane.tasks) {
            if let Some(gate) = &task.opens {
                *counts.entry(gate.clone()).or_default() += 1;
            }
        }
        let gate = |missing| watch::channel(Gate { missing, last: usize::MAX, because: None }).0;
        Self(counts.into_iter().map(|(name, count)| (name, gate(count))).collect())
    }

    /// One of the gate's tasks is done.
    pub(super) fn pass(&self, name: &str, lane: usize) {
        self.come(name, |gate| gate.last = lane);
    }

    /// One of the gate's tasks will never be done.
    pub(super) fn shut(&self, name: &str, because: &str) {
        self.come(name, |gate| {
            gate.because.get_or_insert_with(|| because.to_owned());
        });
    }

    fn come(&self, name: &str, note: impl FnOnce(&mut Gate)) {
        let Some(gate) = self.0.get(name) else { return };
        gate.send_if_modified(|gate| {
            let is_open = gate.missing == 0;
            if !is_open {
                gate.missing -= 1;
                note(gate);
            }
            !is_open
        });
    }

    /// The state now; a gate that nobody opens is open.
    pub(super) fn state(&self, name: &str, anyway: bool) -> State {
        let open = State::Open { last: usize::MAX };
        self.0.get(name).map_or(open, |gate| gate.borrow().state(anyway))
    }

    /// The state once it is no longer closed.
    pub(super) async fn settled(&self, name: &str, anyway: bool) -> State {
        let Some(gate) = self.0.get(name) else { return self.state(name, anyway) };
        let mut receiver = gate.subscribe();
        match receiver.wait_for(|gate| gate.state(anyway) != State::Closed).await {
            Ok(gate) => gate.state(anyway),
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
            anyway: false,
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
        assert_eq!(gates.state("joined", false), State::Closed);
        gates.pass("joined", 1);
        assert_eq!(gates.state("joined", false), State::Closed);
        gates.pass("joined", 0);
        assert_eq!(gates.state("joined", false), State::Open { last: 0 });
        assert_eq!(gates.state("up", false), State::Closed, "another gate");
    }

    #[test]
    fn a_gate_that_nobody_opens_is_open() {
        let gates = gates();
        assert!(matches!(gates.state("nobody's", false), State::Open { .. }));
        // And nothing that is said of it does harm.
        gates.pass("nobody's", 0);
        gates.shut("nobody's", "h0 stopped");
        assert!(matches!(gates.state("nobody's", false), State::Open { .. }));
    }

    #[test]
    fn the_first_reason_to_shut_a_gate_stays() {
        let gates = gates();
        gates.shut("joined", "h1 stopped");
        gates.shut("joined", "h0 stopped");
        assert_eq!(gates.state("joined", false), shut("h1 stopped"));
        gates.pass("joined", 0);
        assert_eq!(gates.state("joined", false), shut("h1 stopped"), "too late to pass");
    }

    #[test]
    fn who_goes_on_anyway_waits_for_all_who_can_come() {
        let gates = gates();
        gates.shut("joined", "h1 stopped");
        assert_eq!(gates.state("joined", true), State::Closed, "h0 may come still");
        gates.pass("joined", 0);
        assert_eq!(gates.state("joined", true), State::Open { last: 0 });
        assert_eq!(gates.state("joined", false), shut("h1 stopped"));
    }

    #[test]
    fn an_open_gate_stays_open() {
        let gates = gates();
        gates.pass("up", 0);
        gates.shut("up", "h0 stopped afterwards");
        gates.pass("up", 2);
        assert_eq!(gates.state("up", false), State::Open { last: 0 });
    }

    #[tokio::test]
    async fn who_waits_is_told() {
        let gates = std::sync::Arc::new(gates());
        let waiting = |name: &'static str| {
            let gates = std::sync::Arc::clone(&gates);
            tokio::spawn(async move { gates.settled(name, false).await })
        };
        let (up, joined) = (waiting("up"), waiting("joined"));
        tokio::task::yield_now().await;
        gates.pass("up", 0);
        gates.shut("joined", "h1 stopped");
        assert_eq!(up.await.unwrap(), State::Open { last: 0 });
        assert_eq!(joined.await.unwrap(), shut("h1 stopped"));
        // Who comes later does not wait at all.
        assert_eq!(gates.settled("up", false).await, State::Open { last: 0 });
        assert!(matches!(gates.settled("nobody's", false).await, State::Open { .. }));
    }
}
