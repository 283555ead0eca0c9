#!/usr/bin/env bash
# Each kind of step: applied, applied again, undone, undone again; what the owner changed or put beside ours meanwhile; a torn journal;
# packages that would cost the owner something.
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/fast.sh"

read -r _ address host < <(hosts h1)
cluster_of h1 "$address"
owner "$host"
# Packages without a mirror: a repository on the host itself, and the owner has one package of it.
repository() {
  podman exec -i "$host" sh -es <<'E'
  mkdir -p /srv/repo
  cd /srv/repo
  deb() { # NAME VERSION FIELD...
    name=$1 version=$2
    shift 2
    mkdir -p "/tmp/deb/DEBIAN" "/tmp/deb/usr/share/$name" "/tmp/deb/etc"
    echo "$version" > "/tmp/deb/usr/share/$name/version"
    echo "$version" > "/tmp/deb/etc/$name.conf"
    { printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: lab <lab@example>\nDescription: for the lab\n' "$name" "$version"
      for field; do printf '%s\n' "$field"; done; } > /tmp/deb/DEBIAN/control
    echo "/etc/$name.conf" > /tmp/deb/DEBIAN/conffiles
    dpkg-deb --build --root-owner-group /tmp/deb "/srv/repo/${name}_$version.deb" > /dev/null
    { cat /tmp/deb/DEBIAN/control
      printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${name}_$version.deb" "$(stat -c %s "${name}_$version.deb")" "$(sha256sum "${name}_$version.deb" | sed 's/ .*//')"
    } >> Packages
    rm -rf /tmp/deb
  }
  deb fast-own 1.0
  dpkg -i fast-own_1.0.deb > /dev/null
  deb fast-own 2.0
  deb fast-library 1.0
  deb fast-tool 1.0 'Depends: fast-library'
  deb fast-upgrades 1.0 'Depends: fast-own (>= 2.0)'
  deb fast-removes 1.0 'Conflicts: fast-own'
  rm -f /etc/apt/sources.list.d/*
  echo 'deb [trusted=yes] file:/srv/repo ./' > /etc/apt/sources.list
E
}
repository > "$TMP/out" 2>&1 || { cat "$TMP/out"; exit 1; }
quick "$host" > "$TMP/quick"
snap "$host" > "$TMP/snap"

on_host() { podman exec -i "$host" sh -c "$1"; }
# floor SCRIPT: runs shell functions of the tool on the host.
floor() { { cat "$ROOT"/src/host/journal.sh "$ROOT"/src/host/guard.sh "$ROOT"/src/host/baseline.sh "$ROOT"/src/host/kind/*.sh "$ROOT"/src/host/kind/package/*.sh "$ROOT"/src/host/kind/clear/*.sh "$ROOT"/src/host/walk.sh; printf 'umask 022\nBV_RUN=test\nmkdir -p "$BV_LIVE"\n%s\n' "$1"; } | podman exec -i "$host" sh -s; }
clean() { quick "$host" > "$TMP/now" && same "$TMP/quick" "$TMP/now"; }
clean_whole() { snap "$host" > "$TMP/now" && same "$TMP/snap" "$TMP/now"; }
wiped() { exits 0 h1 wipe && clean; }
# says PATTERN: the tool named it.
says() { grep -F -- "$1" "$TMP/h1.err" > /dev/null || { echo "not said: $1"; cat "$TMP/h1.err"; return 1; }; }

# Packages, in a playbook of their own: apt is slow.
packages() {
  mkdir -p "$TMP/$1/playbooks/init" "$TMP/$1/playbooks/os"
  printf 'name: packages\nsteps:\n- name: install\n  package: [%s]\n' "$1" > "$TMP/$1/playbooks/init/10.yaml"
  printf 'name: Debian\nids: [debian]\nmanagers: [apt]\npackages: {%s: [%s]}\n' "$1" "$1" > "$TMP/$1/playbooks/os/debian.yaml"
}
for package in fast-tool fast-upgrades fast-removes; do packages "$package"; done

init_twice() { exits 0 h1 init && exits 0 h1 init && unchanged h1; }
t "a second init changes nothing" init_twice
on_host 'cat /var/lib/bivouac/journal' > "$TMP/journal"
floor 'for seq in $(awk '"'"'$1 == "start" { print $2 }'"'"' "$BV/journal" | sort -rn); do
  kind=$(sed -n "s/^start $seq .* '"'"'\(file\|artifact\|tree\|group\|service\|sysctl\|command\|kernel\)'"'"' .*/\1/p" "$BV/journal")
  (bv_undo "$seq"); first=$?
  # As the operator does who has logged in anew (guard.sh).
  if [ "$(bv_guard_look)" = armed ]; then (bv_guard_confirm && bv_undo "$seq"); first=$?; fi
  (bv_undo "$seq"); echo "undone $seq $kind $first $?"
done' > "$TMP/undone" 2>&1
twice() { grep "^undone [0-9]* $1 " "$TMP/undone"; ! grep "^undone [0-9]* $1 " "$TMP/undone" | grep -v ' 0 0$'; }
for kind in file artifact tree group service sysctl kernel command; do t "$kind: its undo bears being run twice" twice "$kind"; done
nothing_kept() { ! grep '^kept' "$TMP/undone"; }
t "and nothing was kept" nothing_kept
t "a wipe after that finds nothing to do and no difference" wiped
t "and so does snap.sh" clean_whole
again() { exits 0 h1 wipe && clean; }
t "a wipe of a host that was wiped does nothing" again

tool() { PLAYBOOKS=$TMP/fast-tool exits "$1" h1 init; }
package_twice() { tool 0 && tool 0 && unchanged h1 && on_host 'dpkg-query -W fast-tool fast-library && ! apt-mark showmanual | grep -x fast-library'; }
t "package: a second init changes nothing" package_twice
package_undo() {
  floor '(bv_undo 1) && (bv_undo 1)'
  on_host '! dpkg-query -W -f "\${Package} \${db:Status-Abbrev}\n" fast-tool fast-library 2> /dev/null | grep .'
  wiped && clean_whole
}
t "package: its undo bears being run twice, and purges exactly what came" package_undo
package_cut() {
  local point status
  for point in record-before record-after effect-after mark-after; do
    status=0
    BIVOUAC_CUT=h1:1:$point PLAYBOOKS=$TMP/fast-tool run h1 init 2> /dev/null || status=$?
    [ "$status" = 134 ]
    [ "$point" = record-before ] || [ "$point" = mark-after ] || tool 0
    wiped
  done
  for point in undo-before undo-after undone-after; do
    tool 0
    status=0
    BIVOUAC_CUT=h1:1:$point run h1 wipe 2> /dev/null || status=$?
    [ "$status" = 134 ]
    wiped
  done
  clean_whole
}
t "package: killed at every point" package_cut
package_half() {
  # dpkg itself is killed: unpacked and not configured.
  BIVOUAC_CUT=h1:1:record-after PLAYBOOKS=$TMP/fast-tool run h1 init 2> /dev/null || true
  on_host 'dpkg --unpack /srv/repo/fast-library_1.0.deb /srv/repo/fast-tool_1.0.deb > /dev/null'
  wiped
  clean_whole
}
t "package: half installed" package_half
package_other() {
  tool 0
  on_host 'mkdir -p /tmp/deb/DEBIAN && printf "Package: fast-needs\nVersion: 1\nArchitecture: all\nMaintainer: lab <lab@example>\nDepends: fast-library\nDescription: x\n" > /tmp/deb/DEBIAN/control && dpkg-deb --build /tmp/deb /tmp/needs.deb > /dev/null && dpkg -i /tmp/needs.deb > /dev/null'
  exits 6 h1 wipe
  says 'fast-needs of yours needs them'
  on_host 'dpkg-query -W fast-needs fast-library && dpkg -P fast-needs > /dev/null && rm -rf /tmp/deb /tmp/needs.deb'
  wiped
}
t "package: what a package of the owner's needs by now is kept and named; later it goes" package_other
refused() {
  PLAYBOOKS=$TMP/$1 exits 1 h1 init
  says "$2"
  on_host "dpkg-query -W -f '\${Version}' fast-own | grep -x 1.0 && ! dpkg-query -W $1 2> /dev/null"
  [ -z "$(on_host 'cat /var/lib/bivouac/journal')" ]
  wiped
}
t "package: one that would upgrade the owner's is refused, with its name" refused fast-upgrades 'upgrade fast-own [1.0]'
t "package: one that would remove the owner's is refused, with its name" refused fast-removes 'remove fast-own'
t "nothing of that is left" clean_whole

# The owner edits what we wrote.
edited() {
  exits 0 h1 init
  on_host 'for f in /etc/fast/a/b/new.conf /etc/owned/odd.conf "/etc/owned/it'"'"'s odd ." /opt/fast/bin/kubelet /opt/own/bin/kubeadm /etc/systemd/system/fast.service; do
      # One in its place, with the size and the time that it had.
      [ "$f" != /opt/fast/bin/kubelet ] || { cp -p "$f" /root/kubelet; truncate -s -8 "$f"; printf "\\n" >> "$f"; }
      echo "# mine" >> "$f"
      [ "$f" != /opt/fast/bin/kubelet ] || touch -r /root/kubelet "$f"
    done
    rm /etc/owned/link.conf; ln -s elsewhere /etc/owned/link.conf
    rm /etc/owned/dangling.conf; mkdir /etc/owned/dangling.conf
    echo 7 > /proc/sys/net/ipv4/conf/all/arp_ignore; echo "25000 50000" > /proc/sys/net/ipv4/ip_local_port_range'
  exits 6 h1 wipe
  for f in /etc/fast/a/b/new.conf /etc/owned/odd.conf "/etc/owned/it's odd ." /opt/fast/bin/kubelet /opt/own/bin/kubeadm /etc/systemd/system/fast.service /etc/owned/link.conf /etc/owned/dangling.conf; do
    says "kept $f: it was changed after bivouac wrote it"
  done
  on_host 'for f in /etc/fast/a/b/new.conf /etc/owned/odd.conf "/etc/owned/it'"'"'s odd ." /opt/fast/bin/kubelet /opt/own/bin/kubeadm /etc/systemd/system/fast.service; do [ "$(tail -n 1 "$f")" = "# mine" ] || exit 1; done
    [ "$(readlink /etc/owned/link.conf)" = elsewhere ] && [ -d /etc/owned/dangling.conf ] && grep -qP "25000\t50000" /proc/sys/net/ipv4/ip_local_port_range'
}
t "files that the owner edited, replaced by a link or a directory are kept and named; so is a setting" edited
others_gone() { on_host '[ ! -e /opt/fast/bin/kubectl ] && [ ! -e /etc/owned/new.conf ] && [ ! -e /var/lib/fast ] && [ ! -d /sys/class/net/cni0 ] && ! systemctl -q is-active fast.service'; }
t "everything else went" others_gone
again_six() { exits 6 h1 wipe && says 'kept /etc/owned/odd.conf'; }
t "the next wipe says it again" again_six
resumed() { on_host 'rmdir /etc/owned/dangling.conf && ln -s nowhere /etc/owned/dangling.conf'; exits 0 h1 init; exits 6 h1 wipe; says 'kept /etc/owned/odd.conf'; on_host '[ "$(tail -n 1 /etc/owned/odd.conf)" = "# mine" ]'; }
t "an init in between does not lose it" resumed
restored() {
  # As they were before for two; what bivouac wrote, for the others.
  on_host 'printf "the owner'"'"'s\n" > /etc/owned/odd.conf; sed -i "\$d" /etc/fast/a/b/new.conf "/etc/owned/it'"'"'s odd ." /opt/own/bin/kubeadm
    cat /root/kubelet > /opt/fast/bin/kubelet; rm /root/kubelet; rm /etc/systemd/system/fast.service; rm /etc/owned/link.conf; ln -s target.conf /etc/owned/link.conf
    echo 0 > /proc/sys/net/ipv4/conf/all/arp_ignore; echo "32768 60999" > /proc/sys/net/ipv4/ip_local_port_range'
  wiped
}
t "put back by hand, or as bivouac wrote them, they go and the host is as before" restored
t "by snap.sh too" clean_whole

# What the owner puts beside ours while the cluster stands.
beside() {
  exits 0 h1 init
  on_host 'echo mine > /etc/fast/a/mine; echo mine > /opt/fast/bin/mine; mkdir /etc/fast-mine
    iptables -N OWN2; iptables -A OWN2 -m comment --comment "KUBE-SERVICES" -j ACCEPT; iptables -I INPUT -j OWN2; iptables -A OWN2 -m comment --comment "a \" -j KUBE-FAST" -j RETURN
    ip link add br-own2 type bridge; ip link set br-own2 up; ip route add 10.252.0.0/16 dev br-own2
    mkdir /etc/fast-mine/mount; mount -t tmpfs mine /etc/fast-mine/mount; echo mine > /etc/fast-mine/mount/file
    echo more > /srv/source/more; echo more > /srv/own/mnt/more'
  exits 6 h1 wipe
  for what in /etc/fast/a/mine /opt/fast/bin/mine /etc/fast-mine 'iptables ip :OWN2' 'link br-own2' 'route 10.252.0.0/16' 'mount tmpfs /etc/fast-mine/mount'; do says "$what"; done
  on_host '[ -e /etc/fast/a/mine ] && [ ! -e /etc/fast/a/b ] && [ -e /opt/fast/bin/mine ] && [ -e /etc/fast-mine/mount/file ] && [ -e /srv/source/more ] && [ -e /srv/own/mnt/more ] &&
    iptables-save | grep -c OWN2 | grep -x 4 && ip -4 route show 10.252.0.0/16 | grep br-own2 && ! iptables-save | grep -E "^:KUBE|-j KUBE-FAST\$"'
}
t "files, chains, a bridge, a route and mounts that the owner made beside ours survive and are named" beside
cleared() {
  on_host 'umount /etc/fast-mine/mount; rm -rf /etc/fast /opt/fast /etc/fast-mine /srv/source/more /srv/own/mnt/more
    iptables -D INPUT -j OWN2; iptables -F OWN2; iptables -X OWN2; ip link del br-own2'
  wiped && clean_whole
}
t "without them the host is as before" cleared
links() {
  # A claimed directory is a link to another; names with line breaks, blanks and dots.
  on_host 'mkdir /srv/real && echo keep > /srv/real/keep && rm -rf /var/log/own && ln -s /srv/real /var/log/own'
  exits 0 h1 init
  # Read line by line, the last of these would be `../source/file`.
  on_host 'cd /srv/own && mkdir "a
" && touch "a
/..b" ./-rf "*" " lead" "trail " && mkdir -p "c
../source" && touch "c
../source/file" && mkdir /srv/real/mounted && mount -t tmpfs x /srv/real/mounted'
  exits 0 h1 wipe
  on_host '[ -L /var/log/own ] && [ "$(ls /srv/real)" = keep ] && [ -s /etc/hostname ] && rm -rf /var/log/own /srv/real && mkdir /var/log/own && echo keep > /var/log/own/keep'
  clean
}
t "a claimed directory that is a link, and odd names in one: nothing outside is touched" links

# A torn journal.
tear='  BV=/tmp/torn; mkdir -p $BV; cp /var/lib/bivouac/journal $BV/whole
  size=$(stat -c %s $BV/whole); lines=$(wc -l < $BV/whole); last=$(tail -n 1 $BV/whole | wc -c)
  sed "\$d" $BV/whole > $BV/rest
  cut=1; while [ $cut -le $last ]; do
    head -c $((size - cut)) $BV/whole > $BV/journal
    bv_journal > $BV/seen; cmp $BV/seen $BV/rest || { echo "read with $cut bytes cut"; exit 1; }
    bv_mend; cmp $BV/journal $BV/rest || { echo "mended with $cut bytes cut"; exit 1; }
    cut=$((cut + 1))
  done
  # A block that was never written is zeros.
  { cat $BV/rest; head -c 100 /dev/zero; } > $BV/journal; bv_mend; cmp $BV/journal $BV/rest || exit 1
  cp $BV/whole $BV/journal; bv_mend; cmp $BV/journal $BV/whole || exit 1
  : > $BV/journal; bv_mend; [ ! -s $BV/journal ] || exit 1
  echo "$last bytes of line $lines"; rm -rf $BV'
seq=$(sed -n "s/^start \([0-9]*\) .*made \. .*/\1/p" "$TMP/journal")
torn() {
  local status=0
  BIVOUAC_CUT=h1:$seq:record-after run h1 init 2> /dev/null || status=$?
  [ "$status" = 134 ]
  floor "$tear"
}
t "a torn last line is cut off wherever it was torn" torn
torn_go_on() {
  local at
  # One byte left, half a line, up to a ` .` inside, all but the line break.
  for at in 1 half dot whole; do
    status=0
    [ "$at" = 1 ] || { BIVOUAC_CUT=h1:$seq:record-after run h1 init 2> /dev/null || status=$?; [ "$status" = 134 ]; }
    podman exec -i "$host" sh -es "$at" <<'E'
      cd /var/lib/bivouac
      sed '$d' journal > j
      last=$(tail -n 1 journal)
      case $1 in
        1) last=s ;;
        half) last=${last%"'command'"*} ;;
        dot) last="${last%%made .*}made ." ;;
      esac
      printf %s "$last" >> j; cat j > journal; rm j
E
    case $at in half) ;; *) exits 0 h1 init; exits 0 h1 init; unchanged h1 ;; esac
    wiped
  done
}
t "init and wipe go on from a torn journal" torn_go_on
middle() {
  exits 0 h1 init
  on_host 'cp /var/lib/bivouac/journal /root/j; sed -i "/^start 2 /s/.\{9\}\$//" /var/lib/bivouac/journal'
  quick "$host" > "$TMP/installed"
  exits 3 h1 init
  says "cannot be read"
  exits 1 h1 wipe
  says "cannot be read"
  quick "$host" > "$TMP/now"
  same "$TMP/installed" "$TMP/now"
  on_host 'cat /root/j > /var/lib/bivouac/journal; rm /root/j'
  wiped
}
t "a journal that is broken in the middle is no guess: its line is named and nothing is touched" middle
# A disk of the owner's that no file names, and the kubelet's bind of a directory onto itself.
disk() {
  on_host 'mkdir -p /var/lib/longhorn /var/lib/kubelet && mount -t tmpfs disk /var/lib/longhorn && touch /var/lib/longhorn/volume /var/lib/kubelet/state && mount --bind /var/lib/kubelet /var/lib/kubelet'
  floor 'mkdir -p "$BV"; (bv_change 1 x clear tree /var/lib/longhorn) && (bv_change 2 x clear tree /var/lib/kubelet)'
  on_host 'mountpoint /var/lib/longhorn && [ -z "$(ls -A /var/lib/longhorn)" ] && [ ! -e /var/lib/kubelet ]; status=$?; umount /var/lib/longhorn /var/lib/kubelet 2> /dev/null; rmdir /var/lib/longhorn; rm -rf /var/lib/bivouac /run/bivouac; exit $status'
}
t "a disk that is mounted where a cluster had its data is emptied, and stays mounted" disk
# A namespace that podman named as containerd does, with somebody in it.
netns() {
  local name=cni-89abcdef-0123-4567-89ab-cdef0123456
  on_host "ip netns add ${name}7 && ip netns add ${name}8 && { ip netns exec ${name}8 sleep 60 > /dev/null 2>&1 & until ip netns pids ${name}8 | grep -q .; do :; done; }"
  floor "BV_HAD=/proc/version; bv_pods_forget; [ ! -e /run/netns/${name}7 ] && [ -e /run/netns/${name}8 ] && ip netns pids ${name}8 | xargs kill && while ip netns pids ${name}8 | grep -q .; do :; done && bv_pods_forget && [ ! -e /run/netns/${name}8 ]"
  on_host 'rm -rf /var/lib/bivouac /run/bivouac'
}
t "of network namespaces with containerd's names those go that nobody is in" netns
# A program in the pods' cgroup that takes two seconds to close its files, and an API server, which without its etcd does not end for a minute.
pods() {
  on_host 'top=/sys/fs/cgroup
[ -e $top/cgroup.procs ] || top=/sys/fs/cgroup/pids
mkdir -p $top/kubepods/pod1 && cp "$(command -v tail)" /run/kube-apiserver
sh -c "echo \$\$ > $top/kubepods/pod1/cgroup.procs; trap \"\" TERM; exec /run/kube-apiserver -f /dev/null" > /dev/null 2>&1 &
sh -c "echo \$\$ > $top/kubepods/pod1/cgroup.procs; trap \"sleep 2; echo closed > /run/closed; exit\" TERM; touch /run/begun; while :; do sleep 0.1; done" > /dev/null 2>&1 &
until [ -e /run/begun ] && pgrep -x kube-apiserver; do :; done'
  floor 'BV_HAD=/proc/version; began=$(date +%s); bv_pods_stop; took=$(($(date +%s) - began)); echo "$took s"; [ "$took" -lt 9 ] && [ -z "$(bv_pod_processes)" ]'
  on_host '! pgrep -x kube-apiserver; status=$?; cat /run/closed && ! ls -d /sys/fs/cgroup/kubepods /sys/fs/cgroup/*/kubepods 2> /dev/null && rm -rf /run/closed /run/begun /run/kube-apiserver /var/lib/bivouac /run/bivouac && exit $status'
}
t "pods are given the time that they take, but for API servers" pods
t "in the end the host is as before" clean_whole
