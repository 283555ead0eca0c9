#!/usr/bin/env bash
# bench-upload.sh [ROUNDS]: 200 MB to 8 hosts, as a step of `bivouac init` that is checked by SHA-256 on each host and synced there, against
# one `cat FILE | ssh HOST 'cat > FILE'` to each, side by side, in turns (3 rounds). What does not compress, and a bundle of it alone. The
# tool's time is from the first host's beginning of the step to the last one's end; ssh's has the logins in it. Ends with 1 when the median
# is above BENCH_UPLOAD_LIMIT (1.2) times ssh's. BENCH_UPLOAD_MB and BENCH_UPLOAD_HOSTS make it smaller.
. "$(dirname "$0")/lib.sh"
. "$LAB_DIR/measure.sh"

rounds=${1:-3} limit=${BENCH_UPLOAD_LIMIT:-1.2} mb=${BENCH_UPLOAD_MB:-200} count=${BENCH_UPLOAD_HOSTS:-8}
run=${BENCH_RUN:-upload}-$$
dir=$OUT/bench-upload
rm -rf "$dir"
mkdir -p "$dir/own/playbooks/init" "$dir/first/playbooks/init" "$dir/tree/bin"
trap '"$LAB_DIR/hosts.sh" down $run; rm -rf "$dir/tree" "$dir"/*.bundle' EXIT
export BIVOUAC_KNOWN_HOSTS=$dir/known_hosts
mapfile -t names < <(seq -f 'h%.0f' "$count")
"$LAB_DIR/hosts.sh" up "$run" --owner $$ "${names[@]}" > "$dir/hosts"
for name in kubeadm kubelet kubectl; do printf '#!/bin/sh\necho "%s v1.20.2"\n' "$name" > "$dir/tree/bin/$name"; done
{ printf '#!/bin/sh\n'; head -c "$((mb * 1000000))" /dev/urandom; } > "$dir/tree/bin/large"
empty_images "$dir/tree/images"
"$BIVOUAC" bundle build "$dir/v1.20.2.bundle" --from "$dir/tree" --version v1.20.2 > /dev/null
BIVOUAC_BUNDLE=$dir/v1.20.2.bundle "$LAB_DIR/cluster.sh" "$run" > "$dir/cluster.yaml"
printf 'name: upload\nsteps:\n- name: large\n  artifact: {kind: binary, names: [large], into: /opt/bench}\n  limit: 1800\n' > "$dir/own/playbooks/init/10-upload.yaml"
# The baseline of a host's first change is no part of the upload.
printf 'name: first\nsteps:\n- name: small\n  file: {path: /etc/bench.conf, content: x}\n' > "$dir/first/playbooks/init/10-first.yaml"

# shellcheck disable=SC2002 # that is what is measured
by_ssh() { local pids='' a p; while read -r _ a _; do cat "$dir/tree/bin/large" | ssh_to "$a" 'cat > /root/large' & pids="$pids $!"; done < "$dir/hosts"; for p in $pids; do wait "$p"; done; }
clear_files() { local a; while read -r _ a _; do ssh_to "$a" 'rm -rf /root/large /opt/bench' < /dev/null; done < "$dir/hosts"; }
tool() { "$BIVOUAC" "$1" -f "$dir/cluster.yaml" --playbooks "$dir/${OWN:-own}" --accept-new-host-keys --output json "${@:2}" > "$dir/$1.json" 2> "$dir/$1.err" || { tail -n 20 "$dir/$1.err" >&2; return 1; }; }
# The time of the step over all hosts, in ms, by the events.
step_ms() { jq -s '[.[] | select(.step == "large")] | def ms: (.time[0:19] + "Z" | fromdate) * 1000 + (.time[20:23] | tonumber);
  ([.[] | select(.event == "step_done") | ms] | max) - ([.[] | select(.event == "step_started") | ms] | min)' "$dir/init.json"; }
arrived() { local c; while read -r _ _ c; do podman exec "$c" sha256sum /opt/bench/large; done < "$dir/hosts" | awk -v sum="$(sha256sum < "$dir/tree/bin/large")" -v n="$count" '{split(sum, s, " "); ok += $1 == s[1]} END {exit ok != n}'; }

for round in $(seq "$rounds"); do
  t=$(now); by_ssh; a=$(ms "$t")
  clear_files
  OWN=first tool init
  tool init; b=$(step_ms)
  arrived || die "not all hosts have the file"
  clear_files
  tool wipe --yes
  echo "$a" >> "$dir/a"; echo "$b" >> "$dir/b"
  echo "round $round: cat | ssh $a ms, bivouac $b ms"
done
a=$(median < "$dir/a") b=$(median < "$dir/b")
ratio=$(ratio "$b" "$a")
echo "median: $mb MB to $count hosts: cat | ssh $a ms, bivouac $b ms, ratio $ratio (limit $limit)"
within "$ratio" "$limit"
