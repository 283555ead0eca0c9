#!/usr/bin/env bash
# Today's kubeadm, as far as a stand-in plays it (standin): the phases of its join, those that some patches do not show among them; members
# of etcd that learn first; kubelets that come in through their own API server. With the product's own playbooks.
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/standin.sh"

standin_bundle v1.34.2
group a '' a:control-plane b:control-plane c:worker
for host in a b c; do snap "$(container_of a $host)" > "$BASE/a/$host.snap"; done
held() { find "$BASE/a/store/$1" -type f -printf '%f ' 2> /dev/null | tr ' ' '\n' | sort | paste -sd' ' | sed 's/^ //'; }
on() { podman exec "$(container_of a "$1")" "${@:2}"; }

# All of etcd's members have a vote, all nodes are there, and nothing of the joins is left.
whole() {
  [ "$(held nodes)" = "a b c" ]
  [ "$(held etcd | wc -w)" = 2 ]
  if grep -r learner "$BASE/a/store/etcd"; then return 1; fi
  [ -z "$(held secrets)" ]
  on b test -s /etc/kubernetes/kubelet.conf
  on b test ! -e /etc/kubernetes/bootstrap-kubelet.conf
  on b test ! -e /var/lib/bivouac/held
}
installed() { exits 0 a all init; whole; exits 0 a all init; unchanged a; }
alone() { exits 0 a all remove b; [ "$(held nodes)" = "a c" ] && [ "$(held etcd | wc -w)" = 1 ]; }
# kubeadm ends between the member's announcement and its promotion, as with a host that loses its power: the next try gives it its vote.
promoted() {
  touch "$BASE/a/store/no-promotion"
  exits 0 a all join b
  [ ! -e "$BASE/a/store/no-promotion" ]
  whole
}
wiped() { exits 0 a all wipe; for host in a b c; do snap "$(container_of a $host)" > "$BASE/a/now"; same "$BASE/a/$host.snap" "$BASE/a/now"; done; }

cd "$BASE"
t "two control planes and a worker are installed, and a second run changes nothing" installed
t "a control plane leaves" alone
t "one whose kubeadm was cut off before etcd's promotion comes in with the second try" promoted
t "a wipe leaves no difference" wiped
