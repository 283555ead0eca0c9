//! The containerd that runs on a host, whoever brought it: what it says itself, and what its configuration
//! comes to.

/// A containerd that runs as `containerd.service`. What it did not say is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Containerd {
    /// Its version, as it says it: `1.6.20~ds1`. Unknown where it does not answer.
    pub version: Option<String>,
    /// The version of the configuration that it goes by: 2, 3.
    pub config_version: Option<u64>,
    /// Where it answers.
    pub address: Option<String>,
    /// Where it keeps images and containers.
    pub root: Option<String>,
    /// What it keeps while it runs.
    pub state: Option<String>,
    /// Whether its configuration switches the plugin for Kubernetes off.
    pub cri_disabled: Option<bool>,
    /// Plugins for Kubernetes that are not well, each with its state.
    pub ill: Option<Vec<String>>,
    /// The cgroup driver of the runtime that pods get: `systemd`, `cgroupfs`.
    pub cgroup: Option<String>,
    /// The image of a pod's sandbox.
    pub sandbox: Option<String>,
    /// Whether that image is there.
    pub has_sandbox: Option<bool>,
    /// Directories of network plugins, with commas.
    pub cni_bin: Option<String>,
    /// The directory of their configuration.
    pub cni_conf: Option<String>,
    /// Where it looks for what a registry needs, with colons.
    pub certs: Option<String>,
    /// Containers in the namespace of Kubernetes, the first few.
    pub containers: Option<Vec<String>>,
}
