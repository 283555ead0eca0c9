#!/usr/bin/env bash
# High availability: three control planes and two workers in one `init`, while kubeadm is killed on two of them as they join etcd; a second
# init; the first control plane dies and every worker's load balancer goes on; it is taken out (`--dead`); a fresh one joins; a live one is
# removed; the wipe. No certificate or token is left.
# cluster in turn
. "$(dirname "$0")/t.sh"

up cp1 cp2 cp3 cp4 w1 w2
workers=("${containers[@]:4}")
"$LAB_DIR/cluster.sh" "$RUN" --control-planes 4 --name ha > "$TMP/all.yaml"
sed '/name: cp4/d' "$TMP/all.yaml" > "$TMP/first.yaml"
sed '/name: cp1/d' "$TMP/all.yaml" > "$TMP/then.yaml"
sed '/name: cp3/d' "$TMP/then.yaml" > "$TMP/last.yaml"
file=$TMP/first.yaml
for c in "${containers[@]}"; do snap "$c" > "$TMP/$c.before"; done
cd "$TMP"
run() { "$BIVOUAC" "$@" -f "$file" --accept-new-host-keys --log-dir "$TMP/logs-$1" --output json > "$TMP/$1.json" 2> "$TMP/$1.err" || { local status=$?; cat "$TMP/$1.err"; return "$status"; }; }
in_host() { podman exec "$@"; }
# The second control plane is there from beginning to end.
k() { in_host -i "${containers[1]}" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }

# Kills kubeadm when it has announced the host to etcd; of the host that comes second the member never starts.
killed() { # CONTAINER
  in_host "$1" sh -c 'until [ -e /etc/kubernetes/manifests/etcd.yaml ]; do sleep .02; done; pkill -STOP -x kubeadm'
  if ! mkdir "$TMP/one" 2> /dev/null; then
    in_host "$1" sh -c 'rm /etc/kubernetes/manifests/etcd.yaml; systemctl stop kubelet'
  fi
  in_host "$1" pkill -KILL -x kubeadm
}
killed "${containers[1]}" & killers=($!)
killed "${containers[2]}" & killers+=($!)
init() {
  run init
  ls -d "$TMP/one"
  grep -rh '"event":"step_retried"' "$TMP/logs-init" | tee "$TMP/retried"
  [ "$(wc -l < "$TMP/retried")" -ge 2 ]
}
turns() { [ "$(grep -c '"event":"gate_waiting","gate":"its turn at etcd"' "$TMP/init.json")" -ge 1 ]; }
nodes() { [ "$(k get nodes --no-headers | awk '$2 == "Ready" {print $1}' | paste -sd ' ')" = "$1" ] || { k get nodes; return 1; }; }
# backends INDEX...: every worker's load balancer has exactly these control planes, and runs with them.
backends() {
  local want=() at c
  # shellcheck disable=SC2016 # awk expands it
  local servers='$1 == "server" {print $3}'
  for at in "$@"; do want+=("$(address "$at"):6443"); done
  for c in "${workers[@]}"; do
    [ "$(in_host "$c" awk "$servers" /etc/kubernetes/bivouac/haproxy.cfg | sort | paste -sd ' ')" = "$(printf '%s\n' "${want[@]}" | sort | paste -sd ' ')" ]
    in_host "$c" kubectl --kubeconfig /etc/kubernetes/kubelet.conf get --raw /readyz
  done
}
own() { # each kubelet talks to the API server of its own node, or to its load balancer
  local c
  for c in "${containers[@]:0:3}" "${workers[@]}"; do in_host "$c" grep -q 'server: https://127.0.0.1:6443' /etc/kubernetes/kubelet.conf; done
  for c in "${workers[@]}"; do in_host "$c" grep -c ':192B ' /proc/net/tcp > /dev/null; done
}
outside() { grep -q "server: https://$(address 0):6443" "$TMP/ha.kubeconfig" && [ "$(stat -c %a "$TMP/ha.kubeconfig")" = 600 ] && "$CACHE/bin/v1.20.2/kubectl" --kubeconfig "$TMP/ha.kubeconfig" get nodes; }
secrets() {
  k -n kube-system get secrets --no-headers > "$TMP/secrets"
  grep -q service-account-token "$TMP/secrets" && ! grep -E 'bootstrap\.kubernetes\.io/token|kubeadm-certs' "$TMP/secrets"
}
unwritten() {
  if grep -rlE 'bv[a-z0-5]{4}\.[a-z0-5]{16}|certificate key:' "$TMP"/logs-* "$TMP"/*.json "$TMP"/*.err; then return 1; fi
  local c
  for c in "${containers[@]:1}"; do if in_host "$c" grep -rlE 'bv[a-z0-5]{4}\.[a-z0-5]{16}' /var/lib/bivouac; then return 1; fi; done
  ls "$TMP/logs-init/cp2.log" > /dev/null
}
again() { run init && ! grep '"changed":true' "$TMP/init.json" && grep -q '"event":"step_done"' "$TMP/init.json"; }

# looks CONTAINER: asks through the node's own address until told to stop; a line `ok SECONDS` or `failed SECONDS` a request.
looks() {
  # shellcheck disable=SC2016 # the host's shell expands it
  in_host "$1" sh -c 'while [ ! -e /run/enough ]; do
    began=$(date +%s%N); word=failed
    ! kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout 10s get --raw /api/v1/nodes > /dev/null 2>&1 || word=ok
    echo "$word $(( ($(date +%s%N) - began) / 1000000 )) ms"
  done; rm /run/enough' > "$TMP/looks.$1"
}
# The slowest answer is what the loss of a control plane costs a client.
dead() {
  local c pids=()
  for c in "${workers[@]}"; do looks "$c" & pids+=($!); done
  for c in "${workers[@]}"; do until [ "$(wc -l < "$TMP/looks.$c")" -gt 5 ]; do sleep .1; done; done
  podman kill "${containers[0]}" > /dev/null
  for c in "${workers[@]}"; do
    local seen
    seen=$(wc -l < "$TMP/looks.$c")
    until [ "$(wc -l < "$TMP/looks.$c")" -gt $((seen + 40)) ]; do sleep .1; done
    in_host "$c" touch /run/enough
  done
  wait "${pids[@]}"
  for c in "${workers[@]}"; do
    echo "$c: $(grep -c ok "$TMP/looks.$c") answers, $(grep -c failed "$TMP/looks.$c" || :) failed, the slowest $(sort -k2 -n "$TMP/looks.$c" | tail -n 1)" | tee -a "$TMP/failover"
  done
  # What was under way to the dead one may be cut; 5 s later at most everything is as before.
  for c in "${workers[@]}"; do
    [ "$(grep -c failed "$TMP/looks.$c" || :)" -le 4 ]
    [ "$(sort -k2 -n "$TMP/looks.$c" | tail -n 1 | cut -d' ' -f2)" -le 5000 ]
    if tail -n 20 "$TMP/looks.$c" | grep failed; then return 1; fi
  done
}
refused() { # STATUS WORDS ARGUMENT...
  local expected=$1 words=$2 status=0
  shift 2
  run "$@" || status=$?
  [ "$status" = "$expected" ] && grep -hF "$words" "$TMP/$1.err" "$TMP/$1.json" && ! grep '"changed":true' "$TMP/$1.json"
}
buried() { run remove cp1 --dead --yes && grep -q 'was not wiped' "$TMP/remove.err"; }
fresh() { run join cp4; }
shrink() { run remove cp3 --yes && tail -n 1 "$TMP/remove.json" | grep -q '"differences":0'; }
wiped() { run wipe --yes && tail -n 1 "$TMP/wipe.json" | grep -q '"differences":0'; }
unchanged() { snap "$1" > "$TMP/$1.after" && same "$TMP/$1.before" "$TMP/$1.after"; }

t "init, with kubeadm killed twice while etcd takes a member" init
kill "${killers[@]}" 2> /dev/null || :
say "$TEST: $(tail -n 1 "$TMP/init.json" | grep -o '"seconds":[0-9.]*' | sed -n 1p) for 3 + 2"
t "control planes wait for their turn at etcd, and say so" turns
t "all nodes are Ready" nodes "cp1 cp2 cp3 w1 w2"
t "etcd has three healthy members" members "${containers[1]}" cp1 cp2 cp3
t "each node reaches the API by an address of its own" own
t "the kubeconfig works from here" outside
t "neither token nor certificates are left in the cluster" secrets
t "a second init changes nothing" again
t "the first control plane dies and every worker's requests go on" dead
[ ! -f "$TMP/failover" ] || say "$(cat "$TMP/failover")"
t "a removal without --dead does not reach it" refused 4 Reachable remove cp1 --yes
t "a healthy one may not go before it" refused 4 Reachable remove cp2 cp1 --yes
t "remove --dead" buried
file=$TMP/then.yaml
t "its node is gone" nodes "cp2 cp3 w1 w2"
t "its member of etcd is gone" members "${containers[1]}" cp2 cp3
t "every worker's load balancer is without it" backends 1 2
t "join of a fresh control plane" fresh
t "all nodes are Ready again" nodes "cp2 cp3 cp4 w1 w2"
t "etcd has three healthy members again" members "${containers[1]}" cp2 cp3 cp4
t "every worker's load balancer has it" backends 1 2 3
t "neither token nor certificates are left by the join" secrets
t "remove of a live control plane" shrink
t "etcd has the other two" members "${containers[1]}" cp2 cp4
t "the snapshot of the removed one is the one from before" unchanged "${containers[2]}"
t "every worker's load balancer follows" backends 1 3
t "no token and no key in journals, logs or messages" unwritten
file=$TMP/last.yaml
t "wipe ends with 0 differences" wiped
for c in "${containers[1]}" "${containers[3]}" "${workers[@]}"; do t "the snapshot of $c is the one from before" unchanged "$c"; done
