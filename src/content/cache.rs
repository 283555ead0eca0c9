//! The cache of verified content on the operator's machine: one file per SHA-256, from which
//! uploads are streamed and resumed.
//!
//! Files in the directory: `SHA256` (content), `SHA256.mark` (what that file was when it was
//! verified; its time says when it was last used), `stamp-SHA256` (a bundle that was verified as a
//! whole), `note-SHA256` (what is known of a file that was downloaded), `part-SHA256` (the beginning of
//! content that is being downloaded), `incoming-N` (being written), `lock` (held by whoever reads or
//! changes any of these).

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::digest::{Digest, Hasher};
use super::error::Error;
use super::identity::{self, Identity};
use super::incoming::Incoming;
use super::sums::Sums;

/// Where verified content lies as plain files.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// The file with these bytes. It is there if it was wanted when the store was made; it may be read
    /// from any offset, and must not be changed.
    pub fn path(&self, sum: Digest) -> PathBuf {
        content(&self.dir, sum)
    }
}

/// The cache directory of this user: `${XDG_CACHE_HOME:-~/.cache}/bivouac/content`.
pub fn cache_dir() -> Result<PathBuf, Error> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    locate(variable("XDG_CACHE_HOME"), variable("HOME")).ok_or(Error::NoDirectory)
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
pub struct Cache {
    pub(super) dir: PathBuf,
    boot: Option<String>,
    count: AtomicU32,
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
    pub fn open(dir: &Path) -> Result<Self, Error> {
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
        // What is there was left by a run that was killed: the lock is ours.
        for entry in fs::read_dir(dir).map_err(unwritable)?.flatten() {
            if entry.file_name().to_str().is_some_and(|name| name.starts_with("incoming")) {
                let _ = fs::remove_file(entry.path());
            }
        }
        let count = AtomicU32::new(0);
        Ok(Self { dir: dir.to_owned(), boot: identity::boot(), count, _lock: lock })
    }

    /// Gives the lock back; the content stays.
    pub fn into_store(self) -> Store {
        self.store()
    }

    /// Where the content lies.
    pub fn store(&self) -> Store {
        Store { dir: self.dir.clone() }
    }

    /// Whether verified bytes of this sum are here. Notes that they are in use.
    pub fn has(&self, sum: Digest) -> bool {
        let Some(mark) = self.mark_of(sum) else { return false };
        let path = mark_path(&self.dir, sum);
        let is_here = fs::read(&path).is_ok_and(|text| parses_to(&text, &mark));
        if is_here {
            // Only the order in which content is thrown away depends on this time.
            let _ = File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
        }
        is_here
    }

    /// Whether bytes of this sum are here, and how many. Those that are not known to be verified, as after
    /// a boot, are read: that is cheaper than to fetch them again.
    pub fn holds(&self, sum: Digest) -> Option<u64> {
        let path = content(&self.dir, sum);
        let size = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?.len();
        if self.has(sum) {
            return Some(size);
        }
        let mut hasher = Hasher::default();
        read_into(&mut File::open(&path).ok()?, &mut hasher).ok()?;
        if hasher.finish() != sum {
            let _ = fs::remove_file(&path);
            return None;
        }
        self.mark(sum).ok()?;
        Some(size)
    }

    fn mark_of(&self, sum: Digest) -> Option<Mark> {
        let metadata = fs::symlink_metadata(content(&self.dir, sum)).ok()?;
        let boot = self.boot.clone()?;
        metadata.is_file().then(|| Mark { identity: Identity::of(&metadata), boot })
    }

    /// Begins to write content that is not verified yet.
    pub fn create(&self) -> Result<Incoming, Error> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        Incoming::at(self.dir.join(format!("incoming-{number}")))
    }

    /// Keeps content whose sum was found right.
    pub fn keep(&self, incoming: Incoming, sum: Digest) -> Result<(), Error> {
        incoming.rename(&content(&self.dir, sum))?;
        self.mark(sum)
    }

    /// Notes that the content of this sum was found right. Taken after a rename, which changes a file's times.
    fn mark(&self, sum: Digest) -> Result<(), Error> {
        match self.mark_of(sum) {
            Some(mark) => self.note(&mark_path(&self.dir, sum), &mark),
            None => Ok(()),
        }
    }

    /// Goes on with content of this sum that is downloaded: what an earlier try got of it is there still.
    pub fn part(&self, sum: Digest) -> Result<Part, Error> {
        let path = self.dir.join(format!("part-{sum}"));
        let unwritable = |source| Error::Write { path: path.clone(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .map_err(unwritable)?;
        let mut hasher = Hasher::default();
        let size = read_into(&mut file, &mut hasher).map_err(unwritable)?;
        Ok(Part { path, file, hasher, size })
    }

    /// Keeps a whole download whose sum was found right.
    pub fn keep_part(&self, part: &Part, sum: Digest) -> Result<u64, Error> {
        let path = content(&self.dir, sum);
        fs::rename(&part.path, &path).map_err(|source| Error::Write { path, source })?;
        self.mark(sum)?;
        Ok(part.size)
    }

    /// Throws content away that is of no more use.
    pub fn forget(&self, sum: Digest) {
        let _ = fs::remove_file(mark_path(&self.dir, sum));
        let _ = fs::remove_file(content(&self.dir, sum));
    }

    /// What was noted under this name; nothing where it was of another form.
    pub fn known<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_slice(&fs::read(self.note_path(name)).ok()?).ok()
    }

    /// Notes something under a name.
    pub fn learn(&self, name: &str, what: &impl Serialize) -> Result<(), Error> {
        self.note(&self.note_path(name), what)
    }

    fn note_path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("note-{}", Digest::of(name.as_bytes())))
    }

    /// The digests that were taken of this bundle when it was verified as it is now; `None` if it was not.
    pub fn knows(&self, bundle: &Path, identity: Identity, manifest: Digest) -> Option<Sums> {
        let (path, mut stamp) = self.stamp(bundle, identity, manifest)?;
        let noted: Stamp = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        stamp.sums = noted.sums.clone();
        (noted == stamp).then_some(noted.sums)
    }

    /// Notes that this bundle was verified by a pass that began at `started` and took these digests.
    pub fn remember(
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
    pub fn check_room(&self, needed: u64) -> Result<(), Error> {
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

/// A download in the making. What there is of it stays when it is dropped.
#[derive(Debug)]
pub struct Part {
    path: PathBuf,
    file: File,
    hasher: Hasher,
    size: u64,
}

impl Part {
    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let unwritable = |source| Error::Write { path: self.path.clone(), source };
        self.file.write_all(bytes).map_err(unwritable)?;
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// The sum of all bytes so far.
    pub fn sum(&self) -> Digest {
        self.hasher.clone().finish()
    }

    /// Begins again.
    pub fn clear(&mut self) -> Result<(), Error> {
        let unwritable = |source| Error::Write { path: self.path.clone(), source };
        self.file.set_len(0).map_err(unwritable)?;
        self.hasher = Hasher::default();
        self.size = 0;
        Ok(())
    }

    /// Throws away what there is of it.
    pub fn discard(self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Reads all of it; says how many bytes there were.
fn read_into(file: &mut File, hasher: &mut Hasher) -> std::io::Result<u64> {
    let (mut buffer, mut size) = (vec![0; 256 << 10], 0);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(size);
        }
        hasher.update(&buffer[..count]);
        size += count as u64;
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
