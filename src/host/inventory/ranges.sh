# shellcheck shell=sh
# shellcheck disable=SC2154 # inventory.sh sets them
# The networks of pods and services, wherever the cluster wrote them down. Of these files nothing leaves the host but networks.

# ranges OF FROM: those that come in, however they are parted.
ranges() {
    tr -c '0-9a-fA-F:./' '\n' | grep -xE '[0-9a-fA-F.:]{3,}/[0-9]{1,3}' | sort -u | while IFS= read -r net; do say range "$net" of "$1" from "$2"; done
}
# ranges_in FROM: those behind the words that programs and files of a cluster have for them: flags (kube-controller-manager, kube-apiserver, kube-proxy,
# kubelet), ClusterConfiguration, KubeProxyConfiguration, flannel's subnet.env and net-conf.json, k3s' and k0s' own files.
ranges_in() {
    sed 's/^[[:space:]]*[#;].*//' | tr "\\000\\n\\t\"'\\\\=[]" ' ' | awk '{
        gsub(/ : /, " ")
        for (i = 1; i < NF; i++) {
            key = $i
            sub(/^-+/, "", key)
            sub(/:$/, "", key)
            if (key ~ /^(cluster-cidr|pod-cidr|clusterCIDR|podCIDR|podSubnet|cluster-pool-ipv[46]-cidr|FLANNEL_(IPV6_)?(NETWORK|SUBNET)|CALICO_IPV[46]POOL_CIDR|IPALLOC_RANGE|Network|IPv6Network)$/) of = "pods"
            else if (key ~ /^(service-cluster-ip-range|service-cidr|serviceCIDR|serviceSubnet)$/) of = "services"
            else continue
            for (j = i + 1; j <= NF && j < i + 6; j++)
                if ($j ~ /^[0-9a-fA-F.:]+\/[0-9]+/) print of, $j
                else if ($j != "value:" && $j !~ /^[],:[-]*$/) break
        }
    }' | while read -r of nets; do printf '%s\n' "$nets" | ranges "$of" "$1"; done
}

pods=/var/lib/kubelet/pods
! is_remote "$pods" || pods=/nonexistent
for path in /etc/kubernetes/manifests/kube-controller-manager.yaml /etc/kubernetes/manifests/kube-apiserver.yaml /etc/kubernetes/*.yaml /etc/kubernetes/*.yml /etc/kubernetes/*.env \
    /etc/kubernetes/kube-* /etc/default/kube* /etc/sysconfig/kube* /etc/sysconfig/flanneld /etc/systemd/system/kube*.service /etc/systemd/system/kube*.service.d/*.conf \
    /etc/systemd/system/flanneld.service /etc/systemd/system/k3s*.service /etc/systemd/system/k3s*.service.env /etc/systemd/system/rke2*.service /etc/systemd/system/k0s*.service \
    /usr/lib/systemd/system/kube*.service /usr/local/lib/systemd/system/rke2*.service /etc/rancher/k3s/config.yaml /etc/rancher/k3s/config.yaml.d/*.yaml /etc/rancher/rke2/config.yaml \
    /etc/rancher/rke2/config.yaml.d/*.yaml /var/lib/rancher/*/agent/pod-manifests/*.yaml /etc/k0s/*.yaml /var/lib/kube-proxy/*.yaml /var/lib/kube-proxy/*.conf /run/flannel/*.env \
    "$pods"/*/volumes/kubernetes.io~configmap/kube-proxy/config.conf "$pods"/*/volumes/kubernetes.io~configmap/*/net-conf.json; do
    [ ! -f "$path" ] || is_remote "$path" || head -c 200000 -- "$path" 2>/dev/null | ranges_in "$path"
done
# Cilium reads a file a setting.
for path in "$pods"/*/volumes/kubernetes.io~configmap/cilium-config-path/cluster-pool-ipv[46]-cidr; do
    [ ! -f "$path" ] || is_remote "$path" || head -c 2000 -- "$path" 2>/dev/null | ranges pods "$path"
done
# What kubeadm was given, in root's home.
for path in /root/*.yaml /root/*.yml; do
    if [ ! -f "$path" ] || [ -L "$path" ]; then continue; fi
    ! head -n 3 -- "$path" 2>/dev/null | grep -q '^apiVersion: kubeadm\.k8s\.io/' || head -c 200000 -- "$path" 2>/dev/null | ranges_in "$path"
done
