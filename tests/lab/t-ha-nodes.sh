#!/usr/bin/env bash
# Control planes come and go: three of them and a worker; the first, which acts for the cluster, dies and is taken out (`--dead`); a fresh
# one joins, and etcd has three healthy members; a live one is removed; the wipe.
# cluster
# only by name
. "$(dirname "$0")/t.sh"

mapfile -t lines < <(hosts cp1 cp2 cp3 cp4 w1)
mapfile -t containers < <(printf '%s\n' "${lines[@]}" | cut -d' ' -f3)
[ "${#containers[@]}" = 5 ] || die "not all hosts started"
"$LAB_DIR/cluster.sh" "$RUN" --control-planes 4 --name hanodes > "$TMP/all.yaml"
sed '/name: cp4/d' "$TMP/all.yaml" > "$TMP/first.yaml"
sed '/name: cp1/d' "$TMP/all.yaml" > "$TMP/then.yaml"
for c in "${containers[@]}"; do snap "$c" > "$TMP/$c.before"; done
cd "$TMP"
run() { "$BIVOUAC" "$@" --accept-new-host-keys --log-dir "$TMP/logs-$1" --output json > "$TMP/$1.json" 2> "$TMP/$1.err" || { local status=$?; cat "$TMP/$1.err"; return "$status"; }; }
k() { podman exec -i "${containers[1]}" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }
nodes() { [ "$(k get nodes --no-headers | awk '$2 == "Ready" {print $1}' | paste -sd ' ')" = "$1" ] || { k get nodes; return 1; }; }
# members NAME...: exactly these are etcd's members, and all of them are healthy.
members() {
  local list urls url
  etcd() { podman exec "${containers[1]}" sh -c 'cd /etc/kubernetes/pki/etcd; url=$1; shift; echo "{}" | kubectl --kubeconfig /dev/null --server "$url" --certificate-authority ca.crt --client-certificate healthcheck-client.crt --client-key healthcheck-client.key "$@"' sh "$@"; }
  list=$(etcd https://127.0.0.1:2379 create --raw /v3/cluster/member/list -f -)
  echo "$list"
  [ "$(grep -o '"name":"[^"]*"' <<< "$list" | cut -d'"' -f4 | sort | paste -sd ' ')" = "$*" ]
  mapfile -t urls < <(grep -o '"clientURLs":\["[^"]*"' <<< "$list" | cut -d'"' -f4)
  [ "${#urls[@]}" = $# ]
  for url in "${urls[@]}"; do etcd "$url" get --raw /health | grep '"health":"true"'; done
}
# backends ADDRESS-INDEX...: the worker's load balancer has exactly these.
backends() {
  local want=() at
  for at in "$@"; do want+=("$(cut -d' ' -f2 <<< "${lines[$at]}"):6443"); done
  [ "$(podman exec "${containers[4]}" awk '$1 == "server" {print $3}' /etc/kubernetes/bivouac/haproxy.cfg | sort | paste -sd ' ')" = "$(printf '%s\n' "${want[@]}" | sort | paste -sd ' ')" ]
  # And it runs with them: through it the API answers.
  podman exec "${containers[4]}" kubectl --kubeconfig /etc/kubernetes/kubelet.conf get --raw /readyz
}
init() { run init -f "$TMP/first.yaml"; }
# Killed, as t-ha.sh does: a systemd that shuts down in order reaches into the cgroups that the hosts share.
dead() { podman kill "${containers[0]}" > /dev/null; }
unreachable() { local status=0; run remove cp1 -f "$TMP/first.yaml" --yes || status=$?; [ "$status" = 4 ]; }
quorum() { # a healthy one may not go while one of three is dead
  local status=0
  run remove cp2 cp1 -f "$TMP/first.yaml" --yes > "$TMP/said" || status=$?
  [ "$status" = 4 ]
}
buried() { run remove cp1 --dead -f "$TMP/first.yaml" --yes && grep -q 'was not wiped' "$TMP/remove.err"; }
fresh() { run join cp4 -f "$TMP/then.yaml"; }
secrets() { ! k -n kube-system get secrets -o name | grep -E 'bootstrap-token|kubeadm-certs'; }
shrink() { run remove cp3 -f "$TMP/then.yaml" --yes && tail -n 1 "$TMP/remove.json" | grep -q '"differences":0'; }
unchanged() { snap "$1" > "$TMP/$1.after" && same "$TMP/$1.before" "$TMP/$1.after"; }
wiped() { sed '/name: cp3/d' "$TMP/then.yaml" > "$TMP/last.yaml" && run wipe -f "$TMP/last.yaml" --yes && tail -n 1 "$TMP/wipe.json" | grep -q '"differences":0'; }

t "init of three control planes and a worker" init
t "etcd has three healthy members" members cp1 cp2 cp3
t "the first control plane dies" dead
t "a removal without --dead does not reach it" unreachable
t "nor with others" quorum
t "remove --dead" buried
t "its node is gone" nodes "cp2 cp3 w1"
t "its member of etcd is gone" members cp2 cp3
t "the worker's load balancer is without it" backends 1 2
t "join of a fresh control plane" fresh
t "all nodes are Ready" nodes "cp2 cp3 cp4 w1"
t "etcd has three healthy members again" members cp2 cp3 cp4
t "the worker's load balancer has it" backends 1 2 3
t "neither token nor certificates are left" secrets
t "remove of a live control plane" shrink
t "etcd has the other two" members cp2 cp4
t "the snapshot of the removed one is the one from before" unchanged "${containers[2]}"
t "the worker's load balancer follows" backends 1 3
t "wipe ends with 0 differences" wiped
for c in "${containers[1]}" "${containers[3]}" "${containers[4]}"; do t "the snapshot of $c is the one from before" unchanged "$c"; done
