//! The table of findings: grouped by what to do, because one fix often serves many hosts; and what could not
//! be looked at.

use std::collections::{HashMap, HashSet};

use super::state::{Finding, Skipped, Unchecked};
use super::style::{self, Style};
use super::{clean, words};
use crate::event::{Breaks, Severity};
use crate::preflight::EVERYTHING;

/// Hosts named in one cell; of more, all are named below the row.
const HOSTS: usize = 4;
/// Rows of one fix; of more, the hosts are named.
const ROWS: usize = 60;
/// Hosts named below a row; the logs have them all.
const NAMES: usize = 200;
/// Columns of a list of hosts.
const WIDTH: usize = 100;

/// Findings that have a fix in common.
struct Group<'a> {
    fix: &'a str,
    command: Option<&'a str>,
    repairs: bool,
    breaks: Vec<Breaks>,
    rows: Vec<Row<'a>>,
}

/// One finding, and every host that has it.
struct Row<'a> {
    severity: Severity,
    name: &'a str,
    message: &'a str,
    hosts: Vec<&'a str>,
}

/// The table as lines, errors first; nothing when there are no findings. `all` is how many hosts the run has.
pub fn table<'a>(
    findings: impl IntoIterator<Item = &'a Finding>,
    all: usize,
    style: Style,
) -> Vec<String> {
    let groups = group(findings);
    if groups.is_empty() {
        return Vec::new();
    }
    let rows = || groups.iter().flat_map(|group| &group.rows);
    let of = |severity| rows().filter(|row| row.severity == severity).count();
    let mut totals = Vec::new();
    for severity in [Severity::Error, Severity::Warning] {
        if of(severity) > 0 {
            totals.push(words::count(of(severity), severity.word()));
        }
    }
    let head = ["severity", "check", "hosts", "finding"].map(|cell| style.bold(cell)).to_vec();
    let shown = || groups.iter().flat_map(|group| group.rows.iter().take(ROWS));
    let cells: Vec<Vec<String>> =
        std::iter::once(head).chain(shown().map(|row| row.cells(all, style))).collect();
    let mut aligned = style::table(&cells).into_iter();
    let mut lines = vec![format!("found {}", words::list(&totals, 2))];
    lines.extend(aligned.next());
    for group in &groups {
        for row in group.rows.iter().take(ROWS) {
            lines.extend(aligned.next());
            if row.hosts.len() > HOSTS && row.hosts.len() != all {
                lines.extend(labelled("hosts", &names(&row.hosts)));
            }
        }
        lines.extend(group.rest());
        lines.extend(group.below(style));
    }
    lines
}

/// What could not be looked at, as lines; what many hosts have in common is one.
pub fn unchecked<'a>(
    unchecked: impl IntoIterator<Item = &'a Unchecked>,
    all: usize,
    style: Style,
) -> Vec<String> {
    let mut rows: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for it in unchecked {
        let key = (it.name.as_str(), it.because.as_str());
        let place = *places.entry(key).or_insert_with(|| {
            rows.push((key.0, key.1, Vec::new()));
            rows.len() - 1
        });
        rows[place].2.push(it.host.as_deref().unwrap_or("the cluster"));
    }
    // Checks that lack the same on the same hosts share a line.
    let mut shared: Vec<(Vec<&str>, &str, Vec<&str>)> = Vec::new();
    for (name, because, hosts) in rows {
        let name = if name == EVERYTHING { "everything else" } else { name };
        match shared.iter_mut().find(|it| (it.1, &it.2) == (because, &hosts)) {
            Some((names, ..)) => names.push(name),
            None => shared.push((vec![name], because, hosts)),
        }
    }
    let row = |(names, because, hosts): &(Vec<&str>, &str, Vec<&str>)| {
        let row = format!("{} on {}: {because}", names.join(", "), counted(hosts, all));
        format!("  {}", clean::line(&row, clean::LINE))
    };
    let head = (!shared.is_empty()).then(|| style.bold("not checked:"));
    head.into_iter().chain(shared.iter().map(row)).collect()
}

/// What was not to be looked at, and why.
pub fn skipped(skipped: &[Skipped], style: Style) -> Vec<String> {
    let row = |it: &Skipped| {
        format!("  {}", clean::line(&format!("{}: {}", it.name, it.because), clean::LINE))
    };
    let head = (!skipped.is_empty()).then(|| style.bold("skipped:"));
    head.into_iter().chain(skipped.iter().map(row)).collect()
}

impl Group<'_> {
    /// The rows that are too many, by their hosts.
    fn rest(&self) -> Vec<String> {
        let rest = self.rows.get(ROWS..).unwrap_or_default();
        if rest.is_empty() {
            return Vec::new();
        }
        let mut seen = HashSet::new();
        let hosts: Vec<&str> = rest
            .iter()
            .flat_map(|row| row.hosts.iter().copied())
            .filter(|host| seen.insert(*host))
            .collect();
        let label = format!("and {} like these on", rest.len());
        labelled(&label, &names(&hosts))
    }

    /// What it breaks, and what to do.
    fn below(&self, style: Style) -> Vec<String> {
        let mut lines = Vec::new();
        for Breaks { phase, what } in &self.breaks {
            lines.extend(labelled("breaks", &[format!("{what} ({})", phase.word())]));
        }
        let fix: Vec<String> =
            self.fix.lines().map(|line| clean::line(line, clean::LINE).into_owned()).collect();
        lines.extend(labelled("fix", &fix));
        // A line that can be copied: nothing but the command is on it.
        if let Some(command) = self.command {
            let command = clean::line(command, clean::LINE);
            lines.push("    run, as root on the host:".to_owned());
            lines.push(format!("      {}", style.bold(&command)));
        }
        if self.repairs {
            lines.push("    or let it be done: `bivouac preflight --fix`".to_owned());
        }
        lines
    }
}

/// Lines below a row, the first with a label.
fn labelled(label: &str, lines: &[String]) -> Vec<String> {
    let label = format!("    {label}: ");
    let indent = " ".repeat(label.len().min(10));
    let at = |(place, line): (usize, &String)| {
        format!("{}{line}", if place == 0 { &label } else { &indent })
    };
    lines.iter().enumerate().map(at).collect()
}

/// Names in lines, `a, b, c`.
fn names(hosts: &[&str]) -> Vec<String> {
    let mut lines = vec![String::new()];
    let more = hosts.len().saturating_sub(NAMES);
    for (place, host) in hosts.iter().take(NAMES).enumerate() {
        let comma = if place + 1 == hosts.len() { "" } else { "," };
        let word = format!("{}{comma}", clean::line(host, clean::LINE));
        match lines.last_mut() {
            Some(line) if line.is_empty() => *line = word,
            Some(line) if line.len() + 1 + word.len() <= WIDTH => *line = format!("{line} {word}"),
            _ => lines.push(word),
        }
    }
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

/// Hosts as a word or two: by name, or how many they are.
fn counted(hosts: &[&str], all: usize) -> String {
    match hosts.len() {
        some if some > HOSTS && some == all => format!("all {all} hosts"),
        some if some > HOSTS => format!("{some} hosts"),
        _ => words::list(hosts, HOSTS),
    }
}

impl Row<'_> {
    fn cells(&self, all: usize, style: Style) -> Vec<String> {
        let word = self.severity.word();
        let severity = match self.severity {
            Severity::Error => style.red(word),
            Severity::Warning => style.yellow(word),
        };
        let hosts = counted(&self.hosts, all);
        [severity.as_str(), self.name, &hosts, self.message]
            .iter()
            .enumerate()
            // The first cell is ours, with its colours.
            .map(|(column, cell)| match column {
                0 => (*cell).to_owned(),
                _ => clean::line(cell, clean::LINE).into_owned(),
            })
            .collect()
    }
}

fn group<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<(&str, Option<&str>), usize> = HashMap::new();
    let mut rows: HashMap<(usize, Severity, &str, &str), usize> = HashMap::new();
    let mut seen = HashSet::new();
    for Finding { host, found } in findings {
        let host = host.as_deref().unwrap_or("the cluster");
        let key = (found.fix.as_str(), found.command.as_deref());
        let place = *places.entry(key).or_insert_with(|| {
            let (fix, command) = key;
            let repairs = found.repairs;
            groups.push(Group { fix, command, repairs, breaks: Vec::new(), rows: Vec::new() });
            groups.len() - 1
        });
        let group = &mut groups[place];
        group.breaks.extend(found.breaks.filter(|breaks| !group.breaks.contains(breaks)));
        let (severity, name, message) = (found.severity, found.name.as_str(), &found.message);
        let row = *rows.entry((place, severity, name, message)).or_insert_with(|| {
            group.rows.push(Row { severity, name, message, hosts: Vec::new() });
            group.rows.len() - 1
        });
        if seen.insert((place, row, host)) {
            group.rows[row].hosts.push(host);
        }
    }
    // Stable, so that the order of the checks decides among equals.
    for group in &mut groups {
        group.rows.sort_by_key(|row| std::cmp::Reverse(row.severity));
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.rows.iter().map(|row| row.severity).max()));
    groups
}
