//! The body of an answer: nothing, text, or a piece of a file that is read as the client takes it.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::sync::mpsc;

/// Read at once, in bytes.
const CHUNK: usize = 256 << 10;

/// How long a client may take nothing before it is given up: it is dead, or holds a place for nothing.
const STALL: Duration = Duration::from_secs(120);

/// A piece of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) path: PathBuf,
    pub(super) offset: u64,
    pub(super) size: u64,
}

/// What goes to the client.
#[derive(Debug)]
pub(super) enum Content {
    Text(Option<Bytes>),
    File { chunks: mpsc::Receiver<io::Result<Bytes>>, left: u64 },
}

impl Content {
    pub(super) fn text(text: impl Into<Bytes>) -> Self {
        let text = text.into();
        Self::Text((!text.is_empty()).then_some(text))
    }

    /// Opens the file; what cannot be read later ends the connection.
    pub(super) async fn piece(piece: &Piece) -> io::Result<Self> {
        let mut file = File::open(&piece.path).await?;
        file.seek(io::SeekFrom::Start(piece.offset)).await?;
        let (sender, chunks) = mpsc::channel(2);
        let mut left = piece.size;
        tokio::spawn(async move {
            while left > 0 {
                let mut chunk =
                    vec![0; usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK))];
                let read = match file.read(&mut chunk).await {
                    Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(count) => {
                        chunk.truncate(count);
                        left -= count as u64;
                        Ok(chunk.into())
                    }
                    Err(error) => Err(error),
                };
                let is_over = read.is_err();
                if sender.send_timeout(read, STALL).await.is_err() || is_over {
                    return;
                }
            }
        });
        Ok(Self::File { chunks, left: piece.size })
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Text(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::File { left: 0, .. } => Poll::Ready(None),
            Self::File { chunks, left } => match chunks.poll_recv(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Some(Ok(chunk))) => {
                    *left -= chunk.len() as u64;
                    Poll::Ready(Some(Ok(Frame::data(chunk))))
                }
                Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into()))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Text(None) | Self::File { left: 0, .. })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Text(text) => text.as_ref().map_or(0, |text| text.len() as u64),
            Self::File { left, .. } => *left,
        })
    }
}
