use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use russh::Disconnect;
use russh::client::{self, Handle};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::Target;
use super::error::Error;
use super::host_keys::HostKeys;
use super::login::Login;
use super::shell::Shell;
use super::verifier::{self, Farewell, Stop, Verifier, plain};
use super::{dial, known_hosts, resolve};

/// A dial that is cut off before the login is tried at least as often as this, and on until the time limit
/// of the connection: sshd turns dials away at random while others are logging in.
const TRIES: u32 = 4;

/// One TCP connection, its host's key checked, logged in.
///
/// Closed when it and all of its shells are dropped; [`Connection::close`] says goodbye first.
/// A dead peer is noticed within 20 seconds. The caller sees to it that no more than eight logins
/// to one address are under way at once (`MaxStartups` turns the rest away).
#[derive(Debug)]
pub struct Connection {
    link: Arc<Link>,
}

/// What the shells of a connection share with it.
pub(super) struct Link {
    pub(super) handle: Handle<Verifier>,
    pub(super) farewell: Arc<Farewell>,
    pub(super) target: Target,
    pub(super) keys: Arc<HostKeys>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("target", &self.target).finish_non_exhaustive()
    }
}

impl Connection {
    /// Dials the target, checks its key and logs in.
    ///
    /// A connection that is cut off before the login is dialled again, until the target's time limit; a
    /// refused login never is.
    ///
    /// # Errors
    ///
    /// Those for which [`Error::is_unreachable`] or [`Error::is_login`] is true.
    pub async fn open(target: &Target, keys: Arc<HostKeys>) -> Result<Self, Error> {
        let farewell = Arc::new(Farewell::default());
        let mut handle = handshake(target, &keys, &farewell).await?;
        let login = Login::new(&mut handle, target, &farewell).run(&target.credentials);
        match timeout(target.connect_timeout, login).await {
            Ok(result) => result?,
            Err(_) => return Err(silent(target, "login")),
        }
        let target = target.clone();
        Ok(Self { link: Arc::new(Link { handle, farewell, target, keys }) })
    }

    /// Another connection to the same host, made the same way.
    ///
    /// # Errors
    ///
    /// Those of [`Connection::open`].
    pub async fn again(&self) -> Result<Self, Error> {
        Self::open(&self.link.target, Arc::clone(&self.link.keys)).await
    }

    /// Opens a channel and starts a shell on it, as root.
    ///
    /// # Errors
    ///
    /// [`Error::Sudo`], [`Error::ChannelRefused`], [`Error::NoShell`], [`Error::Lost`].
    pub async fn shell(&self) -> Result<Shell, Error> {
        Shell::open(&self.link).await
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// Tells the server that this is the end, and waits for it up to a second.
    pub async fn close(self) {
        let bye = self.link.handle.disconnect(Disconnect::ByApplication, "done", "");
        // An error means that the connection is gone already.
        let _ = timeout(Duration::from_secs(1), async {
            if bye.await.is_ok() {
                self.link.farewell.ended().await;
            }
        })
        .await;
    }
}

impl Link {
    /// The error for something that this connection's end has interrupted.
    pub(super) fn lost(&self) -> Error {
        let reason = self.farewell.reason();
        Error::Lost { reason: reason.unwrap_or_else(|| "the server closed the connection".into()) }
    }
}

async fn handshake(
    target: &Target,
    keys: &Arc<HostKeys>,
    farewell: &Arc<Farewell>,
) -> Result<Handle<Verifier>, Error> {
    let addresses = resolve::resolve(&target.address, target.connect_timeout).await?;
    let config = Arc::new(verifier::config(target, keys)?);
    let started = Instant::now();
    let mut tries = 0;
    loop {
        tries += 1;
        let stop = match dial::dial(target, &addresses).await {
            Ok(stream) => {
                let verifier = Verifier {
                    address: known_hosts::bare(&target.address).to_owned(),
                    port: target.port,
                    keys: Arc::clone(keys),
                    farewell: Arc::clone(farewell),
                };
                match greet(target, Arc::clone(&config), stream, verifier).await? {
                    Ok(handle) => return Ok(handle),
                    Err(stop) => stop,
                }
            }
            Err(error) if dial::is_reset(&error) => Stop::Protocol(error.into()),
            Err(error) => return Err(dial::error(target, error)),
        };
        match stop {
            Stop::Refused(error) => return Err(*error),
            Stop::Protocol(error) if !is_reset(&error) => {
                let (address, port) = (target.address.clone(), target.port);
                return Err(Error::Handshake { address, port, cause: plain(&error) });
            }
            Stop::Protocol(_) if tries < TRIES || started.elapsed() < target.connect_timeout => {
                sleep(dial::pause(tries)).await;
            }
            Stop::Protocol(_) => {
                return Err(Error::Dropped {
                    address: target.address.clone(),
                    port: target.port,
                    tries,
                });
            }
        }
    }
}

async fn greet(
    target: &Target,
    config: Arc<client::Config>,
    stream: TcpStream,
    verifier: Verifier,
) -> Result<Result<Handle<Verifier>, Stop>, Error> {
    timeout(target.connect_timeout, client::connect_stream(config, stream, verifier))
        .await
        .map_err(|_| silent(target, "handshake"))
}

fn is_reset(error: &russh::Error) -> bool {
    match error {
        russh::Error::HUP | russh::Error::Disconnect => true,
        russh::Error::IO(error) => dial::is_reset(error),
        _ => false,
    }
}

fn silent(target: &Target, stage: &'static str) -> Error {
    Error::Silent {
        address: target.address.clone(),
        port: target.port,
        stage,
        seconds: target.connect_timeout.as_secs(),
    }
}
