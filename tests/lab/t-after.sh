#!/usr/bin/env bash
# A wipe after anything, on hosts with a stand-in for the cluster (standin.sh): a full disk, one without inodes, file systems that turned read-only or
# do not answer, a broken dpkg, a dead or hung containerd, a host that was rebooted in the middle of an install or of a wipe, one that is gone. Each
# time: the exit status, what is said, and by snap.sh that the host is as before the install, in the end at the latest. Then what a second wipe costs,
# and that what is planted afterwards is named. LANES names lanes: full inodes readonly hung boot packages runtime gone planted.
# shellcheck disable=SC2016,SC2030,SC2031 # what is in single quotes the host expands; lanes are subshells with variables of their own
# in turn
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/standin.sh"
standin_bundle v1.20.2
LANES=${LANES:-full inodes readonly hung boot packages runtime gone planted}

on() { podman exec -i "$(container_of "$g" "$1")" sh -c "$2"; }
bash_on() { podman exec -i "$(container_of "$g" "$1")" bash -euo pipefail -s; }
# What snap.sh sees of a host, and the directories that may be on other file systems.
state() {
  snap "$(container_of "$g" "$1")"
  on "$1" 'for d in /etc /usr/local /opt /root; do ! mountpoint -q "$d" || find "$d" -xdev -printf "more %y %m %u:%g %p %l\n"; done' | LC_ALL=C sort
}
noted() { local host; for host; do state "$host" > "$BASE/$g/$host.state"; done; }
as_before() { local host; for host; do state "$host" > "$BASE/$g/now" && same "$BASE/$g/$host.state" "$BASE/$g/now" || return; done; }
# said WORDS...: each of them, by the last run.
said() { local word; for word; do grep -qF -- "$word" "$BASE/$g/err" || { echo "not said: $word"; cat "$BASE/$g/err"; return 1; }; done; }
init() { exits 0 "$g" all init; }
wiped() { exits 0 "$g" all wipe && as_before a; }
# cut POINT VERB...: the host and its operator die there.
cut() {
  local at=$1 got=0
  shift
  BIVOUAC_CUT=$at run "$g" all "$@" 2> /dev/null || got=$?
  [ "$got" = 134 ] || { echo "\`$*\` was to be cut off at $at and ended with $got"; tail -n 20 "$BASE/$g/err"; return 1; }
}
# bare STATUS VERB HOST...: a verb on hosts by their addresses.
bare() {
  local expected=$1 verb=$2 got=0 host addresses=() more=()
  shift 2
  for host; do case $host in -*) more+=("$host") ;; *) addresses+=("$(sed -n "s/^$host \([^ ]*\) .*/\1/p" "$BASE/$g/hosts")") ;; esac; done
  "$BIVOUAC" "$verb" "${more[@]}" "${addresses[@]}" -u root --private-key "$LAB_KEY" --accept-new-host-keys --log-dir "$BASE/$g/log-bare" > "$BASE/$g/out" 2> "$BASE/$g/err" < /dev/null || got=$?
  cat "$BASE/$g/out" >> "$BASE/$g/err"
  [ "$got" = "$expected" ] || { echo "\`$verb ${more[*]} $*\` ended with $got where $expected was expected"; cat "$BASE/$g/err"; return 1; }
}
# within SECONDS COMMAND...: not longer. On a busy machine it takes a third of that; who waits for what does not answer waits for minutes.
within() {
  local most=$1 start=$EPOCHREALTIME took
  shift
  "$@" || return
  took=$(echo "$EPOCHREALTIME - $start" | bc)
  echo "# $g: $*: $took s" >&3
  [ "$(echo "$took <= $most" | bc)" = 1 ] || { echo "it took $took s, at most $most were expected"; return 1; }
}
# What another installer left, and what is the owner's beside it.
leftovers() {
  bash_on "$1" <<'S'
mkdir -p /etc/kubernetes/manifests /var/lib/kubelet/pods/1/volumes; echo x > /etc/kubernetes/manifests/etcd.yaml; echo x > /var/lib/kubelet/config.yaml
iptables -t nat -N KUBE-SERVICES
S
}

# A small disk of its own for all that is written to: /var, /etc, /usr/local, /opt, /root.
small_disk() {
  bash_on a <<'S'
for n in $(seq 0 63); do [ -e /dev/loop$n ] || mknod /dev/loop$n b 7 $n; done
truncate -s 400M /small.img; mkfs.ext4 -q -m 0 -N 30000 /small.img; mkdir /small; mount -o loop /small.img /small
for d in var etc usr/local opt root; do mkdir -p /small/$d; cp -a /$d/. /small/$d/; mount --bind /small/$d /$d; done
rm -rf /small/var/log/journal; systemctl daemon-reload
cat > /run/taker.pl <<'P'
# Takes whatever is free, blocks or inodes, and goes on taking it.
my ($what) = @ARGV;
my $n = 0;
mkdir '/small/taken';
open(my $blocks, '>>', '/small/taken/blocks') or die;
while (1) {
  if ($what eq 'blocks') { 1 while (syswrite($blocks, "\1" x 1048576) || 0) > 0; 1 while (syswrite($blocks, "\1" x 1024) || 0) > 0 }
  else { while (open(my $file, '>', '/small/taken/' . $n)) { $n++ } }
  open(my $full, '>', '/run/full');
  close $full;
  select(undef, undef, undef, 0.01);
}
P
S
}
# fill blocks|inodes; free: somebody takes all that is free for as long as it lasts.
fill() {
  on a 'rm -f /run/full'
  podman exec -d "$(container_of "$g" a)" perl /run/taker.pl "$1"
  comes on a '[ -e /run/full ]'
}
# The taker may be about to.
is_full() { comes has_no_room; }
has_no_room() { if on a 'echo x > /var/lib/probe' 2> /dev/null && [ -n "$(on a 'cat /var/lib/probe')" ]; then on a 'rm /var/lib/probe'; return 1; fi; on a 'rm -f /var/lib/probe'; }
free() { on a 'pkill -KILL -f [t]aker.pl; while pkill -0 -f [t]aker.pl; do :; done; rm -rf /small/taken'; }
full_install() {
  fill "$1"
  exits 1 "$g" all init
  said 'No space left on device'
  is_full
  exits 0 "$g" all wipe
  free
  as_before a
}
half_install() {
  cut a:20:effect-after init
  fill "$1"
  exits 1 "$g" all init
  said 'No space left on device' 'go on with: bivouac'
  exits 0 "$g" all wipe
  is_full
  free
  as_before a
}
full_wipe() {
  init
  fill "$1"
  within 45 exits 0 "$g" all wipe
  is_full
  free
  as_before a
}
torn() {
  init
  on a 'printf "undone 3" >> /var/lib/bivouac/journal'
  fill "$1"
  exits 0 "$g" all wipe
  free
  as_before a
}
# The owner's file that ours had replaced: the saved one takes its name back.
restored() {
  on a 'mkdir -p /var/lib/own/before && echo "of the owner" > /var/lib/own/before/file && chmod 640 /var/lib/own/before/file && echo ours > /var/lib/own/file'
  fill "$1"
  { cat "$ROOT/src/host/journal.sh" "$ROOT/src/host/kind/file.sh"; echo 'BV_RUN=x bv_saved=/var/lib/own/before; bv_restore_path /var/lib/own/file 0644 root:root "$(sha256sum < /var/lib/own/file | cut -d " " -f 1)" present'; } | on a 'sh -s'
  is_full
  on a '[ "$(cat /var/lib/own/file) $(stat -c %a /var/lib/own/file)" = "of the owner 640" ]'
  free
  on a 'rm -r /var/lib/own'
}
full_foreign() {
  leftovers a
  fill "$1"
  bare 1 wipe a --foreign --yes
  said 'No space left on device'
  on a '[ -e /etc/kubernetes/manifests/etcd.yaml ] && [ -e /var/lib/kubelet/config.yaml ] && iptables -t nat -S KUBE-SERVICES'
  free
  bare 0 wipe a --foreign --yes
  as_before a
}
on_full() {
  local what=$1
  # Not everything is told by the sizes of a stand-in's files.
  sed -i 's/SystemVerification/SystemVerification, DiskSpace, DiskInodes, DiskPressure/' "$BASE/$g/all.yaml"
  small_disk > "$BASE/$g/disk" 2>&1 || cat "$BASE/$g/disk"
  noted a
  t "$g: an install on a full disk fails by name, and the wipe after it leaves nothing" full_install "$what"
  [ "$what" != blocks ] || t "$g: an install that was cut off and then has no room fails by name, and its wipe needs none" half_install "$what"
  t "$g: a wipe needs no room, and is proven" full_wipe "$what"
  t "$g: nor with a torn journal" torn "$what"
  [ "$what" != blocks ] || t "$g: nor for a file that we had replaced" restored "$what"
  t "$g: what another installer left is not touched where no entry can be written, and the cause is named" full_foreign "$what"
}
full() { on_full blocks; }
inodes() { on_full inodes; }

# writable|readonly PATH: a mount of its own on it turns.
readonly_mount() { on a "mount --bind $1 $1 && mount -o remount,bind,ro $1"; }
unmount() { on a "umount $1"; }
ours_readonly() {
  init
  on a 'mount -o remount,ro /var/lib/bivouac'
  exits 1 "$g" all wipe
  said 'Read-only file system' '`/var/lib/bivouac` stays'
  on a '[ ! -e /etc/kubernetes ] && [ ! -e /var/lib/kubelet ] && [ ! -e /usr/local/bin/kubelet ] && [ -e /var/lib/bivouac/journal ]'
  on a 'mount -o remount,rw /var/lib/bivouac'
  wiped
}
var_readonly() {
  init
  readonly_mount /var
  exits 1 "$g" all wipe
  said 'Read-only file system' '/var/lib/kubelet'
  on a '[ ! -e /etc/kubernetes ] && [ ! -e /usr/local/bin/kubelet ] && [ -e /var/lib/kubelet ] && [ -e /var/lib/bivouac/journal ]'
  unmount /var
  wiped
}
etc_readonly() {
  init
  readonly_mount /etc
  exits 1 "$g" all wipe
  said 'Read-only file system' '/etc/'
  on a '[ ! -e /var/lib/kubelet ] && [ ! -e /var/lib/etcd ] && [ ! -e /usr/local/bin/kubelet ] && [ -e /etc/kubernetes ] && ! systemctl -q is-active kubelet.service containerd.service'
  unmount /etc
  wiped
}
disk_readonly() {
  init
  on a 'mount -o remount,ro /var/lib/etcd'
  exits 1 "$g" all wipe
  said 'Read-only file system' '/var/lib/etcd'
  on a '[ ! -e /var/lib/kubelet ] && [ ! -e /etc/kubernetes ] && [ -e /var/lib/etcd/member ]'
  on a 'mount -o remount,rw /var/lib/etcd'
  wiped
}
volume_readonly() {
  init
  on a 'mkdir -p /var/lib/kubelet/pods/1/volumes/ro && mount --bind /srv/data /var/lib/kubelet/pods/1/volumes/ro && mount -o remount,bind,ro /var/lib/kubelet/pods/1/volumes/ro'
  wiped
}
readonly_() {
  on a 'mkdir -p /srv/data && echo precious > /srv/data/file'
  noted a
  t "readonly: all of /var: the rest is undone" var_readonly
  t "readonly: /etc: what is in it is named, the rest is undone" etc_readonly
  on a 'mkdir /var/lib/etcd /var/lib/bivouac && mount -t tmpfs etcd /var/lib/etcd && mount -t tmpfs -o mode=0700 own /var/lib/bivouac'
  noted a
  t "readonly: our own directory: the rest is undone, and that the journal stays is said" ours_readonly
  t "readonly: etcd's own disk: it is named, the rest is undone" disk_readonly
  t "readonly: a volume: it is unmounted, and what is in it stays" volume_readonly
}

# hang PATH: a file system that never answers is mounted there.
hang() {
  podman exec -d "$(container_of "$g" a)" python3 -c '
import ctypes, os, sys, time
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"nfs.example:/gone", sys.argv[1].encode(), b"fuse", 0, b"fd=%d,rootmode=40000,user_id=0,group_id=0" % fd):
    raise OSError(ctypes.get_errno(), "mount")
time.sleep(1000000)' "$1"
  comes on a "grep -q ' $1 ' /proc/self/mountinfo"
}
# Its program is gone: what waited for it gets an error.
answers() { on a 'pkill -KILL -f [n]fs.example; while pkill -0 -f [n]fs.example; do :; done; umount -l /srv/far 2> /dev/null; rmdir /srv/far 2> /dev/null; :'; }
far_since() {
  init
  on a 'mkdir -p /srv/far /var/lib/kubelet/pods/1/volumes/far'
  hang /srv/far
  hang /var/lib/kubelet/pods/1/volumes/far
  within 45 exits 0 "$g" all wipe
  said '/srv/far'
  on a 'grep -q " /srv/far " /proc/self/mountinfo'
  answers
  as_before a
}
far_before() {
  on a 'mkdir -p /srv/far'
  hang /srv/far
  within 60 exits 0 "$g" all init
  within 45 exits 0 "$g" all wipe
  on a 'grep -q " /srv/far " /proc/self/mountinfo'
  answers
  as_before a
}
far_foreign() {
  leftovers a
  on a 'mkdir -p /srv/far /var/lib/kubelet/pods/1/volumes/far'
  hang /srv/far
  hang /var/lib/kubelet/pods/1/volumes/far
  within 45 bare 6 verify-clean a
  within 45 bare 0 wipe a --foreign --yes
  on a 'grep -q " /srv/far " /proc/self/mountinfo'
  within 45 bare 0 verify-clean a
  answers
  as_before a
}
hung() {
  noted a
  t "hung: mounts that do not answer since the install hold up no wipe; the owner's stays" far_since
  t "hung: one that does not answer holds up no install either" far_before
  t "hung: nor a look for leftovers, or their wipe" far_foreign
}

reboot() {
  local c
  c=$(container_of "$g" a)
  unset "PID_${c//[^a-z0-9]/_}"
  command podman restart -t 0 "$c" > "$BASE/$g/restart" 2>&1 || { cat "$BASE/$g/restart"; return 1; }
  "$LAB_DIR/hosts.sh" kernel "$c"
  comes timeout 5 bash -c 'exec 3<> "/dev/tcp/$0/22" && IFS= read -r -t 4 line <&3 && [[ $line == SSH-2.0-* ]]' "$(sed -n "s/^a \([^ ]*\) .*/\1/p" "$BASE/$g/hosts")"
  comes podman exec "$c" sh -c 'case $(systemctl is-system-running) in running | degraded) ;; *) exit 1 ;; esac'
}
rebooted() { # POINT VERB...
  [ "$2" = init ] || init
  cut "a:$1" "${@:2}"
  reboot
  wiped
}
whole_boot() { init && reboot && comes on a 'systemctl -q is-active kubelet.service containerd.service' && wiped; }
goes_on() { cut a:43:record-after init && reboot && init && wiped; }
boot() {
  local at
  # So that what a first boot makes was there before.
  reboot > /dev/null 2>&1
  noted a
  for at in open:made 20:record-after 43:record-after; do t "boot: in mid-install at $at, wipe" rebooted "$at" init; done
  for at in 46:undo-after 20:undone-after close:proven; do t "boot: in mid-wipe at $at, wipe" rebooted "$at" wipe; done
  t "boot: of a cluster that runs, wipe" whole_boot
  t "boot: in the middle of kubeadm; the install goes on" goes_on
}

# A package of the owner's with a postinst that says that it was called, and does not end well.
own_package() { # NAME LINE
  bash_on a <<S
mkdir -p /run/deb/DEBIAN; printf 'Package: $1\nVersion: 1\nArchitecture: all\nMaintainer: lab <lab@example>\nDescription: for the lab\n' > /run/deb/DEBIAN/control
printf '#!/bin/sh\necho called >> /srv/$1.calls\n$2\n' > /run/deb/DEBIAN/postinst; chmod 755 /run/deb/DEBIAN/postinst
dpkg-deb --build --root-owner-group /run/deb /run/$1.deb > /dev/null; rm -r /run/deb
S
}
status_of() { on a "dpkg-query -W -f '\${db:Status-Abbrev}' $1 2> /dev/null" | tr -d ' '; }
brought() { [ "$(status_of ethtool)" = ii ]; }
half_configured() {
  init
  brought
  on a 'dpkg -i /run/own-broken.deb > /dev/null 2>&1'  || :
  [ "$(status_of own-broken)" = iF ]
  exits 0 "$g" all wipe
  said own-broken
  # What is the owner's he mends himself.
  [ "$(status_of own-broken)" = iF ]
  [ "$(on a 'wc -l < /srv/own-broken.calls')" = 1 ]
  on a 'dpkg --purge own-broken > /dev/null 2>&1; rm /srv/own-broken.calls'
  as_before a
}
interrupted() {
  init
  brought
  # Killed in the middle: its own journal stays.
  podman exec -d "$(container_of "$g" a)" dpkg -i /run/own-slow.deb
  comes on a '[ -e /srv/own-slow.calls ]'
  on a 'pkill -KILL -x dpkg; pkill -KILL -f [o]wn-slow.postinst; [ -n "$(ls -A /var/lib/dpkg/updates)" ]'
  exits 0 "$g" all wipe
  [ "$(on a 'wc -l < /srv/own-slow.calls')" = 1 ]
  on a 'dpkg --purge --force-remove-reinstreq own-slow > /dev/null 2>&1; rm /srv/own-slow.calls'
  as_before a
}
unreadable() {
  init
  brought
  on a 'cp -a /var/lib/dpkg/status /srv/status && printf "garbage\n" >> /var/lib/dpkg/status'
  exits 1 "$g" all wipe
  said 'dpkg'
  on a '[ ! -e /etc/kubernetes ] && [ ! -e /var/lib/kubelet ] && [ ! -e /usr/local/bin/kubelet ] && [ -e /var/lib/bivouac/journal ]'
  on a 'cp -a /srv/status /var/lib/dpkg/status && rm /srv/status'
  wiped
}
ours_half() {
  init
  brought
  # As one that was killed leaves them.
  on a 'sed -i "/^Package: ethtool$/,/^$/s/^Status: .*/Status: install ok half-configured/" /var/lib/dpkg/status'
  wiped
}
packages() {
  own_package own-broken 'exit 1'
  own_package own-slow 'sleep 1000'
  on a 'dpkg --purge ethtool > /dev/null 2>&1'
  noted a
  t "packages: one of the owner's that is half configured stays so, and ours go" half_configured
  t "packages: an interrupted dpkg is the owner's to mend, and ours go" interrupted
  t "packages: a database that cannot be read is named, the rest is undone; mended, the next wipe ends it" unreadable
  t "packages: ours that are half configured go" ours_half
}

containerd_pid() { on a 'systemctl show -p MainPID --value containerd.service'; }
killed() { init && on a 'systemctl mask -q --runtime containerd.service; systemctl kill -s KILL containerd.service; rm -rf /run/containerd; systemctl unmask -q --runtime containerd.service' && within 45 exits 0 "$g" all wipe && as_before a; }
removed() { init && on a 'rm -f /usr/local/bin/containerd /usr/local/bin/ctr /usr/local/bin/crictl /usr/local/bin/runc' && within 45 exits 0 "$g" all wipe && as_before a; }
stopped() {
  init
  on a "kill -STOP $(containerd_pid)"
  if on a 'timeout 2 ctr -n k8s.io images ls'; then echo "the stand-in answers"; return 1; fi
  within 45 exits 0 "$g" all wipe
  as_before a
}
kubelet_stopped() { init && on a 'systemctl kill -s STOP kubelet.service' && within 45 exits 0 "$g" all wipe && as_before a; }
failing() { init && on a 'systemctl stop containerd.service; printf "#!/bin/sh\nexit 1\n" > /usr/local/bin/containerd; systemctl start containerd.service; :' && exits 6 "$g" all wipe && said /usr/local/bin/containerd && on a 'rm -f /usr/local/bin/containerd' && wiped; }
runtime() {
  noted a
  t "runtime: containerd was killed, and its socket is gone" killed
  t "runtime: its programs are gone" removed
  t "runtime: it does not answer: a wipe does not wait for it" stopped
  t "runtime: nor for a kubelet that does not answer" kubelet_stopped
  t "runtime: its program was replaced: that is kept and named, exit 6" failing
}

one_gone() {
  init
  comes command podman pause "$(container_of "$g" b)" > /dev/null
  local status=0
  exits 1 "$g" all wipe --timeout 3 || status=1
  command podman unpause "$(container_of "$g" b)" > /dev/null
  [ "$status" = 0 ]
  said 'b: `wipe: connect` did not work' 'was silent'
  as_before a c
  on b '[ -e /etc/kubernetes/kubelet.conf ] && [ -e /var/lib/bivouac/journal ]'
}
alone_again() {
  exits 0 "$g" all wipe
  # The others had nothing more to undo.
  [ "$(grep -c '"changed":true' "$BASE/$g/out")" -gt 20 ]
  if grep '"changed":true' "$BASE/$g/out" | grep -v '"host":"b"'; then return 1; fi
  as_before b
}
foreign_gone() {
  leftovers a
  leftovers c
  comes command podman pause "$(container_of "$g" b)" > /dev/null
  local status=0
  bare 4 verify-clean a b c --timeout=3 || status=1
  bare 1 wipe a b c --foreign --yes --timeout=3 || status=1
  command podman unpause "$(container_of "$g" b)" > /dev/null
  [ "$status" = 0 ]
  said 'was silent'
  as_before a c
}
gone() {
  noted a b c
  t "gone: one of three is reported, the others are wiped, exit 1" one_gone
  t "gone: back, it is wiped alone" alone_again
  t "gone: so it is where another installer made them" foreign_gone
}

quiet() {
  init
  wiped
  times "$(container_of "$g" a)" > "$BASE/$g/times"
  within 5 exits 0 "$g" all wipe
  unchanged "$g"
  [ "$(grep -c '"step_done"' "$BASE/$g/out")" = 1 ]
  times "$(container_of "$g" a)" > "$BASE/$g/times.now"
  same "$BASE/$g/times" "$BASE/$g/times.now"
  within 10 bare 0 verify-clean a
  said 'clean of what is known'
}
plant() { on a 'mkdir -p /etc/kubernetes && echo x > /etc/kubernetes/x && iptables -N KUBE-PLANTED && ip link add cni0 type bridge && printf "[Service]\nExecStart=/usr/bin/kubelet\n" > /etc/systemd/system/kubelet.service'; }
unplant() { on a 'rm -rf /etc/kubernetes /etc/systemd/system/kubelet.service; iptables -X KUBE-PLANTED; ip link del cni0; nft delete table ip filter 2> /dev/null; systemctl daemon-reload'; }
named() { plant && bare 6 verify-clean a && said KUBE-PLANTED cni0 "/etc/kubernetes: only" /etc/systemd/system/kubelet.service && unplant && bare 0 verify-clean a && as_before a; }
# Between the last undo and the comparison.
between() {
  init
  podman exec -d "$(container_of "$g" a)" sh -c 'until grep -q "^undone 1 " /var/lib/bivouac/journal 2> /dev/null; do :; done
    mkdir -p /etc/kubernetes; echo x > /etc/kubernetes/x; iptables -N KUBE-PLANTED; ip link add cni0 type bridge; printf "[Service]\nExecStart=/usr/bin/kubelet\n" > /etc/systemd/system/kubelet.service'
  exits 6 "$g" all wipe
  said KUBE-PLANTED cni0 /etc/kubernetes/x /etc/systemd/system/kubelet.service
  bare 6 verify-clean a
  unplant
  wiped
}
planted() {
  noted a
  t "planted: a second wipe is quiet and quick, and writes nothing" quiet
  t "planted: what is planted after a proven wipe is named by verify-clean, exit 6" named
  t "planted: what is planted before the comparison is named by the wipe, exit 6" between
}

exec 3>&1
for g in $LANES; do
  case $g in
    gone) group "$g" "network: {}" a:control-plane b:worker c:worker ;;
    *) group "$g" "network: {}" a:control-plane ;;
  esac > "$BASE/group-$g" 2>&1 || { cat "$BASE/group-$g"; die "no hosts for $g"; }
  case $g in readonly) lane "$g" "$BASE/$g/t" readonly_ ;; *) lane "$g" "$BASE/$g/t" "$g" ;; esac
done
lanes_end
