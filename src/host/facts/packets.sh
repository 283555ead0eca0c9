# How packets go: links, policy routing, the packet filter, ports.

if has ip; then
    # name, flags
    say link_flags -
    ip -o link show 2>/dev/null | while read -r _ name flags _; do
        name=${name%:}
        say link_flags "${name%@*} $flags"
    done
    # Addresses that the kernel takes for nothing new, and why.
    say unusable -
    ip -o addr show 2>/dev/null | while read -r _ device family address rest; do
        case " $rest " in
        *' temporary '*) ;;
        *' dadfailed '*) say unusable "$address $device dadfailed" ;;
        *' tentative '*) say unusable "$address $device tentative" ;;
        *' deprecated '*) [ "$family" != inet ] || say unusable "$address $device deprecated" ;;
        esac
    done
    say gateway "$(ip -o -4 route show default 2>/dev/null | sed -n 's/.* via \([0-9.]*\).*/\1/p' | head -n 1)"
    # Rules that others added, and the routes of the tables that they lead to.
    say rule -
    tables=
    rules=$(ip -o -4 rule show 2>/dev/null | tr '\t' ' ')
    while read -r line; do
        case $line in
        '') continue ;;
        0:*' lookup local'*) continue ;;
        esac
        say rule "$line"
        table=${line##* lookup }
        [ "$table" != "$line" ] || continue
        table=${table%% *}
        case " main default local $tables " in *" $table "*) continue ;; esac
        tables="$tables $table"
        # `throw` goes on with the next rule: such a table is not judged.
        ! ip -o -4 route show table "$table" 2>/dev/null | grep -q '^throw' || continue
        ip -o -4 route show table "$table" 2>/dev/null | head -n 50 | while read -r line; do say "table" "$table $line"; done
    done <<EOF
$rules
EOF
fi

# whole KEY: rules and policies, with the key in front; none where there are too many to send, since half of them say something else.
whole() { awk -v key="$1" '/^[:-]/ { line[++count] = $0 } END { if (count <= 4000) for (i = 1; i <= count; i++) print key line[i] }'; }
# The packet filter, where it may be asked without a module being loaded: what would be asked is loaded, or the kernel has no modules.
say filter -
if has iptables-legacy-save && [ -r /proc/net/ip_tables_names ] && grep -qx filter /proc/net/ip_tables_names 2>/dev/null; then
    iptables-legacy-save -t filter 2>/dev/null | whole 'filter legacy '
fi
if [ -d /sys/module/nf_tables ] || [ ! -e /proc/modules ]; then
    if has iptables-nft-save; then
        iptables-nft-save -t filter 2>/dev/null | whole 'filter nft '
    fi
    # Those of iptables are known already, in its own words.
    if has nft; then
        say ruleset -
        { nft -t list ruleset || nft list ruleset; } 2>/dev/null | awk '
            /^table ip6? (filter|nat|mangle|raw|security) / { skip = 1 }
            /^table / && !/^table ip6? (filter|nat|mangle|raw|security) / { skip = 0 }
            !skip { sub(/^[ \t]+/, ""); if ($0 != "") line[++count] = $0 }
            END { if (count <= 4000) for (i = 1; i <= count; i++) print "ruleset " line[i] }'
    fi
fi

# grep reads each at once: of these files a second read has nothing.
(cd /proc/sys && grep -s '' net/ipv4/ip_local_port_range net/ipv4/ip_local_reserved_ports) | tr '/\t' '. ' |
    sed -n -e 's/^\([a-z0-9_.]*\):$/sysctl \1 -/p' -e 's/^\([a-z0-9_.]*\):\(..*\)$/sysctl \1 \2/p'
