#!/usr/bin/env bash
# The lab itself: hosts that do not collide, snaps that tell the truth, doors that open.
. "$(dirname "$0")/t.sh"

hosts -a h1 h2 > "$TMP/a" &
a=$!
hosts -b h1 h2 > "$TMP/b"
wait "$a"

lines() { [ "$(wc -l < "$TMP/a")" = 2 ] && [ "$(wc -l < "$TMP/b")" = 2 ]; }
t "two runs started at once have two hosts each" lines
apart() { [ "$(cut -d' ' -f2,3 "$TMP/a" "$TMP/b" | tr ' ' '\n' | sort -u | wc -l)" = 8 ]; }
t "no two hosts share an address or a container" apart
subnets() { [ "$(cut -d' ' -f2 "$TMP/a" "$TMP/b" | cut -d. -f1-3 | sort -u | wc -l)" = 2 ]; }
t "the runs share no network" subnets
keys() { cat "$TMP/a" "$TMP/b" | while read -r _ address _; do ssh-keyscan -t ed25519 "$address" 2>/dev/null; done | cut -d' ' -f3 | sort -u | wc -l | grep -qx 4; }
t "each host has host keys of its own" keys

read -r _ address host < "$TMP/a"
login() { "$LAB_DIR/hosts.sh" ssh "$RUN-a" h1 true && LAB_USER=ops "$LAB_DIR/hosts.sh" ssh "$RUN-a" h1 true; }
t "root and ops log in with the lab's key" login
by_password() { SSHPASS=$2 sshpass -e ssh -o PubkeyAuthentication=no -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "$1@$address" true; }
t "root logs in with a password" by_password root lab
wrong() { ! by_password root wrong; }
t "a wrong password is refused" wrong
sudo_asks() { LAB_USER=ops "$LAB_DIR/hosts.sh" ssh "$RUN-a" h1 'sudo -k; ! sudo -n true && echo ops | sudo -S -p "" id -u' | grep -qx 0; }
t "ops becomes root with a password and not without" sudo_asks
sudo_free() { LAB_USER=free "$LAB_DIR/hosts.sh" ssh "$RUN-a" h1 'sudo -n id -u' | grep -qx 0; }
t "free becomes root without a password" sudo_free

snap "$host" > "$TMP/1"
snap "$host" > "$TMP/2"
full() { [ "$(wc -l < "$TMP/1")" -gt 5000 ] && for kind in path sum pkg unit addr listen user mount sysctl; do grep -q "^$kind " "$TMP/1"; done; }
t "a snap has lines of each kind" full
t "two snaps of an untouched host are the same" same "$TMP/1" "$TMP/2"
# A bare host has neither ipset nor nft: commands that begin with them run in the host's network from here.
in_host() {
  case $1 in
    ipset* | nft*) nsenter -t "$(podman inspect -f '{{.State.Pid}}' "$host")" -n sh -ec "$1" ;;
    *) podman exec "$host" sh -ec "$1" ;;
  esac
}
shows() { # WHAT IS DONE, WHAT UNDOES IT, THE LINES THAT MUST SHOW
  in_host "$1"
  snap "$host" > "$TMP/3"
  { diff "$TMP/2" "$TMP/3" || true; } | grep -E "^[<>] $3"
  in_host "$2"
  snap "$host" > "$TMP/4"
  same "$TMP/2" "$TMP/4"
}
t "a planted file shows and its removal too" shows 'touch /etc/planted' 'rm /etc/planted' 'path .*/etc/planted'
t "a changed file shows" shows 'cp -a /etc/fstab /root/f; echo "# x" >> /etc/fstab' 'cp -a /root/f /etc/fstab; rm /root/f' 'sum .*/etc/fstab'
t "a link shows" shows 'ip link add snap0 type bridge' 'ip link del snap0' 'link snap0'
t "a firewall chain shows" shows 'iptables -N SNAPPED' 'nft delete table ip filter' 'nft .*SNAPPED'
t "a filter of a link shows" shows 'tc qdisc add dev eth0 clsact; tc filter add dev eth0 ingress bpf bytecode "1,6 0 0 4294967295,"' 'tc qdisc del dev eth0 clsact' 'tc eth0 ingress .*bytecode'
t "a set shows" shows 'ipset create SNAPPED hash:ip' 'ipset destroy SNAPPED' 'ipset .*SNAPPED'
t "a sysctl shows" shows 'sysctl -qw net.ipv4.conf.default.arp_announce=2' 'sysctl -qw net.ipv4.conf.default.arp_announce=0' 'sysctl .*arp_announce'

"$LAB_DIR/hosts.sh" down "$RUN-b"
gone() { [ -z "$(podman ps -aq --filter "label=bivouac.run=$RUN-b")" ] && ! podman network exists "bv-$RUN-b"; }
t "down removes its own run" gone
stays() { [ "$(podman ps -q --filter "label=bivouac.run=$RUN-a" | wc -l)" = 2 ] && "$LAB_DIR/hosts.sh" ssh "$RUN-a" h2 true; }
t "and no other" stays

clash() { ! "$LAB_DIR/hosts.sh" up "$RUN-c" --subnet "${address%.*}" h1 2> "$TMP/err" && grep 'in use by another network' "$TMP/err"; }
t "a network that is taken is refused by name" clash
twice() { ! "$LAB_DIR/hosts.sh" up "$RUN-a" h1 2> "$TMP/err" && grep 'is there already' "$TMP/err"; }
t "a host that is there is not started over" twice

sleep 600 &
owner=$!
"$LAB_DIR/hosts.sh" up "$RUN-d" --owner "$owner" h1 >/dev/null
echo "$RUN-d" >> "$TMP/runs"
alive() { "$LAB_DIR/hosts.sh" gc && podman network exists "bv-$RUN-d"; }
t "gc leaves a run whose owner lives" alive
kill "$owner"
wait "$owner" || true
swept() { "$LAB_DIR/hosts.sh" gc && ! podman network exists "bv-$RUN-d" && podman network exists "bv-$RUN-a"; }
t "gc removes a run whose owner has ended, and only that" swept
