//! An event as lines of text: for the log files, and for `--verbose`.

use super::{comparison, words};
use crate::event::{EventKind, Finding, How, Leftover, StepName, Taken};

/// A step as it is always written: `runtime: start containerd`.
pub fn step(step: &StepName) -> String {
    format!("{}: {}", step.playbook, step.step)
}

/// What happened, in one line or more. Not cleaned yet: hosts may have had their say in it.
pub fn describe(kind: &EventKind) -> Vec<String> {
    let one = match kind {
        EventKind::RunStarted { verb, cluster, hosts } => {
            format!("`{verb}` of `{cluster}` on {}", words::count(hosts.len(), "host"))
        }
        EventKind::Fact { name, value } => format!("{name} is {value}"),
        EventKind::Finding(found) => {
            let Finding { name, severity, message, fix, command, .. } = found;
            let fix = (!fix.is_empty()).then(|| format!("fix: {fix}"));
            let command = command.iter().map(|command| format!("run: {command}"));
            return with(
                format!("{}: {name}: {message}", severity.word()),
                fix.into_iter().chain(command),
            );
        }
        EventKind::Unchecked { name, because } => format!("not checked: {name}: {because}"),
        EventKind::Skipped { name, because } => format!("skipped: {name}: {because}"),
        EventKind::StepStarted { step: name } => format!("{}  begins", step(name)),
        EventKind::StepOutput { line, .. } => format!("  | {line}"),
        EventKind::StepWaiting { step: name, what } => format!("{}  waits: {what}", step(name)),
        EventKind::StepProgress { step: name, done, total } => {
            format!("{}  {}", step(name), words::bytes(*done, *total))
        }
        EventKind::StepRetried { step: name, cause, attempt } => {
            format!("{}  try {attempt}, because {cause}", step(name))
        }
        EventKind::StepDone { step: name, changed, seconds } => {
            let changed = if *changed { "changed" } else { "unchanged" };
            format!("{}  {changed} ({})", step(name), words::duration(*seconds))
        }
        EventKind::StepFailed { step: name, cause, fix, stderr_tail, seconds } => {
            let rest = std::iter::once(format!("cause: {cause}"))
                .chain(stderr_tail.iter().map(|line| format!("| {line}")))
                .chain((!fix.is_empty()).then(|| format!("fix: {fix}")));
            let took = words::duration(*seconds);
            return with(format!("{}  did not work after {took}", step(name)), rest);
        }
        EventKind::GateWaiting { gate } => format!("waits for `{gate}`"),
        EventKind::GateOpened { gate, seconds } => {
            format!("`{gate}`: waited {}", words::duration(*seconds))
        }
        EventKind::GateShut { gate, because } => {
            format!("stops here: `{gate}` will not come, because {because}")
        }
        EventKind::HostDone { ok, changed, seconds } => format!(
            "{} after {}, {} changed",
            if *ok { "done" } else { "stopped" },
            words::duration(*seconds),
            words::count(*changed, "step")
        ),
        EventKind::Compared(comparison) => return comparison::log(comparison),
        EventKind::ChangePlanned { step: name, kind, subject, .. } => {
            format!("{}  would change {kind} {subject}", step(name))
        }
        EventKind::Residue(Leftover { name, thing, fate, because, .. }) => {
            format!("{name}: {thing}: {}: {because}", fate.word())
        }
        EventKind::Taken(it) => taken(it),
        EventKind::Looked(looked) => {
            let when = if looked.after { " after the wipe" } else { "" };
            match &looked.seen {
                Ok(sight) => {
                    let count = words::count(sight.passed_over.len(), "thing");
                    format!("looked at{when}; {count} there are nothing of Kubernetes'")
                }
                Err(why) => format!("not looked at{when}: {why}"),
            }
        }
        EventKind::HostStatus(status) => format!(
            "{} `{}`: ready {}, kubelet {}, runtime {}",
            words::role(status.control_plane),
            status.node.as_deref().unwrap_or("?"),
            status.ready.as_str(),
            status.kubelet.as_str(),
            status.runtime.as_str()
        ),
        EventKind::EtcdStatus(status) => {
            format!("etcd member `{}` is {}", status.member, status.health.as_str())
        }
        EventKind::CertificateStatus(status) => match status.ends {
            Some(ends) => format!("`{}` ends {}", status.path, words::moment(ends)),
            None => format!("`{}` cannot be read", status.path),
        },
        EventKind::Diagnosed(found) => match &found.cause {
            Some(cause) => {
                let first = format!("the cause: {}: {}", cause.hosts.join(", "), cause.message);
                let seen =
                    cause.proofs.iter().map(|seen| format!("seen: {}: {}", seen.place, seen.what));
                let command = cause.command.iter().map(|command| format!("run: {command}"));
                return with(first, seen.chain([format!("fix: {}", cause.fix)]).chain(command));
            }
            None => "the cause was looked for, and none was found".to_owned(),
        },
        EventKind::RunDone { ok, seconds, .. } => {
            format!("{} after {}", if *ok { "done" } else { "not done" }, words::duration(*seconds))
        }
    };
    vec![one]
}

fn taken(it: &Taken) -> String {
    let Taken { name, thing, how, run } = it;
    let by = run.as_ref().map_or_else(String::new, |run| format!(" by the run {run}"));
    let how = match how {
        How::Done => "taken away",
        How::IfEmpty => "taken away if it was empty",
        How::Failed => "could not be taken away",
        How::Begun => "begun to be taken away",
    };
    format!("{name}: {thing}: {how}{by}")
}

fn with(first: String, rest: impl IntoIterator<Item = String>) -> Vec<String> {
    std::iter::once(first).chain(rest.into_iter().map(|line| format!("  {line}"))).collect()
}
