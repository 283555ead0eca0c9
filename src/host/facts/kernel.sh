# Cgroups, modules, and the kernel's settings.

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
