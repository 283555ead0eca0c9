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

# Programs of ours are found in /usr/local/bin; what is before it in the PATH of a service or a script would be taken for them.
say shadow -
for name in kubeadm kubectl kubelet containerd containerd-shim-runc-v2 crictl ctr runc crio conmon crun pinns cri-dockerd; do
    # Where one directory is a link to the other they are the same.
    # shellcheck disable=SC3013 # dash, bash and busybox have -ef
    [ ! -e "/usr/local/sbin/$name" ] || [ "/usr/local/sbin/$name" -ef "/usr/local/bin/$name" ] || say shadow "/usr/local/sbin/$name"
done
# Commands that are there and cannot run: links that lead nowhere, files that are no programs. Each that is looked for is installed, where it
# is missing; one that is there in part is not.
say ill_command -
for name in conntrack ebtables ethtool ip iptables losetup modprobe mount nft nsenter socat tc umount; do
    ! has "$name" || continue
    for directory in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
        if [ -L "$directory/$name" ] || [ -e "$directory/$name" ]; then
            say ill_command "$name $directory/$name"
            break
        fi
    done
done
# One that does not come to its own version has lost a library, or is something else. It opens a socket of nfnetlink.
if has iptables && { [ -d /sys/module/nfnetlink ] || [ ! -e /proc/modules ]; }; then
    timeout 5 iptables -V >/dev/null 2>&1 || say ill_command "iptables $(command -v iptables)"
fi
