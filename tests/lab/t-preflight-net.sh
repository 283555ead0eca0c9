#!/usr/bin/env bash
# Faults of names, addresses, routes and packets, each made for real on one of two hosts: `init` names it and ends with 3 before anything
# changed, and what is printed as its command, typed on the host, makes the next preflight content. Warnings, with which `init` would go
# on, are looked for by `preflight`.
# shellcheck disable=SC2016 # the host expands what is in single quotes
# in turn
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/standin.sh"

standin_bundle v1.20.2
group one '' cp1:control-plane w1:worker
# The machine's disk may be fuller than a kubelet likes.
sed -i 's/kubelet: {failSwapOn: false}/kubelet: {failSwapOn: false, evictionHard: {imagefs.available: 1%, nodefs.available: 1%}}/' "$BASE/one/all.yaml"
on() { podman exec -i "$(container_of one "$1")" sh -ec "$2"; }

# round WHAT; then the faults of it; then `over`.
round() { round=$1; faults=(); undo=(); errors=0; }
# fault HOST NAME WHAT INJECT [UNDO]: what is done to the host, the finding's name, and what is left to be undone afterwards.
fault() { errors=1; doubt "$@"; }
# doubt: the same, for a warning.
doubt() { faults+=("$1|$2|$3"); undo+=("$1|${5:-:}"); on "$1" "$4" > "$TMP/inject" 2>&1 || { cat "$TMP/inject"; die "$3: could not be made"; }; }
over() {
  local it name
  for name in cp1 w1; do snap "$(container_of one $name)" > "$TMP/before-$name"; done
  if [ "$errors" = 1 ]; then t "$round: init ends with 3" exits 3 one all init; else t "$round: preflight goes on" exits 0 one all preflight; fi
  for it in "${faults[@]}"; do
    IFS='|' read -r host name what <<< "$it"
    t "$round: $what: \`$name\`" finds "$host" "$name"
  done
  t "$round: nothing changed" unchanged_hosts
  t "$round: the commands, as printed, are carried out" typed
  t "$round: after them preflight finds nothing" content
  for it in "${undo[@]}"; do on "${it%%|*}" "${it#*|}" > /dev/null 2>&1 || echo "# could not be undone: $it"; done
  t "$round: undone, nothing is found" content
}
finds() { python3 - "$BASE/one/out" "$1" "$2" <<'P'
import json, sys
found = [e for e in map(json.loads, open(sys.argv[1])) if e.get("event") == "finding"]
for it in found: print(it)
sys.exit(not any((it["host"], it["name"]) == (sys.argv[2], sys.argv[3]) for it in found))
P
}
unchanged_hosts() { local name; for name in cp1 w1; do snap "$(container_of one $name)" > "$TMP/after" && same "$TMP/before-$name" "$TMP/after"; done; }
typed() {
  local name
  for name in cp1 w1; do
    python3 - "$BASE/one/out" $name > "$TMP/commands" <<'P'
import json, sys
seen = []
for e in map(json.loads, open(sys.argv[1])):
    if e.get("event") == "finding" and e["host"] == sys.argv[2] and e.get("command") and e["command"] not in seen: seen.append(e["command"])
print("\n".join(seen))
P
    cat "$TMP/commands"
    sed '/./s/$/ || { echo "the last command ended with $?"; exit 1; }/' "$TMP/commands" | podman exec -i "$(container_of one $name)" bash
  done
}
content() { exits 0 one all preflight && ! grep -h '"event":"finding"' "$BASE/one/out"; }

t "healthy hosts: preflight finds nothing" content
gateway=$(on w1 "ip -4 route show default | awk '{print \$3}'")

round "loopback"
fault cp1 Loopback "the interface is off" 'ip link set lo down'
fault w1 Loopback "it has no address" 'ip addr flush dev lo' 'ip addr add ::1/128 dev lo 2> /dev/null || :'
over

round "localhost"
fault cp1 Loopback "it is somebody else" 'h=$(sed "s/^127.0.0.1.*/192.0.2.1 localhost other/" /etc/hosts); printf "%s\n" "$h" > /etc/hosts'
fault w1 Loopback "it is nobody" 'h=$(grep -v localhost /etc/hosts); printf "%s\n" "$h" > /etc/hosts'
doubt w1 Hostname "the host's own name is another machine's" 'echo "192.0.2.9 w1" >> /etc/hosts'
over

round "where names are looked up"
fault w1 Loopback "by DNS alone" 'cp /etc/nsswitch.conf /run/; sed -i "s/^hosts:.*/hosts: dns/" /etc/nsswitch.conf' 'cat /run/nsswitch.conf > /etc/nsswitch.conf'
over

# A mount of podman's hides the host's own.
round "name servers"
fault w1 ResolvConf "the file is a link to nowhere" 'umount /etc/resolv.conf; rm -f /etc/resolv.conf; ln -s ../run/nowhere/resolv.conf /etc/resolv.conf'
fault cp1 ResolvConf "the file is gone" 'umount /etc/resolv.conf; rm -f /etc/resolv.conf'
over

round "packets"
fault cp1 PacketFilter "what a host sends itself is dropped" 'iptables -A INPUT -i lo -p tcp --dport 2379 -j DROP'
fault cp1 PacketFilter "what the other host sends is refused" "iptables -A INPUT -s $(on w1 'ip -4 -o addr show eth0' | sed -n 's/.*inet \([0-9.]*\).*/\1/p') -p tcp --dport 6443 -j REJECT"
fault w1 PacketFilter "packets are not passed on" 'iptables -P FORWARD DROP' 'iptables -P FORWARD ACCEPT'
fault w1 PacketFilter "the API server is out of bounds" 'iptables -N out; iptables -A OUTPUT -j out; iptables -A out -p tcp -m multiport --dports 80,6443 -j DROP'
over
for name in cp1 w1; do on $name 'iptables -F; iptables -X'; done

round "routes"
fault w1 PolicyRouting "a rule before the main table" "ip route add default via $gateway table 77; ip rule add priority 90 lookup 77"
over
on w1 'ip rule del priority 90; ip rule del priority 89; ip route flush table 77'

round "the default route"
doubt w1 DefaultRoute "it is gone" 'ip route del default'
over

round "an address on its way out"
fault w1 NetworkInterface "it is used for nothing new" 'net=$(ip -4 -o addr show eth0 | sed -n "s/.*inet \([^ ]*\).*/\1/p"); ip addr change "$net" dev eth0 preferred_lft 0'
over

round "a proxy of all services"
fault w1 HTTPProxy "systemd gives it to the kubelet" 'mkdir -p /etc/systemd/system.conf.d; printf "[Manager]\nDefaultEnvironment=\"HTTPS_PROXY=http://user:secret@192.0.2.1:3128\" NO_PROXY=localhost\n" > /etc/systemd/system.conf.d/proxy.conf' 'rm -r /etc/systemd/system.conf.d /etc/systemd/system/kubelet.service.d'
over
t "a proxy of all services: its password is told nobody" test -z "$(grep -rl secret "$BASE/one/out" "$BASE/one/err" 2> /dev/null)"

round "settings"
doubt w1 EphemeralPorts "connections begin at the ports of Kubernetes" 'sysctl -qw net.ipv4.ip_local_port_range="1024 65535"' 'sysctl -qw net.ipv4.ip_local_port_range="32768 60999"; sysctl -qw net.ipv4.ip_local_reserved_ports=; rm -f /etc/sysctl.d/80-kubernetes-ports.conf'
doubt w1 SysctlsAtBoot "forwarding is switched off at the next boot" 'echo "net/ipv4/ip_forward = 0" > /etc/sysctl.d/99-hard.conf' 'rm /etc/sysctl.d/99-hard.conf'
over

# What is for the people who log in leads nothing of a run elsewhere.
people() { on "$1" 'printf "https_proxy=http://192.0.2.1:3128\nTMPDIR=/nowhere\nKUBECONFIG=/nowhere\nPOSIXLY_CORRECT=1\n" >> /etc/environment; printf "umask 077\necho noise; echo noise >&2\n" | tee -a /etc/profile > /root/.bashrc'; }
people cp1
people w1
modes() { [ "$(on cp1 'stat -c %a /etc/cni/net.d /opt/cni/bin /etc/sysctl.d/90-bivouac.conf /etc/systemd/system/kubelet.service /usr/local/bin/kubelet' | paste -sd ' ')" = '755 755 644 644 755' ]; }
t "a login's proxies, directories and mask: init installs all the same" exits 0 one all init
t "and files have the modes that they need" modes
