#!/usr/bin/env bash
# Hosts that another installer made, and what their owner has there besides: a real cluster that kubeadm made by hand (floor.sh), with a pod; what k3s
# leaves, made by hand, with kainstall's marks; and a containerd that somebody else uses. Each is looked at, wiped, looked at again: nothing of
# Kubernetes is left, and nothing of the owner's has changed. A wipe that is killed goes on. What is planted afterwards is named.
# in turn
. "$(dirname "$0")/t.sh"

up byhand k3s shared
byhand=${containers[0]} k3s=${containers[1]} shared=${containers[2]}
version=v1.20.2
DEV=${BIVOUAC_DEV:-$ROOT/target/debug/bivouac}
in_host() { podman exec -i "$@"; }
run() { # VERB ARGUMENT...: on the hosts' addresses
  local log=$1
  "$BIVOUAC" "$@" -u root --private-key "$LAB_KEY" --accept-new-host-keys --log-dir "$TMP/logs" > "$TMP/$log.out" 2> "$TMP/$log.err" < /dev/null
}
# ends STATUS VERB ARGUMENT...
ends() {
  local expected=$1 status=0
  shift
  run "$@" || status=$?
  cat "$TMP/$1.out" "$TMP/$1.err"
  [ "$status" = "$expected" ]
}
says() { local word; for word; do grep -qE -- "$word" "$TMP/run.now" || { echo "no \`$word\`"; return 1; }; done; }
# looked STATUS HOST WORD...: verify-clean ends so, and says each.
looked() {
  local expected=$1 status=0 host=$2
  shift 2
  run verify-clean "$host" || status=$?
  cp "$TMP/verify-clean.out" "$TMP/run.now"
  cat "$TMP/run.now" "$TMP/verify-clean.err"
  [ "$status" = "$expected" ]
  says "$@"
}

# What the owner of the host has: each of these looks like Kubernetes', lies in its way, or would be lost with a flush.
own() {
  in_host "$1" bash -se <<'S'
# As hosts.sh does with others: a setting that is put back must not be the whole machine's.
for name in vm/swappiness kernel/softlockup_panic; do echo 0 > /run/kernel.${name#*/}; mount --bind /run/kernel.${name#*/} /proc/sys/$name; done; echo 60 > /proc/sys/vm/swappiness
iptables -N MINE; iptables -A MINE -m comment --comment "flanneld and KUBE- lookalike" -j ACCEPT; iptables -A INPUT -p tcp --dport 22 -m comment --comment "KUBE-SERVICES ssh" -j ACCEPT
iptables -A FORWARD -s 10.99.0.0/16 -j MINE; iptables -t nat -N CNI-mine; iptables -t nat -A POSTROUTING -s 10.88.0.2/32 -m comment --comment "name: \"podman\" id: \"4242\"" -j CNI-mine
ip6tables -A INPUT -s fd99::/16 -m comment --comment cali:fornia -j ACCEPT
ip link add br-mine type bridge; ip addr add 10.77.0.1/24 dev br-mine; ip link set br-mine up; ip route add 10.78.0.0/16 via 10.77.0.9 dev br-mine
ip netns add vpn; ip netns add cni-mine
mkdir -p /etc/cni/net.d /opt/cni/bin /srv/data /etc/containers /home/ops/.kube /opt/mine
echo '{"cniVersion":"0.4.0","name":"podman","plugins":[{"type":"bridge","bridge":"cni-podman0"}]}' > /etc/cni/net.d/87-podman.conflist
echo mine > /opt/cni/bin/mine; echo mine > '/opt/cni/bin/; touch hacked'; echo mine > /opt/cni/bin/-rf; echo mine > $'/opt/cni/bin/two\nlines'; echo mine > /opt/cni/bin/bridge
echo precious > /srv/data/volume; echo precious > /opt/mine/kubelet
printf '10.0.0.9 my-worker-1\n10.0.0.8 db-master-1 db\n' >> /etc/hosts
echo 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/10-mine.conf; sysctl -qw net.ipv4.ip_forward=1
printf '[Unit]\nDescription=mine\n[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' > /etc/systemd/system/my-kubelet.service
systemctl daemon-reload; systemctl enable -q --now my-kubelet.service
printf 'apiVersion: v1\nkind: Config\nclusters:\n- name: prod\n  cluster:\n    server: https://prod.example:6443\ncontexts:\n- context: {cluster: prod}\n' > /home/ops/.kube/config
S
}
# A pod's network as the kubelet's runtime has it made and noted (libcni's cache); no kubelet is needed for it, which evicts pods where the machine's disk
# is full.
pod() {
  in_host "$1" bash -se <<'S'
id=0123456789abcdef name=cni-89abcdef-0123-4567-89ab-cdef01234567
ip netns add $name
# It may have been written before the node had its range.
sed -i 's#"subnet":""#"subnet":"10.244.0.0/24"#' /etc/cni/net.d/10-b.conflist
conf=$(sed 's/.*"plugins":\[\({.*}\),{"type":"portmap".*/\1/; s/^{/{"cniVersion":"0.4.0","name":"b",/' /etc/cni/net.d/10-b.conflist)
CNI_COMMAND=ADD CNI_CONTAINERID=$id CNI_NETNS=/run/netns/$name CNI_IFNAME=eth0 CNI_PATH=/usr/lib/cni /usr/lib/cni/bridge <<< "$conf"
mkdir -p /var/lib/cni/results
printf '{"kind":"cniCacheV1","containerId":"%s","ifName":"eth0","networkName":"b","cniArgs":[["K8S_POD_NAMESPACE","default"]]}' $id > /var/lib/cni/results/b-$id-eth0
iptables-save -t nat | grep -q 'CNI-.*name: ."b." id: ."'$id
S
}
# Somebody mounts his own data into a pod's volume: behind it is what must not be deleted.
volumes() {
  in_host "$1" bash -se <<'S'
mkdir -p '/var/lib/kubelet/pods/a b/volumes/bind' /var/lib/kubelet/pods/tmp/volumes/t /var/lib/kubelet/plugins/stuck
mount --bind /srv/data '/var/lib/kubelet/pods/a b/volumes/bind'; mount -t tmpfs tmpfs /var/lib/kubelet/pods/tmp/volumes/t
touch /var/lib/kubelet/plugins/stuck/file; chattr +i /var/lib/kubelet/plugins/stuck/file 2>/dev/null || true
ln -s /srv/data /var/lib/kubelet/pods/link; mkdir -p /var/lib/longhorn; echo precious > /var/lib/longhorn/volume
S
}
kept() {
  in_host "$1" bash -se <<'S'
[ "$(cat /srv/data/volume /opt/mine/kubelet | sort -u)" = precious ]; [ -z "$(find / -xdev -name hacked)" ]
[ "$(systemctl is-active my-kubelet.service)" = active ]
S
  [ "$(in_host "$1" systemctl show -p MainPID --value my-kubelet.service)" = "$(cat "$TMP/$1.pid")" ]
}
noted() { snap "$1" > "$TMP/$1.before"; in_host "$1" systemctl show -p MainPID --value my-kubelet.service > "$TMP/$1.pid"; }

for c in "$byhand" "$k3s" "$shared"; do own "$c"; done
for c in "$byhand" "$k3s" "$shared"; do t "$c: an owner's host is clean" looked 0 "$(podman inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$c")" 'clean of what is known'; done
for c in "$byhand" "$k3s"; do noted "$c"; done

# What stays by name: packages of the distribution that the expert installed by hand, what they bring along (their files, as dpkg lists them), and the kernel of
# this machine, which its hosts share.
stays() { # HOST
  # shellcheck disable=SC2016 # dpkg-query expands it
  in_host "$1" dpkg-query -W -f '${Package}\n' | sort | comm -23 - <(awk '$1 == "pkg" { print $2 }' "$TMP/$1.before" | sort) | sed -nE '/^(conntrack|socat|ethtool|ebtables|containernetworking-plugins|lib.*)$/p' |
    in_host "$1" xargs -r dpkg -L | sed -n 's#^/\(bin\|sbin\|lib\)/#/usr/\1/#; /^\/usr\//p' | sort -u > "$TMP/$1.stays"
}
# Settings are put back where that is asked for; and a machine has modules, of which kube-proxy's pod makes the directory here.
without() { # HOST FILE
  grep -vE '^pkg (conntrack|socat|ethtool|ebtables|containernetworking-plugins|lib[a-z0-9.-]+) |^manual |^unit (cni-dhcp|ebtables)|^(path|sum) .*(/etc/(network|ethertypes|alternatives)|/usr/share/(doc|man|locale)|/var/lib/dpkg)|^sysctl (kernel|vm|fs)\.|^sysctl net\.ipv4\.conf\.all\.route_localnet |^path d 755 root:root /usr/lib/modules$' "$2" |
    awk -v list="$TMP/$1.stays" 'BEGIN { while ((getline line < list) > 0) of[line] = 1 } { for (i = 2; i <= NF; i++) if ($i in of) next; print }'
}
unchanged() { snap "$1" > "$TMP/$1.after"; stays "$1"; diff <(without "$1" "$TMP/$1.before") <(without "$1" "$TMP/$1.after"); }

# The walk is the last defence: it must not cross a mount even if nobody looked for one before. The owner's data is behind a bind of the same file system,
# which `rm --one-file-system` takes for the same.
walked() {
  { cat "$ROOT/src/host/walk.sh"; cat <<'S'
bv_die() { echo "$*"; exit 1; }
BV_LIVE=/run/bivouac-walk
mkdir -p /var/tmp/walk/in/deep /var/tmp/own "/var/tmp/walk/a b" && echo precious > /var/tmp/own/file && ln -s /var/tmp/own /var/tmp/walk/link
mkdir /var/tmp/walk/in/point && mount --bind /var/tmp/own /var/tmp/walk/in/point
touch /var/tmp/walk/immutable; chattr +i /var/tmp/walk/immutable 2>/dev/null
bv_walk_empty /var/tmp/walk
[ "$(cat /var/tmp/own/file)" = precious ] || exit 1
[ ! -e /var/tmp/walk/in/deep ] && [ ! -e /var/tmp/walk/immutable ] && [ ! -L /var/tmp/walk/link ] && [ ! -e "/var/tmp/walk/a b" ] || exit 1
umount /var/tmp/walk/in/point 2>/dev/null
bv_walk_remove /var/tmp/walk && [ ! -e /var/tmp/walk ] && [ "$(cat /var/tmp/own/file)" = precious ] && [ ! -e "$BV_LIVE/walk" ] || exit 1
(bv_walk_empty /var/tmp/own/file) && exit 1
ln -s /var/tmp/own /var/tmp/link && (bv_walk_empty /var/tmp/link) && exit 1
rm -r /var/tmp/own /var/tmp/link; rmdir "$BV_LIVE"
S
  } | in_host "$shared" sh
}
t "a walk crosses no mount, also one that nobody looked for" walked

# By hand, with a pod on the pods' network and volumes that are the owner's.
made() {
  V=$version "$LAB_DIR/floor.sh" "$byhand"
  rm -rf "$OUT/floor-$byhand"
  # Somebody wrote it, and it stays but for his word (`residue`).
  in_host "$byhand" rm -f /root/i.yaml
  pod "$byhand"
  volumes "$byhand"
}
t "kubeadm makes a cluster by hand" made
t "it is looked at, and named" looked 6 "$(address 0)" 'made by kubeadm, by hand' 'KubeletState +/usr/libexec/kubernetes' 'KubeletState .*/var/lib/kubelet: only Kubernetes makes it; [0-9a-z]+ mounts? below it (is|are) unmounted first' 'stays, for it is not' '/opt/cni/bin/mine' 'VolumeData +/var/lib/longhorn'
planned() { ends 0 plan wipe --foreign "$(address 0)" && grep -q 'goes:' "$TMP/plan.out" && in_host "$byhand" test ! -e /var/lib/bivouac; }
t "a plan of the wipe shows it and changes nothing" planned
t "without an answer nothing is wiped" ends 2 wipe --foreign "$(address 0)"
# Its shims and pods live on, and nobody answers for them.
dead() { in_host "$byhand" systemctl stop containerd.service && looked 6 "$(address 0)" 'ContainerdPackages +package containerd' 'Pods +process' && ! grep -q 'ContainerdPods' "$TMP/run.now"; }
t "with a dead containerd the same is known" dead
# Three times a wipe is cut off: before it has marked a change, before it has made one, and behind one. Only the debug build has the points.
cut_off() { # HOST POINT
  local status=0
  BIVOUAC_CUT=$1:$2 BIVOUAC=$DEV run wipe --foreign "$1" --yes || status=$?
  [ "$status" -gt 128 ] || { echo "it was not cut off at $2 ($status)"; return 1; }
}
killed() { local point; for point in 4:effect-after 9:record-after 14:mark-after; do cut_off "$(address 0)" $point; done; }
t "wipes are cut off in the middle" killed
wiped() { run wipe --foreign "$(address 0)" --yes || [ $? = 6 ] || { cat "$TMP/wipe.err"; return 1; }; cat "$TMP/wipe.out"; }
t "a wipe goes on to the end" wiped
only_volume() { cat "$TMP/wipe.out"; grep -q '1 thing of Kubernetes' "$TMP/wipe.out" && grep -q 'VolumeData *.*/var/lib/longhorn' "$TMP/wipe.out" && in_host "$byhand" grep -q precious /var/lib/longhorn/volume; }
t "what stays is the volume's data alone" only_volume
t "the owner's data and processes are as they were" kept "$byhand"
quiet() {
  local before=$SECONDS
  ends 6 wipe --foreign "$(address 0)" --yes
  if grep ' changed (' "$TMP/wipe.err"; then return 1; fi
  in_host "$byhand" test ! -e /var/lib/bivouac
  [ $((SECONDS - before)) -le 20 ]
}
t "a second wipe is quiet and quick" quiet
named() { ends 0 wipe --foreign "$(address 0)" --yes --also /var/lib/longhorn && in_host "$byhand" test ! -e /var/lib/longhorn; }
t "data that is named goes" named
t "nothing of Kubernetes is left, and nothing of the owner's has changed" unchanged "$byhand"
t "then it is clean" looked 0 "$(address 0)" 'clean of what is known'
in_host "$byhand" sh -c 'mkdir -p /etc/kubernetes/manifests; touch /etc/kubernetes/manifests/x.yaml; iptables -t nat -N KUBE-SERVICES'
t "a leftover that is planted is named" looked 6 "$(address 0)" '/etc/kubernetes/manifests/x.yaml' 'KUBE-SERVICES'

# What k3s leaves, and kainstall's settings.
k3s_left() {
  in_host "$k3s" bash -se <<'S'
mkdir -p /etc/rancher/k3s /var/lib/rancher/k3s/{agent/containerd,server/db/snapshots,server/tls,storage/pvc-1,data} /run/k3s/containerd /var/log/pods
echo '    server: https://127.0.0.1:6443' > /etc/rancher/k3s/k3s.yaml; echo precious > /var/lib/rancher/k3s/storage/pvc-1/volume; echo precious > /var/lib/rancher/k3s/server/db/snapshots/on-demand; echo t > /var/lib/rancher/k3s/server/token
mount -t tmpfs tmpfs /var/lib/rancher/k3s/agent/containerd; mount --bind /srv/data /run/k3s/containerd
printf '#!/bin/sh\nexec sleep 10000\n' > /usr/local/bin/k3s; chmod +x /usr/local/bin/k3s; echo '#' > /usr/local/bin/k3s-killall.sh
for l in kubectl crictl ctr; do ln -s k3s /usr/local/bin/$l; done
printf '[Service]\nExecStart=/usr/local/bin/k3s\nKillMode=process\n[Install]\nWantedBy=multi-user.target\n' > /etc/systemd/system/k3s.service
systemctl daemon-reload; systemctl enable -q --now k3s.service
for i in iptables ip6tables; do $i -t nat -N KUBE-SERVICES; $i -t nat -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES; $i -N KUBE-ROUTER-INPUT; $i -I INPUT -j KUBE-ROUTER-INPUT; done
iptables -A FORWARD -s 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
ip link add cni0 type bridge; ip link add flannel.1 type vxlan id 1 dstport 8472; ip netns add cni-01234567-89ab-cdef-0123-456789abcdef
cp /etc/hosts /etc/hosts.own; printf '10.0.0.9 k8s-worker-node1\n10.0.0.1 apiserver.cluster.local\n' >> /etc/hosts
printf '## Kainstall managed start\nroot soft nofile 655360\n## Kainstall managed end\n' >> /etc/security/limits.conf
printf '[Journal]\n' > /etc/systemd/99-prophet.conf; mkdir -p /etc/systemd/journald.conf.d; mv /etc/systemd/99-prophet.conf /etc/systemd/journald.conf.d/
rm /etc/hosts.own
S
}
t "k3s' leftovers and kainstall's marks are made by hand" k3s_left
t "both are named" looked 6 "$(address 1)" 'made by kainstall and k3s' 'HostsEntries' 'changed in the system'
wiped_k3s() { ends 6 wipe --foreign "$(address 1)" --yes --restore-defaults && [ "$(in_host "$k3s" cat /var/lib/rancher/k3s/storage/pvc-1/volume /var/lib/rancher/k3s/server/db/snapshots/on-demand | sort -u)" = precious ]; }
t "k3s' leftovers are wiped, and settings with them; volumes and snapshots stay" wiped_k3s
t "volumes and snapshots go where they are named" ends 0 wipe --foreign "$(address 1)" --yes --also /var/lib/rancher/k3s/storage --also /var/lib/rancher/k3s/server/db/snapshots
t "nothing of k3s is left, and nothing of the owner's has changed" unchanged "$k3s"
t "the owner's data and processes are as they were there too" kept "$k3s"

# A containerd of somebody else's, in which a kubelet had its pods too.
shared_made() {
  in_host "$shared" bash -se <<'S'
export DEBIAN_FRONTEND=noninteractive; apt-get update -qq; apt-get install -y -qq --no-install-recommends containerd > /dev/null 2>&1
S
  in_host "$shared" ctr -n default images import - < "$CACHE/images-$version.tar" > /dev/null
  in_host "$shared" bash -se <<'S'
image=$(ctr -n default images ls -q | grep pause | head -n 1)
ctr -n default run -d --snapshotter native "$image" mine > /dev/null
ctr -n default tasks ls | grep -q 'mine .*RUNNING'
S
  noted "$shared"
  in_host "$shared" systemctl show -p MainPID --value containerd.service > "$TMP/containerd.pid"
  in_host "$shared" ctr -n k8s.io images import - < "$CACHE/images-$version.tar" > /dev/null
  in_host "$shared" bash -se <<'S'
image=$(ctr -n k8s.io images ls -q | grep pause | head -n 1)
ctr -n k8s.io run -d --snapshotter native "$image" pod > /dev/null
mkdir -p /var/lib/kubelet /etc/kubernetes/manifests; echo 'containerRuntimeEndpoint: unix:///run/containerd/containerd.sock' > /var/lib/kubelet/config.yaml
S
}
t "a containerd has a user of its own and a pod" shared_made
t "whose it is is said" looked 6 "$(address 2)" 'ContainerdPods +containerd.s namespace k8s.io' 'ContainerdPackages +package containerd.*others have namespaces in it: .default'
t "the pod goes" ends 0 wipe --foreign "$(address 2)" --yes
spared() {
  in_host "$shared" bash -se <<'S'
[ "$(ctr namespaces ls -q)" = default ]; ctr -n default tasks ls | grep -q 'mine .*RUNNING'; [ "$(ctr -n default images ls -q | wc -l)" -ge 5 ]
S
  [ "$(in_host "$shared" systemctl show -p MainPID --value containerd.service)" = "$(cat "$TMP/containerd.pid")" ]
}
t "the runtime was not restarted, and its other user has everything" spared
store_aside() { snap "$shared" > "$TMP/after" && stays "$shared" && diff <(without "$shared" "$TMP/$shared.before" | grep -v /containerd) <(without "$shared" "$TMP/after" | grep -v /containerd); }
t "nothing but the runtime's own store has changed" store_aside

# A docker that its owner uses, in which a kubelet had pods: played by a stand-in, for what matters is which it is asked to remove.
docker() {
  in_host "$shared" bash -se <<'S'
mkdir -p /srv/docker
printf 'k8s_POD_web_default_1_0\t"web"\t""\n' > /srv/docker/0a; printf 'k8s_mine\t""\t""\n' > /srv/docker/0b; printf 'harbor\t""\t""\n' > /srv/docker/0c
cat > /usr/local/bin/docker <<'D'
#!/bin/sh
while [ $# -gt 0 ]; do case $1 in --config | --host) shift 2 ;; *) break ;; esac; done
echo "$*" >> /srv/docker.log
for last; do :; done
case "$1 $2" in
version*) ;;
'container ls') for f in /srv/docker/*; do printf '%s\t%s\n' "${f##*/}" "$(cat "$f")"; done ;;
'container inspect') [ -e "/srv/docker/$last" ] ;;
'container rm') rm "/srv/docker/$last" ;;
*) exit 1 ;;
esac
D
chmod +x /usr/local/bin/docker
perl -MIO::Socket::UNIX -e 'fork and exit; IO::Socket::UNIX->new(Type => SOCK_STREAM(), Local => "/run/docker.sock", Listen => 1) or die; sleep 600' < /dev/null > /dev/null 2>&1
S
  ends 0 wipe --foreign "$(address 2)" --yes
  [ "$(in_host "$shared" ls /srv/docker | paste -sd ' ')" = "0b 0c" ]
  if in_host "$shared" grep -E 'prune|image rm|rm .*0[bc]' /srv/docker.log; then return 1; fi
}
t "of docker's containers only the pod's goes" docker

# What a foreign wipe that was cut off had taken is not ours to bring back.
left_alone() {
  in_host "$shared" bash -se <<'S'
mkdir -p /etc/kubernetes/pki /var/lib/kubelet; echo key > /etc/kubernetes/pki/ca.key; echo x > /var/lib/kubelet/config.yaml
S
  cut_off "$(address 2)" 3:mark-after
  in_host "$shared" sh -c '[ ! -e /etc/kubernetes ] && [ ! -e /var/lib/kubelet ]'
  local status=0
  "$BIVOUAC" wipe -m "$(address 2)" -u root --private-key "$LAB_KEY" --yes > "$TMP/back" 2>&1 < /dev/null || status=$?
  cat "$TMP/back"
  [ "$status" = 3 ]
  grep -q 'go on with: bivouac wipe --foreign ' "$TMP/back"
  in_host "$shared" sh -c '[ ! -e /etc/kubernetes ] && [ -s /var/lib/bivouac/journal ]'
  ends 0 wipe --foreign "$(address 2)" --yes
  in_host "$shared" sh -c '[ ! -e /var/lib/bivouac ]'
}
t "a wipe of our own leaves a host to the foreign one that was cut off there, which goes on" left_alone

# One that cannot be reached keeps nobody else from being wiped.
reached() {
  ends 1 wipe --foreign "$(address 0)" "${unreachable[0]}" --yes --timeout 3
  in_host "$byhand" sh -c '! iptables-save | grep ^:KUBE-'
}
# The last of the network has nobody.
unreachable=("$(address 0 | cut -d. -f1-3).254")
t "a host that cannot be reached costs 1, and the other is wiped" reached
