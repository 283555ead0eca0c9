//! Signatures of files as `ssh-keygen -Y sign` makes them: OpenSSH's PROTOCOL.sshsig.
//!
//! What is signed is not the file but its digest, with the namespace that says what the signature is for.

use std::path::Path;

use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::ssh_key::{LineEnding, SshSig};
use russh::keys::{Algorithm, HashAlg, PublicKey};

use super::error::{Error, KeyProblem};
use super::{key_file, known_hosts};
use crate::secret::Secret;

/// The most that a signature file may have, in bytes: one by the largest RSA key has six thousand.
pub const SIGNATURE_LIMIT: u64 = 64 << 10;

/// How the file was digested before it was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedHash {
    /// What `ssh-keygen -O hashalg=sha256` takes.
    Sha256,
    /// What ssh-keygen, and we, take.
    Sha512,
}

/// A signature that was read. Nothing of it is known to be true until [`Signature::is_of`] says so.
#[derive(Debug, Clone)]
pub struct Signature(SshSig);

impl Signature {
    /// Reads the text of a signature file; `Err` says what it is instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let signature = SshSig::from_pem(text).map_err(|error| {
            if text.contains("BEGIN SSH SIGNATURE") {
                // A certificate in the place of the key does not read either.
                format!(
                    "it is damaged, or made with a certificate or another kind of key ({error})"
                )
            } else {
                "it is no SSH signature".to_owned()
            }
        })?;
        // The version is not signed: a lower one than there ever was is a change.
        if signature.version() != SshSig::VERSION {
            let found = signature.version();
            return Err(format!("its version is {found}, expected {}", SshSig::VERSION));
        }
        if matches!(signature.algorithm(), Algorithm::Rsa { hash: None }) {
            // PROTOCOL.sshsig: RSA signatures must be rsa-sha2-512 or rsa-sha2-256.
            return Err("it is an RSA signature with SHA-1".to_owned());
        }
        match signature.hash_alg() {
            HashAlg::Sha256 | HashAlg::Sha512 => Ok(Self(signature)),
            other => Err(format!("its digest is `{other}`, expected sha512 or sha256")),
        }
    }

    /// Which digest [`Signature::is_of`] wants.
    pub fn hash(&self) -> SignedHash {
        match self.0.hash_alg() {
            HashAlg::Sha256 => SignedHash::Sha256,
            _ => SignedHash::Sha512,
        }
    }

    /// What it was made for.
    pub fn namespace(&self) -> &str {
        self.0.namespace()
    }

    /// The key that it says made it: `ssh-ed25519 SHA256:...`.
    pub fn key(&self) -> String {
        known_hosts::fingerprint(&self.public_key())
    }

    /// Whether that key made it, of a file with this digest.
    pub fn is_of(&self, digest: &[u8]) -> bool {
        self.public_key().verify_prehash(self.0.namespace(), digest, &self.0).is_ok()
    }

    pub(super) fn public_key(&self) -> PublicKey {
        PublicKey::from(self.0.public_key().clone())
    }
}

/// Signs a file with this SHA-512 digest; gives the text of the signature file.
///
/// `key` is a private key, or a public key whose private half the agent at `agent` holds. The agent is
/// asked too where the private key cannot sign by itself: the key of a security token, or one whose
/// passphrase is not given, with its public half beside it.
///
/// # Errors
///
/// [`Error::KeyFile`], [`Error::Agent`].
pub async fn sign(
    digest: &[u8; 64],
    namespace: &str,
    key: &Path,
    passphrase: Option<&Secret>,
    agent: Option<&Path>,
) -> Result<String, Error> {
    let problem = |problem| Error::KeyFile { path: key.to_owned(), problem };
    let failed = |error: &dyn std::fmt::Display| problem(KeyProblem::CannotSign(error.to_string()));
    let own = key_file::load_aside(key, passphrase).await;
    let signature = match own {
        Ok(own) if !is_token(&own.algorithm()) => {
            SshSig::sign_prehash(&own, namespace, HashAlg::Sha512, digest)
                .map_err(|it| failed(&it))?
        }
        other => {
            let public = match (&other, public_half(key)) {
                (Ok(token), _) => Some(token.public_key().clone()),
                (Err(_), public) => public,
            };
            let (public, agent) = match (public, agent, other) {
                (Some(public), Some(agent), _) => (public, agent),
                (_, _, Err(unusable)) => return Err(problem(unusable)),
                (_, _, Ok(_)) => return Err(problem(KeyProblem::NeedsAgent)),
            };
            by_agent(digest, namespace, &public, agent).await?
        }
    };
    signature.to_pem(LineEnding::LF).map_err(|error| failed(&error))
}

async fn by_agent(
    digest: &[u8; 64],
    namespace: &str,
    public: &PublicKey,
    socket: &Path,
) -> Result<SshSig, Error> {
    let failed = |cause: String| Error::Agent { socket: socket.to_owned(), cause };
    let mut agent =
        AgentClient::connect_uds(socket).await.map_err(|error| failed(error.to_string()))?;
    let identities = agent.request_identities().await.map_err(|error| failed(error.to_string()))?;
    let holds = |identity: &AgentIdentity| matches!(identity, AgentIdentity::PublicKey { key, .. } if key.key_data() == public.key_data());
    if !identities.iter().any(holds) {
        return Err(failed(format!("it does not hold {}", known_hosts::fingerprint(public))));
    }
    let data = SshSig::signed_data_for_prehash(namespace, HashAlg::Sha512, digest)
        .map_err(|error| failed(error.to_string()))?;
    let signature = agent.sign_request_signature(public, Some(HashAlg::Sha512), &data).await;
    let signature = signature.map_err(|error| {
        failed(format!("it did not sign with {}: {error}", known_hosts::fingerprint(public)))
    })?;
    SshSig::new(public.key_data().clone(), namespace, HashAlg::Sha512, signature)
        .map_err(|error| failed(error.to_string()))
}

/// The public half of a key file: the file itself, or the one beside it.
fn public_half(key: &Path) -> Option<PublicKey> {
    let mut beside = key.as_os_str().to_owned();
    beside.push(".pub");
    [key, Path::new(&beside)].into_iter().find_map(|path| {
        let text = std::fs::read_to_string(path).ok()?;
        PublicKey::from_openssh(text.trim()).ok()
    })
}

/// Whether the private half of such a key is in a security token.
fn is_token(algorithm: &Algorithm) -> bool {
    matches!(algorithm, Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256)
}
