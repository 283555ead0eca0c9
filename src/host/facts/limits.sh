# What the kernel and the login allow: `number NAME VALUE`.

# grep reads each at once: of these files a second read has nothing.
(
    cd /proc/sys && grep -s '' kernel/pid_max kernel/modules_disabled kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes \
        vm/overcommit_memory vm/panic_on_oom fs/inotify/max_user_instances fs/inotify/max_user_watches user/max_net_namespaces \
        user/max_mnt_namespaces user/max_pid_namespaces user/max_ipc_namespaces user/max_uts_namespaces net/netfilter/nf_conntrack_max
) | tr / . | sed -n 's/^\([a-z_.]*\):\([0-9][0-9]*\)$/number \1 \2/p'
# What the kubelet sets itself (`setupKernelTunables`): where `/proc/sys` is read-only it cannot.
if [ -w /proc/sys/vm/overcommit_memory ]; then say defaults_writable 1; else say defaults_writable 0; fi
# A file of mode 0444 is one that the kernel lets nobody write here.
if [ -e /proc/sys/net/netfilter/nf_conntrack_max ]; then
    if [ -w /proc/sys/net/netfilter/nf_conntrack_max ]; then say conntrack_writable 1; else say conntrack_writable 0; fi
fi
say number "inotify_used $(find /proc/[0-9]*/fd -user 0 -lname anon_inode:inotify 2>/dev/null | wc -l)"

# Of this login: blocks of a file, KiB of memory, seconds, files.
for option in f v t; do
    # shellcheck disable=SC3045 # dash, bash and busybox have them; others say nothing
    value=$(ulimit -S"$option" 2>/dev/null)
    case $value in
    '' | *[!0-9]*) ;;
    *) say number "ulimit_$option $value" ;;
    esac
done
# shellcheck disable=SC3045
value=$(ulimit -Hn 2>/dev/null)
case $value in
'' | *[!0-9]*) ;;
*) say number "ulimit_n $value" ;;
esac
