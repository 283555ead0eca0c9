# sysctl KEY VALUE: a kernel setting, now; a file step keeps it over a reboot. `>=N` is a number of at least N: what is larger stays.

# The file of a key, into bv_sysctl.
bv_sysctl_path() {
    bv_sysctl=/proc/sys/$(printf '%s' "$1" | tr . /)
}

# The value now; the kernel writes tabs between several numbers.
bv_sysctl_value() { tr '\t' ' ' <"$bv_sysctl" 2>/dev/null; }

bv_sysctl_is() {
    bv_sysctl_path "$1"
    [ -e "$bv_sysctl" ] || return 1
    case $2 in
    '>='*) [ "$(bv_sysctl_value)" -ge "${2#>=}" ] 2>/dev/null ;;
    *) [ "$(bv_sysctl_value)" = "$2" ] ;;
    esac
}

bv_sysctl_before() {
    bv_sysctl_path "$1"
    if [ -e "$bv_sysctl" ]; then
        bv_was "$(bv_sysctl_value)"
    else
        bv_die "the kernel has no setting \`$1\`"
    fi
}

bv_sysctl_do() {
    bv_sysctl_path "$1"
    printf '%s\n' "${2#>=}" >"$bv_sysctl"
}

bv_sysctl_undo() {
    bv_sysctl_path "$1"
    # A value that is neither ours nor the old one is the owner's later choice.
    [ -e "$bv_sysctl" ] && [ "$(bv_sysctl_value)" = "${2#>=}" ] || return 0
    # Nor is one that somebody else needs by now: the owner's docker, which came since.
    case $1 in net.ipv4.ip_forward | net.ipv6.conf.all.forwarding | net.bridge.*) ! bv_forwards_for >/dev/null || return 0 ;; esac
    printf '%s\n' "$3" >"$bv_sysctl"
}
