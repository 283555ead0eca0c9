# shellcheck shell=sh
# What a host is, as lines `key value`, for Facts::parse. One round trip, and only reads.
#
# Nothing here may change the host. So no tool is called that makes the kernel load a module: ss
# (inet_diag), iptables-legacy, ipset, conntrack; /proc says the same. Nothing asks the network
# either, so that a broken DNS server cannot make it slow.
#
# This is the beginning; what it is followed by are the parts below facts/, a group of facts each, and the line `end` (facts.rs). A
# part uses what is defined here, and nothing of another part.
#
# The first line is `facts 1` and the last is `end`: what lies between them is whole. A key that is
# not printed is unknown. Several lines with one key are a list; the value `-` is the empty list.

set +e +f +u
IFS=' 	
'
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset OMP_NUM_THREADS # nproc would take it for the number of CPUs
newline='
'

say() {
    case $2 in
    '') ;;
    *"$newline"*) printf '%s %s\n' "$1" "${2%%"$newline"*}?" ;;
    *) printf '%s %s\n' "$1" "$2" ;;
    esac
}

# The first line of a file.
say_file() {
    [ -r "$2" ] || return 0
    line=
    read -r line 2>/dev/null <"$2"
    say "$1" "$line"
}

has() { command -v "$1" >/dev/null 2>&1; }

# What may hang is asked with a limit.
has timeout || timeout() {
    shift
    "$@"
}

echo 'facts 1'
# Early, so that it falls well between the moments at which the operator asked and was answered.
say clock "$(date +%s%N)"
say uid "$(id -u)"
