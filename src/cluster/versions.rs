//! Kubernetes releases: which ones are supported, and what each minor implies.

use std::fmt;
use std::str::FromStr;

use super::Version;

/// What a Kubernetes minor implies for an install with kubeadm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionFacts {
    /// The minor: 20 for v1.20.
    pub minor: u64,
    /// The newest version of kubeadm's configuration API that this minor reads: `v1beta2`.
    pub kubeadm_api: &'static str,
    /// Tag of the pause image that kubeadm names, and that containerd must name too.
    pub pause: &'static str,
    /// The first patch whose kubeadm names images after registry.k8s.io, before it k8s.gcr.io.
    registry_k8s_io_from: Option<u64>,
    /// Whether kubeadm runs the `crictl` binary, and refuses to start without it.
    pub needs_crictl: bool,
}

/// One row a minor, oldest first. Sources of the columns:
///
/// - kubeadm API: v1beta3 came with 1.22 and v1beta2 went with 1.27 (kubernetes/kubernetes#114540,
///   "Migration from old kubeadm config versions" in the v1beta4 reference); v1beta4 came with
///   1.31, and v1beta3 may go from 1.34 on (package comment of app/apis/kubeadm/v1beta3).
/// - pause: `PauseVersion` in kubernetes/cmd/kubeadm/app/constants. 3.2 until 1.20, 3.4.1 from
///   1.21 (kubernetes/kubernetes#98205); 1.22 to 1.32 as kubeadm itself lists them
///   (kubernetes/minikube, `constants_kubeadm_images.go`, made by `kubeadm config images list`);
///   1.33 as kubespray pins it; 3.10.1 from 1.34 (kubernetes/kubernetes#130713, kubernetes-sigs/kubespray#12827).
/// - registry: 1.25 moved to registry.k8s.io; the patches of December 2022 moved 1.22, 1.23 and
///   1.24 (kubernetes/kubernetes#113388 and #113393, kubernetes/kubeadm#2671, Kubernetes blog of
///   2022-11-28).
/// - crictl: kubeadm calls the CRI itself from 1.31 on (kubernetes/kubeadm#3064,
///   kubernetes/kubernetes#124685); before that it shells out to `crictl`.
const TABLE: [VersionFacts; 16] = [
    row(20, "v1beta2", "3.2", None, true),
    row(21, "v1beta2", "3.4.1", None, true),
    row(22, "v1beta3", "3.5", Some(17), true),
    row(23, "v1beta3", "3.6", Some(15), true),
    row(24, "v1beta3", "3.7", Some(9), true),
    row(25, "v1beta3", "3.8", Some(0), true),
    row(26, "v1beta3", "3.9", Some(0), true),
    row(27, "v1beta3", "3.9", Some(0), true),
    row(28, "v1beta3", "3.9", Some(0), true),
    row(29, "v1beta3", "3.9", Some(0), true),
    row(30, "v1beta3", "3.9", Some(0), true),
    row(31, "v1beta4", "3.10", Some(0), false),
    row(32, "v1beta4", "3.10", Some(0), false),
    row(33, "v1beta4", "3.10", Some(0), false),
    row(34, "v1beta4", "3.10.1", Some(0), false),
    row(35, "v1beta4", "3.10.1", Some(0), false),
];

const fn row(
    minor: u64,
    kubeadm_api: &'static str,
    pause: &'static str,
    registry_k8s_io_from: Option<u64>,
    needs_crictl: bool,
) -> VersionFacts {
    VersionFacts { minor, kubeadm_api, pause, registry_k8s_io_from, needs_crictl }
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
    /// `v1.20.2-rc.0`, `v1.20.2+k3s1`.
    #[error("`{0}` is not a plain release of Kubernetes")]
    NotPlain(String),
    /// Anything else.
    #[error("{} is not a version", super::mistake::quote(.0))]
    Malformed(String),
    /// No row in the table.
    #[error("Kubernetes v{0} is not supported")]
    Unsupported(semver::Version),
}

impl VersionError {
    /// A release near to it that is supported.
    pub fn nearest(&self) -> Option<String> {
        let Self::Unsupported(version) = self else { return None };
        let (oldest, newest) = (TABLE.first()?.minor, TABLE.last()?.minor);
        (version.major == 1).then(|| format!("v1.{}.0", version.minor.clamp(oldest, newest)))
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
            let channel = channel.iter().any(|name| text.starts_with(name));
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
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn reads_with_and_without_v() {
        assert_eq!(version("1.20.2"), version("v1.20.2"));
        assert_eq!(version("1.20.2").to_string(), "v1.20.2");
        assert_eq!(version("v1.35.0").minor(), 35);
    }

    #[test]
    fn refuses_by_name() {
        for (text, words) in [
            ("1.20", "name the exact patch"),
            ("v1.36", "name the exact patch"),
            ("stable", "name the exact patch"),
            ("stable-1.30", "name the exact patch"),
            ("v1.20.2-rc.0", "not a plain release"),
            ("v1.20.2+k3s1", "not a plain release"),
            ("v1.19.3", "not supported"),
            ("v1.36.0", "not supported"),
            ("v2.0.0", "not supported"),
            ("1.20.02", "not a version"),
            ("1.20.2.1", "not a version"),
            ("vv1.20.2", "not a version"),
            (" 1.20.2", "not a version"),
            ("v1.20.$(id)", "not a version"),
            ("", "not a version"),
        ] {
            let error = text.parse::<Version>().unwrap_err().to_string();
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }

    #[test]
    fn names_the_nearest() {
        let nearest = |text: &str| text.parse::<Version>().unwrap_err().nearest();
        assert_eq!(nearest("v1.19.3").as_deref(), Some("v1.20.0"));
        assert_eq!(nearest("v1.99.1").as_deref(), Some("v1.35.0"));
        assert_eq!(nearest("v2.0.0"), None);
    }

    #[test]
    fn the_table_has_one_row_a_minor_in_order() {
        for (row, minor) in TABLE.iter().zip(20..) {
            assert_eq!(row.minor, minor);
        }
        assert_eq!(version("v1.20.2").facts().kubeadm_api, "v1beta2");
        assert_eq!(version("v1.22.0").facts().kubeadm_api, "v1beta3");
        assert_eq!(version("v1.31.0").facts().kubeadm_api, "v1beta4");
        assert_eq!(version("v1.21.0").facts().pause, "3.4.1");
        assert!(version("v1.30.9").facts().needs_crictl);
        assert!(!version("v1.31.0").facts().needs_crictl);
    }

    #[test]
    fn the_registry_moved_in_a_patch() {
        for (text, repository) in [
            ("1.20.2", "k8s.gcr.io"),
            ("1.24.8", "k8s.gcr.io"),
            ("1.24.9", "registry.k8s.io"),
            ("1.23.14", "k8s.gcr.io"),
            ("1.22.17", "registry.k8s.io"),
            ("1.25.0", "registry.k8s.io"),
        ] {
            assert_eq!(version(text).default_image_repository(), repository, "{text}");
        }
    }
}
