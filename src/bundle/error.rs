//! What can be wrong with a bundle or its sources, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use super::manifest::ManifestError;
use super::signature::{SignatureProblem, SignersProblem};
use crate::content;

/// Why a bundle was not built, read or unpacked. Nothing of a refused bundle is used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or directory that somebody named cannot be read.
    #[error(transparent)]
    Read(content::Error),

    /// The file is something else.
    #[error(
        "bundle `{}`: not a bundle: it begins with {found}, expected a zstd frame (28 b5 2f fd)",
        bundle.display()
    )]
    NotABundle {
        /// The file.
        bundle: PathBuf,
        /// Its first bytes.
        found: String,
    },

    /// The manifest cannot be trusted, so nothing in the bundle can be.
    #[error(
        "bundle `{}`: its `manifest.json` is refused",
        bundle.display()
    )]
    Manifest {
        /// The bundle.
        bundle: PathBuf,
        /// What is wrong with it.
        source: ManifestError,
    },

    /// The archive is not what its manifest says it is.
    #[error(
        "bundle `{}`: entry `{entry}`: found {found}, expected {expected}",
        bundle.display()
    )]
    Entry {
        /// The bundle.
        bundle: PathBuf,
        /// The entry, as the archive names it.
        entry: String,
        /// What is there.
        found: String,
        /// What should be there.
        expected: String,
    },

    /// The compressed data is broken or ends too early.
    #[error(
        "bundle `{}`: entry `{entry}`: the file is damaged or cut short here",
        bundle.display()
    )]
    Damaged {
        /// The bundle.
        bundle: PathBuf,
        /// The entry that was being read.
        entry: String,
        /// What the decompressor said.
        source: io::Error,
    },

    /// The bundle is not the file that was opened at first.
    #[error("bundle `{}`: the file changed while it was read", bundle.display())]
    Changed {
        /// The bundle.
        bundle: PathBuf,
    },

    /// Nobody who may has signed the bundle as it is.
    #[error("bundle `{}`: {problem}", bundle.display())]
    Signature {
        /// The bundle.
        bundle: PathBuf,
        /// What is wrong with its signature.
        problem: SignatureProblem,
    },

    /// Who may sign is not known.
    #[error("signers `{}`: {problem}", file.display())]
    Signers {
        /// The file that names them.
        file: PathBuf,
        /// What is wrong with it.
        problem: SignersProblem,
    },

    /// The bundle is whole, but not the one that is needed.
    #[error(
        "bundle `{}`: holds {found}, expected {expected}",
        bundle.display()
    )]
    Unfit {
        /// The bundle.
        bundle: PathBuf,
        /// What it holds.
        found: String,
        /// What is needed.
        expected: String,
    },

    /// A binary without which there is no cluster is not among the sources.
    #[error("`{}`: `bin/{name}` is missing", from.display())]
    MissingBinary {
        /// The directory of sources.
        from: PathBuf,
        /// The binary.
        name: &'static str,
    },

    /// The sources are fine one by one, but cannot be in one bundle.
    #[error("`{}`: these files cannot be in one bundle", from.display())]
    Sources {
        /// The directory of sources.
        from: PathBuf,
        /// What the manifest of such a bundle would be refused for.
        source: ManifestError,
    },

    /// A source is for another architecture.
    #[error(
        "`{}`: made for {found}, expected {expected}",
        file.display()
    )]
    WrongArchitecture {
        /// The source.
        file: PathBuf,
        /// Its architecture.
        found: String,
        /// The bundle's.
        expected: String,
    },

    /// A source is of another Kubernetes release.
    #[error("`{}`: found {found}, expected {expected}", file.display())]
    WrongVersion {
        /// The source.
        file: PathBuf,
        /// What it is.
        found: String,
        /// The bundle's release.
        expected: String,
    },

    /// A source cannot be part of a bundle.
    #[error("`{}`: {found}, expected {expected}", file.display())]
    Source {
        /// The source.
        file: PathBuf,
        /// What it is.
        found: String,
        /// What it should be, and what to do about it.
        expected: String,
    },

    /// A file cannot be written, or the cache cannot be used.
    #[error(transparent)]
    Content(#[from] content::Error),
}

impl Error {
    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read(content::Error::Read { path: path.to_owned(), source })
    }

    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        Self::Content(content::Error::Write { path: path.to_owned(), source })
    }

    /// What to do about it; nothing where the message says it.
    pub fn fix(&self) -> String {
        const ANEW: &str = "copy the bundle again, or make it anew with `bivouac bundle build`";
        match self {
            Self::NotABundle { .. } => "name a file that `bivouac bundle build` made".to_owned(),
            Self::Manifest { .. } | Self::Entry { .. } | Self::Damaged { .. } => ANEW.to_owned(),
            Self::Changed { .. } => "try again once it is at rest".to_owned(),
            Self::Signature { bundle, problem: SignatureProblem::NotAllowed(_) } => format!(
                "have it signed by one of the signers (`bivouac bundle sign {}`), or add the signer if you trust that key",
                bundle.display()
            ),
            Self::Signature { bundle, .. } => format!(
                "get bundle and signature anew from where they come; whoever makes the bundle signs it with `bivouac bundle sign {} --key FILE`",
                bundle.display()
            ),
            Self::Signers { .. } => {
                "write a line for each signer as ssh-keygen(1) describes under ALLOWED SIGNERS: `ops@example.com ssh-ed25519 AAAA...`"
                    .to_owned()
            }
            Self::Unfit { .. } => {
                "name another bundle in `spec.artifacts.bundle`, or make one with `bivouac bundle build`"
                    .to_owned()
            }
            Self::MissingBinary { name, .. } => format!("put Kubernetes' own `{name}` there"),
            Self::Sources { .. } => "rename or remove what is named here".to_owned(),
            Self::WrongArchitecture { expected, .. } => {
                format!("take the {expected} build, or name its architecture with `--arch`")
            }
            Self::WrongVersion { .. } => "take the files of one release".to_owned(),
            Self::Read(error) | Self::Content(error) => error.fix(),
            Self::Source { .. } => String::new(),
        }
    }
}
