#!/usr/bin/env bash
# The guard of the way in (src/host/guard.sh): hosts whose owner denies everything but what he lets in, and into which SSH comes by a rule of the
# cluster's alone. A wipe of our own and a foreign one put such rules back and say so; nothing of anybody's rules is lost or moved. Once the owner lets SSH in himself the
# same wipe is whole. (t-cutoff.sh: without anybody who could say so.)
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/fast.sh"

up own foreign open
for n in 0 1 2; do cluster_of "h$n" "$(address $n)"; done
mkdir -p "$TMP/playbooks/playbooks/init"
printf 'name: shut\nsteps:\n- name: claim\n  kernel: {pod_subnet: "{{ network.pod_subnet }}"}\n- name: note\n  file: {path: /etc/note.conf, content: note}\n' > "$TMP/playbooks/playbooks/init/10.yaml"
PLAYBOOKS=$TMP/playbooks

on() { podman exec -i "${containers[$1]}" sh -ec "$2"; }
# A login that is nobody's but this test's.
enters() { ssh -n -o BatchMode=yes -o ConnectTimeout=2 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i "$LAB_KEY" "root@$(address "$1")" true; }
shut_out() { ! enters "$1"; }
rules() { on "$1" 'for t in iptables ip6tables; do $t-save | sed "/^#/d; s/\[.*//"; done'; }
# The owner denies what he does not let in, here everything that is not answered.
walls() {
  on "$1" 'iptables -P INPUT DROP; iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    iptables -A INPUT -p icmp -j ACCEPT; iptables -A INPUT -p tcp --dport 81 -m comment --comment "not -j KUBE-SERVICES" -j ACCEPT; iptables -A INPUT -s 10.245.0.0/16 -j ACCEPT; iptables -A INPUT -p tcp -j REJECT
    iptables -t nat -A POSTROUTING -s 192.0.2.1 -j RETURN; ip6tables -A INPUT -s 2001:db8::1 -j DROP'
}
# SSH comes in by what a cluster has in the middle of it, by two chains; and the cluster has rules elsewhere.
lets_in() {
  on "$1" 'iptables -N KUBE-ROUTER-INPUT; iptables -N KUBE-POD-FW-A; iptables -A KUBE-ROUTER-INPUT -p udp -j RETURN; iptables -A KUBE-ROUTER-INPUT -p tcp --dport 22 -m comment --comment "it'"'"'s the \"pod\" way" -j KUBE-POD-FW-A; iptables -A KUBE-POD-FW-A -j ACCEPT
    iptables -I INPUT 2 -m comment --comment "one" -j KUBE-ROUTER-INPUT; iptables -I INPUT 5 -p udp -m comment --comment two -j KUBE-POD-FW-A; iptables -A INPUT -p udp -m comment --comment two -j KUBE-POD-FW-A
    iptables -t nat -N KUBE-SERVICES; iptables -t nat -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES; ip6tables -N KUBE-FIREWALL; ip6tables -A INPUT -j KUBE-FIREWALL'
}
own_way() { on "$1" 'iptables -I INPUT 1 -p tcp --dport 22 -j ACCEPT'; }
no_guard() { on "$1" '[ ! -e /run/bivouac-guard ]' && ! on "$1" 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\0" " " | grep "bivouac-guard/[w]atch"'; }

for n in 0 1 2; do walls $n; done
rules 1 > "$TMP/foreign"
own_way 0
own_way 2
rules 0 > "$TMP/own"
t "an install" exits 0 h0 init
on 0 'iptables -D INPUT -p tcp --dport 22 -j ACCEPT'
for n in 0 1; do lets_in $n; rules $n > "$TMP/rules$n"; done

control() {
  enters 0
  on 0 'iptables -D INPUT -m comment --comment "one" -j KUBE-ROUTER-INPUT'
  shut_out 0
  on 0 'iptables -I INPUT 2 -m comment --comment "one" -j KUBE-ROUTER-INPUT'
  rules 0 > "$TMP/now" && same "$TMP/rules0" "$TMP/now" && enters 0
}
t "control: without the cluster's rule nobody new comes in" control

said() { grep -F 'without the cluster'"'"'s rules no login works' "$1" && grep -F 'they were put back' "$1" && grep -F 'let SSH from here in by a rule of the host'"'"'s own' "$1"; }
kept() {
  exits 1 h0 wipe
  said "$TMP/h0.err"
  rules 0 > "$TMP/now" && same "$TMP/rules0" "$TMP/now"
  enters 0
  # What is not undone the journal does not call so, and the other entries are.
  on 0 '! grep -q "^undone 1 " /var/lib/bivouac/journal && grep -q "^undone 2 " /var/lib/bivouac/journal && [ ! -e /etc/note.conf ]'
  no_guard 0
}
t "a wipe that would shut its operator out puts all back, and says so" kept
again() { exits 1 h0 wipe && rules 0 > "$TMP/now" && same "$TMP/rules0" "$TMP/now" && enters 0; }
t "once more the same" again
# Cut off behind the removal: who comes next has come in, or not.
killed() {
  local status=0
  BIVOUAC_CUT=h0:1:unproven-after run h0 wipe 2> /dev/null || status=$?
  [ "$status" = 134 ]
  shut_out 0
  on 0 'iptables -S | grep -qe "-N KUBE" && exit 1; [ -e /run/bivouac-guard/armed ]'
  own_way 0
  exits 0 h0 wipe
  rules 0 > "$TMP/now" && same "$TMP/own" "$TMP/now"
  no_guard 0
}
t "a wipe that was cut off behind the removal is confirmed by the next, and is whole when the owner lets SSH in" killed

foreign() { # STATUS VERB ARGUMENT...
  local want=$1 got=0
  shift
  "$BIVOUAC" "$@" -u root --private-key "$LAB_KEY" --accept-new-host-keys --timeout 5 --log-dir "$TMP/logs" > "$TMP/foreign.out" 2> "$TMP/foreign.err" < /dev/null || got=$?
  cat "$TMP/foreign.out" "$TMP/foreign.err"
  [ "$got" = "$want" ]
}
foreign_kept() {
  on 1 'mkdir -p /etc/kubernetes/manifests /var/lib/kubelet; echo x > /etc/kubernetes/manifests/x.yaml; echo x > /var/lib/kubelet/config.yaml'
  foreign 1 wipe --foreign "$(address 1)" --yes
  said "$TMP/foreign.err"
  rules 1 > "$TMP/now" && same "$TMP/rules1" "$TMP/now"
  enters 1
  on 1 '[ ! -e /etc/kubernetes ] && [ ! -e /var/lib/kubelet ]'
  no_guard 1
  grep -F KUBE-ROUTER-INPUT "$TMP/foreign.out"
}
t "a foreign wipe does so too, and takes away the rest" foreign_kept
foreign_wiped() {
  own_way 1
  foreign 0 wipe --foreign "$(address 1)" --yes
  on 1 'iptables -D INPUT 1'
  rules 1 > "$TMP/now" && same "$TMP/foreign" "$TMP/now"
  no_guard 1
  on 1 '[ ! -e /var/lib/bivouac ]'
  own_way 1
  foreign 0 verify-clean "$(address 1)"
}
t "when the owner lets SSH in it is whole" foreign_wiped

# A login that works costs one login, and nothing comes back.
opened() {
  local before after
  exits 0 h2 init
  rules 2 > "$TMP/open"
  lets_in 2
  before=$(on 2 'journalctl -q --no-pager -t sshd | grep -c "Accepted publickey"')
  exits 0 h2 wipe
  after=$(on 2 'journalctl -q --no-pager -t sshd | grep -c "Accepted publickey"')
  echo "logins: $before, $after"
  [ $((after - before)) = 2 ]
  rules 2 > "$TMP/now" && same "$TMP/open" "$TMP/now"
  no_guard 2
  enters 2
}
t "control: where a new login works nothing is put back, and it is one login" opened
