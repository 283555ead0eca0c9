#!/usr/bin/env bash
# A cluster without a bundle: programs from a release server (release.sh), images from a real registry with a login and an authority of its
# own, all brought by this machine; then a bundle of the same, made twice, and a second cluster from that; then a third one whose hosts
# download all of it by themselves. All are wiped without a difference.
# cluster in turn
. "$(dirname "$0")/t.sh"

up cp1 w1 registry
mapfile -t addresses < <(printf '%s\n' "${lines[@]:0:2}" | cut -d' ' -f2)
cp=${containers[0]} w1=${containers[1]}
registry=$(address 2)
here=${registry%.*}.1
. "$LAB_DIR/serve-release.sh"
serve server server; port=$served
mkdir "$TMP/registry"
(umask 077; echo 'r3gistry/p@ss' > "$TMP/registry.pass")
"$LAB_DIR/registry.sh" start "${containers[2]}" "$registry" "$TMP/registry" puller "$TMP/registry.pass"
images=()
for image in coredns etcd haproxy kube-apiserver kube-controller-manager kube-proxy kube-scheduler pause; do images+=("$CACHE/tree/v1.20.2/images/$image.tar"); done
"$LAB_DIR/registry.sh" push "$registry" "$TMP/registry" puller "$TMP/registry.pass" k8s "${images[@]}"

BIVOUAC_BUNDLE=$OUT/v1.20.2.bundle "$LAB_DIR/cluster.sh" "$RUN" --workers 1 --name released |
  sed -e "s|^  artifacts:.*|  artifacts: {$(at "$port"), ca: $d/ca.crt}\n  registries: [{address: '$registry:5000', username: puller, passwordFile: $TMP/registry.pass, ca: $TMP/registry/ca.crt}]|" \
    -e 's|version: v1.20.2|version: "1.20"|' > "$TMP/cluster.yaml"
for c in "$cp" "$w1"; do
  podman exec "$c" sh -c 'apt-get update -qq && apt-get install -qq --no-install-recommends curl' > "$TMP/apt" 2>&1 || { cat "$TMP/apt"; die "no curl"; }
  snap "$c" > "$TMP/$c.before"
done
cd "$TMP"
run() { XDG_CACHE_HOME=$TMP/cache "$BIVOUAC" "$@" -f cluster.yaml --accept-new-host-keys --log-dir "$TMP/logs" --output json > "$TMP/json" 2> "$TMP/err" || { local status=$?; cat "$TMP/err"; grep -E 'finding|failed' "$TMP/json"; return "$status"; }; }
k() { podman exec -i "$cp" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }
ready() { [ "$(k get nodes --no-headers | awk '$2 == "Ready" {print $1}' | paste -sd ' ')" = "cp1 w1" ] || { k get nodes; return 1; }; }
again() {
  : > "$TMP/server.log"
  run init || return 1
  if grep '"changed":true' "$TMP/json"; then return 1; fi
  # What the wish for 1.20 means is known from the cluster that runs.
  [ ! -s "$TMP/server.log" ] || { cat "$TMP/server.log"; return 1; }
}
unchanged() { snap "$1" > "$TMP/$1.after" && same "$TMP/$1.before" "$TMP/$1.after"; }
wiped() { run wipe --yes && tail -n 1 "$TMP/json" | grep -q '"differences":0'; }
bundle() { # FILE: with nothing kept from before
  rm -rf "$TMP/cache"
  XDG_CACHE_HOME=$TMP/cache "$BIVOUAC" bundle build "$1" --version v1.20.2 -f cluster.yaml -q
}
twice() {
  bundle one.bundle
  # In another second, so that a time in it would show.
  until [ "$(stat -c %Y one.bundle)" -lt "$(date +%s)" ]; do sleep .1; done
  bundle two.bundle
  cmp one.bundle two.bundle
  "$BIVOUAC" bundle verify one.bundle
  "$BIVOUAC" bundle show one.bundle | tee shown
  [ "$(grep -c '^  binary' shown) $(grep -c '^  cni' shown) $(grep -c '^  image' shown)" = "8 7 7" ]
}
from_bundle() {
  cp cluster.yaml sources.yaml
  sed -e "s|^  artifacts:.*|  artifacts: {bundle: $TMP/one.bundle}|" -e '/^  registries:/d' cluster.yaml > bundle.yaml
  mv bundle.yaml cluster.yaml
  run init
}
# This machine asks for sums alone.
by_hosts() {
  local address
  sed -e 's|^  artifacts: {|&download: hosts, |' sources.yaml > cluster.yaml
  rm -rf "$TMP/cache"
  : > "$TMP/server.log"
  run init
  for address in "${addresses[@]}"; do [ "$(grep -c "^$address .*/\(kubelet\|containerd-[^ ]*gz\)$" "$TMP/server.log")" = 2 ] || { cat "$TMP/server.log"; return 1; }; done
  ! grep "^$here " "$TMP/server.log" | grep -v 'sha256\|stable'
}

t "a cluster from a release server and a registry" run init
t "its nodes are Ready" ready
t "pods of all reach each other" "$LAB_DIR/pods.sh" "$cp" "$w1"
t "a second run changes nothing, and asks the release server for nothing" again
t "wipe ends with 0 differences" wiped
for c in "$cp" "$w1"; do t "the snapshot of $c is the one from before" unchanged "$c"; done
t "a bundle of the same, made twice from nothing, has the same bytes" twice
t "a cluster from that bundle" from_bundle
t "its nodes are Ready too" ready
t "wipe of that ends with 0 differences" wiped
for c in "$cp" "$w1"; do t "the snapshot of $c is still the one from before" unchanged "$c"; done
t "a cluster whose hosts download everything" by_hosts
t "the nodes of that are Ready" ready
t "its pods reach each other" "$LAB_DIR/pods.sh" "$cp" "$w1"
t "wipe of that one ends with 0 differences" wiped
for c in "$cp" "$w1"; do t "the snapshot of $c is again the one from before" unchanged "$c"; done
