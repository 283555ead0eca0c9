//! A bundle read from front to back, each byte checked as it comes, in constant memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::error::Error;
use super::format::{self, BLOCK, END, MAGIC, MANIFEST, WINDOW_LOG};
use super::manifest::{self, Artifact, Manifest, ManifestError};
use crate::content::{Digest, Hasher, Identity, Summed, Sums, Wanted};

/// How much is read, hashed and written at once, in bytes.
const CHUNK: usize = 256 << 10;

/// What stands at the front of a bundle.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) manifest: Manifest,
    pub(super) sum: Digest,
    pub(super) identity: Identity,
}

/// A bundle that is being read.
pub(super) struct Stream {
    path: PathBuf,
    decoder: zstd::Decoder<'static, BufReader<Summed>>,
    /// The name of the entry that is being read, for messages.
    entry: String,
    buffer: Vec<u8>,
}

impl Stream {
    /// Opens the bundle and reads its manifest; the next thing in the stream is the first artifact.
    /// [`Stream::finish`] gives the digests that are wanted.
    pub(super) fn open(path: &Path, wanted: Wanted) -> Result<(Self, Front), Error> {
        let unreadable = |source| Error::read(path, source);
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            let found = if metadata.is_dir() { "a directory" } else { "no plain file" };
            return Err(Error::NotABundle { bundle: path.to_owned(), found: found.to_owned() });
        }
        let mut reader = BufReader::with_capacity(CHUNK, Summed::new(file, wanted));
        let head = reader.fill_buf().map_err(unreadable)?;
        let head = &head[..head.len().min(MAGIC.len())];
        if head != MAGIC {
            let found = if head.is_empty() { "nothing: it is empty".into() } else { hex(head) };
            return Err(Error::NotABundle { bundle: path.to_owned(), found });
        }
        let decoder = decoder(reader).map_err(unreadable)?;
        let mut stream = Self {
            path: path.to_owned(),
            decoder,
            entry: MANIFEST.to_owned(),
            buffer: vec![0; CHUNK],
        };
        let (manifest, sum) = stream.manifest()?;
        Ok((stream, Front { manifest, sum, identity: Identity::of(&metadata) }))
    }

    fn manifest(&mut self) -> Result<(Manifest, Digest), Error> {
        let mut block = [0; BLOCK];
        self.fill(&mut block)?;
        // The size is the one thing of this header that is not known beforehand.
        let size = tar::Header::from_byte_slice(&block).entry_size().unwrap_or_default();
        self.compare(&block, &format::header(MANIFEST, size, 0o644))?;
        let refused = |source| Error::Manifest { bundle: self.path.clone(), source };
        if size > manifest::LIMIT {
            return Err(refused(ManifestError::TooLong { found: size }));
        }
        let length = usize::try_from(size).expect("the limit is far below usize::MAX");
        let mut text = vec![0; length];
        self.fill(&mut text)?;
        self.zeros(format::padding(size))?;
        let refused = |source| Error::Manifest { bundle: self.path.clone(), source };
        Ok((Manifest::parse(&text).map_err(refused)?, Digest::of(&text)))
    }

    /// Reads the next entry, which must be `artifact`, hands its bytes to `sink` and compares
    /// their sum. What `sink` got is worth nothing until this has returned without an error.
    pub(super) fn artifact(
        &mut self,
        artifact: &Artifact,
        mut sink: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.entry = artifact.path();
        let mut block = [0; BLOCK];
        self.fill(&mut block)?;
        self.compare(&block, &format::artifact_header(artifact))?;
        let mut hasher = Hasher::default();
        let mut left = artifact.size;
        let mut buffer = std::mem::take(&mut self.buffer);
        while left > 0 {
            let length = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
            let chunk = &mut buffer[..length];
            self.fill(chunk)?;
            hasher.update(chunk);
            sink(chunk)?;
            left -= length as u64;
        }
        self.buffer = buffer;
        self.zeros(format::padding(artifact.size))?;
        let sum = hasher.finish();
        if sum != artifact.sha256 {
            return Err(self.unexpected(
                format!("content with SHA-256 {sum}"),
                format!("SHA-256 {}, which the manifest names", artifact.sha256),
            ));
        }
        Ok(())
    }

    /// Reads what follows the last artifact: the end of the archive, of the frame and of the file,
    /// and nothing else. Returns what the file is now, to be compared with what it was, and the digests
    /// of all its bytes.
    pub(super) fn finish(mut self) -> Result<(Identity, Sums), Error> {
        "the end".clone_into(&mut self.entry);
        let mut block = [0; BLOCK];
        self.fill(&mut block)?;
        if block != [0; BLOCK] {
            let (entry, _) = format::explain(&block, &[0; BLOCK]);
            self.entry = entry;
            return Err(self.unexpected("an entry behind the last", "the end of the archive"));
        }
        self.zeros(END - BLOCK)?;
        let mut more = [0; 1];
        // This read also checks the frame's own sum.
        if self.decoder.read(&mut more).map_err(|source| self.damaged(source))? > 0 {
            return Err(self.unexpected("data behind the archive", "the end of the archive"));
        }
        let path = self.path.clone();
        let unreadable = |source| Error::read(&path, source);
        let mut file = self.decoder.finish();
        if !file.fill_buf().map_err(unreadable)?.is_empty() {
            return Err(Error::Entry {
                bundle: self.path,
                entry: self.entry,
                found: "data behind the compressed archive".to_owned(),
                expected: "the end of the file".to_owned(),
            });
        }
        let metadata = file.get_ref().metadata().map_err(unreadable)?;
        Ok((Identity::of(&metadata), file.into_inner().sums()))
    }

    fn compare(&mut self, block: &[u8; BLOCK], expected: &[u8; BLOCK]) -> Result<(), Error> {
        if block == expected {
            return Ok(());
        }
        let (entry, found) = format::explain(block, expected);
        self.entry = entry;
        Err(self.unexpected(found, format::describe(expected)))
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Error> {
        self.decoder.read_exact(buffer).map_err(|source| self.damaged(source))
    }

    /// Reads `count` bytes, at most a block, that must all be zero.
    fn zeros(&mut self, count: usize) -> Result<(), Error> {
        let mut block = [0; BLOCK];
        self.fill(&mut block[..count])?;
        if block == [0; BLOCK] {
            return Ok(());
        }
        Err(self.unexpected("data in the padding", "zero bytes up to the next block"))
    }

    fn damaged(&self, source: io::Error) -> Error {
        Error::Damaged { bundle: self.path.clone(), entry: self.entry.clone(), source }
    }

    fn unexpected(&self, found: impl Into<String>, expected: impl Into<String>) -> Error {
        Error::Entry {
            bundle: self.path.clone(),
            entry: self.entry.clone(),
            found: found.into(),
            expected: expected.into(),
        }
    }
}

/// A decoder of exactly one frame, whose window cannot be made larger than the writer's.
fn decoder(reader: BufReader<Summed>) -> io::Result<zstd::Decoder<'static, BufReader<Summed>>> {
    let mut decoder = zstd::Decoder::with_buffer(reader)?.single_frame();
    decoder.window_log_max(WINDOW_LOG)?;
    Ok(decoder)
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}
