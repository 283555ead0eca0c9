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
    case("VolumeDevices", "path;/dev/sdb;type=o", &[]),
];
