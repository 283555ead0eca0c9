//! The manifest: what is in a bundle, in one canonical text.
//!
//! One manifest has one text: what is read is written again and must come out byte for byte, so
//! that two readers can never understand the same bundle differently (a key given twice, fields in
//! another order, numbers written in another way).

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{elf, images};
use crate::cluster::Version;
use crate::content::Digest;

/// The schema that this version of bivouac writes and reads.
pub const SCHEMA: u32 = 1;

/// The longest manifest, in bytes. A full one of 40 artifacts has 12 KiB.
pub const LIMIT: u64 = 4 << 20;

/// The largest artifact, in bytes: far above any, and far below where sums could overflow.
const LARGEST: u64 = 64 << 30;

/// Binaries without which there is no cluster.
pub const REQUIRED: [&str; 3] = ["kubeadm", "kubectl", "kubelet"];

/// What is in a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Manifest {
    /// The version of the format: [`SCHEMA`].
    pub schema: u32,
    /// The Kubernetes release.
    #[serde(with = "version_text")]
    pub kubernetes: Version,
    /// The tool that made the bundle: `bivouac 0.1.0`.
    pub created_by: String,
    /// Sorted by architecture, kind and name, which is also their order in the archive.
    pub artifacts: Vec<Artifact>,
}

/// A file to be installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Artifact {
    /// Its file name: `kubelet`, `images.tar`.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// Its own version; `unknown` where nobody said.
    pub version: String,
    /// The architecture, in Go's words: `amd64`.
    pub arch: String,
    /// Bytes.
    pub size: u64,
    /// Permissions on a host; they follow from the kind.
    #[serde(with = "mode_text")]
    pub mode: u32,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// References of the images in it (`k8s.gcr.io/pause:3.2`), sorted; empty for other kinds.
    pub images: Vec<String>,
}

/// What an artifact is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A program or script: kubelet, kubeadm.
    Binary,
    /// A network plugin.
    Cni,
    /// A docker-archive or OCI archive of container images.
    Image,
}

impl Kind {
    /// The word for it in the manifest and in the archive.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Cni => "cni",
            Self::Image => "image",
        }
    }

    /// Permissions of such a file.
    pub fn mode(self) -> u32 {
        match self {
            Self::Binary | Self::Cni => 0o755,
            Self::Image => 0o644,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Artifact {
    /// Its place in the archive: `artifacts/amd64/binary/kubelet`.
    pub fn path(&self) -> String {
        format!("artifacts/{}/{}/{}", self.arch, self.kind, self.name)
    }

    pub(super) fn key(&self) -> (&str, Kind, &str) {
        (&self.arch, self.kind, &self.name)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let bad = |field, found: &dyn fmt::Display, expected| {
            Err(ManifestError::Field {
                artifact: self.name.escape_debug().to_string(),
                field,
                found: found.to_string(),
                expected,
            })
        };
        if !is_name(&self.name) {
            return bad("name", &self.name.escape_debug(), NAME_RULE);
        }
        if !elf::is_known(&self.arch) {
            return bad("arch", &self.arch.escape_debug(), "an architecture such as `amd64`");
        }
        if !is_version(&self.version) {
            return bad("version", &self.version.escape_debug(), "a version such as `v1.20.2`");
        }
        if self.size > LARGEST {
            return bad("size", &self.size, "at most 64 GiB");
        }
        if self.mode != self.kind.mode() {
            let mode = format!("{:04o}", self.mode);
            return bad("mode", &mode, "0755 for programs, 0644 for images");
        }
        if self.kind != Kind::Image && !self.images.is_empty() {
            return bad("images", &self.images[0].escape_debug(), "none in a program");
        }
        if let Some(image) = self.images.iter().find(|image| !images::is_reference(image)) {
            return bad(
                "images",
                &image.escape_debug(),
                "references such as `k8s.gcr.io/pause:3.2`",
            );
        }
        if !self.images.is_sorted_by(|one, next| one < next) {
            return bad("images", &self.images.join(","), "each reference once, sorted");
        }
        Ok(())
    }
}

/// What [`is_name`] asks for, in words.
pub(super) const NAME_RULE: &str = "a file name of at most 64 letters, digits, `.`, `_`, `+` and `-` that begins with a letter or digit";

/// Whether this can name an artifact: one plain component that is safe in any path and any shell.
pub(super) fn is_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
}

/// Whether this can be a version.
pub(super) fn is_version(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._+~:-".contains(c))
}

/// Why a manifest is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It is not JSON of this schema.
    #[error("it does not read as a manifest of schema {SCHEMA}")]
    Syntax(#[source] serde_json::Error),

    /// Another version of bivouac made it.
    #[error(
        "its schema is {found}, expected {SCHEMA}; use the version of bivouac that made the bundle"
    )]
    Schema {
        /// The schema it names.
        found: u64,
    },

    /// It is longer than any manifest.
    #[error("it is {found} bytes long, expected at most {LIMIT}")]
    TooLong {
        /// Its length in bytes.
        found: u64,
    },

    /// A value out of range.
    #[error("artifact `{artifact}`: `{field}` is `{found}`, expected {expected}")]
    Field {
        /// The artifact's name.
        artifact: String,
        /// The field.
        field: &'static str,
        /// What is there.
        found: String,
        /// What should be there.
        expected: &'static str,
    },

    /// Two artifacts of the same name, or of names that differ only in case.
    #[error("`{second}` is there twice, or differs from another only in case")]
    Duplicate {
        /// The second of the two.
        second: String,
    },

    /// The artifacts are not sorted.
    #[error(
        "`{second}` stands behind `{first}`, expected artifacts sorted by architecture, kind and name"
    )]
    Order {
        /// The artifact that should come later.
        first: String,
        /// The artifact that should come earlier.
        second: String,
    },

    /// Another text for the same content.
    #[error("it is not written the way `bivouac bundle build` writes it")]
    NotCanonical,
}

/// Read first and leniently, so that a newer schema is named and not called a syntax error.
#[derive(Deserialize)]
struct SchemaOnly {
    schema: u64,
}

impl Manifest {
    /// Reads a manifest and checks every field of it.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length > LIMIT {
            return Err(ManifestError::TooLong { found: length });
        }
        let SchemaOnly { schema } = serde_json::from_slice(bytes).map_err(ManifestError::Syntax)?;
        if schema != u64::from(SCHEMA) {
            return Err(ManifestError::Schema { found: schema });
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(ManifestError::Syntax)?;
        manifest.check()?;
        if manifest.encode() != bytes {
            return Err(ManifestError::NotCanonical);
        }
        Ok(manifest)
    }

    /// The one text of this manifest.
    pub fn encode(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(self)
            .expect("a manifest has only string keys and plain values");
        text.push(b'\n');
        text
    }

    fn check(&self) -> Result<(), ManifestError> {
        let mut seen = BTreeSet::new();
        for artifact in &self.artifacts {
            artifact.check()?;
            if !seen.insert(artifact.path().to_ascii_lowercase()) {
                return Err(ManifestError::Duplicate { second: artifact.path() });
            }
        }
        for (first, second) in self.artifacts.iter().zip(self.artifacts.iter().skip(1)) {
            if first.key() > second.key() {
                let [first, second] = [first, second].map(Artifact::path);
                return Err(ManifestError::Order { first, second });
            }
        }
        Ok(())
    }

    /// The artifact of this kind, name and architecture.
    pub fn find(&self, kind: Kind, name: &str, arch: &str) -> Option<&Artifact> {
        self.artifacts.iter().find(|artifact| artifact.key() == (arch, kind, name))
    }

    /// Bytes of all artifacts together.
    pub fn size(&self) -> u64 {
        self.artifacts.iter().map(|artifact| artifact.size).sum()
    }
}

/// `v1.20.2` in JSON.
mod version_text {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::cluster::Version;

    pub(super) fn serialize<S: Serializer>(version: &Version, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&super::super::version_text(version))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Version, D::Error> {
        let text = String::deserialize(from)?;
        text.strip_prefix('v')
            .and_then(|rest| semver::Version::parse(rest).ok())
            .map(Version)
            .ok_or_else(|| {
                serde::de::Error::custom(format_args!(
                    "found `{}`, expected a version such as `v1.20.2`",
                    text.escape_debug()
                ))
            })
    }
}

/// `0755` in JSON.
mod mode_text {
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
    pub(super) fn serialize<S: Serializer>(mode: &u32, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{mode:04o}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
        let text = String::deserialize(from)?;
        u32::from_str_radix(&text, 8).map_err(|_| {
            serde::de::Error::custom(format_args!(
                "found `{}`, expected permissions such as `0755`",
                text.escape_debug()
            ))
        })
    }
}
