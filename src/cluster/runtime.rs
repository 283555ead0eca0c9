//! The container runtime: what `spec.runtime` says, and what each runtime implies on a host. One place
//! for templates, playbooks, checks and the shell half: none of them names a socket of its own.

use super::Overrides;

/// `spec.runtime`.
#[derive(Debug, Clone)]
pub struct Runtime {
    /// `name`: what it implies.
    pub traits: &'static Traits,
    /// `existing`: the one that is there is used, if it fits, and nothing of it is changed.
    pub existing: bool,
    /// `config`: merged into its own configuration.
    pub config: Overrides,
}

impl Default for Runtime {
    fn default() -> Self {
        Self { traits: &CONTAINERD, existing: false, config: Overrides::new() }
    }
}

/// Which runtime it is, for what only code can tell apart: how its configuration is written, how it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Containerd,
    /// cri-o.
    CriO,
    /// docker, with cri-dockerd before it.
    Docker,
}

/// What a runtime implies on a host.
#[derive(Debug, PartialEq, Eq)]
pub struct Traits {
    pub kind: Kind,
    /// What cluster.yaml calls it.
    pub name: &'static str,
    /// Where it answers the kubelet, as the Container Runtime Interface's clients write it.
    pub endpoint: &'static str,
    /// The systemd unit that answers there.
    pub unit: &'static str,
    /// The one that pulls images, and that a proxy is told to: another one where something stands between it and
    /// the kubelet.
    pub engine: &'static str,
    /// Its configuration.
    pub config: &'static str,
    /// Where it keeps images and containers: the kubelet's `imagefs`.
    pub root: &'static str,
    /// What it keeps while it runs.
    pub state: &'static str,
    /// Its programs that are artifacts: a bundle has them, or the release servers do.
    pub programs: &'static [&'static str],
}

/// containerd's own places (`docs/ops.md` of containerd/containerd).
pub const CONTAINERD: Traits = Traits {
    kind: Kind::Containerd,
    name: "containerd",
    endpoint: "unix:///run/containerd/containerd.sock",
    unit: "containerd.service",
    engine: "containerd.service",
    config: "/etc/containerd/config.toml",
    root: "/var/lib/containerd",
    state: "/run/containerd",
    programs: &["containerd", "containerd-shim-runc-v2", "ctr", "runc"],
};

/// cri-o's own places (crio(8), crio.conf(5)), but for images and containers: podman may have `/var/lib/containers`.
/// The kubelet knows cri-o by this spelling of its socket alone (`CrioSocket` in kubernetes/pkg/kubelet/cadvisor).
pub const CRI_O: Traits = Traits {
    kind: Kind::CriO,
    name: "cri-o",
    endpoint: "unix:///var/run/crio/crio.sock",
    unit: "crio.service",
    engine: "crio.service",
    config: "/etc/crio/crio.conf.d/10-bivouac.conf",
    root: "/var/lib/crio",
    state: "/run/crio",
    programs: &["crio", "conmon", "crun", "pinns", "runc"],
};

/// docker's own places (`dockerd --help`: `--config-file`, `--data-root`, `--exec-root`), and cri-dockerd's socket
/// (Mirantis/cri-dockerd `cmd/cri/options/options.go`). dockerd is a package of the distribution.
pub const DOCKER: Traits = Traits {
    kind: Kind::Docker,
    name: "docker",
    endpoint: "unix:///run/cri-dockerd.sock",
    unit: "cri-docker.service",
    engine: "docker.service",
    config: "/etc/docker/daemon.json",
    root: "/var/lib/docker",
    state: "/run/docker",
    programs: &["cri-dockerd"],
};

/// The runtimes that are built.
pub const RUNTIMES: [&Traits; 3] = [&CONTAINERD, &CRI_O, &DOCKER];

impl Traits {
    /// The built runtime of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        RUNTIMES.into_iter().find(|it| it.name == name)
    }

    /// The socket's path.
    pub fn socket(&self) -> &'static str {
        self.endpoint.trim_start_matches("unix://")
    }
}
