#!/usr/bin/env bash
# shellcheck disable=SC2154 # who sources it sets $host
# bare.sh: sourced after t.sh by tests of hosts without a cluster.yaml of ours: $host is a container, and what is run is given the host's address.

in_host() { podman exec -i "$host" bash -euo pipefail -s; }
# ends STATUS VERB ARGUMENT...: what it says is in $TMP/said, what it tells of its work in $TMP/err.
ends() {
  local expected=$1 status=0
  shift
  "${PROGRAM:-$BIVOUAC}" "$@" -u root --private-key "$LAB_KEY" --accept-new-host-keys --log-dir "$TMP/logs" > "$TMP/said" 2> "$TMP/err" < /dev/null || status=$?
  cat "$TMP/said" "$TMP/err"
  [ "$status" = "$expected" ]
}
says() { local word; for word; do grep -qE -- "$word" "$TMP/said" || { echo "no \`$word\`"; return 1; }; done; }
