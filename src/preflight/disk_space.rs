//! An installation that runs out of space stops half way.

use crate::cluster::RuntimeKind;

use super::{
    Check, Context, Finding, HostFacts, Phase, Run, Severity, Size, Stored, amount, need, quoted,
};

pub(super) const CHECK: Check = Check {
    name: "DiskSpace",
    description: "there is space for what will be installed",
    severity: Severity::Error,
    phase: Phase::Files,
    breaks: "files and images cannot be written: `no space left on device`",
    kubeadm: None,
    needs: &[need::DISKS],
    page: "Seen by `stat -f` below the directories that are written to. What lies on one file \
           system is added up. Where there is a bundle its own sizes count: programs as they are, images three times (as uploaded, as blobs and \
           unpacked), all of it on the host that serves it, and room to begin with.\n\nMake room, or mount a larger file system.",
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

/// Packages, besides the programs.
const PROGRAMS: u64 = 100 * MIB;
/// Of the host's own network plugins.
const PLUGINS: u64 = 16 * MIB;
/// What containers write into themselves, to begin with.
const CONTAINERS: u64 = 512 * MIB;

#[derive(Clone, Copy)]
struct Need<'a> {
    path: &'a str,
    kib: u64,
    /// Control planes only.
    control_plane: bool,
}

/// Where images are kept: an existing runtime says it itself.
pub(super) fn image_root<'a>(context: &'a Context<'_>, host: &'a HostFacts<'_>) -> &'a str {
    let runtime = &context.cluster.runtime;
    let facts = host.facts;
    // Another may be there besides.
    let own = match runtime.traits.kind {
        RuntimeKind::Docker => facts.docker.as_ref().and_then(|it| it.root.as_deref()),
        _ => facts.containerd.as_ref().and_then(|it| it.root.as_deref()),
    };
    own.filter(|_| runtime.existing).unwrap_or(runtime.traits.root)
}

/// What this host needs, as far as sizes are known by them.
fn known<'a>(context: &'a Context<'_>, host: &'a HostFacts<'_>) -> Vec<Need<'a>> {
    let images = Need { path: image_root(context, host), kib: IMAGES, control_plane: false };
    let mut needs: Vec<Need<'a>> = NEEDS.into_iter().chain([images]).collect();
    let arch = host.facts.arch.as_deref().unwrap_or_default();
    let counts =
        |size: &&Size| size.arch == arch && (host.host.control_plane || !size.control_plane);
    let sizes = || context.sizes.iter().filter(counts);
    if sizes().next().is_none() {
        return needs;
    }
    let sum = |what: Stored| -> u64 {
        sizes().filter(|size| size.what == what).map(|size| size.bytes.div_ceil(1024)).sum()
    };
    let serves = context.cluster.serve.as_ref().is_some_and(|it| it.host == host.host.display);
    let bundle = if serves { sum(Stored::Served) } else { 0 };
    for need in &mut needs {
        need.kib = match need.path {
            "/usr/local/bin" => sum(Stored::Programs) + PROGRAMS,
            "/opt/cni/bin" => sum(Stored::Plugins) + PLUGINS,
            "/var/lib/bivouac" => need.kib + bundle,
            path if path == image_root(context, host) => sum(Stored::Images) * 3 + CONTAINERS,
            _ => need.kib,
        };
    }
    needs
}

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    // What lies there is ours already, in part at least.
    if host.facts.has_begun() {
        return vec![];
    }
    let here = |need: &&Need<'_>| host.host.control_plane || !need.control_plane;
    let needs = known(context, host);
    let mut file_systems: Vec<(&str, u64, Vec<&Need<'_>>)> = Vec::new();
    for need in needs.iter().filter(here) {
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
