#!/usr/bin/env bash
# Two operators and one host: the second is told who is there; when the first is killed in the middle of a long step, the next run waits
# for what it left running and goes on.
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/fast.sh"

hosts h1 h2 > "$TMP/hosts"
read -r _ address2 host2 < <(tail -n 1 "$TMP/hosts")
read -r name address host < "$TMP/hosts"
cluster_of h2 "$address2"
cluster_of h1 "$address"
# The host that is free comes first.
cluster_of both "$address2"
echo "  - {address: $address, roles: [worker], name: h1}" >> "$TMP/both.yaml"
cp "$TMP/h1.yaml" "$TMP/other.yaml"
cp "$TMP/h1.yaml" "$TMP/third.yaml"
mkdir -p "$TMP/slow/playbooks/init"
cat > "$TMP/slow/playbooks/init/10.yaml" <<'E'
name: slow
steps:
- name: long work
  command: {run: "while [ ! -e /run/go ]; do sleep 0.1; done; echo once >> /etc/slow", undo: rm -f /etc/slow}
- name: after it
  file: {path: /etc/slow-after, content: "after\n"}
E
PLAYBOOKS=$TMP/slow
snap "$host" > "$TMP/before"

on_host() { podman exec "$host" sh -c "$1"; }
until_host() { for _ in $(seq 200); do if on_host "$1"; then return 0; fi; sleep 0.1; done; echo "never came: $1"; return 1; }
works() { until_host 'grep -qs "^start 1 " /var/lib/bivouac/journal'; }
# Of the operator, that is: `run` itself is a shell.
start_first() { run h1 init 2> /dev/null & echo $! > "$TMP/first"; works; }
operator() { pgrep -f -- "-f $TMP/h1.yaml"; }

start_first
refused() {
  exits 5 other init
  grep -h '"run_started"' "$TMP/h1.out" | sed 's/.*"run":"\([^"]*\)".*/\1/' > "$TMP/run"
  grep -F "$(cat "$TMP/run")" "$TMP/other.err"
}
t "a second init ends with 5 and names the first run" refused
wipe_refused() { exits 5 other wipe && on_host '[ -e /var/lib/bivouac/journal ]' && grep -F "$(cat "$TMP/run")" "$TMP/other.err"; }
t "a wipe too" wipe_refused
in_front() { exits 0 other preflight; }
t "preflight, which only reads, does not wait" in_front
second() { podman exec "$host2" sh -c "$1"; }
told() { grep -F "$(cat "$TMP/run")" "$TMP/both.err" && grep -rh '"gate_shut"' "$TMP/log-both" | grep '"host":"both"' | grep -F "h1 is another run's"; }
not_touched() { exits 5 both init && told && second '[ ! -e /var/lib/bivouac ] && [ ! -e /run/bivouac ]'; }
t "of two hosts one is held: the other is not touched" not_touched
not_wiped() {
  second 'touch /run/go'
  exits 0 h2 init
  second 'sort /var/lib/bivouac/journal' > "$TMP/journal2"
  exits 5 both wipe && told && second '[ -e /etc/slow-after ] && [ ! -e /run/bivouac ]' && second 'sort /var/lib/bivouac/journal' > "$TMP/journal3"
  same "$TMP/journal2" "$TMP/journal3"
}
t "and not wiped" not_wiped

kill -9 "$(operator)"
wait "$(cat "$TMP/first")" 2> /dev/null || true
orphan() { until_host 'pgrep -f "sleep 0.1" > /dev/null' && on_host '! grep -q "^done 1 " /var/lib/bivouac/journal'; }
t "the first operator is killed: its step runs on" orphan
run third init &
third=$!
waits() {
  for _ in $(seq 200); do ! grep -q '"lock it".*"step_started"' "$TMP/third.out" || break; sleep 0.1; done
  # The lock is asked for several times a second: by now it would have been given.
  grep -q '"lock it".*"step_started"' "$TMP/third.out"
  for _ in 1 2 3 4 5; do on_host true; done
  kill -0 "$third"
  ! grep -q '"long work".*"step_started"' "$TMP/third.out"
}
t "the next init waits for it" waits
on_host 'touch /run/go'
ended=0
wait "$third" || ended=$?
# shellcheck disable=SC2016 # the host expands it
went_on() { echo "ended with $ended"; cat "$TMP/third.err"; [ "$ended" = 0 ] && on_host '[ "$(cat /etc/slow)" = once ] && [ -e /etc/slow-after ]'; }
t "and goes on when it has ended; nothing is done twice" went_on
on_host 'rm -f /run/go'
wiped() { exits 0 h1 wipe && snap "$host" > "$TMP/after" && same "$TMP/before" "$TMP/after"; }
t "and a wipe leaves the host as it was" wiped

free_again() { exits 0 both wipe && second '[ ! -e /var/lib/bivouac ] && [ ! -e /etc/slow-after ]'; }
t "control: with both free both are wiped" free_again

# A wipe after a killed operator waits as well.
start_first
kill -9 "$(operator)"
run third wipe &
third=$!
t "a wipe waits for a killed operator's step" kill -0 "$third"
on_host 'touch /run/go'
ended=0
wait "$third" || ended=$?
on_host 'rm -f /run/go'
whole() { cat "$TMP/third.err"; [ "$ended" = 0 ] && snap "$host" > "$TMP/after" && same "$TMP/before" "$TMP/after"; }
t "and takes it back" whole
