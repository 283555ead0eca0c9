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

impl Sight {
    /// What was there besides: not what lies in a directory that is spoken of.
    pub fn beside(&self) -> Vec<String> {
        let spoken = |thing: &&String| {
            let above = thing.match_indices('/').skip(1).map(|(end, _)| &thing[..end]);
            thing.starts_with('/')
                && above.into_iter().any(|above| {
                    self.leftovers.iter().any(|it| it.thing == above && it.fate == Fate::Goes)
                })
        };
        self.passed_over.iter().filter(|it| !spoken(it)).cloned().collect()
    }
}

/// What a wipe did about one thing. Whether it is gone is another question: that a look afterwards answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The entry of the table of leftovers that knows it; empty where that is not known any more.
    pub name: &'static str,
    /// The thing.
    pub thing: String,
    /// What came of it.
    pub how: How,
    /// The run that did it, where that was an earlier one: the host's journal tells.
    pub run: Option<String>,
}

/// What came of the removal of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was done.
    Done,
    /// It was done, and takes only what is empty.
    IfEmpty,
    /// It did not work.
    Failed,
    /// It was begun, and how it ended nobody heard.
    Begun,
}

impl How {
    /// As programs read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::IfEmpty => "if empty",
            Self::Failed => "failed",
            Self::Begun => "begun",
        }
    }
}
