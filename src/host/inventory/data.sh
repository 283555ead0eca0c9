# shellcheck shell=sh
# shellcheck disable=SC2154 # inventory.sh and paths.sh set them
# Data in places that only a configuration names, and what pods have of the host. $named is what an earlier look knew, as `KIND<TAB>OF<TAB>PATH<TAB>FROM`:
# what said so goes in the course of a wipe.

# seen KIND OF PATH FROM: what is there. $there gets it, so that its package is asked for.
seen_places=
seen() {
    path=$3
    while :; do case $path in ?*/) path=${path%/} ;; *) break ;; esac done
    # /var/run is a link to /run, and who mounts there means the latter.
    case $path in /var/run/*) path=/run/${path#/var/run/} ;; esac
    case $path in /*) ;; *) return 0 ;; esac
    case $newline$seen_places in *"$newline$1$tab$2$tab$path$newline"*) return 0 ;; esac
    seen_places="$seen_places$1$tab$2$tab$path$newline"
    if is_remote "$path"; then
        say "$1" "$path" of "$2" from "$4" type d mount remote
        return 0
    elif [ -L "$path" ]; then
        say "$1" "$path" of "$2" from "$4" type l target "$(readlink -- "$path")"
    elif [ -d "$path" ]; then
        case "$newline$mounts" in
        *"$newline$path$tab"* | *"$newline$path/"*) at=$(mounts_at "$path") ;;
        *) at='- 0 0' ;;
        esac
        empty=yes
        for inner in "$path"/* "$path"/.[!.]* "$path"/..?*; do
            if [ -e "$inner" ] || [ -L "$inner" ]; then
                empty=no
                break
            fi
        done
        below=${at#* }
        own=
        signed=no
        others=
        if [ "$1" = place ]; then
            case $2 in crio | containers) others=$(others_in "$path") ;; esac
            own=$(bv_elsewhere_own "$2" "$path" | grep -c .)
            ! bv_elsewhere_signed "$2" "$path" || signed=yes
        fi
        say "$1" "$path" of "$2" from "$4" type d empty $empty mount "${at%% *}" mounts "${below% *}" kept "${below#* }" own "$own" signed $signed others "$others" denied "$(bv_elsewhere_denies "$2" "$path")"
    elif [ -f "$path" ]; then
        say "$1" "$path" of "$2" from "$4" type f denied "$(bv_elsewhere_denies "$2" "$path")"
    else
        return 0
    fi
    case $path in *[!a-zA-Z0-9_./:+@=-]*) ;; *) there="$there$path$newline" ;; esac
}

# option NAME FILE...: what the option --NAME is in files of units, of environments, and in arguments of programs: `--NAME=VALUE`, `--NAME VALUE`, quoted or
# not, also over the ends of lines.
option() {
    option=$1
    shift
    cat -- "$@" 2>/dev/null | head -c 200000 | tr '\000\\"'"'" '\n   ' | grep -v '^[[:space:]]*[#;]' | tr '\n\t' '  ' |
        grep -oE -- "(^| )--?$option( *= *| +)/[^ ,]+" | sed 's/^[^/]*//' | sort -u | head -n 8
}
# commands NAME FILE...: what units start where that is `NAME server` or `NAME agent`, a line each: what runs before it may have any options (`test -d /srv`).
commands() {
    command=$1
    shift
    cat -- "$@" 2>/dev/null | head -c 200000 | tr -d '\000"'"'" | awk '
        /^[ \t]*[#;]/ { next }
        { line = line $0; if (sub(/\\$/, " ", line)) next; print line; line = "" }
        END { print line }' | sed 's/^[[:space:]]*//' | grep -E "^ExecStart[[:space:]]*=[[:space:]]*[-@:+!]*/[^[:space:]]*/${command}[[:space:]]+(server|agent)([[:space:]]|\$)" |
        sed 's/[[:space:]];[[:space:]].*//'
}
# variable NAME FILE...: likewise what a variable is.
variable() {
    variable=$1
    shift
    cat -- "$@" 2>/dev/null | head -c 200000 | tr -d '"'"'" | grep -oE "(^|[[:space:]=])$variable=/[^[:space:]]+" | sed 's/^[^/]*//' | sort -u | head -n 8
}
# field NAME FILE...: likewise a field at the top of a YAML file, or of TOML (before the first table) and JSON.
field() {
    field=$1
    shift
    for file; do
        [ -f "$file" ] || continue
        head -c 200000 -- "$file" 2>/dev/null | tr -d '\000' | sed -n '/^[[:space:]]*\[/q; s/^[[:space:]]*[{]\{0,1\}[[:space:]]*["'"'"']\{0,1\}'"$field"'["'"'"']\{0,1\}[[:space:]]*[:=][[:space:]]*["'"'"']\{0,1\}\(\/[^"'"'"'#,]*\).*/\1/p' |
            sed 's/[[:space:]]*$//'
    done | sort -u | head -n 8
}
# arguments PROGRAM: the files with the arguments of such programs on this host itself.
arguments() {
    for comm in /proc/[0-9]*/comm; do
        name=
        read -r name 2>/dev/null <"$comm" || continue
        [ "$name" = "$1" ] || continue
        pid=${comm#/proc/}
        pid=${pid%/comm}
        # In a container a path is the container's.
        [ "$(readlink "/proc/$pid/ns/mnt" 2>/dev/null)" = "$(readlink /proc/self/ns/mnt)" ] || continue
        echo "/proc/$pid/cmdline"
    done
}
# places OF FROM USUAL: each path of stdin, but where the table looks anyway.
places() {
    while IFS= read -r path; do
        [ -n "$path" ] || continue
        case ${path%/} in "$3" | "$3"/* | /var/lib/crio) continue ;; esac
        printf 'place\t%s\t%s\t%s\n' "$1" "$path" "$2"
    done
}
units_of() { for name; do printf '%s\n' /etc/systemd/system/"$name" /etc/systemd/system/"$name".d/*.conf /usr/lib/systemd/system/"$name" /usr/lib/systemd/system/"$name".d/*.conf /usr/local/lib/systemd/system/"$name"; done; }

# roots_in FILE...: where these say that images and containers are.
roots_in() {
    sed -n 's/^[[:space:]]*\(graphroot\|root\)[[:space:]]*=[[:space:]]*["'"'"']\(\/[^"'"'"']*\)["'"'"'].*/\2/p' "$@" 2>/dev/null
}
# Containers in the store $1 of CRI-O's and podman's that are no pods.
others_in() {
    head -c 400000 -- "$1/overlay-containers/containers.json" 2>/dev/null | grep -oE '"names" *: *\["[^"]*"' | sed 's/.*"\([^"]*\)"$/\1/' | grep -v '^k8s_' | head -n 5 | tr '\n' ' '
}

data_places() {
    IFS=$newline
    # shellcheck disable=SC2046 # one file a line
    {
        option data-dir /etc/kubernetes/manifests/etcd.yaml | places etcd "the manifest of the cluster's etcd" /var/lib/etcd
        {
            option data-dir $(units_of etcd.service etcd-events.service) $(arguments etcd)
            variable ETCD_DATA_DIR /etc/etcd.env /etc/etcd-events.env /etc/etcd/etcd.conf /etc/default/etcd /etc/sysconfig/etcd $(units_of etcd.service etcd-events.service)
            field data-dir /etc/etcd/*.yml /etc/etcd/*.yaml /etc/etcd/etcd.conf
        } | places etcd-service 'the etcd that is a service of its own' /var/lib/etcd
        option root-dir $(units_of kubelet.service) /var/lib/kubelet/kubeadm-flags.env /etc/default/kubelet /etc/sysconfig/kubelet /etc/kubernetes/kubelet.env $(arguments kubelet) |
            places kubelet "the kubelet's \`--root-dir\`" /var/lib/kubelet
        for name in k3s rke2; do
            case $name in
            # One of another name is known by what it starts.
            k3s) started=$(units_of k3s.service k3s-agent.service && grep -lE '^ExecStart=/[a-z/]+/k3s( |$)' /etc/systemd/system/k3s-*.service) variable=K3S_DATA_DIR ;;
            *) started=$(units_of rke2-server.service rke2-agent.service) variable=RKE2_DATA_DIR ;;
            esac
            {
                field data-dir /etc/rancher/$name/config.yaml /etc/rancher/$name/config.yaml.d/*.yaml
                # `-d` is its short name, and its installer quotes each word (k3s' install.sh).
                # shellcheck disable=SC2086 # one a line
                started=$(commands "$name" $started)
                printf '%s\n' "$started" | option data-dir -
                printf '%s\n' "$started" | option d -
                variable "$variable" /etc/systemd/system/$name*.env
            } | places $name "$name's \`data-dir\`" /var/lib/rancher/$name
        done
        option data-dir $(units_of k0scontroller.service k0sworker.service) $(arguments k0s) | places k0s "k0s' \`--data-dir\`" /var/lib/k0s
        option kubelet-root-dir $(units_of k0scontroller.service k0sworker.service) $(arguments k0s) | places kubelet "k0s' \`--kubelet-root-dir\`" /var/lib/k0s
        field root /etc/containerd/config.toml | places containerd "\`root\` of \`/etc/containerd/config.toml\`" /var/lib/containerd
        field state /etc/containerd/config.toml | places containerd-state "\`state\` of \`/etc/containerd/config.toml\`" /run/containerd
        {
            field data-root /etc/docker/daemon.json
            field graph /etc/docker/daemon.json
            option data-root $(units_of docker.service) $(arguments dockerd)
        } | places docker "docker's \`data-root\`" /var/lib/docker
        roots_in /etc/crio/crio.conf /etc/crio/crio.conf.d/*.conf | places crio "\`root\` of CRI-O's configuration" /var/lib/containers
        # podman's and buildah's as well.
        roots_in /etc/containers/storage.conf /usr/share/containers/storage.conf | places containers "\`graphroot\` of the configuration of containers' storage" /var/lib/containers
    } 2>/dev/null
}

# What manifests of static pods have of the host (`hostPath: {path: ..., type: ...}` over lines), as `TYPE<TAB>PATH<TAB>FILE`.
host_paths_of_manifests() {
    for path in /etc/kubernetes/manifests/*.yaml /etc/kubernetes/manifests/*.yml /var/lib/rancher/*/agent/pod-manifests/*.yaml; do
        [ -f "$path" ] || continue
        head -c 200000 -- "$path" 2>/dev/null | FILE=$path awk '
            function out() { if (at != "") print kind "\t" at "\t" ENVIRON["FILE"]; at = kind = ""; inside = 0 }
            function value(text) { sub(/^[^:]*:[ \t]*/, "", text); sub(/[ \t]+#.*$/, "", text); gsub(/^["\047]|["\047]?[ \t\r]*$/, "", text); return text }
            {
                match($0, /^ */)
                depth = RLENGTH
                if (inside && depth <= inside && $0 !~ /^ *$/) out()
            }
            /^ *(- )?hostPath:[ \t\r]*$/ { inside = depth + ($0 ~ /^ *- / ? 2 : 0); if (inside == 0) inside = 0.5; next }
            # The same on one line.
            /hostPath:[ \t]*[{].*path:/ {
                at = $0; sub(/.*[{, ]path:[ \t]*/, "", at); sub(/[,}].*/, "", at); gsub(/["\047]|[ \t]+$/, "", at)
                if ($0 ~ /[{, ]type:/) { kind = $0; sub(/.*[{, ]type:[ \t]*/, "", kind); sub(/[,}].*/, "", kind); gsub(/["\047]|[ \t]+$/, "", kind) }
                out()
                next
            }
            inside && /^ *path:/ { at = value($0) }
            inside && /^ *type:/ { kind = value($0) }
            END { out() }'
    done
}
# What containers of pods that run have: the mounts of their bundles (OCI runtime specification), with the pod that the runtime notes there. Their own volumes
# lie where the kubelet has them, which is looked at anyway.
host_paths_of_bundles() {
    set --
    for path in /run/containerd/io.containerd.runtime.v2.task/k8s.io/*/config.json /run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/*/config.json \
        /run/k0s/containerd/io.containerd.runtime.v2.task/k8s.io/*/config.json /run/containers/storage/overlay-containers/*/userdata/config.json; do
        [ -f "$path" ] || continue
        if [ $# -ge 400 ]; then
            printf 'unread\t\t\n'
            break
        fi
        set -- "$@" "$path"
    done
    [ $# -gt 0 ] || return 0
    # podman has such bundles too, without a pod's names.
    # shellcheck disable=SC2016 # awk expands it
    timeout 20 awk '
        BEGIN { RS = "\001" }
        function note(key, text) {
            text = $0
            if (!match(text, "\"" key "\" *: *\"[^\"]*\"")) return ""
            text = substr(text, RSTART, RLENGTH - 1)
            sub(/.*"/, "", text)
            return text
        }
        function part(text, key) {
            if (!match(text, "\"" key "\" *: *\"[^\"]*\"")) return ""
            text = substr(text, RSTART, RLENGTH - 1)
            sub(/^[^:]*: *"/, "", text)
            return text
        }
        {
            gsub(/[\n\t]/, "")
            space = note("io[.]kubernetes[.]cri[.]sandbox-namespace"); name = note("io[.]kubernetes[.]cri[.]sandbox-name")
            if (name == "") { space = note("io[.]kubernetes[.]pod[.]namespace"); name = note("io[.]kubernetes[.]pod[.]name") }
            if (name == "") next
            rest = $0
            while (match(rest, /[{] *"destination" *: *"[^}]*[}]/)) {
                mount = substr(rest, RSTART, RLENGTH)
                rest = substr(rest, RSTART + RLENGTH)
                source = part(mount, "source")
                if (part(mount, "type") != "bind" || source !~ /^\//) continue
                # So Go writes these.
                gsub(/\\u0026/, "\\&", source); gsub(/\\u003c/, "<", source); gsub(/\\u003e/, ">", source)
                print "\t" source "\t" space "/" name
            }
        }' "$@" 2>/dev/null
}
host_paths_of_docker() {
    if [ ! -S /run/docker.sock ] || ! has docker; then return 0; fi
    ids=$(timeout 20 docker --config /nonexistent --host unix:///run/docker.sock container ls -a -q --no-trunc --filter label=io.kubernetes.pod.name 2>/dev/null | grep -xE '[0-9a-f]+' | head -n 400)
    [ -n "$ids" ] || return 0
    IFS=$newline
    # shellcheck disable=SC2016,SC2086 # docker expands it; one a line
    timeout 30 docker --config /nonexistent --host unix:///run/docker.sock container inspect \
        -f '{{$l := .Config.Labels}}{{range .Mounts}}{{if eq .Type "bind"}}{{"\t"}}{{.Source}}{{"\t"}}{{index $l "io.kubernetes.pod.namespace"}}/{{index $l "io.kubernetes.pod.name"}}{{"\n"}}{{end}}{{end}}' -- $ids 2>/dev/null | grep .
}

data=$(
    data_places
    {
        host_paths_of_manifests
        host_paths_of_bundles
        host_paths_of_docker
    } 2>/dev/null | awk -F '\t' '
        $1 == "unread" { print; next }
        { print "hostpath\t" ($1 == "" ? "-" : $1) "\t" $2 "\t" $3 }' |
        # These are the pods'\'' own, and many.
        grep -vE "^hostpath${tab}[^$tab]*$tab(/var/lib/kubelet/|/run/containerd/|/run/k3s/containerd/|/var/lib/containers/|/run/containers/|/var/lib/docker/containers/)" | sort -u | head -n 500
)
IFS=" $tab$newline"
case $newline$data in *"${newline}unread"*) say fact unread value 'what pods have of the host in more than 400 containers' ;; esac
while IFS=$tab read -r kind of path from; do
    case $kind:$path in
    *:) ;;
    place:* | hostpath:*) seen "$kind" "$of" "$path" "$from" ;;
    esac
done <<D
$named
$data
D
IFS=" $tab$newline"
