# firewall SOURCE... [-SOURCE...]: firewalld lets in what comes from these addresses and networks: they are in its zone
# `trusted`, now and after a restart. What an earlier run let in and is given with a `-` is let in no longer. Nothing is opened to others, and nothing is reloaded, for that would
# drop what its owner set until then. Where firewalld does not run there is nothing to do.
#
# bv_was: `file` and `backup` of the zone's permanent settings, =present (saved) or =absent, and `now=SOURCE`,
# `permanent=SOURCE` for each source that was not there.

BV_ZONE=/etc/firewalld/zones/trusted.xml

bv_firewall_runs() { systemctl is-active --quiet firewalld.service 2>/dev/null; }
# The zone's sources, one a line: bv_firewall_sources [--permanent].
bv_firewall_sources() { firewall-cmd "$@" --zone=trusted --list-sources | tr ' ' '\n' | sed '/^$/d'; }

# Those of an earlier run that are not wanted any more, for their hosts leave: of the sources that entries in the
# journal say were added, those that are given with a `-`. Not all that are no longer given: a file that lacks a
# node which is there must not cut it off.
bv_firewall_stale() {
    awk '$1 == "start" && index($0, " '\''firewall'\'' ") { line[$2] = $0 }
        $1 == "undone" { delete line[$2] }
        END { for (seq in line) print line[seq] }' "$BV/journal" 2>/dev/null |
        grep -o "'permanent=[^']*'" | tr -d "'" | sed 's/^permanent=//' | sort -u |
        while IFS= read -r bv_source; do
            ! printf '%s\n' "$@" | grep -qxF -e "-$bv_source" || printf '%s\n' "$bv_source"
        done
}

# Of the lines of $1 those that are, or with $2 = -v are not, among the lines of $3.
bv_firewall_of() {
    printf '%s\n' "$1" | while IFS= read -r bv_source; do
        if [ -z "$bv_source" ]; then continue; fi
        case "$2:$BV_NL$3$BV_NL" in
        :*"$BV_NL$bv_source$BV_NL"*) printf '%s\n' "$bv_source" ;;
        -v:*"$BV_NL$bv_source$BV_NL"*) ;;
        -v:*) printf '%s\n' "$bv_source" ;;
        esac
    done
}

bv_firewall_is() {
    bv_firewall_runs || return 0
    bv_now=$(bv_firewall_sources) && bv_permanent=$(bv_firewall_sources --permanent) || return 1
    bv_wanted=$(printf '%s\n' "$@" | grep -v '^-')
    bv_stale=$(bv_firewall_stale "$@")
    [ -z "$(bv_firewall_of "$bv_wanted" -v "$bv_now")$(bv_firewall_of "$bv_wanted" -v "$bv_permanent")" ] &&
        [ -z "$(bv_firewall_of "$bv_stale" '' "$bv_now")$(bv_firewall_of "$bv_stale" '' "$bv_permanent")" ]
}

bv_firewall_before() {
    mkdir -p "$bv_saved" || return 1
    for bv_word in file backup; do
        bv_path=$BV_ZONE
        [ "$bv_word" = file ] || bv_path=$BV_ZONE.old
        if [ -e "$bv_path" ]; then
            cp -a -- "$bv_path" "$bv_saved/$bv_word" || bv_die "\`$bv_path\` cannot be saved"
            bv_sync "$bv_saved/$bv_word" "$bv_saved"
            bv_was "$bv_word=present"
        else
            bv_was "$bv_word=absent"
        fi
    done
    for bv_word in $(bv_firewall_of "$bv_wanted" -v "$bv_now"); do bv_was "now=$bv_word"; done
    for bv_word in $(bv_firewall_of "$bv_wanted" -v "$bv_permanent"); do bv_was "permanent=$bv_word"; done
}

# bv_firewall_set WHAT LIST [--permanent]: adds or removes these sources.
bv_firewall_set() {
    bv_options=
    for bv_source in $2; do bv_options="$bv_options --$1-source=$bv_source"; done
    # shellcheck disable=SC2086 # Addresses have no blanks.
    [ -z "$bv_options" ] || firewall-cmd $3 --zone=trusted $bv_options >&2
}

# bv_firewall_leave LIST: removes these sources from what holds now, of which one may be the operator's own (guard.sh).
bv_firewall_leave() {
    [ -n "$1" ] || return 0
    printf '%s\n' "$1" >"$BV_LIVE/sources" && bv_guard_save sources <"$BV_LIVE/sources" && bv_firewall_set remove "$1" '' || return 1
    bv_unproven=yes
}

# Keeps those that leave out after a restart too: at once where that changes nothing now, else when a new login has worked (Journal::change).
bv_firewall_for_good() {
    ! bv_firewall_runs ||
        bv_firewall_set remove "$(bv_firewall_of "$(bv_firewall_stale "$@")" '' "$(bv_firewall_sources --permanent)")" --permanent
}

bv_firewall_do() {
    bv_firewall_set add "$(bv_firewall_of "$bv_wanted" -v "$bv_permanent")" --permanent &&
        bv_firewall_set add "$(bv_firewall_of "$bv_wanted" -v "$bv_now")" '' &&
        bv_firewall_leave "$(bv_firewall_of "$bv_stale" '' "$bv_now")" || return 1
    [ -n "$bv_unproven" ] || bv_firewall_for_good "$@" || return 1
    bv_firewall_is "$@" && return
    # Of several options it is enough for firewall-cmd when one of them worked. A source is in one zone only.
    for bv_source in $(bv_firewall_of "$bv_wanted" -v "$bv_now") $(bv_firewall_of "$bv_wanted" -v "$bv_permanent"); do
        bv_die "E: firewalld does not take \`$bv_source\` into its zone \`trusted\`, it is in \`$(firewall-cmd --get-zone-of-source="$bv_source" 2>/dev/null || echo 'no zone')\`: take it out there"
    done
    if [ -n "$bv_unproven" ] && [ -z "$(bv_firewall_of "$bv_stale" '' "$bv_now")" ]; then return; fi
    bv_die "E: firewalld has not done as it said"
}

# Whether two files of a zone say the same: firewalld writes them anew, with blanks of its own.
bv_firewall_alike() {
    [ "$(tr -d ' \t\r\n' <"$1")" = "$(tr -d ' \t\r\n' <"$2")" ]
}

# What holds now goes first and alone, and what holds after a restart only when a new login has worked (guard.sh): a host that would shut its
# operator out has everything again, whatever happens to it in between. firewalld keeps what a zone was before as `.old`, also on a removal.
bv_firewall_undo() {
    shift "$bv_nargs"
    bv_then='' bv_for_good='' bv_file=absent bv_backup=absent
    for bv_word; do
        case $bv_word in
        now=*) bv_then="$bv_then${bv_word#now=}$BV_NL" ;;
        permanent=*) bv_for_good="$bv_for_good${bv_word#permanent=}$BV_NL" ;;
        file=*) bv_file=${bv_word#file=} ;;
        backup=*) bv_backup=${bv_word#backup=} ;;
        esac
    done
    if bv_firewall_runs; then
        bv_gone=$(bv_firewall_of "$bv_then" '' "$(bv_firewall_sources)")
        if [ -n "$bv_gone" ]; then
            bv_firewall_leave "$bv_gone"
            return
        fi
        bv_firewall_set remove "$(bv_firewall_of "$bv_for_good" '' "$(bv_firewall_sources --permanent)")" --permanent || return 1
    elif [ -e "$BV_ZONE" ] && command -v firewall-offline-cmd >/dev/null; then
        for bv_source in $bv_for_good; do
            ! firewall-offline-cmd --quiet --zone=trusted "--query-source=$bv_source" ||
                firewall-offline-cmd --quiet --zone=trusted "--remove-source=$bv_source" >&2 || return 1
        done
    fi
    # What is left says what it said before: then it is the same file again, or none.
    if [ ! -e "$BV_ZONE" ]; then
        :
    elif [ "$bv_file" = absent ]; then
        bv_firewall_alike "$BV_ZONE" /usr/lib/firewalld/zones/trusted.xml || return 0
        rm -f -- "$BV_ZONE"
    else
        bv_firewall_alike "$BV_ZONE" "$bv_saved/file" || return 0
        cp -a -- "$bv_saved/file" "$BV_ZONE"
    fi
    if [ "$bv_backup" = absent ]; then
        rm -f -- "$BV_ZONE.old"
    else
        cp -a -- "$bv_saved/backup" "$BV_ZONE.old"
    fi
}
