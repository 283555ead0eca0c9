# Addresses and routes.

if has ip; then
    say address -
    ip -o addr show 2>/dev/null | while read -r _ device family address rest; do
        # One that is used for a day only is nobody's address.
        case "$family $rest" in
        *' temporary '* | *' deprecated '*) ;;
        'inet '* | 'inet6 '*) say address "${device%@*} $address" ;;
        esac
    done
    say route -
    ip -o -4 route show 2>/dev/null | while read -r line; do say route "$line"; done
    if [ -e /proc/net/if_inet6 ]; then
        say route6 -
        ip -o -6 route show 2>/dev/null | while read -r line; do say route6 "$line"; done
        say accept_ra -
        ip -o -6 route show default proto ra 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p' | while read -r device; do
            accepts=
            read -r accepts 2>/dev/null <"/proc/sys/net/ipv6/conf/$device/accept_ra"
            [ "$accepts" != 1 ] || say accept_ra "$device"
        done
    fi
fi
off=1
[ ! -e /proc/net/if_inet6 ] || read -r off 2>/dev/null </proc/sys/net/ipv6/conf/all/disable_ipv6
case $off in 0) say ipv6 1 ;; *) say ipv6 0 ;; esac
