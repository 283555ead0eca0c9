# What comes from files: settings that are written down for the next boot, in the order in which they are set (sysctl.d(5), and /etc/sysctl.conf by sysctl(8)).
say boot_sysctl -
wanted='^[[:space:]]*-?[[:space:]]*(net[./](ipv4[./](ip_forward|conf[./]all[./]forwarding)|ipv6[./]conf[./]all[./]forwarding|bridge[./]bridge-nf-call-ip6?tables))[[:space:]]*=[[:space:]]*([0-9]+)'
set -- /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf /lib/sysctl.d/*.conf
# A file of the same name in an earlier directory is read in its stead, whatever it has. Most hosts have no such line.
! grep -Eqs "$wanted" "$@" /etc/sysctl.conf || {
    for file; do
        [ ! -r "$file" ] || printf '%s %s\n' "${file##*/}" "$file"
    done | sort -s -u -k 1,1
    [ ! -r /etc/sysctl.conf ] || echo '~ /etc/sysctl.conf'
} | while read -r name file; do
    sed -n -E "s#$wanted.*#\\1 \\4#p" "$file" 2>/dev/null |
        while read -r key value; do say boot_sysctl "$name $file $(printf '%s' "$key" | tr / .) $value"; done
done

# Proxies that systemd gives the kubelet along: of all its services, and of this one. Their passwords stay there.
# proxies FILE: the proxies in lines of it
proxies() {
    sed -n -E 's/^[[:space:]]*//; /^#/d; s/^(DefaultEnvironment|Environment)=//; s/,[[:space:]]+/,/g; p' "$1" 2>/dev/null | tr "\"' " '\n' |
        sed -n -E 's#^((https?|all|no)_proxy|(HTTPS?|ALL|NO)_PROXY)=(.*)#\1=\4#p' | sed 's#//.*@#//#' |
        while read -r line; do say kubelet_proxy "$1 $line"; done
}
say kubelet_proxy -
if [ -d /run/systemd/system ]; then
    systemctl show-environment 2>/dev/null | sed -n -E 's#^((https?|all|no)_proxy|(HTTPS?|ALL|NO)_PROXY)=(.*)#\1=\4#p' | sed 's#//.*@#//#' |
        while read -r line; do say kubelet_proxy "systemd $line"; done
fi
for file in /etc/systemd/system.conf /etc/systemd/system.conf.d/*.conf /run/systemd/system.conf.d/*.conf /usr/lib/systemd/system.conf.d/*.conf; do
    [ ! -r "$file" ] || ! grep -q '^[[:space:]]*DefaultEnvironment=' "$file" || proxies "$file"
done
dropped=
for file in /etc/systemd/system/service.d/*.conf /etc/systemd/system/kubelet.service.d/*.conf /usr/lib/systemd/system/service.d/*.conf; do
    [ -r "$file" ] || continue
    dropped="$dropped $file"
    proxies "$file"
    sed -n 's/^[[:space:]]*EnvironmentFile=-*//p' "$file" | while read -r given; do [ ! -r "$given" ] || proxies "$given"; done
done
[ ! -r /etc/default/kubelet ] || proxies /etc/default/kubelet
# What is taken away again, after all else (systemd.exec(5), UnsetEnvironment); an empty one begins anew.
# shellcheck disable=SC2086 # blanks are between them
[ -z "$dropped" ] || awk '
    sub(/^[ \t]*UnsetEnvironment=/, "") {
        gsub(/["\047]/, "")
        if (!NF) count = 0
        for (i = 1; i <= NF; i++) all[++count] = $i
    }
    END { for (i = 1; i <= count; i++) print "kubelet_unset " all[i] }' $dropped 2>/dev/null
