//! How a thing goes: a change of the kind `clear`, whose shell half is `host/kind/clear.sh`.

use crate::host::{Change, Clear};

/// The order of a wipe (residue.md, 4.2): nothing may start anything again, and nothing is taken from under what still uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// What the kubelet starts by itself.
    Manifests,
    /// Services that keep the cluster running.
    Services,
    /// Pods: containers, their shims and processes.
    Pods,
    /// Programs of BPF and what is pinned: with the agents gone, and before the links that they are on.
    Programs,
    /// Rules and chains.
    Rules,
    /// Sets and virtual servers, which rules refer to.
    Sets,
    /// Links, and routes with them.
    Links,
    /// Routes, namespaces.
    Network,
    /// The runtime itself.
    Runtime,
    /// Directories with data.
    Data,
    /// Packages of the distribution.
    Packages,
    /// Programs and configuration.
    Files,
    /// Directories that are empty by now.
    Hollow,
    /// Settings of the system.
    Settings,
}

/// One way in which things go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// When.
    pub stage: Stage,
    /// What the shell half does.
    pub clear: Clear,
    /// With what.
    pub words: Vec<String>,
}

impl Removal {
    /// One of these words.
    pub fn new<W: Into<String>>(
        stage: Stage,
        clear: Clear,
        words: impl IntoIterator<Item = W>,
    ) -> Self {
        Self { stage, clear, words: words.into_iter().map(Into::into).collect() }
    }

    /// The change on the host.
    pub fn change(&self) -> Change {
        Change::Clear { what: self.clear, words: self.words.clone() }
    }

    /// How many words at the beginning are shared by things that may go together; the others are one each.
    pub(super) fn shared(&self) -> usize {
        match self.clear {
            // The tool, and for rules its table.
            Clear::Chains | Clear::Packages => 1,
            _ => 0,
        }
    }
}
