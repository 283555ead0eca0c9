//! A file system can be full with space left: each file takes an inode.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "DiskInodes",
    description: "there are inodes for the files of images",
    severity: Severity::Error,
    phase: Phase::Images,
    breaks: "images cannot be unpacked: `no space left on device` with space left",
    kubeadm: None,
    needs: &[need::DISKS],
    page: "Seen by the free inodes of the runtime's file system; images unpack to thousands of \
           files.\n\nDelete small files there, or mount a file system with more inodes.",
    run: Run::EachHost(run),
};

/// The images of a control plane unpack to some 13,000 files (counted in the lab); the rest is for
/// the first pods.
const NEEDED: u64 = 50_000;

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let path = super::disk_space::image_root(context, host);
    match host.facts.disk(path) {
        // Without a number of inodes the file system makes them as needed.
        Some(disk) if disk.inodes > 0 && disk.free_inodes < NEEDED && !host.facts.has_begun() => {
            let free = disk.free_inodes;
            let message = format!("{free} inodes are free where {NEEDED} are needed: `{path}`");
            let fix = "delete small files there, or mount a file system with more inodes";
            vec![host.error(CHECK.name, message, fix)]
        }
        _ => vec![],
    }
}
