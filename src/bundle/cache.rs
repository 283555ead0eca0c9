//! The cache of verified content on the operator's machine: one file per SHA-256, from which
//! uploads are streamed and resumed.
//!
//! Files in the directory: `SHA256` (content), `SHA256.mark` (what that file was when it was
//! verified; its time says when it was last used), `stamp-SHA256` (a bundle that was verified as a
//! whole), `incoming` (being written), `lock` (held by whoever reads or changes any of these).

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::error::Error;
use super::identity::{self, Identity};
use super::manifest::Artifact;
use super::sums::Sums;

/// Where verified artifacts lie as plain files.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// The file with this artifact's bytes. It is there if the artifact was wanted when the store
    /// was made; it may be read from any offset, and must not be changed.
    pub fn path(&self, artifact: &Artifact) -> PathBuf {
        content(&self.dir, artifact.sha256)
    }
}

/// The cache directory of this user: `${XDG_CACHE_HOME:-~/.cache}/bivouac/content`.
pub fn cache_dir() -> Result<PathBuf, Error> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    locate(variable("XDG_CACHE_HOME"), variable("HOME")).ok_or(Error::NoCacheDirectory)
}

/// The XDG base directory specification says that a relative path is to be ignored.
fn locate(cache_home: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    let base = cache_home
        .filter(|path| path.is_absolute())
        .or_else(|| home.filter(|path| path.is_absolute()).map(|home| home.join(".cache")))?;
    Some(base.join("bivouac").join("content"))
}

/// The cache, locked for this process (and this thread) alone.
#[derive(Debug)]
pub(super) struct Cache {
    pub(super) dir: PathBuf,
    boot: Option<String>,
    _lock: File,
}

/// What a content file was when its bytes were verified.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    identity: Identity,
    boot: String,
}

/// A bundle that was verified from front to end.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stamp {
    pub(super) bundle: String,
    identity: Identity,
    manifest: Digest,
    boot: String,
    /// The digests of the whole file that this pass took.
    sums: Sums,
}

impl Cache {
    /// Makes the directory if need be, for this user alone, and waits for its lock.
    pub(super) fn open(dir: &Path) -> Result<Self, Error> {
        let unwritable = |source| Error::Write { path: dir.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(unwritable)?;
        let metadata = fs::metadata(dir).map_err(unwritable)?;
        let user = rustix::process::geteuid().as_raw();
        if metadata.uid() != user {
            // Whoever owns the directory could swap a verified file for another.
            let owner = metadata.uid();
            let problem = format!(
                "belongs to user id {owner}, expected {user}; \
                 remove it, or set `XDG_CACHE_HOME` to a directory of your own"
            );
            return Err(Error::Cache { dir: dir.to_owned(), problem });
        }
        if metadata.mode() & 0o077 != 0 {
            fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(unwritable)?;
        }
        let path = dir.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|source| Error::Write { path, source })?;
        Ok(Self { dir: dir.to_owned(), boot: identity::boot(), _lock: lock })
    }

    /// Gives the lock back; the content stays.
    pub(super) fn into_store(self) -> Store {
        Store { dir: self.dir }
    }

    /// Whether the artifact's verified bytes are here. Notes that they are in use.
    pub(super) fn has(&self, artifact: &Artifact) -> bool {
        let Some(mark) = self.mark_of(artifact) else { return false };
        let path = mark_path(&self.dir, artifact.sha256);
        let is_here = fs::read(&path).is_ok_and(|text| parses_to(&text, &mark));
        if is_here {
            // Only the order in which content is thrown away depends on this time.
            let _ = File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
        }
        is_here
    }

    fn mark_of(&self, artifact: &Artifact) -> Option<Mark> {
        let metadata = fs::symlink_metadata(content(&self.dir, artifact.sha256)).ok()?;
        let is_right = metadata.is_file() && metadata.len() == artifact.size;
        let boot = self.boot.clone()?;
        is_right.then(|| Mark { identity: Identity::of(&metadata), boot })
    }

    /// Begins to write content that is not verified yet.
    pub(super) fn create(&self) -> Result<Incoming, Error> {
        let path = self.dir.join("incoming");
        // One that is there was left by a run that was killed: the lock is ours.
        let _ = fs::remove_file(&path);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|source| Error::Write { path: path.clone(), source })?;
        Ok(Incoming { path, file, kept: false })
    }

    /// Keeps content whose sum was found right.
    pub(super) fn keep(&self, mut incoming: Incoming, artifact: &Artifact) -> Result<(), Error> {
        let path = content(&self.dir, artifact.sha256);
        let unwritable = |source| Error::Write { path: path.clone(), source };
        fs::rename(&incoming.path, &path).map_err(unwritable)?;
        incoming.kept = true;
        // Taken after the rename, which changes the file's times.
        if let Some(mark) = self.mark_of(artifact) {
            self.note(&mark_path(&self.dir, artifact.sha256), &mark)?;
        }
        Ok(())
    }

    /// The digests that were taken of this bundle when it was verified as it is now; `None` if it was not.
    pub(super) fn knows(
        &self,
        bundle: &Path,
        identity: Identity,
        manifest: Digest,
    ) -> Option<Sums> {
        let (path, mut stamp) = self.stamp(bundle, identity, manifest)?;
        let noted: Stamp = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        stamp.sums = noted.sums.clone();
        (noted == stamp).then_some(noted.sums)
    }

    /// Notes that this bundle was verified by a pass that began at `started` and took these digests.
    pub(super) fn remember(
        &self,
        bundle: &Path,
        identity: Identity,
        manifest: Digest,
        sums: Sums,
        started: SystemTime,
    ) -> Result<(), Error> {
        if !identity.is_settled(started) {
            // A write during the pass might not show; the next pass will be late enough.
            return Ok(());
        }
        match self.stamp(bundle, identity, manifest) {
            Some((path, stamp)) => self.note(&path, &Stamp { sums, ..stamp }),
            None => Ok(()),
        }
    }

    fn stamp(
        &self,
        bundle: &Path,
        identity: Identity,
        manifest: Digest,
    ) -> Option<(PathBuf, Stamp)> {
        let canonical = bundle.canonicalize().ok()?;
        let name = format!("stamp-{}", Digest::of(canonical.as_os_str().as_bytes()));
        let bundle = canonical.to_str()?.to_owned();
        let boot = self.boot.clone()?;
        let stamp = Stamp { bundle, identity, manifest, boot, sums: Sums::default() };
        Some((self.dir.join(name), stamp))
    }

    /// Writes a note. One that is cut short by a kill does not parse and counts as none.
    fn note(&self, path: &Path, note: &impl Serialize) -> Result<(), Error> {
        debug_assert!(path.starts_with(&self.dir), "notes stay in the cache");
        let text = serde_json::to_vec(note).expect("a note has only string keys and plain values");
        fs::write(path, text).map_err(|source| Error::Write { path: path.to_owned(), source })
    }

    /// Refuses to begin when the file system has less than `needed` bytes free.
    pub(super) fn check_room(&self, needed: u64) -> Result<(), Error> {
        // A file system that does not say is tried.
        let Ok(status) = rustix::fs::statvfs(&self.dir) else { return Ok(()) };
        let free = status.f_bavail.saturating_mul(status.f_frsize);
        if free >= needed {
            return Ok(());
        }
        let [needed, free] = [needed, free].map(|bytes| bytes.div_ceil(1 << 20));
        let problem = format!(
            "needs {needed} MiB, {free} MiB are free; \
             free some, or set `XDG_CACHE_HOME` to a directory on a larger disk"
        );
        Err(Error::Cache { dir: self.dir.clone(), problem })
    }
}

fn parses_to<T: PartialEq + for<'de> Deserialize<'de>>(text: &[u8], expected: &T) -> bool {
    serde_json::from_slice::<T>(text).is_ok_and(|found| found == *expected)
}

fn content(dir: &Path, sum: Digest) -> PathBuf {
    dir.join(sum.to_string())
}

pub(super) fn mark_path(dir: &Path, sum: Digest) -> PathBuf {
    dir.join(format!("{sum}.mark"))
}

/// Content that is being written. Removed when it is dropped before it was kept.
#[derive(Debug)]
pub(super) struct Incoming {
    path: PathBuf,
    file: File,
    kept: bool,
}

impl Incoming {
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let unwritable = |source| Error::Write { path: self.path.clone(), source };
        self.file.write_all(bytes).map_err(unwritable)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_directory_follows_xdg() {
        let at = |cache: Option<&str>, home: Option<&str>| {
            locate(cache.map(PathBuf::from), home.map(PathBuf::from))
        };
        let expected = |path: &str| Some(PathBuf::from(path));
        assert_eq!(at(Some("/c"), Some("/h")), expected("/c/bivouac/content"));
        assert_eq!(at(None, Some("/h")), expected("/h/.cache/bivouac/content"));
        assert_eq!(at(Some(""), Some("/h")), expected("/h/.cache/bivouac/content"));
        assert_eq!(at(Some("relative"), Some("/h")), expected("/h/.cache/bivouac/content"));
        assert_eq!(at(None, None), None);
    }

    #[test]
    fn a_bundle_that_was_just_written_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("content")).unwrap();
        let (bundle, manifest) = (dir.path().join("bundle"), Digest::of(b"manifest"));
        fs::write(&bundle, "bundle").unwrap();
        let changed = Identity::changed_at(1000, 1);
        let knows_after = |milliseconds| {
            let started = SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds);
            let sums = Sums { sha256: Some("00".to_owned()), sha512: None };
            cache.remember(&bundle, changed, manifest, sums.clone(), started).unwrap();
            let known = cache.knows(&bundle, changed, manifest);
            assert!(known.as_ref().is_none_or(|known| *known == sums));
            known.is_some()
        };
        assert!(!knows_after(1_000_010));
        assert!(knows_after(1_001_000));
        assert_eq!(cache.knows(&bundle, Identity::changed_at(1000, 2), manifest), None);
        assert_eq!(cache.knows(&bundle, changed, Digest::of(b"another")), None);
    }
}
