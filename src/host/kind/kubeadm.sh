# kubeadm VERB FLAG...: `kubeadm init` or `kubeadm join`, with its configuration on stdin, so that no
# token is ever in a file or an argument. Neither can be repeated: what a broken try left is
# cleared before the next.

# Stops the kubelet and every pod of the cluster, and empties what kubeadm fills.
bv_node_clear() {
    # Without manifests the kubelet could start nothing again, whatever restarts it meanwhile.
    rm -rf -- /etc/kubernetes/manifests/*
    bv_baseline_has /etc/kubernetes/manifests || rm -rf -- /etc/kubernetes/manifests
    timeout 120 systemctl stop kubelet.service 2>/dev/null
    bv_pods_stop
    for bv_dir in /var/lib/kubelet /etc/kubernetes /var/lib/etcd /run/kubernetes; do
        bv_unmount_below "$bv_dir" || return 1
    done
    for bv_dir in /etc/kubernetes/pki /var/lib/etcd /var/lib/kubelet; do
        if ! bv_baseline_has "$bv_dir"; then
            rm -rf --one-file-system -- "$bv_dir" || return 1
        elif bv_stands tree "$bv_dir"; then
            bv_tree_empty "$bv_dir" "$BV/before/$bv_found/list" || return 1
        fi
    done
    for bv_conf in admin super-admin kubelet bootstrap-kubelet controller-manager scheduler; do
        bv_baseline_has "/etc/kubernetes/$bv_conf.conf" || rm -f -- "/etc/kubernetes/$bv_conf.conf"
    done
}

# Whether the baseline has path $1.
bv_baseline_has() {
    awk -v path="$1" '$1 == "path" && $5 == path { found = 1; exit } END { exit !found }' "$BV/baseline"
}

# The pods' cgroups, deepest first: cgroup v1 has one tree a controller. Only at the top: deeper ones are
# those of clusters in containers on this host (kind, k3s in LXD). The `systemd` tree is left to
# systemd: it mirrors the others, and containers that run systemd may share it with their neighbours.
bv_pod_cgroups() {
    for bv_top in /sys/fs/cgroup /sys/fs/cgroup/*; do
        case $bv_top in */systemd) continue ;; esac
        for bv_group in "$bv_top/kubepods" "$bv_top/kubepods.slice"; do
            [ ! -d "$bv_group" ] || grep -qxF "cgroup $bv_group" "$BV/baseline" ||
                find "$bv_group" -depth -type d 2>/dev/null
        done
    done
}

# Processes in the pods' cgroups. The kernel writes 0 for one outside our process namespace, and
# `kill 0` would be ourselves.
bv_pod_processes() {
    bv_pod_cgroups | while IFS= read -r bv_group; do cat "$bv_group/cgroup.procs" 2>/dev/null; done |
        grep -vx 0 | sort -un
}

# Stops the pods, by their cgroups: one signal for all, whether their runtime answers or not. TERM
# first, so that etcd closes its files.
bv_pods_stop() {
    for bv_signal in TERM KILL KILL; do
        bv_pids=$(bv_pod_processes)
        [ -n "$bv_pids" ] || break
        # shellcheck disable=SC2086 # Process ids are numbers.
        kill -s "$bv_signal" $bv_pids 2>/dev/null
        bv_wait_for 50 bv_no_pod_runs
    done
    # Shims outlive their runtime (KillMode=process). Those of the cluster's namespace are ours, but not
    # in containers, which have process ids of their own.
    for bv_exe in /proc/[0-9]*/exe; do
        case $(readlink "$bv_exe" 2>/dev/null) in
        */containerd-shim*)
            bv_pid=${bv_exe#/proc/}
            bv_pid=${bv_pid%/exe}
            [ "$(readlink "/proc/$bv_pid/ns/pid")" = "$(readlink /proc/self/ns/pid)" ] || continue
            tr '\0' ' ' <"/proc/$bv_pid/cmdline" 2>/dev/null | grep -q -- '-namespace k8s.io ' &&
                kill -s KILL "$bv_pid" 2>/dev/null
            ;;
        esac
    done
    bv_pods_forget
}

bv_no_pod_runs() { [ -z "$(bv_pod_processes)" ]; }

# Waits until a condition holds, at most $1 times 0.2 s.
bv_wait_for() {
    bv_times=$1
    shift
    while ! "$@"; do
        bv_times=$((bv_times - 1))
        [ "$bv_times" -gt 0 ] || return 1
        sleep 0.2
    done
}

# Removes what pods leave in the kernel's name spaces: network namespaces and cgroups.
bv_pods_forget() {
    for bv_netns in /run/netns/cni-*; do
        [ -e "$bv_netns" ] || continue
        grep -qxF "run $bv_netns" "$BV/baseline" && continue
        umount -l -- "$bv_netns" 2>/dev/null
        rm -f -- "$bv_netns"
    done
    # The directory goes when nobody else has a namespace there.
    grep -qxF "run /run/netns" "$BV/baseline" || rmdir /run/netns 2>/dev/null
    systemctl stop kubepods.slice 2>/dev/null
    bv_pod_cgroups | while IFS= read -r bv_group; do rmdir -- "$bv_group" 2>/dev/null; done
    return 0
}

bv_kubeadm_is() { bv_stands kubeadm "$1" completed; }

bv_kubeadm_before() { :; }

bv_kubeadm_do() {
    # An earlier try that did not end, in this run or in one that was killed.
    if [ -n "$(ls -A /etc/kubernetes/manifests 2>/dev/null)" ] || [ -e /etc/kubernetes/kubelet.conf ] ||
        [ -e /etc/kubernetes/bootstrap-kubelet.conf ] || [ -e /etc/kubernetes/pki/ca.key ] ||
        [ -n "$(ls -A /var/lib/etcd 2>/dev/null)" ]; then
        bv_node_clear || return 1
    fi
    bv_verb=$1
    shift
    kubeadm "$bv_verb" --config /dev/stdin "$@"
}

bv_kubeadm_undo() { bv_node_clear; }
