#!/usr/bin/env bash
# The cache: a part is made once, again when its inputs change, and never by two at once. And what a bare machine lacks.
. "$(dirname "$0")/t.sh"

CACHE=$TMP/cache
mkdir -p "$CACHE/stamp"
make_it() { echo made >> "$TMP/made"; [ -z "${1:-}" ] || return "$1"; }
count() { [ "$(wc -l < "$TMP/made")" = "$1" ]; }
once() { part x one make_it; part x one make_it; count 1; }
t "the same inputs are made once" once
again() { part x two make_it; count 2; }
t "other inputs are made again" again
fails() { (part x three make_it 1) && exit 1; count 3; (part x three make_it); count 4; }
t "what failed is made again" fails
slow() { echo start >> "$TMP/slow"; until [ -e "$TMP/go" ]; do sleep .05; done; }
both() {
  part y one slow & local p=$!
  part y one slow & local q=$!
  until [ -s "$TMP/slow" ]; do sleep .05; done
  touch "$TMP/go"
  wait $p && wait $q
  [ "$(wc -l < "$TMP/slow")" = 1 ]
}
t "two at once make it once" both

# A machine with nothing but what the scripts themselves begin with.
bare() {
  local tool
  mkdir "$TMP/bare"
  for tool in bash dirname id uname mkdir; do ln -s "$(type -P "$tool")" "$TMP/bare/$tool"; done
  PATH=$TMP/bare "$LAB_DIR/needs.sh" missing > "$TMP/missing"
  for tool in podman mmdebstrap openssh-client sshpass shellcheck jq rsync sudo; do grep -qx "$tool" "$TMP/missing" || { echo "not $tool, but:"; cat "$TMP/missing"; return 1; }; done
}
t "on a bare machine each tool is missed" bare
t "control: on this one none is" test -z "$("$LAB_DIR/needs.sh" missing)"
