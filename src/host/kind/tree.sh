# tree PATH: a directory that programs fill on their own. The entry only claims it; undo removes what
# was not in it then, once nothing is mounted below it.

# Mount points at or below path $1 that the baseline does not have, newest first. The kernel
# writes blanks as octal escapes in mountinfo.
bv_mounts_below() {
    # The path of a mount has no symbolic links in it.
    BV_TOP=$(readlink -m -- "$1") awk '
        BEGIN { top = ENVIRON["BV_TOP"] }
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

# What is in the directory $1, into file $2: sorted, one a line; a line break in a name is a NUL. What is
# mounted below it is left out.
bv_tree_list() {
    (cd -- "$1" && find . -xdev -mindepth 1 -ignore_readdir_race -print0) >"$2.raw" &&
        tr '\0\n' '\n\0' <"$2.raw" | LC_ALL=C sort >"$2" && rm -f -- "$2.raw"
}

bv_tree_before() {
    if [ -e "$1" ]; then
        # The baseline does not see below every mount, nor into /run.
        { mkdir -p "$bv_saved" && bv_tree_list "$1" "$bv_saved/list"; } || bv_die "\`$1\` cannot be listed"
        bv_sync "$bv_saved/list" "$bv_saved"
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
    # The directory is the owner's: what was in it stays, the rest goes, deepest first.
    [ -d "$bv_path" ] || return 0
    { [ -f "$bv_saved/list" ] && bv_tree_list "$bv_path" "$BV/tree"; } || bv_die "\`$bv_path\` cannot be listed"
    # shellcheck disable=SC2016 # The inner shell expands it.
    LC_ALL=C comm -13 "$bv_saved/list" "$BV/tree" | LC_ALL=C sort -r | tr '\n\0' '\0\n' |
        (cd -- "$bv_path" && xargs -0r sh -c '
            for path; do
                if [ -d "$path" ] && [ ! -L "$path" ]; then rmdir -- "$path"; else rm -f -- "$path"; fi || exit 1
            done' sh)
}
