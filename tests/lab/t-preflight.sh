#!/usr/bin/env bash
# Faults on a host, each made for real: `init` names it and ends with 3 before anything changed, and what is printed as its command, typed on the host, makes
# the next preflight content. Faults that have nothing to do with each other are made together, in rounds.
# shellcheck disable=SC2016 # the host expands what is in single quotes
# in turn
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/standin.sh"

standin_bundle v1.20.2
group one '' cp1:control-plane
host=$(container_of one cp1)
# The machine's disk may be fuller than a kubelet likes.
sed -i 's/kubelet: {failSwapOn: false}/kubelet: {failSwapOn: false, evictionHard: {imagefs.available: 1%, nodefs.available: 1%}}/' "$BASE/one/first.yaml"
on() { podman exec -i "$host" sh -ec "$1"; }

# round WHAT; then the faults of it; then `over`.
round() { round=$1; faults=(); undo=(); }
# fault NAME WHAT INJECT [UNDO]: the finding's name; what is done to the host; what is left to be undone after the command was typed.
fault() { faults+=("$1|$2"); undo+=("${4:-:}"); on "$3" > "$TMP/inject" 2>&1 || { cat "$TMP/inject"; die "$2: could not be made"; }; }
over() {
  local it
  snap "$host" > "$TMP/before"
  t "$round: init ends with 3" exits 3 one first init
  for it in "${faults[@]}"; do t "$round: ${it#*|}: \`${it%%|*}\`" finds "${it%%|*}"; done
  t "$round: nothing changed" unchanged_host
  t "$round: the commands, as printed, are carried out" typed
  t "$round: after them preflight finds nothing" content
  for it in "${undo[@]}"; do on "$it" > /dev/null 2>&1 || say "could not be undone: $it"; done
}
finds() { python3 - "$BASE/one/out" "$1" <<'P'
import json, sys
found = [e for e in map(json.loads, open(sys.argv[1])) if e.get("event") == "finding"]
for it in found: print(it)
sys.exit(not any(it["name"] == sys.argv[2] for it in found))
P
}
unchanged_host() { snap "$host" > "$TMP/after" && same "$TMP/before" "$TMP/after"; }
# Each once, in their order. Those of warnings are typed too.
typed() {
  python3 - "$BASE/one/out" > "$TMP/commands" <<'P'
import json, sys
seen = []
for e in map(json.loads, open(sys.argv[1])):
    if e.get("event") == "finding" and e.get("command") and e["command"] not in seen: seen.append(e["command"])
print("\n".join(seen))
P
  cat "$TMP/commands"
  # As a login's shell reads what is pasted.
  sed 's/$/ || { echo "the last command ended with $?"; exit 1; }/' "$TMP/commands" | podman exec -i "$host" bash
}
content() { exits 0 one first preflight && ! grep -h '"event":"finding"' "$BASE/one/out"; }

t "a healthy host: preflight finds nothing" content
# A warning has nothing to type where only a disk helps.
in_memory() {
  on 'mkdir -p /var/lib/kubelet && mount -t tmpfs none /var/lib/kubelet'
  exits 0 one first preflight && finds StateStore && on 'umount /var/lib/kubelet; rmdir /var/lib/kubelet' && content
}
t "a node's state in memory is warned of" in_memory

# Of chains the fix is a verb that shows first what goes, and nothing to paste.
chains() {
  on 'iptables -N KUBE-SERVICES; iptables -A OUTPUT -j KUBE-SERVICES'
  exits 0 one first preflight && finds Leftovers && grep 'bivouac wipe --foreign cp1' "$BASE/one/out" && on 'iptables -D OUTPUT -j KUBE-SERVICES; iptables -X KUBE-SERVICES' && content
}
t "chains of another cluster are warned of" chains

round "places"
fault Places "a file where a directory must be" 'echo x > /etc/kubernetes' 'rm -f /etc/kubernetes.*'
fault Places "a directory where a file must go" 'mkdir -p /usr/local/bin/kubelet/x' 'rm -rf /usr/local/bin/kubelet.*'
fault Places "a link that leads nowhere" 'ln -s /nowhere/kubelet /var/lib/kubelet'
fault Places "a /tmp of root alone" 'chmod 755 /tmp'
fault Writable "a file that may not be changed" 'touch /etc/sysctl.d/90-bivouac.conf; chattr +i /etc/sysctl.d/90-bivouac.conf' 'rm -f /etc/sysctl.d/90-bivouac.conf'
fault Writable "a directory that is mounted read-only" 'mkdir -p /opt/cni; mount --bind /opt/cni /opt/cni; mount -o remount,bind,ro /opt/cni' 'umount /opt/cni; rmdir /opt/cni'
fault NoExec "programs without the right to execute" 'mount --bind /usr/local/bin /usr/local/bin; mount -o remount,bind,noexec /usr/local/bin' 'umount /usr/local/bin'
fault Devices "no kernel log" 'rm /dev/kmsg'
over

# systemd reads these files only when it is told to.
round "services"
fault DropIns "a kubeadm's drop-in, of its package" 'mkdir -p /usr/lib/systemd/system/kubelet.service.d; printf "[Service]\nEnvironment=\"KUBELET_CONFIG_ARGS=--config=/x\"\nExecStart=\nExecStart=/usr/bin/kubelet \$KUBELET_CONFIG_ARGS\n" > /usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf' 'rm -r /usr/lib/systemd/system/kubelet.service.d /etc/systemd/system/kubelet.service.d'
fault DropIns "few tasks for containerd" 'mkdir -p /etc/systemd/system.control/containerd.service.d; printf "[Service]\nTasksMax=200\n" > /etc/systemd/system.control/containerd.service.d/50-TasksMax.conf' 'rm -r /etc/systemd/system.control'
fault DropIns "little memory for all services" 'mkdir -p /etc/systemd/system/system.slice.d; printf "[Slice]\nMemoryMax=64M\n" > /etc/systemd/system/system.slice.d/small.conf' 'rm -r /etc/systemd/system/system.slice.d'
fault MachineID "no identity" 'mv /etc/machine-id /run/was-machine-id' 'mv /run/was-machine-id /etc/machine-id'
fault KubeletFlags "another name for the node" 'echo KUBELET_EXTRA_ARGS=--hostname-override=other > /etc/default/kubelet' 'rm /etc/default/kubelet'
fault KubeletVersion "another kubelet before ours" 'printf "#!/bin/sh\necho Kubernetes v1.15.0\n" > /usr/local/sbin/kubelet; chmod +x /usr/local/sbin/kubelet' 'rm /usr/local/sbin/kubelet.off'
fault FileExisting-iptables "an iptables that leads nowhere" 'ln -sf /nowhere /etc/alternatives/iptables'
over

# Files of the kernel's that are the machine's own: the host gets one of its own in their place.
own() { echo "echo $2 > /run/kernel/$(basename "$1"); mount --bind /run/kernel/$(basename "$1") /proc/sys/$1"; }
round "limits"
fault InotifyLimits "few watchers of files" "$(own fs/inotify/max_user_instances 8)" 'umount /proc/sys/fs/inotify/max_user_instances; rm /etc/sysctl.d/80-inotify.conf'
fault PidLimits "few processes" "$(own kernel/pid_max 1000)" 'umount /proc/sys/kernel/pid_max'
fault NamespaceLimits "no networks for pods" "$(own user/max_net_namespaces 0)" 'umount /proc/sys/user/max_net_namespaces'
fault LoginLimits "small files only" 'echo "root - fsize 1000" > /etc/security/limits.d/small.conf' 'rm /etc/security/limits.d/small.conf'
over

# What is read of systemd itself is read anew only by a new start of it.
round "what services and a node have"
fault ServiceLimits "small files only, for all services" 'mkdir -p /etc/systemd/system.conf.d; printf "[Manager]\nDefaultLimitFSIZE=1M\n" > /etc/systemd/system.conf.d/small.conf; systemctl daemon-reexec' 'rm -r /etc/systemd/system.conf.d; systemctl daemon-reexec'
over

round "packages"
fault Packages "a package on hold" 'dpkg -P socat; apt-mark hold socat'
fault Packages "a source that is none" 'printf "# none\ndebx http://x y z\n" > /etc/apt/sources.list.d/x.list' 'rm /etc/apt/sources.list.d/x.list'
fault Dpkg "a package that is half installed" 'mkdir -p /run/deb/DEBIAN; printf "Package: lab-half\nVersion: 1\nArchitecture: all\nMaintainer: lab <lab@example>\nDescription: for the lab\n" > /run/deb/DEBIAN/control; dpkg-deb -b /run/deb /run/half.deb; dpkg --unpack /run/half.deb; rm -r /run/deb /run/half.deb' 'dpkg -P lab-half'
over

round "what an earlier cluster left"
fault FileAvailable--etc-kubernetes-kubelet.conf "credentials" 'mkdir -p /etc/kubernetes/pki /etc/kubernetes/manifests; touch /etc/kubernetes/kubelet.conf' 'rm -r /etc/kubernetes*'
fault FileAvailable--etc-kubernetes-pki-ca.crt "an authority" 'touch /etc/kubernetes/pki/ca.crt'
fault FileAvailable--etc-kubernetes-manifests-kube-apiserver.yaml "a manifest of kubeadm's" 'touch /etc/kubernetes/manifests/kube-apiserver.yaml'
fault DirAvailable--etc-kubernetes-manifests "a manifest of somebody's" 'touch /etc/kubernetes/manifests/vip.yaml'
fault DirAvailable--etc-kubernetes "what else is there" 'touch /etc/kubernetes/admin.conf'
fault DirAvailable--var-lib-kubelet "a kubelet's state, and a volume" 'mkdir -p /var/lib/kubelet/pods/x; mount -t tmpfs x /var/lib/kubelet/pods/x' 'rm -r /var/lib/kubelet*'
fault DirAvailable--var-lib-etcd "a member of etcd" 'mkdir -p /var/lib/etcd/member/wal; touch /var/lib/etcd/member/wal/x' 'rm -r /var/lib/etcd*'
fault DirAvailable--etc-cni-net.d "another network" 'mkdir -p /etc/cni/net.d; echo {} > /etc/cni/net.d/10-calico.conflist' 'rm -r /etc/cni'
fault Leftovers "a bridge" 'ip link add cni0 type bridge'
fault Leftovers "tables" 'nft add table ip kube-proxy'
over

round "programs that still run"
fault Leftovers "an API server" 'cp /bin/sleep /run/kube-apiserver; setsid /run/kube-apiserver 600 > /dev/null 2>&1 < /dev/null &' 'rm /run/kube-apiserver'
over

# Units that somebody masked are ours for as long as the cluster is there.
on 'systemctl mask kubelet.service; systemctl mask --runtime containerd.service' > /dev/null 2>&1
t "and after all of them init installs, masked units or not" exits 0 one first init
masked() { exits 0 one first wipe && [ "$(on 'systemctl is-enabled kubelet.service containerd.service' | paste -sd ' ')" = 'masked masked-runtime' ]; }
t "a wipe leaves them masked" masked
