# What the kernel and the login allow: `number NAME VALUE`.

# grep reads each at once: of these files a second read has nothing.
numbers=$(
    cd /proc/sys && grep -s '' kernel/pid_max kernel/threads-max kernel/modules_disabled kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes \
        vm/overcommit_memory vm/panic_on_oom fs/inotify/max_user_instances fs/inotify/max_user_watches user/max_net_namespaces \
        user/max_mnt_namespaces user/max_pid_namespaces user/max_ipc_namespaces user/max_uts_namespaces net/netfilter/nf_conntrack_max \
        net/ipv4/ip_local_port_range net/ipv4/ip_local_reserved_ports |
        sed -n -e 'y#/	#. #' -e 's/^\(net[.]ipv4[.][a-z_]*\):$/sysctl \1 -/p' -e 's/^\(net[.]ipv4[.][a-z_]*\):\(..*\)/sysctl \1 \2/p' \
            -e 's/^\([a-z_.-]*\):\([0-9][0-9]*\)$/number \1 \2/p'
)
printf '%s\n' "$numbers"
# What the kubelet sets itself (`setupKernelTunables`): where `/proc/sys` is read-only it cannot.
if [ -w /proc/sys/vm/overcommit_memory ]; then say defaults_writable 1; else say defaults_writable 0; fi
# A file of mode 0444 is one that the kernel lets nobody write here.
if [ -e /proc/sys/net/netfilter/nf_conntrack_max ]; then
    if [ -w /proc/sys/net/netfilter/nf_conntrack_max ]; then say conntrack_writable 1; else say conntrack_writable 0; fi
fi
# How many watchers of files root's programs have: to look at all that they have open takes a while, so only where it is near enough to matter.
watchers=${numbers##*number fs.inotify.max_user_instances }
watchers=${watchers%%"$newline"*}
# By name first: of what is something else nothing more is asked, not even whether it is there by the shell.
# shellcheck disable=SC2016 # the inner shell expands it
case $watchers in
'' | *[!0-9]*) ;;
????*) ;;
*)
    say number "inotify_used $(cd /proc && printf '%s/fd\0' [0-9]* |
        xargs -0 sh -c 'exec find "$@" -lname anon_inode:inotify -user 0' sh 2>/dev/null | wc -l)"
    ;;
esac

# Of this login: blocks of a file, KiB of memory, seconds, and files as far as they may be raised.
# shellcheck disable=SC3045 # dash, bash and busybox have them; others say nothing
limits=$(ulimit -Sf && ulimit -Sv && ulimit -St && ulimit -Hn) 2>/dev/null
# shellcheck disable=SC2086 # words
set -- $limits
if [ $# = 4 ]; then
    for option in f v t n; do
        case $1 in *[!0-9]*) ;; *) say number "ulimit_$option $1" ;; esac
        shift
    done
fi
