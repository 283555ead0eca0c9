#!/usr/bin/env bash
# The main job, and what comes after it: a control plane and a worker, logged in to as a user with sudo and with passwords that a shell
# would stumble over; a second init; a second worker joins; the first one is removed (refused first, for pods that
# would be lost) and is as before; it joins again, as a second control plane, which gives the cluster another address, and with other
# labels; the wipe. All the while, no secret in sight.
# cluster
. "$(dirname "$0")/t.sh"

# shellcheck disable=SC2016 # nothing in it is to be expanded
login='S3cret p$(id)'"'"'"\`[x]*é' sudo='5udo "w0rd" $HOME \ '"'"'!'
up cp1 w1 w2
cp=${containers[0]} w1=${containers[1]} w2=${containers[2]}
w1_address=$(address 1)
file=$TMP/cluster.yaml
(umask 077; printf '%s\n' "$login" > "$TMP/login"; printf '%s\n' "$sudo" > "$TMP/sudo")
"$LAB_DIR/cluster.sh" "$RUN" --user ops --auth password --name nodes |
  sed -e "s|passwordFile: [^,]*, sudo: {passwordFile: [^}]*}|passwordFile: $TMP/login, sudo: {passwordFile: $TMP/sudo}|" \
    -e 's/name: w1/name: w1, labels: {disk: ssd, zone: a}, taints: ["gpu=x:PreferNoSchedule"]/' > "$file"
sed '/name: w2/d' "$file" > "$TMP/two.yaml"
# ops logs in with one password and is asked for another by sudo: sudo takes root's.
for c in "${containers[@]}"; do
  podman exec -i "$c" sh -c 'cat > /tmp/x; chpasswd < /tmp/x; rm /tmp/x; echo "Defaults rootpw" > /etc/sudoers.d/rootpw' <<< "ops:$login
root:$sudo"
  snap "$c" > "$TMP/$c.before"
done
cd "$TMP"
run() { "$BIVOUAC" "$@" --accept-new-host-keys --log-dir "$TMP/logs-$1" --output json > "$TMP/$1.json" 2> "$TMP/$1.err" || { local status=$?; cat "$TMP/$1.err"; return "$status"; }; }
# refused STATUS "WORDS" ARGUMENT...: it ends so, says so and changes nothing.
refused() {
  local expected=$1 words=$2 status=0
  shift 2
  run "$@" > /dev/null || status=$?
  cat "$TMP/$1.err" "$TMP/$1.json"
  [ "$status" = "$expected" ] || { echo "it ended with $status"; return 1; }
  grep -qF "$words" "$TMP/$1.err" "$TMP/$1.json"
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
printf '%s\n%s\n' "$login" "$sudo" > "$TMP/secrets"
"$LAB_DIR/watch-secrets.pl" "$TMP/stop" "$TMP/secrets" > "$TMP/watch" &
watcher=$!

kubeconfig() { [ "$(stat -c %a "$TMP/nodes.kubeconfig")" = 600 ] && grep -q client-key-data "$TMP/nodes.kubeconfig"; }
second() {
  local seconds=$SECONDS
  run init -f "$TMP/two.yaml"
  ! grep -q '"changed":true' "$TMP/init.json" || { grep '"changed":true' "$TMP/init.json"; return 1; }
  grep -q '"event":"step_done"' "$TMP/init.json"
  echo "$((SECONDS - seconds)) s"
  [ $((SECONDS - seconds)) -le 20 ]
}
# The secrets are patterns on stdin: in an argument they would be what is looked for.
journal() { ! podman exec -i "$1" grep -rlF -f - /var/lib/bivouac < "$TMP/secrets" && podman exec "$1" test -s /var/lib/bivouac/journal; }
modes() { [ "$(podman exec "$1" stat -c '%a %U' /var/lib/bivouac)" = '700 root' ]; }
quiet() {
  touch "$TMP/stop"
  while kill -0 "$watcher" 2>/dev/null; do sleep .1; done
  cat "$TMP/watch"
  if grep -q holds "$TMP/watch"; then return 1; fi
  [ "$(sed -n 's/^looks //p' "$TMP/watch")" -gt 100 ]
}
unwritten() {
  if grep -rlF -f "$TMP/secrets" "$TMP"/logs-* "$TMP"/*.json "$TMP"/*.err; then return 1; fi
  if grep -rlE 'bv[a-z0-5]{4}\.[a-z0-5]{16}' "$TMP"/logs-* "$TMP"/*.json "$TMP"/*.err; then return 1; fi
  ls "$TMP"/logs-init/cp1.log > /dev/null
}
init() { run init -f "$TMP/two.yaml"; }
refuses_init() { refused 3 "bivouac init" join -f "$file"; }
join() { run join w2 -f "$file" && seconds join; }
unchanged_by() { run "$1" -f "$TMP/other.yaml" && ! grep '"changed":true' "$TMP/$1.json" && grep -q '"event":"step_done"' "$TMP/$1.json"; }
again() { run join -f "$file" && ! grep '"changed":true' "$TMP/join.json"; }
drained() {
  run remove "$w1_address" -f "$file" --yes --force --grace 1 && seconds remove
  tail -n 1 "$TMP/remove.json" | grep -q '"differences":0'
  grep -q 'out of cluster.yaml' "$TMP/remove.err"
}
moved() { k wait --for=condition=Available deployment/web --timeout=60s && ! k get pods -o wide --no-headers | grep ' w1 '; }
rejoin() {
  sed '/name: w1/s/roles: \[worker\]/roles: [control-plane, worker]/' "$file" > "$TMP/grown.yaml"
  sed -e 's/labels: {disk: ssd, zone: a}, taints: \[[^]]*\]/labels: {zone: b}, kubelet: {maxPods: 57}/' "$TMP/grown.yaml" > "$TMP/other.yaml"
  run join -f "$TMP/other.yaml" && seconds join
}
# What was found under cp1's own address is found under one that both have: for kubelets, administrators and kube-proxy.
new_address() {
  local c
  for c in "$cp" "$w1"; do podman exec "$c" grep -qx ' *server: https://127.0.0.1:6443' /etc/kubernetes/admin.conf; done
  for c in "${containers[@]}"; do podman exec "$c" grep -qx ' *server: https://127.0.0.1:6443' /etc/kubernetes/kubelet.conf; done
  k -n kube-system get configmap kubeadm-config -o yaml | grep -q 'controlPlaneEndpoint: 127.0.0.1:6443'
  k -n kube-system get configmap kube-proxy -o yaml | grep -q ' server: https://127.0.0.1:6443$'
  k -n kube-system rollout status daemonset kube-proxy --timeout 5s
  # Each pod is of the new template.
  [ "$(k -n kube-system get pods -l k8s-app=kube-proxy -o jsonpath='{range .items[*]}{.metadata.annotations.bivouac/address}{"\n"}{end}' | sort | uniq -c | xargs)" = "3 127.0.0.1:6443" ]
}
# The API by w2's own load balancer, while cp1's API server is away.
without_first() {
  local end=$((SECONDS + 60)) status=1
  podman exec "$cp" mv /etc/kubernetes/manifests/kube-apiserver.yaml /root/
  while podman exec "$cp" timeout 3 bash -c "exec 3<> /dev/tcp/$(address 0)/6443" 2> /dev/null; do [ "$SECONDS" -lt "$end" ] || return 1; sleep .2; done
  while [ "$SECONDS" -lt "$end" ]; do
    if podman exec "$w2" kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout 5s get node w2 -o name; then status=0; break; fi
  done
  podman exec "$cp" mv /root/kube-apiserver.yaml /etc/kubernetes/manifests/
  end=$((SECONDS + 120))
  until k get --raw /readyz > /dev/null 2>&1; do [ "$SECONDS" -lt "$end" ] || return 1; sleep .2; done
  return "$status"
}
looks() {
  local word
  "$BIVOUAC" -f other.yaml --accept-new-host-keys --log-dir "$TMP/logs-status" status > "$TMP/status.text" 2> "$TMP/status.err" || { cat "$TMP/status.text" "$TMP/status.err"; return 1; }
  for word in '^  cp1 +cp1 +control-plane +yes ' '^  w1 +w1 +control-plane +yes ' '^  w2 +w2 +worker +yes .* up' '^  cp1 +cp1 +up ' '^  w1 +w1 +up ' 'is healthy and as cluster.yaml says'; do
    grep -qE -- "$word" "$TMP/status.text" || { echo "no \`$word\`"; cat "$TMP/status.text"; return 1; }
  done
}
# What the kubelet itself says, with the rest of kubeadm's file.
most_pods() { comes pods_of_w1 "$1" && podman exec "$w1" grep -q 'clusterDNS' /etc/kubernetes/bivouac/kubelet.yaml; }
pods_of_w1() { [ "$(k get node w1 -o jsonpath='{.status.capacity.pods}')" = "$1" ]; }
renamed() {
  sed 's/name: w2/name: w9/' "$TMP/other.yaml" > "$TMP/renamed.yaml"
  # shellcheck disable=SC2016 # backquotes are quotes here
  refused 3 'is in the cluster as node `w2`' join -f "$TMP/renamed.yaml"
}
relabelled() {
  [ "$(settings)" = ",b," ] || { settings; return 1; }
  run join -f "$TMP/grown.yaml" && [ "$(settings)" = "ssd,a,gpu=x:PreferNoSchedule" ] && most_pods 110
  # The settings, the kubelet's file and its restart.
  [ "$(grep -c '"changed":true' "$TMP/join.json")" = 3 ]
  run join -f "$TMP/other.yaml"
  [ "$(settings)" = ",b," ] || { settings; return 1; }
}
wiped() { run wipe -f "$file" --yes && tail -n 1 "$TMP/wipe.json" | grep -q '"differences":0'; }

t "join without a cluster is refused" refuses_init
t "init of one control plane and one worker, with passwords and sudo" init
t "all nodes are Ready" nodes "cp1 w1"
t "the kubeconfig is here, mode 0600" kubeconfig
t "no bootstrap token is left" tokens
t "nothing listens for everybody that need not" open_ports "$cp" "$w1"
t "a second init changes nothing, within 20 s" second
t "labels and taints of cluster.yaml are there" test "$(settings)" = "ssd,a,gpu=x:PreferNoSchedule"
t "an unknown host is refused" refused 2 "did you mean" join w22 -f "$file"
t "join of a second worker" join
t "all three nodes are Ready" nodes "cp1 w1 w2"
t "pods of all reach each other" "$LAB_DIR/pods.sh" "$cp" "$w1" "$w2"
t "the older worker has the routes" routes "$w1" "$(address 0)" "$(address 2)"
t "no bootstrap token is left by the join" tokens
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
t "it joins again, as a second control plane, with other labels" rejoin
t "all nodes are Ready again" nodes "cp1 w1 w2"
t "its kubelet has the settings of its own" most_pods 57
t "the cluster has the address of several control planes, everywhere" new_address
t "an init after it changes nothing" unchanged_by init
t "status knows both" looks
t "the API goes on without the first one's API server" without_first
t "pods of all reach each other again" "$LAB_DIR/pods.sh" "$cp" "$w1" "$w2"
t "labels, taints and the kubelet's settings follow cluster.yaml" relabelled
t "a node's other name is refused" renamed
for c in "${containers[@]}"; do
  t "no secret in the journal of $c" journal "$c"
  t "the journal of $c is root's alone" modes "$c"
done
t "wipe ends with 0 differences" wiped
for c in "${containers[@]}"; do t "the snapshot of $c is the one from before" unchanged "$c"; done
t "no secret in any argument or environment" quiet
t "no secret in logs, events or messages" unwritten

# The judges themselves: a planted leftover and a planted leak must not pass.
leftover() { podman exec "${containers[1]}" touch /etc/left; ! unchanged "${containers[1]}"; }
leak() {
  rm -f "$TMP/stop"
  "$LAB_DIR/watch-secrets.pl" "$TMP/stop" "$TMP/secrets" > "$TMP/watch" &
  sh -c 'sleep 1; :' "$login"
  touch "$TMP/stop"
  wait $!
  grep -q 'cmdline holds a secret' "$TMP/watch"
}
t "a planted leftover is seen" leftover
t "a planted leak is seen" leak
