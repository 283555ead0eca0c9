# service UNIT ENABLED ACTIVE FILE...: a systemd unit's state; ENABLED and ACTIVE are `yes` or `-`
# (as it is). It is restarted when a FILE is not older than its start, which is known to the second.

# Reads a unit's state into bv_enabled, bv_active, bv_reload and bv_since.
bv_unit() {
    bv_enabled='' bv_active='' bv_reload='' bv_since=''
    while IFS='=' read -r bv_key bv_value; do
        case $bv_key in
        UnitFileState) bv_enabled=$bv_value ;;
        ActiveState) bv_active=$bv_value ;;
        NeedDaemonReload) bv_reload=$bv_value ;;
        ActiveEnterTimestamp) bv_since=$bv_value ;;
        esac
    done <<E
$(systemctl show -p UnitFileState -p ActiveState -p NeedDaemonReload -p ActiveEnterTimestamp -- "$1")
E
}

# Whether one of the files given after the unit's start time $1 is not older than it.
bv_younger() {
    bv_start=$(date -d "$1" +%s 2>/dev/null) || return 1
    shift
    for bv_file; do
        [ "$(stat -c %Y -- "$bv_file" 2>/dev/null || echo 0)" -lt "$bv_start" ] || return 0
    done
    return 1
}

bv_service_is() {
    bv_unit "$1"
    [ "$bv_reload" = no ] || return 1
    [ "$2" = - ] || [ "$bv_enabled" = enabled ] || return 1
    if [ "$3" = yes ]; then
        [ "$bv_active" = active ] || return 1
        shift 3
        ! bv_younger "$bv_since" "$@"
    fi
}

bv_service_before() {
    bv_unit "$1"
    bv_was "${bv_enabled:-none}" "${bv_active:-inactive}"
}

bv_service_do() {
    # `enable` makes systemd read its files anew as well.
    if [ "$2" = - ]; then systemctl daemon-reload; else systemctl enable -q -- "$1"; fi || return 1
    [ "$3" = yes ] || return 0
    bv_name=$1
    shift 3
    # Started within the second of a file it would look as if it had not read that.
    bv_left=12
    while [ "$bv_left" -gt 0 ] && bv_younger "@$(date +%s)" "$@"; do
        bv_left=$((bv_left - 1))
        sleep 0.1
    done
    systemctl restart -- "$bv_name" && return
    systemctl --no-pager -l status -- "$bv_name" >&2
    journalctl --no-pager -q -n 20 -o cat -u "$bv_name" >&2
    return 1
}

bv_service_undo() {
    bv_name=$1
    shift "$bv_nargs"
    bv_want_enabled=$1 bv_want_active=$2
    bv_unit "$bv_name"
    case $bv_want_active in
    active | activating | reloading)
        [ "$bv_active" = active ] || systemctl start -- "$bv_name"
        ;;
    *)
        case $bv_active in
        inactive) ;;
        *) timeout 120 systemctl stop -- "$bv_name" ;;
        esac
        systemctl reset-failed -- "$bv_name" 2>/dev/null
        ;;
    esac
    case $bv_want_enabled:$bv_enabled in
    enabled:enabled | masked:masked) ;;
    # Its file is gone: its owner's doing.
    enabled:) ;;
    enabled:*) systemctl enable -q -- "$bv_name" || return 1 ;;
    masked:*) systemctl mask -q -- "$bv_name" || return 1 ;;
    # systemd reads its files anew at the end, once (bv_settle).
    *:enabled) systemctl disable -q --no-reload -- "$bv_name" || return 1 ;;
    esac
    bv_unit "$bv_name"
    case $bv_want_active:$bv_active in
    active:* | activating:* | reloading:* | *:inactive | *:failed | *:) return 0 ;;
    esac
    bv_die "the unit \`$bv_name\` is still $bv_active"
}
