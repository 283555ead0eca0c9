//! What a diagnosis comes to, as text: the result of `bivouac diagnose`, and a block below what did not work.

use super::style::Style;
use super::{clean, words};
use crate::event::{Diagnosis, Named, Proof};

/// Hosts named in one line; the others are counted.
const HOSTS: usize = 4;
/// Things that are broken, of which more are counted.
const BROKEN: usize = 6;

/// The result of the verb.
pub fn text(found: &Diagnosis, cluster: &str, style: Style) -> String {
    let mut lines = verdict(found, cluster, style);
    if !found.is_well() && !found.broken.is_empty() {
        lines.push("broken:".to_owned());
        for (host, message) in found.broken.iter().take(BROKEN) {
            lines.push(shown(&format!("  {host}: {message}")));
        }
        let more = found.broken.len().saturating_sub(BROKEN);
        if more > 0 {
            lines.push(format!("  and {more} more"));
        }
    }
    if !found.unread.is_empty() {
        lines.push("not read, so nothing is known of:".to_owned());
        for (host, why, fix) in &found.unread {
            lines.push(shown(&format!("  {host}: {why}")));
            lines.push(shown(&format!("    fix: {fix}")));
        }
    }
    lines.join("\n") + "\n"
}

/// The block below a run that did not work; nothing where nothing was found.
pub fn block(found: &Diagnosis, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(cause) = &found.cause {
        lines.push(String::new());
        lines.push(style.bold("looked for the cause:"));
        lines.extend(named(cause, style));
        lines.extend(others(found));
    }
    lines
}

fn verdict(found: &Diagnosis, cluster: &str, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    let name = clean::line(cluster, clean::LINE);
    let read = words::count(found.read, "host");
    match &found.cause {
        Some(cause) => lines.extend(named(cause, style)),
        None if found.read == 0 => lines.push(style.red("no host could be read")),
        None if found.broken.is_empty() => {
            let sentence = format!("nothing is wrong with `{name}` that could be seen on {read}");
            lines.push(style.green(&sentence));
        }
        None => {
            lines
                .push(style.red(&format!("something is broken in `{name}`, and why is not known")));
            if !found.last_words.is_empty() {
                lines.push("last complaints:".to_owned());
            }
            for (host, proof) in &found.last_words {
                lines.push(shown(&format!("  {host}: {}: {}", proof.place, proof.what)));
            }
            lines.push(
                "  fix: look there; `bivouac diagnose --bundle FILE` packs all that was read, for a report"
                    .to_owned(),
            );
        }
    }
    lines.extend(others(found));
    lines
}

/// A cause with all that is known of it.
fn named(cause: &Named, style: Style) -> Vec<String> {
    let hosts: Vec<&str> = cause.hosts.iter().map(String::as_str).collect();
    let hosts = words::list(&hosts, HOSTS);
    let mut lines = vec![style.red(&shown(&format!("{hosts}: {}", cause.message)))];
    for (place, Proof { place: at, what }) in cause.proofs.iter().enumerate() {
        let label = if place == 0 { "seen:" } else { "     " };
        lines.push(shown(&format!("  {label} {at}: {what}")));
    }
    lines.push(shown(&format!("  fix: {}", cause.fix)));
    if let Some(command) = &cause.command {
        let where_ = if cause.hosts.len() > 1 { "on each" } else { "on it" };
        lines.push(format!(
            "  run {where_}: {}",
            style.bold(&clean::line(command, clean::LOG_LINE))
        ));
    }
    lines.push(format!("  more: `bivouac explain {}`", cause.name));
    lines
}

fn others(found: &Diagnosis) -> Vec<String> {
    let mut lines = Vec::new();
    if !found.others.is_empty() {
        lines.push(if found.cause.is_some() { "also seen:" } else { "worth knowing:" }.to_owned());
    }
    for other in &found.others {
        let hosts: Vec<&str> = other.hosts.iter().map(String::as_str).collect();
        let hosts = words::list(&hosts, HOSTS);
        lines.push(shown(&format!("  {hosts}: {} ({})", other.message, other.name)));
    }
    lines
}

/// A line that may have a host's words in it.
fn shown(line: &str) -> String {
    clean::line(line, clean::LINE).into_owned()
}
