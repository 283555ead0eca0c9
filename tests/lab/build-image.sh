#!/usr/bin/env bash
# build-image.sh: a Debian bookworm with Go 1.19 and the sources' addresses, in which k8s.sh and debs.sh work. So the machine's own
# apt settings stay as they are, and an Ubuntu or a newer Debian builds the same bytes.
. "$(dirname "$0")/lib.sh"

packages=golang-1.19-go,golang-github-modern-go-reflect2-dev,dpkg-dev,gcc,libc6-dev,rsync,ca-certificates

make_image() {
  local tar=$CACHE/build.$$.tar
  # shellcheck disable=SC2016 # $1 is the new root, given by mmdebstrap
  rootfs bookworm "$packages" --customize-hook='sed -n "s/^deb /deb-src /p" "$1/etc/apt/sources.list" > "$1/etc/apt/sources.list.d/source.list"
    printf "APT::Sandbox::User \"root\";\n" > "$1/etc/apt/apt.conf.d/90sandbox"' > "$tar" || { rm -f "$tar"; return 1; }
  image_from "$tar" "$BUILD_IMAGE:latest" "$made_of"
}
made_of=$(digest "$0")
image_part build-image "$BUILD_IMAGE:latest" "$made_of" make_image
