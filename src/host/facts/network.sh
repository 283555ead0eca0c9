# Links, addresses, routes, and rules that lead to routes.

# One process answers all but what is of IPv6; busybox has no `-batch`.
ask_ip() {
    printf 'link show\naddr show\nroute show\nrule show\n' | ip -o -force -batch - 2>/dev/null && return
    for object in link addr 'route -4' 'rule -4'; do
        # shellcheck disable=SC2086 # a word, or two
        set -- $object
        ip -o ${2:+"$2"} "$1" show 2>/dev/null
    done
}
if has ip; then
    [ ! -e /proc/net/if_inet6 ] || printf '%s -\n' route6 accept_ra
    # Its last line names the tables of rules that others added.
    network=$({
        ask_ip
        if [ -e /proc/net/if_inet6 ]; then
            echo 'family 6'
            ip -o -6 route show 2>/dev/null
        fi
    } | awk '
        BEGIN { print "link_flags -\naddress -\nunusable -\nroute -\nrule -" }
        # What was answered in part is asked again.
        !six && said[$0]++ { next }
        { sub(/[ \t]+$/, "") }
        $0 == "family 6" { six = 1; next }
        six {
            print "route6 " $0
            # Whether the kernel goes on listening to routers when it forwards (ip-sysctl, accept_ra).
            if ($1 == "default" && / proto ra( |$)/ && match($0, / dev [^ ]+/)) {
                device = substr($0, RSTART + 5, RLENGTH - 5)
                file = "/proc/sys/net/ipv6/conf/" device "/accept_ra"
                accepts = ""
                getline accepts < file
                if (accepts == 1) print "accept_ra " device
                close(file)
            }
            next
        }
        $1 ~ /^[0-9]+:$/ && $2 ~ /:$/ {
            name = $2
            sub(/(@.*)?:$/, "", name)
            print "link_flags " name " " $3
            next
        }
        $1 ~ /^[0-9]+:$/ && $3 ~ /^inet6?$/ {
            # One that is used for a day only is not an address to be known by.
            if (/ temporary( |$)/) next
            if (!/ deprecated( |$)/) print "address " $2 " " $4
            # Addresses that the kernel takes for nothing new, and why.
            if (/ dadfailed( |$)/) print "unusable " $4 " " $2 " dadfailed"
            else if (/ tentative( |$)/) print "unusable " $4 " " $2 " tentative"
            else if (/ deprecated( |$)/ && $3 == "inet") print "unusable " $4 " " $2 " deprecated"
            next
        }
        $1 ~ /^[0-9]+:$/ {
            gsub(/\t/, " ")
            if ($1 == "0:" && / lookup local/) next
            print "rule " $0
            if (!match($0, / lookup [^ ]+/)) next
            table = substr($0, RSTART + 8, RLENGTH - 8)
            if (table !~ /^(main|default|local)$/ && !(table in seen)) { seen[table] = 1; tables = tables " " table }
            next
        }
        NF {
            print "route " $0
            if ($1 == "default" && !gateway && match($0, / via [0-9.]+/)) {
                gateway = 1
                print "gateway " substr($0, RSTART + 5, RLENGTH - 5)
            }
        }
        END { print "tables" tables }')
    printf '%s\n' "${network%"$newline"tables*}"
    for table in ${network##*"$newline"tables}; do
        # `throw` goes on with the next rule: such a table is not judged.
        routes=$(ip -o -4 route show table "$table" 2>/dev/null | head -n 50)
        case $newline$routes in *"${newline}throw "*) continue ;; esac
        printf '%s\n' "$routes" | while read -r line; do [ -z "$line" ] || say "table" "$table $line"; done
    done
fi
off=1
[ ! -e /proc/net/if_inet6 ] || read -r off 2>/dev/null </proc/sys/net/ipv6/conf/all/disable_ipv6
case $off in 0) say ipv6 1 ;; *) say ipv6 0 ;; esac
