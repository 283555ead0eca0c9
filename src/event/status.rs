//! What `status` tells: a row for each host, etcd member and certificate.

use std::time::SystemTime;

/// Whether something works. What could not be read is unknown, never fine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Health {
    Up,
    Down,
    #[default]
    Unknown,
}

impl Health {
    /// From an answer that may be missing.
    pub fn of(answer: Option<bool>) -> Self {
        match answer {
            Some(true) => Self::Up,
            Some(false) => Self::Down,
            None => Self::Unknown,
        }
    }

    /// `up`, `down` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Unknown => "unknown",
        }
    }
}

/// A host of cluster.yaml; or, without a host, a node that is on none of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostStatus {
    /// The node's name, where it is known.
    pub node: Option<String>,
    /// Whether it carries the control plane: by the file, and for a node without a host by its labels.
    pub control_plane: bool,
    /// Whether the host could be read.
    pub reached: bool,
    /// The node's condition `Ready`.
    pub ready: Health,
    /// Since when, as RFC 3339.
    pub since: Option<String>,
    /// The kubelet's unit.
    pub kubelet: Health,
    /// The kubelet's version: `v1.20.2`.
    pub version: Option<String>,
    /// The container runtime.
    pub runtime: Health,
    /// Its own API server; `None` where there is none to be.
    pub api_server: Option<Health>,
    /// Its own load balancer; `None` where there is none.
    pub load_balancer: Option<Health>,
    /// The run that holds the host's lock, and since when.
    pub lock: Option<String>,
}

/// A member of etcd; without a host it is on none of cluster.yaml.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EtcdStatus {
    /// Its name, which kubeadm makes the node's.
    pub member: String,
    /// Its id in hexadecimal digits, as etcdctl takes it.
    pub id: String,
    /// Whether it answers, with a leader and a quorum.
    pub health: Health,
    /// Whether it leads; `None` when nobody told.
    pub leader: Option<bool>,
    /// Whether it has no vote yet.
    pub learner: bool,
    /// `3.4.13`.
    pub version: Option<String>,
    /// The size of its data in bytes.
    pub bytes: Option<u64>,
}

/// A certificate on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateStatus {
    /// The file that it is in.
    pub path: String,
    /// Its end; `None` for one that cannot be read.
    pub ends: Option<SystemTime>,
    /// Whole days until then; negative when it is over.
    pub days: Option<i64>,
}
