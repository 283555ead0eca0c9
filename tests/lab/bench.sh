#!/usr/bin/env bash
# bench.sh [ROUNDS]: `bivouac init` of one control plane and two workers against floor.sh, in turns on fresh hosts (3 rounds). Prints the
# seconds of each, the medians and their ratio; ends with 1 when it is above BENCH_LIMIT (1.15).
. "$(dirname "$0")/lib.sh"
. "$LAB_DIR/measure.sh"

rounds=${1:-3} limit=${BENCH_LIMIT:-1.15}
run=bench-$$
dir=$OUT/bench
mkdir -p "$dir"
trap '"$LAB_DIR/hosts.sh" down $run' EXIT
export BIVOUAC_KNOWN_HOSTS=$dir/known_hosts

fresh() { "$LAB_DIR/hosts.sh" down "$run"; rm -f "$BIVOUAC_KNOWN_HOSTS"; "$LAB_DIR/hosts.sh" up "$run" --owner $$ cp1 w1 w2 | cut -d' ' -f3; }
seconds() { local t=$EPOCHREALTIME; "$@" >&2; echo "$EPOCHREALTIME - $t" | bc | xargs printf '%.1f'; }
by_hand() { "$LAB_DIR/floor.sh" "$@" > "$dir/floor.log" 2>&1 || { tail -n 20 "$dir/floor.log" >&2; return 1; }; }
by_tool() { (cd "$dir" && "$BIVOUAC" init -f "$dir/cluster.yaml" --accept-new-host-keys --yes) > "$dir/init.log" 2>&1 || { tail -n 40 "$dir/init.log" >&2; return 1; }; }

: > "$dir/floor" ; : > "$dir/init"
for round in $(seq "$rounds"); do
  mapfile -t containers < <(fresh)
  a=$(seconds by_hand "${containers[@]}")
  fresh > /dev/null
  "$LAB_DIR/cluster.sh" "$run" > "$dir/cluster.yaml"
  b=$(seconds by_tool)
  echo "$a" >> "$dir/floor"; echo "$b" >> "$dir/init"
  echo "round $round: by hand $a s, bivouac init $b s, ratio $(ratio "$b" "$a")"
done
a=$(median < "$dir/floor") b=$(median < "$dir/init")
ratio=$(ratio "$b" "$a")
echo "median: by hand $a s, bivouac init $b s, ratio $ratio (limit $limit)"
within "$ratio" "$limit"
