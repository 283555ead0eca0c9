# Data in places that no list has: a configuration named them, or the operator did. Which part of a place is whose data, and why nothing may be removed there, is
# asked when the host is looked at (inventory/data.sh) and once more before the removal, by the same functions.

# What is WHAT's own in the directory $2, one path a line: the names that the program itself gives (etcd's `member`; kubelet's pkg/kubelet/config and cm; k3s'
# pkg/server and pkg/agent; k0s' constants; containerd's plugins' directories). `all` is the operator's word.
bv_elsewhere_own() {
    case $1 in
    etcd | etcd-service) bv_names='member' ;;
    # What kubeadm writes for it lies in the usual place, and only its own certificates are its own.
    kubelet) bv_names='pods plugins plugins_registry device-plugins pod-resources pki/kubelet* checkpoints cpu_manager_state memory_manager_state dra_manager_state actuated_pods_state allocated_pods_state' ;;
    # Neither volumes (`storage`) nor snapshots.
    k3s | rke2) bv_names='data/current data/previous data/cni data/v[0-9]*-rke2r* data/[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]* bin server/cred server/tls server/etc server/static server/manifests server/agent-token server/node-token server/kine.sock server/db/etcd server/db/etcd-tmp server/db/reset-flag server/db/state.db server/db/state.db-shm server/db/state.db-wal agent server/token' ;;
    k0s) bv_names='bin containerd etcd kubelet manifests db/state.db db/state.db-shm db/state.db-wal konnectivity-agent konnectivity-server kubelet-bootstrap.conf kubelet-config.yaml worker-profile.yaml pki kubelet.conf' ;;
    containerd) bv_names='io.containerd.* tmpmounts' ;;
    containerd-state) bv_names='io.containerd.* containerd.sock containerd.sock.ttrpc' ;;
    crio | containers) bv_names="overlay overlay-containers overlay-images overlay-layers storage.lock userns.lock" ;;
    all)
        printf '%s\n' "$2"
        return 0
        ;;
    *) return 0 ;;
    esac
    for bv_name in $bv_names; do
        # The place is no pattern, whatever is in its name.
        for bv_inner in "$2"/$bv_name; do
            # RKE2's is a link; k3s has none.
            case $1:$bv_name in k3s:bin | rke2:bin) [ -L "$bv_inner" ] || continue ;; esac
            if [ -e "$bv_inner" ] || [ -L "$bv_inner" ]; then printf '%s\n' "$bv_inner"; fi
        done
    done
}

# Whether WHAT has been in the directory $2 at all, by what only the program itself makes: most of its names are anybody's (`data`, `bin`, `pki`). Sources: the
# token and the kubeconfigs of k3s' pkg/server and pkg/agent/config; k0s' pkg/component/controller/certificates.go and the worker's kubelet.conf; the
# kubelet's pkg/kubelet/cm; etcd's server/storage (datadir.go). The rest have names that are theirs alone.
bv_elsewhere_signed() {
    bv_any() { for bv_sign; do if [ -e "$bv_sign" ]; then return 0; fi; done; return 1; }
    case $1 in
    etcd | etcd-service) bv_any "$2/member/wal" "$2/member/snap" ;;
    kubelet) [ -d "$2/pods" ] && bv_any "$2/cpu_manager_state" "$2/memory_manager_state" "$2/pki/kubelet-client-current.pem" "$2/pki/kubelet.crt" ;;
    k3s | rke2)
        { [ -f "$2/server/token" ] && bv_any "$2/server/cred" "$2/server/tls"; } ||
            { [ -d "$2/agent/etc" ] && bv_any "$2/agent/kubelet.kubeconfig" "$2/agent/client-ca.crt"; }
        ;;
    k0s) [ -f "$2/pki/ca.crt" ] && bv_any "$2/pki/k0s-api.crt" "$2/kubelet.conf" ;;
    *) return 0 ;;
    esac
}
# The first of what is mounted at what is WHAT's own in $2, or between the two: a disk of somebody's, whatever it is called there. What is bound onto itself is none.
bv_elsewhere_disk() {
    bv_elsewhere_own "$1" "$2" | while IFS= read -r bv_inner; do
        while [ "$bv_inner" != "$2" ] && [ -n "$bv_inner" ]; do
            if [ ! -L "$bv_inner" ]; then bv_clear_disk "$bv_inner"; fi
            bv_inner=${bv_inner%/*}
        done
    done | sed -n '1s/^mount - //p'
}

# Why nothing of WHAT is removed in $2; nothing is said where it may be. `all` takes the whole directory, so there the rules are narrower.
bv_elsewhere_denies() {
    case $2/ in
    *"
"*) bv_why='its name has a line break' ;;
    [!/]* | */../* | */./* | *//*) bv_why='it is no plain path' ;;
    /bin/* | /boot/* | /dev/* | /efi/* | /etc/* | /lib/* | /lib32/* | /lib64/* | /libx32/* | /lost+found/* | /proc/* | /sbin/* | /snap/* | /sys/* | /usr/* | / | \
        /run/systemd/* | /run/user/* | /run/dbus/* | /run/sshd/* | /run/udev/* | /run/lock/* | /run/docker/* | /run/bivouac/* | /run/netns/* | \
        /var/backups/* | /var/cache/* | /var/mail/* | /var/spool/* | /var/run/* | /var/lock/* | /var/log/journal/* | /var/snap/* | \
        /var/lib/apt/* | /var/lib/bivouac/* | /var/lib/dbus/* | /var/lib/dpkg/* | /var/lib/docker/* | /var/lib/flatpak/* | /var/lib/incus/* | /var/lib/libvirt/* | /var/lib/lxc/* | /var/lib/lxd/* | \
        /var/lib/mysql/* | /var/lib/postgresql/* | /var/lib/pgsql/* | /var/lib/mongodb/* | /var/lib/redis/* | /var/lib/machines/* | /var/lib/NetworkManager/* | /var/lib/pam/* | /var/lib/private/* | \
        /var/lib/rpm/* | /var/lib/snapd/* | /var/lib/sudo/* | /var/lib/systemd/*) bv_why='it is a place of the system, or of another program' ;;
    /home/ | /media/ | /mnt/ | /opt/ | /root/ | /run/ | /srv/ | /tmp/ | /var/ | /var/lib/ | /var/log/ | /var/opt/ | /var/tmp/ | /var/local/) bv_why='others have their own there' ;;
    *) bv_why=$(bv_elsewhere_home "$2") ;;
    esac
    if [ -n "$bv_why" ]; then
        :
    elif [ -L "$2" ] || [ "$(readlink -m -- "$2" 2>/dev/null)" != "$2" ]; then
        bv_why='a link leads there'
    else
        case $1:$2 in
        all:/*/*) [ -z "$(bv_mounts_all "$2")" ] || bv_why='a file system of its own is mounted there, or below it' ;;
        *:/*/*)
            bv_disk=$(bv_elsewhere_disk "$1" "$2")
            [ -z "$bv_disk" ] || bv_why="a file system of its own is mounted at \`$bv_disk\`"
            ;;
        *) bv_why='it is at the top of the file system' ;;
        esac
    fi
    printf '%s' "$bv_why"
}
# Whose home the path is, lies in, or has in it: of root, and of people.
bv_elsewhere_home() {
    getent passwd 2>/dev/null | BV_TOP=$1 awk -F : '
        ($3 == 0 || ($3 >= 1000 && $3 < 65534)) && $6 ~ /^\/./ {
            home = $6
            sub(/\/+$/, "", home)
            top = ENVIRON["BV_TOP"]
            if (index(top "/", home "/") == 1 || index(home "/", top "/") == 1) { print "it is, or has, or lies in the home of `" $1 "`"; exit }
        }'
}

# elsewhere WHAT PATH: what is WHAT's own there, and the directory where nothing else is in it. A disk that is mounted there stays.
bv_clear_elsewhere_is() {
    [ -z "$(bv_elsewhere_own "$1" "$2" | while IFS= read -r bv_inner; do if [ -e "$bv_inner" ] || [ -L "$bv_inner" ]; then echo there; fi; done)" ]
}
bv_clear_elsewhere_before() { :; }
bv_clear_elsewhere_do() {
    bv_why=$(bv_elsewhere_denies "$1" "$2")
    [ -z "$bv_why" ] || bv_die "\`$2\` is not removed: $bv_why"
    bv_elsewhere_own "$1" "$2" >"$BV_LIVE/elsewhere" || bv_die "what of \`$2\` is to go cannot be noted"
    while IFS= read -r bv_inner <&3; do
        if [ -d "$bv_inner" ] && [ ! -L "$bv_inner" ]; then
            bv_clear_tree_take "$bv_inner" || return 1
        else
            rm -f -- "$bv_inner" || return 1
        fi
    done 3<"$BV_LIVE/elsewhere"
    rm -f -- "$BV_LIVE/elsewhere"
    # What others have in them keeps them.
    case $1 in
    k3s | rke2) rmdir -- "$2/server/db" "$2/server" "$2/data" 2>/dev/null ;;
    k0s) rmdir -- "$2/db" 2>/dev/null ;;
    kubelet) rmdir -- "$2/pki" 2>/dev/null ;;
    esac
    [ "$1" = all ] || rmdir -- "$2" 2>/dev/null
    return 0
}
bv_clear_elsewhere_undo() { [ -e "$2" ] || bv_clear_lost "$2"; }
