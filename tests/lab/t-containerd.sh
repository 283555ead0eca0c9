#!/usr/bin/env bash
# What `bivouac render` makes of containerd's configuration, judged by the real containerd of Debian bookworm (1.6), trixie (1.7) and forky
# (2.1): each reads it, starts with it in namespaces of its own, and tells over its CRI socket what it goes by.
# in turn
. "$(dirname "$0")/t.sh"

suites=(bookworm trixie forky)
"$LAB_DIR/containerd.sh" "${suites[@]}"
# What each speaks is what Kubernetes asks it for: no Kubernetes before 1.23 can use 2.x.
declare -A kubernetes=([bookworm]=v1.30.2 [trixie]=v1.34.2 [forky]=v1.35.2) version=([bookworm]=2 [trixie]=2 [forky]=3)

# A bundle whose programs are empty scripts, but for what it says of their versions, and only the runtime's own playbook.
mkdir -p "$TMP/own/playbooks/init" "$TMP/from/bin" "$TMP/from/cni"
# What opens the gates that its steps wait for is in other playbooks.
for file in 20-runtime 21-containerd; do
  sed '/^  needs:/d' "$ROOT/playbooks/init/$file.yaml" > "$TMP/own/playbooks/init/$file.yaml"
done
for program in bin/{kubeadm,kubelet,kubectl,crictl,containerd,containerd-shim-runc-v2,ctr,runc} cni/bridge; do printf '#!/bin/sh\n' > "$TMP/from/$program"; done
sed '/END CERT/q' /etc/ssl/certs/ca-certificates.crt > "$TMP/ca.pem"
cat "$ROOT"/src/host/journal.sh "$ROOT"/src/host/kind/{file,served,artifact,image}.sh > "$TMP/half.sh"
"$LAB_DIR/images.sh" v1.20.2
cp "$CACHE/images/v1.20.2/pause.tar" "$TMP/pause.tar"
render() { # SUITE [RUNTIME]
  local release
  read -r _ _ release _ < "$CACHE/containerd/$1/VERSION"
  printf 'containerd %s\n' "${release#v}" > "$TMP/from/VERSIONS"
  "$BIVOUAC" bundle build "$TMP/$1.bundle" --from "$TMP/from" --version "${kubernetes[$1]}" > /dev/null
  cat > "$TMP/$1.yaml" <<Y
apiVersion: bivouac/v1alpha1
kind: Cluster
metadata: {name: demo}
spec:
  kubernetes: {version: ${kubernetes[$1]}}
  artifacts: {bundle: $TMP/$1.bundle}
  runtime: ${2:-"{}"}
  registries: [{address: "127.0.0.1:5997", ca: $TMP/ca.pem}]
  hosts: [{address: 192.0.2.11, roles: [control-plane]}]
Y
  "$BIVOUAC" -f "$TMP/$1.yaml" --playbooks "$TMP/own" render "${3:-/etc/containerd/config.toml}"
}

# Protocol buffers in hexadecimal: fields of text and of messages, none longer than 127 bytes.
message() { printf '%02x%02x%s' $(($1 << 3 | 2)) $((${#2} / 2)) "$2"; }
text() { message "$1" "$(printf %s "$2" | od -An -v -tx1 | tr -d ' \n')"; }
# cri SOCKET METHOD MESSAGE: a call of the container runtime interface. Prints what is readable in the answer, and gRPC's own message.
cri() {
  # shellcheck disable=SC2001 # every two digits
  printf '%b' "$(printf '00%08x%s' $((${#3} / 2)) "$3" | sed 's/../\\x&/g')" |
    curl -sS --max-time 60 --http2-prior-knowledge --unix-socket "$1" -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @- -D - "http://localhost/runtime.v1.$2" |
    tr -c '[:print:]\n' '\n'
}

# judge SUITE: runs in namespaces of its own, with the suite's files below a layer that is thrown away. Leaves in $TMP/SUITE what it said.
judge() {
  local suite=$1 out=$TMP/$1 root=$TMP/$1/root pid='' call
  mount -t tmpfs none "$out/mem"
  mkdir "$out/mem/up" "$out/mem/work" "$root"
  mount -t overlay overlay -o "lowerdir=$CACHE/containerd/$suite,upperdir=$out/mem/up,workdir=$out/mem/work" "$root"
  mkdir -p "$root/dev"
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs none "$root/var"
  mount -t tmpfs none "$root/run"
  mkdir "$root/var/lib"
  cp "$out/config.toml" "$root/etc/containerd/config.toml"
  # A mirror of a registry that is not there: who goes by it asks the mirror.
  mkdir -p "$root/etc/containerd/certs.d/127.0.0.1:5999" "$root/etc/containerd/certs.d/127.0.0.1:5997"
  cp "$out/hosts.toml" "$root/etc/containerd/certs.d/127.0.0.1:5997/"
  printf '[host."http://127.0.0.1:5998"]\n' > "$root/etc/containerd/certs.d/127.0.0.1:5999/hosts.toml"
  ip link set lo up
  chroot "$root" containerd config dump > "$out/dump" 2> "$out/dump.err" || return
  chroot "$root" containerd config migrate > "$out/migrated" 2> "$out/migrated.err" || true
  if [ -s "$out/moved.toml" ]; then cp "$out/moved.toml" "$root/etc/moved.toml" && chroot "$root" containerd --config /etc/moved.toml config dump > "$out/moved"; fi
  chroot "$root" containerd > "$out/log" 2>&1 &
  pid=$!
  comes chroot "$root" ctr version || return
  chroot "$root" ctr plugins ls > "$out/plugins"
  chroot "$root" ctr version > "$out/version" 2>&1
  chroot "$root" ctr deprecations list > "$out/deprecations" 2>&1 || true
  cp "$out/log" "$out/log.start"
  call=$root/run/containerd/containerd.sock
  cri "$call" RuntimeService/Status 0801 > "$out/status"
  cri "$call" ImageService/PullImage "$(message 1 "$(text 1 127.0.0.1:5999/x:1)")" > "$out/pull"
  cri "$call" ImageService/PullImage "$(message 1 "$(text 1 127.0.0.1:5997/x:1)")" > "$out/pull.ca"
  # A pod in the host's network: what is wanted before anything else is the image of its sandbox.
  cri "$call" RuntimeService/RunPodSandbox "$(message 1 "$(message 1 "$(text 1 a)$(text 2 b)$(text 3 c)")$(message 8 "$(message 2 "$(message 1 0802)")")")" > "$out/sandbox"
  # The shell half imports an image with this containerd's own client, which then has it, and takes it away.
  mkdir -p "$out/bv" "$root$out/bv"
  mount --bind "$out/bv" "$root$out/bv"
  # shellcheck disable=SC1091,SC2034,SC2317 # what they are for is in the shell half
  (
    set +e +u
    trap - ERR
    . "$TMP/half.sh"
    BV=$out/bv
    ctr() { chroot "$root" ctr "$@"; }
    reference=$(sed -n 's/.*\(registry.k8s.io[^"'"'"']*\).*/\1/p' "$out/config.toml" | head -n 1)
    set -- "$(sha256sum < "$TMP/pause.tar" | cut -d' ' -f1)" "$(stat -c %s "$TMP/pause.tar")" pause.tar "$reference=k8s.gcr.io/pause:3.2"
    bv_image_do "$@" < "$TMP/pause.tar" && bv_image_is "$@" && echo imported
    cri "$call" ImageService/ImageStatus "$(message 1 "$(text 1 "$reference")")" > "$out/image"
    cri "$call" RuntimeService/RunPodSandbox "$(message 1 "$(message 1 "$(text 1 a)$(text 2 b)$(text 3 c)")$(message 8 "$(message 2 "$(message 1 0802)")")")" > "$out/sandbox.there"
    chroot "$root" ctr -n k8s.io snapshots ls > "$out/snapshots"
    for pod in $(chroot "$root" ctr -n k8s.io containers ls -q); do chroot "$root" ctr -n k8s.io containers rm "$pod"; done
    bv_nargs=4
    bv_image_undo "$@" "$reference" k8s.gcr.io/pause:3.2
    bv_images | grep pause || echo gone
  ) > "$out/import" 2>&1
  kill "$pid"
  wait "$pid" || true
}
if [ "${1:-}" = --judge ]; then
  rm -rf "$TMP"
  TMP=$2
  trap - EXIT
  judge "$3"
  exit
fi

started() { # SUITE
  mkdir -p "$TMP/$1/mem"
  render "$1" > "$TMP/$1/config.toml"
  render "$1" '{}' hosts.toml > "$TMP/$1/hosts.toml"
  if [ "$1" = forky ]; then render forky '{config: {plugins: {io.containerd.cri.v1.images: {max_concurrent_downloads: 5}}}}' > "$TMP/forky/moved.toml"; fi
  cat "$TMP/$1/config.toml"
  unshare -mpfn --propagation private --mount-proc "$0" --judge "$TMP" "$1"
}
has() { # SUITE FILE TEXT...
  local file=$TMP/$1/$2 word
  for word in "${@:3}"; do grep -qF -- "$word" "$file" || { echo "no \`$word\` in $2:"; head -c 4000 "$file"; return 1; }; done
}
is_version() { grep -qx "version = $2" "$TMP/$1/config.toml"; }
understood() {
  [ ! -s "$TMP/$1/dump.err" ] || { cat "$TMP/$1/dump.err"; return 1; }
  # What we set is what it goes by, in the file that it makes of ours and its own defaults.
  sed 's/"/'"'"'/g' "$TMP/$1/dump" > "$TMP/$1/dump.q"
  has "$1" dump.q "registry.k8s.io/pause:${pause[$1]}'" 'SystemdCgroup = true' "config_path = '/etc/containerd/certs.d'" "conf_dir = '/etc/cni/net.d'"
}
declare -A pause=([bookworm]=3.9 [trixie]=3.10.1 [forky]=3.10.1)
# Of its own: a snapshotter without devices, and no network for pods yet.
silent() { [ -s "$TMP/$1/log.start" ] && ! grep -E 'level=(warning|error|fatal)' "$TMP/$1/log.start" | grep -vE 'devmapper|failed to load cni during init'; }
not_deprecated() {
  [ -s "$TMP/$1/version" ] && [ -s "$TMP/$1/log" ]
  if grep -E 'DEPRECATION|deprecated since' "$TMP/$1/version" "$TMP/$1/log"; then return 1; fi
  case $1 in bookworm) ;; *) has "$1" status ContainerdHasNoDeprecationWarnings ;; esac
}
up() {
  ! awk '/cri/ && $NF != "ok"' "$TMP/$1/plugins" | grep . || return 1
  grep -qE '^io.containerd.grpc.v1 +cri .*ok *$' "$TMP/$1/plugins"
  case $1 in forky) [ "$(grep -cE '^io.containerd.cri.v1 +(images|runtime) .*ok *$' "$TMP/$1/plugins")" = 2 ] ;; esac
}
as_set() { has "$1" status 'grpc-status: 0' RuntimeReady '"SystemdCgroup":true' '"PluginDirs":["/opt/cni/bin"]' '"PluginConfDir":"/etc/cni/net.d"'; }
# One that is not understood is passed over, and with it the authority; who reads ours misses the authority's file.
authority() {
  cat "$TMP/$1/hosts.toml"
  grep -E 'hosts.toml|127.0.0.1:5997' "$TMP/$1/log"
  if grep -q 'failed to decode hosts.toml' "$TMP/$1/log"; then return 1; fi
  grep -E '/etc/containerd/certs.d/127.0.0.1:5997/.*no such file' "$TMP/$1/log" "$TMP/$1/pull.ca"
}
# The image that we imported is the one that its plugin knows, and takes for a pod: what stops that then, if anything, is no image.
imported() {
  cat "$TMP/$1/import" "$TMP/$1/sandbox.there"
  has "$1" import imported gone
  has "$1" image "registry.k8s.io/pause:${pause[$1]}"
  if grep -E 'pull|resolve|not found|unpack' "$TMP/$1/sandbox.there"; then return 1; fi
  grep -qi committed "$TMP/$1/snapshots"
  grep 'grpc-' "$TMP/$1/sandbox.there" >> "$TMP/said"
}
for suite in "${suites[@]}"; do
  t "$suite: containerd starts with the rendered configuration" started "$suite"
  t "$suite: which is of version ${version[$suite]}" is_version "$suite" "${version[$suite]}"
  t "$suite: it understands every line as it is meant" understood "$suite"
  t "$suite: it has no warning about it" silent "$suite"
  t "$suite: nothing of it is deprecated" not_deprecated "$suite"
  t "$suite: its Kubernetes plugin is up" up "$suite"
  t "$suite: it goes by it: cgroups, network plugins" as_set "$suite"
  t "$suite: a pod's sandbox is of our image" has "$suite" sandbox "registry.k8s.io/pause:${pause[$suite]}"
  t "$suite: an image of a bundle is imported, used for a pod, and taken away" imported "$suite"
  t "$suite: ours for a registry with an authority is understood" authority "$suite"
  t "$suite: a registry's hosts.toml is read" has "$suite" pull 127.0.0.1:5998
done
# 2.1 itself has nothing to migrate in what we wrote.
migrated() { [ ! -s "$TMP/forky/migrated.err" ] || { cat "$TMP/forky/migrated.err"; return 1; }; has forky migrated 'version = 3' "sandbox = 'registry.k8s.io/pause:3.10.1'"; }
t "forky: config migrate leaves it as it is" migrated
# What was written for the other version is refused before anything of it reaches a host, and its right place is one that containerd knows.
misplaced() {
  local got=0
  render forky '{config: {plugins: {io.containerd.grpc.v1.cri: {max_concurrent_downloads: 5}}}}' > "$TMP/out1" 2> "$TMP/err1" || got=$?
  [ "$got" = 2 ] && grep -F 'plugins."io.containerd.cri.v1.images".max_concurrent_downloads' "$TMP/err1"
  grep -A 8 "io.containerd.cri.v1.images'\]" "$TMP/forky/moved" | tee "$TMP/found" | grep 'max_concurrent_downloads = 5' || { cat "$TMP/found"; return 1; }
}
t "forky: settings for version 2 are refused with their place in version 3" misplaced
