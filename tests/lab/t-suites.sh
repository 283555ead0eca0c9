#!/usr/bin/env bash
# One cluster of three Debian releases, 2021 to 2025: their own systemd, iptables, kmod and shells' tools, one bundle for all.
# cluster in turn
. "$(dirname "$0")/t.sh"

bundle=$("$LAB_DIR/suite-bundle.sh")
declare -A suites=([cp1]=bullseye [w1]=bookworm [w2]=trixie)
for name in cp1 w1 w2; do hosts "$name" --suite "${suites[$name]}" >> "$TMP/hosts"; done
mapfile -t containers < <(cut -d' ' -f3 "$TMP/hosts")
[ "${#containers[@]}" = 3 ] || die "not all hosts started"
file=$TMP/cluster.yaml
# The machine's disk may be fuller than a kubelet likes.
BIVOUAC_BUNDLE=$bundle "$LAB_DIR/cluster.sh" "$RUN" --name suites |
  sed 's/kubelet: {failSwapOn: false}/kubelet: {failSwapOn: false, evictionHard: {imagefs.available: 1%, nodefs.available: 1%}}/' > "$file"
for c in "${containers[@]}"; do snap "$c" > "$TMP/$c.before"; done
cd "$TMP"
run() { "$BIVOUAC" "$@" --accept-new-host-keys --log-dir "$TMP/logs-$1" --output json > "$TMP/$1.json" 2> "$TMP/$1.err" || { local status=$?; cat "$TMP/$1.err"; return "$status"; }; }
k() { podman exec -i "${containers[0]}" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }
release() { [ "$(podman exec "bv-$RUN-$1" sh -c '. /etc/os-release; echo "$VERSION_CODENAME"')" = "${suites[$1]}" ]; }
systems() {
  k get nodes -o jsonpath='{range .items[*]}{.metadata.name} {.status.nodeInfo.osImage}{"\n"}{end}' | tee "$TMP/nodes"
  grep -q '^cp1 Debian.*bullseye' "$TMP/nodes" && grep -q '^w1 Debian.*bookworm' "$TMP/nodes" && grep -q '^w2 Debian.*trixie' "$TMP/nodes"
}
nodes() { [ "$(k get nodes --no-headers | awk '$2 == "Ready" {print $1}' | paste -sd ' ')" = "cp1 w1 w2" ] || { k get nodes; return 1; }; }
second() { run init -f "$file" && ! grep '"changed":true' "$TMP/init.json" && grep -q '"event":"step_done"' "$TMP/init.json"; }
wiped() { run wipe -f "$file" --yes && tail -n 1 "$TMP/wipe.json" | tee /dev/stderr | grep -q '"differences":0'; }
unchanged() { snap "$1" > "$TMP/$1.after" && same "$TMP/$1.before" "$TMP/$1.after"; }
seconds() { say "$TEST: $1 $(tail -n 1 "$TMP/$1.json" | grep -o '"seconds":[0-9.]*' | sed -n 1p)"; }

for name in cp1 w1 w2; do t "$name runs ${suites[$name]}" release "$name"; done
t "init of a control plane on bullseye, workers on bookworm and trixie" run init -f "$file"
seconds init
t "all nodes are Ready" nodes
t "each node says what it runs" systems
t "pods of all reach each other" "$LAB_DIR/pods.sh" "${containers[@]}"
t "a second init changes nothing" second
t "wipe ends with 0 differences" wiped
seconds wipe
for c in "${containers[@]}"; do t "the snapshot of $c is the one from before" unchanged "$c"; done
