//! What differs from before: in one line, for the log, for JSON, and as a block at the end.

use serde::Serialize;

use super::log::Log;
use super::state::{Host, State};
use super::style::{self, Style};
use super::{clean, words};
use crate::compare::noise;
use crate::event::{Comparison, Difference};

/// Lines shown of each kind for each host; the log has them all.
const LINES: usize = 20;

/// The comparison as programs read it.
#[derive(Serialize)]
pub struct Record<'a> {
    /// What should be gone, or back.
    differences: Vec<&'a str>,
    /// Why each of them counts, in their order.
    reasons: Vec<&'a str>,
    owners: Vec<Line<'a>>,
    noise: Vec<Line<'a>>,
    baseline: &'a str,
}

/// A line, and why it is taken for what it is.
#[derive(Serialize)]
pub struct Line<'a> {
    line: &'a str,
    because: &'a str,
}

impl<'a> Record<'a> {
    /// That of a comparison.
    pub fn of(comparison: &'a Comparison) -> Self {
        let lines = |list: &'a [Difference]| {
            list.iter().map(|it| Line { line: &it.line, because: &it.because }).collect()
        };
        Self {
            differences: comparison.left.iter().map(|it| it.line.as_str()).collect(),
            reasons: comparison.left.iter().map(|it| it.because.as_str()).collect(),
            owners: lines(&comparison.owners),
            noise: lines(&comparison.noise),
            baseline: &comparison.baseline,
        }
    }
}

/// `2 differences from before`, and how much the owner has changed since.
pub fn first(comparison: &Comparison) -> String {
    let left = format!("{} from before", words::count(comparison.left.len(), "difference"));
    match comparison.owners.len() {
        0 => left,
        some => format!("{left}; {} of its owner's since", words::count(some, "change")),
    }
}

/// All of it, for the log.
pub fn log(comparison: &Comparison) -> Vec<String> {
    let mut lines = vec![first(comparison)];
    let lists = [
        ("left", &comparison.left),
        ("its owner's", &comparison.owners),
        ("ignored", &comparison.noise),
    ];
    for (whose, list) in lists {
        lines.extend(list.iter().map(|it| format!("  {whose}: {} ({})", it.line, it.because)));
    }
    lines
}

/// host | differences, then the differing lines, and what the owners changed since.
pub fn block(state: &State, log: &Log, quiet: bool, ignored: bool, style: Style) -> Vec<String> {
    let compared: Vec<(&Host, &Comparison)> = state
        .hosts
        .iter()
        .filter_map(|host| Some((host, host.comparison.as_ref()?)))
        .filter(|(_, comparison)| !quiet || !comparison.left.is_empty())
        .collect();
    if compared.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new()];
    lines.extend(table(&compared, style));
    for (host, comparison) in &compared {
        let name = clean::line(&host.name, clean::LINE);
        let (left, owners) = (&comparison.left, &comparison.owners);
        let title = format!("{name} differs from before (+ is new, - is gone):");
        lines.extend(list(&title, left, host, log));
        let title =
            format!("{name}: others than bivouac and its cluster changed this since, so it stays:");
        lines.extend(list(&title, owners, host, log));
    }
    if ignored {
        lines.extend(hidden(&compared));
    }
    lines
}

fn table(compared: &[(&Host, &Comparison)], style: Style) -> Vec<String> {
    let with_owners = compared.iter().any(|(_, comparison)| !comparison.owners.is_empty());
    let mut head = vec![style.bold("host"), style.bold("differences")];
    if with_owners {
        head.push(style.bold("its owner's changes"));
    }
    let cells = compared.iter().map(|(host, comparison)| {
        let number = comparison.left.len().to_string();
        let number = if comparison.left.is_empty() { number } else { style.red(&number) };
        let mut row = vec![clean::line(&host.name, clean::LINE).into_owned(), number];
        if with_owners {
            row.push(comparison.owners.len().to_string());
        }
        row
    });
    let cells: Vec<Vec<String>> = std::iter::once(head).chain(cells).collect();
    style::table(&cells)
}

/// Differences under a title, each reason once, above what it is the reason of.
fn list(title: &str, differences: &[Difference], host: &Host, log: &Log) -> Vec<String> {
    if differences.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), title.to_owned()];
    let mut said = "";
    for difference in differences.iter().take(LINES) {
        lines.push(format!("  {}", clean::line(&difference.line, clean::LINE)));
        if difference.because != said && !difference.because.is_empty() {
            lines.push(format!("    {}", clean::line(&difference.because, clean::LINE)));
        }
        said = &difference.because;
    }
    let more = differences.len().saturating_sub(LINES);
    if more > 0 {
        let place = match log.path(Some(&host.name)) {
            Some(path) => format!(" in {}", clean::line(&path.to_string_lossy(), clean::LINE)),
            None => String::new(),
        };
        lines.push(format!("  and {}{place}", words::count(more, "more line")));
    }
    lines
}

/// What is no difference, with the list by which it is none.
fn hidden(compared: &[(&Host, &Comparison)]) -> Vec<String> {
    let mut lines = vec![String::new(), "never a difference (patterns of paths):".to_owned()];
    lines.extend(noise::list().map(|(pattern, reason)| format!("  {pattern}\n    {reason}")));
    lines.push("not looked at:".to_owned());
    lines.extend(noise::UNSEEN.iter().map(|(what, reason)| format!("  {what}\n    {reason}")));
    for (host, comparison) in compared {
        let name = clean::line(&host.name, clean::LINE);
        let count = words::count(comparison.noise.len(), "line");
        lines.push(format!("{name}: {count} hidden by these"));
        for it in &comparison.noise {
            let (line, because) =
                (clean::line(&it.line, clean::LINE), clean::line(&it.because, clean::LINE));
            lines.push(format!("  {line} ({because})"));
        }
    }
    lines.iter().flat_map(|line| line.split('\n').map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::event::{Event, EventKind};

    #[test]
    fn what_is_ignored_is_shown_where_it_is_asked_for_with_the_list_that_ignores_it() {
        let difference = |line: &str, because: &str| Difference {
            line: line.to_owned(),
            because: because.to_owned(),
        };
        let comparison = Comparison {
            noise: vec![difference("+ path f 644 0:0 /var/log/\u{1b}[2Jx.log", "logs")],
            ..Comparison::default()
        };
        let mut state = State::default();
        let kind = EventKind::Compared(Box::new(comparison));
        state.apply(&Event { time: UNIX_EPOCH, host: Some("a".to_owned()), kind });
        let log = Log::new(None);
        let shown = |ignored| block(&state, &log, false, ignored, Style::default()).join("\n");
        assert!(!shown(false).contains("/var/log"), "{}", shown(false));
        let all = shown(true);
        let (list, host) = all.split_once("a: 1 line hidden by these").unwrap();
        assert!(host.contains("/var/log/\\x1b[2Jx.log (logs)"), "{host}");
        for (pattern, reason) in noise::list() {
            assert!(list.contains(pattern) && list.contains(reason), "{list}");
        }
        assert!(noise::UNSEEN.iter().all(|(what, _)| list.contains(what)), "{list}");
    }
}
