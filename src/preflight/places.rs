//! The places where files will go: what is there already, what keeps root from writing, and what they lie on.

pub(super) mod devices;
pub(super) mod image_store;
pub(super) mod kinds;
pub(super) mod no_exec;
pub(super) mod propagation;
pub(super) mod state_store;
pub(super) mod writable;

use super::{Context, HostFacts};
use crate::cluster::RuntimeKind::{self, Containerd, CriO, Docker};

/// Places of runtimes, and which of them use them. docker's package brings a containerd.
const OF_RUNTIMES: [(&str, &[RuntimeKind]); 14] = [
    ("/etc/containerd", &[Containerd, Docker]),
    ("/etc/crio", &[CriO]),
    ("/etc/docker", &[Docker]),
    ("/etc/systemd/system/containerd.service", &[Containerd]),
    ("/opt/containerd", &[Containerd, Docker]),
    ("/run/containerd", &[Containerd, Docker]),
    ("/usr/local/bin/containerd", &[Containerd]),
    ("/usr/local/bin/containerd-shim-runc-v2", &[Containerd]),
    ("/usr/local/bin/ctr", &[Containerd]),
    ("/usr/local/bin/runc", &[Containerd, CriO]),
    ("/var/lib/containerd", &[Containerd, Docker]),
    ("/var/lib/containers", &[CriO]),
    ("/var/lib/crio", &[CriO]),
    ("/var/lib/docker", &[Docker]),
];

/// Whether something will be written there on this host: etcd is with control planes, and of the runtimes one is
/// installed, or has an owner who made its places.
fn counts(context: &Context<'_>, host: &HostFacts<'_>, path: &str) -> bool {
    let runtime = &context.cluster.runtime;
    let is_at = |it: &str| {
        path.strip_prefix(it).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if let Some((_, kinds)) = OF_RUNTIMES.iter().find(|(it, _)| is_at(it)) {
        return !runtime.existing && kinds.contains(&runtime.traits.kind);
    }
    match path {
        "/var/lib/etcd" => host.host.control_plane,
        // kubectl's notes go there, and are not missed.
        "/root" => false,
        _ => true,
    }
}
