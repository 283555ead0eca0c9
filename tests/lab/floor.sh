#!/usr/bin/env bash
# floor.sh CP WORKER...: what an expert does by hand, hosts side by side over `podman exec` (no SSH): the wall-clock floor of an install.
# Takes containers' names (third column of `hosts.sh up`) and prints phase times. V=v1.20.2 is the version.
# This is one side of a benchmark: do not make it do more or less.
. "$(dirname "$0")/lib.sh"

V=${V:-v1.20.2} CP=$1
shift
workers=("$@")
logs=$OUT/floor-$CP
mkdir -p "$logs"
t0=$(date +%s.%N)
lap() { printf '%-10s %6.1f s\n' "$1" "$(echo "$(date +%s.%N)-$t0" | bc)"; }

prep() {
  local h=$1
  (cd "$CACHE/bin/$V" && tar c kubeadm kubelet kubectl) | podman exec -i "$h" tar x -C /usr/bin
  podman exec -i "$h" sh -c 'cat > /usr/bin/crictl; chmod +x /usr/bin/crictl' < "$LAB_DIR/crictl"
  podman exec -i "$h" sh -s <<'S'
export DEBIAN_FRONTEND=noninteractive; apt-get update -qq; apt-get install -y -qq --no-install-recommends containerd runc containernetworking-plugins conntrack socat ethtool ebtables >/dev/null 2>&1
mkdir -p /etc/containerd; containerd config default | sed -e 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' -e 's#sandbox_image = .*#sandbox_image = "k8s.gcr.io/pause:3.2"#' -e 's/SystemdCgroup = false/SystemdCgroup = true/' -e 's#bin_dir = .*#bin_dir = "/usr/lib/cni"#' > /etc/containerd/config.toml
systemctl restart containerd; systemctl -q enable containerd 2>/dev/null
printf '[Unit]\n[Service]\nExecStart=/usr/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml $KUBELET_KUBEADM_ARGS\nEnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\nRestart=always\nRestartSec=1\nStartLimitInterval=0\n[Install]\nWantedBy=multi-user.target\n' > /etc/systemd/system/kubelet.service
systemctl daemon-reload; systemctl -q enable kubelet 2>/dev/null
S
  podman exec -i "$h" ctr -n k8s.io images import - < "$CACHE/images-$V.tar" >/dev/null
}
pids=()
for h in "$CP" "${workers[@]}"; do prep "$h" & pids+=($!); done
for p in "${pids[@]}"; do wait "$p"; done
lap prep

ip=$(podman inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$CP")
podman exec -i "$CP" sh -c 'cat > /root/i.yaml' <<EOY
apiVersion: kubeadm.k8s.io/v1beta2
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: $ip}
nodeRegistration: {criSocket: /run/containerd/containerd.sock}
---
apiVersion: kubeadm.k8s.io/v1beta2
kind: ClusterConfiguration
kubernetesVersion: $V
controlPlaneEndpoint: $ip:6443
networking: {podSubnet: 10.244.0.0/16}
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: systemd
failSwapOn: false
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
conntrack: {maxPerCore: 0}
EOY
podman exec "$CP" kubeadm init --config /root/i.yaml --skip-phases=addon/coredns --ignore-preflight-errors=all > "$logs/init" 2>&1 || { tail -n 20 "$logs/init" >&2; exit 1; }
lap init

read -ra join < <(podman exec "$CP" kubeadm token create --print-join-command 2>/dev/null)
pids=()
for h in "${workers[@]}"; do podman exec "$h" "${join[@]}" --cri-socket /run/containerd/containerd.sock --ignore-preflight-errors=all > "$logs/$h" 2>&1 & pids+=($!); done
for p in "${pids[@]}"; do wait "$p"; done
lap join

k() { podman exec -e KUBECONFIG=/etc/kubernetes/admin.conf "$CP" kubectl "$@"; }
for h in "$CP" "${workers[@]}"; do
  # The node is named as the host, which is not the container's name.
  cidr=$(k get node "$(podman inspect -f '{{.Config.Hostname}}' "$h")" -o jsonpath='{.spec.podCIDR}')
  podman exec -i "$h" sh -c "mkdir -p /etc/cni/net.d; cat > /etc/cni/net.d/10-b.conflist" <<EOC
{"cniVersion":"0.4.0","name":"b","plugins":[{"type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":true,"hairpinMode":true,"ipam":{"type":"host-local","ranges":[[{"subnet":"$cidr"}]],"routes":[{"dst":"0.0.0.0/0"}]}},{"type":"portmap","capabilities":{"portMappings":true}}]}
EOC
done
k wait --for=condition=Ready node --all --timeout=120s >/dev/null
lap ready
k get nodes
