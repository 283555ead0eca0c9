//! The table of findings: grouped by what to do, because one fix often serves many hosts.

use super::state::Finding;
use super::style::{self, Style};
use super::{clean, line, words};
use crate::event::Severity;

/// Hosts named in one cell; the others are counted.
const HOSTS: usize = 4;

/// Findings that have a fix in common.
struct Group<'a> {
    fix: &'a str,
    rows: Vec<Row<'a>>,
}

/// One finding, and every host that has it.
struct Row<'a> {
    severity: Severity,
    name: &'a str,
    message: &'a str,
    hosts: Vec<&'a str>,
}

/// The table as lines, errors first; nothing when there are no findings.
pub fn table<'a>(findings: impl IntoIterator<Item = &'a Finding>, style: Style) -> Vec<String> {
    let groups = group(findings);
    if groups.is_empty() {
        return Vec::new();
    }
    let rows = || groups.iter().flat_map(|group| &group.rows);
    let of = |severity| rows().filter(|row| row.severity == severity).count();
    let mut totals = Vec::new();
    for severity in [Severity::Error, Severity::Warning] {
        if of(severity) > 0 {
            totals.push(words::count(of(severity), line::severity_word(severity)));
        }
    }
    let head = ["severity", "check", "hosts", "finding"].map(|cell| style.bold(cell)).to_vec();
    let cells: Vec<Vec<String>> =
        std::iter::once(head).chain(rows().map(|row| row.cells(style))).collect();
    let mut aligned = style::table(&cells).into_iter();
    let mut lines = vec![format!("found {}", words::list(&totals, 2))];
    lines.extend(aligned.next());
    for group in &groups {
        lines.extend(aligned.by_ref().take(group.rows.len()));
        for (place, fix) in group.fix.lines().enumerate() {
            let label = if place == 0 { "fix:" } else { "    " };
            lines.push(format!("    {label} {}", clean::line(fix, clean::LINE)));
        }
    }
    lines
}

impl Row<'_> {
    fn cells(&self, style: Style) -> Vec<String> {
        let word = line::severity_word(self.severity);
        let severity = match self.severity {
            Severity::Error => style.red(word),
            Severity::Warning => style.yellow(word),
        };
        let hosts = words::list(&self.hosts, HOSTS);
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
    for finding in findings {
        let host = finding.host.as_deref().unwrap_or("the cluster");
        let place = groups.iter().position(|group| group.fix == finding.fix).unwrap_or_else(|| {
            groups.push(Group { fix: &finding.fix, rows: Vec::new() });
            groups.len() - 1
        });
        let rows = &mut groups[place].rows;
        let same = |row: &&mut Row| {
            (row.severity, row.name, row.message)
                == (finding.severity, &finding.name, &finding.message)
        };
        match rows.iter_mut().find(same) {
            Some(row) if row.hosts.contains(&host) => {}
            Some(row) => row.hosts.push(host),
            None => rows.push(Row {
                severity: finding.severity,
                name: &finding.name,
                message: &finding.message,
                hosts: vec![host],
            }),
        }
    }
    // Stable, so that the order of the checks decides among equals.
    for group in &mut groups {
        group.rows.sort_by_key(|row| std::cmp::Reverse(row.severity));
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.rows.iter().map(|row| row.severity).max()));
    groups
}
