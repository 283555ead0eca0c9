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
# One look into each list for all of them.
listed=$(grep -ohsE '/(br_netfilter|overlay|ip_vs|ip_vs_rr|ip_vs_wrr|ip_vs_sh|ip_vs_lc|ip_vs_dh|ip_vs_sed|ip_vs_nq|ip_set|nf_conntrack|nf_tables|ip_tables)\.ko' \
    "$modules/modules.dep" "/lib/modules/$kernel/modules.builtin")
# The kernel's configuration, where kubeadm looks for it (kubernetes/system-validators, kernel_validator.go): of what is asked of it below,
# what it has, `NAME=`, a line each, after a line `=` that says that it could be read.
for options in /proc/config.gz "/boot/config-$kernel" "/usr/src/linux-$kernel/.config" /usr/src/linux/.config "/usr/lib/modules/$kernel/config" \
    "/usr/lib/ostree-boot/config-$kernel" "/usr/lib/kernel/config-$kernel" "/usr/src/linux-headers-$kernel/.config" "/lib/modules/$kernel/build/.config" none; do
    [ "$options" = none ] || [ -e "$options" ] || continue
    [ "$options" = none ] || say kernel_config "$options"
    break
done
wanted='NAMESPACES NET_NS PID_NS IPC_NS UTS_NS CGROUPS CGROUP_CPUACCT CGROUP_DEVICE CGROUP_FREEZER CGROUP_SCHED CPUSETS MEMCG INET EXT4_FS PROC_FS
    NETFILTER_XT_TARGET_REDIRECT NETFILTER_XT_MATCH_COMMENT FAIR_GROUP_SCHED'
config=
if [ "$options" != none ]; then
    config=$(case $options in *.gz) gzip -cd "$options" ;; *) cat "$options" ;; esac 2>/dev/null | awk -v wanted="$wanted" '
        BEGIN {
            count = split(wanted " IP_NF_TARGET_REDIRECT", names, /[ \n]+/)
            for (i = 1; i <= count; i++) asked["CONFIG_" names[i]] = 1
        }
        /^CONFIG_[A-Z0-9_]+=[ym]/ {
            at = index($0, "=")
            name = substr($0, 1, at - 1)
            if (!any++) print "="
            if (name in asked) print substr(name, 8) "="
            # What kube-proxy needs has to be built in to be there without its file.
            if (substr($0, at + 1, 1) == "y" && name ~ /^CONFIG_(IP_VS|IP_SET|NF_CONNTRACK|NF_TABLES|IP_NF_IPTABLES)/) print substr(name, 8) "=y"
        }')
fi
config="$newline$config$newline"
say module_missing -
[ -e /proc/sys/net/bridge ] ||
    case $listed in *'/br_netfilter.ko'*) true ;; *) false ;; esac ||
    say module_missing br_netfilter
[ -d /sys/module/overlay ] || grep -qsw overlay /proc/filesystems ||
    case $listed in *'/overlay.ko'*) true ;; *) false ;; esac ||
    say module_missing overlay
# What kube-proxy may need, by its mode; a kernel that does not list what is built in has a configuration.
while read -r name symbol; do
    [ ! -d "/sys/module/$name" ] || continue
    case $listed in *"/$name.ko"*) continue ;; esac
    case $config in *"$newline$symbol=y$newline"*) ;; *) say module_missing "$name" ;; esac
done <<'EOF'
ip_vs IP_VS
ip_vs_rr IP_VS_RR
ip_vs_wrr IP_VS_WRR
ip_vs_sh IP_VS_SH
ip_vs_lc IP_VS_LC
ip_vs_dh IP_VS_DH
ip_vs_sed IP_VS_SED
ip_vs_nq IP_VS_NQ
ip_set IP_SET
nf_conntrack NF_CONNTRACK
nf_tables NF_TABLES
ip_tables IP_NF_IPTABLES
EOF
# What somebody had modprobe do instead of loading one (modprobe.d(5)): as hardening guides want it of `overlay`.
say module_blocked -
grep -EHs '^[[:space:]]*install[[:space:]]+(overlay|br[-_]netfilter|nf[-_]conntrack|nf[-_]tables|ip[-_]tables|vxlan|ip[-_]vs)[[:space:]]+((/usr)?/bin/(true|false)|true|false|/dev/null)([[:space:]]|$)' \
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
# What of the configuration is missing; one that could not be unpacked says nothing.
case $options in
none)
    # It would load this one.
    if grep -qs '/configs\.ko' "/lib/modules/$kernel/modules.dep"; then say kernel_config configs; else say kernel_config none; fi
    ;;
*)
    say kernel_option_missing -
    case $config in
    "$newline=$newline"*)
        for name in $wanted; do
            case $name$config in
            *"$newline$name=$newline"*) ;;
            NETFILTER_XT_TARGET_REDIRECT*"${newline}IP_NF_TARGET_REDIRECT=$newline"*) ;;
            *) say kernel_option_missing "$name" ;;
            esac
        done
        ;;
    esac
    ;;
esac
say_file ip_forward /proc/sys/net/ipv4/ip_forward
if [ -w /proc/sys/net/ipv4/ip_forward ]; then say sysctl_writable 1; else say sysctl_writable 0; fi
say_file bridge_nf /proc/sys/net/bridge/bridge-nf-call-iptables
say_file selinux /sys/fs/selinux/enforce
