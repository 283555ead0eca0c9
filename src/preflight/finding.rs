//! What checks say, and the words that they share.

use super::HostFacts;
use crate::event::{Breaks, Severity};

/// Something that is wrong on one or more hosts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Finding {
    /// What `ignorePreflightErrors` calls it: `Port-10250`.
    pub name: String,
    /// Whether it stops the run.
    pub severity: Severity,
    /// Display names of the hosts, in file order.
    pub hosts: Vec<String>,
    /// The cause. It does not begin with the host's name.
    pub message: String,
    /// What to do, in a sentence.
    pub fix: String,
    /// The same as one line of shell, to be typed as root on the host; none where no line does it.
    pub command: Option<String>,
    /// What it would break, and when. The registry fills it in from the check.
    pub breaks: Option<Breaks>,
    /// Whether `preflight --fix` can put it right. The registry fills it in.
    pub repairs: bool,
}

/// What a check could not look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchecked {
    /// The check's name; [`EVERYTHING`] for all of them.
    pub name: String,
    /// Display names of the hosts, in file order.
    pub hosts: Vec<String>,
    /// Why, as a clause: `the clock is unknown`.
    pub because: String,
}

/// The name of all checks together, where a host cannot be checked at all.
pub const EVERYTHING: &str = "*";

/// What came of the checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What nobody knows. It stops no run, and is never fine.
    pub unchecked: Vec<Unchecked>,
}

impl Finding {
    /// Makes it a finding of another host as well.
    pub(super) fn and(mut self, other: &HostFacts<'_>) -> Self {
        self.hosts.push(other.host.display.clone());
        self
    }

    /// The same, where there is something to type.
    pub(super) fn maybe_typed(mut self, command: Option<impl Into<String>>) -> Self {
        self.command = command.map(Into::into);
        self
    }

    /// Something that stops no run.
    pub(super) fn mild(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Adds what to type, as root on the host, in one line of shell.
    pub(super) fn typed(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }
}

/// Names for a message: "`a`, `b`".
pub(super) fn quoted<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// An amount for a message: `1.5 GiB`, `300 MiB`.
pub(super) fn amount(kib: u64) -> String {
    let mib = kib / 1024;
    if mib >= 1024 {
        format!("{}.{} GiB", mib / 1024, mib % 1024 * 10 / 1024)
    } else {
        format!("{mib} MiB")
    }
}
