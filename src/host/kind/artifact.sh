# artifact PATH MODE OWNER SHA256: a file of the bundle; its bytes come on stdin from where an
# earlier upload broke off.

# Where the upload of a change is collected, into bv_part.
bv_part_of() {
    case $1 in
    artifact) bv_part=$2.bivouac~ ;;
    image) bv_part=$BV/content/$2 ;;
    *) bv_part=/nonexistent ;;
    esac
}

bv_artifact_is() { bv_path_is "$@"; }
bv_artifact_before() { bv_save_path "$1"; }

bv_artifact_do() {
    [ -d "${1%/*}" ] || mkdir -p -- "${1%/*}" || return 1
    (umask 077 && cat >>"$1.bivouac~") || return 1
    bv_sum "$1.bivouac~" || return 1
    if [ "$bv_sum" != "$4" ]; then
        rm -f -- "$1.bivouac~"
        bv_die "\`$1\` arrived with SHA-256 $bv_sum, not $4"
    fi
    chown -- "$3" "$1.bivouac~" && chmod -- "$2" "$1.bivouac~" && mv -f -- "$1.bivouac~" "$1"
}

bv_artifact_undo() { bv_file_undo "$@"; }
