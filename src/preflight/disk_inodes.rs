//! A file system can be full with space left: each file takes an inode.

use super::{Check, Context, Finding, HostFacts, Run};

pub(super) const CHECK: Check = Check {
    name: "DiskInodes",
    description: "there are inodes for the files of images",
    run: Run::EachHost(run),
};

/// The images of a control plane unpack to some 13,000 files (counted in the lab); the rest is for
/// the first pods.
const NEEDED: u64 = 50_000;
const PATH: &str = "/var/lib/containerd";

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    match host.facts.disk(PATH) {
        // Without a number of inodes the file system makes them as needed.
        Some(disk) if disk.inodes > 0 && disk.free_inodes < NEEDED && !host.facts.is_ours() => {
            let free = disk.free_inodes;
            let message = format!("{free} inodes are free where {NEEDED} are needed: `{PATH}`");
            let fix = "delete small files there, or mount a file system with more inodes";
            vec![host.error(CHECK.name, message, fix)]
        }
        _ => vec![],
    }
}
