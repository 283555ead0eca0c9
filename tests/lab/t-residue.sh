#!/usr/bin/env bash
# One plain host, on which leftovers are planted by hand beside things of its owner's that are called nearly the same: what is Kubernetes' goes, what is
# not stays, and the report of it says which, with the host's address, its key and the Kubernetes that was there.
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/bare.sh"

up host
host=${containers[0]} at=$(address 0)

# The owner's, and what it looks like.
in_host << 'H'
mkdir -p /srv/mine /etc/cni/net.d /opt/mine; echo precious > /srv/mine/data; echo mine > /opt/mine/kubelet
echo '{"name":"podman","plugins":[{"type":"bridge","bridge":"cni-podman0"}]}' > /etc/cni/net.d/87-podman.conflist
ip link add br-mine type bridge; ip netns add vpn
H
snap "$host" > "$TMP/before"
clean() { ends 0 verify-clean "$at" --report "$TMP/clean" --show-ignored; says 'clean of what is known' 'link br-mine' 'network namespace vpn' "the host's name, which installers set"; }
t "a host that nobody made a node is clean, and what was passed over is named" clean
clean_report() {
  python3 - "$TMP/clean.json" << 'P'
import json, sys
it = json.load(open(sys.argv[1]))
host = it["hosts"][0]
assert it["ok"] and it["verb"] == "verify-clean" and "@" in it["who"], it
assert host["result"] == "clean of what is known" and host["found"] == 1 and host["kubernetes"] is None, host
assert host["address"] and host["host_key"].split()[1].startswith("SHA256:") and "Debian" in host["os"], host
assert "link br-mine" in host["passed_over"], host
P
  grep -q 'clean of what any Kubernetes is known to leave' "$TMP/clean.html"
}
t "the report of that says so, and what the host is" clean_report

# What a Kubernetes leaves, with names that would be markup.
in_host << 'H'
mkdir -p /etc/kubernetes/manifests /var/lib/kubelet/pki
printf '    image: registry.k8s.io/kube-apiserver:v1.27.3\n' > /etc/kubernetes/manifests/kube-apiserver.yaml
echo x > "/etc/kubernetes/manifests/<script>alert(1).yaml"; echo x > /var/lib/kubelet/config.yaml
ip link add flannel.1 type vxlan id 1 dstport 8472
# Pods had the owner's directory bound, and all of the host; since then he has mounted a disk in it, which is seen there too.
mount --make-rshared /; v=/var/lib/kubelet/pods/1/volumes; mkdir -p $v/pv "$v/a line
break" /var/lib/kubelet/pods/1/volume-subpaths/root /srv/mine/disk
mount --bind /srv/mine $v/pv; mount --bind /srv/mine "$v/a line
break"; mount --rbind / /var/lib/kubelet/pods/1/volume-subpaths/root; mount -t tmpfs mine /srv/mine/disk; echo precious > /srv/mine/disk/data
mkdir $v/stack; mount -t tmpfs under $v/stack; mount -t tmpfs over $v/stack
grep -q 'break/disk' /proc/self/mountinfo; grep -q ' /var/lib/kubelet/.*root/srv/mine/disk' /proc/self/mountinfo
H
wiped() { ends 0 wipe --foreign "$at" --yes --report "$TMP/wiped"; says 'clean of what is known'; }
t "leftovers are wiped" wiped
own_disk() { in_host <<< '[ "$(cat /srv/mine/data /srv/mine/disk/data | paste -sd " ")" = "precious precious" ]; ! grep /var/lib/kubelet /proc/self/mountinfo; mount --make-rprivate /; umount /srv/mine/disk; rmdir /srv/mine/disk'; }
t "a disk that the owner mounted in what pods had bound is mounted still" own_disk
reported() {
  python3 - "$TMP/wiped.json" << 'P'
import json, sys
it = json.load(open(sys.argv[1]))
host = it["hosts"][0]
went = {row["what"]: row for row in host["went"]}
assert it["ok"] and host["result"] == "clean of what is known" and host["looked_again"], it
assert host["kubernetes"] == "v1.27.3", host
assert went["link flannel.1"]["because"] and went["link flannel.1"]["classes"] == ["R23", "R24"], went
assert any("<script>" in what for what in went), went
assert host["left"] == host["kept"] == host["unsure"] == [] and it["not_looked_at"], host
P
  if grep -i '<script' "$TMP/wiped.html"; then return 1; fi
  grep -q '&lt;script&gt;alert(1).yaml' "$TMP/wiped.html"
}
t "the report names what went and its proof, and a host's file names are no markup" reported
# The tools for users keep what was before; systemd comes to know in its own time of the test's mount.
without() { grep -vE '/etc/(passwd|shadow|group|gshadow)-$|^state proc-swaps\.mount ' "$1"; }
unchanged() { snap "$host" > "$TMP/after"; diff <(without "$TMP/before") <(without "$TMP/after"); }
t "nothing else has changed" unchanged
unseen() {
  ends 4 verify-clean "${at%.*}.254" --timeout 2 --report "$TMP/unseen.json"
  grep -q '"result": "not looked at"' "$TMP/unseen.json" && grep -q '"ok": false' "$TMP/unseen.json"
}
t "a host that is not reached is not called clean" unseen

# What is known by more than its name, each beside something of the owner's that has nearly the same words.
in_host << H
# k3s under another name, and a service that is only called so.
printf '#!/bin/sh\nexec sleep 10000\n' > /usr/local/bin/k3s; chmod +x /usr/local/bin/k3s
printf '[Service]\nExecStart=/usr/local/bin/k3s server\n[Install]\nWantedBy=multi-user.target\n' > /etc/systemd/system/k3s-edge.service; echo K3S=1 > /etc/systemd/system/k3s-edge.service.env
printf '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' > /etc/systemd/system/k3s-exporter.service
printf '[Service]\nExecStart=/usr/local/bin/k3s etcd-snapshot save\n' > /etc/systemd/system/k3s-snapshot.service
systemctl daemon-reload; systemctl enable -q --now k3s-edge k3s-exporter
# Users of kubeadm's and kubespray's; one to whom a file belongs; the owner's own.
groupadd -r kube-cert; useradd -r -M -s /usr/sbin/nologin -c 'Kubernetes user' -g kube-cert kube; useradd -r -M -s /usr/sbin/nologin kubeadm-etcd
useradd -r -M -s /usr/sbin/nologin kubeadm-kas; echo theirs > /srv/mine/theirs; chown kubeadm-kas /srv/mine/theirs
useradd -r -U -M -s /usr/sbin/nologin kubeadm-kcm; echo theirs > /srv/mine/grouped; chgrp kubeadm-kcm /srv/mine/grouped
useradd -r -M -s /usr/sbin/nologin -c 'not the cluster' etcd
# kube-vip's address, and one of the owner's.
mkdir -p /etc/kubernetes/manifests /var/lib/kubelet; echo x > /var/lib/kubelet/config.yaml
printf '  - name: kube-vip\n    env:\n    - name: vip_interface\n      value: eth0\n    - name: address\n      value: "10.99.7.250"\n    - name: vip_subnet\n      value: "32"\n' > /etc/kubernetes/manifests/kube-vip.yaml
printf '  - name: kube-vip\n    env:\n    - name: vip_interface\n      value: eth0\n    - name: vip_address\n      value: $at\n' > /etc/kubernetes/manifests/kube-vip-second.yaml
printf '  - name: kube-vip\n    env:\n    - name: vip_interface\n      value: br-alone\n    - name: address\n      value: 10.99.8.1\n' > /etc/kubernetes/manifests/kube-vip-third.yaml
ip link add br-alone type bridge; ip addr add 10.99.8.1/32 dev br-alone
ip addr add 10.99.7.250/32 dev eth0; ip addr add 10.99.7.25/32 dev eth0; ip addr add 10.99.7.251/32 dev br-mine
# Cilium's rules, the local one moved by it, and a rule of the owner's to the same table.
mkdir -p /run/cilium; ip rule add fwmark 0x200/0xf00 lookup 2004 priority 9; ip rule add from 10.9.0.0/16 lookup 2004 priority 10
ip route add local 0.0.0.0/0 dev lo table 2004; ip rule add lookup local priority 100; ip rule del priority 0
H
known() {
  ends 6 verify-clean "$at" --report "$TMP/known"
  says 'NamedServices +unit k3s-edge.service' 'Users +user kube' 'AddressesOfServices +address 10.99.7.250/32 eth0: .*kube-vip.yaml' "AddressesOfServices +address $at/.*: this login came in on it" 'AddressesOfServices +address 10.99.8.1/32 br-alone: .*the only address' 'RoutingRules'
  ! grep -E 'k3s-exporter|k3s-snapshot|10\.99\.7\.25/32|10\.99\.7\.251|10\.9\.0\.0' "$TMP/said"
}
t "each is known, and what only looks like it is not spoken of" known
# What goes, and what stays: the user of the file, and the address by which this login came.
gone() {
  ends 6 wipe --foreign "$at" --yes --report "$TMP/gone"
  says 'user kubeadm-kas' 'user kubeadm-kcm'
  in_host << 'H'
! systemctl cat k3s-edge.service > /dev/null 2>&1; [ ! -e /usr/local/bin/k3s ] && [ ! -e /etc/systemd/system/k3s-edge.service.env ]
! grep -E '^(kube|kubeadm-etcd):' /etc/passwd; ! grep '^kube-cert:' /etc/group
! ip -o addr show | grep -F 10.99.7.250/32
! ip rule show | grep -E '^(9|100):'; ! ip route show table 2004 | grep local
H
}
t "they go" gone
spared() {
  in_host << H
[ "\$(systemctl is-active k3s-exporter)" = active ] && [ -e /etc/systemd/system/k3s-snapshot.service ]
grep -q '^etcd:.*not the cluster' /etc/passwd; grep -q ^kubeadm-kas: /etc/passwd; [ "\$(stat -c %U /srv/mine/theirs)" = kubeadm-kas ] && [ "\$(stat -c %G /srv/mine/grouped)" = kubeadm-kcm ]
for a in 10.99.7.25/32 10.99.7.251/32 10.99.8.1/32 $at/; do ip -o addr show | grep -F " \$a" > /dev/null; done
ip rule show | grep '^10:.*from 10.9.0.0/16 lookup 2004' > /dev/null; [ "\$(ip rule show | sed -n 1p | tr '\t' ' ')" = '0: from all lookup local' ]
[ "\$(cat /srv/mine/data)" = precious ]
H
}
t "the owner's of nearly the same names stay, and this login's address" spared
own_again() {
  in_host << 'H'
systemctl disable -q --now k3s-exporter; rm /etc/systemd/system/k3s-exporter.service /etc/systemd/system/k3s-snapshot.service; systemctl daemon-reload
rm /srv/mine/theirs /srv/mine/grouped; userdel etcd; ip addr del 10.99.7.25/32 dev eth0; ip addr del 10.99.7.251/32 dev br-mine; ip link del br-alone; ip rule del priority 10
H
  ends 0 wipe --foreign "$at" --yes
  in_host <<< '! grep -q ^kubeadm-kas: /etc/passwd'
  unchanged
}
t "with its last file gone the user goes too, and the host is as before" own_again

# What installers change in the system: listed with what is shipped, and put back where that is asked for. The kernel's own places are the whole
# machine's, so files take them.
in_host << 'H'
for name in vm/overcommit_memory vm/swappiness vm/panic_on_oom kernel/softlockup_panic kernel/panic kernel/panic_on_oops; do
  cat /proc/sys/$name > /run/kernel.${name#*/}; mount --bind /run/kernel.${name#*/} /proc/sys/$name
done
for name in vm/overcommit_memory vm/panic_on_oom kernel/softlockup_panic kernel/panic kernel/panic_on_oops; do echo 0 > /proc/sys/$name; done; echo 10 > /proc/sys/vm/swappiness; echo 'vm.swappiness = 10' > /etc/sysctl.d/10-mine.conf
# The owner told the kernel too.
echo 'root=/dev/vda1 panic=30 sysctl.vm/panic_on_oom=1 quiet' > /run/cmdline; mount --bind /run/cmdline /proc/cmdline; echo 30 > /proc/sys/kernel/panic; echo 1 > /proc/sys/vm/panic_on_oom
printf 'Filename\tType\tSize\tUsed\tPriority\n/dev/vda2\tpartition\t1\t0\t-2\n' > /run/swaps; mount --bind /run/swaps /proc/swaps
printf '#!/bin/sh\nfor last; do :; done\nprintf "%%s\\tpartition\\t1\\t0\\t-2\\n" "$last" >> /run/swaps\n' > /usr/local/sbin/swapon; chmod +x /usr/local/sbin/swapon
[ -e /dev/vda2 ] || : > /dev/vda2; printf '/dev/vda2 none swap sw 0 0\n# swap was on /dev/sda5\n' > /etc/fstab; mkdir -p /etc/selinux /etc/apt; printf '# SELINUX= can be one of\nSELINUX=enforcing\nSELINUXTYPE=targeted\n' > /etc/selinux/config
echo 'deb http://deb.debian.org/debian bookworm main' > /etc/apt/sources.list; echo '10.0.0.9 my-worker-1' >> /etc/hosts; echo '# mine' >> /etc/security/limits.conf
until systemctl is-active -q proc-cmdline.mount proc-swaps.mount; do sleep 0.1; done
H
snap "$host" > "$TMP/before"
# As kainstall's script does it, and kubekey's block.
in_host << 'H'
sed -ri '/^[^#]*swap/s@^@#@' /etc/fstab; printf 'Filename\tType\tSize\tUsed\tPriority\n' > /run/swaps; sed -i 's/^SELINUX=enforcing/SELINUX=permissive/' /etc/selinux/config
echo 1 > /proc/sys/vm/overcommit_memory; echo 0 > /proc/sys/vm/panic_on_oom; echo 1 > /proc/sys/kernel/softlockup_panic; echo 0 > /proc/sys/vm/swappiness; echo 15 > /proc/sys/net/ipv4/tcp_fin_timeout; echo 65 > /proc/sys/net/ipv4/ip_default_ttl
printf 'vm.overcommit_memory=1\nkernel.softlockup_panic=1\nvm.swappiness = 0\nnet.ipv4.tcp_fin_timeout=15\nnet/ipv4/ip_default_ttl = 65\n' > /etc/sysctl.d/99-kube.conf
cp /etc/apt/sources.list{,_bak}; mv /etc/apt/sources.list{,.bak}; echo 'deb http://mirrors.aliyun.com/debian/ bookworm main' > /etc/apt/sources.list
printf '10.0.0.9 k8s-worker-node1\n# kubekey hosts BEGIN\n10.0.0.1 cp1\n# kubekey hosts END\n' >> /etc/hosts
printf '## Kainstall managed start\n* soft nofile 655360\n## Kainstall managed end\n' >> /etc/security/limits.conf
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; systemctl mask -q apt-daily.service
mkdir -p /etc/kubernetes; touch /etc/kubernetes/admin.conf
H
SETTINGS=(SwapLine SelinuxMode 'Sysctls +setting vm.overcommit_memory' Originals HostsEntries TuningBlocks TuningFiles MaskedUnits)
listed() { ends 0 plan wipe --foreign "$at"; says "${SETTINGS[@]}" 'SELINUX=permissive; shipped: SELINUX=enforcing' 'mirrors.aliyun.com; shipped: what ./etc/apt/sources.list_bak. has' 'now 1; shipped: 0' 'vm.swappiness: now 0; shipped: 10 \(/etc/sysctl.d/10-mine.conf\)' 'SysctlRest .*ip_default_ttl' 'vm.panic_on_oom: now 0; shipped: 1 \(/proc/cmdline\)' && ! says 'kernel.panic[:,]'; }
t "settings are listed with what is shipped" listed
kept_as_they_are() {
  ends 0 wipe --foreign "$at" --yes --report "$TMP/kept.json"
  in_host <<< 'grep -q "^#/dev/vda2" /etc/fstab; grep -q aliyun /etc/apt/sources.list'
  python3 - "$TMP/kept.json" "$@" << 'P'
import json, sys
settings = json.load(open(sys.argv[1]))["hosts"][0]["settings"]
assert len(settings) >= 8 and all(it["restored"] in ("no", "only by hand") for it in settings), settings
P
}
t "without the word for it none is put back" kept_as_they_are
in_host <<< 'mkdir -p /etc/kubernetes; touch /etc/kubernetes/admin.conf; printf "vm.overcommit_memory=1\nvm.swappiness=0\nnet.ipv4.tcp_fin_timeout=15\nnet.ipv4.ip_default_ttl=65\n" > /etc/sysctl.d/99-kube.conf; ! grep -q vda2 /proc/swaps'
restored() {
  ends 0 wipe --foreign "$at" --yes --restore-defaults --report "$TMP/restored.json"
  in_host << 'H'
grep -q vda2 /proc/swaps; [ "$(cat /proc/sys/vm/overcommit_memory /proc/sys/kernel/softlockup_panic | paste -sd ' ')" = '0 0' ]; [ "$(cat /proc/sys/vm/swappiness /proc/sys/net/ipv4/tcp_fin_timeout | paste -sd ' ')" = '10 60' ]
[ "$(cat /proc/sys/kernel/panic /proc/sys/vm/panic_on_oom | paste -sd ' ')" = '30 1' ]
# What the kernel computes is left to the boot.
[ "$(cat /proc/sys/net/ipv4/ip_default_ttl)" = 65 ]; echo 64 > /proc/sys/net/ipv4/ip_default_ttl; [ ! -e /etc/apt/sources.list_bak ] && [ ! -e /etc/apt/sources.list.bak ]
H
  python3 - "$TMP/restored.json" << 'P'
import json, sys
settings = json.load(open(sys.argv[1]))["hosts"][0]["settings"]
names = {it["name"]: it["restored"] for it in settings}
wanted = {"SwapLine", "SelinuxMode", "Sysctls", "Originals", "HostsEntries", "TuningBlocks", "TuningFiles", "MaskedUnits"}
assert names.pop("SysctlRest") == "only by hand", names
assert wanted <= set(names) and all(names[it] == "yes" for it in wanted), names
P
}
t "with it each is, and the report says so" restored
t "the host's settings are as they were before the installer" unchanged
immutable() {
  in_host << 'H'
mkdir -p /etc/kubernetes; touch /etc/kubernetes/admin.conf; cp /etc/hosts /root/hosts
printf '# kubekey hosts BEGIN\n10.0.0.1 cp1\n# kubekey hosts END\n' >> /etc/hosts; chattr +i /etc/hosts
H
  ends 1 wipe --foreign "$at" --yes --restore-defaults
  grep -q 'cause: .*its owner made it immutable; .chattr -i -a /etc/hosts. lets it be changed' "$TMP/err"
  in_host <<< 'ls /etc/hosts*; [ ! -e /etc/hosts.bivouac~ ]; chattr -i /etc/hosts; touch /etc/kubernetes/admin.conf 2> /dev/null || { mkdir -p /etc/kubernetes; touch /etc/kubernetes/admin.conf; }'
  ends 0 wipe --foreign "$at" --yes --restore-defaults
  in_host <<< 'cmp /etc/hosts /root/hosts; rm /root/hosts'
  unchanged
}
t "a file that its owner made immutable is named, with nothing left beside it, and goes its way afterwards" immutable
