//! From verdicts to changes, in the order in which nothing is taken from under what still uses it.

use super::{Judged, Outcome, Removal, Wishes};
use crate::host::Clear;

/// What is done to a host, in order: what goes, and with `defaults` the settings. Things that go in one way are one change.
pub fn removals(judged: &Judged, wishes: &Wishes) -> Vec<(&'static str, Removal)> {
    let mut all: Vec<(&'static str, Removal)> = judged
        .verdicts
        .iter()
        .filter_map(|verdict| match &verdict.outcome {
            Outcome::Goes { removal, .. } => Some((verdict.entry.name, removal.clone())),
            Outcome::Setting { removal: Some(removal), .. } if wishes.defaults => {
                Some((verdict.entry.name, removal.clone()))
            }
            _ => None,
        })
        .collect();
    // Within a stage as in the table, and things of one kind together.
    all.sort_by_key(|(_, removal)| removal.stage);
    let mut merged: Vec<(&'static str, Removal)> = Vec::new();
    for (name, removal) in all {
        let fits = |(_, it): &&mut (&str, Removal)| {
            let shared = removal.shared();
            it.stage == removal.stage
                && it.clear == removal.clear
                && joins(it.clear)
                && it.words.get(..shared) == removal.words.get(..shared)
        };
        match merged.iter_mut().find(fits) {
            Some((_, it)) => {
                for word in &removal.words[removal.shared()..] {
                    if !it.words[it.shared()..].contains(word) {
                        it.words.push(word.clone());
                    }
                }
            }
            None => merged.push((name, removal)),
        }
    }
    // Deeper directories first: those above are empty only then.
    for (_, removal) in &mut merged {
        if removal.clear == Clear::Hollow {
            removal.words.sort_by_key(|path| std::cmp::Reverse(path.matches('/').count()));
        }
    }
    merged
}

/// What of a plan is to be taken away still, as a later look at the host says. What only that look would take was not shown to anybody.
pub fn still(
    planned: &[(&'static str, Removal)],
    now: &[(&'static str, Removal)],
) -> Vec<(&'static str, Removal)> {
    let kept = planned.iter().filter_map(|(name, removal)| {
        let shared = removal.shared();
        let mut alike = now.iter().map(|(_, it)| it).filter(|it| {
            it.clear == removal.clear && it.words.get(..shared) == removal.words.get(..shared)
        });
        if !joins(removal.clear) || removal.words.len() <= shared {
            return alike.any(|it| it.words == removal.words).then(|| (*name, removal.clone()));
        }
        let words: Vec<&String> = alike.flat_map(|it| &it.words[shared..]).collect();
        let mut removal = removal.clone();
        let mut at = 0;
        removal.words.retain(|word| {
            at += 1;
            at <= shared || words.contains(&word)
        });
        (removal.words.len() > shared).then_some((*name, removal))
    });
    kept.collect()
}

/// Whether several things may be one change. A tree is one of its own: each may take long, or fail.
fn joins(clear: Clear) -> bool {
    !matches!(
        clear,
        Clear::Tree
            | Clear::Elsewhere
            | Clear::Rule
            | Clear::Table
            | Clear::Block
            | Clear::Rename
            | Clear::Original
    )
}
