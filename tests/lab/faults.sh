#!/usr/bin/env bash
# faults.sh: sourced by t-faults-*.sh and t-races.sh after t.sh and fast.sh. Faults have hosts of their own and are met side by side:
# `fault HOST FUNCTION` runs a function of tests in a lane, `lanes_end` shows what they said.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # lanes are subshells with variables of their own; variables of t.sh, and for those who source this file

# wanted NAME...: these, or those of them that BIVOUAC_LANES names.
wanted() { local name; for name; do [[ -n ${BIVOUAC_LANES:-} && " $BIVOUAC_LANES " != *" $name "* ]] || echo "$name"; done; }
# Each has a directory, and a cluster.yaml for each operator that it needs.
fault() { # NAME FUNCTION [OPERATOR...]
  [ -z "$(wanted "$1")" ] || lane "$1 ($2)" "$TMP/$1" on_fault "$@"
}
on_fault() {
  local name=$1 function=$2 top=${TMP%/*} operator
  shift 2
  read -r address host < <(sed -n "s/^$name //p" "$top/hosts")
  ln -s "$top/fast.bundle" "$TMP/fast.bundle"
  for operator in "$name" "$@"; do cluster_of "$operator" "$address"; sed -i "s/name: $operator}/name: $name}/" "$TMP/$operator.yaml"; done
  work_playbook
  snap "$host" > "$TMP/before"
  "$function"
}

# playbook NAME: the steps on standard input become the playbook that `PLAYBOOKS=$TMP/NAME` names.
playbook() {
  mkdir -p "$TMP/$1/playbooks/init"
  { printf 'name: work\nsteps:\n'; cat; } > "$TMP/$1/playbooks/init/10.yaml"
}
# A step that runs until the test says so, between two others.
work_playbook() {
  playbook work <<'E'
- name: before it
  file: {path: /etc/fault/before, content: "before\n"}
- name: long work
  command: {run: "echo begun >> /etc/fault-work; while [ ! -e /run/go ]; do sleep 0.1; done; echo ended >> /etc/fault-work", undo: rm -f /etc/fault-work}
- name: after it
  file: {path: /etc/fault/after, content: "after\n"}
E
  PLAYBOOKS=$TMP/work
}

on_host() { podman exec -i "$host" sh -c "$1"; }
# until_true SECONDS COMMAND...: waits for a condition, here; until_host SECONDS SCRIPT: on the host.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@" > /dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || { echo "never came: $*"; return 1; }
    sleep 0.1
  done
}
until_host() { until_true "$1" on_host "$2"; }

# start OPERATOR VERB...: a run in the background. mark: from now on time is taken.
start() {
  local who=$1
  rm -f "$TMP/$who.status" "$TMP/$who.out" "$TMP/$who.err"
  mark
  { local got=0; run "$@" 2> /dev/null || got=$?; echo "$got" > "$TMP/$who.status"; } &
}
mark() { date +%s > "$TMP/mark"; }
took() { echo $(($(date +%s) - $(cat "$TMP/mark"))); }
# begin OPERATOR: starts an init; it is in its long step when this returns.
begin() { start "$1" init && until_host 20 'grep -qs "^start 2 " /var/lib/bivouac/journal && ! grep -q "^done 2 " /var/lib/bivouac/journal && [ -e /etc/fault-work ]'; }
# Of the tool itself, that is: `run` is a shell.
operator() { pgrep -f -- "^[^ ]*bivouac -f $TMP/$1.yaml"; }
# ended STATUS OPERATOR [SECONDS]: that run ends with this status, within this time of the mark.
ended() {
  until_true 100 test -s "$TMP/$2.status"
  echo "after $(took) s" | tee "$TMP/$2.took"
  [ "$(cat "$TMP/$2.status")" = "$1" ] || { echo "it ended with $(cat "$TMP/$2.status") where $1 was expected"; tail -n 20 "$TMP/$2.err"; return 1; }
  [ "$(took)" -le "${3:-100}" ]
}
# note WHAT OPERATOR: a line of the result says how long it took.
note() { echo "# $1: $(cat "$TMP/$2.took")"; }
# says OPERATOR TEXT...: that is on the operator's screen; silent OPERATOR TEXT: it is not.
says() {
  local who=$1 text
  shift
  for text; do grep -qF -- "$text" "$TMP/$who.err" || { echo "not said: $text"; cat "$TMP/$who.err"; return 1; }; done
}
silent() { ! grep -F -- "$2" "$TMP/$1.err"; }
# done_once: the long step ran once, from beginning to end, and what stands behind it was done.
done_once() { [ "$(on_host 'cat /etc/fault-work /etc/fault/after' | tr '\n' ' ')" = "begun ended after " ] || { on_host 'cat /etc/fault-work'; return 1; }; }
went_on() { ended 0 "$1" && done_once; }
same_again() { exits 0 "$name" init && unchanged "$name"; }
whole() { snap "$host" > "$TMP/after" && same "$TMP/before" "$TMP/after"; }
wiped() { on_host 'rm -f /run/go' && exits 0 "$name" wipe && whole; }
untouched() { on_host '[ ! -e /var/lib/bivouac ] && [ ! -e /run/bivouac ]'; }
# cut_off, mend: nothing goes to the host or comes from it, by a table in the host's network that leaves no trace.
in_network() { nsenter -t "$(podman inspect -f '{{.State.Pid}}' "${1:-$host}")" -n nft -f -; }
cut_off() {
  in_network "${1:-$host}" <<'E'
table inet cut {
  chain in { type filter hook input priority 0; policy drop; iif lo accept; }
  chain out { type filter hook output priority 0; policy drop; oif lo accept; }
}
E
}
mend() { echo 'delete table inet cut' | in_network "${1:-$host}"; }
banner() { timeout 2 bash -c "exec 3<>/dev/tcp/$address/22 && read -r -t 2 line <&3 && [[ \$line == SSH-2.0-* ]]" 2> /dev/null; }
is_cut() { ! banner; }
