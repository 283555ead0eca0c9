//! What the engine reports: its only output, and the only input of [`crate::report`].

mod coming;
mod diagnosis;
mod finding;
mod leftover;
mod status;

use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;

pub use coming::Coming;
pub use diagnosis::{Diagnosis, Named, Proof};
pub use finding::{Breaks, Finding, Phase};
pub use leftover::{Fate, How, Leftover, Looked, Shipped, Sight, Taken};
pub use status::{CertificateStatus, EtcdStatus, Health, HostStatus};

/// One thing that happened, on a host or in the run as a whole.
#[derive(Debug, Clone)]
pub struct Event {
    /// When it happened, by the operator's clock.
    pub time: SystemTime,
    /// The host's display name (`name` of cluster.yaml, else its address); `None` for the run.
    pub host: Option<String>,
    /// What happened.
    pub kind: EventKind,
}

/// A step of a playbook, as events name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepName {
    /// The playbook's name: `runtime`.
    pub playbook: String,
    /// The step's name: `start containerd`.
    pub step: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; the run goes on.
    Warning,
    /// The run stops before the first change.
    Error,
}

impl Severity {
    /// `error` or `warning`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What happened.
#[derive(Debug, Clone)]
pub enum EventKind {
    /// The run began: the verb, the cluster's name and its hosts (display names, in file order).
    RunStarted { verb: String, cluster: String, hosts: Vec<String> },
    /// Something worth knowing was read from a host (`os`, `debian 12`).
    Fact { name: String, value: String },
    /// A preflight result.
    Finding(Finding),
    /// Preflight could not look at this on the host, because of that.
    Unchecked { name: String, because: String },
    /// Preflight was told not to look at this, for that reason.
    Skipped { name: String, because: String },
    /// A step began on the host.
    StepStarted { step: StepName },
    /// A line of output of the step that is running (for the log and for `--verbose`).
    StepOutput { step: StepName, line: String },
    /// The step waits for something that others do on the host, and goes on by itself.
    StepWaiting { step: StepName, what: String },
    /// Bytes of an upload, or of a download to this machine, so far and in all.
    StepProgress { step: StepName, done: u64, total: u64 },
    /// A step will be tried again after `cause`.
    StepRetried { step: StepName, cause: String, attempt: u32 },
    /// A step ended well; `changed` says whether the host was changed.
    StepDone { step: StepName, changed: bool, seconds: f64 },
    /// A step did not end well.
    StepFailed {
        step: StepName,
        cause: String,
        fix: String,
        stderr_tail: Vec<String>,
        seconds: f64,
    },
    /// The host waits for a gate (`control plane answers`).
    GateWaiting { gate: String },
    /// The gate opened; `seconds` is how long the host waited.
    GateOpened { gate: String, seconds: f64 },
    /// The gate will not open, so the host stops there.
    GateShut { gate: String, because: String },
    /// The host's lane has nothing more to do.
    HostDone { ok: bool, changed: usize, seconds: f64 },
    /// A wipe compared the host with its baseline.
    Compared(Box<Comparison>),
    /// `plan`: what the step would change on the host: the kind of change, what it is about, and of a file
    /// that everybody may read the difference.
    ChangePlanned { step: StepName, kind: &'static str, subject: String, diff: String },
    /// The host was looked at for what any Kubernetes left, and each thing that was found has been told.
    Looked(Box<Looked>),
    /// What any Kubernetes left on the host, and what becomes of it.
    Residue(Leftover),
    /// A wipe did something about one thing that any Kubernetes left.
    Taken(Taken),
    /// `status`: how a host is, or a node that is on no host of cluster.yaml.
    HostStatus(Box<HostStatus>),
    /// `status`: how a member of etcd is.
    EtcdStatus(Box<EtcdStatus>),
    /// `status`: when a certificate on the host ends.
    CertificateStatus(CertificateStatus),
    /// `diagnose`, and a run that did not work: why, as far as could be seen.
    Diagnosed(Box<Diagnosis>),
    /// The run ended. `differences` is the sum over all hosts of a wipe, `None` for other verbs.
    RunDone { ok: bool, seconds: f64, differences: Option<usize>, critical_path: Vec<PathStep> },
}

/// What differs on a host from its baseline, by whose it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The tool's or the cluster's: it should be gone, or back.
    pub left: Vec<Difference>,
    /// What the owner changed since: it stays.
    pub owners: Vec<Difference>,
    /// What hosts change by themselves.
    pub noise: Vec<Difference>,
    /// SHA-256 of the baseline that the host was compared with; empty where there was nothing to compare.
    pub baseline: String,
    /// When that baseline was taken.
    pub taken: Option<SystemTime>,
}

/// A line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `+` for what is new, `-` for what is gone, `= kept` for what an undo left alone.
    pub line: String,
    /// Why it is taken for what it is.
    pub because: String,
}

/// One stretch of the run's critical path.
#[derive(Debug, Clone)]
pub struct PathStep {
    /// The host's display name.
    pub host: String,
    /// The step that took the time.
    pub step: StepName,
    /// How long it took.
    pub seconds: f64,
}

/// The sending end, cloned into every lane. Events never block the work: the channel is unbounded.
#[derive(Debug, Clone)]
pub struct Events {
    sender: mpsc::UnboundedSender<Event>,
}

impl Events {
    /// A channel for one run.
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<Event>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { sender }, receiver)
    }

    /// Reports something about a host.
    pub fn host(&self, host: &str, kind: EventKind) {
        self.send(Some(host.to_owned()), kind);
    }

    /// Reports something about the run.
    pub fn run(&self, kind: EventKind) {
        self.send(None, kind);
    }

    fn send(&self, host: Option<String>, kind: EventKind) {
        // A reporter that is gone must not stop the work.
        let _ = self.sender.send(Event { time: SystemTime::now(), host, kind });
    }
}

/// Seconds with the precision that events carry.
pub fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}
