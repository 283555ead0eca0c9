#!/usr/bin/env bash
# A foreign wipe that waits for its answer (src/engine/clear.rs): what comes while the question stands is not lost with the answer. An owner's
# network takes over a chain, an owner's data come to lie below a directory that goes, and on another host a whole install of ours is made.
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/fast.sh"

up owned moved
cluster_of moved "$(address 1)"
mkdir -p "$TMP/playbooks/playbooks/init"
printf 'name: shut\nsteps:\n- name: claim\n  kernel: {pod_subnet: "{{ network.pod_subnet }}"}\n- name: note\n  file: {path: /etc/kubernetes/note.conf, content: note}\n' > "$TMP/playbooks/playbooks/init/10.yaml"
PLAYBOOKS=$TMP/playbooks
on() { podman exec -i "${containers[$1]}" sh -ec "$2"; }
options=(-u root --private-key "$LAB_KEY" --accept-new-host-keys --log-dir "$TMP/logs")

# asked STATUS HOST COMMAND...: begins a wipe of this host on a terminal, runs the command when it has asked, and then answers.
asked() {
  local expected=$1 host=$2 status=0
  shift 2
  rm -f "$TMP/answer" "$TMP/asked"
  mkfifo "$TMP/answer"
  # `script` ends by itself if the test does: nobody holds the other end then.
  script -qefc "$(printf '%q ' "$BIVOUAC" wipe --foreign "$(address "$host")" "${options[@]}")" "$TMP/asked" < "$TMP/answer" > /dev/null 2>&1 &
  exec 5> "$TMP/answer"
  comes grep -qF 'type `wipe` to go on' "$TMP/asked"
  "$@"
  echo wipe >&5
  wait $! || status=$?
  exec 5>&-
  tr -d '\r' < "$TMP/asked"
  [ "$status" = "$expected" ] || { echo "ended with $status, not $expected"; return 1; }
}

# What is Kubernetes' as long as nobody else uses it.
left() {
  on "$1" 'mkdir -p /etc/kubernetes/manifests /var/lib/kubelet/pods/a/volumes/v /opt/cni/bin; echo x > /etc/kubernetes/manifests/x.yaml; echo x > /var/lib/kubelet/config.yaml; echo gone > /var/lib/kubelet/pods/a/volumes/v/file
    iptables -t nat -N CNI-HOSTPORT-DNAT; iptables -t nat -N KUBE-SERVICES; iptables -t nat -A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES'
}
left 0
shown() { "$BIVOUAC" plan wipe --foreign "$(address 0)" "${options[@]}" > "$TMP/plan" 2> "$TMP/plan.err" < /dev/null; cat "$TMP/plan" "$TMP/plan.err"; grep -E 'CniChains .*CNI-HOSTPORT-DNAT' "$TMP/plan" && grep -E 'KubeletState .*/var/lib/kubelet' "$TMP/plan"; }
t "control: without the owner all of it goes" shown
comes_owner() {
  on 0 'mkdir -p /etc/cni/net.d /srv/data; echo precious > /srv/data/file; mount --bind /srv/data /var/lib/kubelet/pods/a/volumes/v
    echo "{\"cniVersion\":\"0.4.0\",\"name\":\"podman\",\"plugins\":[{\"type\":\"bridge\",\"bridge\":\"cni-podman0\"}]}" > /etc/cni/net.d/87-podman.conflist
    iptables -t nat -A CNI-HOSTPORT-DNAT -p tcp --dport 8080 -m comment --comment "dnat name: \"podman\" id: \"4242\"" -j RETURN; echo mine > /opt/cni/bin/mine'
}
spared() {
  asked 0 0 comes_owner
  sed -n '/was shown to go, and stays/,$p' "$TMP/asked" | grep -F 'CNI-HOSTPORT-DNAT' | grep -F 'the network `podman` uses it'
  on 0 '[ "$(cat /srv/data/file)" = precious ] && [ "$(cat /opt/cni/bin/mine)" = mine ] && [ -s /etc/cni/net.d/87-podman.conflist ] && iptables-save -t nat | grep -qF -- "-A CNI-HOSTPORT-DNAT -p tcp"'
  on 0 '[ ! -e /var/lib/kubelet ] && [ ! -e /etc/kubernetes ] && ! iptables-save | grep -q KUBE- && [ ! -e /var/lib/bivouac ]'
}
t "what its owner brings while the question stands stays, and is named" spared

on 1 'iptables -t nat -N KUBE-SERVICES; iptables -N KUBE-FIREWALL; iptables -A INPUT -j KUBE-FIREWALL'
quick_of() { quick "${containers[1]}"; on 1 'cat /etc/kubernetes/note.conf; cat /var/lib/bivouac/journal'; }
installs() { exits 0 moved init && quick_of > "$TMP/installed"; }
moved() {
  asked 5 1 installs
  grep -F 'another run has changed this host meanwhile' "$TMP/asked"
  quick_of > "$TMP/now" && same "$TMP/installed" "$TMP/now"
}
t "a cluster of ours that is made while the question stands stays whole, and its journal" moved
back() { exits 0 moved wipe && on 1 '[ ! -e /etc/kubernetes ] && [ ! -e /var/lib/bivouac ] && iptables -S | grep -q KUBE-FIREWALL'; }
t "and is wiped by that journal" back
