# shellcheck shell=sh
# What a host is, as lines `key value`, for Facts::parse. One round trip, and only reads.
#
# Nothing here may change the host. So no tool is called that makes the kernel load a module: ss
# (inet_diag), iptables-legacy, ipset, conntrack; /proc says the same. Nothing asks the network
# either, so that a broken DNS server cannot make it slow.
#
# The first line is `facts 1` and the last is `end`: what lies between them is whole. A key that is
# not printed is unknown. Several lines with one key are a list; the value `-` is the empty list.

set +e +f +u
IFS=' 	
'
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset OMP_NUM_THREADS # nproc would take it for the number of CPUs
newline='
'

say() {
    case $2 in
    '') ;;
    *"$newline"*) printf '%s %s\n' "$1" "${2%%"$newline"*}?" ;;
    *) printf '%s %s\n' "$1" "$2" ;;
    esac
}

# The first line of a file.
say_file() {
    [ -r "$2" ] || return 0
    line=
    read -r line 2>/dev/null <"$2"
    say "$1" "$line"
}

has() { command -v "$1" >/dev/null 2>&1; }

echo 'facts 1'
# Early, so that it falls well between the moments at which the operator asked and was answered.
say clock "$(date +%s%N)"
say uid "$(id -u)"

say_file hostname /proc/sys/kernel/hostname
say_file static_hostname /etc/hostname
say_file machine_id /etc/machine-id
say_file boot_id /proc/sys/kernel/random/boot_id
say_file product_uuid /sys/class/dmi/id/product_uuid
for file in /etc/os-release /usr/lib/os-release; do
    [ -r "$file" ] || continue
    while IFS='=' read -r key value || [ -n "$key" ]; do
        case $key in
        ID) say os.id "$value" ;;
        ID_LIKE) say os.id_like "$value" ;;
        VERSION_ID) say os.version_id "$value" ;;
        PRETTY_NAME) say os.pretty_name "$value" ;;
        esac
    done <"$file"
    break
done
say machine "$(uname -m)"
say_file kernel /proc/sys/kernel/osrelease
if [ -d /run/systemd/system ]; then
    say init systemd
    systemctl --version 2>/dev/null | { read -r _ version _ && say systemd "$version"; }
else
    say_file init /proc/1/comm
fi

say cpus "$(nproc 2>/dev/null)"
while read -r key value _; do
    if [ "$key" = MemTotal: ]; then
        say memory_kib "$value"
        break
    fi
done </proc/meminfo
if [ -r /proc/swaps ]; then
    say swap -
    while read -r name _; do
        [ "$name" = Filename ] || say swap "$name"
    done </proc/swaps
fi

# path, block size, blocks, blocks available, inodes, inodes free, id of the file system
stat -f -c 'disk %n %S %b %a %c %d %i' / /usr /var /var/lib /var/lib/containerd /var/lib/crio /var/lib/docker /var/lib/containers /var/lib/kubelet \
    /var/lib/etcd /var/lib/bivouac /etc /tmp 2>/dev/null
# access(2) says no to root only where the file system is mounted read-only.
say read_only -
for path in /etc /usr /var /var/lib /tmp; do
    [ -w "$path" ] || say read_only "$path"
done
for path in /etc/systemd/system /usr/local /usr/local/bin /opt; do
    [ -w "$path" ] || [ ! -e "$path" ] || say read_only "$path"
done

if has ip; then
    say address -
    ip -o addr show 2>/dev/null | while read -r _ device family address rest; do
        # One that is used for a day only is nobody's address.
        case "$family $rest" in
        *' temporary '* | *' deprecated '*) ;;
        'inet '* | 'inet6 '*) say address "${device%@*} $address" ;;
        esac
    done
    say route -
    ip -o -4 route show 2>/dev/null | while read -r line; do say route "$line"; done
    if [ -e /proc/net/if_inet6 ]; then
        say route6 -
        ip -o -6 route show 2>/dev/null | while read -r line; do say route6 "$line"; done
        say accept_ra -
        ip -o -6 route show default proto ra 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p' | while read -r device; do
            accepts=
            read -r accepts 2>/dev/null <"/proc/sys/net/ipv6/conf/$device/accept_ra"
            [ "$accepts" != 1 ] || say accept_ra "$device"
        done
    fi
fi
off=1
[ ! -e /proc/net/if_inet6 ] || read -r off 2>/dev/null </proc/sys/net/ipv6/conf/all/disable_ipv6
case $off in 0) say ipv6 1 ;; *) say ipv6 0 ;; esac

# The process that has the socket with this inode; found without ss.
owner() {
    fd=$(find /proc/[0-9]*/fd -lname "socket:\[$1\]" 2>/dev/null)
    fd=${fd%%"$newline"*}
    fd=${fd#/proc/}
    process=
    [ -z "$fd" ] || read -r process 2>/dev/null <"/proc/${fd%%/*}/comm"
}

if [ -r /proc/net/tcp ]; then
    say listener -
    for file in /proc/net/tcp /proc/net/tcp6; do
        [ -r "$file" ] || continue
        while read -r _ local _ state _ _ _ _ _ inode _; do
            [ "$state" = 0A ] || continue
            case ${local##*:} in
            094B) port=2379 ;;
            094C) port=2380 ;;
            192B) port=6443 ;;
            # Where a bundle is served (cluster/check/serve.rs).
            2124) port=8484 ;;
            2808) port=10248 ;;
            2809) port=10249 ;;
            280A) port=10250 ;;
            2810) port=10256 ;;
            2811) port=10257 ;;
            2813) port=10259 ;;
            *) continue ;;
            esac
            owner "$inode"
            say listener "$port $process"
        done <"$file"
    done
fi

present='' absent=''
for name in awk cat chmod comm cp curl cut dd find flock getent grep gzip head id journalctl ln mkdir \
    mktemp mv readlink rm sed sha256sum sort stat sync systemctl tail timeout touch tr uname xargs cmp tar \
    conntrack ebtables ethtool ip iptables losetup modprobe mount nft nsenter ps socat ss tc umount wget \
    containerd crictl crio docker dockerd kubeadm kubectl kubelet podman runc; do
    if has "$name"; then present="$present $name"; else absent="$absent $name"; fi
done
say present "${present:- -}"
say absent "${absent:- -}"

managers=''
for name in apt-get dnf yum zypper apk pacman emerge xbps-install; do
    if has "$name"; then managers="$managers $name"; fi
done
say package_manager "${managers:- none}"
if has dpkg; then
    say package_arch "$(dpkg --print-architecture 2>/dev/null)"
    # Complaints are several lines each; the packages stand behind a blank.
    say dpkg_broken -
    dpkg --audit 2>/dev/null | while IFS= read -r line; do
        case $line in
        ' '*)
            line=${line# }
            say dpkg_broken "${line%% *}"
            ;;
        esac
    done
    # dpkg's own journal: there only while it works, or after it was killed.
    interrupted=0
    for file in /var/lib/dpkg/updates/[0-9]*; do
        [ ! -e "$file" ] || interrupted=1
    done
    say dpkg_interrupted "$interrupted"
fi
# Who installs packages now. dpkg, rpm and dnf 5 lock a file; dnf, yum and zypper write their number into one.
say package_lock -
for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock \
    /run/dnf/rpmtransaction.lock; do
    inode=$(stat -c %i "$lock" 2>/dev/null)
    [ -n "$inode" ] || continue
    while read -r _ _ _ _ pid id _; do
        [ "${id##*:}" = "$inode" ] || continue
        # Another file system may have the same inode number: the process knows better.
        # shellcheck disable=SC3013 # dash, bash and busybox have -ef; others find no lock.
        for fd in "/proc/$pid/fd"/*; do
            if [ "$fd" -ef "$lock" ]; then
                process=
                read -r process 2>/dev/null <"/proc/$pid/comm"
                say package_lock "$pid $process"
                break
            fi
        done
    done </proc/locks
done
for lock in /var/cache/dnf/metadata_lock.pid /var/cache/dnf/download_lock.pid /var/lib/dnf/rpmdb_lock.pid /run/yum.pid \
    /run/zypp.pid; do
    pid=
    [ ! -r "$lock" ] || read -r pid 2>/dev/null <"$lock"
    # It may be left from one that was killed.
    if [ -z "$pid" ] || [ ! -d "/proc/$pid" ]; then continue; fi
    process=
    read -r process 2>/dev/null <"/proc/$pid/comm"
    say package_lock "$pid $process"
done

if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    say cgroup 2
    say_file cgroup_controllers /sys/fs/cgroup/cgroup.controllers
elif [ -r /proc/cgroups ]; then
    say cgroup 1
    controllers=
    while read -r name _ _ enabled; do
        [ "$enabled" != 1 ] || controllers="$controllers $name"
    done </proc/cgroups
    say cgroup_controllers "$controllers"
fi
# The kernel can use a module that is built in, loaded, or there to be loaded.
kernel=
read -r kernel 2>/dev/null </proc/sys/kernel/osrelease
say module_missing -
[ -e /proc/sys/net/bridge ] ||
    grep -qs '/br_netfilter\.ko' "/lib/modules/$kernel/modules.dep" "/lib/modules/$kernel/modules.builtin" ||
    say module_missing br_netfilter
[ -d /sys/module/overlay ] || grep -qsw overlay /proc/filesystems ||
    grep -qs '/overlay\.ko' "/lib/modules/$kernel/modules.dep" "/lib/modules/$kernel/modules.builtin" ||
    say module_missing overlay
# What kube-proxy may need, by its mode; a kernel that does not list what is built in has a configuration.
config=
for name in ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh ip_vs_lc ip_vs_dh ip_vs_sed ip_vs_nq ip_set nf_conntrack nf_tables ip_tables; do
    [ ! -d "/sys/module/$name" ] || continue
    ! grep -qs "/$name\.ko" "/lib/modules/$kernel/modules.dep" "/lib/modules/$kernel/modules.builtin" || continue
    if [ -z "$config" ]; then
        config=$({ cat "/boot/config-$kernel" || gzip -cd /proc/config.gz; } 2>/dev/null | grep -E '^CONFIG_(IP_VS|IP_SET|NF_CONNTRACK|NF_TABLES|IP_NF_IPTABLES)[A-Z_]*=y')
        config="$config$newline"
    fi
    symbol=$(printf '%s' "$name" | tr '[:lower:]' '[:upper:]')
    [ "$name" != ip_tables ] || symbol=IP_NF_IPTABLES
    case $config in *"CONFIG_$symbol=y$newline"*) ;; *) say module_missing "$name" ;; esac
done
say_file ip_forward /proc/sys/net/ipv4/ip_forward
if [ -w /proc/sys/net/ipv4/ip_forward ]; then say sysctl_writable 1; else say sysctl_writable 0; fi
say_file bridge_nf /proc/sys/net/bridge/bridge-nf-call-iptables
say_file selinux /sys/fs/selinux/enforce

# name, loaded or not-found, active or inactive, enabled or disabled
if [ -d /run/systemd/system ]; then
    unit='' load='' active='' enabled=''
    say unit -
    {
        systemctl show -p Id -p LoadState -p ActiveState -p UnitFileState \
            containerd.service docker.service cri-docker.service crio.service kubelet.service \
            k3s.service k3s-agent.service rke2-server.service rke2-agent.service \
            k0scontroller.service k0sworker.service snap.microk8s.daemon-kubelite.service \
            firewalld.service 2>/dev/null
        echo
    } | while IFS='=' read -r key value; do
        case $key in
        Id) unit=$value ;;
        LoadState) load=$value ;;
        ActiveState) active=$value ;;
        UnitFileState) enabled=$value ;;
        '')
            [ -z "$unit" ] || [ "$load" = not-found ] || say unit "$unit $load $active ${enabled:-unknown}"
            unit='' load='' active='' enabled=''
            ;;
        esac
    done
fi
# ufw's unit is active even where ufw is off.
if [ -r /etc/ufw/ufw.conf ]; then
    while IFS='=' read -r key value; do
        [ "$key" != ENABLED ] || say ufw "$value"
    done </etc/ufw/ufw.conf
fi
for path in /etc/containerd/config.toml /etc/docker/daemon.json; do
    [ ! -e "$path" ] || say runtime_config "$path"
done
# cri-o reads all of its directory, and goes on with the store that it finds.
find /etc/crio -xdev ! -type d 2>/dev/null | while IFS= read -r path; do say runtime_config "$path"; done
for path in /var/lib/crio/*; do
    [ ! -e "$path" ] || { say runtime_config /var/lib/crio && break; }
done
for path in /var/lib/containerd /var/lib/docker; do
    for file in "$path"/*; do
        case $file in */lost+found) continue ;; esac
        if [ -e "$file" ]; then
            say runtime_data "$path"
            break
        fi
    done
done

# The containerd that runs, whoever brought it: what it says itself, and what its configuration comes to with its own defaults (a dump
# reads it anew, so it may be younger than the process). Each question has a limit: it may hang.
has timeout || timeout() {
    shift
    "$@"
}
pid=0
[ ! -d /run/systemd/system ] || pid=$(systemctl show -p MainPID containerd.service 2>/dev/null)
pid=${pid#MainPID=}
if [ "${pid:-0}" != 0 ]; then
    say containerd "$pid"
    config=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | sed -n -e 's/^--*config=//p' -e '/^-c$/{n;p;}' -e '/^--*config$/{n;p;}')
    dump=$(timeout 10 "/proc/$pid/exe" ${config:+--config "$config"} config dump 2>/dev/null | awk -v q="'" '
        function told(key, text) { if (text != "") print "containerd." key " " text }
        { gsub(/["\t]/, ""); gsub(q, ""); sub(/^ +/, "") }
        /^\[/ { section = substr($0, 2, index($0, "]") - 2); next }
        {
            at = index($0, " = ")
            if (!at) next
            key = substr($0, 1, at - 1); text = substr($0, at + 3)
            if (text ~ /^\[/) gsub(/[][ ]/, "", text)
        }
        section == "" && key == "version" { told("config_version", text) }
        section == "" && (key == "root" || key == "state") { told(key, text) }
        section == "" && key == "disabled_plugins" {
            print "containerd.cri_disabled " ("," text "," ~ /,(cri|io\.containerd\.grpc\.v1\.cri|io\.containerd\.cri\.v1\.(runtime|images)),/ ? 1 : 0)
        }
        section == "grpc" && key == "address" { told(key, text) }
        key == "sandbox_image" || (key == "sandbox" && section ~ /pinned_images$/) { sandbox = text }
        section ~ /cri(\.v1\.runtime)?\.cni$/ && (key == "bin_dir" || key == "bin_dirs") && text != "" { bin = text }
        section ~ /cri(\.v1\.runtime)?\.cni$/ && key == "conf_dir" { told("cni_conf", text) }
        section ~ /cri(\.v1\.images)?\.registry$/ && key == "config_path" { told("certs", text) }
        key == "default_runtime_name" { runs = text }
        key == "SystemdCgroup" {
            name = section
            sub(/\.options$/, "", name); sub(/.*\.runtimes\./, "", name)
            systemd[name] = text
        }
        END {
            told("sandbox", sandbox); told("cni_bin", bin)
            if (runs in systemd) told("cgroup", systemd[runs] == "true" ? "systemd" : "cgroupfs")
            else if (runs != "") told("cgroup", "cgroupfs")
        }')
    [ -z "$dump" ] || printf '%s\n' "$dump"
    if has ctr && answer=$(timeout 10 ctr version 2>/dev/null); then
        say containerd.version "$(printf '%s\n' "$answer" | sed -n '/^Server/,$s/^ *Version: *//p')"
        sandbox=$(printf '%s\n' "$dump" | sed -n 's/^containerd.sandbox //p')
        if images=$(timeout 10 ctr -n k8s.io images ls -q 2>/dev/null); then
            if printf '%s\n' "$images" | grep -qxF -- "${sandbox:--}"; then say containerd.has_sandbox 1; else say containerd.has_sandbox 0; fi
        fi
        say containerd.ill -
        timeout 10 ctr plugins ls 2>/dev/null | awk '/^io\.containerd\.(grpc\.v1 +cri|cri\.v1) / && $NF != "ok" { print "containerd.ill " $1 "." $2 " is " $NF }'
        say containerd.container -
        timeout 10 ctr -n k8s.io containers ls -q 2>/dev/null | head -n 5 | sed 's/^/containerd.container /'
    fi
fi

# The cri-o that runs: what of images it has.
pid=0
[ ! -d /run/systemd/system ] || pid=$(systemctl show -p MainPID crio.service 2>/dev/null)
pid=${pid#MainPID=}
if [ "${pid:-0}" != 0 ]; then
    say crio "$pid"
    socket=unix:///var/run/crio/crio.sock
    if has crictl && images=$(timeout 10 crictl -r "$socket" -i "$socket" images 2>/dev/null); then
        say crio.image -
        printf '%s\n' "$images" | awk 'NR != 1 && $2 !~ /^<none/ { print "crio.image " $1 ":" $2 }'
    fi
fi
if [ -s /etc/containers/registries.conf ]; then say registries_conf 1; else say registries_conf 0; fi

# The docker that runs, likewise, by what it says itself: past the settings of root's own client, which may lead to another machine.
pid=0
[ ! -d /run/systemd/system ] || pid=$(systemctl show -p MainPID docker.service 2>/dev/null)
pid=${pid#MainPID=}
if [ "${pid:-0}" != 0 ]; then
    say docker "$pid"
    ask() { timeout 10 docker --config /nonexistent --host unix:///run/docker.sock "$@" 2>/dev/null; }
    if has docker; then
        say docker.api "$(ask version -f '{{.Server.APIVersion}}')"
        ask info -f '{{printf "docker.version %s\ndocker.cgroup %s\ndocker.root %s\ndocker.driver %s\ndocker.log %s" .ServerVersion .CgroupDriver .DockerRootDir .Driver .LoggingDriver}}'
        ask info -f '{{printf "docker.live_restore %v\ndocker.swarm %s\ndocker.security %s" .LiveRestoreEnabled .Swarm.LocalNodeState .SecurityOptions}}'
        say docker.pod -
        ask container ls -a --filter 'name=^/?k8s_' --format '{{.Names}}' | head -n 5 | sed 's/^/docker.pod /'
        # What docker's own network is made of shows whether it may be asked: the question would load a module.
        if [ -e /sys/class/net/docker0 ] && has iptables; then
            say docker.forward "$(iptables -w -S FORWARD 2>/dev/null | sed -n 's/^-P FORWARD //p')"
        fi
    fi
fi

# What another cluster left. Empty directories do not count: packages bring them.
leftover_in() {
    count=0
    for file in "$1"/* "$1"/.[!.]*; do
        [ -e "$file" ] || [ -L "$file" ] || continue
        if [ -d "$file" ] && [ ! -L "$file" ] && [ "$file" != /var/lib/etcd/lost+found ]; then
            [ "${file##*/}" != lost+found ] || continue
            for inner in "$file"/* "$file"/.[!.]*; do
                if [ -e "$inner" ] || [ -L "$inner" ]; then break; fi
            done
            [ -e "$inner" ] || [ -L "$inner" ] || continue
        fi
        say leftover "$file"
        count=$((count + 1))
        [ "$count" -lt 5 ] || break # enough to know it by
    done
}
say leftover -
leftover_in /etc/kubernetes
leftover_in /var/lib/kubelet
leftover_in /var/lib/etcd
for file in /etc/cni/net.d/*.conf /etc/cni/net.d/*.conflist /etc/cni/net.d/*.json; do
    [ ! -e "$file" ] || say leftover "$file"
done
for file in /etc/rancher /var/lib/rancher /var/lib/k0s /var/snap/microk8s /var/lib/minikube; do
    [ ! -d "$file" ] || say leftover "$file"
done
say leftover_link -
for file in /sys/class/net/*; do
    case ${file##*/} in
    cni0 | flannel.1 | flannel-v6.1 | kube-ipvs0 | nodelocaldns | cali* | vxlan.calico | cilium_* | lxc_health | weave | vxlan-6784 | antrea-gw0 | ovn-k8s-mp0)
        say leftover_link "${file##*/}"
        ;;
    esac
done
say leftover_chain -
{
    # A tool may be asked where its module is loaded, or where the kernel has no modules to load.
    table=
    [ ! -r /proc/net/ip_tables_names ] || read -r table 2>/dev/null </proc/net/ip_tables_names
    [ -z "$table" ] || ! has iptables-legacy-save || iptables-legacy-save 2>/dev/null
    if has iptables-nft-save && { [ -d /sys/module/nf_tables ] || [ ! -e /proc/modules ]; }; then
        iptables-nft-save 2>/dev/null
    fi
} | {
    count=0
    while read -r name _; do
        case $name in
        :KUBE-* | :cali-* | :CILIUM_* | :FLANNEL-*)
            [ "$count" -ge 5 ] || say leftover_chain "${name#:}"
            count=$((count + 1))
            ;;
        esac
    done
}

# The name that the kubelet registered under, where kubeadm gave it one that is not the host's.
if [ -r /var/lib/kubelet/kubeadm-flags.env ]; then
    read -r line 2>/dev/null </var/lib/kubelet/kubeadm-flags.env
    case $line in
    *--hostname-override=*)
        line=${line#*--hostname-override=}
        say node "${line%%[ \"]*}"
        ;;
    *) say_file node /proc/sys/kernel/hostname ;;
    esac
fi

# Where the cluster's API server is, by the administrator's own file; its keys stay there.
if [ -r /etc/kubernetes/admin.conf ]; then
    while read -r key value _; do
        if [ "$key" = server: ]; then
            say api_server "${value#https://}"
            break
        fi
    done </etc/kubernetes/admin.conf
fi

# Whether it is a node.
if [ -s /etc/kubernetes/kubelet.conf ]; then say kubelet_conf 1; else say kubelet_conf 0; fi

# The version of the cluster's control plane, by the image that its manifest names.
if [ -r /etc/kubernetes/manifests/kube-apiserver.yaml ]; then
    while read -r key value _; do
        if [ "$key" = image: ]; then
            say api_version "${value##*:}"
            break
        fi
    done </etc/kubernetes/manifests/kube-apiserver.yaml
fi

# The image of the load balancer that the kubelet runs there (playbooks/init/50-nodes.yaml).
if [ -r /etc/kubernetes/manifests/bivouac-load-balancer.yaml ]; then
    while read -r key value _; do
        if [ "$key" = image: ]; then
            say balancer "$(printf '%s' "$value" | tr -d '"')"
            break
        fi
    done </etc/kubernetes/manifests/bivouac-load-balancer.yaml
fi

# What the cluster was made with: of the programs' arguments those that cluster.yaml has a word for.
manifests=/etc/kubernetes/manifests
if [ -r "$manifests/kube-apiserver.yaml" ]; then
    say argument -
    cat "$manifests/kube-apiserver.yaml" "$manifests/kube-controller-manager.yaml" 2>/dev/null |
        sed -n -E 's/^ *- --((audit-policy-file|encryption-provider-config|kubelet-certificate-authority|service-cluster-ip-range|cluster-cidr)=.*)/\1/p' |
        sort -u | while read -r line; do say argument "$line"; done
    if [ -s /etc/kubernetes/bivouac/encryption.yaml ]; then say encryption_key 1; else say encryption_key 0; fi
fi
for file in /var/lib/kubelet/pods/*/volumes/kubernetes.io~configmap/kube-proxy/config.conf; do
    [ -r "$file" ] || continue
    say proxy_mode "$(sed -n 's/^mode: *//p' "$file" | tr -d '"')"
    break
done

# Our own journal (its format: journal.sh): entries that stand and were not wiped yet, the run of the last
# one, and of those that say what on the host is ours, the kind and the first argument.
if [ -d /var/lib/bivouac ]; then
    standing=
    if [ -r /var/lib/bivouac/journal ]; then
        standing=$(awk '
            $1 == "start" {
                stands[$2]
                run = $3
                if (match($0, / .(file|artifact|tree|kernel|kubeadm|package|store|docker_store). .[0-9]+. .[^ ]+/)) claim[$2] = substr($0, RSTART + 1, RLENGTH - 1)
            }
            $1 == "undone" || $1 == "kept" { delete stands[$2] }
            END {
                for (entry in stands) count++
                print count + 0, run == "" ? "-" : run
                for (entry in stands) if (entry in claim) print claim[entry]
            }
        ' /var/lib/bivouac/journal)
    fi
    say journal "$(printf '%s\n' "${standing:-0 -}" | head -n 1)"
    printf '%s\n' "$standing" | tr -d "'" | sed -n '2,$s/^\([a-z_]*\) [0-9]* /claim \1 /p'
else
    say journal -
fi
echo end
