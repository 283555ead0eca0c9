# Space.

# path, block size, blocks, blocks available, inodes, inodes free, id of the file system
stat -f -c 'disk %n %S %b %a %c %d %i' / /usr /usr/local /usr/local/bin /opt /opt/cni/bin /var /var/lib /var/lib/containerd /var/lib/crio /var/lib/docker \
    /var/lib/containers /var/lib/kubelet /var/lib/etcd /var/lib/bivouac /var/log /etc /etc/kubernetes /run /tmp 2>/dev/null
