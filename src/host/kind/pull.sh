# pull [NAME=]REF...: container images that the runtime fetches from their registry, with the credentials and
# authorities of its own configuration; NAME is what else they are called here.

bv_pull_is() {
    bv_have=$(bv_images 2>/dev/null) || return 1
    for bv_ref; do
        printf '%s\n' "$bv_have" | grep -qxF -- "${bv_ref%%=*}" || return 1
    done
}

bv_pull_before() {
    bv_have=$(bv_images) || return 1
    for bv_ref; do
        printf '%s\n' "$bv_have" | grep -qxF -- "${bv_ref%%=*}" || bv_was "${bv_ref%%=*}"
    done
}

# Through the Container Runtime Interface: what asks containerd itself does not read its credentials.
bv_pull_do() {
    bv_have=$(bv_images) || return 1
    for bv_ref; do
        printf '%s\n' "$bv_have" | grep -qxF -- "${bv_ref%%=*}" && continue
        case $bv_ref in
        *=*)
            bv_ctr images tag --force "${bv_ref#*=}" "${bv_ref%%=*}" >/dev/null || return 1
            continue
            ;;
        esac
        bv_said=$(crictl pull "$bv_ref" 2>&1 >/dev/null) ||
            bv_die "the image \`$bv_ref\` was not pulled: $(printf '%s\n' "$bv_said" | grep . | tail -n 1)"
    done
}

# An image has further names, by its sums, which go with the last one that was given to it.
bv_pull_undo() {
    ! bv_store_goes || return 0
    shift "$bv_nargs"
    # With the runtime stopped its store is somebody else's entry.
    bv_store_answers || return 0
    for bv_ref; do
        bv_sum=$(bv_ctr images ls "name==$bv_ref" 2>/dev/null | awk -v ref="$bv_ref" '$1 == ref { print $3 }')
        bv_ctr images rm -- "$bv_ref" >/dev/null 2>&1
        [ -n "$bv_sum" ] || continue
        bv_rest=$(bv_ctr images ls "target.digest==$bv_sum" 2>/dev/null | awk -v sum="$bv_sum" '$3 == sum { print $1 }')
        # One that somebody else named keeps them.
        printf '%s\n' "$bv_rest" | grep -v '^sha256:' | grep -qv '@sha256:' && continue
        for bv_name in $bv_rest; do bv_ctr images rm -- "$bv_name" >/dev/null 2>&1; done
    done
    return 0
}
