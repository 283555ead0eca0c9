# Runtimes that are spoken to through the Container Runtime Interface alone: they have no import and no names to give.

# crictl at the endpoint $1.
bv_cri() {
    bv_at=$1
    shift
    crictl -r "$bv_at" -i "$bv_at" "$@"
}

# The SHA-256 of the configuration of image $2 at endpoint $1, by which every runtime knows it, into bv_sum; fails where it is not there.
bv_cri_image() {
    bv_said=$(timeout 60 crictl -r "$1" -i "$1" inspecti "$2" 2>/dev/null) || return 1
    bv_sum=$(printf '%s\n' "$bv_said" | sed -n 's/.*"id": *"\(sha256:\)\{0,1\}\([0-9a-f]\{64\}\)".*/\2/p' | head -n 1)
    [ -n "$bv_sum" ]
}

# cri ENDPOINT REF[=SHA256]...: container images that the runtime fetches from where its own configuration leads it. With a
# sum, it is that image or none.

bv_cri_is() {
    bv_end=$1
    shift
    for bv_ref; do
        bv_cri_image "$bv_end" "${bv_ref%%=*}" || return 1
        case $bv_ref in *=*) [ "$bv_sum" = "${bv_ref#*=}" ] || return 1 ;; esac
    done
}

bv_cri_before() {
    bv_end=$1
    shift
    timeout 60 crictl -r "$bv_end" -i "$bv_end" images -q >/dev/null || bv_die "the runtime at \`$bv_end\` does not answer"
    for bv_ref; do
        bv_cri_image "$bv_end" "${bv_ref%%=*}" || bv_was "${bv_ref%%=*}"
    done
}

bv_cri_do() {
    bv_end=$1
    shift
    for bv_ref; do
        bv_name=${bv_ref%%=*}
        bv_had=''
        if bv_cri_image "$bv_end" "$bv_name"; then
            bv_had=$bv_sum
            if [ "$bv_ref" = "$bv_name" ] || [ "$bv_sum" = "${bv_ref#*=}" ]; then continue; fi
        fi
        # A registry may not answer at once.
        bv_wait_for 3 bv_cri_pull "$bv_end" "$bv_name" || bv_die "the image \`$bv_name\` was not pulled: $bv_said"
        bv_cri_image "$bv_end" "$bv_name" || bv_die "the image \`$bv_name\` was pulled, and is not there"
        case $bv_ref in
        *=*)
            [ "$bv_sum" = "${bv_ref#*=}" ] && continue
            [ -n "$bv_had" ] || bv_cri "$bv_end" rmi "$bv_name" >/dev/null 2>&1
            bv_die "the image \`$bv_name\` that was pulled is $bv_sum, not ${bv_ref#*=}"
            ;;
        esac
    done
}

bv_cri_pull() { bv_said=$(crictl -r "$1" -i "$1" pull "$2" 2>&1); }

bv_cri_undo() {
    bv_end=$1
    shift "$bv_nargs"
    for bv_ref; do
        # With the runtime stopped its store is somebody else's entry.
        timeout 60 crictl -r "$bv_end" -i "$bv_end" rmi "$bv_ref" >/dev/null 2>&1
    done
    return 0
}

# cri-o pins pods' namespaces below /run, each kind in a directory of its own and under a UUID (its internal/config/nsmgr), and its monitors
# outlive it. Where it runs still it is another's, and takes care of them itself.
bv_pins_forget() {
    [ ! -e /run/crio ] && [ ! -e /run/ipcns ] && return 0
    [ "$(systemctl is-active crio.service 2>/dev/null)" != active ] || return 0
    for bv_exe in /proc/[0-9]*/exe; do
        case $(readlink "$bv_exe" 2>/dev/null) in
        */conmon | */conmonrs | *"/conmon (deleted)")
            bv_pid=${bv_exe#/proc/}
            bv_pid=${bv_pid%/exe}
            [ "$(readlink "/proc/$bv_pid/ns/pid")" = "$(readlink /proc/self/ns/pid)" ] || continue
            # podman has monitors, too.
            tr '\0' ' ' <"/proc/$bv_pid/cmdline" 2>/dev/null | grep -q '/run/crio' && kill -s KILL "$bv_pid" 2>/dev/null
            ;;
        esac
    done
    # The profile that it loads for containers (cri-o's `internal/config/apparmor`).
    if grep -qs '^crio-default ' /sys/kernel/security/apparmor/profiles; then
        printf crio-default >/sys/kernel/security/apparmor/.remove 2>/dev/null
    fi
    for bv_kind in netns ipcns utsns userns pidns; do
        for bv_pin in "/run/$bv_kind"/????????-????-????-????-????????????; do
            [ -e "$bv_pin" ] || continue
            grep -qxF "run $bv_pin" "$BV/baseline" && continue
            umount -l -- "$bv_pin" 2>/dev/null
            rm -f -- "$bv_pin"
        done
        grep -qxF "run /run/$bv_kind" "$BV/baseline" || [ ! -d "/run/$bv_kind" ] || rmdir "/run/$bv_kind" 2>/dev/null
    done
    return 0
}
