#!/usr/bin/env bash
# A cluster that kubeadm made by hand (floor.sh), with a pod network of its own (flannel.yaml): what bivouac refuses there, and that it
# changes nothing then; a control plane and a worker join side by side, and their network is the cluster's; nothing but the cluster itself
# changes on the other tool's control plane; both are removed and are as before; the cluster by hand goes on.
# cluster in turn
. "$(dirname "$0")/t.sh"

up cp1 cp2 w1
cp1=${containers[0]} cp2=${containers[1]} w1=${containers[2]}
file=$TMP/all.yaml
# The cluster has another network than the file says: its own counts.
"$LAB_DIR/cluster.sh" "$RUN" --control-planes 2 --name byhand | sed 's/podSubnet: [^,]*/podSubnet: 10.250.0.0\/16/' > "$file"
cd "$TMP"
version=$(sed -n 's/^    version: //p' "$file")
in_host() { podman exec "$@"; }
k() { in_host -i "$cp1" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }
run() { "$BIVOUAC" "$@" -f "$file" --accept-new-host-keys --log-dir "$TMP/logs-$1" --output json > "$TMP/$1.json" 2> "$TMP/$1.err" < /dev/null || { local status=$?; cat "$TMP/$1.err"; return "$status"; }; }
# refused STATUS "WORDS" "WORDS" ARGUMENT...: it ends so, says both and changes nothing, not even in /var/lib/bivouac.
refused() {
  local expected=$1 words=("$2" "$3") status=0 word
  shift 3
  run "$@" > /dev/null || status=$?
  cat "$TMP/$1.err" "$TMP/$1.json"
  [ "$status" = "$expected" ]
  for word in "${words[@]}"; do grep -qhF -- "$word" "$TMP/$1.err" "$TMP/$1.json"; done
  ! grep '"changed":true' "$TMP/$1.json"
}
untouched() { local c; for c in "${containers[@]}"; do in_host "$c" test ! -e /var/lib/bivouac; done; }
# with FILE COMMAND...: with another cluster.yaml.
with() { file=$TMP/$1; shift; "$@"; }
nodes() { [ "$(k get nodes --no-headers | awk '$2 == "Ready" {print $1}' | paste -sd ' ')" = "$1" ] || { k get nodes; return 1; }; }
unchanged() { snap "$1" > "$TMP/$1.after" && same "$TMP/$1.before" "$TMP/$1.after"; }
# What is on a control plane by hand, without what a living cluster and the test's kubectl write; and its kubelet and containerd with their processes.
by_hand() {
  snap "$cp1" | grep -E '^(path|sum|pkg|hold|manual|unit|user|group|hostname) ' | grep -vE ' /var/lib/(bivouac|cni|containerd|etcd|kubelet)(/|$)| /root/\.kube(/|$)|^unit cri-containerd-'
  in_host "$cp1" systemctl show -p Id -p MainPID -p ExecMainStartTimestamp -p NRestarts kubelet.service containerd.service
}
spared() { by_hand > "$TMP/by-hand.now" && same "$TMP/by-hand" "$TMP/by-hand.now"; }

made() {
  V=$version "$LAB_DIR/floor.sh" "$cp1"
  rm -rf "$OUT/floor-$cp1"
  in_host "$cp1" rm /etc/cni/net.d/10-b.conflist
  sed "s/VERSION/$version/" "$LAB_DIR/flannel.yaml" | k apply -f -
  for _ in $(seq 300); do ! in_host "$cp1" test -s /etc/cni/net.d/10-flannel.conflist || return 0; sleep .2; done
  return 1
}
(for c in "$cp2" "$w1"; do snap "$c" > "$TMP/$c.before"; done) &
t "kubeadm makes a cluster by hand" made
wait $!
by_hand > "$TMP/by-hand"
k -n kube-system get secrets -o name | grep bootstrap-token > "$TMP/tokens"

# Without its endpoint, or with kubelets of another kind, it is another cluster.
edited() { # NAME SED-SCRIPT COMMAND...
  local name=$1 script=$2 status=0
  shift 2
  k -n kube-system get configmap "$name" -o yaml | sed '/resourceVersion:/d' > "$TMP/config.yaml"
  sed "$script" "$TMP/config.yaml" | k replace -f - > /dev/null
  "$@" || status=$?
  k replace -f - < "$TMP/config.yaml" > /dev/null
  return "$status"
}
# A host's name is its node's: the control plane by hand has its own, and then the other's is a second one.
sed -e 's/, name: cp1//' -e 's/name: w1/name: cp1/' all.yaml > taken.yaml
t "init is refused: one reason, and what to do instead" refused 3 "a cluster that bivouac did not make" "bivouac join" init
one_finding() { [ "$(grep -c '"event":"finding".*"severity":"error"' "$TMP/init.json")" = 1 ]; }
t "and that is the only reason" one_finding
t "a second control plane without controlPlaneEndpoint is refused" edited kubeadm-config '/controlPlaneEndpoint:/d' refused 3 "cp2: the cluster has no \`controlPlaneEndpoint\`" "join workers only" join
t "kubelets with another cgroup driver are refused" edited "kubelet-config-$(cut -d. -f1,2 <<< "${version#v}")" 's/cgroupDriver: systemd/cgroupDriver: cgroupfs/' refused 3 "cgroup driver \`cgroupfs\`" "no pod would start" join w1
t "a node name that is taken is refused" with taken.yaml refused 3 "the cluster has another node \`cp1\`" "$(address 0)" join cp1
asks() { "$BIVOUAC" kubectl -f all.yaml --accept-new-host-keys -- get nodes < /dev/null | grep ' Ready ' && in_host "$cp1" test ! -e /nonexistent; }
t "kubectl through it leaves nothing there" asks
t "nothing was changed anywhere" untouched
looked() {
  local got=0
  "$BIVOUAC" status -f all.yaml --accept-new-host-keys --log-dir "$TMP/logs-status" > "$TMP/text" 2>&1 < /dev/null || got=$?
  cat "$TMP/text"
  [ "$got" = "$1" ]
  shift
  for word; do grep -qE -- "$word" "$TMP/text" || { echo "no \`$word\`"; return 1; }; done
}
t "status: what it is, and how others get into it" looked 1 '^  cp1 +cp1 +control-plane +yes ' '^  cp1 +cp1 +up +leader ' 'Installed +cp1 +.* not installed by bivouac' 'Installed +cp2 and w1 +nothing of the cluster was ever installed' 'bivouac join. adds it'

took() { say "$TEST: $1 $(tail -n 1 "$TMP/$1.json" | grep -o '"seconds":[0-9.]*' | sed -n 1p)"; }
t "join of a control plane and a worker" run join
took join
t "all nodes are Ready" nodes "cp1 cp2 w1"
t "etcd has two healthy members" members "$cp1" cp1 cp2
bridge() {
  local c
  for c in "$cp2" "$w1"; do
    [ "$(in_host "$c" ls /etc/cni/net.d)" = 10-flannel.conflist ]
    in_host "$c" test ! -e /etc/systemd/system/bivouac-network.service
  done
}
t "their network is the cluster's own" bridge
t "pods of all reach each other" "$LAB_DIR/pods.sh" "$cp1" "$cp2" "$w1"
secrets() {
  k -n kube-system get secrets -o name > "$TMP/secrets"
  if grep -E 'bootstrap-token-bv|kubeadm-certs' "$TMP/secrets"; then return 1; fi
  grep bootstrap-token "$TMP/secrets" | diff "$TMP/tokens" -
}
t "neither token nor certificates of the join are left, and others' tokens are" secrets
t "on the control plane by hand nothing else changed, and nothing was restarted" spared
# Commands with nothing to undo: they changed the cluster.
asked() { in_host "$cp1" cat /var/lib/bivouac/journal | tee "$TMP/journal" | grep -c ^start && ! grep ^start "$TMP/journal" | grep -v "'command' '3' .* '' "; }
t "its journal has only what the cluster was asked for" asked
again() { run join && ! grep '"changed":true' "$TMP/join.json" && grep -q '"event":"step_done"' "$TMP/join.json"; }
t "a second join changes nothing" again
t "status: healthy" looked 0 '^  cp2 +cp2 +control-plane +yes ' '^  w1 +w1 +worker +yes ' 'is healthy'
t "a wipe that would cost the cluster its etcd is refused" refused 3 "in a cluster that another tool made" "bivouac remove cp2 w1" wipe --yes
sed '/name: cp1/d' all.yaml > ours.yaml
t "also where its own control plane is not in the file" with ours.yaml refused 3 "in a cluster that another tool made" "bivouac remove cp2 w1" wipe --yes
t "a node that another tool made is not removed" refused 3 "cp1: another tool made it a node" "kubeadm reset" remove cp1 --yes
t "all nodes are Ready still" nodes "cp1 cp2 w1"

removed() { run remove w1 cp2 --yes && tail -n 1 "$TMP/remove.json" | grep -q '"differences":0'; }
t "remove of both" removed
took remove
t "their nodes are gone" nodes "cp1"
t "etcd has the one member that it had" members "$cp1" cp1
for c in "$cp2" "$w1"; do t "the snapshot of $c is the one from before" unchanged "$c"; done
t "a wipe leaves the cluster by hand as it is" run wipe --yes
says() { grep -q '"host":"cp1".*"it is a control plane of a cluster that bivouac did not make: it stays as it is"' "$TMP/wipe.json" && untouched && nodes "cp1"; }
t "and says so, and is gone itself" says
t "on the control plane by hand nothing changed in all this" spared
