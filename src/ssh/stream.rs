//! A script with live streams: what it reads comes as it is typed, what it writes is passed on as it
//! comes, both streams apart and byte for byte.

use std::pin::{Pin, pin};
use std::time::Duration;

use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::sleep;

use super::bootstrap::{self, Started, find, random};
use super::connection::{Connection, Link};
use super::error::Error;
use super::{Exit, stop};

/// Data is sent in pieces of this size.
const PIECE: usize = 32 << 10;

/// The login's own proxies are none of the cluster's (`loop.sh`).
const DIRECT: &str = "unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY";

/// The three streams of a script.
pub struct Streams<'a> {
    /// What it reads.
    pub stdin: Pin<Box<dyn AsyncRead + Send + 'a>>,
    /// Where its output goes.
    pub stdout: Pin<Box<dyn AsyncWrite + Send + 'a>>,
    /// Where its complaints go.
    pub stderr: Pin<Box<dyn AsyncWrite + Send + 'a>>,
}

impl std::fmt::Debug for Streams<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Streams")
    }
}

impl Connection {
    /// Runs a script as root, on a channel of its own, without a terminal and without a time limit.
    ///
    /// When `cancelled` comes, or nobody takes the output any more, everything that the script started
    /// is ended: that is SIGINT or SIGPIPE in the result. The script must not `exec`: it is found by its
    /// shell.
    ///
    /// # Errors
    /// As [`Connection::shell`]; [`Error::Lost`] when the connection breaks.
    pub async fn stream(
        &self,
        script: &str,
        streams: Streams<'_>,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Exit, Error> {
        let link = self.link();
        let nonce = random(link)?;
        // What the login printed before these marks is not the script's.
        let script = format!("{DIRECT}\necho {nonce} $$\necho {nonce} >&2\n{script}");
        let mut started = start(link, &script).await?;
        let mut inbox = Inbox::new(&nonce);
        let pid = bootstrap::limited(link, inbox.begin(&mut started, link)).await?;
        let Streams { mut stdin, mut stdout, mut stderr } = streams;
        let mut feed = pin!(feed(&mut stdin, &started.write));
        let mut cancelled = pin!(cancelled);
        let mut feeding = true;
        let signal = loop {
            let passed = async {
                stdout.write_all(&std::mem::take(&mut inbox.stdout)).await?;
                stderr.write_all(&std::mem::take(&mut inbox.stderr)).await?;
                stdout.flush().await?;
                stderr.flush().await
            };
            if passed.await.is_err() {
                break 13;
            }
            tokio::select! {
                more = inbox.next(&mut started.read) => if !more {
                    return inbox.exit.ok_or_else(|| link.lost());
                },
                () = &mut feed, if feeding => feeding = false,
                () = &mut cancelled => break 2,
            }
        };
        // Where even that does not work, it goes on as after a connection that broke.
        let _ = stop::stop(link, pid).await;
        Ok(Exit::Signal(signal))
    }
}

/// Starts the script. Where the server has room for one session only (`MaxSessions 1`), one that was let
/// go a moment ago may still be in the way.
async fn start(link: &Link, script: &str) -> Result<Started, Error> {
    for _ in 0..30 {
        match bootstrap::start(link, script).await {
            Err(Error::ChannelRefused(_)) => sleep(Duration::from_millis(100)).await,
            result => return result,
        }
    }
    bootstrap::start(link, script).await
}

/// Sends what is to be read; an error of the local stream ends it like its end.
async fn feed(stdin: &mut Pin<Box<dyn AsyncRead + Send + '_>>, write: &ChannelWriteHalf<Msg>) {
    let mut piece = vec![0; PIECE];
    while let Ok(length @ 1..) = stdin.read(&mut piece).await {
        // Where sending does not work, the channel's reader sees its end.
        if write.data_bytes(piece[..length].to_vec()).await.is_err() {
            return;
        }
    }
    let _ = write.eof().await;
}

/// What came on the channel and was not passed on yet.
struct Inbox {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    exit: Option<Exit>,
    out_mark: Mark,
    err_mark: Mark,
}

impl Inbox {
    fn new(nonce: &str) -> Self {
        let mark =
            || Mark { nonce: nonce.as_bytes().to_vec(), noise: Some(Vec::new()), line: Vec::new() };
        Self {
            stdout: Vec::new(),
            stderr: Vec::new(),
            exit: None,
            out_mark: mark(),
            err_mark: mark(),
        }
    }

    /// Waits for the mark on stdout; returns the pid of the script's shell.
    async fn begin(&mut self, started: &mut Started, link: &Link) -> Result<u32, Error> {
        self.stdout = self.out_mark.after(&std::mem::take(&mut started.stdout));
        self.stderr = self.err_mark.after(&std::mem::take(&mut started.stderr));
        loop {
            if let Some(pid) = self.out_mark.pid() {
                return Ok(pid);
            }
            if !self.next(&mut started.read).await {
                started.stdout = self.out_mark.noise.take().unwrap_or_default();
                started.stderr = self.err_mark.noise.take().unwrap_or_default();
                return Err(started.no_shell(link));
            }
        }
    }

    /// Takes in a message; `false` at the channel's end. Nothing is lost when the wait is dropped.
    async fn next(&mut self, read: &mut ChannelReadHalf) -> bool {
        match read.wait().await {
            Some(ChannelMsg::Data { data }) => {
                let data = self.out_mark.after(&data);
                self.stdout.extend_from_slice(&data);
            }
            Some(ChannelMsg::ExtendedData { data, ext: 1 }) => {
                let data = self.err_mark.after(&data);
                self.stderr.extend_from_slice(&data);
            }
            Some(ChannelMsg::ExitStatus { exit_status }) => {
                self.exit = i32::try_from(exit_status).ok().map(Exit::from_status);
            }
            // Somebody on the host ended it; which signal it was has no number in SSH.
            Some(ChannelMsg::ExitSignal { .. }) => self.exit = Some(Exit::Signal(15)),
            Some(_) => {}
            None => return false,
        }
        true
    }
}

/// The line at which a stream becomes the script's.
struct Mark {
    nonce: Vec<u8>,
    /// What came before it; `None` once it has come.
    noise: Option<Vec<u8>>,
    line: Vec<u8>,
}

impl Mark {
    /// The part of the data that comes after the mark.
    fn after(&mut self, data: &[u8]) -> Vec<u8> {
        let Some(noise) = &mut self.noise else { return data.to_vec() };
        noise.extend_from_slice(data);
        let Some(at) = find(noise, &self.nonce) else { return Vec::new() };
        let Some(length) = find(&noise[at..], b"\n") else { return Vec::new() };
        self.line = noise[at + self.nonce.len()..at + length].to_vec();
        let rest = noise[at + length + 1..].to_vec();
        self.noise = None;
        rest
    }

    fn pid(&self) -> Option<u32> {
        str::from_utf8(&self.line).ok()?.trim().parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_begins_after_its_mark_wherever_it_is_cut() {
        let whole = b"motd\nabc\n n0 42\nfirst\nn0 7\n";
        for cut in 0..=whole.len() {
            let mut mark =
                Mark { nonce: b"n0".to_vec(), noise: Some(Vec::new()), line: Vec::new() };
            let mut passed = mark.after(&whole[..cut]);
            passed.extend(mark.after(&whole[cut..]));
            assert_eq!(passed, b"first\nn0 7\n", "cut at {cut}");
            assert_eq!(mark.pid(), Some(42));
        }
    }
}
