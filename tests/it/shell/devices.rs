//! What the inventory tells of volumes' devices and of runtimes' profiles: read from `/sys` alone.

use std::fs;
use std::process::Command;

const DEVICES: &str = include_str!("../../../src/host/inventory/devices.sh");
const RUNNING: &str = include_str!("../../../src/host/kind/clear/running.sh");

/// What it says of a `/sys` with these files.
fn said(files: &[(&str, &str)]) -> String {
    let sys = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = sys.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let say = "say() { printf '%s' \"$1\"; shift; for it; do printf '|%s' \"$it\"; done; echo; }";
    let output = Command::new("sh")
        .args(["-c", &format!("{say}\n{RUNNING}\n{DEVICES}")])
        .env("BV_SYS", sys.path())
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn devices_of_volumes_are_named_with_their_command_and_others_are_not() {
    let text = said(&[
        ("block/loop0/loop/backing_file", "/var/lib/kubelet/plugins/x/volumeDevices/pvc\n"),
        ("block/loop1/loop/backing_file", "/srv/images/mine.img\n"),
        ("class/iscsi_session/session1/targetname", "iqn.2019-10.io.longhorn:pvc-1\n"),
        ("class/iscsi_session/session2/targetname", "iqn.2003-01.org.linux-iscsi.san:disk\n"),
        ("bus/rbd/devices/0/pool", "kube\n"),
        ("bus/rbd/devices/0/name", "csi-vol-1\n"),
        ("block/dm-0/dm/name", "vg-pvc--01234567--89ab--cdef--0123--456789abcdef\n"),
        ("block/dm-0/dm/uuid", "LVM-abc\n"),
        ("block/dm-1/dm/name", "vg-root\n"),
        ("block/dm-1/dm/uuid", "LVM-abd\n"),
    ]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "disk|/dev/rbd0|of|the image kube/csi-vol-1 of Ceph|by|rbd unmap /dev/rbd0",
            "disk|/dev/loop0|of|the file /var/lib/kubelet/plugins/x/volumeDevices/pvc|by|losetup -d /dev/loop0",
            "disk|iSCSI session1|of|the target iqn.2019-10.io.longhorn:pvc-1|by|iscsiadm -m node -T iqn.2019-10.io.longhorn:pvc-1 -u",
            "disk|/dev/mapper/vg-pvc--01234567--89ab--cdef--0123--456789abcdef|of|a volume of LVM|by|lvremove /dev/mapper/vg-pvc--01234567--89ab--cdef--0123--456789abcdef",
        ]
    );
}

#[test]
fn profiles_of_runtimes_are_named_and_nobody_elses() {
    let profiles = "docker-default (enforce)\ncri-containerd.apparmor.d (enforce)\ncri-containerd.apparmor.d.mine (enforce)\n";
    let text = said(&[("kernel/security/apparmor/profiles", profiles)]);
    assert_eq!(text, "profile|cri-containerd.apparmor.d|used|no\n");
    assert_eq!(said(&[("kernel/security/apparmor/profiles", "crio-default.mine (enforce)\n")]), "");
}
