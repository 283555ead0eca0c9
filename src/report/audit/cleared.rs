//! What is known of a host that this tool did not install: what of any Kubernetes was there, what went, and what is there now.

use std::fmt::Write as _;

use serde::Serialize;

use super::super::state::{Doing, Host};
use super::super::words;
use super::page::{facts, table};
use super::{Failed, Reasoned, Verdict};
use crate::event::{Fate, How, Leftover, Sight, Taken};

/// What was found, and what became of it.
#[derive(Debug, Serialize)]
pub struct Cleared {
    /// Who installed it, as far as marks on the disk tell.
    made_by: Vec<String>,
    /// Whether the host was looked at again after a wipe.
    looked_again: bool,
    #[serde(skip)]
    seen: Seen,
    /// How many things were found at first.
    found: usize,
    /// It was there and a look afterwards did not find it, and what proved it Kubernetes' own.
    went: Vec<Thing>,
    /// Where nobody looked afterwards: what was done about it, and nothing is known of what is there.
    done: Vec<Done>,
    /// What earlier runs took away, that were cut off: the host's journal tells.
    earlier: Vec<Earlier>,
    /// It is provably Kubernetes' own, and there; or nothing was done about it.
    left: Vec<Thing>,
    /// It was to stay, and is not there any more.
    vanished: Vec<Thing>,
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

/// When the host was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// Once: nothing was changed.
    Once,
    /// Before a wipe and after it.
    Again,
    /// Before a wipe that did something and did not come to its end.
    Before,
}

/// What was done about a thing that nobody looked for afterwards.
#[derive(Debug, Serialize)]
struct Done {
    what: String,
    /// `done`, `if empty`, `failed`, `begun`.
    how: &'static str,
    #[serde(skip)]
    says: &'static str,
    because: String,
    name: &'static str,
}

/// What an earlier run did.
#[derive(Debug, Serialize)]
struct Earlier {
    what: String,
    how: &'static str,
    #[serde(skip)]
    says: &'static str,
    run: String,
    /// Whether it is there all the same, by the last look; nothing where that is not known.
    there: Option<bool>,
    name: &'static str,
}

/// A setting of the system that installers change.
#[derive(Debug, Serialize)]
struct Setting {
    what: String,
    now: String,
    /// What the distribution, or the kernel, ships.
    shipped: String,
    /// `yes`, `no`, `only by hand`, or `done, not looked at since`.
    restored: &'static str,
    name: &'static str,
    classes: &'static [&'static str],
}

/// What this run did about things of a host.
fn own(host: &Host) -> impl Iterator<Item = &Taken> {
    host.taken.iter().filter(|it| it.run.is_none())
}

/// Whether the host is clean, as far as anybody knows.
pub fn result(host: &Host, has_failed: bool) -> Verdict {
    let looks = &host.looks;
    let Some(Ok(before)) = &looks.before else {
        return Verdict::bad(
            "not looked at",
            "what is on the host is not known; this run changed nothing on it",
        );
    };
    let now = match &looks.after {
        Some(Ok(after)) => after,
        Some(Err(_)) if own(host).next().is_some() => {
            return Verdict::bad(
                "not done",
                "the wipe did not come to its end, and nobody looked at the host since: what was done is listed, whether it is gone is not known",
            );
        }
        Some(Err(_)) => {
            return Verdict::bad("not wiped", "it was looked at, and this run took nothing away");
        }
        None => before,
    };
    match host.doing {
        _ if has_failed => Verdict::bad("not done", "a step did not work"),
        Doing::Stopped => Verdict::bad("not done", "the wipe was stopped before its end"),
        _ if now.leftovers.iter().any(is_residue) => {
            Verdict::bad("not clean", "something of a Kubernetes' is there, or may be")
        }
        _ => Verdict::good(
            "clean of what is known",
            "nothing that any Kubernetes is known to leave is there; that the host is as it was before cannot be said, for nobody wrote that down",
        ),
    }
}

fn is_residue(it: &Leftover) -> bool {
    matches!(it.fate, Fate::Goes | Fate::Kept | Fate::Unsure)
}

/// What came of a removal, in words.
fn says(how: How) -> &'static str {
    match how {
        How::Done => "taken away",
        How::IfEmpty => "taken away if it was empty",
        How::Failed => "could not be taken away, or not whole",
        How::Begun => "begun; how that ended nobody heard",
    }
}

/// The settings of both looks. Of one that was put back only the first tells.
fn settings(host: &Host, before: &Sight, after: Option<&Sight>) -> Vec<Setting> {
    let is_same =
        |one: &Leftover, other: &Leftover| one.name == other.name && one.thing == other.thing;
    let now = after.map_or(&[][..], |it| &it.leftovers);
    let mut settings: Vec<Setting> = Vec::new();
    for it in before.leftovers.iter().chain(now) {
        let Some(shipped) = &it.setting else { continue };
        if settings.iter().any(|known| known.name == it.name && known.what == it.thing) {
            continue;
        }
        let is_back = after.is_some() && !now.iter().any(|now| is_same(now, it));
        let is_done = after.is_none()
            && own(host).any(|done| {
                done.how == How::Done && done.name == it.name && done.thing == it.thing
            });
        let restored = match (is_back, shipped.by_hand, is_done) {
            (true, ..) => "yes",
            (false, true, _) => "only by hand",
            (false, false, true) => "done, not looked at since",
            (false, false, false) => "no",
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
    settings
}

impl Cleared {
    pub fn of(host: &Host) -> Self {
        let seen = |look: &Option<Result<Sight, String>>| match look {
            Some(Ok(sight)) => Some(sight.clone()),
            _ => None,
        };
        let before = seen(&host.looks.before).unwrap_or_default();
        let after = seen(&host.looks.after);
        let when = match (&after, own(host).next()) {
            (Some(_), _) => Seen::Again,
            (None, Some(_)) => Seen::Before,
            (None, None) => Seen::Once,
        };
        let now = after.as_ref().unwrap_or(&before);
        let is_known = |it: &Leftover| {
            now.leftovers.iter().any(|now| now.name == it.name && now.thing == it.thing)
        };
        // Something may be there that nobody calls Kubernetes' any more, for what it was known by is gone.
        let is_unknown = |thing: &String| now.passed_over.contains(thing);
        let is_there = |it: &Leftover| is_known(it) || is_unknown(&it.thing);
        let done = |it: &Leftover| {
            own(host).find(|done| done.name == it.name && done.thing == it.thing).map(|it| it.how)
        };
        let of = |fate: Fate| now.leftovers.iter().filter(move |it| it.fate == fate);
        let goes = || before.leftovers.iter().filter(|it| it.fate == Fate::Goes);
        let mut left: Vec<Thing> = of(Fate::Goes)
            .filter(|it| after.is_some() || done(it).is_none())
            .map(Thing::of)
            .collect();
        if after.is_some() {
            let unknown = goes().filter(|it| !is_known(it) && is_unknown(&it.thing));
            left.extend(unknown.map(|it| {
                let because = match done(it) {
                    // A unit is stopped and disabled; it is gone with its file.
                    Some(How::Done) => {
                        "what was to be done about it was done, and it is there still"
                    }
                    _ => "it was to go and is there; what it was known by is gone",
                };
                Thing { because: because.to_owned(), ..Thing::of(it) }
            }));
        }
        let went = goes().filter(|it| after.is_some() && !is_there(it)).map(Thing::of).collect();
        let stayed = before.leftovers.iter().filter(|it| {
            matches!(it.fate, Fate::Stays | Fate::Kept | Fate::Unsure) && it.thing.starts_with('/')
        });
        let vanished = stayed.filter(|it| !is_there(it)).map(Thing::of).collect();
        let of_done = |it: &Leftover| {
            let how = done(it).filter(|_| after.is_none())?;
            let Thing { what, because, name, .. } = Thing::of(it);
            Some(Done { what, how: how.word(), says: says(how), because, name })
        };
        let there = |thing: &String| {
            let known = now.leftovers.iter().any(|it| it.thing == *thing);
            (when != Seen::Before).then(|| known || is_unknown(thing))
        };
        let earlier = host.taken.iter().filter_map(|it| {
            Some(Earlier {
                what: it.thing.clone(),
                how: it.how.word(),
                says: says(it.how),
                run: it.run.clone()?,
                there: there(&it.thing),
                name: it.name,
            })
        });
        let mut made_by: Vec<String> = Vec::new();
        for (_, name) in host.facts.iter().filter(|(key, _)| key == "installer") {
            if !made_by.contains(name) {
                made_by.push(name.clone());
            }
        }
        Self {
            made_by,
            looked_again: after.is_some(),
            seen: when,
            found: before.leftovers.len(),
            went,
            done: before.leftovers.iter().filter_map(of_done).collect(),
            earlier: earlier.collect(),
            left,
            vanished,
            kept: of(Fate::Kept).map(Thing::of).collect(),
            unsure: of(Fate::Unsure).map(Thing::of).collect(),
            owners: of(Fate::Stays).map(Thing::of).collect(),
            settings: settings(host, &before, after.as_ref()),
            passed_over: now.beside(),
        }
    }

    pub fn page(&self) -> String {
        let made_by = self.made_by.join(" and ");
        let known = (!made_by.is_empty()).then_some(made_by.as_str());
        let mut page = facts([("made by", known)]);
        let found = words::count(self.found, "thing");
        let (how, left) = match self.seen {
            Seen::Again => (
                "after the wipe the host was looked at again, by the same table",
                "Kubernetes' own, and there still",
            ),
            Seen::Before => (
                "the wipe did not come to its end, and the host was not looked at afterwards",
                "Kubernetes' own, and not begun with",
            ),
            Seen::Once => ("this run changed nothing", "Kubernetes' own: a wipe takes it away"),
        };
        let _ = write!(page, "<p>{found} found; {how}.</p>");
        if !self.earlier.is_empty() {
            let rows = self.earlier.iter().map(|it| {
                let there = match it.there {
                    Some(true) => "there, by the last look",
                    Some(false) => "not found by the last look",
                    None => "not known",
                };
                [
                    it.what.clone(),
                    it.says.to_owned(),
                    there.to_owned(),
                    it.run.clone(),
                    it.name.to_owned(),
                ]
            });
            let table = table(["what", "done", "now", "run", "entry"], rows);
            let count = self.earlier.len();
            let _ = write!(
                page,
                "<h3>What earlier runs did that were cut off, as the host's journal tells ({count})</h3>{table}"
            );
        }
        if !self.done.is_empty() {
            let rows = self.done.iter().map(|it| {
                [it.what.clone(), it.says.to_owned(), it.because.clone(), it.name.to_owned()]
            });
            let table = table(["what", "done", "because", "entry"], rows);
            let count = self.done.len();
            let _ = write!(
                page,
                "<h3>What this run did, and nobody looked at afterwards ({count})</h3>{table}"
            );
        }
        let lists = [
            ("Gone, and what proved it Kubernetes' own", &self.went),
            (left, &self.left),
            ("Was to stay, and is not there any more", &self.vanished),
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

/// Why nobody looked at a host, or not to the end, where no step says so.
pub fn unseen_host(host: &Host) -> Option<Failed> {
    let looks = &host.looks;
    let failed = |step: &str, cause: &str, fix: &str| {
        Some(Failed { step: step.to_owned(), cause: cause.to_owned(), fix: fix.to_owned() })
    };
    match (&looks.before, &looks.after) {
        (Some(Err(cause)), _) => {
            failed("look at the host", cause, "mend that, then run the same command again")
        }
        (_, Some(Err(_))) => failed(
            "look for what is left",
            "the run was stopped before",
            "run the same command again: it goes on where this one stopped",
        ),
        (None, _) => {
            failed("look at the host", "the run ended before", "run the same command again")
        }
        _ => None,
    }
}

/// What no look at a host tells.
pub fn unseen() -> Vec<Reasoned> {
    let rows = crate::residue::unseen();
    rows.map(|(what, because)| Reasoned { what: what.to_owned(), because }).collect()
}
