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

# Where its store is, if not where it is by itself: the first lines of its configuration, before any table.
root=$(sed -n '/^[[:space:]]*\[/q; s/^[[:space:]]*root[[:space:]]*=[[:space:]]*["'"'"']\(\/[^"'"'"']*\)["'"'"'].*/\1/p' /etc/containerd/config.toml 2>/dev/null | head -n 1)
root=${root%/}
if [ -n "$root" ] && [ "$root" != /var/lib/containerd ] && ! is_remote "$root" && [ -d "$root" ]; then
    say path "$root" type d words containerd-root
fi

answers=no
if has docker && [ -S /run/docker.sock ]; then
    containers=$(timeout 20 docker --config /nonexistent --host unix:///run/docker.sock container ls -a --no-trunc \
        --format '{{.ID}} {{.Names}} {{.State}} {{.Label "io.kubernetes.pod.name"}} {{.Label "io.rancher.rke.container.name"}}' 2>/dev/null)
    case $? in
    0) answers=yes ;;
    124 | 137) say fact unread value 'the containers of docker, which does not answer' ;;
    esac
fi
say fact docker value "$answers"
if [ $answers = yes ] && [ -n "$containers" ]; then
    printf '%s\n' "$containers" | while read -r id name state pod rke; do
        kubernetes=no
        # By its name and by its label: one alone may be anybody's.
        case $name:$pod in k8s_*:?*) kubernetes=yes ;; esac
        [ -z "$rke" ] || kubernetes=rke
        say container "$id" name "$name" state "$state" kubernetes "$kubernetes"
    done
fi
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
# Storage add-ons' devices: named, never touched.
for path in /dev/longhorn/* /dev/mapper/ceph-* /dev/ceph-*; do
    [ -e "$path" ] || continue
    say disk "$path"
done
if [ -d /sys/bus/rbd/devices ]; then
    for path in /sys/bus/rbd/devices/*; do [ ! -e "$path" ] || say disk "/dev/rbd${path##*/}"; done
fi
