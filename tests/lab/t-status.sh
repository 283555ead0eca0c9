#!/usr/bin/env bash
# status, kubeconfig and kubectl on a small real cluster: healthy, then broken in one place after the other. A third host was never
# touched, and no look leaves a trace on any of them.
# cluster
# only by name
# shellcheck disable=SC2016 # nothing in single quotes is to be expanded
. "$(dirname "$0")/t.sh"

mapfile -t lines < <(hosts cp1 w1 x1)
mapfile -t containers < <(printf '%s\n' "${lines[@]}" | cut -d' ' -f3)
cp1=${containers[0]} w1=${containers[1]}
address() { printf '%s\n' "${lines[@]}" | sed -n "s/^$1 \([^ ]*\) .*/\1/p"; }
file=$TMP/cluster.yaml
"$LAB_DIR/cluster.sh" "$RUN" --workers 1 --name main | sed 's/name: w1}/name: w1, labels: {disk: ssd}}/' > "$file"
sed "\$a\\  - {address: $(address x1), roles: [worker], name: x1}" "$file" > "$TMP/more.yaml"
sed "\$a\\  - {address: ${lines[0]##* }.invalid, roles: [worker], name: gone}" "$file" > "$TMP/gone.yaml"
sed '/name: w1/d' "$file" > "$TMP/fewer.yaml"
cd "$TMP"

run() { "$BIVOUAC" -f "$file" --accept-new-host-keys --log-dir "$TMP/logs" "$@" < /dev/null; }
k() { "$BIVOUAC" -f "$file" kubectl -- "$@"; }
# status FILE STATUS TEXT...: the look at FILE ends with STATUS, and its text has each TEXT.
status() {
  local got=0 word
  "$BIVOUAC" -f "$TMP/$1" --accept-new-host-keys --log-dir "$TMP/logs" status > "$TMP/text" 2> "$TMP/err" < /dev/null || got=$?
  cat "$TMP/text" "$TMP/err"
  [ "$got" = "$2" ] || { echo "ended with $got where $2 was expected"; return 1; }
  for word in "${@:3}"; do grep -qE -- "$word" "$TMP/text" || { echo "no \`$word\`"; return 1; }; done
}
comes() { for _ in $(seq 600); do if "$@" > /dev/null 2>&1; then return 0; fi; sleep 0.2; done; echo "never came: $*"; return 1; }

t "init" run init
# A cluster that lives writes into its etcd, and its pods' slices come and go.
still() { snap "$1" | grep -vE ' /var/lib/etcd/|^state kubepods-'; }
for c in "${containers[@]}"; do still "$c" > "$TMP/$c.before"; done

healthy() {
  local start=${EPOCHREALTIME/./}
  status cluster.yaml 0 '^  cp1 +cp1 +control-plane +yes ' '^  w1 +w1 +worker +yes ' '^  cp1 +cp1 +up +leader ' 'apiserver.crt +cp1 ' 'is healthy and as cluster.yaml says'
  echo "$(((${EPOCHREALTIME/./} - start) / 1000)) ms" | tee -a "${STATUS_TIMES:-/dev/null}"
}
t "healthy: exit 0" healthy
json() {
  run status --output json > "$TMP/json"
  [ "$(jq -s 'map(select(.event == "host_status" and .ready == "up" and .runtime == "up")) | length' "$TMP/json")" = 2 ]
  [ "$(jq -s 'map(select(.event == "etcd_status" and .health == "up" and .leader)) | length' "$TMP/json")" = 1 ]
  [ "$(jq -s 'map(select(.event == "certificate_status" and .days > 300)) | length' "$TMP/json")" -ge 14 ]
  jq -e -s '.[-1] | .event == "run_done" and .ok' "$TMP/json"
}
t "as JSON" json
t "a host that was never installed" status more.yaml 1 '^  x1 +x1 +worker +unknown' 'Installed +x1 +nothing of the cluster was ever installed'
t "a host that cannot be reached is a row, and says why" status gone.yaml 1 '^  gone ' 'Reachable +gone ' '^  w1 +w1 +worker +yes '
t "a node that is on no host of the file" status fewer.yaml 1 '^  - +w1 +worker +yes' 'the node `w1` is on no host of cluster.yaml'
for c in "${containers[@]}"; do
  unchanged() { still "$c" > "$TMP/$c.after" && same "$TMP/$c.before" "$TMP/$c.after"; }
  t "the looks left nothing on ${c##*-}" unchanged
done
keys() { ! grep -rlE 'PRIVATE|LS0tLS1CRUdJTi|MIIE(p|o)[AQgw]' "$TMP/logs" "$TMP/json"; }
t "no key is in logs and events" keys

nodes() { [ "$(k get nodes --no-headers < /dev/null | grep -c ' Ready ')" = 2 ]; }
t "kubectl -- get nodes" nodes
fails() { local got=0; k get nodes nosuch < /dev/null 2> "$TMP/err" > "$TMP/out1" || got=$?; [ "$got" = 1 ] && [ ! -s "$TMP/out1" ] && grep -q NotFound "$TMP/err"; }
t "its exit status and its stderr pass through" fails
applies() {
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: "it'"'"'s"}\n' | k apply -f -
  [ "$(k get cm x -o 'jsonpath={.data.a}' < /dev/null)" = "it's" ]
  k delete cm x < /dev/null
}
t "kubectl -- apply -f - reads standard input" applies
whole() { k get --raw /openapi/v2 < /dev/null > "$TMP/openapi"; jq -e .swagger "$TMP/openapi" && [ "$(stat -c %s "$TMP/openapi")" -gt 1000000 ]; }
t "a long answer comes whole" whole
interrupted() {
  "$BIVOUAC" -f "$file" kubectl -- get nodes -w < /dev/null > "$TMP/watch" &
  local pid=$! got=0
  comes grep -q w1 "$TMP/watch"
  podman exec "$cp1" pgrep -x kubectl
  kill -INT "$pid"
  wait "$pid" || got=$?
  [ "$got" = 130 ]
  comes podman exec "$cp1" sh -c '! pgrep -x kubectl'
}
t "an interrupted kubectl ends on the host too" interrupted
config() {
  [ "$(run kubeconfig)" = "export KUBECONFIG=$TMP/main.kubeconfig" ]
  [ "$(stat -c %a main.kubeconfig)" = 600 ]
  grep -q "server: https://$(address cp1):6443" main.kubeconfig
  run kubeconfig --stdout | cmp - main.kubeconfig
  run kubeconfig -o other && cmp other main.kubeconfig && [ "$(stat -c %a other)" = 600 ]
}
t "kubeconfig" config

k label node w1 disk- < /dev/null > /dev/null
t "a label that was taken off" status cluster.yaml 1 'Labels +w1 +its node `w1` has no label `disk`'
k label node w1 disk=ssd < /dev/null > /dev/null
leave() {
  printf 'apiVersion: v1\nkind: Secret\ntype: bootstrap.kubernetes.io/token\nmetadata: {name: bootstrap-token-bvabcd, namespace: kube-system}\nstringData: {token-id: bvabcd, token-secret: 0123456789abcdef}\n' | k apply -f -
  status cluster.yaml 1 'Leftover +the cluster +a run.s bootstrap token'
  if grep -rl 0123456789abcdef "$TMP/logs" "$TMP/text"; then return 1; fi
  k -n kube-system delete secret bootstrap-token-bvabcd < /dev/null
}
t "a token that was left is named, its secret is not" leave
podman exec -d "$w1" flock /var/lib/bivouac/lock sleep 1000 > /dev/null
held() { comes podman exec "$w1" pgrep -x flock; status cluster.yaml 0 'Lock +w1 .* is at work on it: .* since '; }
t "a host that is locked: who, and since when" held
podman exec "$w1" pkill -x sleep
podman exec "$w1" systemctl stop kubelet
t "a stopped kubelet" status cluster.yaml 1 'Kubelet +w1 +the kubelet is inactive'
podman exec "$w1" systemctl start kubelet
podman exec "$cp1" mv /etc/kubernetes/manifests/kube-apiserver.yaml /root/
comes podman exec "$cp1" sh -c '! kubectl --kubeconfig /etc/kubernetes/admin.conf get --raw /readyz'
dead() {
  status cluster.yaml 1 '^  cp1 +cp1 +control-plane +unknown .* down$' '^  cp1 +cp1 +up +leader ' 'etcd/peer.crt +cp1 +20' 'no API server could be asked'
  local got=0
  k get nodes < /dev/null || got=$?
  [ "$got" = 1 ]
}
t "the API is dead: hosts, etcd and certificates all the same" dead
podman exec "$cp1" mv /root/kube-apiserver.yaml /etc/kubernetes/manifests/
t "healthy again" comes status cluster.yaml 0
