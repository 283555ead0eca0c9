#!/usr/bin/env bash
# High availability in one `init`: three control planes and two workers, while kubeadm is killed on two of them as they join etcd; a
# second init; the load balancers when a control plane dies; no certificate or token left; the wipe.
# cluster
# only by name
. "$(dirname "$0")/t.sh"

mapfile -t lines < <(hosts cp1 cp2 cp3 w1 w2)
mapfile -t containers < <(printf '%s\n' "${lines[@]}" | cut -d' ' -f3)
[ "${#containers[@]}" = 5 ] || die "not all hosts started"
first=$(cut -d' ' -f2 <<< "${lines[0]}")
file=$TMP/cluster.yaml
"$LAB_DIR/cluster.sh" "$RUN" --control-planes 3 --name ha > "$file"
for c in "${containers[@]}"; do snap "$c" > "$TMP/$c.before" & done
wait
cd "$TMP"
run() { "$BIVOUAC" "$@" -f "$file" --accept-new-host-keys --log-dir "$TMP/logs-$1" --output json > "$TMP/$1.json" 2> "$TMP/$1.err" || { cat "$TMP/$1.err"; return 1; }; }
in_host() { podman exec "$@"; }
on_first() { in_host "${containers[0]}" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }

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
  grep '"event":"step_retried"' "$TMP/init.json" | tee "$TMP/retried"
  [ "$(wc -l < "$TMP/retried")" -ge 2 ]
}
turns() { [ "$(grep -c '"event":"gate_waiting","gate":"its turn at etcd"' "$TMP/init.json")" -ge 1 ]; }
ready() { [ "$(on_first get nodes --no-headers | awk '$2 == "Ready"' | wc -l)" = 5 ] || { on_first get nodes; return 1; }; }
# etcd's own list, by its gateway: members that have started have clients' addresses.
members() {
  local list
  list=$(in_host "${containers[2]}" sh -c 'cd /etc/kubernetes/pki/etcd; echo "{}" | kubectl --kubeconfig /dev/null --server https://127.0.0.1:2379 \
    --certificate-authority ca.crt --client-certificate healthcheck-client.crt --client-key healthcheck-client.key create --raw /v3/cluster/member/list -f -')
  echo "$list"
  [ "$(grep -o '"clientURLs":\["https' <<< "$list" | wc -l)" = 3 ]
  [ "$(grep -o '"peerURLs"' <<< "$list" | wc -l)" = 3 ]
  local c
  for c in "${containers[@]:0:3}"; do in_host "$c" kubectl --kubeconfig /dev/null --server http://127.0.0.1:2381 get --raw /health | grep -q '"health":"true"'; done
}
own() { # each kubelet talks to the API server of its own node, or to its load balancer
  local c
  for c in "${containers[@]}"; do in_host "$c" grep -q 'server: https://127.0.0.1:6443' /etc/kubernetes/kubelet.conf; done
  for c in "${containers[@]:3}"; do in_host "$c" grep -c ':192B ' /proc/net/tcp > /dev/null; done
}
outside() { grep -q "server: https://$first:6443" "$TMP/ha.kubeconfig" && [ "$(stat -c %a "$TMP/ha.kubeconfig")" = 600 ] && "$CACHE/bin/v1.20.2/kubectl" --kubeconfig "$TMP/ha.kubeconfig" get nodes; }
secrets() {
  on_first -n kube-system get secrets --no-headers > "$TMP/secrets"
  grep -q service-account-token "$TMP/secrets" && ! grep -E 'bootstrap\.kubernetes\.io/token|kubeadm-certs' "$TMP/secrets"
}
unwritten() {
  if grep -rlE 'bv[a-z0-5]{4}\.[a-z0-5]{16}|certificate key:' "$TMP"/logs-* "$TMP"/*.json "$TMP"/*.err; then return 1; fi
  local c
  for c in "${containers[@]}"; do if in_host "$c" grep -rlE 'bv[a-z0-5]{4}\.[a-z0-5]{16}' /var/lib/bivouac; then return 1; fi; done
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
  for c in "${containers[@]:3}"; do looks "$c" & pids+=($!); done
  for c in "${containers[@]:3}"; do until [ "$(wc -l < "$TMP/looks.$c")" -gt 5 ]; do sleep .1; done; done
  podman kill "${containers[0]}" > /dev/null
  for c in "${containers[@]:3}"; do
    local seen
    seen=$(wc -l < "$TMP/looks.$c")
    until [ "$(wc -l < "$TMP/looks.$c")" -gt $((seen + 40)) ]; do sleep .1; done
    in_host "$c" touch /run/enough
  done
  wait "${pids[@]}"
  for c in "${containers[@]:3}"; do
    echo "$c: $(grep -c ok "$TMP/looks.$c") answers, $(grep -c failed "$TMP/looks.$c" || :) failed, the slowest $(sort -k2 -n "$TMP/looks.$c" | tail -n 1)" | tee -a "$TMP/failover"
  done
  # What was under way to the dead one may be cut; 5 s later at most everything is as before.
  for c in "${containers[@]:3}"; do
    [ "$(grep -c failed "$TMP/looks.$c" || :)" -le 4 ]
    [ "$(sort -k2 -n "$TMP/looks.$c" | tail -n 1 | cut -d' ' -f2)" -le 5000 ]
    if tail -n 20 "$TMP/looks.$c" | grep failed; then return 1; fi
  done
}
back() {
  podman start "${containers[0]}" > /dev/null
  local _
  for _ in $(seq 300); do ! in_host "${containers[0]}" systemctl -q is-active ssh > /dev/null 2>&1 || break; sleep .2; done
  # The lab's own unit does nothing on a second boot, which would show as a difference.
  in_host "${containers[0]}" sh -ec 'mkdir /run/keys; cd /etc/ssh; cp -a ssh_host_* /run/keys; rm ssh_host_ed25519_key*
    systemctl start lab-first-boot.service; cp -a /run/keys/* .; rm -r /run/keys'
  for _ in $(seq 300); do ! on_first get --raw /readyz > /dev/null 2>&1 || { members && return; }; sleep 1; done
  return 1
}
wiped() { run wipe --yes && tail -n 1 "$TMP/wipe.json" | grep -q '"differences":0'; }
unchanged() { snap "$1" > "$TMP/$1.after" && same "$TMP/$1.before" "$TMP/$1.after"; }

t "init, with kubeadm killed twice while etcd takes a member" init
kill "${killers[@]}" 2> /dev/null || :
say "$TEST: $(tail -n 1 "$TMP/init.json" | grep -o '"seconds":[0-9.]*' | sed -n 1p) for 3 + 2"
t "control planes wait for their turn at etcd, and say so" turns
t "all nodes are Ready" ready
t "etcd has three healthy members" members
t "each node reaches the API by an address of its own" own
t "the kubeconfig works from here" outside
t "neither token nor certificates are left in the cluster" secrets
t "no token and no key in journals, logs or messages" unwritten
t "a second init changes nothing" again
t "a control plane dies and every worker's requests go on" dead
[ ! -f "$TMP/failover" ] || say "$(cat "$TMP/failover")"
t "it comes back" back
t "wipe ends with 0 differences" wiped
for c in "${containers[@]}"; do t "the snapshot of $c is the one from before" unchanged "$c"; done
