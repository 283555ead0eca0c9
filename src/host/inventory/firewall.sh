# shellcheck shell=sh
# shellcheck disable=SC2154 # inventory.sh sets them
# Chains, rules, tables, sets and virtual servers. A tool may be asked where its module is loaded, or where the kernel has no modules to load.

# Of one tool's rules: chains that Kubernetes may have made, and those rules of other chains that lead to one or say that they are a
# network plugin's own.
rules_of() {
    timeout 20 "$1-save" 2>/dev/null | TOOL=$1 awk '
        BEGIN { tool = ENVIRON["TOOL"]; ours = "^(KUBE-|CNI-|cali-|CALI-|CILIUM_|OLD_CILIUM_|FLANNEL-|WEAVE|ANTREA-|OVN-|BIVOUAC-|LIBVIRT|DOCKER)" }
        /^\*/ { table = substr($1, 2); next }
        /^:/ {
            name = substr($1, 2)
            if (name ~ /^(KUBE-|CNI-|cali-|CILIUM_|OLD_CILIUM_|FLANNEL-|WEAVE|ANTREA-|OVN-)/) print "chain\t" tool " " table " " name
            next
        }
        /^-A/ {
            if ($2 ~ ours) {
                # Whose network it is stands in the comment of its rules.
                if ($2 ~ /^CNI-/ && $0 ~ /--comment/) print "rule\t" tool " " table " " $0
                next
            }
            rule = $0
            gsub(/"([^"\\]|\\.)*"/, "quoted", rule)
            if (rule ~ / -[jg] (KUBE-|CNI-|cali-|CILIUM_|OLD_CILIUM_|FLANNEL-|WEAVE|ANTREA-|OVN-)/ || $0 ~ /--comment "?(flanneld|cali:|cilium|kube-|k3s|rke2|kubernetes|weave|NodeLocal DNS)/)
                print "rule\t" tool " " table " " $0
        }' | while IFS=$tab read -r kind name; do say "$kind" "$name"; done
}

for family in ip ip6; do
    tables=
    [ ! -r "/proc/net/${family}_tables_names" ] || tables=$(cat "/proc/net/${family}_tables_names" 2>/dev/null)
    [ -z "$tables" ] || ! has "${family}tables-legacy-save" || rules_of "${family}tables-legacy"
    if has "${family}tables-nft-save"; then
        ! { [ -d /sys/module/nf_tables ] || [ ! -s /proc/modules ]; } || rules_of "${family}tables-nft"
    elif has "${family}tables-save" && ! has "${family}tables-legacy-save"; then
        [ -z "$tables" ] || rules_of "${family}tables"
    fi
done

if has nft && { [ -d /sys/module/nf_tables ] || [ ! -s /proc/modules ]; }; then
    timeout 20 nft list tables 2>/dev/null | while read -r _ family name; do
        empty=no
        case $name in
        filter | nat | mangle | raw | security)
            # Only empty base chains that accept: what iptables leaves when its rules are gone.
            timeout 10 nft -s list table "$family" "$name" 2>/dev/null | grep -qvE '^(#|table |[[:space:]]*(chain |type .* policy accept;|}|$)|})' || empty=yes
            ;;
        esac
        say table "$family $name" empty $empty
    done
fi

if [ -d /sys/module/ip_set ] && has ipset; then
    timeout 10 ipset list -n 2>/dev/null | while IFS= read -r name; do say set "$name"; done
fi

# The kernel lists them in hexadecimal (net/netfilter/ipvs/ip_vs_ctl.c): bv_ipvs_list of kind/kernel.sh knows.
bv_ipvs_list /proc/net/ip_vs | while IFS= read -r name; do say server "$name"; done
