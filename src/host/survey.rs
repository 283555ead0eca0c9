//! What a host of a running cluster shows: read in one round trip by `survey.sh`, understood by
//! [`Survey::parse`].
//!
//! What the host did not tell is unknown (`None`), never a guess. Values come from the host and may be
//! anything; control characters are taken out of them, so that they can be shown.

pub(super) mod certificate;
mod parse;

use std::time::{Duration, SystemTime};

use thiserror::Error;

use super::remote::{Error as RemoteError, Remote};

/// Why a host's survey is not there.
#[derive(Debug, Error)]
pub enum SurveyError {
    /// The connection, or the script as a whole.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The output is not that of the script, or not all of it.
    #[error("the host's answer ends after `{last}`: the script was cut short")]
    CutShort {
        /// The last key that was read.
        last: String,
    },
}

impl SurveyError {
    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            Self::Remote(error) => error.fix(),
            Self::CutShort { .. } => "look at the host by hand".to_owned(),
        }
    }
}

/// What was read from a host of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// The host's clock.
    pub clock: Option<SystemTime>,
    /// The kernel's host name, which kubeadm takes for the node's name.
    pub hostname: Option<String>,
    /// The host's journal.
    pub journal: Journal,
    /// Who holds the host's lock.
    pub lock: Lock,
    /// The kubelet's unit.
    pub kubelet: Option<Unit>,
    /// The version of the kubelet's program: `v1.20.2`.
    pub kubelet_version: Option<String>,
    /// Whether the container runtime answers.
    pub runtime: Option<bool>,
    /// Files of static pods: `etcd.yaml`.
    pub manifests: Vec<String>,
    /// The version in the API server's manifest.
    pub api_version: Option<String>,
    /// Whether this host's own API server is ready; only control planes say.
    pub api: Option<Ready>,
    /// The API server that the kubelet uses; `None` inside when the host has no kubelet.conf.
    pub server: Option<Option<String>>,
    /// Whether that one is ready, asked from this host.
    pub reach: Option<Ready>,
    /// Whether the API answers through this host's own load balancer; only where there is one.
    pub balancer: Option<Ready>,
    /// The cluster's nodes, as this host's API server has them.
    pub nodes: Option<Vec<Node>>,
    /// Names of secrets in `kube-system` that a run leaves when it breaks off: bootstrap tokens of ours,
    /// kubeadm's certificates.
    pub secrets: Option<Vec<String>>,
    /// Who asked for a serving certificate of a kubelet and was not answered; only where kubelets ask.
    pub requests: Option<Vec<String>>,
    /// What etcd on this host says; only where it should run.
    pub etcd: Option<Etcd>,
    /// Certificates, in the order of their files.
    pub certificates: Vec<Certificate>,
}

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
        /// Changes of the last run that were begun and never completed, as `run`, `playbook: step`.
        begun: Vec<(String, String)>,
        /// All entries that stand take away what another installer left: such a wipe was cut off.
        clears: bool,
    },
}

/// A host's lock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Lock {
    /// The host did not say.
    #[default]
    Unknown,
    /// Nobody holds it.
    Free,
    /// A run holds it: `RUN since TIME`.
    Held(String),
    /// A run whose operator is gone holds it with its last command.
    Orphan(String),
}

/// A systemd unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// `active`, `inactive`, `failed`, `activating`.
    pub state: String,
    /// For how long.
    pub age: Duration,
}

/// Whether something answers as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// It does.
    Up,
    /// It does not, and this is what was said.
    Down(String),
}

/// A node, as the API server has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    /// The kubelet's version.
    pub version: Option<String>,
    /// Whether it takes no more pods (`kubectl cordon`).
    pub cordoned: bool,
    /// Its condition `Ready`; `None` when the kubelet has not been heard for long (`Unknown`).
    pub ready: Option<bool>,
    /// Since when, as RFC 3339.
    pub since: Option<String>,
    /// Host names and addresses.
    pub addresses: Vec<String>,
    /// Labels: key and value.
    pub labels: Vec<(String, String)>,
    /// Taints: effect, key and value; no value is an empty one.
    pub taints: Vec<(String, String, String)>,
}

/// What etcd on a host says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Etcd {
    /// Whether it is healthy: it answers, has a leader and a quorum.
    pub health: Option<Ready>,
    /// Its own id.
    pub id: Option<u64>,
    /// The id of the cluster.
    pub cluster: Option<u64>,
    /// The leader's id; 0 is none.
    pub leader: Option<u64>,
    /// Its version: `3.4.13`.
    pub version: Option<String>,
    /// The size of its data in bytes.
    pub size: Option<u64>,
    /// All members, as this one knows them.
    pub members: Option<Vec<EtcdMember>>,
}

/// A member of an etcd cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdMember {
    pub id: u64,
    /// Empty until it has started for the first time.
    pub name: String,
    /// Whether it has no vote yet.
    pub learner: bool,
    /// `https://10.0.0.1:2380`.
    pub peers: Vec<String>,
}

/// A certificate in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The file: `/etc/kubernetes/pki/apiserver.crt`.
    pub path: String,
    /// Its end; `None` for one that cannot be read.
    pub ends: Option<SystemTime>,
}

impl Survey {
    const SCRIPT: &'static str = include_str!("survey.sh");

    /// Understands the output of the script; what stands before it is passed over.
    ///
    /// # Errors
    /// When the output is not that of the script, or not all of it.
    pub fn parse(stdout: &str) -> Result<Self, SurveyError> {
        parse::survey(stdout)
    }
}

impl Remote {
    /// Looks at what the host shows of its cluster, within one round trip. Nothing is changed, and the
    /// host is not locked.
    ///
    /// # Errors
    /// When the host did not answer, or not to the end.
    pub async fn survey(&mut self, limit: Duration) -> Result<Survey, SurveyError> {
        let answer = self.read(Survey::SCRIPT, limit).await?;
        Survey::parse(&answer.stdout)
    }
}
