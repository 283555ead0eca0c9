//! Data of storage add-ons: named, never touched but where it is named.

use super::super::host::kept;
use super::super::{Entry, NONE};
use crate::host::inventory::Kind;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "VolumeData",
        classes: &["R45"],
        what: "data of storage add-ons and of volumes on this host",
        known: "the directories of Rook, Longhorn, OpenEBS and the local path provisioners",
        undone: "only where the directory is named with `--also`",
        never: "by itself: it is people's data (kainstall deletes Longhorn's without a word)",
        paths: &[
            "/var/lib/rook",
            "/var/lib/longhorn",
            "/var/openebs",
            "/var/lib/openebs",
            "/opt/local-path-provisioner",
            "/var/lib/rancher/k3s/storage",
            "/var/local-path-provisioner",
            "/var/lib/csi-hostpath-data",
            "/mnt/local-storage",
            "/var/lib/ceph",
        ],
        judge: |thing, host| {
            // Of use without Kubernetes as well.
            let is_anybodys =
                ["/var/lib/ceph", "/mnt/local-storage"].contains(&thing.name.as_str());
            // An empty one has nothing to lose, and nothing of the cluster's in it either.
            (thing.get("empty") != "yes" && !(is_anybodys && host.sign().is_none()))
                .then(|| kept("data of volumes: it goes only where it is named with `--also`"))
        },
        ..NONE
    },
    Entry {
        name: "VolumeDevices",
        classes: &["R45"],
        what: "block devices of storage add-ons",
        known: "`/dev/longhorn`; mapped images and logical volumes of Ceph; loop devices of the kubelet's; iSCSI sessions of Longhorn and OpenEBS; LVM's volumes that are called `pvc-...`: all as /sys tells",
        undone: "through the add-on, or by their owner, with the command that is named",
        never: "by itself: no device is wiped, detached or unmapped because it looks unused",
        kinds: &[Kind::Disk],
        judge: |thing, _| {
            let (of, by) = (thing.get("of"), thing.get("by"));
            Some(kept(match (of, by) {
                ("", _) | (_, "" | "through the add-on") => {
                    "a device of a storage add-on: detach it through the add-on".to_owned()
                }
                _ => format!("it is of {of}: when nothing needs it any more, `{by}`"),
            }))
        },
        ..NONE
    },
];
