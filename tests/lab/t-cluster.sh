#!/usr/bin/env bash
# The main job: one control plane and two workers, logged in to as a user with sudo and with passwords that a shell would stumble over;
# a second init; the pod network; the wipe; and, all the while, no secret in sight.
# cluster
. "$(dirname "$0")/t.sh"

# shellcheck disable=SC2016 # nothing in it is to be expanded
login='S3cret p$(id)'"'"'"\`[x]*é' sudo='5udo "w0rd" $HOME \ '"'"'!'
mapfile -t lines < <(hosts cp1 w1 w2)
mapfile -t containers < <(printf '%s\n' "${lines[@]}" | cut -d' ' -f3)
file=$TMP/cluster.yaml
(umask 077; printf '%s\n' "$login" > "$TMP/login"; printf '%s\n' "$sudo" > "$TMP/sudo")
"$LAB_DIR/cluster.sh" "$RUN" --user ops --auth password --name main |
  sed -e "s|passwordFile: [^,]*, sudo: {passwordFile: [^}]*}|passwordFile: $TMP/login, sudo: {passwordFile: $TMP/sudo}|" > "$file"
# ops logs in with one password and is asked for another by sudo: sudo takes root's.
for c in "${containers[@]}"; do
  podman exec -i "$c" sh -c 'cat > /tmp/x; chpasswd < /tmp/x; rm /tmp/x; echo "Defaults rootpw" > /etc/sudoers.d/rootpw' <<< "ops:$login
root:$sudo"
  snap "$c" > "$TMP/$c.before"
done
cd "$TMP"
run() { "$BIVOUAC" "$@" -f "$file" --log-dir "$TMP/logs-$1" --output json > "$TMP/$1.json" 2> "$TMP/$1.err" || { cat "$TMP/$1.err"; return 1; }; }
# kubectl leaves its cache in root's home: that is the cluster's doing, and the wipe has to find it.
k() { podman exec "${containers[0]}" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }

printf '%s\n%s\n' "$login" "$sudo" > "$TMP/secrets"
"$LAB_DIR/watch-secrets.pl" "$TMP/stop" "$TMP/secrets" > "$TMP/watch" &
watcher=$!

init() { run init --accept-new-host-keys; }
ready() { [ "$(k get nodes --no-headers | awk '$2 == "Ready"' | wc -l)" = 3 ] || { k get nodes; return 1; }; }
pods() { "$LAB_DIR/pods.sh" "${containers[@]}"; }
kubeconfig() { [ "$(stat -c %a "$TMP/main.kubeconfig")" = 600 ] && grep -q client-key-data "$TMP/main.kubeconfig"; }
tokens() { local left; left=$(k -n kube-system get secrets -o name | grep -c bootstrap-token || :); [ "$left" = 0 ]; }
again() {
  local seconds=$SECONDS
  run init
  ! grep -q '"changed":true' "$TMP/init.json" || { grep '"changed":true' "$TMP/init.json"; return 1; }
  grep -q '"event":"step_done"' "$TMP/init.json"
  echo "$((SECONDS - seconds)) s"
  [ $((SECONDS - seconds)) -le 20 ]
}
# The secrets are patterns on stdin: in an argument they would be what is looked for.
journal() { ! podman exec -i "$1" grep -rlF -f - /var/lib/bivouac < "$TMP/secrets" && podman exec "$1" test -s /var/lib/bivouac/journal; }
modes() { [ "$(podman exec "$1" stat -c '%a %U' /var/lib/bivouac)" = '700 root' ]; }
quiet() {
  touch "$TMP/stop"
  while kill -0 "$watcher" 2>/dev/null; do sleep .1; done
  cat "$TMP/watch"
  if grep -q holds "$TMP/watch"; then return 1; fi
  [ "$(sed -n 's/^looks //p' "$TMP/watch")" -gt 100 ]
}
unwritten() {
  if grep -rlF -f "$TMP/secrets" "$TMP"/logs-* "$TMP"/*.json "$TMP"/*.err; then return 1; fi
  if grep -rlE 'bv[a-z0-5]{4}\.[a-z0-5]{16}' "$TMP"/logs-* "$TMP"/*.json "$TMP"/*.err; then return 1; fi
  ls "$TMP"/logs-init/cp1.log > /dev/null
}
wiped() { run wipe --yes && tail -n 1 "$TMP/wipe.json" | grep -q '"differences":0'; }
unchanged() { snap "$1" > "$TMP/$1.after" && same "$TMP/$1.before" "$TMP/$1.after"; }

t "init with passwords and sudo" init
t "all nodes are Ready" ready
t "pods of the two workers reach each other" pods
t "the kubeconfig is here, mode 0600" kubeconfig
t "no bootstrap token is left" tokens
t "a second init changes nothing, within 20 s" again
for c in "${containers[@]}"; do
  t "no secret in the journal of $c" journal "$c"
  t "the journal of $c is root's alone" modes "$c"
done
t "wipe ends with 0 differences" wiped
for c in "${containers[@]}"; do t "the snapshot of $c is the one from before" unchanged "$c"; done
t "no secret in any argument or environment" quiet
t "no secret in logs, events or messages" unwritten

# The judges themselves: a planted leftover and a planted leak must not pass.
leftover() { podman exec "${containers[1]}" touch /etc/left; ! unchanged "${containers[1]}"; }
leak() {
  rm -f "$TMP/stop"
  "$LAB_DIR/watch-secrets.pl" "$TMP/stop" "$TMP/secrets" > "$TMP/watch" &
  sh -c 'sleep 1; :' "$login"
  touch "$TMP/stop"
  wait $!
  grep -q 'cmdline holds a secret' "$TMP/watch"
}
t "a planted leftover is seen" leftover
t "a planted leak is seen" leak
