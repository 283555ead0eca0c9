#!/usr/bin/env bash
# A real cluster whose images come from a real registry (Debian's docker-registry) with a login and an authority of its own: pulled by this
# machine, then by the hosts. What is wrong with the registry, or is not in it, stops the run before any host changes, and names the image.
# cluster in turn
. "$(dirname "$0")/t.sh"

"$LAB_DIR/bundle.sh" --tree-only
"$LAB_DIR/crictl.sh"
mapfile -t lines < <(hosts cp1 w1 reg)
[ "${#lines[@]}" = 3 ] || die "not all hosts started"
read -r _ address reg <<< "${lines[2]}"
cp=$(cut -d' ' -f3 <<< "${lines[0]}") w1=$(cut -d' ' -f3 <<< "${lines[1]}")
# shellcheck disable=SC2016 # nothing in it is to be expanded
password='pa"ss\wo{{rd}} $(id) é'
(umask 077; printf '%s\n' "$password" > "$TMP/password"; printf 'wrong\n' > "$TMP/wrong")
login=(ops "$TMP/password")
# The tool's own cache begins empty; the lab's stays.
tool() { XDG_CACHE_HOME=$TMP/cache "$BIVOUAC" "$@"; }
serve() { "$LAB_DIR/registry.sh" "$@"; }
mkdir "$TMP/reg"
serve start "$reg" "$address" "$TMP/reg" "${login[@]}"
serve push "$address" "$TMP/reg" "${login[@]}" k8s "$CACHE"/images/v1.20.2/{pause,coredns,etcd,kube-proxy,kube-apiserver,kube-controller-manager,kube-scheduler}.tar
serve push "$address" "$TMP/reg" "${login[@]}" apps "$CACHE/images/v1.20.2/pause.tar"

# A bundle without images, and with a client of the runtime that can pull.
mkdir "$TMP/from"
cp -a "$CACHE/tree/v1.20.2/bin" "$CACHE/tree/v1.20.2/cni" "$CACHE/tree/v1.20.2/VERSIONS" "$TMP/from/"
rm "$TMP/from/bin/crictl"
cp "$CACHE/bin/crictl" "$TMP/from/bin/crictl"
tool bundle build "$TMP/v1.20.2.bundle" --from "$TMP/from" --version v1.20.2 > /dev/null
entry="{address: '$address:5000', username: ops, passwordFile: $TMP/password, ca: $TMP/reg/ca.crt}"
# The kubelet would throw pods and images out where the machine's disk is full.
BIVOUAC_BUNDLE=$TMP/v1.20.2.bundle "$LAB_DIR/cluster.sh" "$RUN" --name images |
  sed -e '/name: reg/d' -e "s|^    version: .*|&\n    imageRepository: $address:5000/k8s|" -e "s|^  ssh:|  registries: [$entry]\n  ssh:|" \
    -e 's/kubelet: {failSwapOn: false}/kubelet: {failSwapOn: false, evictionHard: {nodefs.available: 1%, imagefs.available: 1%}, imageGCHighThresholdPercent: 100}/' > "$TMP/operator.yaml"
sed -e 's/artifacts: {bundle: \([^}]*\)}/artifacts: {bundle: \1, download: hosts}/' "$TMP/operator.yaml" > "$TMP/hosts.yaml"
for c in "$cp" "$w1"; do snap "$c" > "$TMP/$c.before"; done
cd "$TMP"
printf '%s\n%s\n' "$password" "$(printf 'ops:%s' "$password" | base64 -w0)" > "$TMP/secrets"
"$LAB_DIR/watch-secrets.pl" "$TMP/stop" "$TMP/secrets" > "$TMP/watch" &
watcher=$!

run() { tool "$@" --accept-new-host-keys --log-dir "$TMP/logs" --output json > "$TMP/$1.json" 2> "$TMP/$1.err" || { local status=$?; cat "$TMP/$1.err"; grep -E '"finding"|step_failed' "$TMP/$1.json"; return "$status"; }; }
k() { podman exec -i "$cp" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }
# refused FILE WORD...: init ends with 3, says all of these in one of its findings, and leaves nothing on any host.
refused() {
  local file=$1 status=0 word found
  shift
  run init -f "$file" > /dev/null || status=$?
  found=$(grep '"event":"finding"' init.json | grep '"severity":"error"')
  cat init.err
  echo "$found"
  [ "$status" = 3 ]
  for word; do found=$(grep -F -- "$word" <<< "$found") || { echo "no \`$word\`"; return 1; }; done
  for c in "$cp" "$w1"; do podman exec "$c" test ! -e /var/lib/bivouac; done
}
image() { echo "$address:5000/k8s/$1"; }
both() { local name=$1; shift; for way in operator hosts; do t "$way: $name stops the run before a host changes" "$@" "$TMP/$name-$way.yaml"; done; }
change() { for way in operator hosts; do sed "$2" "$TMP/$way.yaml" > "$TMP/$1-$way.yaml"; done; }
# shellcheck disable=SC2016 # backquotes are quotes here
refused_password() { refused "$1" "$(image etcd:3.4.13-0)" 'refuses the user `ops` (401)' passwordFile; }
refused_missing() { refused "$1" "$(image coredns:9.9.9)" 'does not have it (404)'; }
# It is a file that cluster.yaml names, so that is wrong.
refused_authority() {
  local status=0
  run init -f "$1" > /dev/null || status=$?
  cat init.err
  [ "$status" = 2 ] && grep -F "$TMP/other.crt" init.err | grep -F 'which has expired'
  for c in "$cp" "$w1"; do podman exec "$c" test ! -e /var/lib/bivouac; done
}
refused_expired() { refused "$1" "$(image etcd:3.4.13-0)" 'it has expired'; }
nodes() { [ "$(k get nodes --no-headers | awk '$2 == "Ready" {print $1}' | paste -sd ' ')" = "cp1 w1" ] || { k get nodes; return 1; }; }
pod() {
  k apply -f - << P
apiVersion: v1
kind: Pod
metadata: {name: app}
spec: {nodeName: w1, containers: [{name: p, image: "$address:5000/apps/pause:3.2", imagePullPolicy: Always}]}
P
  k wait --for=condition=Ready pod/app --timeout=60s || { k describe pod app; return 1; }
}
again() { run init -f "$1" && ! grep '"changed":true' init.json && grep -q '"event":"step_done"' init.json; }
has() { podman exec "$cp" ctr -n k8s.io images ls -q | grep -qxF "$1"; }
modes() {
  [ "$(podman exec "$w1" stat -c '%a %U' /etc/containerd/config.toml /var/lib/kubelet/config.json | sort -u)" = '600 root' ]
  podman exec "$w1" grep -q 'registry.configs' /etc/containerd/config.toml
}
shown() {
  local verb
  for verb in plan render; do tool -f hosts.yaml --accept-new-host-keys "$verb" > "$verb.text" 2> "$verb.err" || { cat "$verb.err"; return 1; }; done
  grep -q '(secret)' render.text
  ! grep -lF -f secrets plan.text render.text
}
journal() { ! podman exec -i "$1" grep -lF -f - /var/lib/bivouac/journal < "$TMP/secrets" && podman exec "$1" test -s /var/lib/bivouac/journal; }
wiped() { run wipe -f "$1" --yes && tail -n 1 wipe.json | grep -q '"differences":0'; }
unchanged() { snap "$1" > "$TMP/$1.after" && same "$TMP/$1.before" "$TMP/$1.after"; }
quiet() {
  touch "$TMP/stop"
  while kill -0 "$watcher" 2> /dev/null; do sleep .1; done
  cat "$TMP/watch"
  if grep -q holds "$TMP/watch"; then return 1; fi
  [ "$(sed -n 's/^looks //p' "$TMP/watch")" -gt 100 ]
}
unwritten() { ! grep -rlF -f "$TMP/secrets" "$TMP/logs" "$TMP"/*.json "$TMP"/*.err && ls "$TMP/logs/cp1.log" > /dev/null; }

change password "s|passwordFile: $TMP/password|passwordFile: $TMP/wrong|"
both password refused_password
change missing 's|^    imageRepository: .*|&\n    kubeadm: {dns: {imageTag: 9.9.9}}|'
both missing refused_missing
cp "$ROOT/tests/fixtures/registry/expired-ca.crt" "$TMP/other.crt"
change authority "s|ca: $TMP/reg/ca.crt|ca: $TMP/other.crt|"
t "an authority that has ended stops the run before a host changes" refused_authority "$TMP/authority-operator.yaml"
serve expire "$reg" "$address" "$TMP/reg"
change expired 's/^//'
both expired refused_expired
serve again "$reg" "$address" "$TMP/reg"

for way in operator hosts; do
  t "$way: preflight finds all images" run preflight -f "$TMP/$way.yaml"
  t "$way: plan and render show no secret" shown
  t "$way: init" run init -f "$TMP/$way.yaml"
  t "$way: all nodes are Ready" nodes
  t "$way: images have the registry's name" has "$(image etcd:3.4.13-0)"
  t "$way: the kubelet pulls a pod's image with the login" pod
  t "$way: files with the login are root's alone" modes
  t "$way: a second init changes nothing" again "$TMP/$way.yaml"
  for c in "$cp" "$w1"; do t "$way: no secret in the journal of $c" journal "$c"; done
  t "$way: wipe ends with 0 differences" wiped "$TMP/$way.yaml"
  for c in "$cp" "$w1"; do t "$way: the snapshot of $c is the one from before" unchanged "$c"; done
done
t "no secret in any argument or environment" quiet
t "no secret in logs, events or messages" unwritten
