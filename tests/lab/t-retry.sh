#!/usr/bin/env bash
# Joins that do not work at first: two workers whose kubelet does not start, for an option that their owner gave it. The first is mended when
# its first try has ended: the second try finds what the first left, and joins. The other stays as it is: its failure names the kubelet's own
# words. Then it is mended, and the next `join` goes on. Neither keeps the third worker waiting. The wipe.
# cluster in turn
. "$(dirname "$0")/t.sh"

up cp1 w1 w2 w3
cp1=${containers[0]} w1=${containers[1]} w2=${containers[2]}
cd "$TMP"
"$LAB_DIR/cluster.sh" "$RUN" --name retry > all.yaml
sed '/name: w[123]/d' all.yaml > first.yaml
run() { "$BIVOUAC" "$@" --accept-new-host-keys --log-dir "$TMP/logs-$1" --output json > "$TMP/$1.json" 2> "$TMP/$1.err" || { local status=$?; cat "$TMP/$1.err"; return "$status"; }; }
in_host() { podman exec "$@"; }
k() { in_host -i "$cp1" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }
nodes() { [ "$(k get nodes --no-headers | awk '$2 == "Ready" {print $1}' | paste -sd ' ')" = "$1" ] || { k get nodes; return 1; }; }
broken_by_its_owner() { in_host "$1" sh -c 'echo KUBELET_EXTRA_ARGS=--no-such-option > /etc/default/kubelet'; }
mended() { in_host "$1" sh -c 'rm /etc/default/kubelet'; }

for c in "${containers[@]}"; do snap "$c" > "$c.before"; done
for c in "$w1" "$w2"; do broken_by_its_owner "$c"; done
t "init of a control plane" run init -f first.yaml

# With each event that the first worker's try has ended: it is mended.
mend_first() {
  until grep -q '"host":"w1".*"event":"step_retried"' "$TMP/logs-join/events.jsonl" 2> /dev/null; do sleep .1; done
  # What the first try left, as the second finds it.
  in_host "$w1" sh -c 'ls /etc/kubernetes/pki/ca.crt /var/lib/kubelet/config.yaml' > "$TMP/left" 2>&1 || :
  mended "$w1"
}
words='the kubelet ended: unknown flag: --no-such-option'
broken() {
  local status=0
  mend_first & local mender=$!
  run join -f all.yaml || status=$?
  kill "$mender" 2> /dev/null || :
  [ "$status" = 1 ]
}
t "join of three workers, two of which have a kubelet that does not start: exit 1" broken
event() { jq -c "select(.host == \"$1\" and .event == \"$2\")" join.json; }
retried() { event w1 step_retried | tee /dev/stderr | jq -e --arg words "$words" '.step == "join the cluster" and .cause == $words'; }
t "the first one's first try is told with the kubelet's own words" retried
done_after() { grep -E " $1 +done after " join.err; }
t "its second try, mended, joined" done_after w1
t "and cleared what the first had left" grep -q /etc/kubernetes/pki/ca.crt left
failed() {
  event w2 step_failed | tee /dev/stderr | jq -e --arg words "$words" '.step == "join the cluster" and .cause == $words and (.stderr_tail | any(startswith("kubelet: ")))'
  grep -qF "w2: \`nodes: join the cluster\` did not work" join.err
  grep -qF "cause: $words" join.err
  grep -qF "go on with: bivouac" join.err
}
t "the second one's failure is named with the kubelet's own words, and how to go on" failed
t "the third did not wait for them" done_after w3
t "those two are Ready" comes nodes "cp1 w1 w3"
tokens() { ! k -n kube-system get secrets -o name | grep bootstrap-token; }
mended "$w2"
t "mended, the next join goes on" run join -f all.yaml
t "all are Ready" nodes "cp1 w1 w2 w3"
t "no token is left" tokens
again() { run join -f all.yaml && ! grep '"changed":true' join.json && grep -q '"event":"step_done"' join.json; }
t "another join changes nothing" again
# The file was there before the first change, so it has to be there after the last.
for c in "$w1" "$w2"; do broken_by_its_owner "$c"; done
wiped() { run wipe --yes -f all.yaml && tail -n 1 wipe.json | grep -q '"differences":0'; }
t "wipe ends with 0 differences" wiped
for c in "$w1" "$w2"; do mended "$c"; done
unchanged() { snap "$1" > "$1.after" && same "$1.before" "$1.after"; }
for c in "${containers[@]}"; do t "the snapshot of ${c##*-} is the one from before" unchanged "$c"; done
