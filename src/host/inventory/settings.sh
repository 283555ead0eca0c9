# shellcheck shell=sh
# shellcheck disable=SC2154 # inventory.sh sets them
# What installers change in the system: values now, and lines of files that many write.

settings='vm.swappiness vm.overcommit_memory vm.panic_on_oom vm.max_map_count vm.dirty_ratio vm.dirty_background_ratio kernel.panic kernel.panic_on_oops
kernel.softlockup_panic kernel.softlockup_all_cpu_backtrace fs.inotify.max_user_instances fs.inotify.max_queued_events net.core.netdev_max_backlog
net.ipv4.ip_forward net.ipv6.conf.all.forwarding net.ipv6.conf.all.disable_ipv6 net.ipv4.conf.all.route_localnet net.ipv4.conf.all.log_martians
net.ipv4.ip_nonlocal_bind net.ipv4.tcp_tw_reuse net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_time net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes
net.ipv4.tcp_synack_retries net.ipv4.tcp_slow_start_after_idle net.ipv4.tcp_no_metrics_save net.ipv4.tcp_rfc1337 net.ipv4.neigh.default.gc_thresh1
net.ipv4.neigh.default.gc_thresh2 net.ipv4.neigh.default.gc_thresh3 net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce'
sysctl_files=$(for path in /run/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf /etc/sysctl.d/*.conf /etc/sysctl.conf; do
    # Names of two words would be two files.
    case $path in *[!a-zA-Z0-9_./:@+~-]*) ;; *) [ ! -r "$path" ] || printf '%s ' "$path" ;; esac
done)
# Of each setting the value now, the last file that sets it, and the last that is not an installer's, which the table asks for by its path. Of what
# an installer's file sets besides, what has that value now.
# shellcheck disable=SC2086 # a list
SETTINGS=$settings ASKED=$asked awk '
    function now(key, path, value) {
        path = "/proc/sys/" key
        gsub(/\./, "/", path)
        value = ""
        if ((getline value < path) < 0) value = ""
        close(path)
        gsub(/[ \t]+/, " ", value)
        return value
    }
    function boot(key, value) {
        if (!(key in wanted)) { theirs[key] = 1; return }
        file[key] = own[key] = "/proc/cmdline"
        set[key] = owned[key] = value
    }
    function some(text) { return text == "" ? "-" : text }
    BEGIN {
        count = split(ENVIRON["SETTINGS"], names, /[ \n]+/)
        for (i = 1; i <= count; i++) wanted[names[i]] = 1
        n = split(ENVIRON["ASKED"], all, "\n")
        for (i = 1; i <= n; i++) asked[all[i]] = 1
        # What the owner told the kernel at the boot (Documentation/admin-guide/kernel-parameters): every file is later.
        if ((getline line < "/proc/cmdline") > 0) {
            n = split(line, all, /[ \t]+/)
            for (i = 1; i <= n; i++) {
                value = all[i]
                if (sub(/^panic=/, "", value)) boot("kernel.panic", value)
                else if (value == "oops=panic") boot("kernel.panic_on_oops", 1)
                else if (sub(/^softlockup_panic=/, "", value)) boot("kernel.softlockup_panic", value)
                else if (sub(/^sysctl\./, "", value) && (at = index(value, "="))) {
                    key = substr(value, 1, at - 1)
                    gsub(/\//, ".", key)
                    boot(key, substr(value, at + 1))
                }
            }
        }
    }
    /^[ \t]*-?[a-zA-Z0-9_.\/-]+[ \t]*=/ {
        key = $0
        sub(/[ \t]*=.*/, "", key)
        sub(/^[ \t]*-?/, "", key)
        gsub(/\//, ".", key)
        value = substr($0, index($0, "=") + 1)
        gsub(/[ \t]+/, " ", value)
        sub(/^ /, "", value)
        sub(/ $/, "", value)
        if (key in wanted) {
            file[key] = FILENAME
            set[key] = value
            if (!(FILENAME in asked)) { own[key] = FILENAME; owned[key] = value }
        } else if (FILENAME in asked) {
            if (!((FILENAME, key) in others)) { keys[++m] = key; places[m] = FILENAME }
            others[FILENAME, key] = value
        } else
            theirs[key] = 1
    }
    END {
        for (i = 1; i <= count; i++) {
            value = now(names[i])
            if (value != "") print "setting\t" names[i] "\t" value "\t" some(file[names[i]]) "\t" some(set[names[i]]) "\t" some(own[names[i]]) "\t" some(owned[names[i]])
        }
        for (i = 1; i <= m; i++)
            if (!(keys[i] in theirs) && now(keys[i]) == others[places[i], keys[i]]) list[places[i]] = list[places[i]] keys[i] " "
        for (place in list) print "rest\t" place "\t" list[place] "\t-\t-\t-\t-"
    }' $sysctl_files /dev/null 2>/dev/null | while IFS=$tab read -r kind name value file set own owned; do
    case $kind in
    setting) say setting "$name" now "$value" file "${file#-}" set "${set#-}" own "${own#-}" owned "${owned#-}" ;;
    rest) say line sysctls file "$name" text "$value" ;;
    esac
done

# line NAME FILE PATTERN: its lines.
lines_of() {
    [ -f "$2" ] || return 0
    grep -nE -- "$3" "$2" 2>/dev/null | head -n 60 | while IFS= read -r line; do
        say line "$1" file "$2" number "${line%%:*}" text "${line#*:}"
    done
}
lines_of hosts /etc/hosts '(^# (kubekey|kubernetes) hosts (BEGIN|END)|^# Ansible inventory hosts (BEGIN|END)|-(master|worker)-node[0-9]+|apiserver\.cluster\.local|lb\.kubesphere\.local|sealos\.hub|lvscare\.node\.ip)'
# Names that networks give to tables of routes (kube-router: RouteTableAdd of pkg/utils, wherever the distribution keeps the file).
for path in /etc/iproute2/rt_tables /usr/share/iproute2/rt_tables /usr/lib/iproute2/rt_tables; do
    lines_of rt_tables "$path" '^[0-9]+[[:space:]]+(kube-router|kube-router-dsr|external_ip|Antrea-service)[[:space:]]*$'
done
lines_of fstab /etc/fstab '^#[^#[:space:]][^[:space:]]*[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)'
lines_of selinux /etc/selinux/config '^SELINUX='
for path in /etc/security/limits.conf /etc/systemd/system.conf /etc/bash.bashrc /etc/bashrc /etc/audit/rules.d/audit.rules /etc/sysctl.conf /root/.bashrc /etc/profile /etc/sudoers; do
    lines_of block "$path" '^## Kainstall managed (start|end)|^# kubekey .*(BEGIN|END)$|/opt/kube/bin|# generated by kubeasz$'
done
# A link is the resolver's own.
[ -L /etc/resolv.conf ] || lines_of resolv /etc/resolv.conf 'single-request-reopen|^nameserver[[:space:]]'
# What kainstall keeps beside what it replaces, where that is its own by now.
for path in /etc/apt/sources.list /etc/chrony.conf; do
    if [ ! -f "$path" ] || [ -L "$path" ] || [ ! -f "${path}_bak" ] || [ -L "${path}_bak" ]; then continue; fi
    say line original file "$path" text "${path}_bak" leads "$(grep -soE '(mirrors|ntp)\.aliyun\.com' -- "$path" | sort -u | tr '\n' ' ')"
done
for path in apt-daily.service apt-daily-upgrade.service swap.target; do
    [ ! -L "/etc/systemd/system/$path" ] || [ "$(readlink "/etc/systemd/system/$path")" != /dev/null ] || say line masked file "/etc/systemd/system/$path" text "$path"
done
if [ -f /etc/ssh/sshd_config ]; then
    say fact ssh-port value "$(awk 'tolower($1) == "port" { print $2; exit }' /etc/ssh/sshd_config)"
fi
[ ! -f /etc/os-release ] || say fact os value "$(. /etc/os-release 2>/dev/null && printf '%s %s' "${ID:-}" "${ID_LIKE:-}")"
say fact selinux value "$(cat /sys/fs/selinux/enforce 2>/dev/null)"
say fact swap value "$(awk 'NR > 1 { n++ } END { print n + 0 }' /proc/swaps 2>/dev/null)"

# The authorities that kubeconfigs have in them, by their checksums.
authorities_of() {
    sed -n 's/^ *certificate-authority-data: *//p' "$@" 2>/dev/null | tr -d '" ' | sort -u | while IFS= read -r authority; do
        printf '%s' "$authority" | sha256sum | cut -c 1-64
    done | tr '\n' ' '
}
# Files of root's and of who logs in: kubeconfigs, by the server that they are for.
getent passwd 2>/dev/null | awk -F : '($3 == 0 || $3 >= 1000) && $6 ~ /^\/(root|home|var)/ { print $6 }' | sort -u | head -n 200 | while IFS= read -r home; do
    if is_remote "$home"; then continue; fi
    path=$home/.kube/config
    if [ ! -f "$path" ] || [ -L "$path" ]; then continue; fi
    say path "$path" type f words kubeconfig servers "$(sed -n 's/^ *server: *//p' "$path" 2>/dev/null | sort -u | tr '\n' ' ')" \
        contexts "$(grep -c '^- context:\|^  - context:' "$path" 2>/dev/null)" \
        authorities "$(authorities_of "$path")" linked "$([ "$(readlink -f -- "$path")" = "$path" ] || echo yes)"
done
# The certificate authority and the addresses of this host's own cluster.
say fact server value "$(sed -n 's/^ *server: *//p' /etc/kubernetes/kubelet.conf /etc/kubernetes/admin.conf /etc/rancher/k3s/k3s.yaml /etc/rancher/rke2/rke2.yaml 2>/dev/null | sort -u | tr '\n' ' ')"
say fact authority value "$(authorities_of /etc/kubernetes/kubelet.conf /etc/kubernetes/admin.conf /etc/rancher/k3s/k3s.yaml /etc/rancher/rke2/rke2.yaml)"
# kubeadm's own configuration in root's home: its first line says so.
for path in /root/*.yaml /root/*.yml; do
    if [ ! -f "$path" ] || [ -L "$path" ]; then continue; fi
    ! head -n 3 -- "$path" 2>/dev/null | grep -q '^apiVersion: kubeadm\.k8s\.io/' || say path "$path" type f words 'apiVersion: kubeadm'
done
# Whether etcd's data is this host's: its manifest or unit says where.
data=$(sed -n 's/^ *- --data-dir=//p' /etc/kubernetes/manifests/etcd.yaml 2>/dev/null)
say fact etcd-data value "$data"
external=$(sed -n 's/^ *- --etcd-servers=//p' /etc/kubernetes/manifests/kube-apiserver.yaml 2>/dev/null)
say fact etcd-servers value "$external"
