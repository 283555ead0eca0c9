# What another cluster left. Empty directories do not count: packages bring them.
leftover_in() {
    count=0
    for file in "$1"/* "$1"/.[!.]*; do
        [ -e "$file" ] || [ -L "$file" ] || continue
        if [ -d "$file" ] && [ ! -L "$file" ] && [ "$file" != /var/lib/etcd/lost+found ]; then
            [ "${file##*/}" != lost+found ] || continue
            for inner in "$file"/* "$file"/.[!.]*; do
                if [ -e "$inner" ] || [ -L "$inner" ]; then break; fi
            done
            [ -e "$inner" ] || [ -L "$inner" ] || continue
        fi
        say leftover "$file"
        count=$((count + 1))
        [ "$count" -lt 5 ] || break # enough to know it by
    done
}
say leftover -
leftover_in /etc/kubernetes
leftover_in /var/lib/kubelet
leftover_in /var/lib/etcd
# Files that kubeadm looks for by name.
for file in admin.conf super-admin.conf kubelet.conf bootstrap-kubelet.conf controller-manager.conf scheduler.conf pki/ca.crt manifests/kube-apiserver.yaml \
    manifests/kube-controller-manager.yaml manifests/kube-scheduler.yaml manifests/etcd.yaml; do
    [ ! -e "/etc/kubernetes/$file" ] || say kubeadm_file "/etc/kubernetes/$file"
done
for file in /etc/kubernetes/manifests/*; do
    [ ! -e "$file" ] || say manifest "$file"
done
for file in /etc/cni/net.d/*.conf /etc/cni/net.d/*.conflist /etc/cni/net.d/*.json; do
    [ ! -e "$file" ] || say leftover "$file"
done
for file in /etc/rancher /var/lib/rancher /var/lib/k0s /var/snap/microk8s /var/snap/k8s /var/lib/minikube /etc/origin; do
    [ ! -d "$file" ] || say leftover "$file"
done
say leftover_link -
for file in /sys/class/net/*; do
    case ${file##*/} in
    cni0 | cbr0 | kube-bridge | kube-dummy-if | wireguard.cali | flannel.1 | flannel-v6.1 | kube-ipvs0 | nodelocaldns | cali* | vxlan.calico | cilium_* | lxc_health | weave | vxlan-6784 | antrea-gw0 | ovn-k8s-mp0)
        say leftover_link "${file##*/}"
        ;;
    esac
done
# Virtual servers of IPVS: service addresses of a cluster that is gone.
[ ! -r /proc/net/ip_vs ] || say leftover_servers "$(grep -cE '^(TCP|UDP|SCTP) ' /proc/net/ip_vs)"
# What still runs, in the host's own network: that of other machines' containers is not this host's.
say leftover_process -
(cd /proc && printf '%s/comm\0' [0-9]* | xargs -0 grep -EHsx 'kube-(apiserver|controller|scheduler|proxy)') | while IFS=/: read -r pid _ process; do
    # shellcheck disable=SC3013 # dash, bash and busybox have -ef
    [ ! "/proc/$pid/ns/net" -ef /proc/1/ns/net ] || say leftover_process "$pid $process"
done
