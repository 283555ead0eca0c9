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

/// Whether several things may be one change. A tree is one of its own: each may take long, or fail.
fn joins(clear: Clear) -> bool {
    !matches!(clear, Clear::Tree | Clear::Rule | Clear::Table | Clear::Block | Clear::Rename)
}
