#!/usr/bin/env bash
# Hosts leave while all that the cluster was installed from is gone: the bundle, the release servers, the registries. On hosts with a
# stand-in for the cluster (standin.sh).
# in turn
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/standin.sh"
standin_bundle v1.20.2
g=removal
group "$g" "network: {}" a:control-plane b:control-plane c:worker d:worker
dir=$BASE/$g
for h in b d; do look "$(container_of "$g" "$h")" > "$dir/$h.look"; done
on() { podman exec "$(container_of "$g" "$1")" sh -c "$2"; }
clean() { look "$(container_of "$g" "$1")" > "$dir/now" && same "$dir/$1.look" "$dir/now"; }
nodes_are() { [ "$(find "$dir/store/nodes" -type f -printf '%f\n' | sort | paste -sd' ')" = "$1" ] || { find "$dir/store/nodes"; return 1; }; }
balancer='cat /etc/kubernetes/manifests/bivouac-load-balancer.yaml'
backends() { on c "$balancer" | grep -o 'backends: .*'; }
# Nobody answers there, on port 9 of this machine in the hosts' network.
here=$(sed -n 's/^a \([0-9.]*\)\..*/\1.1/p' "$dir/hosts"):9
gone="mirror: {kubernetes: 'http://$here/k', github: 'http://$here/g', images: '$here/i'}"
sed "s|^  artifacts:.*|  artifacts: {bundle: $dir/gone.bundle}|; s|version: v1.20.2|version: '1.20'|" "$dir/all.yaml" > "$dir/no-bundle.yaml"
sed "s|^  artifacts:.*|  artifacts: {download: hosts, $gone}|; /name: d}/d" "$dir/all.yaml" > "$dir/hosts-load.yaml"
sed "s|^  artifacts:.*|  artifacts: {$gone}|; /name: d}/d" "$dir/all.yaml" > "$dir/own-load.yaml"
# What was said of them then is no longer right, either.
sed -i "s|^  ssh:|  registries: [{address: '$here', username: u, passwordFile: $dir/no-such-file, ca: $ROOT/tests/fixtures/registry/expired-ca.crt}]\n  ssh:|" "$dir/hosts-load.yaml"
sed '/name: [bd]}/d' "$dir/all.yaml" > "$dir/rest.yaml"

t "a cluster of two control planes and two workers" exits 0 "$g" all init
t "it has all four" nodes_are "a b c d"
# What a kubelet collects is what no pod uses (kubernetes/pkg/kubelet/images/image_gc_manager.go).
collected() {
  local name
  for name in a c; do
    on "$name" 'for image in $(ctr -n k8s.io images ls -q); do case $image in *haproxy*) ;; *) ctr -n k8s.io images rm "$image" ;; esac; done' || return 1
    on "$name" '! ctr -n k8s.io images ls -q | grep -v haproxy' || return 1
  done
}
t "the kubelets have collected what they do not need" collected
without_bundle() {
  exits 0 "$g" no-bundle remove d && nodes_are "a b c" && clean d
}
t "a worker leaves, without the bundle and with a wish for a version" without_bundle
refused() { exits 3 "$g" own-load init && ! grep '"changed":true' "$dir/out"; }
t "control: init asks the servers that are gone" refused
without_servers() {
  local before after
  before=$(on c "$balancer" | grep image:)
  backends | grep -q 'b=' || { backends; return 1; }
  exits 0 "$g" hosts-load remove b && nodes_are "a c" && clean b || return 1
  after=$(on c "$balancer" | grep image:)
  if [ -z "$after" ] || [ "$before" != "$after" ]; then echo "$before became $after"; return 1; fi
  if backends | grep 'b='; then return 1; fi
  ! grep 'every host has downloaded' "$dir/log/events.jsonl"
}
t "a control plane leaves, without the servers that hosts would download from" without_servers
whole() { exits 0 "$g" rest init && nodes_are "a c"; }
t "with the bundle again, the rest of the cluster is made whole" whole
t "the wipe" exits 0 "$g" all wipe
t "leaves nothing" clean d
