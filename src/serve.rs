//! Feeds a site: one host has the bundle, the others fetch from it, so that the operator's uplink carries it
//! once. A file server by SHA-256 and a read-only registry (the OCI distribution specification, `pull`) on
//! one port. The only module that names hyper.
//!
//! It speaks plain HTTP. What it serves is no secret, and nobody takes its word for what it is: hosts get
//! the sum of each file over their own SSH connection, and a client of the registry compares every blob
//! with the digest that it asked for. A certificate would be one more thing to hand out and to take away,
//! and prove nothing more. The token keeps strangers from using the site's network and disk.

mod answer;
mod archive;
mod body;
mod registry;
mod shelf;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

pub use archive::identities;
pub use shelf::Shelf;

use crate::secret::Secret;
use answer::Server;

/// Connections at a time; others wait. A site of a thousand hosts has no more than fifty at work.
const CONNECTIONS: usize = 512;

/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be had.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// An image archive of the bundle is not understood.
    #[error("`{}`: {problem}", archive.display())]
    Archive {
        /// The archive.
        archive: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// What to do about it; nothing where the message says it.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::Listen { .. } => {
                "see who has the port (`ss -ltnp`), or name another: `artifacts: {serve: HOST:PORT}`, `--listen ADDRESS:PORT`"
            }
            Self::Archive { .. } => {
                "make the bundle anew from what `podman save` or `docker save` wrote"
            }
            Self::Read { .. } => "check that it exists and that you may read it",
        }
    }
}

/// A server that has its port, and has not begun to answer.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    server: Arc<Server>,
}

impl Listening {
    /// Takes the port. Without a token everybody who gets there may ask.
    pub async fn at(
        address: SocketAddr,
        shelf: Shelf,
        token: Option<Secret>,
    ) -> Result<Self, Error> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|source| Error::Listen { address, source })?;
        Ok(Self { listener, server: Arc::new(Server::new(shelf, token)) })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until the future is dropped.
    pub async fn run(self) {
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            let Ok((stream, _)) = self.listener.accept().await else {
                // A client that went away, or no descriptor left: others may be served still.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let server = Arc::clone(&self.server);
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let server = Arc::clone(&server);
                    async move { Ok::<_, Infallible>(server.answer(&request).await) }
                });
                let mut http = http1::Builder::new();
                http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).keep_alive(true);
                // A client that breaks off asks again.
                let _ = http.serve_connection(TokioIo::new(stream), service).await;
                drop(permit);
            });
        }
    }
}
