#!/usr/bin/env bash
# What lies between operator and host breaks: cuts, resets, a reboot, hosts that are gone, a server that turns logins away, an operator
# that sleeps. Each time: what is read (host, step, cause, next command), how soon, that the next run goes on and that a wipe leaves
# the host as it was.
# shellcheck disable=SC2016,SC2030,SC2031 # lanes are subshells with variables of their own; what is in single quotes the host expands
# in turn
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/fast.sh"
. "$LAB_DIR/faults.sh"

# shellcheck disable=SC2046 # names have no blanks
hosts $(wanted cut lost sleeps reset boot one two) > "$TMP/hosts"

# A short cut is nothing: TCP carries it.
short_cut() {
  t "cut for 5 s: a run is in its long step" begin "$name"
  t "cut for 5 s: the host is cut off" cut_for_five
  t "cut for 5 s: the run goes on as if nothing had been" unharmed
  t "cut for 5 s: the next changes nothing" same_again
  t "cut for 5 s: a wipe leaves the host as it was" wiped
}
cut_for_five() { cut_off && is_cut && sleep 3 && mend && banner; }
unharmed() { on_host 'touch /run/go' && went_on "$name" && silent "$name" lost; }

long_cut() {
  begin "$name"
  t "cut for good: the run ends by itself within 30 s" given_up
  note "cut for good, noticed" "$name"
  t "cut for good: it says where, why and how to go on" said_lost
  t "cut for good: a run meanwhile says that the host does not answer, exit 4" no_answer
  mend
  start other init
  t "cut for good: once it is mended, the next run waits for the command that still runs" waits
  t "cut for good: and goes on after it; nothing was done twice" goes_on
  note "cut for good, mended: the next run, with its wait" other
  t "cut for good: the next changes nothing" same_again
  t "cut for good: a wipe leaves the host as it was" wiped
}
given_up() { mark && cut_off && ended 1 "$name" 30; }
said_lost() {
  says "$name" "$name: \`work: long work\` did not work" 'the connection was lost while the command ran (the host did not answer for 20 s)' \
    'fix: check the network' 'go on with: bivouac'
}
no_answer() { exits 4 other init --timeout 2 && says other "\`$address\` does not answer on port 22 within 2 s" "ping $address" 'nothing was changed'; }
waits() {
  until_true 60 grep -q 'was cut off and its last command still runs: .*`s' "$TMP/other.err"
  grep 'waits' "$TMP/other.err"
  [ ! -e "$TMP/other.status" ] && ! grep '"step_started".*before it' "$TMP/other.out"
}
goes_on() { on_host 'touch /run/go' && went_on other; }

# An operator that sleeps, as a closed laptop does: its connection stands and says nothing.
sleeping() {
  begin sleeps
  kill -STOP "$(operator sleeps)"
  # Whoever came in the last 20 s is not doubted.
  t "the operator sleeps: at first its host is not touched, exit 5" exits 5 other init
  on_host 'touch -d "-1 minute" /run/bivouac/holder'
  start other init
  on_host 'touch /run/go'
  t "the operator sleeps: another takes the host over" took_over
  note "the operator sleeps, taken over" other
  t "the operator sleeps: what it had begun was waited for, and done once" done_once
  on_host 'cat /var/lib/bivouac/journal' > "$TMP/journal"
  kill -CONT "$(operator sleeps)"
  t "the operator wakes: its connection is gone and it changes nothing more" woke
  t "the operator sleeps: a wipe leaves the host as it was" wiped
  # The negative control: one that is awake is never robbed, however silent its step.
  begin sleeps
  t "control: an operator that is awake keeps its host" awake
  on_host 'touch /run/go'
  t "control: and ends well" ended 0 sleeps
  t "control: a wipe leaves the host as it was" wiped
}
took_over() { ended 0 other 60 && says other 'holds this host and does not answer' && operator sleeps; }
woke() {
  ended 1 sleeps
  says sleeps 'the connection was lost' 'go on with: bivouac'
  on_host 'cat /var/lib/bivouac/journal' | cmp - "$TMP/journal"
}
# For longer than it takes to be robbed.
awake() {
  local end=$((SECONDS + 35))
  while [ "$SECONDS" -lt "$end" ]; do
    exits 5 other init && says other 'another run of bivouac holds this host' ' since ' || return
  done
  [ ! -e "$TMP/sleeps.status" ]
}

reset_session() {
  begin "$name"
  t "connection reset: the run ends at once and says why" was_reset
  start other init
  t "connection reset: the next run waits for the command that still runs" waits
  t "connection reset: and goes on after it; nothing was done twice" goes_on
  t "connection reset: a wipe leaves the host as it was" wiped
  t "MaxSessions 1: a run, and one with a command that hangs" one_session
  t "MaxSessions 1: a wipe leaves the host as it was" wiped
  t "MaxStartups 2:50:5: twenty logins at once get in" many_logins
  t "control: with MaxStartups 1:100:1 and a login that never ends none does, exit 4" no_logins
}
was_reset() {
  mark
  on_host 'pkill -KILL -f "^sshd: root@notty"'
  ended 1 "$name" 3
  says "$name" "$name: \`work: long work\` did not work" 'the connection was lost while the command ran (the server closed the connection)' 'go on with: bivouac'
}
# sshd takes the first value of a setting that it meets.
sshd_with() { on_host "[ -e /run/sshd_config ] || cp /etc/ssh/sshd_config /run/sshd_config; printf '%s\n' '$1' > /run/sshd_new; cat /run/sshd_config >> /run/sshd_new; cat /run/sshd_new > /etc/ssh/sshd_config; systemctl reset-failed ssh; systemctl restart ssh" && until_true 5 banner; }
sshd_back() { on_host 'cat /run/sshd_config > /etc/ssh/sshd_config; systemctl reset-failed ssh; systemctl restart ssh' && until_true 5 banner; }
one_session() {
  playbook hung <<'E'
- name: hangs
  limit: 1
  command: {run: sleep 1000, undo: nothing, because: it changes nothing}
E
  sshd_with 'MaxSessions 1'
  PLAYBOOKS=$TMP/hung exits 1 "$name" init
  says "$name" 'no end after 1 s; the command was stopped'
  on_host '! pgrep -f "[s]leep 1000"'
  on_host 'touch /run/go'
  exits 0 "$name" init
  exits 0 "$name" wipe
  sshd_back
}
many_logins() {
  local pids=() i
  sshd_with 'MaxStartups 2:50:5'
  for i in $(seq 20); do
    cp "$TMP/$name.yaml" "$TMP/l$i.yaml"
    run "l$i" preflight &
    pids+=($!)
  done
  local out=0
  for i in "${!pids[@]}"; do wait "${pids[$i]}" || { out=$((out + 1)); tail -n 5 "$TMP/l$((i + 1)).err"; }; done
  # They were turned away, or this shows nothing.
  on_host 'journalctl -q -u ssh | grep -c -i "drop connection\|beginning MaxStartups throttling"'
  sshd_back
  echo "$out of 20 did not get in"
  [ "$out" = 0 ]
}
no_logins() {
  sshd_with 'MaxStartups 1:100:1'
  # A login that never ends takes the only place, once that of the last look at the banner is free again.
  until_host 5 'pgrep -f "sshd: .* 0 of 1-1 startups"'
  exec 7<> "/dev/tcp/$address/22"
  until_host 5 'pgrep -f "sshd: .* 1 of 1-1 startups"' || on_host 'pgrep -af sshd; head -n 3 /etc/ssh/sshd_config; journalctl -q -u ssh | tail -n 5'
  exits 4 "$name" preflight --timeout 2
  exec 7>&-
  says "$name" 'before the login' MaxStartups
  sshd_back
}

reboot() {
  # It ran once, at the first boot, and the next boot does not run it again.
  on_host 'systemctl stop lab-first-boot.service'
  snap "$host" > "$TMP/before"
  begin "$name"
  mark
  podman restart -t 0 "$host" > "$TMP/restart" 2>&1 || cat "$TMP/restart"
  "$LAB_DIR/hosts.sh" kernel "$host"
  # The host has got another hardware address, as no host of metal does.
  ip neigh flush to "$address"
  t "reboot in the middle: the run ends by itself and says why" rebooted
  note "reboot, noticed" "$name"
  t "reboot in the middle: the host is back" until_true 20 banner
  t "reboot in the middle: the next run goes on" again
  t "reboot in the middle: and the one after it changes nothing" same_again
  sed -i 's/ fe80:.*//' "$TMP/before"
  t "reboot in the middle: a wipe leaves the host as it was" wiped_after_boot
}
wiped_after_boot() { on_host 'rm -f /run/go' && exits 0 "$name" wipe && snap "$host" | sed 's/ fe80:.*//' > "$TMP/after" && same "$TMP/before" "$TMP/after"; }
rebooted() { ended 1 "$name" 30 && says "$name" "$name: \`work: long work\` did not work" 'the connection was lost' 'go on with: bivouac'; }
again() {
  begin "$name"
  on_host 'touch /run/go'
  ended 0 "$name"
  on_host 'tail -n 1 /etc/fault-work | grep -x ended && [ -e /etc/fault/after ]'
}

# Two hosts of one cluster: `one` is the control plane.
pair() {
  two=$(sed -n 's/^two [^ ]* //p' "$TMP/../hosts") two_address=$(sed -n 's/^two \([^ ]*\) .*/\1/p' "$TMP/../hosts")
  snap "$two" > "$TMP/two.before"
  printf '  - {address: %s, roles: [worker], name: two}\n' "$two_address" >> "$TMP/one.yaml"
  playbook gates <<'E'
- name: before it
  file: {path: /etc/fault/before, content: "before\n"}
- name: long work
  command: {run: "echo begun > /etc/fault-work; while [ ! -e /run/go ]; do sleep 0.1; done", undo: rm -f /etc/fault-work}
- name: preparation
  opens: all are prepared
  file: {path: /etc/fault/prepared, content: "prepared\n"}
- name: together
  needs: all are prepared
  file: {path: /etc/fault/together, content: "together\n"}
E
  PLAYBOOKS=$TMP/gates
  t "a host that refuses connections from the start: exit 4, and nothing is changed on the other" refuses
  t "a host that does not answer from the start: exit 4, and nothing is changed on the other" unanswered
  t "control: with both there, both are done" both
  t "a host that dies in the middle: the other prepares all, and stops at the gate" dies
  t "a host that dies in the middle: the next run goes on where both are" both
  t "a slow login: the run takes longer and ends well" slow_login
  t "a slow host: the other does not wait but at gates" slow_host
}
on_two() { podman exec -i "$two" sh -c "$1"; }
go() { on_host "$1 /run/go"; on_two "$1 /run/go"; }
pair_wiped() { go 'rm -f' && exits 0 one wipe && whole && snap "$two" > "$TMP/two.after" && same "$TMP/two.before" "$TMP/two.after"; }
refuses() {
  on_two 'systemctl stop ssh.socket ssh 2> /dev/null || systemctl stop ssh'
  exits 4 one init
  on_two 'systemctl start ssh'
  says one two 'refuses connections on port 22' 'start sshd on the host'
  untouched
}
unanswered() {
  cut_off "$two"
  mark
  exits 4 one init --timeout 2
  mend "$two"
  says one two 'does not answer on port 22 within 2 s' "ping $two_address" 'go on with: bivouac'
  [ "$(took)" -le 8 ]
  untouched
}
both() { go touch && exits 0 one init && on_host '[ -e /etc/fault/together ]' && on_two '[ -e /etc/fault/together ]' && pair_wiped; }
dies() {
  go 'rm -f'
  start one init
  until_host 20 '[ -e /etc/fault-work ]'
  until_true 20 on_two '[ -e /etc/fault-work ]'
  mark
  cut_off "$two"
  on_host 'touch /run/go'
  ended 1 one 30
  mend "$two"
  says one 'two: `work: long work` did not work' 'the host did not answer for 20 s' 'go on with: bivouac'
  grep -h 'will not come, because two stopped at `work: long work`' "$TMP/log-one/one.log"
  silent one 'one: `work'
  on_host '[ -e /etc/fault/prepared ] && [ ! -e /etc/fault/together ]'
}
slow_login() {
  on_two 'cp /root/.bashrc /run/bashrc; { echo "sleep 3"; cat /run/bashrc; } > /root/.bashrc'
  mark
  go touch && exits 0 one init
  took
  [ "$(took)" -ge 3 ]
  exits 0 one wipe
  on_two 'cat /run/bashrc > /root/.bashrc'
  pair_wiped
}
slow_host() {
  playbook slow <<'E'
- name: slow work
  command: {run: "[ {{ host.name }} != two ] || while [ ! -e /run/go ]; do sleep 0.1; done", undo: nothing, because: it changes nothing}
- name: after it
  file: {path: /etc/fault/after, content: "after\n"}
E
  go 'rm -f'
  PLAYBOOKS=$TMP/slow
  start one init
  until_true 20 grep -q '"host":"one".*"event":"host_done"' "$TMP/log-one/events.jsonl"
  [ ! -e "$TMP/one.status" ]
  on_two 'touch /run/go'
  ended 0 one
  pair_wiped
}

fault cut short_cut
fault lost long_cut other
fault sleeps sleeping other
fault reset reset_session other
fault boot reboot
fault one pair
lanes_end
