#!/usr/bin/env bash
# fast.sh: sourced by the tests of the journal (t-cuts.sh, t-kinds.sh, t-lock.sh) after t.sh. A host with an owner, a bundle of scripts,
# playbooks of small steps (playbooks/fast), and a debug build of the tool: only there the cut points are.
# shellcheck disable=SC2034,SC2154 # variables of t.sh, and for those who source this file

PLAYBOOKS=$LAB_DIR/playbooks/fast
if [ -z "${BIVOUAC_DEV:-}" ]; then
  (cd "$ROOT" && cargo build --locked --quiet --bin bivouac) || die "cargo build ended with an error"
fi
BIVOUAC=${BIVOUAC_DEV:-${CARGO_TARGET_DIR:-$ROOT/target}/debug/bivouac}
# An operator that is killed on purpose leaves no core file.
ulimit -c 0

# What a bundle must have, as scripts: the smallest that the tool takes.
fast_bundle() {
  mkdir -p "$TMP/tree/bin"
  local name
  for name in kubeadm kubelet kubectl; do printf '#!/bin/sh\necho "%s v1.20.2"\n' "$name" > "$TMP/tree/bin/$name"; done
  empty_images "$TMP/tree/images"
  "$BIVOUAC" bundle build "$TMP/fast.bundle" --from "$TMP/tree" --version v1.20.2 > /dev/null
}
fast_bundle

# cluster_of NAME ADDRESS: the cluster.yaml of one host.
cluster_of() {
  cat > "$TMP/$1.yaml" <<E
apiVersion: bivouac/v1alpha1
kind: Cluster
metadata: {name: $1}
spec:
  kubernetes: {version: v1.20.2, ignorePreflightErrors: [SystemVerification]}
  network: {podSubnet: 10.245.0.0/16, serviceSubnet: 10.96.0.0/16}
  artifacts: {bundle: $TMP/fast.bundle}
  ssh: {user: root, privateKey: $LAB_KEY}
  hosts:
  - {address: $2, roles: [control-plane], name: $1}
E
}

# owner CONTAINER: what is the owner's and lies in the steps' way, or beside it.
owner() {
  podman exec -i "$1" sh -e <<'E'
  mkdir -p /etc/owned "/srv/own/sub/deep er" /srv/own/mnt /srv/source /opt/own/bin /var/log/own
  echo 'the owner'"'"'s' > /etc/owned/odd.conf
  chown ops:ops /etc/owned/odd.conf; chmod 0640 /etc/owned/odd.conf
  echo target > /etc/owned/target.conf
  ln -s target.conf /etc/owned/link.conf
  ln -s nowhere /etc/owned/dangling.conf
  echo odd > "/etc/owned/it's odd ."; chmod 4711 "/etc/owned/it's odd ."
  echo old > /opt/own/bin/kubeadm; chown free:ops /opt/own/bin/kubeadm; chmod 0700 /opt/own/bin/kubeadm
  echo keep > /srv/own/keep; echo keep > "/srv/own/sub/deep er/keep it"; ln -s keep /srv/own/link; echo keep > /var/log/own/keep
  ln -s sub /srv/own/sub-link
  echo source > /srv/source/file
  mount -t tmpfs own /srv/own/mnt; echo keep > /srv/own/mnt/keep
  printf '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' > /etc/systemd/system/own-off.service
  cp /etc/systemd/system/own-off.service /etc/systemd/system/own-on.service
  systemctl daemon-reload; systemctl start own-on.service
  # Firewall rules of the owner's, two that look like Kubernetes' in their comments.
  iptables -N OWN; iptables -A INPUT -j OWN
  iptables -A OWN -s 192.0.2.1 -m comment --comment "not -j KUBE-SERVICES" -j DROP
  iptables -A OWN -p tcp --dport 81 -m comment --comment "KUBE-FAST -j" -j ACCEPT
  iptables -t nat -N MY-KUBE-CHAIN
  ip link add br-own type bridge; ip addr add 10.250.0.1/24 dev br-own; ip link set br-own up
  ip route add 10.251.0.0/16 dev br-own; ip route add 10.244.9.0/24 dev br-own
  ip netns add own
  sysctl -qw net.ipv4.ip_forward=1
  sysctl -qw net.ipv4.conf.all.accept_redirects=0 net.ipv4.conf.default.arp_announce=2
E
}

# run NAME VERB...: the tool on one host; what it said is in $TMP/NAME.out and .err.
run() {
  local name=$1
  shift
  "$BIVOUAC" -f "$TMP/$name.yaml" --playbooks "$PLAYBOOKS" --accept-new-host-keys --yes --log-dir "$TMP/log-$name" --output json "$@" \
    > "$TMP/$name.out" 2> "$TMP/$name.err" < /dev/null
}
# exits STATUS NAME VERB...: the same, with the status it must end with.
exits() {
  local want=$1 got=0
  shift
  run "$@" || got=$?
  [ "$got" != "$want" ] || return 0
  echo "\`${*:2}\` on $1 ended with $got where $want was expected"
  grep -h -E '"(step_failed|compared|finding)"' "$TMP/$1.out" | tail -n 4 || :
  tail -n 12 "$TMP/$1.err"
  return 1
}
# unchanged NAME: the last `init` changed nothing.
unchanged() {
  ! grep -E '"step_done".*"changed":true' "$TMP/$1.out" || { echo "the second init changed something"; return 1; }
  grep -q '"step_done"' "$TMP/$1.out"
}

# quick CONTAINER: what the steps touch, read without the tool and without snap.sh, in a fraction of a second.
quick() {
  podman exec -i "$1" sh -s <<'E'
  for p in /etc/fast* "/etc/it's made" /etc/owned /opt /srv /var/lib/fast /var/log/own /run/netns /var/lib/bivouac* /etc/systemd/system; do
    find "$p" -printf '%p %y %m %u:%g %l\n' 2>/dev/null
  done | sort
  find /etc/owned /opt /srv /var/log/own -type f -exec sha256sum {} + | sort
  systemctl show -p Id -p UnitFileState -p ActiveState -p NeedDaemonReload fast.service own-off.service own-on.service
  cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/route_localnet /proc/sys/net/ipv4/conf/all/accept_redirects /proc/sys/net/ipv4/ip_local_port_range
  iptables-save | grep -v '^#' | sed 's/\[.*//'; ip6tables-save | grep -v '^#' | sed 's/\[.*//'
  ls /sys/class/net; ip -4 route; awk '{print $5}' /proc/self/mountinfo | sort
E
}
