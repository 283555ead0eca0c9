#!/usr/bin/env bash
# A cluster on docker: Debian's docker.io, 20.10 and 26.1, by an install of ours, whose hosts pull from a registry with a login and an authority
# of its own; and one that is there already, with images of the bundle. cri-dockerd is played by Kubernetes' own
# dockershim behind cri-dockerd's flags (cri-dockerd.go).
# cluster in turn
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"

# The cut points are in the debug build.
# An operator that is killed on purpose leaves no core file.
ulimit -c 0
if [ -z "${BIVOUAC_DEV:-}" ]; then
  (cd "$ROOT" && cargo build --locked --quiet --bin bivouac)
  BIVOUAC_DEV=${CARGO_TARGET_DIR:-$ROOT/target}/debug/bivouac
fi
bundle=$("$LAB_DIR/docker-bundle.sh")
bare=$("$LAB_DIR/docker-bundle.sh" bare)
# Containers of the lab may not lower their OOM score, and docker has no word for that: a runtime of docker's leaves it out.
mkdir "$TMP/shared"
cat > "$TMP/shared/runc" << 'R'
#!/bin/sh
bundle='' previous=''
for word; do
  case $previous in --bundle | -b) bundle=$word ;; esac
  case $word in --bundle=*) bundle=${word#*=} ;; esac
  previous=$word
done
[ -z "$bundle" ] || sed -i 's/"oomScoreAdj":-[0-9]*/"oomScoreAdj":0/' "$bundle/config.json"
exec runc "$@"
R
chmod +x "$TMP/shared/runc"
oom='"runtimes": {"lab": {"path": "/cluster/runc"}}, "default-runtime": "lab"'
cd "$TMP"
# file RUN RUNTIME BUNDLE: cluster.yaml for the hosts of a run.
file() {
  BIVOUAC_BUNDLE=$3 BIVOUAC_VERSION=v1.20.2 "$LAB_DIR/cluster.sh" "$1" --name docker |
    sed -e '/^  runtime:/,/^  [a-z]/{/^  runtime:/d;/^   /d}' -e "s|^  artifacts:|  runtime: {name: docker, $2}\n&|"
}
bv() { local verb=$1; "$BIVOUAC" "$@" -f "$file" --accept-new-host-keys --log-dir "$TMP/logs-$1" --output json > "$TMP/$verb.json" 2> "$TMP/$verb.err" || { local status=$?; cat "$TMP/$verb.err"; tail -n 5 "$TMP/$verb.json"; return "$status"; }; }
on() { podman exec -i "$host" sh -ec "$1"; }
k() { podman exec -i "$host" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }
nodes() { k get nodes -o jsonpath='{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status} {.status.nodeInfo.containerRuntimeVersion}{"\n"}{end}' > "$TMP/nodes"; cat "$TMP/nodes"; diff "$TMP/nodes" - <<< "$1"; }
second() { bv init && ! grep '"changed":true' "$TMP/init.json" && grep -q '"event":"step_done"' "$TMP/init.json"; }
wiped() { bv wipe --yes && tail -n 1 "$TMP/wipe.json" | tee /dev/stderr | grep -q '"differences":0'; }
unchanged() { snap "$1" > "$TMP/$1.after" && same "$TMP/$1.before" "$TMP/$1.after"; }
seconds() { say "$TEST: $1 $(tail -n 1 "$TMP/$1.json" | grep -o '"seconds":[0-9.]*' | sed -n 1p)"; }
# The host's network is as without docker: no bridge of its own, no chains.
no_network() { on 'ip -o link; iptables-save; ! ip link show docker0 2> /dev/null; ! iptables-save | grep -i docker'; }
containers() { on 'docker ps --format "{{.Names}} {{.Image}}"; [ "$(docker ps --filter name=k8s_POD_ -q | wc -l)" -ge 5 ]; docker info -f "{{.CgroupDriver}} {{.LiveRestoreEnabled}}" | grep -x "systemd true"'; }
logs() { comes k -n kube-system logs kube-scheduler-cp1 --tail 1 && [ -n "$(k -n kube-system logs kube-scheduler-cp1 --tail 1)" ] && k -n kube-system exec etcd-cp1 -- etcd --version | grep -F 'etcd Version'; }

pod() { # NODE [IMAGE]
  k apply -f - << P
apiVersion: v1
kind: Pod
metadata: {name: app${2:+2}}
spec: {nodeName: $1, tolerations: [{operator: Exists}], containers: [{name: p, image: "$address:5000/apps/${2:-pause:3.2}", ${2:+command: [sleep, infinity],} imagePullPolicy: Always}]}
P
  k wait --for=condition=Ready pod/app${2:+2} --timeout=120s || { k describe pod; return 1; }
}
modes() { for c in "${ours[@]}"; do podman exec "$c" sh -c 'stat -c "%a %U" /var/lib/kubelet/config.json; ls /etc/docker/certs.d/*/ca.crt; ! ls /root/.docker' > "$TMP/modes" 2>&1; cat "$TMP/modes"; grep -qx '600 root' "$TMP/modes" && grep -q "certs.d/$address:5000/ca.crt" "$TMP/modes"; done; }
quiet() {
  touch "$TMP/stop"
  while kill -0 "$watcher" 2> /dev/null; do sleep .1; done
  cat "$TMP/watch"
  if grep -q holds "$TMP/watch"; then return 1; fi
  [ "$(sed -n 's/^looks //p' "$TMP/watch")" -gt 100 ]
}
read -r _ address reg < <(hosts -reg reg)
password='pa"ss\wo{{rd}} $(id) é'
(umask 077; printf '%s\n' "$password" > "$TMP/password")
mkdir "$TMP/reg"
"$LAB_DIR/registry.sh" start "$reg" "$address" "$TMP/reg" ops "$TMP/password"
"$LAB_DIR/registry.sh" push "$address" "$TMP/reg" ops "$TMP/password" k8s "$CACHE"/images/v1.20.2/{pause,coredns,etcd,kube-proxy,kube-apiserver,kube-controller-manager,kube-scheduler}.tar
"$LAB_DIR/registry.sh" push "$address" "$TMP/reg" ops "$TMP/password" apps "$CACHE"/images/v1.20.2/{pause,haproxy}.tar
entry="{address: '$address:5000', username: ops, passwordFile: $TMP/password, ca: $TMP/reg/ca.crt}"

# The package has started docker by then, and its containerd.
killed() {
  local status=0
  BIVOUAC_CUT=w1:34:record-after BIVOUAC=$BIVOUAC_DEV bv init > /dev/null || status=$?
  [ "$status" = 134 ]
  podman exec "${ours[1]}" sh -c 'systemctl is-active docker containerd && ! systemctl is-active cri-docker'
}
# By our install.
ours() {
  hosts -ours cp1 --mount "$TMP/shared" > "$TMP/ours"
  hosts -ours w1 --suite trixie --mount "$TMP/shared" >> "$TMP/ours"
  mapfile -t ours < <(cut -d' ' -f3 "$TMP/ours")
  [ "${#ours[@]}" = 2 ] || die "not all hosts started"
  host=${ours[0]}
  file=$TMP/ours.yaml
  file "$RUN-ours" "config: {$oom}" "$bare" |
    sed -e "s|^    version: .*|&\n    imageRepository: $address:5000/k8s|" \
      -e "s|^  ssh:|  registries: [$entry]\n  ssh:|" -e 's/artifacts: {bundle: \([^}]*\)}/artifacts: {bundle: \1, download: hosts}/' > "$file"
  printf '%s\n%s\n' "$password" "$(printf 'ops:%s' "$password" | base64 -w0)" > "$TMP/secrets"
  "$LAB_DIR/watch-secrets.pl" "$TMP/stop" "$TMP/secrets" > "$TMP/watch" &
  watcher=$!
  for c in "${ours[@]}"; do snap "$c" > "$TMP/$c.before"; done
  t "killed while docker is there and cri-dockerd is not" killed
  t "init of a control plane and a worker on docker" bv init
  seconds init
  t "both nodes are Ready, and docker runs them" nodes $'cp1 True docker://20.10.24+dfsg1\nw1 True docker://26.1.5+dfsg1'
  t "pods run in docker, with the cgroup driver systemd" containers
  t "docker made no network and no rules" no_network
  t "nothing but the cluster listens for others" open_ports "${ours[@]}"
  t "the kubelet pulls a pod's image with the login" pod w1
  t "files with the login are root's alone" modes
  t "logs and commands come through cri-dockerd" logs
  t "pods of both reach each other" "$LAB_DIR/pods.sh" "${ours[0]}" "${ours[@]}"
  t "a second init changes nothing" second
  t "status finds all well" bv status
  t "wipe ends with 0 differences" wiped
  seconds wipe
  for c in "${ours[@]}"; do t "the snapshot of $c is the one from before" unchanged "$c"; done
  t "no secret in any argument or environment" quiet
  "$LAB_DIR/hosts.sh" down "$RUN-ours"
}

# One that is there, with its owner's image and container.
refused() { # TEXT...: preflight ends with 3 and says each TEXT.
  local got=0 word
  "$BIVOUAC" preflight -f "$file" --accept-new-host-keys --log-dir "$TMP/logs" > "$TMP/text" 2>&1 < /dev/null || got=$?
  cat "$TMP/text"
  [ "$got" = 3 ]
  for word; do grep -qF -- "$word" "$TMP/text" || { echo "not said: $word"; return 1; }; done
}
prepare() {
  on 'apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io > /dev/null 2>&1'
  podman exec -i "$host" docker load < "$CACHE/tree/v1.20.2/images/pause.tar"
  on 'docker tag k8s.gcr.io/pause:3.2 owner.example/app:1; docker rmi k8s.gcr.io/pause:3.2
    # As any firewall leaves them: chains that nobody has used yet nftables does not have.
    for chain in INPUT OUTPUT; do iptables -A $chain -j ACCEPT; iptables -D $chain -j ACCEPT; done'
}
# What it is now, and what must be so afterwards: the daemon, its configuration, the owner's container, his images.
owners() { on 'systemctl show -p MainPID,UnitFileState docker; sha256sum /etc/docker/daemon.json; docker ps -a --no-trunc --format "{{.ID}} {{.Names}} {{.Status}}" --filter name=owner | cut -d" " -f1-3; docker image ls --no-trunc --format "{{.ID}} {{.Repository}}:{{.Tag}}" | sort; docker inspect -f "{{.State.Pid}}" owner'; }
owners_are() { owners > "$TMP/now"; same "$TMP/owners" "$TMP/now"; }
# While the cluster is there, its images are too.
owners_run() { owners | grep -v "k8s.gcr.io/\|$address:5000/" > "$TMP/now"; same "$TMP/owners" "$TMP/now"; }
# Its databases say that something was there, and is no more; so does its list of where layers came from.
still() { snap "$host" | grep -vE '/(meta|metadata|local-kv)\.db$|/image/overlay2/distribution(/|$)|netns/default'; }
as_before() { still > "$TMP/after" && same "$TMP/before" "$TMP/after"; }
there() {
  rm -f "$BIVOUAC_KNOWN_HOSTS"
  read -r _ _ host < <(hosts -there one --mount "$TMP/shared")
  file=$TMP/there.yaml
  file "$RUN-there" "existing: false" "$bundle" | sed -e "s|^  ssh:|  registries: [$entry]\n  ssh:|" > "$file"
  t "a docker of its owner" prepare
  t "it is refused where nobody speaks of it" refused 'a container runtime is already there' 'runtime: {existing: true}'
  sed -i 's/existing: false/existing: true/' "$file"
  t "it does not fit, and it is said why" refused 'cgroup driver is `cgroupfs`' '"exec-opts": ["native.cgroupdriver=systemd"]' 'all pods of the node end whenever docker is restarted'
  on 'systemctl stop docker docker.socket'
  t "it has to run" refused '`docker.service` does not run'
  on "printf '%s' '{\"exec-opts\": [\"native.cgroupdriver=systemd\"], \"live-restore\": true, $oom}' > /etc/docker/daemon.json
    systemctl start docker.socket docker; docker run -d --name owner owner.example/app:1 > /dev/null"
  owners > "$TMP/owners"
  still > "$TMP/before"
  t "it fits" bv preflight
  t "init on it" bv init
  seconds init
  t "the node is Ready" nodes 'one True docker://20.10.24+dfsg1'
  # Its content is that of its owner's image: nothing but the name is Kubernetes'.
  t "a pod's image is pulled into it with the login" pod one
  t "and one that nobody had" pod one haproxy:2.6
  t "pods run in it, beside its owner's container, and it was not restarted" owners_run
  t "a second init changes nothing on it" second
  t "wipe of it ends with 0 differences" wiped
  seconds wipe
  t "its owner's container, image and configuration are as they were" owners_are
  t "the host is as it was" as_before
}
for case in ${CASES:-ours there}; do "$case"; done
