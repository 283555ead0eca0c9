//! What `--also` may name: things that stay otherwise. A name that means nothing must not pass in silence.

use super::{Judged, Outcome, Past, Verdict, Wishes, judge, wanted};
use crate::host::inventory::Inventory;

/// What a name means on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Naming {
    /// Nothing: there is no such thing.
    Absent,
    /// A thing that stays all the same.
    Deaf,
    /// A thing that goes, named or by itself, or that an earlier wipe was about to take.
    Goes,
}

/// What this name means on a host.
pub fn naming(inventory: &Inventory, past: &Past, name: &str) -> Naming {
    let wishes = |also: &[&str]| Wishes {
        also: also.iter().map(|it| (*it).to_owned()).collect(),
        ..Wishes::default()
    };
    let (without, with) =
        (judge(inventory, &wishes(&[]), past), judge(inventory, &wishes(&[name]), past));
    let goes = |judged: &Judged| judged.going().count();
    let of: Vec<&Verdict> = with.verdicts.iter().filter(|it| short(&it.thing) == name).collect();
    if goes(&with) > goes(&without)
        || past.removal_of(name).is_some()
        || of.iter().any(|it| matches!(it.outcome, Outcome::Goes { .. }))
    {
        Naming::Goes
    } else if of.is_empty() {
        Naming::Absent
    } else {
        Naming::Deaf
    }
}

/// The names of things that stay and go where they are named.
pub fn nameable(inventory: &Inventory, past: &Past) -> Vec<String> {
    let judged = judge(inventory, &Wishes::default(), past);
    let mut names: Vec<&str> = judged
        .residue()
        .filter(|it| !matches!(it.outcome, Outcome::Goes { .. }))
        .map(|it| short(&it.thing))
        .collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| naming(inventory, past, name) == Naming::Goes);
    names.into_iter().map(str::to_owned).collect()
}

/// Whether the table asks hosts for a thing of this name: it may have been there, and be gone.
pub fn is_asked_for(name: &str) -> bool {
    let wanted = wanted(&Past::default());
    let paths = wanted.paths.iter().chain(&wanted.units);
    paths.into_iter().any(|it| super::matches(it, name))
}

/// A unit is named as systemd does.
fn short(thing: &str) -> &str {
    thing.strip_prefix("unit ").unwrap_or(thing)
}
