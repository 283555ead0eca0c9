//! Events as JSON, one object a line: `--output json` and the run's `events.jsonl`.

use serde::Serialize;

use super::{clean, comparison, words};
use crate::event::{
    Diagnosis, EtcdStatus, Event, EventKind, Fate, Finding, Health, HostStatus, Leftover, Looked,
    Named, Proof, StepName, Taken,
};

/// One line, as DESIGN.md promises it. The first five fields are always there, `null` where they
/// say nothing.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    run: &'a str,
    host: Option<&'a str>,
    playbook: Option<&'a str>,
    step: Option<&'a str>,
    #[serde(flatten)]
    event: Record<'a>,
}

/// What is particular to each event. These names are read by other programs: do not change them.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Record<'a> {
    RunStarted {
        verb: &'a str,
        cluster: &'a str,
        hosts: &'a [String],
    },
    Fact {
        name: &'a str,
        value: &'a str,
    },
    Finding {
        name: &'a str,
        severity: &'static str,
        message: &'a str,
        fix: &'a str,
        command: Option<&'a str>,
        phase: Option<&'static str>,
        breaks: Option<&'static str>,
        repairs: bool,
    },
    Unchecked {
        name: &'a str,
        because: &'a str,
    },
    Skipped {
        name: &'a str,
        because: &'a str,
    },
    StepStarted {},
    StepOutput {
        line: &'a str,
    },
    StepWaiting {
        what: &'a str,
    },
    StepProgress {
        done: u64,
        total: u64,
    },
    StepRetried {
        cause: &'a str,
        attempt: u32,
    },
    StepDone {
        changed: bool,
        seconds: f64,
    },
    StepFailed {
        cause: &'a str,
        fix: &'a str,
        stderr_tail: &'a [String],
        seconds: f64,
    },
    GateWaiting {
        gate: &'a str,
    },
    GateOpened {
        gate: &'a str,
        seconds: f64,
    },
    GateShut {
        gate: &'a str,
        because: &'a str,
    },
    HostDone {
        ok: bool,
        changed: usize,
        seconds: f64,
    },
    Compared(comparison::Record<'a>),
    ChangePlanned {
        kind: &'static str,
        subject: &'a str,
        diff: &'a str,
    },
    Residue {
        name: &'static str,
        classes: &'static [&'static str],
        thing: &'a str,
        verdict: &'static str,
        because: &'a str,
    },
    /// What a wipe did about a thing: `done`, `if empty`, `failed`, `begun`. With a run it was an earlier one's.
    Taken {
        name: &'static str,
        thing: &'a str,
        how: &'static str,
        by: Option<&'a str>,
    },
    /// Ends the `residue` of one look: `before` a wipe or without one, or `after` it. Without a number it was not seen, and why.
    Looked {
        look: &'static str,
        residue: Option<usize>,
        because: Option<&'a str>,
    },
    /// Healths are `up`, `down` and `unknown`; `null` means that there is none to be.
    HostStatus {
        node: Option<&'a str>,
        role: &'static str,
        reached: bool,
        ready: &'static str,
        since: Option<&'a str>,
        kubelet: &'static str,
        version: Option<&'a str>,
        runtime: &'static str,
        api_server: Option<&'static str>,
        load_balancer: Option<&'static str>,
        lock: Option<&'a str>,
    },
    EtcdStatus {
        member: &'a str,
        id: &'a str,
        health: &'static str,
        leader: Option<bool>,
        learner: bool,
        version: Option<&'a str>,
        bytes: Option<u64>,
    },
    CertificateStatus {
        path: &'a str,
        ends: Option<String>,
        days: Option<i64>,
    },
    Diagnosis {
        cause: Option<Cause<'a>>,
        others: Vec<Cause<'a>>,
        broken: Vec<Broken<'a>>,
        last_words: Vec<LastWords<'a>>,
        unread: Vec<Unread<'a>>,
        read: usize,
    },
    RunDone {
        ok: bool,
        seconds: f64,
        differences: Option<usize>,
        critical_path: Vec<Stretch<'a>>,
    },
}

#[derive(Serialize)]
struct Cause<'a> {
    name: &'a str,
    hosts: &'a [String],
    message: &'a str,
    seen: Vec<Seen<'a>>,
    fix: &'a str,
    command: Option<&'a str>,
}

#[derive(Serialize)]
struct Seen<'a> {
    place: &'a str,
    what: &'a str,
}

#[derive(Serialize)]
struct Broken<'a> {
    host: &'a str,
    what: &'a str,
}

#[derive(Serialize)]
struct LastWords<'a> {
    host: &'a str,
    place: &'a str,
    what: &'a str,
}

#[derive(Serialize)]
struct Unread<'a> {
    host: &'a str,
    message: &'a str,
    fix: &'a str,
}

#[derive(Serialize)]
struct Stretch<'a> {
    host: &'a str,
    playbook: &'a str,
    step: &'a str,
    seconds: f64,
}

/// The event as one line with its newline, safe to show on a terminal.
pub fn line(run: &str, event: &Event) -> String {
    let (step, record) = record(&event.kind);
    let line = Line {
        time: words::moment(event.time),
        run,
        host: event.host.as_deref(),
        playbook: step.map(|step| step.playbook.as_str()),
        step: step.map(|step| step.step.as_str()),
        event: record,
    };
    let text =
        serde_json::to_string(&line).expect("the keys are strings and nothing else can go wrong");
    clean::json(text) + "\n"
}

/// Whether DESIGN.md promises the event on standard output; the others are in `events.jsonl`, and
/// on standard output with `--verbose`.
pub fn promised(kind: &EventKind) -> bool {
    !matches!(
        kind,
        EventKind::StepOutput { .. }
            | EventKind::StepWaiting { .. }
            | EventKind::StepProgress { .. }
            | EventKind::StepRetried { .. }
            | EventKind::GateShut { .. }
            | EventKind::HostDone { .. }
            | EventKind::Compared(_)
    )
}

fn record(kind: &EventKind) -> (Option<&StepName>, Record<'_>) {
    match kind {
        EventKind::RunStarted { verb, cluster, hosts } => {
            (None, Record::RunStarted { verb, cluster, hosts })
        }
        EventKind::Fact { name, value } => (None, Record::Fact { name, value }),
        EventKind::Finding(found) => (None, finding(found)),
        EventKind::Unchecked { name, because } => (None, Record::Unchecked { name, because }),
        EventKind::Skipped { name, because } => (None, Record::Skipped { name, because }),
        EventKind::StepStarted { step } => (Some(step), Record::StepStarted {}),
        EventKind::StepOutput { step, line } => (Some(step), Record::StepOutput { line }),
        EventKind::StepWaiting { step, what } => (Some(step), Record::StepWaiting { what }),
        EventKind::StepProgress { step, done, total } => {
            (Some(step), Record::StepProgress { done: *done, total: *total })
        }
        EventKind::StepRetried { step, cause, attempt } => {
            (Some(step), Record::StepRetried { cause, attempt: *attempt })
        }
        EventKind::StepDone { step, changed, seconds } => {
            (Some(step), Record::StepDone { changed: *changed, seconds: *seconds })
        }
        EventKind::StepFailed { step, cause, fix, stderr_tail, seconds } => {
            (Some(step), Record::StepFailed { cause, fix, stderr_tail, seconds: *seconds })
        }
        EventKind::GateWaiting { gate } => (None, Record::GateWaiting { gate }),
        EventKind::GateOpened { gate, seconds } => {
            (None, Record::GateOpened { gate, seconds: *seconds })
        }
        EventKind::GateShut { gate, because } => (None, Record::GateShut { gate, because }),
        EventKind::HostDone { ok, changed, seconds } => {
            (None, Record::HostDone { ok: *ok, changed: *changed, seconds: *seconds })
        }
        EventKind::Compared(comparison) => {
            (None, Record::Compared(comparison::Record::of(comparison)))
        }
        EventKind::ChangePlanned { step, kind, subject, diff } => {
            (Some(step), Record::ChangePlanned { kind, subject, diff })
        }
        EventKind::Residue(Leftover { name, classes, thing, fate, because, .. }) => {
            (None, Record::Residue { name, classes, thing, verdict: fate.word(), because })
        }
        EventKind::Taken(Taken { name, thing, how, run }) => {
            (None, Record::Taken { name, thing, how: how.word(), by: run.as_deref() })
        }
        EventKind::Looked(looked) => (None, looked_at(looked)),
        EventKind::HostStatus(status) => (None, host_status(status)),
        EventKind::EtcdStatus(status) => (None, etcd_status(status)),
        EventKind::CertificateStatus(status) => {
            let ends = status.ends.map(words::moment);
            (None, Record::CertificateStatus { path: &status.path, ends, days: status.days })
        }
        EventKind::Diagnosed(found) => (None, diagnosis(found)),
        EventKind::RunDone { ok, seconds, differences, critical_path } => {
            let critical_path = critical_path
                .iter()
                .map(|stretch| Stretch {
                    host: &stretch.host,
                    playbook: &stretch.step.playbook,
                    step: &stretch.step.step,
                    seconds: stretch.seconds,
                })
                .collect();
            let (ok, seconds, differences) = (*ok, *seconds, *differences);
            (None, Record::RunDone { ok, seconds, differences, critical_path })
        }
    }
}

fn looked_at(looked: &Looked) -> Record<'_> {
    let (residue, because) = match &looked.seen {
        Ok(sight) => {
            let is_residue =
                |it: &&Leftover| matches!(it.fate, Fate::Goes | Fate::Kept | Fate::Unsure);
            (Some(sight.leftovers.iter().filter(is_residue).count()), None)
        }
        Err(why) => (None, Some(why.as_str())),
    };
    Record::Looked { look: if looked.after { "after" } else { "before" }, residue, because }
}

fn finding(found: &Finding) -> Record<'_> {
    Record::Finding {
        name: &found.name,
        severity: found.severity.word(),
        message: &found.message,
        fix: &found.fix,
        command: found.command.as_deref(),
        phase: found.breaks.map(|breaks| breaks.phase.word()),
        breaks: found.breaks.map(|breaks| breaks.what),
        repairs: found.repairs,
    }
}

fn diagnosis(found: &Diagnosis) -> Record<'_> {
    Record::Diagnosis {
        cause: found.cause.as_ref().map(cause),
        others: found.others.iter().map(cause).collect(),
        broken: found.broken.iter().map(|(host, what)| Broken { host, what }).collect(),
        last_words: (found.last_words.iter())
            .map(|(host, proof)| LastWords { host, place: &proof.place, what: &proof.what })
            .collect(),
        unread: (found.unread.iter())
            .map(|(host, message, fix)| Unread { host, message, fix })
            .collect(),
        read: found.read,
    }
}

fn cause(found: &Named) -> Cause<'_> {
    let Named { name, hosts, message, proofs, fix, command } = found;
    let seen = proofs.iter().map(|Proof { place, what }| Seen { place, what }).collect();
    Cause { name, hosts, message, seen, fix, command: command.as_deref() }
}

fn host_status(status: &HostStatus) -> Record<'_> {
    Record::HostStatus {
        node: status.node.as_deref(),
        role: words::role(status.control_plane),
        reached: status.reached,
        ready: status.ready.as_str(),
        since: status.since.as_deref(),
        kubelet: status.kubelet.as_str(),
        version: status.version.as_deref(),
        runtime: status.runtime.as_str(),
        api_server: status.api_server.map(Health::as_str),
        load_balancer: status.load_balancer.map(Health::as_str),
        lock: status.lock.as_deref(),
    }
}

fn etcd_status(status: &EtcdStatus) -> Record<'_> {
    Record::EtcdStatus {
        member: &status.member,
        id: &status.id,
        health: status.health.as_str(),
        leader: status.leader,
        learner: status.learner,
        version: status.version.as_deref(),
        bytes: status.bytes,
    }
}
