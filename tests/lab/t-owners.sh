#!/usr/bin/env bash
# A host with things to lose, on hosts with a stand-in for the cluster (standin.sh): what the owner had before an install, what he made since,
# and what pods have mounted. After the wipe all of it is there, byte for byte and process for process; what he changed since is named and costs
# nothing; what only looks like his is a difference. And the audit log's directory with a mode of its owner's.
# in turn
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/standin.sh"
standin_bundle v1.20.2
g=owners
group "$g" "security: {audit: true}" a:control-plane b:worker
on() { podman exec "$(container_of "$g" "$1")" sh -c "$2"; }
bash_on() { podman exec -i "$(container_of "$g" "$1")" bash -euo pipefail -s; }
audit=/var/log/kubernetes/audit

# What is there before: each line is a thing of the owner's.
bash_on b <<'E'
apt-get -qq install -y --no-install-recommends ipset ipvsadm > /dev/null 2>&1
# Rules, chains, sets: with words of Kubernetes in comments and names.
iptables -N OWN; iptables -A OWN -m comment --comment "KUBE-SERVICES, flannel and cali: are only words here" -j RETURN; iptables -A INPUT -j OWN
iptables -A INPUT -p tcp --dport 22 -j ACCEPT
iptables -t nat -A POSTROUTING -s 192.168.77.0/24 ! -o br-own -j MASQUERADE
iptables -t mangle -N OWN-KUBE-MARK; iptables -t mangle -A OWN-KUBE-MARK -j MARK --set-mark 0x4000
ip6tables -N OWN6; ip6tables -A FORWARD -j OWN6
nft -f - <<'N'
table inet own {
  set banned { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.2 }; }
  chain input { type filter hook input priority 5; policy accept; ip saddr @banned drop; }
}
table ip kube-of-mine {
  chain c { counter accept; }
}
N
ipset create own-set hash:ip 2> /dev/null && ipset add own-set 192.0.2.9 || echo "no ipset here"
ipvsadm -A -t 192.0.2.10:80 -s rr 2> /dev/null || echo "no IPVS here"
# A bridge, an address, routes, a rule, namespaces, one of them named nearly as pods' are.
ip link add br-own type bridge; ip link set br-own up; ip addr add 192.168.77.1/24 dev br-own
ip link add dummy0 type dummy || echo "no dummy here"
ip route add 10.252.0.0/16 dev br-own; ip route add 10.253.0.0/16 dev br-own table 77; ip rule add from 192.168.77.0/24 lookup 77 priority 900
ip netns add blue; ip netns add cni-of-mine
# Network plugins, and a configuration.
mkdir -p /opt/cni/bin /etc/cni/net.d /var/lib/cni/networks/mine
echo plugin > /opt/cni/bin/own-plugin; chmod 755 /opt/cni/bin/own-plugin; echo 192.168.88.2 > /var/lib/cni/networks/mine/192.168.88.2
echo '{"cniVersion":"0.4.0","name":"mine","plugins":[{"type":"own-plugin"}]}' > /etc/cni/mine.conflist
# Files of the system.
echo '10.9.9.9 my-worker-1 cp1.example' >> /etc/hosts
echo '/swap.own none swap sw,pri=5 0 0' >> /etc/fstab
sysctl -qw net.ipv4.ip_forward=0
# As hosts.sh does with others: it must not be the whole machine's.
echo 60 > /run/kernel.swappiness; mount --bind /run/kernel.swappiness /proc/sys/vm/swappiness
echo 'vm.swappiness = 7' > /etc/sysctl.d/95-own.conf; sysctl -qw vm.swappiness=7
echo dummy > /etc/modules-load.d/own.conf
echo '* * * * * root true' > /etc/cron.d/own
echo 'Defaults lecture=never' > /etc/sudoers.d/own; chmod 440 /etc/sudoers.d/own
echo '/var/log/own.log { weekly }' > /etc/logrotate.d/own
useradd -m -s /bin/bash keeper; groupadd -f kubeless
mkdir -p /root/.kube; echo 'contexts of others' > /root/.kube/config
mkdir -p /var/lib/kubelet-of-mine /etc/kubernetes-of-mine /srv/data /srv/nfs; echo data > /srv/data/file; echo keep > /var/lib/kubelet-of-mine/x
mount -t tmpfs nfs.example:/export /srv/nfs; echo far > /srv/nfs/file
mkdir -p /srv/link-target; echo t > /srv/link-target/f; ln -s /srv/link-target /var/lib/linked
touch /etc/own.immutable; chattr +i /etc/own.immutable 2> /dev/null || true
# A docker of the owner's, or what of it can be seen: its daemon, a container's shim, an image store and the mount of a container.
mkdir -p /opt/own /var/lib/docker/overlay2/1/{diff,work,merged} /var/lib/docker/image/overlay2
echo layer > /var/lib/docker/overlay2/1/diff/f; echo '{}' > /var/lib/docker/image/overlay2/repositories.json
mount -t overlay overlay -o lowerdir=/srv/data,upperdir=/var/lib/docker/overlay2/1/diff,workdir=/var/lib/docker/overlay2/1/work /var/lib/docker/overlay2/1/merged
cp /usr/bin/perl /opt/own/dockerd; cp /usr/bin/perl /opt/own/containerd-shim-runc-v2; cp /usr/bin/perl /opt/own/kubelet-exporter; cp /usr/bin/perl /opt/own/etcd-browser
unit() { # NAME COMMAND...
  printf '[Service]\nExecStart=%s\n[Install]\nWantedBy=multi-user.target\n' "$2" > "/etc/systemd/system/$1.service"
  systemctl enable -q --now "$1.service"
}
unit own-docker '/opt/own/dockerd -e "sleep 1000000"'
unit own-shim '/opt/own/containerd-shim-runc-v2 -e "sleep 1000000" -- -namespace moby -id 1'
unit kubelet-exporter '/opt/own/kubelet-exporter -e "sleep 1000000"'
unit etcd-browser '/opt/own/etcd-browser -e "sleep 1000000"'
unit own-in-container '/usr/bin/unshare -m -p -f -n /opt/own/containerd-shim-runc-v2 -e "sleep 1000000" -- -namespace k8s.io-of-mine'
E
on a "mkdir -p $audit && chmod 0755 $audit && echo mine > $audit/old.log"

# What snap.sh does not see: processes with their starts, what is in mounts and sets, attributes.
more() {
  podman exec -i "$(container_of "$g" "$1")" bash -s <<'E'
for pid in /proc/[0-9]*; do
  exe=$(readlink "$pid/exe") || continue
  case $exe in /opt/own/busy) ;; /opt/own/* | /usr/bin/unshare) echo "process ${pid#/proc/} $(sed 's/.*) //' "$pid/stat" | cut -d' ' -f20) $exe" ;; esac
done | sort
cat /srv/data/file /srv/nfs/file /srv/link-target/f /var/lib/docker/overlay2/1/merged/f /var/lib/docker/overlay2/1/merged/file 2>&1
nft list set inet own banned 2> /dev/null; ipset save 2> /dev/null; cat /proc/net/ip_vs 2> /dev/null
ip -4 route show table 77 2> /dev/null; ip -4 rule; ip netns list 2> /dev/null | sort
lsattr /etc/own.immutable 2> /dev/null; cat /etc/hosts /etc/fstab
iptables-save | grep -v '^#' | sed 's/\[.*//'
E
}
for host in a b; do
  snap "$(container_of "$g" "$host")" > "$TMP/$host.snap"
  more "$host" > "$TMP/$host.more"
done
owned() { cat "$TMP/b.more"; [ "$(grep -c ^process "$TMP/b.more")" -ge 5 ]; [ "$(wc -l < "$TMP/b.more")" -gt 40 ]; }
t "a host with more than 25 things to lose" owned

mode() { on a "stat -c '%a %U' $audit"; }
is() { [ "$(mode)" = "$1" ] || { mode; return 1; }; }
shut() { exits 0 "$g" all init && is "700 root"; }
t "the audit log's directory is shut for others" shut
# No process of the owner's was ended or started anew by the install.
same_processes() { more b | grep ^process > "$TMP/now"; grep ^process "$TMP/b.more" > "$TMP/then"; same "$TMP/then" "$TMP/now"; }
t "no process of the owner's was touched by the install" same_processes

# While the cluster is there: pods' volumes, of the same file system, of another one, busy, and one that never answers. Mounts are shared, as systemd has
# them where it boots a machine.
bash_on b <<'E'
mount --make-rshared /
volumes=/var/lib/kubelet/pods/1/volumes
mkdir -p $volumes/{bound,far,hung,"with blank"}
mount --bind /srv/data $volumes/bound
mount --bind /srv/nfs $volumes/far
mount --bind /srv/data "$volumes/with blank"
# A disk that he mounts since in what a pod has bound is seen there as well.
mkdir /srv/data/disk; mount -t tmpfs disk /srv/data/disk; echo fast > /srv/data/disk/file
cp /usr/bin/perl /opt/own/busy
cat > /etc/systemd/system/own-busy.service <<'U'
[Service]
WorkingDirectory=/var/lib/kubelet/pods/1/volumes/bound
ExecStart=/opt/own/busy -e "sleep 1000000"
U
systemctl start own-busy.service
cat > /opt/own/hang.py <<'P'
import ctypes, os, time
fd = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"nfs.example:/gone", b"/var/lib/kubelet/pods/1/volumes/hung", b"fuse", 0, b"fd=%d,rootmode=40000,user_id=0,group_id=0" % fd):
    raise OSError(ctypes.get_errno(), "mount")
time.sleep(1000000)
P
systemd-run -q --unit own-hang python3 /opt/own/hang.py
for _ in $(seq 100); do ! grep -q volumes/hung /proc/self/mountinfo || break; sleep .1; done
grep -q volumes/hung /proc/self/mountinfo
# What the owner does since.
useradd -m deploy; mkdir -p /opt/app; echo app > /opt/app/app; echo '0 1 * * * root true' > /etc/cron.d/later
iptables -N OWN-LATER; iptables -A INPUT -j OWN-LATER
ip link add docker0 type bridge; ip link set docker0 up; ip addr add 172.17.0.1/16 dev docker0
sysctl -qw vm.overcommit_memory=2
echo '# mine since' >> /etc/hosts; echo '{}' > /etc/cni/net.d/87-podman-mine.conflist
# What only looks like his: nobody claims it, and it is a cluster's.
mkdir -p /var/lib/rook; echo x > /var/lib/rook/x; echo 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/99-kubernetes-cri.conf
ip link add flannel.7 type bridge; ip netns add cni-01234567-89ab-cdef-0123-456789abcdef
iptables -N KUBE-PLANTED; iptables -A INPUT -j KUBE-PLANTED
E
on a "echo event > $audit/audit.log; mkdir -p /var/lib/etcd/snapshots; echo snapshot > /var/lib/etcd/snapshots/today.db"

# The last comparison of a host: it is in the log of the run.
compared() { grep -h '"event":"compared"' "$BASE/$g/log/events.jsonl" | grep "\"host\":\"$1\"" | tail -n 1; }
# said HOST LIST WORDS...: each of these is in that list of the host's comparison.
said() {
  local host=$1 list=$2 word
  shift 2
  compared "$host" | python3 -c 'import json, sys; print("\n".join(it if isinstance(it, str) else it["line"] for it in json.loads(sys.stdin.readline())[sys.argv[1]]))' "$list" > "$TMP/said"
  for word; do grep -qF -- "$word" "$TMP/said" || { echo "$host: \`$word\` is not in $list:"; cat "$TMP/said"; return 1; }; done
}
planted() {
  exits 6 "$g" all wipe --report "$TMP/proof" --show-ignored
  cp "$BASE/$g/err" "$TMP/shown"
  said b differences '/var/lib/rook' '/etc/sysctl.d/99-kubernetes-cri.conf' 'link flannel.7'
  said b owners '+ user deploy' '/opt/app/app' '/etc/cron.d/later' ':OWN-LATER' 'link docker0' 'sysctl net.ipv4.ip_forward 1' 'vm.overcommit_memory 2' '/etc/hosts' '87-podman-mine.conflist'
  if grep -E 'rook|cni-0123|KUBE-PLANTED|flannel' "$TMP/said"; then return 1; fi
  on b '! iptables-save | grep -q KUBE-PLANTED && [ ! -e /run/netns/cni-01234567-89ab-cdef-0123-456789abcdef ]'
}
t "the wipe names what is left and what is the owner's, exit 6" planted
proven() {
  python3 - "$TMP/proof.json" <<'P'
import json, sys
proof = json.load(open(sys.argv[1]))
hosts = {host["host"]: host for host in proof["hosts"]}
assert (hosts["a"]["result"], hosts["b"]["result"], proof["ok"]) == ("differs", "differs", False), proof
assert all(host["address"] and host["host_key"].split()[1].startswith("SHA256:") and "Debian" in host["os"] and host["kubernetes"] == "v1.20.2" for host in hosts.values()), proof
assert "@" in proof["who"]
assert len(hosts["a"]["baseline"]["sha256"]) == 64 and any("rook" in it["what"] for it in hosts["b"]["differences"])
P
  grep -q '/var/lib/rook' "$TMP/proof.html"
  if grep '<script' "$TMP/proof.html"; then return 1; fi
}
t "its report says the same, for programs and for people" proven
named_ignored() { grep -qF 'never a difference (patterns of paths):' "$TMP/shown" && grep -qE '^b: [0-9]+ lines? hidden by these' "$TMP/shown" && grep -q '/var/log' "$TMP/shown"; }
t "what is ignored is named, with the list that ignores it" named_ignored
# The mode is back, and what was there before is there; what came since went.
back() { is "755 root"; on a "ls $audit"; [ "$(on a "ls $audit")" = old.log ]; }
t "the audit log's directory has its mode again, and what was in it" back
snapshots() { on a 'ls -R /var/lib/etcd'; [ "$(on a 'cd /var/lib/etcd && find . -type f')" = ./snapshots/today.db ]; said a differences '/var/lib/etcd' today; }
t "a snapshot that the owner put into etcd's directory is kept, and named" snapshots
unmounted() { on b '! grep /var/lib/kubelet/ /proc/self/mountinfo && [ ! -e /var/lib/kubelet ] && [ "$(cat /srv/data/disk/file)" = fast ] && mount --make-rprivate / && umount /srv/data/disk && rmdir /srv/data/disk'; }
t "volumes are unmounted, also busy ones and one that does not answer, and nothing went through them" unmounted
cleared() {
  on a 'rm -r /var/lib/etcd/snapshots'
  on b 'rm -rf /var/lib/rook /etc/sysctl.d/99-kubernetes-cri.conf; ip link del flannel.7; systemctl stop own-busy own-hang'
  exits 0 "$g" all wipe && said b owners '+ user deploy' 'link docker0' && [ "$(compared b | grep -c '"differences":\[\]')" = 1 ]
}
t "without what was left the next wipe ends well, and still names the owner's" cleared
forwards() { on b '[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] && [ "$(cat /proc/sys/vm/overcommit_memory)" = 2 ]'; }
t "what the owner's docker needs by now, and what he chose since, is as he left it" forwards
quick() {
  local start=$EPOCHREALTIME took
  exits 0 "$g" all wipe
  took=$(echo "$EPOCHREALTIME - $start" | bc)
  say "$TEST: a wipe with nothing to do: $took s"
  grep -q 'nothing to undo' "$BASE/$g/out"
  if grep -E '"step_done".*"changed":true' "$BASE/$g/out"; then return 1; fi
  [ "$(echo "$took < 5" | bc)" = 1 ]
}
t "a second wipe is quiet, and quick" quick
settled() {
  bash_on b <<'E'
userdel -r deploy 2> /dev/null; rm -rf /etc/cni/net.d/87-podman-mine.conflist /opt/app /etc/cron.d/later /opt/own/busy /opt/own/hang.py /etc/systemd/system/own-busy.service; systemctl daemon-reload
iptables -D INPUT -j OWN-LATER; iptables -X OWN-LATER; ip link del docker0; sysctl -qw vm.overcommit_memory=0 net.ipv4.ip_forward=0
sed -i '/^# mine since$/d' /etc/hosts
E
  local host
  for host in a b; do
    more "$host" > "$TMP/$host.more.now"
    same "$TMP/$host.more" "$TMP/$host.more.now"
    snap "$(container_of "$g" "$host")" > "$TMP/$host.snap.now"
    # useradd's copies are not ours.
    grep -vE ' /etc/[a-z]+-$' "$TMP/$host.snap" > "$TMP/then"; grep -vE ' /etc/[a-z]+-$' "$TMP/$host.snap.now" > "$TMP/now"; same "$TMP/then" "$TMP/now"
  done
}
t "all that the owner had is there, unchanged, and no process of his was restarted" settled

# A mount that appears between the last look and the removal: nothing behind it goes. Once with a bind of the same file system, where
# `find -xdev` and `rm --one-file-system` go through.
floor() { { cat "$ROOT"/src/host/journal.sh "$ROOT"/src/host/guard.sh "$ROOT"/src/host/baseline.sh "$ROOT"/src/host/kind/*.sh "$ROOT"/src/host/kind/package/*.sh "$ROOT"/src/host/walk.sh; printf 'umask 022\nBV_RUN=test\nmkdir -p "$BV_LIVE" "$BV"\n: >"$BV/baseline"\n%s\nrm -rf "$BV" "$BV_LIVE"\n' "$1"; } | podman exec -i "$(container_of "$g" b)" sh -s; }
raced() {
  on b 'mkdir -p /srv/claimed/deep/er && echo x > /srv/claimed/deep/x'
  floor 'bv_gone() { mount --bind /srv/data /srv/claimed/deep/er; mount --bind /srv/nfs /srv/claimed/deep; return 1; }
    bv_remove_tree /srv/claimed'
  on b 'umount /srv/claimed/deep 2>/dev/null; umount /srv/claimed/deep/er 2>/dev/null; rm -rf --one-file-system /srv/claimed; [ "$(cat /srv/data/file /srv/nfs/file | paste -sd " ")" = "data far" ]'
}
t "a mount that comes between the last look and the removal loses nothing" raced
emptied() {
  on b 'mkdir -p /srv/claimed/old/er && echo x > /srv/claimed/old/x'
  floor 'bv_tree_list /srv/claimed /srv/list
    echo new > /srv/claimed/new; mkdir /srv/claimed/deep
    bv_unmount_below() { mount --bind /srv/data /srv/claimed/deep; mount --bind /srv/data /srv/claimed/old/er; }
    bv_tree_empty /srv/claimed /srv/list'
  on b 'umount /srv/claimed/old/er; ! mountpoint -q /srv/claimed/deep || umount /srv/claimed/deep; [ "$(cat /srv/data/file)" = data ] && [ -e /srv/claimed/old/x ] && [ ! -e /srv/claimed/new ] && rm -rf --one-file-system /srv/claimed /srv/list'
}
t "nor where a directory is emptied down to what was in it" emptied
