# shellcheck shell=sh
# What a host of a running cluster shows, as lines `key value`, for Survey::parse. One round trip, and only reads: no lock is taken, and
# kubectl is kept from leaving a cache. Every command that may hang has a limit of its own.
#
# The first line is `survey 1` and the last is `end`: what lies between them is whole. A key that is not printed is unknown. Of files that
# hold keys beside certificates nothing but the certificates leaves the host.

set +e +f +u
IFS=' 	
'
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=/nonexistent
export LC_ALL HOME
newline='
'
dir=/var/lib/bivouac
kubernetes=/etc/kubernetes

say() {
    case $2 in
    '') ;;
    *"$newline"*) printf '%s %s\n' "$1" "${2%%"$newline"*}?" ;;
    *) printf '%s %s\n' "$1" "$2" ;;
    esac
}

# The last line of a text: kubectl's own word after what its libraries had to say.
last() {
    text=${1%"$newline"}
    printf '%s' "${text##*"$newline"}"
}

has() { command -v "$1" >/dev/null 2>&1; }
has timeout || timeout() {
    shift
    "$@"
}

echo 'survey 1'
say clock "$(date +%s)"
name=
read -r name 2>/dev/null </proc/sys/kernel/hostname
say hostname "$name"

# Our journal (its format: journal.sh): the number of entries that stand, whether all of them take away what another installer left, and those of the
# last run that were begun and never completed. One that an earlier run left was taken up by the later one.
if [ -f "$dir/journal" ]; then
    begun=$(awk '
        $NF != "." { next }
        $1 == "start" && match($0, / .clear. .[0-9]+. ./) { clears++; clear[$2] }
        $1 == "start" { standing++; number++; entry[number] = $0; place[$2] = number; run[number] = $3; last = $3 }
        $1 == "done" { delete entry[place[$2]] }
        $1 == "undone" { standing--; if ($2 in clear) clears--; delete entry[place[$2]] }
        END {
            print "journal " (standing + 0)
            if (standing > 0 && clears == standing) print "clears"
            for (i = 1; i <= number; i++) if (i in entry && run[i] == last) print entry[i]
        }' "$dir/journal")
    say journal "$(printf '%s\n' "$begun" | sed -n 's/^journal //p')"
    ! printf '%s\n' "$begun" | grep -qx clears || say clears yes
    # A run that went on found the change made already and wrote nothing: then it is complete all the same.
    printf '%s\n' "$begun" | sed '1d; /^clears$/d' | while IFS= read -r line; do
        eval "set -- ${line% .}"
        kind=$5 wanted=$6
        shift 6
        number=0 all=$#
        for word; do
            number=$((number + 1))
            [ "$number" -gt "$wanted" ] || set -- "$@" "$word"
        done
        shift "$all"
        # A command's look is the playbook's own text and may wait for an API server that is dead.
        [ "$kind" = command ] || ! ("bv_${kind}_is" "$@") </dev/null >/dev/null 2>&1 || continue
        printf 'begun %s\n' "$line"
    done
else
    say journal -
fi

# Who holds the lock is seen by its open file: trying the lock would be taking it, and in a container
# /proc/locks leaves out those whose `flock` has ended.
live=/run/bivouac
lock=free
if [ -e "$live/lock" ]; then
    for file in /proc/[0-9]*/fd/9; do
        # shellcheck disable=SC3013 # dash, bash and busybox have it
        if [ "$file" -ef "$live/lock" ]; then
            lock=held
            break
        fi
    done
    if [ "$lock" = held ]; then
        holder=
        read -r holder 2>/dev/null <"$live/holder"
        # The last word is the session's sshd process and when that was started: without it the operator is gone,
        # and without a change under way nobody is at work.
        session=${holder##* }
        born=$(sed 's/.*) //' "/proc/${session%:*}/stat" 2>/dev/null | cut -d ' ' -f 20)
        if [ -n "$born" ] && [ "$born" = "${session#*:}" ]; then
            lock="held ${holder% *}"
        elif [ -s "$live/busy" ]; then
            lock="orphan ${holder% *}"
        else
            lock=free
        fi
    fi
fi
say lock "$lock"

# unit, state, and for how many seconds
up=0
read -r up _ 2>/dev/null </proc/uptime
unit() {
    state='' entered=0
    while IFS='=' read -r key value; do
        case $key in
        ActiveState) state=$value ;;
        StateChangeTimestampMonotonic) entered=$value ;;
        esac
    done <<E
$(timeout 5 systemctl show -p ActiveState -p StateChangeTimestampMonotonic "$1.service" 2>/dev/null)
E
}
if [ -d /run/systemd/system ]; then
    unit kubelet
    say kubelet "$state $((${up%%.*} - ${entered:-0} / 1000000))"
fi
if has kubelet; then
    version=$(timeout 5 kubelet --version 2>/dev/null)
    say kubelet.version "${version##* }"
fi

# Whether the container runtime answers.
if has crictl; then
    if timeout 10 crictl info >/dev/null 2>&1; then say runtime up; else say runtime down; fi
elif has ctr; then
    if timeout 10 ctr --address /run/containerd/containerd.sock version >/dev/null 2>&1; then say runtime up; else say runtime down; fi
fi

# Static pods.
say manifest -
for file in "$kubernetes"/manifests/*.yaml; do
    [ ! -f "$file" ] || say manifest "${file##*/}"
done
address='' port=6443
file=$kubernetes/manifests/kube-apiserver.yaml
if [ -r "$file" ]; then
    address=$(sed -n 's/^ *- --advertise-address=//p' "$file")
    port=$(sed -n 's/^ *- --secure-port=//p' "$file")
    say api.version "$(sed -n 's/^ *image: .*kube-apiserver:\(v[0-9A-Za-z.+-]*\).*/\1/p' "$file")"
fi
case $address in *:*) address="[$address]" ;; esac

# kube CONFIG ARG...: kubectl without a cache, within 10 s.
kube() {
    conf=$1
    shift
    KUBECONFIG=$conf timeout 10 kubectl --cache-dir=/dev/null/none --request-timeout=5s "$@"
}
# ready KEY CONFIG [ARG...]: says whether an API server is ready.
ready() {
    key=$1 conf=$2
    shift 2
    if answer=$(kube "$conf" "$@" get --raw /readyz 2>&1); then
        state=up
    else
        state="down $(last "$answer")"
    fi
    say "$key" "$state"
}

# This control plane's own API server, whatever the cluster's endpoint is; its certificate always has the name `kubernetes`.
if [ -r "$kubernetes/admin.conf" ] && has kubectl; then
    ready api "$kubernetes/admin.conf" --server "https://${address:-127.0.0.1}:${port:-6443}" --tls-server-name=kubernetes
    case $state in
    up | *'Error from server'*)
        own() { kube "$kubernetes/admin.conf" --server "https://${address:-127.0.0.1}:${port:-6443}" --tls-server-name=kubernetes "$@" 2>/dev/null; }
        # shellcheck disable=SC2016 # the variables are the template's
        nodes=$(own get nodes -o go-template='{{range .items}}node {{.metadata.name}}
{{with .status.nodeInfo}}node.version {{.kubeletVersion}}
{{end}}{{if .spec.unschedulable}}node.cordoned yes
{{end}}{{range .status.conditions}}{{if eq .type "Ready"}}node.ready {{.status}} {{.lastTransitionTime}}
{{end}}{{end}}{{range .status.addresses}}node.address {{.address}}
{{end}}{{range $key, $value := .metadata.labels}}node.label {{$key}}={{$value}}
{{end}}{{range .spec.taints}}node.taint {{.effect}} {{.key}}={{with .value}}{{.}}{{end}}
{{end}}{{end}}') && {
            say nodes -
            printf '%s\n' "$nodes" | grep '^node'
        }
        # Of secrets nothing but the names of those that a run leaves when it breaks off. Asked for as they are: kubectl with two kinds
        # at once took 3.6 s to find out what the server has.
        secrets=$(own get --raw /api/v1/namespaces/kube-system/secrets) && {
            say secrets -
            printf '%s\n' "$secrets" | grep -o -E '"name":"(bootstrap-token-bv[^"]*|kubeadm-certs)"' | sort -u | sed 's/^"name":"/secret /; s/"$//'
        }
        secrets=
        # Requests for serving certificates that nobody answered; not that of another signer.
        if grep -qx 'serverTLSBootstrap: true' /var/lib/kubelet/config.yaml 2>/dev/null; then
            requests=$(own get certificatesigningrequests -o go-template='{{range .items}}{{if not .status.conditions}}{{.spec.signerName}} {{.spec.username}}{{"\n"}}{{end}}{{end}}') && {
                say requests -
                printf '%s\n' "$requests" | sed -n 's|^kubernetes.io/kubelet-serving |request |p' | sort -u
            }
        fi
        ;;
    esac
fi

# The way of the node's kubelet to the API server.
if [ -r "$kubernetes/kubelet.conf" ]; then
    say server "$(sed -n 's/^ *server: *//p' "$kubernetes/kubelet.conf")"
    if has kubectl; then
        ready reach "$kubernetes/kubelet.conf"
        # A load balancer in a static pod serves this host alone: ours, or another tool's.
        for file in "$kubernetes"/manifests/bivouac-load-balancer.yaml "$kubernetes"/manifests/*haproxy*.yaml "$kubernetes"/manifests/*nginx*.yaml; do
            [ -f "$file" ] || continue
            [ ! -f "$kubernetes/manifests/kube-apiserver.yaml" ] || continue
            ready balancer "$kubernetes/kubelet.conf" --server https://127.0.0.1:6443 --tls-server-name=kubernetes
            break
        done
    fi
else
    say server -
fi

# etcd's own answers. kubectl is the HTTPS client that every control plane has; the certificate is the one that kubeadm makes for health
# checks. None of the three asks for a quorum but /health, which is there to tell.
# Where its address is one of IPv6 it is not on 127.0.0.1 (as in members.sh).
etcd_here=$(sed -n 's/.*--listen-client-urls=\([^,"]*\).*/\1/p' "$kubernetes/manifests/etcd.yaml" 2>/dev/null | head -n 1)
etcd() {
    KUBECONFIG=/dev/null timeout 10 kubectl --cache-dir=/dev/null/none --request-timeout=5s --server "${etcd_here:-https://127.0.0.1:2379}" \
        --certificate-authority="$kubernetes/pki/etcd/ca.crt" --client-certificate="$kubernetes/pki/etcd/healthcheck-client.crt" \
        --client-key="$kubernetes/pki/etcd/healthcheck-client.key" "$@" 2>&1
}
if [ -r "$kubernetes/pki/etcd/healthcheck-client.key" ] && has kubectl; then
    if answer=$(etcd get --raw /health); then
        say etcd.health "$answer"
    else
        say etcd.down "$(last "$answer")"
    fi
    for what in maintenance/status cluster/member/list; do
        if answer=$(echo '{}' | etcd create --raw "/v3/$what" -f -); then
            say "etcd.${what##*/}" "$answer"
        fi
    done
fi

# certificates PATH: the certificates of a PEM text on stdin, each as one line of base64. Everything else in it stays here.
certificates() {
    awk -v path="$1" '
        /^-----BEGIN CERTIFICATE-----/ { inside = 1; text = ""; next }
        /^-----END CERTIFICATE-----/ { if (inside) print "certificate " text " " path; inside = 0; next }
        /^-----/ { inside = 0; next }
        inside { gsub(/[^A-Za-z0-9+\/=]/, ""); text = text $0 }'
}
say certificate -
for file in "$kubernetes"/pki/*.crt "$kubernetes"/pki/etcd/*.crt /var/lib/kubelet/pki/kubelet-client-current.pem /var/lib/kubelet/pki/kubelet-server-current.pem; do
    [ ! -f "$file" ] || head -c 65536 "$file" | certificates "$file"
done
for file in "$kubernetes"/*.conf; do
    [ -f "$file" ] || continue
    sed -n 's/^ *client-certificate-data: *//p' "$file" | base64 -d 2>/dev/null | head -c 65536 | certificates "$file"
done
echo end
