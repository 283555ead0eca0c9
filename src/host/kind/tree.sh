# tree PATH WHOSE: a directory (or file) that programs make and fill on their own. The entry only claims
# it. Where it was absent, undo removes it whole, but if WHOSE is `made`: then only what is empty in it.
# Where it was there, undo empties it down to what was in it if WHOSE is `own`; if it is `shared` or
# `made`, it is the owner's and is left alone.

# Refuses to remove below what no step may claim: `$1` must be an absolute path below a directory of the
# file system's top, without `..`. The playbooks are checked for it too; this is the last line.
bv_deep_enough() {
    case $1/ in
    //* | */../* | */./*) ;;
    /bin/* | /boot/* | /dev/* | /proc/* | /sbin/* | /sys/*) ;;
    /*/?*/) return 0 ;;
    esac
    bv_die "\`$1\` is not removed: it is no directory that a step may claim"
}

# Mount points at or below path $1 that the baseline does not have, newest first, as mountinfo writes them: one a line, whatever is in a name. With
# `shared`, those that carry another mount and share what becomes of it with others; with `free`, those that can go without anything going elsewhere.
bv_mounts_below() {
    # The path of a mount has no symbolic links in it.
    BV_TOP=$(readlink -m -- "$1") BV_WHICH=${2:-} awk '
        BEGIN { top = ENVIRON["BV_TOP"]; which = ENVIRON["BV_WHICH"] }
        NR == FNR { if ($1 == "mount") { sub(/^mount [^ ]* /, ""); had[$0] = 1 } next }
        {
            path = $5
            gsub(/\\040/, " ", path); gsub(/\\011/, "\t", path); gsub(/\\012/, "\n", path); gsub(/\\134/, "\\", path)
            carries[$2] = 1
            if ((path != top && index(path, top "/") != 1) || path in had) next
            id[++n] = $1; parent[n] = $2; raw[n] = $5
            for (i = 7; i <= NF && $i != "-"; i++) if ($i ~ /^shared:/) shared[$1] = 1
        }
        END {
            for (; n; n--) {
                is_bound = id[n] in shared && id[n] in carries
                if (which == "shared" && !is_bound) continue
                if (which == "free" && (is_bound || parent[n] in shared)) continue
                print raw[n]
            }
        }' "$BV_HAD" /proc/self/mountinfo
}
# The path that mountinfo writes as $1, into bv_mount.
bv_mount_plain() {
    bv_mount=$1
    case $1 in *\\*) ;; *) return ;; esac
    # `%b` wants a 0 before the three digits.
    bv_mount=$(printf '%b.' "$(printf '%s' "$1" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')")
    bv_mount=${bv_mount%.}
}
# What is unmounted from a mount that shares goes from its peers as well: from the directory of the owner's that a pod had bound (mount_namespaces(7)).
# So those below $1 that carry others share no more before anything goes.
bv_mounts_part() {
    bv_mounts_below "$1" shared | while IFS= read -r bv_raw; do
        bv_mount_plain "$bv_raw"
        timeout -k 1 5 mount -c --make-private -- "$bv_mount" ||
            bv_die "\`$1\` is not removed: \`$bv_mount\` cannot be parted from what it is bound to, and what is mounted below both would go from both"
    done
}

# Unmounts everything at or below path $1 that was not mounted before; fails when something stays. What does not answer is detached at once: a
# server that is gone must not hold up the wipe. `-c` and `-i` keep umount from asking the file system itself, and a helper of its.
bv_unmount_below() {
    bv_deep_enough "$1"
    for bv_try in 1 2 3 4 5 6 7 8; do
        [ -n "$(bv_mounts_below "$1")" ] || return 0
        bv_mounts_part "$1" || return 1
        bv_mounts_below "$1" free | while IFS= read -r bv_raw; do
            bv_mount_plain "$bv_raw"
            if [ "$bv_try" -lt 6 ]; then
                timeout -k 1 5 umount -c -- "$bv_mount" 2>/dev/null
                # 124 and 137: it did not come back.
                case $? in 124 | 137) ;; *) continue ;; esac
                echo "\`$bv_mount\` does not answer: it is detached" >&2
            fi
            # A lazily detached file system is safe to delete through: it lives on for
            # whoever holds it.
            timeout -k 1 20 umount -c -i -l -- "$bv_mount"
        done
        [ -z "$(bv_mounts_below "$1")" ] || sleep 0.2
    done
    bv_die "\`$1\` is not removed: still mounted below it: $(bv_mounts_below "$1" | tr '\n' ' ')"
}

# Removes the directory $1 whole, never through a mount.
bv_remove_tree() {
    bv_unmount_below "$1" || return 1
    bv_gone "$1" || bv_walk_remove "$1"
}

# Runs the shell text $2, with the words behind it, in the directory $1 as it is without what is mounted below it: a bind takes no
# submounts along, so nothing that is done there can cross one, also one that is made at this moment (`find -xdev` does not stop at a bind of
# the same file system). On stdin is what was there.
bv_within() {
    mkdir -p "$BV_LIVE/walk" || bv_die "\`$BV_LIVE/walk\` cannot be made"
    # shellcheck disable=SC2016 # The inner shell expands it.
    unshare -m sh -c '
        mount --make-rprivate / && mount --bind -- "$1" "$2" && cd -- "$2" || exit 3
        bv_text=$3
        shift 3
        eval "$bv_text"' sh "$1" "$BV_LIVE/walk" "$2" "$@"
}

bv_tree_is() { bv_stands tree "$1"; }

# What is in the directory $1, into file $2: sorted, one a line; a line break in a name is a NUL. What is
# mounted below it is left out.
bv_tree_list() {
    bv_within "$1" 'find . -xdev -mindepth 1 -ignore_readdir_race -print0' >"$2.raw" &&
        tr '\0\n' '\n\0' <"$2.raw" | LC_ALL=C sort >"$2" && rm -f -- "$2.raw"
}

# Empties the directory $1 down to the list $2 of what was in it, deepest first.
bv_tree_empty() {
    bv_unmount_below "$1" || return 1
    [ -d "$1" ] || return 0
    # In memory: the disk may be full.
    { [ -f "$2" ] && bv_tree_list "$1" "$BV_LIVE/tree"; } || bv_die "\`$1\` cannot be listed"
    # shellcheck disable=SC2016 # The inner shell expands it.
    bv_said=$(LC_ALL=C comm -13 "$2" "$BV_LIVE/tree" | LC_ALL=C sort -r | tr '\n\0' '\0\n' | bv_within "$1" '
        xargs -0r sh -c "
            for path; do
                if [ -d \"\$path\" ] && [ ! -L \"\$path\" ]; then rmdir -- \"\$path\"; else rm -f -- \"\$path\"; fi || exit 1
            done" sh' 2>&1) || bv_not_emptied "$1" "$bv_said"
}

# Whether a file of ours below the directory $1, written after entry $2, still stands although it had its
# turn. Sets bv_found to why: it was kept, or its undo did not work.
bv_stands_below() {
    bv_marks
    bv_found=$(awk -v top="$1/" -v after="$2" '
        $1 == "undone" { delete stands[$2] }
        $1 == "kept" && ($2 in stands) { stands[$2] = "something in it was changed after bivouac wrote it" }
        $1 == "start" && $2 + 0 > after + 0 && match($0, / .(file|artifact). .[45]. ./) {
            if (index(substr($0, RSTART + RLENGTH), top) == 1) stands[$2] = "something in it could not be undone"
        }
        END { for (seq in stands) { print stands[seq]; exit } }' "$BV/journal" "$bv_marks")
    [ -n "$bv_found" ]
}

bv_tree_before() {
    if [ -e "$1" ] && { [ "$2" != own ] || [ ! -d "$1" ]; }; then
        bv_was foreign
    elif [ -e "$1" ]; then
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

# Removes what is empty in the directory $1, and itself when nothing else was in it.
bv_tree_prune() {
    bv_deep_enough "$1"
    [ ! -d "$1" ] || [ -L "$1" ] || find "$1" -xdev -depth -type d -empty -delete
    if [ -e "$1" ] || [ -L "$1" ]; then bv_keep "$1: files of others are in it"; fi
}

# etcd's directory has `member` in it and nothing else (etcd, server/storage: datadir.go). What is beside that somebody put there, snapshots as a rule:
# they are kept and named. Fails where there is nothing of that kind.
BV_ETCD=/var/lib/etcd
bv_etcd_others() { [ -d "$BV_ETCD" ] && find "$BV_ETCD" -mindepth 1 -maxdepth 1 ! -name member | grep .; }

bv_tree_undo() {
    bv_path=$1 bv_whose=$2 bv_state=$3
    shift 3
    if [ "$bv_path:$bv_state" = "$BV_ETCD:absent" ] && bv_found=$(bv_etcd_others); then
        bv_gone "$BV_ETCD/member" || bv_remove_tree "$BV_ETCD/member" || return 1
        bv_keep "$BV_ETCD: somebody put \`$(printf '%s' "$bv_found" | tr '\n' ' ')\` there: move it to where it is to stay"
        return
    fi
    if [ "$bv_state" != foreign ] && bv_stands_below "$bv_path" "$bv_seq"; then
        bv_keep "$bv_path: $bv_found"
        return
    fi
    case $bv_state:$bv_whose in
    absent:made) bv_tree_prune "$bv_path" && bv_remove_parents "$@" ;;
    absent:*) bv_remove_tree "$bv_path" && bv_remove_parents "$@" ;;
    present:*) bv_tree_empty "$bv_path" "$bv_saved/list" ;;
    esac
}
