#!/usr/bin/env bash
# What a wipe must leave to the owner although it is in our way: what he adds to directories that were his, what he edits in ours, and the
# configuration of a package that he had removed but not purged.
. "$(dirname "$0")/t.sh"

read -r _ _ host < <(hosts one)
"$LAB_DIR/cluster.sh" "$RUN" --name shared > "$TMP/cluster.yaml"
mkdir -p "$TMP/own/playbooks/init"
cat > "$TMP/own/playbooks/init/10-shared.yaml" <<'E'
name: shared
steps:
- name: a tool whose configuration the owner kept
  package: [nft]
- name: what others may use
  trace: [/srv/shared, /srv/lock, /srv/made]
- name: what is only made
  made: [/srv/hollow, /srv/used]
- name: what is ours
  tree: [/srv/ours]
- name: a file in ours
  file: {path: /srv/ours/own.conf, content: "ours\n"}
- name: a file that the owner makes private
  file: {path: /srv/private.conf, content: "ours\n"}
- name: a file that the owner gives away
  file: {path: /srv/given.conf, content: "ours\n"}
- name: a file in place of a link to a directory
  file: {path: /srv/link.conf, content: "ours\n"}
E
on() { podman exec -i "$host" sh -ec "$1"; }
on 'mkdir -p /srv/shared/old /srv/dir; touch /srv/lock; ln -s /srv/dir /srv/link.conf
  apt-get update -qq; apt-get install -y -qq nftables > /dev/null 2>&1; echo "# the owner'"'"'s" >> /etc/nftables.conf
  apt-get remove -y -qq nftables > /dev/null 2>&1; apt-get autoremove -y -qq > /dev/null 2>&1'
snap "$host" > "$TMP/before"
bivouac() { "$BIVOUAC" "$@" -f "$TMP/cluster.yaml" --playbooks "$TMP/own" --accept-new-host-keys --yes > "$TMP/run" 2>&1; }

good() { bivouac "$@" || { cat "$TMP/run"; return 1; }; }
# shellcheck disable=SC2016 # the host expands it
installed() { good init; on 'command -v nft && grep -q ours /srv/link.conf && [ ! -L /srv/link.conf ] && [ -z "$(ls -A /srv/dir)" ]'; }
again() { good init; if grep ' changed (' "$TMP/run"; then return 1; fi; }
# shellcheck disable=SC2016 # the host expands it
edited() {
  on 'touch /srv/shared/new; chmod 0600 /srv/private.conf; chown ops /srv/given.conf; echo edited >> /srv/ours/own.conf; mkdir -p /srv/made /srv/hollow/deep /srv/used/deep; touch /srv/made/by-a-program /srv/used/mine'
  local status=0
  bivouac wipe || status=$?
  [ "$status" = 6 ] || { cat "$TMP/run"; return 1; }
  for f in ours/own.conf private.conf given.conf; do grep "kept /srv/$f" "$TMP/run"; done
  on '[ "$(stat -c "%a %U" /srv/private.conf /srv/given.conf | paste -sd " ")" = "600 root 644 ops" ]'
  on 'grep -q edited /srv/ours/own.conf && [ -e /srv/shared/new ] && [ -e /srv/shared/old ] && [ ! -e /srv/made ] && [ ! -e /srv/hollow ] && [ -e /srv/used/mine ] && [ ! -e /srv/used/deep ]'
  grep -q 'kept /srv/used' "$TMP/run"
}
# in_hand: how many entries stand on the host that no wipe has seen yet: with any, preflight takes what is there for ours.
in_hand() { cat "$ROOT"/src/host/facts.sh "$ROOT"/src/host/facts/*.sh | podman exec -i "$host" sh | sed -n 's/^journal[[:space:]]*\([0-9]*\) .*/\1/p'; }
ours() { [ "$(in_hand)" -gt 3 ] || { in_hand; return 1; }; }
handed_back() { [ "$(in_hand)" = 0 ] || { in_hand; return 1; }; }
settled() {
  on 'rm /srv/shared/new; rm /srv/ours/own.conf /srv/private.conf; chown root /srv/given.conf; rm /srv/used/mine'
  good wipe
}
unchanged() { snap "$host" > "$TMP/after" && same "$TMP/before" "$TMP/after"; }
# shellcheck disable=SC2016 # the host expands it
configured() { on 'grep -q "the owner" /etc/nftables.conf && [ "$(dpkg-query -W -f "\${db:Status-Abbrev}" nftables)" = "rc " ]'; }

t "init" installed
t "a second init changes nothing" again
t "what is there counts as ours" ours
t "the wipe keeps what the owner edited in ours and added to his, exit 6" edited
t "and what it kept no longer counts as ours" handed_back
t "once he has settled that, the wipe is clean" settled
t "the configuration of the removed package is still his" configured
t "the snapshot is the one from before" unchanged
