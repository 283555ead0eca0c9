# shellcheck shell=sh
# shellcheck disable=SC2154 # inventory.sh sets them
# Block devices of storage add-ons and of volumes: read from /sys alone, named, never touched. And what runtimes loaded into AppArmor.

# Where the kernel tells of them.
sys=${BV_SYS:-/sys}
for path in /dev/longhorn/* /dev/mapper/ceph-* /dev/ceph-*; do
    [ -e "$path" ] || continue
    say disk "$path" of 'a storage add-on' by 'through the add-on'
done
for path in "$sys"/bus/rbd/devices/*; do
    [ -e "$path" ] || continue
    say disk "/dev/rbd${path##*/}" of "the image $(cat "$path/pool" 2>/dev/null)/$(cat "$path/name" 2>/dev/null) of Ceph" by "rbd unmap /dev/rbd${path##*/}"
done
# The kubelet binds raw block volumes to loop devices (pkg/volume/util/volumepathhandler).
for path in "$sys"/block/loop*/loop/backing_file; do
    file=
    IFS= read -r file 2>/dev/null <"$path" || continue
    case $file in
    /var/lib/kubelet/* | */volumeDevices/* | /var/lib/longhorn/* | /var/openebs/* | /var/lib/rook/*)
        path=${path%/loop/backing_file}
        say disk "/dev/${path##*/}" of "the file $file" by "losetup -d /dev/${path##*/}"
        ;;
    esac
done
# Longhorn's, OpenEBS' and democratic-csi's names of targets.
for path in "$sys"/class/iscsi_session/session*/targetname; do
    target=
    IFS= read -r target 2>/dev/null <"$path" || continue
    case $target in
    iqn.2019-10.io.longhorn:* | iqn.2014-09.com.rancher:* | iqn.2016-09.com.openebs.* | *:csi-* | *:pvc-*)
        path=${path%/targetname}
        say disk "iSCSI ${path##*/}" of "the target $target" by "iscsiadm -m node -T $target -u"
        ;;
    esac
done
# Volumes of TopoLVM, OpenEBS and csi-driver-lvm: device-mapper doubles a name's own dashes.
for path in "$sys"/block/dm-*/dm/name; do
    name=
    IFS= read -r name 2>/dev/null <"$path" || continue
    uuid=
    IFS= read -r uuid 2>/dev/null <"${path%/name}/uuid"
    case $uuid:$name in
    LVM-*:*-pvc--????????--????--????--????--*) say disk "/dev/mapper/$name" of 'a volume of LVM' by "lvremove /dev/mapper/$name" ;;
    esac
done

profiles=$sys/kernel/security/apparmor/profiles
for name in cri-containerd.apparmor.d crio-default; do
    grep -qs "^$name (" "$profiles" || continue
    user=$(bv_profile_users "$name")
    say profile "$name" used "${user:-no}"
done
