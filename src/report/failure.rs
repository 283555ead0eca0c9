//! The block about a step that did not end well: host, step, first cause, last output, fix.

use super::log::Log;
use super::state::{Failure, State};
use super::style::Style;
use super::{clean, line, words};

/// Lines of output shown in a block; the log has them all.
const TAIL: usize = 20;
/// Hosts named in a block's first line.
const HOSTS: usize = 8;

/// One block for each step and cause. When a mirror is down, a hundred hosts say so at once: they
/// share a block, and the log of the first stands for all.
pub fn blocks(state: &State, log: &Log, resume: &str, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    for alike in group(&state.failures) {
        lines.push(String::new());
        lines.extend(block(&alike, log, style));
    }
    if !lines.is_empty() && !resume.is_empty() {
        lines.push(format!("  go on with: {}", style.bold(&clean::line(resume, clean::LINE))));
    }
    lines
}

/// The one line that says it while the run still goes on.
pub fn short(failure: &Failure) -> String {
    format!(
        "{}  did not work after {}: {}",
        line::step(&failure.step),
        words::duration(failure.seconds),
        failure.cause
    )
}

fn block(alike: &[&Failure], log: &Log, style: Style) -> Vec<String> {
    let Some(first) = alike.first() else { return Vec::new() };
    let hosts: Vec<&str> = alike.iter().map(|failure| host(failure)).collect();
    let head = format!(
        "{}: `{}` did not work after {}",
        words::list(&hosts, HOSTS),
        line::step(&first.step),
        words::duration(first.seconds)
    );
    let mut lines = vec![style.red(&clean::line(&head, clean::LINE))];
    labelled(&mut lines, "cause", &first.cause);
    let skipped = first.stderr_tail.len().saturating_sub(TAIL);
    if !first.stderr_tail.is_empty() {
        let whose = if alike.len() > 1 { format!(" on {}", host(first)) } else { String::new() };
        lines.push(format!("  last lines of its output{}:", clean::line(&whose, clean::LINE)));
    }
    for output in first.stderr_tail.iter().skip(skipped) {
        lines.push(format!("    {}", clean::line(output, clean::LINE)));
    }
    labelled(&mut lines, "fix", &first.fix);
    if let Some(path) = log.path(first.host.as_deref()) {
        labelled(&mut lines, "log", &path.to_string_lossy());
    }
    lines
}

/// `  cause: text`, with the further lines of the text below its first.
fn labelled(lines: &mut Vec<String>, label: &str, text: &str) {
    for (place, part) in text.trim_end().lines().enumerate() {
        let part = clean::line(part, clean::LINE);
        lines.push(match place {
            0 => format!("  {label}: {part}"),
            _ => format!("  {:width$}  {part}", "", width = label.len()),
        });
    }
}

fn host(failure: &Failure) -> &str {
    failure.host.as_deref().unwrap_or("the run")
}

fn group(failures: &[Failure]) -> Vec<Vec<&Failure>> {
    let mut groups: Vec<Vec<&Failure>> = Vec::new();
    for failure in failures {
        let alike = |group: &&mut Vec<&Failure>| {
            group.first().is_some_and(|first| {
                (&first.step, &first.cause, &first.fix)
                    == (&failure.step, &failure.cause, &failure.fix)
            })
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(failure),
            None => groups.push(vec![failure]),
        }
    }
    groups
}
