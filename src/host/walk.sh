# Removal of directories by a walk that can cross no mount. For whoever wipes: our own steps' undo, and what a foreign cluster left.
#
# `rm --one-file-system` does not do: a directory that is bound below another one of the same file system has the same device, and what
# is behind it would go (residue.md, D5). So the walk goes through a bind of the directory itself, in a mount namespace of its own: a bind takes no
# submounts along, so none is to be seen there, also one that is made at this moment.

# Empties the directory $1, which must not be a link. Who calls has unmounted what must be, and refused where something stayed.
bv_walk_empty() {
    { [ -d "$1" ] && [ ! -L "$1" ]; } || bv_die "\`$1\` is not emptied: it is no directory"
    mkdir -p "$BV_LIVE/walk" || bv_die "\`$BV_LIVE/walk\` cannot be made"
    # shellcheck disable=SC2016 # The inner shell expands it.
    bv_said=$(unshare -m sh -c '
        # An old unshare leaves mounts shared, and the bind would be seen outside.
        mount --make-rprivate / && mount --bind -- "$1" "$2" || exit 3
        find "$2" -xdev -mindepth 1 -depth -delete 2>/dev/null && exit
        # Some make what is theirs immutable (CSI drivers their mount points, kubespray PR 9597).
        ! command -v chattr >/dev/null || chattr -R -f -i -a -- "$2" 2>/dev/null
        find "$2" -xdev -mindepth 1 -depth -delete' sh "$1" "$BV_LIVE/walk" 2>&1)
    bv_status=$?
    rmdir "$BV_LIVE/walk" 2>/dev/null
    case $bv_status in
    0) ;;
    3) bv_die "\`$1\` is not removed: this kernel gives no mount namespace to walk in" ;;
    *) bv_not_emptied "$1" "$bv_said" ;;
    esac
}

# Says why the directory $1 is not empty: the first line of $2, which was said of it where it is bound. Fails.
bv_not_emptied() {
    bv_said=$(printf '%s\n' "$2" | head -n 1)
    case $bv_said in *"$BV_LIVE/walk"*) bv_said=${bv_said%%"$BV_LIVE/walk"*}$1${bv_said#*"$BV_LIVE/walk"} ;; esac
    printf '%s\n' "\`$1\` is not emptied: $bv_said" >&2
    return 1
}

# Whether none of these is there.
bv_gone() {
    for bv_path; do
        if [ -e "$bv_path" ] || [ -L "$bv_path" ]; then return 1; fi
    done
}

# Removes $1, a directory or a file; a link itself, not what it leads to. A directory that is a mount point stays, and is empty.
bv_walk_remove() {
    if [ -d "$1" ] && [ ! -L "$1" ]; then
        bv_walk_empty "$1" || return 1
        rmdir -- "$1" 2>/dev/null || mountpoint -q -- "$1" || rmdir -- "$1"
    else
        rm -f -- "$1"
    fi
}
