use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use russh::ChannelWriteHalf;
use russh::client::Msg;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::bootstrap::{self, compact, find, limited, random};
use super::connection::Link;
use super::error::Error;
use super::inbox::{End, Inbox};
use super::{Exit, Output, Request, Stdin, stop};

/// A script up to this size is sent as lines, which sh reads with builtins; a longer one as bytes
/// for `head`, because sh reads lines byte by byte.
const SHORT_SCRIPT: usize = 4 << 10;

/// Data is sent in pieces of this size.
const PIECE: usize = 64 << 10;

/// How long a script may take to end after it has been killed.
const GRACE: Duration = Duration::from_secs(10);

/// A root shell on a host that answers requests, one after the other.
///
/// It runs with `umask 077`, `LC_ALL=C` and a `PATH` that has the `sbin` directories, in `/`. Each
/// script runs in a subshell of it: what a script sets, changes into or exits with stays there.
/// Names that begin with `bv_` are the shell's own. Output of a background process that outlives
/// its script is dropped, or, if it comes while a later script runs, mixed into that one's.
///
/// Dropping the future of a request leaves the script running on the host and the shell
/// unusable: every later request is [`Error::Unusable`].
#[derive(Debug)]
pub struct Shell {
    link: Arc<Link>,
    write: Arc<ChannelWriteHalf<Msg>>,
    inbox: Arc<Inbox>,
    nonce: String,
    /// The loop's process on the host.
    pid: u32,
    next: u64,
    /// Why there can be no more requests.
    unusable: Option<&'static str>,
}

/// What the loop does with a script.
#[derive(Clone, Copy)]
enum Kind {
    Define,
    Run,
}

impl Shell {
    pub(super) async fn open(link: &Arc<Link>) -> Result<Self, Error> {
        let nonce = random(link)?;
        let script = format!("bv_nonce={nonce}\n{}", compact(include_str!("loop.sh")));
        let mut started = bootstrap::start(link, &script).await?;
        let ready = format!("{nonce} ready ");
        let pid = limited(link, async {
            loop {
                if let Some(pid) = ready_pid(&started.stdout, &ready) {
                    return Ok(pid);
                }
                if !started.next().await {
                    return Err(started.no_shell(link));
                }
            }
        })
        .await?;
        Ok(Self {
            link: Arc::clone(link),
            write: Arc::new(started.write),
            inbox: Inbox::start(started.read),
            nonce,
            pid,
            next: 1,
            unusable: None,
        })
    }

    /// Evaluates `prelude` in the loop shell itself: the functions and variables that later
    /// scripts use.
    ///
    /// It is evaluated twice, first in a subshell to see whether it is sound, so it must do
    /// nothing but define.
    ///
    /// # Errors
    ///
    /// [`Error::Define`] with what sh said; nothing is defined then. Otherwise as [`Shell::run`].
    pub async fn define(&mut self, prelude: &str) -> Result<(), Error> {
        let request = Request::new(prelude, self.link.target.connect_timeout);
        let output = self.request(Kind::Define, request).await?;
        let status = match output.exit {
            Exit::Code(0) => return Ok(()),
            Exit::Code(code) => code,
            Exit::Signal(signal) => 128 + signal,
        };
        let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Error::Define { status, stderr })
    }

    /// Runs a script and waits for its end.
    ///
    /// Data for its stdin is sent while its output is read, in pieces; when the script ends
    /// without having read all of it, the rest is not sent. After the time limit everything that
    /// runs below the shell is ended, with TERM and after five seconds with KILL.
    ///
    /// # Errors
    ///
    /// [`Error::Hung`], [`Error::Lost`] and [`Error::Killed`], after which only
    /// `Hung { stopped: true }` leaves a usable shell; [`Error::Stdin`] when the local file cannot
    /// be read, [`Error::Script`], [`Error::Unusable`]. A script that exits with an error is not an
    /// error here: see [`Output::exit`].
    pub async fn run(&mut self, request: Request<'_>) -> Result<Output, Error> {
        self.request(Kind::Run, request).await
    }

    async fn request(&mut self, kind: Kind, mut request: Request<'_>) -> Result<Output, Error> {
        if let Some(why) = self.unusable {
            return Err(Error::Unusable(why));
        }
        if request.script.contains('\0') {
            return Err(Error::Script);
        }
        let mut source = Source::open(&mut request.stdin).await?;
        // Until this is taken back below, a future that is dropped leaves the shell unusable.
        self.unusable = Some("an earlier request was cancelled");
        let id = self.next;
        self.next += 1;
        self.inbox.begin(&format!("{} {id} ", self.nonce), request.keep, request.lines.as_ref());
        let head = self.head(kind, id, request.script, &source);
        let (end, broken) = {
            let mut feed = pin!(feed(&self.write, head, &mut source, request.progress.as_ref()));
            let mut limit = pin!(sleep(request.time_limit));
            let mut feeding = true;
            loop {
                tokio::select! {
                    // An end counts even if the time limit passes in the same moment.
                    biased;
                    end = self.inbox.end(&self.link) => break (Some(end), None),
                    () = &mut limit => break (None, None),
                    sent = &mut feed, if feeding => match sent {
                        Ok(()) => feeding = false,
                        Err(broken) => break (None, Some(broken)),
                    },
                }
            }
        };
        let stopped = end.is_none();
        let end = match end {
            Some(end) => Some(end),
            None => self.stop().await,
        };
        self.unusable = match end {
            Some(End::Answered(_)) => None,
            Some(End::Closed(_)) => Some("its connection or its remote process is gone"),
            None => Some("an earlier command could not be stopped"),
        };
        match (end, broken) {
            (Some(End::Closed(error)), _) => Err(error),
            (_, Some(source)) => Err(request.stdin.error(source)),
            (Some(End::Answered(output)), None) if !stopped => Ok(output),
            (end, None) => {
                Err(Error::Hung { seconds: request.time_limit.as_secs(), stopped: end.is_some() })
            }
        }
    }

    /// The header line and the script, with a line break in front: an earlier script may have
    /// left the loop in the middle of data that was never read.
    fn head(&self, kind: Kind, id: u64, script: &str, source: &Source<'_>) -> Vec<u8> {
        let script = script.strip_suffix('\n').unwrap_or(script);
        let (form, length) = if script.len() <= SHORT_SCRIPT {
            ("lines", script.split('\n').count())
        } else {
            ("bytes", script.len() + 1)
        };
        let data = match source.data {
            Data::Lines(_) => "live".to_owned(),
            Data::Bytes(_) | Data::File(_) => source.length.to_string(),
        };
        let kind = match kind {
            Kind::Define => "define",
            Kind::Run => "run",
        };
        format!("\n{} {id} {kind} {form} {length} {data}\n{script}\n", self.nonce).into_bytes()
    }

    /// Ends the script that runs; `None` when it does not end.
    async fn stop(&self) -> Option<End> {
        let mut stop = pin!(stop::stop(&self.link, self.pid));
        let early = tokio::select! {
            end = self.inbox.end(&self.link) => Some(end),
            // Whether or not that worked: what counts is the marker.
            _ = &mut stop => None,
        };
        match early {
            None => timeout(GRACE, self.inbox.end(&self.link)).await.ok(),
            Some(end @ End::Closed(_)) => Some(end),
            Some(end @ End::Answered(_)) => {
                // The script is gone, but some of what it had started may still ignore TERM.
                let _ = timeout(GRACE, stop).await;
                Some(end)
            }
        }
    }
}

impl Drop for Shell {
    /// Closes the channel's stdin, at which the loop ends by itself.
    fn drop(&mut self) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let write = Arc::clone(&self.write);
            runtime.spawn(async move {
                // Without a connection there is nothing to close.
                let _ = timeout(Duration::from_secs(5), write.eof()).await;
            });
        }
    }
}

/// The pid in the loop's first line, once that line is whole.
fn ready_pid(stdout: &[u8], ready: &str) -> Option<u32> {
    let after = &stdout[find(stdout, ready.as_bytes())? + ready.len()..];
    let line = &after[..find(after, b"\n")?];
    str::from_utf8(line).ok()?.parse().ok()
}

/// Where a script's stdin comes from.
struct Source<'a> {
    data: Data<'a>,
    length: u64,
}

enum Data<'a> {
    Bytes(&'a [u8]),
    File(tokio::fs::File),
    Lines(&'a mut mpsc::UnboundedReceiver<String>),
}

impl<'a> Source<'a> {
    async fn open(stdin: &'a mut Stdin) -> Result<Self, Error> {
        match stdin {
            // As many as come until their sender is gone, or the script.
            Stdin::Lines(lines) => Ok(Self { data: Data::Lines(lines), length: u64::MAX }),
            Stdin::Empty => Ok(Self { data: Data::Bytes(&[]), length: 0 }),
            Stdin::Bytes(bytes) => {
                Ok(Self { data: Data::Bytes(bytes), length: bytes.len() as u64 })
            }
            Stdin::File { path, offset, length } => {
                let open = async {
                    let mut file = tokio::fs::File::open(&*path).await?;
                    file.seek(std::io::SeekFrom::Start(*offset)).await?;
                    Ok(Self { data: Data::File(file), length: *length })
                };
                open.await.map_err(|source| Error::Stdin { path: path.clone(), source })
            }
        }
    }

    /// The next piece, never empty; `None` where there are no more lines.
    async fn piece(&mut self, sent: u64) -> std::io::Result<Option<Vec<u8>>> {
        let left = usize::try_from(self.length - sent).unwrap_or(usize::MAX).min(PIECE);
        match &mut self.data {
            Data::Bytes(bytes) => {
                let (piece, rest) = bytes.split_at(left);
                *bytes = rest;
                Ok(Some(piece.to_vec()))
            }
            Data::File(file) => {
                let mut piece = vec![0; left];
                let read = file.read(&mut piece).await?;
                piece.truncate(read);
                let ended = || std::io::ErrorKind::UnexpectedEof.into();
                if read == 0 { Err(ended()) } else { Ok(Some(piece)) }
            }
            Data::Lines(lines) => {
                Ok(lines.recv().await.map(|line| format!("{line}\n").into_bytes()))
            }
        }
    }
}

impl Stdin {
    fn error(&self, source: std::io::Error) -> Error {
        let path = match self {
            Self::File { path, .. } => path.clone(),
            Self::Empty | Self::Bytes(_) | Self::Lines(_) => std::path::PathBuf::new(),
        };
        Error::Stdin { path, source }
    }
}

/// Sends the request and its data; an error is one of the local file.
async fn feed(
    write: &ChannelWriteHalf<Msg>,
    head: Vec<u8>,
    source: &mut Source<'_>,
    progress: Option<&mpsc::UnboundedSender<u64>>,
) -> std::io::Result<()> {
    // Where sending does not work, the channel's reader sees its end and says why.
    let mut alive = write.data_bytes(head).await.is_ok();
    let mut sent = 0;
    while alive && sent < source.length {
        let Some(piece) = source.piece(sent).await? else { break };
        sent += piece.len() as u64;
        alive = write.data_bytes(piece).await.is_ok();
        if let Some(progress) = progress {
            // A display that is gone must not stop the work.
            let _ = progress.send(sent);
        }
    }
    Ok(())
}
