//! `bivouac explain`: the page of a finding or a cause; and `preflight --list`.

use serde_json::json;

use super::exit::{Exit, Stop};
use super::options::Options;
use super::pages::PAGES;
use crate::cluster::nearest;
use crate::event::Severity;
use crate::page::{Page, covers};
use crate::playbook::Library;
use crate::{diagnose, preflight, report, residue, status};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A name as findings have it: `Swap`, `Port-6443`. Without one all are listed.
    name: Option<String>,
}

pub fn run(options: &Options, args: &Args) -> Result<Exit, Stop> {
    let all = all()?;
    let Some(name) = &args.name else { return list(options, &all) };
    let called = preflight::called(name);
    let known = |page: &&Page| page.is_of(called) || page.name == called;
    let Some(page) = all.iter().find(known) else { return Err(unknown(name, &all)) };
    match options.output() {
        report::Output::Text => say(&page.shown()),
        report::Output::Json => say(&line("page", page, true)),
    }
}

/// The checks of preflight.
pub fn checks(options: &Options) -> Result<Exit, Stop> {
    let all = all()?;
    let checks = preflight::CHECKS.iter().map(|check| check.name);
    let checks: Vec<Page> =
        checks.filter_map(|name| all.iter().find(|page| page.name == name).copied()).collect();
    list(options, &checks)
}

/// Every page: those of preflight first, in the order of its checks.
pub fn all() -> Result<Vec<Page>, Stop> {
    let library =
        Library::embedded().map_err(|error| Stop::error(Exit::Usage, &error, error.fix()))?;
    let repairs = library.repairs();
    let mut pages: Vec<Page> =
        preflight::pages().chain(PAGES.iter().chain(status::PAGES).copied()).collect();
    // Where preflight finds the same beforehand its page says all of it.
    let causes: Vec<Page> = diagnose::pages()
        .filter(|cause| !pages.iter().any(|page| page.is_of(cause.name)))
        .collect();
    pages.extend(causes);
    pages.extend(residue::pages());
    for page in &mut pages {
        page.repairs = repairs.iter().any(|name| page.is_of(name) || covers(name, page.name));
    }
    Ok(pages)
}

fn list(options: &Options, pages: &[Page]) -> Result<Exit, Stop> {
    match options.output() {
        report::Output::Json => {
            say(&pages.iter().map(|page| line("check", page, false)).collect::<String>())
        }
        report::Output::Text => {
            let head = ["name", "severity", "phase", "repair", "makes sure that"];
            let row = |page: &Page| {
                let severity = page.severity.map_or("cause", Severity::word);
                let repair = if page.repairs { "--fix" } else { "" };
                [page.name, severity, page.phase.word(), repair, page.what].map(str::to_owned)
            };
            let rows: Vec<Vec<String>> = std::iter::once(head.map(str::to_owned))
                .chain(pages.iter().map(row))
                .map(Vec::from)
                .collect();
            say(&report::table(&rows))
        }
    }
}

/// One object a line, for other programs: do not rename what is in it.
fn line(event: &str, page: &Page, with_text: bool) -> String {
    let mut object = json!({
        "event": event,
        "name": page.name,
        "of": page.of,
        "what": page.what,
        "severity": page.severity.map(Severity::word),
        "phase": page.phase.word(),
        "breaks": page.breaks,
        "kubeadm": page.kubeadm,
        "repairs": page.repairs,
        "skips": page.skips,
    });
    if with_text {
        object["text"] = json!(page.text);
    }
    format!("{object}\n")
}

fn unknown(name: &str, all: &[Page]) -> Stop {
    let names: Vec<&str> = all.iter().map(|page| page.name).collect();
    let meant = match nearest(name, &names) {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => String::new(),
    };
    Stop::new(
        Exit::Usage,
        format!(
            "`{name}` is no finding and no cause{meant}\n  fix: `bivouac explain` lists all of them"
        ),
    )
}

fn say(text: &str) -> Result<Exit, Stop> {
    report::out(text).map_err(|error| Stop::error(Exit::Failed, &error, ""))?;
    Ok(Exit::Done)
}
