//! Events folded into what is true now. Pure: displays only draw it.

use std::collections::HashMap;
use std::time::SystemTime;

use crate::event::{
    Comparison, Diagnosis, Event, EventKind, Finding as Found, PathStep, Sight, StepName, Taken,
};

/// Everything that a display may show of a run.
#[derive(Debug, Default)]
pub struct State {
    /// The verb that runs: `init`.
    pub verb: String,
    /// The cluster's name.
    pub cluster: String,
    /// When the first event happened.
    pub started: Option<SystemTime>,
    /// When the newest event happened.
    pub latest: Option<SystemTime>,
    /// The hosts, in the order of the file.
    pub hosts: Vec<Host>,
    /// What this machine itself does at the moment: what it downloads.
    pub own: Vec<Own>,
    /// What of that it did last.
    pub last_own: Option<Own>,
    /// The preflight results so far.
    pub findings: Vec<Finding>,
    /// What preflight could not look at.
    pub unchecked: Vec<Unchecked>,
    /// What preflight was told not to look at.
    pub skipped: Vec<Skipped>,
    /// The steps that did not end well, in the order in which they were reported.
    pub failures: Vec<Failure>,
    /// Why the run did not work, where it was looked for.
    pub diagnosis: Option<Diagnosis>,
    /// How the run ended; `None` while it runs, and for a run that was cut off.
    pub end: Option<End>,
    places: HashMap<String, usize>,
}

/// A step of this machine's own.
#[derive(Debug, Clone, PartialEq)]
pub struct Own {
    /// Its name.
    pub step: StepName,
    /// When it began.
    pub since: SystemTime,
    /// Bytes so far and in all.
    pub bytes: Option<(u64, u64)>,
}

/// One host's part of the run.
#[derive(Debug)]
pub struct Host {
    /// The display name.
    pub name: String,
    /// What it does now.
    pub doing: Doing,
    /// Since when it does that.
    pub since: SystemTime,
    /// Steps that changed something.
    pub changed: usize,
    /// Steps that found everything as it should be.
    pub unchanged: usize,
    /// The step that took longest so far, and its seconds.
    pub slowest: Option<(StepName, f64)>,
    /// A wipe's comparison with the baseline; `None` before it and for other verbs.
    pub comparison: Option<Comparison>,
    /// What was worth knowing of it, in the order in which it was told.
    pub facts: Vec<(String, String)>,
    /// What looks for leftovers of any Kubernetes saw.
    pub looks: Looks,
    /// What a wipe of leftovers did, thing by thing; and what earlier ones did.
    pub taken: Vec<Taken>,
    /// How long the host's lane took, in seconds; `None` while it runs.
    pub seconds: Option<f64>,
}

/// What looks at one host for leftovers saw, or why nothing was seen.
#[derive(Debug, Default)]
pub struct Looks {
    /// Without a wipe, or before it.
    pub before: Option<Result<Sight, String>>,
    /// After one.
    pub after: Option<Result<Sight, String>>,
}

/// What a host does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    /// Nothing yet, or it is between two steps.
    Nothing,
    /// A step.
    Step {
        /// Its name.
        step: StepName,
        /// Bytes uploaded so far and in all.
        upload: Option<(u64, u64)>,
        /// Which try this is, from 1.
        attempt: u32,
    },
    /// It waits for a gate.
    Waiting(String),
    /// Its lane ended well.
    Done,
    /// This step did not end well.
    Failed(StepName),
    /// Its lane ended early because the run stopped, for no fault of its own.
    Stopped,
}

/// A preflight result, and on which host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The host; `None` for the cluster as a whole.
    pub host: Option<String>,
    /// What was found.
    pub found: Found,
}

/// What preflight could not look at, and on which host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchecked {
    /// The host; `None` for the cluster as a whole.
    pub host: Option<String>,
    /// The check's name.
    pub name: String,
    /// Why.
    pub because: String,
}

/// What preflight was told not to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The check's name.
    pub name: String,
    /// Why.
    pub because: String,
}

/// A step that did not end well, and on which host.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The host; `None` for the run as a whole.
    pub host: Option<String>,
    /// The step.
    pub step: StepName,
    /// The first cause, as the engine found it.
    pub cause: String,
    /// What to do about it.
    pub fix: String,
    /// The last lines of the step's output.
    pub stderr_tail: Vec<String>,
    /// How long the step ran, in seconds.
    pub seconds: f64,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct End {
    /// Whether everything that was asked for is done.
    pub ok: bool,
    /// How long the run took.
    pub seconds: f64,
    /// A wipe's differences over all hosts.
    pub differences: Option<usize>,
    /// The stretches that determined how long the run took.
    pub critical_path: Vec<PathStep>,
}

impl State {
    /// Takes in one event.
    pub fn apply(&mut self, event: &Event) {
        self.started.get_or_insert(event.time);
        self.latest = Some(event.time);
        match &event.kind {
            EventKind::RunStarted { verb, cluster, hosts } => {
                self.verb.clone_from(verb);
                self.cluster.clone_from(cluster);
                for host in hosts {
                    self.host(host, event.time);
                }
            }
            EventKind::Finding(found) => {
                self.findings.push(Finding { host: event.host.clone(), found: found.clone() });
            }
            EventKind::Unchecked { name, because } => self.unchecked.push(Unchecked {
                host: event.host.clone(),
                name: name.clone(),
                because: because.clone(),
            }),
            EventKind::Skipped { name, because } => {
                self.skipped.push(Skipped { name: name.clone(), because: because.clone() });
            }
            EventKind::Diagnosed(found) => self.diagnosis = Some((**found).clone()),
            EventKind::RunDone { ok, seconds, differences, critical_path } => {
                self.end = Some(End {
                    ok: *ok,
                    seconds: *seconds,
                    differences: *differences,
                    critical_path: critical_path.clone(),
                });
            }
            kind => {
                if let EventKind::StepFailed { step, cause, fix, stderr_tail, seconds } = kind {
                    self.failures.push(Failure {
                        host: event.host.clone(),
                        step: step.clone(),
                        cause: cause.clone(),
                        fix: fix.clone(),
                        stderr_tail: stderr_tail.clone(),
                        seconds: *seconds,
                    });
                }
                match &event.host {
                    Some(name) => self.host(name, event.time).apply(kind, event.time),
                    None => self.own(kind, event.time),
                }
            }
        }
    }

    /// Takes in what this machine itself does.
    fn own(&mut self, kind: &EventKind, time: SystemTime) {
        match kind {
            EventKind::StepStarted { step } => {
                self.own.push(Own { step: step.clone(), since: time, bytes: None });
            }
            EventKind::StepProgress { step, done, total } => {
                if let Some(own) = self.own.iter_mut().find(|own| own.step == *step) {
                    own.bytes = Some((*done, *total));
                }
            }
            EventKind::StepDone { step, .. } | EventKind::StepFailed { step, .. } => {
                if let Some(place) = self.own.iter().position(|own| own.step == *step) {
                    self.last_own = Some(self.own.remove(place));
                }
            }
            _ => {}
        }
    }

    /// Seconds from the run's first event to `now`.
    pub fn elapsed(&self, now: SystemTime) -> f64 {
        self.started.map_or(0.0, |started| super::words::between(started, now))
    }

    /// The host of this name, made when an event is the first to name it.
    fn host(&mut self, name: &str, time: SystemTime) -> &mut Host {
        let place = *self.places.entry(name.to_owned()).or_insert_with(|| {
            self.hosts.push(Host {
                name: name.to_owned(),
                doing: Doing::Nothing,
                since: time,
                changed: 0,
                unchanged: 0,
                slowest: None,
                comparison: None,
                facts: Vec::new(),
                looks: Looks::default(),
                taken: Vec::new(),
                seconds: None,
            });
            self.hosts.len() - 1
        });
        &mut self.hosts[place]
    }
}

impl Host {
    /// The last that was told under this name.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().rev().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    fn apply(&mut self, kind: &EventKind, time: SystemTime) {
        match kind {
            EventKind::StepStarted { step } => {
                self.turn(Doing::Step { step: step.clone(), upload: None, attempt: 1 }, time);
            }
            EventKind::StepProgress { step, done, total } => {
                if let Doing::Step { step: now, upload, .. } = &mut self.doing
                    && now == step
                {
                    *upload = Some((*done, *total));
                }
            }
            EventKind::StepRetried { step, attempt: tries, .. } => {
                if let Doing::Step { step: now, attempt, upload } = &mut self.doing
                    && now == step
                {
                    *attempt = *tries;
                    *upload = None;
                }
            }
            EventKind::StepDone { step, changed, seconds } => {
                *(if *changed { &mut self.changed } else { &mut self.unchanged }) += 1;
                self.took(step, *seconds);
                self.turn(Doing::Nothing, time);
            }
            EventKind::StepFailed { step, seconds, .. } => {
                self.took(step, *seconds);
                self.turn(Doing::Failed(step.clone()), time);
            }
            EventKind::GateWaiting { gate } => self.turn(Doing::Waiting(gate.clone()), time),
            EventKind::GateOpened { .. } => self.turn(Doing::Nothing, time),
            EventKind::GateShut { .. } => self.turn(Doing::Stopped, time),
            EventKind::HostDone { ok, changed, seconds } => {
                self.changed = *changed;
                self.seconds = Some(*seconds);
                if *ok {
                    self.turn(Doing::Done, time);
                } else if !matches!(self.doing, Doing::Failed(_)) {
                    self.turn(Doing::Stopped, time);
                }
            }
            EventKind::Compared(comparison) => self.comparison = Some((**comparison).clone()),
            EventKind::Fact { name, value } => self.facts.push((name.clone(), value.clone())),
            EventKind::Looked(looked) => {
                let look =
                    if looked.after { &mut self.looks.after } else { &mut self.looks.before };
                *look = Some(looked.seen.clone());
            }
            // The last word about a thing counts.
            EventKind::Taken(taken) => {
                let is_same = |it: &Taken| {
                    (&it.run, it.name, &it.thing) == (&taken.run, taken.name, &taken.thing)
                };
                self.taken.retain(|it| !is_same(it));
                self.taken.push(taken.clone());
            }
            EventKind::RunStarted { .. }
            | EventKind::Finding(_)
            | EventKind::Unchecked { .. }
            | EventKind::Skipped { .. }
            | EventKind::StepOutput { .. }
            | EventKind::StepWaiting { .. }
            | EventKind::ChangePlanned { .. }
            | EventKind::Residue(_)
            | EventKind::HostStatus(_)
            | EventKind::EtcdStatus(_)
            | EventKind::CertificateStatus(_)
            | EventKind::Diagnosed(_)
            | EventKind::RunDone { .. } => {}
        }
    }

    fn turn(&mut self, doing: Doing, time: SystemTime) {
        self.doing = doing;
        self.since = time;
    }

    fn took(&mut self, step: &StepName, seconds: f64) {
        if self.slowest.as_ref().is_none_or(|(_, longest)| seconds > *longest) {
            self.slowest = Some((step.clone(), seconds));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn step(name: &str) -> StepName {
        StepName { playbook: "runtime".into(), step: name.into() }
    }

    fn fold(events: Vec<(u64, Option<&str>, EventKind)>) -> State {
        let mut state = State::default();
        for (second, host, kind) in events {
            let time = UNIX_EPOCH + Duration::from_secs(second);
            state.apply(&Event { time, host: host.map(str::to_owned), kind });
        }
        state
    }

    #[test]
    fn steps_are_counted_and_the_slowest_is_kept() {
        let done =
            |name, changed, seconds| EventKind::StepDone { step: step(name), changed, seconds };
        let state = fold(vec![
            (1, Some("a"), EventKind::StepStarted { step: step("one") }),
            (3, Some("a"), done("one", true, 2.0)),
            (4, Some("a"), done("two", false, 1.0)),
        ]);
        let host = &state.hosts[0];
        assert_eq!((host.changed, host.unchanged), (1, 1));
        assert_eq!(host.slowest, Some((step("one"), 2.0)));
        assert_eq!(host.doing, Doing::Nothing);
        assert_eq!(host.since, UNIX_EPOCH + Duration::from_secs(4));
        assert!((state.elapsed(UNIX_EPOCH + Duration::from_secs(9)) - 8.0).abs() < 1e-9);
        // A clock that was set back.
        assert!(state.elapsed(UNIX_EPOCH) < 1e-9);
    }

    #[test]
    fn another_try_starts_its_upload_again_and_keeps_the_time() {
        let state = fold(vec![
            (1, Some("a"), EventKind::StepStarted { step: step("up") }),
            (2, Some("a"), EventKind::StepProgress { step: step("up"), done: 5, total: 10 }),
            (
                3,
                Some("a"),
                EventKind::StepRetried { step: step("up"), cause: "x".into(), attempt: 2 },
            ),
            // Late news of a step that is over changes nothing.
            (3, Some("a"), EventKind::StepProgress { step: step("old"), done: 5, total: 10 }),
        ]);
        assert_eq!(
            state.hosts[0].doing,
            Doing::Step { step: step("up"), upload: None, attempt: 2 }
        );
        assert_eq!(state.hosts[0].since, UNIX_EPOCH + Duration::from_secs(1));
    }

    #[test]
    fn a_host_that_was_stopped_is_not_one_that_failed() {
        let failed = EventKind::StepFailed {
            step: step("one"),
            cause: "no".into(),
            fix: String::new(),
            stderr_tail: vec![],
            seconds: 1.0,
        };
        let over = || EventKind::HostDone { ok: false, changed: 0, seconds: 1.0 };
        let state = fold(vec![
            (1, Some("a"), failed),
            (1, Some("a"), over()),
            (1, Some("b"), EventKind::GateWaiting { gate: "g".into() }),
            (1, Some("b"), over()),
        ]);
        assert_eq!(state.hosts[0].doing, Doing::Failed(step("one")));
        assert_eq!(state.hosts[1].doing, Doing::Stopped);
        assert_eq!(state.failures.len(), 1);
    }
}
