#!/usr/bin/env bash
# A plain host on which a wipe of planted leftovers is interrupted: its report says what was done and calls nothing gone that is there; our own commands
# leave the host to the one that goes on; the report of that one names what the first had taken.
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"

up host
host=${containers[0]} at=$(address 0)
login=(-u root --private-key "$LAB_KEY" --accept-new-host-keys --log-dir "$TMP/logs")
# ends STATUS VERB ARGUMENT...
ends() {
  local expected=$1 status=0
  shift
  "$BIVOUAC" "$@" "${login[@]}" > "$TMP/said" 2>&1 < /dev/null || status=$?
  cat "$TMP/said"
  [ "$status" = "$expected" ]
}
says() { local word; for word; do grep -qF -- "$word" "$TMP/said" || { echo "no \`$word\`"; return 1; }; done; }

podman exec -i "$host" bash -euo pipefail -s << 'H'
mkdir -p /etc/kubernetes/manifests /var/lib/kubelet /etc/cni/net.d /var/lib/rook /root/.kube
echo x > /etc/kubernetes/admin.conf; echo x > /var/lib/kubelet/config.yaml; echo precious > /var/lib/rook/data; echo mine > /root/.kube/mine
printf '[Unit]\nDescription=kubelet\n[Service]\nExecStart=/bin/sleep infinity\nExecStop=/bin/sh -c "touch /run/stopping; sleep 3"\n[Install]\nWantedBy=multi-user.target\n' > /etc/systemd/system/kubelet.service
systemctl daemon-reload; systemctl enable -q --now kubelet.service
ip link add cni0 type bridge
H
wrong() {
  local name
  for name in /srv/precious / '' ../x /data/kubelet; do ends 2 wipe --foreign --yes "$at" --also "$name"; says 'no host has that'; done
  ends 2 plan wipe --foreign "$at" --also /var/lib/rok; says 'did you mean `/var/lib/rook`?'
  ends 0 plan wipe --foreign "$at" --also /var/lib/rook/; says 'named on the command line'
  podman exec "$host" systemctl is-active -q kubelet.service
}
t "a name that no host has ends the run before anything is touched, with the nearest" wrong

# The unit takes its time to stop; then the run is told to stop.
interrupted() {
  local status=0
  "$BIVOUAC" wipe --foreign --yes "$at" "${login[@]}" --report "$TMP/first" > "$TMP/said" 2>&1 < /dev/null &
  comes podman exec "$host" test -e /run/stopping
  kill -INT $!
  wait $! || status=$?
  cat "$TMP/said"
  [ "$status" = 130 ]
  says 'interrupted' "report: $TMP/first.json"
  python3 - "$TMP/first.json" << 'P'
import json, sys
host = json.load(open(sys.argv[1]))["hosts"][0]
left = [it["what"] for it in host["left"]]
assert host["result"] == "not done" and host["looked_again"] and not host["went"], host
assert "/etc/kubernetes" in left and "link cni0" in left and not host["failures"], host
P
  if grep -qE 'changed nothing|when the host answers|as it was before\.' "$TMP/first.html"; then return 1; fi
}
t "the report of a wipe that was interrupted is of what is there" interrupted

own() {
  ends 3 wipe --yes -m "$at"; says 'cut off here' "go on with: bivouac wipe --foreign"
  ends 3 plan wipe "$at"; says 'cut off here'
  ends 1 status -m "$at"; says ForeignWipe
  ends 6 verify-clean "$at"; says 'cut off here'
  podman exec "$host" test -d /etc/kubernetes
  ! podman exec "$host" systemctl is-enabled -q kubelet.service
}
t "our own commands name the one that goes on, and play nothing back" own

gone() {
  ends 6 wipe --foreign --yes "$at" --report "$TMP/second"
  python3 - "$TMP/second.json" << 'P'
import json, sys
host = json.load(open(sys.argv[1]))["hosts"][0]
whats = lambda name: [it["what"] for it in host[name]]
assert "unit kubelet.service" in whats("earlier"), host
assert "/etc/kubernetes" in whats("went") and "link cni0" in whats("went"), host
assert "/root/.kube" not in whats("went") and whats("kept") == ["/var/lib/rook"], host
P
  podman exec "$host" grep -q mine /root/.kube/mine
  ends 0 wipe --foreign --yes "$at" --also /var/lib/rook
  ends 0 wipe --foreign --yes "$at" --also /var/lib/rook
  ends 0 verify-clean "$at"
}
t "the next run ends it, and tells what the first had taken" gone
