//! Room, and mounts that cannot be written to.

use super::{Scene, Suspect, Weight};
use crate::host::evidence::{Disk, Evidence};

/// In KiB: less is full, on a file system of any size.
const NOTHING: u64 = 16 * 1024;
/// What the cluster itself writes to.
const WRITTEN: &[&str] = &[
    "/var",
    "/var/lib",
    "/var/lib/kubelet",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/etcd",
    "/var/log",
    "/run",
];

pub(super) fn rule(scene: &Scene<'_>) -> Vec<Suspect> {
    if !scene.look.is_node() && scene.case.failed.is_empty() {
        return Vec::new();
    }
    let mut all = Vec::new();
    if let Some(disk) = full(scene.evidence).last() {
        let message = format!(
            "the file system of `{}` is full: {} free of {}",
            disk.path,
            size(disk.free),
            size(disk.size)
        );
        let what = format!("{}: {} KiB of {} KiB are free", disk.path, disk.free, disk.size);
        all.push(
            scene
                .suspect("DiskFull", Weight::Certain, message)
                .proof(format!("`df {}`", disk.path), what)
                .command(format!("du -xh --max-depth=2 {} | sort -h | tail", disk.path)),
        );
    }
    if let Some(disk) = without_inodes(scene.evidence).last() {
        let message = format!(
            "the file system of `{}` has no inodes left: it takes no more files although there is room",
            disk.path
        );
        let what =
            format!("{}: {} inodes of {} are free", disk.path, disk.inodes_free, disk.inodes);
        all.push(
            scene
                .suspect("InodesExhausted", Weight::Certain, message)
                .proof(format!("`df -i {}`", disk.path), what)
                .command(format!("du -x --inodes --max-depth=2 {} | sort -n | tail", disk.path)),
        );
    }
    if let Some(path) =
        scene.evidence.read_only.iter().find(|path| WRITTEN.contains(&path.as_str()))
    {
        let message = format!("`{path}` is on a file system that is mounted read-only");
        all.push(
            scene
                .suspect("ReadOnly", Weight::Certain, message)
                .proof("/proc/mounts", format!("root cannot write to {path}"))
                .command(format!("mount -o remount,rw \"$(findmnt -nT {path} -o TARGET)\"")),
        );
    }
    for condition in scene.evidence.conditions.iter().flatten() {
        let Some(look) =
            scene.case.looks.iter().find(|look| look.node_name().as_ref() == Some(&condition.node))
        else {
            continue;
        };
        if condition.status != "True" {
            continue;
        }
        let cause = match condition.kind.as_str() {
            "DiskPressure" => "DiskPressure",
            "MemoryPressure" | "PIDPressure" => "MemoryPressure",
            _ => continue,
        };
        let mut suspect = scene
            .certain(cause)
            .proof("the node's conditions", format!("{}: {}", condition.kind, condition.why));
        suspect.hosts = vec![look.host.display.clone()];
        all.push(suspect);
    }
    all
}

/// File systems that have no room left. A deeper path comes later: it says more.
pub(super) fn full(evidence: &Evidence) -> impl Iterator<Item = &Disk> {
    evidence.disks.iter().filter(|disk| {
        let small = disk.free < NOTHING && disk.free < disk.size / 20;
        disk.size > 0
            && WRITTEN.contains(&disk.path.as_str())
            && (small || disk.free < disk.size / 500)
    })
}

/// File systems that take no more files. Some count none (btrfs).
pub(super) fn without_inodes(evidence: &Evidence) -> impl Iterator<Item = &Disk> {
    evidence.disks.iter().filter(|disk| {
        disk.inodes > 0
            && WRITTEN.contains(&disk.path.as_str())
            && disk.inodes_free < 16.max(disk.inodes / 5000)
    })
}

fn size(kib: u64) -> String {
    match kib {
        0..1024 => format!("{kib} KiB"),
        1024..1_048_576 => format!("{} MiB", kib / 1024),
        _ => format!("{} GiB", kib / 1_048_576),
    }
}
