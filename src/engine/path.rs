//! The run's critical path: the chain of steps without which it could not have ended sooner.

use std::time::Duration;

use crate::event::{PathStep, StepName, seconds};

/// When a step ran, from the run's start, and which lane opened the gate that it waited for.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) lane: usize,
    pub(super) step: StepName,
    pub(super) start: Duration,
    pub(super) end: Duration,
    pub(super) gate_lane: Option<usize>,
}

/// Walks back from the step that ended last: to the step before it on its host, or, where it waited
/// for a gate, to the last step of the lane that opened it.
pub(super) fn critical(records: &[Record], names: &[String]) -> Vec<PathStep> {
    let last_before = |lane: usize, time: Duration| {
        records
            .iter()
            .filter(|record| record.lane == lane && record.end <= time)
            .max_by_key(|record| record.end)
    };
    let mut path = Vec::new();
    let mut next = records.iter().max_by_key(|record| record.end);
    while let Some(record) = next {
        path.push(PathStep {
            host: names.get(record.lane).cloned().unwrap_or_default(),
            step: record.step.clone(),
            seconds: seconds(record.end.saturating_sub(record.start)),
        });
        next = last_before(record.gate_lane.unwrap_or(record.lane), record.start);
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(lane: usize, step: &str, start: u64, end: u64, gate_lane: Option<usize>) -> Record {
        Record {
            lane,
            step: StepName { playbook: "p".to_owned(), step: step.to_owned() },
            start: Duration::from_secs(start),
            end: Duration::from_secs(end),
            gate_lane,
        }
    }

    #[test]
    fn the_path_goes_through_the_gate_that_was_waited_for() {
        let records = [
            record(0, "prepare", 0, 10, None),
            record(0, "init", 10, 30, None),
            record(1, "prepare", 0, 12, None),
            record(1, "join", 30, 40, Some(0)),
            record(0, "finish", 30, 35, None),
        ];
        let names = ["cp".to_owned(), "w".to_owned()];
        let path: Vec<String> = critical(&records, &names)
            .iter()
            .map(|step| format!("{} {}", step.host, step.step.step))
            .collect();
        assert_eq!(path, ["cp prepare", "cp init", "w join"]);
    }
}
