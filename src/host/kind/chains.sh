# Chains and rules of iptables, taken out of one family by name; nothing else is rewritten, and what was there before (BV_HAD) stays.

# bv_chains_take TOOL PATTERN LIST: chains whose names match PATTERN, and those of LIST (lines: `TABLE CHAIN`), with the rules that lead to them;
# and single rules of LIST (`TABLE -A CHAIN ...`). One transaction a table. What a comment says is no jump. Sets bv_emptied to the chains of
# others from which something went, a line each, `TABLE CHAIN`.
bv_chains_take() {
    bv_emptied=
    timeout 30 "$1-save" 2>/dev/null | BV_PATTERN=$2 BV_LIST=$3 awk -v had="iptables ${1%tables} " -v piece="$BV_LIVE/chains.piece" '
        BEGIN {
            pattern = ENVIRON["BV_PATTERN"]
            n = split(ENVIRON["BV_LIST"], all, "\n")
            for (i = 1; i <= n; i++) if (all[i] != "") list[all[i]] = 1
        }
        function theirs(name) { return (pattern != "" && name ~ pattern) || (table " " name) in list }
        function leads(rule, words, count, i) {
            gsub(/"([^"\\]|\\.)*"/, "quoted", rule)
            count = split(rule, words, " ")
            for (i = 3; i < count; i++) if ((words[i] == "-j" || words[i] == "-g") && theirs(words[i + 1])) return 1
        }
        NR == FNR { if (index($0, had) == 1) before[substr($0, length(had) + 1)] = 1; next }
        /^\*/ { table = substr($1, 2); n = 0; m = 0; k = 0; split("", goes); split("", place); next }
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
            at[m] = place[$2]
            next
        }
        /^COMMIT/ && (n || m) {
            print "*" table
            print "*" table >piece
            for (i = 1; i <= n; i++) { print ":" chains[i] " - [0:0]"; print ":" chains[i] >piece }
            for (i = 1; i <= k; i++) print rules[i] >piece
            for (i = 1; i <= m; i++) { print "@" at[i] " " jumps[i] >piece; line = jumps[i]; sub(/^-A/, "-D", line); print line }
            for (i = 1; i <= n; i++) print "-X " chains[i]
            print "COMMIT"
            print "COMMIT" >piece
        }' "$BV_HAD" - >"$BV_LIVE/chains" || return 1
    if [ -s "$BV_LIVE/chains" ]; then
        # What lets SSH in may be among them, and what keeps everybody else out is not.
        bv_guard_save "$1" <"$BV_LIVE/chains.piece" && "$1-restore" --noflush --wait 30 <"$BV_LIVE/chains" || return 1
        bv_emptied=$(awk '/^\*/ { table = substr($1, 2) } $1 == "-D" { print table, $2 }' "$BV_LIVE/chains" | sort -u)
        bv_unproven=yes
    fi
    rm -f "$BV_LIVE/chains" "$BV_LIVE/chains.piece"
}
