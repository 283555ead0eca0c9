#!/usr/bin/env bash
# The load balancers that clients outside use. First what preflight says of their addresses. Then kube-vip (the lab's stand-in for it, see
# kube-vip): init, a second control plane joins, the API server that has the address stops and the address moves; the wipe, after kube-vip
# was killed and left its address behind. Then an external one, HAProxy on a host of its own: init, a join that is refused while it is
# off, the join, the wipe.
# cluster in turn
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/balancers.sh"

file one "$(kube_vip "$vip")" cp1
file vip "$(kube_vip "$vip")" cp1 cp2
file taken "$(kube_vip "$(address 2)")" cp1 cp2
file other "controlPlaneEndpoint: $vip:6443" lb
file direct "controlPlaneEndpoint: $(address 0):6443" cp1
file ext "controlPlaneEndpoint: $name:6443" cp1 cp2
sed -i '/name: cp2/s/control-plane/worker/' ext.yaml
sed '/name: cp2/d' ext.yaml > first.yaml
sed -i 's/^metadata:.*/metadata: {name: vip}/' one.yaml
sed -i 's/^metadata:.*/metadata: {name: ext}/' first.yaml

before
taken() { says 3 'the virtual address is taken' init -f taken.yaml; }
nft() { nsenter -t "$(podman inspect -f '{{.State.Pid}}' "$lb")" -n nft "$@"; }
silent() { says 3 'a machine that does not answer has the address' preflight -f taken.yaml; }
t "a virtual address that another host has is refused" taken
nft -f - <<< 'table inet t { chain c { type filter hook input priority 0; meta l4proto tcp drop; }; }'
t "also where that host takes no connection" silent
nft delete table inet t
t "a free one is not" says 0 '' preflight -f vip.yaml
in_host "$cp2" sh -c "echo '$(address 2) $name' >> /etc/hosts"
before
unresolved() { says 3 'does not resolve here' init -f ext.yaml && [ "$(grep -c '"severity":"error"' found)" = 1 ] && grep '"severity":"error"' found | grep '"host":"cp1"'; }
t "an external load balancer's name that one host cannot resolve is refused there" unresolved
for c in "$cp1" "$cp2"; do t "the refusals changed nothing on ${c##*-}" unchanged "$c"; done
in_host "$cp1" sh -c "echo '$(address 2) $name' >> /etc/hosts"
refuses() { says 0 "nothing listens at \`$name:6443\`" preflight -f ext.yaml && ! grep '"severity":"error"' found; }
t "one that is off is a warning" refuses
t "a name of the control plane itself is none" says 0 '' preflight -f direct.yaml

before
t "nobody is at the virtual address" held ''
init() { run init -f one.yaml && seconds init init; }
join() { run join -f vip.yaml && seconds join join && grep '"name":"ControlPlaneCount"' join.json | grep '"severity":"warning"'; }
t "kube-vip: init of one control plane" init
t "kube-vip: the control plane has the address" comes 30 held cp1
t "kube-vip: the kubeconfig leads to it, from outside" serves vip "$vip"
t "kube-vip: join of a second control plane" join
t "kube-vip: both are Ready" comes 30 ready vip "cp1 cp2"
# At this version both API servers were started anew with the second member of etcd, so the address may have moved meanwhile.
one() { [[ $(holders) == cp[12] ]]; }
t "kube-vip: one of them has the address" comes 30 one
if held cp1; then has=0 next=cp2; else has=1 next=cp1; fi > /dev/null
holder=${containers[$has]} other=${containers[$((1 - has))]}
t "kube-vip: a second init changes nothing" again vip.yaml
t "its address is no load balancer for another cluster" says 3 'an API server answers' preflight -f other.yaml
own() { in_host "$holder" kubectl --kubeconfig /etc/kubernetes/admin.conf --server "https://$(address "$has"):6443" get --raw /readyz; }
# Asks without a pause; what is measured is what a client sees.
moves() {
  local began last failed=''
  in_host "$holder" mv /etc/kubernetes/manifests/kube-apiserver.yaml /root/
  began=$(now) last=$began
  answers() { client vip get --raw /readyz > /dev/null 2>&1; }
  until held "$next" && answers; do
    if answers; then [ -n "$failed" ] || last=$(now); else failed=1; fi
    [ $(($(now) - began)) -lt 90000 ]
  done
  echo "$TEST: the API server answered last $((last - began)) ms after its manifest went; the other's answered at the virtual address $(($(now) - last)) ms later" >> measured
  # The process may be there still, with what it had begun to answer.
  if own; then return 1; fi
  ready vip "cp1 cp2"
}
t "kube-vip: the API server stops, the address moves to the other" moves
in_host "$holder" mv /root/kube-apiserver.yaml /etc/kubernetes/manifests/
t "kube-vip: it comes back" comes 90 own
t "kube-vip: one of them has the address still" comes 30 held "$next"
# Without the kubelet nobody starts it again, and killed like this it cannot clean up.
left() {
  in_host "$other" sh -c 'systemctl stop kubelet; pkill -KILL -x keepalived'
  comes 10 in_host "$other" sh -c '! pgrep -x keepalived'
  in_host "$other" ip -o addr | grep -F " $vip/"
}
t "kube-vip is killed and leaves its address behind" left
t "kube-vip: wipe ends with 0 differences" wiped vip.yaml
t "nobody has the virtual address any more" held ''
for c in "$cp1" "$cp2"; do t "the snapshot of ${c##*-} is the one from before" unchanged "$c"; done

external
on
# What HAProxy with nothing behind it does: it takes the connection and hangs up.
t "external: one that is on, with nothing behind it, is fine" says 0 '' preflight -f ext.yaml
first() { run init -f first.yaml && seconds "external: init" init; }
t "external: init of one control plane" first
t "external: the kubeconfig leads to it" serves ext "$name"
t "external: the load balancer is what leads there" in_host "$lb" sh -c 'grep -c ":192B .* 01 " /proc/net/tcp'
off
closed() { ! client ext get --raw /readyz; }
t "external: while it is off nobody gets there" closed
cut_off() { says 3 'is not found at its address' join -f ext.yaml; }
t "external: a join is refused by name while it is off" cut_off
on
joined() { run join -f ext.yaml && seconds "external: join" join; }
t "external: join of a worker" joined
t "external: both are Ready" comes 30 ready ext "cp1 cp2"
t "external: a kubelet goes through it" in_host "$cp2" grep -q "server: https://$name:6443" /etc/kubernetes/kubelet.conf
off
# The API server is there, the way to it is not: what cannot be asked must not be blamed.
told() {
  local status=0
  run remove cp2 --yes -f ext.yaml || status=$?
  [ "$status" = 3 ] && grep "only the way to the API server is missing: .*\`$name:6443\`" remove.err
}
t "external: a removal while it is off says that it is the load balancer" told
on
t "external: wipe ends with 0 differences" wiped ext.yaml
for c in "$cp1" "$cp2"; do t "the snapshot of ${c##*-} is the one from before it" unchanged "$c"; done
[ ! -f measured ] || say "$(cat measured)"
