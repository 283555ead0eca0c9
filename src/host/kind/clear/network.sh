# The packet filter, links, routes, namespaces, cgroups. Each goes by its own name; what may have let the operator in has the guard (guard.sh), which
# he confirms when all rules are gone (engine/clear.rs).

# chains TOOL 'TABLE CHAIN'...
bv_clear_chains_is() {
    bv_tool=$1
    shift
    command -v "$bv_tool-save" >/dev/null || return 0
    bv_clear_chains_there "$@" && [ -z "$bv_there" ]
}
# Those of these chains that are there, into bv_there; fails where that cannot be read.
bv_clear_chains_there() {
    bv_want=$(for bv_word; do printf '%s\n' "$bv_word"; done)
    bv_chains_read "$bv_tool" && bv_chains_whole "$bv_tool" '' "$bv_want" || return 1
    bv_there=$(BV_WANT=$bv_want awk '
        BEGIN { n = split(ENVIRON["BV_WANT"], all, "\n"); for (i = 1; i <= n; i++) want[all[i]] = 1 }
        /^\*/ { table = substr($1, 2) }
        /^:/ { chain = table " " substr($1, 2); if (chain in want) print chain }' "$BV_LIVE/chains.save")
}
bv_clear_chains_before() { :; }
bv_clear_chains_do() {
    bv_tool=$1
    shift
    bv_clear_chains_there "$@" || return 1
    [ -n "$bv_there" ] || return 0
    bv_chains_take "$bv_tool" '' "$bv_there" && bv_clear_emptied "$bv_tool"
}
# Takes away what is empty since.
bv_clear_emptied() {
    printf '%s\n' "$bv_emptied" | while read -r bv_table bv_chain; do
        [ -z "$bv_chain" ] || bv_clear_base "$1" "$bv_table" "$bv_chain"
    done
    bv_clear_tables "$1"
}
# A chain of iptables' own that it makes with the first rule goes with the last one, as it was before: bv_clear_base TOOL TABLE CHAIN. Only
# the variant for nftables can (from 1.8.8 on), and only of one that is empty and accepts.
bv_clear_base() {
    case $("$1" --version) in *nf_tables*) ;; *) return 0 ;; esac
    case $3 in INPUT | FORWARD | OUTPUT | PREROUTING | POSTROUTING) ;; *) return 0 ;; esac
    timeout 30 "$1-save" -t "$2" 2>/dev/null | CHAIN=$3 awk '
        $1 == ":" ENVIRON["CHAIN"] && $2 == "ACCEPT" { accepts = 1 }
        $1 == "-A" && $2 == ENVIRON["CHAIN"] { used = 1 }
        END { exit !(accepts && !used) }' && timeout 30 "$1" -t "$2" -X "$3" 2>/dev/null
    return 0
}
# They only lead to what is gone.
bv_clear_chains_undo() { :; }

# rule TOOL TABLE RULE
bv_clear_rule_is() {
    command -v "$1-save" >/dev/null || return 0
    bv_chains_read "$1" && case "$BV_NL$(bv_chains_unread)$BV_NL" in *"$BV_NL$2$BV_NL"*) return 1 ;; esac &&
        ! sed -n "/^\*$2\$/,/^COMMIT/p" "$BV_LIVE/chains.save" | grep -qxF -- "$3"
}
bv_clear_rule_before() { :; }
bv_clear_rule_do() {
    bv_chains_take "$1" '' "$2 $3" && bv_clear_emptied "$1"
}
# Tables in which nothing is left but empty chains that accept everything go too. Without nft there is one way: a table that is read anew with
# nothing in it is made without anything. That is done to none that holds a rule, a chain of somebody's own, or what iptables cannot read.
bv_clear_tables() {
    case $("$1" --version) in *nf_tables*) ;; *) return 0 ;; esac
    if command -v nft >/dev/null; then
        case $1 in ip6*) bv_tables_remove ip6 ;; *) bv_tables_remove ip ;; esac
        return
    fi
    for bv_table in $(timeout 30 "$1-save" 2>/dev/null | sed -n 's/^\*//p'); do
        # What could not be read, or not whole, is not empty.
        bv_text=$(timeout 30 "$1-save" -t "$bv_table" 2>&1) || continue
        case $bv_text in *COMMIT*) ;; *) continue ;; esac
        printf '%s\n' "$bv_text" | grep -qvE "^(\*$bv_table|:[A-Z]+ ACCEPT \[.*|COMMIT|# (Generated|Completed) .*|)\$" ||
            printf '*%s\nCOMMIT\n' "$bv_table" | "$1-restore" --wait 30 || return 1
    done
    return 0
}
bv_clear_rule_undo() { :; }

# table FAMILY NAME
bv_clear_table_is() {
    ! command -v nft >/dev/null || ! timeout 20 nft list tables 2>/dev/null | grep -qxF -- "table $1 $2"
}
bv_clear_table_before() { :; }
bv_clear_table_do() {
    timeout 20 nft -s list table "$1" "$2" >"$BV_LIVE/table" && bv_guard_save nft <"$BV_LIVE/table" && nft delete table "$1" "$2" || return 1
    bv_unproven=yes
    rm -f "$BV_LIVE/table"
}
bv_clear_table_undo() { :; }

# sets NAME...
bv_clear_sets_is() {
    [ -d "$BV_SETS" ] && command -v ipset >/dev/null || return 0
    bv_have=$(timeout 20 ipset list -n 2>/dev/null)
    for bv_name; do
        ! printf '%s\n' "$bv_have" | grep -qxF -- "$bv_name" || return 1
    done
}
bv_clear_sets_before() { :; }
bv_clear_sets_do() {
    bv_have=$(timeout 20 ipset list -n 2>/dev/null)
    # A list of sets goes before what is in it.
    for bv_try in 1 2; do
        for bv_name; do
            ! printf '%s\n' "$bv_have" | grep -qxF -- "$bv_name" || ipset destroy "$bv_name" 2>/dev/null
        done
        bv_have=$(timeout 20 ipset list -n 2>/dev/null)
    done
    bv_clear_sets_is "$@" || bv_die "a set of \`$*\` is in use by a rule that is not Kubernetes'"
}
bv_clear_sets_undo() { :; }

# servers 'OPTION ADDRESS:PORT'...
bv_clear_servers_is() {
    bv_have=$(bv_ipvs_list "$BV_IPVS")
    for bv_name; do
        ! printf '%s\n' "$bv_have" | grep -qxF -- "$bv_name" || return 1
    done
}
bv_clear_servers_before() { :; }
bv_clear_servers_do() {
    command -v ipvsadm >/dev/null || bv_die "\`ipvsadm\` is not installed: install it, or reboot"
    bv_have=$(bv_ipvs_list "$BV_IPVS")
    for bv_name; do
        ! printf '%s\n' "$bv_have" | grep -qxF -- "$bv_name" || ipvsadm -D "${bv_name%% *}" "${bv_name#* }" || return 1
    done
}
bv_clear_servers_undo() { :; }

# links NAME...
bv_clear_links_is() {
    for bv_name; do [ ! -e "/sys/class/net/$bv_name/ifindex" ] || return 1; done
}
bv_clear_links_before() { :; }
bv_clear_links_do() {
    bv_ways=$(bv_clear_way_links)
    for bv_name; do
        [ -e "/sys/class/net/$bv_name/ifindex" ] || continue
        # Whatever it is called: this would be our own way in.
        [ -z "$(ip -4 route show default dev "$bv_name" 2>/dev/null)$(ip -6 route show default dev "$bv_name" 2>/dev/null)" ] ||
            bv_die "the link \`$bv_name\` is not removed: the default route leads over it"
        ! printf '%s\n' "$bv_ways" | grep -qxF -- "$bv_name" || bv_die "the link \`$bv_name\` is not removed: this login came in over it"
        # The other end of a pair may have gone with the first.
        ip link del dev "$bv_name" || [ ! -e "/sys/class/net/$bv_name/ifindex" ] || return 1
    done
}
bv_clear_links_undo() { :; }

# routes 'FAMILY ROUTE'...
bv_clear_routes_is() {
    bv_have=$(bv_clear_routes_all)
    for bv_route; do
        ! printf '%s\n' "$bv_have" | grep -qxF -- "$bv_route" || return 1
    done
}
bv_clear_routes_all() { for bv_family in 4 6; do bv_clear_routes_now "$bv_family" | sed "s/^/$bv_family /"; done; }
# Routes of the main table, and of those that Calico (1), kube-router (77 to 79) and Cilium (2004, 2005) have, as they can be named again: without what
# `ip` tells of their state.
bv_clear_routes_now() {
    ip "-$1" route show table main 2>/dev/null | bv_clear_routes_plain
    for bv_table in 1 77 78 79 2004 2005; do ip "-$1" route show table "$bv_table" 2>/dev/null | bv_clear_routes_plain | sed "s/\$/ table $bv_table/"; done
}
bv_clear_routes_plain() { sed -E 's/ expires [0-9]+sec//; s/ error -?[0-9]+//; s/ (linkdown|dead|onlink)( |$)/ /g; s/ +$//'; }
bv_clear_routes_before() { :; }
bv_clear_routes_do() {
    bv_have=$(bv_clear_routes_all)
    for bv_route; do
        printf '%s\n' "$bv_have" | grep -qxF -- "$bv_route" || continue
        case ${bv_route#* } in *' table '*) ;; default* | 0.0.0.0/0* | ::/0*) bv_die "\`$bv_route\` is not removed: it is the default route" ;; esac
        bv_back=$(bv_clear_way_back)
        # Without that nothing would tell whether it was the way in.
        case $bv_route in *' via '*) [ -n "$bv_back" ] || bv_die "\`$bv_route\` is not removed: how this login is answered is not known: \`ip -${bv_route%% *} route del ${bv_route#* }\`, from a console" ;; esac
        printf '%s\n' "-${bv_route%% *} route append ${bv_route#* }" | bv_guard_save ip
        # It may have gone with another.
        # shellcheck disable=SC2086 # A route is several words.
        ip "-${bv_route%% *}" route del ${bv_route#* } || (bv_clear_routes_is "$bv_route") || return 1
        # Whatever was judged: this would cut our own way in.
        if [ "$bv_back" != "$(bv_clear_way_back)" ]; then
            # One whose next hop is on no network of the link is taken back only so, and the word for it is none of its name.
            # shellcheck disable=SC2086 # Likewise.
            ip "-${bv_route%% *}" route add ${bv_route#* } 2>/dev/null || ip "-${bv_route%% *}" route add ${bv_route#* } onlink
            if (bv_clear_routes_is "$bv_route") || [ "$bv_back" != "$(bv_clear_way_back)" ]; then
                bv_die "\`$bv_route\` is removed, without it this login is answered another way, and it could not be put back: \`ip -${bv_route%% *} route add ${bv_route#* }\`, before this login ends"
            fi
            bv_die "\`$bv_route\` is there again: without it this login is answered another way"
        fi
        bv_unproven=yes
    done
}
# How the host answers who is logged in.
bv_clear_way_back() {
    bv_peer=$(bv_clear_peer)
    case $bv_peer in
    '') ;;
    # An address of the link's own is on no other.
    *%*) printf '%s dev %s\n' "${bv_peer%%%*}" "${bv_peer#*%}" ;;
    *) ip route get "$bv_peer" 2>/dev/null | sed -n '1{s/ uid .*//; s/ cache.*//; s/ *$//; p;}' ;;
    esac
}
bv_clear_routes_undo() { :; }

# netns NAME...
bv_clear_netns_is() {
    for bv_name; do [ ! -e "/run/netns/$bv_name" ] || return 1; done
}
bv_clear_netns_before() { :; }
bv_clear_netns_do() {
    for bv_name; do
        case $bv_name in */* | . | .. | '') bv_die "\`$bv_name\` is no name of a namespace" ;; esac
        [ -e "/run/netns/$bv_name" ] || continue
        # Pods have ended: who is in it is a container of podman's, which named them the same way until 3.x. The look afterwards names it.
        ! bv_netns_used "$bv_name" || continue
        umount -l -- "/run/netns/$bv_name" 2>/dev/null
        rm -f -- "/run/netns/$bv_name" || return 1
    done
    rmdir /run/netns 2>/dev/null
    return 0
}
bv_clear_netns_undo() { :; }

# cgroups PATH...
bv_clear_cgroups_is() {
    for bv_path; do [ ! -d "$bv_path" ] || return 1; done
}
bv_clear_cgroups_before() { :; }
bv_clear_cgroups_do() {
    timeout 60 systemctl stop kubepods.slice 2>/dev/null
    for bv_try in 1 2 3; do
        bv_pod_cgroups_remove
        bv_clear_cgroups_is "$@" && return
        sleep 0.3
    done
    bv_die "cgroups of pods are still in use"
}
bv_clear_cgroups_undo() { :; }

# policies 'FAMILY PRIORITY: RULE'...
bv_clear_policies_is() {
    for bv_rule; do
        ! bv_clear_policies_now "${bv_rule%% *}" | grep -qxF -- "${bv_rule#* }" || return 1
    done
}
bv_clear_policies_now() { ip "-$1" rule show 2>/dev/null | sed -E 's/[[:space:]]+/ /g; s/ $//'; }
bv_clear_policies_before() { :; }
bv_clear_policies_do() {
    for bv_rule; do
        bv_family=${bv_rule%% *}
        bv_rule=${bv_rule#* }
        bv_clear_policies_now "$bv_family" | grep -qxF -- "$bv_rule" || continue
        case ${bv_rule#*: } in
        'from all lookup local')
            # Without a moment in which no rule leads to the host's own addresses.
            bv_clear_policies_now "$bv_family" | grep -qxF '0: from all lookup local' ||
                ip "-$bv_family" rule add from all lookup local priority 0 || return 1
            bv_clear_policies_now "$bv_family" | grep -qxF '0: from all lookup local' || return 1
            ;;
        esac
        printf '%s\n' "-$bv_family rule add priority ${bv_rule%%:*} ${bv_rule#*: }" | bv_guard_save ip
        # shellcheck disable=SC2086 # A rule is several words.
        ip "-$bv_family" rule del priority "${bv_rule%%:*}" ${bv_rule#*: } || return 1
        bv_unproven=yes
    done
}
bv_clear_policies_undo() { :; }

# addresses 'ADDRESS/PREFIX LINK'...
bv_clear_addresses_is() {
    for bv_word; do
        ! bv_clear_addresses_there "${bv_word%% *}" "${bv_word#* }" || return 1
    done
}
bv_clear_addresses_there() { ip -o addr show dev "$2" 2>/dev/null | awk -v address="$1" '$4 == address { found = 1 } END { exit !found }'; }
bv_clear_addresses_before() { :; }
bv_clear_addresses_do() {
    for bv_word; do
        bv_address=${bv_word%% *}
        bv_clear_addresses_there "$bv_address" "${bv_word#* }" || continue
        case $bv_address in */32 | *:*/128) ;; *) bv_die "\`$bv_word\` is not removed: the link's own network is in it" ;; esac
        # Whatever was judged: this would cut our own way in.
        bv_way=$(bv_clear_way_in)
        { [ -n "$bv_way" ] && [ "$bv_way" != "${bv_address%/*}" ]; } || bv_die "\`$bv_word\` is not removed: this login may have come in on it"
        # The kernel's own tunnel has none by itself.
        if [ "${bv_word#* }" = tunl0 ]; then
            ip addr del "$bv_address" dev tunl0 || return 1
            bv_clear_idle tunl0
            continue
        fi
        # Some clouds give hosts their only address so.
        case $bv_address in *:*) bv_family=inet6 ;; *) bv_family=inet ;; esac
        ip -o addr show dev "${bv_word#* }" 2>/dev/null | FAMILY=$bv_family ADDRESS=$bv_address awk '
            $3 == ENVIRON["FAMILY"] && $4 != ENVIRON["ADDRESS"] && $4 !~ /^fe80:/ { other = 1 } END { exit !other }' ||
            bv_die "\`$bv_word\` is not removed: it is the only address of this link"
        printf '%s\n' "addr add $bv_address dev ${bv_word#* }" | bv_guard_save ip
        ip addr del "$bv_address" dev "${bv_word#* }" || return 1
        bv_unproven=yes
    done
}
# Links over which this login came in, a line each: that of its address, that over which is answered, and what these stand on.
bv_clear_way_links() {
    # shellcheck disable=SC2046 # Four words.
    set -- $(bv_clear_session)
    [ $# -ge 3 ] || return 0
    bv_over=$(
        # An address of the link's own says which.
        case $1 in *%*) printf '%s\n' "${1#*%}" ;; esac
        ip -o addr show 2>/dev/null | awk -v address="${3%%%*}" '{ sub(/\/.*/, "", $4) } $4 == address { print $2 }'
        ip -o route get "${1%%%*}" from "${3%%%*}" 2>/dev/null | awk '{ for (i = 1; i < NF; i++) if ($i == "dev") print $(i + 1) }'
    )
    for bv_depth in 1 2 3 4; do
        [ -n "$bv_over" ] || break
        printf '%s\n' "$bv_over"
        bv_over=$(printf '%s\n' "$bv_over" | while IFS= read -r bv_name; do
            for bv_file in "/sys/class/net/$bv_name"/lower_*; do [ ! -e "$bv_file" ] || printf '%s\n' "${bv_file##*/lower_}"; done
        done)
    done
}
# Sets a link down that has no address and no route any more.
bv_clear_idle() {
    [ -z "$(ip -o addr show dev "$1" 2>/dev/null | awk '$4 !~ /^fe80:/')$(ip -4 route show dev "$1" 2>/dev/null)$(ip -6 route show dev "$1" 2>/dev/null | grep -v '^fe80:')" ] || return 0
    ip link set dev "$1" down
}
# The address that this login came in on, and the one that it comes from; sudo does not pass its environment on.
bv_clear_way_in() {
    # shellcheck disable=SC2046 # Four words.
    set -- $(bv_clear_session)
    printf '%s' "${3:-}"
}
bv_clear_peer() {
    # shellcheck disable=SC2046 # Four words.
    set -- $(bv_clear_session)
    printf '%s' "${1:-}"
}
bv_clear_session() {
    bv_connection=${SSH_CONNECTION:-}
    bv_pid=$$
    while [ -z "$bv_connection" ] && [ "${bv_pid:-0}" -gt 1 ]; do
        bv_connection=$(tr '\0' '\n' 2>/dev/null <"/proc/$bv_pid/environ" | sed -n 's/^SSH_CONNECTION=//p')
        bv_pid=$(awk '$1 == "PPid:" { print $2 }' "/proc/$bv_pid/status" 2>/dev/null)
    done
    printf '%s' "$bv_connection"
}
bv_clear_addresses_undo() { :; }

# neighbours 'FAMILY ADDRESS dev LINK ...'...
bv_clear_neighbours_is() {
    for bv_word; do
        ! bv_clear_neighbours_now "${bv_word%% *}" | grep -qxF -- "${bv_word#* }" || return 1
    done
}
bv_clear_neighbours_now() { timeout 10 ip "-$1" neigh show nud permanent 2>/dev/null | sed -E 's/[[:space:]]+/ /g; s/ $//'; }
bv_clear_neighbours_before() { :; }
bv_clear_neighbours_do() {
    for bv_word; do
        bv_clear_neighbours_now "${bv_word%% *}" | grep -qxF -- "${bv_word#* }" || continue
        bv_family=${bv_word%% *}
        bv_word=${bv_word#* }
        bv_link=${bv_word#* dev }
        ip "-$bv_family" neigh del "${bv_word%% *}" dev "${bv_link%% *}" || return 1
    done
}
bv_clear_neighbours_undo() { :; }

# connections 'ADDRESS TARGET'...: what the kernel still translates to pods and services that are no more. They end by themselves, but those of UDP only when
# nobody sends any more.
bv_clear_connections_is() {
    bv_have=$(bv_connections_list)
    for bv_word; do
        ! printf '%s\n' "$bv_have" | grep -qxF -- "$bv_word" || return 1
    done
}
# Where connections were made to, and where they lead instead, a line each connection. The kernel's list is there where it has any, and to read it loads nothing.
bv_connections_list() {
    timeout 20 cat /proc/net/nf_conntrack 2>/dev/null | awk '$1 ~ /^ipv[46]$/ {
        to = from = ""
        for (i = 5; i <= NF; i++) {
            if (to == "" && $i ~ /^dst=/) to = substr($i, 5)
            else if (to != "" && from == "" && $i ~ /^src=/) from = substr($i, 5)
        }
        if (to != from) print to " " from
    }'
}
bv_clear_connections_before() { :; }
bv_clear_connections_do() {
    command -v conntrack >/dev/null || bv_die "\`conntrack\` is not here any more: install it, or wait until they end"
    for bv_word; do
        # It fails where there is none, and one may have ended by now.
        bv_said=$(timeout 30 conntrack -D -d "${bv_word%% *}" -r "${bv_word#* }" 2>&1 >/dev/null) || bv_clear_connections_is "$bv_word" || bv_die "$bv_said"
    done
}
bv_clear_connections_undo() { :; }
