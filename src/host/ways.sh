# shellcheck shell=sh
# shellcheck disable=SC2154 # the lines in front assign them
# Whether packets of other hosts get here, and ours there. For a moment this host listens, and tries the ways to
# others meanwhile. It goes by words of the operator's, so that nobody tries before all listen, and nobody stops
# listening before all have tried: `listening`, then it waits for a line; `tried`, then it waits for another.
#
# The lines in front say:
#   bv_address   the address to listen on
#   bv_tcp       TCP ports, with blanks in between; bv_udp: those of UDP
#   bv_word      what datagrams of this run begin with
#   bv_limit     seconds after which nobody listens any more
#   bv_ways      is defined by them: a function that calls `bv_try` with lines `NUMBER PROTOCOL ADDRESS PORT SIZE`
#
# What listens ends with the connection (the word that it waits for does not come then), and by itself after
# bv_limit seconds. It writes no file. Where somebody listens already, he answers: `taken`, or `another` where he is
# another run's, who may stop at any moment. A host that another run has locked does not listen (`held`): that run's
# programs may want the ports.

bv_hex() { printf '%04X' "$1"; }
# bv_sockets tcp|udp PORT: the inodes of what has that port; `ss` would make the kernel load a module.
bv_sockets() {
    case $1 in tcp) bv_state=0A ;; *) bv_state=07 ;; esac
    sed -nE "s/^ *[0-9]+: [0-9A-F]+:$(bv_hex "$2") [0-9A-F]+:0000 $bv_state [^ ]+ [^ ]+ [^ ]+ +[0-9]+ +[0-9]+ ([0-9]+) .*/\1/p" \
        "/proc/net/$1" "/proc/net/${1}6" 2>/dev/null
}
bv_bound() { [ -n "$(bv_sockets "$1" "$2")" ]; }
# bv_has PROCESS tcp|udp PORT: whether it is that process that has it.
bv_has() {
    bv_files=$(ls -l "/proc/$1/fd" 2>/dev/null)
    for bv_socket in $(bv_sockets "$2" "$3"); do
        case $bv_files in *"socket:[$bv_socket]"*) return 0 ;; esac
    done
    return 1
}
# bv_whose tcp|udp PORT: says whose it is, if not ours. What runs listen with is told by its name.
bv_whose() {
    bv_bound "$1" "$2" || return 0
    grep -lsx systemd-socket- /proc/[0-9]*/comm | {
        while IFS= read -r bv_process; do
            bv_process=${bv_process#/proc/}
            if bv_has "${bv_process%/comm}" "$1" "$2"; then
                echo "another $1 $2"
                exit
            fi
        done
        echo "taken $1 $2"
    }
}
bv_at() { case $bv_address in *:*) printf '[%s]:%s' "$bv_address" "$1" ;; *) printf '%s:%s' "$bv_address" "$1" ;; esac; }

# bv_alone tcp|udp PORT: says if another has the port besides us. Of UDP's that can be, since systemd-socket-activate sets
# SO_REUSEADDR, and datagrams go to him who came last (socket(7)).
bv_alone() { [ "$(bv_sockets "$1" "$2" | wc -l)" -le 1 ] || echo "another $1 $2"; }
# bv_up tcp|udp PORT CHILD: waits until the child has it, which is `timeout`, or rather what that started. Where the
# child is no more, somebody else was faster.
bv_up() {
    bv_left=60
    while [ "$bv_left" -gt 0 ]; do
        bv_listener=
        read -r bv_listener _ 2>/dev/null <"/proc/$3/task/$3/children"
        # busybox's timeout becomes the program itself.
        if bv_has "${bv_listener:-$3}" "$1" "$2"; then
            echo "up $1 $2"
            bv_alone "$1" "$2"
            return
        fi
        # Of one that has ended, and was not waited for, there is no program any more.
        [ -e "/proc/$3/exe" ] || break
        sleep 0.05
        bv_left=$((bv_left - 1))
    done
    bv_whose "$1" "$2"
}

# Ways by TCP: who is connected is there. By UDP: the receiver tells the number of what came; twice, since a
# datagram may be lost. A large one is the first of its size on the wire with the bit that forbids to cut it; a
# router that says how much fits is believed, and the others are cut (ip(7), IP_PMTUDISC_WANT, the default): what
# does not come at all is lost without a word.
# shellcheck disable=SC2016 # bash expands it
bv_tries='
while read -r number protocol host port size; do
    case $protocol in
    tcp)
        {
            # With less than three seconds left nothing could be told from silence.
            [ "$SECONDS" -gt 1 ] || printf "begun %s\n" "$number"
            said=$( { exec 3<>"/dev/tcp/$host/$port"; } 2>&1 ) && said=connected
            printf "way %s %s\n" "$number" "${said##*: }"
        } &
        ;;
    udp)
        {
            exec 3>"/dev/udp/$host/$port" || exit
            [ "$SECONDS" -gt 1 ] || printf "begun %s\n" "$number"
            for turn in 1 2 3; do
                { printf "came %s %s\n" "$word" "$number"; head -c "$size" /dev/zero; } | dd bs="$size" count=1 iflag=fullblock >&3
                sleep 0.2
            done
        } 2>/dev/null &
        ;;
    esac
done
wait'
# A connection is tried by the kernel after 0, 1 and 3 seconds.
bv_try() {
    if command -v bash >/dev/null && command -v timeout >/dev/null; then
        word=$bv_word timeout 5 bash -c "$bv_tries" 2>/dev/null
    else
        sed 's/^\([0-9]*\) .*/way \1 untried/'
    fi
}

bv_children='' bv_listen='' bv_hear='' bv_held=free
if command -v bv_lock_state >/dev/null; then bv_held=$(bv_lock_state); fi
case $bv_held in
free | left)
    for bv_port in $bv_tcp; do
        if bv_bound tcp "$bv_port"; then bv_whose tcp "$bv_port"; else bv_listen="$bv_listen $bv_port"; fi
    done
    for bv_port in $bv_udp; do
        bv_bound udp "$bv_port" || bv_hear="$bv_hear $bv_port"
    done
    ;;
*) echo held ;;
esac
if command -v systemd-socket-activate >/dev/null && command -v timeout >/dev/null; then
    set --
    for bv_port in $bv_listen; do set -- "$@" -l "$(bv_at "$bv_port")"; done
    # It reads until the other side ends: then that side is the one that remembers the connection for a while.
    if [ $# -gt 0 ]; then
        timeout "$bv_limit" systemd-socket-activate --accept --inetd "$@" cat </dev/null >/dev/null 2>&1 &
        bv_children="$bv_children $!"
        for bv_port in $bv_listen; do bv_up tcp "$bv_port" $!; done
    fi
    for bv_port in $bv_hear; do
        # shellcheck disable=SC2016 # the inner shell expands it
        timeout "$bv_limit" systemd-socket-activate --datagram -l "$(bv_at "$bv_port")" \
            sh -c 'while dd bs=80 count=1 <&3 2>/dev/null; do echo; done' </dev/null 2>/dev/null &
        bv_children="$bv_children $!"
        bv_up udp "$bv_port" $!
    done
fi
echo listening
# Who is there besides us before, after or at the end takes what was meant for us.
bv_together() { for bv_port in $bv_hear; do bv_alone udp "$bv_port"; done; }
if read -r _; then
    bv_together
    bv_ways </dev/null
    bv_together
    echo tried
    read -r _
    bv_together
fi
# `timeout` passes it on to all that it started.
for bv_child in $bv_children; do kill "$bv_child" 2>/dev/null; done
wait
