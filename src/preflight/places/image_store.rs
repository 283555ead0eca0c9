//! Images are unpacked into layers that the kernel lays over each other; not every file system can be below.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(crate) const CHECK: Check = Check {
    name: "ImageStore",
    description: "the runtime's directory is on a file system that layers of images can lie on",
    severity: Severity::Error,
    phase: Phase::Images,
    breaks: "containers cannot be made: `failed to mount overlay: invalid argument`",
    kubeadm: None,
    needs: &[need::PLACES],
    page: "Seen by the type of the file system that the runtime's directory lies on. The kernel's overlayfs wants one below that tells \
           the kind of a file with its name and keeps extended attributes (Documentation/filesystems/overlayfs.rst): overlayfs \
           itself does not, nor do NFS, CIFS, FAT and FUSE. XFS of before 2016 may be made without (`ftype=0`; \
           `xfs_info` says it, where it is there).\n\nMount a file system of another type there (ext4, xfs, btrfs), or choose another snapshotter in \
           `runtime: {config: ...}` of cluster.yaml.",
    run: Run::EachHost(run),
};

const UNFIT: [&str; 13] = [
    "overlay", "aufs", "ecryptfs", "nfs", "nfs4", "cifs", "smb3", "9p", "vfat", "exfat", "ntfs3",
    "fuseblk", "squashfs",
];

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let runtime = &context.cluster.runtime;
    // Who chose another way of keeping layers knows why.
    let chosen = serde_json::to_string(&runtime.config).is_ok_and(|it| {
        it.contains("snapshotter") || it.contains("storage-driver") || it.contains("storage_driver")
    });
    if runtime.existing || chosen {
        return vec![];
    }
    let root = runtime.traits.root;
    let Some(mount) = host.facts.places.mount(root) else { return vec![] };
    let kind = mount.file_system.as_str();
    if kind == "xfs" && host.facts.places.ftype(root) == Some(false) {
        let message = format!(
            "`{root}` lies on `{}`, an XFS without `ftype=1`, on which overlayfs does not work",
            mount.path
        );
        let fix =
            format!("mount a file system at `{root}` that was made anew (`mkfs.xfs`, or ext4)");
        return vec![host.error(CHECK.name, message, fix)];
    }
    if !UNFIT.contains(&kind) && !kind.starts_with("fuse.") {
        return vec![];
    }
    let message = format!(
        "`{root}` lies on `{}`, a file system of type `{kind}`, on which overlayfs does not work",
        mount.path
    );
    let fix = format!("mount a file system like ext4 or xfs at `{root}`");
    vec![host.error(CHECK.name, message, fix)]
}
