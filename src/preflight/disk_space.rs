//! An installation that runs out of space stops half way.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, amount, need, quoted};

pub(super) const CHECK: Check = Check {
    name: "DiskSpace",
    description: "there is space for what will be installed",
    severity: Severity::Error,
    phase: Phase::Files,
    breaks: "files and images cannot be written: `no space left on device`",
    kubeadm: None,
    needs: &[need::DISKS],
    page: "Seen by `stat -f` below the directories that are written to. What lies on one file \
           system is added up.\n\nMake room, or mount a larger file system.",
    run: Run::EachHost(run),
};

const MIB: u64 = 1024;

/// What an installation puts where, in KiB, with room to begin with. Where several lie on one file
/// system, it needs the sum: 5.0 GiB on a control plane of one disk.
const NEEDS: [Need<'static>; 9] = [
    // kubelet, kubeadm, kubectl, containerd and its helpers take 350 MiB, packages 50 MiB.
    Need { path: "/usr/local/bin", kib: 700 * MIB, control_plane: false },
    // Uploads in progress, the journal and what it saves.
    Need { path: "/var/lib/bivouac", kib: 1024 * MIB, control_plane: false },
    // Six write-ahead logs of 64 MiB, five snapshots, and a database that grows.
    Need { path: "/var/lib/etcd", kib: 1024 * MIB, control_plane: true },
    // Plugins of the network take 80 MiB.
    Need { path: "/opt/cni/bin", kib: 150 * MIB, control_plane: false },
    // Of each container 10 MiB are kept five times, from the first line on.
    Need { path: "/var/log", kib: 128 * MIB, control_plane: false },
    // Keys and certificates; what the kubelet keeps of pods, without their volumes.
    Need { path: "/etc/kubernetes", kib: 8 * MIB, control_plane: false },
    Need { path: "/var/lib/kubelet", kib: 100 * MIB, control_plane: false },
    // Sockets, locks, what runtimes keep of containers; and what apt checks signatures with.
    Need { path: "/run", kib: 16 * MIB, control_plane: false },
    Need { path: "/tmp", kib: 16 * MIB, control_plane: false },
];

/// The images of a node or control plane, as uploaded, as blobs and unpacked: up to 1.5 GiB.
const IMAGES: u64 = 2048 * MIB;

struct Need<'a> {
    path: &'a str,
    kib: u64,
    /// Control planes only.
    control_plane: bool,
}

/// Where images are kept: an existing runtime says it itself.
pub(super) fn image_root<'a>(context: &'a Context<'_>, host: &'a HostFacts<'_>) -> &'a str {
    let runtime = &context.cluster.runtime;
    let own = host.facts.runtime_root().filter(|_| runtime.existing);
    own.unwrap_or(runtime.traits.root)
}

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    // What lies there is ours already, in part at least.
    if host.facts.has_begun() {
        return vec![];
    }
    let here = |need: &&Need<'_>| host.host.control_plane || !need.control_plane;
    let images = Need { path: image_root(context, host), kib: IMAGES, control_plane: false };
    let mut file_systems: Vec<(&str, u64, Vec<&Need<'_>>)> = Vec::new();
    for need in NEEDS.iter().chain([&images]).filter(here) {
        let Some(disk) = host.facts.disk(need.path) else { continue };
        match file_systems.iter_mut().find(|(id, ..)| *id == disk.file_system) {
            Some((_, free, needs)) => {
                *free = disk.free_kib.min(*free);
                needs.push(need);
            }
            None => file_systems.push((&disk.file_system, disk.free_kib, vec![need])),
        }
    }
    let finding = |(_, free, needs): (&str, u64, Vec<&Need<'_>>)| {
        let sum = needs.iter().map(|need| need.kib).sum();
        if free >= sum {
            return None;
        }
        let (free, sum) = (amount(free), amount(sum));
        let paths = quoted(needs.iter().map(|need| need.path));
        let message = format!("{free} are free where {sum} are needed: {paths}");
        let fix = "make room there, or mount a larger file system";
        Some(host.error(CHECK.name, message, fix))
    };
    file_systems.into_iter().filter_map(finding).collect()
}
