#!/usr/bin/env bash
# pods.sh CONTROL-PLANE HOST...: proves the pod network. Takes containers' names (third column of `hosts.sh list RUN`); starts a pod on
# each node (image: the bundle's own pause), then sends a word over TCP from each pod to each other's addresses (of each family), both ways, and from each
# pod to the API server's service address. Whatever runs in a pod's network namespace is the pod, as far as the network can tell,
# so this needs no image with tools in it. --keep leaves the pods there.
. "$(dirname "$0")/lib.sh"

keep=''
[ "${1:-}" != --keep ] || { keep=1; shift; }
[ $# -gt 0 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
cp=$1
shift
[ $# -gt 0 ] || set -- "$cp"
hosts=("$@")
k() { podman exec -i -e KUBECONFIG=/etc/kubernetes/admin.conf "$cp" kubectl "$@"; }
node_of() { podman inspect -f '{{.Config.Hostname}}' "$1"; }

# shellcheck disable=SC2317 # the trap calls it
clean() { [ -n "$keep" ] || k delete pod -l app=bivouac-lab --ignore-not-found --grace-period=1 --wait=true >/dev/null; }
trap clean EXIT

# Whatever the runtime.
# shellcheck disable=SC2016 # the host expands it
pause=$(podman exec "$cp" sh -c '{ ctr -n k8s.io images ls -q; docker image ls --format "{{.Repository}}:{{.Tag}}"; crictl images | awk "{print \$1 \":\" \$2}" || :; } 2> /dev/null' | grep -E '/pause:' | sed -n 1p)
[ -n "$pause" ] || die "\`$cp\` has no pause image"
# A pod is refused until its namespace has its account, which the controller manager makes a moment after the API server is up.
for _ in $(seq 300); do ! k get serviceaccount default >/dev/null 2>&1 || break; sleep .1; done
for h in "${hosts[@]}"; do
  node=$(node_of "$h")
  cat <<EOY
---
apiVersion: v1
kind: Pod
metadata: {name: lab-$node, labels: {app: bivouac-lab}}
spec:
  nodeName: $node
  terminationGracePeriodSeconds: 1
  automountServiceAccountToken: false
  tolerations: [{operator: Exists}]
  containers: [{name: idle, image: $pause, imagePullPolicy: Never}]
EOY
done | k apply -f - >/dev/null
k wait --for=condition=Ready pod -l app=bivouac-lab --timeout=60s >/dev/null || { k get pods -o wide >&2; k describe pods -l app=bivouac-lab | tail -n 20 >&2; exit 1; }

# The process of a pod is found by its cgroup, which carries the pod's id.
declare -A address pid
families=1
for h in "${hosts[@]}"; do
  node=$(node_of "$h")
  read -r uid ips < <(k get pod "lab-$node" -o jsonpath='{.metadata.uid} {.status.podIPs[*].ip}{"\n"}')
  read -ra ips <<< "$ips"
  families=${#ips[@]}
  for f in "${!ips[@]}"; do address[$h:$f]=${ips[$f]}; done
  pid[$h]=$(podman exec -i "$h" sh -s "$uid" <<'S'
u=$(echo "$1" | tr - _)
for c in /proc/[0-9]*/cgroup; do
  if grep -q -e "pod$1" -e "pod$u" "$c" 2>/dev/null; then c=${c#/proc/}; echo "${c%/cgroup}"; exit; fi
done
S
  )
  [ -n "${pid[$h]}" ] || die "no process of the pod lab-$node on \`$h\`"
done
in_pod() { podman exec -i "$1" nsenter -t "${pid[$1]}" -n timeout 20 python3 -u - "${@:2}"; }

failed=0
for ((f = 0; f < families; f++)); do for from in "${hosts[@]}"; do
  for to in "${hosts[@]}"; do
    [ "$from" != "$to" ] || [ ${#hosts[@]} = 1 ] || continue
    in_pod "$to" "${address[$to:$f]}" > "$OUT/pods.$$" <<'P' &
import socket, sys
six = ":" in sys.argv[1]
s = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[1], 8099))
s.listen()
s.settimeout(15)
c, peer = s.accept()
word = c.recv(100).decode()
c.sendall(word[::-1].encode())
c.close()
print(peer[0], word)
P
    server=$!
    answer=$(in_pod "$from" "${address[$to:$f]}" "from-$(node_of "$from")" <<'P' || true
import socket, sys, time
end = time.monotonic() + 10
while True:
    try:
        c = socket.create_connection((sys.argv[1], 8099), timeout=2)
        break
    except OSError as e:
        # Refused: the listener is not up yet. Anything else is the network's own answer.
        if time.monotonic() > end: sys.exit(str(e))
        time.sleep(0.05)
c.sendall(sys.argv[2].encode())
print(c.recv(100).decode()[::-1])
P
    )
    wait "$server" || true
    read -r peer word < "$OUT/pods.$$" || true
    rm -f "$OUT/pods.$$"
    if [ "$answer" = "from-$(node_of "$from")" ] && [ "$word" = "$answer" ]; then
      note=''
      [ "$peer" = "${address[$from:$f]}" ] || note=", seen there as $peer"
      echo "pod ${address[$from:$f]} on $(node_of "$from") -> pod ${address[$to:$f]} on $(node_of "$to"): answers$note"
    else
      echo "pod ${address[$from:$f]} on $(node_of "$from") -> pod ${address[$to:$f]} on $(node_of "$to"): no answer"
      failed=1
    fi
  done
done; done
service=$(k get service kubernetes -o jsonpath='{.spec.clusterIP}')
for from in "${hosts[@]}"; do
  if in_pod "$from" "$service" <<'P'; then echo "pod ${address[$from:0]} on $(node_of "$from") -> service $service:443: answers"
import socket, ssl, sys
c = ssl._create_unverified_context().wrap_socket(socket.create_connection((sys.argv[1], 443), timeout=10))
c.sendall(b"GET /version HTTP/1.0\r\n\r\n")
sys.exit(0 if c.recv(20).startswith(b"HTTP/1.") else 1)
P
  else echo "pod ${address[$from:0]} on $(node_of "$from") -> service $service:443: no answer"; failed=1; fi
done
exit $failed
