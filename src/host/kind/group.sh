# group NAME: a system group that a program's socket or files are given to.

bv_group_is() { getent group "$1" >/dev/null; }

# The tools keep what was there before as group- and gshadow-.
bv_group_before() {
    mkdir -p "$bv_saved" || return 1
    for bv_name in group gshadow; do
        for bv_file in "$bv_name" "$bv_name-"; do
            [ ! -e "/etc/$bv_file" ] || cp -a -- "/etc/$bv_file" "$bv_saved/$bv_file" || bv_die "\`/etc/$bv_file\` cannot be saved"
        done
    done
    bv_sync "$bv_saved"/* "$bv_saved"
}

bv_group_do() { groupadd --system -- "$1"; }

# Somebody who was put into it since relies on it.
bv_group_undo() {
    if bv_members=$(getent group "$1"); then
        bv_members=${bv_members##*:}
        if [ -n "$bv_members" ]; then
            bv_keep "the group $1: \`$bv_members\` is in it"
            return
        fi
        groupdel -- "$1" || return 1
    fi
    # Where nobody else changed groups since, what they were before that as well.
    for bv_name in group gshadow; do
        if [ -e "$bv_saved/$bv_name-" ] && cmp -s -- "/etc/$bv_name" "$bv_saved/$bv_name"; then
            cp -a -- "$bv_saved/$bv_name-" "/etc/$bv_name-.bivouac~" || return 1
            mv -fT -- "/etc/$bv_name-.bivouac~" "/etc/$bv_name-" || return 1
        fi
    done
    return 0
}
