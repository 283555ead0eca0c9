# shellcheck shell=sh
# What of any Kubernetes is on this host, as lines `KIND<TAB>NAME<TAB>key=value...`, for Inventory::parse. One round trip, and it only reads:
# no module is loaded (a tool is asked where its module is there), no table is rewritten, no mount is looked into, no link is followed, and
# nothing on a network file system is touched. Every command that may hang has a limit of its own.
#
# $asked, $units and $packages are what the table of leftovers (src/residue/table) wants to know about, one a line. The first line is
# `inventory 1`, the last `end`.

set +e +f +u
newline='
'
tab='	'
IFS=" $tab$newline"
LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=/nonexistent
export LC_ALL HOME

has() { command -v "$1" >/dev/null 2>&1; }
has timeout || timeout() {
    shift
    "$@"
}

# A field with everything but printable ASCII as \xHH, into $escaped. Names of the host's owner may be anything.
esc() {
    case $1 in
    *[!a-zA-Z0-9\ _./:@,+=%~#\"\'\(\)\[\]\*\&\;\<\>\?\!\|\{\}^\$-]*)
        escaped=$(printf '%s' "$1" | od -An -v -tu1 | awk '{
            for (i = 1; i <= NF; i++)
                if ($i >= 32 && $i < 127 && $i != 92) printf "%c", $i + 0
                else printf "\\x%02x", $i
        }')
        ;;
    *) escaped=$1 ;;
    esac
}

# say KIND NAME [KEY VALUE]...
say() {
    esc "$2"
    line="$1$tab$escaped"
    shift 2
    while [ $# -gt 1 ]; do
        esc "$2"
        line="$line$tab$1=$escaped"
        shift 2
    done
    printf '%s\n' "$line"
}

# Whether a process is in a pod of this host's own: the tree of pods of a cluster in a container is further down. In a host that is a container itself
# some trees begin with `/..`.
in_pods() { grep -qsE '^[0-9]+:[^:]*:(/\.\.)*/kubepods(\.slice)?(/|$)' "/proc/$1/cgroup"; }

echo 'inventory 1'

# Mounts, as `POINT<TAB>TYPE<TAB>ROOT<TAB>DEVICE`, in the kernel's own escaping, which is octal.
mounts=$(awk '{
    for (i = 7; i <= NF; i++) if ($i == "-") { type = $(i + 1); source = $(i + 2); break }
    print $5 "\t" type "\t" $4 "\t" $3 "\t" source
}' /proc/self/mountinfo)
# Where a look may hang: nothing at or below these is touched.
remote=$(printf '%s\n' "$mounts" | awk -F '\t' '$2 ~ /^(nfs|nfs4|cifs|smb3|smbfs|ceph|9p|afs|lustre|glusterfs|fuse|fuse\..*|autofs)$/ { print $1 }')
is_remote() {
    [ -n "$remote" ] || return 1
    case $1 in *" "* | *"$tab"* | *"$newline"* | *\\*) return 1 ;; esac
    while IFS= read -r point; do
        case $1/ in "$point"/*) return 0 ;; esac
    done <<R
$remote
R
    return 1
}
