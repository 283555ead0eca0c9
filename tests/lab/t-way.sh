#!/usr/bin/env bash
# What a foreign wipe takes away besides rules may be the way in as well (src/engine/clear.rs, src/host/guard.sh): the link that a login came in over stays, a rule of routing
# without which no new login works comes back, and where that cannot be it is said.
# in turn
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/bare.sh"

up host
host=${containers[0]} at=$(address 0)
on() { podman exec -i "$host" bash -euo pipefail -c "$1"; }
sign='mkdir -p /var/lib/kubelet /run/cilium; echo x > /var/lib/kubelet/config.yaml'

# The owner has put his own network into a bridge that is called like the pods'.
over() {
  on "$sign"'; gateway=$(ip route show default | cut -d" " -f3); ip link add cni0 type bridge; ip link set cni0 up address $(cat /sys/class/net/eth0/address); ip addr flush dev eth0; ip link set eth0 master cni0; ip addr add '"$at"'/24 dev cni0; ip route add default via $gateway dev cni0
    ip route del default; ip link add flannel.1 type vxlan id 1 dstport 8472'
  comes bash -c "exec 3<> /dev/tcp/$at/22"
  ends 6 wipe --foreign "$at" --yes
  grep -E 'Links +link (eth0, link )?cni0: (this login came in over it|.eth0., which is no pod)' "$TMP/said"
  on '[ -e /sys/class/net/cni0 ] && [ ! -e /sys/class/net/flannel.1 ] && [ ! -e /var/lib/kubelet ]'
}
t "a link that the login came in over stays, whatever it is called" over

# Answers to new connections go by a rule of Cilium's, and without it nowhere; who is connected does not notice.
closed() {
  on "$sign"'; iptables -t mangle -A OUTPUT -p tcp --sport 22 --tcp-flags SYN,ACK SYN,ACK -j MARK --set-mark 0x200
    ip route add '"${at%.*}"'.0/24 dev cni0 table 2004; ip rule add fwmark 0x200/0xf00 lookup 2004 priority 9; ip rule add fwmark 0x200/0xf00 unreachable priority 20; ip rule > /run/rules'
  ends 1 wipe --foreign "$at" --yes
  grep -F 'no login works' "$TMP/err"
  grep -F 'they were put back' "$TMP/err"
  on 'ip rule | diff /run/rules -; [ ! -e /run/bivouac-guard ]'
}
t "a rule of routing without which no new login works comes back" closed
open() {
  on 'ip rule del priority 20'
  ends 6 wipe --foreign "$at" --yes
  on 'ip rule; if ip rule | grep 0x200; then exit 1; fi; iptables -t mangle -F OUTPUT; [ ! -e /var/lib/bivouac ]'
}
t "when the owner's rule does not stand against it any more it goes" open

# A hook of the owner's that answers to a link that goes. What the link was cannot be had back.
noticed() {
  on "$sign"'; ip link add flannel.1 type vxlan id 1 dstport 8472; printf "#!/bin/sh\n/usr/sbin/ip \"\$@\" || exit\ncase \"\$*\" in *\"link del\"*) iptables -I INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -j REJECT --reject-with tcp-reset ;; esac\n" > /usr/local/sbin/ip; chmod +x /usr/local/sbin/ip'
  ends 1 wipe --foreign "$at" --yes
  grep -F "since the cluster's links and routes went no new login works" "$TMP/err"
  on 'iptables -F INPUT; [ -e /var/lib/kubelet ] && [ -e /var/lib/bivouac ]'
  rm -f "$TMP/said"
  ends 6 wipe --foreign "$at" --yes
  on '[ ! -e /var/lib/kubelet ] && [ ! -e /var/lib/bivouac ]'
}
t "where links went and no new login works the wipe stops there, says so, and goes on later" noticed
