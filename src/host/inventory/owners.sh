# shellcheck shell=sh
# shellcheck disable=SC2154 # inventory.sh and paths.sh set them
# Which of the paths that were seen packages brought.

# in_time STATUS TOOL: who does not know which files packages brought would remove them. Without an end the list counts as none.
in_time() {
    case $1 in 124 | 137)
        echo "$2 does not answer: which files packages brought is not known"
        exit 1
        ;;
    esac
}

# Where /bin, /sbin and /lib are links packages may know a path by its other name.
IFS=$newline
if has dpkg-query && [ -s /var/lib/dpkg/status ] && [ -n "$there" ]; then
    # shellcheck disable=SC2046,SC2086 # one path a line
    owned=$(timeout 60 dpkg-query -S -- $there $(printf '%s' "$there" | sed -n 's#^/usr\(/\(bin\|sbin\|lib\)/\)#\1#p') 2>/dev/null)
    in_time $? dpkg-query
    printf '%s\n' "$owned" | sed -n 's/^\([a-z0-9][^ ]*\): \(\/.*\)$/\2\t\1/p' | while IFS=$tab read -r path owner; do
        say owner "$path" package "${owner%%:*}"
        case $path in /bin/* | /sbin/* | /lib/*) say owner "/usr$path" package "${owner%%:*}" ;; esac
    done
elif has rpm && { [ -e /var/lib/rpm/rpmdb.sqlite ] || [ -e /var/lib/rpm/Packages ] || [ -e /var/lib/rpm/Packages.db ] || [ -e /usr/lib/sysimage/rpm/rpmdb.sqlite ] || [ -e /usr/lib/sysimage/rpm/Packages.db ]; }; then
    for path in $there; do
        owner=$(timeout 20 rpm -qf --qf '%{NAME}\n' -- "$path" 2>/dev/null)
        status=$?
        in_time $status rpm
        [ $status != 0 ] || say owner "$path" package "${owner%%"$newline"*}"
    done
fi
IFS=" $tab$newline"
