//! What is said when the run is over: who took how long, what determined it, what differs.

use super::log::Log;
use super::state::{Doing, End, Host, State};
use super::style::{self, Style};
use super::{Settings, clean, comparison, diagnosis, failure, line, words};
use crate::event::Severity;

/// Hosts in the table; of more, the slowest are shown.
const HOSTS: usize = 40;
/// Columns of the critical path's lines.
const WIDTH: usize = 100;

/// Everything that is said at the end, in order: the host that failed comes last, where one looks.
pub fn lines(state: &State, log: &Log, settings: &Settings, style: Style) -> Vec<String> {
    let Settings { resume_command: resume, quiet, show_ignored, .. } = settings;
    let (quiet, show_ignored) = (*quiet, *show_ignored);
    let mut lines = Vec::new();
    if !quiet {
        lines.extend(hosts(state, style));
        lines.extend(state.end.iter().flat_map(|end| critical_path(end, style)));
    }
    lines.extend(comparison::block(state, log, quiet, show_ignored, style));
    let failures = failure::blocks(state, log, resume, style);
    let told = !failures.is_empty();
    lines.extend(failures);
    lines.extend(state.diagnosis.iter().flat_map(|found| diagnosis::block(found, style)));
    if !quiet || !ok(state) {
        lines.push(String::new());
        lines.extend(outcome(state, log, settings.by_proof, style));
        if !ok(state) && !told && !resume.is_empty() {
            lines.push(format!("go on with: {}", style.bold(&clean::line(resume, clean::LINE))));
        }
    }
    lines
}

fn ok(state: &State) -> bool {
    state.end.as_ref().is_some_and(|end| end.ok)
}

/// host | steps changed | time | slowest step
fn hosts(state: &State, style: Style) -> Vec<String> {
    // A run that only looked has no steps to speak of.
    if state.hosts.iter().all(|host| host.slowest.is_none()) {
        return Vec::new();
    }
    let mut rows: Vec<&Host> = state.hosts.iter().collect();
    let hidden = rows.len().saturating_sub(HOSTS);
    if hidden > 0 {
        let seconds = |host: &Host| host.seconds.unwrap_or(f64::MAX);
        rows.sort_by(|one, other| seconds(other).total_cmp(&seconds(one)));
        rows.truncate(HOSTS);
    }
    let head = ["host", "steps changed", "time", "slowest step"].map(|cell| style.bold(cell));
    let cells = rows.iter().map(|host| {
        let failed = usize::from(matches!(host.doing, Doing::Failed(_)));
        let slowest = host.slowest.as_ref().map_or_else(String::new, |(step, seconds)| {
            format!("{} ({})", line::step(step), words::duration(*seconds))
        });
        vec![
            clean::line(&host.name, clean::LINE).into_owned(),
            format!("{} of {}", host.changed, host.changed + host.unchanged + failed),
            host.seconds.map_or_else(|| "not done".to_owned(), words::duration),
            clean::line(&slowest, clean::LINE).into_owned(),
        ]
    });
    let cells: Vec<Vec<String>> = std::iter::once(head.to_vec()).chain(cells).collect();
    let mut lines = vec![String::new()];
    lines.extend(style::table(&cells));
    if hidden > 0 {
        lines.push(format!("  and {} that took less", words::count(hidden, "host")));
    }
    lines
}

/// `critical path 41.2 s: cp1 kubernetes: kubeadm init 15.1 s → w1 ...`, wrapped. Stretches below
/// a fiftieth of the whole are summed up: they are not where the time went.
fn critical_path(end: &End, style: Style) -> Vec<String> {
    let total: f64 = end.critical_path.iter().map(|stretch| stretch.seconds).sum();
    if end.critical_path.is_empty() {
        return Vec::new();
    }
    let (long, short): (Vec<_>, Vec<_>) =
        end.critical_path.iter().partition(|stretch| stretch.seconds * 50.0 >= total);
    let mut parts: Vec<String> = long
        .iter()
        .map(|stretch| {
            let (host, step) = (&stretch.host, line::step(&stretch.step));
            format!("{host} {step} {}", words::duration(stretch.seconds))
        })
        .collect();
    if !short.is_empty() {
        let seconds = short.iter().map(|stretch| stretch.seconds).sum();
        let number = words::count(short.len(), "shorter step");
        parts.push(format!("{number} {}", words::duration(seconds)));
    }
    let arrow = style.sign("→", "->");
    let head = format!("critical path {}:", words::duration(total));
    let mut lines = vec![String::new()];
    let mut current = style.bold(&head);
    let mut width = head.len();
    for (place, part) in parts.iter().enumerate() {
        let part = clean::line(part, clean::LINE);
        let part = match place {
            0 => part.into_owned(),
            _ if place >= long.len() => format!("and {part}"),
            _ => format!("{arrow} {part}"),
        };
        let columns = console::measure_text_width(&part);
        if place > 0 && width + 1 + columns > WIDTH {
            lines.push(std::mem::replace(&mut current, " ".to_owned()));
            width = 1;
        }
        current.push(' ');
        current.push_str(&part);
        width += 1 + columns;
    }
    lines.push(current);
    lines
}

/// The verdict, and where the logs are.
fn outcome(state: &State, log: &Log, by_proof: bool, style: Style) -> Vec<String> {
    let what = match (state.verb.as_str(), state.cluster.as_str()) {
        ("", _) => "the run".to_owned(),
        (verb, "") => format!("`{verb}`"),
        // Nobody gave that cluster a name.
        (verb, _) if by_proof => format!("`{verb}`"),
        (verb, cluster) => format!("`{verb}` of `{cluster}`"),
    };
    let what = clean::line(&what, clean::LINE);
    let verdict = match &state.end {
        Some(end) if end.ok => {
            let took = words::duration(end.seconds);
            style.green(&format!("{what} is done after {took}"))
        }
        Some(end) => {
            let took = words::duration(end.seconds);
            style.red(&format!("{what} is not done, after {took}: {}", reason(state, end)))
        }
        None => {
            let took = words::duration(state.latest.map_or(0.0, |latest| state.elapsed(latest)));
            style.red(&format!("{what} was cut off after {took}"))
        }
    };
    let mut lines = vec![verdict];
    if let Some(directory) = log.directory() {
        let directory = directory.to_string_lossy();
        lines.push(format!("logs: {}", clean::line(&directory, clean::LINE)));
    }
    lines
}

/// Why a run that ended is not done.
fn reason(state: &State, end: &End) -> String {
    // A host goes on behind a step that did not work.
    let has_failed = |host: &&Host| {
        matches!(host.doing, Doing::Failed(_))
            || state.failures.iter().any(|it| it.host.as_ref() == Some(&host.name))
    };
    let failed = state.hosts.iter().filter(has_failed).count();
    let stopped =
        state.hosts.iter().filter(|it| !has_failed(it) && it.doing == Doing::Stopped).count();
    let errors = state.findings.iter().filter(|it| it.found.severity == Severity::Error).count();
    let mut parts = Vec::new();
    if failed > 0 {
        parts.push(format!("{} with a step that did not work", words::count(failed, "host")));
    }
    if stopped > 0 {
        parts.push(format!("{} stopped early", words::count(stopped, "host")));
    }
    if let Some(differences @ 1..) = end.differences {
        parts.push(format!("{} from before", words::count(differences, "difference")));
    }
    if errors > 0 && state.failures.is_empty() {
        let changed = state.hosts.iter().any(|host| host.changed > 0);
        let changed = if changed { "" } else { ", nothing was changed" };
        parts.push(format!("{} found{changed}", words::count(errors, "error")));
    }
    match parts.as_slice() {
        // No host has begun with anything.
        [] if state.hosts.iter().all(|host| host.slowest.is_none()) => {
            "nothing was changed".to_owned()
        }
        [] => "interrupted".to_owned(),
        _ => words::list(&parts, 4),
    }
}
