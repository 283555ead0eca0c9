#!/usr/bin/env bash
# bench-steps.sh [ROUNDS]: 30 small steps on 8 hosts: `bivouac init` with a playbook of 30 files against one OpenSSH stream a host that
# writes the same files, all at once. Both with their logins; bivouac's with facts, checks, lock and journal too. The very first run on a
# host also takes its baseline, once: that is timed apart. Ends with 1 when the median is above BENCH_STEPS_LIMIT (1.5) times the streams.
. "$(dirname "$0")/lib.sh"
. "$LAB_DIR/measure.sh"

rounds=${1:-5} limit=${BENCH_STEPS_LIMIT:-1.5}
run=steps-$$
dir=$OUT/bench-steps
rm -rf "$dir"
mkdir -p "$dir/own/playbooks/init"
trap '"$LAB_DIR/hosts.sh" down $run' EXIT
export BIVOUAC_KNOWN_HOSTS=$dir/known_hosts
"$LAB_DIR/hosts.sh" up "$run" --owner $$ h1 h2 h3 h4 h5 h6 h7 h8 > "$dir/hosts"
"$LAB_DIR/cluster.sh" "$run" > "$dir/cluster.yaml"

{ printf 'name: small\nsteps:\n'; for i in $(seq 30); do printf -- '- name: file %s\n  file: {path: /etc/bivouac-bench/f%s.conf, content: "value %s\\n"}\n' "$i" "$i" "$i"; done; } > "$dir/own/playbooks/init/10-small.yaml"
# shellcheck disable=SC2016 # the hosts expand it
{ echo 'mkdir -p /etc/bivouac-bench'; for i in $(seq 30); do printf 'f=/etc/bivouac-bench/f%s.conf\ncat > $f.new <<E\nvalue %s\nE\nchown root:root $f.new; chmod 0644 $f.new; mv -f $f.new $f\n' "$i" "$i"; done; } > "$dir/stream.sh"

streams() { local pids='' a p; while read -r _ a _; do ssh_to "$a" sh < "$dir/stream.sh" & pids="$pids $!"; done < "$dir/hosts"; for p in $pids; do wait "$p"; done; }
clear_files() { local a; while read -r _ a _; do ssh_to "$a" 'rm -rf /etc/bivouac-bench' < /dev/null; done < "$dir/hosts"; }
tool() { "$BIVOUAC" "$@" > "$dir/$1.log" 2>&1 || { tail -n 20 "$dir/$1.log" >&2; return 1; }; }

for round in $(seq "$rounds"); do
  t=$(now); streams; a=$(ms "$t")
  clear_files
  t=$(now); tool init -f "$dir/cluster.yaml" --playbooks "$dir/own" --accept-new-host-keys; b=$(ms "$t")
  clear_files
  t=$(now); tool init -f "$dir/cluster.yaml" --playbooks "$dir/own"; c=$(ms "$t")
  tool wipe -f "$dir/cluster.yaml" --yes
  echo "$a" >> "$dir/a"; echo "$b" >> "$dir/b"; echo "$c" >> "$dir/c"
  echo "round $round: OpenSSH streams $a ms, bivouac with the first baseline $b ms, without $c ms"
done
a=$(median < "$dir/a") b=$(median < "$dir/b") c=$(median < "$dir/c")
ratio=$(ratio "$c" "$a")
echo "median: OpenSSH streams $a ms, bivouac $c ms, ratio $ratio (limit $limit); with the first baseline $b ms, ratio $(ratio "$b" "$a")"
within "$ratio" "$limit"
