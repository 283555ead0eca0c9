#!/usr/bin/env bash
# diagnose on a cluster of cp1 and w1: one real failure after the other is made, and the first cause that is named must be the one that was
# made; then it is undone, and the cluster must be well again, without a word of it. A fifth of them is made, by lot; TURN=all makes all,
# FAULTS='regex' those.
# cluster in turn
# shellcheck disable=SC2016 # nothing in single quotes is to be expanded here
. "$(dirname "$0")/t.sh"

up cp1 w1
cp=${containers[0]} w=${containers[1]}
cd "$TMP"
keepers=()
"$LAB_DIR/cluster.sh" "$RUN" --name diag > cluster.yaml
# With cgroups of version 1 a host of another test that is removed takes the empty groups of these along (hosts.sh, `cgroups`), and without
# them no container starts any more; a group with a process in it stays.
for c in "${containers[@]}"; do
  group=/sys/fs/cgroup/systemd/libpod_parent/libpod-$(podman inspect -f '{{.Id}}' "$c")
  [ -d "$group" ] || continue
  sleep 3600 &
  keepers+=($!)
  echo $! > "$group/cgroup.procs"
done
trap 'ended=$?; kill "${keepers[@]}" 2> /dev/null; (exit "$ended"); _end' EXIT
bv() { "$BIVOUAC" -f cluster.yaml --accept-new-host-keys --log-dir "$TMP/logs" "$@" < /dev/null; }
on() { podman exec -i "$@"; }
t "init" "$BIVOUAC" -f cluster.yaml --accept-new-host-keys --yes --log-dir "$TMP/logs-init" init

# look: what diagnose says, as JSON and as text.
look() {
  local got=0
  bv --output json diagnose > "$TMP/json" 2> "$TMP/err" || got=$?
  jq -c 'select(.event == "diagnosis")' "$TMP/json" > "$TMP/found"
  named=$(jq -r '.cause.name // "-"' "$TMP/found")
  host=$(jq -r '.cause.hosts[0] // "-"' "$TMP/found")
  return "$got"
}
well() { look && [ "$(jq '.others | length' "$TMP/found")" = 0 ]; }
shown() { jq -r '.cause, .broken[:3], .last_words[:3] | select(. != null)' "$TMP/found" | cut -c 1-300; cat "$TMP/err"; }

made=0 right=0 number=0 lot=$((RANDOM % 5))
# fault CAUSE HOST "WHAT" 'BREAK' 'UNDO' [FROM]: shell for that host; it is broken from another one where FROM is given.
fault() {
  local cause=$1 at=$2 what=$3 break=$4 undo=$5
  number=$((number + 1))
  if [ -n "${FAULTS:-}" ]; then [[ $what =~ $FAULTS ]] || return 0; elif [ "${TURN:-}" != all ]; then [ $((number % 5)) = "$lot" ] || return 0; fi
  made=$((made + 1))
  t "$what: $cause" one "$cause" "$at" "$break" "${6:-$at}"
  [ "$(cat "$TMP/verdict")" = right ] && right=$((right + 1))
  on "$(container "$at")" sh -ec "$undo" > "$TMP/undo" 2>&1 || { cat "$TMP/undo"; echo "not ok $TEST: $what is not undone"; exit 1; }
  t "$what: undone, and well again" again
}
container() { if [ "$1" = cp1 ]; then echo "$cp"; else echo "$w"; fi; }
one() {
  local end=$((SECONDS + 90))
  echo wrong > "$TMP/verdict"
  on "$(container "$4")" sh -ec "$3"
  while [ "$SECONDS" -lt "$end" ]; do
    look || true
    [ "$named" = - ] || break
    done
  shown
  echo "named: $named on $host"
  [ "$named" = "$1" ] && [ "$host" = "$2" ]
  echo right > "$TMP/verdict"
}
again() {
  local end=$((SECONDS + 150)) kicked=0
  while [ "$SECONDS" -lt "$end" ]; do
    if well; then return 0; fi
      # What dies again and again is waited with for up to five minutes; a kubelet that was started anew forgets that.
    if [ "$SECONDS" -gt $((end - 135)) ] && [ "$kicked" = 0 ]; then
      for c in "$cp" "$w"; do on "$c" systemctl restart kubelet; done
      kicked=1
    fi
  done
  shown
  return 1
}
kube='kubectl --kubeconfig /etc/kubernetes/admin.conf'

t "a healthy cluster: nothing is wrong, exit 0" again
healthy() {
  bv diagnose > "$TMP/text"
  grep -q 'nothing is wrong with `diag` that could be seen on 2 hosts' "$TMP/text"
  [ "$(wc -l < "$TMP/text")" = 1 ]
}
t "and that is said in one line" healthy
for c in "$cp" "$w"; do snap "$c" | grep -vE ' /var/lib/etcd/|^state kubepods-' > "$TMP/$c.before"; done
bv diagnose > /dev/null
traceless() { for c in "$cp" "$w"; do snap "$c" | grep -vE ' /var/lib/etcd/|^state kubepods-' > "$TMP/$c.after"; same "$TMP/$c.before" "$TMP/$c.after"; done; }
t "a look leaves no trace" traceless

# What may be a secret on a host, and on this machine, is in no log and in no archive.
plant() {
  on "$w" sh -ec 'mkdir -p /etc/kubernetes/manifests
    logger -t kubelet "planted --token abcdef.planted012345678"
    systemd-run -q --wait --unit planted true
    printf "# auth = \"planteddXNlcjpwYXNz\"\n# password = \"planted-word\"\n# http://ops:planted-proxy@proxy:3128\n" >> /etc/containerd/config.toml
    printf "KUBELET_EXTRA_ARGS=\nSECRET_TOKEN=planted-token\n" > /etc/default/kubelet
    cp /etc/containerd/config.toml /root/planted.toml'
}
secrets() {
  plant
  sed 's/^  runtime:/  # proxy: http:\/\/ops:planted-yaml@proxy:3128\n  runtime:/' cluster.yaml > planted.yaml
  "$BIVOUAC" -f planted.yaml --log-dir "$TMP/logs-planted" diagnose --bundle "$TMP/all.tar.gz" < /dev/null
  [ "$(stat -c %a "$TMP/all.tar.gz")" = 600 ]
  mkdir -p "$TMP/all" && tar -C "$TMP/all" -xzf "$TMP/all.tar.gz"
  ls -R "$TMP/all"
  grep -q 'containerd.file' "$TMP"/all/*/hosts/w1.txt
  # Keys, beside what was planted: of RSA's a line from its middle, since the first ones are public and in the certificate as well.
  for c in "$cp" "$w"; do
    on "$c" sh -c 'for f in /etc/kubernetes/*.conf; do sed -n "s/.*client-key-data: *//p" $f | cut -c 1-60; done
      { for f in /etc/kubernetes/*.conf; do sed -n "s/.*client-key-data: *//p" $f | base64 -d; done; cat /etc/kubernetes/pki/*.key /etc/kubernetes/pki/etcd/*.key; } 2> /dev/null | awk "/BEGIN/ { n = 0 } { if (++n == 15) print }"
      for f in /var/lib/kubelet/pki/*.pem; do sed -n "/PRIVATE KEY/,/PRIVATE KEY/p" $f | sed -n 2p; done' | grep . >> "$TMP/keys"
  done
  [ "$(wc -l < "$TMP/keys")" -ge 8 ]
  if grep -rlE 'planted(dX|-|0)' "$TMP/all" "$TMP/logs-planted"; then return 1; fi
  if grep -rlFf "$TMP/keys" "$TMP/all" "$TMP/logs-planted"; then return 1; fi
  on "$w" sh -ec 'sed -i /planted/d /etc/containerd/config.toml; rm /etc/default/kubelet /root/planted.toml'
}
t "--bundle has all that was read, and no secret" secrets

# By itself after a run that did not work: the cause is said in text and in JSON, and what went wrong first stays.
mkdir -p broken/playbooks/init
printf 'name: broken\nsteps:\n- name: work\n  hosts: worker\n  command: {run: "echo it did not go >&2; exit 1", undo: nothing, because: it changes nothing}\n' > broken/playbooks/init/10.yaml
itself() {
  local got=0
  on "$w" systemctl stop containerd
  bv --playbooks broken --yes --output json init > "$TMP/init.json" 2> "$TMP/init.text" || got=$?
  on "$w" systemctl start containerd
  cat "$TMP/init.text"
  [ "$got" = 1 ]
  jq -e -s 'map(select(.event == "step_failed" and .cause == "it did not go")) | length == 1' "$TMP/init.json"
  jq -e -s 'map(select(.event == "diagnosis")) | length == 1 and (.[0].cause | .name == "RuntimeStopped" and .hosts == ["w1"])' "$TMP/init.json"
  jq -e -s '.[-1].event == "run_done" and (.[-1].ok | not)' "$TMP/init.json"
  grep -q 'w1: containerd is stopped' "$TMP/init.text"
}
t "by itself after a run that did not work" itself
t "well again" again

# The container runtime.
fault RuntimeStopped w1 "a stopped containerd" 'systemctl stop containerd' 'systemctl start containerd'
fault RuntimeMasked w1 "a masked containerd" 'systemctl stop containerd; mv /etc/systemd/system/containerd.service /root/; systemctl daemon-reload; systemctl mask containerd' \
  'systemctl unmask containerd; mv /root/containerd.service /etc/systemd/system/; systemctl daemon-reload; systemctl start containerd'
fault ContainerdConfig w1 "a broken config.toml" 'cp /etc/containerd/config.toml /root/; echo "[plugins" >> /etc/containerd/config.toml; systemctl restart containerd || true' \
  'cp /root/config.toml /etc/containerd/; systemctl restart containerd'
fault CriDisabled w1 "a disabled CRI plugin" 'cp /etc/containerd/config.toml /root/; sed -i "1i disabled_plugins = [\"io.containerd.grpc.v1.cri\"]" /etc/containerd/config.toml; systemctl restart containerd' \
  'cp /root/config.toml /etc/containerd/; systemctl restart containerd'
fault RuntimeMissing w1 "a containerd that may not be run" 'systemctl stop containerd; chmod 0644 /usr/local/bin/containerd; systemctl start containerd || true' \
  'chmod 0755 /usr/local/bin/containerd; systemctl reset-failed containerd; systemctl start containerd'
fault RuntimeFrozen w1 "a containerd that is frozen" 'pkill -STOP -x containerd' 'pkill -CONT -x containerd'
fault CriSocket w1 "a wrong CRI socket" 'sed -i.bak s,/run/containerd/containerd.sock,/run/nosuch.sock, /var/lib/kubelet/kubeadm-flags.env; systemctl restart kubelet' \
  'mv /var/lib/kubelet/kubeadm-flags.env.bak /var/lib/kubelet/kubeadm-flags.env; systemctl reset-failed kubelet; systemctl restart kubelet'
newpod='for task in $(ctr -n k8s.io tasks ls -q); do ctr -n k8s.io tasks kill -s 9 $task; done'
fault PauseImage w1 "a wrong pause image" "cp /etc/containerd/config.toml /root/; sed -i 's,pause:3.2,pause:9.9,' /etc/containerd/config.toml; systemctl restart containerd; $newpod" \
  'cp /root/config.toml /etc/containerd/; systemctl restart containerd'
fault CgroupDriver w1 "a wrong cgroup driver" "sed -i.bak 's/^cgroupDriver: .*/cgroupDriver: cgroupfs/' /var/lib/kubelet/config.yaml; systemctl restart kubelet" \
  'mv /var/lib/kubelet/config.yaml.bak /var/lib/kubelet/config.yaml; systemctl reset-failed kubelet; systemctl restart kubelet'

# The kubelet.
fault KubeletStopped w1 "a stopped kubelet" 'systemctl disable --now kubelet' 'systemctl enable --now kubelet'
fault KubeletFlag w1 "an unknown flag of the kubelet" 'echo "KUBELET_EXTRA_ARGS=--no-such-flag" > /etc/default/kubelet; systemctl restart kubelet' \
  'rm /etc/default/kubelet; systemctl reset-failed kubelet; systemctl restart kubelet'
fault KubeletConfig w1 "a kubelet's configuration that is no YAML" 'cp /var/lib/kubelet/config.yaml /root/; echo "x: [" >> /var/lib/kubelet/config.yaml; systemctl restart kubelet' \
  'cp /root/config.yaml /var/lib/kubelet/; systemctl reset-failed kubelet; systemctl restart kubelet'
fault KubeletMissing w1 "a kubelet that may not be run" 'chmod 0644 /usr/local/bin/kubelet; systemctl restart kubelet || true' 'chmod 0755 /usr/local/bin/kubelet; systemctl reset-failed kubelet; systemctl restart kubelet'
fault NoExec w1 "programs on a mount with noexec" 'mount --bind /usr/local/bin /usr/local/bin; mount -o remount,bind,noexec /usr/local/bin; systemctl restart kubelet || true' \
  'umount /usr/local/bin; systemctl reset-failed kubelet; systemctl restart kubelet'
fault Swap w1 "swap" 'printf "Filename Type Size Used Priority\n/dev/sdz9 partition 1048572 0 -2\n" > /run/swaps; mount --bind /run/swaps /proc/swaps; sed -i.bak /failSwapOn/d /var/lib/kubelet/config.yaml; systemctl restart kubelet' \
  'umount /proc/swaps; mv /var/lib/kubelet/config.yaml.bak /var/lib/kubelet/config.yaml; systemctl reset-failed kubelet; systemctl restart kubelet'
fault PortInUse w1 "port 10250 that somebody else has" 'systemctl stop kubelet; systemd-run -q --unit taker python3 -m http.server 10250; until ss -ltn | grep -q :10250; do sleep 0.1; done; systemctl start kubelet' \
  'systemctl stop taker; systemctl reset-failed kubelet; systemctl restart kubelet'
fault KubeletConfMissing w1 "a kubelet.conf that is gone" 'mv /etc/kubernetes/kubelet.conf /root/; systemctl restart kubelet' 'mv /root/kubelet.conf /etc/kubernetes/; systemctl reset-failed kubelet; systemctl restart kubelet'
fault EndpointWrong w1 "a wrong endpoint in kubelet.conf" 'cp /etc/kubernetes/kubelet.conf /root/; sed -i -E "s,https://([0-9.]+)\.[0-9]+:6443,https://\1.99:6443," /etc/kubernetes/kubelet.conf; systemctl restart kubelet' \
  'cp /root/kubelet.conf /etc/kubernetes/; systemctl reset-failed kubelet; systemctl restart kubelet'
fault CertificateMissing w1 "a kubelet's certificate that is gone" 'mv /var/lib/kubelet/pki/kubelet-client-current.pem /root/; systemctl restart kubelet' \
  'mv /root/kubelet-client-current.pem /var/lib/kubelet/pki/; systemctl reset-failed kubelet; systemctl restart kubelet'
fault AuthorityReplaced w1 "another authority" 'cp -p /etc/kubernetes/pki/ca.crt /root/; openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=kubernetes -days 10 -out /etc/kubernetes/pki/ca.crt 2> /dev/null; sed -i.bak "s,certificate-authority-data:.*,certificate-authority-data: $(base64 -w0 /etc/kubernetes/pki/ca.crt)," /etc/kubernetes/kubelet.conf; systemctl restart kubelet' \
  'cp -p /root/ca.crt /etc/kubernetes/pki/; mv /etc/kubernetes/kubelet.conf.bak /etc/kubernetes/kubelet.conf; systemctl reset-failed kubelet; systemctl restart kubelet'
fault HostnameChanged w1 "another host name" 'hostname w1-new; systemctl restart kubelet' 'hostname w1; systemctl reset-failed kubelet; systemctl restart kubelet'
fault KubeletFrozen w1 "a kubelet that is frozen" 'pkill -STOP -x kubelet' 'pkill -CONT -x kubelet'
fault FirewallDrops w1 "a rule that drops what goes to port 6443" 'iptables -I OUTPUT -p tcp --dport 6443 -j DROP' 'iptables -D OUTPUT -p tcp --dport 6443 -j DROP'

# Disks.
small='systemctl stop kubelet; mkdir -p /run/was; cp -a /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env /var/lib/kubelet/pki /run/was/; mount -t tmpfs -o OPTIONS tmpfs /var/lib/kubelet; cp -a /run/was/. /var/lib/kubelet/'
large='systemctl stop kubelet; umount -l /var/lib/kubelet; rm -rf /run/was; systemctl start kubelet'
fault DiskFull w1 "a full disk" "${small/OPTIONS/size=8m}; head -c 20M /dev/zero > /var/lib/kubelet/fill || true; systemctl start kubelet" "$large"
fault InodesExhausted w1 "inodes that are used up" "${small/OPTIONS/size=64m,nr_inodes=60}; i=0; while touch /var/lib/kubelet/f\$i; do i=\$((i + 1)); done 2> /dev/null; systemctl start kubelet" "$large"
fault ReadOnly w1 "a disk that is read-only" "${small/OPTIONS/size=64m}; mount -o remount,ro /var/lib/kubelet; systemctl start kubelet" "$large"

# The pods' network.
fault CniConfigMissing w1 "a network configuration that is gone" 'mv /etc/cni/net.d/10-bivouac.conflist /root/; systemctl restart containerd' 'mv /root/10-bivouac.conflist /etc/cni/net.d/; systemctl restart containerd'
fault CniConfigBroken w1 "a network configuration that is no JSON" 'cp /etc/cni/net.d/10-bivouac.conflist /root/; echo "{" > /etc/cni/net.d/10-bivouac.conflist' 'cp /root/10-bivouac.conflist /etc/cni/net.d/'
fault CniPluginMissing w1 "a network plugin that is gone" 'mv /opt/cni/bin/host-local /root/' 'mv /root/host-local /opt/cni/bin/'
fault IpForward w1 "a kernel that passes nothing on" 'sysctl -qw net.ipv4.ip_forward=0' 'sysctl -qw net.ipv4.ip_forward=1'

# The control plane.
fault NodeDeleted w1 "a node that was deleted" "$kube delete node w1" 'systemctl restart kubelet' cp1
# Nothing but the manifest itself lies in their directory meanwhile: everything there is a pod to the kubelet.
manifest() { echo "cp /etc/kubernetes/manifests/$1.yaml /root/; sed '$2' /root/$1.yaml > /run/$1.yaml; cp /run/$1.yaml /etc/kubernetes/manifests/"; }
whole() { echo "cp /root/$1.yaml /etc/kubernetes/manifests/$1.yaml"; }
fault SchedulerFlag cp1 "a flag that the scheduler does not know" "$(manifest kube-scheduler 's/- kube-scheduler$/&\n    - --no-such-flag/')" "$(whole kube-scheduler)"
fault ControllerManagerFlag cp1 "a flag that the controller manager does not know" "$(manifest kube-controller-manager 's/- kube-controller-manager$/&\n    - --no-such-flag/')" "$(whole kube-controller-manager)"
fault ImageMissing cp1 "an image that no registry has" "$(manifest kube-scheduler 's/kube-scheduler:v1.20.2/kube-scheduler:v1.20.99/')" "$(whole kube-scheduler)"
fault ManifestBroken cp1 "a manifest that is no YAML" "cp /etc/kubernetes/manifests/kube-scheduler.yaml /root/; echo 'x: [' >> /etc/kubernetes/manifests/kube-scheduler.yaml" "$(whole kube-scheduler)"
fault ManifestMissing cp1 "a manifest that is gone" 'mv /etc/kubernetes/manifests/kube-controller-manager.yaml /root/' "$(whole kube-controller-manager)"
fault ControllerKubeconfig cp1 "a scheduler.conf that leads nowhere" 'cp /etc/kubernetes/scheduler.conf /root/; sed -i -E "s,https://([0-9.]+)\.[0-9]+:6443,https://\1.99:6443," /etc/kubernetes/scheduler.conf; pkill -x kube-scheduler' \
  'cp /root/scheduler.conf /etc/kubernetes/; pkill -x kube-scheduler || true'
fault EtcdFlag cp1 "a flag that etcd does not know" "$(manifest etcd 's/- etcd$/&\n    - --no-such-flag/')" "$(whole etcd)"
fault ApiServerFlag cp1 "a flag that the API server does not know" "$(manifest kube-apiserver 's/- kube-apiserver$/&\n    - --no-such-flag/')" "$(whole kube-apiserver)"
fault EtcdAddress cp1 "a wrong address of etcd" "$(manifest kube-apiserver 's/127.0.0.1:2379/127.0.0.1:2399/')" "$(whole kube-apiserver)"
fault CertificateMissing cp1 "a certificate of the API server's that is gone" 'mv /etc/kubernetes/pki/apiserver.crt /root/; pkill -x kube-apiserver' 'mv /root/apiserver.crt /etc/kubernetes/pki/'
ended='cd /root; mkdir -p ca; : > ca/index; echo 01 > ca/serial; printf "[ca]\ndefault_ca=d\n[d]\ndatabase=/root/ca/index\nserial=/root/ca/serial\nnew_certs_dir=/root/ca\ndefault_md=sha256\npolicy=p\ncopy_extensions=copy\n[p]\nCN=supplied\norganizationName=optional\n" > ca/c; cp -p /etc/kubernetes/pki/apiserver.crt /root/; openssl req -new -key /etc/kubernetes/pki/apiserver.key -subj /CN=kube-apiserver -addext "subjectAltName=DNS:kubernetes,IP:127.0.0.1" -out ca/r; openssl ca -batch -config ca/c -cert /etc/kubernetes/pki/ca.crt -keyfile /etc/kubernetes/pki/ca.key -startdate 20200101000000Z -enddate 20210101000000Z -in ca/r -out ca/o -notext 2> /dev/null; cp ca/o /etc/kubernetes/pki/apiserver.crt; pkill -x kube-apiserver'
fault CertificateExpired cp1 "a certificate of the API server's that has ended" "$ended" 'cp -p /root/apiserver.crt /etc/kubernetes/pki/; pkill -x kube-apiserver || true'
fault PortInUse cp1 "port 6443 that somebody else has" 'mv /etc/kubernetes/manifests/kube-apiserver.yaml /root/; while pgrep -x kube-apiserver > /dev/null; do sleep 0.1; done; systemd-run -q --unit taker python3 -m http.server 6443; until ss -ltn | grep -q :6443; do sleep 0.1; done; cp /root/kube-apiserver.yaml /etc/kubernetes/manifests/' \
  'systemctl stop taker'
fault EtcdData cp1 "etcd's data that are damaged" 'mv /etc/kubernetes/manifests/etcd.yaml /root/; while pgrep -x etcd > /dev/null; do sleep 0.1; done; cp -a /var/lib/etcd /root/; for f in /var/lib/etcd/member/wal/*.wal; do dd if=/dev/urandom of=$f bs=1k count=2 seek=1 conv=notrunc 2> /dev/null; done; cp /root/etcd.yaml /etc/kubernetes/manifests/' \
  'mv /etc/kubernetes/manifests/etcd.yaml /root/; rm -rf /var/lib/etcd/member; cp -a /root/etcd/member /var/lib/etcd/; rm -rf /root/etcd; cp /root/etcd.yaml /etc/kubernetes/manifests/'

t "of $made failures $right are named by their cause" test "$right" -ge $((made - 1))
