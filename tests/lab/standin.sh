#!/usr/bin/env bash
# standin.sh: sourced after t.sh by tests that run the product's own playbooks on hosts without a cluster (see standin): a bundle of
# stand-ins, hosts that share a store, and a debug build of the tool, which has the cut points.
# shellcheck disable=SC2034,SC2154 # variables of t.sh, and for those who source this file

if [ -z "${BIVOUAC_DEV:-}" ]; then
  (cd "$ROOT" && cargo build --locked --quiet --bin bivouac) || die "cargo build ended with an error"
fi
BIVOUAC=${BIVOUAC_DEV:-${CARGO_TARGET_DIR:-$ROOT/target}/debug/bivouac}
# An operator that is killed on purpose leaves no core file.
ulimit -c 0
# Where the groups are; $TMP is a lane's own.
BASE=$TMP

# standin_bundle VERSION: $TMP/standin.bundle. The names of the images are those of 1.20.2 and 1.34.2.
standin_bundle() {
  local tree=$TMP/tree name layer config version=$1 repository=k8s.gcr.io coredns=coredns:1.7.0 pause=pause:3.2 etcd=etcd:3.4.13-0
  [ "$version" = v1.20.2 ] || { repository=registry.k8s.io coredns=coredns/coredns:v1.12.1 pause=pause:3.10.1 etcd=etcd:3.6.5-0; }
  mkdir -p "$tree/bin" "$tree/cni" "$tree/images" "$TMP/empty"
  for name in kubeadm kubelet kubectl containerd ctr; do
    sed "s/^my \$version = .*/my \$version = '$version';/" "$LAB_DIR/standin" > "$tree/bin/$name"
    chmod 755 "$tree/bin/$name"
  done
  for name in containerd-shim-runc-v2 runc crictl; do printf '#!/bin/sh\nexit 1\n' > "$tree/bin/$name"; done
  printf '#!/bin/sh\nexit 1\n' > "$tree/cni/bridge"
  tar -C "$TMP/empty" --mtime=@0 -cf "$TMP/layer" .
  layer=$(sha256sum < "$TMP/layer" | cut -d' ' -f1)
  printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$layer" > "$TMP/config"
  config=$(sha256sum < "$TMP/config" | cut -d' ' -f1)
  # kubeadm wants the images of skipped add-ons too.
  for name in "kube-apiserver:$version" "kube-controller-manager:$version" "kube-scheduler:$version" "kube-proxy:$version" "$coredns" "$pause" "$etcd" haproxy:2.6; do
    printf '[{"Config":"%s.json","RepoTags":["%s"],"Layers":["%s.tar"]}]' "$config" "$repository/$name" "$layer" > "$TMP/manifest.json"
    name=${name%:*}
    tar -C "$TMP" --mtime=@0 --transform "s#^config\$#$config.json#;s#^layer\$#$layer.tar#" -cf "$tree/images/${name##*/}.tar" manifest.json config layer
  done
  "$BIVOUAC" bundle build "$TMP/standin.bundle" --from "$tree" --version "$version" > /dev/null
  standin_version=$version
}

# group NAME LINE HOST:ROLE...: hosts that share a store; $BASE/NAME has HOSTS.yaml for all of them and FIRST.yaml for the first alone.
# LINE is a further line of the spec.
group() {
  local group=$1 line=$2 host address container roles=() names=() i=0 to pid
  shift 2
  mkdir -p "$BASE/$group/store"
  for host; do names+=("${host%:*}"); roles+=("${host#*:}"); done
  hosts "-$group" --mount "$BASE/$group/store" "${names[@]}" > "$BASE/$group/hosts"
  for to in all first; do
    cat > "$BASE/$group/$to.yaml" <<E2
apiVersion: bivouac/v1alpha1
kind: Cluster
metadata: {name: $group}
spec:
  kubernetes: {version: $standin_version, skipPhases: [addon/coredns, addon/kube-proxy], ignorePreflightErrors: [SystemVerification], kubelet: {failSwapOn: false}}
  artifacts: {bundle: $BASE/standin.bundle}
  $line
  ssh: {user: root, privateKey: $LAB_KEY}
  hosts:
E2
  done
  while read -r host address container; do
    printf '  - {address: %s, roles: [%s], name: %s}\n' "$address" "${roles[$i]}" "$host" | tee -a "$BASE/$group/all.yaml" >> "$BASE/$group/new"
    i=$((i + 1))
    pid=$(command podman inspect -f '{{.State.Pid}}' "$container")
    export "PID_${container//[^a-z0-9]/_}=$pid"
    # What the package step would install: its kind has tests of its own, and each apt-get takes seconds.
    podman exec -i "$container" sh -c 'apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends conntrack ebtables ethtool iptables nftables socat >/dev/null 2>&1'
  done < "$BASE/$group/hosts"
  head -n 1 "$BASE/$group/new" >> "$BASE/$group/first.yaml"
}
container_of() { sed -n "s/^$2 [^ ]* //p" "$BASE/$1/hosts"; } # GROUP HOST

# run GROUP FILE VERB...: the tool; what it said is in $BASE/GROUP/out and err.
run() {
  local group=$1 file=$2
  shift 2
  (cd "$BASE/$group" && "$BIVOUAC" -f "$file.yaml" --accept-new-host-keys --yes --log-dir log --output json "$@" > out 2> err < /dev/null)
}
# exits STATUS GROUP FILE VERB...
exits() {
  local want=$1 got=0
  shift
  run "$@" || got=$?
  [ "$got" != "$want" ] || return 0
  echo "\`${*:3}\` of $1 ended with $got where $want was expected"
  grep -h -E '"(step_failed|compared|finding)"' "$BASE/$1/out" | tail -n 4 || :
  tail -n 20 "$BASE/$1/err"
  return 1
}
# unchanged GROUP: the last run changed nothing.
unchanged() {
  ! grep -E '"step_done".*"changed":true' "$BASE/$1/out" || { echo "the second run changed something"; return 1; }
  grep -q '"step_done"' "$BASE/$1/out"
}

# look CONTAINER: the host, read without the tool and without snap.sh, in half a second.
look() {
  podman exec -i "$1" sh -s <<'E2'
  find /etc /opt /srv /root /usr/local /usr/libexec /var/lib /run -xdev \( -path /var/lib/systemd -o -path '/run/systemd' -o -path '/run/udev' -o -path /run/user \) -prune -o -printf '%p %y %m %U:%G %l\n' |
    grep -vE '^/run/(log|sshd|motd|utmp|lock|sudo|dbus|agetty|credentials)|^/var/lib/(apt|dpkg|private)' | sort
  find /etc /opt /usr/local -xdev -type f -exec sha256sum {} + | sort
  systemctl list-units --all --plain --no-legend --no-pager --type=service,mount | awk '$1 !~ /session|user|run-|@/ {print $1, $2, $3}' | grep -v not-found | sort
  sysctl -a 2>/dev/null | grep -E '^net\.(ipv4\.(ip_forward|conf\.(all|default)\.)|bridge)'
  iptables-save | grep -v '^#' | sed 's/\[.*//'; ip6tables-save | grep -v '^#' | sed 's/\[.*//'
  ls /sys/class/net; ip -4 route; awk '{print $5}' /proc/self/mountinfo | sort
  ps -eo args= | grep -E '/(kubelet|containerd)( |$)' | grep -v grep || :
E2
}
