#!/usr/bin/env bash
# What `bivouac render` makes for kubeadm, judged by the real kubeadm 1.20.2: its own parser reads it without a complaint (`config migrate`), it
# would make a cluster of it (`init --dry-run`, in namespaces and on a layer that is thrown away), and what is broken is refused, so that
# it is known to judge.
. "$(dirname "$0")/t.sh"

kubeadm=$CACHE/bin/v1.20.2/kubeadm
[ -x "$kubeadm" ] || "$LAB_DIR/k8s.sh" > /dev/null

# What hosts download themselves is rendered without any bundle or network.
cluster() { # FILE LINES: below spec
  cat > "$1" <<Y
apiVersion: bivouac/v1alpha1
kind: Cluster
metadata: {name: demo}
spec:
  artifacts: {download: hosts}
$2
Y
}
cluster "$TMP/single.yaml" "  kubernetes: {version: v1.20.2}
  hosts: [{address: 192.0.2.11, roles: [control-plane], name: cp1}]"
cluster "$TMP/several.yaml" "  kubernetes:
    version: v1.20.2
    kubeadm:
      apiServer: {extraArgs: {profiling: 'false'}, certSANs: [api.example]}
      controllerManager: {extraArgs: {terminated-pod-gc-threshold: '100'}}
      etcd: {local: {extraArgs: {quota-backend-bytes: '8589934592'}}}
    kubelet: {maxPods: 200, failSwapOn: false}
    kubeProxy: {iptables: {masqueradeAll: true}}
  hosts:
  - {address: 192.0.2.11, roles: [control-plane], name: cp1, taints: ['dedicated=infra:NoSchedule']}
  - {address: 192.0.2.12, roles: [control-plane, worker], name: cp2}
  - {address: 192.0.2.13, roles: [control-plane], name: cp3}
  - {address: 192.0.2.14, roles: [worker], name: w1, taints: ['gpu=yes:NoSchedule']}"

# rendered NAME: one file for each that kubeadm reads, with what only a run knows.
rendered() {
  mkdir -p "$TMP/$1"
  "$BIVOUAC" -f "$TMP/$1.yaml" render kubeadm- > "$TMP/$1.all"
  sed -i 's/(known when it runs: token)/bvabcd.0123456789abcdef/; s/(known when it runs: certificate_key)/e6a2eb8581237ab72a4f494f30285ec12a9694d750b9785706a83bfcbbbd2204/' "$TMP/$1.all"
  awk -v dir="$TMP/$1" '/^# kubeadm-/ { n++; name = $2; sub(/\.yaml$/, "", name); out = dir "/" n "-" name ".yaml"; next } out { print > out }' "$TMP/$1.all"
  if grep -F '(known when' "$TMP/$1"/*; then return 1; fi
}

# In namespaces of their own: nothing of this machine changes, and nobody is asked anything.
if [ "${1:-}" = --inside ]; then
  trap - EXIT
  rm -rf "$TMP"
  shift
  mount -t tmpfs none "$1"
  mkdir "$1/up" "$1/work"
  mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/up,workdir=$1/work" /etc
  mkdir -p /etc/kubernetes
  : > /etc/kubernetes/bivouac-discovery.conf
  ip link set lo up
  shift
  exec "$@"
fi
mkdir "$TMP/layer"
inside() { unshare -mn --propagation private "$0" --inside "$TMP/layer" timeout 120 "$@"; }

# What it says of this machine is nothing about the file.
complaints() { grep -v 'systemd-resolved' "$TMP/err" || true; }
reads() {
  inside "$kubeadm" config migrate --old-config "$1" > "$TMP/migrated" 2> "$TMP/err" || { cat "$TMP/err"; return 1; }
  if [ -n "$(complaints)" ]; then complaints; return 1; fi
  grep -q '^kind: ' "$TMP/migrated"
}
reads_all() { # NAME KIND COUNT
  local file count=0
  for file in "$TMP/$1"/*-kubeadm-"$2".yaml; do
    echo "$file"
    reads "$file"
    count=$((count + 1))
  done
  [ "$count" = "$3" ]
}
kept() { # NAME: what the file says of addresses and taints, it says after the way through kubeadm's own types
  reads "$TMP/$1/"*-kubeadm-init.yaml
  for word in "${@:2}"; do grep -qF -- "$word" "$TMP/migrated" || { echo "no \`$word\`:"; cat "$TMP/migrated"; return 1; }; done
}
would() { inside "$kubeadm" init --dry-run --config "$1" --ignore-preflight-errors=all > "$TMP/dry" 2> "$TMP/err" || { cat "$TMP/err"; return 1; }; }
dry() {
  would "$TMP/$1/"*-kubeadm-init.yaml
  for word in "${@:2}"; do grep -qF -- "$word" "$TMP/dry" || { echo "no \`$word\`:"; grep -nE '^\s+- --|image:|^\s*(kind|mode|maxPods|cgroupDriver):' "$TMP/dry"; return 1; }; done
}
# broken NAME SED WORDS: the file with one mistake is complained of, in these words.
broken() {
  sed "$2" "$TMP/$1/"*-kubeadm-init.yaml > "$TMP/broken.yaml"
  if cmp -s "$TMP/broken.yaml" "$TMP/$1/"*-kubeadm-init.yaml; then echo 'it is not broken'; return 1; fi
  if reads "$TMP/broken.yaml" > "$TMP/said"; then echo 'nothing was said'; return 1; fi
  cat "$TMP/said"
  grep -qF -- "$3" "$TMP/said"
}
refused() { # SED WORDS: and no cluster would be made of it
  sed "$1" "$TMP/several/"*-kubeadm-init.yaml > "$TMP/broken.yaml"
  if would "$TMP/broken.yaml" > "$TMP/said"; then echo 'it would be installed'; return 1; fi
  cat "$TMP/said"
  grep -qF -- "$2" "$TMP/said"
}
# The machine is as it was.
here() { find /etc/kubernetes /var/lib/kubelet /var/lib/etcd /opt/cni 2> /dev/null | sort || true; }
untouched() { [ "$(here)" = "$before" ]; }
before=$(here)

t "a single host's files are rendered without network or bundle" rendered single
t "and those of several control planes" rendered several
t "kubeadm 1.20 reads a single host's init without a complaint" reads_all single init 1
t "and that of several control planes" reads_all several init 1
t "and the join of each control plane" reads_all several prepare-control-plane 2
t "and its second half" reads_all several join-control-plane 2
t "and the join of a worker" reads_all several join 1
t "what it reads is what was meant" kept several 'advertiseAddress: 192.0.2.11' 'key: node-role.kubernetes.io/master' 'key: dedicated' 'controlPlaneEndpoint: 127.0.0.1:6443' 'podSubnet: 10.244.0.0/16' "quota-backend-bytes: \"8589934592\""
t "it would make a cluster of the single host's" dry single 'kind: KubeProxyConfiguration' 'cgroupDriver: systemd'
t "and of the other, with everything that was asked for" dry several '--profiling=false' '--terminated-pod-gc-threshold=100' 'quota-backend-bytes: "8589934592"' 'maxPods: 200' 'image: k8s.gcr.io/kube-apiserver:v1.20.2'
t "a misspelled field is complained of by name" broken several s/advertiseAddress/adverticeAddress/ 'unknown field "adverticeAddress"'
t "so is one of a later version" broken several 's/^nodeRegistration:/skipPhases: [addon]\nnodeRegistration:/' 'unknown field "skipPhases"'
t "extra arguments in the later form are refused" broken several 's/^    node-ip: .*/  - {name: node-ip, value: 192.0.2.11}/' 'cannot unmarshal array'
t "a number that is text is refused" broken several 's/bindPort: 6443/bindPort: "6443"/' 'cannot unmarshal string'
t "a later API is refused" broken single 's,kubeadm.k8s.io/v1beta2,kubeadm.k8s.io/v1beta3,' v1beta3
t "and nothing would be installed with it" refused 's,kubeadm.k8s.io/v1beta2,kubeadm.k8s.io/v1beta3,' v1beta3
t "nor with a network that is none" refused 's,10.244.0.0/16,10.244.0.0/99,' '10.244.0.0/99'
t "this machine is as it was" untouched
