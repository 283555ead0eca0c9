#!/usr/bin/env bash
# What goes wrong on a host: full disks, a locked dpkg, floods of output, commands that hang, an operator's Ctrl-C, content that arrives
# in part. Each time: what is read (host, step, cause, next command), that the next run goes on and that a wipe leaves the host as it
# was. And what a run that changes nothing writes: nothing.
# shellcheck disable=SC2016,SC2030,SC2031 # lanes are subshells with variables of their own; what is in single quotes the host expands
# in turn
. "$(dirname "$0")/t.sh"
# Memory is measured on the binary that people get.
RELEASE=$BIVOUAC
. "$LAB_DIR/fast.sh"
. "$LAB_DIR/faults.sh"
[ -x "$RELEASE" ] || RELEASE=$BIVOUAC

# shellcheck disable=SC2046 # names have no blanks
hosts $(wanted full packages flood hang stop still) > "$TMP/hosts"

# Our own directory, and a target, on small file systems.
full_disk() {
  on_host 'mkdir -p /var/lib/bivouac /srv/small && mount -t tmpfs -o size=8m,mode=0700 small /var/lib/bivouac && mount -t tmpfs -o size=1m small /srv/small'
  snap "$host" > "$TMP/before"
  playbook files <<'E'
- name: a large file
  file: {path: /srv/small/large, content: "large\n"}
- name: a small file
  file: {path: /etc/fault-small, content: "small\n"}
E
  playbook small <<'E'
- name: a small file
  file: {path: /etc/fault-small, content: "small\n"}
E
  playbook none <<'E'
- name: nothing much
  file: {path: /etc/fault-none, content: "none\n"}
E
  PLAYBOOKS=$TMP/files
  t "no room from the start: preflight says how much there is, exit 3, and nothing is changed" no_room
  sed -i 's/SystemVerification/SystemVerification, DiskSpace/' "$TMP/$name.yaml"
  t "a full target: the step and the cause are named" full_target
  t "a full target: with room the next run goes on" goes_on 'rm /srv/small/filler'
  t "a full target: the one after it changes nothing" same_again
  t "a full target: a wipe leaves the host as it was" disk_wiped
  PLAYBOOKS=$TMP/small
  t "no room for the baseline: nothing is changed, and the cause is named" no_baseline
  t "no room for the baseline: with room the next run goes on" goes_on 'rm /var/lib/bivouac/filler'
  t "no room for the baseline: a wipe leaves the host as it was" disk_wiped
  # An entry that does not fit into what is left of the journal's last block.
  playbook small <<E
- name: a small file
  command: {run: "touch /etc/fault-small # $(printf '%08000d' 0)", undo: rm -f /etc/fault-small}
E
  t "no room for the journal: no change is made, and the cause is named" no_journal
  t "no room for the journal: it is readable as it was" readable
  t "no room for the journal: with room the next run goes on" goes_on 'rm /var/lib/bivouac/filler'
  t "no room for the journal: a wipe leaves the host as it was" disk_wiped
  t "a full disk: a wipe needs no room" wipe_full
  t "control: with room none of this is said" with_room
}
fill() { on_host 'cat /dev/zero > /var/lib/bivouac/filler; [ -s /var/lib/bivouac/filler ]' 2> /dev/null; }
goes_on() { on_host "$1" && exits 0 "$name" init && on_host '[ -e /etc/fault-small ]'; }
disk_wiped() { on_host 'rm -f /var/lib/bivouac/filler'; exits 0 "$name" wipe && whole && on_host '[ -z "$(ls -A /var/lib/bivouac)" ]'; }
no_room() { exits 3 "$name" init && says "$name" 'are free where 1.0 GiB are needed' && on_host '[ -z "$(ls -A /var/lib/bivouac)" ]'; }
full_target() {
  on_host 'cat /dev/zero > /srv/small/filler' 2> /dev/null || true
  exits 1 "$name" init
  says "$name" "$name: \`work: a large file\` did not work" 'No space left on device' 'go on with: bivouac'
  on_host '[ ! -e /srv/small/large ] && [ ! -e /etc/fault-small ]'
}
no_baseline() {
  fill
  exits 1 "$name" init
  says "$name" 'take its baseline' 'No space left on device' 'go on with: bivouac'
  on_host '[ ! -e /etc/fault-small ] && [ ! -s /var/lib/bivouac/baseline ]'
}
no_journal() {
  PLAYBOOKS=$TMP/none exits 0 "$name" init
  fill
  exits 1 "$name" init
  says "$name" "$name: \`work: a small file\` did not work" 'No space left on device' 'go on with: bivouac'
  on_host '[ ! -e /etc/fault-small ]'
}
readable() { on_host 'cat /var/lib/bivouac/journal' && exits 0 "$name" plan; }
wipe_full() {
  exits 0 "$name" init
  fill
  run "$name" wipe || true
  on_host '[ ! -e /etc/fault-small ] && ! grep -v "\.$" /var/lib/bivouac/journal'
  disk_wiped
}
with_room() { exits 0 "$name" init && silent "$name" 'No space left' && disk_wiped; }

# A repository on the host itself, and somebody who holds dpkg's lock.
locked_dpkg() {
  repository > "$TMP/repository" 2>&1 || cat "$TMP/repository"
  snap "$host" > "$TMP/before"
  playbook package <<'E'
- name: install
  limit: 60
  package: [fault-tool]
E
  playbook impatient <<'E'
- name: install
  limit: 7
  package: [fault-tool]
E
  for p in package impatient; do mkdir -p "$TMP/$p/playbooks/os"; printf 'name: Debian\nids: [debian]\nmanagers: [apt]\npackages: {fault-tool: [fault-tool]}\n' > "$TMP/$p/playbooks/os/debian.yaml"; done
  PLAYBOOKS=$TMP/package
  for lock in lock-frontend lock; do
    t "dpkg's $lock is held: a run says by whom, waits, and goes on when it is free" held_a_while "/var/lib/dpkg/$lock"
    t "dpkg's $lock was held: a wipe leaves the host as it was" wiped
  done
  t "a lock that is not let go: the step ends within its limit and says who holds it" held_for_good
  t "a lock that is not let go: nothing was changed, and the next run goes on when it is free" free_again
  t "a wipe waits for the lock as well" wipe_waits
  t "and leaves the host as it was" wiped
  t "control: without a lock nobody waits" nobody_waits
  t "control: a wipe leaves the host as it was" wiped
}
repository() {
  podman exec -i "$host" sh -es <<'E'
  mkdir -p /srv/repo /tmp/deb/DEBIAN
  cd /srv/repo
  printf 'Package: fault-tool\nVersion: 1\nArchitecture: all\nMaintainer: lab <lab@example>\nDescription: for the lab\n' > /tmp/deb/DEBIAN/control
  dpkg-deb --build --root-owner-group /tmp/deb /srv/repo/fault-tool.deb > /dev/null
  { cat /tmp/deb/DEBIAN/control; printf 'Filename: ./fault-tool.deb\nSize: %s\nSHA256: %s\n' "$(stat -c %s fault-tool.deb)" "$(sha256sum fault-tool.deb | sed 's/ .*//')"; } > Packages
  rm -rf /tmp/deb
  rm -f /etc/apt/sources.list.d/*
  echo 'deb [trusted=yes] file:/srv/repo ./' > /etc/apt/sources.list
E
}
# As dpkg does it: a lock of fcntl(2), by a process of this name, until /run/go is there.
hold() {
  on_host 'rm -f /run/go /run/held'
  podman exec -d "$host" perl -e 'use Fcntl; $0 = "fake-upgrades"; open my $f, ">>", $ARGV[0]; my $lock = pack("ssx4qqix4", F_WRLCK, 0, 0, 0, 0); fcntl $f, F_SETLK, $lock or die; open my $h, ">", "/run/held"; select undef, undef, undef, 0.1 until -e "/run/go"' "$1"
  until_host 10 '[ -e /run/held ]'
}
held_a_while() {
  hold "$1"
  start "$name" init
  until_true 20 grep -q 'waits: `fake-upgrades` (process [0-9]*) holds `'"$1" "$TMP/$name.err"
  [ ! -e "$TMP/$name.status" ]
  on_host 'touch /run/go'
  ended 0 "$name" 30
  on_host 'dpkg-query -W fault-tool'
}
held_for_good() {
  hold /var/lib/dpkg/lock-frontend
  mark
  PLAYBOOKS=$TMP/impatient exits 1 "$name" init
  took
  says "$name" "$name: \`work: install\` did not work" 'another program installs packages: `fake-upgrades` (process' 'go on with: bivouac'
  [ "$(took)" -le 10 ]
}
free_again() { [ -z "$(on_host 'cat /var/lib/bivouac/journal')" ] && on_host '! dpkg-query -W fault-tool 2> /dev/null' && on_host 'touch /run/go' && exits 0 "$name" init; }
wipe_waits() {
  hold /var/lib/dpkg/lock-frontend
  start "$name" wipe
  until_true 20 grep -q 'waits: `fake-upgrades` (process' "$TMP/$name.err"
  on_host 'touch /run/go'
  ended 0 "$name"
}
nobody_waits() { exits 0 "$name" init && silent "$name" waits; }

flood() {
  playbook flood <<'E'
- name: a flood of lines
  command: {run: "yes 'a line of the flood' | head -c 1G; echo the last line", undo: nothing, because: it changes nothing}
- name: a flood without a line break, on standard error
  command: {run: "head -c 200M /dev/zero >&2", undo: nothing, because: it changes nothing}
- name: after it
  file: {path: /etc/fault-flood, content: "after\n"}
E
  playbook failing <<'E'
- name: a flood that ends badly
  command: {run: "yes flood | head -c 50M; yes flood | head -c 50M >&2; echo >&2; echo 'E: the cause' >&2; exit 3", undo: nothing, because: it changes nothing}
E
  PLAYBOOKS=$TMP/flood
  # As a program it is the same process as here.
  BIVOUAC=$RELEASE start "$name" init
  peak=0
  while [ ! -s "$TMP/$name.status" ]; do
    pid=$(operator "$name") || pid=
    now=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/${pid:-self}/status" 2> /dev/null)
    [ -z "$pid" ] || [ "${now:-0}" -le "$peak" ] || peak=$now
    sleep 0.1
  done
  t "1 GiB of lines and 200 MiB without a line break: the run ends well" ended 0 "$name"
  note "a flood" "$name"
  echo "# a flood: peak of the operator's memory $((peak / 1024)) MiB, its logs $(du -sk "$TMP/log-$name" | cut -f1) KiB"
  t "a flood: the operator's memory stays below 100 MiB" below "$peak" 102400
  t "control: the peak was measured" above "$peak" 2048
  t "a flood: the logs are bounded, and say what they left out" bounded
  t "a flood: the next run changes nothing" same_again
  t "a flood: a wipe leaves the host as it was" wiped
  PLAYBOOKS=$TMP/failing
  t "a flood that ends badly: its cause is told" cause
  t "a flood that ends badly: a wipe leaves the host as it was" wiped
}
below() { echo "$1 KiB"; [ "$1" -lt "$2" ]; }
above() { echo "$1 KiB"; [ "$1" -gt "$2" ]; }
bounded() {
  du -sk "$TMP/log-$name"
  [ "$(du -sk "$TMP/log-$name" | cut -f1)" -lt 20480 ]
  grep -h 'bytes of output are left out here' "$TMP/log-$name/$name.log"
  grep -q 'the last line' "$TMP/log-$name/$name.log"
}
cause() { exits 1 "$name" init && says "$name" 'cause: E: the cause'; }

hung() {
  playbook plain <<'E'
- name: hangs
  limit: 1
  command: {run: sleep 1001, undo: rm -f /etc/fault-hung}
E
  playbook stubborn <<'E'
- name: hangs
  limit: 1
  command: {run: "trap '' TERM; sleep 1002; sleep 1002", undo: rm -f /etc/fault-hung}
E
  # One that a shell in between has left to init, and that holds the output.
  playbook orphaned <<'E'
- name: hangs
  limit: 1
  command: {run: "sh -c 'sleep 1003 &'; sleep 1003", undo: rm -f /etc/fault-hung}
E
  playbook daemon <<'E'
- name: leaves something
  command: {run: "sleep 1004 & setsid sleep 1004 & touch /etc/fault-hung", undo: "pkill -f '[s]leep 1004'; rm -f /etc/fault-hung"}
E
  playbook quick <<'E'
- name: hangs
  limit: 5
  command: {run: "touch /etc/fault-hung", undo: rm -f /etc/fault-hung}
E
  t "a command that hangs: it is stopped at its limit and named" stopped plain 1001 15
  t "one that ignores TERM too" stopped stubborn 1002 15
  t "one that has left a process in the background too" stopped orphaned 1003 15
  PLAYBOOKS=$TMP/daemon
  t "a command that leaves processes behind that hold its output: it ends when it ends" leaves
  t "and they do not hold the host's lock: the next run goes on at once" not_held
  t "a wipe leaves the host as it was" wiped
  PLAYBOOKS=$TMP/quick
  t "control: a command within its limit is not stopped" within
  t "control: a wipe leaves the host as it was" wiped
}
stopped() {
  PLAYBOOKS=$TMP/$1
  mark
  exits 1 "$name" init
  took
  says "$name" "$name: \`work: hangs\` did not work" 'no end after 1 s; the command was stopped' 'see what it waits for on the host' 'go on with: bivouac'
  [ "$(took)" -le "$3" ]
  on_host "! pgrep -a -f '[s]leep $2'"
  PLAYBOOKS=$TMP/quick exits 0 "$name" init
  silent "$name" waits
  wiped
}
leaves() { mark && exits 0 "$name" init && [ "$(took)" -le 15 ] && on_host '[ "$(pgrep -c -f "[s]leep 1004")" = 2 ]'; }
not_held() { mark && same_again && silent "$name" waits && [ "$(took)" -le 20 ]; }
within() { exits 0 "$name" init && silent "$name" 'no end after'; }

interrupts() {
  t "SIGINT once: the change that runs is finished, exit 130, and how to go on is said" once
  t "SIGINT once: the next run goes on" after
  t "SIGINT once: a wipe leaves the host as it was" wiped
  t "SIGINT twice: the run leaves at once, exit 130" twice
  t "SIGINT twice: the journal is whole, and the next run waits for what still runs and goes on" waited
  t "SIGINT twice: a wipe leaves the host as it was" wiped
  t "SIGINT three times: the run ends at once, exit 130" thrice
  t "SIGINT three times: the journal is whole, and the next run waits for what still runs and goes on" waited
  t "SIGINT three times: a wipe leaves the host as it was" wiped
  t "SIGTERM and SIGHUP are told as Ctrl-C is" others
  t "SIGINT in a wipe: the next one goes on, and leaves the host as it was" in_a_wipe
  t "control: without a signal nothing is said of stopping" no_signal
  t "control: a wipe leaves the host as it was" wiped
}
interrupt() { kill "-${1:-INT}" "$(operator "$name")"; }
once() {
  begin "$name"
  interrupt
  until_true 5 says "$name" 'stopping: no new step begins'
  [ ! -e "$TMP/$name.status" ]
  on_host 'touch /run/go'
  mark
  ended 130 "$name" 5
  says "$name" 'interrupted' 'go on with: bivouac'
  on_host 'grep -x "done 2 ." /var/lib/bivouac/journal && [ ! -e /etc/fault/after ]'
}
after() { exits 0 "$name" init && done_once; }
journal_whole() { on_host '! grep -v " \.$" /var/lib/bivouac/journal'; }
twice() {
  begin "$name"
  interrupt
  until_true 5 says "$name" 'stopping: no new step begins'
  mark
  interrupt
  ended 130 "$name" 3
  says "$name" 'interrupted' 'go on with: bivouac'
}
thrice() {
  begin "$name"
  pid=$(operator "$name")
  mark
  kill -INT "$pid"
  until_true 5 says "$name" 'stopping: no new step begins'
  # The third must meet the run before the second has ended it.
  kill -STOP "$pid"
  kill -INT "$pid"
  kill -CONT "$pid"
  kill -INT "$pid" || true
  ended 130 "$name" 8
}
waited() {
  journal_whole
  start "$name" init
  until_true 40 grep -q 'its last command still runs' "$TMP/$name.err"
  [ ! -e "$TMP/$name.status" ]
  on_host 'touch /run/go'
  went_on "$name"
}
others() {
  local signal
  for signal in TERM HUP; do
    begin "$name"
    interrupt "$signal"
    until_true 5 says "$name" 'stopping: no new step begins'
    on_host 'touch /run/go'
    ended 130 "$name"
    wiped
  done
}
in_a_wipe() {
  playbook slow_undo <<'E'
- name: one
  file: {path: /etc/fault/one, content: "one\n"}
- name: two
  command: {run: touch /etc/fault-two, undo: "touch /etc/fault-undoes; while [ ! -e /run/go ]; do sleep 0.1; done; rm -f /etc/fault-two /etc/fault-undoes"}
E
  PLAYBOOKS=$TMP/slow_undo exits 0 "$name" init
  start "$name" wipe
  until_host 20 '[ -e /etc/fault-undoes ]'
  interrupt
  until_true 5 says "$name" 'stopping: no new step begins'
  on_host 'touch /run/go'
  ended 130 "$name"
  says "$name" 'go on with: bivouac'
  on_host '[ -e /etc/fault/one ]'
  wiped
}
no_signal() { on_host 'touch /run/go' && exits 0 "$name" init && silent "$name" stopping && silent "$name" interrupted; }

# A second init.
still() {
  owner "$host"
  snap "$host" > "$TMP/before"
  PLAYBOOKS=$LAB_DIR/playbooks/fast
  t "an init with a step of each kind" exits 0 "$name" init
  times "$host" > "$TMP/first"
  t "a second init changes nothing" same_again
  t "and writes nothing on the host" writes_nothing
  t "and leaves nothing of its lock" on_host '[ ! -e /run/bivouac ]'
  t "control: a file that is written as it was is seen" sees_write
  t "control: so is a mode that is set as it was" sees_mode
  t "content that was cut off on its way is no file" torn_content
  t "input that was cut off on its way is no command's, nor kubeadm's" torn_input
  t "control: input that came whole is, to the last byte" whole_input
  t "a wipe leaves the host as it was" wiped
}
writes_nothing() { times "$host" > "$TMP/second" && [ "$(wc -l < "$TMP/second")" -gt 10000 ] && same "$TMP/first" "$TMP/second"; }
seen() { if writes_nothing > "$TMP/seen"; then return 1; fi; grep "$1" "$TMP/seen"; }
sees_write() { times "$host" > "$TMP/first"; on_host 'cat /etc/owned/odd.conf > /run/x; cat /run/x > /etc/owned/odd.conf; rm /run/x'; seen /etc/owned/odd.conf; }
sees_mode() { times "$host" > "$TMP/first"; on_host 'chmod 0700 /var/lib/bivouac'; seen '/var/lib/bivouac '; }
# torn DO...: what a change does whose data ended too early.
torn() {
  { cat "$ROOT"/src/host/journal.sh "$ROOT"/src/host/kind/*.sh "$ROOT"/src/host/kind/package/*.sh; printf 'printf half | %s\n' "$1"; } > "$TMP/torn"
  if podman exec -i "$host" sh -c 'cat > /run/torn; sh /run/torn' < "$TMP/torn" > "$TMP/torn.err" 2>&1; then return 1; fi
  grep 'was cut off' "$TMP/torn.err"
}
torn_content() {
  torn "bv_file_do /etc/owned/torn 0644 root:root $(printf 'half of it' | sha256sum | sed 's/ .*//')"
  on_host '[ ! -e /etc/owned/torn ] && rm -f /run/torn /etc/owned/torn.bivouac~'
}
torn_input() {
  torn 'BV_BYTES=10 bv_command_do "cat > /etc/owned/torn"'
  on_host 'printf "#!/bin/sh\\ntouch /run/called\\n" > /usr/local/bin/kubeadm && chmod 0755 /usr/local/bin/kubeadm'
  torn 'BV_BYTES=10 bv_kubeadm_do init'
  on_host 'rm /usr/local/bin/kubeadm /run/torn; [ ! -e /etc/owned/torn ] && [ ! -e /run/called ]'
}
whole_input() {
  { cat "$ROOT"/src/host/journal.sh "$ROOT"/src/host/kind/*.sh "$ROOT"/src/host/kind/package/*.sh; echo 'printf "half of it%s" "$BV_NL$BV_NL" | { BV_BYTES=12; bv_command_do "wc -c"; }'; } > "$TMP/torn"
  [ "$(podman exec -i "$host" sh < "$TMP/torn")" = 12 ]
}

fault full full_disk
fault packages locked_dpkg
fault flood flood
fault hang hung
fault stop interrupts
fault still still
lanes_end
