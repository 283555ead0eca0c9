# The guard of the way in: what is taken out of a host's packet filter comes back by itself, unless a new login shows in time that the host still
# lets its operator in (residue.md, D1). Who is connected stays so, and so proves nothing.
#
# Whoever takes something out saves it here first: rules with their places (but for those that deny all, `bv_chains_take`), never a table. The first piece starts a process that holds no
# lock and outlives the connection and its session; each piece begins the time anew. Then either the operator's new login confirms (one for
# all pieces), or what was saved is put back, last piece first: at once on his word, or by that process when the time is over. What came back by
# itself meanwhile is not put there twice, so a piece may be saved and never taken out.
#
# It is no part of /run/bivouac, for it may outlive the run:
#   armed    something was taken out and is not confirmed. Who renames it has decided, and there is one `mv` that works: to `decided` where it is put
#            back, to `confirmed` where not. Without it and `decided` nothing went: a guard that was cut off while it was made or removed
#   now      put back, do not wait for longer. It is always that process which does: a session that is in doubt may end in the middle of it
#   back     the program that puts back; `said` is what it said where it did not work, and then there is `failed`
#   N.KIND   a piece: `sources` of firewalld, `nft`, words of `ip`, or a program: `iptables`, `ip6tables-legacy`
BV_GUARD=/run/bivouac-guard
# Seconds without a new login; more than LOGIN in guard.rs.
BV_GUARD_WAIT=45

# What puts back. It runs without this shell, so all that it needs is in it.
bv_guard_program() {
    cat <<'E'
# bv_back_rules TOOL PIECE: what of the piece is not there. New chains come with their own rules in one transaction a table, or where something of that does
# not fit any more line by line; rules in chains of others each by itself, so that one whose chain is gone keeps no other out.
bv_back_rules() {
    { "$1-save" 2>/dev/null; echo; } | awk '
        NR == FNR {
            if (/^\*/) table = $1
            if (/^:/) there[table " " substr($1, 2)] = 1
            if ($1 == "-A") { filled[table " " $2] = 1; have[table " " $0]++ }
            next
        }
        /^\*/ { table = $1; n = 0; m = 0; next }
        /^:/ { if (!((table " " substr($1, 2)) in there)) chains[++n] = $1 " - [0:0]"; next }
        $1 == "-A" { if (!((table " " $2) in filled)) chains[++n] = $0; next }
        /^@/ {
            place = substr($1, 2); line = $0
            sub(/^@[0-9]+ /, "", line)
            if (have[table " " line] > 0) { have[table " " line]--; next }
            sub(/^-A [^ ]+ /, "", line)
            others[++m] = place " " $3 " " line
            next
        }
        /^COMMIT/ {
            print table
            for (i = 1; i <= n; i++) print chains[i]
            print "."
            for (i = 1; i <= m; i++) print others[i]
            print "."
        }' - "$2" >"$2.now" || return 1
    bv_wrong=0
    while IFS= read -r bv_table; do
        bv_lines=
        while IFS= read -r bv_line && [ "$bv_line" != . ]; do
            bv_lines="$bv_lines$bv_line
"
        done
        if [ -n "$bv_lines" ] && ! bv_back_do "$1" "${bv_lines%?}" 2>/dev/null; then
            printf '%s' "$bv_lines" >"$2.lines.now"
            while IFS= read -r bv_line; do
                bv_back_do "$1" "$bv_line" || bv_back_wrong "$bv_line"
            done <"$2.lines.now"
        fi
        # A chain that has got shorter since gets it at its end: at its beginning it would pass what denies there.
        while read -r bv_place bv_chain bv_line && [ "$bv_place" != . ]; do
            bv_back_do "$1" "-I $bv_chain $bv_place $bv_line" 2>/dev/null || bv_back_do "$1" "-A $bv_chain $bv_line" || bv_back_wrong "-A $bv_chain $bv_line"
        done
    done <"$2.now"
    return "$bv_wrong"
}
bv_back_do() { printf '%s\n%s\nCOMMIT\n' "$bv_table" "$2" | "$1-restore" --noflush --wait 10; }
bv_back_wrong() {
    printf 'not put back into the table %s: %s\n' "${bv_table#?}" "$1" >&2
    bv_wrong=1
}
bv_back_sources() {
    bv_wrong=0
    while IFS= read -r bv_source; do
        firewall-cmd --zone=trusted "--query-source=$bv_source" >/dev/null 2>&1 </dev/null ||
            firewall-cmd --zone=trusted "--add-source=$bv_source" >/dev/null </dev/null || bv_wrong=1
    done <"$1"
    return "$bv_wrong"
}
# Routes, rules of routing, addresses: a line is what `ip` was not to have.
bv_back_ip() {
    bv_wrong=0
    while IFS= read -r bv_line; do
        # shellcheck disable=SC2086 # It is several words.
        bv_said=$(ip $bv_line 2>&1 </dev/null) && continue
        # One whose next hop is on no network of the link comes only so (bv_clear_routes_do).
        # shellcheck disable=SC2086 # Likewise.
        case $bv_line in *' route append '*' via '*) bv_said=$(ip $bv_line onlink 2>&1 </dev/null) && continue ;; esac
        case $bv_said in *'File exists'* | *'already assigned'*) continue ;; esac
        printf 'not put back: ip %s: %s\n' "$bv_line" "$bv_said" >&2
        bv_wrong=1
    done <"$1"
    return "$bv_wrong"
}
bv_back() {
    case $1 in
    *.ip) bv_back_ip "$1" ;;
    *.sources) bv_back_sources "$1" ;;
    *.nft)
        read -r _ bv_family bv_name _ <"$1"
        nft list table "$bv_family" "$bv_name" >/dev/null 2>&1 || nft -f "$1"
        ;;
    *.iptables* | *.ip6tables*) bv_back_rules "${1##*.}" "$1" ;;
    *) return 1 ;;
    esac
}
bv_bad=
# Without a kind it was not whole yet, and so nothing went.
for bv_piece in $(find "$BV_GUARD" -name '[0-9]*.*' ! -name '*.now' | sort -r); do
    bv_back "$bv_piece" || bv_bad=yes
done
if [ -n "$bv_bad" ]; then
    : >"$BV_GUARD/failed"
    exit 1
fi
rm -rf "$BV_GUARD"
E
}

# What waits. It may be that systemd is the one who starts it, so it brings its own surroundings.
bv_guard_watch() {
    {
        printf 'PATH=%s\nLC_ALL=C\nexport PATH LC_ALL\nBV_GUARD=%s\n' "$PATH" "$BV_GUARD"
        bv_guard_program
    } >"$BV_GUARD/back" || return 1
    cat >"$BV_GUARD/watch" <<E
trap '' HUP
cd /
bv_left=$((BV_GUARD_WAIT * 5)) bv_pieces=
while [ -e $BV_GUARD/armed ] && [ ! -e $BV_GUARD/now ] && [ "\$bv_left" -gt 0 ]; do
    bv_now=\$(ls $BV_GUARD)
    # What is pushed begins the time anew.
    if [ "\$bv_now" != "\$bv_pieces" ]; then bv_left=$((BV_GUARD_WAIT * 5)) bv_pieces=\$bv_now; fi
    bv_left=\$((bv_left - 1))
    sleep 0.2
done
mv $BV_GUARD/armed $BV_GUARD/decided 2>/dev/null || exit 0
sh $BV_GUARD/back >$BV_GUARD/said 2>&1
exit 0
E
}

# Starts the guard where it does not stand. The one of a run that was cut off is confirmed or has put back by now (Journal::open).
bv_guard_arm() {
    [ ! -e "$BV_GUARD/armed" ] || return 0
    bv_guard_stale || bv_guard_settled || bv_die "$bv_said"
    mkdir -m 0700 "$BV_GUARD" || bv_die "\`$BV_GUARD\` cannot be made: nothing is taken out of the packet filter"
    if ! { bv_guard_watch && : >"$BV_GUARD/armed"; }; then
        rm -rf "$BV_GUARD"
        bv_die "\`$BV_GUARD\` cannot be written: nothing is taken out of the packet filter"
    fi
    # systemd's own keep it where the processes of a session end with it (`KillUserProcesses=` in logind.conf(5)).
    if [ -d /run/systemd/system ] && timeout 5 systemd-run --quiet --unit=bivouac-guard /bin/sh "$BV_GUARD/watch" >/dev/null 2>&1 </dev/null 7<&- 8<&- 9<&-; then
        : >"$BV_GUARD/unit"
    else
        bv_guard_start
    fi
}
bv_guard_start() { setsid sh "$BV_GUARD/watch" >/dev/null 2>&1 </dev/null 7<&- 8<&- 9<&- & }
# Removes what a guard that was cut off has left: it had not taken anything out yet, or was confirmed.
bv_guard_stale() {
    [ -e "$BV_GUARD/confirmed" ] || { [ ! -e "$BV_GUARD/armed" ] && [ ! -e "$BV_GUARD/decided" ]; } || return 1
    rm -rf "$BV_GUARD"
}
# What is being put back is, or could not be.
bv_guard_over() { [ ! -d "$BV_GUARD" ] || [ -e "$BV_GUARD/failed" ]; }

# bv_guard_save KIND <PIECE: before it is taken out.
bv_guard_save() {
    bv_guard_arm
    bv_piece=$BV_GUARD/$(printf '%03d' "$(find "$BV_GUARD" -name '[0-9]*' | wc -l)")
    { cat >"$bv_piece" && mv -f "$bv_piece" "$bv_piece.$1"; } || bv_die "\`$bv_piece\` cannot be written: nothing is taken out of the packet filter"
}

# Waits for the end of a putting back. Where it did not work bv_said says so, and why.
bv_guard_settled() {
    if bv_wait_for 150 bv_guard_over && [ ! -d "$BV_GUARD" ]; then return; fi
    bv_said=$(tail -n 1 "$BV_GUARD/said" 2>/dev/null)
    bv_said="what was taken out of the packet filter could not be put back (${bv_said:-it does not end}): put it back by hand, it is in \`$BV_GUARD\`, then remove that directory"
    return 1
}

# What there is of the guard: `armed` where something waits for a new login; `failed WHY` where it could not be put back; or `gone`: it was put
# back, or confirmed, or there never was one.
bv_guard_look() {
    if [ -e "$BV_GUARD/armed" ]; then
        echo armed
    elif bv_guard_stale || bv_guard_settled; then
        echo gone
    else
        echo "failed $bv_said"
    fi
}

# A new login has worked.
bv_guard_confirm() {
    if ! mv "$BV_GUARD/armed" "$BV_GUARD/confirmed" 2>/dev/null; then
        bv_guard_settled || bv_die "E: $bv_said"
        bv_die "E: no new login came within $BV_GUARD_WAIT s, so what was taken out of the packet filter was put back"
    fi
    [ ! -e "$BV_GUARD/unit" ] || timeout 10 systemctl stop bivouac-guard.service 2>/dev/null
    rm -rf "$BV_GUARD"
}

# None did.
bv_guard_back() {
    # Where it is put back already, the directory may be gone.
    { : >"$BV_GUARD/now"; } 2>/dev/null
    # Who waits looks five times a second; where he was killed another does.
    bv_wait_for 15 bv_guard_heard || bv_guard_start
    bv_guard_settled || bv_die "E: $bv_said"
}
bv_guard_heard() { [ ! -e "$BV_GUARD/armed" ]; }
