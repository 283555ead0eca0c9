# apt and dpkg, for `package`. The word of a package that had been removed but not purged, so that it has its
# owner's configuration, is NAME=rc.

BV_APT='apt-get -qq -o DPkg::Lock::Timeout=30 -o Dpkg::Options::=--force-confold'

bv_apt_locks() {
    printf '%s\n' /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock
}

# Those of the given packages that are installed whole.
bv_apt_installed() {
    dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' -- "$@" 2>/dev/null |
        awk '$2 == "ii" || $2 == "hi" { print $1 }'
}

bv_apt_missing() {
    bv_have=$(bv_apt_installed "$@")
    for bv_name; do
        printf '%s\n' "$bv_have" | grep -qxF -- "$bv_name" || printf '%s\n' "$bv_name"
    done
}

# What installing the given packages would do, as `Inst`, `Remv` and `Conf` lines. The package lists
# are refreshed only where the answer is not in them.
bv_apt_simulate() {
    export DEBIAN_FRONTEND=noninteractive
    LC_ALL=C apt-get -s -qq --no-install-recommends install -- "$@" 2>/dev/null ||
        { $BV_APT update >&2 && LC_ALL=C apt-get -s -qq --no-install-recommends install -- "$@"; }
}

bv_apt_plan() {
    bv_simulated=$(bv_apt_simulate "$@") || return 1
    printf '%s\n' "$bv_simulated" | awk '
        $1 == "Remv" { print "remove " $2 }
        $1 == "Inst" && $3 ~ /^\[/ { print "upgrade " $2 " " $3 }
        $1 == "Inst" && $3 !~ /^\[/ { print $2 }' |
        while read -r bv_verb bv_name; do
            if [ -n "$bv_name" ]; then
                echo "$bv_verb $bv_name"
                continue
            fi
            case $(dpkg-query -W -f '${db:Status-Abbrev}' -- "$bv_verb" 2>/dev/null) in
            rc*) echo "install $bv_verb=rc" ;;
            *) echo "install $bv_verb" ;;
            esac
        done
}

# An earlier try may have been cut off in the middle (`Dpkg` of preflight sees what is not ours).
bv_apt_mend() {
    [ -z "$(dpkg --audit 2>/dev/null)$(ls -A /var/lib/dpkg/updates 2>/dev/null)" ] ||
        DEBIAN_FRONTEND=noninteractive dpkg --configure -a </dev/null >&2
}

# What a dpkg that was killed had noted, but not yet in its database: apt wants it there (`CheckUpdates` of apt-pkg/deb/debsystem.cc), and
# each change of the database brings it there (`cleanupdates` of dpkg's lib/dpkg/dbmodify.c). This one changes nothing else: no package is
# configured, which is its owner's to do.
bv_apt_settle() {
    [ -z "$(ls -A /var/lib/dpkg/updates 2>/dev/null)" ] || dpkg --set-selections </dev/null >&2
}

bv_apt_install() {
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
    bv_apt_mend
    $BV_APT -y --no-install-recommends --no-remove install -- "$@" </dev/null >&2 && return
    # Lists of yesterday may name versions that the mirror no longer has. The next try looks at the fresh
    # ones first: what they would bring with them has to be in the journal too.
    $BV_APT update >&2
    return 1
}

bv_apt_there() {
    bv_apt_settle || return 1
    for bv_name; do
        # 1 is a package that it does not know; 2 a database that it cannot read.
        bv_said=$(dpkg-query -W -f '${db:Status-Abbrev}' -- "${bv_name%=rc}" 2>"$BV_LIVE/said") || [ $? -eq 1 ] ||
            { cat "$BV_LIVE/said" >&2 && return 1; }
        case $bv_said in
        '' | un*) ;;
        *) echo "$bv_name" ;;
        esac
    done
}

# dpkg itself tells it, from what is installed alone and in a tenth of the time that apt takes.
bv_apt_needed() {
    bv_names=$(printf '%s\n' "$@" | sed 's/=rc$//')
    # shellcheck disable=SC2086 # Package names have no blanks.
    bv_simulated=$(LC_ALL=C dpkg --simulate --force-remove-reinstreq --purge -- $bv_names 2>&1) && return
    bv_others=$(printf '%s\n' "$bv_simulated" | sed -n -E 's/^ ([^ :]+)(:[^ ]+)? (pre-)?depends on .*/\1/p' | sort -u |
        grep -vxF -- "$bv_names")
    # Another reason, which nobody but the owner can judge: `essential`, say.
    [ -n "$bv_others" ] || { printf '%s\n' "$bv_simulated" >&2 && return 1; }
    printf '%s' "$bv_others" | tr '\n' ' '
}

# Of one that is only removed the configuration is its owner's, and stays.
bv_apt_changed() {
    for bv_name; do
        case $bv_name in *=rc) continue ;; esac
        dpkg-query -W -f '${Conffiles}\n' -- "$bv_name" 2>/dev/null | while read -r bv_conf bv_md5 _; do
            [ -f "$bv_conf" ] || continue
            bv_now=$(md5sum <"$bv_conf")
            [ "${bv_now%% *}" = "$bv_md5" ] || printf '%s ' "$bv_conf"
        done
    done
}

# By dpkg itself, which removes nothing but what it was given. apt takes twice as long, and on its way configures whatever is not yet, also
# what its owner broke. One that a killed installation left half unpacked goes too.
bv_apt_remove() {
    export DEBIAN_FRONTEND=noninteractive
    bv_purged='' bv_removed=''
    for bv_name; do
        case $bv_name in
        *=rc) bv_removed="$bv_removed ${bv_name%=rc}" ;;
        *) bv_purged="$bv_purged $bv_name" ;;
        esac
    done
    # shellcheck disable=SC2086 # Package names have no blanks.
    [ -z "$bv_removed" ] || dpkg --force-remove-reinstreq --remove -- $bv_removed </dev/null >&2 || return 1
    # shellcheck disable=SC2086 # Package names have no blanks.
    if [ -n "$bv_purged" ] && ! dpkg --force-remove-reinstreq --purge -- $bv_purged </dev/null >&2; then
        # It has noted that they are to go, and any later `dpkg --purge --pending` of the owner's would do it.
        # shellcheck disable=SC2086
        dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' -- $bv_purged 2>/dev/null | sed -n 's/ p[^nc].*/ install/p' | dpkg --set-selections >&2
        return 1
    fi
    # shellcheck disable=SC2086 # Package names have no blanks.
    bv_apt_forget $bv_removed $bv_purged
}

# What apt remembers of the given packages, that others had brought them: it forgets that by itself only at its next change, and until then
# it is nobody's difference. So where this does not work nothing is lost.
bv_apt_forget() {
    bv_marks=/var/lib/apt/extended_states
    [ -e "$bv_marks" ] || return 0
    bv_stay=$(bv_apt_installed "$@")
    bv_names=$(printf '%s\n' "$@" | grep -vxF -- "${bv_stay:- }")
    BV_NAMES=$bv_names awk -v RS= '
        BEGIN { n = split(ENVIRON["BV_NAMES"], name, "\n"); for (i = 1; i <= n; i++) gone[name[i]] = 1 }
        { split($0, line, "\n"); sub(/^Package: */, "", line[1]); if (!(line[1] in gone)) printf "%s\n\n", $0 }' "$bv_marks" >"$bv_marks.bivouac" &&
        chmod --reference "$bv_marks" "$bv_marks.bivouac" && bv_sync "$bv_marks.bivouac" && mv -f -- "$bv_marks.bivouac" "$bv_marks" && return
    rm -f -- "$bv_marks.bivouac"
}
