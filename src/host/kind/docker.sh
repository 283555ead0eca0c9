# docker's own half: its store knows no namespaces, so what is Kubernetes' is told by names.
#
# docker_image SHA256 SIZE ARCHIVE-NAME REF=SOURCE...  as `image`: of an archive that comes on stdin
# docker_pull REF=FROM...                              images that docker fetches, from FROM, and that are called REF
# docker_store ROOT                                    what Kubernetes makes in a docker that has an owner

# docker's client, past the settings of root's own: they may lead to another machine. The logins of registries are the kubelet's.
bv_docker() { docker --config /var/lib/kubelet --host unix:///run/docker.sock "$@"; }

# Likewise, for $1 seconds at most.
bv_docker_within() {
    bv_seconds=$1
    shift
    timeout "$bv_seconds" docker --config /var/lib/kubelet --host unix:///run/docker.sock "$@"
}

bv_docker_answers() { bv_docker_within 30 version >/dev/null 2>&1; }

# Whether docker has an image of this name. It shortens names where it lists them, so it is asked for each.
bv_docker_has() { bv_docker_within 60 image inspect -f '{{.Id}}' -- "$1" >/dev/null 2>&1; }

bv_docker_image_is() {
    shift 3
    for bv_ref; do bv_docker_has "${bv_ref%%=*}" || return 1; done
}

bv_docker_image_before() {
    shift 3
    bv_docker_answers || bv_die "docker does not answer"
    for bv_ref; do
        for bv_name in "${bv_ref%%=*}" "${bv_ref#*=}"; do
            bv_docker_has "$bv_name" || bv_was "$bv_name"
        done
    done
}

bv_docker_image_do() {
    mkdir -p "$BV/content" && bv_receive "$BV/content/$1" "$2" || return 1
    bv_arrived "$BV/content/$1" "$2" "$1" || return 1
    bv_docker load -i "$BV/content/$1" >/dev/null || return 1
    rm -f -- "$BV/content/$1"
    shift 3
    for bv_ref; do
        [ "${bv_ref%%=*}" = "${bv_ref#*=}" ] || bv_docker tag "${bv_ref#*=}" "${bv_ref%%=*}" || return 1
    done
}

bv_docker_image_undo() {
    rm -f -- "$BV/content/$1"
    shift "$bv_nargs"
    bv_docker_forget "$@"
}

# Takes these names of images away. One whose last name it is stays while a container is made of it: then it goes with that.
bv_docker_forget() {
    # With docker stopped its store is somebody else's entry.
    bv_docker_answers || return 0
    for bv_name; do bv_docker_within 120 image rm -- "$bv_name" >/dev/null 2>&1; done
    return 0
}

bv_docker_pull_is() {
    for bv_ref; do bv_docker_has "${bv_ref%%=*}" || return 1; done
}

bv_docker_pull_before() {
    bv_docker_answers || bv_die "docker does not answer"
    for bv_ref; do
        bv_docker_has "${bv_ref%%=*}" || bv_was "${bv_ref%%=*}"
        [ "${bv_ref%%=*}" = "${bv_ref#*=}" ] || bv_docker_has "${bv_ref#*=}" || bv_was "${bv_ref#*=}"
    done
}

bv_docker_pull_do() {
    for bv_ref; do
        bv_docker_has "${bv_ref%%=*}" && continue
        bv_docker pull "${bv_ref#*=}" >/dev/null || bv_die "the image \`${bv_ref#*=}\` was not pulled"
        [ "${bv_ref%%=*}" = "${bv_ref#*=}" ] || bv_docker tag "${bv_ref#*=}" "${bv_ref%%=*}" || return 1
    done
}

bv_docker_pull_undo() {
    shift "$bv_nargs"
    bv_docker_forget "$@"
}

bv_docker_store_is() { bv_stands docker_store "$1"; }

bv_docker_store_before() {
    { mkdir -p "$bv_saved" && bv_docker image ls -aq --no-trunc >"$bv_saved/images" && bv_docker_names >"$bv_saved/names" &&
        bv_docker container ls -aq --no-trunc >"$bv_saved/containers"; } || bv_die "docker does not say what is in it"
    bv_docker_leases >"$bv_saved/leases" || rm -f "$bv_saved/leases"
    bv_sync "$bv_saved"/* "$bv_saved"
    bv_was noted
}

bv_docker_store_do() { :; }

# What docker has its containerd keep: the manifest of each image that it pulled (`imageKey` of moby's daemon/images/store.go).
bv_docker_leases() { timeout 30 ctr --address "$BV_CONTAINERD" -n moby leases ls -q 2>/dev/null; }

# Images and their names, a name a line.
bv_docker_names() { bv_docker image ls --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}'; }

# The containers of pods (`makeContainerName` of cri-dockerd's core/naming.go) that were not noted.
bv_docker_pods() {
    bv_docker container ls -aq --no-trunc --filter 'name=^/?k8s_' | grep -vxF -f "$bv_saved/containers" | grep .
}

bv_docker_store_undo() {
    bv_root=$1
    shift "$bv_nargs"
    # Nothing was noted, so nothing was made.
    [ "${1:-}" = noted ] && [ -f "$bv_saved/containers" ] || return 0
    bv_docker_answers || bv_die "docker is its owner's and does not answer: start it, so that what Kubernetes made in it can be removed"
    bv_new=$(bv_docker_pods)
    # What they are made of came for them, where it was not there before; or under another name. Images that its owner pulled since cannot
    # be told from those that only pods long gone had: they stay, and are named where they differ.
    bv_images=$(printf '%s\n' "$bv_new" | while IFS= read -r bv_id; do
        [ -z "$bv_id" ] || bv_docker container inspect -f '{{.Image}}' "$bv_id" </dev/null
    done | sort -u)
    printf '%s\n' "$bv_new" | while IFS= read -r bv_id; do
        [ -z "$bv_id" ] || bv_docker_within 60 container rm -f -v "$bv_id" >/dev/null 2>&1 </dev/null
    done
    bv_new=$(bv_docker_pods)
    [ -z "$bv_new" ] || bv_die "docker keeps containers of Kubernetes: $(printf '%s' "$bv_new" | tr '\n' ' ')"
    printf '%s\n' "$bv_images" | while IFS= read -r bv_id; do
        [ -n "$bv_id" ] || continue
        bv_docker_names | grep -vxF -f "$bv_saved/names" | while read -r bv_of bv_name; do
            # Without a name there is only its id.
            case $bv_of:$bv_name in
            "$bv_id":*'<none>'*) ;;
            "$bv_id":*) bv_docker_within 120 image rm -- "$bv_name" >/dev/null 2>&1 </dev/null ;;
            esac
        done
        # One that a container of its owner's is made of is in use.
        grep -qxF -- "$bv_id" "$bv_saved/images" || [ -n "$(bv_docker container ls -aq --filter "ancestor=$bv_id" </dev/null)" ] ||
            bv_docker_within 120 image rm -f "$bv_id" >/dev/null 2>&1 </dev/null
    done
    bv_docker_manifests "$bv_images"
    # Directories that it made for the first image, of which no owner makes any by himself, and for the first container of containerd's
    # own images. Empty ones elsewhere may be his: a volume, what a build left. Where the baseline did not look nobody knows them.
    bv_baseline_has "$bv_root" || {
        bv_docker_stays
        return 0
    }
    { find "$bv_root/image" -xdev -depth -type d ! -path '*/layerdb/tmp/*' && find "$bv_root/rootfs" -xdev -maxdepth 1 -depth -type d; } 2>/dev/null | awk '
        NR == FNR { if ($1 == "path" && $2 == "d") { sub(/^path d [^ ]* [^ ]* /, ""); had[$0] = 1 } next }
        !($0 in had)' "$BV/baseline" - | while IFS= read -r bv_dir; do rmdir -- "$bv_dir" 2>/dev/null; done
    return 0
}

# Names the images that were not there before, and stay: its owner pulled them, or pods long gone had them. Where the baseline looks, the
# comparison does.
bv_docker_stays() {
    bv_images=$(bv_docker_names | while read -r bv_id bv_name; do
        grep -qxF -- "$bv_id" "$bv_saved/images" || printf '%s ' "$bv_name"
    done)
    [ -z "$bv_images" ] || bv_keep "images in docker that were not there before, yours or of pods long gone: ${bv_images% }"
}

# Takes away the manifests of those images, $1, that were there before under other names, and has containerd sweep up those of images
# that are gone: by itself it would only after a hundred changes.
bv_docker_manifests() {
    [ -f "$bv_saved/leases" ] || return 0
    bv_docker_leases | grep -vxF -f "$bv_saved/leases" | while IFS= read -r bv_lease; do
        case "$BV_NL$1$BV_NL" in
        *"$BV_NL${bv_lease#moby-image-}$BV_NL"*) timeout 30 ctr --address "$BV_CONTAINERD" -n moby leases rm "$bv_lease" >/dev/null 2>&1 </dev/null ;;
        esac
    done
    if timeout 30 ctr --address "$BV_CONTAINERD" -n moby leases create --id bivouac-sweep --expires 1m >/dev/null 2>&1; then
        timeout 60 ctr --address "$BV_CONTAINERD" -n moby leases rm --sync bivouac-sweep >/dev/null 2>&1
    fi
    for bv_dir in blobs/sha256 blobs; do
        bv_dir=/var/lib/containerd/io.containerd.content.v1.content/$bv_dir
        bv_baseline_has "$bv_dir" || rmdir -- "$bv_dir" 2>/dev/null
    done
    return 0
}

# Ends a docker that came with a package of ours, before the package goes: with `live-restore` its containers outlive it, and with
# KillMode=process their shims.
bv_docker_end() {
    timeout 120 systemctl stop docker.socket docker.service containerd.service 2>/dev/null
    bv_shims_end moby
    # The profile that it loads for containers (docs.docker.com, "AppArmor security profiles for Docker").
    if grep -qs '^docker-default ' /sys/kernel/security/apparmor/profiles; then
        printf docker-default >/sys/kernel/security/apparmor/.remove 2>/dev/null
    fi
    return 0
}
