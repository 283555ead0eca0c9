#!/usr/bin/env bash
# Every verb that changes hosts, with the product's own playbooks on hosts without a real cluster (standin.sh), against kill -9 at every
# entry, before and after its record, after its effect and after its mark, on the host that the verb is about and on the control plane
# that acts. Two ways:
#   walks    the run is killed at one entry after the other, each run going on from the last kill, until it comes to its end: then all is
#            as after an unbroken run. For undos alike, each at its three points.
#   singles  the run is killed once, and all hosts are wiped at once: they are as before.
# Two clusters: one gets a worker, the other a second control plane. Of the second one's singles those are left out whose entry is the same
# as one of the first's: their steps are.
# POINTS=all is all of them, POINTS=walks all walks, POINTS=singles all singles; otherwise a run takes a sample by SEED, which is printed
# (SEED=$RANDOM: another one), of one of the clusters by lot. LANES names lanes: those of a sample are `worker` and `plane`, the others' have
# the points' name behind that.
# shellcheck disable=SC2030,SC2031 # lanes are subshells with variables of their own
# cluster
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/standin.sh"

POINTS=${POINTS:-some}
SEED=${SEED:-20}
DO=(record-before record-after effect-after mark-after) UNDO=(undo-before undo-after undone-after)
echo "# seed $SEED, points: $POINTS"
# What a test says is shown only when it fails; notes go here.
exec 3>&1
standin_bundle v1.20.2

journal() { podman exec "$(container_of "$1" "$2")" cat /var/lib/bivouac/journal 2> /dev/null || :; } # GROUP HOST
# What entries are, by their lines: `NUMBER STEP|KIND|FIRST ARGUMENT`. Other arguments may be a run's own.
what() {
  local line words BV_NL='
'
  while IFS= read -r line; do
    eval "words=(${line% .})"
    echo "${words[1]} ${words[3]}|${words[4]}|${words[6]//$BV_NL/ }"
  done
}
last() { journal "$1" "$2" | awk '$1 == "start" {line = $0} END {if (line) print line; else print "start 0 - - - 0 -"}' | what; }
last_number() { last "$1" "$2" | cut -d' ' -f1; }
standing() { journal "$1" "$2" | awk '$1 == "start" {s[$2]} $1 == "undone" {delete s[$2]} END {for (n in s) print n}' | sort -rn; }
look_before() { local host; for host in a b; do look "$(container_of "$1" "$host")" > "$BASE/$1/$host.look"; snap "$(container_of "$1" "$host")" > "$BASE/$1/$host.snap"; done; }
clean() { look "$(container_of "$1" "$2")" > "$BASE/$1/now" && same "$BASE/$1/$2.look" "$BASE/$1/now"; }
both_clean() { clean "$1" a && clean "$1" b; }
clean_whole() { local host; for host in a b; do snap "$(container_of "$1" "$host")" > "$BASE/$1/now" && same "$BASE/$1/$host.snap" "$BASE/$1/now" || return; done; }

# What the cluster says of itself.
held() { find "$BASE/$1/store/$2" -type f -printf '%f ' 2> /dev/null | tr ' ' '\n' | sort | paste -sd' ' | sed 's/^ //'; }
nodes_are() { [ "$(held "$1" nodes)" = "$2" ] || { echo "the nodes are: $(held "$1" nodes)"; return 1; }; }
no_secret() { [ -z "$(held "$1" secrets)" ] || { echo "left in the cluster: $(held "$1" secrets)"; return 1; }; }
members_are() { [ "$(held "$1" etcd | wc -w)" = "$2" ] || { echo "etcd has the members $(held "$1" etcd)"; return 1; }; }
is_up() { nodes_are "$1" "a b" && no_secret "$1" && members_are "$1" "$2" && exits 0 "$1" all init && unchanged "$1"; }
is_alone() { nodes_are "$1" a && no_secret "$1" && members_are "$1" 1 && clean "$1" b && exits 0 "$1" first init && unchanged "$1"; }

# A run that has nothing to do does not write, not even what is there already.
writes_nothing() { # GROUP VERB...
  local group=$1 host
  shift
  for host in a b; do times "$(container_of "$group" "$host")" > "$BASE/$group/$host.times"; done
  exits 0 "$group" all "$@"
  unchanged "$group"
  for host in a b; do
    times "$(container_of "$group" "$host")" > "$BASE/$group/now"
    [ "$(wc -l < "$BASE/$group/now")" -gt 10000 ]
    same "$BASE/$group/$host.times" "$BASE/$group/now"
  done
}

# cut_at GROUP FILE CUT VERB...: dies at HOST:ENTRY:POINT; its status is $got.
cut_at() {
  local group=$1 file=$2 cut=$3
  shift 3
  got=0
  BIVOUAC_CUT=$cut run "$group" "$file" "$@" 2> /dev/null || got=$?
}
ended_with() {
  echo "$2 it ended with $got"
  grep -h -E '"(step_failed|compared|finding)"' "$BASE/$1/out" | tail -n 4 || :
  tail -n 20 "$BASE/$1/err"
  return 1
}
count_kills() { echo "$1" >> "$BASE/$group/kills"; }

# walk LEAST GROUP FILE HOST POINT|any STRIDE VERB...: killed at every STRIDEth entry that HOST comes to, until the verb ends well, at LEAST
# different ones. Where a run came no further than one before it, because it makes entries anew, the next is killed one further.
walk() {
  local least=$1 group=$2 file=$3 host=$4 points=$5 stride=$6 entry line count=0 point ahead=$6
  local -A seen=()
  shift 6
  RANDOM=$draw
  while :; do
    read -r entry line < <(last "$group" "$host")
    if [ -n "${seen[$line]:-}" ]; then ahead=$((ahead + 1)); else ahead=$stride; fi
    seen[$line]=1
    point=$points
    [ "$point" != any ] || point=${DO[$((RANDOM % 4))]}
    cut_at "$group" "$file" "$host:$((entry + ahead)):$point" "$@"
    if [ "$got" = 0 ]; then break; fi
    [ "$got" = 134 ] || ended_with "$group" "cut at $host:$((entry + ahead)):$point after $count kills" || return
    count=$((count + 1))
    [ "$count" -lt 400 ] || { echo "no end"; return 1; }
  done
  count_kills "$count"
  [ "${#seen[@]}" -ge "$least" ] || { echo "$count kills at only ${#seen[@]} entries where at least $least were expected"; printf '%s\n' "${!seen[@]}"; return 1; }
}
# undo_walk GROUP HOST STRIDE VERB...: killed at every point of every STRIDEth undo of that host, and of the first, until the verb ends well.
undo_walk() {
  local group=$1 host=$2 stride=$3 entry point count=0 n=0
  shift 3
  for entry in $(standing "$group" "$host"); do
    n=$((n + 1))
    if [ $((n % stride)) != 0 ] && [ "$n" != 1 ]; then continue; fi
    for point in "${UNDO[@]}"; do
      cut_at "$group" all "$host:$entry:$point" "$@"
      [ "$got" = 134 ] || ended_with "$group" "cut at $host:$entry:$point after $count kills" || return
      count=$((count + 1))
    done
  done
  cut_at "$group" all - "$@"
  [ "$got" = 0 ] || ended_with "$group" "after $count kills" || return
  count_kills "$count"
  [ "$count" -ge $((3 * 30 / stride)) ] || { echo "only $count kills"; return 1; }
}
# dies GROUP CUT VERB...: it is killed there; `+N` is the Nth entry from where that host is. Some entries are made only where the moment wants
# them: one that would be the next after the last is none, and it is said that nothing was killed.
dies() {
  local group=$1 cut=$2 host entry point
  shift 2
  IFS=: read -r host entry point <<< "$cut"
  if [[ $entry == +* ]]; then cut=$host:$(($(last_number "$group" "$host") + entry)):$point; fi
  cut_at "$group" all "$cut" "$@"
  if [ "$got" = 134 ]; then count_kills 1; return; fi
  if [ "$got" = 0 ] && [[ $entry == +* ]] && [ "$(last_number "$group" "$host")" = $((${cut//[^0-9]/} - 1)) ]; then
    echo "# $group: this time \`$*\` had one entry fewer: no kill at $host:$entry:$point" >&3
    return
  fi
  # What it has done after all is not the next one's to meet.
  ended_with "$group" "cut at $cut" || exits 0 "$group" all wipe || :
  return 1
}
# single GROUP CUT VERB...: killed there, then everything is wiped.
single() { dies "$@" && exits 0 "$1" all wipe && both_clean "$1"; }
# goes_on GROUP CUT JUDGE MEMBERS VERB...: killed there, then it goes on to its end.
goes_on() {
  local group=$1 cut=$2 judge=$3 members=$4
  shift 4
  dies "$group" "$cut" "$@" && exits 0 "$group" all "$@" && "$judge" "$group" "$members"
}

# entries GROUP HOST AFTER: those behind that number, counted from there.
entries() { journal "$1" "$2" | awk -v after="$3" '$1 == "start" && $2 > after {$2 -= after; print}' | what; }

# Unbroken runs; which entries each verb makes on each host is written down, as $dir/VERB-HOST.
learn() {
  local g=$1 dir=$BASE/$1 from
  exits 0 "$g" all init
  is_up "$g" "$2"
  writes_nothing "$g" init
  writes_nothing "$g" join
  entries_of init a 0 && entries_of init b 0
  exits 0 "$g" all wipe
  both_clean "$g"
  clean_whole "$g"
  exits 0 "$g" first init
  from=$(last_number "$g" a)
  exits 0 "$g" all join
  is_up "$g" "$2"
  entries_of join a "$from" && entries_of join b 0
  from=$(last_number "$g" a)
  exits 0 "$g" all remove b
  is_alone "$g"
  entries_of remove a "$from"
  exits 0 "$g" first wipe
  both_clean "$g"
}
entries_of() { # VERB HOST AFTER
  entries "$g" "$2" "$3" > "$dir/$1-$2"
  [ -s "$dir/$1-$2" ]
}
# The same with b as a worker: the entries that the other group's singles have, as $dir/known-VERB.
known() {
  local g=$1 dir=$BASE/$1 from
  sed '/name: b}/s/roles: \[control-plane\]/roles: [worker]/' "$dir/all.yaml" > "$dir/known.yaml"
  exits 0 "$g" known init
  { entries "$g" a 0; entries "$g" b 0; } | cut -d' ' -f2- > "$dir/known-init"
  entries "$g" b 0 | cut -d' ' -f2- > "$dir/known-undo"
  exits 0 "$g" known wipe
  exits 0 "$g" first init
  from=$(last_number "$g" a)
  exits 0 "$g" known join
  { entries "$g" a "$from"; entries "$g" b 0; } | cut -d' ' -f2- > "$dir/known-join"
  from=$(last_number "$g" a)
  exits 0 "$g" known remove b
  entries "$g" a "$from" | cut -d' ' -f2- > "$dir/known-remove"
  exits 0 "$g" first wipe
  both_clean "$g"
}
# The cuts of a verb on a host: all, or as many as asked for. `+N` is the Nth entry from where it begins.
places() { # COUNT GROUP VERB HOST
  local dir=$BASE/$2 from=$BASE/$2/$3-$4 sign=+ points=("${DO[@]}") e what p
  if [ "$3" = undo ]; then from=$dir/init-$4 sign='' points=("${UNDO[@]}"); fi
  while read -r e what; do
    if [ -e "$dir/known-$3" ] && grep -qxF -- "$what" "$dir/known-$3"; then continue; fi
    for p in "${points[@]}"; do echo "$4:$sign$e:$p"; done
  done < "$from" | if [ "$POINTS" = some ]; then shuf -n "$1" --random-source=<(yes "$draw"); else cat; fi
}

walks() { # GROUP MEMBERS
  local g=$1 members=$2 stride=1 points=("${DO[@]}") point host
  if [ "$POINTS" = some ]; then stride=$((RANDOM % 4 + 12)) points=(any); fi
  # All but one or two that are made only where the moment wants them; of a sample its part.
  least() { echo $((($(wc -l < "$BASE/$g/$1") - 2) / $2)); }
  for point in "${points[@]}"; do
    for host in a b; do
      draw=$RANDOM
      t "$g: init is killed at its entries on $host ($point) and goes on each time" walk "$(least "init-$host" "$stride")" "$g" all "$host" "$point" "$stride" init
      t "$g: then it is as after an unbroken one" is_up "$g" "$members"
      if [ "$point" = "${points[0]}" ]; then
        t "$g: the wipe of $host is killed at its undos and goes on each time" undo_walk "$g" "$host" "$stride" wipe
      else
        t "$g: the wipe" exits 0 "$g" all wipe
      fi
      t "$g: then both are as before" both_clean "$g"
    done
    t "$g: a control plane" exits 0 "$g" first init
    draw=$RANDOM
    t "$g: join is killed at its entries on b ($point) and goes on each time" walk "$(least join-b "$stride")" "$g" all b "$point" "$stride" join
    t "$g: then it is as after an unbroken one" is_up "$g" "$members"
    if [ "$point" = "${points[0]}" ]; then
      t "$g: remove is killed at its undos and goes on each time" undo_walk "$g" b "$stride" remove b
    else
      t "$g: remove" exits 0 "$g" all remove b
    fi
    t "$g: then it is as after an unbroken one" is_alone "$g"
    t "$g: the wipe leaves nothing" exits 0 "$g" all wipe
    t "$g: to both looks" clean_whole "$g"
  done
}
# What a join, or a removal, does on the control plane that acts is little, and some of it is made anew by each run: a cluster for each place.
acts() { # GROUP MEMBERS SOME
  local g=$1 members=$2 at
  draw=$RANDOM
  for at in $(places "$3" "$g" join a); do
    t "$g: a control plane" exits 0 "$g" first init
    t "$g: join killed at $at goes on, as after an unbroken one" goes_on "$g" "$at" is_up "$members" join
    t "$g: the wipe" exits 0 "$g" all wipe
  done
  for at in $(places "$3" "$g" remove a); do
    t "$g: a cluster of both" exits 0 "$g" all init
    t "$g: remove killed at $at goes on, as after an unbroken one" goes_on "$g" "$at" is_alone - remove b
  done
  t "$g: the wipe leaves nothing" exits 0 "$g" all wipe
  t "$g: to both looks" clean_whole "$g"
}
singles() { # GROUP SOME
  local g=$1 some=$2 host at
  for host in a b; do
    draw=$RANDOM
    for at in $(places "$some" "$g" init "$host"); do t "$g: init killed at $at, wipe: as before" single "$g" "$at" init; done
    for at in $(places "$some" "$g" join "$host"); do
      t "$g: a control plane" exits 0 "$g" first init
      t "$g: join killed at $at, wipe: as before" single "$g" "$at" join
    done
  done
  draw=$RANDOM
  for at in $(places "$some" "$g" remove a; places "$some" "$g" undo b); do
    t "$g: a cluster of both" exits 0 "$g" all init
    t "$g: remove killed at $at, wipe: as before" single "$g" "$at" remove b
  done
  t "$g: all is as before, by snap.sh" clean_whole "$g"
}
tour() { # GROUP MEMBERS POINTS
  local g=$1
  RANDOM=$SEED
  t "$g: unbroken runs of init, join, remove and wipe" learn "$g" "$2"
  case $g in plane*singles) t "$g: the entries of a cluster with a worker" known "$g" ;; esac
  # Without that nothing can be placed.
  [ "$_failed" = 0 ] || return
  if [ "$3" != singles ]; then walks "$g" "$2" && acts "$g" "$2" 1; fi
  if [ "$3" != walks ]; then singles "$g" 1; fi
  echo "# $g: $(awk '{n += $1} END {print n + 0}' "$BASE/$g/kills") kills"
}

case $POINTS in
  some) lanes=$(shuf -n 1 -e worker plane) ;;
  all) lanes="worker-walks worker-singles plane-walks plane-singles" ;;
  *) lanes="worker-$POINTS plane-$POINTS" ;;
esac
wanted=${LANES:-$lanes}
for g in $wanted; do
  case $g in
    worker*) group "$g" "network: {}" a:control-plane b:worker ;;
    # Alone the control plane is found by its own address: a join gives the cluster another.
    plane*) group "$g" "network: {}" a:control-plane b:control-plane ;;
  esac
  look_before "$g"
  case $g in worker*) members=1 ;; plane*) members=2 ;; esac
  lane "$g" "$BASE/$g/t" tour "$g" "$members" "${g#*-}"
done
lanes_end

# The judges can say no.
g=${wanted##* }
planted() {
  exits 0 "$g" all init
  echo planted > "$BASE/$g/store/nodes/planted"
  if is_up "$g" 1 > /dev/null || is_up "$g" 2 > /dev/null; then return 1; fi
  rm "$BASE/$g/store/nodes/planted"
  # Called as a cluster's file is, it is one that is left.
  podman exec "$(container_of "$g" b)" touch /etc/sysctl.d/planted-k8s.conf
  exits 6 "$g" all wipe
  grep -q planted-k8s "$BASE/$g/err"
  if both_clean "$g" > /dev/null || clean_whole "$g" > /dev/null; then return 1; fi
  podman exec "$(container_of "$g" b)" rm /etc/sysctl.d/planted-k8s.conf
  exits 0 "$g" all wipe && both_clean "$g"
}
t "control: a planted node and a planted file are seen" planted
no_kill() {
  if single "$g" b:999:effect-after init > /dev/null; then return 1; fi
  exits 0 "$g" all wipe && both_clean "$g"
}
t "control: a cut that is never met is no kill" no_kill
