# shellcheck shell=sh
# shellcheck disable=SC2154 # $kubernetes, $address and $port are survey.sh's, as are say, has, last, kube, own, etcd and certificates
# What `diagnose` reads of a host, for Evidence::parse; sent behind survey.sh, in the same round trip, and like it only reads. It works with
# the API, the kubelet and the runtime dead, and with a full disk: nothing is written. Every command that may hang has a limit, and so has
# every text.
#
# The first line is `evidence 1`, the last `end`. `text NAME` and `log NAME ...` are followed by their lines, each behind `| `. Secrets
# stay here: whatever is printed as a text or a log has gone through `clean`.

# Takes out what may be a secret: keys, tokens, passwords, logins in addresses. Too much rather than too little. `redact.rs` does the same
# once more, and its tests ask both.
clean() {
    awk '
        /-----BEGIN [A-Z ]*PRIVATE KEY/ { inside = 1; print "(a private key was here)" }
        !inside { print }
        /-----END [A-Z ]*PRIVATE KEY/ { inside = 0 }' |
        sed -E \
            -e 's/(Bearer|Basic) [A-Za-z0-9._~+\/=-]+/\1 (removed)/g' \
            -e "s#([A-Za-z][A-Za-z0-9+.-]*://)([^][/@:[:space:]\"']+:[0-9]*[^]0-9/@[:space:]\"[][^[:space:]\"]*|[^/?[:space:]\"]*)@#\\1(removed)@#g" \
            -e "s/(^[|[:space:]-]*[\"']?[A-Za-z0-9_.-]*($secret_words)[\"']?:[[:space:]]+)[^](|>{\"'[:space:][].*/\\1(removed)/I" \
            -e "s/(($secret_words)${secret_quote}[[:space:]]*[:=][[:space:]]*)($secret_value|[^[:space:],;}]+)/\\1(removed)/gI" \
            -e "s/(--[a-z-]*($secret_words)[[:space:]]+)[^[:space:]-][^[:space:]]*/\\1(removed)/g" \
            -e "s/([A-Z0-9_]*(TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIAL|_KEY)[A-Z0-9_]*=)($secret_value|[^[:space:],;}]+)/\\1(removed)/g" \
            -e "s/((^|[][:space:]\"'#|{,[])auth${secret_quote}[[:space:]]*[:=][[:space:]]*)($secret_value|[A-Za-z0-9+\\/=]{8,})/\\1(removed)/gI" \
            -e 's/EnvVar\{.*,ValueFrom:/EnvVar{(removed),ValueFrom:/g' \
            -e 's/(^|[^a-z0-9])[a-z0-9]{6}\.[a-z0-9]{16}([^a-z0-9]|$)/\1(removed)\2/g' \
            -e 's/eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+/(removed)/g' \
            -e 's/[A-Za-z0-9+\/=]{120,}/(removed)/g'
}
secret_words='token|password|passwd|passphrase|secret|api-?key|certificate-?key|client-key-data|authorization'
# What may stand behind a name in a text that is itself in quotes, and a value in quotes, in those of such a text, or in deeper ones.
secret_quote='\\*["'"'"']?'
secret_value='\\"([^"\\]|\\\\+"|\\+[^"\\])*\\"|\\+"[^"]*"|"([^"\\]|\\.)*"|"[^"]*"|'"'[^']*'"
# What variables of static pods are told is the owner's: only proxies are needed here.
valueless() {
    awk '
        function depth(line) { match(line, /^[ -]*/); return RLENGTH }
        quote != "" { if (index($0, quote)) quote = ""; next }
        inside >= 0 && NR > 1 { if ($0 ~ /^ *$/ || depth($0) > inside) next }
        { inside = -1 }
        tolower($0) ~ /name["\047]? *: *["\047]?[a-z]*_proxy/ { proxy = NR }
        $0 !~ /^[ -]*["\047]?value["\047]? *:( |$)/ || proxy == NR - 1 { print; next }
        {
            match($0, /^[^:]*:/); key = substr($0, 1, RLENGTH); rest = substr($0, RLENGTH + 1); sub(/^ */, "", rest)
            after = ""
            if (match(rest, /^("([^"\\]|\\.)*"|\047[^\047]*\047)/)) { after = substr(rest, RLENGTH + 1); if (after !~ /^[] ,}]*$/) after = "" }
            else if (rest ~ /^["\047]/) quote = substr(rest, 1, 1)
            else inside = depth($0)
            print key " (removed)" after
        }' | sed -E "s/([{,] *[\"']?value[\"']? *: *)(\"([^\"\\\\]|\\\\.)*\"|'[^']*'|[^,}]*)/\\1(removed)/g"
}
# Behind a mark, so that no line of a text is taken for ours; long lines are cut.
marked() { clean | cut -c 1-1500 | sed 's/^/| /'; }
# text NAME FILE: a file of settings.
text() {
    [ -f "$2" ] && [ -r "$2" ] || return 0
    echo "text $1"
    head -c 24000 "$2" | tr -d '\000' | marked
}

echo 'evidence 1'
say now "$(date +%s)"
say uptime "${up%%.*}"

# unit NAME key=value...: started is how many seconds ago it was last started.
state_of() {
    shown=$(timeout 5 systemctl show "$1" -p LoadState -p ActiveState -p SubState -p Result -p UnitFileState -p NRestarts -p ExecMainStatus -p ExecMainCode \
        -p ExecMainStartTimestampMonotonic -p ExecMainPID -p ConditionResult 2>/dev/null) || return 0
    started=$(printf '%s\n' "$shown" | sed -n 's/^ExecMainStartTimestampMonotonic=//p')
    started=$((${started:-0} / 1000000))
    case $shown in *LoadState=not-found*) return 0 ;; esac
    # Since when its journal is about what it does now: one that dies again and again has just begun.
    since=0
    if [ "$started" -gt 0 ]; then
        since=$((${up%%.*} - started))
        echo "unit $1 age=$since $(printf '%s\n' "$shown" | tr '\n' ' ')"
        # One that dies again and again has just begun: what it died of was said before.
        case $shown in *NRestarts=0*ActiveState=active* | *ActiveState=active*NRestarts=0*) ;; *) [ "$since" -ge 30 ] || since=$((since + 25)) ;; esac
    else
        echo "unit $1 $(printf '%s\n' "$shown" | tr '\n' ' ')"
        since=300
    fi
    [ "$since" -le 900 ] || since=900
    since=$((since + 1))
}
# Lines that differ only in numbers are one: how many, when first, when last, and the last of them.
gist() {
    awk '
        {
            time = $1; sub(/\..*/, "", time)
            text = $0; sub(/^[^ ]* /, "", text)
            key = text; gsub(/[0-9a-f]*[0-9][0-9a-f]*/, "#", key); key = substr(key, 1, 400)
            if (!(key in times)) { order[++all] = key; first[key] = time }
            times[key]++; final[key] = time; said[key] = text
        }
        END { for (i = all > 160 ? all - 159 : 1; i <= all; i++) { key = order[i]; print times[key], first[key], final[key], said[key] } }'
}
journal_of() {
    echo "log $1"
    timeout 15 journalctl -u "$1" --since "-${since}s" -n 1200 -o short-unix --no-pager -q 2>/dev/null |
        sed -n 's/^\([0-9.]*\) [^ ]* \([^ ]*\): /\1 \2: /p' | clean | cut -c 1-2400 | gist | sed 's/^/| /'
}
if [ -d /run/systemd/system ]; then
    for unit in kubelet containerd crio docker cri-docker; do
        state_of "$unit.service"
        case $shown in *LoadState=not-found* | '') ;; *) journal_of "$unit.service" ;; esac
    done
    # Who was killed for want of memory, and disks that do not work.
    echo 'log kernel'
    timeout 10 journalctl -k --since -900s -n 400 -o short-unix --no-pager -q 2>/dev/null | sed -n 's/^\([0-9.]*\) [^ ]* \([^ ]*\): /\1 \2: /p' |
        grep -E 'Out of memory|oom-kill|I/O error|EXT4-fs error|XFS .*(error|[Cc]orrupt)|Remounting filesystem' | cut -c 1-400 | gist | tail -n 20 | sed 's/^/| /'
fi

# Room: path, KiB, KiB free, inodes, inodes free.
for path in / /var /var/lib /var/lib/kubelet /var/lib/containerd /var/lib/containers /var/lib/docker /var/lib/etcd /var/log /run /tmp /etc; do
    [ -d "$path" ] || continue
    timeout 5 stat -f -c '%S %b %a %c %d' "$path" 2>/dev/null | while read -r size blocks free inodes left; do
        echo "disk $path $((size * blocks / 1024)) $((size * free / 1024)) $inodes $left"
    done
    [ -w "$path" ] || say read_only "$path"
done
while read -r _ path _ options _; do
    case $path in
    /usr/local/bin | /usr/local | /usr | /opt | /opt/cni | /opt/cni/bin | /var/lib/containerd | /var/lib/kubelet | /var | /var/lib)
        case ,$options, in *,noexec,*) say noexec "$path" ;; esac
        ;;
    esac
done </proc/mounts
while read -r key value _; do
    case $key in MemTotal: | MemAvailable:) say "memory.${key%:}" "$value" ;; esac
done </proc/meminfo
while read -r name _; do [ "$name" = Filename ] || say swap "$name"; done </proc/swaps
for number in /proc/sys/kernel/pid_max /proc/sys/kernel/threads-max /proc/sys/net/ipv4/ip_forward /proc/sys/fs/inotify/max_user_instances /proc/sys/net/bridge/bridge-nf-call-iptables; do
    [ ! -r "$number" ] || say "kernel.${number##*/}" "$(cat "$number" 2>/dev/null)"
done
! has ip || ip -o addr show 2>/dev/null | awk '$3 == "inet" || $3 == "inet6" { sub(/\/.*/, "", $4); print "address " $4 " " $2 }'

# Who listens where, and which of the cluster's programs run, for how long.
inodes=''
for file in /proc/net/tcp /proc/net/tcp6; do
    [ ! -r "$file" ] || inodes="$inodes $(awk '
        BEGIN { split("094B 2379 094C 2380 192B 6443 2808 10248 2809 10249 280A 10250 2810 10256 2811 10257 2813 10259", pairs, " "); for (i = 1; i < 20; i += 2) port[pairs[i]] = pairs[i + 1] }
        $4 == "0A" { at = $2; sub(/.*:/, "", at); if (at in port) print port[at] ":" $10 }' "$file" | tr '\n' ' ')"
done
tick=$(getconf CLK_TCK 2>/dev/null)
say listeners -
for pair in $inodes; do
    inode=${pair#*:}
    holder=$(timeout 10 find /proc/[0-9]*/fd -lname "socket:\[$inode\]" 2>/dev/null | head -n 1)
    holder=${holder#/proc/}
    comm=
    [ -z "$holder" ] || read -r comm 2>/dev/null <"/proc/${holder%%/*}/comm"
    echo "listener ${pair%%:*} ${comm:-?}"
done
for stat in /proc/[0-9]*/stat; do
    line=
    read -r line 2>/dev/null <"$stat" || continue
    comm=${line#*\(}
    comm=${comm%%)*}
    case $comm in
    kubelet | etcd | kube-apiserver | kube-controller | kube-scheduler | kube-proxy | coredns | containerd | crio | dockerd | cri-dockerd | flanneld | haproxy | kube-vip)
        line=${line##*) }
        # shellcheck disable=SC2086 # numbers
        set -- $line
        shift 19
        echo "process $comm $((${up%%.*} - $1 / ${tick:-100})) ${line%% *}"
        ;;
    esac
done

# path KIND MODE OWNER BYTES PATH, or `absent PATH`.
look() {
    for one; do
        if [ -e "$one" ] || [ -L "$one" ]; then
            stat -L -c 'path %F|%a|%U:%G|%s|%n' "$one" 2>/dev/null || echo "path broken link|0|-|0|$one"
        else
            echo "absent $one"
        fi
    done
}
look "$kubernetes" "$kubernetes"/manifests "$kubernetes"/manifests/*.yaml "$kubernetes"/*.conf "$kubernetes"/pki "$kubernetes"/pki/*.crt "$kubernetes"/pki/*.key "$kubernetes"/pki/*.pub \
    "$kubernetes"/pki/etcd "$kubernetes"/pki/etcd/*.crt "$kubernetes"/pki/etcd/*.key \
    /var/lib/kubelet /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env /var/lib/kubelet/pki /var/lib/kubelet/pki/kubelet-client-current.pem \
    /var/lib/etcd /var/lib/etcd/member /var/lib/etcd/member/snap/db /etc/cni/net.d /etc/cni/net.d/* /opt/cni/bin /opt/cni/bin/* \
    /run/containerd/containerd.sock /var/run/crio/crio.sock /run/cri-dockerd.sock /var/run/cri-dockerd.sock /var/run/dockershim.sock /etc/resolv.conf /etc/hosts /dev/kmsg 2>/dev/null | grep -v '[*]'
for program in kubelet kubectl containerd containerd-shim-runc-v2 runc crictl crio mount iptables conntrack; do
    found=$(command -v "$program" 2>/dev/null)
    if [ -n "$found" ]; then echo "program $program $found"; else echo "program $program"; fi
done
# Programs that units name, which may be there and yet not run.
for unit in kubelet containerd crio; do
    program=$(timeout 5 systemctl cat "$unit.service" 2>/dev/null | sed -n 's/^ExecStart=[-@:+!]*\(\/[^ ]*\).*/\1/p' | tail -n 1)
    [ -z "$program" ] || { echo "exec $unit $program"; look "$program"; }
done

# Settings.
text kubelet.config /var/lib/kubelet/config.yaml
text kubelet.own "$kubernetes/bivouac/kubelet.yaml"
text kubelet.flags /var/lib/kubelet/kubeadm-flags.env
text kubelet.default /etc/default/kubelet
text kubelet.sysconfig /etc/sysconfig/kubelet
text resolv.conf /etc/resolv.conf
text hosts /etc/hosts
if [ -d /run/systemd/system ]; then
    echo 'text kubelet.unit'
    timeout 5 systemctl cat kubelet.service 2>/dev/null | head -c 8000 | marked
fi
resolv=$(sed -n 's/^resolvConf: *//p' /var/lib/kubelet/config.yaml 2>/dev/null)
[ -z "$resolv" ] || { look "$resolv"; text kubelet.resolv "$resolv"; }
for file in "$kubernetes"/manifests/*.yaml; do
    [ -f "$file" ] || continue
    echo "text manifest ${file##*/}"
    head -c 24000 "$file" 2>/dev/null | tr -d '\000' | valueless | marked
done
# Everything in this directory is a static pod to the kubelet, whatever its name.
for file in "$kubernetes"/manifests/* "$kubernetes"/manifests/.[!.]*; do
    case $file in *'*' | *.yaml) ;; *) [ ! -f "$file" ] || say stray "$file" ;; esac
done
for file in /etc/cni/net.d/*; do case $file in *.conf | *.conflist | *.json) text "cni ${file##*/}" "$file" ;; esac; done
# Of a kubeconfig only where it leads to and what it names.
for file in "$kubernetes"/*.conf; do
    [ -f "$file" ] || continue
    echo "text kubeconfig ${file##*/}"
    sed -n -E '/^ *-? *(server|cluster|user|name|current-context|client-certificate|client-key|certificate-authority|kind): /p' "$file" | head -n 40 | marked
    sed -n 's/^ *certificate-authority-data: *//p' "$file" | base64 -d 2>/dev/null | head -c 65536 | certificates "$file#ca"
done
# hostPaths of static pods that must be there.
for file in "$kubernetes"/manifests/*.yaml; do
    [ -f "$file" ] || continue
    awk '/^ *-? *path: \// { sub(/^ *-? *path: */, ""); path = $0 } /^ *type: (File|Directory|Socket)$/ { print path; path = "" }' "$file" | sort -u | head -n 20 | while IFS= read -r path; do
        [ -e "$path" ] || say missing "${file##*/} $path"
    done
done

# The runtime's settings as it understands them, and what it says of a file that it does not.
if has containerd; then
    echo 'text containerd.dump'
    if dump=$(timeout 10 containerd config dump 2>&1); then
        printf '%s\n' "$dump" | grep -E '^ *(sandbox_image|sandbox|SystemdCgroup|systemd_cgroup|disabled_plugins|snapshotter|bin_dir|conf_dir|root|address|imports|version) =' | marked
        say containerd.config good
    else
        say containerd.config "bad $(last "$dump" | clean)"
    fi
    text containerd.file /etc/containerd/config.toml
fi
# Whether containerd serves the Container Runtime Interface: `ctr` works without.
if has ctr && [ -S /run/containerd/containerd.sock ]; then
    plugins=$(timeout 10 ctr --address /run/containerd/containerd.sock plugins ls 2>/dev/null) && {
        state=$(printf '%s\n' "$plugins" | awk '$1 ~ /^io\.containerd\.(grpc\.v1$|cri\.v1$)/ && ($2 == "cri" || $2 == "runtime") { print $NF; exit }')
        say cri.plugin "${state:-absent}"
    }
fi
if has crictl; then
    if answer=$(timeout 10 crictl info 2>&1); then
        say cri up
        printf '%s' "$answer" | tr -d '\n' | grep -o -E '"type": *"(RuntimeReady|NetworkReady)", *"status": *(true|false)' | tr -d '" ' | sed 's/^type:\(.*\),status:/cri.\1 /'
        images=$(timeout 10 crictl images 2>/dev/null | awk 'NR > 1 && $2 != "" && $2 != "<none>" { print $1 ":" $2 }')
    else
        say cri "down $(last "$answer" | clean)"
    fi
fi
if [ -z "$images" ] && has ctr; then images=$(timeout 10 ctr --address /run/containerd/containerd.sock -n k8s.io images ls -q 2>/dev/null | grep -v '^sha256:'); fi
if [ -n "$images" ]; then
    say images -
    printf '%s\n' "$images" | head -n 300 | sed 's/^/image /'
fi

# Whether the kubelet says that it is well.
if has curl; then
    if answer=$(curl -s -m 4 http://127.0.0.1:10248/healthz 2>&1) && [ "$answer" = ok ]; then say healthz ok; else say healthz "down ${answer:-no answer}"; fi
elif has kubectl; then
    if answer=$(KUBECONFIG=/dev/null timeout 6 kubectl --request-timeout=4s --server http://127.0.0.1:10248 get --raw /healthz 2>&1) && [ "$answer" = ok ]; then say healthz ok; else say healthz "down $(last "$answer")"; fi
fi
# The kubelet of 1.20 does not stop where its certificate has ended: what the API says to it is in its own probe (`reach`, survey.sh).

# The last two logs of each container of the cluster's own, from the files, so that no runtime is asked:
# log pod:CONTAINER attempt=N age=SECONDS
now=$(date +%s)
newest() {
    # Newest directory first: a manifest that was changed made a new pod.
    for dir in /var/log/pods/kube-system_*/* /var/log/pods/kube-flannel_*/* /var/log/pods/calico-system_*/*; do
        [ ! -d "$dir" ] || printf '%s %s\n' "$(stat -c %Y "$dir" 2>/dev/null)" "$dir"
    done | sort -rn | awk '{ name = $2; sub(/.*\//, "", name); if (!seen[name]++) print $2 }' | head -n 24
}
newest | while IFS= read -r dir; do
    for file in "$dir"/*.log; do printf '%s\n' "${file##*/}"; done | grep -E '^[0-9]+\.log$' | sort -rn | head -n 2 | sort -n | while IFS= read -r file; do
        echo "log pod:${dir##*/} attempt=${file%.log} age=$((now - $(stat -L -c %Y "$dir/$file" 2>/dev/null || echo "$now")))"
        # containerd and cri-o write `TIME STREAM F TEXT`, docker one JSON object a line.
        tail -n 60 "$dir/$file" 2>/dev/null | tail -c 20000 | sed -E -e 's/^[^ ]+ (stdout|stderr) [FP] //' -e 's/^\{"log":"(.*)\\n","stream":.*/\1/' | marked
    done
done

# What the API knows, where it answers (`state` is the last that `ready api` or a later one said).
if [ -r "$kubernetes/admin.conf" ] && has kubectl && own get --raw /readyz >/dev/null; then
    say pods -
    # shellcheck disable=SC2016 # the variables are the template's
    own get pods -A -o go-template='{{range .items}}{{$n := .metadata.namespace}}{{$p := .metadata.name}}{{$h := .spec.nodeName}}{{$phase := .status.phase}}{{if not .status.containerStatuses}}{{$n}}{{"\t"}}{{$p}}{{"\t"}}{{$h}}{{"\t"}}{{$phase}}{{"\t-\t0\t"}}{{range .status.conditions}}{{if eq .status "False"}}{{.reason}}: {{.message}} {{end}}{{end}}{{"\n"}}{{end}}{{range .status.containerStatuses}}{{if not .ready}}{{$n}}{{"\t"}}{{$p}}{{"\t"}}{{$h}}{{"\t"}}{{$phase}}{{"\t"}}{{.name}}{{"\t"}}{{.restartCount}}{{"\t"}}{{with .state.waiting}}{{.reason}}: {{.message}}{{end}}{{with .state.terminated}}{{.reason}} {{.exitCode}}: {{.message}}{{end}}{{"\n"}}{{end}}{{end}}{{end}}' 2>/dev/null |
        grep -E '^(kube-system|kube-flannel|calico-system|tigera-operator|cilium)	' | grep -v '	Succeeded	' | head -n 40 | clean | cut -c 1-800 | sed 's/^/pod /'
    # When each was seen last stands in one of three places: a series', the kubelet's and the controllers', the scheduler's.
    echo 'log events'
    # shellcheck disable=SC2016 # the variables are the template's
    own get events -A --field-selector type=Warning -o go-template='{{range .items}}{{with .series}}{{.lastObservedTime}}{{end}}|{{with .lastTimestamp}}{{.}}{{end}}|{{with .eventTime}}{{.}}{{end}}|{{.reason}} {{.involvedObject.kind}}/{{.involvedObject.name}}: {{.message}}{{"\n"}}{{end}}' 2>/dev/null |
        tr '\t' ' ' | awk -F '|' 'NF > 3 { time = ""; for (i = 1; i < 4; i++) if ($i ~ /^2/ && $i > time) time = $i; if (time != "") { sub(/^[^|]*[|][^|]*[|][^|]*[|]/, ""); print time " " $0 } }' |
        sort | tail -n 40 | marked
    # shellcheck disable=SC2016 # the variables are the template's
    own get nodes -o go-template='{{range .items}}{{$n := .metadata.name}}{{range .status.conditions}}{{if or (and (eq .type "Ready") (ne .status "True")) (and (ne .type "Ready") (ne .status "False"))}}condition {{$n}} {{.type}} {{.status}} {{.reason}} {{.message}}{{"\n"}}{{end}}{{end}}{{end}}' 2>/dev/null |
        tr -s ' ' | clean | cut -c 1-600
    say conditions -
    # Who leads, and when he last said so: one that runs and cannot reach the API leads no more.
    # shellcheck disable=SC2016 # the variables are the template's
    own get leases -n kube-system -o go-template='{{range .items}}lease {{.metadata.name}} {{.spec.renewTime}} {{.spec.holderIdentity}}{{"\n"}}{{end}}' 2>/dev/null | grep -E '^lease kube-(scheduler|controller-manager) '
fi

# Rules that drop or refuse packets, but kube-proxy's. Only where the tables are there already, so that no module is loaded.
rules() {
    grep -E -- '(-j (DROP|REJECT))|^:(INPUT|OUTPUT|FORWARD) DROP' | grep -v -E 'KUBE-|cali-|CILIUM|FLANNEL|DOCKER' | head -n 20 | sed 's/^/rule /'
}
if has iptables-save; then
    case $(iptables --version 2>/dev/null) in
    *nf_tables*) [ -e /proc/net/netfilter ] && timeout 5 iptables-save -t filter 2>/dev/null | rules ;;
    *) ! grep -qx filter /proc/net/ip_tables_names 2>/dev/null || timeout 5 iptables-save -t filter 2>/dev/null | rules ;;
    esac
fi
# Which way packets to the API server take.
server=$(sed -n 's/^ *server: *https:\/\///p' "$kubernetes/kubelet.conf" 2>/dev/null | head -n 1)
case $server in
'' | *[!0-9.:]*) ;;
*) ! has ip || say route "$(ip -o route get "${server%:*}" 2>&1 | head -n 1)" ;;
esac
echo end
