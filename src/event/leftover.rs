//! What any Kubernetes left on a host, as events name it.

/// What becomes of a leftover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is provably Kubernetes' own.
    Goes,
    /// It is the host's owner's.
    Stays,
    /// It is the cluster's, and kept because it cannot be had back.
    Kept,
    /// It stays, because something is not known.
    Unsure,
    /// A setting of the system that was changed.
    Setting,
}

impl Fate {
    /// As programs read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Goes => "goes",
            Self::Stays => "stays",
            Self::Kept => "kept",
            Self::Unsure => "unsure",
            Self::Setting => "setting",
        }
    }
}

/// One thing that a look at a host found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The entry of the table of leftovers that knows it: `KubeletState`.
    pub name: &'static str,
    /// The entry's classes: `R01`.
    pub classes: &'static [&'static str],
    /// The thing.
    pub thing: String,
    /// What becomes of it.
    pub fate: Fate,
    /// Why.
    pub because: String,
    /// Of a setting, how it is and how it is shipped.
    pub setting: Option<Shipped>,
}

/// A setting of the system, and what the distribution or the kernel ships.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipped {
    /// How it is.
    pub now: String,
    /// How it is shipped.
    pub ships: String,
    /// Only its owner can put it back.
    pub by_hand: bool,
}

/// A whole look at a host for what any Kubernetes left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Whether a wipe was at work before it.
    pub after: bool,
    /// What it saw, or why nothing was seen.
    pub seen: Result<Sight, String>,
}

/// What a look saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// In the order of the table.
    pub leftovers: Vec<Leftover>,
    /// What was there and nobody called Kubernetes'.
    pub passed_over: Vec<String>,
}
