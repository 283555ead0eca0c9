# shellcheck shell=sh
# shellcheck disable=SC2154 # inventory.sh sets them
# Links, routes, namespaces, what the network plugins remember.

if has ip; then
    defaults=$({
        timeout 10 ip -4 route show default
        timeout 10 ip -6 route show default
    } 2>/dev/null)
    uplinks=$(printf '%s\n' "$defaults" | sed -n 's/.* dev \([^ ]*\).*/\1/p')
    ways=$(bv_clear_way_links)
    timeout 10 ip -o -d link show 2>/dev/null | while IFS= read -r line; do
        name=${line#*: }
        name=${name%%: *}
        name=${name%%@*}
        master=
        case $line in *" master "*) master=${line#* master } master=${master%% *} ;; esac
        kind=
        for word in bridge vxlan geneve veth dummy ipip ip6tnl wireguard tun macvlan ipvlan openvswitch gre; do
            # Behind it may stand `bridge_slave`.
            case $line in *"\\    $word "* | *"\\    $word")
                kind=$word
                break
                ;;
            esac
        done
        addresses=$(timeout 5 ip -o addr show dev "$name" 2>/dev/null | awk '$3 ~ /^inet6?$/ && $4 !~ /^fe80:/ { print $4 }' | tr '\n' ' ')
        case "$newline$uplinks$newline" in *"$newline$name$newline"*) uplink=yes ;; *) uplink=no ;; esac
        case "$newline$ways$newline" in *"$newline$name$newline"*) over=yes ;; *) over=no ;; esac
        say link "$name" type "$kind" master "$master" uplink "$uplink" addresses "$addresses" way-in "$over"
    done
fi
# Which routes there are, and which rules lead to what (bv_clear_routes_now of kind/clear/network.sh: the main table, and those that a network has of its
# own). The kernel keeps those of links; what others set names a gateway, a protocol, a kind or a table.
if has ip; then
    # No node of a cluster is the way to everywhere.
    say fact gateways value "$(printf '%s\n' "$defaults" | sed -n 's/.* via inet6 /x via /; s/.* via \([^ ]*\).*/\1/p' | sort -u | tr '\n' ' ')"
    for family in 4 6; do
        [ "$family" = 4 ] || [ -e /proc/net/if_inet6 ] || continue
        bv_clear_routes_now "$family" | awk '/ table / || ($1 != "default" && $0 !~ / proto (ra|dhcp)( |$)/ && ($0 !~ / proto kernel( |$)/ || / via /) && $1 !~ /^(fe80|ff)/)' |
            while IFS= read -r name; do say route "$family $name"; done
        bv_clear_policies_now "$family" | while IFS= read -r name; do say policy "$family $name"; done
        bv_clear_neighbours_now "$family" | while IFS= read -r name; do say neighbour "$family $name"; done
    done
fi
# Addresses of one host on links, and which of them a kube-vip was told to set (the variables of its pod).
vips=$(for path in /etc/kubernetes/manifests/*.yaml /var/lib/rancher/*/agent/pod-manifests/*.yaml /var/lib/rancher/*/server/manifests/*.yaml; do
    if [ ! -f "$path" ] || ! grep -qs kube-vip -- "$path"; then continue; fi
    FILE=$path awk '
        { gsub(/["\047]/, "") }
        $1 == "-" && $2 == "name:" { key = $3 }
        $1 == "value:" { value[key] = $2 }
        END { print (value["address"] != "" ? value["address"] : value["vip_address"]) "\t" value["vip_interface"] "\t" ENVIRON["FILE"] }' "$path" 2>/dev/null
done)
way=$(bv_clear_way_in)
say fact peer value "$(bv_clear_peer)"
! has ip || timeout 10 ip -o addr show 2>/dev/null | VIPS=$vips awk '
    BEGIN {
        n = split(ENVIRON["VIPS"], lines, "\n")
        for (i = 1; i <= n; i++) { split(lines[i], it, "\t"); if (it[1] != "") { file[it[1]] = it[3]; link[it[1]] = it[2] } }
    }
    $4 ~ /^fe80:/ || ($2 == "lo" && $4 ~ /^(127\.|::1\/)/) { next }
    {
        split($4, it, "/")
        all[$2, $3]++
        named = it[1] in file && (link[it[1]] == "" || link[it[1]] == $2) ? file[it[1]] : ""
        if (named == "" && it[2] != ($3 == "inet6" ? 128 : 32)) next
        line[++found] = $4 " " $2 "\t" it[1] "\t" (/ dynamic / ? "yes" : "no")
        place[found] = $2 SUBSEP $3
        by[found] = named
    }
    END { for (i = 1; i <= found; i++) print line[i] "\t" (all[place[i]] == 1 ? "yes" : "no") "\t" by[i] }' | while IFS=$tab read -r name ip leased alone named; do
    case $way in
    '') known=no in=no ;;
    "$ip") known=yes in=yes ;;
    *) known=yes in=no ;;
    esac
    say address "$name" file "$named" way-in $in known $known leased "$leased" alone "$alone"
done
# Calico has its own BIRD in a pod. Another one, in a container or not, is the owner's.
routers=
for path in /proc/[0-9]*/comm; do
    name=
    read -r name 2>/dev/null <"$path" || continue
    case $name in bird | bird6) ;; *) continue ;; esac
    pid=${path#/proc/}
    in_pods "${pid%/comm}" || routers="$routers $name"
done
say fact routers value "$routers"
for path in /run/netns/*; do
    [ -e "$path" ] || continue
    say netns "${path##*/}"
done

# CNI configurations: whose they are stands in them.
for path in /etc/cni/net.d/*.conf /etc/cni/net.d/*.conflist /etc/cni/net.d/*.json /etc/cni/net.d/*.cilium_bak; do
    if [ ! -f "$path" ] || [ -L "$path" ]; then continue; fi
    text=$(head -c 20000 -- "$path" 2>/dev/null | tr -d '\000\n\t')
    # The list's own name, not that of a plugin in it.
    network=$(printf '%s' "$text" | sed -n 's/"plugins".*//; s/.*"name"[ ]*:[ ]*"\([^"]*\)".*/\1/p')
    plugins=$(printf '%s' "$text" | grep -o '"type"[ ]*:[ ]*"[^"]*"' | sed 's/.*"\([^"]*\)"$/\1/' | tr '\n' ',')
    bridge=$(printf '%s' "$text" | sed -n 's/.*"bridge"[ ]*:[ ]*"\([^"]*\)".*/\1/p')
    subnets=$(printf '%s' "$text" | grep -oE '"(subnet|ipv4_pools|ipv6_pools)"[ ]*:[ ]*(\[[^]]*\]|"[^"]*")' | grep -oE '[0-9a-fA-F.:]{3,}/[0-9]{1,3}' | sort -u | tr '\n' ' ')
    say network "$path" network "$network" plugins "$plugins" bridge "$bridge" subnets "$subnets"
done
# Containers that have an address: libcni's own notes, in which those of pods name them.
for path in /var/lib/cni/results/* /var/lib/cni/cache/results/*; do
    [ -f "$path" ] || continue
    pod=no
    ! grep -qs K8S_POD_NAMESPACE -- "$path" || pod=yes
    text=$(head -c 4000 -- "$path" 2>/dev/null | tr -d '\000\n\t')
    say attachment "$path" pod $pod network "$(printf '%s' "$text" | sed -n 's/.*"networkName"[ ]*:[ ]*"\([^"]*\)".*/\1/p')" \
        id "$(printf '%s' "$text" | sed -n 's/.*"containerId"[ ]*:[ ]*"\([^"]*\)".*/\1/p')" \
        subnet "$(printf '%s' "$text" | grep -oE '"address"[ ]*:[ ]*"[0-9a-fA-F.:]+/[0-9]+"' | head -n 1 | grep -oE '[0-9a-fA-F.:]{3,}/[0-9]+')"
done
# Connections that are still translated: whether to what is no more is judged by the networks of pods and services.
found=no
! has conntrack || found=yes
bv_connections_list | sort | uniq -c | sort -rn | head -n 1000 | while read -r count name; do say connection "$name" count "$count" tool $found; done
