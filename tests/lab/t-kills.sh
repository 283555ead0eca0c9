#!/usr/bin/env bash
# A real install is killed with -9 at random moments; then it is wiped, or goes on and is wiped after that. KILLS is how often (5), SEED
# makes the moments come again.
# cluster
. "$(dirname "$0")/t.sh"

kills=${KILLS:-5} seed=${SEED:-$$}
RANDOM=$seed
read -r _ _ host < <(hosts one)
file=$TMP/cluster.yaml
"$LAB_DIR/cluster.sh" "$RUN" --name one > "$file"
snap "$host" > "$TMP/before"
cd "$TMP"
bivouac() { "$BIVOUAC" "$@" -f "$file" --accept-new-host-keys --yes > "$TMP/out" 2>&1 || { local s=$?; tail -n 40 "$TMP/out"; return $s; }; }
unchanged() { snap "$host" > "$TMP/after" && same "$TMP/before" "$TMP/after"; }
ready() { podman exec "$host" kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes --no-headers | grep -q ' Ready '; }

# killed SECONDS: init, killed after that time. One that ended before is no kill: the moment must lie within the install.
killed() {
  "$BIVOUAC" init -f "$file" --accept-new-host-keys > "$TMP/out" 2>&1 &
  local pid=$!
  sleep "$1"
  kill -9 "$pid"
  wait "$pid" 2>/dev/null || [ $? = 137 ]
}
goes_on() { bivouac init && ready; }
wiped() { bivouac wipe && unchanged; }

# The first kill comes late enough to have made something; how long an install takes here is measured, so that the moments spread over it.
begin=$SECONDS
t "an unbroken install (seed $seed)" goes_on
took=$((SECONDS - begin))
t "its wipe leaves nothing" wiped
for n in $(seq "$kills"); do
  moment=$(((RANDOM % (took * 900) + took * 50) / 1000)).$((RANDOM % 10))
  t "kill $n of $kills after $moment s of $took s" killed "$moment"
  if [ $((n % 2)) = 0 ]; then t "kill $n: init goes on" goes_on; fi
  t "kill $n: the wipe leaves nothing" wiped
done
