#!/usr/bin/env bash
# A real install is killed with -9 as it says one of its events; then it is wiped, or goes on, in turn, and what recovers from the kill is
# killed once itself. KILLS is how often (1), evenly spread over the events but for what SEED adds; PLANES and WORKERS make the cluster (1
# and 0). For a long night: KILLS=40 WORKERS=1 tests/lab/t-kills.sh, KILLS=20 PLANES=3 WORKERS=1 tests/lab/t-kills.sh.
# cluster in turn
. "$(dirname "$0")/t.sh"

kills=${KILLS:-1} planes=${PLANES:-1} workers=${WORKERS:-0} seed=${SEED:-$$}
RANDOM=$seed
mapfile -t names < <(seq -f cp%g "$planes"; seq -f w%g "$workers")
up "${names[@]}"
file=$TMP/cluster.yaml
"$LAB_DIR/cluster.sh" "$RUN" --control-planes "$planes" --name kills > "$file"
for c in "${containers[@]}"; do snap "$c" > "$TMP/$c.before"; done
cd "$TMP"
bivouac() { "$BIVOUAC" "$1" -f "$file" --accept-new-host-keys --yes --output json --verbose --log-dir "$TMP/logs" 2> "$TMP/err"; }
whole() { local status=0; bivouac "$1" > "$TMP/$1.json" || { status=$?; tail -n 40 "$TMP/err"; return "$status"; }; }
# killed VERB N [maybe]: it dies when it has said N events, which must be before its end; or may be.
killed() {
  local pid got=0
  rm -f "$TMP/said"
  mkfifo "$TMP/said"
  bivouac "$1" > "$TMP/said" &
  exec 8< "$TMP/said"
  until pid=$(pgrep -f -- "$BIVOUAC $1 -f $file"); do sleep .01; done
  while [ "$got" -lt "$2" ] && read -r line <&8; do got=$((got + 1)); done
  kill -9 "$pid" 2> /dev/null || :
  exec 8<&-
  wait
  echo "# the $1 was killed after $got of $2 events: $line" | cut -c1-300 | tee "$TMP/met"
  [ -n "${3:-}" ] || { [ "$got" = "$2" ] && ! [[ $line == *'"event":"run_done"'* ]]; }
}
ready() {
  local c=${containers[0]}
  [ "$(podman exec "$c" kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes --no-headers | awk '$2 == "Ready"' | wc -l)" = "${#containers[@]}" ]
}
goes_on() { whole init && ready; }
wiped() {
  whole wipe || return
  local c
  for c in "${containers[@]}"; do snap "$c" > "$TMP/after" && same "$TMP/$c.before" "$TMP/after" || return; done
}
events() { wc -l < "$TMP/$1.json"; }
# A moment of N events, not the first nor the last, into $moment: in a subshell RANDOM would not follow the seed.
draw() { moment=$((2 + RANDOM % ($1 - 3))); }

t "an unbroken install (seed $seed)" goes_on
installs=$(events init)
again() { whole init && ! grep '"changed":true' "$TMP/init.json"; }
t "a second one changes nothing" again
# Whoever goes on says at least as much.
least=$(events init)
t "its wipe leaves nothing" wiped
wipes=$(events wipe)
turn=$((RANDOM % 4))
for n in $(seq "$kills"); do
  turn=$(((turn + 1) % 4))
  # A random place in the nth of equal parts.
  at=$((2 + (installs - 3) * (n - 1) / kills + RANDOM % ((installs - 3) / kills + 1)))
  t "kill $n of $kills at event $at of $installs" killed init "$at"
  if [ $((turn % 2)) = 0 ]; then
    # What is done already says less: a second kill of the rest comes sooner.
    draw "$least"
    if [ "$turn" = 0 ]; then t "kill $n: init goes on and is killed" killed init "$moment"; fi
    t "kill $n: init goes on" goes_on
  elif [ "$turn" = 1 ]; then
    draw $((wipes / 4))
    t "kill $n: the wipe is killed" killed wipe "$moment" maybe
    cat "$TMP/met"
  fi
  t "kill $n: the wipe leaves nothing" wiped
done
