# shellcheck shell=sh
# shellcheck disable=SC2154 # inventory.sh sets them
# Who uses containerd and docker.

# What containerd says (its socket is named: a `ctr` of k3s' goes to k3s' own); where it does not answer, what its shims and its own database of snapshots tell (names in it may be old ones).
answers=no
if has ctr && [ -S /run/containerd/containerd.sock ]; then
    namespaces=$(timeout 10 ctr --address /run/containerd/containerd.sock namespaces ls -q 2>/dev/null) && answers=yes
fi
say fact containerd value "$answers"
if [ $answers = yes ]; then
    for name in $namespaces; do
        say namespace "$name" \
            containers "$(timeout 10 ctr --address /run/containerd/containerd.sock -n "$name" containers ls -q 2>/dev/null | grep -c .)" \
            images "$(timeout 10 ctr --address /run/containerd/containerd.sock -n "$name" images ls -q 2>/dev/null | grep -c .)"
    done
else
    for path in /var/lib/containerd/io.containerd.snapshotter.v1.*/metadata.db; do
        [ -f "$path" ] || continue
        timeout 20 grep -aoE '[a-zA-Z0-9._-]{1,60}/[0-9]{1,9}/(sha256:|extract-|[0-9a-f]{64})' "$path" 2>/dev/null | cut -d / -f 1 |
            # Names stand in the file without anything between them and what is before.
            sed -E 's/^.*(k8s\.io|moby|default|buildkit|nerdctl)$/\1/' | sort -u
    done | sort -u | while IFS= read -r name; do say namespace "$name" containers '?' images '?'; done
    for path in /run/containerd/io.containerd.runtime.v2.task/*; do
        [ -d "$path" ] || continue
        say namespace "${path##*/}" containers '?' images '?'
    done
fi

answers=no
if has docker && [ -S /run/docker.sock ]; then
    # A label may be anything: as JSON it has neither tabs nor line breaks, and is never nothing.
    containers=$(timeout 20 docker --config /nonexistent --host unix:///run/docker.sock container ls -a --no-trunc \
        --format '{{.ID}}{{"\t"}}{{.Names}}{{"\t"}}{{json (.Label "io.kubernetes.pod.name")}}{{"\t"}}{{json (.Label "io.rancher.rke.container.name")}}' 2>/dev/null)
    case $? in
    0) answers=yes ;;
    124 | 137) say fact unread value 'the containers of docker, which does not answer' ;;
    esac
fi
say fact docker value "$answers"
if [ $answers = yes ] && [ -n "$containers" ]; then
    printf '%s\n' "$containers" | while IFS=$tab read -r id name pod rke; do
        kubernetes=no
        # By its name and by its label: one alone may be anybody's.
        case $name:$pod in k8s_*:'"'?*'"') kubernetes=yes ;; esac
        case $rke in '"'?*'"') kubernetes=rke ;; esac
        say container "$id" name "$name" kubernetes "$kubernetes"
    done
fi
# Its images, where it had pods: those of Kubernetes' own registries, and those of which nobody but pods has containers.
if [ $answers = yes ] && printf '%s\n' "$containers" | grep -q "^[0-9a-f]*${tab}k8s_"; then
    # shellcheck disable=SC2046 # ids
    made=$(timeout 30 docker --config /nonexistent --host unix:///run/docker.sock container inspect -f '{{.Image}} {{.Name}}' -- $(printf '%s\n' "$containers" | cut -f 1) 2>/dev/null)
    timeout 20 docker --config /nonexistent --host unix:///run/docker.sock image ls --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}' 2>/dev/null | MADE=$made awk '
        BEGIN {
            n = split(ENVIRON["MADE"], lines, "\n")
            for (i = 1; i <= n; i++) { split(lines[i], it, " "); if (it[2] ~ /^\/k8s_/) pods[it[1]] = 1; else if (it[1] != "") others[it[1]] = 1 }
        }
        $2 !~ /<none>/ {
            used = ($1 in others) ? "others" : ($1 in pods) ? "pods" : "-"
            if (used == "pods" || $2 ~ /^(registry\.k8s\.io|k8s\.gcr\.io|gcr\.io\/google_containers)\//) print used "\t" $2
        }' | head -n 300 | while IFS=$tab read -r used name; do say image "$name" used "$used"; done
fi
# Containers in the store of CRI-O and podman that are no pods.
say fact store-others value "$(others_in /var/lib/containers/storage)"
# What the kubelet was told to use.
runtime=$(cat /var/lib/kubelet/kubeadm-flags.env /etc/default/kubelet /etc/sysconfig/kubelet /var/lib/kubelet/config.yaml /etc/systemd/system/kubelet.service.d/*.conf \
    /usr/lib/systemd/system/kubelet.service.d/*.conf /etc/systemd/system/kubelet.service /etc/kubernetes/kubelet.env 2>/dev/null | grep -oE '(/[a-z0-9/_.-]+\.sock)' | sort -u | tr '\n' ' ')
say fact kubelet-runtime value "$runtime"
# A rules of who may need containerd besides.
if has dpkg-query && [ -s /var/lib/dpkg/status ]; then
    # shellcheck disable=SC2016 # dpkg-query expands it
    needs=$(dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\t${Depends}, ${Pre-Depends}\n' 2>/dev/null |
        awk -F '\t' '$1 ~ /^.i/ && $3 ~ /(^|[ ,|])(containerd|containerd\.io|runc)([ ,(:]|$)/ { print $2 }' | sort -u | tr '\n' ' ')
    say fact needs-containerd value "$needs"
elif has rpm; then
    say fact needs-containerd value "$(timeout 10 rpm -q --whatrequires containerd containerd.io runc --qf '%{NAME}\n' 2>/dev/null | grep -v 'no package' | sort -u | tr '\n' ' ')"
fi
