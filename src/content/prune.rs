//! What the cache throws away, so that it does not grow with every bundle ever used.

use std::fs::{self, DirEntry};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::cache::{Cache, Stamp, mark_path};
use super::digest::Digest;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// When content goes. Content that was used within `spared` stays in any case: another run may be
/// uploading it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes of all content together; beyond it the content that was not used for longest goes.
    pub total: u64,
    /// Content that was not used for this long goes.
    pub unused: Duration,
    /// Content that was used this recently stays.
    pub spared: Duration,
}

impl Default for Limits {
    /// About ten releases for one architecture, a month.
    fn default() -> Self {
        Self { total: 12 << 30, unused: 30 * DAY, spared: DAY }
    }
}

struct Content {
    sum: Digest,
    path: PathBuf,
    size: u64,
    /// Time since its last use; zero when that lies in the future.
    age: Duration,
}

impl Cache {
    /// Removes old content, and stamps of bundles that are gone. What cannot be removed stays:
    /// a full cache is no reason to stop an install.
    pub fn prune(&self) {
        self.prune_to(Limits::default(), SystemTime::now());
    }

    fn prune_to(&self, limits: Limits, now: SystemTime) {
        let Ok(entries) = fs::read_dir(&self.dir) else { return };
        let (mut contents, mut total) = (Vec::new(), 0);
        for entry in entries.flatten() {
            if let Some(content) = self.content(&entry, now) {
                total += content.size;
                contents.push(content);
            } else if is_dead_stamp(&entry) || is_old_part(&entry, limits, now) {
                let _ = fs::remove_file(entry.path());
            }
        }
        contents.sort_by_key(|content| std::cmp::Reverse(content.age));
        for content in contents {
            let must_go = total > limits.total || content.age > limits.unused;
            if !must_go || content.age <= limits.spared {
                break;
            }
            let _ = fs::remove_file(mark_path(&self.dir, content.sum));
            if fs::remove_file(&content.path).is_ok() {
                total -= content.size;
            }
        }
    }

    fn content(&self, entry: &DirEntry, now: SystemTime) -> Option<Content> {
        let sum = Digest::parse(entry.file_name().to_str()?)?;
        let metadata = entry.metadata().ok()?;
        let mark = fs::metadata(mark_path(&self.dir, sum)).and_then(|mark| mark.modified());
        let used = mark.or_else(|_| metadata.modified()).ok()?;
        let age = now.duration_since(used).unwrap_or_default();
        Some(Content { sum, path: entry.path(), size: metadata.len(), age })
    }
}

/// Whether it is the beginning of a download that nobody goes on with, or a note that nobody read again.
fn is_old_part(entry: &DirEntry, limits: Limits, now: SystemTime) -> bool {
    let name = entry.file_name();
    let limit = match name.to_str() {
        Some(name) if name.starts_with("part-") => limits.spared,
        Some(name) if name.starts_with("note-") => 12 * limits.unused,
        _ => return false,
    };
    let written = entry.metadata().and_then(|metadata| metadata.modified());
    written.is_ok_and(|at| now.duration_since(at).unwrap_or_default() > limit)
}

fn is_dead_stamp(entry: &DirEntry) -> bool {
    let is_stamp = entry.file_name().to_str().is_some_and(|name| name.starts_with("stamp-"));
    is_stamp
        && fs::read(entry.path())
            .ok()
            .and_then(|text| serde_json::from_slice::<Stamp>(&text).ok())
            .is_none_or(|stamp| !PathBuf::from(stamp.bundle).exists())
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn the_oldest_goes_first_and_what_is_in_use_stays() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("content")).unwrap();
        let now = SystemTime::now();
        let path = |text: &str| cache.dir.join(Digest::of(text.as_bytes()).to_string());
        for (text, age) in [("old", 90), ("middle", 20), ("recent", 2), ("in use", 0)] {
            fs::write(path(text), [0; 100]).unwrap();
            File::options()
                .write(true)
                .open(path(text))
                .unwrap()
                .set_modified(now - age * DAY)
                .unwrap();
        }
        fs::write(cache.dir.join("stamp-0"), "{}").unwrap();
        let left = |total| {
            cache.prune_to(Limits { total, ..Limits::default() }, now);
            ["old", "middle", "recent", "in use"].map(|text| path(text).exists())
        };
        assert_eq!(left(1000), [false, true, true, true], "unused for a month");
        assert_eq!(left(200), [false, false, true, true], "beyond the limit");
        assert_eq!(left(0), [false, false, false, true], "in use");
        assert!(!cache.dir.join("stamp-0").exists());
        assert!(cache.dir.join("lock").exists());
    }
}
