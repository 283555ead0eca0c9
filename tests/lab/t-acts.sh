#!/usr/bin/env bash
# Who acts for a cluster, and for which nodes, on hosts with a stand-in for it: a file that does not name all of it; the first control plane's
# API server is silent; one that was taken out comes back; a worker's own /var/lib/etcd.
# shellcheck disable=SC2016 # backquotes are quotes here, and what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/standin.sh"
standin_bundle v1.20.2
group acts "network: {}" a:control-plane b:control-plane c:worker
g=acts
dir=$BASE/$g
sed '/name: b}/d' "$dir/all.yaml" > "$dir/partial.yaml"
sed '/name: c}/d' "$dir/all.yaml" > "$dir/planes.yaml"
for h in a b c; do look "$(container_of "$g" "$h")" > "$dir/$h.look"; done
clean() { look "$(container_of "$g" "$1")" > "$dir/now" && same "$dir/$1.look" "$dir/now"; }
on() { podman exec "$(container_of "$g" "$1")" sh -c "$2"; }
says() { local text; for text; do grep -qF -- "$text" "$dir/err" "$dir/out" || { echo "not said: $text"; cat "$dir/err"; return 1; }; done; }
nodes_are() { [ "$(find "$dir/store/nodes" -type f -printf '%f\n' | sort | paste -sd' ')" = "$1" ] || { find "$dir/store/nodes"; return 1; }; }

# A second member that the first cannot reach would cost etcd its majority. Preflight looks too, but it may be skipped, and a port may be shut later.
in_network() { nsenter -t "$(podman inspect -f '{{.State.Pid}}' "$(container_of "$g" "$1")")" -n nft -f -; }
walled() { # HOST TOLD-BY
  echo 'table inet wall { chain in { type filter hook input priority 0; tcp dport 2380 drop; }; }' | in_network "$1"
  exits 1 "$g" planes init --skip PortsBetweenHosts --skip PacketFilter && says "$2: " "is not reached on port 2380" "open it between the control planes"
  [ "$(find "$dir/store/etcd" -type f | wc -l)" = 1 ]
  # As it was when the baseline was taken.
  exits 0 "$g" planes wipe
  echo 'delete table inet wall' | in_network "$1"
}
t "the second control plane's port is closed to the first: etcd has one member still" walled b a
t "the other way round" walled a b

# A worker's join that fails leaves a certificate authority, which kubeadm then refuses.
in_vain() {
  touch "$dir/store/no-kubelet"
  exits 1 "$g" all init && says 'timed out waiting for the condition'
  rm "$dir/store/no-kubelet"
  if grep -F 'already exists' "$dir/err"; then return 1; fi
  nodes_are "a b"
}
t "a worker whose kubelet does not start: the second try says the same" in_vain
t "init of two control planes and a worker goes on" exits 0 "$g" all init
t "it has all three" nodes_are "a b c"

# A load balancer is made of the hosts that the file names.
partial() { exits 3 "$g" partial "$@" && says 'cluster.yaml does not name: `b`' "workers' load balancers would lose them" && ! grep '"changed":true' "$dir/out"; }
for verb in init join; do t "$verb with a file that lacks a control plane is refused" partial "$verb"; done
t "remove too" partial remove c

# c has an etcd of its owner's by now.
own_etcd() {
  on c 'mkdir -p /var/lib/etcd/member && echo data > /var/lib/etcd/member/db'
  on a 'mv /etc/kubernetes/manifests/kube-apiserver.yaml /root/'
  until [ ! -e "$dir/store/api/$(sed -n 's/^a \([^ ]*\) .*/\1/p' "$dir/hosts")" ]; do sleep .1; done
  local got=0
  run "$g" all remove c || got=$?
  # a's own lane waits for its API server in vain.
  [ "$got" = 1 ] || { echo "it ended with $got"; cat "$dir/err"; return 1; }
  says 'another control plane acts for the cluster' 'a: `nodes: see whether the own API server answers by now` did not work'
  nodes_are "a b"
}
t "the first control plane's API server is silent: another takes a worker out" own_etcd
t "the worker's own /var/lib/etcd is as its owner left it" on c '[ "$(cat /var/lib/etcd/member/db)" = data ]'
named() { grep -F '/var/lib/etcd' "$dir/out" "$dir/err"; }
t "and named" named
on c 'rm -r /var/lib/etcd'
on a 'mv /root/kube-apiserver.yaml /etc/kubernetes/manifests/'
answers() { [ -e "$dir/store/api/$(sed -n 's/^a \([^ ]*\) .*/\1/p' "$dir/hosts")" ]; }
t "its API server comes back" comes answers
t "the next removal goes on to its end" exits 0 "$g" all remove c
t "the worker is as before" clean c

# b is cut out and comes back as it was.
t "remove --dead of a control plane that is not" exits 0 "$g" all remove b --dead
t "its node is gone" nodes_are a
back() { exits 3 "$g" planes "$1" && says 'b: was a node of this cluster and was taken out of it' 'bivouac wipe -m ' && ! grep '"changed":true' "$dir/out"; }
for verb in init join; do t "it comes back: $verb is refused" back "$verb"; done
sed '/name: a}/d' "$dir/planes.yaml" > "$dir/b.yaml"
t "wiped, it joins again" exits 0 "$g" b wipe
t "by join" exits 0 "$g" planes join
t "it has both" nodes_are "a b"
t "wipe" exits 0 "$g" all wipe
for h in a b c; do t "$h is as before" clean "$h"; done
