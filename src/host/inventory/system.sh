# shellcheck shell=sh
# shellcheck disable=SC2154 # inventory.sh sets them
# Units, packages, processes, cgroups.

# A pattern among them stands for the files of units that are there.
set -f
for unit in $units; do
    case $unit in *'*'*) ;; *) continue ;; esac
    set +f
    # shellcheck disable=SC2086 # it is a pattern
    for path in /etc/systemd/system/$unit; do [ ! -f "$path" ] || units="$units ${path##*/}"; done
    set -f
done
if has systemctl; then
    # shellcheck disable=SC2086 # names of units have no blanks
    shown=$(timeout 20 systemctl show -p Id -p LoadState -p UnitFileState -p ActiveState -p FragmentPath -p ExecStart -- $units 2>/dev/null)
    case $? in 124 | 137) say fact unread value 'the units of systemd, which does not answer' ;; esac
    set +f
    printf '%s\n' "$shown" | awk '
        function out() { if (id != "" && (load != "not-found" || active ~ /^(active|activating|reloading|deactivating)$/)) print id "\t" load "\t" (enabled == "" ? "-" : enabled) "\t" active "\t" (file == "" ? "-" : file) "\t" program "\t" role; id = load = enabled = active = file = program = role = "" }
        $0 == "" { out(); next }
        { key = $0; sub(/=.*/, "", key); value = substr($0, length(key) + 2) }
        key == "Id" { id = value }
        key == "LoadState" { load = value }
        key == "UnitFileState" { enabled = value }
        key == "ActiveState" { active = value }
        key == "FragmentPath" { file = value }
        key == "ExecStart" && program == "" {
            # Of its arguments the first, where that is one of these two: others may be secrets.
            split(value, command, "argv\\[\\]=")
            split(command[2], words, " ")
            if (words[2] ~ /^(server|agent)$/) role = words[2]
            sub(/^{ path=/, "", value); sub(/ ;.*/, "", value)
            program = value
        }
        END { out() }' | while IFS=$tab read -r unit load enabled active file program role; do
        # A unit that was started once and is gone from the disk is known until it stops.
        say unit "$unit" load "$load" enabled "${enabled:--}" active "$active" file "${file#-}" program "$program" role "$role"
    done
    # Enabled by a link, but the unit's file is gone.
    for unit in $units; do
        for path in /etc/systemd/system/*.wants/"$unit" /etc/systemd/system/*.requires/"$unit"; do
            [ ! -L "$path" ] || [ -e "$path" ] || say path "$path" type l target "$(readlink -- "$path")" dangling yes
        done
    done
fi

set +f
# Some have dpkg on an RPM host, for other things.
if has dpkg-query && [ -s /var/lib/dpkg/status ]; then
    # shellcheck disable=SC2016,SC2086 # the package manager expands it; names have no blanks
    dpkg-query -W -f '${Package}\t${db:Status-Abbrev}\t${Version}\n' -- $packages 2>/dev/null | while IFS=$tab read -r name status version; do
        held=no
        case $status in
        h*) held=yes ;;
        un*) continue ;;
        esac
        automatic=no
        ! awk -v name="$name" '$1 == "Package:" { hit = $2 == name } hit && $1 == "Auto-Installed:" && $2 == 1 { found = 1 } END { exit !found }' \
            /var/lib/apt/extended_states 2>/dev/null || automatic=yes
        say package "$name" manager apt version "$version" held "$held" automatic "$automatic" state "${status%% *}"
    done
elif has rpm; then
    # shellcheck disable=SC2086 # names have no blanks
    timeout 20 rpm -q --qf '%{NAME}\t%{VERSION}-%{RELEASE}\n' $packages 2>/dev/null | grep "$tab" | while IFS=$tab read -r name version; do
        held=no
        ! grep -qsE "(^|[:!])$name-" /etc/dnf/plugins/versionlock.list /etc/yum/pluginconf.d/versionlock.list 2>/dev/null || held=yes
        manager=rpm
        say package "$name" manager $manager version "$version" held "$held" automatic no state ii
    done
fi

# Users and groups that installers make, as this host's own files have them: a directory's may not be removed here.
for name in kubeadm-etcd kubeadm-kas kubeadm-kcm kubeadm-ks kube etcd kine konnectivity-server kube-apiserver kube-scheduler; do
    grep -sE "^$name:" /etc/passwd | head -n 1 | while IFS=: read -r name _ uid _ comment home _; do say user "$name" uid "$uid" comment "$comment" home "$home"; done
done
for name in kubeadm-sa-key-readers kube-cert; do
    grep -sE "^$name:" /etc/group | head -n 1 | while IFS=: read -r name _ gid members; do
        say group "$name" gid "$gid" members "$members" primary "$(awk -F : -v gid="$gid" '$4 == gid { print $1 }' /etc/passwd | tr '\n' ' ')"
    done
done

# Pods' cgroups, only at the top: deeper ones are those of clusters in containers on this host (kind, k3s in LXD). The tree of systemd
# mirrors the others.
for path in /sys/fs/cgroup/kubepods /sys/fs/cgroup/kubepods.slice /sys/fs/cgroup/*/kubepods /sys/fs/cgroup/*/kubepods.slice; do
    case $path in /sys/fs/cgroup/systemd/*) continue ;; esac
    [ -d "$path" ] || continue
    running=$(find "$path" -name cgroup.procs -exec cat {} + 2>/dev/null | grep -vxc 0)
    say cgroup "$path" processes "$running"
done

# What runs on this host itself, not in containers of others.
for path in /proc/[0-9]*/comm; do
    name=
    read -r name 2>/dev/null <"$path" || continue
    case $name in
    kubelet | kube-apiserver | kube-controller | kube-scheduler | kube-proxy | etcd | k3s | k3s-server | k3s-agent | rke2 | k0s | flanneld | calico-node | cilium-agent | \
        containerd-shim* | kube-router | weaver | lvscare | image-cri-shim | cri-dockerd) ;;
    *) continue ;;
    esac
    pid=${path#/proc/}
    pid=${pid%/comm}
    pods=no
    ! in_pods "$pid" || pods=yes
    [ $pods = yes ] || [ "$(readlink "/proc/$pid/ns/pid" 2>/dev/null)" = "$(readlink /proc/self/ns/pid)" ] || continue
    namespace=
    case $name in containerd-shim*) namespace=$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | sed -n 's/.* -namespace \([^ ]*\) .*/\1/p') ;; esac
    say process "$name" pid "$pid" pods "$pods" namespace "$namespace" program "$(readlink "/proc/$pid/exe" 2>/dev/null)"
    # Which networks it was told: of its arguments nothing else leaves the host (ranges.sh).
    case $name in etcd | containerd-shim*) ;; *) head -c 200000 "/proc/$pid/cmdline" 2>/dev/null | ranges_in "the arguments of $name" ;; esac
done
