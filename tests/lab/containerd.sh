#!/usr/bin/env bash
# containerd.sh [SUITE...]: Debian's real containerd of each suite (bookworm: 1.6, trixie: 1.7, forky: 2.x) with the libraries that it needs,
# unpacked into the cache as containerd/SUITE.
. "$(dirname "$0")/lib.sh"

unpack() {
  local suite=$1 fs=$CACHE/containerd/$1 dir
  rm -rf "$fs" "$fs.tar"
  mkdir -p "$fs"
  # A mirror that stands still has an expired list of a suite that is not released yet; its signature is checked all the same.
  VARIANT=extract rootfs "$suite" containerd,runc --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt='path-exclude=/usr/share/*' --dpkgopt='path-exclude=/usr/lib/*/gconv/*' > "$fs.tar"
  tar -C "$fs" --exclude=./dev --exclude=./var --exclude=./etc/apt --exclude=./etc/dpkg --exclude=./usr/share -xf "$fs.tar"
  rm "$fs.tar"
  # From trixie on no package brings these links: a Debian that is there has them.
  for dir in bin sbin lib lib64; do [ -e "$fs/$dir" ] || ln -s "usr/$dir" "$fs/$dir"; done
  mkdir -p "$fs/proc" "$fs/sys" "$fs/run" "$fs/tmp" "$fs/var/lib" "$fs/etc/containerd"
  chroot "$fs" /usr/bin/containerd --version > "$fs/VERSION" || die "containerd of $suite does not run"
}
for suite in "${@:-bookworm}"; do
  [ -s "$CACHE/containerd/$suite/VERSION" ] || rm -f "$CACHE/stamp/containerd-$suite"
  part "containerd-$suite" "$(digest "$0")" unpack "$suite"
done
