#!/usr/bin/env bash
# The load balancers that clients outside use. First what preflight says of their addresses. Then kube-vip (the lab's stand-in for it, see
# kube-vip): init, a second control plane joins, the API server that has the address stops and the address moves; the wipe, after kube-vip
# was killed and left its address behind. Then an external one, HAProxy on a host of its own: init, a join that is refused while it is
# off, the join, the wipe.
# cluster in turn
. "$(dirname "$0")/t.sh"

mapfile -t lines < <(hosts cp1 cp2 lb)
mapfile -t containers < <(printf '%s\n' "${lines[@]}" | cut -d' ' -f3)
[ "${#containers[@]}" = 3 ] || die "not all hosts started"
cp1=${containers[0]} cp2=${containers[1]} lb=${containers[2]}
address() { cut -d' ' -f2 <<< "${lines[$1]}"; }
vip=$(address 0)
vip=${vip%.*}.100
name=api.lab
cd "$TMP"
# file NAME LINE HOST...: a cluster.yaml with this line in `spec` and these hosts.
file() {
  local to=$1 line=$2 words
  shift 2
  words=$(printf '|name: %s}' "$@")
  "$LAB_DIR/cluster.sh" "$RUN" --control-planes 3 --name "$to" | sed "s|^  hosts:|  $line\n&|" |
    awk -v keep="${words#|}" '!/^  - / || $0 ~ keep' > "$TMP/$to.yaml"
}
kube_vip() { echo "loadBalancer: {kind: kube-vip, vip: $1}"; }
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

in_host() { podman exec "$@"; }
before() { local c; for c in "$cp1" "$cp2"; do snap "$c" > "$c.before"; done; }
unchanged() { snap "$1" > "$1.after" && same "$1.before" "$1.after"; }
run() { "$BIVOUAC" "$@" --accept-new-host-keys --log-dir "$TMP/logs-$1" --output json > "$TMP/$1.json" 2> "$TMP/$1.err" || { local status=$?; cat "$TMP/$1.err"; return "$status"; }; }
# says STATUS WORDS ARGUMENT...: it ends so, says so in a finding about the cluster's address, or without WORDS has none, and changes nothing.
says() {
  local expected=$1 words=$2 status=0
  shift 2
  run "$@" || status=$?
  grep -h '"name":"ControlPlaneEndpoint"' "$1.json" > found || :
  cat found
  # In an and-list of the caller's the first error would not end it.
  [ "$status" = "$expected" ] || { echo "ended with $status"; return 1; }
  if grep '"changed":true' "$1.json"; then return 1; fi
  if [ -n "$words" ]; then grep -qF "$words" found; else [ ! -s found ]; fi
}
comes() { local end=$((SECONDS + $1)); shift; until "$@" > /dev/null 2>&1; do [ "$SECONDS" -lt "$end" ] || { echo "never came: $*"; "$@"; return; }; sleep .1; done; }
now() { echo $((${EPOCHREALTIME/./} / 1000)); }
# client FILE ARGUMENT...: kubectl on this machine, which finds the external load balancer's name.
printf '127.0.0.1 localhost\n%s %s\n' "$(address 2)" "$name" > names
# shellcheck disable=SC2016 # the inner shell expands it
client() { unshare -m sh -c 'mount --bind names /etc/hosts; exec "$@"' sh timeout 30 "$CACHE/bin/v1.20.2/kubectl" --request-timeout 2s --kubeconfig "$TMP/$1.kubeconfig" "${@:2}"; }
ready() { [ "$(client "$1" get nodes --no-headers | awk '$2 == "Ready" {print $1}' | paste -sd ' ')" = "$2" ] || { client "$1" get nodes; return 1; }; }
# holders: the names of the hosts that have the virtual address.
holders() { local i; for i in 0 1; do ! in_host "${containers[$i]}" ip -o addr | grep -qF " $vip/" || cut -d' ' -f1 <<< "${lines[$i]}"; done | paste -sd ' '; }
held() { [ "$(holders)" = "$1" ] || { echo "on: $(holders)"; return 1; }; }
serves() { grep -q "server: https://$2:6443" "$1.kubeconfig" && [ "$(stat -c %a "$1.kubeconfig")" = 600 ] && client "$1" get --raw /readyz; }
wiped() { run wipe --yes -f "$1" && tail -n 1 wipe.json | grep -q '"differences":0'; }
# What was measured is said at the end: what a test says is shown only when it fails.
seconds() { echo "$TEST: $1 $(tail -n 1 "$2.json" | grep -o '"seconds":[0-9.]*' | sed -n 1p) s" >> measured; }

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
again() { run init -f vip.yaml && ! grep '"changed":true' init.json && grep -q '"event":"step_done"' init.json; }
t "kube-vip: init of one control plane" init
t "kube-vip: the control plane has the address" comes 30 held cp1
t "kube-vip: the kubeconfig leads to it, from outside" serves vip "$vip"
t "kube-vip: join of a second control plane" join
t "kube-vip: both are Ready" comes 30 ready vip "cp1 cp2"
t "kube-vip: one of them has the address" comes 30 held cp1
t "kube-vip: a second init changes nothing" again
t "its address is no load balancer for another cluster" says 3 'an API server answers' preflight -f other.yaml
own() { in_host "$cp1" kubectl --kubeconfig /etc/kubernetes/admin.conf --server "https://$(address 0):6443" get --raw /readyz; }
# Asks without a pause; what is measured is what a client sees.
moves() {
  local began last failed=''
  in_host "$cp1" mv /etc/kubernetes/manifests/kube-apiserver.yaml /root/
  began=$(now) last=$began
  answers() { client vip get --raw /readyz > /dev/null 2>&1; }
  until held cp2 && answers; do
    if answers; then [ -n "$failed" ] || last=$(now); else failed=1; fi
    [ $(($(now) - began)) -lt 90000 ]
  done
  echo "$TEST: the API server answered last $((last - began)) ms after its manifest went; the other's answered at the virtual address $(($(now) - last)) ms later" >> measured
  # The process may be there still, with what it had begun to answer.
  if own; then return 1; fi
  ready vip "cp1 cp2"
}
t "kube-vip: the API server stops, the address moves to the other" moves
in_host "$cp1" mv /root/kube-apiserver.yaml /etc/kubernetes/manifests/
t "kube-vip: it comes back" comes 90 own
t "kube-vip: one of them has the address still" comes 30 held cp2
# Without the kubelet nobody starts it again, and killed like this it cannot clean up.
left() {
  in_host "$cp2" sh -c 'systemctl stop kubelet; pkill -KILL -x keepalived'
  comes 10 in_host "$cp2" sh -c '! pgrep -x keepalived'
  in_host "$cp2" ip -o addr | grep -F " $vip/"
}
t "kube-vip is killed and leaves its address behind" left
t "kube-vip: wipe ends with 0 differences" wiped vip.yaml
t "nobody has the virtual address any more" held ''
for c in "$cp1" "$cp2"; do t "the snapshot of ${c##*-} is the one from before" unchanged "$c"; done

tar -C "$CACHE/debs/haproxyfs" -c . | in_host -i "$lb" sh -c 'mkdir /opt/haproxy && tar -C /opt/haproxy -x'
in_host -i "$lb" sh -c 'cat > /opt/haproxy/cfg' << E
defaults
  mode tcp
  timeout connect 1s
  timeout client 1h
  timeout server 1h
listen api
  bind :6443
  server cp1 $(address 0):6443 check inter 500ms
E
on() { in_host "$lb" systemd-run -q --unit haproxy chroot /opt/haproxy /usr/sbin/haproxy -db -f /cfg; }
off() { in_host "$lb" systemctl stop haproxy; }
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
