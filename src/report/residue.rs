//! What of any Kubernetes is on hosts, and what becomes of it: the result of `verify-clean` and `plan wipe`, and what a wipe asks about.

use super::style::Style;
use super::{clean, words};
use crate::residue::{self, Judged, Outcome, Verdict, Whose};

/// What a look at a host came to: what is there, or why that is not known.
pub type Looked = (String, Result<Judged, String>);

/// Things named of one kind; of more the others are counted.
const SHOWN: usize = 3;

/// All hosts, each with what goes, what stays and what is unsure; `all` names everything.
pub fn text(hosts: &[Looked], all: bool, style: Style) -> String {
    each(hosts, style, |name, judged| found(name, judged, all, style))
}

/// What is left on hosts after a wipe: one line for a clean one.
pub fn left(hosts: &[Looked], all: bool, style: Style) -> String {
    each(hosts, style, |name, judged| after(name, judged, all, style))
}

/// What on the hosts counted as nothing of Kubernetes', and what no look tells.
pub fn ignored(hosts: &[Looked]) -> String {
    let unseen = residue::unseen().map(|(what, why)| format!("  {what}: {why}"));
    let mut lines = vec!["not looked for:".to_owned()];
    lines.extend(unseen);
    for (name, judged) in hosts.iter().filter_map(|(name, it)| Some((name, it.as_ref().ok()?))) {
        let count = words::count(judged.passed_over.len(), "thing");
        let name = clean::line(name, clean::LINE);
        lines.push(format!("{name}: {count} there that nothing calls Kubernetes'"));
        let things = judged.passed_over.iter();
        lines.extend(things.map(|it| format!("  {}", clean::line(it, clean::LINE))));
    }
    lines.join("\n") + "\n"
}

/// One part a host; of one that was not seen, why.
fn each(hosts: &[Looked], style: Style, of: impl Fn(&str, &Judged) -> Vec<String>) -> String {
    let parts = hosts.iter().flat_map(|(name, looked)| {
        let name = clean::line(name, clean::LINE);
        match looked {
            Err(why) => {
                vec![style.red(&format!("{name}: {}", clean::line(why, clean::LINE)))]
            }
            Ok(judged) => of(&name, judged),
        }
    });
    parts.collect::<Vec<_>>().join("\n") + "\n"
}

fn after(name: &str, judged: &Judged, all: bool, style: Style) -> Vec<String> {
    let mut lines = match judged.residue().count() {
        0 => vec![style.green(&format!("{name}: clean of what is known"))],
        _ => vec![style.red(&format!("{name}: {} left", counted(judged)))],
    };
    lines.extend(grouped(&judged.spared, all, |_| true, "was shown to go, and stays"));
    lines.extend(groups(judged, all, |it| matches!(it, Outcome::Goes { .. }), "is there still"));
    lines.extend(groups(judged, all, is_kept, "stays"));
    lines.extend(groups(judged, all, is_unsure, "unsure, so it stays"));
    lines.extend(settings(judged, all));
    lines
}

fn found(name: &str, judged: &Judged, all: bool, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    let installers: Vec<&str> = judged.installers.iter().map(|it| it.name()).collect();
    let by = match installers.as_slice() {
        [] => String::new(),
        some => format!(", made by {}", some.join(" and ")),
    };
    if judged.residue().next().is_none() {
        lines.push(style.green(&format!("{name}: clean of what is known{by}")));
    } else {
        lines.push(style.bold(&format!("{name}: {}{by}", counted(judged))));
    }
    lines.extend(groups(judged, all, |it| matches!(it, Outcome::Goes { .. }), "goes"));
    lines.extend(groups(judged, all, is_kept, "stays, because it cannot be had back"));
    lines.extend(groups(judged, all, is_unsure, "unsure, so it stays"));
    lines.extend(groups(judged, all, is_owners, "stays, for it is not Kubernetes' own"));
    lines.extend(settings(judged, all));
    lines
}

/// `3 things of Kubernetes', and 2 that may be`: what nothing is known of may be the owner's.
fn counted(judged: &Judged) -> String {
    let unsure = judged.residue().filter(|it| is_unsure(&it.outcome)).count();
    match (judged.residue().count() - unsure, unsure) {
        (0, unsure) => format!("{} that may be Kubernetes'", words::count(unsure, "thing")),
        (sure, 0) => format!("{} of Kubernetes'", words::count(sure, "thing")),
        (sure, unsure) => {
            format!("{} of Kubernetes', and {unsure} that may be", words::count(sure, "thing"))
        }
    }
}

fn settings(judged: &Judged, all: bool) -> Vec<String> {
    groups(
        judged,
        all,
        |it| matches!(it, Outcome::Setting { .. }),
        "changed in the system; `--restore-defaults` puts back what the distribution ships, where it can",
    )
}

fn is_kept(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Stays { whose: Whose::Cluster, .. })
}

fn is_unsure(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Unsure { .. })
}

fn is_owners(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Stays { whose: Whose::Owner, .. })
}

/// Why, in a few words.
pub fn because(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Goes { proof: why, .. }
        | Outcome::Stays { why, .. }
        | Outcome::Unsure { unknown: why, .. } => why.clone(),
        Outcome::Setting { now, ships, removal } => {
            let by = if removal.is_some() { "" } else { "; only by hand" };
            format!("now {now}; shipped: {ships}{by}")
        }
    }
}

/// The things of some outcome: those that one entry knows for one reason are one line.
fn groups(judged: &Judged, all: bool, of: impl Fn(&Outcome) -> bool, title: &str) -> Vec<String> {
    grouped(&judged.verdicts, all, of, title)
}

fn grouped(
    verdicts: &[Verdict],
    all: bool,
    of: impl Fn(&Outcome) -> bool,
    title: &str,
) -> Vec<String> {
    let mut groups: Vec<(&str, String, Vec<&Verdict>)> = Vec::new();
    for verdict in verdicts.iter().filter(|it| of(&it.outcome)) {
        let why = because(&verdict.outcome);
        match groups
            .iter_mut()
            .find(|(name, reason, _)| *name == verdict.entry.name && *reason == why)
        {
            Some((_, _, things)) => things.push(verdict),
            None => groups.push((verdict.entry.name, why, vec![verdict])),
        }
    }
    if groups.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!("  {title}:")];
    for (name, why, things) in groups {
        let shown = if all { things.len() } else { SHOWN };
        let mut named: Vec<String> = things
            .iter()
            .take(shown)
            .map(|it| clean::line(&it.thing, clean::LINE).into_owned())
            .collect();
        if things.len() > shown {
            named.push(format!("and {} more", things.len() - shown));
        }
        lines.push(format!(
            "    {name:<24} {}: {}",
            named.join(", "),
            clean::line(&why, clean::LINE)
        ));
    }
    lines
}
