# file PATH MODE OWNER SHA256: a regular file with the content that comes on stdin.

# The SHA-256 of a file, into bv_sum.
bv_sum() {
    bv_sum=$(sha256sum -- "$1" 2>/dev/null) || return 1
    bv_sum=${bv_sum#\\}
    bv_sum=${bv_sum%% *}
}

# Adds the directories above path $1 that do not exist to bv_was, deepest first.
bv_missing_parents() {
    bv_dir=${1%/*}
    while [ -n "$bv_dir" ] && [ ! -e "$bv_dir" ]; do
        bv_was "$bv_dir"
        bv_dir=${bv_dir%/*}
    done
}

# Removes directories that a change had to make, when nobody else has put anything there. Otherwise the
# entry stands: what is in them may be gone by the next wipe. One that an entry of its own claims has its
# turn still.
bv_remove_parents() {
    for bv_dir; do
        rmdir -- "$bv_dir" 2>/dev/null || [ ! -d "$bv_dir" ] || bv_stands tree "$bv_dir" ||
            bv_keep "$bv_dir: something else is in it"
    done
    return 0
}

# Saves what is at path $1 (bv_was: `present`), or notes that nothing is (`absent` and the
# directories that are missing).
bv_save_path() {
    if [ -d "$1" ] && [ ! -L "$1" ]; then
        bv_die "\`$1\` is a directory where a file must go"
    elif [ -e "$1" ] || [ -L "$1" ]; then
        { mkdir -p "$bv_saved" && cp -a -- "$1" "$bv_saved/file"; } || bv_die "\`$1\` cannot be saved"
        bv_sync "$bv_saved/file" "$bv_saved"
        bv_was present
    else
        bv_was absent
        bv_missing_parents "$1"
    fi
}

# Whether path $1 is nothing, or the file that we wrote: mode $2, owner $3, SHA-256 $4.
bv_path_ours() {
    if [ ! -e "$1" ] && [ ! -L "$1" ]; then
        return
    fi
    bv_path_is "$@"
}

# Notes how path $1 is as we leave it, so that its undo need not read a large program through to see that nobody has touched it since: any
# change, of its mode too, gives it another time of change, which nobody can set (inode(7)).
bv_note() { bv_touched "$1" >"$bv_saved.note" || rm -f -- "$bv_saved.note"; }
bv_touched() { stat -c '%d %i %s %y %z' -- "$1"; }
bv_noted() { [ -s "$bv_saved.note" ] && [ "$(bv_touched "$1" 2>/dev/null)" = "$(cat "$bv_saved.note")" ]; }

# Whether paths $1 and $2 are links to the same, or files with the same content.
bv_path_alike() {
    if [ -L "$1" ] || [ -L "$2" ]; then
        [ -L "$1" ] && [ -L "$2" ] && [ "$(readlink -- "$1" && echo .)" = "$(readlink -- "$2" && echo .)" ]
    else
        [ -f "$1" ] && cmp -s -- "$1" "$2"
    fi
}

# Restores what bv_save_path saved, if path $1 is still the file that we wrote:
# bv_restore_path PATH MODE OWNER SHA256 WAS...
bv_restore_path() {
    bv_path=$1 bv_state=$5
    rm -f -- "$bv_path.bivouac~"
    if bv_noted "$1" || bv_path_ours "$1" "$2" "$3" "$4"; then
        :
    elif [ "$bv_state" = present ] && bv_path_alike "$bv_path" "$bv_saved/file"; then
        :
    else
        bv_keep "$bv_path: it was changed after bivouac wrote it"
        return
    fi
    shift 5
    if [ "$bv_state" = present ]; then
        mkdir -p -- "${bv_path%/*}"
        # On a full disk the saved file itself takes its name back: that needs no room.
        { cp -a -- "$bv_saved/file" "$bv_path.bivouac~" || { rm -f -- "$bv_path.bivouac~" && ln -- "$bv_saved/file" "$bv_path.bivouac~"; }; } &&
            mv -fT -- "$bv_path.bivouac~" "$bv_path"
    else
        rm -f -- "$bv_path" && bv_remove_parents "$@"
    fi
}

# Whether path $1 is a regular file with mode $2, owner $3 and SHA-256 $4.
bv_path_is() {
    [ -f "$1" ] && [ ! -L "$1" ] &&
        [ "$(stat -c '%a %U:%G' -- "$1")" = "${2#0} $3" ] &&
        bv_sum "$1" && [ "$bv_sum" = "$4" ]
}

bv_file_is() { bv_path_is "$@"; }
bv_file_before() { bv_save_path "$1"; }

# Gives path $1 the label that SELinux's policy has for it: a new file has its directory's.
bv_label() {
    [ ! -e /sys/fs/selinux/enforce ] || ! command -v restorecon >/dev/null || restorecon -- "$1" 2>/dev/null || :
}

# `install` makes the file with mode 0600, and gives it its owner and mode when it is whole. A connection
# that breaks in the middle looks like the content's end.
bv_file_do() {
    [ -d "${1%/*}" ] || mkdir -p -- "${1%/*}" || return 1
    install -m "$2" -o "${3%:*}" -g "${3#*:}" -- /dev/stdin "$1.bivouac~" && bv_sync "$1.bivouac~" &&
        { bv_sum "$1.bivouac~" && [ "$bv_sum" = "$4" ] || bv_die "the content of \`$1\` was cut off"; } &&
        mv -fT -- "$1.bivouac~" "$1" && bv_label "$1"
}

bv_file_undo() { bv_restore_path "$@"; }
