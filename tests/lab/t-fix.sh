#!/usr/bin/env bash
# preflight --fix: what is found is repaired through the journal, by name and on the hosts that have it; then nothing is found, an
# install goes on from there, and a wipe brings all of it back, also after a repair that was cut off. Where nothing can be repaired
# nothing is touched.
# shellcheck disable=SC2016 # what is in single quotes the host expands
# in turn
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/fast.sh"

read -r _ address host < <(hosts h1)
cluster_of h1 "$address"
owner "$host"
on_host() { podman exec -i "$host" sh -c "$1"; }

# The kernel's swap is the whole machine's, so a file takes the place of the kernel's list, and two scripts write it.
podman exec -i "$host" sh -e << 'S'
printf 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n' > /run/swaps
mount --bind /run/swaps /proc/swaps
cat > /usr/local/sbin/swapon << 'X'
#!/bin/sh
priority=-2
[ "$1" != -p ] || { priority=$2; shift 2; }
[ "$1" != -- ] || shift
printf '%s\tpartition\t1048572\t\t0\t\t%s\n' "$(printf '%s' "$1" | sed 's/ /\\040/g')" "$priority" >> /run/swaps
X
cat > /usr/local/sbin/swapoff << 'X'
#!/bin/sh
[ "$1" != -- ] || shift
name=$(printf '%s' "$1" | sed 's/ /\\040/g')
grep -qF "$name" /run/swaps || { echo "swapoff: $1: not there" >&2; exit 255; }
left=$(grep -vF "$name" /run/swaps)
printf '%s\n' "$left" > /run/swaps
X
chmod +x /usr/local/sbin/swapon /usr/local/sbin/swapoff
printf '# the owner'\''s\nUUID=1 / ext4 defaults 0 1\nUUID=2\tnone\tswap\tsw\t0 0\n\t /swap\\040file none swap defaults,pri=5 0 0 # second\n#UUID=3 none swap sw 0 0\n' > /etc/fstab
chown ops:ops /etc/fstab && chmod 0640 /etc/fstab
S
# ours NAME VERB...: as `run`, with the playbooks of the program itself.
ours() {
  local name=$1
  shift
  "$BIVOUAC" -f "$TMP/$name.yaml" --accept-new-host-keys --yes --log-dir "$TMP/log-$name" --output json "$@" > "$TMP/$name.out" 2> "$TMP/$name.err" < /dev/null
}
# ends STATUS NAME VERB...
ends() {
  local want=$1 got=0
  shift
  ours "$@" || got=$?
  [ "$got" = "$want" ] || { echo "\`${*:2}\` ended with $got where $want was expected"; cat "$TMP/$1.err"; tail -n 5 "$TMP/$1.out"; return 1; }
}
says() { grep -hF -- "$1" "$TMP/h1.out" "$TMP/h1.err" > /dev/null || { echo "not said: $1"; cat "$TMP/h1.err"; return 1; }; }
untouched() { on_host '[ ! -e /var/lib/bivouac ] && [ ! -e /run/bivouac ]'; }
state() { on_host 'cat /etc/fstab /run/swaps; stat -c "%a %U:%G" /etc/fstab'; }

# A host that SwapAtBoot would speak of has its line, and no swap yet.
on_host 'cp -a /etc/fstab /etc/fstab.full && sed -i /swap/d /etc/fstab'
nothing() { ends 0 h1 preflight --fix && untouched && ! grep -q step_started "$TMP/h1.out"; }
t "without a finding nothing is touched" nothing

on_host 'mv /etc/fstab.full /etc/fstab; systemctl daemon-reload; swapon /dev/vda2; swapon -p 5 "/swap file"'
state > "$TMP/state"
snap "$host" > "$TMP/before"
found() {
  ends 3 h1 preflight
  grep '"name":"Swap"' "$TMP/h1.out" > "$TMP/finding"
  grep -F '"command":"swapoff -a' "$TMP/finding" && grep -F '"repairs":true' "$TMP/finding" && grep -F '"phase":"kubelet"' "$TMP/finding" && untouched
}
t "swap is found, with what to type, and can be repaired" found
on_host 'mount --bind /opt /opt; mount -o remount,bind,ro /opt'
refused() { ends 3 h1 preflight --fix && says Writable && says "nothing is repaired on any host" && untouched; }
t "where changes cannot be made nothing is repaired" refused
on_host 'umount /opt'
mapfile -t skips < <("$BIVOUAC" preflight --list | sed -n 's/^\(Swap[A-Za-z]*\) .*/--skip\n\1/p')
skipped() { ends 0 h1 preflight "${skips[@]}" && grep -F '"event":"skipped","name":"Swap"' "$TMP/h1.out"; }
t "what is skipped is said to be" skipped

for point in 1:record-after 1:effect-after; do
  cut() {
    local got=0
    BIVOUAC_CUT=h1:$point ours h1 preflight --fix || got=$?
    [ "$got" != 0 ] || { echo "the cut was not made"; return 1; }
    exits 0 h1 wipe && snap "$host" > "$TMP/after" && same "$TMP/before" "$TMP/after" && state | cmp - "$TMP/state"
  }
  t "a repair that is cut off at $point is taken back by a wipe" cut
done

repaired() {
  ends 0 h1 preflight --fix && says "one host was repaired"
  on_host '[ "$(wc -l < /proc/swaps)" = 1 ] && [ "$(stat -c "%a %U:%G" /etc/fstab)" = "640 ops:ops" ]'
  on_host 'grep -c "^# bivouac: " /etc/fstab' | grep -qx 2
  on_host 'grep -qx "UUID=1 / ext4 defaults 0 1" /etc/fstab && grep -qx "#UUID=3 none swap sw 0 0" /etc/fstab'
}
t "it is repaired, now and for the next boot, and nothing is found any more" repaired
again() { ends 0 h1 preflight --fix && ! grep -q step_started "$TMP/h1.out"; }
t "a second repair has nothing to do" again
goes_on() { exits 0 h1 init; }
t "an install goes on from there" goes_on
wiped() { exits 0 h1 wipe && snap "$host" > "$TMP/after" && same "$TMP/before" "$TMP/after" && state | cmp - "$TMP/state"; }
t "a wipe brings all of it back: 0 differences" wiped

# The clock cannot be set in a container, nor is it its own: `date` is told to be late, and a stand-in for timedatectl, which switches a stand-in
# for the time service on, makes it right. Inotify's limits are the machine's, so files take their place.
podman exec -i "$host" sh -e << 'S'
mkdir -p /run/clock /run/kernel
echo no > /run/clock/ntp
cat > /usr/local/sbin/date << 'X'
#!/bin/sh
if [ "$(cat /run/clock/ntp)" = no ] && [ "$*" = +%s%N ]; then echo "$(($(/bin/date +%s%N) - 90000000000))"; else exec /bin/date "$@"; fi
X
cat > /usr/local/sbin/timedatectl << 'X'
#!/bin/sh
case $* in
'show -p CanNTP --value') echo yes ;;
'show -p NTP --value' | 'show -p NTPSynchronized --value') cat /run/clock/ntp ;;
'set-ntp true') echo yes > /run/clock/ntp ;;
'set-ntp false') echo no > /run/clock/ntp ;;
*) exit 64 ;;
esac
X
chmod +x /usr/local/sbin/date /usr/local/sbin/timedatectl
for it in instances:8 watches:2000000; do
  echo "${it#*:}" > "/run/kernel/${it%:*}"
  mount --bind "/run/kernel/${it%:*}" "/proc/sys/fs/inotify/max_user_${it%:*}"
done
# The swap of before is not asked about again.
swapoff -- /dev/vda2; swapoff -- '/swap file'; sed -i '/swap/d' /etc/fstab
S
snap "$host" > "$TMP/before"
limits() { on_host 'cat /proc/sys/fs/inotify/max_user_instances /proc/sys/fs/inotify/max_user_watches /run/clock/ntp' | paste -sd ' '; }
late() {
  ends 3 h1 preflight
  for name in Clock InotifyLimits; do grep "\"name\":\"$name\"" "$TMP/h1.out" | grep -F '"repairs":true' || return 1; done
  [ "$(limits)" = "8 2000000 no" ] && untouched
}
t "a clock that is late and few watchers are found, and can be repaired" late
mended() {
  ends 0 h1 preflight --fix && says "one host was repaired"
  # What is larger stays.
  [ "$(limits)" = "8192 2000000 yes" ] || { limits; return 1; }
  on_host 'grep -qx "fs.inotify.max_user_instances = 8192" /etc/sysctl.d/80-inotify.conf'
}
t "both are repaired, and nothing is found any more" mended
taken_back() { exits 0 h1 wipe && [ "$(limits)" = "8 2000000 no" ] && snap "$host" > "$TMP/after" && same "$TMP/before" "$TMP/after"; }
t "a wipe brings the clock's service and the limits back: 0 differences" taken_back
