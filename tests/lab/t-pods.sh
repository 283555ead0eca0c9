#!/usr/bin/env bash
# One plain host, on which is planted by hand what Calico, flannel (vxlan and host-gw), Weave, kube-router and Cilium leave of links, routes, rules, addresses,
# neighbours and files, beside things of its owner's that are nearly the same: known by the pods' networks that the cluster wrote down, it goes to the last
# thing, also where the wipe is cut off when the file that says so has gone; what is the owner's stays as it was.
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/bare.sh"

up host --ipv6
host=${containers[0]} at=$(address 0)
DEV=${BIVOUAC_DEV:-$ROOT/target/debug/bivouac}
gateway=${at%.*}.1 near=${at%.*}.77
gateway6=$(podman exec "$host" ip -6 -o addr show dev eth0 scope global | sed -n 's/.*inet6 \([0-9a-f:]*\)::[0-9a-f]*\/64.*/\1::1/p')
near6=${gateway6%::1}::77
# What snap.sh has, and routes of all tables. The tools for users keep what was before.
state() { snap "$host" | grep -vE '/etc/(passwd|shadow|group|gshadow)-$'; podman exec "$host" sh -c 'ip -4 route show table all; ip -6 route show table all; ip -4 neigh show nud permanent' | grep -vE 'expires|table local|^multicast|^ff00' | sed -E 's/ +$//' | sort; }

# A bare host has no ipset: this machine's own.
ipset=$(command -v ipset)
podman cp "$ipset" "$host:/usr/local/sbin/ipset" > /dev/null
for library in $(ldd "$ipset" | sed -n 's/.*=> \(.*\/lib\(ipset\|mnl\)[^ ]*\) .*/\1/p'); do podman cp "$(readlink -f "$library")" "$host:/usr/local/lib/${library##*/}" > /dev/null; done
in_host <<< 'ldconfig; ipset list -n > /dev/null'
# The owner's: beside the pods' networks, around them, with names of nearly the same form.
in_host << H
ip route add blackhole 10.0.0.0/8; ip route add blackhole 10.66.0.0/16 proto static; ip route add 10.246.1.0/24 via $near; ip route add 10.246.2.0/24 via $near metric 50
ip -6 route add fd00:246::/64 via $gateway6
ip link add vxlan0 type vxlan id 99 dstport 4790; ip addr add 10.120.0.1/24 dev vxlan0; ip link add br-mine type bridge; ip addr add 10.120.1.1/24 dev br-mine; ip link set br-mine up
ip link add lxcab12 type veth peer name mine0; ip link add california type veth peer name mine1
ip rule add from 10.246.0.0/16 lookup 200 priority 200; ip route add default via $gateway table 200
ip neigh add 10.246.0.7 dev eth0 lladdr 02:00:00:00:00:07 nud permanent
printf '200 mine\n' >> /etc/iproute2/rt_tables
ipset create mine hash:net; ipset add mine 10.244.0.0/16
mkdir -p /etc/cni/net.d /opt/cni/bin /etc/NetworkManager/conf.d
echo '{"name":"podman","plugins":[{"type":"bridge","bridge":"cni-podman0","ipam":{"type":"host-local","subnet":"10.88.0.0/16"}}]}' > /etc/cni/net.d/87-podman.conflist
echo mine > /opt/cni/bin/mine; printf '[keyfile]\nunmanaged-devices=interface-name:mine*\n' > /etc/NetworkManager/conf.d/mine.conf
echo mine > /etc/sysctl.d/98-mine.conf; echo mine > /etc/cni/net.d/mine-kubeconfig
H
t "an owner's host is clean, whatever routes he has" ends 0 verify-clean "$at"
state > "$TMP/before"

# What is left of five networks. Of the pods' networks the manifest knows one, flannel another, a set of Calico's a third.
left() {
  in_host << H
mkdir -p /etc/kubernetes/manifests /var/lib/kubelet; echo x > /var/lib/kubelet/config.yaml
printf 'spec:\n  containers:\n  - command:\n    - kube-controller-manager\n    - --cluster-cidr=10.244.0.0/16,fd00:244::/48\n    - --service-cluster-ip-range=10.96.0.0/12\n' > /etc/kubernetes/manifests/kube-controller-manager.yaml
# Calico.
mkdir -p /var/lib/calico /var/log/calico/cni; echo host > /var/lib/calico/nodename
echo '{"name":"k8s-pod-network","plugins":[{"type":"calico","ipam":{"type":"calico-ipam"}}]}' > /etc/cni/net.d/10-calico.conflist
printf 'users:\n- user:\n    token: secret\n' > /etc/cni/net.d/calico-kubeconfig
for name in calico calico-ipam install; do echo x > /opt/cni/bin/\$name; done
printf '[keyfile]\nunmanaged-devices=interface-name:cali*\n' > /etc/NetworkManager/conf.d/calico.conf
ip link add cali0123456789a type veth peer name pod0; ip link add vxlan.calico type vxlan id 4096 dstport 4789
ip route add blackhole 10.244.3.0/26 proto bird; ip route add blackhole 10.244.3.64/26 proto 80; ip route add 10.244.9.0/26 via $near proto bird
ip -6 route add blackhole fd00:244::/122 proto 80; ip -6 route add fd00:244:0:9::/64 via $near6 proto bird
ipset create cali40all-ipam-pools hash:net; ipset add cali40all-ipam-pools 10.50.0.0/16; ip route add blackhole 10.50.0.0/26 proto bird
# flannel.
mkdir -p /run/flannel; printf 'FLANNEL_NETWORK=10.245.0.0/16\nFLANNEL_SUBNET=10.245.0.1/24\nFLANNEL_MTU=1450\n' > /run/flannel/subnet.env
ip link add flannel.1 type vxlan id 1 dstport 8472; ip addr add 10.245.0.0/32 dev flannel.1; ip link set flannel.1 up; ip route add 10.245.2.0/24 via 10.245.2.0 dev flannel.1 onlink
ip link add cni0 type bridge; ip addr add 10.245.0.1/24 dev cni0; ip link add veth0 type veth peer name pod1; ip link set veth0 master cni0
ip route add 10.245.1.0/24 via $near
echo '{"name":"cbr0","plugins":[{"type":"flannel"}]}' > /etc/cni/net.d/10-flannel.conflist.cilium_bak
# Weave.
mkdir -p /var/lib/weave; ip link add weave type bridge; ip link add vethwe-bridge type veth peer name vethwe-datapath; ip link set vethwe-bridge master weave; ip link add vxlan-6784 type vxlan id 7 dstport 6784
# kube-router.
mkdir -p /var/lib/kube-router; ip link add kube-bridge type bridge; ip addr add 10.244.7.1/24 dev kube-bridge; ip link set kube-bridge up
printf '77 kube-router\n78 kube-router-dsr\n79 external_ip\n' >> /etc/iproute2/rt_tables
ip rule add from 10.244.7.0/24 lookup 77; ip rule add fwmark 0x3b9 lookup 78 priority 32764; ip rule add lookup 79 priority 32765
ip route add 10.244.8.0/24 via $near proto 17; ip route add 10.244.8.0/24 via $near table 77; ip route add local default dev lo table 78; ip route add 203.0.113.7 dev kube-bridge table 79
# Cilium.
mkdir -p /run/cilium; echo x > /etc/sysctl.d/99-zzz-override_cilium.conf; echo x > /opt/cni/bin/cilium-cni; mv /etc/cni/net.d/87-podman.conflist{,.cilium_bak}
ip link add cilium_host type veth peer name cilium_net; ip link add cilium_vxlan type vxlan id 9 dstport 8473; ip link add lxc0a1b2c3d4e5f type veth peer name pod2
ip route add 10.244.10.0/24 via $near proto kernel; ip rule add fwmark 0x200/0xf00 lookup 2004 priority 9; ip route add local 0.0.0.0/0 dev lo table 2004
# Multus and Whereabouts.
mkdir -p /etc/cni/net.d/multus.d /etc/cni/net.d/whereabouts.d; echo token > /etc/cni/net.d/multus.d/multus.kubeconfig; echo token > /etc/cni/net.d/whereabouts.d/whereabouts.kubeconfig
echo '{"name":"multus-cni-network","type":"multus"}' > /etc/cni/net.d/00-multus.conf; echo x > /opt/cni/bin/multus; echo x > /opt/cni/bin/whereabouts
H
}
t "five networks leave what they leave" left
known() {
  ends 6 verify-clean "$at"
  says 'Routes +route blackhole 10.244.3.0/26 proto bird' 'kube-controller-manager.yaml' 'subnet.env' 'the set cali40all-ipam-pools' 'NetworkAccess +/etc/cni/net.d/calico-kubeconfig' 'RoutingTables'
  if grep -v ' Sysctls ' "$TMP/said" | grep -E 'unsure|10\.246\.|vxlan0|br-mine|10\.66\.|lxcab12|california|token'; then return 1; fi
}
t "each is known, nothing is in doubt, and the owner's is not spoken of" known
# The manifest goes first; then the wipe is cut off, and a block of Calico's comes that only the manifest's network tells of.
cut_off() {
  local status=0
  BIVOUAC_CUT=$at:2:mark-after "$DEV" wipe --foreign "$at" --yes -u root --private-key "$LAB_KEY" --log-dir "$TMP/logs" > "$TMP/said" 2> "$TMP/err" < /dev/null || status=$?
  [ "$status" -gt 128 ] || { cat "$TMP/err"; return 1; }
  in_host <<< '[ ! -e /etc/kubernetes/manifests/kube-controller-manager.yaml ]; ip route show | grep "blackhole 10.244.3.0/26" > /dev/null; ip route add blackhole 10.244.99.0/26 proto bird'
}
t "a wipe is cut off when the file that told of the pods' network has gone" cut_off
wiped() { ends 0 wipe --foreign "$at" --yes; says 'clean of what is known'; }
t "the next one knows it still, and ends with nothing left" wiped
same_as_before() { state > "$TMP/after"; diff "$TMP/before" "$TMP/after"; }
t "everything of the owner's is as it was, and nothing else is there" same_as_before
t "the host is clean" ends 0 verify-clean "$at"
quiet() {
  ends 0 wipe --foreign "$at" --yes
  if grep ' changed (' "$TMP/err"; then return 1; fi
  in_host <<< '[ ! -e /var/lib/bivouac ]'
}
t "a second wipe is quiet" quiet

# In doubt it is named with its command: a route to pods by hand, without a network that makes such ones; an address of services' and a neighbour on the owner's link.
doubted() {
  in_host << H
mkdir -p /etc/kubernetes/manifests; printf '    - --cluster-cidr=10.244.0.0/16\n    - --service-cluster-ip-range=10.96.0.0/12\n' > /etc/kubernetes/manifests/kube-controller-manager.yaml
ip route add 10.244.1.0/24 via $near; ip addr add 10.96.5.5/32 dev eth0; ip neigh add 10.244.1.7 dev eth0 lladdr 02:00:00:00:00:08 nud permanent
H
  ends 6 wipe --foreign "$at" --yes
  says "ip -4 route del 10.244.1.0/24 via $near dev eth0" 'ip -4 addr del 10.96.5.5/32 dev eth0' 'ip -4 neigh del 10.244.1.7 dev eth0'
  in_host <<< 'ip route show | grep "^10.244.1.0/24 via"; ip -o addr show dev eth0 | grep -F 10.96.5.5/32; ip route del 10.244.1.0/24; ip neigh del 10.244.1.7 dev eth0; ip addr del 10.96.5.5/32 dev eth0'
  same_as_before
}
t "what is in doubt stays, and is named with its command" doubted
# Whatever was judged: a route without which the login would be answered another way comes back.
answered() {
  local peer
  peer=$(podman exec "$host" sh -c 'ss -Htn state established "( sport = :22 )"' | awk '{ print $4 }' | sed 's/:[0-9]*$//' | head -n 1)
  peer=${peer:-$gateway}
  { cat "$ROOT"/src/host/kind/clear/network.sh; printf 'bv_guard_save() { cat >/dev/null; }\nbv_die() { echo "$*"; exit 7; }\nSSH_CONNECTION="%s 1 %s 22"\nip route add %s via %s\n' "$peer" "$at" "$peer" "$near"
    printf '(bv_clear_routes_do "4 %s via %s dev eth0"); [ $? = 7 ] || exit 1\nip route show | grep "^%s via" || exit 1\nip route del %s\n' "$peer" "$near" "$peer" "$peer"
    echo '(bv_clear_routes_do "4 $(ip -4 route show default | sed "s/ *$//")"); [ $? = 7 ] && ip route show | grep "^default via"'; } | podman exec -i "$host" sh
  same_as_before
}
t "a route by which the login is answered comes back" answered
# The same by an `onlink` route, and the links and addresses of the way in, in a network namespace of its own.
refused() {
  { cat "$ROOT"/src/host/kind/clear/network.sh; cat << 'S'; } | podman exec -i "$host" unshare -nm sh
mount -t sysfs sysfs /sys || exit 1
bv_guard_save() { cat >/dev/null; }
bv_die() { echo "$*"; exit 7; }
# refuses WHAT WORD: the call ends as a refusal, and changes nothing.
all() { ip -4 -o addr show; ip -o link show | awk '{ print $2 }'; ip -4 route show; }
refuses() {
    all >/tmp/refused.before
    said=$("bv_clear_$1_do" "$2"); [ $? = 7 ] || { echo "not refused: $1 $2: $said"; exit 1; }
    all >/tmp/refused.after
    cmp /tmp/refused.before /tmp/refused.after || { echo "changed: $1 $2"; exit 1; }
    case $said in *"$3"*) ;; *) echo "$said"; exit 1 ;; esac
}
ip link set lo up; ip link add eth7 type veth peer name far7; ip addr add 10.0.0.5/24 dev eth7; ip addr add 10.0.0.100/32 dev eth7; ip link set eth7 up; ip link set far7 up
ip route add default via 10.0.0.1
ip link add vxlan.calico type vxlan id 4096 dstport 4789; ip link set vxlan.calico up; ip addr add 10.244.3.1/32 dev vxlan.calico; ip link add one7 type veth peer name far8; ip addr add 10.0.1.7/32 dev one7
ip route add 10.244.9.0/26 via 10.0.0.7 dev vxlan.calico proto bird onlink
SSH_CONNECTION='10.244.9.5 1 10.0.0.5 22'
refuses routes '4 10.244.9.0/26 via 10.0.0.7 dev vxlan.calico proto bird' 'is there again'
refuses links vxlan.calico 'this login came in over it'
refuses links eth7 'the default route leads over it'
refuses addresses '10.0.0.5/24 eth7' 'own network'
refuses addresses '10.0.1.7/32 one7' 'only address'
SSH_CONNECTION='10.244.9.5 1 10.0.0.100 22'
refuses addresses '10.0.0.100/32 eth7' 'may have come in on it'
SSH_CONNECTION='10.0.0.9 1 10.0.0.5 22'
bv_clear_addresses_do '10.0.0.100/32 eth7' && bv_clear_routes_do '4 10.244.9.0/26 via 10.0.0.7 dev vxlan.calico proto bird' && bv_clear_links_do vxlan.calico || exit 1
! all | grep -E '10\.0\.0\.100|10\.244\.|vxlan' || exit 1
rm -f /tmp/refused.before /tmp/refused.after
S
  same_as_before
}
t "what would cut the login is refused and changes nothing, and goes for another login" refused
