#!/usr/bin/env bash
# lib.sh: sourced by every script of the lab. Paths, the cache with a stamp for each part, locks, and podman's settings.
# shellcheck disable=SC2034 # the variables are for those who source this file
set -euo pipefail

LAB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$LAB_DIR/../.." && pwd)
OUT=${BIVOUAC_LAB_OUT:-$ROOT/target/lab}
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/bivouac-lab
VERSIONS="v1.20.2 v1.20.3"
HOST_IMAGE=localhost/bivouac-lab-host
BUILD_IMAGE=localhost/bivouac-lab-build
LAB_KEY=$CACHE/id
mkdir -p "$CACHE/stamp" "$OUT"

say() { printf 'lab: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# A script that ends for a reason nobody wrote a message for says where.
set -E
trap 'say "${BASH_SOURCE[0]##*/}: line $LINENO: \`$BASH_COMMAND\` ended with $?"' ERR

[ "$(id -u)" = 0 ] || die "the lab starts hosts with podman and needs root: run this as root"
[ "$(uname -m)" = x86_64 ] || die "the lab's bundle is built for amd64, this machine is $(uname -m)"

# Podman's settings are ours alone: CONTAINERS_CONF replaces /etc/containers/containers.conf for our calls and leaves that file as it is.
# Debian's crun refuses hybrid cgroups, and the limits must not exceed what this machine allows, or no container starts.
CONTAINERS_CONF=$CACHE/containers.conf
export CONTAINERS_CONF
if [ ! -f "$CONTAINERS_CONF" ]; then
  limit=$(ulimit -Hn)
  [ "$limit" != unlimited ] || limit=1048576
  printf '[containers]\ndefault_ulimits = ["nofile=%s:%s", "nproc=30000:30000"]\n[engine]\nruntime = "runc"\n' "$limit" "$limit" > "$CONTAINERS_CONF.$$"
  mv "$CONTAINERS_CONF.$$" "$CONTAINERS_CONF"
fi

# podman exec [-i] [-d] [-e NAME=VALUE] HOST COMMAND...: by nsenter, which needs no cgroup of the host's: with cgroups of version 1 the removal
# of one host takes those of all others away for a moment (hosts.sh), and tests run side by side.
podman() {
  [ "$1" = exec ] || { command podman "$@"; return; }
  shift
  local input=/dev/null detach='' pid known vars=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb container=podman)
  while :; do
    case $1 in
      -i) input=/dev/stdin; shift ;;
      -d) detach=1; shift ;;
      -e) vars+=("$2"); shift 2 ;;
      -*) die "podman exec $1: not known here" ;;
      *) break ;;
    esac
  done
  # Asking podman takes longer than most commands: who uses a host that is never started again may say its process (PID_CONTAINER).
  known=PID_${1//[^a-z0-9]/_}
  pid=${!known:-}
  [ -n "$pid" ] || pid=$(command podman inspect -f '{{.State.Pid}}' "$1") || return 125
  if [ -z "$pid" ] || [ "$pid" = 0 ]; then say "\`$1\` does not run"; return 125; fi
  shift
  if [ -n "$detach" ]; then
    setsid env -i "${vars[@]}" nsenter -t "$pid" -m -u -i -n -p -C -r -w -- "$@" < /dev/null > /dev/null 2>&1 &
  elif [ "$input" = /dev/null ]; then
    env -i "${vars[@]}" nsenter -t "$pid" -m -u -i -n -p -C -r -w -- "$@" < /dev/null
  else
    env -i "${vars[@]}" nsenter -t "$pid" -m -u -i -n -p -C -r -w -- "$@"
  fi
}

# locked NAME COMMAND...: runs COMMAND while no other process runs one under the same name.
locked() {
  local name=$1
  shift
  (
    exec 9> "$CACHE/.lock-$name"
    if ! flock -n 9; then
      say "waits for another run of the lab ($name)"
      flock 9
    fi
    "$@" 9>&-
  )
}

# part NAME "WHAT IT DEPENDS ON" COMMAND...: runs COMMAND unless the last success had the same inputs. One process at a time; a
# second one waits and then finds the work done.
part() {
  local name=$1 inputs
  inputs=$(printf '%s' "$2" | sha256sum | cut -d' ' -f1)
  shift 2
  locked "$name" _part "$name" "$inputs" "$@"
}
_part() {
  local name=$1 inputs=$2 start=$SECONDS
  shift 2
  [ "$(cat "$CACHE/stamp/$name" 2>/dev/null)" != "$inputs" ] || return 0
  rm -f "$CACHE/stamp/$name"
  say "$name ..."
  # The status is taken by hand: with `|| return` the shell would not stop COMMAND at its first error.
  local status
  set +e
  (set -eE; "$@")
  status=$?
  set -e
  [ "$status" = 0 ] || return "$status"
  printf '%s\n' "$inputs" > "$CACHE/stamp/$name"
  say "$name: made in $((SECONDS - start)) s"
}

# digest FILE...: one hash over the contents, for a part's inputs.
digest() { cat "$@" | sha256sum | cut -d' ' -f1; }

# image_from TAR NAME INPUTS: imports a root file system as an image that knows what it was made from.
image_from() {
  local old
  old=$(podman image inspect -f '{{.Id}}' "$2" 2>/dev/null) || old=''
  podman import -q --change "LABEL bivouac.inputs=$3" "$1" "$2" >/dev/null || { rm -f "$1"; return 1; }
  rm -f "$1"
  # The one before goes, unless a host still runs on it.
  [ -z "$old" ] || podman rmi "$old" >/dev/null 2>&1 || true
}
# image_part STAMP NAME INPUTS COMMAND...: a part that leaves an image. Podman's store is the machine's: an image that somebody removed,
# or replaced from another cache (with another key), is made again.
image_part() {
  local stamp=$1 image=$2 inputs=$3
  shift 3
  [ "$(podman image inspect -f '{{index .Labels "bivouac.inputs"}}' "$image" 2>/dev/null)" = "$inputs" ] || rm -f "$CACHE/stamp/$stamp"
  part "$stamp" "$inputs" "$@"
}

# mirror: the Debian mirror of this machine; nothing where the machine is not a Debian (mmdebstrap then knows its own).
mirror() {
  if [ -n "${BIVOUAC_DEBIAN_MIRROR:-}" ]; then echo "$BIVOUAC_DEBIAN_MIRROR"; return; fi
  grep -qx ID=debian /etc/os-release || return 0
  { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } |
    sed -n -E 's/^deb (\[[^]]*\] )?([^ ]*debian\/?) .*/\2/p; s/^URIs: *([^ ]*debian\/?)( .*)?$/\1/p' | sed -n 1p
}

# rootfs SUITE PACKAGES [MMDEBSTRAP OPTION...] > TAR: a minimal Debian (VARIANT=extract: only the packages' files).
rootfs() {
  local suite=$1 packages=$2 from
  shift 2
  from=$(mirror)
  [ -z "$from" ] || from="deb $from $suite main"
  mmdebstrap --quiet --variant="${VARIANT:-minbase}" --include="$packages" "$@" "$suite" - ${from:+"$from"}
}

# empty_images DIR: the images of Kubernetes 1.20.2, with nothing in them, for bundles of small steps: without them preflight would look for
# them in their registry.
empty_images() {
  local dir=$1 work layer config name
  work=$(mktemp -d)
  mkdir -p "$dir" "$work/empty"
  tar -C "$work/empty" --mtime=@0 -cf "$work/layer" .
  layer=$(sha256sum < "$work/layer" | cut -d' ' -f1)
  printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$layer" > "$work/config"
  config=$(sha256sum < "$work/config" | cut -d' ' -f1)
  for name in kube-apiserver:v1.20.2 kube-controller-manager:v1.20.2 kube-scheduler:v1.20.2 kube-proxy:v1.20.2 pause:3.2 etcd:3.4.13-0 coredns:1.7.0 haproxy:2.6; do
    printf '[{"Config":"%s.json","RepoTags":["k8s.gcr.io/%s"],"Layers":["%s.tar"]}]' "$config" "$name" "$layer" > "$work/manifest.json"
    tar -C "$work" --mtime=@0 --transform "s#^config\$#$config.json#;s#^layer\$#$layer.tar#" -cf "$dir/${name%:*}.tar" manifest.json config layer
  done
  rm -rf "$work"
}
