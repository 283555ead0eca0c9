# Who is in the running cluster: read, and settled, on a control plane of it.

bv_kubectl() { kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout 20s "$@"; }

# The status where only the way to the API server is missing.
BV_WAY_LOST=80

# What the cluster says of itself, a line each (src/members.rs reads them):
#   version V | endpoint HOST:PORT | pods CIDR | cgroups DRIVER | node NAME READY ADDRESS... | etcd JSON | health CLIENT-URL JSON
bv_members() {
    bv_kubectl get --raw /readyz >/dev/null || {
        bv_lost_said && return "$BV_WAY_LOST"
        return 1
    }
    bv_version=$(bv_kubectl get --raw /version | sed -n 's/.*"gitVersion": *"\([^"]*\)".*/\1/p')
    echo "version $bv_version"
    bv_kubectl -n kube-system get configmap kubeadm-config --ignore-not-found -o jsonpath='{.data.ClusterConfiguration}' |
        sed -n -e 's/^controlPlaneEndpoint: *"\{0,1\}\([^"]*\)"\{0,1\}$/endpoint \1/p' -e 's/^  podSubnet: *"\{0,1\}\([^" ]*\).*/pods \1/p'
    # What a kubelet that joins is given; the kubelet's own default is cgroupfs. Until 1.23 the name has the version.
    bv_minor=${bv_version#v*.}
    bv_minor=${bv_minor%%.*}
    bv_kubelet=$(bv_kubectl -n kube-system get configmap "kubelet-config$([ "${bv_minor:-0}" -ge 24 ] || echo "-1.$bv_minor")" \
        --ignore-not-found -o jsonpath='{.data.kubelet}')
    [ -z "$bv_kubelet" ] || printf '%s\n' "$bv_kubelet" | sed -n 's/^cgroupDriver: *//p; $a\cgroupfs' | sed -n '1s/^/cgroups /p'
    bv_kubectl get nodes -o go-template='{{range .items}}node {{.metadata.name}} ready={{range .status.conditions}}{{if eq .type "Ready"}}{{.status}}{{end}}{{end}}{{range .status.addresses}}{{if eq .type "InternalIP"}} {{.address}}{{end}}{{end}}{{"\n"}}{{end}}' || return 1
    # Without its own etcd the cluster has one elsewhere, which is not ours to change.
    [ -s /etc/kubernetes/pki/etcd/healthcheck-client.key ] || return 0
    bv_list=$(bv_etcd_ask "$(bv_etcd_here)" /v3/cluster/member/list '{}') || return 1
    printf 'etcd %s\n' "$(printf '%s' "$bv_list" | tr -d '\n')"
    for bv_url in $(printf '%s' "$bv_list" | tr '{' '\n' | sed -n 's/.*"clientURLs":\["\([^"]*\)".*/\1/p'); do
        printf 'health %s %s\n' "$bv_url" "$(bv_etcd_ask "$bv_url" /health 2>/dev/null | tr -d '\n')"
    done
}

# Whether the API server of this host answers and the cluster's address does not; says so, to standard error.
bv_lost_said() {
    bv_url=$(sed -n 's/^ *server: *//p' /etc/kubernetes/admin.conf 2>/dev/null | head -n 1)
    # All API servers' certificates have that name.
    [ -n "$bv_url" ] && bv_kubectl --server https://127.0.0.1:6443 --tls-server-name kubernetes get --raw /healthz >/dev/null 2>&1 &&
        ! bv_kubectl --request-timeout 5s get --raw /healthz >/dev/null 2>&1 &&
        echo "only the way to the API server is missing: it answers on this host, and not at the cluster's address \`${bv_url#https://}\`" >&2
}

# Where this host's own etcd answers: 127.0.0.1, but for a node whose address is one of IPv6 (`etcdLocalhostAddress` in kubeadm's
# app/phases/etcd).
bv_etcd_here() {
    bv_url=$(sed -n 's/.*--listen-client-urls=\([^,"]*\).*/\1/p' /etc/kubernetes/manifests/etcd.yaml 2>/dev/null | head -n 1)
    echo "${bv_url:-https://127.0.0.1:2379}"
}

# Asks an etcd by its JSON gateway: bv_etcd_ask URL PATH [BODY].
bv_etcd_ask() {
    bv_pki=/etc/kubernetes/pki/etcd
    bv_server=$1 bv_path=$2
    shift 2
    if [ $# = 0 ]; then
        set -- get --raw "$bv_path"
    else
        bv_body=$1
        set -- create --raw "$bv_path" -f -
    fi
    printf '%s' "${bv_body-}" | timeout 20 kubectl --kubeconfig /dev/null --server "$bv_server" --request-timeout 10s \
        --certificate-authority "$bv_pki/ca.crt" --client-certificate "$bv_pki/healthcheck-client.crt" \
        --client-key "$bv_pki/healthcheck-client.key" "$@"
}

# The number of etcd's member at address $1; nothing where there is none.
bv_etcd_id() {
    case $1 in *:*) bv_peer_url="https://[$1]:2380" ;; *) bv_peer_url=https://$1:2380 ;; esac
    bv_list=$(bv_etcd_ask "$(bv_etcd_here)" /v3/cluster/member/list '{}') || return 1
    printf '%s' "$bv_list" | tr '{' '\n' | grep -F "\"$bv_peer_url\"" | sed -n 's/.*"ID":"\([0-9]*\)".*/\1/p'
}

# Whether etcd has no member at address $1. An answer that cannot be had is no absence.
bv_etcd_without() { bv_id=$(bv_etcd_id "$1") && [ -z "$bv_id" ]; }

# Takes the member at address $1 out of etcd. Where it led, the others choose another leader first.
bv_etcd_forget() {
    bv_id=$(bv_etcd_id "$1") || return 1
    [ -z "$bv_id" ] ||
        bv_etcd_ask "$(bv_etcd_here)" /v3/cluster/member/remove "{\"ID\":\"$bv_id\"}" >/dev/null || return 1
    bv_wait_for 150 bv_kubectl get --raw /readyz >/dev/null
}

# Whether kubeadm's own list of control planes, which it kept until 1.21, is without node $1.
bv_status_without() {
    bv_status=$(bv_kubectl -n kube-system get configmap kubeadm-config -o jsonpath='{.data.ClusterStatus}') &&
        ! printf '%s\n' "$bv_status" | grep -qxF "  $1:"
}

bv_status_forget() {
    bv_status_without "$1" && return
    # An answer that could not be had is no list.
    [ -n "$bv_status" ] || return 1
    bv_status=$(printf '%s\n' "$bv_status" | awk -v name="  $1:" '
        $0 == name { inside = 1; next }
        inside && /^    / { next }
        { inside = 0; printf "%s\\n", $0 }')
    bv_kubectl -n kube-system patch configmap kubeadm-config --type merge -p "{\"data\":{\"ClusterStatus\":\"$bv_status\"}}" >/dev/null
}

# The certificates that were laid out for control planes, and the tokens that they would die with, as kinds and names for kubectl. kubeadm
# makes such a token each time, knows it by this description (app/phases/copycerts), and lets only the last one own the certificates.
bv_certs_listed() {
    bv_described=$(printf 'Proxy for managing TTL for the kubeadm-certs secret' | base64 -w 0)
    bv_secrets=$(bv_kubectl -n kube-system get secrets -o go-template='{{range .items}}{{.metadata.name}} {{with .data}}{{with .description}}{{.}}{{end}}{{end}}{{"\n"}}{{end}}') || return 1
    printf '%s\n' "$bv_secrets" | awk -v described="$bv_described" '$1 == "kubeadm-certs" || (/^bootstrap-token-/ && $2 == described) { print $1 }'
}
bv_certs_gone() { bv_names=$(bv_certs_listed) && [ -z "$bv_names" ]; }
bv_certs_forget() {
    bv_names=$(bv_certs_listed) || return 1
    # shellcheck disable=SC2086 # Names have no blanks.
    [ -z "$bv_names" ] || bv_kubectl -n kube-system delete secret --ignore-not-found $bv_names >/dev/null
}

# Whether the cluster has no node $1. An answer that cannot be had is no absence.
bv_node_gone() { bv_found=$(bv_kubectl get node "$1" --ignore-not-found -o name) && [ -z "$bv_found" ]; }

# The pods that are bound to node $1, as `NAMESPACE NAME` lines.
bv_pods_of() {
    bv_kubectl get pods --all-namespaces --field-selector "spec.nodeName=$1" \
        -o go-template='{{range .items}}{{.metadata.namespace}} {{.metadata.name}}{{"\n"}}{{end}}'
}

bv_pods_gone() { bv_found=$(bv_pods_of "$1") && [ -z "$bv_found" ]; }

# Forgets pods that nobody can end any more, because their host is dead.
bv_pods_drop() {
    bv_pods=$(bv_pods_of "$1") || return 1
    printf '%s\n' "$bv_pods" | while read -r bv_namespace bv_pod; do
        [ -z "$bv_pod" ] || bv_kubectl -n "$bv_namespace" delete pod "$bv_pod" --force --grace-period 0 \
            --ignore-not-found --wait=false >/dev/null 2>&1 || exit 1
    done
}

# Labels and taints are kept as cluster.yaml has them: the arguments are pairs, `node NAME` and after
# it `label KEY=VALUE` and `taint KEY=VALUE:EFFECT` of that node. What we set is remembered in annotations, so
# that what cluster.yaml has no longer goes, and what others set stays.
bv_settings_are() {
    bv_todo=$(bv_settings_todo "$@") && [ -z "$bv_todo" ]
}

bv_settings_apply() {
    bv_todo=$(bv_settings_todo "$@") || return 1
    printf '%s\n' "$bv_todo" | while read -r bv_line; do
        # shellcheck disable=SC2086 # Words without blanks and wildcards, by their own syntax.
        [ -z "$bv_line" ] || bv_kubectl $bv_line >/dev/null || exit 1
    done
}

# Prints the arguments of kubectl that are to be run, a command a line.
bv_settings_todo() {
    # shellcheck disable=SC2016 # The dollar is the template's.
    bv_state=$(bv_kubectl get nodes -o go-template='{{range .items}}is node {{.metadata.name}}
{{with .metadata.annotations}}{{with index . "bivouac/labels"}}is had-label {{.}}
{{end}}{{with index . "bivouac/taints"}}is had-taint {{.}}
{{end}}{{end}}{{range $key, $value := .metadata.labels}}is label {{$key}}={{$value}}
{{end}}{{range .spec.taints}}is taint {{.key}}={{with .value}}{{.}}{{end}}:{{.effect}}
{{end}}{{end}}') || return 1
    { printf 'want %s %s\n' "$@" && printf '%s\n' "$bv_state"; } | awk '
        # What a setting is known by: a label its key, a taint its key and effect.
        function name(kind, setting,    value) {
            value = index(setting, "=")
            if (!value) return setting
            return substr(setting, 1, value - 1) (kind == "taint" ? substr(setting, match(setting, /:[^:]*$/)) : "")
        }
        function settle(kind, node,    words, count, i, key, keys, all, line, keep) {
            count = split(want[kind, node], words, " ")
            for (i = 1; i <= count; i++) {
                key = name(kind, words[i])
                keep[key] = 1
                keys = keys "," key
                if (!((kind, node, words[i]) in have)) line = line " " words[i]
            }
            all = keys
            count = split(had[kind, node], words, ",")
            for (i = 1; i <= count; i++) {
                if (words[i] in keep || words[i] !~ /^[A-Za-z0-9][A-Za-z0-9._\/:-]*$/) continue
                all = all "," words[i]
                if ((kind, node, words[i]) in known) line = line " " words[i] "-"
            }
            keys = substr(keys, 2)
            all = substr(all, 2)
            # A run that dies in between remembers too much rather than too little.
            if (all != had[kind, node] && keys != had[kind, node]) print "annotate --overwrite node", node, "bivouac/" kind "s=" all
            if (line) print kind, "--overwrite node", node line
            if (keys != all || (keys == "" && had[kind, node] != "")) print "annotate --overwrite node", node, "bivouac/" kind "s" (keys == "" ? "-" : "=" keys)
        }
        $1 == "want" && $2 == "node" { node = $3; order[++nodes] = node; next }
        $1 == "want" { want[$2, node] = want[$2, node] " " $3; next }
        $2 == "node" { at = $3; there[at] = 1; next }
        $2 ~ /^had-/ { had[substr($2, 5), at] = $3; next }
        $1 == "is" { have[$2, at, $3] = 1; known[$2, at, name($2, $3)] = 1 }
        END {
            for (n = 1; n <= nodes; n++) if (order[n] in there) {
                settle("label", order[n])
                settle("taint", order[n])
            }
        }'
}

# Whether the kubelet, with this configuration file, says that it is well; where it is not, what it says instead. Its node counts as ready
# for a while after it died.
bv_kubelet_well() {
    bv_port=$(sed -n 's/^healthzPort: *//p' "$1")
    # The owner turned it off.
    [ "${bv_port:=10248}" != 0 ] || { systemctl -q is-active kubelet.service; return; }
    kubectl --kubeconfig /dev/null --server "http://127.0.0.1:$bv_port" --request-timeout 5s get --raw /healthz >/dev/null 2>&1 ||
        { bv_kubelet_said "$(($(date +%s) - 20))"; return 1; }
}

# Whether the kubelet runs, and has for a while: one that dies at once is active now and then.
bv_kubelet_stays() {
    [ "$(systemctl is-active kubelet.service 2>/dev/null)" = active ] || return 1
    bv_began=$(systemctl show -p ActiveEnterTimestamp kubelet.service | sed 's/^[^=]*=//')
    bv_began=$(date -d "$bv_began" +%s 2>/dev/null) && [ $(($(date +%s) - bv_began)) -ge 5 ]
}

# What the kubelet complained about since the second $1, to standard error, each complaint once; before all, what it died of, unless it
# has come over that. klog's F ends a program; from 1.23 on an E of run.go does (k8s.io/component-base/cli).
bv_kubelet_said() {
    journalctl -u kubelet.service --since "@$1" -o cat --no-pager 2>/dev/null |
        sed -n -e 's/^E\([0-9]\{4\} [0-9:.]* *[0-9]* run\.go:[0-9]*\] \)"command failed" err=/F\1/' \
            -e 's/^\([EF]\)[0-9]\{4\} [0-9:.]* *[0-9]* \([a-z_0-9]*\.go\):[0-9]*\] /\1 \2: /p' \
            -e 's/^ *[Ee]rror: /F error: /p' |
        awk -v stays="$(bv_kubelet_stays && echo yes)" '
            { text = substr($0, 3) }
            /^F/ { died = text; sub(/^[^ ]*: /, "", died); gsub(/^"|"$/, "", died) }
            !seen[substr(text, 1, 60)]++ { said[++n] = text }
            END {
                if (died != "" && stays == "") print "the kubelet ended: " died
                for (i = n > 8 ? n - 7 : 1; i <= n; i++) print "kubelet: " said[i]
            }' >&2
}

# The API server's processes, in its pod here.
bv_api_pids() {
    (cd /proc && printf '%s/comm\0' [0-9]* | xargs -0 grep -Hsx kube-apiserver) | while IFS=/ read -r bv_pid _; do
        ! grep -qs kubepods "/proc/$bv_pid/cgroup" || echo "$bv_pid"
    done
}
# Lets the kubelet start the API server anew, and waits until it answers at $1.
bv_api_again() {
    bv_old=$(bv_api_pids)
    # shellcheck disable=SC2086 # numbers
    [ -z "$bv_old" ] || kill $bv_old 2>/dev/null
    for bv_pid in $bv_old; do
        while [ -d "/proc/$bv_pid" ]; do sleep 0.2; done
    done
    until kubectl --kubeconfig /etc/kubernetes/admin.conf --server "$1" --request-timeout 5s get --raw /readyz >/dev/null 2>&1; do sleep 0.5; done
}
