#!/usr/bin/env bash
# needs.sh: installs what the lab and the tests need on a bare Debian or Ubuntu; does nothing where everything is there.
#   needs.sh missing       only prints the packages that it would install
. "$(dirname "$0")/lib.sh"

# command:package, so that nothing is installed over what the machine has from elsewhere.
needs="podman:podman runc:runc mmdebstrap:mmdebstrap ssh-keygen:openssh-client sshd:openssh-server sshpass:sshpass shellcheck:shellcheck
ip:iproute2 nft:nftables ipset:ipset nsenter:util-linux cc:gcc make:make tar:tar rsync:rsync sudo:sudo jq:jq bc:bc flock:util-linux zstd:zstd curl:curl python3:python3"
missing=()
for need in $needs; do
  # A program: a function of that name, as lib.sh has one for podman, is none.
  PATH=$PATH:/usr/sbin:/sbin type -P "${need%%:*}" >/dev/null || missing+=("${need##*:}")
done
[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing+=(debian-archive-keyring)
[ -e /usr/lib/x86_64-linux-gnu/crt1.o ] || missing+=(libc6-dev)
if [ "${1:-}" = missing ]; then printf '%s\n' "${missing[@]}"; exit; fi
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null || die "install these by hand, this machine has no apt: ${missing[*]}"
install() {
  say "installs ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # A fresh sshd must not start to serve this machine: the tests start their own on loopback.
  if [ -d /run/systemd/system ] || [ -e /usr/sbin/policy-rc.d ]; then
    apt-get install -y -qq "${missing[@]}" > "$CACHE/needs.log" 2>&1
  else
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    apt-get install -y -qq "${missing[@]}" > "$CACHE/needs.log" 2>&1
  fi || { tail -n 20 "$CACHE/needs.log" >&2; die "apt-get could not install: ${missing[*]}"; }
}
locked needs install
