//! What our own journal on the host claims.

use super::Facts;

/// The journal in `/var/lib/bivouac`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Journal {
    /// The host did not say.
    #[default]
    Unknown,
    /// This host was never touched, or was wiped.
    Absent,
    /// A run was here.
    Present {
        /// Entries that are not undone.
        entries: u64,
        /// The run that wrote the last entry.
        last_run: Option<String>,
    },
}

/// An entry of the journal that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The step kind: `tree`.
    pub kind: String,
    /// Its first argument: `/etc/kubernetes`.
    pub subject: String,
}

impl Facts {
    /// Whether the journal says that something on the host is ours.
    pub fn is_ours(&self) -> bool {
        matches!(self.journal, Journal::Present { entries: 1.., .. })
    }

    /// Whether a wipe of what another installer left was begun, and not ended.
    pub fn is_being_cleared(&self) -> bool {
        self.claims.iter().any(|claim| claim.kind == "clear")
    }

    /// Whether an installation was begun: more of ours is there than a repair of preflight's brings.
    pub fn has_begun(&self) -> bool {
        self.claims.iter().any(|claim| !matches!(claim.kind.as_str(), "file" | "clear"))
    }

    /// Whether a file, or a directory with what is in it, is ours.
    pub fn has_claimed(&self, path: &str) -> bool {
        let is_path = |claim: &Claim| matches!(claim.kind.as_str(), "file" | "artifact" | "tree");
        self.claims.iter().any(|claim| is_path(claim) && claim.subject == path)
    }

    /// Whether we began to install packages, and have not taken them away since.
    pub fn has_begun_packages(&self) -> bool {
        self.claims.iter().any(|claim| claim.kind == "package")
    }

    /// Whether links, routes and firewall chains of a cluster are ours.
    pub fn has_claimed_kernel(&self) -> bool {
        self.claims.iter().any(|claim| claim.kind == "kernel")
    }

    /// Whether a node of ours uses a runtime that has an owner.
    pub fn has_borrowed_runtime(&self) -> bool {
        let is_store = |kind: &str| matches!(kind, "store" | "docker_store");
        self.claims.iter().any(|claim| is_store(&claim.kind))
    }

    /// Whether we made the host a node, or began to.
    pub fn is_our_node(&self) -> bool {
        self.claims.iter().any(|claim| claim.kind == "kubeadm")
    }
}
