#!/usr/bin/env bash
# A containerd that is there, with its owner's images and containers: Debian's own package, 1.6 on bookworm and 1.7 on trixie. Refused until
# the operator says so and until it fits, then used and left as it was.
# cluster in turn
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
"$LAB_DIR/image.sh" bookworm trixie
cd "$TMP"

prepare() { # the owner's runtime, an image in each namespace, and a container that runs
  on 'apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends containerd > /dev/null 2>&1'
  # With the commands that the install fetches where they are missing: apt is not what is tested here.
  podman exec -i "$host" sh -c 'cat > /root/pause.tar; ctr images import /root/pause.tar; ctr -n k8s.io images import /root/pause.tar; rm /root/pause.tar' < "$CACHE/tree/v1.20.2/images/pause.tar"
  on 'ctr -n k8s.io images tag k8s.gcr.io/pause:3.2 owner.example/app:1; ctr -n k8s.io images rm k8s.gcr.io/pause:3.2
    ctr run -d k8s.gcr.io/pause:3.2 owner'
}
on() { podman exec -i "$host" sh -ec "$1"; }
bv() { "$BIVOUAC" -f "$TMP/$suite.yaml" --accept-new-host-keys --yes --log-dir "$TMP/logs-$suite" "$@" < /dev/null > "$TMP/text" 2>&1; }
# refused TEXT...: preflight ends with 3 and says each TEXT.
refused() {
  local got=0 word
  bv preflight || got=$?
  cat "$TMP/text"
  [ "$got" = 3 ]
  for word; do grep -qF -- "$word" "$TMP/text" || { echo "not said: $word"; return 1; }; done
}
good() { bv "$@" || { tail -n 60 "$TMP/text"; return 1; }; }
images() { on 'for n in default k8s.io; do ctr -n $n images ls -q | sed "s/^/$n /"; done'; }
owner_pid() { on 'ctr tasks ls | sed -n "s/^owner *\([0-9]*\) *RUNNING/\1/p"'; }
daemon() { on 'systemctl show -p MainPID,ActiveEnterTimestamp,UnitFileState containerd; sha256sum /etc/containerd/config.toml'; }
# Its databases say that something was there, and is no more.
still() { snap "$host" | grep -vE '/(meta|metadata)\.db$'; }
untouched() { daemon > "$TMP/now" && same "$TMP/daemon" "$TMP/now" && [ "$(owner_pid)" = "$pid" ]; }
its_own() { on 'ls /usr/local/bin'; [ -z "$(on 'ls /usr/local/bin | grep -E "^(containerd|runc|ctr)"')" ]; }
pods() { on 'ctr -n k8s.io tasks ls; ctr -n k8s.io images ls -q; [ $(ctr -n k8s.io tasks ls | grep -c RUNNING) -ge 10 ] && ctr -n k8s.io images ls -q | grep -qxF "'"$sandbox"'"'; }
comes_pods() { comes pods || { pods; return 1; }; }
same_images() { images > "$TMP/now" && same "$TMP/images" "$TMP/now"; }
wiped() { still > "$TMP/after" && same "$TMP/before" "$TMP/after"; }
# What the lab sets in containerd's configuration (containers may not lower their OOM score) is here the owner's to set.
set_line() { sed -i -e '/^  runtime:/,/^  [a-z]/{/^  runtime:/d;/^   /d}' -e "s|^  hosts:|  runtime: {existing: $1}\n&|" "$TMP/$suite.yaml"; }

for suite in ${SUITES:-bookworm trixie}; do
  rm -f "$BIVOUAC_KNOWN_HOSTS"
  read -r _ _ host < <(hosts "-$suite" one --suite "$suite")
  "$LAB_DIR/cluster.sh" "$RUN-$suite" --name existing > "$TMP/$suite.yaml"
  case $suite in bookworm) version=1.6.20 sandbox=registry.k8s.io/pause:3.6 ;; *) version=1.7.24 sandbox=registry.k8s.io/pause:3.8 ;; esac
  t "$suite: containerd $version of its owner" prepare
  t "$suite: it is refused where nobody speaks of it" refused 'a container runtime is already there' 'runtime: {existing: true}'
  set_line true
  t "$suite: it does not fit, for two reasons" refused 'cgroup driver is `cgroupfs`' 'set `SystemdCgroup = true` below `[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]`' \
    'looks for network plugins in `/usr/lib/cni`' 'set `bin_dir = "/opt/cni/bin"`'
  on 'cp /etc/containerd/config.toml /root/; echo "disabled_plugins = [\"cri\"]" > /etc/containerd/config.toml; systemctl restart containerd'
  t "$suite: as Docker brings it it has no plugin for Kubernetes" refused 'plugin for Kubernetes is switched off' 'take `cri` out of `disabled_plugins`'
  on 'systemctl stop containerd'
  t "$suite: it has to run" refused '`containerd.service` does not run' 'systemctl enable --now containerd'
  # What the two fixes come to.
  on 'sed "s|^\( *\)bin_dir = .*|\1bin_dir = \"/opt/cni/bin\"|; s|^ *\[plugins.\"io.containerd.grpc.v1.cri\"\]|&\nrestrict_oom_score_adj = true|" /root/config.toml > /etc/containerd/config.toml
    printf "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\nruntime_type = \"io.containerd.runc.v2\"\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc.options]\nSystemdCgroup = true\n" >> /etc/containerd/config.toml
    rm /root/config.toml; systemctl restart containerd'
  pid=$(owner_pid)
  [ -n "$pid" ] || die "the owner's container does not run"
  daemon > "$TMP/daemon"
  images > "$TMP/images"
  still > "$TMP/before"
  t "$suite: it fits" good preflight
  t "$suite: init" good init
  t "$suite: pods run in it, their sandboxes of the image that its owner's configuration names" comes_pods
  t "$suite: nothing of it is uploaded" its_own
  t "$suite: it was not restarted, its configuration is as it was, its owner's container runs" untouched
  t "$suite: a second init changes nothing" good init
  sed -i 's/existing: true/existing: false/' "$TMP/$suite.yaml"
  t "$suite: who takes the line out is told" refused 'the node uses a `containerd.service` that has an owner'
  sed -i 's/existing: false/existing: true/' "$TMP/$suite.yaml"
  t "$suite: wipe, with 0 differences" good wipe
  t "$suite: its owner's container runs, it was not restarted" untouched
  t "$suite: its owner's images are there, and no other" same_images
  t "$suite: the host is as it was" wiped
  "$LAB_DIR/hosts.sh" down "$RUN-$suite"
done
