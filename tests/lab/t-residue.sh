#!/usr/bin/env bash
# One plain host, on which leftovers are planted by hand beside things of its owner's that are called nearly the same: what is Kubernetes' goes, what is
# not stays, and the report of it says which, with the host's address, its key and the Kubernetes that was there.
. "$(dirname "$0")/t.sh"

up host
host=${containers[0]} at=$(address 0)
in_host() { podman exec -i "$host" bash -euo pipefail -s; }
# ends STATUS VERB ARGUMENT...
ends() {
  local expected=$1 status=0
  shift
  "$BIVOUAC" "$@" -u root --private-key "$LAB_KEY" --accept-new-host-keys --log-dir "$TMP/logs" > "$TMP/said" 2> "$TMP/err" < /dev/null || status=$?
  cat "$TMP/said" "$TMP/err"
  [ "$status" = "$expected" ]
}
says() { local word; for word; do grep -qE -- "$word" "$TMP/said" || { echo "no \`$word\`"; return 1; }; done; }

# The owner's, and what it looks like.
in_host << 'H'
mkdir -p /srv/mine /etc/cni/net.d /opt/mine; echo precious > /srv/mine/data; echo mine > /opt/mine/kubelet
echo '{"name":"podman","plugins":[{"type":"bridge","bridge":"cni-podman0"}]}' > /etc/cni/net.d/87-podman.conflist
ip link add br-mine type bridge; ip netns add vpn
H
snap "$host" > "$TMP/before"
clean() { ends 0 verify-clean "$at" --report "$TMP/clean" --show-ignored; says 'clean of what is known' 'link br-mine' 'network namespace vpn' "the host's name, which installers set"; }
t "a host that nobody made a node is clean, and what was passed over is named" clean
clean_report() {
  python3 - "$TMP/clean.json" << 'P'
import json, sys
it = json.load(open(sys.argv[1]))
host = it["hosts"][0]
assert it["ok"] and it["verb"] == "verify-clean" and "@" in it["who"], it
assert host["result"] == "clean of what is known" and host["found"] == 1 and host["kubernetes"] is None, host
assert host["address"] and host["host_key"].split()[1].startswith("SHA256:") and "Debian" in host["os"], host
assert "link br-mine" in host["passed_over"], host
P
  grep -q 'clean of what any Kubernetes is known to leave' "$TMP/clean.html"
}
t "the report of that says so, and what the host is" clean_report

# What a Kubernetes leaves, with names that would be markup.
in_host << 'H'
mkdir -p /etc/kubernetes/manifests /var/lib/kubelet/pki
printf '    image: registry.k8s.io/kube-apiserver:v1.27.3\n' > /etc/kubernetes/manifests/kube-apiserver.yaml
echo x > "/etc/kubernetes/manifests/<script>alert(1).yaml"; echo x > /var/lib/kubelet/config.yaml
ip link add flannel.1 type vxlan id 1 dstport 8472
H
wiped() { ends 0 wipe --foreign "$at" --yes --report "$TMP/wiped"; says 'clean of what is known'; }
t "leftovers are wiped" wiped
reported() {
  python3 - "$TMP/wiped.json" << 'P'
import json, sys
it = json.load(open(sys.argv[1]))
host = it["hosts"][0]
went = {row["what"]: row for row in host["went"]}
assert it["ok"] and host["result"] == "clean of what is known" and host["looked_again"], it
assert host["kubernetes"] == "v1.27.3", host
assert went["link flannel.1"]["because"] and went["link flannel.1"]["classes"] == ["R23", "R24"], went
assert any("<script>" in what for what in went), went
assert host["left"] == host["kept"] == host["unsure"] == [] and it["not_looked_at"], host
P
  if grep -i '<script' "$TMP/wiped.html"; then return 1; fi
  grep -q '&lt;script&gt;alert(1).yaml' "$TMP/wiped.html"
}
t "the report names what went and its proof, and a host's file names are no markup" reported
unchanged() { snap "$host" > "$TMP/after"; diff "$TMP/before" "$TMP/after"; }
t "nothing else has changed" unchanged
unseen() {
  ends 4 verify-clean "${at%.*}.254" --timeout 2 --report "$TMP/unseen.json"
  grep -q '"result": "not looked at"' "$TMP/unseen.json" && grep -q '"ok": false' "$TMP/unseen.json"
}
t "a host that is not reached is not called clean" unseen
