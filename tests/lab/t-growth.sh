#!/usr/bin/env bash
# A cluster that was one control plane under its own address, and is to be found under another: it gets a virtual address with its second
# control plane (kube-vip's stand-in), or the name of an external load balancer, which is written down later, by the next `init`. Nobody
# goes by the old address then. Each time the wipe.
# cluster in turn
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/balancers.sh"

file plain "" cp1
file vip "$(kube_vip "$vip")" cp1 cp2
file pair "" cp1 cp2
file ext "controlPlaneEndpoint: $name:6443" cp1 cp2
sed -i '/name: cp2/s/control-plane/worker/' pair.yaml ext.yaml
sed -i 's/^metadata:.*/metadata: {name: grown}/' plain.yaml vip.yaml pair.yaml ext.yaml
for c in "$cp1" "$cp2"; do in_host "$c" sh -c "echo '$(address 2) $name' >> /etc/hosts"; done
k() { in_host -i "$cp1" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }
# goes_by ADDRESS NODE...: these, and all that lies in the cluster, know this address and no other.
goes_by() {
  local address=$1 node have
  shift
  for node; do
    have=$(in_host "${containers[$((${node#cp} - 1))]}" sh -c "sed -n 's/^ *server: //p' /etc/kubernetes/kubelet.conf")
    [ "$have" = "https://$address" ] || { echo "the kubelet of $node goes by $have"; return 1; }
  done
  [ "$(in_host "$cp1" sed -n 's/^ *server: //p' /etc/kubernetes/admin.conf)" = "https://$address" ]
  k -n kube-system get configmap kubeadm-config -o yaml | grep -qx " *controlPlaneEndpoint: $address"
  for map in kube-system/kube-proxy kube-public/cluster-info; do
    k -n "${map%/*}" get configmap "${map#*/}" -o yaml | grep -x " *server: https://.*" | sort -u > served
    echo "$map:" && cat served
    [ "$(xargs < served)" = "server: https://$address" ]
  done
  [ "$(k -n kube-system get pods -l k8s-app=kube-proxy -o jsonpath='{range .items[*]}{.metadata.annotations.bivouac/address}{"\n"}{end}' | sort | uniq -c | xargs)" = "$# $address" ]
}
grows() { local verb=$1; run "$verb" -f "$2" && seconds "$3" "$verb"; }

before
t "init of one control plane, under its own address" run init -f plain.yaml
t "join of a second one gives the cluster a virtual address" grows join vip.yaml "kube-vip: join with growth"
t "kube-vip: everything goes by it" goes_by "$vip:6443" cp1 cp2
t "kube-vip: the kubeconfig leads to it, from outside" serves grown "$vip"
t "kube-vip: both are Ready" comes 30 ready grown "cp1 cp2"
t "kube-vip: etcd has two healthy members" members "$cp1" cp1 cp2
t "kube-vip: a second init changes nothing" again vip.yaml
# It has several control planes now, whose certificates have this address.
t "a third address is refused" says_refused 'was made with the address' init -f ext.yaml
t "kube-vip: wipe ends with 0 differences" wiped vip.yaml
for c in "$cp1" "$cp2"; do t "the snapshot of ${c##*-} is the one from before" unchanged "$c"; done

external
on
t "init of one control plane and a worker, under the control plane's own address" run init -f pair.yaml
off
closed() { says_refused 'does not lead to its API server' init -f ext.yaml; }
t "external: while it is off the cluster keeps its own" closed
on
t "external: init gives the cluster its address" grows init ext.yaml "external: init with growth"
t "external: everything goes by it" goes_by "$name:6443" cp1 cp2
t "external: the kubeconfig leads to it" serves grown "$name"
t "external: both are Ready" comes 30 ready grown "cp1 cp2"
t "external: a second init changes nothing" again ext.yaml
t "external: wipe ends with 0 differences" wiped ext.yaml
for c in "$cp1" "$cp2"; do t "the snapshot of ${c##*-} is the one from before it" unchanged "$c"; done
[ ! -f measured ] || say "$(cat measured)"
