# kernel POD-CIDRS: claims what the cluster's programs will do in the kernel: firewall chains, links,
# routes, namespaces, settings. Undo takes away what is theirs by name and was not in the baseline.

# Names of chains that kubelet, kube-proxy, the CNI plugins, bivouac's own pod network and flannel make.
BV_CHAINS='^(BIVOUAC-|KUBE-|CNI-[0-9a-f]|CNI-HOSTPORT-|CNI-DN-|CNI-SN-|CNI-FORWARD|CNI-ADMIN|FLANNEL-(FWD|POSTRTG)$)'

bv_kernel_is() { bv_stands kernel "$1"; }
bv_kernel_before() { :; }
bv_kernel_do() { :; }

# Deletes tables that the baseline did not have and in which only empty base chains that accept are
# left. $1 is `ip` or `ip6`.
bv_tables_remove() {
    command -v nft >/dev/null || return 0
    for bv_table in filter nat mangle raw security; do
        grep -qxF "iptables $1 *$bv_table" "$BV_HAD" && continue
        bv_left=$(nft -s list table "$1" "$bv_table" 2>/dev/null |
            grep -vE '^(#|table |[[:space:]]*(chain |type .* policy accept;|}|$)|})')
        # No answer is no reason to delete.
        nft list table "$1" "$bv_table" >/dev/null 2>&1 || continue
        [ -n "$bv_left" ] || nft delete table "$1" "$bv_table" 2>/dev/null
    done
    return 0
}

# Whether any iptables chain could be ours, without loading a module that is not there.
bv_iptables_used() {
    command -v "$1-save" >/dev/null || return 1
    case $("$1" --version) in
    *nf_tables*) return 0 ;;
    *) [ -s "/proc/net/$(echo "$1" | sed 's/tables/_tables/')_names" ] ;;
    esac
}

# A link that came since, for which the host has to forward packets, and that no cluster makes: the owner's docker, machines, tunnels
# (FORWARDED in compare/names.rs is the same list).
BV_LINKS=/sys/class/net
bv_forwards_for() {
    for bv_link in "$BV_LINKS"/*; do
        bv_link=${bv_link##*/}
        case $bv_link in
        docker0 | br-???????????? | podman[0-9]* | cni-podman[0-9]* | nerdctl[0-9]* | virbr[0-9]* | lxdbr[0-9]* | lxcbr[0-9]* | incusbr[0-9]* | tailscale[0-9]* | wg[0-9]* | tun[0-9]*)
            grep -qxF "link $bv_link" "$BV/baseline" || { echo "$bv_link" && return; }
            ;;
        esac
    done
    return 1
}

# Writes back the settings that kubelet, kube-proxy and the plugins change (their sources: kubelet
# container_manager_linux.go, kube-proxy conntrack.go and proxier.go). `ip_forward` goes first, because
# it overwrites the others (Documentation/networking/ip-sysctl), then `all`, `default`, interfaces.
bv_sysctls_restore() { bv_sysctls_settle bv_sysctls_differ; }

BV_SYSCTLS=/proc/sys
# Writes what the command $1 lists as different, as `RANK<TAB>KEY<TAB>VALUE`, until it lists nothing.
bv_sysctls_settle() {
    # A second look, because one setting overwrites others.
    for bv_try in 1 2 3; do
        bv_differ=$("$1")
        [ -n "$bv_differ" ] || return 0
        printf '%s\n' "$bv_differ" | sort -s -n | cut -f 2- | while IFS='	' read -r bv_key bv_value; do
            # An interface may have a dot in its name (eth0.5): sysctl keys then use `/` for it.
            bv_file=$BV_SYSCTLS/$(printf '%s' "$bv_key" | tr './' '/.')
            printf '%s\n' "$bv_value" >"$bv_file" 2>/dev/null
        done
    done
    return 0
}

# Those of these settings that are no longer as in the baseline: rank, key and value before, by tabs. One that has a value which no program of
# the cluster writes was set by somebody since, and stays (written_by_cluster in compare/names.rs is the same list); so does what makes the host
# pass packets on, where somebody else needs that by now.
bv_sysctls_differ() {
    sysctl -a 2>/dev/null | BV_FORWARDS=$(bv_forwards_for) awk '
        BEGIN {
            theirs["vm.overcommit_memory"] = 1; theirs["vm.panic_on_oom"] = 0; theirs["kernel.panic"] = 10
            theirs["kernel.panic_on_oops"] = 1; theirs["kernel.keys.root_maxkeys"] = 1000000
            theirs["kernel.keys.root_maxbytes"] = 25000000; theirs["net.ipv4.conf.all.route_localnet"] = 1
            theirs["net.ipv4.ip_forward"] = 1
        }
        NR == FNR {
            if ($1 == "sysctl" && ($2 in theirs || $2 ~ /^net\.netfilter\.nf_conntrack|^net\.bridge\.|^net\.ipv[46]\.conf\..*\.(forwarding|mc_forwarding|accept_redirects|accept_ra|arp_ignore|arp_announce|proxy_arp|rp_filter|route_localnet|send_redirects)$/))
                before[$2] = substr($0, length($1 $2) + 3)
            next
        }
        $1 in before {
            value = substr($0, length($1) + 4)
            gsub(/\t/, " ", value)
            if (value == before[$1] || ($1 in theirs && value != theirs[$1])) next
            if (ENVIRON["BV_FORWARDS"] != "" && value == 1 && $1 ~ /^net\.(ipv4\.ip_forward$|bridge\.|ipv[46]\.conf\..*\.forwarding$)/) next
            print ($1 ~ /ip_forward$/ ? 0 : $1 ~ /conf\.all\./ ? 1 : $1 ~ /conf\.default\./ ? 2 : 3) "\t" $1 "\t" before[$1]
        }' "$BV/baseline" -
}

# What kube-proxy keeps where it does not work with iptables (its own `--cleanup`: pkg/proxy/ipvs, pkg/proxy/nftables): virtual
# servers, the link with their addresses, and sets, which chains refer to; tables of nftables, without which nobody is shut out: what one table
# accepts another may drop all the same (nft(8)).
BV_IPVS=/proc/net/ip_vs
BV_IPVS_LINK=/sys/class/net/kube-ipvs0
BV_SETS=/sys/module/ip_set
bv_proxy_remove() {
    # Without the link virtual servers are the owner's, who may have made them after the baseline was taken.
    if [ -d "$BV_IPVS_LINK" ] && ! grep -qxF 'link kube-ipvs0' "$BV/baseline"; then
        if [ -e "$BV_IPVS" ] && command -v ipvsadm >/dev/null; then
            bv_ipvs_list "$BV_IPVS" | while read -r bv_protocol bv_service; do
                grep -qxF "ipvs $bv_protocol $bv_service" "$BV/baseline" || ipvsadm -D "$bv_protocol" "$bv_service" || exit 1
            done || return 1
        fi
        ip link del kube-ipvs0 || return 1
    fi
    if [ -d "$BV_SETS" ] && command -v ipset >/dev/null; then
        ipset list -n 2>/dev/null | grep '^KUBE-' | while IFS= read -r bv_set; do
            grep -qxF "ipset $bv_set" "$BV/baseline" || ipset destroy "$bv_set" || exit 1
        done || return 1
    fi
    command -v nft >/dev/null || return 0
    for bv_family in ip ip6; do
        grep -qxF "nft table $bv_family kube-proxy" "$BV/baseline" && continue
        nft list table "$bv_family" kube-proxy >/dev/null 2>&1 || continue
        nft delete table "$bv_family" kube-proxy || return 1
    done
}

# Virtual servers of file $1 (the kernel's), as ipvsadm names them. The kernel lists them in hexadecimal (net/netfilter/ipvs/ip_vs_ctl.c, `ip_vs_info_seq_show`).
bv_ipvs_list() {
    awk 'function number(text, i, n) {
            for (i = 1; i <= length(text); i++) n = n * 16 + index("0123456789ABCDEF", substr(text, i, 1)) - 1
            return n
        }
        $1 == "FWM" { print "-f", number(toupper($2)); next }
        $1 == "TCP" { option = "-t" }
        $1 == "UDP" { option = "-u" }
        $1 == "SCTP" { option = "--sctp-service" }
        $1 ~ /^(TCP|UDP|SCTP)$/ {
            port = $2
            sub(/.*:/, "", port)
            address = substr($2, 1, length($2) - length(port) - 1)
            if (address !~ /^\[/)
                address = number(substr(address, 1, 2)) "." number(substr(address, 3, 2)) "." number(substr(address, 5, 2)) "." number(substr(address, 7, 2))
            print option, address ":" number(port)
        }' "$1" 2>/dev/null
}

# What Cilium and Calico hung on links and pinned since (kind/bpf.sh), in the same order as from another tool's cluster. A baseline of an earlier time does not
# know of programs. Of those on cgroups none tells: they go where neither plugin had pinned anything before.
bv_bpf_remove() {
    grep -qx 'filter -' "$BV/baseline" || return 0
    bv_filters_list | while IFS='	' read -r bv_word bv_link bv_label bv_name; do
        ! bv_programs_own "$bv_label" "$bv_name" || grep -qxF -- "filter $bv_word" "$BV/baseline" || bv_filters_take "$bv_word" </dev/null || exit 1
    done || return 1
    bv_xdp_list | while IFS='	' read -r bv_word bv_link bv_name bv_id; do
        ! bv_programs_own "$bv_name" || grep -qxF -- "xdp $bv_word" "$BV/baseline" || bv_xdp_take "$bv_word" </dev/null || exit 1
    done || return 1
    if ! grep -qE "^bpf $BV_BPF/(cilium|calico|tc/globals/(cilium|cali)_)" "$BV/baseline"; then
        bv_attached_list | while IFS='	' read -r bv_word bv_name; do
            ! bv_programs_own "$bv_name" || bv_attached_take "$bv_word" </dev/null || exit 1
        done || return 1
    fi
    find "$BV_BPF" -xdev -mindepth 1 -maxdepth 12 \( -path "$BV_BPF/cilium" -o -path "$BV_BPF/calico" -o -path "$BV_BPF/calico_connect4" \) -print -prune -o -type f -print 2>/dev/null |
        while IFS= read -r bv_path; do
            # In a directory that others may have too a name alone tells nothing.
            case $bv_path in "$BV_BPF"/tcx/*) continue ;; esac
            ! bv_pins_allow "$bv_path" || grep -qxF -- "bpf $bv_path" "$BV/baseline" || bv_pins_take "$bv_path" </dev/null || exit 1
        done || return 1
    for bv_path in /run/cilium/cgroupv2 /run/calico/cgroup; do
        ! grep -qsF " $bv_path cgroup2 " /proc/mounts || grep -qxF "mount cgroup2 $bv_path" "$BV/baseline" || umount -- "$bv_path" || umount -l -- "$bv_path" || return 1
    done
}

bv_kernel_undo() {
    bv_pods_stop
    bv_pins_forget
    bv_left=
    bv_bpf_remove || bv_left=yes
    for bv_tool in iptables ip6tables; do
        if bv_iptables_used "$bv_tool"; then
            bv_chains_take "$bv_tool" "$BV_CHAINS" '' || bv_left=yes
        fi
    done
    # Nothing of ours lets SSH in, but a rule of the owner's may go by what a chain of the cluster's does (a mark, an address that it
    # changes), and network plugins do let in (Calico's failsafes). Where the host denies nothing that cannot matter, but to prove this takes
    # more than one login does. Sets and links go after it: rules that come back refer to them.
    [ -z "$bv_unproven" ] || return 0
    # What went of one family is proven by now, whatever is with the other.
    [ -z "$bv_left" ] || return 1
    bv_proxy_remove || return 1
    bv_tables_remove ip
    bv_tables_remove ip6
    # Pods' ends of veth pairs died with their namespaces; what hangs on our bridge is ours.
    if ! grep -qxF 'link cni0' "$BV/baseline" && [ -d /sys/class/net/cni0 ]; then
        for bv_port in /sys/class/net/cni0/brif/*; do
            [ -e "$bv_port" ] && ip link del "${bv_port##*/}" 2>/dev/null
        done
        ip link del cni0 || return 1
    fi
    # flannel's, one for each way of its own to carry packets (its backend/*.go).
    for bv_link in flannel.1 flannel.4096 flannel-v6.1 flannel-v6.4096 flannel-wg flannel-wg-v6; do
        [ ! -d "/sys/class/net/$bv_link" ] || grep -qxF "link $bv_link" "$BV/baseline" || ip link del "$bv_link" || return 1
    done
    for bv_pods in $(printf '%s' "$1" | tr , ' '); do bv_routes_remove "$bv_pods"; done
    bv_sysctls_restore
}

# Takes away the routes into the pods' network $1 that the baseline does not have.
bv_routes_remove() {
    case $1 in
    *:*) bv_version=6 bv_class=route6 ;;
    *) bv_version=4 bv_class=route ;;
    esac
    "bv_routes$([ "$bv_version" = 4 ] || echo 6)" | while IFS= read -r bv_route; do
        case ${bv_route%% *} in
        */*) ;;
        *) continue ;;
        esac
        bv_in_cidr "${bv_route%% *}" "$1" || continue
        grep -qxF "$bv_class $bv_route" "$BV/baseline" && continue
        # shellcheck disable=SC2086 # A route is several words.
        ip "-$bv_version" route del $bv_route
    done
    return 0
}

# Takes the virtual address $1 off the host where the baseline does not have it. kube-vip leaves it when it
# is killed, and v1.0.4 even when it is asked to end (kube-vip#1413).
bv_vip_remove() {
    ip -o addr show 2>/dev/null | awk -v ip="$1/" 'index($4, ip) == 1 { print $2, $4 }' | while read -r bv_device bv_with; do
        grep -qxF "address $bv_device $bv_with" "$BV/baseline" || ip addr del "$bv_with" dev "$bv_device" || exit 1
    done
}

# Whether the network $1 lies in the network $2, both of one family.
bv_in_cidr() {
    awk -v a="$1" -v b="$2" '
        function number(text, i, n) {
            for (i = 1; i <= length(text); i++) n = n * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
            return n
        }
        # Sets v[1..n], numbers below `size`.
        function values(text, v, p, i, n, halves, left, right) {
            if (text !~ /:/) {
                for (i = split(text, p, "."); i > 0; i--) v[i] = p[i] + 0
                return
            }
            left = text; right = ""
            if (halves = index(text, "::")) { left = substr(text, 1, halves - 1); right = substr(text, halves + 2) }
            for (i = 1; i <= 8; i++) v[i] = 0
            for (i = split(left, p, ":"); i > 0; i--) v[i] = number(tolower(p[i]))
            n = split(right, p, ":")
            for (i = 1; i <= n; i++) v[8 - n + i] = number(tolower(p[i]))
        }
        BEGIN {
            split(a, x, "/"); split(b, y, "/")
            v6 = b ~ /:/
            if ((a ~ /:/) != v6 || x[2] + 0 < y[2] + 0) exit 1
            bits = v6 ? 16 : 8
            values(x[1], one); values(y[1], other)
            left = y[2] + 0
            for (i = 1; left > 0; i++) {
                s = 2 ^ (left < bits ? bits - left : 0)
                if (int(one[i] / s) != int(other[i] / s)) exit 1
                left -= bits
            }
            exit 0
        }'
}
