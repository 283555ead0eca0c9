# dnf 4 and 5, and yum 3, for `package`. Signatures are checked as the host's configuration says; a package
# source that cannot be read stops the step by its name, rather than being passed over.

bv_dnf() {
    LC_ALL=C dnf --setopt=install_weak_deps=False '--setopt=*.skip_if_unavailable=False' --setopt=exit_on_lock=True \
        "$@" </dev/null
}
bv_yum() {
    LC_ALL=C yum '--setopt=*.skip_if_unavailable=0' --setopt=exit_on_lock=1 "$@" </dev/null
}

# From the table that all of them show of a transaction to lines for bv_rpm_plan. A row begins with one
# blank; what does not fit goes on in the next line, after more blanks. `replacing` is what goes.
bv_dnf_table() {
    awk '
        function flush() {
            if (n >= 3 && what == "install") print what, row[1], row[2], row[3]
            else if (n >= 3 && what != "") print what, row[1]
            n = 0
        }
        /^Transaction Summary/ { exit }
        /^[^ ]/ {
            flush()
            what = ""
            if (/^Installing/) what = "install"
            else if (/^(Upgrading|Updating)/) what = "upgrade"
            else if (/^Removing/) what = "remove"
            else if (/^Downgrading/) what = "downgrade"
            else if (/^Reinstalling/) what = "reinstall"
            else if (/^(Enabling|Switching|Disabling|Resetting) module/) what = "change-module"
            next
        }
        /^ +replacing / { sub(/\.[^.]*$/, "", $2); print "remove", $2; next }
        /^ [^ ]/ { flush(); n = 0 }
        /^ / { for (i = 1; i <= NF; i++) row[++n] = $i }
        END { flush() }'
}

# The transaction is shown and then not made (`--assumeno`), which is a failure, too.
bv_dnf_plan() { bv_dnf_planned bv_dnf "$@"; }
bv_yum_plan() { bv_dnf_planned bv_yum "$@"; }
bv_dnf_planned() {
    bv_with=$1
    shift
    bv_shown=$("$bv_with" --assumeno install "$@" 2>&1)
    case $bv_shown in
    *'Transaction Summary'*) printf '%s\n' "$bv_shown" | bv_dnf_table | bv_rpm_plan ;;
    *)
        # dnf puts the cause below `Error:`.
        printf '%s\n' "$bv_shown" | sed '/^Error: *$/ { N; s/: *\n */: /; }' >&2
        return 1
        ;;
    esac
}

# What was planned, to the version: should the source have changed meanwhile, nothing else is taken.
bv_dnf_install() { bv_dnf_exact bv_dnf; }
bv_yum_install() { bv_dnf_exact bv_yum; }
bv_dnf_exact() {
    # shellcheck disable=SC2046 # Names and versions have no blanks.
    "$1" -y install $(awk '{ print $1 "-" $3 "." $2 }' "$bv_saved/exact") >&2 && bv_rpm_installed
}

bv_dnf_locks() { bv_rpm_locks; }
bv_yum_locks() { bv_rpm_locks; }
bv_dnf_missing() { bv_rpm_missing "$@"; }
bv_yum_missing() { bv_rpm_missing "$@"; }
bv_dnf_there() { bv_rpm_there "$@"; }
bv_yum_there() { bv_rpm_there "$@"; }
bv_dnf_needed() { bv_rpm_needed "$@"; }
bv_yum_needed() { bv_rpm_needed "$@"; }
bv_dnf_changed() { bv_rpm_changed "$@"; }
bv_yum_changed() { bv_rpm_changed "$@"; }
bv_dnf_remove() { bv_rpm_remove "$@"; }
bv_yum_remove() { bv_rpm_remove "$@"; }
