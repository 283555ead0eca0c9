#!/usr/bin/env bash
# image.sh [SUITE...]: the image of a bare lab host for each Debian suite (bookworm): systemd, OpenSSH, sudo, and little else.
# root has the password `lab`, `ops` has sudo with the password `ops`, `free` has sudo without one; all take the lab's key.
. "$(dirname "$0")/lib.sh"

packages=systemd,systemd-sysv,dbus,openssh-server,sudo,iproute2,iptables,kmod,procps,ca-certificates,less,python3

make_key() { [ -f "$LAB_KEY" ] || ssh-keygen -q -t ed25519 -N '' -C bivouac-lab -f "$LAB_KEY"; }
locked key make_key

# What cloud-init does for a real host: keys of its own and its name in /etc/hosts, once.
# shellcheck disable=SC2016 # the host's shell expands it
first_boot='[Unit]
Description=Host keys and name of a lab host
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
Before=ssh.service

[Service]
Type=oneshot
ExecStart=/bin/sh -c "ssh-keygen -q -A; printf \"127.0.0.1 localhost\\\\n::1 localhost ip6-localhost\\\\n127.0.1.1 %%s\\\\n\" $(hostname) > /etc/hosts"
RemainAfterExit=yes

[Install]
WantedBy=multi-user.target'

# shellcheck disable=SC2016 # $1 is the new root, given by mmdebstrap
setup='set -e
chroot "$1" useradd -m -s /bin/bash ops
chroot "$1" useradd -m -s /bin/bash free
printf "root:lab\nops:ops\nfree:free\n" | chroot "$1" chpasswd
printf "ops ALL=(ALL) ALL\n" > "$1/etc/sudoers.d/ops"
printf "free ALL=(ALL) NOPASSWD: ALL\n" > "$1/etc/sudoers.d/free"
chmod 440 "$1/etc/sudoers.d/ops" "$1/etc/sudoers.d/free"
for h in root home/ops home/free; do
  mkdir -p -m 700 "$1/$h/.ssh"
  cp "$LAB_KEY.pub" "$1/$h/.ssh/authorized_keys"
  chmod 600 "$1/$h/.ssh/authorized_keys"
done
chroot "$1" chown -R ops:ops /home/ops/.ssh
chroot "$1" chown -R free:free /home/free/.ssh
printf "PermitRootLogin yes\nPasswordAuthentication yes\n" > "$1/etc/ssh/sshd_config.d/lab.conf"
rm -f "$1"/etc/ssh/ssh_host_*
printf "%s\n" "$FIRST_BOOT" > "$1/etc/systemd/system/lab-first-boot.service"
chroot "$1" systemctl --quiet enable lab-first-boot.service
# A lab host lives for minutes: timers would only make two looks at an idle host differ.
chroot "$1" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer systemd-tmpfiles-clean.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer man-db.timer
mkdir -p "$1/var/lib/apt/lists/partial" "$1/var/cache/apt/archives/partial"'

make_image() {
  local suite=$1 tar=$CACHE/$1.$$.tar
  LAB_KEY=$LAB_KEY FIRST_BOOT=$first_boot rootfs "$suite" "$packages" --customize-hook="$setup" > "$tar" || { rm -f "$tar"; return 1; }
  image_from "$tar" "$HOST_IMAGE:$suite" "$made_of"
  [ "$suite" != bookworm ] || podman tag "$HOST_IMAGE:$suite" "$HOST_IMAGE:latest"
}

made_of=$(digest "$0" "$LAB_KEY.pub")
for suite in "${@:-bookworm}"; do
  image_part "host-$suite" "$HOST_IMAGE:$suite" "$made_of" make_image "$suite"
done
