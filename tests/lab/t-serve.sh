#!/usr/bin/env bash
# One host has the bundle for the others (`artifacts: {serve: HOST}`): eight hosts get its files, and what goes over this machine's own link
# to them is one bundle and one program. A server that breaks off, one whose port is taken. And its registry, with a real client.
# in turn
. "$(dirname "$0")/t.sh"

up h1 h2 h3 h4 h5 h6 h7 h8
server=${containers[1]} server_address=$(address 1)
cd "$TMP"
# A bundle that does not compress, with one real image; its files go to hosts by the product's own steps.
mkdir -p tree/bin tree/images own/playbooks/init own/templates/systemd
for name in kubeadm kubelet kubectl; do printf '#!/bin/sh\necho "%s v1.20.2"\n' "$name" > "tree/bin/$name"; done
head -c 24000000 /dev/urandom >> tree/bin/kubelet
empty_images tree/images
zstd -dcq "$OUT/v1.20.2.bundle" | tar -xO artifacts/amd64/image/pause.tar > tree/images/pause.tar
"$BIVOUAC" bundle build x.bundle --from tree --version v1.20.2 > /dev/null
cp -r "$ROOT/templates/." own/templates/
cp "$ROOT/playbooks/init/04-firewall.yaml" "$ROOT/playbooks/init/05-serve.yaml" own/playbooks/init/
# step FILE NAME: a step of the product's playbooks, as it stands there.
step() { awk -v name="- name: $2" '/^- name: /{on = $0 == name} on' "$ROOT/playbooks/init/$1"; }
# get [MORE]: the playbook of these tests.
get() {
  echo "name: get"; echo "steps:"
  step 20-runtime.yaml "wait for the bundle"
  printf '%s' "${1:-}"
  printf -- '- name: get the files\n  artifact: {kind: binary, into: /opt/served}\n  tries: 2\n'
  step 31-load-balancer.yaml "have everything of the bundle"
  step 70-finish.yaml "end the bundle's server"
}
get > own/playbooks/init/10-get.yaml
BIVOUAC_BUNDLE=$TMP/x.bundle BIVOUAC_VERSION=v1.20.2 "$LAB_DIR/cluster.sh" "$RUN" | sed -E 's/(artifacts: \{bundle: [^}]*)\}/\1, serve: h2}/' > cluster.yaml
grep -q 'serve: h2' cluster.yaml
snap "${containers[0]}" > before.h1
snap "$server" > before.h2

run() { "$BIVOUAC" "$1" -f "${FILE:-$TMP/cluster.yaml}" --playbooks "$TMP/own" --accept-new-host-keys --output json --log-dir "$TMP/logs" "${@:2}" > "$TMP/$1.json" 2> "$TMP/$1.err" || { local s=$?; tail -n 30 "$TMP/$1.err"; return $s; }; }
# What this machine has sent into the hosts' network; what hosts send each other does not pass here.
bridge=$(podman network inspect "bv-$RUN" | sed -n -E 's/.*"network_interface": *"([^"]*)".*/\1/p')
sent() { cat "/sys/class/net/$bridge/statistics/tx_bytes"; }
bytes() { stat -c %s "$@" | paste -sd+ | bc; }

taken() {
  local status=0
  # shellcheck disable=SC2016 # backquotes are quotes here
  podman exec -d "$server" perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => 8484, Listen => 1, ReuseAddr => 1) or die; sleep 600'
  comes podman exec "$server" bash -c 'exec 3<> /dev/tcp/127.0.0.1/8484'
  run init > /dev/null || status=$?
  podman exec "$server" pkill -f LocalPort
  cat init.err
  [ "$status" = 3 ] && grep -q '"Port-8484"' init.json && ! grep -q '"changed":true' init.json
}
once() {
  local before after limit
  before=$(sent)
  run init
  after=$(sent)
  # A host's connection, its functions and its questions are some 300 KB.
  limit=$(($(bytes x.bundle "$BIVOUAC") * 103 / 100 + 8 * 600000))
  echo "sent $((after - before)) bytes; bundle $(bytes x.bundle), program $(bytes "$BIVOUAC"), limit $limit"
  say "$TEST: sent $((after - before)) bytes for 8 hosts; the bundle has $(bytes x.bundle), the program $(bytes "$BIVOUAC")"
  [ $((after - before)) -le "$limit" ]
}
everywhere() { local c; for c in "${containers[@]}"; do podman exec "$c" sh -c 'cd /opt/served && sha256sum kubeadm kubectl kubelet' | diff - <(cd tree/bin && sha256sum kubeadm kubectl kubelet); done; }
over() {
  [ "$(podman exec "$server" systemctl is-active bivouac-serve.service)" = inactive ]
  if podman exec "$server" test -e /var/lib/bivouac/serve/content; then return 1; fi
  if podman exec "$server" bash -c 'exec 3<> /dev/tcp/127.0.0.1/8484' 2> /dev/null; then return 1; fi
  [ "$(podman exec "$server" stat -c %a /var/lib/bivouac/serve/token /var/lib/bivouac)" = $'600\n700' ]
}
# The token is nowhere but in its file.
quiet() {
  local token
  token=$(podman exec "$server" cat /var/lib/bivouac/serve/token)
  [ "${#token}" = 64 ]
  if grep -rqF "$token" logs init.json init.err; then return 1; fi
  local c
  for c in "${containers[@]}"; do
    podman exec "$c" test -s /var/lib/bivouac/journal
    if podman exec -i "$c" grep -qF -f - /var/lib/bivouac/journal <<< "$token" || podman exec "$c" test -e /var/lib/bivouac/wgetrc; then return 1; fi
  done
  podman exec "$server" journalctl --no-pager -q -u bivouac-serve > served.log
  [ -s served.log ] && ! grep -qF "$token" served.log
}
wiped() { run wipe --yes && tail -n 1 wipe.json | grep -q '"differences":0'; }
unchanged() { snap "$1" > after && same "$2" after; }
# The server goes away before the others have asked: each says where it looked in vain, and the next run goes on.
breaks_off() {
  local status=0
  get '- name: break off
  when: host.serves
  command: {run: systemctl stop bivouac-serve.service, undo: nothing, because: a test}
  opens: broken
- name: after that
  needs: broken
  wait: {until: ":"}
' > own/playbooks/init/10-get.yaml
  run init > /dev/null || status=$?
  get > own/playbooks/init/10-get.yaml
  grep -m 3 '"step_failed"' init.json
  [ "$status" = 1 ] && grep -q "\"step_failed\".*http://$server_address:8484/files/.* cannot be fetched with bash: .*refused" init.json
  if podman exec "${containers[0]}" test -e /opt/served/kubelet; then return 1; fi
  run init
}
# As a run leaves it that was killed: the next one ends it, though it serves nobody.
left_behind() {
  podman exec "$server" systemctl start bivouac-serve.service
  sed 's/, serve: h2//' cluster.yaml > alone.yaml
  FILE=$TMP/alone.yaml run init
  over
}
# By hand: a real registry client, with the token as its password.
registry() {
  local port=$((20000 + RANDOM % 10000)) token=lab-token-$RANDOM status=0 pid
  (umask 077; echo "$token" > token)
  "$BIVOUAC" bundle serve x.bundle --listen "127.0.0.1:$port" --token-file token --content "$TMP/content" 2> serve.err & pid=$!
  comes grep -q "at http://127.0.0.1:$port" serve.err
  curl -sS -u "x:$token" "http://127.0.0.1:$port/v2/_catalog"
  ! podman pull -q --tls-verify=false --creds "x:wrong" "127.0.0.1:$port/pause:3.2" || status=1
  podman pull -q --tls-verify=false --creds "x:$token" "127.0.0.1:$port/pause:3.2" || status=1
  # The image's own name is its configuration's digest.
  [ "$(podman image inspect -f '{{.Id}}' "127.0.0.1:$port/pause:3.2")" = "$(tar -xOf tree/images/pause.tar manifest.json | grep -o '[0-9a-f]\{64\}' | sed -n 1p)" ] || status=1
  podman rmi -f "127.0.0.1:$port/pause:3.2" > /dev/null || true
  kill "$pid"
  wait "$pid" || true
  return "$status"
}

t "a port that is taken on the serving host is found before anything is changed" taken
t "eight hosts are filled, and this machine sends one bundle and one program" once
t "all have its files" everywhere
t "afterwards nothing is served any more" over
t "the token is in no log, event or journal" quiet
t "the wipe takes it away" wiped
t "the serving host is as before" unchanged "$server" before.h2
t "another host is as before" unchanged "${containers[0]}" before.h1
t "a server that breaks off is named, and the next run goes on" breaks_off
t "all have its files again" everywhere
t "a server that a killed run left is ended by the next run" left_behind
t "the wipe takes that away as well" wiped
t "the serving host is as before again" unchanged "$server" before.h2
t "a real client pulls an image from the registry, with the token only" registry
