#!/usr/bin/env bash
# image-rpm.sh: the image of a lab host with the real rpm, dnf 4 and zypper, which Debian has too, with what makes packages and a
# repository for them, and with firewalld (off). Its rpm database is where RHEL and SUSE have theirs, and empty.
. "$(dirname "$0")/lib.sh"

"$LAB_DIR/image.sh" bookworm
base=$HOST_IMAGE:bookworm

make_image() {
  local name=bivouac-lab-image-rpm-$$ status=0
  podman run -q --name "$name" --network host "$base" sh -ec '
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    apt-get -qq -y --no-install-recommends install rpm dnf zypper createrepo-c gpg gpg-agent file firewalld netcat-openbsd > /dev/null
    systemctl -q disable firewalld
    apt-get -qq clean
    mkdir -p /etc/rpm /var/lib/rpm /etc/yum.repos.d /etc/zypp/repos.d
    echo "%_dbpath /var/lib/rpm" > /etc/rpm/macros
    rpm --initdb' >&2 || status=$?
  [ "$status" != 0 ] || podman commit -q --change "LABEL bivouac.inputs=$made_of" --change 'CMD ["/sbin/init"]' "$name" "$HOST_IMAGE:rpm" > /dev/null || status=$?
  podman rm -f "$name" > /dev/null
  return "$status"
}

made_of=$(digest "$0")-$(podman image inspect -f '{{.Id}}' "$base")
image_part host-rpm "$HOST_IMAGE:rpm" "$made_of" make_image
