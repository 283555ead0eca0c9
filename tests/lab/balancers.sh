#!/usr/bin/env bash
# balancers.sh: sourced after t.sh by the tests of load balancers that clients outside use: two hosts, a third for an external one under the
# name $name, and a free address, $vip, for kube-vip's stand-in.
# shellcheck disable=SC2034,SC2154 # variables of t.sh, and for those who source this file

up cp1 cp2 lb
cp1=${containers[0]} cp2=${containers[1]} lb=${containers[2]}
vip=$(address 0)
vip=${vip%.*}.100
name=api.lab
cd "$TMP" || exit
# file NAME LINE HOST...: a cluster.yaml with this line in `spec` and these hosts.
file() {
  local to=$1 line=$2 words
  shift 2
  words=$(printf '|name: %s}' "$@")
  "$LAB_DIR/cluster.sh" "$RUN" --control-planes 3 --name "$to" | sed "s|^  hosts:|  $line\n&|" |
    awk -v keep="${words#|}" '!/^  - / || $0 ~ keep' > "$TMP/$to.yaml"
}
kube_vip() { echo "loadBalancer: {kind: kube-vip, vip: $1}"; }

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
# says_refused WORDS ARGUMENT...: it is refused, with these words, and changes nothing.
says_refused() {
  local words=$1 status=0
  shift
  run "$@" > refused || status=$?
  cat refused
  [ "$status" = 3 ] || { echo "ended with $status"; return 1; }
  if grep '"changed":true' "$1.json"; then return 1; fi
  grep -hqF "$words" "$1.err" "$1.json"
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
# again FILE: a second init changes nothing.
again() { run init -f "$1" && ! grep '"changed":true' init.json && grep -q '"event":"step_done"' init.json; }
# The external load balancer, which `on` and `off` start and stop.
external() {
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
}
on() { in_host "$lb" systemd-run -q --unit haproxy chroot /opt/haproxy /usr/sbin/haproxy -db -f /cfg; }
off() { in_host "$lb" systemctl stop haproxy; }
