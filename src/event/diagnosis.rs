//! What a diagnosis comes to.

/// Why it does not work, as far as could be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// The most likely cause. `None`: nothing is broken, or the cause is not known.
    pub cause: Option<Named>,
    /// Up to three others that were seen.
    pub others: Vec<Named>,
    /// What is broken, with the host; what is lower comes first.
    pub broken: Vec<(String, String)>,
    /// Where the cause is not known: the last complaints of what is broken, with the host.
    pub last_words: Vec<(String, Proof)>,
    /// Hosts that could not be read, why, and what to do.
    pub unread: Vec<(String, String, String)>,
    /// How many hosts were read.
    pub read: usize,
}

/// A cause that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its name: `PauseImage`.
    pub name: String,
    /// Hosts, in file order.
    pub hosts: Vec<String>,
    /// What is wrong. It does not begin with the host's name.
    pub message: String,
    /// Why it is believed.
    pub proofs: Vec<Proof>,
    /// What to do, in a sentence.
    pub fix: String,
    /// A line of shell for root on that host.
    pub command: Option<String>,
}

/// Something that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Where: `the kubelet's journal, 3 times`.
    pub place: String,
    /// What: a line of a log, a value.
    pub what: String,
}

impl Diagnosis {
    /// Whether nothing is wrong that could be seen, and all hosts were read.
    pub fn is_well(&self) -> bool {
        self.cause.is_none() && self.broken.is_empty() && self.unread.is_empty()
    }
}
