# What runs: units, pods, containers.

# units UNIT...: stopped and disabled.
bv_clear_units_is() {
    for bv_name; do
        bv_unit "$bv_name"
        case $bv_active in inactive | failed | '') ;; *) return 1 ;; esac
        case $bv_enabled in enabled | enabled-runtime | linked) return 1 ;; esac
    done
}
bv_clear_units_before() {
    for bv_name; do
        bv_unit "$bv_name"
        bv_was "${bv_enabled:-none}"
    done
}
bv_clear_units_do() {
    for bv_name; do
        # One that does not stop by itself is ended; what it had started is a matter of its own.
        timeout 120 systemctl stop -- "$bv_name" || timeout 20 systemctl kill -s KILL -- "$bv_name"
        bv_unit "$bv_name"
        case $bv_enabled in enabled | enabled-runtime | linked) timeout 60 systemctl disable -q -- "$bv_name" || return 1 ;; esac
        systemctl reset-failed -- "$bv_name" 2>/dev/null
    done
    bv_clear_units_is "$@" || bv_die "a unit of \`$*\` does not stop"
}
# It is not started: what it belonged to is gone.
bv_clear_units_undo() {
    systemctl daemon-reload
    bv_number=0
    while [ "$bv_number" -lt "$bv_nargs" ]; do
        bv_number=$((bv_number + 1))
        eval "bv_name=\${$bv_number} bv_state=\${$((bv_nargs + bv_number)):-none}"
        if [ "$bv_state" = enabled ] && systemctl cat -- "$bv_name" >/dev/null 2>&1; then
            systemctl enable -q -- "$bv_name" || return 1
        fi
    done
}

# pods: through the runtime where it answers, so that their networks are taken down; then by their cgroups.
bv_clear_pods_is() { bv_clear_had && [ -z "$(bv_pod_processes)" ] && [ -z "$(bv_shims k8s.io)" ]; }
bv_clear_pods_before() { :; }
bv_clear_pods_do() {
    for bv_socket in /run/containerd/containerd.sock /run/k3s/containerd/containerd.sock /run/crio/crio.sock; do
        if [ -S "$bv_socket" ] && command -v crictl >/dev/null; then
            export CONTAINER_RUNTIME_ENDPOINT="unix://$bv_socket"
            bv_ids=$(timeout 10 crictl pods -q 2>/dev/null) || continue
            # shellcheck disable=SC2016 # The inner shell expands it.
            printf '%s\n' "$bv_ids" | grep -xE '[0-9a-f]{6,}' |
                timeout 120 xargs -r -n 1 -P 8 sh -c 'timeout 30 crictl stopp "$1"; timeout 30 crictl rmp "$1"' sh >/dev/null 2>&1
        fi
    done
    # What the interface did not take down; without their shims nobody could end them any more.
    for bv_socket in "$BV_CONTAINERD" /run/k3s/containerd/containerd.sock; do
        if [ -S "$bv_socket" ] && command -v ctr >/dev/null && bv_ids=$(timeout 10 ctr --address "$bv_socket" -n k8s.io tasks ls -q 2>/dev/null); then
            printf '%s\n' "$bv_ids" | grep -xE '[a-zA-Z0-9._-]+' |
                timeout 120 xargs -r -n 1 -P 8 timeout 20 ctr --address "$bv_socket" -n k8s.io tasks rm -f >/dev/null 2>&1
        fi
    done
    bv_pods_stop
    bv_wait_for 50 bv_clear_pods_is || bv_die "pods do not end: $(bv_pod_processes | tr '\n' ' ')"
}
bv_clear_pods_undo() { :; }

# docker ID...
bv_clear_docker_is() {
    bv_docker_answers || return 1
    for bv_id; do
        ! bv_docker_within 30 container inspect -f '{{.Id}}' -- "$bv_id" >/dev/null 2>&1 || return 1
    done
}
bv_clear_docker_before() { :; }
bv_clear_docker_do() {
    bv_docker_answers || bv_die "docker does not answer: start it, so that the pods in it can be removed"
    for bv_id; do bv_docker_within 60 container rm -f -v -- "$bv_id" >/dev/null 2>&1; done
    bv_clear_docker_is "$@" || bv_die "docker keeps containers of pods"
}
bv_clear_docker_undo() { :; }

# images NAME...: of docker's. One of which a container is made stays, and says so.
bv_clear_images_is() {
    bv_docker_answers || return 1
    for bv_name; do ! bv_docker_has "$bv_name" || return 1; done
}
bv_clear_images_before() { :; }
bv_clear_images_do() {
    bv_docker_answers || bv_die "docker does not answer: start it, so that images of Kubernetes' in it can be removed"
    bv_docker_forget "$@"
    bv_clear_images_is "$@" || bv_die "docker keeps images of Kubernetes': containers are made of them"
}
bv_clear_images_undo() {
    while [ "$bv_nargs" -gt 0 ]; do
        bv_docker_has "$1" || bv_clear_lost "$1"
        bv_nargs=$((bv_nargs - 1))
        shift
    done
}

# profiles NAME...: of AppArmor, as the kernel has them. Removed while a process is confined by it, that process would be free.
BV_APPARMOR=/sys/kernel/security/apparmor
bv_clear_profiles_is() {
    for bv_name; do ! grep -qs "^$bv_name (" "$BV_APPARMOR/profiles" || return 1; done
}
bv_clear_profiles_before() { :; }
bv_clear_profiles_do() {
    for bv_name; do
        case $bv_name in cri-containerd.apparmor.d | crio-default) ;; *) bv_die "the profile \`$bv_name\` is no runtime's" ;; esac
        bv_used=$(bv_profile_users "$bv_name")
        [ -z "$bv_used" ] || bv_die "the profile \`$bv_name\` stays: the process $bv_used is confined by it"
        # What `apparmor_parser -R` writes, which wants a file of the profile that nobody has.
        bv_clear_profiles_is "$bv_name" || printf '%s' "$bv_name" >"$BV_APPARMOR/.remove" || return 1
    done
    bv_clear_profiles_is "$@"
}
# Its undo is the runtime's: it loads its profile when it starts a container.
bv_clear_profiles_undo() { :; }
# A process that the profile $1 confines.
bv_profile_users() {
    for bv_path in /proc/[0-9]*/attr/apparmor/current /proc/[0-9]*/attr/current; do
        bv_line=
        read -r bv_line 2>/dev/null <"$bv_path" || continue
        case $bv_line in "$1" | "$1 ("* | "$1//"*)
            bv_path=${bv_path#/proc/}
            printf '%s' "${bv_path%%/*}"
            return 0
            ;;
        esac
    done
}

# containerd NAMESPACE: everything in it, then itself. The runtime stays as it runs.
bv_clear_containerd_is() {
    bv_names=$(timeout 20 ctr --address "$BV_CONTAINERD" namespaces ls -q 2>/dev/null) || return 1
    ! printf '%s\n' "$bv_names" | grep -qxF -- "$1"
}
bv_clear_containerd_before() { :; }
bv_clear_containerd_do() {
    [ "$1" = k8s.io ] || bv_die "\`$1\` is not Kubernetes' namespace"
    bv_in="timeout 60 ctr --address $BV_CONTAINERD -n k8s.io"
    $bv_in containers ls -q 2>/dev/null | while IFS= read -r bv_id; do
        $bv_in tasks kill -s SIGKILL "$bv_id" >/dev/null 2>&1 </dev/null
        $bv_in tasks rm -f "$bv_id" >/dev/null 2>&1 </dev/null
        $bv_in containers rm "$bv_id" >/dev/null 2>&1 </dev/null
    done
    $bv_in images ls -q 2>/dev/null | while IFS= read -r bv_id; do
        $bv_in images rm --sync "$bv_id" >/dev/null 2>&1 </dev/null
    done
    $bv_in leases ls -q 2>/dev/null | while IFS= read -r bv_id; do
        $bv_in leases rm --sync "$bv_id" >/dev/null 2>&1 </dev/null
    done
    # A snapshot goes when no other is made of it.
    bv_times=40
    while [ "$bv_times" -gt 0 ]; do
        bv_ids=$($bv_in snapshots ls 2>/dev/null | awk 'NR > 1 { print $1 }')
        [ -n "$bv_ids" ] || break
        printf '%s\n' "$bv_ids" | while IFS= read -r bv_id; do $bv_in snapshots rm "$bv_id" >/dev/null 2>&1 </dev/null; done
        bv_times=$((bv_times - 1))
    done
    $bv_in content ls -q 2>/dev/null | while IFS= read -r bv_id; do
        $bv_in content rm "$bv_id" >/dev/null 2>&1 </dev/null
    done
    timeout 60 ctr --address "$BV_CONTAINERD" namespaces rm k8s.io >/dev/null 2>&1
    bv_clear_containerd_is k8s.io || bv_die "containerd keeps something in the namespace \`k8s.io\`"
}
bv_clear_containerd_undo() { :; }
