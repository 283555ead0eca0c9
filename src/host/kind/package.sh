# package NAME...: distribution packages that must be there. Only what is missing is installed, and
# an installation that would upgrade or remove anything of the owner's is refused.

BV_APT='apt-get -qq -o DPkg::Lock::Timeout=30 -o Dpkg::Options::=--force-confold'

# The locks of dpkg and apt: whoever holds one is working, and ends by himself.
BV_DPKG_LOCKS='/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock'

# Who holds one of them, into bv_holder: `NAME` (process PID) holds FILE. Fails when nobody does.
bv_dpkg_holder() {
    for bv_lock in $BV_DPKG_LOCKS; do
        bv_inode=$(stat -c %i "$bv_lock" 2>/dev/null) || continue
        while read -r _ _ _ _ bv_pid bv_id _; do
            [ "${bv_id##*:}" = "$bv_inode" ] || continue
            # Another file system may have the same inode number: the process knows better.
            for bv_fd in "/proc/$bv_pid/fd"/*; do
                [ "$bv_fd" -ef "$bv_lock" ] || continue
                read -r bv_name 2>/dev/null <"/proc/$bv_pid/comm" || bv_name=unknown
                bv_holder="\`$bv_name\` (process $bv_pid) holds \`$bv_lock\`"
                return
            done
        done </proc/locks
    done
    return 1
}

# Waits until nobody else installs packages, and says who does; gives up before the step's limit does.
bv_dpkg_wait() {
    bv_told=
    while bv_dpkg_holder; do
        if [ "$bv_told" != "$bv_holder" ]; then
            echo "bivouac waits: $bv_holder" >&2
            bv_told=$bv_holder
        fi
        bv_began=${bv_began:-$(date +%s)}
        [ "$(date +%s)" -lt "$((bv_began + BV_LIMIT - 5))" ] ||
            bv_die "E: another program installs packages: $bv_holder, for longer than this step may take (${BV_LIMIT} s)"
        sleep 0.5
    done
}

# Those of the given packages that are installed whole.
bv_installed() {
    dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' -- "$@" 2>/dev/null |
        awk '$2 == "ii" || $2 == "hi" { print $1 }'
}

# Those of the given packages that are not installed, one a line.
bv_missing() {
    bv_have=$(bv_installed "$@")
    for bv_name; do
        printf '%s\n' "$bv_have" | grep -qxF -- "$bv_name" || printf '%s\n' "$bv_name"
    done
}

# What installing the given packages would do, as `Inst`, `Remv` and `Conf` lines. The package lists
# are refreshed only where the answer is not in them.
bv_simulate() {
    LC_ALL=C apt-get -s -qq --no-install-recommends install -- "$@" 2>/dev/null ||
        { $BV_APT update >&2 && LC_ALL=C apt-get -s -qq --no-install-recommends install -- "$@"; }
}

bv_package_is() { [ -z "$(bv_missing "$@")" ]; }

bv_package_before() {
    export DEBIAN_FRONTEND=noninteractive
    bv_dpkg_wait
    # shellcheck disable=SC2046 # Package names have no blanks.
    bv_simulated=$(bv_simulate $(bv_missing "$@")) ||
        bv_die "the packages \`$*\` cannot be had from this host's package sources"
    bv_harm=$(printf '%s\n' "$bv_simulated" |
        awk '$1 == "Remv" { print "remove " $2 } $1 == "Inst" && $3 ~ /^\[/ { print "upgrade " $2 " " $3 }')
    [ -z "$bv_harm" ] || bv_die "installing \`$*\` would change packages of yours: $(printf '%s' "$bv_harm" | tr '\n' ',')
bring the host's packages up to date yourself, then run this again"
    for bv_name in $(printf '%s\n' "$bv_simulated" | awk '$1 == "Inst" { print $2 }'); do
        # One that was removed, but not purged, has its owner's configuration: `NAME=rc`.
        case $(dpkg-query -W -f '${db:Status-Abbrev}' -- "$bv_name" 2>/dev/null) in
        rc*) bv_was "$bv_name=rc" ;;
        *) bv_was "$bv_name" ;;
        esac
    done
}

bv_package_do() {
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
    # Naming a package that is there would turn its mark from automatic to manual.
    # shellcheck disable=SC2046 # Package names have no blanks.
    set -- $(bv_missing "$@")
    bv_dpkg_wait
    # An earlier try may have been cut off in the middle (`Dpkg` of preflight sees what is not ours).
    [ -z "$(dpkg --audit 2>/dev/null)$(ls -A /var/lib/dpkg/updates 2>/dev/null)" ] || dpkg --configure -a </dev/null >&2
    $BV_APT -y --no-install-recommends --no-remove install -- "$@" </dev/null >&2 && return
    # Lists of yesterday may name versions that the mirror no longer has. The next try looks at the fresh
    # ones first: what they would bring with them has to be in the journal too.
    $BV_APT update >&2
    return 1
}

# Those of the given packages' configuration files that are not as their package brought them.
bv_conffiles_changed() {
    dpkg-query -W -f '${Conffiles}\n' -- "$@" 2>/dev/null | while read -r bv_conf bv_md5 _; do
        [ -f "$bv_conf" ] || continue
        bv_now=$(md5sum <"$bv_conf")
        [ "${bv_now%% *}" = "$bv_md5" ] || printf '%s ' "$bv_conf"
    done
}

bv_package_undo() {
    export DEBIAN_FRONTEND=noninteractive
    shift "$bv_nargs"
    [ $# -gt 0 ] || return 0
    bv_dpkg_wait
    [ -z "$(dpkg --audit 2>/dev/null)" ] || dpkg --configure -a </dev/null >&2
    bv_kept_conf=
    for bv_name; do
        shift
        set -- "$@" "${bv_name%=rc}"
        case $bv_name in *=rc) bv_kept_conf="$bv_kept_conf ${bv_name%=rc}" ;; esac
    done
    bv_gone=$(dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' -- "$@" 2>/dev/null |
        awk '$2 != "un" { print $1 }')
    [ -n "$bv_gone" ] || return 0
    # shellcheck disable=SC2086 # Package names have no blanks.
    set -- $bv_gone
    bv_others=$(LC_ALL=C apt-get -s -qq purge -- "$@" | awk '$1 == "Purg" || $1 == "Remv" { print $2 }' |
        while IFS= read -r bv_name; do
            printf '%s\n' "$@" | grep -qxF -- "$bv_name" || printf '%s ' "$bv_name"
        done)
    if [ -n "$bv_others" ]; then
        bv_keep "packages $*: ${bv_others% } of yours needs them"
        return
    fi
    bv_changed=$(for bv_name; do
        case " $bv_kept_conf " in *" $bv_name "*) ;; *) bv_conffiles_changed "$bv_name" ;; esac
    done)
    if [ -n "$bv_changed" ]; then
        bv_keep "packages $*: you changed their configuration: ${bv_changed% }"
        return
    fi
    # Those whose owner had kept their configuration are only removed.
    if [ -n "$bv_kept_conf" ]; then
        # shellcheck disable=SC2086 # Package names have no blanks.
        $BV_APT -y remove -- $bv_kept_conf </dev/null >&2 || return 1
        for bv_name; do
            shift
            case " $bv_kept_conf " in *" $bv_name "*) ;; *) set -- "$@" "$bv_name" ;; esac
        done
    fi
    [ $# -eq 0 ] || $BV_APT -y purge -- "$@" </dev/null >&2
}
