//! What the user may say in place of a release.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{TABLE, VersionError, VersionFacts};
use crate::cluster::{Cluster, Version};

/// Which release of Kubernetes is wished for. It is settled before anything is planned; a cluster that runs
/// is never moved by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// This very one: `v1.36.4`.
    Exact(Version),
    /// The newest of a minor: `1.36`.
    Minor(u64),
    /// The newest of all: `stable`.
    Stable,
}

impl Wish {
    /// Whether a release fulfils it.
    pub fn admits(&self, version: &Version) -> bool {
        match self {
            Self::Exact(wanted) => wanted == version,
            Self::Minor(minor) => (version.0.major, version.minor()) == (1, *minor),
            Self::Stable => true,
        }
    }

    /// The minor whose newest release is asked for; `None` for all.
    pub fn minor(&self) -> Option<u64> {
        match self {
            Self::Exact(version) => Some(version.minor()),
            Self::Minor(minor) => Some(*minor),
            Self::Stable => None,
        }
    }

    /// A release that fulfils it, though not perhaps the newest that there is.
    pub fn guess(&self) -> Version {
        let known =
            |row: &VersionFacts| Version(semver::Version::new(1, row.minor, row.newest_patch));
        match self {
            Self::Exact(version) => version.clone(),
            Self::Minor(_) | Self::Stable => {
                let wanted = |row: &&VersionFacts| self.minor().is_none_or(|it| it == row.minor);
                known(TABLE.iter().rev().find(wanted).unwrap_or(&TABLE[TABLE.len() - 1]))
            }
        }
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(version) => version.fmt(f),
            Self::Minor(minor) => write!(f, "1.{minor}"),
            Self::Stable => f.write_str("stable"),
        }
    }
}

impl FromStr for Wish {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        if text == "stable" {
            return Ok(Self::Stable);
        }
        let bare = text.strip_prefix('v').unwrap_or(text);
        // `01` and `+1` are numbers to Rust, and no minors.
        let plain = |part: &str| {
            part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'))
        };
        match bare.split_once('.') {
            Some((major, minor)) if plain(major) && plain(minor) => {
                let (Ok(major), Ok(minor)) = (major.parse::<u64>(), minor.parse::<u64>()) else {
                    return Err(VersionError::Malformed(text.to_owned()));
                };
                if major != 1 || !TABLE.iter().any(|row| row.minor == minor) {
                    return Err(VersionError::NoMinor { major, minor });
                }
                Ok(Self::Minor(minor))
            }
            _ => text.parse().map(Self::Exact).map_err(|error| match error {
                VersionError::NotExact(name) => VersionError::NoWish(name),
                error => error,
            }),
        }
    }
}

/// A cluster as its file describes it, whose version is still a [`Wish`]: there is no way to the cluster but
/// by settling it.
#[derive(Debug, Clone)]
pub struct Wished {
    wish: Wish,
    /// With a version that means nothing.
    cluster: Cluster,
}

impl Wished {
    pub(crate) fn new(wish: Wish, cluster: Cluster) -> Self {
        Self { wish, cluster }
    }

    /// What the file says of the version.
    pub fn wish(&self) -> &Wish {
        &self.wish
    }

    /// `spec.artifacts.bundle`.
    pub fn bundle(&self) -> Option<&Path> {
        self.cluster.bundle.as_deref()
    }

    /// `spec.artifacts.signers`.
    pub fn signers(&self) -> Option<&Path> {
        self.cluster.signers.as_deref()
    }

    /// Another bundle than the file's.
    pub fn set_bundle(&mut self, bundle: Option<PathBuf>) {
        self.cluster.bundle = bundle;
    }

    /// The cluster of this version; `None` where the wish does not admit it.
    pub fn settle(mut self, version: Version) -> Option<Cluster> {
        let admitted = self.wish.admits(&version);
        self.cluster.kubernetes.version = version;
        admitted.then_some(self.cluster)
    }

    /// The cluster for who installs nothing: its version fulfils the wish, and means nothing else.
    pub fn guessed(self) -> Cluster {
        self.cluster
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(text: &str) -> Wish {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn three_ways_to_say_it() {
        assert_eq!(wish("v1.36.4"), Wish::Exact("v1.36.4".parse().unwrap()));
        assert_eq!(wish("1.36.4"), wish("v1.36.4"));
        assert_eq!((wish("1.36"), wish("v1.36")), (Wish::Minor(36), Wish::Minor(36)));
        assert_eq!(wish("stable"), Wish::Stable);
        for text in ["v1.36.4", "1.36", "stable"] {
            assert_eq!(wish(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_admitted() {
        let admits = |text: &str, version: &str| wish(text).admits(&version.parse().unwrap());
        assert!(admits("v1.36.4", "v1.36.4") && !admits("v1.36.4", "v1.36.5"));
        assert!(
            admits("1.36", "v1.36.0") && admits("1.36", "v1.36.99") && !admits("1.36", "v1.35.8")
        );
        assert!(admits("stable", "v1.20.2") && admits("stable", "v1.37.1"));
    }

    #[test]
    fn a_cluster_is_settled_only_as_it_was_wished() {
        let text = "apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {name: demo}\nspec:\n  kubernetes: {version: 1.36}\n  artifacts: {bundle: b}\n  hosts: [{address: 10.0.0.1, roles: [control-plane]}]\n";
        let wished = crate::cluster::wished("cluster.yaml", text).unwrap();
        assert_eq!(wished.wish(), &Wish::Minor(36));
        let settled = |version: &str| wished.clone().settle(version.parse().unwrap());
        assert_eq!(settled("v1.36.2").unwrap().kubernetes.version.to_string(), "v1.36.2");
        assert!(settled("v1.35.2").is_none());
    }

    #[test]
    fn a_guess_fulfils_the_wish() {
        for row in &TABLE {
            let wish = Wish::Minor(row.minor);
            assert!(wish.admits(&wish.guess()), "{wish}");
            assert_eq!(wish.guess().0.patch, row.newest_patch);
        }
        assert_eq!(Wish::Stable.guess().minor(), TABLE[TABLE.len() - 1].minor);
        assert_eq!(wish("v1.20.2").guess().to_string(), "v1.20.2");
    }

    #[test]
    fn others_are_refused_with_the_nearest() {
        for (text, words, nearest) in [
            ("1.38", "Kubernetes 1.38 is not supported", Some("1.37")),
            ("v1.19", "Kubernetes 1.19 is not supported", Some("1.20")),
            ("2.0", "Kubernetes 2.0 is not supported", None),
            ("v1.38.1", "Kubernetes v1.38.1 is not supported", Some("v1.37.0")),
            ("1", "no release", None),
            ("latest", "no release", Some("stable")),
            ("Stable", "no release", Some("stable")),
            ("stable-1.36", "no release", Some("1.36")),
            ("latest-1.99", "no release", None),
            ("ci/latest", "no release", None),
            ("1.036", "no release", None),
            ("1.+36", "no release", None),
            ("1.99999999999999999999", "not a version", None),
            ("v1.36.4-rc.0", "not a plain release", None),
            ("", "not a version", None),
            ("1.36.", "not a version", None),
            (".36", "not a version", None),
        ] {
            let error = text.parse::<Wish>().unwrap_err();
            assert!(error.to_string().contains(words), "{text:?}: {error}");
            assert_eq!(error.nearest().as_deref(), nearest, "{text:?}");
        }
    }
}
