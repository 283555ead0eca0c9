#!/usr/bin/env bash
# What an operator is asked and told: the questions of new host keys and of a wipe, on a terminal and without one; what `plan` shows; a
# step that is tried again; a preflight that refuses; hosts that work one at a time.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034 # lanes are subshells with variables of their own; what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/fast.sh"
. "$LAB_DIR/faults.sh"

# shellcheck disable=SC2046 # names have no blanks
hosts $(wanted asks looks pair) other > "$TMP/hosts"

# What a person calls, without the options that answer for him; what he sees is in $TMP/screen.
command_line() { printf '%q ' "$BIVOUAC" -f "$TMP/$name.yaml" --playbooks "$PLAYBOOKS" --log-dir "$TMP/log-$name" "$@"; }
gave() { [ "$2" = "$1" ] || { echo "it ended with $2 where $1 was expected"; cat -v "$TMP/screen"; return 1; }; }
# alone STATUS VERB...: where nobody can answer.
alone() {
  local want=$1 got=0
  shift
  eval "$(command_line "$@")" < /dev/null > "$TMP/screen" 2>&1 || got=$?
  gave "$want" "$got"
}
# typed STATUS TEXT KEYS VERB...: on a terminal, where KEYS, as printf knows them, are typed when TEXT is on the screen. What runs in the
# background of a script ignores Ctrl-C, which a terminal's programs do not.
typed() {
  local want=$1 text=$2 keys=$3 got=0
  shift 3
  : > "$TMP/screen"
  # shellcheck disable=SC2059,SC2094 # the keys are printf's; the screen is read while it is written
  { until_true 20 grep -F -- "$text" "$TMP/screen" && printf "$keys"; } |
    SHELL=/bin/sh TERM=${TERMINAL:-dumb} timeout 60 script -qefc "exec env --default-signal=INT $(command_line "$@")" /dev/null > "$TMP/screen" 2>&1 || got=$?
  gave "$want" "$got"
}
shown() { local text; for text; do grep -qF -- "$text" "$TMP/screen" || { echo "not shown: $text"; cat -v "$TMP/screen"; return 1; }; done; }
not_shown() { ! grep -F -- "$1" "$TMP/screen"; }

asks() {
  playbook own <<< '- {name: a file, file: {path: /etc/fault/asks, content: ours}}'
  PLAYBOOKS=$TMP/own
  sed -i 's/^metadata:.*/metadata: {name: pitch}/' "$TMP/$name.yaml"
  export BIVOUAC_KNOWN_HOSTS=$TMP/ssh/known_hosts
  print=$(on_host 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub' | cut -d' ' -f2)
  key="$address $(on_host 'cut -d" " -f1,2 /etc/ssh/ssh_host_ed25519_key.pub')"
  t "a new host key and no terminal: exit 4, the fix names --accept-new-host-keys, no login is tried" new_key
  t "a new host key on a terminal: what is not \`yes\` is exit 4, Ctrl-C 130; nothing is recorded, no login is tried" not_yes
  t "a new host key: \`yes\` records it in a file of mode 0600, and the run goes on" yes
  t "a new host key: the next run asks nothing" asked_once
  t "a changed host key: exit 4, both keys and the line are named, no login is tried" changed_key init
  t "a changed host key: --accept-new-host-keys does not take it" changed_key init --accept-new-host-keys
  t "a changed host key: the fix, as it is written, makes it a new one, and that is taken" mended
  t "control: an init logs in and changes the host" logged_in
  t "the question of a wipe: no terminal and no --yes is exit 2 and names --yes" wipe_alone
  t "the question of a wipe: what is not the cluster's name is exit 2, Ctrl-C 130; nothing is changed" not_named
  t "the question of a wipe: the cluster's name wipes" named
}
question='type `yes` to record them:'
# Told by its name: of a process that is gone already the unit is not known. A login begins with a user's name; who hangs up before said none.
sshd_log() { on_host 'journalctl -q --no-pager -o cat -t sshd'; }
mark_sshd() { sshd_log | wc -l > "$TMP/sshd"; }
sshd_said() { sshd_log | tail -n "+$(($(cat "$TMP/sshd") + 1))" | grep -E "$1"; }
no_login() { until_true 10 sshd_said '^Connection (closed|reset) by .*\[preauth\]$' && ! sshd_said 'Accepted|Failed|authenticating'; }
nothing_done() { shown 'nothing was changed' && no_login && untouched; }
new_key() { mark_sshd && alone 4 init && shown "the host key of \`$address\` is not known" "$print" 'fix: ' '--accept-new-host-keys' && nothing_done && [ ! -e "$TMP/ssh" ]; }
not_yes() {
  local answer
  for answer in '4 no\n' '4 \n' '4 y\n' '4 YES\n' '4 yes please\n' '4 \004' '130 \003'; do
    mark_sshd
    typed "${answer%% *}" "$question" "${answer#* }" init
    shown "$address  ssh-ed25519  $print"
    nothing_done
    [ ! -e "$TMP/ssh" ]
  done
}
recorded() { diff "$TMP/ssh/known_hosts" - <<< "$key"; }
yes() {
  TERMINAL=xterm typed 0 "$question" 'yes\n' preflight
  shown "$address  ssh-ed25519  $print" 'nothing stands in the way'
  recorded && [ "$(stat -c %a "$TMP/ssh/known_hosts" "$TMP/ssh" | paste -sd' ')" = "600 700" ]
}
asked_once() { typed 0 preflight '' preflight && not_shown known_hosts && recorded && alone 0 preflight; }
changed_key() {
  [ -e "$TMP/other" ] || ssh-keygen -q -t ed25519 -N '' -f "$TMP/other"
  echo "$address $(cut -d' ' -f1,2 "$TMP/other.pub")" | tee "$TMP/wrong" > "$TMP/ssh/known_hosts"
  local how
  for how in alone by_hand; do
    mark_sshd
    if [ "$how" = alone ]; then alone 4 "$@"; else typed 4 changed 'yes\n' "$@"; fi
    shown "the host key of \`$address\` has changed: $TMP/ssh/known_hosts line 1 has" "$(ssh-keygen -lf "$TMP/other.pub" | cut -d' ' -f2)" "$print"
    nothing_done
    not_shown "$question"
    not_shown 'run again with'
    cmp "$TMP/wrong" "$TMP/ssh/known_hosts"
  done
}
mended() {
  eval "$(sed -n 's/.*remove the old key: `\(.*\)`; if not.*/\1/p' "$TMP/screen")"
  alone 4 init && shown 'is not known' && alone 0 preflight --accept-new-host-keys && recorded
}
logged_in() { mark_sshd && alone 0 init && until_true 10 sshd_said Accepted && on_host '[ -e /etc/fault/asks ]' && state > "$TMP/state"; }
state() { on_host 'find /var/lib/bivouac /run/bivouac /etc/fault -printf "%p %m %s %T@ %C@\n"; sha256sum /var/lib/bivouac/journal' 2> /dev/null; }
same_state() { state > "$TMP/now" && grep -q journal "$TMP/now" && same "$TMP/state" "$TMP/now"; }
wipe_alone() { alone 2 wipe && shown 'wiping the cluster `pitch`' 'add `--yes`' && same_state; }
not_named() {
  local keys
  # The host's name is not the cluster's.
  for keys in 'asks\n' '\n' 'yes\n' 'Pitch\n' '\004'; do
    typed 2 'go on:' "$keys" wipe
    shown 'this removes the cluster `pitch` with all its data from asks' 'nothing was changed'
    same_state
  done
  typed 130 'go on:' '\003' wipe && same_state
}
named() { typed 0 'go on:' 'pitch\n' wipe && shown 'this removes the cluster `pitch`' 'is done' && untouched && whole; }

looks() {
  owner "$host"
  snap "$host" > "$TMP/before"
  PLAYBOOKS=$LAB_DIR/playbooks/fast
  t "plan: what would be done to a host, with a diff of each file; nothing is changed there" plan_all
  t "plan: the steps that it showed are those that an init then changes" plan_is_kept
  t "plan: after the init it shows no change" plan_none
  t "plan: of a file that was edited on the host it shows its diff, and nothing else" plan_edited
  t "plan: the edit is still there, and without it there is no change" plan_edit_kept
  t "control: a wipe leaves the host as it was" wiped
  # The first try leaves a trace that is no effect of the step.
  playbook twice <<'P'
- name: shaky
  tries: 2
  command: {run: "echo try >> /run/tries; [ $(wc -l < /run/tries) != 1 ] || { echo 'E: not yet' >&2; exit 1; }; echo once >> /etc/fault-shaky", undo: rm -f /etc/fault-shaky}
P
  playbook once < <(sed -e 1,2d -e 's/tries: 2/tries: 1/' "$TMP/twice/playbooks/init/10.yaml")
  playbook never < <(sed -e 1,2d -e 's/!= 1/-gt 9/' "$TMP/twice/playbooks/init/10.yaml")
  t "control: a step whose only try does not succeed ends the run" tries once 1 1 'step_started step_failed'
  t "tries: 2, and none succeeds: two tries, exit 1" tries never 1 2 'step_started step_retried step_failed'
  t "tries: 2, and the second succeeds: exit 0, step_retried has the cause, the effect is there once" retried
  t "a wipe leaves the host as it was" wiped
  PLAYBOOKS=$LAB_DIR/playbooks/fast
  t "plan --output json: a change is an event as all others are, with the five fields that each has" plan_events
  t "plan: a command of several lines stays within its host's part" plan_lines
}
# What `plan` shows: on the screen, and as JSON a change a line.
plan() {
  alone 0 plan --accept-new-host-keys
  exits 0 "$name" plan
  jq -c 'select(has("subject"))' "$TMP/$name.out" > "$TMP/plan"
  grep -E "^$name: $(wc -l < "$TMP/plan") changes?\$" "$TMP/screen"
}
plan_all() {
  plan
  shown '+ files: a new file below new directories: file /etc/fast/a/b/new.conf' '+new for looks' 'services: run it: service fast.service' 'kernel: forward: sysctl net.ipv4.ip_forward = 0'
  # What not everybody may read is not shown.
  grep -A 3 'file /etc/owned/odd.conf' "$TMP/screen" | sed 1d | diff - <(printf '      %s\n' '-0640 ops:ops' '+0644 root:root'; grep -A 3 'file /etc/owned/odd.conf' "$TMP/screen" | tail -n 1)
  untouched && whole
}
plan_is_kept() {
  local step='"\(.playbook): \(.step)"'
  jq -r "$step" "$TMP/plan" | sort -u > "$TMP/planned"
  exits 0 "$name" init
  jq -r "select(.event == \"step_done\" and .changed) | $step" "$TMP/$name.out" | sort -u > "$TMP/changed"
  [ "$(wc -l < "$TMP/changed")" -gt 15 ] && same "$TMP/planned" "$TMP/changed"
}
plan_none() {
  plan
  shown 'looks: 0 changes'
  [ ! -s "$TMP/plan" ] && ! grep -E '^ +\+ ' "$TMP/screen"
}
plan_edited() {
  on_host 'echo "# mine" >> /etc/fast/a/b/new.conf'
  plan
  sed -n '/^looks: /,$p' "$TMP/screen" |
    diff - <(printf '%s\n' 'looks: 1 change' '  + files: a new file below new directories: file /etc/fast/a/b/new.conf' '      @@ -1,2 +1 @@' '       new for looks' '      -# mine')
  jq -s -e 'map([.host, .kind, .subject, .diff]) == [["looks", "file", "/etc/fast/a/b/new.conf", "@@ -1,2 +1 @@\n new for looks\n-# mine\n"]]' "$TMP/plan"
}
plan_edit_kept() { on_host '[ "$(tail -n 1 /etc/fast/a/b/new.conf)" = "# mine" ] && sed -i "\$d" /etc/fast/a/b/new.conf' && plan_none; }
plan_events() {
  plan
  head -n 1 "$TMP/plan"
  jq -s -e 'all(.[]; has("time") and has("run") and has("host") and has("playbook") and has("step") and has("event"))' "$TMP/$name.out"
}
plan_lines() { alone 0 plan && ! sed -n '/^looks: /,$p' "$TMP/screen" | sed 1d | grep -v '^  '; }
# tries PLAYBOOK STATUS TRIES EVENTS: so it ended, so often the host was asked, and so the step went.
tries() {
  on_host 'rm -f /run/tries'
  PLAYBOOKS=$TMP/$1 exits "$2" "$name" init --log-dir "$TMP/log-$1"
  [ "$(on_host 'cat /run/tries' | wc -l)" = "$3" ]
  [ "$(jq -r 'select(.step == "shaky" and .event != "step_output") | .event' "$TMP/log-$1/events.jsonl" | paste -sd' ')" = "$4" ]
}
retried() {
  tries twice 0 2 'step_started step_retried step_done'
  jq -e -s 'map(select(.event == "step_retried")) | map([.host, .playbook, .cause, .attempt]) == [["looks", "work", "E: not yet", 2]]' "$TMP/log-twice/events.jsonl"
  PLAYBOOKS=$TMP/twice exits 0 "$name" init && unchanged "$name" && [ "$(on_host 'cat /etc/fault-shaky; rm /run/tries')" = once ]
}

# Two hosts: the lane's own, and one more.
pair() {
  read -r _ address2 host2 < <(sed -n '/^other /p' "$TMP/../hosts")
  echo "  - {address: $address2, roles: [worker], name: other}" >> "$TMP/$name.yaml"
  playbook turns <<'P'
- name: long work
  command: {run: "sleep 1; echo done >> /etc/fault-turns", undo: "sleep 0.5; rm -f /etc/fault-turns"}
  opens: all have worked
- name: what waits for all
  file: {path: /etc/fault/turns, content: "ours\n"}
  needs: all have worked
P
  PLAYBOOKS=$TMP/turns
  snap "$host2" > "$TMP/before2"
  t "preflight refuses an init: exit 3, with host, check and fix, and no host is touched" refused
  t "preflight refuses an init: what was put right is not named again, the rest is" refused_still
  t "--parallel 1: once all is right both hosts are installed, at no moment both at work" in_turns
  t "--parallel 1: a wipe too" wiped_in_turns
  t "control: without it they work at the same time" side_by_side
  t "control: both are as they were" both_whole
}
on_other() { podman exec -i "$host2" sh -c "$1"; }
listens() { timeout 2 bash -c "exec 3<>/dev/tcp/$address2/10250"; }
none_listens() { ! listens; }
# names NUMBER CHECK MESSAGE FIX: so many errors, and this one is among them: on the screen, and in the events of that host.
names() {
  grep -A 2 -E "^ +error +$2 +other +$3\$" "$TMP/$name.err" | grep -F "fix: $4"
  jq -s -e --arg check "$2" --argjson number "$1" 'map(select(.event == "finding" and .severity == "error")) | length == $number and any(.host == "other" and .name == $check)' "$TMP/$name.out"
}
both_untouched() { untouched && on_other '[ ! -e /var/lib/bivouac ] && [ ! -e /run/bivouac ]'; }
both_are() { both_untouched && whole && snap "$host2" > "$TMP/after2" && same "$TMP/$1" "$TMP/after2"; }
refused() {
  on_other 'mkdir -p /etc/kubernetes/pki && echo theirs > /etc/kubernetes/pki/sa.pub && rm -f /run/go'
  podman exec -d "$host2" perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => 10250, Listen => 9, ReuseAddr => 1) or die; select undef, undef, undef, 0.1 until -e "/run/go"'
  until_true 10 listens
  snap "$host2" > "$TMP/wrong2"
  exits 3 "$name" init
  names 2 Port-10250 'port 10250 is in use by `perl`' 'stop `perl`, or the service that it belongs to'
  names 2 DirAvailable--etc-kubernetes '`/etc/kubernetes` is not empty: `pki`' '`bivouac wipe --foreign` of this host takes the earlier cluster away'
  says "$name" '2 errors found, nothing was changed' 'go on with: bivouac'
  both_are wrong2
}
refused_still() {
  on_other 'touch /run/go'
  until_true 10 none_listens
  exits 3 "$name" init
  names 1 DirAvailable--etc-kubernetes '`/etc/kubernetes` is not empty: `pki`' '`bivouac wipe --foreign`'
  both_untouched
}
# together: steps of two hosts that ran at the same time in the last run, a pair a line. A look changes nothing, so it is no work. Times
# are texts of one width.
together() {
  jq -s -r 'map(select((.event | test("^step_(started|done|failed)$")) and .step != "look for the journal")) | group_by([.host, .playbook, .step])
    | map({host: .[0].host, step: .[0].step, from: .[0].time, to: .[-1].time, events: length}) as $all | if ($all | length < 6 or any(.events != 2)) then "no whole run" else
    $all[] as $one | $all[] | select($one.host < .host and $one.from < .to and .from < $one.to) | "\($one.host) \($one.step), \(.host) \(.step)" end' "$TMP/$name.out" | tee "$TMP/together"
}
apart() { together && [ ! -s "$TMP/together" ]; }
in_turns() {
  on_other 'rm -r /etc/kubernetes'
  exits 0 "$name" init --parallel 1
  apart
  # Who came first waited for the other, and was in nobody's way.
  [ "$(jq -r 'select(.event == "gate_opened") | .gate' "$TMP/$name.out")" = 'all have worked' ]
  local both='[ "$(cat /etc/fault-turns /etc/fault/turns | paste -sd " ")" = "done ours" ]'
  on_host "$both" && on_other "$both"
}
wiped_in_turns() { exits 0 "$name" wipe --parallel 1 && apart && both_untouched; }
side_by_side() { exits 0 "$name" init && together | grep -x 'other long work, pair long work' && exits 0 "$name" wipe && together | grep 'other undo .*long work.*, pair undo .*long work'; }
both_whole() { on_other 'rm -f /run/go' && both_are before2; }

fault asks asks
fault looks looks
fault pair pair
lanes_end
