# Package managers, and whether they can work.

managers=''
for name in apt-get dnf yum zypper apk pacman emerge xbps-install; do
    if has "$name"; then managers="$managers $name"; fi
done
say package_manager "${managers:- none}"
if has dpkg; then
    say package_arch "$(dpkg --print-architecture 2>/dev/null)"
    # Complaints are several lines each; the packages stand behind a blank.
    say dpkg_broken -
    dpkg --audit 2>/dev/null | while IFS= read -r line; do
        case $line in
        ' '*)
            line=${line# }
            say dpkg_broken "${line%% *}"
            ;;
        esac
    done
    # dpkg's own journal: there only while it works, or after it was killed.
    interrupted=0
    for file in /var/lib/dpkg/updates/[0-9]*; do
        [ ! -e "$file" ] || interrupted=1
    done
    say dpkg_interrupted "$interrupted"
fi
# Who installs packages now. dpkg, rpm and dnf 5 lock a file; dnf, yum and zypper write their number into one.
say package_lock -
for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock \
    /run/dnf/rpmtransaction.lock; do
    inode=$(stat -c %i "$lock" 2>/dev/null)
    [ -n "$inode" ] || continue
    while read -r _ _ _ _ pid id _; do
        [ "${id##*:}" = "$inode" ] || continue
        # Another file system may have the same inode number: the process knows better.
        # shellcheck disable=SC3013 # dash, bash and busybox have -ef; others find no lock.
        for fd in "/proc/$pid/fd"/*; do
            if [ "$fd" -ef "$lock" ]; then
                process=
                read -r process 2>/dev/null <"/proc/$pid/comm"
                say package_lock "$pid $process"
                break
            fi
        done
    done </proc/locks
done
for lock in /var/cache/dnf/metadata_lock.pid /var/cache/dnf/download_lock.pid /var/lib/dnf/rpmdb_lock.pid /run/yum.pid \
    /run/zypp.pid; do
    pid=
    [ ! -r "$lock" ] || read -r pid 2>/dev/null <"$lock"
    # It may be left from one that was killed.
    if [ -z "$pid" ] || [ ! -d "/proc/$pid" ]; then continue; fi
    process=
    read -r process 2>/dev/null <"/proc/$pid/comm"
    say package_lock "$pid $process"
done
