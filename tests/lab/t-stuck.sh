#!/usr/bin/env bash
# A wipe that meets what it cannot do: an undo that does not work, and a host that is gone. It does the rest, says so, and the next wipe
# finishes.
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/fast.sh"

hosts h1 h2 > "$TMP/hosts"
address_of() { sed -n "s/^$1 \([^ ]*\) .*/\1/p" "$TMP/hosts"; }
container_of() { sed -n "s/^$1 [^ ]* //p" "$TMP/hosts"; }
for n in h1 h2; do
  cluster_of "$n" "$(address_of "$n")"
  snap "$(container_of "$n")" > "$TMP/$n.snap"
done
{ sed 's/name: h1}$/name: both}/' "$TMP/h1.yaml"; echo "  - {address: $(address_of h2), roles: [worker], name: h2}"; } > "$TMP/both.yaml"

mkdir -p "$TMP/stuck/playbooks/init"
cat > "$TMP/stuck/playbooks/init/10.yaml" <<'E'
name: stuck
steps:
- name: tools
  package: [nft]
- name: older
  file: {path: /etc/stuck-older, content: "older\n"}
- name: stubborn
  command: {run: touch /etc/stuck, undo: "[ ! -e /srv/held ] || { echo 'the thing is held' >&2; exit 1; }; rm -f /etc/stuck"}
- name: younger
  file: {path: /etc/stuck-younger, content: "younger\n"}
E
PLAYBOOKS=$TMP/stuck
on() { podman exec "$(container_of "$1")" sh -ec "$2"; }
as_before() { snap "$(container_of "$1")" > "$TMP/now" && same "$TMP/$1.snap" "$TMP/now"; }
installed() { exits 0 both init && for n in h1 h2; do on "$n" '[ -e /etc/stuck-older ] && [ -e /etc/stuck ]'; done; }

t "init on two hosts" installed
stubborn() {
  on h1 'touch /srv/held'
  exits 1 both wipe
  grep -F 'the thing is held' "$TMP/both.err"
  grep -F '+ ' "$TMP/both.err" | grep -F '/etc/stuck'
  on h1 '[ -e /etc/stuck ] && [ ! -e /etc/stuck-younger ] && [ ! -e /etc/stuck-older ] && [ -e /var/lib/bivouac/journal ]'
  # The stubborn undo may need the tools.
  on h1 'command -v nft'
}
t "an undo that does not work is named, and older changes are undone all the same, exit 1" stubborn
t "the other host is as before" as_before h2
mended() { on h1 'rm /srv/held'; exits 0 both wipe; }
t "when it is mended, the next wipe is clean" mended
t "and the host is as before" as_before h1

t "init again" installed
gone() {
  podman pause "$(container_of h1)" > /dev/null
  local status=0
  exits 1 both wipe --timeout 3 || status=1
  podman unpause "$(container_of h1)" > /dev/null
  grep -E "h1.*$(address_of h1)|$(address_of h1).* does not answer|was silent" "$TMP/both.err"
  return $status
}
t "a host that does not answer is named, exit 1" gone
t "and the other is wiped" as_before h2
untouched() { on h1 '[ -e /etc/stuck ] && [ -e /etc/stuck-older ]'; }
t "it is as it was" untouched
back() { exits 0 both wipe; }
t "when it is back, the next wipe takes it too" back
t "and it is as before" as_before h1
nobody() {
  podman pause "$(container_of h1)" > /dev/null
  local status=0
  exits 4 h1 wipe --timeout 3 || status=1
  podman unpause "$(container_of h1)" > /dev/null
  return $status
}
t "where nobody answers, exit 4" nobody
