#!/usr/bin/env bash
# Two operators start at once on one host, BIVOUAC_RACES times (20): exactly one changes anything, the other ends with 5 and names him;
# the journal is one run's at a time. Then holders that are killed at a random moment: their lock dies with their connection.
# shellcheck disable=SC2016,SC2030,SC2031 # lanes are subshells with variables of their own; what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/fast.sh"
. "$LAB_DIR/faults.sh"
RACES=${BIVOUAC_RACES:-20}
KILLS=${BIVOUAC_RACE_KILLS:-5}
SEED=${BIVOUAC_SEED:-$RANDOM}
RANDOM=$SEED
echo "# seed $SEED"

hosts race > "$TMP/hosts"
# The winner stays in its step until the other has ended.
races() {
  playbook race <<'E'
- name: race
  limit: 60
  command: {run: "echo $BV_RUN >> /etc/fault-work; while [ ! -e /run/go ]; do sleep 0.05; done", undo: rm -f /etc/fault-work, unless: "false"}
E
  PLAYBOOKS=$TMP/race
  local began=$SECONDS
  for n in $(seq "$RACES"); do
    one_race > "$TMP/race.out" 2>&1 || { echo "race $n:"; cat "$TMP/race.out"; } >> "$TMP/bad"
  done
  echo "# $RACES races: $((SECONDS - began)) s; the winners: $(sort "$TMP/winners" | uniq -c | tr '\n' ' ')"
  t "of two runs that start at once exactly one changes anything, $RACES times" no_bad
  t "the journal has one entry of one run for each race, one after the other" one_each
  t "control: the judge of the journal sees two runs in one race" doctored
  began=$SECONDS
  for n in $(seq "$KILLS"); do
    one_kill > "$TMP/race.out" 2>&1 || { echo "kill $n:"; cat "$TMP/race.out"; } >> "$TMP/bad"
  done
  echo "# $KILLS holders killed: $((SECONDS - began)) s"
  t "a holder that is killed at a random moment: the next run goes on, $KILLS times" no_bad
  t "a wipe leaves the host as it was" wiped
}
no_bad() { ! cat "$TMP/bad" 2> /dev/null; }
ends() { [ -s "$TMP/race.status" ] || [ -s "$TMP/other.status" ]; }
one_race() {
  on_host 'rm -f /run/go'
  start race init
  start other init
  until_true 60 ends
  local loser=other winner=race
  [ -s "$TMP/other.status" ] || { loser=race winner=other; }
  [ "$(cat "$TMP/$loser.status")" = 5 ] || { echo "$loser ended with $(cat "$TMP/$loser.status")"; cat "$TMP/$loser.err"; return 1; }
  [ ! -e "$TMP/$winner.status" ] || { echo "both ended"; cat "$TMP/$winner.err"; return 1; }
  grep -q 'another run of bivouac holds this host: [^ ]* (init by [^ ]*@[^ ]*) since 20' "$TMP/$loser.err" || { cat "$TMP/$loser.err"; return 1; }
  grep -q "holds this host: $(run_of "$winner") (init by [^ ]*) since" "$TMP/$loser.err" || { echo "it names another than $(run_of "$winner")"; cat "$TMP/$loser.err"; return 1; }
  on_host 'touch /run/go'
  ended 0 "$winner" || return
  ! grep '"step_done".*"changed":true' "$TMP/$loser.out" || return
  echo "$winner" >> "$TMP/winners"
  run_of "$winner" >> "$TMP/runs-won"
}
run_of() { sed -n 's/.*"run":"\([^"]*\)".*"event":"run_started".*/\1/p' "$TMP/$1.out"; }
one_each() { on_host 'cat /var/lib/bivouac/journal' > "$TMP/journal" && judge "$TMP/journal"; }
# Each race is `start N RUN ...` and `done N`, and the runs are those that won, in their order.
judge() {
  awk '$1 == "start" { if (open) bad = 1; open = $2; gsub("\047", "", $3); print $3 } $1 == "done" { if (open != $2) bad = 1; open = 0 } END { exit bad || open }' "$1" > "$TMP/runs-seen" && same "$TMP/runs-won" "$TMP/runs-seen"
}
doctored() { sed '3s/^start 2/start 1/; 2d' "$TMP/journal" > "$TMP/doctored"; ! judge "$TMP/doctored"; }
one_kill() {
  on_host 'rm -f /run/go'
  start race init
  local moment=$((RANDOM % 20))
  # From before the login until well into the step.
  until_true 20 operator race || return
  sleep "$((moment / 10)).$((moment % 10))"
  kill -9 "$(operator race)"
  on_host 'touch /run/go'
  mark
  run other init || { echo "killed after $moment tenths; the next ended with $?"; cat "$TMP/other.err"; return 1; }
  [ "$(took)" -le 25 ] || { echo "the next took $(took) s"; return 1; }
  silent other 'taken over'
}

fault race races other
lanes_end
