# package MANAGER NAME...: distribution packages that must be there. Only what is missing is installed, and
# an installation that would upgrade or remove anything of the owner's is refused. An undo removes exactly
# what came, but what others need by now or whose configuration was changed.
#
# A package manager M (package/M.sh) brings
#   bv_M_locks             its locks, one a line: files that are locked, and NAME.pid that hold a number
#   bv_M_missing NAME...   those that are not installed, one a line
#   bv_M_plan NAME...      what their installation would do, as lines `install WORD`, where WORD is what an undo
#                          needs to know, or `remove NAME`, `upgrade NAME`, ...; fails when they cannot be had
#   bv_M_install NAME...   installs them, and nothing but what was planned
#   bv_M_there WORD...     those that are there, whole or in part, one a line; fails when that cannot be told
#   bv_M_needed WORD...    packages of others that need one of them
#   bv_M_changed WORD...   their configuration files that are not as they came
#   bv_M_remove WORD...    removes them, and nothing else

# Who holds a lock of the package manager, into bv_holder: `NAME` (process PID) holds FILE. Fails when
# nobody does: whoever holds one is working, and ends by himself.
bv_package_holder() {
    for bv_lock in $("bv_${bv_pm}_locks"); do
        case $bv_lock in
        *.pid)
            bv_pid=
            [ ! -r "$bv_lock" ] || read -r bv_pid 2>/dev/null <"$bv_lock"
            # One that was killed leaves its number.
            if [ -z "$bv_pid" ] || [ ! -d "/proc/$bv_pid" ]; then continue; fi
            bv_package_holds "$bv_pid"
            return
            ;;
        esac
        bv_inode=$(stat -c %i "$bv_lock" 2>/dev/null) || continue
        while read -r _ _ _ _ bv_pid bv_id _; do
            [ "${bv_id##*:}" = "$bv_inode" ] || continue
            # Another file system may have the same inode number: the process knows better.
            for bv_fd in "/proc/$bv_pid/fd"/*; do
                [ "$bv_fd" -ef "$bv_lock" ] || continue
                bv_package_holds "$bv_pid"
                return
            done
        done </proc/locks
    done
    return 1
}
bv_package_holds() {
    read -r bv_name 2>/dev/null <"/proc/$1/comm" || bv_name=unknown
    bv_holder="\`$bv_name\` (process $1) holds \`$bv_lock\`"
}

# Waits until nobody else installs packages, and says who does; gives up before the step's limit does.
bv_package_wait() {
    bv_told=
    while bv_package_holder; do
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

# Does it with the package manager, again when somebody else was faster at its locks.
bv_package_try() {
    bv_package_wait
    while ! "$@"; do
        bv_package_holder || return 1
        bv_package_wait
    done
}

bv_package_is() {
    bv_pm=$1
    shift
    [ -z "$("bv_${bv_pm}_missing" "$@")" ]
}

bv_package_before() {
    bv_pm=$1
    shift
    bv_package_wait
    # shellcheck disable=SC2046 # Package names have no blanks.
    bv_plan=$(bv_package_try "bv_${bv_pm}_plan" $("bv_${bv_pm}_missing" "$@")) ||
        bv_die "the packages \`$*\` cannot be had from this host's package sources"
    bv_harm=$(printf '%s\n' "$bv_plan" | grep -v '^install ')
    [ -z "$bv_harm" ] || bv_die "E: installing \`$*\` would change packages of yours: $(printf '%s' "$bv_harm" | tr '\n' ',')
bring the host's packages up to date yourself, then run this again"
    # shellcheck disable=SC2046 # Package names have no blanks.
    bv_was $(printf '%s\n' "$bv_plan" | sed 's/^install //')
}

bv_package_do() {
    bv_pm=$1
    shift
    # Naming a package that is there would turn its mark from automatic to manual.
    # shellcheck disable=SC2046 # Package names have no blanks.
    set -- $("bv_${bv_pm}_missing" "$@")
    bv_package_try "bv_${bv_pm}_install" "$@"
}

bv_package_undo() {
    # Entries of a time that knew only apt name no manager.
    case $1 in
    apt | dnf | yum | zypper) bv_pm=$1 ;;
    *) bv_pm=apt ;;
    esac
    shift "$bv_nargs"
    [ $# -gt 0 ] || return 0
    bv_package_wait
    bv_there=$("bv_${bv_pm}_there" "$@") || return 1
    # shellcheck disable=SC2086 # Package names have no blanks.
    set -- $bv_there
    [ $# -gt 0 ] || return 0
    bv_others=$("bv_${bv_pm}_needed" "$@") || return 1
    if [ -n "$bv_others" ]; then
        bv_keep "packages $*: ${bv_others% } of yours needs them"
        return
    fi
    bv_changed=$("bv_${bv_pm}_changed" "$@")
    if [ -n "$bv_changed" ]; then
        bv_keep "packages $*: you changed their configuration: ${bv_changed% }"
        return
    fi
    bv_package_try "bv_${bv_pm}_remove" "$@"
}
