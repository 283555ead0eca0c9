//! What a node keeps must outlive a reboot; and etcd locks and syncs its files, which not every file system does well.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(crate) const CHECK: Check = Check {
    name: "StateStore",
    description: "what a node keeps is on a file system that lasts, and etcd's on a disk of the host's own",
    severity: Severity::Warning,
    phase: Phase::Operation,
    breaks: "the node is gone with the next boot, or etcd with the next break of the network",
    kubeadm: None,
    needs: &[need::PLACES],
    page: "Seen by the type of what is mounted at `/etc/kubernetes`, `/var/lib/kubelet`, `/var/lib/bivouac` and, on control planes, `/var/lib/etcd`: tmpfs and ramfs \
           are memory. A host whose root is memory as a whole forgets itself by intention, and nothing is said of it. Of etcd's directory network file systems \
           count as well: it syncs each write before it answers (etcd's FAQ, \"Hardware recommendations\"), and a member that waits is taken for dead.\n\nMount \
           a disk there, or nothing.",
    run: Run::EachHost(run),
};

const KEPT: [&str; 4] = ["/etc/kubernetes", "/var/lib/kubelet", ETCD, "/var/lib/bivouac"];
const ETCD: &str = "/var/lib/etcd";
const MEMORY: [&str; 2] = ["tmpfs", "ramfs"];
const REMOTE: [&str; 6] = ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph"];

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let external = context.cluster.external_etcd().is_some();
    let here = |path: &&str| *path != ETCD || (host.host.control_plane && !external);
    let finding = |path: &str| {
        let mount = host.facts.places.mount(path).filter(|mount| mount.path != "/")?;
        let kind = mount.file_system.as_str();
        let (at, what) = if MEMORY.contains(&kind) {
            (&mount.path, "which is memory: what is kept there is gone with the next boot")
        } else if path == ETCD && (REMOTE.contains(&kind) || kind.starts_with("fuse.")) {
            (&mount.path, "on which etcd waits for the network at each write")
        } else {
            return None;
        };
        let message = format!("`{path}` lies on `{at}`, a file system of type `{kind}`, {what}");
        Some(host.warning(CHECK.name, message, "mount a disk there, or nothing"))
    };
    KEPT.into_iter().filter(here).filter_map(finding).collect()
}
