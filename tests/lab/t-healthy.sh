#!/usr/bin/env bash
# Plain hosts of three releases of Debian: preflight finds nothing, as text and as JSON, and leaves nothing unchecked.
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/standin.sh"

standin_bundle v1.20.2
suites=(bullseye bookworm trixie)
# One network for all.
for suite in "${suites[@]}"; do hosts "$suite" --suite "$suite" > "$TMP/$suite"; done
{
  cat <<Y
apiVersion: bivouac/v1alpha1
kind: Cluster
metadata: {name: healthy}
spec:
  kubernetes: {version: v1.20.2, skipPhases: [addon/coredns], kubeProxy: {conntrack: {maxPerCore: 0}}, kubelet: {failSwapOn: false, evictionHard: {imagefs.available: 1%, nodefs.available: 1%}}}
  artifacts: {bundle: $TMP/standin.bundle}
  ssh: {user: root, privateKey: $LAB_KEY}
  hosts:
Y
  role=control-plane
  for suite in "${suites[@]}"; do
    read -r name address _ < "$TMP/$suite"
    echo "  - {address: $address, roles: [$role], name: $name}"
    role=worker
  done
} > "$TMP/cluster.yaml"
run() { "$BIVOUAC" -f "$TMP/cluster.yaml" --accept-new-host-keys --log-dir "$TMP/log" "$@" preflight > "$TMP/$1.out" 2> "$TMP/$1.err" < /dev/null || { cat "$TMP/$1.out" "$TMP/$1.err"; return 1; }; }
release() { podman exec "$(cut -d' ' -f3 "$TMP/$1")" grep -q "VERSION_CODENAME=$1" /etc/os-release; }
text() { run --verbose && ! grep -E 'severity|unchecked|warning|error' "$TMP/--verbose.err"; }
json() { run --output json && ! grep -E '"event":"(finding|unchecked)"' "$TMP/--output.out" && grep -q '"ok":true' "$TMP/--output.out"; }
# The judge judges.
blind() { podman exec "$(cut -d' ' -f3 "$TMP/trixie")" touch /usr/local/sbin/runc; ! run --output json && grep -q '"event":"finding"' "$TMP/--output.out"; }

for suite in "${suites[@]}"; do t "a host runs $suite" release "$suite"; done
t "preflight finds nothing, and says so in words" text
t "and in JSON" json
t "control: one fault is found" blind
