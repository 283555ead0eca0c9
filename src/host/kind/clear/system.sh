# Packages, kernel settings, lines of files that many write.

# packages MANAGER NAME...: exactly these, without resolving anything: `dpkg` and `rpm` take them all or none.
bv_clear_packages_is() {
    bv_pm=$1
    shift
    [ -z "$(bv_clear_packages_there "$@")" ]
}
# Those that are there, whole or in part, as NAME=VERSION.
bv_clear_packages_there() {
    case $bv_pm in
    apt)
        # shellcheck disable=SC2016 # dpkg-query expands it
        dpkg-query -W -f '${Package}=${Version} ${db:Status-Abbrev}\n' -- "$@" 2>/dev/null | awk '$2 !~ /^un/ { print $1 }'
        ;;
    *) rpm -q --qf '%{NAME}=%{VERSION}-%{RELEASE}\n' -- "$@" 2>/dev/null | grep '=' ;;
    esac
}
bv_clear_packages_before() {
    bv_pm=$1
    shift
    # shellcheck disable=SC2046 # Names and versions have no blanks.
    bv_was $(bv_clear_packages_there "$@")
}
bv_clear_packages_do() {
    bv_pm=$1
    shift
    # shellcheck disable=SC2046 # Names have no blanks.
    set -- $(bv_clear_packages_there "$@" | sed 's/=.*//')
    case $bv_pm in
    apt)
        bv_package_wait
        # What is held would stay.
        for bv_name; do echo "$bv_name install"; done | dpkg --set-selections
        DEBIAN_FRONTEND=noninteractive dpkg --purge -- "$@" </dev/null >&2
        ;;
    *)
        for bv_name; do
            ! command -v dnf >/dev/null || timeout 60 dnf -q -C versionlock delete "$bv_name" >/dev/null 2>&1 </dev/null
        done
        rpm -e -- "$@" </dev/null >&2
        ;;
    esac
}
bv_clear_packages_undo() {
    shift "$bv_nargs"
    [ $# -eq 0 ] || bv_clear_lost "packages $*"
}

# sysctls KEY=VALUE...
bv_clear_sysctls_is() {
    for bv_word; do
        bv_sysctl_path "${bv_word%%=*}"
        [ ! -e "$bv_sysctl" ] || [ "$(bv_sysctl_value)" = "${bv_word#*=}" ] || return 1
    done
}
bv_clear_sysctls_before() {
    for bv_word; do
        bv_sysctl_path "${bv_word%%=*}"
        bv_was "${bv_word%%=*}=$(bv_sysctl_value)"
    done
}
bv_clear_sysctls_do() { bv_clear_sysctls_write "$@" && bv_clear_sysctls_is "$@"; }

# Where files of settings are.
BV_SYSCTL_FILES='/run/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf /etc/sysctl.d/*.conf /etc/sysctl.conf'

# Writes these, and what the kernel overwrites with them as it is to be: where forwarding changes for all, `accept_redirects` becomes the opposite and each
# link forwards likewise (net/ipv4/devinet.c, `inet_forward_change`; residue.md, D21). What a file of settings says of these counts, as at the boot; if none does,
# `accept_redirects` stays as it is, and links go with the whole.
bv_clear_sysctls_write() {
    bv_clear_sysctls_wanted "$@" >"$BV_LIVE/sysctls" || bv_die "what the kernel overwrites cannot be noted"
    bv_sysctls_settle bv_clear_sysctls_differ
    rm -f -- "$BV_LIVE/sysctls"
}
# As `KEY<TAB>VALUE`, keys as paths below $BV_SYSCTLS.
bv_clear_sysctls_wanted() {
    bv_families=
    for bv_word; do
        case $bv_word in
        net.ipv4.ip_forward=*) bv_families="$bv_families ipv4" ;;
        net.ipv6.conf.all.forwarding=*) bv_families="$bv_families ipv6" ;;
        esac
    done
    for bv_family in $bv_families; do
        for bv_path in "$BV_SYSCTLS/net/$bv_family"/conf/*/accept_redirects; do
            [ ! -r "$bv_path" ] || printf '%s\t%s\n' "${bv_path#"$BV_SYSCTLS/"}" "$(cat "$bv_path")"
        done
        # A link's name may have dots: such a key has them and its slashes the other way round (sysctl.d(5)).
        # shellcheck disable=SC2086 # patterns
        cat $BV_SYSCTL_FILES 2>/dev/null | BV_FAMILY=$bv_family awk '
            /^[ \t]*-?[a-zA-Z0-9_.\/-]+[ \t]*=/ {
                key = $0
                sub(/[ \t]*=.*/, "", key); sub(/^[ \t]*-?/, "", key)
                value = substr($0, index($0, "=") + 1)
                gsub(/^[ \t]+|[ \t]+$/, "", value)
                if (key !~ /^[a-z0-9_]*\//) { gsub(/\//, "\n", key); gsub(/\./, "/", key); gsub(/\n/, ".", key) }
                n = split(key, part, "/")
                if (n == 5 && part[1] == "net" && part[2] == ENVIRON["BV_FAMILY"] && part[3] == "conf" && part[4] != "all" && part[5] ~ /^(forwarding|accept_redirects)$/ ||
                    key == "net/" ENVIRON["BV_FAMILY"] "/conf/all/accept_redirects") print key "\t" value
            }'
    done
    for bv_word; do printf '%s\t%s\n' "$(printf '%s' "${bv_word%%=*}" | tr . /)" "${bv_word#*=}"; done
}
bv_clear_sysctls_differ() {
    # The last word on each counts.
    BV_ROOT=$BV_SYSCTLS awk -F '\t' '
        { wanted[$1] = $2 }
        END {
            for (key in wanted) {
                path = ENVIRON["BV_ROOT"] "/" key
                value = ""
                if ((getline value <path) < 0) continue
                close(path)
                gsub(/\t/, " ", value)
                if (value == wanted[key]) continue
                name = key
                # As bv_sysctls_settle turns it back.
                gsub(/\./, "\n", name); gsub(/\//, ".", name); gsub(/\n/, "/", name)
                print (key ~ /ip_forward$|ipv6\/conf\/all\/forwarding$/ ? 0 : key ~ /conf\/all\// ? 1 : key ~ /conf\/default\// ? 2 : 3) "\t" name "\t" wanted[key]
            }
        }' "$BV_LIVE/sysctls"
}
bv_clear_sysctls_undo() {
    shift "$bv_nargs"
    bv_clear_sysctls_write "$@"
}

# Files of which lines go: what it was and what it becomes are both saved, so an undo knows whether somebody was there since.
bv_clear_edit_before() {
    [ ! -L "$1" ] || bv_die "\`$1\` is not changed: it is a link, and the file that it leads to is somebody's own"
    [ -f "$1" ] || bv_die "\`$1\` is not there"
    { mkdir -p "$bv_saved" && cp -a -- "$1" "$bv_saved/file" && cp -a -- "$1" "$bv_saved/new"; } || bv_die "\`$1\` cannot be saved"
    cat >"$bv_saved/new" || bv_die "\`$1\` cannot be saved"
    bv_sync "$bv_saved/file" "$bv_saved/new" "$bv_saved"
    bv_was saved
}
bv_clear_edit_do() {
    case $(lsattr -d -- "$1" 2>/dev/null) in
    [!\ ]*i*\ * | [!\ ]*a*\ *) bv_die "\`$1\` is not changed: its owner made it immutable; \`chattr -i -a $1\` lets it be changed" ;;
    esac
    cp -a -- "$bv_saved/new" "$1.bivouac~" && bv_sync "$1.bivouac~" && mv -fT -- "$1.bivouac~" "$1" && bv_label "$1" && return
    rm -f -- "$1.bivouac~"
    return 1
}
bv_clear_edit_undo() {
    rm -f -- "$1.bivouac~"
    if cmp -s -- "$1" "$bv_saved/new"; then
        cp -a -- "$bv_saved/file" "$1.bivouac~" && mv -fT -- "$1.bivouac~" "$1" && bv_label "$1"
    elif ! cmp -s -- "$1" "$bv_saved/file"; then
        bv_keep "$1: it was changed since"
    fi
}

# block FILE FIRST LAST
bv_clear_block_is() { [ ! -f "$1" ] || ! grep -qxF -- "$2" "$1"; }
bv_clear_block_before() {
    BV_FIRST=$2 BV_LAST=$3 awk '
        { line[NR] = $0; if ($0 == ENVIRON["BV_LAST"]) last = NR }
        END {
            for (i = 1; i <= NR; i++) {
                # Without its end it is not known where a block ends.
                if (line[i] == ENVIRON["BV_FIRST"] && i < last) inside = 1
                if (!inside) print line[i]
                if (line[i] == ENVIRON["BV_LAST"]) inside = 0
            }
        }' "$1" 2>/dev/null | bv_clear_edit_before "$1" || return 1
    bv_was saved
}
bv_clear_block_do() { bv_clear_edit_do "$1"; }
bv_clear_block_undo() { bv_clear_edit_undo "$1"; }

# lines FILE LINE...
bv_clear_lines_is() {
    bv_path=$1
    shift
    for bv_word; do
        ! grep -qxF -- "$bv_word" "$bv_path" 2>/dev/null || return 1
    done
}
bv_clear_lines_before() {
    bv_path=$1
    shift
    bv_words=$(for bv_word; do printf '%s\n' "$bv_word"; done)
    BV_LINES=$bv_words awk '
        BEGIN { n = split(ENVIRON["BV_LINES"], all, "\n"); for (i = 1; i <= n; i++) out[all[i]] = 1 }
        !($0 in out)' "$bv_path" 2>/dev/null | bv_clear_edit_before "$bv_path" || return 1
    bv_was saved
}
bv_clear_lines_do() { bv_clear_edit_do "$1"; }
bv_clear_lines_undo() { bv_clear_edit_undo "$1"; }

# fstab LINE...: comments that become lines again, and their swap is switched on. One whose device is gone stays a comment: the next boot would wait for it.
bv_clear_fstab_is() {
    for bv_word; do
        bv_clear_swap_is_there "$bv_word" || continue
        ! grep -qxF -- "$bv_word" "$BV_FSTAB" 2>/dev/null || return 1
    done
}
bv_clear_swap_is_there() {
    bv_device=${1#\#}
    # shellcheck disable=SC2086 # The first word of a line.
    set -- $bv_device
    case ${1:-} in
    *=*) timeout 10 findfs "$1" >/dev/null 2>&1 ;;
    *) [ -e "${1:-}" ] || bv_clear_swaps "${1:-}" ;;
    esac
}
bv_clear_fstab_before() {
    for bv_word; do
        shift
        ! bv_clear_swap_is_there "$bv_word" || set -- "$@" "$bv_word"
    done
    bv_words=$(for bv_word; do printf '%s\n' "$bv_word"; done)
    BV_LINES=$bv_words awk '
        BEGIN { n = split(ENVIRON["BV_LINES"], all, "\n"); for (i = 1; i <= n; i++) out[all[i]] = 1 }
        $0 in out { sub(/^#[ \t]*/, "") }
        { print }' "$BV_FSTAB" 2>/dev/null | bv_clear_edit_before "$BV_FSTAB" || return 1
    bv_was saved
}
# Whether the swap that fstab calls $1 is on.
bv_clear_swaps() {
    bv_device=$1
    case $1 in *=*) bv_device=$(timeout 10 findfs "$1" 2>/dev/null) || return 1 ;; esac
    bv_swap_on | sed 's/^[^:]*://' | grep -qxF -- "$(readlink -f -- "$bv_device")"
}
bv_clear_fstab_do() {
    for bv_word; do
        bv_clear_swap_is_there "$bv_word" || continue
        bv_word=${bv_word#\#}
        # shellcheck disable=SC2086 # The first word of a line.
        set -- $bv_word
        bv_clear_swaps "$1" || timeout 60 swapon -- "$1" ||
            bv_die "\`$1\` cannot be switched on as swap: its line in /etc/fstab stays a comment"
    done
    bv_clear_edit_do "$BV_FSTAB" && systemctl daemon-reload
}
bv_clear_fstab_undo() { bv_clear_edit_undo "$BV_FSTAB"; }

# selinux enforcing: in the file, and now where it is at work.
bv_clear_selinux_is() { grep -qsx 'SELINUX=enforcing' /etc/selinux/config; }
bv_clear_selinux_before() {
    sed 's/^SELINUX=permissive$/SELINUX=enforcing/' /etc/selinux/config | bv_clear_edit_before /etc/selinux/config || return 1
    bv_was "$(cat /sys/fs/selinux/enforce 2>/dev/null)"
}
bv_clear_selinux_do() {
    bv_clear_edit_do /etc/selinux/config && { [ ! -e /sys/fs/selinux/enforce ] || setenforce 1; }
}
bv_clear_selinux_undo() {
    shift "$bv_nargs"
    bv_clear_edit_undo /etc/selinux/config
    [ "${1:-}" != 0 ] || setenforce 0
}

# unmask UNIT...
bv_clear_unmask_is() {
    for bv_name; do [ "$(readlink "/etc/systemd/system/$bv_name" 2>/dev/null)" != /dev/null ] || return 1; done
}
bv_clear_unmask_before() { :; }
bv_clear_unmask_do() { systemctl unmask -q -- "$@"; }
bv_clear_unmask_undo() {
    while [ "$bv_nargs" -gt 0 ]; do
        systemctl mask -q -- "$1" || return 1
        bv_nargs=$((bv_nargs - 1))
        shift
    done
}

# users NAME...: of this host's own files.
bv_clear_users_is() {
    for bv_name; do ! grep -qs "^$bv_name:" /etc/passwd || return 1; done
}
bv_clear_users_before() {
    for bv_name; do bv_was "$(grep -s "^$bv_name:" /etc/passwd | head -n 1)"; done
}
bv_clear_users_do() {
    for bv_name; do
        bv_uid=$(sed -n "s/^$bv_name:[^:]*:\([0-9]*\):.*/\1/p" /etc/passwd | head -n 1)
        [ -n "$bv_uid" ] || continue
        # People have numbers from here on, and 0 is root, whatever else it is called.
        { [ "$bv_uid" -gt 0 ] && [ "$bv_uid" -lt 1000 ]; } || bv_die "the user \`$bv_name\` is not removed: its number $bv_uid is no service's"
        bv_left=$(bv_clear_owned u "$bv_uid") || bv_die "whether anything is the user \`$bv_name\`'s could not be found out in time"
        # `userdel` takes the group of the same name along (USERGROUPS_ENAB of login.defs).
        bv_gid=$(sed -n "s/^$bv_name:[^:]*:\([0-9]*\):.*/\1/p" /etc/group | head -n 1)
        if [ -z "$bv_left" ] && [ -n "$bv_gid" ]; then
            bv_left=$(bv_clear_owned g "$bv_gid") || bv_die "whether anything is the group \`$bv_name\`'s could not be found out in time"
        fi
        if [ -n "$bv_left" ]; then
            # The look afterwards names it.
            echo "the user \`$bv_name\` stays: $bv_left is its own"
            continue
        fi
        userdel -- "$bv_name" </dev/null >&2 || return 1
    done
}
# Something that is a user's (`u`) or a group's (`g`) by its number: a process, or a file on a file system of this host's.
bv_clear_owned() {
    for bv_path in /proc/[0-9]*; do
        [ "$(stat -c "%$1" "$bv_path" 2>/dev/null)" = "$2" ] || continue
        printf 'the process %s' "${bv_path#/proc/}"
        return 0
    done
    bv_local=$(awk '{ for (i = 7; i <= NF; i++) if ($i == "-") { if ($(i + 1) ~ /^(ext[234]|xfs|btrfs|zfs|f2fs|overlay|jfs|vfat)$/) print $5; break } }' /proc/self/mountinfo | grep -v '[\\]')
    bv_found=$(printf '%s\n' "$bv_local" | while IFS= read -r bv_path; do
        timeout 120 find "$bv_path" -xdev "-${1}id" "$2" -print -quit 2>/dev/null
        [ $? -lt 124 ] || { echo '?'; break; }
    done | head -n 1)
    [ "$bv_found" != '?' ] || return 1
    printf '%s' "$bv_found"
}
bv_clear_users_undo() {
    bv_number=0
    while [ "$bv_number" -lt "$bv_nargs" ]; do
        bv_number=$((bv_number + 1))
        eval "bv_name=\${$bv_number} bv_line=\${$((bv_nargs + bv_number)):-}"
        if [ -z "$bv_line" ] || grep -qs "^$bv_name:" /etc/passwd; then continue; fi
        printf '%s\n' "$bv_line" | {
            IFS=: read -r _ _ bv_uid bv_gid bv_comment bv_home bv_shell
            grep -qs "^[^:]*:[^:]*:$bv_gid:" /etc/group || groupadd -r -g "$bv_gid" -- "$bv_name" || exit 1
            useradd -r -M -u "$bv_uid" -g "$bv_gid" -c "$bv_comment" -d "$bv_home" -s "$bv_shell" -- "$bv_name"
        } || return 1
    done
}

# groups NAME...: of this host's own files, and nobody's.
bv_clear_groups_is() {
    for bv_name; do ! grep -qs "^$bv_name:" /etc/group || return 1; done
}
bv_clear_groups_before() {
    for bv_name; do bv_was "$(grep -s "^$bv_name:" /etc/group | head -n 1)"; done
}
bv_clear_groups_do() {
    for bv_name; do
        bv_gid=$(sed -n "s/^$bv_name:[^:]*:\([0-9]*\):.*/\1/p" /etc/group | head -n 1)
        [ -n "$bv_gid" ] || continue
        { [ "$bv_gid" -gt 0 ] && [ "$bv_gid" -lt 1000 ]; } || bv_die "the group \`$bv_name\` is not removed: its number $bv_gid is no service's"
        bv_left=$(awk -F : -v gid="$bv_gid" '$4 == gid { print "the user " $1; exit }' /etc/passwd)
        [ -n "$bv_left" ] || bv_left=$(bv_clear_owned g "$bv_gid") || bv_die "whether anything is the group \`$bv_name\`'s could not be found out in time"
        if [ -n "$bv_left" ]; then
            echo "the group \`$bv_name\` stays: $bv_left is its own"
            continue
        fi
        groupdel -- "$bv_name" </dev/null >&2 || return 1
    done
}
bv_clear_groups_undo() {
    bv_number=0
    while [ "$bv_number" -lt "$bv_nargs" ]; do
        bv_number=$((bv_number + 1))
        eval "bv_name=\${$bv_number} bv_line=\${$((bv_nargs + bv_number)):-}"
        if [ -z "$bv_line" ] || grep -qs "^$bv_name:" /etc/group; then continue; fi
        bv_line=${bv_line#*:*:}
        groupadd -r -g "${bv_line%%:*}" -- "$bv_name" || return 1
    done
}

# original FILE KEPT: an installer kept KEPT when it put its own in the place of FILE.
bv_clear_original_is() { [ ! -f "$2" ] || [ ! -f "$1" ]; }
bv_clear_original_before() {
    case $1 in /etc/apt/sources.list | /etc/chrony.conf) ;; *) bv_die "\`$1\` is not put back: no installer is known to keep it" ;; esac
    { [ "$2" = "${1}_bak" ] && [ ! -L "$2" ]; } || bv_die "\`$2\` is not what was kept of \`$1\`"
    bv_clear_edit_before "$1" <"$2" || return 1
    cp -a -- "$2" "$bv_saved/kept" || bv_die "\`$2\` cannot be saved"
    bv_was saved
}
bv_clear_original_do() {
    bv_clear_edit_do "$1" || return 1
    # kainstall moves the file away as well, after it has copied it.
    ! cmp -s -- "$1.bak" "$1" || rm -f -- "$1.bak"
    rm -f -- "$2"
}
bv_clear_original_undo() {
    [ -e "$2" ] || cp -a -- "$bv_saved/kept" "$2" || return 1
    bv_clear_edit_undo "$1"
}
