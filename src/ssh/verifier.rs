use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use russh::client::{self, DisconnectReason};
use russh::keys::{Algorithm, PublicKey, PublicKeyOrCertificate};
use russh::{Names, Preferred, cipher};
use tokio::sync::watch;

use super::error::Error;
use super::host_keys::HostKeys;
use super::{Target, known_hosts};

/// Why russh's session ended: our own refusal of the host, or an error of the protocol.
#[derive(Debug)]
pub(super) enum Stop {
    Refused(Box<Error>),
    Protocol(russh::Error),
}

impl From<russh::Error> for Stop {
    fn from(error: russh::Error) -> Self {
        Self::Protocol(error)
    }
}

/// How a connection ended, written by the session's own task.
#[derive(Debug)]
pub(super) struct Farewell {
    reason: Mutex<Option<String>>,
    /// The server's own words, when it sent a disconnect message.
    said: Mutex<Option<String>>,
    ended: watch::Sender<bool>,
}

impl Default for Farewell {
    fn default() -> Self {
        let (ended, _) = watch::channel(false);
        Self { reason: Mutex::default(), said: Mutex::default(), ended }
    }
}

impl Farewell {
    /// Why the connection ended; `None` while it stands.
    pub(super) fn reason(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the server said when it hung up.
    pub(super) fn said(&self) -> Option<String> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for the end of the connection.
    pub(super) async fn ended(&self) {
        let mut ended = self.ended.subscribe();
        // The sender lives as long as `self`, so this does not end early.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    fn set(&self, reason: String) {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
        self.ended.send_replace(true);
    }
}

/// Checks the host's key and remembers why the server hung up.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) address: String,
    pub(super) port: u16,
    pub(super) keys: Arc<HostKeys>,
    pub(super) farewell: Arc<Farewell>,
}

impl client::Handler for Verifier {
    type Error = Stop;

    async fn check_server_key(&mut self, offered: &PublicKeyOrCertificate) -> Result<bool, Stop> {
        // Certificates are not asked for, so none should come.
        let PublicKeyOrCertificate::PublicKey { key, .. } = offered else { return Ok(false) };
        self.keys
            .check(&self.address, self.port, key)
            .map(|()| true)
            .map_err(|error| Stop::Refused(Box::new(error)))
    }

    async fn kex_done(
        &mut self,
        _shared_secret: Option<&[u8]>,
        names: &Names,
        _session: &mut client::Session,
    ) -> Result<(), Stop> {
        // Terrapin (CVE-2023-48795): without strict key exchange this cipher lets someone in
        // between remove packets. It is only chosen here when the server has no AES-GCM.
        if names.cipher == cipher::CHACHA20_POLY1305 && !names.strict_kex() {
            let cause = "the server offers only chacha20-poly1305 without strict key exchange \
                         (CVE-2023-48795); update its sshd";
            return Err(Stop::Refused(Box::new(Error::Handshake {
                address: self.address.clone(),
                port: self.port,
                cause: cause.into(),
            })));
        }
        Ok(())
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Stop>) -> Result<(), Stop> {
        match reason {
            DisconnectReason::ReceivedDisconnect(info) => {
                let said = info.message.trim().to_owned();
                *self.farewell.said.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(said.clone());
                self.farewell.set(format!("the server said `{said}`"));
            }
            DisconnectReason::Error(Stop::Protocol(error)) => self.farewell.set(plain(&error)),
            DisconnectReason::Error(Stop::Refused(error)) => self.farewell.set(error.to_string()),
        }
        Ok(())
    }
}

/// russh's error in words for people.
pub(super) fn plain(error: &russh::Error) -> String {
    match error {
        russh::Error::KeepaliveTimeout => "the host did not answer for 20 s".into(),
        russh::Error::HUP | russh::Error::Disconnect | russh::Error::SendError => {
            "the server closed the connection".into()
        }
        russh::Error::NoCommonAlgo { kind, theirs, .. } => {
            format!("no common algorithm ({kind:?}); the server has {}", theirs.join(", "))
        }
        russh::Error::Version => "what answers there is not an SSH 2 server".into(),
        russh::Error::IO(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the server closed the connection".into()
        }
        other => other.to_string(),
    }
}

/// russh's settings for a host: keepalive, and the key types that are known for it first.
///
/// A host that is known by its ECDSA key alone would otherwise show its ed25519 key, and be taken
/// for another one. Types that are not known stay in the list, so that a host which has lost the
/// known key is refused with both fingerprints instead of a failed negotiation.
pub(super) fn config(target: &Target, keys: &HostKeys) -> Result<client::Config, Error> {
    let known = keys.known(known_hosts::bare(&target.address), target.port)?;
    let mut order: Vec<Algorithm> =
        Preferred::DEFAULT.key.iter().filter(|a| !is_sha1(a)).cloned().collect();
    order.sort_by_key(|algorithm| !known.iter().any(|key| same_family(key, algorithm)));
    let preferred = Preferred {
        key: Cow::Owned(order),
        // AES-GCM first: it is not open to Terrapin, and processors have instructions for it.
        cipher: Cow::Borrowed(&[
            cipher::AES_256_GCM,
            cipher::CHACHA20_POLY1305,
            cipher::AES_256_CTR,
            cipher::AES_192_CTR,
            cipher::AES_128_CTR,
        ]),
        ..Preferred::DEFAULT
    };
    Ok(client::Config {
        preferred,
        nodelay: true,
        keepalive_interval: Some(Duration::from_secs(5)),
        keepalive_max: 3,
        // A silent `kubeadm init` is not a dead one.
        inactivity_timeout: None,
        ..client::Config::default()
    })
}

/// `ssh-rsa` signatures are SHA-1, which is broken.
fn is_sha1(algorithm: &Algorithm) -> bool {
    matches!(algorithm, Algorithm::Rsa { hash: None })
}

fn same_family(key: &PublicKey, algorithm: &Algorithm) -> bool {
    let known = key.algorithm();
    matches!((&known, algorithm), (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }))
        || known == *algorithm
}
