//! The docker that runs on a host, whoever brought it: what it says itself.

/// A docker that runs as `docker.service`. What it did not say is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Docker {
    /// Its version, as it says it: `20.10.24+dfsg1`. Unknown where it does not answer.
    pub version: Option<String>,
    /// The version of its API: `1.41`.
    pub api: Option<String>,
    /// Its cgroup driver: `systemd`, `cgroupfs`.
    pub cgroup: Option<String>,
    /// Where it keeps images and containers.
    pub root: Option<String>,
    /// Its storage driver: `overlay2`.
    pub driver: Option<String>,
    /// Its logging driver: `json-file`.
    pub log: Option<String>,
    /// Whether its containers outlive it.
    pub live_restore: Option<bool>,
    /// Whether it is part of a swarm: `active`, `inactive`.
    pub swarm: Option<String>,
    /// What it says of security: `[name=seccomp,profile=default name=userns]`.
    pub security: Option<String>,
    /// What becomes of packets that nobody has a rule for: `ACCEPT`, `DROP`.
    pub forward: Option<String>,
    /// Containers of pods, the first few.
    pub pods: Option<Vec<String>>,
    /// What its process was started with, by the names of the flags; unknown where it has no file of settings.
    pub flags: Option<Vec<String>>,
    /// What its file of settings says, by the names at its top.
    pub keys: Option<Vec<String>>,
}
