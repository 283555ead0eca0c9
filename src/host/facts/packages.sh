# Package managers, and whether they can work.

managers=''
for name in apt-get dnf yum zypper apk pacman emerge xbps-install; do
    if has "$name"; then managers="$managers $name"; fi
done
say package_manager "${managers:- none}"
if has dpkg; then
    say package_arch "$(dpkg --print-architecture 2>/dev/null)"
    # Complaints are several lines each; the packages stand behind a blank. dpkg takes long to say that there are none.
    say dpkg_broken -
    ! grep -qsE '^Status: [a-z]+ (reinstreq|hold-reinstreq|ok (unpacked|half-|triggers-))' /var/lib/dpkg/status ||
        dpkg --audit 2>/dev/null | sed -n 's/^ \([^ ]*\).*/dpkg_broken \1/p'
    # dpkg's own journal: there only while it works, or after it was killed.
    interrupted=0
    for file in /var/lib/dpkg/updates/[0-9]*; do
        [ ! -e "$file" ] || interrupted=1
    done
    say dpkg_interrupted "$interrupted"
fi
# Who installs packages now. dpkg, rpm and dnf 5 lock a file; dnf, yum and zypper write their number into one.
say package_lock -
stat -c '%i %n' /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock \
    /run/dnf/rpmtransaction.lock 2>/dev/null | awk '
        part == 1 { lock[$1] = $2; next }
        { inode = $6; sub(/.*:/, "", inode); if (inode in lock) print $5 " " lock[inode] }' part=1 - part=2 /proc/locks 2>/dev/null |
    while read -r pid lock; do
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

# The lines of apt's sources that count, with their files in front (sources.list(5)): a stanza may be switched off.
apt_sources() {
    awk '
        function flush() { if (!off) printf "%s", text; text = ""; off = 0 }
        FNR == 1 { flush() }
        /^[ \t]*#/ { next }
        FILENAME ~ /[.]list$/ { if (/^[ \t]*deb/) print FILENAME "\t" $0; next }
        /^[ \t]*$/ { flush(); next }
        tolower($0) ~ /^enabled:[ \t]*(no|false|without|off|disable|0)[ \t]*$/ { off = 1 }
        { text = text FILENAME "\t" $0 "\n" }
        END { flush() }
    ' "$@"
}
# What apt would do for the tools that the installation brings (playbooks/os/debian.yaml), asked as `kind/package/apt.sh` asks it: the
# packages that are not there, its errors, and what it would change of those that are. Without its caches, which it would write.
if has apt-get && has dpkg-query && [ -d /run/systemd/system ]; then
    wanted=' conntrack ebtables ethtool iproute2 iptables nftables socat '
    # shellcheck disable=SC2086 # package names have no blanks
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' $wanted 2>/dev/null)
    while read -r name state; do
        case $state in
        ii* | hi*) wanted="${wanted%% "$name" *} ${wanted#* "$name" }" ;;
        h*) say apt_held "$name" ;;
        esac
    done <<EOF
$installed
EOF
    case $wanted in *[a-z]*) say apt_wanted "$wanted" ;; *) say apt_wanted - ;; esac
    case $wanted in
    *[a-z]*)
        # shellcheck disable=SC2086
        plan=$(timeout 20 apt-get -s -y -qq -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= --no-install-recommends install -- $wanted 2>&1)
        # 124: it took too long to know.
        [ $? = 124 ] || printf '%s\n' 'apt -' "$plan" | sed -n -e 's/^apt -$/&/p' -e 's/^E: /apt error /p' -e 's/^Remv \([^ ]*\).*/apt remove \1/p' \
            -e 's/^Inst \([^ ]*\) \[.*/apt upgrade \1/p'
        # Sources that are no more, and keys that apt's own user cannot read: they stop a refresh of its lists.
        set --
        for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do [ ! -r "$file" ] || set -- "$@" "$file"; done
        sources=
        [ $# = 0 ] || sources=$(apt_sources "$@")
        say apt_gone -
        # At Google's address only Kubernetes' own suites have gone.
        printf '%s\n' "$sources" | grep -E '	(.*://[^ ]*apt[.]kubernetes[.]io|.*packages[.]cloud[.]google[.]com/apt/? +kubernetes-|Suites:.* kubernetes-[a-z])' |
            cut -f 1 | uniq | sed 's/^/apt_gone /'
        say apt_key -
        find /etc/apt/keyrings /etc/apt/trusted.gpg.d /usr/share/keyrings -type f ! -perm -004 2>/dev/null | while read -r file; do
            # What is trusted is so for each source that names no key.
            case $file:$sources in /etc/apt/trusted.gpg.d/* | *:*"$file"*) say apt_key "$file" ;; esac
        done
        ;;
    esac
fi
