# clear WHAT WORD...: something that a foreign cluster left goes. What it is, and that it may go, was judged before (src/residue); here each WHAT
# has its four functions (clear/*.sh), `bv_clear_WHAT_is`, `_before`, `_do` and `_undo`, with these words. An undo brings back what was configuration;
# the dead cluster's data was not kept, and it says so.

bv_clear_is() {
    bv_what=$1
    shift
    "bv_clear_${bv_what}_is" "$@"
}
bv_clear_before() {
    bv_what=$1
    shift
    "bv_clear_${bv_what}_before" "$@"
}
bv_clear_do() {
    bv_what=$1
    shift
    bv_clear_had || return 1
    "bv_clear_${bv_what}_do" "$@"
}
bv_clear_undo() {
    bv_what=$1
    bv_nargs=$((bv_nargs - 1))
    shift
    "bv_clear_${bv_what}_undo" "$@"
}

# What counts as having been there before, for functions that leave such things alone: here only mounts that the owner has in /etc/fstab or in a unit's
# file. The baseline was taken with the cluster's things in it.
bv_clear_had() {
    BV_HAD=$BV_LIVE/had
    {
        echo 'nothing'
        awk '$1 !~ /^#/ && $2 ~ /^\// { gsub(/\\040/, " ", $2); sub(/\/+$/, "", $2); print "mount - " $2 }' /etc/fstab 2>/dev/null
        sed -n 's/^Where=\(\/.*\)/mount - \1/p' /etc/systemd/system/*.mount 2>/dev/null
    } >"$BV_HAD"
    # The comparison is by whole lines, and types of file systems are in them.
    bv_mounted | awk -v had="$BV_HAD" '
        BEGIN { while ((getline line <had) > 0) if (sub(/^mount - /, "", line)) keep[line] = 1 }
        {
            type = $1
            sub(/^[^\t]*\t/, "")
            if ($0 in keep) print "mount " type " " $0
        }' >"$BV_HAD.mounts"
    cat "$BV_HAD.mounts" >>"$BV_HAD"
    rm -f "$BV_HAD.mounts"
}

# plan REMOVAL...: what this wipe is about to take away. It changes nothing; one that was cut off is taken up with what it had found out.
bv_clear_plan_is() { return 1; }
bv_clear_plan_before() { :; }
bv_clear_plan_do() { :; }
bv_clear_plan_undo() { :; }

# The last line of defence: the only places in which anything is removed by its path, whatever was judged. `residue`'s table is checked against it.
bv_clear_allows() {
    case $1/ in
    */../* | */./* | *//*) ;;
    /etc/kubernetes/* | /etc/cni/* | /etc/rancher/?* | /etc/k0s/* | /etc/kube-lb/* | /etc/kubeone/* | /etc/kubekey/* | /etc/calico/* | /etc/cilium/* | /etc/flannel/* | /etc/kube-flannel/* | /etc/origin/openvswitch/* | /etc/origin/ovn/* | /etc/containerd/* | /etc/crio/*) return ;;
    /etc/systemd/system/?* | /usr/lib/systemd/system/?* | /usr/local/lib/systemd/system/?* | /etc/systemd/journald.conf.d/?*) return ;;
    /etc/default/?* | /etc/sysconfig/?* | /etc/crictl.yaml/ | /etc/etcd.env/ | /etc/etcd-events.env/ | /etc/etcd/* | /etc/ssl/etcd/* | /etc/registry/* | /etc/image-cri-shim.yaml/ | /etc/weave.env/ | /etc/bash_completion.d/?* | /etc/sudoers.d/crictl/ | /etc/profile.d/?* | /etc/NetworkManager/conf.d/?*) return ;;
    /etc/apt/sources.list.d/?* | /etc/apt/keyrings/?* | /etc/apt/trusted.gpg.d/?* | /etc/apt/preferences.d/?* | /etc/apt/apt.conf.d/?* | /usr/share/keyrings/?* | /etc/yum.repos.d/?* | /etc/zypp/repos.d/?*) return ;;
    /etc/sysctl.d/?* | /etc/modules-load.d/?* | /etc/modprobe.d/?* | /usr/local/share/ca-certificates/?* | /etc/pki/ca-trust/source/anchors/?*) return ;;
    /var/lib/kubelet/* | /var/lib/dockershim/* | /var/lib/kube-proxy/* | /var/lib/kubernetes/* | /var/lib/etcd/?* | /var/lib/etcd-backup*/* | /var/backups/?* | /var/lib/cni/* | /var/lib/calico/* | /var/lib/cilium/* | /var/lib/kube-router/* | /var/lib/weave/* | /var/lib/antrea/*) return ;;
    /var/lib/containerd/* | /var/lib/containers/storage/* | /var/lib/crio/* | /run/crio/* | /var/lib/nerdctl/* | /var/lib/cri-dockerd/* | /var/lib/image-cri-shim/* | /var/lib/sealos/* | /var/lib/rancher/?* | /var/lib/k0s/?*) return ;;
    /var/lib/rook/* | /var/lib/longhorn/* | /var/openebs/* | /var/lib/openebs/* | /opt/local-path-provisioner/* | /var/local-path-provisioner/* | /var/lib/csi-hostpath-data/* | /mnt/local-storage/* | /var/lib/ceph/*) return ;;
    /var/log/pods/* | /var/log/containers/* | /var/log/calico/* | /var/log/cilium/* | /var/log/kube-ovn/* | /var/log/antrea/* | /var/log/ovn/* | /var/log/openvswitch/* | /var/log/kube-audit/* | /var/log/kubernetes/*) return ;;
    /run/kubernetes/* | /run/flannel/* | /run/calico/* | /run/cilium/* | /run/antrea/* | /run/multus/* | /run/openvswitch/* | /run/ovn/* | /run/containerd/* | /run/k3s/* | /run/k0s/*) return ;;
    /usr/libexec/kubernetes/* | /opt/cni/* | /opt/kube/* | /opt/rke/* | /opt/rke2/* | /opt/containerd/* | /opt/bin/kube?* | /opt/bin/k3s*) return ;;
    /usr/bin/?* | /usr/local/bin/?* | /usr/local/sbin/?* | /usr/sbin/policy-rc.d/) return ;;
    /root/.kube/* | /root/.sealos/* | /root/*.yaml/ | /root/*.yml/ | /*/.kube/config/) return ;;
    esac
    bv_die "\`$1\` is not removed: it is in no place that a cluster is known to use"
}

# What cannot be brought back.
bv_clear_lost() { bv_keep "$1: it was the dead cluster's, and was not kept"; }

# Lets systemd forget units whose files are gone.
bv_clear_settle() {
    command -v systemctl >/dev/null || return 0
    systemctl daemon-reload
    systemctl reset-failed 'kube*' 'k3s*' 'rke2*' 'k0s*' 'containerd*' 'var-lib-kubelet*' 2>/dev/null
    return 0
}
