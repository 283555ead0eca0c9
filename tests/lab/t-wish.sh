#!/usr/bin/env bash
# Which release `1.20` and `stable` mean where no bundle says it: that of the cluster that runs, which is never moved; only where none runs
# the release server is asked, here one where nobody listens, so that a question is an error.
. "$(dirname "$0")/t.sh"

hosts h1 > "$TMP/hosts"
read -r _ address host < "$TMP/hosts"
# refused VERSION VERB: exit 3, with all that was said in $TMP/said.
refused() {
  local status=0
  cat > "$TMP/cluster.yaml" <<Y
apiVersion: bivouac/v1alpha1
kind: Cluster
metadata: {name: demo}
spec:
  kubernetes: {version: $1}
  artifacts: {mirror: {kubernetes: 'http://127.0.0.1:1/dl'}}
  ssh: {user: root, privateKey: $LAB_KEY}
  hosts: [{address: $address, roles: [control-plane], name: h1}]
Y
  "$BIVOUAC" -f "$TMP/cluster.yaml" --accept-new-host-keys --log-dir "$TMP/log" "$2" > "$TMP/said" 2>&1 < /dev/null || status=$?
  [ "$status" = 3 ] || { echo "it ended with $status"; cat "$TMP/said"; return 1; }
}
said() { local text; for text; do grep -qF -- "$text" "$TMP/said" || { echo "not said: $text"; cat "$TMP/said"; return 1; }; done; }
asks() { refused "$1" "$2" && said "$3" 127.0.0.1:1; }
# It came to look at the host: another cluster's control plane is what stands in the way.
asks_nobody() { refused "$1" "$2" && said 'it is a control plane of a cluster that bivouac did not make' && ! grep -F 127.0.0.1:1 "$TMP/said"; }
not_moved() { refused "$1" "$2" && said 'h1: the cluster runs Kubernetes v1.20.2' "asks for $1" "fix: write \`version: v1.20.2\`" && ! grep -F 127.0.0.1:1 "$TMP/said"; }
unchanged() { snap "$host" > "$TMP/after" && same "$TMP/before" "$TMP/after"; }

t "where no cluster runs the server is asked for the newest of a minor" asks 1.20 preflight stable-1.20.txt
t "and for the newest of all" asks stable init stable.txt
# The traces of a control plane that another tool made.
podman exec -i "$host" sh -e <<'E'
mkdir -p /etc/kubernetes/manifests
printf 'spec:\n  containers:\n  - command: [kube-apiserver]\n    image: k8s.gcr.io/kube-apiserver:v1.20.2\n' > /etc/kubernetes/manifests/kube-apiserver.yaml
echo x > /etc/kubernetes/kubelet.conf
E
snap "$host" > "$TMP/before"
t "a cluster that runs says what its minor means" asks_nobody 1.20 preflight
t "and what stable means" asks_nobody stable init
t "an exact release asks neither" asks_nobody v1.20.2 plan
t "no wish moves it: both are named" not_moved 1.21 init
t "nor does another verb" not_moved 1.37 plan
t "nothing was changed" unchanged
