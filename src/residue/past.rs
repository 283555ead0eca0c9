//! What an earlier wipe, that was cut off, had found out: its first entry in the host's journal is its plan. Much of what proves
//! that a thing is Kubernetes' goes in the course of a wipe, so the next one could not know it any more.

use super::removal::{Removal, Stage};
use crate::host::{Clear, Entry, State};

/// What earlier wipes were about to take away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    removals: Vec<(Clear, Vec<String>)>,
}

impl Past {
    /// From a host's journal.
    pub fn of(entries: &[Entry]) -> Self {
        let plans = entries
            .iter()
            .filter(|entry| entry.clears() && entry.state != State::Undone)
            .filter(|entry| entry.arguments.first().is_some_and(|what| what == Clear::Plan.name()));
        let removals = plans
            .flat_map(|entry| entry.arguments.iter().skip(1))
            .filter_map(|word| serde_json::from_str::<Vec<String>>(word).ok())
            .filter_map(|mut words| {
                let clear = words
                    .first()
                    .and_then(|name| Clear::ALL.into_iter().find(|it| it.name() == name))?;
                words.remove(0);
                Some((clear, words))
            })
            .collect();
        Self { removals }
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
                | Clear::Policies
                | Clear::Addresses
                | Clear::Mounts => Stage::Network,
                Clear::Users | Clear::Groups => Stage::Settings,
                Clear::Tree => Stage::Data,
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

/// The entry that a wipe begins with.
pub fn plan(removals: &[(&'static str, Removal)]) -> Removal {
    let words = removals.iter().filter_map(|(_, removal)| {
        let words: Vec<&str> = std::iter::once(removal.clear.name())
            .chain(removal.words.iter().map(String::as_str))
            .collect();
        serde_json::to_string(&words).ok()
    });
    Removal::new(Stage::Manifests, Clear::Plan, words)
}
