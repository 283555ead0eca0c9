#!/usr/bin/env bash
# One plain host on which clusters left data in places that only their configuration names, and pods had directories of the host's: planted by hand, each
# beside something of the owner's. What is provably the cluster's goes, the owner's stays to the last byte, and what nobody can tell is named.
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/bare.sh"

up host
host=${containers[0]} at=$(address 0)
DEV=${BIVOUAC_DEV:-$ROOT/target/debug/bivouac}
run() { "$BIVOUAC" "$@" -u root --private-key "$LAB_KEY" --accept-new-host-keys --log-dir "$TMP/logs" > "$TMP/said" 2> "$TMP/err" < /dev/null; }
silent() { local word; for word; do if grep -E -- "$word" "$TMP/said"; then return 1; fi; done; }

# The owner's, and what it lies beside. The kernel's own places are the whole machine's, so files take them.
in_host << 'H'
for name in vm/overcommit_memory vm/swappiness vm/panic_on_oom kernel/softlockup_panic kernel/panic kernel/panic_on_oops; do
  cat /proc/sys/$name > /run/kernel.${name#*/}; mount --bind /run/kernel.${name#*/} /proc/sys/$name; [ $name = kernel/panic ] || echo 0 > /proc/sys/$name
done
echo 60 > /proc/sys/vm/swappiness
mkdir -p /srv/{web,given,made} /data/{etcd,kubelet,k3s,k0s,cd,etcd-service}; useradd -m -u 1500 people; mkdir -p /home/people/kubelet/pods
for f in /srv/web/site /srv/given/file /data/etcd/notes.txt '/data/etcd/member of staff' /data/kubelet/mine /data/k3s/mine /data/k0s/mine /data/cd/mine /data/etcd-service/mine /home/people/kubelet/pods/mine; do echo precious > "$f"; done
printf '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' > /etc/systemd/system/my-flanneld.service; systemctl daemon-reload; systemctl enable -q --now my-flanneld
# A stand-in for the distribution's, which the lab's hosts do not have: the list of authorities is made of what is there.
mkdir -p /usr/local/share/ca-certificates /etc/ssl/certs; echo mine > /usr/local/share/ca-certificates/mine.crt
command -v update-ca-certificates > /dev/null || { printf '#!/bin/sh\ncat /usr/local/share/ca-certificates/*.crt > /etc/ssl/certs/ca-certificates.crt\n' > /usr/local/sbin/update-ca-certificates; chmod +x /usr/local/sbin/update-ca-certificates; }
update-ca-certificates > /dev/null 2>&1
package() {
  mkdir -p /tmp/p/DEBIAN "/tmp/p/usr/share/$1"; echo x > "/tmp/p/usr/share/$1/file"
  printf 'Package: %s\nVersion: 1.30.1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n' "$1" > /tmp/p/DEBIAN/control
  dpkg-deb -b /tmp/p "/tmp/$1.deb" > /dev/null; dpkg -i "/tmp/$1.deb" > /dev/null; apt-mark hold "$1" > /dev/null; rm -r /tmp/p "/tmp/$1.deb"
}
declare -f package > /run/package; package kubelet-exporter
ip link add mine0 type bridge; echo 'net.ipv4.conf.mine0.forwarding = 1' > /etc/sysctl.d/10-mine.conf
echo 0 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv4/conf/mine0/forwarding; echo 0 > /proc/sys/net/ipv4/conf/all/accept_redirects
echo 'export PATH=/opt/mine:$PATH' >> /root/.bashrc
H
snap "$host" > "$TMP/before"
t "an owner's host is clean" ends 0 verify-clean "$at"

# What clusters left.
in_host << 'H'
mkdir -p /etc/kubernetes/manifests /var/lib/kubelet /data/etcd/member/wal /data/kubelet/{pods/a/volumes/{t,bind},plugins} /data/k3s/{agent,server/{tls,db/{etcd,snapshots}},storage/pvc-1} /data/k0s/{bin,pki,etcd} /data/cd/io.containerd.content.v1.content /data/etcd-service/member/wal
echo wal > /data/etcd/member/wal/1; echo precious > /data/k3s/storage/pvc-1/volume; echo precious > /data/k3s/server/db/snapshots/on-demand; echo t > /data/k3s/server/token; touch /data/kubelet/cpu_manager_state /data/k0s/{pki/ca.crt,kubelet.conf};
mount -t tmpfs tmpfs /data/kubelet/pods/a/volumes/t; mount --bind /srv/web /data/kubelet/pods/a/volumes/bind
echo x > /var/lib/kubelet/config.yaml; printf 'KUBELET_EXTRA_ARGS="--v=2 --root-dir=/data/kubelet"\n' > /etc/default/kubelet
printf 'spec:\n  containers:\n  - command:\n    - etcd\n    - --data-dir=/data/etcd\n    - --name=x\n  volumes:\n  - hostPath:\n      path: /data/etcd\n      type: DirectoryOrCreate\n    name: etcd-data\n' > /etc/kubernetes/manifests/etcd.yaml
printf 'spec:\n  volumes:\n  - name: a\n    hostPath:\n      type: DirectoryOrCreate\n      path: "/srv/made"\n  - hostPath: {path: /srv/given, type: Directory}\n    name: b\n  - hostPath:\n      path: /lib/modules\n    name: c\n  - hostPath:\n      path: /run/xtables.lock\n      type: FileOrCreate\n    name: d\n' > /etc/kubernetes/manifests/web.yaml
echo made > /srv/made/by-a-pod
# A pod's container that runs, as containerd has it.
mkdir -p /run/containerd/io.containerd.runtime.v2.task/k8s.io/0a /etc/containerd
printf '{"ociVersion":"1.0.2","mounts":[{"destination":"/proc","type":"proc","source":"proc","options":["nosuid"]},{"destination":"/etc/hosts","type":"bind","source":"/var/lib/kubelet/pods/a/etc-hosts","options":["rbind"]},{"destination":"/site","type":"bind","source":"/srv/web","options":["rbind","rw"]},{"destination":"/host","type":"bind","source":"/","options":["rbind"]}],"annotations":{"io.kubernetes.cri.container-type":"container","io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":"shop"}}' > /run/containerd/io.containerd.runtime.v2.task/k8s.io/0a/config.json
printf 'version = 2\nroot = "/data/cd"\n[plugins]\n  root = "/srv"\n' > /etc/containerd/config.toml
# k3s and k0s with their data elsewhere, RKE, kubespray's etcd, kubeasz.
mkdir -p /etc/rancher/k3s /etc/k0s /opt/rke/etcd-snapshots /var/lib/rancher/rke /etc/ssl/etcd /etc/etcd /opt/kube/bin
printf 'token: x\ndata-dir: /data/k3s # a disk\n' > /etc/rancher/k3s/config.yaml
echo x > /opt/kube/bin/x; printf '#!/bin/sh\nexec sleep 10000\n' > /usr/local/bin/k0s; mkdir -p /opt/bin; cp /usr/local/bin/k0s /opt/bin/k3s; chmod +x /usr/local/bin/k0s /opt/bin/k3s
printf '[Service]\nExecStart=/usr/local/bin/k0s controller \\\n  --data-dir /data/k0s --kubelet-root-dir=/home/people/kubelet\n[Install]\nWantedBy=multi-user.target\n' > /etc/systemd/system/k0scontroller.service
echo precious > /opt/rke/etcd-snapshots/one; echo x > /var/lib/rancher/rke/log; echo ca > /etc/ssl/etcd/ca.pem; echo mine > /etc/etcd/etcd.conf
echo 'ETCD_DATA_DIR=/data/etcd-service' > /etc/etcd.env; printf '[Service]\nEnvironmentFile=/etc/etcd.env\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' > /etc/systemd/system/etcd.service
printf '[Service]\nExecStart=/bin/true\n' > /etc/systemd/system/kubelet-certs-renew.service; printf '[Timer]\nOnCalendar=yearly\n[Install]\nWantedBy=timers.target\n' > /etc/systemd/system/kubelet-certs-renew.timer
ln -s /etc/systemd/system/flanneld.service /etc/systemd/system/multi-user.target.wants/flanneld.service
systemctl daemon-reload; systemctl enable -q --now etcd k0scontroller kubelet-certs-renew.timer
. /run/package; package kubelet; echo cluster > /usr/local/share/ca-certificates/kube-ca.crt; update-ca-certificates > /dev/null 2>&1
echo 'export PATH=/opt/kube/bin:$PATH # generated by kubeasz' >> /root/.bashrc; echo 1 > /proc/sys/net/ipv4/ip_forward
grep -q cluster /etc/ssl/certs/ca-certificates.crt; [ "$(apt-mark showhold | paste -sd ' ')" = 'kubelet kubelet-exporter' ]
H
GOES=('DataElsewhere +/data/(cd|etcd|k0s|k3s|kubelet)' 'KubernetesPackages +package kubelet 1.30.1' 'TrustedAuthorities' 'DanglingUnits')
STAYS=('PodPaths +/srv/made: .*yours to decide' 'PodPaths +/srv/web: .*.shop/web-0.' 'DataElsewhere +/data/etcd-service: .*--also etcd.service' 'DataElsewhere +/home/people/kubelet: .*home of .people.' 'EtcdFiles .*/etc/etcd.env' 'EtcdSnapshots +/opt/rke/etcd-snapshots')
looked() { ends 6 verify-clean "$at"; says "${GOES[@]}" "${STAYS[@]}"; silent 'PodPaths.*(/lib/modules|xtables|/data/etcd|: /$)' '/srv/given.*--also'; }
t "what lies elsewhere and what pods had is named, each with what becomes of it" looked

# A wipe that is cut off, after which nothing names these places any more.
cut_off() {
  local status=0
  BIVOUAC_CUT=$at:3:effect-after BIVOUAC=$DEV run wipe --foreign "$at" --yes || status=$?
  [ "$status" -gt 128 ] || { cat "$TMP/said" "$TMP/err"; return 1; }
  in_host <<< 'rm -rf /run/containerd/io.containerd.runtime.v2.task /etc/kubernetes/manifests /etc/rancher/k3s/config.yaml'
  ends 6 verify-clean "$at"
  says 'PodPaths +/srv/web: .*.shop/web-0.' 'PodPaths +/srv/made' 'DataElsewhere .*/data/k3s' 'DataElsewhere .*/data/etcd'
}
t "after a wipe that was cut off they are named still" cut_off
wiped() {
  ends 6 wipe --foreign "$at" --yes --restore-defaults --also /srv/made --report "$TMP/wiped"
  in_host << 'H'
for p in /data/etcd/member /data/kubelet/pods /data/kubelet/plugins /data/k3s/{agent,server/tls,server/token,server/db/etcd} /data/k0s/{bin,pki,etcd} /data/cd/io.containerd.content.v1.content /srv/made /usr/local/bin/k0s /opt/bin/k3s /opt/kube /var/lib/rancher \
  /etc/systemd/system/{k0scontroller.service,kubelet-certs-renew.timer,kubelet-certs-renew.service,multi-user.target.wants/flanneld.service} /etc/containerd /etc/rancher /etc/k0s /usr/local/share/ca-certificates/kube-ca.crt; do
  if [ -e "$p" ] || [ -L "$p" ]; then echo "left: $p"; exit 1; fi
done
if grep -q ' /data/' /proc/mounts; then exit 1; fi
H
}
t "what is the clusters' own goes, also from under mounts" wiped
spared() {
  in_host << 'H'
for f in /srv/web/site /srv/given/file /data/etcd/notes.txt '/data/etcd/member of staff' /data/{kubelet,k3s,k0s,cd,etcd-service}/mine /home/people/kubelet/pods/mine /data/k3s/storage/pvc-1/volume /data/k3s/server/db/snapshots/on-demand /opt/rke/etcd-snapshots/one; do
  [ "$(cat "$f")" = precious ] || { echo "gone: $f"; exit 1; }
done
[ "$(systemctl is-active etcd my-flanneld | paste -sd ' ')" = 'active active' ]; [ -e /data/etcd-service/member ] && [ -e /etc/etcd.env ] && [ -e /etc/ssl/etcd/ca.pem ] && [ -e /etc/etcd/etcd.conf ]
[ "$(apt-mark showhold)" = kubelet-exporter ]; [ "$(dpkg-query -W -f '${db:Status-Abbrev}' kubelet-exporter)" = 'hi ' ]; ! dpkg-query -W kubelet 2> /dev/null
grep -q mine /etc/ssl/certs/ca-certificates.crt; ! grep -q cluster /etc/ssl/certs/ca-certificates.crt
H
}
t "the owner's beside it, snapshots, volumes and an etcd that is a service of its own are all there" spared
# shellcheck disable=SC2016 # the host expands it
forwarding() { in_host <<< 'cd /proc/sys/net/ipv4; [ "$(cat ip_forward conf/all/accept_redirects conf/mine0/forwarding conf/lo/forwarding | paste -sd " ")" = "0 0 1 0" ] && ! grep -q kubeasz /root/.bashrc && grep -q /opt/mine /root/.bashrc'; }
t "with forwarding switched off what the kernel overwrites is as files of settings say, or as it was" forwarding
quiet() {
  ends 6 wipe --foreign "$at" --yes
  if grep ' changed (' "$TMP/err"; then return 1; fi
  says 'etcd.service' '/opt/rke/etcd-snapshots'
}
t "a second wipe changes nothing, and names what is kept" quiet
named() {
  ends 6 wipe --foreign "$at" --yes --also etcd.service --also /opt/rke/etcd-snapshots
  in_host << 'H'
[ ! -e /data/etcd-service/member ] && [ -e /data/etcd-service/mine ] && [ ! -e /etc/etcd.env ] && [ ! -e /etc/ssl/etcd ] && [ ! -e /opt/rke ]
H
}
t "an etcd that is named goes with its data and files, and snapshots that are named" named
# What was the owner's word only: his own to remove.
same_again() {
  in_host <<< 'rm -rf /data/k3s/storage /data/k3s/server; rmdir /opt/bin 2> /dev/null || true; mkdir -p /srv/made'
  snap "$host" > "$TMP/after"
  diff <(without "$TMP/before") <(without "$TMP/after")
}
# The tools for packages and authorities keep notes of their own.
without() { grep -vE '/var/lib/dpkg|/var/cache|/etc/ssl/certs(/ca-certificates.crt)?$|^manual |/etc/(passwd|shadow|group|gshadow)-$|^state proc-swaps\.mount ' "$1"; }
t "nothing else has changed" same_again
t "then the host is clean" ends 0 verify-clean "$at"
