#!/usr/bin/env bash
# What a cluster leaves in the packet filter besides the chains of the common backend (residue.md, R18 to R21, R29): rules of iptables-legacy, tables of nftables, sets, translated
# connections; each beside one of the owner's that is called nearly the same. (This kernel has no IPVS; virtual servers are judged in tests/it/residue.)
# in turn
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/bare.sh"

up host
host=${containers[0]} at=$(address 0)
on() { podman exec -i "$host" bash -euo pipefail -c "$1"; }
state() {
  on 'for tool in iptables-legacy ip6tables-legacy iptables-nft ip6tables-nft; do $tool-save 2> /dev/null | sed "/^#/d; s/ \[.*//; s/^/$tool /"; done; nft -s list ruleset 2> /dev/null; ipset save | sort; grep -c "dst=198.51.100.9 .*dport=99 " /proc/net/nf_conntrack'
}
# send ADDRESS PORT: a packet of UDP, which a rule of the host's may send elsewhere.
send='send() { echo x > "/dev/udp/$1/$2"; }; '

on 'apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nftables ipset conntrack > /dev/null 2>&1'
# The owner's: his own legacy rules, one that speaks of Kubernetes; tables and sets of nearly the same names; a connection that he translates.
on 'for i in iptables ip6tables; do $i-legacy -N MINE; $i-legacy -A MINE -m comment --comment "KUBE-SERVICES" -j ACCEPT; $i-legacy -A FORWARD -j MINE; $i-legacy -t nat -N MYKUBE-A; $i-legacy -P FORWARD DROP; done
  nft add table inet mine; nft add chain inet mine input "{ type filter hook input priority 0; policy accept; }"; nft add table ip kube-proxy-mine; nft add table ip flannel-ipv4x; nft add table ip6 calico6
  ipset create f2b-sshd hash:ip; ipset add f2b-sshd 192.0.2.7; ipset create MYKUBE-A hash:ip; ipset create cali-of-mine hash:ip; iptables-legacy -A MINE -m set --match-set f2b-sshd src -j DROP
  sysctl -qw net.netfilter.nf_conntrack_udp_timeout=600; iptables-legacy -t nat -A OUTPUT -d 198.51.100.9 -p udp -j DNAT --to-destination 127.0.0.1:9'"; $send"'send 198.51.100.9 99'
state > "$TMP/owners"
own() { ends 0 verify-clean "$at"; says 'clean of what is known'; }
t "an owner's host is clean" own

plant() {
  on 'mkdir -p /etc/kubernetes/manifests /var/lib/kubelet /etc/cni/net.d; echo x > /var/lib/kubelet/config.yaml; printf -- "    - --service-cluster-ip-range=10.96.0.0/12\n" > /etc/kubernetes/manifests/kube-apiserver.yaml
    echo "{\"cniVersion\":\"0.4.0\",\"name\":\"podman\",\"plugins\":[{\"type\":\"bridge\",\"bridge\":\"cni-podman0\"}]}" > /etc/cni/net.d/87-podman.conflist
    for i in iptables-legacy ip6tables-legacy; do $i -t nat -N KUBE-SERVICES; $i -t nat -N KUBE-MARK-MASQ; $i -t nat -A KUBE-SERVICES -m comment --comment "kubernetes service portals" -j KUBE-MARK-MASQ; $i -t nat -A PREROUTING -j KUBE-SERVICES; $i -N KUBE-FIREWALL; $i -I INPUT -j KUBE-FIREWALL; $i -A KUBE-FIREWALL -m mark --mark 0x8000 -j DROP; done
    iptables-nft -t nat -N KUBE-POSTROUTING; iptables-nft -t nat -A POSTROUTING -j KUBE-POSTROUTING
    for family in ip ip6; do nft add table $family kube-proxy; nft add chain $family kube-proxy services "{ type nat hook prerouting priority -100; }"; done; nft add table ip flannel-ipv4; nft add table ip6 flannel-ipv6; nft add table ip cni_hostport; nft add table inet cni_plugins_masquerade
    ipset create KUBE-CLUSTER-IP hash:ip,port; ipset add KUBE-CLUSTER-IP 10.96.0.1,tcp:443; ipset create KUBE-6-LOOP-BACK hash:ip,port,ip family inet6; ipset create cali40s:a hash:net; ipset create cali40l list:set; ipset add cali40l cali40s:a
    iptables-legacy -t nat -A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j KUBE-MARK-MASQ; iptables-legacy -t nat -A OUTPUT -j KUBE-SERVICES; iptables-legacy -t nat -N KUBE-SVC-A; iptables-legacy -t nat -A KUBE-SVC-A -p udp -j DNAT --to-destination 127.0.0.1:53; iptables-legacy -t nat -A KUBE-SERVICES -d 10.96.0.10 -p udp -j KUBE-SVC-A'"
    $send"'send 10.96.0.10 53; grep "dst=10.96.0.10 .*dport=53 " /proc/net/nf_conntrack'
}
t "what a cluster leaves is made" plant
known() {
  ends 6 verify-clean "$at"
  says 'Chains +chain' 'NftTables +table (ip|ip6) kube-proxy' 'Sets +set' 'Conntrack +connections to 10.96.0.10 that lead to 127.0.0.1' 'NftTables +table .*(cni_hostport|cni_plugins).*the network .podman. may use it'
  if grep -E 'MYKUBE|f2b|kube-proxy-mine|flannel-ipv4x|calico6|cali-of-mine|198\.51' "$TMP/said"; then return 1; fi
}
t "each is known, and the owner's of nearly the same names is not spoken of" known
# A set that a rule of the owner's has taken up cannot go, and what else is there goes all the same.
used() {
  on 'iptables-legacy -A MINE -m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN'
  ends 1 wipe --foreign "$at" --yes
  grep -F "is in use by a rule that is not Kubernetes'" "$TMP/err"
  on 'ipset list -n | grep -x KUBE-CLUSTER-IP; for i in iptables-legacy ip6tables-legacy iptables-nft; do if $i-save | grep -E "^:KUBE|-j KUBE"; then exit 1; fi; done; if ipset list -n | grep -E "^(cali4|KUBE-6)"; then exit 1; fi
    if grep "dst=10.96.0.10 .*dport=53 " /proc/net/nf_conntrack; then exit 1; fi; iptables-legacy -D MINE -m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN'
}
t "a set in a rule of the owner's is said to be, and everything else goes" used
gone() {
  ends 0 wipe --foreign "$at" --yes
  on 'nft list tables | grep -E "cni_(hostport|plugins_masquerade)$" | wc -l | grep -x 2; nft delete table ip cni_hostport; nft delete table inet cni_plugins_masquerade'
  state | diff "$TMP/owners" -
}
t "the cluster's are gone, tables that podman may use stay, and each of the owner's is as it was, his connection too" gone
shared() {
  on 'rm /etc/cni/net.d/87-podman.conflist; mkdir -p /var/lib/kubelet; echo x > /var/lib/kubelet/config.yaml; nft add table ip cni_hostport; nft add table inet cni_plugins_masquerade'
  ends 0 wipe --foreign "$at" --yes
  state | diff "$TMP/owners" -
  own
}
t "with no other network on the host they go too, and it is clean" shared
