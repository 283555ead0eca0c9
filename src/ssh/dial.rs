//! TCP connections.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Target;
use super::error::Error;

/// After this time without an acknowledgement the kernel gives the connection up.
///
/// russh's keepalive is not enough: while it waits for a full socket to take more of an upload, it
/// does not run. Three keepalives of five seconds come first in every other case.
const UNACKNOWLEDGED: Duration = Duration::from_secs(25);

/// Dials the addresses in turn until one answers, each with its share of the limit.
pub(super) async fn dial(target: &Target, addresses: &[IpAddr]) -> Result<TcpStream, io::Error> {
    let share = target.connect_timeout / u32::try_from(addresses.len().max(1)).unwrap_or(1);
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses {
        match timeout(share, connect(SocketAddr::new(*address, target.port))).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::Error::from(io::ErrorKind::TimedOut),
        }
    }
    Err(last)
}

async fn connect(address: SocketAddr) -> Result<TcpStream, io::Error> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let milliseconds = u32::try_from(UNACKNOWLEDGED.as_millis()).unwrap_or(u32::MAX);
    rustix::net::sockopt::set_tcp_user_timeout(&stream, milliseconds)?;
    Ok(stream)
}

/// Names what went wrong with the dial.
pub(super) fn error(target: &Target, source: io::Error) -> Error {
    let address = target.address.clone();
    let port = target.port;
    match source.kind() {
        io::ErrorKind::ConnectionRefused => Error::Refused { address, port },
        io::ErrorKind::TimedOut => {
            Error::TimedOut { address, port, seconds: target.connect_timeout.as_secs() }
        }
        _ => Error::Unreachable { address, port, source },
    }
}

/// Whether the peer hung up, as sshd does when too many logins are under way (`MaxStartups`).
pub(super) fn is_reset(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// How long to wait before dial number `tries` + 1: 0.2, 0.4, 0.8 s and no more, each give or take a half, so
/// that hosts which were turned away together do not come back together.
pub(super) fn pause(tries: u32) -> Duration {
    let mut byte = [128];
    // Without randomness every pause is the same, which is worse but not wrong.
    let _ = getrandom::fill(&mut byte);
    Duration::from_millis(100 << tries.min(3)).mul_f64(0.5 + f64::from(byte[0]) / 255.0)
}
