# shellcheck shell=sh
# shellcheck disable=SC2154 # the line in front assigns it
# Ends what runs below the loop with the pid $bv_loop, but never the loop: TERM, and KILL after
# five seconds. The line `bv_loop=...` is put in front of it; lines that begin with `#` are removed
# before it is sent. Needs nothing but /proc and sleep: not every host has ps or pkill.

# The loop and what is above it, and its session: sshd gives each command one of its own. What a dead
# parent has left to init is still in it.
bv_above=
bv_pid=$bv_loop
bv_session=
while [ "${bv_pid:-0}" -gt 1 ] && { read -r bv_stat <"/proc/$bv_pid/stat"; } 2>/dev/null; do
  bv_above="$bv_above $bv_pid "
  bv_stat=${bv_stat##*) }
# shellcheck disable=SC2086
  set -- $bv_stat
  bv_session=${bv_session:-$4}
  bv_pid=$2
done
read -r bv_stat <"/proc/$$/stat"
# shellcheck disable=SC2086
set -- ${bv_stat##*) }
# A server that does not do so has us in the same one.
[ "$4" != "$bv_session" ] || bv_session=none

# Prints `pid:start` of every live process below the pids in $1 or in the loop's session. The start time tells a process
# from a later one with the same pid.
below() {
  bv_all=
  for bv_dir in /proc/[0-9]*; do
    { read -r bv_stat <"$bv_dir/stat"; } 2>/dev/null || continue
# The name of the process stands in parentheses and may hold blanks and parentheses.
    bv_stat=${bv_stat##*) }
# shellcheck disable=SC2086
    set -- "$1" $bv_stat
    [ "$2" = Z ] || bv_all="$bv_all ${bv_dir#/proc/}:$3:${21}"
    if [ "$2" != Z ] && [ "$5" = "$bv_session" ]; then
      case $bv_above in *" ${bv_dir#/proc/} "*) ;; *) bv_all="$bv_all ${bv_dir#/proc/}:$bv_loop:${21}" ;; esac
    fi
  done
  bv_seen=" $1 "
  bv_more=yes
  while [ "$bv_more" ]; do
    bv_more=
    for bv_one in $bv_all; do
      bv_pid=${bv_one%%:*}
      bv_parent=${bv_one#*:}
      bv_start=${bv_parent#*:}
      bv_parent=${bv_parent%%:*}
      case $bv_seen in *" $bv_pid "*) continue ;; esac
      case $bv_seen in
      *" $bv_parent "*)
        bv_seen="$bv_seen$bv_pid "
        bv_more=yes
        echo "$bv_pid:$bv_start"
        ;;
      esac
    done
  done
}

# Prints those of $1 (`pid:start` each) that are still alive, and what runs below them or the loop.
alive() {
  bv_roots=$bv_loop
  for bv_old in $1; do
    { read -r bv_stat <"/proc/${bv_old%%:*}/stat"; } 2>/dev/null || continue
    bv_stat=${bv_stat##*) }
# shellcheck disable=SC2086
    set -- "$1" $bv_stat
    if [ "$2" != Z ] && [ "${21}" = "${bv_old#*:}" ]; then
      echo "$bv_old"
      bv_roots="$bv_roots ${bv_old%%:*}"
    fi
  done
  below "$bv_roots"
}

bv_first=$(below "$bv_loop")
for bv_target in $bv_first; do
# A stopped process takes TERM only once it goes on.
  kill -TERM "${bv_target%%:*}" 2>/dev/null
  kill -CONT "${bv_target%%:*}" 2>/dev/null
done
bv_round=0
while [ "$bv_round" -lt 50 ]; do
  bv_left=$(alive "$bv_first")
  [ "$bv_left" ] || exit 0
  bv_round=$((bv_round + 1))
  sleep 0.1
done
for bv_target in $(alive "$bv_first"); do
  kill -KILL "${bv_target%%:*}" 2>/dev/null
done
exit 0
