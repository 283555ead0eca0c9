# Chains and rules of iptables, taken out of one family by name; nothing else is rewritten, and what was there before (BV_HAD) stays.

# bv_chains_read TOOL: all of its rules, into $BV_LIVE/chains.save; fails by name where they cannot be read. Where the kernel has nothing of the kind
# there are none.
bv_chains_read() {
    timeout 30 "$1-save" >"$BV_LIVE/chains.save" 2>"$BV_LIVE/chains.said" && return
    if bv_chains_none <"$BV_LIVE/chains.said"; then
        : >"$BV_LIVE/chains.save"
        return
    fi
    printf '%s\n' "the rules of \`$1\` cannot be read: $(tail -n 1 "$BV_LIVE/chains.said")" >&2
    return 1
}
# Whether this is what iptables says of a kernel that has nothing of the kind (`answer` in inventory/firewall.sh).
bv_chains_none() {
    bv_said=$(cat)
    case $bv_said in
    *'not supported'*) ;;
    *'Invalid argument'*) [ ! -d /sys/module/nf_tables ] ;;
    *) return 1 ;;
    esac
}
# Tables of which iptables says in $BV_LIVE/chains.save that it cannot read them, for somebody has set rules with `nft` in them.
bv_chains_unread() { sed -n 's/^# Table .\([a-z]*\). is incompatible.*/\1/p' "$BV_LIVE/chains.save"; }
# bv_chains_whole TOOL PATTERN LIST: whether none of what is to go is in these; else says so.
bv_chains_whole() {
    for bv_table in $(bv_chains_unread); do
        command -v nft >/dev/null || continue
        case $1 in ip6*) bv_family=ip6 ;; *) bv_family=ip ;; esac
        bv_chain=$(timeout 30 nft list chains "$bv_family" 2>/dev/null | BV_TABLE=$bv_table BV_PATTERN=$2 BV_LIST=$3 awk -v had="iptables $bv_family " '
            BEGIN { pattern = ENVIRON["BV_PATTERN"]; n = split(ENVIRON["BV_LIST"], all, "\n"); for (i = 1; i <= n; i++) list[all[i]] = 1 }
            NR == FNR { if (index($0, had) == 1) before[substr($0, length(had) + 1)] = 1; next }
            $1 == "table" { table = $3 }
            $1 == "chain" && table == ENVIRON["BV_TABLE"] && !((":" $2 " -") in before) && ((pattern != "" && $2 ~ pattern) || (table " " $2) in list) { print $2; exit }' "$BV_HAD" -)
        if [ -n "$bv_chain" ]; then
            printf '%s\n' "\`$1\` cannot read the table \`$bv_table\`, for somebody has set rules with \`nft\` in it, and the chain \`$bv_chain\` is there: move these rules into a table of their own, or take the chain out by hand" >&2
            return 1
        fi
    done
}
# Of the chains of the standard network plugins in $BV_LIVE/chains.save those that stay, `TABLE CHAIN`: what rules say to be of a network that is not
# pods' (BV_POD_NETWORKS of kind/networks.sh), and where there is one, those that all share, and those of which nothing is said. Sources: plugins/meta/portmap,
# plugins/meta/firewall and pkg/ip/ipmasq of containernetworking/plugins.
bv_chains_others() {
    BV_POD_NETWORKS=$BV_POD_NETWORKS awk '
        /^\*/ { table = substr($1, 2) }
        /^:CNI-/ { chains[++n] = table " " substr($1, 2) }
        $1 == "-A" && match($0, /name: \\"[^"\\]*\\" id: /) {
            network = substr($0, RSTART + 8, RLENGTH - 15)
            bare = $0
            gsub(/"([^"\\]|\\.)*"/, "quoted", bare)
            m = split(bare, words, " ")
            named[table " " $2] = network
            for (i = 3; i < m; i++) if (words[i] == "-j") named[table " " words[i + 1]] = network
            if (network !~ ENVIRON["BV_POD_NETWORKS"]) others[network] = found = 1
        }
        END {
            for (i = 1; i <= n; i++) {
                shared = chains[i] ~ / CNI-(HOSTPORT-|FORWARD|ADMIN)/ || !(chains[i] in named)
                if (shared ? found : named[chains[i]] in others) print chains[i]
            }
        }' "$BV_LIVE/chains.save"
}

# bv_chains_take TOOL PATTERN LIST: chains whose names match PATTERN, and those of LIST (lines: `TABLE CHAIN`), with the rules that lead to them;
# and single rules of LIST (`TABLE -A CHAIN ...`). One transaction a table. What a comment says is no jump. Sets bv_emptied to the chains of
# others from which something went, a line each, `TABLE CHAIN`.
bv_chains_take() {
    bv_emptied=
    bv_chains_read "$1" && bv_chains_whole "$@" || return 1
    # Who gives a list has asked already whose they are.
    BV_STAY=$([ -z "$2" ] || bv_chains_others) BV_PATTERN=$2 BV_LIST=$3 awk -v had="iptables ${1%tables} " -v piece="$BV_LIVE/chains.piece" '
        BEGIN {
            pattern = ENVIRON["BV_PATTERN"]
            n = split(ENVIRON["BV_LIST"], all, "\n")
            for (i = 1; i <= n; i++) if (all[i] != "") list[all[i]] = 1
            n = split(ENVIRON["BV_STAY"], all, "\n")
            for (i = 1; i <= n; i++) stays[all[i]] = 1
        }
        # Whether it denies all, or all of a protocol: iptables-nft leaves out what it cannot express (kubernetes#112477), so it may have denied less.
        # The operator was connected while it stood: it is not what lets him in.
        function denies(rule, words, count, i) {
            gsub(/"([^"\\]|\\.)*"/, "quoted", rule)
            count = split(rule, words, " ")
            for (i = 3; i < count; i += 2) {
                if (words[i] == "-j" && words[i + 1] ~ /^(DROP|REJECT)$/) return 1
                if (words[i] !~ /^(-p|-m|--comment)$/ || (words[i] == "-m" && words[i + 1] != "comment")) return 0
            }
        }
        function theirs(name) { return !((table " " name) in stays) && ((pattern != "" && name ~ pattern) || (table " " name) in list) }
        function leads(rule, words, count, i) {
            gsub(/"([^"\\]|\\.)*"/, "quoted", rule)
            count = split(rule, words, " ")
            for (i = 3; i < count; i++) if ((words[i] == "-j" || words[i] == "-g") && theirs(words[i + 1])) return 1
        }
        NR == FNR { if (index($0, had) == 1) before[substr($0, length(had) + 1)] = 1; next }
        /^\*/ { table = substr($1, 2); n = 0; m = 0; k = 0; split("", goes); split("", place); split("", less); next }
        /^:/ {
            name = substr($1, 2)
            if (theirs(name) && !((":" name " -") in before)) { chains[++n] = name; goes[name] = 1 }
            next
        }
        $1 == "-A" {
            place[$2]++
            if ($2 in goes) { rules[++k] = $0; next }
            if ($0 in before || !((table " " $0) in list || leads($0))) next
            jumps[++m] = $0
            # It comes to where it was among those that come back.
            at[m] = denies($0) ? 0 : place[$2] - less[$2]
            if (!at[m]) less[$2]++
            next
        }
        /^COMMIT/ && (n || m) {
            print "*" table
            print "*" table >piece
            for (i = 1; i <= n; i++) { print ":" chains[i] " - [0:0]"; print ":" chains[i] >piece }
            for (i = 1; i <= k; i++) if (!denies(rules[i])) print rules[i] >piece
            for (i = 1; i <= m; i++) {
                if (at[i]) print "@" at[i] " " jumps[i] >piece
                line = jumps[i]
                sub(/^-A/, "-D", line)
                print line
            }
            for (i = 1; i <= n; i++) print "-X " chains[i]
            print "COMMIT"
            print "COMMIT" >piece
        }' "$BV_HAD" "$BV_LIVE/chains.save" >"$BV_LIVE/chains" || return 1
    if [ -s "$BV_LIVE/chains" ]; then
        # What lets SSH in may be among them, and what keeps everybody else out is not.
        bv_guard_save "$1" <"$BV_LIVE/chains.piece" && "$1-restore" --noflush --wait 30 <"$BV_LIVE/chains" || return 1
        bv_emptied=$(awk '/^\*/ { table = substr($1, 2) } $1 == "-D" { print table, $2 }' "$BV_LIVE/chains" | sort -u)
        bv_unproven=yes
    fi
    rm -f "$BV_LIVE/chains" "$BV_LIVE/chains."*
}
