# shellcheck shell=sh
# shellcheck disable=SC2154 # inventory.sh sets them
# Chains, rules, tables, sets and virtual servers. A tool may be asked where its module is loaded, or where the kernel has no modules to load.

# Of one tool's rules: chains that Kubernetes may have made, and those rules of other chains that lead to one or say that they are a
# network plugin's own.
rules_of() {
    answer "the rules of $1" timeout 20 "$1-save" || return 1
    case $answer in *'is incompatible, use'*) incompatible=yes ;; esac
    printf '%s\n' "$answer" | TOOL=$1 awk '
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

# answer WHAT COMMAND...: what it says, into $answer; where it fails although there is something to ask, WHAT could not be read.
answer() {
    what=$1
    shift
    answer=$("$@" 2>&1) && return
    # The kernel has nothing of the kind.
    case $answer in
    *'not supported'*) return 1 ;;
    *'Invalid argument'*) [ -d /sys/module/nf_tables ] || return 1 ;;
    esac
    say fact unread value "$what"
    return 1
}
has_nf_tables() { [ -d /sys/module/nf_tables ] || [ ! -s /proc/modules ]; }
# Whether one of these modules is in use.
in_use() {
    for path; do
        users=0
        read -r users 2>/dev/null <"$path/refcnt" || continue
        [ "$users" = 0 ] || return 0
    done
    return 1
}

for family in ip ip6; do
    tables=
    incompatible=no
    read_legacy=no
    read_nft=no
    [ ! -r "/proc/net/${family}_tables_names" ] || tables=$(cat "/proc/net/${family}_tables_names" 2>/dev/null)
    if has "${family}tables-legacy-save"; then
        read_legacy=yes
        [ -z "$tables" ] || rules_of "${family}tables-legacy"
    fi
    if has "${family}tables-nft-save"; then
        ! has_nf_tables || ! rules_of "${family}tables-nft" || read_nft=yes
    elif has "${family}tables-save"; then
        # One of either variant: RHEL 8 and later have only this name.
        case $(timeout 10 "${family}tables" --version 2>/dev/null) in
        *nf_tables*) ! has_nf_tables || ! rules_of "${family}tables" || read_nft=yes ;;
        *)
            [ -z "$tables" ] || [ $read_legacy = yes ] || rules_of "${family}tables"
            read_legacy=yes
            ;;
        esac
    fi
    # Rules of Kubernetes' have comments.
    if [ -n "$tables" ] && [ $read_legacy = no ] && in_use /sys/module/xt_comment; then
        say fact unread value "the legacy rules of ${family}tables, for which no tool is here"
    fi
    # What a tool of another version wrote iptables may not read.
    if { [ $read_nft = no ] || [ $incompatible = yes ]; } && has nft && has_nf_tables; then
        ! timeout 20 nft list chains 2>/dev/null | FAMILY=$family awk '
            $1 == "table" { mine = $2 == ENVIRON["FAMILY"] && $3 ~ /^(filter|nat|mangle|raw|security)$/ }
            mine && $1 == "chain" && $2 ~ /^(KUBE-|CNI-|cali-|CILIUM_|FLANNEL-|WEAVE|ANTREA-|OVN-)/ { found = 1 }
            END { exit !found }' || say fact unread value "chains that nft shows and ${family}tables does not"
    fi
done

if has nft && has_nf_tables; then
    ! answer "the tables of nft" timeout 20 nft list tables || printf '%s\n' "$answer" | while read -r word family name; do
        [ "$word" = table ] || continue
        empty=no
        case $name in
        filter | nat | mangle | raw | security)
            # Only empty base chains that accept: what iptables leaves when its rules are gone.
            ! text=$(timeout 10 nft -s list table "$family" "$name" 2>/dev/null) ||
                printf '%s\n' "$text" | grep -qvE '^(#|table |[[:space:]]*(chain |type .* policy accept;|}|$)|})' || empty=yes
            ;;
        esac
        say table "$family $name" empty $empty
    done
elif ! has nft && in_use /sys/module/nft_numgen; then
    # With it kube-proxy spreads connections.
    say fact unread value "the tables of nft, which is not here"
fi

if [ -d /sys/module/ip_set ] && has ipset; then
    ! answer "the sets of ipset" timeout 10 ipset list -n || printf '%s\n' "$answer" | while IFS= read -r name; do [ -z "$name" ] || say set "$name"; done
    # Calico's pools are members of sets (felix: all of them, and those that are masqueraded).
    for name in cali40all-ipam-pools cali60all-ipam-pools cali40masq-ipam-pools cali60masq-ipam-pools; do
        case "$newline$answer$newline" in *"$newline$name$newline"*) timeout 10 ipset list "$name" 2>/dev/null | sed '1,/^Members:/d' | ranges pools "the set $name" ;; esac
    done
elif ! has ipset && in_use /sys/module/ip_set_*; then
    say fact unread value "the sets of ipset, which is not here"
fi

# The kernel lists them in hexadecimal (net/netfilter/ipvs/ip_vs_ctl.c): bv_ipvs_list of kind/kernel.sh knows.
bv_ipvs_list /proc/net/ip_vs | while IFS= read -r name; do say server "$name"; done
