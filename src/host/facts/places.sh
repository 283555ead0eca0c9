# The places where files will go: what is there, on which file system, and what keeps root from writing.

places="/ /etc /etc/cni /etc/cni/net.d /etc/containerd /etc/containerd/config.toml /etc/crictl.yaml /etc/crio /etc/docker /etc/kubernetes
    /etc/kubernetes/manifests /etc/modules-load.d /etc/modules-load.d/bivouac.conf /etc/sysctl.d /etc/sysctl.d/90-bivouac.conf
    /etc/systemd/system /etc/systemd/system/containerd.service /etc/systemd/system/kubelet.service /opt /opt/cni /opt/cni/bin
    /opt/containerd /root /run /run/containerd /run/systemd/system /tmp /usr /usr/libexec /usr/libexec/kubernetes /usr/local
    /usr/local/bin /usr/local/bin/containerd /usr/local/bin/containerd-shim-runc-v2 /usr/local/bin/crictl /usr/local/bin/ctr
    /usr/local/bin/kubeadm /usr/local/bin/kubectl /usr/local/bin/kubelet /usr/local/bin/runc /var /var/lib /var/lib/bivouac
    /var/lib/cni /var/lib/containerd /var/lib/containers /var/lib/crio /var/lib/docker /var/lib/etcd /var/lib/kubelet /var/log
    /var/log/containers /var/log/pods"
# path, mode, mount point, kind; and of these mount points options, type, and whether mounts spread from there. stat's own mount point
# is no bind mount's, so it is looked for in the kernel's list: the longest, and of those at one place the last, which is the one that is seen.
say place -
# shellcheck disable=SC2086 # no blanks are in them
{ readlink -m $places; echo; stat -L -c '%n %a %F' $places; echo; } 2>/dev/null | awk -v all="$places" '
    BEGIN { split(all, name) }
    $0 == "" { part++; next }
    !part { real[name[NR]] = $0; next }
    part == 1 { path[++count] = $1; mode[count] = $2; $1 = $2 = ""; kind[count] = substr($0, 3); next }
    {
        shared = 0
        for (i = 7; i <= NF && $i != "-"; i++) if ($i ~ /^shared:/) shared = 1
        # What is read-only below the mount counts as well.
        options = $6
        if ($(i + 3) ~ /^ro(,|$)/) options = "ro," options
        at[++mounts] = $5; mount[mounts] = $5 " " options " " $(i + 1) " " shared
    }
    END {
        for (i = 1; i <= count; i++) {
            where = real[path[i]]
            best = 0
            for (m = 1; m <= mounts; m++)
                if ((at[m] == "/" || at[m] == where || index(where, at[m] "/") == 1) && (!best || length(at[best]) <= length(at[m]))) best = m
            if (!best) continue
            print "place " path[i] " " mode[i] " " at[best] " " kind[i]
            seen[best] = 1
        }
        for (m in seen) print "mount " mount[m]
    }
' - /proc/self/mountinfo
say dangling -
for path in $places; do
    [ -e "$path" ] || [ ! -L "$path" ] || say dangling "$path $(readlink "$path")"
done
if has lsattr; then
    say immutable -
    # shellcheck disable=SC2086
    lsattr -d $places 2>/dev/null | while read -r flags path; do
        case $flags in *[ia]*) say immutable "$path" ;; esac
    done
fi
# access(2) says no to root only where the file system is mounted read-only, or the file may not be changed.
say read_only -
for path in $places; do
    [ -w "$path" ] || [ ! -e "$path" ] || say read_only "$path"
done
# Where the pods' own will be made.
for path in /sys/fs/cgroup/cpu /sys/fs/cgroup/cpuset /sys/fs/cgroup/memory /sys/fs/cgroup/pids; do
    [ ! -d "$path" ] || [ -w "$path" ] || say read_only "$path"
done
if [ -e /sys/fs/cgroup/cgroup.controllers ] && [ ! -w /sys/fs/cgroup ]; then say read_only /sys/fs/cgroup; fi
for path in /dev/kmsg /dev/null; do
    if [ -c "$path" ]; then say device "$path 1"; else say device "$path 0"; fi
done
