# Space, and where none can be used.

# path, block size, blocks, blocks available, inodes, inodes free, id of the file system
stat -f -c 'disk %n %S %b %a %c %d %i' / /usr /var /var/lib /var/lib/containerd /var/lib/crio /var/lib/docker /var/lib/containers /var/lib/kubelet \
    /var/lib/etcd /var/lib/bivouac /etc /tmp 2>/dev/null
# access(2) says no to root only where the file system is mounted read-only.
say read_only -
for path in /etc /usr /var /var/lib /tmp; do
    [ -w "$path" ] || say read_only "$path"
done
for path in /etc/systemd/system /usr/local /usr/local/bin /opt; do
    [ -w "$path" ] || [ ! -e "$path" ] || say read_only "$path"
done
