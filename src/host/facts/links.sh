# Network interfaces: name, MTU, hardware address.

if [ -d /sys/class/net ]; then
    say link -
    for path in /sys/class/net/*; do
        [ -r "$path/mtu" ] || continue
        mtu='' address=''
        read -r mtu <"$path/mtu"
        read -r address 2>/dev/null <"$path/address"
        say link "${path##*/} $mtu $address"
    done
fi
