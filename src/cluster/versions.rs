//! Kubernetes releases: which ones are supported, and what each minor implies.

mod gates;
mod names;
mod release;
mod sources;
mod table;
mod wish;

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::Version;
pub use gates::gone as gate_is_gone;
pub use names::{FLAGS, JOIN_PHASES, JoinParts, Name, PHASES};
pub use release::Release;
pub use sources::SOURCES;
use table::TABLE;
pub use wish::{Wish, Wished};

/// What a Kubernetes minor implies for an install with kubeadm: a row of the table. [`SOURCES`] says where
/// each column is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own")]
pub struct VersionFacts {
    /// The minor: 20 for v1.20.
    pub minor: u64,
    /// The newest patch that the row was checked with; what depends on the patch is a guess above it.
    pub newest_patch: u64,
    /// The newest version of kubeadm's configuration API that this minor reads: `v1beta2`.
    pub kubeadm_api: &'static str,
    /// Tag of the pause image that kubeadm names, and that containerd must name too.
    pub pause: &'static str,
    /// Tags of etcd's image that kubeadm names, each with the first patch that names it.
    etcd: &'static [(u64, &'static str)],
    /// The oldest external etcd that kubeadm takes.
    pub external_etcd: Release,
    /// Tags of `CoreDNS`'s, likewise.
    coredns: &'static [(u64, &'static str)],
    /// What `CoreDNS`'s image is called below kubeadm's own repository.
    coredns_image: &'static str,
    /// The first patch whose kubeadm names images after registry.k8s.io, before it k8s.gcr.io.
    registry_k8s_io_from: Option<u64>,
    /// Whether kubeadm runs the `crictl` binary, and refuses to start without it.
    pub needs_crictl: bool,
    /// Versions of the container runtime interface that the kubelet speaks, best first.
    pub cri: &'static [&'static str],
    /// Which containerd goes with it.
    pub containerd: Containerd,
    /// What is installed with it where nothing else is asked for.
    pub install: Components,
    /// What the kubelet makes of cgroups of version 1.
    pub cgroup1: Cgroup1,
    /// The oldest kernel that kubeadm's validators do not complain of.
    pub kernel: (u32, u32),
    /// How many minors a kubelet may be behind its API server.
    pub kubelet_skew: u64,
    /// The taint that kubeadm gives control planes.
    pub control_plane_taint: &'static str,
    /// Whether the `ConfigMap` of the kubelets' configuration has the minor in its name.
    pub kubelet_config_by_minor: bool,
    /// Whether the cluster keeps a list of its control planes in `kubeadm-config`.
    pub cluster_status: bool,
    /// Whether only super-admin.conf may do anything until `init` has made its administrators.
    pub super_admin: bool,
    /// Whether the kubelet of a control plane that joins comes in through that one's own API server, so that etcd is
    /// joined before it has its first certificate.
    pub local_kubelet: bool,
    /// Whether an API server may hear nothing more of some objects, for minutes, after its etcd was without a leader.
    pub stale_watches: bool,
    /// Whether dual stack needs the feature gate `IPv6DualStack`.
    pub dual_stack_gate: bool,
    /// Modes of kube-proxy that need no feature gate.
    pub proxy_modes: &'static [&'static str],
}

/// Which containerd goes with a Kubernetes minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Containerd {
    /// The oldest that speaks a version of the CRI which the kubelet speaks.
    pub least: Release,
    /// The first that does not any more.
    pub below: Option<Release>,
    /// The kubelet still takes older ones, and says that it will not for long.
    pub deprecated_below: Option<Release>,
    /// Of each series, oldest first, the first that containerd's own tests ran with it.
    pub tested: &'static [Release],
}

impl Containerd {
    /// What is expected instead of a containerd of this release, where it does not go with the minor.
    pub fn instead_of(&self, release: Release) -> Option<String> {
        match self.below {
            _ if release < self.least => Some(format!("{} or newer", self.least)),
            Some(below) if release >= below => Some(format!("one older than {below}")),
            _ => None,
        }
    }
}

/// Releases to install with a Kubernetes minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Components {
    /// `containerd/containerd`.
    pub containerd: Release,
    /// `opencontainers/runc`.
    pub runc: Release,
    /// `containernetworking/plugins`.
    pub cni_plugins: Release,
    /// `kubernetes-sigs/cri-tools`.
    pub crictl: Release,
    /// `cri-o/cri-o`, from the minor on whose static bundles are known.
    pub cri_o: Option<Release>,
    /// `Mirantis/cri-dockerd`. Before 1.24 the kubelet could speak to docker itself; it is never told to.
    pub cri_dockerd: Release,
}

/// What the kubelet makes of cgroups of version 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Cgroup1 {
    /// Nothing is said against them.
    Works,
    /// Kept up, with nothing new, and about to go.
    IsKept,
    /// The kubelet does not start unless `failCgroupV1` is off.
    IsRefused,
}

impl VersionFacts {
    /// Tag of etcd's image that this patch's kubeadm names.
    pub fn etcd(&self, patch: u64) -> &'static str {
        by_patch(self.etcd, patch)
    }

    /// Tag of `CoreDNS`'s image that this patch's kubeadm names.
    pub fn coredns(&self, patch: u64) -> &'static str {
        by_patch(self.coredns, patch)
    }
}

fn by_patch(tags: &[(u64, &'static str)], patch: u64) -> &'static str {
    tags.iter().rev().find(|(from, _)| *from <= patch).map_or("", |(_, tag)| tag)
}

/// The supported minors, oldest first.
pub fn supported() -> &'static [VersionFacts] {
    &TABLE
}

/// Why a version was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// `1.20`, `stable`: a name that means another release every few weeks.
    #[error("{} is not one release: name the exact patch, like v1.20.2", super::mistake::quote(.0))]
    NotExact(String),
    /// `latest`, `stable-1.36`: not even a wish.
    #[error("{} is no release", super::mistake::quote(.0))]
    NoWish(String),
    /// `v1.20.2-rc.0`, `v1.20.2+k3s1`.
    #[error("`{0}` is not a plain release of Kubernetes")]
    NotPlain(String),
    /// Anything else.
    #[error("{} is not a version", super::mistake::quote(.0))]
    Malformed(String),
    /// No row in the table.
    #[error("Kubernetes v{0} is not supported")]
    Unsupported(semver::Version),
    /// Likewise, of a minor.
    #[error("Kubernetes {major}.{minor} is not supported")]
    NoMinor {
        /// The number before the dot.
        major: u64,
        /// The number behind it.
        minor: u64,
    },
}

impl VersionError {
    /// A release near to it that is supported, in the form in which it was asked for.
    pub fn nearest(&self) -> Option<String> {
        let (oldest, newest) = (TABLE.first()?.minor, TABLE.last()?.minor);
        match self {
            Self::Unsupported(version) => (version.major == 1)
                .then(|| format!("v1.{}.0", version.minor.clamp(oldest, newest))),
            Self::NoMinor { major, minor } => {
                (*major == 1).then(|| format!("1.{}", (*minor).clamp(oldest, newest)))
            }
            // kubeadm's own words for it.
            Self::NoWish(name) => {
                let minor = name.split_once('-').map(|(_, minor)| minor.parse::<Wish>().ok());
                match minor {
                    Some(wish) => wish.map(|wish| wish.to_string()),
                    None => ["stable", "latest"]
                        .contains(&name.to_lowercase().as_str())
                        .then(|| "stable".to_owned()),
                }
            }
            Self::NotExact(_) | Self::NotPlain(_) | Self::Malformed(_) => None,
        }
    }
}

impl Version {
    /// The minor: 20 for v1.20.2.
    pub fn minor(&self) -> u64 {
        self.0.minor
    }

    /// What the version's minor implies.
    pub fn facts(&self) -> &'static VersionFacts {
        // A `Version` made by hand may lie outside of the table; the nearest row is right for it
        // as far as anything is.
        let last = TABLE.len() - 1;
        let index = usize::try_from(self.minor().saturating_sub(TABLE[0].minor)).unwrap_or(last);
        &TABLE[index.min(last)]
    }

    /// Images that this very release's kubeadm names, below its own repository: `etcd:3.5.24-0`,
    /// `coredns/coredns:v1.12.0`. With a repository of the user's, `CoreDNS` lies directly below it.
    pub fn images(&self) -> Vec<String> {
        let (row, patch) = (self.facts(), self.0.patch);
        ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"]
            .into_iter()
            .map(|name| format!("{name}:{self}"))
            .chain([
                format!("pause:{}", row.pause),
                format!("etcd:{}", row.etcd(patch)),
                format!("{}:{}", row.coredns_image, row.coredns(patch)),
            ])
            .collect()
    }

    /// Where this very release's kubeadm finds its images, unless it is told otherwise.
    pub fn default_image_repository(&self) -> &'static str {
        match self.facts().registry_k8s_io_from {
            Some(patch) if self.0.patch >= patch => "registry.k8s.io",
            _ => "k8s.gcr.io",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let bare = text.strip_prefix('v').unwrap_or(text);
        let owned = || text.to_owned();
        let Ok(version) = semver::Version::parse(bare) else {
            let minor = bare.split('.').count() <= 2
                && bare.split('.').all(|part| part.parse::<u32>().is_ok());
            let channel = ["stable", "latest", "ci/", "release/"];
            let channel = channel.iter().any(|name| text.to_lowercase().starts_with(name));
            return Err(if minor || channel {
                VersionError::NotExact(owned())
            } else {
                VersionError::Malformed(owned())
            });
        };
        if !version.pre.is_empty() || !version.build.is_empty() {
            return Err(VersionError::NotPlain(owned()));
        }
        if version.major != 1 || !TABLE.iter().any(|row| row.minor == version.minor) {
            return Err(VersionError::Unsupported(version));
        }
        Ok(Self(version))
    }
}

#[cfg(test)]
mod tests;
