#!/usr/bin/env bash
# status, kubeconfig and kubectl on a cluster of cp1 and w1 (two.yaml), while w2 was never touched: healthy, then broken in one place after
# the other, and whole again. No look leaves a trace on any of them.
# cluster in turn
# shellcheck disable=SC2016 # nothing in single quotes is to be expanded
. "$(dirname "$0")/t.sh"

up cp1 w1 w2
cp=${containers[0]} w1=${containers[1]}
cd "$TMP"
"$LAB_DIR/cluster.sh" "$RUN" --name nodes | sed 's/name: w1/name: w1, labels: {disk: ssd, zone: a}, taints: ["gpu=x:PreferNoSchedule"]/' > cluster.yaml
sed '/name: w2/d' cluster.yaml > two.yaml
k() { podman exec -i "$cp" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }
t "init of one control plane and one worker" "$BIVOUAC" -f two.yaml --accept-new-host-keys --yes --log-dir "$TMP/logs-init" init
sed "\$a\\  - {address: $cp.invalid, roles: [worker], name: gone}" two.yaml > gone.yaml
sed '/name: w1/d' two.yaml > fewer.yaml

bv() { "$BIVOUAC" -f two.yaml --accept-new-host-keys --log-dir "$TMP/logs-status" "$@" < /dev/null; }
kc() { "$BIVOUAC" -f two.yaml kubectl -- "$@"; }
# status FILE STATUS TEXT...: the look at FILE ends with STATUS, and its text has each TEXT.
status() {
  local got=0 word
  "$BIVOUAC" -f "$TMP/$1" --accept-new-host-keys --log-dir "$TMP/logs-status" status > "$TMP/text" 2> "$TMP/err" < /dev/null || got=$?
  cat "$TMP/text" "$TMP/err"
  [ "$got" = "$2" ] || { echo "ended with $got where $2 was expected"; return 1; }
  for word in "${@:3}"; do grep -qE -- "$word" "$TMP/text" || { echo "no \`$word\`"; return 1; }; done
}

# kube-proxy's rules are there.
for c in "$cp" "$w1"; do t "kube-proxy has done its work on ${c##*-}" comes podman exec "$c" sh -c 'iptables-save -t nat | grep -q KUBE-SEP-'; done
# A cluster that lives writes into its etcd, and its pods' slices come and go.
still() { snap "$1" | grep -vE ' /var/lib/etcd/|^state kubepods-'; }
for c in "${containers[@]}"; do still "$c" > "$TMP/$c.living"; done

healthy() {
  local start=${EPOCHREALTIME/./}
  status two.yaml 0 '^  cp1 +cp1 +control-plane +yes ' '^  w1 +w1 +worker +yes ' '^  cp1 +cp1 +up +leader ' 'apiserver.crt +cp1 ' 'is healthy and as cluster.yaml says'
  echo "$(((${EPOCHREALTIME/./} - start) / 1000)) ms" | tee -a "${STATUS_TIMES:-/dev/null}"
}
t "healthy: exit 0" healthy
json() {
  bv status --output json > "$TMP/json"
  [ "$(jq -s 'map(select(.event == "host_status" and .ready == "up" and .runtime == "up")) | length' "$TMP/json")" = 2 ]
  [ "$(jq -s 'map(select(.event == "etcd_status" and .health == "up" and .leader)) | length' "$TMP/json")" = 1 ]
  [ "$(jq -s 'map(select(.event == "certificate_status" and .days > 300)) | length' "$TMP/json")" -ge 14 ]
  jq -e -s '.[-1] | .event == "run_done" and .ok' "$TMP/json"
}
t "as JSON" json
t "a host that was never installed" status cluster.yaml 1 '^  w2 +w2 +worker +unknown' 'Installed +w2 +nothing of the cluster was ever installed'
t "a host that cannot be reached is a row, and says why" status gone.yaml 1 '^  gone ' 'Reachable +gone ' '^  w1 +w1 +worker +yes '
t "a node that is on no host of the file" status fewer.yaml 1 '^  - +w1 +worker +yes' 'the node `w1` is on no host of cluster.yaml'
for c in "${containers[@]}"; do
  untouched() { still "$c" > "$TMP/$c.after" && same "$TMP/$c.living" "$TMP/$c.after"; }
  t "the looks left nothing on ${c##*-}" untouched
done
keys() { ! grep -rlE 'PRIVATE|LS0tLS1CRUdJTi|MIIE(p|o)[AQgw]' "$TMP/logs-status" "$TMP/json"; }
t "no key is in logs and events" keys

both() { [ "$(kc get nodes --no-headers < /dev/null | grep -c ' Ready ')" = 2 ]; }
t "kubectl -- get nodes" both
fails() { local got=0; kc get nodes nosuch < /dev/null 2> "$TMP/err" > "$TMP/out1" || got=$?; [ "$got" = 1 ] && [ ! -s "$TMP/out1" ] && grep -q NotFound "$TMP/err"; }
t "its exit status and its stderr pass through" fails
applies() {
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: "it'"'"'s"}\n' | kc apply -f -
  [ "$(kc get cm x -o 'jsonpath={.data.a}' < /dev/null)" = "it's" ]
  kc delete cm x < /dev/null
}
t "kubectl -- apply -f - reads standard input" applies
whole() { kc get --raw /openapi/v2 < /dev/null > "$TMP/openapi"; jq -e .swagger "$TMP/openapi" && [ "$(stat -c %s "$TMP/openapi")" -gt 1000000 ]; }
t "a long answer comes whole" whole
interrupted() {
  "$BIVOUAC" -f two.yaml kubectl -- get nodes -w < /dev/null > "$TMP/watch" &
  local pid=$! got=0
  comes grep -q w1 "$TMP/watch"
  podman exec "$cp" pgrep -x kubectl
  kill -INT "$pid"
  wait "$pid" || got=$?
  [ "$got" = 130 ]
  comes podman exec "$cp" sh -c '! pgrep -x kubectl'
}
t "an interrupted kubectl ends on the host too" interrupted
config() {
  [ "$(bv kubeconfig)" = "export KUBECONFIG=$TMP/nodes.kubeconfig" ]
  [ "$(stat -c %a nodes.kubeconfig)" = 600 ]
  grep -q "server: https://$(address 0):6443" nodes.kubeconfig
  bv kubeconfig --stdout | cmp - nodes.kubeconfig
  bv kubeconfig -o other && cmp other nodes.kubeconfig && [ "$(stat -c %a other)" = 600 ]
}
t "kubeconfig" config

kc label node w1 disk- < /dev/null > /dev/null
t "a label that was taken off" status two.yaml 1 'Labels +w1 +its node `w1` has no label `disk`'
kc label node w1 disk=ssd < /dev/null > /dev/null
leave() {
  printf 'apiVersion: v1\nkind: Secret\ntype: bootstrap.kubernetes.io/token\nmetadata: {name: bootstrap-token-bvabcd, namespace: kube-system}\nstringData: {token-id: bvabcd, token-secret: 0123456789abcdef}\n' | kc apply -f -
  status two.yaml 1 'Leftover +the cluster +a run.s bootstrap token'
  if grep -rl 0123456789abcdef "$TMP/logs-status" "$TMP/text"; then return 1; fi
  kc -n kube-system delete secret bootstrap-token-bvabcd < /dev/null
}
t "a token that was left is named, its secret is not" leave
mkdir -p slow/playbooks/init
printf 'name: slow\nsteps:\n- name: work\n  hosts: worker\n  command: {run: "until [ -e /run/go ]; do sleep 0.1; done", undo: nothing, because: it changes nothing}\n' > slow/playbooks/init/10.yaml
bv init --playbooks slow > "$TMP/slow.out" 2>&1 &
slow=$!
held() { comes podman exec "$w1" test -s /run/bivouac/busy; status two.yaml 0 'Lock +w1 .* is at work on it: .* since '; }
t "a host that is locked: who, and since when" held
podman exec "$w1" touch /run/go
slow_end=0
wait "$slow" || slow_end=$?
t "and its run ends well" test "$slow_end" = 0
podman exec "$w1" systemctl stop kubelet
t "a stopped kubelet" status two.yaml 1 'Kubelet +w1 +the kubelet is inactive'
podman exec "$w1" systemctl start kubelet
podman exec "$cp" mv /etc/kubernetes/manifests/kube-apiserver.yaml /root/
comes podman exec "$cp" sh -c '! kubectl --kubeconfig /etc/kubernetes/admin.conf get --raw /readyz'
dead() {
  status two.yaml 1 '^  cp1 +cp1 +control-plane +unknown .* down$' '^  cp1 +cp1 +up +leader ' 'etcd/peer.crt +cp1 +20' 'no API server could be asked'
  local got=0
  kc get nodes < /dev/null || got=$?
  [ "$got" = 1 ]
}
t "the API is dead: hosts, etcd and certificates all the same" dead
podman exec "$cp" mv /root/kube-apiserver.yaml /etc/kubernetes/manifests/
t "healthy again" comes status two.yaml 0
