#!/usr/bin/env bash
# Programs of BPF that a Cilium left (residue.md, R28, D13), real ones, beside its owner's of nearly the same names: filters of tc, XDP in two modes and by a link, programs on
# cgroups, pins, mounts. What is the cluster's goes in an order in which no packet is lost, what is the owner's stays.
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/bare.sh"
. "$LAB_DIR/fast.sh"

up host own
host=${containers[0]} at=$(address 0)
on() { podman exec -i "$host" bash -euo pipefail -c "$1"; }
bpf() { podman exec -i "$host" python3 - "$@" < "$LAB_DIR/bpf.py"; }
# All of BPF that is on the host, as the kernel tells it.
state() {
  on 'for link in $(ls /sys/class/net); do for side in ingress egress; do tc filter show dev $link $side | sed "s/^/$link $side /"; done; done; tc qdisc show | grep clsact | sort
    ip -d link show | grep -E "^[0-9]|prog/xdp" | sed "s/^[0-9]*: //; s/@.*mtu/ mtu/; s/ load_time.*//"; find /sys/fs/bpf | sort; grep -E " (bpf|cgroup2) " /proc/mounts | cut -d" " -f2,3'
}

# The owner's: a filter without a name, one of his own program beside it, XDP, pins of his and of others, a clsact that is empty.
on 'mount -t bpf bpf /sys/fs/bpf -o nosuid,nodev,noexec; for n in 0 1 2 3 4; do ip link add own$n type veth peer name far$n; ip link set own$n up; ip link set far$n up; done; tc qdisc add dev own0 clsact; tc qdisc add dev own4 clsact'
bpf tc council_x /sys/fs/bpf/mine/filter; bpf xdp my_xdp /sys/fs/bpf/mine/xdp; bpf map cilium_not /sys/fs/bpf/tc/globals/mine; bpf map cali_not /sys/fs/bpf/mine/cali_map
bpf map sensors /sys/fs/bpf/tetragon/cil_map; bpf tcxlink mine far0 /sys/fs/bpf/mine/tcx; bpf cgroup sd_own /sys/fs/cgroup/unified /sys/fs/bpf/systemd/cgroup
on 'tc filter add dev own0 ingress protocol all pref 100 bpf bytecode "1,6 0 0 4294967295," flowid 1:1; tc filter add dev own0 ingress protocol all pref 101 bpf da pinned /sys/fs/bpf/mine/filter
  ip link set dev own0 xdpgeneric pinned /sys/fs/bpf/mine/xdp; ip link set dev far0 xdpdrv pinned /sys/fs/bpf/mine/xdp'
state > "$TMP/owners"
owners_host() { ends 0 verify-clean "$at" --show-ignored; says 'clean of what is known' 'filter own0 .*council_x' 'XDP own0 xdpgeneric my_xdp' '/sys/fs/bpf/tetragon/cil_map'; }
t "a host whose owner has programs of his own is clean, and they are named" owners_host

# What Cilium's agent hangs on a node and nobody takes away: beside the owner's filter, where nothing else is, and in each way in which a program can hang.
plant() {
  on 'mkdir -p /var/lib/kubelet /run/cilium/cgroupv2; echo x > /var/lib/kubelet/config.yaml; mount -t cgroup2 none /run/cilium/cgroupv2; ip link add cilium_host type veth peer name cilium_net'
  local at
  for at in cil_from_netdev cil_to_netdev; do bpf tc $at /sys/fs/bpf/cilium/made/$at; done
  bpf xdp cil_xdp_entry /sys/fs/bpf/cilium/made/xdp
  bpf map cilium_calls_ne /sys/fs/bpf/tc/globals/cilium_calls_netdev_00002; bpf map cilium_lxc /sys/fs/bpf/tc/globals/cilium_lxc
  bpf xdplink cil_xdp_entry own3 /sys/fs/bpf/cilium/devices/own3/links/cil_xdp_entry; bpf tcxlink cil_from_netdev far3 /sys/fs/bpf/cilium/devices/far3/links/cil_from_netdev
  bpf cgroup cil_sock4_connect /run/cilium/cgroupv2 /sys/fs/bpf/cilium/socketlb/links/cgroup/cil_sock4_connect
  on 'tc qdisc add dev eth0 clsact; tc filter add dev eth0 ingress protocol all pref 1 bpf da pinned /sys/fs/bpf/cilium/made/cil_from_netdev; tc filter add dev eth0 egress protocol all pref 1 chain 2 bpf da pinned /sys/fs/bpf/cilium/made/cil_to_netdev
    tc filter add dev own0 ingress protocol all pref 1 bpf da pinned /sys/fs/bpf/cilium/made/cil_from_netdev; ip link set dev own1 xdpgeneric pinned /sys/fs/bpf/cilium/made/xdp; ip link set dev own2 xdpdrv pinned /sys/fs/bpf/cilium/made/xdp'
  state > "$TMP/planted"
}
t "what a Cilium leaves is made" plant
known() {
  ends 6 verify-clean "$at"
  says 'TcFilters' 'XdpPrograms' 'BpfPins +/sys/fs/bpf/cilium, ' 'BpfMounts +mount /run/cilium/cgroupv2'
  if grep -E 'SocketPrograms|council_x|my_xdp|/sys/fs/bpf/(mine|tetragon|systemd|tc/globals/mine)' "$TMP/said"; then return 1; fi
  state | diff "$TMP/planted" -
}
t "it is known, what is the owner's is not spoken of, and the look has changed nothing" known
# It would hang them again.
agent() {
  on 'cp /bin/sleep /run/cilium-agent; (exec setsid /run/cilium-agent 600 < /dev/null > /dev/null 2>&1) & '
  comes on 'grep -qx cilium-agent /proc/[0-9]*/comm'
  ends 1 wipe --foreign "$at" --yes
  grep -F '`cilium-agent` runs still' "$TMP/said" "$TMP/err"
  on 'tc filter show dev eth0 ingress | grep cil_from_netdev; pid=$(grep -lx cilium-agent /proc/[0-9]*/comm | cut -d/ -f3); kill $pid; while [ -e /proc/$pid ]; do sleep 0.1; done; rm /run/cilium-agent'
}
t "while an agent runs no program is taken from under it" agent
# Whatever was judged, of the shell half's own: names of others, through another file system, from below somebody; an agent of a cluster in containers is in nobody's way.
refused() {
  state > "$TMP/before"
  { cat "$ROOT"/src/host/kind/bpf.sh "$ROOT"/src/host/kind/clear/bpf.sh; cat << 'E'; } | podman exec -i "$host" unshare -m sh
bv_die() { echo "$*"; exit 7; }
BV_HAD=/run/had; : > "$BV_HAD"
no() { word=$1; shift; said=$("$@" 2>&1); [ $? = 7 ] && printf '%s\n' "$said" | grep -F "$word" || { echo "not refused: $* ($said)"; exit 1; }; }
no 'no name of' bv_pins_take /sys/fs/bpf/cilium /sys/fs/bpf/mine/xdp
no 'is in it' bv_clear_mounts_do /sys/fs/bpf
no 'no mount of' bv_clear_mounts_do /run
mount -t tmpfs none /sys/fs/bpf; mkdir -p /sys/fs/bpf/cilium/links; : > /sys/fs/bpf/cilium/links/his
no 'no file system of BPF' bv_pins_take /sys/fs/bpf/cilium
[ -f /sys/fs/bpf/cilium/links/his ] && umount /sys/fs/bpf || exit 1
mount -t bpf none /sys/fs/bpf && cd /sys/fs/bpf || exit 1
no 'has it in use' bv_clear_mounts_do /sys/fs/bpf
cd / && bv_clear_mounts_do /sys/fs/bpf && [ -d /sys/fs/bpf/mine ] || exit 1
cp /bin/sleep /run/cilium-agent; unshare -n /run/cilium-agent 600 & pid=$!
until grep -qx cilium-agent /proc/$pid/comm; do sleep 0.1; done
bv_agents_gone || exit 1
kill $pid; rm /run/cilium-agent /run/had
E
  state | diff "$TMP/before" -
}
t "what is no plugin's, or in use, is refused where it would be taken away" refused
gone() {
  ends 0 wipe --foreign "$at" --yes
  state > "$TMP/after"
  diff "$TMP/owners" "$TMP/after"
}
t "the cluster's programs, pins and mounts are gone, and each of the owner's is there, in its place" gone
clean() { ends 0 verify-clean "$at"; says 'clean of what is known'; }
t "then the host is clean" clean

# Of an older one, whose programs on cgroups nothing holds but the cgroup: without bpftool nobody sees them, with it they go.
old() {
  on 'mkdir -p /var/lib/kubelet /run/cilium/cgroupv2; echo x > /var/lib/kubelet/config.yaml; mount -t cgroup2 none /run/cilium/cgroupv2'
  bpf cgroup cil_sock4_connect /sys/fs/cgroup/unified
  ends 6 wipe --foreign "$at" --yes
  says 'SocketPrograms +programs on cgroups: .*without `bpftool`'
}
t "where it cannot be seen whether programs hang on cgroups that is said, after the wipe as well" old
seen() {
  on 'apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends bpftool > /dev/null; mkdir -p /var/lib/kubelet /run/cilium; echo x > /var/lib/kubelet/config.yaml; bpftool cgroup show /sys/fs/cgroup/unified | tee /run/before | grep cil_sock4'
  ends 6 verify-clean "$at"
  says 'SocketPrograms +program on cgroups .*cil_sock4'
  ends 0 wipe --foreign "$at" --yes
  on 'bpftool cgroup show /sys/fs/cgroup/unified > /run/after; cat /run/before /run/after; grep sd_own /run/after; if grep cil_ /run/after; then exit 1; fi'
}
t "with bpftool they are seen and go, and what another hung there stays" seen

# The same of a pod network that was installed into a cluster of ours: what was there before stays by the baseline, what came since goes by its name.
host=${containers[1]}
cluster_of own "$(address 1)"
mkdir -p "$TMP/playbooks/playbooks/init"
printf 'name: pods\nsteps:\n- name: claim\n  kernel: {pod_subnet: "{{ network.pod_subnet }}"}\n' > "$TMP/playbooks/playbooks/init/10.yaml"
PLAYBOOKS=$TMP/playbooks
ours() {
  on 'mount -t bpf bpf /sys/fs/bpf; for n in 0 1; do ip link add own$n type veth peer name far$n; ip link set own$n up; ip link set far$n up; done; tc qdisc add dev own0 clsact'
  bpf tc cil_of_before /sys/fs/bpf/mine/filter; bpf xdp my_xdp /sys/fs/bpf/mine/xdp; bpf map cilium_before /sys/fs/bpf/tc/globals/cilium_before
  on 'tc filter add dev own0 ingress protocol all pref 100 bpf da pinned /sys/fs/bpf/mine/filter; ip link set dev own0 xdpgeneric pinned /sys/fs/bpf/mine/xdp'
  state > "$TMP/owners"
  exits 0 own init
  for name in cil_from_netdev cali_tc_preamble; do bpf tc $name /sys/fs/bpf/tc/globals/cilium_$name; done; bpf xdp cil_xdp_entry /sys/fs/bpf/tc/globals/cilium_xdp; bpf map cali_v4_nat /sys/fs/bpf/tc/globals/cali_v4_nat
  on 'tc filter add dev own0 ingress protocol all pref 1 bpf da pinned /sys/fs/bpf/tc/globals/cilium_cil_from_netdev; tc qdisc add dev eth0 clsact; tc filter add dev eth0 egress protocol all pref 1 bpf da pinned /sys/fs/bpf/tc/globals/cilium_cali_tc_preamble; ip link set dev own1 xdpdrv pinned /sys/fs/bpf/tc/globals/cilium_xdp'
  exits 0 own wipe
  state | diff "$TMP/owners" -
}
t "a wipe of our own takes away what a pod network hung and pinned since, and proves it" ours
