# kubeadm VERB FLAG...: `kubeadm init` or `kubeadm join`, with its configuration on stdin, so that no
# token is ever in a file or an argument. Neither can be repeated: what a broken try left is
# cleared before the next.
#
# kubeadm prepare-control-plane VIA ENDPOINT ADDRESS PEERS FLAG...
# kubeadm join-control-plane VIA ENDPOINT ADDRESS PEERS FLAG...: the two halves of `kubeadm join` of a
# control plane: what hosts do side by side, and what only one at a time may do. VIA (host:port) is an API
# server that runs; ENDPOINT the cluster's own address, which may lead nowhere until this host's API
# server runs; ADDRESS is this host's; PEERS (with commas) are where the other members of etcd answer.
#
# kubeadm move ENDPOINT OWN FLAG...: see kubeadm_move.sh.

# Stops the kubelet and every pod of the cluster, and empties what kubeadm fills.
bv_node_clear() {
    # Without manifests the kubelet could start nothing again, whatever restarts it meanwhile.
    for bv_manifest in /etc/kubernetes/manifests/*; do
        bv_baseline_has "$bv_manifest" || bv_remove_tree "$bv_manifest"
    done
    bv_baseline_has /etc/kubernetes/manifests || bv_remove_tree /etc/kubernetes/manifests
    timeout 120 systemctl stop kubelet.service 2>/dev/null
    bv_pods_stop
    # On a worker it is somebody else's.
    bv_etcd_dir=
    ! bv_stands tree /var/lib/etcd || bv_etcd_dir=/var/lib/etcd
    for bv_dir in /var/lib/kubelet /etc/kubernetes $bv_etcd_dir /run/kubernetes; do
        bv_unmount_below "$bv_dir" || return 1
    done
    for bv_dir in /etc/kubernetes/pki $bv_etcd_dir /var/lib/kubelet; do
        if ! bv_baseline_has "$bv_dir"; then
            # The kubelet's logins to registries are an earlier step's, which is not done again.
            bv_spared=
            case $bv_dir in
            /var/lib/kubelet) bv_spared='! -path ./config.json' ;;
            # What is not etcd's own (bv_etcd_others).
            "$BV_ETCD") bv_spared="\\( -path ./member -o -path './member/*' \\)" ;;
            esac
            [ ! -d "$bv_dir" ] || bv_said=$(bv_within "$bv_dir" "find . -xdev -depth -mindepth 1 $bv_spared -delete" 2>&1) ||
                bv_not_emptied "$bv_dir" "$bv_said" || return 1
            [ ! -d "$bv_dir" ] || rmdir -- "$bv_dir" 2>/dev/null || [ -e /var/lib/kubelet/config.json ] ||
                { [ "$bv_dir" = "$BV_ETCD" ] && bv_etcd_others >/dev/null; } || return 1
        elif bv_stands tree "$bv_dir"; then
            bv_tree_empty "$bv_dir" "$BV/before/$bv_found/list" || return 1
        fi
    done
    rm -rf -- "$BV/held"
    for bv_conf in admin super-admin kubelet bootstrap-kubelet controller-manager scheduler; do
        bv_baseline_has "/etc/kubernetes/$bv_conf.conf" || rm -f -- "/etc/kubernetes/$bv_conf.conf"
    done
}

# Whether the baseline has path $1.
bv_baseline_has() {
    awk -v path="$1" '$1 == "path" && $5 == path { found = 1; exit } END { exit !found }' "$BV_HAD"
}

# What `find` finds in the pods' cgroups: `groups`, deepest first, or `processes`. cgroup v1 has one tree a
# controller. Only at the top: deeper ones are those of clusters in containers on this host (kind, k3s in
# LXD). The `systemd` tree is left to systemd: it mirrors the others, and containers that run systemd may
# share it with their neighbours.
bv_pods_find() {
    bv_what=$1
    bv_groups=$BV_NL$(grep '^cgroup ' "$BV_HAD")$BV_NL
    set --
    for bv_top in /sys/fs/cgroup /sys/fs/cgroup/*; do
        case $bv_top in */systemd) continue ;; esac
        for bv_group in "$bv_top/kubepods" "$bv_top/kubepods.slice"; do
            case $bv_groups in *"${BV_NL}cgroup $bv_group$BV_NL"*) continue ;; esac
            [ ! -d "$bv_group" ] || set -- "$@" "$bv_group"
        done
    done
    [ $# -gt 0 ] || return 0
    case $bv_what in
    groups) find "$@" -depth -type d 2>/dev/null ;;
    processes) find "$@" -name cgroup.procs -exec cat -- {} + 2>/dev/null ;;
    esac
}

# Takes the pods' cgroups away as far as nobody is in them.
bv_pod_cgroups_remove() { bv_pods_find groups | tr '\n' '\0' | xargs -0r rmdir -- 2>/dev/null; }

# Processes in the pods' cgroups. The kernel writes 0 for one outside our process namespace, and
# `kill 0` would be ourselves.
bv_pod_processes() { bv_pods_find processes | grep -vx 0 | sort -un; }

# Stops the pods, by their cgroups: one signal for all, whether their runtime answers or not. TERM
# first, so that etcd closes its files. An API server is not waited for: it keeps nothing, and without
# its etcd, which ends at once, it asks for that for a minute.
bv_pods_stop() {
    for bv_signal in TERM KILL KILL; do
        bv_pids=$(bv_pod_processes)
        [ -n "$bv_pids" ] || break
        # shellcheck disable=SC2086 # Process ids are numbers.
        kill -s "$bv_signal" $bv_pids 2>/dev/null
        if [ "$bv_signal" = TERM ]; then bv_wait_for 50 bv_only_apis_run; else bv_wait_for 50 bv_no_pod_runs; fi
    done
    bv_shims_end k8s.io
    bv_pods_forget
}

bv_no_pod_runs() { [ -z "$(bv_pod_processes)" ]; }

bv_only_apis_run() {
    for bv_pid in $(bv_pod_processes); do
        # Who has ended meanwhile has no name.
        ! read -r bv_name 2>/dev/null <"/proc/$bv_pid/comm" || [ "$bv_name" = kube-apiserver ] || return 1
    done
}

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

# Removes what pods leave behind: network namespaces, cgroups, the network plugins' notes.
bv_pods_forget() {
    for bv_netns in /run/netns/cni-*; do
        [ -e "$bv_netns" ] || continue
        # containerd's CRI plugin names them by a UUID; others are somebody else's.
        case ${bv_netns#/run/netns/cni-} in ????????-????-????-????-????????????) ;; *) continue ;; esac
        grep -qxF "run $bv_netns" "$BV_HAD" && continue
        # Until 3.x podman names its own the same way. No pod runs any more, so who is in one is no pod.
        ! bv_netns_used "${bv_netns##*/}" || continue
        umount -l -- "$bv_netns" 2>/dev/null
        rm -f -- "$bv_netns"
    done
    # What libcni remembers of them: it was not asked to take them down.
    grep -ls K8S_POD_NAMESPACE /var/lib/cni/results/* /var/lib/cni/cache/results/* | while IFS= read -r bv_file; do
        bv_baseline_has "$bv_file" || rm -f -- "$bv_file"
    done
    # The directory goes when nobody else has a namespace there.
    grep -qxF "run /run/netns" "$BV_HAD" || rmdir /run/netns 2>/dev/null
    grep -q '^cgroup .*/kubepods.slice$' "$BV_HAD" || systemctl stop kubepods.slice 2>/dev/null
    bv_pod_cgroups_remove
    return 0
}

# Whether a process is in the network namespace /run/netns/$1.
bv_netns_used() {
    for bv_ns in /proc/[0-9]*/ns/net; do [ ! "$bv_ns" -ef "/run/netns/$1" ] || return 0; done
    return 1
}

# A control plane whose second half was begun needs the first again, which looks how far it came.
bv_kubeadm_is() {
    if [ "$1" = prepare-control-plane ] && bv_stands kubeadm join-control-plane; then
        bv_stands kubeadm join-control-plane completed
    else
        bv_stands kubeadm "$1" completed
    fi
}

# What an earlier try of ours left is cleared; what somebody else left is theirs.
bv_kubeadm_before() {
    if bv_node_half_done && ! bv_any_stands kubeadm; then
        bv_die "another cluster's files are in \`/etc/kubernetes\` or \`/var/lib/etcd\`: move them away, then run this again"
    fi
}

# Whether an earlier try did not end, in this run or in one that was killed.
bv_node_half_done() {
    [ -n "$(ls -A /etc/kubernetes/manifests 2>/dev/null)" ] || [ -e /etc/kubernetes/kubelet.conf ] ||
        [ -e /etc/kubernetes/bootstrap-kubelet.conf ] || [ -e /etc/kubernetes/pki/ca.key ] ||
        bv_has_authority || bv_etcd_has_data
}

# All that a worker's join leaves which waited for its kubelet in vain.
bv_has_authority() { [ -e /etc/kubernetes/pki/ca.crt ] && ! bv_baseline_has /etc/kubernetes/pki/ca.crt; }

# A disk of its own has a directory of its own. On a worker the directory is not ours.
bv_etcd_has_data() { bv_stands tree /var/lib/etcd && [ -n "$(find /var/lib/etcd -mindepth 1 -maxdepth 1 ! -name lost+found 2>/dev/null)" ]; }

# Where kubeadm only says that it waited in vain, the kubelet knows more.
bv_kubeadm_do() {
    bv_whole_input
    bv_begun=$(date +%s)
    bv_kubeadm_try "$@" && return
    bv_kubelet_said "$bv_begun"
    [ "$1" != init ] || bv_lost_said
    return 1
}

bv_kubeadm_try() {
    bv_verb=$1
    shift
    case $bv_verb in
    move)
        bv_address_move "$@"
        return
        ;;
    *-control-plane)
        bv_via=$1 bv_endpoint=$2 bv_address=$3 bv_peers=$4 bv_not_first=$5 bv_not_etcd=$6 bv_not_last=$7
        shift 7
        "bv_control_plane_${bv_verb%%-*}" "$@"
        return
        ;;
    esac
    if bv_node_half_done; then
        bv_node_clear || return 1
    fi
    [ "$bv_verb" != init ] || bv_manifests_stage
    bv_phase "$bv_verb" "$@"
}

# Puts the manifests in place that must be there when the control plane starts. Until `init` has made
# its administrators, from 1.29 on, only super-admin.conf may do anything (kubeadm#2414).
bv_manifests_stage() {
    bv_minor=$(kubeadm version -o short | cut -d . -f 2)
    for bv_manifest in /etc/kubernetes/bivouac/manifests/*.yaml; do
        [ -e "$bv_manifest" ] || continue
        mkdir -p /etc/kubernetes/manifests
        bv_to=/etc/kubernetes/manifests/${bv_manifest##*/}
        if [ "$bv_verb" = init ] && [ "$bv_minor" -ge 29 ]; then
            sed 's#path: /etc/kubernetes/admin.conf#path: /etc/kubernetes/super-admin.conf#' "$bv_manifest" >"$bv_to"
        else
            cp -- "$bv_manifest" "$bv_to"
        fi
        chmod 0600 "$bv_to"
    done
}

# Manifests of what needs an etcd of its own, until it is there: the kubelet would start them in vain, and
# the longer they fail, the longer it waits.
BV_HELD=$BV/held

bv_control_plane_prepare() {
    if bv_node_half_done; then
        # One that comes up after all is the second half's to finish.
        [ ! -e /etc/kubernetes/manifests/etcd.yaml ] || ! bv_control_plane_starts || return 0
        # A member that never comes back counts all the same, and costs etcd its majority in the end.
        bv_etcd_leave && bv_node_clear || return 1
    fi
    rm -rf "$BV_HELD"
    bv_phase join --skip-phases="$bv_not_first" "$@" || return 1
    bv_manifests_stage
    bv_admin_server "$bv_via"
    mkdir -p "$BV_HELD" && mv /etc/kubernetes/manifests/kube-apiserver.yaml \
        /etc/kubernetes/manifests/kube-controller-manager.yaml /etc/kubernetes/manifests/kube-scheduler.yaml "$BV_HELD" ||
        return 1
    bv_phase join phase kubelet-start
}

bv_control_plane_join() {
    if [ -e /etc/kubernetes/manifests/etcd.yaml ]; then
        bv_control_plane_starts ||
            bv_die "an earlier try made this host a member of etcd, and its API server does not answer"
        bv_control_plane_finish "$@"
        return
    fi
    # What a member wrote that etcd has to forget would stop the next one.
    if bv_etcd_has_data; then
        bv_control_plane_prepare "$@" || return 1
    fi
    bv_etcd_reaches "$bv_peers" || return 1
    # Nobody is announced who would not start.
    { bv_etcd_leave && systemctl start kubelet.service; } || return 1
    # From 1.33 on the kubelet comes in through its own node's API server, so it is waited for when that may run.
    if [ -n "$bv_not_etcd" ]; then
        bv_phase join --skip-phases="$bv_not_etcd" "$@" && bv_manifests_release || return 1
    fi
    bv_phase join --skip-phases="$bv_not_last" "$@" || return 1
    bv_manifests_release
}

bv_manifests_release() {
    for bv_manifest in "$BV_HELD"/*.yaml; do
        [ ! -e "$bv_manifest" ] || mv -f -- "$bv_manifest" /etc/kubernetes/manifests/ || return 1
    done
    rm -rf "$BV_HELD"
    bv_admin_server "$bv_endpoint"
}

# One part of kubeadm, with the configuration. It writes to relays, not to the connection: where that is lost, a word of kubeadm's would
# end it there and then, between the announcement of a member to etcd and the manifest of that member for one.
bv_phase() {
    {
        {
            {
                printf '%s' "$bv_input" | kubeadm "$@" --config /dev/stdin
                echo $? >"$BV_LIVE/status"
            } 2>&1 >&3 3>&- | bv_relay >&2 3>&-
        } 3>&1 | bv_relay
    }
    return "$(cat "$BV_LIVE/status")"
}

# Passes lines on, and goes on where nobody takes them.
bv_relay() {
    trap '' PIPE
    while IFS= read -r bv_line || [ -n "$bv_line" ]; do printf '%s\n' "$bv_line" 2>/dev/null || :; done
}

# Names the API server that admin.conf, which kubeadm itself uses, leads to.
bv_admin_server() { sed -i "s#^\( *server: https://\).*#\1$1#" /etc/kubernetes/admin.conf; }

# Whether the control plane that an earlier try made comes up after all.
bv_control_plane_starts() {
    { bv_manifests_release && systemctl start kubelet.service; } || return 1
    # The token with which it was to get its first certificate may have ended.
    [ -z "$bv_not_etcd" ] || [ -s /etc/kubernetes/kubelet.conf ] || bv_phase join phase kubelet-start || return 1
    bv_end=$(($(date +%s) + 120))
    until bv_control_plane_answers; do
        [ "$(date +%s)" -lt "$bv_end" ] || return 1
        bv_etcd_promote
        sleep 0.5
    done
}

bv_control_plane_answers() {
    kubectl --kubeconfig /etc/kubernetes/admin.conf --server "https://$(bv_bracketed "$bv_address"):6443" --request-timeout 5s \
        get --raw /readyz >/dev/null 2>&1 && [ -s /etc/kubernetes/kubelet.conf ]
}

# What is left of a join when etcd has its member; each part can be repeated.
bv_control_plane_finish() {
    # Until 1.21 the cluster keeps a list of its own.
    if kubeadm join phase control-plane-join --help 2>/dev/null | grep -q '^  update-status'; then
        bv_phase join phase control-plane-join update-status || return 1
    fi
    # The phase that takes away what the kubelet got its first certificate with cannot be called by its name where it is hidden.
    if [ -n "$bv_not_etcd" ]; then
        bv_phase join --skip-phases="$bv_not_last" "$@"
        return
    fi
    bv_phase join phase control-plane-join mark-control-plane
}

# An address as a URL has it.
bv_bracketed() { case $1 in *:*) echo "[$1]" ;; *) echo "$1" ;; esac }

# The line of etcd's list of members in $1 that is about this host.
bv_etcd_own() {
    bv_url=https://$(bv_bracketed "$bv_address"):2380
    printf '%s' "$1" | tr '{' '\n' | grep -F "\"$bv_url\""
}

# Makes this host a member with a vote where it is one that still learns (so kubeadm adds them from 1.29 on, #113318, and promotes them
# itself, if it is not cut off): as such its API server does not come up. Where it is not there yet, the next time.
bv_etcd_promote() {
    bv_members=$(bv_etcd /v3/cluster/member/list '{}') || return 0
    bv_member=$(bv_etcd_own "$bv_members" | grep '"isLearner":true' | sed -n 's/.*"ID":"\([0-9]*\)".*/\1/p')
    [ -z "$bv_member" ] || bv_etcd /v3/cluster/member/promote "{\"ID\":\"$bv_member\"}" >/dev/null 2>&1 || :
}

# Takes this host out of etcd where it is in it, member or not yet started. Without certificates it
# did not come as far.
bv_etcd_leave() {
    [ -s /etc/kubernetes/pki/etcd/healthcheck-client.key ] || return 0
    bv_members=$(bv_etcd /v3/cluster/member/list '{}') ||
        bv_die "an earlier try may have added this host to etcd, and no other control plane's etcd answers"
    bv_member=$(bv_etcd_own "$bv_members" | sed -n 's/.*"ID":"\([0-9]*\)".*/\1/p')
    [ -z "$bv_member" ] || bv_etcd /v3/cluster/member/remove "{\"ID\":\"$bv_member\"}" >/dev/null ||
        bv_die "an earlier try added this host to etcd, and etcd cannot remove it now"
}

# Whether packets get to where etcd's members talk to each other (port 2380) on these hosts, with commas. Who refuses a connection is there;
# who is silent is behind a firewall.
bv_etcd_reaches() {
    command -v bash >/dev/null && command -v timeout >/dev/null || return 0
    for bv_peer in $(printf '%s' "$1" | tr , ' '); do
        # shellcheck disable=SC2016 # bash expands it.
        bv_said=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/2380" && echo connected' "$bv_peer" 2>&1)
        case $bv_said in
        *connected* | *refused*) ;;
        *) bv_die "\`$bv_peer\` is not reached on port 2380, by which etcd's members talk to each other: open it between the control planes, in both directions" ;;
        esac
    done
}

# Asks etcd of the first peer that answers, by its JSON gateway: bv_etcd PATH BODY.
bv_etcd() {
    bv_pki=/etc/kubernetes/pki/etcd
    for bv_peer in $(printf '%s' "$bv_peers" | tr , ' '); do
        bv_peer=$(bv_bracketed "$bv_peer")
        printf '%s' "$2" | timeout 20 kubectl --kubeconfig /dev/null --server "https://$bv_peer:2379" \
            --certificate-authority "$bv_pki/ca.crt" --client-certificate "$bv_pki/healthcheck-client.crt" \
            --client-key "$bv_pki/healthcheck-client.key" create --raw "$1" -f - && return
    done
    return 1
}

bv_kubeadm_undo() { bv_node_clear; }

# The shims of a containerd's namespace $1, which outlive it (KillMode=process); not those in containers, which have process ids
# of their own.
bv_shims() {
    find /proc/[0-9]*/exe -maxdepth 0 -lname '*/containerd-shim*' 2>/dev/null | while IFS= read -r bv_exe; do
        bv_pid=${bv_exe#/proc/}
        bv_pid=${bv_pid%/exe}
        [ "$(readlink "/proc/$bv_pid/ns/pid")" = "$(readlink /proc/self/ns/pid)" ] || continue
        ! tr '\0' ' ' <"/proc/$bv_pid/cmdline" 2>/dev/null | grep -q -- "-namespace $1 " || echo "$bv_pid"
    done
}

bv_shims_end() {
    bv_pids=$(bv_shims "$1")
    # shellcheck disable=SC2086 # Process ids are numbers.
    [ -z "$bv_pids" ] || kill -s KILL $bv_pids 2>/dev/null
    return 0
}
