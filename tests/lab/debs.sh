#!/usr/bin/env bash
# debs.sh: what comes from Debian's packages: containerd, runc, the CNI plugins and etcd, unpacked into the cache as debs/, and the root
# file systems of the images of kube-proxy (debs/proxyfs), etcd (debs/etcdfs), HAProxy (debs/haproxyfs) and kube-vip's stand-in
# (debs/vipfs: keepalived, see kube-vip), with what they need and nothing else.
. "$(dirname "$0")/lib.sh"

fetch() {
  "$LAB_DIR/build-image.sh"
  podman run --rm -i --network host -v "$CACHE:$CACHE" -e "LAB=$CACHE" "$BUILD_IMAGE" bash -s > "$CACHE/debs.log" 2>&1 <<'S' || {
set -euo pipefail
rm -rf "$LAB/debs"; mkdir -p "$LAB/debs/.new"; cd "$LAB/debs/.new"
apt-get update -qq
apt-get download -qq containerd runc containernetworking-plugins etcd-server etcd-client
for d in *.deb; do dpkg -x "$d" ..; done
for d in *.deb; do dpkg-deb -W --showformat '${Package} ${Version}\n' "$d"; done > ../VERSIONS
cd ..; rm -rf .new
# The pause process of a pod: reaps what its neighbours leave behind.
cat > pause.c <<'C'
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static void end(int s) { exit(0); }
static void reap(int s) { while (waitpid(-1, 0, WNOHANG) > 0); }
int main(void) { signal(SIGINT, end); signal(SIGTERM, end); signal(SIGCHLD, reap); for (;;) pause(); }
C
gcc -static -Os -s -Wl,--build-id=none -o pause pause.c
# Debian's etcd needs the C library and its loader, nothing more.
mkdir -p etcdfs/lib64 etcdfs/lib/x86_64-linux-gnu etcdfs/usr/local/bin
cp -L /lib64/ld-linux-x86-64.so.2 etcdfs/lib64/
cp -L /lib/x86_64-linux-gnu/libc.so.6 etcdfs/lib/x86_64-linux-gnu/
cp usr/bin/etcd usr/bin/etcdctl etcdfs/usr/local/bin/
for b in etcd etcdctl; do
  ldd usr/bin/$b | awk '!/linux-vdso/ {print $1}' | while read -r l; do [ -n "$(find etcdfs/lib etcdfs/lib64 -name "${l##*/}")" ] || { echo "$b needs $l"; exit 1; }; done
done
S
    tail -n 20 "$CACHE/debs.log" >&2
    die "the packages could not be fetched: the whole log is $CACHE/debs.log"
  }
  # kube-proxy calls iptables, which must be of the hosts' flavour (nft), conntrack, ipset and modprobe. A shell (busybox) helps to look around.
  local fs=$CACHE/debs/proxyfs tool
  VARIANT=extract rootfs bookworm iptables,kmod,conntrack,ipset,busybox-static --dpkgopt='path-exclude=/usr/share/*' --dpkgopt='path-exclude=/usr/lib/*/gconv/*' > "$fs.tar"
  mkdir "$fs"
  tar -C "$fs" --exclude=./dev --exclude=./var --exclude=./etc/apt --exclude=./etc/dpkg --exclude=./usr/share -xf "$fs.tar"
  rm "$fs.tar"
  for tool in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do ln -s xtables-nft-multi "$fs/usr/sbin/$tool"; done
  for tool in sh ls cat wget httpd nc; do [ -e "$fs/bin/$tool" ] || ln -s busybox "$fs/bin/$tool"; done
  chroot "$fs" /usr/sbin/iptables -V | grep -q nf_tables || die "the kube-proxy image's iptables does not run"
  daemon haproxyfs haproxy /usr/sbin/haproxy -v
  daemon vipfs keepalived /usr/sbin/keepalived -v
}
# daemon DIR PACKAGE COMMAND...: the root file system of an image with one daemon, and a shell to look around; COMMAND must run in it.
daemon() {
  local fs=$CACHE/debs/$1 package=$2 tool
  shift 2
  VARIANT=extract rootfs bookworm "$package,busybox-static" --dpkgopt='path-exclude=/usr/share/*' --dpkgopt='path-exclude=/usr/lib/*/gconv/*' > "$fs.tar"
  mkdir "$fs"
  tar -C "$fs" --exclude=./dev --exclude=./var --exclude=./etc/apt --exclude=./etc/dpkg --exclude=./usr/share -xf "$fs.tar"
  rm "$fs.tar"
  mkdir -p "$fs/tmp" "$fs/run" "$fs/var/run" "$fs/usr/local/bin"
  for tool in sh ls cat ps sleep; do [ -e "$fs/bin/$tool" ] || ln -s busybox "$fs/bin/$tool"; done
  chroot "$fs" "$@" > /dev/null 2>&1 || die "the image of $package does not run: \`$*\`"
}
for d in containerd runc etcd pause proxyfs haproxyfs vipfs; do [ -e "$CACHE/debs/usr/bin/$d" ] || [ -e "$CACHE/debs/usr/sbin/$d" ] || [ -e "$CACHE/debs/$d" ] || rm -f "$CACHE/stamp/debs"; done
part debs "$(digest "$0" "$LAB_DIR/build-image.sh")" fetch
