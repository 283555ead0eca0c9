//! Whether a bundle is signed, and by whom: `FILE.sig` beside `FILE`, in the format of `ssh-keygen -Y sign`.
//!
//! What is signed is the file, every byte of it. The digest that the signature is compared with is that of
//! the very bytes that a pass over the bundle checks and unpacks ([`super::stream`]), so there is no time
//! between the check and the use. A bundle that the cache knows was digested by the pass that it is known from.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::Error;
use crate::content::{Incoming, Sums, Wanted, unhex};
use crate::ssh::{NotAllowed, SIGNATURE_LIMIT, Signature, SignedHash, Signers, SignersError};

/// What a bundle's signature is for: `-n` of ssh-keygen. One that was made for something else, for git or
/// for mail, is none of a bundle.
pub const NAMESPACE: &str = "bundle@bivouac";

/// The most that a file of signers may have, in bytes.
const SIGNERS_LIMIT: u64 = 4 << 20;

/// What is wrong with a bundle's signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureProblem {
    /// There is none.
    #[error("it is not signed: there is no `{}`", .0.display())]
    Missing(PathBuf),
    /// The file beside the bundle is no signature.
    #[error("its signature cannot be used: {0}")]
    Unusable(String),
    /// It was made for something else.
    #[error("its signature is for `{0}`, expected `{NAMESPACE}`")]
    Namespace(String),
    /// It was made by somebody who may not.
    #[error("its signature does not count: {0}")]
    NotAllowed(#[from] NotAllowed),
    /// It is another file's, or the bundle was changed.
    #[error(
        "its signature is that of other bytes: the bundle or the signature was changed, or they do not belong together"
    )]
    OtherFile,
}

/// What is wrong with a file of signers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignersProblem {
    /// A line is not understood.
    #[error(transparent)]
    Line(#[from] SignersError),
    /// Nobody is in it.
    #[error("it names nobody")]
    Nobody,
    /// It is too long.
    #[error("it is longer than {SIGNERS_LIMIT} bytes")]
    TooLong,
}

/// A signature whose key may sign; whether it is the bundle's own is seen when the bundle is read.
#[derive(Debug, Clone)]
pub(super) struct Proof {
    signature: Signature,
    /// Who made it; `None` where nobody was asked for.
    who: Option<String>,
}

impl Proof {
    /// Reads the signature of `bundle`, and sees whether its maker is one of the signers in that file.
    pub(super) fn load(bundle: &Path, signers: Option<&Path>) -> Result<Self, Error> {
        let refused = |problem| Error::Signature { bundle: bundle.to_owned(), problem };
        let signers = signers.map(load_signers).transpose()?;
        let path = path_of(bundle);
        let text = match read(&path, SIGNATURE_LIMIT) {
            Ok(Some(text)) => text,
            Ok(None) => {
                return Err(refused(SignatureProblem::Unusable("it is too long".to_owned())));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(refused(SignatureProblem::Missing(path)));
            }
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                return Err(refused(SignatureProblem::Unusable("it is no text".to_owned())));
            }
            Err(source) => return Err(Error::read(&path, source)),
        };
        let signature = Signature::parse(&text)
            .map_err(|problem| refused(SignatureProblem::Unusable(problem)))?;
        if signature.namespace() != NAMESPACE {
            let found = signature.namespace().escape_debug().to_string();
            return Err(refused(SignatureProblem::Namespace(found)));
        }
        let who = match signers {
            None => None,
            Some(signers) => Some(
                signers
                    .who(&signature, SystemTime::now())
                    .map_err(|why| refused(SignatureProblem::NotAllowed(why)))?
                    .to_owned(),
            ),
        };
        Ok(Self { signature, who })
    }

    /// Which digest of the bundle it needs.
    pub(super) fn wants(&self) -> Wanted {
        let sha256 = self.signature.hash() == SignedHash::Sha256;
        Wanted { sha256, sha512: !sha256 }
    }

    /// Whether the signature is that of a file with these digests; not if the needed one is missing.
    pub(super) fn holds(&self, sums: &Sums) -> bool {
        let digest = match self.signature.hash() {
            SignedHash::Sha256 => &sums.sha256,
            SignedHash::Sha512 => &sums.sha512,
        };
        let digest = digest.as_deref().and_then(unhex);
        digest.is_some_and(|digest| self.signature.is_of(&digest))
    }

    /// By whom, and with which key: for people.
    pub(super) fn describe(&self) -> String {
        let key = self.signature.key();
        match &self.who {
            Some(who) => format!("signed by `{}` with {key}", who.escape_debug()),
            None => format!("signed with {key}"),
        }
    }
}

/// Where a bundle's signature is.
pub fn path_of(bundle: &Path) -> PathBuf {
    let mut name = bundle.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

/// Puts a signature beside its bundle.
pub fn write(bundle: &Path, text: &str) -> Result<PathBuf, Error> {
    let path = path_of(bundle);
    let mut file = Incoming::beside(&path)?;
    file.write(text.as_bytes())?;
    file.keep_as(&path)?;
    Ok(path)
}

fn load_signers(path: &Path) -> Result<Signers, Error> {
    let refused = |problem| Error::Signers { file: path.to_owned(), problem };
    let text = read(path, SIGNERS_LIMIT)
        .map_err(|source| Error::read(path, source))?
        .ok_or_else(|| refused(SignersProblem::TooLong))?;
    let signers = Signers::parse(&text).map_err(|error| refused(error.into()))?;
    if signers.is_empty() { Err(refused(SignersProblem::Nobody)) } else { Ok(signers) }
}

/// A text file; `None` if it is longer than that.
fn read(path: &Path, limit: u64) -> std::io::Result<Option<String>> {
    let mut text = String::new();
    let size = File::open(path)?.take(limit + 1).read_to_string(&mut text)?;
    Ok((size as u64 <= limit).then_some(text))
}
