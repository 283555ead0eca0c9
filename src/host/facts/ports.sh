# Who listens on the ports of Kubernetes.

# The process that has the socket with this inode; found without ss.
owner() {
    fd=$(find /proc/[0-9]*/fd -lname "socket:\[$1\]" 2>/dev/null)
    fd=${fd%%"$newline"*}
    fd=${fd#/proc/}
    process=
    [ -z "$fd" ] || read -r process 2>/dev/null <"/proc/${fd%%/*}/comm"
}

if [ -r /proc/net/tcp ]; then
    say listener -
    # Who listens stands first; to look on through all connections takes the kernel a while, so the shell stops at the first.
    for file in /proc/net/tcp /proc/net/tcp6; do
        [ -r "$file" ] || continue
        while read -r _ local _ state _ _ _ _ _ inode _; do
            case $state in st | 0A) ;; *) break ;; esac
            case ${local##*:} in
            094B) port=2379 ;;
            094C) port=2380 ;;
            192B) port=6443 ;;
            # Where a bundle is served (cluster/check/serve.rs).
            2124) port=8484 ;;
            2808) port=10248 ;;
            2809) port=10249 ;;
            280A) port=10250 ;;
            2810) port=10256 ;;
            2811) port=10257 ;;
            2813) port=10259 ;;
            *) continue ;;
            esac
            owner "$inode"
            # Nobody's: it may be gone by now, as what another run listens with for a moment.
            [ -n "$process" ] || grep -qs " $inode " /proc/net/tcp /proc/net/tcp6 || continue
            say listener "$port $process"
        done <"$file"
    done
fi
