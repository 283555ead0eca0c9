# tree PATH: a directory that programs fill on their own. The entry only claims it, before anything
# is in it; undo removes what the baseline does not have, once nothing is mounted below it.

# Mount points at or below path $1 that the baseline does not have, newest first. The kernel
# writes blanks as octal escapes in mountinfo.
bv_mounts_below() {
    awk -v top="$1" '
        NR == FNR { if ($1 == "mount") { sub(/^mount [^ ]* /, ""); had[$0] = 1 } next }
        {
            path = $5
            gsub(/\\040/, " ", path); gsub(/\\011/, "\t", path); gsub(/\\134/, "\\", path)
            if ((path == top || index(path, top "/") == 1) && !(path in had)) print NR "\t" path
        }' "$BV/baseline" /proc/self/mountinfo | sort -rn | cut -f 2-
}

# Unmounts everything at or below path $1 that was not mounted before; fails when something stays.
bv_unmount_below() {
    for bv_try in 1 2 3 4 5 6 7 8; do
        bv_mounts=$(bv_mounts_below "$1")
        [ -n "$bv_mounts" ] || return 0
        printf '%s\n' "$bv_mounts" | while IFS= read -r bv_mount; do
            if [ "$bv_try" -lt 6 ]; then
                timeout 20 umount -- "$bv_mount" 2>/dev/null
            else
                # A lazily detached file system is safe to delete through: it lives on for
                # whoever holds it.
                timeout 20 umount -l -- "$bv_mount"
            fi
        done
        [ -z "$(bv_mounts_below "$1")" ] || sleep 0.2
    done
    bv_die "\`$1\` is not removed: still mounted below it: $(bv_mounts_below "$1" | tr '\n' ' ')"
}

# Removes the directory $1 whole, never through a mount.
bv_remove_tree() {
    bv_unmount_below "$1" || return 1
    [ ! -e "$1" ] || rm -rf --one-file-system -- "$1"
}

bv_tree_is() { bv_stands tree "$1"; }

bv_tree_before() {
    if [ -e "$1" ]; then
        bv_was present
    else
        bv_was absent
        bv_missing_parents "$1"
    fi
}

bv_tree_do() { :; }

bv_tree_undo() {
    bv_path=$1 bv_state=$2
    shift 2
    if [ "$bv_state" = absent ]; then
        bv_remove_tree "$bv_path" && bv_remove_parents "$@"
        return
    fi
    bv_unmount_below "$bv_path" || return 1
    # The directory is the owner's: what the baseline lists stays, the rest goes, deepest first.
    [ -d "$bv_path" ] || return 0
    find "$bv_path" -xdev -depth -mindepth 1 -printf '%p\n' | awk '
        NR == FNR { if ($1 == "path") { sub(/^path [^ ]* [^ ]* [^ ]* /, ""); sub(/ -> .*/, ""); had[$0] = 1 } next }
        !($0 in had)' "$BV/baseline" - | while IFS= read -r bv_extra; do
        if [ -d "$bv_extra" ] && [ ! -L "$bv_extra" ]; then
            rmdir -- "$bv_extra"
        else
            rm -f -- "$bv_extra"
        fi
    done
}
