# artifact PATH MODE OWNER SHA256 SIZE: a program; its bytes come from where an earlier upload broke off
# (`bv_receive`), or are in BV_FROM, which the host has downloaded.

# Where the upload of a change is collected, into bv_part.
bv_part_of() {
    case $1 in
    artifact) bv_part=$2.bivouac~ ;;
    image | docker_image) bv_part=$BV/content/$2 ;;
    *) bv_part=/nonexistent ;;
    esac
}

# Whether the upload collected in file $1 is whole: SIZE $2, SHA-256 $3. One that was cut off stays, so
# that the next goes on from its end; one that is wrong goes.
bv_arrived() {
    if [ "$(stat -c %s -- "$1")" -lt "$2" ]; then
        bv_die "the upload was cut off"
    fi
    bv_sum "$1" || return 1
    [ "$bv_sum" = "$3" ] && return
    rm -f -- "$1"
    bv_die "the upload arrived with SHA-256 $bv_sum, not $3"
}

bv_artifact_is() { bv_path_is "$@"; }
bv_artifact_before() { bv_save_path "$1"; }

bv_artifact_do() {
    [ -d "${1%/*}" ] || mkdir -p -- "${1%/*}" || return 1
    if [ -n "${BV_FROM:-}" ]; then
        (umask 077 && cat -- "$BV_FROM" >"$1.bivouac~") || return 1
    else
        (umask 077 && bv_receive "$1.bivouac~" "$5") || return 1
    fi
    bv_arrived "$1.bivouac~" "$5" "$4" || return 1
    chown -- "$3" "$1.bivouac~" && chmod -- "$2" "$1.bivouac~" && bv_sync "$1.bivouac~" && mv -fT -- "$1.bivouac~" "$1" && bv_label "$1" && bv_note "$1"
}

bv_artifact_undo() {
    bv_path=$1 bv_mode=$2 bv_owner=$3 bv_ours=$4
    shift 5
    bv_restore_path "$bv_path" "$bv_mode" "$bv_owner" "$bv_ours" "$@"
}
