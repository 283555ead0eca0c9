# What dnf, yum and zypper have in common, for `package`: the database of rpm. The word of a package is
# NAME.ARCH.
#
# An undo is rpm's own `-e`: it removes the packages that it was given or none, needs no package source, and
# takes nothing along, neither dependencies nor those that need them.

# dnf 4 and yum wait for each other by files with their numbers, zypper too; rpm and dnf 5 lock a file.
bv_rpm_locks() {
    printf '%s\n' /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock /run/dnf/rpmtransaction.lock \
        /var/lib/dnf/rpmdb_lock.pid /var/cache/dnf/metadata_lock.pid /var/cache/dnf/download_lock.pid \
        /run/yum.pid /run/zypp.pid
}

# A package may be there under another name that provides this one.
bv_rpm_missing() {
    for bv_name; do
        rpm -q --quiet --whatprovides "$bv_name" >/dev/null 2>&1 || printf '%s\n' "$bv_name"
    done
}

# From lines `install NAME ARCH VERSION` and `WHAT NAME` to a plan, the exact versions into the file
# $bv_saved/exact as `NAME ARCH VERSION`. What rpm lets stand beside an older version, such as kernels, would
# change what the host boots.
bv_rpm_plan() {
    mkdir -p "$bv_saved" && : >"$bv_saved/exact" || return 1
    while read -r bv_what bv_name bv_arch bv_version; do
        if [ "$bv_what" != install ]; then
            echo "$bv_what $bv_name [$(rpm -q --qf '%{VERSION}-%{RELEASE}' "$bv_name")]"
        elif rpm -q --quiet "$bv_name.$bv_arch" >/dev/null 2>&1; then
            echo "add-another-version-of $bv_name [$bv_version]"
        else
            echo "$bv_name $bv_arch $bv_version" >>"$bv_saved/exact"
            echo "install $bv_name.$bv_arch"
        fi
    done
    # The keys of package sources that are trusted now: an installation may add those that its source names.
    bv_rpm_keys >"$bv_saved/keys" && bv_sync "$bv_saved/keys" "$bv_saved"
}

bv_rpm_keys() {
    rpm -qa --qf '%{NAME}-%{VERSION}-%{RELEASE}\n' gpg-pubkey | LC_ALL=C sort
}

# Notes the keys that the installation added, so that they are told from those that its owner adds later.
bv_rpm_installed() {
    bv_rpm_keys | LC_ALL=C comm -13 "$bv_saved/keys" - >"$bv_saved/keys.new" &&
        mv "$bv_saved/keys.new" "$bv_saved/keys.ours"
}

bv_rpm_there() {
    # Of one package a database that cannot be read says that it is not there.
    rpm -qa --qf '' >&2 || return 1
    for bv_name; do
        ! rpm -q --quiet "$bv_name" >/dev/null 2>&1 || printf '%s\n' "$bv_name"
    done
    # None of them was there: then nobody comes to remove the keys.
    # shellcheck disable=SC2046 # Names have no blanks.
    rpm -q --quiet "$@" >/dev/null 2>&1 || bv_rpm_forget_keys
}

bv_rpm_needed() {
    LC_ALL=C rpm -e --test "$@" 2>&1 | sed -n 's/.* is needed by (installed) //p' | LC_ALL=C sort -u | tr '\n' ' '
}

# `5`: the content differs; `c`: it is configuration. A file that an entry of ours wrote before the package came is that entry's: SUSE's
# docker brings /etc/docker/daemon.json.
bv_rpm_changed() {
    LC_ALL=C rpm -V --nodeps --noscripts "$@" 2>/dev/null | sed -n 's/^..5[^ ]* *c \(\/.*\)$/\1/p' | while IFS= read -r bv_path; do
        bv_stands file "$bv_path" || printf '%s ' "$bv_path"
    done
}

bv_rpm_remove() {
    rpm -e "$@" >&2 && bv_rpm_forget_keys
}

# Takes the keys away that the installation added. Where it was cut off, those that were not there before.
bv_rpm_forget_keys() {
    [ -f "$bv_saved/keys" ] || return 0
    bv_keys=$bv_saved/keys.ours
    if [ ! -f "$bv_keys" ]; then
        bv_rpm_keys | LC_ALL=C comm -13 "$bv_saved/keys" - >"$bv_saved/keys.new"
        bv_keys=$bv_saved/keys.new
    fi
    while IFS= read -r bv_key; do
        ! rpm -q --quiet "$bv_key" || rpm -e "$bv_key" >&2
    done <"$bv_keys"
}
