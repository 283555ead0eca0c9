#!/usr/bin/env bash
# soak.sh [N]: N installs and wipes in a row (20) on one control plane and two workers; each ends Ready and in 0 differences by snap.sh.
# Not part of `make test`: it takes half an hour.
. "$(dirname "$0")/t.sh"

up cp1 w1 w2
"$LAB_DIR/cluster.sh" "$RUN" --name soak > "$TMP/cluster.yaml"
for c in "${containers[@]}"; do snap "$c" > "$TMP/$c.before"; done
cd "$TMP"
bivouac() { "$BIVOUAC" "$@" -f "$TMP/cluster.yaml" --accept-new-host-keys --yes > "$TMP/run" 2>&1 || { tail -n 60 "$TMP/run"; return 1; }; }
nodes() { podman exec "${containers[0]}" kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes --no-headers; }
installed() { bivouac init && [ "$(nodes | awk '$2 == "Ready"' | wc -l)" = 3 ]; }
wiped() {
  bivouac wipe
  for c in "${containers[@]}"; do snap "$c" > "$TMP/after" && same "$TMP/$c.before" "$TMP/after"; done
}
for n in $(seq "${1:-20}"); do
  start=$SECONDS
  t "install $n" installed
  half=$SECONDS
  t "wipe $n, $((half - start)) s after the install began" wiped
done
