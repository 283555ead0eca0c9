#!/usr/bin/env bash
# What is one line of cluster.yaml each, in a real cluster of two control planes and a worker: addresses of both families for pods and
# services, an audit log, encrypted Secrets, the kubelets' serving certificates; and what is so without any line: nothing but what must be
# reached from elsewhere listens for everybody. Then a cluster whose first family is IPv6. Each time the wipe.
# cluster in turn
. "$(dirname "$0")/t.sh"

up cp1 cp2 w1 --ipv6
cp1=${containers[0]} cp2=${containers[1]} w1=${containers[2]}
six() { podman exec "${containers[$1]}" ip -6 -br addr show scope global dev eth0 | grep -o 'fd91:[^/]*'; }
"$LAB_DIR/cluster.sh" "$RUN" --control-planes 2 --name features |
  sed -e "s|^  network:.*|  network: {podSubnet: '10.244.0.0/16,fd00:10:244::/56'}\n  security: {audit: true, encryption: true, servingCertificates: true}|" > "$TMP/all.yaml"
file=$TMP/all.yaml
# cp2 joins later, when the key is known and can be looked for.
sed '/name: cp2/d' "$file" > "$TMP/first.yaml"
for c in "${containers[@]}"; do snap "$c" > "$TMP/$c.before"; done
cd "$TMP"
run() { # VERB ARGUMENT...
  "$BIVOUAC" "$@" --accept-new-host-keys --log-dir "$TMP/logs-$1" --output json > "$TMP/$1.json" 2> "$TMP/$1.err" || { local status=$?; cat "$TMP/$1.err"; return "$status"; }
}
refused() { # STATUS WORDS ARGUMENT...
  local expected=$1 words=$2 status=0
  shift 2
  run "$@" || status=$?
  cat "$TMP/$1.json"
  [ "$status" = "$expected" ] && grep -qF "$words" "$TMP/$1.err" "$TMP/$1.json" && ! grep -q '"changed":true' "$TMP/$1.json"
}
k() { podman exec -i "$cp1" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }
# The other control plane, with its own API server.
k2() { podman exec -i "$cp2" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }

# This machine's kernel may have ipvs; then it is no finding.
no_ipvs() {
  if [ -e /proc/net/ip_vs ]; then echo "this kernel has ipvs"; return 1; fi
  sed 's/network: {/network: {proxyMode: ipvs, /' "$file" > ipvs.yaml
  refused 3 "has no module" preflight -f ipvs.yaml
  grep -q '"name":"ProxyMode"' preflight.json && grep -q 'network.proxyMode: iptables' preflight.json
}
nodes() { [ "$(k get nodes --no-headers | awk '$2 == "Ready" {print $1}' | paste -sd ' ')" = "$1" ] || { k get nodes; return 1; }; }
families() { # FIRST SECOND: each node has an address and a range of both, in that order
  k get nodes -o jsonpath='{range .items[*]}{.metadata.name} {.status.addresses[?(@.type=="InternalIP")].address} {.spec.podCIDRs[*]}{"\n"}{end}' > families
  cat families
  while read -r _ one two first second; do
    [[ $one =~ $1 && $two =~ $2 && $first =~ $1 && $second =~ $2 ]]
  done < families
}
V4='^10\.' V6='^fd'
# A service of both families, which leads to the pod on w1; asked from the pod's own node and from cp1's host.
services() {
  local ip ips pid uid
  k label pod lab-w1 only=w1 --overwrite
  k apply -f - << 'P'
apiVersion: v1
kind: Service
metadata: {name: both}
spec: {ipFamilyPolicy: RequireDualStack, selector: {only: w1}, ports: [{port: 80, targetPort: 8098}]}
P
  ips=$(k get service both -o jsonpath='{.spec.clusterIPs[*]}')
  echo "$ips"
  [ "$(wc -w <<< "$ips")" = 2 ]
  uid=$(k get pod lab-w1 -o jsonpath='{.metadata.uid}' | tr - _)
  # shellcheck disable=SC2016 # the host expands it
  pid=$(podman exec "$w1" sh -c 'grep -l "$1" /proc/[0-9]*/cgroup | sed -n "1s|/proc/\([0-9]*\)/.*|\1|p"' sh "${uid}")
  [ -n "$pid" ] || pid=$(podman exec "$w1" sh -c 'grep -l "$1" /proc/[0-9]*/cgroup | sed -n "1s|/proc/\([0-9]*\)/.*|\1|p"' sh "${uid//_/-}")
  podman exec -d "$w1" nsenter -t "$pid" -n timeout 900 python3 -c 'import socket
s = socket.create_server(("::", 8098), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    c, _ = s.accept()
    c.sendall(b"w1")
    c.close()'
  for ip in $ips; do
    comes asked "$cp1" "$ip"
    comes asked "$w1" "$ip"
  done
}
asked() { [ "$(podman exec "$1" timeout 5 python3 -c 'import socket, sys
print(socket.create_connection((sys.argv[1], 80), timeout=3).recv(10).decode())' "$2")" = w1 ]; }

MARK=plain-text-that-nobody-may-read
secret() { k create secret generic marked --from-literal=word="$MARK" && k get secret marked -o name && k create configmap marked --from-literal=word="$MARK"; }
audited() {
  podman exec "$cp1" cat /var/log/kubernetes/audit/audit.log > audit
  grep '"resource":"secrets","namespace":"default","name":"marked"' audit | grep '"verb":"create"' | grep '"level":"Metadata"' | grep '"username":"kubernetes-admin"' > /dev/null
  if grep -E "requestObject|responseObject|$MARK|$(printf '%s' "$MARK" | base64)" audit; then return 1; fi
  [ "$(podman exec "$cp1" stat -c '%a %U' /var/log/kubernetes/audit /etc/kubernetes/bivouac/audit-policy.yaml | paste -sd,)" = "700 root,600 root" ]
}
# What etcd has under a key, by its JSON gateway.
# shellcheck disable=SC2016 # the host expands it
raw() { podman exec -i "$1" sh -c 'cd /etc/kubernetes/pki/etcd; printf "{\"key\":\"%s\"}" "$(printf %s "$1" | base64 -w 0)" | kubectl --kubeconfig /dev/null --server https://127.0.0.1:2379 --certificate-authority ca.crt --client-certificate healthcheck-client.crt --client-key healthcheck-client.key create --raw /v3/kv/range -f -' sh "$2" | grep -o '"value":"[^"]*"' | cut -d'"' -f4 | base64 -d; }
encrypted() { # CONTAINER
  raw "$1" /registry/secrets/default/marked > raw.secret
  raw "$1" /registry/configmaps/default/marked > raw.map
  [ "$(head -c 28 raw.secret)" = "k8s:enc:secretbox:v1:key1:$(head -c 28 raw.secret | tail -c 2)" ]
  if grep -aqF "$MARK" raw.secret; then return 1; fi
  # The judge judges: what is not encrypted is seen.
  grep -aqF "$MARK" raw.map
}
# All Secrets, also those that kubeadm and the controllers made.
all_encrypted() {
  local names
  names=$(k get secrets -A -o jsonpath='{range .items[*]}{.metadata.namespace}/{.metadata.name}{"\n"}{end}')
  [ "$(wc -l <<< "$names")" -gt 10 ]
  while read -r name; do
    raw "$cp1" "/registry/secrets/$name" > raw.one < /dev/null
    [ "$(head -c 20 raw.one)" = k8s:enc:secretbox:v1 ] || { echo "$name is not encrypted"; return 1; }
  done <<< "$names"
}
KEY=/etc/kubernetes/bivouac/encryption.yaml
key_places() {
  local one two
  one=$(podman exec "$cp1" sha256sum "$KEY") two=$(podman exec "$cp2" sha256sum "$KEY")
  [ "$one" = "$two" ]
  for c in "$cp1" "$cp2"; do [ "$(podman exec "$c" stat -c '%a %U:%G' "$KEY")" = '600 root:root' ]; done
  if podman exec "$w1" test -e "$KEY"; then return 1; fi
}
read_there() { [ "$(k2 --server "https://$(address 1):6443" get secret marked -o jsonpath='{.data.word}' | base64 -d)" = "$MARK" ]; }
# The key is in no journal, log, event or message, nor anywhere on the operator's disk; and a watcher saw it in no argument.
watched() {
  touch stop
  while kill -0 "$watcher" 2> /dev/null; do sleep .1; done
  cat watch
  if grep -q holds watch; then return 1; fi
  [ "$(sed -n 's/^looks //p' watch)" -gt 100 ]
}
unwritten() {
  local c
  if grep -rlF -f key "$TMP"/logs-* "$TMP"/*.json "$TMP"/*.err "$TMP"/*.kubeconfig; then return 1; fi
  # The pattern is on stdin: in an argument it would be what is looked for.
  for c in "${containers[@]}"; do if podman exec -i "$c" grep -rlF -f - /var/lib/bivouac /var/log /root /tmp < key; then return 1; fi; done
}
# Each kubelet shows a certificate of the cluster's authority, for each of its addresses; the API servers ask for one.
serving() {
  local at ip
  podman cp "$cp1:/etc/kubernetes/pki/ca.crt" ca.crt
  for at in 0 1 2; do
    for ip in "$(address "$at")" "$(six "$at")"; do
      podman exec -i "$cp1" python3 - "$ip" << 'P'
import socket, ssl, sys
context = ssl.create_default_context(cafile="/etc/kubernetes/pki/ca.crt")
context.wrap_socket(socket.create_connection((sys.argv[1], 10250), timeout=10), server_hostname=sys.argv[1]).close()
P
    done
  done
  for c in "$cp1" "$cp2"; do podman exec "$c" grep -q -- '--kubelet-certificate-authority=/etc/kubernetes/pki/ca.crt' /etc/kubernetes/manifests/kube-apiserver.yaml; done
  for at in cp1 cp2 w1; do k logs "lab-$at"; done
  if k get csr --no-headers | grep -v Approved,Issued; then return 1; fi
}
# A node that asks for another's name does not get it.
forged() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null -subj '/O=system:nodes/CN=system:node:w1' \
    -addext "subjectAltName=DNS:w1,IP:$(address 0)" -out forged.csr 2> /dev/null
  podman exec -i "$w1" kubectl --kubeconfig /etc/kubernetes/kubelet.conf create -f - << P
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: forged}
spec: {signerName: kubernetes.io/kubelet-serving, usages: [digital signature, key encipherment, server auth], request: $(base64 -w 0 forged.csr)}
P
  run init -f "$file"
  grep -q "names .$(address 0)., which is not known as the node's" init.json "$TMP"/logs-init/*
  [ -z "$(k get csr forged -o jsonpath='{.status.conditions}{.status.certificate}')" ]
}
waits_named() {
  local status=0
  "$BIVOUAC" -f "$file" --accept-new-host-keys --log-dir "$TMP/logs-status" status > status.text 2>&1 || status=$?
  cat status.text
  grep -q 'waits for a serving certificate' status.text && grep -q 'kubelet-server-current.pem\|is healthy' status.text
  k delete csr forged
  "$BIVOUAC" -f "$file" --accept-new-host-keys --log-dir "$TMP/logs-status" status > status.text 2>&1 || { cat status.text; return 1; }
  ! grep 'serving certificate' status.text
}
again() { run init -f "$file" && ! grep '"changed":true' init.json && grep -q '"event":"step_done"' init.json; }
with() { sed "$1" "$file" > "other.yaml"; }
# shellcheck disable=SC2016 # backquotes are quotes here
no_turning() {
  with 's/encryption: true, //'
  refused 3 'is not switched off afterwards: without it nobody could read the Secrets' init -f other.yaml
  with "s/podSubnet: '[^']*'/podSubnet: 10.244.0.0\/16/"
  refused 3 'the cluster was made with `network.podSubnet: 10.244.0.0/16,fd00:10:244::/56`' init -f other.yaml
}
wiped() { run wipe -f "$file" --yes && tail -n 1 wipe.json | grep -q '"differences":0'; }
unchanged() { snap "$1" > "$TMP/$1.after" && same "$TMP/$1.before" "$TMP/$1.after"; }

t "a kernel without ipvs is a finding that names the next best" no_ipvs
t "init with all of it" run init -f "$TMP/first.yaml"
podman exec "$cp1" sed -n 's/.*secret: "\(.*\)".*/\1/p' "$KEY" > key
[ "$(wc -c < key)" -gt 40 ] || die "no key"
"$LAB_DIR/watch-secrets.pl" "$TMP/stop" "$TMP/key" > watch &
watcher=$!
t "join of a second control plane" run join cp2 -f "$file"
t "all nodes are Ready" nodes "cp1 cp2 w1"
t "each node has addresses and ranges of both families, IPv4 first" families "$V4" "$V6"
t "pods reach each other by both" "$LAB_DIR/pods.sh" --keep "$cp1" "${containers[@]}"
t "a service of both families is reached from pods' nodes" services
t "a Secret is made" secret
t "the audit log says so, and not what is in it" audited
t "etcd has it encrypted" encrypted "$cp1"
t "so has the other member" encrypted "$cp2"
t "all Secrets are encrypted" all_encrypted
t "the key is the same on both control planes, and nowhere else" key_places
t "the other API server reads the Secret" read_there
t "no argument and no environment has the key" watched
t "no journal, log, event or message has the key" unwritten
t "kubelets serve with certificates of the cluster, which API servers check" serving
t "a second init changes nothing" again
t "a request for another's address is not approved, and said" forged
t "status names who waits for a certificate" waits_named
t "nothing else listens for everybody" open_ports "${containers[@]}"
t "what the cluster was made with cannot be changed unnoticed" no_turning
t "wipe ends with 0 differences" wiped
for c in "${containers[@]}"; do t "the snapshot of $c is the one from before" unchanged "$c"; done

# etcd of such nodes is not on 127.0.0.1.
healthy() { "$BIVOUAC" -f "$file" --accept-new-host-keys --log-dir "$TMP/logs-status" status > status.text 2>&1 || { cat status.text; return 1; }; }
shrunk() { run remove cp2 --yes -f "$file" && tail -n 1 remove.json | grep -q '"differences":0' && members "$cp1" cp1; }
sed -e '/^  security:/d' -e "s|podSubnet: '[^']*'|podSubnet: 'fd00:10:244::/56,10.244.0.0/16'|" "$TMP/all.yaml" > "$TMP/six.yaml"
file=$TMP/six.yaml
t "init of a cluster whose first family is IPv6" run init -f "$file"
t "it is healthy, and etcd says so itself" healthy
t "both control planes are etcd's members" members "$cp2" cp1 cp2
t "a second init of that changes nothing" again
t "a control plane leaves it" shrunk
sed -i '/name: cp2/d' "$file"
t "its nodes have IPv6 first" families "$V6" "$V4"
t "its pods reach each other by both" "$LAB_DIR/pods.sh" --keep "$cp1" "$cp1" "$w1"
t "a service of both is reached there too" services
t "wipe ends with 0 differences again" wiped
for c in "$cp1" "$w1"; do t "the snapshot of $c is the one from before again" unchanged "$c"; done
