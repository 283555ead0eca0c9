#!/usr/bin/env bash
# The guard of the way in (src/host/guard.sh) where nobody can say any more whether a login works: a run that was killed behind the removal, and
# connections that end with it, for the owner's rules know nothing of those that stand. Such hosts put back by themselves what was taken out.
# in turn
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/fast.sh"

up killed own foreign
for n in 0 1; do cluster_of "h$n" "$(address $n)"; done
mkdir -p "$TMP/playbooks/playbooks/init"
printf 'name: shut\nsteps:\n- name: claim\n  kernel: {pod_subnet: "{{ network.pod_subnet }}"}\n' > "$TMP/playbooks/playbooks/init/10.yaml"
PLAYBOOKS=$TMP/playbooks

on() { podman exec -i "${containers[$1]}" sh -ec "$2"; }
enters() { ssh -n -o BatchMode=yes -o ConnectTimeout=2 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i "$LAB_KEY" "root@$(address "$1")" true; }
rules() { on "$1" 'for t in iptables ip6tables; do $t-save | sed "/^#/d; s/\[.*//"; done'; }
for n in 0 1; do
  on $n 'iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -t nat -A POSTROUTING -s 192.0.2.1 -j RETURN; ip6tables -A INPUT -s 2001:db8::1 -j DROP'
  rules $n > "$TMP/before$n"
  t "an install of h$n" exits 0 h$n init
  on $n 'iptables -F INPUT'
done
on 2 'mkdir -p /etc/kubernetes/manifests; echo x > /etc/kubernetes/manifests/x.yaml'
for n in 0 1 2; do on $n 'iptables -N KUBE-WAY; iptables -A KUBE-WAY -p tcp --dport 22 -j ACCEPT; iptables -A INPUT -s 192.0.2.1 -j DROP; iptables -A INPUT -j KUBE-WAY; iptables -A INPUT -s 192.0.2.2 -j DROP; iptables -P INPUT DROP'; done
on 0 'iptables -I INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'
for n in 0 1 2; do rules $n > "$TMP/rules$n"; done

# All three at once: each waits for the same time.
(status=0; BIVOUAC_CUT=h0:1:unproven-after run h0 wipe 2> /dev/null || status=$?; echo $status > "$TMP/status0") &
(status=0; run h1 wipe || status=$?; echo $status > "$TMP/status1") &
(status=0; "$BIVOUAC" wipe --foreign "$(address 2)" --yes -u root --private-key "$LAB_KEY" --accept-new-host-keys --log-dir "$TMP/logs" > "$TMP/foreign" 2>&1 < /dev/null || status=$?; echo $status > "$TMP/status2") &
gone() { comes on "$1" '! iptables -S | grep -q KUBE-WAY'; if enters "$1"; then return 1; fi; }
for n in 0 1 2; do t "control: nobody new comes in any more on host $n" gone $n; done
back() { comes on "$1" '[ ! -e /run/bivouac-guard ]'; rules "$1" > "$TMP/now" && same "$TMP/rules$1" "$TMP/now" && enters "$1"; }
for n in 0 1 2; do t "host $n puts back by itself what let its operator in" back $n; done
wait
told() { # STATUS HOST LOG
  [ "$(cat "$TMP/status$2")" = "$1" ] || { cat "$TMP/status$2" "$3"; return 1; }
  cat "$3"
  grep -F 'without the cluster'"'"'s rules no login works' "$3"
  grep -F 'the host puts them back by itself within 45 s' "$3"
}
t "the killed run was killed" test "$(cat "$TMP/status0")" = 134
t "a connection that ends with the removal is said to be cut off by it" told 1 1 "$TMP/h1.err"
t "the same in a foreign wipe" told 1 2 "$TMP/foreign"
whole() {
  on "$1" 'iptables -P INPUT ACCEPT; iptables -F INPUT; iptables -A INPUT -p tcp --dport 22 -j ACCEPT'
  exits 0 "h$1" wipe
  rules "$1" > "$TMP/now" && same "$TMP/before$1" "$TMP/now"
}
for n in 0 1; do t "when the owner lets SSH in h$n is wiped, with no difference" whole $n; done
