//! What an earlier wipe, that was cut off, had found out: its first entry in the host's journal is its plan. Much of what proves
//! that a thing is Kubernetes' goes in the course of a wipe, so the next one could not know it any more.

use super::Judged;
use super::ranges::Range;
use super::removal::{Removal, Stage};
use crate::host::inventory::Named;
use crate::host::{Clear, Entry, State};

/// What earlier wipes were about to take away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    removals: Vec<(Clear, Vec<String>)>,
    ranges: Vec<Range>,
    /// Places whose names go in the course of a wipe.
    named: Vec<Named>,
}

/// What a line of the plan begins with that is no removal, but a network of the cluster's.
const KNOWS: &str = "knows";

impl Past {
    /// From a host's journal.
    pub fn of(entries: &[Entry]) -> Self {
        let plans = entries
            .iter()
            .filter(|entry| entry.clears() && entry.state != State::Undone)
            .filter(|entry| entry.arguments.first().is_some_and(|what| what == Clear::Plan.name()));
        let mut past = Self::default();
        let words = plans
            .flat_map(|entry| entry.arguments.iter().skip(1))
            .filter_map(|word| serde_json::from_str::<Vec<String>>(word).ok());
        for words in words {
            let Some((first, rest)) = words.split_first() else { continue };
            if let Some(named) = Named::from_words(&words) {
                past.named.push(named);
            } else if first == KNOWS {
                past.ranges.extend(Range::of_words(rest));
            } else if let Some(clear) = Clear::ALL.into_iter().find(|it| it.name() == first) {
                past.removals.push((clear, rest.to_vec()));
            }
        }
        past.named.sort();
        past.named.dedup();
        past
    }

    /// The places that it knew of.
    pub(super) fn named(&self) -> &[Named] {
        &self.named
    }

    /// The cluster's networks that earlier wipes knew: the files that say so go with them.
    pub(super) fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// Whether a wipe was here.
    pub(super) fn is_there(&self) -> bool {
        !self.removals.is_empty()
    }

    /// How a thing was to go that has this name in the inventory.
    pub(super) fn removal_of(&self, name: &str) -> Option<Removal> {
        self.removals.iter().find_map(|(clear, words)| {
            let stage = match clear {
                Clear::Units => Stage::Services,
                Clear::Chains | Clear::Rule | Clear::Table => Stage::Rules,
                Clear::Sets | Clear::Servers => Stage::Sets,
                Clear::Filters | Clear::Xdp | Clear::Attached | Clear::Pins => Stage::Programs,
                Clear::Links => Stage::Links,
                Clear::Netns
                | Clear::Routes
                | Clear::Connections
                | Clear::Policies
                | Clear::Addresses
                | Clear::Mounts
                | Clear::Neighbours => Stage::Network,
                Clear::Users | Clear::Groups => Stage::Settings,
                Clear::Tree | Clear::Elsewhere => Stage::Data,
                Clear::Packages => Stage::Packages,
                Clear::Files | Clear::Programs | Clear::Symlinks => Stage::Files,
                // Of these the name is not what they go by.
                _ => return None,
            };
            let mine: Vec<&str> = match clear {
                Clear::Rule | Clear::Table => {
                    (words.join(" ") == name).then(|| words.iter().map(String::as_str).collect())?
                }
                Clear::Chains => {
                    let (tool, chain) = name.split_once(' ')?;
                    let (first, rest) = words.split_first()?;
                    (first == tool && rest.iter().any(|it| it == chain))
                        .then(|| vec![tool, chain])?
                }
                Clear::Elsewhere => {
                    let [of, path] = words.as_slice() else { return None };
                    (path == name).then(|| vec![of.as_str(), path])?
                }
                Clear::Packages => {
                    let (manager, rest) = words.split_first()?;
                    rest.iter().any(|it| it == name).then(|| vec![manager.as_str(), name])?
                }
                _ => words.iter().any(|it| it == name).then(|| vec![name])?,
            };
            Some(Removal::new(stage, *clear, mine))
        })
    }
}

/// The entry that a wipe begins with: what it is about to take away, and what it knows that goes in the course of it: the cluster's networks, places that only a configuration or a pod named.
pub fn plan(removals: &[(&'static str, Removal)], judged: &Judged) -> Removal {
    let removals = removals.iter().filter_map(|(_, removal)| {
        let words: Vec<&str> = std::iter::once(removal.clear.name())
            .chain(removal.words.iter().map(String::as_str))
            .collect();
        serde_json::to_string(&words).ok()
    });
    let ranges = judged.ranges.iter().filter_map(|range| {
        let [of, net, from] = range.words();
        serde_json::to_string(&[KNOWS, &of, &net, &from]).ok()
    });
    let named = judged.named.iter().filter_map(|it| serde_json::to_string(&it.words()).ok());
    Removal::new(Stage::Manifests, Clear::Plan, removals.chain(ranges).chain(named))
}
