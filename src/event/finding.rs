//! What was found wrong before a run, what could not be looked at, and what was not to be.

use super::Severity;

/// Something that is wrong on a host, or with the cluster as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is called: `Swap`.
    pub name: String,
    /// Whether it stops the run.
    pub severity: Severity,
    /// The cause. It does not begin with the host's name.
    pub message: String,
    /// What to do, in a sentence.
    pub fix: String,
    /// The same as one line of shell, to be typed as root on that host; none where no line does it.
    pub command: Option<String>,
    /// What it would break; unknown to those who tell of something that is broken already.
    pub breaks: Option<Breaks>,
    /// Whether `preflight --fix` can put it right.
    pub repairs: bool,
}

impl Finding {
    /// One with nothing but a cause and a fix.
    pub fn new(
        name: impl Into<String>,
        severity: Severity,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            severity,
            message: message.into(),
            fix: fix.into(),
            command: None,
            breaks: None,
            repairs: false,
        }
    }
}

/// What a finding would break, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Breaks {
    /// When.
    pub phase: Phase,
    /// What, as a clause: `the kubelet does not start`.
    pub what: &'static str,
}

/// The parts of a cluster's life, in their order: when something that is wrong is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The hosts are connected to and looked at.
    Connect,
    /// Files come from their sources and are brought to the hosts.
    Files,
    /// Packages of the distribution are installed.
    Packages,
    /// The container runtime is started.
    Runtime,
    /// Images are imported or pulled.
    Images,
    /// `kubeadm init` on the first control plane.
    Init,
    /// `kubeadm join` on the others.
    Join,
    /// The kubelet starts, and the node registers.
    Kubelet,
    /// Pods and services reach each other.
    Network,
    /// The cluster is at work.
    Operation,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 10] = [
        Self::Connect,
        Self::Files,
        Self::Packages,
        Self::Runtime,
        Self::Images,
        Self::Init,
        Self::Join,
        Self::Kubelet,
        Self::Network,
        Self::Operation,
    ];

    /// The word for it, in tables and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Files => "files",
            Self::Packages => "packages",
            Self::Runtime => "runtime",
            Self::Images => "images",
            Self::Init => "init",
            Self::Join => "join",
            Self::Kubelet => "kubelet",
            Self::Network => "network",
            Self::Operation => "operation",
        }
    }
}
