#!/usr/bin/env bash
# A real cluster on the stand-in for cri-o (tests/lab/cri-o): its images from the bundle, which one of its hosts serves, then from a registry
# with a login and an authority of its own.
# cluster in turn
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"

tree=$("$LAB_DIR/cri-o.sh")
mapfile -t lines < <(hosts cp1 w1 w2)
[ "${#lines[@]}" = 3 ] || die "not all hosts started"
cp=$(cut -d' ' -f3 <<< "${lines[0]}") w1=$(cut -d' ' -f3 <<< "${lines[1]}")
read -r _ address w2 <<< "${lines[2]}"
"$LAB_DIR/cri-o.sh" lay "$cp" "$w1" "$w2"
cd "$TMP"
"$BIVOUAC" bundle build v1.20.2.bundle --from "$tree" --version v1.20.2 > /dev/null
BIVOUAC_BUNDLE=$TMP/v1.20.2.bundle "$LAB_DIR/cluster.sh" "$RUN" --name crio |
  sed -e 's/name: containerd/name: cri-o/' -e 's/^    config: .*/    config: {crio: {runtime: {log_level: debug}}}/' > three.yaml
sed '/name: w2/d' three.yaml > two.yaml
for c in "$cp" "$w1" "$w2"; do snap "$c" > "$c.before"; done

run() { "$BIVOUAC" "$@" --accept-new-host-keys --log-dir logs --output json > "$1.json" 2> "$1.err" < /dev/null || { local status=$?; cat "$1.err"; grep -E '"finding"|step_failed' "$1.json"; return "$status"; }; }
k() { podman exec -i "$cp" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; }
nodes() { [ "$(k get nodes --no-headers | awk '$2 == "Ready" {print $1}' | paste -sd ' ')" = "$1" ] || { k get nodes; return 1; }; }
again() { run init -f "$1" && ! grep '"changed":true' init.json && grep -q '"event":"step_done"' init.json; }
wiped() { run wipe -f "$1" --yes && tail -n 1 wipe.json | grep -q '"differences":0'; }
unchanged() { snap "$1" > "$1.after" && same "$1.before" "$1.after"; }
images() { podman exec "$1" crictl images | awk 'NR > 1 {print $1 ":" $2}' | sort; }
# The judge judges: what the real one would not take ends the stand-in.
strict() {
  podman exec -i "$w2" sh -c 'cat > /root/crio; chmod 755 /root/crio' < "$tree/bin/crio"
  local text
  for text in '[crio.runtime]
cgroups = "systemd"' '[crio.images]
pause_image = "a"' 'crio = 1'; do
    podman exec -i "$w2" sh -c 'cat > /root/crio.conf' <<< "$text"
    if podman exec "$w2" /root/crio --config /root/crio.conf config; then return 1; fi
  done
  if podman exec "$w2" /root/crio --no-such-flag; then return 1; fi
  podman exec "$w2" /root/crio config > config.text
  grep -qx '# listen = "/var/run/crio/crio.sock"' config.text
  podman exec "$w2" rm /root/crio /root/crio.conf
}
# Nothing leads to the server of the run any more, and it is gone.
forgotten() {
  for c; do
    podman exec "$c" sh -ec '! grep -rn 8484 /etc/containers /etc/crio
      [ "$(stat -c "%a %U" /etc/crio/auth.json)" = "600 root" ] && [ "$(tr -d " \n" < /etc/crio/auth.json)" = "{\"auths\":{}}" ]
      ! systemctl -q is-active bivouac-serve'
  done
}
settings() { podman exec "$w1" cat /etc/crio/crio.conf.d/10-bivouac.conf | tee /dev/stderr | grep -qx 'log_level = "debug"'; }
# What the kubelet may have collected comes again, on that host alone.
collected() {
  images "$w1" > w1.images
  podman exec "$w1" crictl rmi k8s.gcr.io/kube-proxy:v1.20.2
  if images "$w1" | grep kube-proxy; then return 1; fi
  run init -f two.yaml
  images "$w1" | diff w1.images -
  ! grep '"host":"cp1".*"playbook":"kubernetes".*"changed":true' init.json
}

t "the stand-in for cri-o takes what the real one takes, and nothing else" strict
t "init from a bundle, of a control plane and a worker" run init -f two.yaml
t "both nodes are Ready" nodes "cp1 w1"
t "pods reach each other" "$LAB_DIR/pods.sh" "$cp" "$w1"
t "the user's settings are in cri-o's own" settings
t "nothing leads to the bundle's server any more" forgotten "$cp" "$w1"
t "a second init changes nothing" again two.yaml
t "status finds it well" "$BIVOUAC" status -f two.yaml
t "an image that is gone comes again" collected
t "a third host joins later" run join -f three.yaml
t "three nodes are Ready" nodes "cp1 w1 w2"
t "nothing leads to the bundle's server after that, either" forgotten "$cp" "$w1" "$w2"
t "a second init of all changes nothing" again three.yaml
t "wipe ends with 0 differences" wiped three.yaml
for c in "$cp" "$w1" "$w2"; do t "the snapshot of $c is the one from before" unchanged "$c"; done

# Without a bundle's images: each pulls by itself, whatever `download` says. The registry is on w2.
password='pa"ss\wo{{rd}} $(id) é'
(umask 077; printf '%s\n' "$password" > password)
mkdir reg from
"$LAB_DIR/registry.sh" start "$w2" "$address" "$TMP/reg" ops "$TMP/password"
"$LAB_DIR/registry.sh" push "$address" "$TMP/reg" ops "$TMP/password" k8s "$CACHE"/images/v1.20.2/{pause,coredns,etcd,kube-proxy,kube-apiserver,kube-controller-manager,kube-scheduler}.tar
cp -a "$tree/bin" "$tree/cni" "$tree/VERSIONS" from/
"$BIVOUAC" bundle build programs.bundle --from from --version v1.20.2 > /dev/null
sed -e "/name: \(w1\|w2\)/d" -e "s|bundle: [^}]*|bundle: $TMP/programs.bundle|" -e "s|^    version: .*|&\n    imageRepository: $address:5000/k8s|" \
  -e "s|^  ssh:|  registries: [{address: '$address:5000', username: ops, passwordFile: $TMP/password, ca: $TMP/reg/ca.crt}]\n  ssh:|" three.yaml > registry.yaml
named() { images "$cp" | tee /dev/stderr | grep -qxF "$address:5000/k8s/etcd:3.4.13-0"; }
modes() { [ "$(podman exec "$cp" stat -c '%a %U' /etc/crio/auth.json /var/lib/kubelet/config.json | sort -u)" = '600 root' ]; }
printf '%s\n%s\n' "$password" "$(printf 'ops:%s' "$password" | base64 -w0)" > secrets
unwritten() { ! grep -rlF -f secrets logs ./*.json ./*.err && ! podman exec -i "$cp" grep -F -f - /var/lib/bivouac/journal < secrets; }
t "registry: init" run init -f registry.yaml
t "registry: images have its name" named
t "registry: files with the login are root's alone" modes
t "registry: no secret in journal, logs or events" unwritten
t "registry: a second init changes nothing" again registry.yaml
t "registry: wipe ends with 0 differences" wiped registry.yaml
t "registry: the snapshot of $cp is the one from before" unchanged "$cp"

# One that is there, has an owner and a store of podman's.
refused() {
  local status=0 said=$1 word
  shift
  run preflight -f registry.yaml || status=$?
  [ "$status" = "$said" ]
  for word; do grep -qF -- "$word" preflight.json preflight.err || { echo "not said: $word"; return 1; }; done
}
podman exec "$cp" sh -ec 'mkdir -p /etc/crio; echo > /etc/crio/crio.conf'
t "existing: what it left is refused" refused 3 'a container runtime is already there' '/etc/crio/crio.conf'
podman exec "$cp" rm -r /etc/crio
sed -i 's/^    name: cri-o/&\n    existing: true/' registry.yaml
t "existing: it is refused by name" refused 2 '`existing: true` is not supported for cri-o'
t "existing: a wipe of such a file works" run wipe -f registry.yaml --yes
