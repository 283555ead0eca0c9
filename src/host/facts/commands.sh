# Which commands are there.

present='' absent=''
for name in awk cat chmod comm cp curl cut dd find flock getent grep gzip head id journalctl ln mkdir \
    mktemp mv readlink rm sed sha256sum sort stat sync systemctl tail timeout touch tr uname xargs cmp tar \
    conntrack ebtables ethtool ip iptables losetup modprobe mount nft nsenter ps socat ss tc umount wget \
    containerd crictl crio docker dockerd kubeadm kubectl kubelet podman runc; do
    if has "$name"; then present="$present $name"; else absent="$absent $name"; fi
done
say present "${present:- -}"
say absent "${absent:- -}"
