//! What is known of a host that this tool did not install: what of any Kubernetes was there, what went, and what is there now.

use std::fmt::Write as _;

use serde::Serialize;

use super::super::state::{Doing, Host};
use super::super::words;
use super::page::{facts, table};
use super::{Reasoned, Verdict};
use crate::event::{Fate, Leftover, Sight};

/// What was found, and what became of it.
#[derive(Debug, Serialize)]
pub struct Cleared {
    /// Who installed it, as far as marks on the disk tell.
    made_by: Vec<String>,
    /// Whether the host was looked at again after a wipe.
    looked_again: bool,
    /// How many things were found at first.
    found: usize,
    /// It was there and is not any more, and what proved it Kubernetes' own.
    went: Vec<Thing>,
    /// It is provably Kubernetes' own, and is there.
    left: Vec<Thing>,
    /// It is the cluster's, and kept because it cannot be had back.
    kept: Vec<Thing>,
    /// It is there, because something is not known.
    unsure: Vec<Thing>,
    /// It only looks like Kubernetes'.
    owners: Vec<Thing>,
    settings: Vec<Setting>,
    /// What was there too and nothing calls Kubernetes'.
    passed_over: Vec<String>,
}

/// A thing, and why it is taken for what it is.
#[derive(Debug, Serialize)]
struct Thing {
    what: String,
    because: String,
    /// The entry of the table of leftovers: `bivouac explain NAME`.
    name: &'static str,
    classes: &'static [&'static str],
}

/// A setting of the system that installers change.
#[derive(Debug, Serialize)]
struct Setting {
    what: String,
    now: String,
    /// What the distribution, or the kernel, ships.
    shipped: String,
    /// `yes`, `no`, or `only by hand`.
    restored: &'static str,
    name: &'static str,
    classes: &'static [&'static str],
}

/// Whether the host is clean, as far as anybody knows.
pub fn result(host: &Host, has_failed: bool) -> Verdict {
    let looks = &host.looks;
    match looks.after.as_ref().or(looks.before.as_ref()) {
        None | Some(Err(_)) => Verdict::bad("not looked at", "what is on the host is not known"),
        Some(Ok(_)) if has_failed || matches!(host.doing, Doing::Stopped | Doing::Failed(_)) => {
            Verdict::bad("not done", "a step did not work")
        }
        Some(Ok(now)) if now.leftovers.iter().any(is_residue) => {
            Verdict::bad("not clean", "something of a Kubernetes' is there, or may be")
        }
        Some(Ok(_)) => Verdict::good(
            "clean of what is known",
            "nothing that any Kubernetes is known to leave is there; that the host is as it was before cannot be said, for nobody wrote that down",
        ),
    }
}

fn is_residue(it: &Leftover) -> bool {
    matches!(it.fate, Fate::Goes | Fate::Kept | Fate::Unsure)
}

impl Cleared {
    pub fn of(host: &Host) -> Self {
        let seen = |look: &Option<Result<Sight, String>>| match look {
            Some(Ok(sight)) => Some(sight.clone()),
            _ => None,
        };
        let before = seen(&host.looks.before).unwrap_or_default();
        let after = seen(&host.looks.after);
        let now = after.as_ref().unwrap_or(&before);
        let is_there = |it: &Leftover| {
            now.leftovers.iter().any(|now| now.name == it.name && now.thing == it.thing)
        };
        let of = |fate: Fate| now.leftovers.iter().filter(move |it| it.fate == fate).map(Thing::of);
        let went = before.leftovers.iter().filter(|it| it.fate == Fate::Goes && !is_there(it));
        // Of a setting that was put back only the first look tells.
        let mut settings: Vec<Setting> = Vec::new();
        for it in before.leftovers.iter().chain(&now.leftovers) {
            let Some(shipped) = &it.setting else { continue };
            if settings.iter().any(|known| known.name == it.name && known.what == it.thing) {
                continue;
            }
            let restored = match (after.is_some() && !is_there(it), shipped.by_hand) {
                (true, _) => "yes",
                (false, true) => "only by hand",
                (false, false) => "no",
            };
            settings.push(Setting {
                what: it.thing.clone(),
                now: shipped.now.clone(),
                shipped: shipped.ships.clone(),
                restored,
                name: it.name,
                classes: it.classes,
            });
        }
        let mut made_by: Vec<String> = Vec::new();
        for (_, name) in host.facts.iter().filter(|(key, _)| key == "installer") {
            if !made_by.contains(name) {
                made_by.push(name.clone());
            }
        }
        Self {
            made_by,
            looked_again: after.is_some(),
            found: before.leftovers.len(),
            went: went.map(Thing::of).collect(),
            left: of(Fate::Goes).collect(),
            kept: of(Fate::Kept).collect(),
            unsure: of(Fate::Unsure).collect(),
            owners: of(Fate::Stays).collect(),
            settings,
            passed_over: now.passed_over.clone(),
        }
    }

    pub fn page(&self) -> String {
        let made_by = self.made_by.join(" and ");
        let known = (!made_by.is_empty()).then_some(made_by.as_str());
        let mut page = facts([("made by", known)]);
        let found = words::count(self.found, "thing");
        let how = if self.looked_again {
            "after the wipe the host was looked at again, by the same table"
        } else {
            "nothing was changed"
        };
        let _ = write!(page, "<p>{found} found; {how}.</p>");
        let lists = [
            ("Gone, and what proved it Kubernetes' own", &self.went),
            ("Kubernetes' own, and there", &self.left),
            ("Kept, because it cannot be had back", &self.kept),
            ("Unsure, so it stays", &self.unsure),
            ("Not Kubernetes' own: it stays", &self.owners),
        ];
        for (title, list) in lists {
            if !list.is_empty() {
                let rows = list.iter().map(|it| {
                    [it.what.clone(), it.because.clone(), it.name.to_owned(), it.classes.join(" ")]
                });
                let table = table(["what", "because", "entry", "class"], rows);
                let _ = write!(page, "<h3>{title} ({})</h3>{table}", list.len());
            }
        }
        if !self.settings.is_empty() {
            let rows = self.settings.iter().map(|it| {
                [it.what.clone(), it.now.clone(), it.shipped.clone(), it.restored.to_owned()]
            });
            let table = table(["setting", "found as", "shipped as", "restored"], rows);
            let _ = write!(
                page,
                "<h3>Settings that installers change ({})</h3>{table}",
                self.settings.len()
            );
        }
        if !self.passed_over.is_empty() {
            let rows = self.passed_over.iter().map(|it| [it.clone()]);
            let _ = write!(
                page,
                "<h3>There too, and nothing calls it Kubernetes' ({})</h3>{}",
                self.passed_over.len(),
                table(["what"], rows)
            );
        }
        page
    }
}

impl Thing {
    fn of(it: &Leftover) -> Self {
        Self {
            what: it.thing.clone(),
            because: it.because.clone(),
            name: it.name,
            classes: it.classes,
        }
    }
}

/// What no look at a host tells.
pub fn unseen() -> Vec<Reasoned> {
    let rows = crate::residue::unseen();
    rows.map(|(what, because)| Reasoned { what: what.to_owned(), because }).collect()
}
