//! What any Kubernetes leaves on a host, judged thing by thing: pure functions from an [`Inventory`] to verdicts.
//!
//! The table has an entry for each kind of leftover (`table/`): how it is known as the cluster's own, how it goes,
//! what is never touched and why. What no entry recognises is nobody's business here. In doubt a thing stays, and is said to
//! be unsure. The classes R01 to R46 and the incidents behind each `never` are those of the research
//! `residue.md` (what kubeadm, kainstall, kubespray, sealos, kubekey, k3s, k0s, RKE, kubeasz and `KubeOne` leave).

mod agents;
mod also;
mod host;
mod installers;
mod order;
mod pages;
mod past;
mod ranges;
mod removal;
mod table;
mod taken;

use std::collections::BTreeSet;

use crate::host::Clear;
use crate::host::inventory::{Inventory, Kind, Named, Thing, Wanted};

pub use also::{Naming, is_asked_for, nameable, naming};
pub use installers::Installer;
pub use order::{removals, still};
pub use pages::pages;
pub use past::{Past, plan};
pub use ranges::{Range, Use};
pub use removal::{Removal, Stage};
pub use taken::{earlier, how, of as taken_by};

use host::Host;

/// One kind of leftover.
#[derive(Debug)]
pub struct Entry {
    /// What it is called: `KubeletState`.
    pub name: &'static str,
    /// The classes of residue.md that it covers.
    pub classes: &'static [&'static str],
    /// What it is, as a clause.
    pub what: &'static str,
    /// How it is known as the cluster's own.
    pub known: &'static str,
    /// How it goes.
    pub undone: &'static str,
    /// What is never touched, and why.
    pub never: &'static str,
    /// Paths that it asks the host for; `*` stands for any part of a name.
    pub paths: &'static [&'static str],
    /// Units that it asks for.
    pub units: &'static [&'static str],
    /// Packages that it asks for.
    pub packages: &'static [&'static str],
    /// Other kinds of things that it may be.
    pub kinds: &'static [Kind],
    /// What it says of a thing; nothing where it is none of its own.
    judge: fn(&Thing, &Host<'_>) -> Option<Outcome>,
}

/// An entry that looks for nothing; others begin with it.
const NONE: Entry = Entry {
    name: "",
    classes: &[],
    what: "",
    known: "",
    undone: "",
    never: "",
    paths: &[],
    units: &[],
    packages: &[],
    kinds: &[],
    judge: |_, _| None,
};

impl Entry {
    /// Whether it asked for this thing.
    fn reads(&self, thing: &Thing) -> bool {
        let listed = |names: &[&str]| names.iter().any(|name| matches(name, &thing.name));
        match thing.kind {
            Kind::Path => listed(self.paths) || self.kinds.contains(&Kind::Path),
            Kind::Unit => listed(self.units),
            Kind::Package => listed(self.packages),
            kind => self.kinds.contains(&kind),
        }
    }
}

/// Who something is that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The host's owner: a wipe has no business with it.
    Owner,
    /// The cluster's; it is kept because it cannot be had back.
    Cluster,
}

/// What becomes of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is provably Kubernetes' own.
    Goes {
        /// What proves it.
        proof: String,
        /// How it goes.
        removal: Removal,
    },
    /// It is left alone.
    Stays {
        /// Why.
        why: String,
        /// Whose it is.
        whose: Whose,
    },
    /// It is left alone because something is not known.
    Unsure {
        /// What.
        unknown: String,
        /// It speaks of what is so now, and not of what is gone: what an earlier wipe knew does not outweigh it.
        is_now: bool,
    },
    /// An installer, or the cluster, changed a setting of the system.
    Setting {
        /// How it is.
        now: String,
        /// How the distribution, or the kernel, ships it.
        ships: String,
        /// What puts that back, where asked to.
        removal: Option<Removal>,
    },
}

/// What was found out about one thing.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The entry that recognised it.
    pub entry: &'static Entry,
    /// The thing's name, for people.
    pub thing: String,
    /// What becomes of it.
    pub outcome: Outcome,
}

impl Verdict {
    /// Whether both are about the same thing.
    pub fn is_of(&self, other: &Self) -> bool {
        self.entry.name == other.entry.name && self.thing == other.thing
    }

    /// Whether something of Kubernetes' is left as long as this is there.
    pub fn is_residue(&self) -> bool {
        match &self.outcome {
            Outcome::Goes { .. } | Outcome::Unsure { .. } => true,
            Outcome::Stays { whose, .. } => *whose == Whose::Cluster,
            Outcome::Setting { .. } => false,
        }
    }
}

/// What the operator asks for beyond what goes by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Settings go back to what the distribution ships.
    pub defaults: bool,
    /// Data and services that are kept otherwise, by their names in the inventory.
    pub also: BTreeSet<String>,
}

/// What is known of one host.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// Who installed it, as far as marks on the disk tell.
    pub installers: Vec<Installer>,
    /// The networks of its pods and services, as far as something says so.
    pub ranges: Vec<Range>,
    /// In the order of the table.
    pub verdicts: Vec<Verdict>,
    /// What the host told of and no entry spoke of, for people: it is nobody's business here.
    pub passed_over: Vec<String>,
    /// The places that something on the host names which goes in the course of a wipe.
    pub named: Vec<Named>,
    /// What was shown to go and stays: something else came to be known of it while the question stood.
    pub spared: Vec<Verdict>,
    /// Directories that others share, which are there because something else is in them.
    pub held: Vec<Verdict>,
}

impl Judged {
    /// The things that go.
    pub fn going(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|it| matches!(it.outcome, Outcome::Goes { .. }))
    }

    /// Of what was to go by this look, what a later one spares.
    pub fn spared_by(&self, now: &Self) -> Vec<Verdict> {
        let goes = |verdict: &&Verdict| self.going().any(|it| it.is_of(verdict));
        let spared = now.verdicts.iter().filter(goes);
        spared.filter(|it| !matches!(it.outcome, Outcome::Goes { .. })).cloned().collect()
    }

    /// The same, with what an earlier look knew of things that are there still: in between went much of what it knew them by.
    #[must_use]
    pub fn after(mut self, earlier: &Self, wishes: &Wishes) -> Self {
        for verdict in &mut self.verdicts {
            let same = |it: &&Verdict| it.is_of(verdict);
            // It was emptied, and that is all that was to be done.
            if matches!(&verdict.outcome, Outcome::Stays { why, .. } if why == table::EMPTY_DISK) {
                continue;
            }
            if let Some(known) = earlier.verdicts.iter().find(same) {
                // What was the cluster's in it has gone, and what is there still was nobody's business.
                let is_done = matches!(known.outcome, Outcome::Goes { .. })
                    && matches!(&verdict.outcome, Outcome::Unsure { unknown, .. } if unknown.ends_with(table::NONE_OF_THEIRS));
                verdict.outcome = if is_done {
                    host::owners("what was of Kubernetes' in it has gone, the rest is not its own")
                } else {
                    known.outcome.clone()
                };
            }
        }
        // What no tool was there to show is as unknown as it was: only what spoke for it has gone.
        let is_unseen = |it: &Verdict| table::UNSEEN.contains(&it.thing.as_str());
        self.verdicts.retain(|it| !is_unseen(it));
        self.verdicts.extend(earlier.verdicts.iter().filter(|it| is_unseen(it)).cloned());
        // Nobody put these back, whatever is there no more that they were known by.
        let is_as_it_was = |it: &&Verdict| match &it.outcome {
            Outcome::Setting { removal, .. } => removal.is_none() || !wishes.defaults,
            _ => false,
        };
        for known in earlier.verdicts.iter().filter(is_as_it_was) {
            if !self.verdicts.iter().any(|it| it.is_of(known)) {
                self.verdicts.push(known.clone());
            }
        }
        // It was to go if it was empty by then, and it is not.
        for mut held in std::mem::take(&mut self.held) {
            if earlier.going().any(|it| it.is_of(&held))
                && !self.verdicts.iter().any(|it| it.is_of(&held))
            {
                let (why, whose) = ("something else is in it".to_owned(), Whose::Owner);
                held.outcome = Outcome::Stays { why, whose };
                self.verdicts.push(held);
            }
        }
        self.installers.clone_from(&earlier.installers);
        self
    }

    /// What of Kubernetes is there.
    pub fn residue(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|it| it.is_residue())
    }
}

/// What no look at a host tells, each with why and what becomes of it.
pub fn unseen() -> impl Iterator<Item = (&'static str, String)> {
    let asks_nothing = |it: &&Entry| {
        it.paths.is_empty() && it.units.is_empty() && it.packages.is_empty() && it.kinds.is_empty()
    };
    entries()
        .filter(asks_nothing)
        .map(|it| (it.what, format!("{}; what undoes it: {}", it.known, it.undone)))
}

/// All entries.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    table::TABLE.iter().copied().flatten()
}

/// The places of which a host told.
fn named(inventory: &Inventory) -> Vec<Named> {
    let of = |kind: Kind| {
        inventory.of(kind).filter(|it| !it.garbled).map(move |it| Named {
            is_place: kind == Kind::Place,
            of: it.get("of").to_owned(),
            path: it.name.clone(),
            from: it.get("from").to_owned(),
        })
    };
    of(Kind::Place).chain(of(Kind::HostPath)).collect()
}

/// What the table asks hosts for, where an earlier wipe may have been cut off.
pub fn wanted(past: &Past) -> Wanted {
    let mut wanted = Wanted { named: past.named().to_vec(), ..Wanted::default() };
    for entry in entries() {
        wanted.paths.extend(entry.paths);
        wanted.units.extend(entry.units);
        wanted.packages.extend(entry.packages);
    }
    wanted.paths.extend(installers::marks());
    wanted.paths.extend(host::asked());
    for list in [&mut wanted.paths, &mut wanted.units, &mut wanted.packages] {
        list.sort_unstable();
        list.dedup();
    }
    wanted
}

/// Judges what is on a host, where an earlier wipe may have been cut off.
pub fn judge(inventory: &Inventory, wishes: &Wishes, past: &Past) -> Judged {
    let host = Host::new(inventory, wishes, past);
    let mut verdicts: Vec<Verdict> = Vec::new();
    let mut spoken = BTreeSet::new();
    for entry in entries() {
        for (place, thing) in inventory.things.iter().enumerate() {
            if !entry.reads(thing) {
                continue;
            }
            // What it was known by may be gone: an earlier wipe knew it.
            let known = || {
                let asked = thing.kind == Kind::Path
                    && entry.paths.iter().any(|path| matches(path, &thing.name));
                let unknown = "what it was known by is gone".to_owned();
                (asked && past.removal_of(&thing.name).is_some())
                    .then_some(Outcome::Unsure { unknown, is_now: false })
            };
            if let Some(outcome) = (entry.judge)(thing, &host).or_else(known) {
                let outcome = match (outcome, past.removal_of(&thing.name)) {
                    // A name that is no plain text is handed to no command, whatever the entry thinks of it.
                    (Outcome::Goes { .. }, _) if thing.garbled => {
                        host::doubted("its name is no plain text")
                    }
                    // What would cut this very login is left, whatever an earlier wipe meant to do.
                    (outcome, _) if thing.is("way-in") => outcome,
                    // It runs, and would make anew or miss what is taken from under it.
                    (Outcome::Goes { .. }, _) if host.snap().is_some() => {
                        let name = host.snap().unwrap_or_default();
                        host::doubted(format!(
                            "the snap `{name}` may use it: `snap remove --purge {name}`, then run this again"
                        ))
                    }
                    (Outcome::Setting { now, ships, .. }, _) if host.snap().is_some() => {
                        Outcome::Setting { now, ships, removal: None }
                    }
                    // That something is the owner's is news since then.
                    (
                        Outcome::Unsure { is_now: false, .. }
                        | Outcome::Stays { whose: Whose::Cluster, .. },
                        Some(removal),
                    ) => known_before(removal),
                    (outcome, _) => outcome,
                };
                spoken.insert(place);
                let verdict = Verdict { entry, thing: host::shown(thing), outcome };
                // Two of the paths that are asked for may name the same.
                let is_known =
                    |it: &Verdict| it.entry.name == entry.name && it.thing == verdict.thing;
                if !verdicts.iter().rev().take_while(|it| it.entry.name == entry.name).any(is_known)
                {
                    verdicts.push(verdict);
                }
            }
        }
    }
    verdicts.extend(left_by(inventory, &host, past, &mut spoken));
    // What the operator named goes as well.
    for verdict in &mut verdicts {
        let may = matches!(
            verdict.outcome,
            Outcome::Stays { whose: Whose::Cluster, .. } | Outcome::Unsure { .. }
        );
        if may
            && host.snap().is_none()
            && let Some(removal) = host.asked_for(&verdict.thing)
        {
            verdict.outcome =
                Outcome::Goes { proof: "named on the command line".to_owned(), removal };
        }
    }
    // What a package brought that goes is no thing of its own.
    verdicts.retain(|it| {
        let stays = matches!(it.outcome, Outcome::Stays { whose: Whose::Owner, .. });
        !(stays
            && host.package_of(&it.thing).is_some_and(|package| table::is_going(package, &host)))
    });
    // What nothing is known of goes with the directory that it is in.
    let whole: Vec<String> = verdicts
        .iter()
        .filter(|it| matches!(&it.outcome, Outcome::Goes { removal, .. } if matches!(removal.clear, Clear::Tree | Clear::Files)))
        .map(|it| format!("{}/", it.thing))
        .collect();
    verdicts.retain(|it| {
        let is_inside = whole.iter().any(|above| it.thing.starts_with(above));
        !(is_inside && matches!(it.outcome, Outcome::Unsure { .. }))
    });
    let held = only_hollow(&mut verdicts, &host);
    Judged {
        installers: installers::of(&host),
        ranges: host.ranges().known.clone(),
        verdicts,
        passed_over: host::passed_over(inventory, &spoken),
        named: named(inventory),
        spared: Vec::new(),
        held,
    }
}

fn known_before(removal: Removal) -> Outcome {
    Outcome::Goes { proof: "an earlier wipe that was cut off knew it".to_owned(), removal }
}

/// What an earlier wipe was about to take out of the kernel, and of which no entry speaks now: what it was known by went before it.
fn left_by(
    inventory: &Inventory,
    host: &Host<'_>,
    past: &Past,
    spoken: &mut BTreeSet<usize>,
) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (place, thing) in inventory.things.iter().enumerate() {
        let is_of = |clear: Clear| {
            matches!(
                (thing.kind, clear),
                (Kind::Policy, Clear::Policies)
                    | (Kind::Route, Clear::Routes)
                    | (Kind::Link, Clear::Links)
                    | (Kind::Netns, Clear::Netns)
                    | (Kind::Filter, Clear::Filters)
                    | (Kind::Xdp, Clear::Xdp)
                    | (Kind::Pin, Clear::Pins)
            )
        };
        if let Some(removal) = past.removal_of(&thing.name)
            && is_of(removal.clear)
            && let Some(entry) = entries().find(|it| it.reads(thing))
            && !thing.garbled
            && host.snap().is_none()
            && spoken.insert(place)
        {
            verdicts.push(Verdict {
                entry,
                thing: host::shown(thing),
                outcome: known_before(removal),
            });
        }
    }
    verdicts
}

/// A directory that others share goes only when it is empty; one that holds something goes only with what goes from below it. Gives back the others.
fn only_hollow(verdicts: &mut Vec<Verdict>, host: &Host<'_>) -> Vec<Verdict> {
    let mut held = Vec::new();
    loop {
        let going: Vec<String> = verdicts
            .iter()
            .filter(|it| matches!(it.outcome, Outcome::Goes { .. }))
            .map(|it| it.thing.clone())
            .collect();
        let before = verdicts.len();
        held.extend(verdicts.extract_if(.., |it| {
            let is_hollow = matches!(&it.outcome, Outcome::Goes { removal, .. } if removal.clear == Clear::Hollow);
            let is_empty = host.path(&it.thing).is_none_or(|path| path.is("empty"));
            let below = format!("{}/", it.thing);
            is_hollow && !is_empty && !going.iter().any(|path| path.starts_with(&below))
        }));
        // One that stays may have been the only reason for the one above it.
        if verdicts.len() == before {
            return held;
        }
    }
}

/// Whether a name is one of a pattern's, of which `*` stands for any part but `/`.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == name };
    let Some(rest) = name.strip_prefix(before) else { return false };
    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.take_while(|end| !rest[..*end].contains('/')).any(|end| matches(after, &rest[end..]))
}
