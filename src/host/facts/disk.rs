//! Space on file systems.

use super::Facts;

/// Space below a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// The path that was asked about.
    pub path: String,
    /// Size of its file system in KiB.
    pub size_kib: u64,
    /// What is free for root's processes without the reserve, in KiB.
    pub free_kib: u64,
    /// Inodes in all; 0 on file systems that make them as needed (btrfs).
    pub inodes: u64,
    /// Inodes that are free.
    pub free_inodes: u64,
    /// Tells file systems of one host apart.
    pub file_system: String,
}

impl Facts {
    /// The file system below a path: that of its nearest parent that was asked about.
    pub fn disk(&self, path: &str) -> Option<&Disk> {
        let contains = |disk: &&Disk| {
            let rest = path.strip_prefix(disk.path.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.disks.iter().filter(contains).max_by_key(|disk| disk.path.len())
    }
}
