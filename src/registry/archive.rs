//! An image as one file: an OCI layout that is a docker-archive as well.
//!
//! `ctr images import` of containerd 1.2 and later reads the layout and keeps the registry's own manifest, so
//! that the image has the same sum everywhere (containerd, `images/archive/importer.go`); `docker load`, and
//! [`crate::bundle`], read `manifest.json`. Docker 25 writes the same. Layers stay as they are, compressed.

use std::io::{self, SeekFrom};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWrite, AsyncWriteExt as _, BufWriter};

use super::error::Error;
use super::manifest::Blob;
use super::{BLOB, Found, Place, TRIES, cause};

/// Tar's unit, in bytes.
const BLOCK: usize = 512;

/// An archive that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
}

pub(super) fn hex_sum(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(sum: &[u8]) -> String {
    use std::fmt::Write as _;
    sum.iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Writes an image to `path`, which is made anew.
pub(super) async fn write(place: &Place<'_>, found: &Found, path: &Path) -> Result<Pulled, Error> {
    let unwritable =
        |source| Error::Write { reference: found.reference.clone(), path: path.to_owned(), source };
    let mut tar = Tar::create(path).await.map_err(unwritable)?;
    for (name, text) in documents(found) {
        tar.entry(&name, &text).await.map_err(unwritable)?;
    }
    for blob in found.image.blobs() {
        blob_entry(place, &mut tar, blob, path).await?;
    }
    tar.end().await.map_err(unwritable)
}

/// What the archive says of itself, and the manifest, in the order in which they are written.
fn documents(found: &Found) -> Vec<(String, Vec<u8>)> {
    let tag = found.reference.rsplit('/').next().and_then(|last| last.split_once(':'));
    let digest = found.digest.strip_prefix("sha256:").unwrap_or_default();
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{
            "mediaType": found.image.media_type,
            "digest": found.digest,
            "size": found.text.len(),
            "annotations": {
                "io.containerd.image.name": found.reference,
                "org.opencontainers.image.ref.name": tag.map_or("latest", |(_, tag)| tag),
            },
            "platform": {"architecture": found.arch, "os": "linux"},
        }],
    });
    let place = |hex: &str| format!("blobs/sha256/{hex}");
    let docker = json!([{
        "Config": place(found.image.config.hex()),
        "RepoTags": [found.reference],
        "Layers": found.image.layers.iter().map(|layer| place(layer.hex())).collect::<Vec<_>>(),
    }]);
    vec![
        ("oci-layout".to_owned(), json!({"imageLayoutVersion": "1.0.0"}).to_string().into_bytes()),
        ("index.json".to_owned(), index.to_string().into_bytes()),
        ("manifest.json".to_owned(), docker.to_string().into_bytes()),
        (place(digest), found.text.clone()),
    ]
}

/// Streams a blob into the archive. One that the line loses is tried again.
async fn blob_entry(
    place: &Place<'_>,
    tar: &mut Tar,
    blob: &Blob,
    path: &Path,
) -> Result<(), Error> {
    let unwritable = |source| Error::Write {
        reference: place.written.to_owned(),
        path: path.to_owned(),
        source,
    };
    let name = format!("blobs/sha256/{}", blob.hex());
    let mut tries = 0;
    loop {
        tries += 1;
        let before = tar.begin(&name, blob.size).await.map_err(unwritable)?;
        let pull = place.client.pull_blob(&place.reference, blob.digest.as_str(), &mut *tar);
        let pulled = tokio::time::timeout(BLOB, pull).await;
        if let Some(source) = tar.failed.take() {
            return Err(unwritable(source));
        }
        let error = match pulled {
            Ok(Ok(())) if tar.left == 0 => {
                tar.pad(blob.size).await.map_err(unwritable)?;
                return Ok(());
            }
            Ok(Ok(())) => place.cut(blob, blob.size - tar.left),
            Ok(Err(error)) => cause::of(place, error),
            Err(_) => place.silent(BLOB),
        };
        // A line that broke in the middle: what came so far was less than all of it.
        let error = match error {
            Error::Unreachable { .. } if tar.left < blob.size => {
                place.cut(blob, blob.size - tar.left)
            }
            error => error,
        };
        if tries == TRIES || !matches!(error, Error::Unreachable { .. } | Error::Cut { .. }) {
            return Err(error);
        }
        tar.back_to(before).await.map_err(unwritable)?;
    }
}

/// Bytes of a known number, in memory.
pub(super) struct Bytes {
    pub(super) has: Vec<u8>,
    most: u64,
}

impl Bytes {
    pub(super) fn new(most: u64) -> Self {
        Self { has: Vec::new(), most }
    }
}

impl AsyncWrite for Bytes {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.has.len() as u64 + bytes.len() as u64 > self.most {
            return Poll::Ready(Err(TooMuch(self.most).into()));
        }
        self.has.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// More came than was announced.
#[derive(Debug, thiserror::Error)]
#[error("a part of more than the {0} bytes that its manifest names")]
struct TooMuch(u64);

impl From<TooMuch> for io::Error {
    fn from(error: TooMuch) -> Self {
        Self::other(error)
    }
}

/// Whether a blob was longer than it may be; then in words.
pub(super) fn too_much(error: &io::Error) -> Option<String> {
    error.get_ref()?.downcast_ref::<TooMuch>().map(ToString::to_string)
}

/// A tar archive that is being written: what is in it follows from its entries' names and bytes.
struct Tar {
    file: BufWriter<File>,
    sum: Sha256,
    size: u64,
    /// Bytes that the entry still needs.
    left: u64,
    /// Why the file cannot be written; the OCI client would tell it as one of its own troubles.
    failed: Option<io::Error>,
}

/// A place to go back to.
struct Mark {
    sum: Sha256,
    size: u64,
}

impl Tar {
    async fn create(path: &Path) -> io::Result<Self> {
        let file =
            File::options().write(true).create(true).truncate(true).mode(0o600).open(path).await?;
        let file = BufWriter::with_capacity(256 << 10, file);
        Ok(Self { file, sum: Sha256::new(), size: 0, left: 0, failed: None })
    }

    async fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).await
    }

    /// Begins an entry, and says where the archive was before it.
    async fn begin(&mut self, name: &str, size: u64) -> io::Result<Mark> {
        let mark = Mark { sum: self.sum.clone(), size: self.size };
        let mut header = tar::Header::new_ustar();
        header.set_path(name)?;
        header.set_size(size);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        self.raw(header.as_bytes()).await?;
        self.left = size;
        Ok(mark)
    }

    async fn pad(&mut self, size: u64) -> io::Result<()> {
        let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
        let zeros = [0; BLOCK];
        self.raw(if over == 0 { &[] } else { &zeros[over..] }).await
    }

    async fn entry(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.begin(name, bytes.len() as u64).await?;
        self.raw(bytes).await?;
        self.pad(bytes.len() as u64).await
    }

    async fn back_to(&mut self, mark: Mark) -> io::Result<()> {
        self.file.flush().await?;
        self.file.get_mut().set_len(mark.size).await?;
        self.file.seek(SeekFrom::Start(mark.size)).await?;
        (self.sum, self.size) = (mark.sum, mark.size);
        Ok(())
    }

    async fn end(mut self) -> io::Result<Pulled> {
        self.raw(&[0; 2 * BLOCK]).await?;
        self.file.flush().await?;
        self.file.get_mut().sync_all().await?;
        Ok(Pulled { size: self.size, sha256: hex(&self.sum.finalize()) })
    }
}

/// The bytes of an entry, no more than it has.
impl AsyncWrite for Tar {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.len() as u64 > self.left {
            return Poll::Ready(Err(TooMuch(self.left).into()));
        }
        match ready!(Pin::new(&mut self.file).poll_write(context, bytes)) {
            Ok(count) => {
                self.sum.update(&bytes[..count]);
                self.size += count as u64;
                self.left -= count as u64;
                Poll::Ready(Ok(count))
            }
            Err(error) => {
                let told = io::Error::from(error.kind());
                self.failed = Some(error);
                Poll::Ready(Err(told))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_shutdown(context)
    }
}
