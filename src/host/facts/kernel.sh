# Cgroups, modules, and the kernel's settings.

if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    say cgroup 2
    say_file cgroup_controllers /sys/fs/cgroup/cgroup.controllers
elif [ -r /proc/cgroups ]; then
    say cgroup 1
    # Those that are mounted; the kubelet finds no others.
    say cgroup_mounted "$(awk '$(NF - 2) == "cgroup" { print $NF }' /proc/self/mountinfo | tr ',\n' '  ')"
    controllers=
    while read -r name _ _ enabled; do
        [ "$enabled" != 1 ] || controllers="$controllers $name"
    done </proc/cgroups
    say cgroup_controllers "$controllers"
fi
# The kernel can use a module that is built in, loaded, or there to be loaded.
kernel=
read -r kernel 2>/dev/null </proc/sys/kernel/osrelease
# None is to be loaded where the kernel takes no more.
modules=/lib/modules/$kernel
locked=
read -r locked 2>/dev/null </proc/sys/kernel/modules_disabled
[ "$locked" != 1 ] || modules=/nonexistent
say module_missing -
[ -e /proc/sys/net/bridge ] ||
    grep -qs '/br_netfilter\.ko' "$modules/modules.dep" "/lib/modules/$kernel/modules.builtin" ||
    say module_missing br_netfilter
[ -d /sys/module/overlay ] || grep -qsw overlay /proc/filesystems ||
    grep -qs '/overlay\.ko' "$modules/modules.dep" "/lib/modules/$kernel/modules.builtin" ||
    say module_missing overlay
# What kube-proxy may need, by its mode; a kernel that does not list what is built in has a configuration.
config=
for name in ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh ip_vs_lc ip_vs_dh ip_vs_sed ip_vs_nq ip_set nf_conntrack nf_tables ip_tables; do
    [ ! -d "/sys/module/$name" ] || continue
    ! grep -qs "/$name\.ko" "$modules/modules.dep" "/lib/modules/$kernel/modules.builtin" || continue
    if [ -z "$config" ]; then
        config=$({ cat "/boot/config-$kernel" || gzip -cd /proc/config.gz; } 2>/dev/null | grep -E '^CONFIG_(IP_VS|IP_SET|NF_CONNTRACK|NF_TABLES|IP_NF_IPTABLES)[A-Z_]*=y')
        config="$config$newline"
    fi
    symbol=$(printf '%s' "$name" | tr '[:lower:]' '[:upper:]')
    [ "$name" != ip_tables ] || symbol=IP_NF_IPTABLES
    case $config in *"CONFIG_$symbol=y$newline"*) ;; *) say module_missing "$name" ;; esac
done
# What somebody had modprobe do instead of loading one (modprobe.d(5)): as hardening guides want it of `overlay`.
say module_blocked -
grep -EHs '^[[:space:]]*install[[:space:]]+(overlay|br[-_]netfilter|nf[-_]conntrack|nf[-_]tables|ip[-_]tables|vxlan|ip[-_]vs)[[:space:]]' \
    /etc/modprobe.d/*.conf /run/modprobe.d/*.conf /usr/lib/modprobe.d/*.conf /lib/modprobe.d/*.conf |
    while IFS=: read -r file line; do
        # shellcheck disable=SC2086 # its words
        set -- $line
        name=$(printf '%s' "$2" | tr - _)
        state=absent
        if grep -qs "^$name " /proc/modules; then state=loaded; elif [ -d "/sys/module/$name" ]; then state=built-in; fi
        [ "$name" != overlay ] || [ "$state" != absent ] || ! grep -qsw overlay /proc/filesystems || state=built-in
        [ "$name" != br_netfilter ] || [ "$state" != absent ] || [ ! -e /proc/sys/net/bridge ] || state=built-in
        say module_blocked "$name $state $file"
    done
# The kernel's configuration, where kubeadm looks for it (kubernetes/system-validators, kernel_validator.go), and what it misses there.
for file in /proc/config.gz "/boot/config-$kernel" "/usr/src/linux-$kernel/.config" /usr/src/linux/.config "/usr/lib/modules/$kernel/config" \
    "/usr/lib/ostree-boot/config-$kernel" "/usr/lib/kernel/config-$kernel" "/usr/src/linux-headers-$kernel/.config" "/lib/modules/$kernel/build/.config" none; do
    [ "$file" = none ] || [ -e "$file" ] || continue
    [ "$file" = none ] || say kernel_config "$file"
    break
done
case $file in
none)
    # It would load this one.
    if grep -qs '/configs\.ko' "/lib/modules/$kernel/modules.dep"; then say kernel_config configs; else say kernel_config none; fi
    ;;
*)
    say kernel_option_missing -
    case $file in *.gz) gzip -cd "$file" ;; *) cat "$file" ;; esac 2>/dev/null | awk '
        /^CONFIG_[A-Z0-9_]+=[ym]/ { sub(/^CONFIG_/, ""); sub(/=.*/, ""); has[$0] = 1; any = 1 }
        END {
            # One that could not be unpacked says nothing.
            if (!any) exit
            if ("IP_NF_TARGET_REDIRECT" in has) has["NETFILTER_XT_TARGET_REDIRECT"] = 1
            count = split("NAMESPACES NET_NS PID_NS IPC_NS UTS_NS CGROUPS CGROUP_CPUACCT CGROUP_DEVICE CGROUP_FREEZER CGROUP_SCHED CPUSETS MEMCG INET EXT4_FS PROC_FS NETFILTER_XT_TARGET_REDIRECT NETFILTER_XT_MATCH_COMMENT FAIR_GROUP_SCHED", wanted, " ")
            for (i = 1; i <= count; i++) if (!(wanted[i] in has)) print "kernel_option_missing " wanted[i]
        }'
    ;;
esac
say_file ip_forward /proc/sys/net/ipv4/ip_forward
if [ -w /proc/sys/net/ipv4/ip_forward ]; then say sysctl_writable 1; else say sysctl_writable 0; fi
say_file bridge_nf /proc/sys/net/bridge/bridge-nf-call-iptables
say_file selinux /sys/fs/selinux/enforce
