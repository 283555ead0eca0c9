# The baseline: a host's state as lines `CLASS ...`, taken before the first change and again after a
# wipe. Reads only, and calls no tool that would load a kernel module.

# What is not looked at: people's own files, and our own directory. What hosts change by themselves is in the baseline; whose a
# difference is the operator's side judges (`compare`).
BV_UNSEEN='^(/home/|/var/tmp/|/root/\.cache(/|$)|/var/lib/bivouac(\.gone)?(/|$))'

# Local file systems to look into: the root, and mount points below the system's directories.
bv_roots() {
    echo /
    awk '$3 ~ /^(ext[234]|xfs|btrfs|f2fs|zfs|overlay)$/ && $2 ~ /^\/(boot|etc|home|opt|root|srv|usr|var)(\/(local|lib|log|cache))?$/ { print $2 }' /proc/mounts | sort -u
}

# What is mounted, as `TYPE<TAB>POINT`, in the kernel's order.
bv_mounted() {
    awk '{
        for (i = 7; i <= NF; i++) if ($i == "-") { type = $(i + 1); break }
        path = $5
        gsub(/\\040/, " ", path); gsub(/\\011/, "\t", path); gsub(/\\134/, "\\", path)
        print type "\t" path
    }' /proc/self/mountinfo
}
# Mount points of file systems that may not answer, for their server or their program is gone; the newest first.
bv_far() {
    bv_mounted | awk '{
        type = $1
        sub(/^[^\t]*\t/, "")
        if (type ~ /^(nfs|nfs4|cifs|smb3|smbfs|ceph|9p|afs|lustre|glusterfs|fuse|fuse\..*)$/) print NR "\t" $0
    }' | sort -rn | cut -f 2-
}

# find, as if the mounts of the list $1 were not there: it would ask each of them for its device, and wait for the answer, also with `-xdev`
# and `-prune`. They are taken away in a mount namespace of its own, without a word to them, and without one in /run/mount/utab (`-n`).
bv_find() {
    if [ -z "$1" ]; then
        shift
        find "$@"
        return
    fi
    # shellcheck disable=SC2016 # The inner shell expands it.
    unshare -m sh -c '
        mount --make-rprivate / || exit 200
        printf "%s\n" "$1" | while IFS= read -r bv_mount; do timeout -k 1 20 umount -n -c -i -l -- "$bv_mount"; done
        shift
        exec find "$@"' sh "$@"
}

# Owners are numbers: find looks each name up anew, which takes four times as long as all the rest.
bv_paths() {
    bv_far=$(bv_far)
    # Not every container may do that; then they are asked.
    [ -z "$bv_far" ] || unshare -m mount --make-rprivate / 2>/dev/null || bv_far=
    bv_roots | while IFS= read -r bv_root; do
        bv_find "$bv_far" "$bv_root" -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path "$BV" \) -prune \
            -o -printf '%y %m %U:%G %p\t%l\n' 2>/dev/null
        # Part of a list would pass for all of it.
        [ $? -lt 128 ] || echo broken
    done | awk -v unseen="$BV_UNSEEN" -F '\t' '{
        path = $1
        sub(/^[^ ]* [^ ]* [^ ]* /, "", path)
        if (path !~ unseen) print "path " $1 ($2 == "" ? "" : " -> " $2)
    }' || echo broken
    # Contents where owners write. What packages bring under /usr is told by their versions.
    bv_find "$bv_far" /etc /usr/local /opt /root -xdev -type f -size -8M -print0 2>/dev/null |
        xargs -0r sha256sum -- 2>/dev/null | awk -v unseen="$BV_UNSEEN" '{
            path = $0
            sub(/^\\?[^ ]* [ *]/, "", path)
            if (path !~ unseen) print "sum " $1 " " path
        }'
    # Of what is larger, the size.
    bv_find "$bv_far" /etc /usr/local /opt /root -xdev -type f -size +7M -printf 'size %s %p\n' 2>/dev/null | awk -v unseen="$BV_UNSEEN" '{
        path = $0
        sub(/^size [^ ]* /, "", path)
        if (path !~ unseen) print
    }'
    for bv_path in /run/containerd /run/crio /run/kubernetes /run/flannel /run/calico /run/cilium /run/xtables.lock /run/netns /run/netns/* /run/ipcns /run/ipcns/* /run/utsns /run/utsns/* /run/userns /run/userns/* /run/pidns /run/pidns/*; do
        [ -e "$bv_path" ] && echo "run $bv_path"
    done
    bv_find "$bv_far" /tmp -mindepth 1 -maxdepth 1 ! -name 'systemd-private-*' -printf 'tmp %p\n' 2>/dev/null
}

bv_packages() {
    if command -v dpkg-query >/dev/null; then
        dpkg-query -W -f 'package ${Package} ${Version} ${db:Status-Abbrev}\n' || echo broken
        # apt-mark says the same, and takes a hundred times as long. Holds are in the status above. The marks of packages that are gone stay
        # until apt writes the next time.
        dpkg-query -W -f '${Package}\n' | awk '
            part == "" { there[$1]; next }
            $1 == "Package:" { name = $2; known = name in there } $1 == "Architecture:" { name = name ":" $2 }
            $1 == "Auto-Installed:" && $2 == 1 && known { print "automatic " name }' - part=marks /var/lib/apt/extended_states 2>/dev/null
    fi
    # The keys that package sources are trusted by are packages of the name gpg-pubkey. Where there is no
    # database, rpm would make one to look into.
    for bv_path in /var/lib/rpm /usr/lib/sysimage/rpm; do
        if [ -e "$bv_path/rpmdb.sqlite" ] || [ -e "$bv_path/Packages.db" ] || [ -e "$bv_path/Packages" ]; then
            rpm -qa --qf 'package %{NAME} %{VERSION}-%{RELEASE} %{ARCH}\n' || echo broken
            break
        fi
    done
}

# Units' files, and the links that enable or mask them, are among the paths; this is what runs.
bv_units() {
    # What is enabled or masked is links in /etc, which show as paths, and here, until the next boot.
    # `systemctl list-unit-files` says no more and keeps systemd busy for half a second.
    find /run/systemd/system /run/systemd/system.control -mindepth 1 -printf 'unit %p -> %l\n' 2>/dev/null
    # What systemd starts and stops on its own, and users' sessions, say nothing about us.
    systemctl list-units --all --plain --no-legend --no-pager --type=service,socket,mount,slice |
        awk '$2 != "not-found" && $1 !~ /session-|user-|user@|^run-|apt-daily|dpkg-db|logrotate|man-db|e2scrub|fstrim|systemd-tmpfiles-clean|motd-news|phpsession|certbot|sysstat|ua-timer|fwupd|unattended|packagekit|anacron|systemd-(hostnamed|timedated|localed)|^proc-sys-fs-binfmt_misc\.mount/ { print "state", $1, $3 }'
    awk 'NR > 1 { print "swap", $1 }' /proc/swaps
}

# Routes, without what comes and goes on its own: lifetimes, and whether a cable is plugged in.
bv_routes() {
    ip -4 route show "$@" 2>/dev/null | sed -E 's/ expires [0-9]+sec//; s/ (linkdown|dead)( |$)/ /g; s/ +$//'
}

# Those of IPv6 that somebody set: not what a router tells and takes back, nor what each link has by itself.
bv_routes6() {
    [ ! -e /proc/net/if_inet6 ] || ip -6 route show "$@" 2>/dev/null |
        sed -E '/^(fe80:|ff[0-9a-f]{2}:|local |multicast |anycast )| proto ra( |$)/d; s/ expires [0-9]+sec//; s/ (linkdown|dead)( |$)/ /g; s/ +$//'
}

bv_network() {
    for bv_link in /sys/class/net/*; do
        [ -e "$bv_link/ifindex" ] && echo "link ${bv_link##*/}"
    done
    ip -o addr show 2>/dev/null | awk '$3 ~ /^inet6?$/ && $4 !~ /^fe80:/ { print "address", $2, $4 }'
    bv_routes table all | grep -v '^broadcast\|^local' | sed 's/^/route /'
    # A baseline without this line is one that does not know of them; so with the other lines that end in ` -`.
    echo 'route6 -'
    bv_routes6 table all | sed 's/^/route6 /'
    ip rule 2>/dev/null | sed 's/^/rule /'
    # What iptables cannot read has a line that says so: where it stands on one side only, nothing is proven. Where it does on both it is the
    # owner's, who sets rules with `nft` in a table of iptables'.
    echo 'unreadable -'
    for bv_family in ip ip6; do
        if bv_iptables_used "${bv_family}tables"; then
            bv_text=$("${bv_family}tables-save" 2>&1) || printf '%s\n' "$bv_text" | bv_chains_none || echo "iptables $bv_family - unreadable"
            printf '%s\n' "$bv_text" | sed -n 's/^# Table .\([a-z]*\). is incompatible.*/iptables '"$bv_family"' - unreadable \1/p; s/ *\[[0-9]*:[0-9]*\]//; s/^[*:-]/iptables '"$bv_family"' &/p'
        fi
    done
    if command -v nft >/dev/null; then
        nft list tables 2>/dev/null | sed 's/^/nft /'
    fi
    echo 'ipvs -'
    bv_ipvs_list "$BV_IPVS" | sed 's/^/ipvs /'
    # Without the module there is none, and the tool would load it.
    echo 'ipset -'
    if [ -d "$BV_SETS" ] && command -v ipset >/dev/null; then
        ipset list -n 2>/dev/null | sed 's/^/ipset /'
    fi
    echo 'filter -'
    bv_filters_list | cut -f 1 | sed 's/^/filter /'
    echo 'xdp -'
    bv_xdp_list | cut -f 1 | sed 's/^/xdp /'
    ss -Hlntu 2>/dev/null | awk '{ n = split($5, a, ":"); print a[n] }' | sort -u |
        grep -xE '2379|2380|6443|10248|10249|10250|10256|10257|10259' | sed 's/^/port /'
}

bv_kernel_state() {
    bv_mounted | awk '{
        type = $1
        sub(/^[^\t]*\t/, "")
        # Any look below /proc/sys, such as `sysctl -a`, has systemd mount binfmt_misc where its automount waits. docker mounts the
        # namespace of the host for the first container in it, and needs it there for as long as it runs.
        if ($0 !~ /^\/run\/user\// && $0 !~ /^(\/proc\/sys\/fs\/binfmt_misc|\/run\/docker\/netns\/default)$/ && type != "autofs") print "mount " type " " $0
    }'
    sysctl -a 2>/dev/null | awk -F ' = ' '
        $1 ~ /^net\.ipv4\.ip_forward$|^net\.ipv[46]\.conf\.[^=]*\.(forwarding|mc_forwarding|accept_redirects|accept_ra|arp_[a-z_]*|proxy_arp|route_localnet|rp_filter|send_redirects|disable_ipv6)$|^net\.bridge\.|^net\.netfilter\.nf_conntrack_(max|tcp_timeout_(established|close_wait))$|^vm\.(overcommit_memory|overcommit_ratio|panic_on_oom|swappiness|max_map_count)$|^kernel\.(panic|panic_on_oops|pid_max|keys\.root_max.*)$|^fs\.(inotify\.max.*|file-max|nr_open)$/ {
            gsub(/\t/, " ", $2)
            print "sysctl " $1 " " $2
        }' | grep -vE '\.(veth|cali|lxc|cni)[^.]*\.'
    find /sys/fs/bpf -mindepth 1 2>/dev/null | sed 's/^/bpf /'
    # What is in the `systemd` tree shows as units (see bv_pods_find), so it is put back, not compared.
    find /sys/fs/cgroup -maxdepth 3 -name 'kubepods*' 2>/dev/null | sed 's/^/cgroup /; s/^cgroup \(.sys.fs.cgroup.systemd\)/mirror \1/'
    # shellcheck disable=SC2009 # The names, not the process ids, are wanted.
    ps -eo comm= | grep -v ':\[' | grep -E '^(kube|etcd|containerd|crio|conmon|runc|coredns|haproxy|keepalived|dockerd)' | sort -u | sed 's/^/process /'
}

# What may move by itself from one moment to the next, and is quickly read.
bv_moving() {
    bv_units
    bv_network
    bv_kernel_state
}

# Writes the host's state to file $1; fails when a part of it was cut short: memory ran out, a database cannot be read.
bv_baseline() {
    {
        # A baseline without this line is one that left out what is noise.
        echo 'noise -'
        bv_paths
        bv_packages
        bv_moving
        getent passwd | cut -d : -f 1,3-7 | sed 's/^/user /'
        getent group | sed 's/^/group /'
        echo "hostname $(hostname 2>/dev/null || cat /proc/sys/kernel/hostname)"
    } | LC_ALL=C sort -u >"$1" && ! grep -qx 'path broken\|broken' "$1"
}

# Takes the baseline, and the host's own noise: what moved by itself while it was taken.
bv_baseline_take() {
    bv_moving | LC_ALL=C sort -u >"$BV/baseline.first" && bv_baseline "$BV/baseline.new" || return 1
    # Of the second look only what the first was about.
    LC_ALL=C comm -3 "$BV/baseline.first" "$BV/baseline.new" | tr -d '\t' |
        grep -Ev '^(path|sum|size|run|tmp|package|automatic|user|group|hostname|noise) ' >"$BV/restless"
    rm -f "$BV/baseline.first"
    bv_sync "$BV/baseline.new" "$BV/restless"
}

# The differences between the baseline and the look $1: `+` what is new, `-` what is gone.
# A process that ended meanwhile is no difference; `runc:[...]` is one that is still becoming something else.
bv_differences() {
    for bv_kind in route6 ipvs ipset filter xdp; do
        grep -qx "$bv_kind -" "$BV/baseline" || sed -i "/^$bv_kind /d" "$1"
    done
    grep -qx 'unreadable -' "$BV/baseline" || sed -i '/^iptables ip6* - unreadable/d; /^unreadable -$/d' "$1"
    # What baselines of an earlier time have and no look notes any more (bv_units, bv_kernel_state).
    sed -e '/^mount [^ ]* \/proc\/sys\/fs\/binfmt_misc$/d; /^mount nsfs \/run\/docker\/netns\/default$/d; /^state proc-sys-fs-binfmt_misc\.mount /d' "$BV/baseline" |
        LC_ALL=C comm -3 --output-delimiter='	' - "$1" |
        sed '/^	*mirror /d; /^	*process /d; s/^	/+ /; t; s/^/- /'
}

# Compares the host with its baseline: prints `baseline SHA256 TIME`, the differences, and as `~` what moves by itself.
# Where something differs it looks again: what is only passing is none.
bv_compare() {
    [ -f "$BV/baseline" ] || bv_die "\`$BV/baseline\` is not there"
    bv_sum "$BV/baseline" && echo "baseline $bv_sum $(stat -c %Y "$BV/baseline")"
    bv_look "$BV" || bv_look "$BV_LIVE" || bv_die "the host's state cannot be read"
    [ ! -f "$BV/restless" ] || sed 's/^/~ /' "$BV/restless"
    [ -z "$bv_differ" ] || printf '%s\n' "$bv_differ"
}

# Looks at the host, and once more where something differs, with the directory $1 for what it sees: ours, or where the disk is full the one
# in memory. Sets bv_differ.
bv_look() {
    if bv_baseline "$1/after"; then
        bv_differ=$(bv_differences "$1/after")
        bv_looked=0
        if [ -n "$bv_differ" ]; then
            if bv_baseline "$1/again"; then
                bv_differ=$(bv_differences "$1/again")
                LC_ALL=C comm -3 "$1/after" "$1/again" | sed 's/^	*/~ /'
            else
                bv_looked=1
            fi
        fi
    else
        bv_looked=1
    fi
    rm -f "$1/after" "$1/again"
    return "$bv_looked"
}

# Lets systemd forget units whose files are gone.
bv_settle() {
    systemctl daemon-reload
    systemctl reset-failed 'kube*' 'containerd*' 'crio*' 'bivouac*' 'var-lib-kubelet*' 2>/dev/null
    # Empty cgroups that an earlier cluster had left went with our own slices.
    sed -n 's/^mirror //p' "$BV/baseline" | while IFS= read -r bv_group; do
        [ -d "$bv_group" ] || mkdir -p -- "$bv_group" 2>/dev/null
    done
    return 0
}
