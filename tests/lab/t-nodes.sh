#!/usr/bin/env bash
# Hosts come and go on one real cluster: a control plane and a worker, which are looked at (status.sh); a second worker joins; the first one
# is removed (refused first, for pods that would be lost) and is as before; it joins again, with other labels; the wipe.
# cluster
. "$(dirname "$0")/t.sh"

mapfile -t lines < <(hosts cp1 w1 w2)
mapfile -t containers < <(printf '%s\n' "${lines[@]}" | cut -d' ' -f3)
[ "${#containers[@]}" = 3 ] || die "not all hosts started"
cp=${containers[0]} w1=${containers[1]} w2=${containers[2]}
w1_address=$(cut -d' ' -f2 <<< "${lines[1]}")
file=$TMP/cluster.yaml
"$LAB_DIR/cluster.sh" "$RUN" --name nodes | sed 's/name: w1/name: w1, labels: {disk: ssd, zone: a}, taints: ["gpu=x:PreferNoSchedule"]/' > "$file"
sed '/name: w2/d' "$file" > "$TMP/two.yaml"
for c in "${containers[@]}"; do snap "$c" > "$TMP/$c.before"; done
cd "$TMP"
run() { "$BIVOUAC" "$@" --accept-new-host-keys --log-dir "$TMP/logs-$1" --output json > "$TMP/$1.json" 2> "$TMP/$1.err" || { local status=$?; cat "$TMP/$1.err"; return "$status"; }; }
# refused STATUS "WORDS" ARGUMENT...: it ends so, says so and changes nothing.
refused() {
  local expected=$1 words=$2 status=0
  shift 2
  run "$@" > /dev/null || status=$?
  cat "$TMP/$1.err" "$TMP/$1.json"
  [ "$status" = "$expected" ] && grep -qF "$words" "$TMP/$1.err" "$TMP/$1.json"
  ! grep -q '"changed":true' "$TMP/$1.json"
}
k() { podman exec -i "$cp" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }
nodes() { [ "$(k get nodes --no-headers | awk '$2 == "Ready" {print $1}' | paste -sd ' ')" = "$1" ] || { k get nodes; return 1; }; }
# routes CONTAINER ADDRESS...: the pods of exactly these other nodes are reached from here.
routes() {
  local c=$1 have
  shift
  have=$(podman exec "$c" ip route | awk '$1 ~ /^10\.244\./ && $2 == "via" {print $3}' | sort | paste -sd ' ')
  [ "$have" = "$(printf '%s\n' "$@" | sort | paste -sd ' ')" ] || { podman exec "$c" ip route; return 1; }
}
address() { cut -d' ' -f2 <<< "${lines[$1]}"; }
tokens() { ! k -n kube-system get secrets -o name | grep bootstrap-token; }
settings() { k get node w1 -o jsonpath='{.metadata.labels.disk},{.metadata.labels.zone},{range .spec.taints[*]}{.key}={.value}:{.effect}{end}'; }
unchanged() { snap "$1" > "$TMP/$1.after" && same "$TMP/$1.before" "$TMP/$1.after"; }
seconds() { say "$TEST: $1 $(tail -n 1 "$TMP/$1.json" | grep -o '"seconds":[0-9.]*' | sed -n 1p)"; }

# A pod that nothing makes anew, and some that are made anew.
pods() {
  local pause
  pause=$(podman exec "$cp" ctr -n k8s.io images ls -q | grep -E '/pause:' | sed -n 1p)
  k apply -f - << P
apiVersion: v1
kind: Pod
metadata: {name: bare}
spec: {nodeName: w1, containers: [{name: p, image: "$pause", imagePullPolicy: IfNotPresent}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: p, image: "$pause", imagePullPolicy: IfNotPresent}]}}
P
  k wait --for=condition=Ready pod/bare --timeout=120s
}
init() { run init -f "$TMP/two.yaml"; }
refuses_init() { refused 3 "bivouac init" join -f "$file"; }
join() { run join w2 -f "$file" && seconds join; }
again() { run join -f "$file" && ! grep '"changed":true' "$TMP/join.json"; }
drained() {
  run remove "$w1_address" -f "$file" --yes --force --grace 1 && seconds remove
  tail -n 1 "$TMP/remove.json" | grep -q '"differences":0'
  grep -q 'out of cluster.yaml' "$TMP/remove.err"
}
moved() { k wait --for=condition=Available deployment/web --timeout=60s && ! k get pods -o wide --no-headers | grep ' w1 '; }
rejoin() {
  sed -e 's/labels: {disk: ssd, zone: a}, taints: \[[^]]*\]/labels: {zone: b}/' "$file" > "$TMP/other.yaml"
  run join -f "$TMP/other.yaml"
}
relabelled() {
  [ "$(settings)" = ",b," ] || { settings; return 1; }
  run join -f "$file" && [ "$(settings)" = "ssd,a,gpu=x:PreferNoSchedule" ] && [ "$(grep -c '"changed":true' "$TMP/join.json")" = 1 ]
  run join -f "$TMP/other.yaml"
  [ "$(settings)" = ",b," ] || { settings; return 1; }
}
wiped() { run wipe -f "$file" --yes && tail -n 1 "$TMP/wipe.json" | grep -q '"differences":0'; }

t "join without a cluster is refused" refuses_init
t "init of one control plane and one worker" init
t "labels and taints of cluster.yaml are there" test "$(settings)" = "ssd,a,gpu=x:PreferNoSchedule"
. "$LAB_DIR/status.sh"
t "an unknown host is refused" refused 2 "did you mean" join w22 -f "$file"
t "join of a second worker" join
t "all nodes are Ready" nodes "cp1 w1 w2"
t "pods of all reach each other" "$LAB_DIR/pods.sh" "$cp" "$w1" "$w2"
t "the older worker has the routes" routes "$w1" "$(address 0)" "$(address 2)"
t "no bootstrap token is left" tokens
t "a second join changes nothing" again
t "pods to lose" pods
t "the last control plane stays" refused 3 "bivouac wipe" remove cp1 -f "$file" --yes
t "a removal that would lose a pod is refused" refused 3 "default/bare" remove w1 -f "$file" --yes
t "remove of the first worker" drained
t "its node is gone" nodes "cp1 w2"
t "its pods are on other nodes" moved
t "its snapshot is the one from before" unchanged "$w1"
t "the control plane has no route to it" routes "$cp" "$(address 2)"
t "the other worker has no route to it" routes "$w2" "$(address 0)"
t "a second removal goes on to its end" run remove w1 -f "$file" --yes
t "it joins again, with other labels" rejoin
t "all nodes are Ready again" nodes "cp1 w1 w2"
t "pods of all reach each other again" "$LAB_DIR/pods.sh" "$cp" "$w1" "$w2"
t "labels and taints follow cluster.yaml" relabelled
t "wipe ends with 0 differences" wiped
for c in "${containers[@]}"; do t "the snapshot of $c is the one from before" unchanged "$c"; done
