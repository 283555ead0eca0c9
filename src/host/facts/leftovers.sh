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
say leftover_chain -
{
    # A tool may be asked where its module is loaded, or where the kernel has no modules to load.
    table=
    [ ! -r /proc/net/ip_tables_names ] || read -r table 2>/dev/null </proc/net/ip_tables_names
    [ -z "$table" ] || ! has iptables-legacy-save || iptables-legacy-save 2>/dev/null
    if has iptables-nft-save && { [ -d /sys/module/nf_tables ] || [ ! -e /proc/modules ]; }; then
        iptables-nft-save 2>/dev/null
    fi
} | {
    count=0
    while read -r name _; do
        case $name in
        :KUBE-* | :cali-* | :CILIUM_* | :FLANNEL-* | :WEAVE-* | :CNI-*)
            [ "$count" -ge 5 ] || say leftover_chain "${name#:}"
            count=$((count + 1))
            ;;
        esac
    done
}
# Tables of kube-proxy's and others' own (kube-proxy's mode nftables), asked only where the module is there.
if has nft && { [ -d /sys/module/nf_tables ] || [ ! -e /proc/modules ]; }; then
    say leftover_table -
    nft list tables 2>/dev/null | while read -r _ family name; do
        case $name in kube-proxy | calico | cilium | flannel-ipv4 | flannel-ipv6) say leftover_table "$family $name" ;; esac
    done
fi
# Virtual servers of IPVS: service addresses of a cluster that is gone.
[ ! -r /proc/net/ip_vs ] || say leftover_servers "$(grep -cE '^(TCP|UDP|SCTP) ' /proc/net/ip_vs)"
# What still runs, in the host's own network: that of other machines' containers is not this host's.
say leftover_process -
for file in /proc/[0-9]*/comm; do
    process=
    read -r process 2>/dev/null <"$file"
    case $process in
    kube-apiserver | kube-controller | kube-scheduler | kube-proxy)
        pid=${file#/proc/}
        pid=${pid%/comm}
        # shellcheck disable=SC3013 # as above
        [ ! "/proc/$pid/ns/net" -ef /proc/1/ns/net ] || say leftover_process "$pid $process"
        ;;
    esac
done
