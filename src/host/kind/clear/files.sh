# Files, programs, links, directories.

# Removes each of these, a directory only where nothing is mounted at or below it.
bv_clear_remove() {
    for bv_path; do
        bv_clear_allows "$bv_path"
        if bv_clear_in_home "$bv_path"; then
            [ -d "${bv_path%/*}" ] || continue
            bv_clear_inside "${bv_path%/*}" "rm -f -- ./config" ||
                bv_die "\`$bv_path\` is not removed: a link leads there, or it is no file"
            continue
        fi
        if [ -d "$bv_path" ] && [ ! -L "$bv_path" ]; then
            bv_mounts=$(bv_mounts_all "$bv_path")
            [ -z "$bv_mounts" ] || bv_die "\`$bv_path\` is not removed: something is mounted in it: $(printf '%s' "$bv_mounts" | tr '\n' ' ')"
        fi
        bv_walk_remove "$bv_path" || return 1
    done
}

# Whether $1 is in the home of somebody else than root, who may make links there at any time.
bv_clear_in_home() {
    case $1 in
    /root/*) return 1 ;;
    /*/.kube/config) return 0 ;;
    esac
    return 1
}
# Runs the command $2 in the directory $1, where no link led there: what is found in it by a plain name then is in that directory, also where its
# path becomes a link meanwhile.
bv_clear_inside() { (cd -- "$1" 2>/dev/null && [ "$(pwd -P)" = "$1" ] && eval "$2"); }

# Mount points at or below path $1, whoever's they are.
bv_mounts_all() {
    (
        BV_HAD=/proc/version
        bv_mounts_below "$1"
    )
}

# files PATH...: saved first, whole; what is too large for that is not configuration.
bv_clear_files_is() { bv_gone "$@"; }
bv_clear_files_before() {
    mkdir -p "$bv_saved" || bv_die "\`$bv_saved\` cannot be made"
    bv_number=0
    for bv_path; do
        bv_number=$((bv_number + 1))
        if [ ! -e "$bv_path" ] && [ ! -L "$bv_path" ]; then
            bv_was absent
        elif bv_size=$(du -sxk -- "$bv_path" 2>/dev/null) && [ "${bv_size%%[!0-9]*}" -le 65536 ]; then
            cp -ax -- "$bv_path" "$bv_saved/$bv_number" || bv_die "\`$bv_path\` cannot be saved"
            bv_was saved
        else
            bv_was large
        fi
    done
    bv_sync "$bv_saved"
}
bv_clear_files_do() { bv_clear_remove "$@"; }
bv_clear_files_undo() {
    bv_number=0
    while [ "$bv_number" -lt "$bv_nargs" ]; do
        bv_number=$((bv_number + 1))
        eval "bv_path=\${$bv_number} bv_state=\${$((bv_nargs + bv_number)):-absent}"
        case $bv_state in
        absent) ;;
        large) bv_clear_lost "$bv_path" ;;
        *)
            if [ -e "$bv_path" ] || [ -L "$bv_path" ]; then continue; fi
            if bv_clear_in_home "$bv_path"; then
                # Its directory was not removed. A new file, and nothing by its name once it is open.
                # shellcheck disable=SC2016 # The inner shell expands it.
                { [ -f "$bv_saved/$bv_number" ] && [ ! -L "$bv_saved/$bv_number" ] && bv_clear_inside "${bv_path%/*}" 'umask 077; set -C
                    exec 3>./config && cat -- "$bv_saved/$bv_number" >&3 && chown --reference="$bv_saved/$bv_number" /proc/self/fd/3 &&
                        chmod --reference="$bv_saved/$bv_number" /proc/self/fd/3'; } || bv_keep "$bv_path: it is in \`$bv_saved/$bv_number\`, for a link leads there by now"
                continue
            fi
            mkdir -p -- "${bv_path%/*}" && cp -a -- "$bv_saved/$bv_number" "$bv_path" || return 1
            ;;
        esac
    done
}

# authorities PATH...: as files; the host's list of authorities is made anew.
bv_clear_authorities_is() { bv_gone "$@"; }
bv_clear_authorities_before() { bv_clear_files_before "$@"; }
bv_clear_authorities_do() { bv_clear_remove "$@" && bv_clear_trust; }
bv_clear_authorities_undo() { bv_clear_files_undo "$@" && bv_clear_trust; }
bv_clear_trust() {
    if command -v update-ca-certificates >/dev/null; then
        timeout 120 update-ca-certificates --fresh >/dev/null </dev/null
    elif command -v update-ca-trust >/dev/null; then
        timeout 120 update-ca-trust extract </dev/null
    fi
}

# programs PATH...: not saved.
bv_clear_programs_is() { bv_gone "$@"; }
bv_clear_programs_before() { :; }
bv_clear_programs_do() { bv_clear_remove "$@"; }
bv_clear_programs_undo() {
    while [ "$bv_nargs" -gt 0 ]; do
        [ -e "$1" ] || bv_clear_lost "$1"
        bv_nargs=$((bv_nargs - 1))
        shift
    done
}

# symlinks PATH...: only the links.
bv_clear_symlinks_is() {
    for bv_path; do [ ! -L "$bv_path" ] || return 1; done
}
bv_clear_symlinks_before() {
    for bv_path; do bv_was "$(readlink -- "$bv_path" 2>/dev/null)"; done
}
bv_clear_symlinks_do() {
    for bv_path; do
        bv_clear_allows "$bv_path"
        [ ! -L "$bv_path" ] || rm -f -- "$bv_path" || return 1
    done
}
bv_clear_symlinks_undo() {
    bv_number=0
    while [ "$bv_number" -lt "$bv_nargs" ]; do
        bv_number=$((bv_number + 1))
        eval "bv_path=\${$bv_number} bv_target=\${$((bv_nargs + bv_number)):-}"
        if [ -z "$bv_target" ] || [ -e "$bv_path" ] || [ -L "$bv_path" ]; then continue; fi
        mkdir -p -- "${bv_path%/*}" && ln -s -- "$bv_target" "$bv_path" || return 1
    done
}

# tree PATH: data. Mounts below go first, but the owner's; where one stays nothing is removed.
bv_clear_tree_is() {
    bv_gone "$1" || {
        # The owner's disk, emptied.
        mountpoint -q -- "$1" && [ -z "$(find "$1" -xdev -mindepth 1 -maxdepth 1 ! -name lost+found 2>/dev/null)" ]
    }
}
bv_clear_tree_before() { :; }
bv_clear_tree_do() {
    bv_clear_allows "$1"
    bv_clear_tree_take "$1"
}
bv_clear_tree_take() {
    { [ -d "$1" ] && [ ! -L "$1" ]; } || bv_die "\`$1\` is not removed: it is no directory any more"
    # A whole file system that is mounted just there is its owner's disk, also where no file says so: it is emptied and stays mounted. The kubelet
    # only binds the directory onto itself.
    bv_clear_disk "$1" >>"$BV_LIVE/had"
    bv_unmount_below "$1" || return 1
    bv_mounts=$(bv_mounts_all "$1" | grep -vxF -- "$1")
    [ -z "$bv_mounts" ] || bv_die "\`$1\` is not removed: a mount of yours is in it: $(printf '%s' "$bv_mounts" | tr '\n' ' ')"
    bv_walk_remove "$1"
}
# $1 as a line of what was there before (bv_mounts_below), where something else than the directory itself is mounted at it.
bv_clear_disk() {
    BV_TOP=$(readlink -f -- "$1") awk '
        function plain(text) { gsub(/\\040/, " ", text); gsub(/\\011/, "\t", text); gsub(/\\134/, "\\", text); return text == "/" ? "" : text }
        { parent[$1] = $2; device[$1] = $3; root[$1] = plain($4); path[$1] = plain($5) }
        END {
            top = ENVIRON["BV_TOP"]
            for (id in path) {
                if (path[id] != top) continue
                on = parent[id]
                if (!(on in path) || device[id] != device[on] || root[id] != root[on] substr(top, length(path[on]) + 1)) print "mount - " top
            }
        }' /proc/self/mountinfo
}

bv_clear_tree_undo() { [ -e "$1" ] || bv_clear_lost "$1"; }

# hollow PATH...: directories that others share, deepest first.
bv_clear_hollow_is() {
    for bv_path; do
        [ ! -d "$bv_path" ] || [ -n "$(find "$bv_path" -mindepth 1 -maxdepth 1 2>/dev/null)" ] || return 1
    done
}
bv_clear_hollow_before() { :; }
bv_clear_hollow_do() {
    for bv_path; do
        bv_clear_hollow_allows "$bv_path"
        rmdir -- "$bv_path" 2>/dev/null
    done
    return 0
}
bv_clear_hollow_allows() {
    case $1 in
    /etc/rancher | /etc/systemd/journald.conf.d | /var/lib/rancher | /var/lib/etcd | /opt/kube | /opt/cni | /etc/cni | /root/.kube | /var/lib/k0s) ;;
    *) bv_clear_allows "$1" ;;
    esac
}
# What was empty is nothing to bring back.
bv_clear_hollow_undo() { :; }

# rename FROM TO
bv_clear_rename_is() { [ ! -e "$1" ] || [ -e "$2" ]; }
bv_clear_rename_before() { :; }
bv_clear_rename_do() {
    bv_clear_allows "$1"
    [ -e "$2" ] || mv -- "$1" "$2"
}
bv_clear_rename_undo() { [ ! -e "$2" ] || [ -e "$1" ] || mv -- "$2" "$1"; }
