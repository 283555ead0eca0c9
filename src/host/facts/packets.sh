# The packet filter, where it may be asked without a module being loaded: what would be asked is loaded, or the kernel has no modules.

# Of rules and policies, with the key in front: none where there are too many to send, since half of them say something else.
# And chains that a cluster makes, in whatever table.
printf '%s -\n' filter leftover_chain
{
    legacy=
    [ ! -r /proc/net/ip_tables_names ] || read -r legacy 2>/dev/null </proc/net/ip_tables_names
    if [ -n "$legacy" ] && has iptables-legacy-save; then
        echo '= legacy'
        iptables-legacy-save
    fi
    if has iptables-nft-save && { [ -d /sys/module/nf_tables ] || [ ! -e /proc/modules ]; }; then
        echo '= nft'
        iptables-nft-save
    fi
} 2>/dev/null | BV_POD_NETWORKS=$BV_POD_NETWORKS awk '
    $1 == "=" { from = $2; next }
    /^[*]/ { table = $1 }
    /^:(KUBE-|cali-|CILIUM_|FLANNEL-|WEAVE-)/ && chains < 5 { chains++; print "leftover_chain " substr($1, 2) }
    # The plugins of CNI work for podman and nerdctl too: those of pod networks, which comments name (kind/networks.sh).
    / -j CNI-/ && match($0, /name: \\?"[^"\\]*\\?" id: /) && chains < 5 && !($NF in known) {
        network = substr($0, RSTART, RLENGTH)
        sub(/^name: \\?"/, "", network)
        sub(/\\?" id: $/, "", network)
        if (network ~ ENVIRON["BV_POD_NETWORKS"]) {
            known[$NF]
            chains++
            print "leftover_chain " $NF
        }
    }
    table == "*filter" && /^[:-]/ { line[from, ++count[from]] = $0 }
    END {
        split("legacy nft", both, " ")
        for (i = 1; i <= 2; i++) {
            from = both[i]
            if (count[from] <= 4000) for (j = 1; j <= count[from]; j++) print "filter " from " " line[from, j]
        }
    }'
# Those of iptables are known already, in its own words. Tables of kube-proxy and of others that have one of their own.
if has nft && { [ -d /sys/module/nf_tables ] || [ ! -e /proc/modules ]; }; then
    printf '%s -\n' ruleset leftover_table
    { nft -t list ruleset || nft list ruleset || nft list tables; } 2>/dev/null | awk '
        /^table / { skip = /^table ip6? (filter|nat|mangle|raw|security) / }
        /^table / && $3 ~ /^(kube-proxy|calico|cilium|flannel-ipv4|flannel-ipv6)$/ { print "leftover_table " $2 " " $3 }
        !skip { sub(/^[ \t]+/, ""); if ($0 != "") line[++count] = $0 }
        END { if (count <= 4000) for (i = 1; i <= count; i++) print "ruleset " line[i] }'
fi
