//! The log files that the last run of this cluster left on this machine.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::options::Options;
use crate::diagnose::FailedStep;
use crate::report;

/// The last run that changed hosts.
#[derive(Debug)]
pub(super) struct LastRun {
    /// Where its log files are.
    pub(super) directory: PathBuf,
    /// The steps that did not work, if that was how it ended.
    pub(super) failed: Vec<FailedStep>,
}

/// Runs that are looked through for the cluster's, from the newest on.
const RUNS: usize = 50;

/// Finds the last run of a cluster: where `--log-dir` says, else among all runs' logs.
pub(super) fn find(options: &Options, cluster: &str) -> Option<LastRun> {
    if let Some(directory) = &options.log_dir {
        return read(directory, cluster);
    }
    let runs = report::log_directory("x")?.parent()?.to_owned();
    let mut all: Vec<PathBuf> =
        fs::read_dir(runs).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    // Their names begin with the time.
    all.sort();
    all.iter().rev().take(RUNS).find_map(|directory| read(directory, cluster))
}

/// A directory's run, if it is one of this cluster that changed hosts.
fn read(directory: &Path, cluster: &str) -> Option<LastRun> {
    let text = fs::read_to_string(directory.join("events.jsonl")).ok()?;
    let failed = failures(&text, cluster)?;
    Some(LastRun { directory: directory.to_owned(), failed })
}

/// The failed steps of the last run in a file of events; `None` when none is of this cluster.
fn failures(text: &str, cluster: &str) -> Option<Vec<FailedStep>> {
    let mut failed = None;
    let mut ours = false;
    for event in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let word = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        match event["event"].as_str() {
            Some("run_started") => {
                ours = event["cluster"] == cluster
                    && matches!(event["verb"].as_str(), Some("init" | "join" | "remove" | "wipe"));
                if ours {
                    failed = Some(Vec::new());
                }
            }
            Some("step_failed") if ours => {
                let output = event["stderr_tail"].as_array().cloned().unwrap_or_default();
                let output = output.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                let step = format!("{}: {}", word("playbook"), word("step"));
                let one = FailedStep { host: word("host"), step, cause: word("cause"), output };
                failed.get_or_insert_default().push(one);
            }
            _ => {}
        }
    }
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str = r#"{"event":"run_started","verb":"init","cluster":"demo"}
{"event":"step_failed","host":"cp1","playbook":"control-plane","step":"initialise","cause":"no","stderr_tail":["a","b"]}
{"event":"run_done","ok":false}
"#;

    #[test]
    fn the_last_run_s_failures_are_found() {
        let failed = failures(EVENTS, "demo").unwrap();
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0].step, "control-plane: initialise");
        assert_eq!(failed[0].output, ["a", "b"]);
        assert_eq!(failures(EVENTS, "other"), None);
        // A later run that went well has none, and a look is no run.
        let well = format!(
            "{EVENTS}{{\"event\":\"run_started\",\"verb\":\"init\",\"cluster\":\"demo\"}}\n"
        );
        assert_eq!(failures(&well, "demo").unwrap(), []);
        let looked = format!(
            "{EVENTS}{{\"event\":\"run_started\",\"verb\":\"status\",\"cluster\":\"demo\"}}\n"
        );
        assert_eq!(failures(&looked, "demo").unwrap().len(), 1);
    }
}
