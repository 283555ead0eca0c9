# store ROOT STATE: what Kubernetes makes in a containerd that has an owner, in its namespace `k8s.io`: containers, and the images that the
# kubelet pulls. The entry only notes what is there; undo takes the rest away and leaves the runtime itself alone.

bv_store_is() { bv_stands store "$1"; }

bv_store_before() {
    { mkdir -p "$bv_saved" && bv_images >"$bv_saved/images" && bv_ctr containers ls -q >"$bv_saved/containers" &&
        bv_ctr leases ls -q >"$bv_saved/leases"; } || bv_die "containerd does not say what is in it"
    bv_sync "$bv_saved/images" "$bv_saved/containers" "$bv_saved/leases" "$bv_saved"
    if ctr --address "$BV_CONTAINERD" namespaces ls -q | grep -qxF k8s.io; then bv_was present; else bv_was absent; fi
}

bv_store_do() { :; }

# What of the lines on stdin the noted list $1 does not have.
bv_store_new() { grep -vxF -f "$bv_saved/$1" | grep .; }

bv_store_undo() {
    bv_root=$1 bv_state=$2
    shift "$bv_nargs"
    bv_found=${1:-}
    # Nothing was noted, so nothing was made.
    [ -n "$bv_found" ] && [ -f "$bv_saved/images" ] || return 0
    { bv_store_answers && bv_have=$(bv_images); } || bv_die "containerd is its owner's and does not answer: start it, so that what Kubernetes made in it can be removed"
    bv_store_pods || return 1
    bv_new=$(printf '%s\n' "$bv_have" | bv_store_new images)
    # With the last name of an image its content goes, at once.
    [ -z "$bv_new" ] || printf '%s\n' "$bv_new" | bv_each images rm --sync || bv_die "containerd keeps images of Kubernetes"
    bv_new=$(bv_ctr leases ls -q | bv_store_new leases)
    [ -z "$bv_new" ] || printf '%s\n' "$bv_new" | bv_each leases rm --sync
    if [ "$bv_found" = absent ]; then
        ctr --address "$BV_CONTAINERD" namespaces rm k8s.io >/dev/null 2>&1
        for bv_dir in "$bv_root" "$bv_state"; do
            ! [ -e "$bv_dir/io.containerd.runtime.v2.task/k8s.io" ] || bv_remove_tree "$bv_dir/io.containerd.runtime.v2.task/k8s.io" || return 1
        done
    fi
    # Directories that it made for the first image or pod. Where the baseline did not look nobody knows them. An empty one
    # below the snapshots or the tasks is a container's, which has written nothing yet; those of the content a containerd looks for again.
    bv_baseline_has "$bv_root" || return 0
    find "$bv_root" -xdev -mindepth 1 -depth -type d ! -path '*/snapshots/*' ! -path '*/io.containerd.runtime.v2.task/*/*' ! -path '*/io.containerd.content.v1.content' ! -path '*/io.containerd.content.v1.content/ingest' 2>/dev/null | awk '
        NR == FNR { if ($1 == "path" && $2 == "d") { sub(/^path d [^ ]* [^ ]* /, ""); had[$0] = 1 } next }
        !($0 in had)' "$BV/baseline" - | while IFS= read -r bv_dir; do rmdir -- "$bv_dir" 2>/dev/null; done
    return 0
}

# ctr's command for each line on stdin, as its last argument.
bv_each() {
    while IFS= read -r bv_line; do bv_ctr "$@" "$bv_line" >/dev/null </dev/null || exit 1; done
}

# Takes away the containers that were not noted: by the runtime's own interface, so that it forgets them too, and what is left (it may be
# at odds with itself, for the pods' processes were killed) piece by piece.
bv_store_pods() {
    ! command -v crictl >/dev/null || timeout 10 crictl pods -q 2>/dev/null | bv_store_new containers | while IFS= read -r bv_id; do
        timeout 30 crictl rmp -f "$bv_id" >/dev/null 2>&1 </dev/null
    done
    bv_new=$(bv_ctr containers ls -q) || return 1
    printf '%s\n' "$bv_new" | bv_store_new containers | while IFS= read -r bv_id; do
        timeout 30 ctr --address "$BV_CONTAINERD" -n k8s.io tasks rm -f "$bv_id" >/dev/null 2>&1 </dev/null
        bv_ctr containers rm "$bv_id" >/dev/null 2>&1 </dev/null
        for bv_dir in "$bv_root" "$bv_state"; do
            for bv_kind in containers sandboxes; do
                bv_path=$bv_dir/io.containerd.grpc.v1.cri/$bv_kind/$bv_id
                [ ! -e "$bv_path" ] || bv_remove_tree "$bv_path" || exit 1
            done
        done
    done || return 1
    bv_new=$(bv_ctr containers ls -q | bv_store_new containers)
    [ -z "$bv_new" ] || bv_die "containerd keeps containers of Kubernetes: $(printf '%s' "$bv_new" | tr '\n' ' ')"
}
