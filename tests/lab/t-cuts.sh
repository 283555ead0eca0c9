#!/usr/bin/env bash
# The journal against kill -9: `init` dies at every entry, before and after its record, after its effect and after its mark; then it
# goes on and ends well, or the host is wiped at once. `wipe` dies at every entry too. Each time the host is as before in the end, by
# the tool's own comparison and by `quick`; every tenth time, and at the end, by snap.sh as well. POINTS=all is every case; otherwise a run
# takes every fifth, by SEED, which is printed.
# in turn
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/fast.sh"

WORKERS=${BIVOUAC_CUT_HOSTS:-3}
names=()
for n in $(seq "$WORKERS"); do names+=("h$n"); done
hosts "${names[@]}" > "$TMP/hosts"
while read -r name address container; do
  cluster_of "$name" "$address"
  owner "$container"
  quick "$container" > "$TMP/$name.quick"
  snap "$container" > "$TMP/$name.snap"
done < "$TMP/hosts"

# killed_at NAME WHERE VERB: the tool dies there, and the shell on the host with it.
killed_at() {
  local status=0
  BIVOUAC_CUT=$1:$2 run "$1" "$3" 2> /dev/null || status=$?
  [ "$status" != 134 ] || return 0
  echo "\`$3\` cut at $2 ended with $status where it had to be killed"
  tail -n 12 "$TMP/$1.err"
  return 1
}
# clean NAME: nothing is different from before, as far as `quick` sees.
clean() { quick "$(container_of "$1")" > "$TMP/$1.now" && same "$TMP/$1.quick" "$TMP/$1.now"; }
clean_whole() { snap "$(container_of "$1")" > "$TMP/$1.now" && same "$TMP/$1.snap" "$TMP/$1.now"; }
# Not `! clean`, which would not end a test.
differs() { ! clean "$1" > /dev/null; }
differs_whole() { ! clean_whole "$1" > /dev/null; }
container_of() { sed -n "s/^$1 [^ ]* //p" "$TMP/hosts"; }
goes_on() { exits 0 "$1" init && exits 0 "$1" init && unchanged "$1"; }
wiped() { exits 0 "$1" wipe && clean "$1"; }
journal_of() { podman exec "$(container_of "$1")" cat /var/lib/bivouac/journal; }

t "an install without a cut ends well, and the next changes nothing" goes_on h1
N=$(journal_of h1 | grep -c '^start ')
many() { [ "$N" -ge 20 ]; }
t "its journal has an entry for each change ($N)" many
kinds() { [ "$(journal_of h1 | awk '$1 == "start"' | grep -oE "' '?(file|artifact|tree|service|sysctl|kernel|command)'" | sort -u | wc -l)" = 7 ]; }
t "and entries of each kind" kinds
whole() { wiped h1 && clean_whole h1; }
t "and a wipe takes it all back" whole

# A case: INIT-CUT SECOND-CUT GOAL WIPE-CUT, each cut a place or `-`; GOAL is `go-on` or `wipe`.
cases() {
  local e p count=0 next=0 second wipe
  local -a undo=()
  for e in $(seq "$N"); do for p in undo-before undo-after undone-after; do undo+=("$e:$p"); done; done
  # In this order each install meets a cut of the wipe at an entry far from its own.
  local half=$((${#undo[@]} / 2))
  for p in made taken opened; do echo "open:$p - $([ "$p" = taken ] && echo wipe || echo go-on) -"; done
  for e in $(seq "$N"); do
    for p in record-before record-after effect-after mark-after; do
      count=$((count + 1)) second=- wipe=-
      if [ $((count % 2)) = $((e % 2)) ]; then
        # Every third resume is killed as well, at the entry after.
        [ $((count % 3)) != 0 ] || [ "$e" = "$N" ] || second=$((e + 1)):$p
        if [ "$next" -lt "${#undo[@]}" ]; then wipe=${undo[$(((next + half) % ${#undo[@]}))]}; fi
        next=$((next + 1))
        echo "$e:$p $second go-on $wipe"
      else
        # What was only begun is undone, and that is killed too.
        [ "$p" = record-before ] || wipe=$e:$(echo undo-before undo-after undone-after | cut -d' ' -f$((e % 3 + 1)))
        echo "$e:$p - wipe $wipe"
      fi
    done
  done
  while [ "$next" -lt "${#undo[@]}" ]; do
    echo "- - go-on ${undo[$(((next + half) % ${#undo[@]}))]}"
    next=$((next + 1))
  done
  echo "- - go-on close:proven"
  echo "- - go-on close:moved"
}
one_case() { # NAME INIT SECOND GOAL WIPE
  [ "$2" = - ] || killed_at "$1" "$2" init || return
  [ "$3" = - ] || killed_at "$1" "$3" init || return
  case $4 in
    go-on) if [ "$2" = - ]; then exits 0 "$1" init; else goes_on "$1"; fi || return ;;
  esac
  [ "$5" = - ] || killed_at "$1" "$5" wipe || return
  wiped "$1"
}
work() { # NAME INDEX: every WORKERS-th case
  local number=0 init second goal wipe what
  while read -r init second goal wipe; do
    number=$((number + 1))
    [ $((number % WORKERS)) = "$2" ] || continue
    what="init cut at $init"
    [ "$init" != - ] || what="a whole init"
    [ "$second" = - ] || what="$what and again at $second"
    [ "$goal" = wipe ] || what="$what, init again"
    [ "$wipe" = - ] || what="$what, wipe cut at $wipe"
    what="$what, wipe: as before"
    if one_case "$1" "$init" "$second" "$goal" "$wipe" > "$TMP/$1.case" 2>&1 &&
      { [ $((number / WORKERS % 10)) != 0 ] || clean_whole "$1" > "$TMP/$1.case" 2>&1; }; then
      echo "ok $TEST: $what"
    else
      echo "not ok $TEST: $what"
      sed 's/^/#   /' "$TMP/$1.case"
      echo "# $1 is not used any more"
      return
    fi
  done < "$TMP/cases"
}
SEED=${SEED:-$$}
echo "# seed $SEED"
some() { if [ "${POINTS:-}" = all ]; then cat; else awk -v from=$((SEED % 5)) '/^open:/ || / close:/ || NR % 5 == from'; fi; }
cases | some > "$TMP/cases"
start=$SECONDS
for n in $(seq "$WORKERS"); do work "h$n" $((n % WORKERS)) > "$TMP/h$n.result" & done
wait
cat "$TMP"/h*.result
_failed=$((_failed + $(cat "$TMP"/h*.result | grep -c '^not ok' || true)))
echo "# $(wc -l < "$TMP/cases") cases, $(awk '{for (i = 1; i <= 4; i++) if ($i ~ /:/) n++} END {print n}' "$TMP/cases") kills: $((SECONDS - start)) s"
all() { [ "$(cat "$TMP"/h*.result | grep -c '^ok')" = "$(wc -l < "$TMP/cases")" ]; }
t "every case was run and went well" all
points() { # each point of each entry was met
  local e p
  for e in $(seq "$N"); do
    for p in record-before record-after effect-after mark-after; do grep -q "^$e:$p " "$TMP/cases" || { echo "no init was cut at $e:$p"; return 1; }; done
    for p in undo-before undo-after undone-after; do grep -q " go-on $e:$p$" "$TMP/cases" || { echo "no wipe was cut at $e:$p"; return 1; }; done
  done
}
[ "${POINTS:-}" != all ] || t "and each point of each entry was met" points
for n in "${names[@]}"; do t "$n is as before, by snap.sh" clean_whole "$n"; done

# The judges can say no.
c=$(container_of h1)
planted() {
  killed_at h1 9:effect-after init
  # The tool takes it for the owner's, since no entry claims it, and names it.
  podman exec "$c" touch /etc/owned/planted
  exits 0 h1 wipe
  grep -q '/etc/owned/planted' "$TMP/h1.err"
  differs h1
  differs_whole h1
  podman exec "$c" rm /etc/owned/planted
  clean h1
}
t "control: a planted file is named, and a difference to the test's judges" planted
wrong_undo() {
  mkdir -p "$TMP/wrong/playbooks/init"
  printf 'name: wrong\nsteps:\n- name: wrong\n  command: {run: touch /etc/owned/wrong, undo: "true"}\n' > "$TMP/wrong/playbooks/init/10.yaml"
  PLAYBOOKS=$TMP/wrong exits 0 h1 init
  exits 6 h1 wipe
  grep -q '/etc/owned/wrong' "$TMP/h1.err"
  differs h1
  podman exec "$c" rm /etc/owned/wrong
  wiped h1
}
t "control: an undo that does nothing is a difference" wrong_undo
no_record() {
  exits 0 h1 init
  # As if the change of odd.conf had never been recorded.
  podman exec "$c" sed -i '/odd\.conf/d' /var/lib/bivouac/journal
  podman exec "$c" sh -c 'cd /var/lib/bivouac && awk "\$1 == \"start\" {s[\$2] = 1} s[\$2]" journal > j && cp j journal && rm j'
  # Nobody claims it: it is named as a change of others.
  exits 0 h1 wipe
  grep -q 'odd.conf' "$TMP/h1.err"
  differs h1
  podman exec "$c" sh -c "echo \"the owner's\" > /etc/owned/odd.conf; chown ops:ops /etc/owned/odd.conf; chmod 640 /etc/owned/odd.conf"
  clean h1
}
t "control: a change without a record is named, and a difference to the test" no_record
blind_tool() {
  exits 0 h1 init
  podman exec "$c" touch /etc/owned/unseen
  # As if it had been there before: the tool's comparison then has nothing to say. The judge of the test has.
  podman exec "$c" sh -c 'f=/etc/owned/unseen; { find $f -printf "path %y %m %U:%G %p\n"; echo "sum $(sha256sum < $f | cut -d" " -f1) $f"; } >> /var/lib/bivouac/baseline'
  podman exec "$c" sh -c 'cd /var/lib/bivouac && LC_ALL=C sort -u baseline > b && cat b > baseline && rm b'
  exits 0 h1 wipe
  differs h1
  podman exec "$c" rm /etc/owned/unseen
  clean h1
}
t "control: what a doctored baseline hides from the tool, the test sees" blind_tool
no_cut() {
  if killed_at h1 999:effect-after init > /dev/null; then return 1; fi
  wiped h1
}
t "control: a cut that is never met is no kill" no_cut
