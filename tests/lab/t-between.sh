#!/usr/bin/env bash
# Faults between hosts, each made on lab hosts: `init` names the fault and the pair before anything is changed, and without the fault there is
# no finding, and nothing is left of the tries. A stand-in plays the cluster (standin.sh).
# in turn
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/standin.sh"
standin_bundle v1.20.2
g=between
group "$g" "" cp1:control-plane cp2:control-plane cp3:control-plane w1:worker
on() { podman exec "$(container_of "$g" "$1")" sh -c "$2"; }
ip_of() { sed -n "s/^$1 \([^ ]*\) .*/\1/p" "$BASE/$g/hosts"; }
every() { for host in cp1 cp2 cp3 w1; do "$1" "$(container_of "$g" "$host")" > "$BASE/$g/$2-$host"; done; }
# found NAME WORDS...: a finding of that name stops the run, and says all these words.
found() {
  local name=$1 line word
  shift
  line=$(grep '"event":"finding"' "$BASE/$g/out" | grep "\"name\":\"$name\"" | grep '"severity":"error"') || { cat "$BASE/$g/out"; return 1; }
  for word; do grep -qF -- "$word" <<< "$line" || { echo "no \`$word\` in:"; echo "$line"; return 1; }; done
}
healthy() {
  exits 0 "$g" all preflight || return 1
  # The disk is the machine's, not the hosts'.
  ! grep '"event":"finding"' "$BASE/$g/out" | grep -v '"name":"DiskPressure"'
}
untouched() { for host in cp1 cp2 cp3 w1; do on "$host" '[ ! -e /var/lib/bivouac ]' || { echo "$host was changed"; return 1; }; done; }

every snap before
t "healthy hosts have no finding" healthy
left() { local host; every snap after; for host in cp1 cp2 cp3 w1; do same "$BASE/$g/before-$host" "$BASE/$g/after-$host" || return 1; done; }
t "the tries left nothing on any host" left

two() {
  local it pids=()
  for it in 1 2; do
    (cd "$BASE/$g" && exec "$BIVOUAC" -f all.yaml --accept-new-host-keys --yes --log-dir "log-$it" --output json preflight > "out-$it" 2> "err-$it" < /dev/null) &
    pids+=($!)
  done
  for it in "${pids[@]}"; do wait "$it" || :; done
  ! grep -h '"event":"finding"' "$BASE/$g/out-1" "$BASE/$g/out-2" | grep -v '"name":"DiskPressure"'
}
t "two preflights at once: neither takes the other's listeners for its own" two

# fault "WHAT" MAKE UNMAKE NAME WORDS...: MAKE and UNMAKE are `HOST COMMAND`. Where the finding has a command, it is typed as printed, and
# then there is no finding.
fault() {
  local what=$1 make=$2 unmake=$3
  shift 3
  refused() {
    on "${make%% *}" "${make#* }" || return 1
    exits 3 "$g" all init && found "$@" && untouched
  }
  t "$what: init names it, and changes nothing" refused "$@"
  grep '"event":"finding"' "$BASE/$g/out" | grep '"command":"' > "$BASE/$g/commands" || :
  if [ -s "$BASE/$g/commands" ]; then
    typed() {
      python3 - "$BASE/$g/commands" << 'P' > "$BASE/$g/typed"
import json, sys
for line in open(sys.argv[1]):
    it = json.loads(line)
    print(it["host"], it["command"])
P
      cat "$BASE/$g/typed"
      while read -r host command; do on "$host" "$command" < /dev/null || return 1; done < "$BASE/$g/typed"
      healthy
    }
    t "$what: the fix, typed as printed, is one" typed
  fi
  mended() { on "${unmake%% *}" "${unmake#* }" && healthy; }
  t "$what: without it there is no finding" mended
}
flush='for table in "ip filter" "inet lab"; do nft delete table $table 2>/dev/null; done; :'
drop() { fault "$1" "$2 iptables -A $3" "$2 $flush" PortsBetweenHosts "${@:4}"; }

drop "6443 of a control plane is shut" cp1 "INPUT -p tcp --dport 6443 -j DROP" 'no other host reaches it on TCP 6443' '`cp2`' '`w1`'
drop "2380 in one direction" cp3 "INPUT -p tcp --dport 2380 -s $(ip_of cp2) -j REJECT" '`cp2` -> `cp3`' 'TCP 2380'
drop "10250 of a worker answers that it is forbidden" w1 "INPUT -p tcp --dport 10250 -j REJECT --reject-with icmp-host-prohibited" 'TCP 10250' '`cp1`, `cp2`, `cp3`'
drop "UDP is shut" w1 "INPUT -p udp -j DROP" 'UDP 32767' 'no other host reaches it'
drop "all between two" cp2 "INPUT -s $(ip_of w1) -j DROP" '`w1` -> `cp2`' 'TCP 6443' 'TCP 32767' 'UDP 32767'
drop "what a host sends is shut in" w1 "OUTPUT -p tcp --dport 6443 -j DROP" 'TCP 6443' '`w1`'
fault "a table of nftables that lets in SSH alone" \
  "w1 nft 'table inet lab { chain input { type filter hook input priority 0; policy drop; ct state established,related accept; tcp dport 22 accept; iif lo accept; icmp type echo-request accept; }; }'" \
  "w1 $flush" PortsBetweenHosts 'no other host reaches it' 'policy drop of inet lab input'

snapped() { local host; every snap after; for host in cp1 cp2 cp3 w1; do same "$BASE/$g/before-$host" "$BASE/$g/after-$host" || return 1; done; }
fault "an MTU of its own" "w1 ip link set eth0 mtu 1300" "w1 ip link set eth0 mtu 1500" PathMTU '`eth0` of `w1`'
fault "an address twice" "w1 ip address add $(ip_of cp2)/32 dev lo" "w1 ip address delete $(ip_of cp2)/32 dev lo 2>/dev/null; :" DuplicateAddress '`w1` has' 'the address of `cp2`'
fault "a network of containers over the others' addresses" "w1 ip link add docker9 type bridge && ip link set docker9 up && ip address add $(ip_of cp1)0/32 dev docker9 && ip route add $(ip_of cp1)/32 dev docker9" \
  "w1 ip link delete docker9" DuplicateAddress '`w1`' 'docker9'
fault "a route over the pods' network" "cp3 ip route add 10.244.0.0/16 via $(ip_of w1)" "cp3 ip route delete 10.244.0.0/16" Subnets '10.244.0.0/16'
fault "one hardware address twice" "w1 echo $(on cp1 'cat /sys/class/net/eth0/address') > /run/mac && mount --bind /run/mac /sys/class/net/eth0/address" \
  "w1 umount /sys/class/net/eth0/address && rm /run/mac" DuplicateMAC '`eth0 of cp1`, `eth0 of w1`'
t "nothing is left of all that" snapped
# The fix leaves a new file.
fault "one machine id twice" "w1 cp -a /etc/machine-id /run/machine-id.own && echo $(on cp1 'cat /etc/machine-id') > /etc/machine-id" \
  "w1 cat /run/machine-id.own > /etc/machine-id && rm -f /run/machine-id.own" MachineID '`cp1`, `w1`'
