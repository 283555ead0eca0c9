//! Cases of the room `storage` of the table.

use super::{Case, case, sign};

pub const CASES: &[Case] = &[
    case("VolumeData", "path;/var/lib/longhorn;type=d;empty=no", &["/var/lib/longhorn: kept"]),
    case(
        "VolumeData",
        "path;/var/lib/rook;type=d;empty=yes|path;/srv/longhorn;type=d;empty=no",
        &[],
    ),
    case("VolumeData", sign!("path;/var/lib/ceph;type=d;empty=no"), &["/var/lib/ceph: kept"]),
    case("VolumeData", "path;/var/lib/ceph;type=d;empty=no", &[]),
    case("VolumeDevices", "disk;/dev/longhorn/pvc-1", &["/dev/longhorn/pvc-1: kept"]),
    case(
        "VolumeDevices",
        "disk;/dev/loop7;of=the file /var/lib/kubelet/x;by=losetup -d /dev/loop7|disk;iSCSI session1;of=the target iqn;by=iscsiadm -m node -T iqn -u",
        &["/dev/loop7: kept", "iSCSI session1: kept"],
    ),
    case("VolumeDevices", "path;/dev/sdb;type=o", &[]),
];
