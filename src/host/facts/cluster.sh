# The name that the kubelet registered under, where kubeadm gave it one that is not the host's.
if [ -r /var/lib/kubelet/kubeadm-flags.env ]; then
    read -r line 2>/dev/null </var/lib/kubelet/kubeadm-flags.env
    case $line in
    *--hostname-override=*)
        line=${line#*--hostname-override=}
        say node "${line%%[ \"]*}"
        ;;
    *) say_file node /proc/sys/kernel/hostname ;;
    esac
fi

# Where the cluster's API server is, by the administrator's own file; its keys stay there.
if [ -r /etc/kubernetes/admin.conf ]; then
    while read -r key value _; do
        if [ "$key" = server: ]; then
            say api_server "${value#https://}"
            break
        fi
    done </etc/kubernetes/admin.conf
fi

# Whether it is a node.
if [ -s /etc/kubernetes/kubelet.conf ]; then say kubelet_conf 1; else say kubelet_conf 0; fi

# The version of the cluster's control plane, by the image that its manifest names.
if [ -r /etc/kubernetes/manifests/kube-apiserver.yaml ]; then
    while read -r key value _; do
        if [ "$key" = image: ]; then
            say api_version "${value##*:}"
            break
        fi
    done </etc/kubernetes/manifests/kube-apiserver.yaml
fi

# The image of the load balancer that the kubelet runs there (playbooks/init/50-nodes.yaml).
if [ -r /etc/kubernetes/manifests/bivouac-load-balancer.yaml ]; then
    while read -r key value _; do
        if [ "$key" = image: ]; then
            say balancer "$(printf '%s' "$value" | tr -d '"')"
            break
        fi
    done </etc/kubernetes/manifests/bivouac-load-balancer.yaml
fi

# What the cluster was made with: of the programs' arguments those that cluster.yaml has a word for.
manifests=/etc/kubernetes/manifests
if [ -r "$manifests/kube-apiserver.yaml" ]; then
    say argument -
    cat "$manifests/kube-apiserver.yaml" "$manifests/kube-controller-manager.yaml" 2>/dev/null |
        sed -n -E 's/^ *- --((audit-policy-file|encryption-provider-config|kubelet-certificate-authority|service-cluster-ip-range|cluster-cidr)=.*)/\1/p' |
        sort -u | while read -r line; do say argument "$line"; done
    if [ -s /etc/kubernetes/bivouac/encryption.yaml ]; then say encryption_key 1; else say encryption_key 0; fi
fi
for file in /var/lib/kubelet/pods/*/volumes/kubernetes.io~configmap/kube-proxy/config.conf; do
    [ -r "$file" ] || continue
    say proxy_mode "$(sed -n 's/^mode: *//p' "$file" | tr -d '"')"
    break
done
