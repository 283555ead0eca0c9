//! How a file is known again without reading it: any write, replacement or reboot changes this.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// What the file system says of a file. Two equal ones are the same bytes, except for a write
/// within one tick of the file system's clock: see [`Identity::is_settled`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    device: u64,
    inode: u64,
    /// Bytes.
    pub size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    /// What the file system says now.
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether a write from `now` on is sure to change the identity, because the file system's
    /// clock has ticked since the last change. Clocks that count nanoseconds tick every 10 ms at
    /// most (a jiffy); those that count seconds every 2 s at most (FAT).
    pub fn is_settled(&self, now: SystemTime) -> bool {
        let [modified, changed] = [self.modified, self.changed];
        let coarse = modified.1 == 0 || changed.1 == 0;
        let tick = if coarse { Duration::from_secs(2) } else { Duration::from_millis(50) };
        let Ok(seconds) = u64::try_from(changed.0) else { return false };
        let Ok(nanoseconds) = u64::try_from(changed.1) else { return false };
        let last = Duration::from_secs(seconds) + Duration::from_nanos(nanoseconds);
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // A change in the future means that a clock cannot be trusted.
        now.checked_sub(last).is_some_and(|age| age > tick)
    }
}

/// Names the time since the machine booted. Nothing in the cache is synced to disk: after a
/// power cut a file can have its size and times, and yet not its bytes. What was noted before the
/// last boot is therefore not believed. `None` where the system does not say: nothing is believed.
pub(super) fn boot() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

#[cfg(test)]
impl Identity {
    /// A file that was last changed at this time.
    pub(super) fn changed_at(seconds: i64, nanoseconds: i64) -> Self {
        let time = (seconds, nanoseconds);
        Self { device: 1, inode: 2, size: 3, modified: time, changed: time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_settles_when_its_clock_has_ticked() {
        let at = |milliseconds| SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds);
        assert!(!Identity::changed_at(10, 1).is_settled(at(10_040)));
        assert!(Identity::changed_at(10, 1).is_settled(at(10_060)));
        assert!(!Identity::changed_at(10, 0).is_settled(at(11_900)));
        assert!(Identity::changed_at(10, 0).is_settled(at(12_100)));
        assert!(!Identity::changed_at(10, 1).is_settled(at(9_000)), "a change in the future");
    }
}
