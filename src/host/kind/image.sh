# image SHA256 SIZE ARCHIVE-NAME REF=SOURCE...: container images of an archive that comes on stdin. REF
# is the name that the cluster uses, SOURCE the one in the archive.

# Where containerd answers (`socket` of cluster/runtime.rs). It is named in every call: a `ctr` of k3s', which comes first in the path, would ask
# k3s' own.
BV_CONTAINERD=/run/containerd/containerd.sock

# containerd's own client, in the namespace of its Kubernetes plugin.
bv_ctr() { ctr --address "$BV_CONTAINERD" -n k8s.io "$@"; }
bv_images() { bv_ctr images ls -q; }

bv_image_is() {
    shift 3
    bv_have=$(bv_images 2>/dev/null) || return 1
    for bv_ref; do
        printf '%s\n' "$bv_have" | grep -qxF -- "${bv_ref%%=*}" || return 1
    done
}

bv_image_before() {
    shift 3
    bv_have=$(bv_images) || return 1
    for bv_ref; do
        for bv_name in "${bv_ref%%=*}" "${bv_ref#*=}"; do
            printf '%s\n' "$bv_have" | grep -qxF -- "$bv_name" || bv_was "$bv_name"
        done
    done
}

bv_image_do() {
    mkdir -p "$BV/content" && bv_receive "$BV/content/$1" "$2" || return 1
    bv_arrived "$BV/content/$1" "$2" "$1" || return 1
    bv_ctr images import --no-unpack "$BV/content/$1" >/dev/null || return 1
    rm -f -- "$BV/content/$1"
    shift 3
    for bv_ref; do
        [ "${bv_ref%%=*}" = "${bv_ref#*=}" ] ||
            bv_ctr images tag --force "${bv_ref#*=}" "${bv_ref%%=*}" >/dev/null || return 1
    done
}

# Whether an entry stands that takes all of the store back that is ours: then images need not be taken out of it one by one, which needs a
# containerd that answers.
bv_store_goes() {
    bv_any_stands store || { bv_stands tree /var/lib/containerd && grep -q "^start $bv_found .* 'absent'" "$BV/journal"; }
}

# Whether containerd answers. One that did not once is not waited for again in this run.
bv_store_answers() {
    [ ! -e "$BV_LIVE/mute" ] || return 1
    timeout 20 ctr --address "$BV_CONTAINERD" -n k8s.io images ls -q >/dev/null 2>&1 && return
    [ $? -ne 124 ] || : >"$BV_LIVE/mute"
    return 1
}

bv_image_undo() {
    rm -f -- "$BV/content/$1"
    ! bv_store_goes || return 0
    shift "$bv_nargs"
    # With the runtime stopped its store is somebody else's entry.
    bv_store_answers || return 0
    [ $# -eq 0 ] || bv_ctr images rm -- "$@" >/dev/null 2>&1
    return 0
}
