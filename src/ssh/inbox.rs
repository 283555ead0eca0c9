//! What arrives on a shell's channel, taken in by a task of its own.
//!
//! The task runs as long as the channel: a channel that nobody reads stalls the whole connection,
//! keepalives included.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use russh::{ChannelMsg, ChannelReadHalf};
use tokio::sync::{Notify, mpsc};

use super::connection::Link;
use super::error::Error;
use super::scan::{Kept, Scan};
use super::{Exit, KEEP_STDERR, Output};

#[derive(Debug, Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Both streams of the request under way; without one, output belongs to nobody.
    streams: Option<(Scan, Scan)>,
    /// How the channel's own command ended, when the server said so.
    ended: Option<String>,
    closed: bool,
}

/// How a request ended, as far as the channel knows.
#[derive(Debug)]
pub(super) enum End {
    Answered(Output),
    /// The channel is closed, and no marker came.
    Closed(Error),
}

impl Inbox {
    /// Starts the task that reads the channel until its end.
    pub(super) fn start(mut read: ChannelReadHalf) -> Arc<Self> {
        let inbox = Arc::new(Self::default());
        let mine = Arc::clone(&inbox);
        tokio::spawn(async move {
            while let Some(message) = read.wait().await {
                mine.take(message);
            }
            mine.state().closed = true;
            mine.changed.notify_one();
        });
        inbox
    }

    /// Begins a request whose streams end with `marker`.
    pub(super) fn begin(
        &self,
        marker: &str,
        keep: usize,
        lines: Option<&mpsc::UnboundedSender<String>>,
    ) {
        let out = Scan::new(marker, Kept::first(keep), lines.cloned());
        let err = Scan::new(marker, Kept::last(KEEP_STDERR), lines.cloned());
        self.state().streams = Some((out, err));
    }

    /// Waits for the end of the request.
    pub(super) async fn end(&self, link: &Link) -> End {
        loop {
            if let Some(end) = self.try_end(link) {
                return end;
            }
            // A notification that came before this line is kept for it.
            self.changed.notified().await;
        }
    }

    fn try_end(&self, link: &Link) -> Option<End> {
        let mut state = self.state();
        let status = state.streams.as_ref().and_then(|(out, err)| out.status().and(err.status()));
        if let Some(status) = status {
            let (out, err) = state.streams.take()?;
            let (stdout, stdout_dropped) = out.finish();
            let (stderr, stderr_dropped) = err.finish();
            let exit = Exit::from_status(status);
            return Some(End::Answered(Output {
                exit,
                stdout,
                stderr,
                stdout_dropped,
                stderr_dropped,
            }));
        }
        if !state.closed {
            return None;
        }
        state.streams = None;
        // The server reports the end of its command only on a connection that stands.
        Some(End::Closed(match state.ended.clone() {
            Some(how) => Error::Killed { how },
            None if link.handle.is_closed() || link.farewell.reason().is_some() => link.lost(),
            None => Error::Killed { how: "the channel was closed".into() },
        }))
    }

    fn take(&self, message: ChannelMsg) {
        let mut state = self.state();
        match message {
            ChannelMsg::Data { data } => {
                if let Some((out, _)) = &mut state.streams {
                    out.push(&data);
                }
            }
            ChannelMsg::ExtendedData { data, ext: 1 } => {
                if let Some((_, err)) = &mut state.streams {
                    err.push(&data);
                }
            }
            ChannelMsg::ExitStatus { exit_status } => {
                state.ended = Some(match i32::try_from(exit_status).map(Exit::from_status) {
                    Ok(Exit::Signal(signal)) => format!("signal {signal}"),
                    _ => format!("status {exit_status}"),
                });
            }
            ChannelMsg::ExitSignal { signal_name, .. } => {
                state.ended = Some(format!("signal {signal_name:?}"));
            }
            _ => return,
        }
        drop(state);
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
