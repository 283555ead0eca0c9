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
    // A step that took no time ends when it starts: each is taken once, or the walk would not end.
    let mut rest: Vec<&Record> = records.iter().collect();
    let mut take_last = |fits: &dyn Fn(&Record) -> bool| {
        let last = (0..rest.len()).filter(|index| fits(rest[*index]));
        last.max_by_key(|index| rest[*index].end).map(|index| rest.remove(index))
    };
    let mut path = Vec::new();
    let mut next = take_last(&|_| true);
    while let Some(record) = next {
        path.push(PathStep {
            host: names.get(record.lane).cloned().unwrap_or_default(),
            step: record.step.clone(),
            seconds: seconds(record.end.saturating_sub(record.start)),
        });
        let lane = record.gate_lane.unwrap_or(record.lane);
        next = take_last(&|before| before.lane == lane && before.end <= record.start);
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

    #[test]
    fn steps_that_take_no_time_do_not_hold_up_the_walk() {
        let records = [
            record(0, "a", 1, 1, None),
            record(0, "b", 1, 1, None),
            record(1, "c", 1, 1, Some(0)),
            record(0, "d", 1, 2, Some(1)),
        ];
        let path = critical(&records, &["x".to_owned(), "y".to_owned()]);
        let steps: Vec<&str> = path.iter().map(|step| step.step.step.as_str()).collect();
        assert_eq!(steps, ["a", "b", "c", "d"]);
        assert!(critical(&[], &[]).is_empty());
    }
}
