//! The cri-o that runs on a host, whoever brought it: what it says itself, and what its configuration comes to.

/// A cri-o that runs as `crio.service`. What it did not say is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CriO {
    /// Its version, as it says it: `1.31.13`.
    pub version: Option<String>,
    /// Where it answers.
    pub listen: Option<String>,
    /// Where it keeps images and containers.
    pub root: Option<String>,
    /// What it keeps while they run.
    pub runroot: Option<String>,
    /// Its cgroup manager: `systemd`, `cgroupfs`.
    pub cgroup: Option<String>,
    /// The image of a pod's sandbox.
    pub pause: Option<String>,
    /// The file with its logins; empty where it names none.
    pub auth: Option<String>,
    /// Whether the file is there that it looks for logins in.
    pub has_auth: Option<bool>,
    /// Directories of network plugins, with commas.
    pub cni_bin: Option<String>,
    /// The directory of their configuration.
    pub cni_conf: Option<String>,
    /// The names of its images; unknown where nobody could be asked.
    pub images: Option<Vec<String>>,
    /// Pods in it, the first few.
    pub pods: Option<Vec<String>>,
}
