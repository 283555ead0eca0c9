#!/usr/bin/env bash
# snap.sh CONTAINER: prints a lab host's state as sorted lines (files with hashes, packages, units, links, addresses, routes, rules,
# firewalls, sets, programs on links, mounts, sysctls, users, listeners, processes). Two snaps of an untouched host are equal.
. "$(dirname "$0")/lib.sh"
set +e +o pipefail
trap - ERR

# Without these the snap would leave lines out and two different hosts would look equal.
for tool in nft ipset ip tc bridge ss nsenter; do command -v "$tool" >/dev/null || die "\`$tool\` is not installed on this machine: run tests/lab/needs.sh"; done
P=$(podman inspect -f '{{.State.Pid}}' "$1") || die "no lab host \`$1\`"
{ [ -n "$P" ] && [ "$P" != 0 ]; } || die "\`$1\` does not run"
nsenter -t "$P" -n nft -s list ruleset 2>/dev/null | grep -vE '^\s*$' | sed 's/counter packets [0-9]* bytes [0-9]*//; s/^/nft /'
nsenter -t "$P" -n ipset save 2>/dev/null | sed 's/^/ipset /'
# shellcheck disable=SC2016 # awk expands it
nsenter -t "$P" -n sh -c 'ip -br addr | awk "{print \"addr\",\$1,\$3,\$4}" | sed "s/@if[0-9]*//"; ip -6 route | grep -vE "^fe80|^multicast|^ff00" | sed "s/^/route6 /"; ip neigh show nud permanent | sed "s/^/neigh /"; bridge fdb 2>/dev/null | grep permanent | grep -v "dev eth0" | sed "s/^/fdb /"; ss -Hlntu | awk "{print \"listen\",\$1,\$5}" | sort -u'
# shellcheck disable=SC2016 # awk expands it
nsenter -t "$P" -n sh -c 'tc qdisc show | sed -n -E "s/^qdisc (clsact|ingress) .*dev ([^ ]+).*/\1 \2/p" | while read -r kind link; do echo "tc $link $kind"; for side in ingress egress; do tc filter show dev "$link" "$side" 2>/dev/null | sed "s/ id [0-9]*//; s/^/tc $link $side /"; done; done; ip -d -o link | sed -n "s/^[0-9]*: \([^:@]*\).*\(prog\/xdp[a-z]*\) .*/xdp \1 \2/p"'
# The cgroup tree of systemd is left out below: containers may see their neighbours' in it, and its slices show as units.
podman exec -i "$1" bash -s <<'S'
export LC_ALL=C
find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp \) -prune -o -printf '%y %m %u:%g %p -> %l\n' | sed 's/ -> $//' | grep -vE ' /var/(log|cache|tmp)/| /var/lib/apt/| /var/lib/systemd/(timers|random-seed)| /etc/ld.so.cache| /var/lib/dpkg/(info|lock|triggers)| /var/lib/private' | sed 's/^/path /' | sort
find /var -xdev -printf '%y %m %u:%g %p\n' | grep -vE ' /var/(log|cache|tmp)(/|$)| /var/lib/apt(/|$)| /var/lib/systemd/| /var/lib/dpkg/| /var/lib/private' | sed 's/^/path /' | sort
find /etc /root /home /opt /usr/local /var/lib -xdev -type f 2>/dev/null | grep -vE '^/etc/ld.so.cache|^/var/lib/(apt|dpkg|systemd|ucf)/|^/etc/(\.pwd\.lock|machine-id)' | sort | xargs -d '\n' sha256sum 2>/dev/null | sed 's/^/sum /'
dpkg-query -W -f 'pkg ${Package} ${Version} ${db:Status-Abbrev}\n'
apt-mark showhold | sed 's/^/hold /'; apt-mark showmanual | sed 's/^/manual /'
systemctl list-unit-files --no-legend --no-pager | awk '{print "unit",$1,$2}'
systemctl list-units --all --plain --no-legend --no-pager --type=service,socket,mount,slice | grep -vE 'session-|user-|user@|run-|\.scope|^proc-sys-fs-binfmt_misc.mount' | awk '{print "state",$1,$2,$3}' | grep -v 'not-found' | sort
ip -br link | awk '{sub(/@.*/,"",$1); print "link",$1}'; ip route | sed 's/^/route /'; ip rule | sed 's/^/rule /'; ls /var/run/netns 2>/dev/null | sed 's/^/netns /'
iptables-save 2>/dev/null | grep -E '^(:|-|\*)' | sed 's/\[[0-9:]*\]//; s/^/ipt /'; ip6tables-save 2>/dev/null | grep -E '^(:|-|\*)' | sed 's/\[[0-9:]*\]//; s/^/ip6t /'
iptables-legacy-save 2>/dev/null | grep -E '^(-|\*)' | sed 's/^/iptl /'
awk '$2 != "/proc/sys/fs/binfmt_misc" {print "mount",$2,$3}' /proc/mounts | sort
sysctl -a 2>/dev/null | grep -E '^(net\.(ipv4\.(ip_forward|conf\.(all|default)\.)|bridge|netfilter.*max|ipv6\.conf\.(all|default)\.)|vm\.|kernel\.(panic|pid_max|keys)|fs\.(inotify|file-max|nr_open))' | grep -vE 'dirty_|compact|stat_refresh|drop_caches' | sed 's/^/sysctl /'
getent passwd | sed 's/^/user /'; getent group | sed 's/^/group /'
awk 'NR>1{print "swap",$1}' /proc/swaps; find /sys/fs/bpf -mindepth 1 2>/dev/null | sed "s/^/bpf /"; find /sys/fs/cgroup -maxdepth 3 -path /sys/fs/cgroup/systemd -prune -o -name "kubepods*" -print 2>/dev/null | sed "s/^/cgroup /"; ls -d /run/containerd /run/flannel /run/calico /run/cilium /run/xtables.lock /run/kubernetes /run/bivouac* 2>/dev/null | grep -v xtables | sed "s/^/run /"; ls -d /tmp/* 2>/dev/null | grep -v systemd-private | sed "s/^/tmp /"
echo "hostname $(hostname)"; ps -eo comm= | grep -E 'kube|etcd|containerd|runc|coredns|haproxy|keepalived|docker' | sort | uniq -c | awk '{print "proc",$2}'
S
