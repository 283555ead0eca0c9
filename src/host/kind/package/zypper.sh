# zypper, for `package`. Signatures are checked as the host's configuration says: asked whether it trusts a
# new key, zypper says no where nobody is there to answer.

# zypper passes over package sources that it cannot read. Statuses above 99 (its manual, "EXIT CODES"):
# 102 and 103 wish for a restart, 107 says that a package's own script failed; 106 is such a source.
bv_zypper() {
    bv_shown=$(LC_ALL=C zypper --non-interactive --no-color "$@" </dev/null 2>&1)
    bv_status=$?
    case $bv_shown in
    *'repositories have not been refreshed'*) bv_status=106 ;;
    esac
    case $bv_status in
    0 | 102 | 103 | 107) return 0 ;;
    esac
    # In XML or as text.
    printf '%s\n' "$bv_shown" | sed 's/<message type="error">/Error: /; s/<[^>]*>//g; /^ *$/d' >&2
    return 1
}

bv_zypper_plan() {
    bv_zypper --xmlout install --dry-run --no-recommends -- "$@" || return 1
    # A solvable a line, in groups by what becomes of them.
    printf '%s\n' "$bv_shown" | awk '
        function value(name) {
            return match($0, " " name "=\"[^\"]*\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : ""
        }
        /^<to-/ { what = $0; sub(/^<to-/, "", what); sub(/[ >].*/, "", what) }
        /^<\/to-/ { what = "" }
        /^<solvable / && what != "" {
            if (what == "install" && value("type") == "package") print what, value("name"), value("arch"), value("edition")
            else print what, value("name")
        }' | bv_rpm_plan
}

bv_zypper_install() {
    # shellcheck disable=SC2046 # Names and versions have no blanks.
    bv_zypper install --no-recommends -- $(awk '{ print $1 "." $2 "=" $3 }' "$bv_saved/exact") || return 1
    printf '%s\n' "$bv_shown" >&2
    bv_rpm_installed
}

bv_zypper_locks() { bv_rpm_locks; }
bv_zypper_missing() { bv_rpm_missing "$@"; }
bv_zypper_there() { bv_rpm_there "$@"; }
bv_zypper_needed() { bv_rpm_needed "$@"; }
bv_zypper_changed() { bv_rpm_changed "$@"; }
bv_zypper_remove() { bv_rpm_remove "$@"; }
