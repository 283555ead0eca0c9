# Programs of BPF on links and cgroups, and what is pinned: for the baseline, the inventory and both ways to wipe (residue.md, R28 and D13). What lists
# them only reads: no program is loaded, and no module.
BV_BPF=/sys/fs/bpf
BV_PROC=/proc

# Filters of BPF behind clsact and ingress, a line each: what it goes by, its link, its own name and that of its program (`-` where none is told), by tabs.
# The first is `LINK SIDE protocol P pref N chain N handle H NAME PROGRAM` (tc/f_bpf.c of iproute2 prints them so). With a link and a side those of it alone.
bv_filters_list() {
    command -v tc >/dev/null || return 0
    bv_sides="${1:-} ${2:-}"
    [ $# = 2 ] || bv_sides=$(timeout 10 tc qdisc show 2>/dev/null | awk '
        $1 == "qdisc" && $2 ~ /^(clsact|ingress)$/ {
            for (i = 3; i < NF; i++) if ($i == "dev") { print $(i + 1), "ingress"; if ($2 == "clsact") print $(i + 1), "egress"; next }
        }')
    [ -n "$bv_sides" ] || return 0
    bv_filters_show "$bv_sides" | awk '
        $1 == "Object" && $2 ~ /^"bv\// { split(substr($2, 2, length($2) - 2), side, "/"); next }
        $1 != "filter" || $2 != "protocol" || $4 != "pref" || $6 != "bpf" { next }
        {
            chain = 0; handle = ""; name = ""; program = "-"
            for (i = 7; i <= NF && handle == ""; i++) {
                if ($i == "chain") chain = $(i + 1)
                if ($i == "handle") handle = $(i + 1)
            }
            if (handle == "") next
            for (i++; i <= NF && $i !~ /^(flowid|direct-action|skip_hw|skip_sw|in_hw|not_in_hw|bytecode|id|tag|police|action)$/; i++) name = name (name == "" ? "" : " ") $i
            for (; i < NF; i++) if ($i == "id" && $(i + 2) == "name") program = $(i + 3)
            if (name == "") name = "-"
            print side[2] " " side[3] " protocol " $3 " pref " $5 " chain " chain " handle " handle " " name " " program "\t" side[2] "\t" name "\t" program
        }'
}
# What tc shows of the sides $1, a line `LINK SIDE` each, in one process: it does not say of which link it speaks, but calls what it does not know by its name
# (tc/tc.c of iproute2, `do_cmd`), and no name of a link has a `/`.
bv_filters_show() {
    case $1 in
    # tc's own quotes and comments (lib/utils.c, `getcmdline` and `makeargs`).
    *[\"\'\\#]*) printf '%s\n' "$1" | while read -r bv_link bv_side; do
        echo "Object \"bv/$bv_link/$bv_side\""
        timeout 10 tc filter show dev "$bv_link" "$bv_side" 2>/dev/null
    done ;;
    *) printf '%s\n' "$1" | awk '{ print "bv/" $1 "/" $2; print "filter show dev " $1 " " $2 }' | timeout 30 tc -force -batch - 2>&1 ;;
    esac
}
# Whether a filter of this name, of a program of this name, is one that Cilium or Calico hang there; with a name alone, whether a program is. The same names with
# their sources in residue/table/bpf.rs, and in compare/names.rs.
bv_programs_own() {
    case $1 in
    cil_* | cali_* | calico_* | cilium-* | *.o:\[calico_*\]) return 0 ;;
    bpf_netdev*.o:\[from-*\] | bpf_netdev*.o:\[to-*\] | bpf_host*.o:\[from-*\] | bpf_host*.o:\[to-*\] | bpf_lxc*.o:\[from-*\] | bpf_lxc*.o:\[to-*\] | bpf_overlay*.o:\[from-*\] | bpf_overlay*.o:\[to-*\] | bpf_network*.o:\[from-*\]) return 0 ;;
    esac
    case ${2:-} in cil_* | cali_* | calico_*) return 0 ;; esac
    return 1
}
# bv_filters_take FILTER...: those that are there still, word for word. A clsact in which nothing but these was goes with its last one.
bv_filters_take() {
    bv_agents_gone || return 1
    bv_links=
    for bv_word; do
        bv_link=${bv_word%% *}
        bv_side=${bv_word#* }
        bv_filters_list "$bv_link" "${bv_side%% *}" | cut -f 1 | grep -qxF -- "$bv_word" || continue
        # Before the names, which may have blanks in them, are ten words without.
        # shellcheck disable=SC2086 # They are several words.
        bv_filters_del $bv_word || return 1
        case " $bv_links " in *" $bv_link "*) ;; *) bv_links="$bv_links $bv_link" ;; esac
    done
    for bv_link in $bv_links; do
        timeout 10 tc qdisc show dev "$bv_link" 2>/dev/null | grep '^qdisc clsact ' | grep -qv _block || continue
        bv_left=$(timeout 10 tc filter show dev "$bv_link" ingress 2>&1 && timeout 10 tc filter show dev "$bv_link" egress 2>&1) || continue
        [ -n "$bv_left" ] || tc qdisc del dev "$bv_link" clsact || return 1
    done
}
bv_filters_del() {
    if [ "$8" = 0 ]; then
        tc filter del dev "$1" "$2" protocol "$4" pref "$6" handle "${10}" bpf
    else
        tc filter del dev "$1" "$2" protocol "$4" pref "$6" chain "$8" handle "${10}" bpf
    fi
}

# Programs of XDP, a line each: `LINK MODE PROGRAM`, the link, the program's name and its number, by tabs; with a link those of it alone. Where ip does not
# tell the name (before iproute2 5.17) bpftool does. Before 4.16 the number stands behind the mode, before 4.13 nowhere (ip/iplink_xdp.c).
bv_xdp_list() {
    command -v ip >/dev/null || return 0
    timeout 10 ip -d -o link show ${1:+dev "$1"} 2>/dev/null | awk '
        BEGIN { FS = "\\" }
        match($1, / mtu [0-9]+ xdp(generic|offload|multi)?(\/id:[0-9]+)? /) {
            mode = substr($1, RSTART, RLENGTH - 1)
            sub(/.* xdp/, "", mode)
            old = "-"
            if (n = index(mode, "/id:")) { old = substr(mode, n + 4); mode = substr(mode, 1, n - 1) }
            seen = 0
            split($1, words, " ")
            link = words[2]
            sub(/:$/, "", link); sub(/@.*/, "", link)
            for (n = 2; n <= NF; n++) {
                if ($n !~ /^ *prog\/xdp/) continue
                count = split($n, words, " ")
                own = substr(words[1], 9)
                if (own == "") own = mode == "" || mode == "multi" ? "drv" : mode
                id = name = "-"
                for (i = 2; i < count; i++) { if (words[i] == "id") id = words[i + 1]; if (words[i] == "name") name = words[i + 1] }
                print link "\txdp" own "\t" id "\t" name
                seen = 1
            }
            if (!seen) print link "\txdp" (mode == "" || mode == "multi" ? "drv" : mode) "\t" old "\t-"
        }' | while read -r bv_link bv_mode bv_id bv_name; do
        if [ "$bv_name" = - ] && [ "$bv_id" != - ] && command -v bpftool >/dev/null; then
            bv_name=$(timeout 5 bpftool prog show id "$bv_id" 2>/dev/null | awk 'NR == 1 { for (i = 2; i < NF; i++) if ($i == "name") print $(i + 1) }')
        fi
        printf '%s %s %s\t%s\t%s\t%s\n' "$bv_link" "$bv_mode" "${bv_name:--}" "$bv_link" "${bv_name:--}" "$bv_id"
    done
}
# bv_xdp_take 'LINK MODE PROGRAM'...: a link of BPF holds one that has a pin (Cilium's pkg/datapath/loader/xdp.go), the other way is `ip link`.
bv_xdp_take() {
    bv_agents_gone || return 1
    for bv_word; do
        bv_xdp_there "$bv_word" || continue
        bv_link=${bv_word%% *}
        bv_name=${bv_word##* }
        bv_mode=${bv_word#* }
        bv_mode=${bv_mode%% *}
        case $bv_name in
        cil_*)
            bv_pin=$BV_BPF/cilium/devices/$(printf '%s' "$bv_link" | tr . -)/links/cil_xdp_entry
            if [ -f "$bv_pin" ]; then
                rm -f -- "$bv_pin" || return 1
                # The kernel lets go of a link of BPF a moment after its pin.
                ! bv_wait_for 10 bv_xdp_gone "$bv_word" || continue
            fi
            ;;
        esac
        ip link set dev "$bv_link" "$bv_mode" off || return 1
        bv_xdp_gone "$bv_word" || bv_die "the program \`$bv_name\` is on \`$bv_link\` still"
    done
}
bv_xdp_there() { bv_xdp_list "${1%% *}" | cut -f 1 | grep -qxF -- "$1"; }
bv_xdp_gone() { ! bv_xdp_there "$1"; }

# Programs on the cgroup above all others, where bpftool is there to tell: `TYPE NAME id N`, and the name.
bv_attached_list() {
    command -v bpftool >/dev/null || return 0
    bv_cgroup=$(bv_cgroup_root)
    [ -z "$bv_cgroup" ] || timeout 10 bpftool cgroup show "$bv_cgroup" 2>/dev/null | awk '
        $1 ~ /^[0-9]+$/ && NF > 2 {
            name = $NF ~ /^(multi|override)$/ ? "-" : $NF
            print $2 " " name " id " $1 "\t" name
        }'
}
# Where the version 2 of cgroups is mounted.
bv_cgroup_root() {
    awk '{ for (i = 7; i <= NF; i++) if ($i == "-") { if ($(i + 1) == "cgroup2") { print $5; exit } break } }' /proc/self/mountinfo
}
# bv_attached_take 'TYPE NAME id N'...: as Cilium's own clean-up (pkg/socketlb): a pin first, which holds a link of BPF, and without one by its number.
bv_attached_take() {
    bv_agents_gone || return 1
    bv_times=1
    for bv_pin in "$BV_BPF"/cilium/socketlb/links/cgroup/cil_*; do
        [ ! -f "$bv_pin" ] || { rm -f -- "$bv_pin" && bv_times=10; } || return 1
    done
    for bv_word; do
        # What the pin held goes by itself, a moment later.
        ! bv_wait_for "$bv_times" bv_attached_gone "$bv_word" || continue
        bv_rest=${bv_word#* }
        bpftool cgroup detach "$(bv_cgroup_root)" "${bv_word%% *}" id "${bv_rest##* }" || return 1
    done
}
bv_attached_gone() { ! bv_attached_list | cut -f 1 | grep -qxF -- "$1"; }

# The last line of defence for pins: what Cilium and Calico name so (pkg/bpf of Cilium: its directory, and in that of tc what begins with `cilium_`; Calico's
# felix/bpf `CleanUpCalicoPins`: `cali_`, `calico_`, `xdp_cali_`, and `TcxPinDir`), in the places where they do. The same in residue/table/bpf.rs.
bv_pins_allow() {
    case $1 in
    *[!a-zA-Z0-9/_:.@%+-]* | */../* | */./* | *//* | */.. | */. | */) return 1 ;;
    "$BV_BPF"/cilium | "$BV_BPF"/calico | "$BV_BPF"/calico_connect4 | "$BV_BPF"/tc/globals/cilium_?*) return 0 ;;
    "$BV_BPF"/tcx/*/*) return 1 ;;
    "$BV_BPF"/tcx/?*_ingress | "$BV_BPF"/tcx/?*_egress) return 0 ;;
    esac
    case ${1%/*} in
    "$BV_BPF" | "$BV_BPF"/tc/* | "$BV_BPF"/xdp/globals) case ${1##*/} in cali_?* | calico_?* | xdp_cali_?*) return 0 ;; esac ;;
    esac
    return 1
}
# bv_pins_take PATH...: a pin, or a directory of theirs. Links of BPF first, which hold programs where they are, then programs and maps; what is empty then goes
# as far up as it is.
bv_pins_take() {
    bv_agents_gone || return 1
    # cafe4a11 is the file system's number (include/uapi/linux/magic.h): through a mount of anything else nothing is removed.
    for bv_path; do
        bv_pins_allow "$bv_path" || bv_die "\`$bv_path\` is not removed: it is no name of Cilium's or Calico's"
        [ ! -e "$bv_path" ] || [ "$(stat -f -c %t -- "$bv_path" 2>/dev/null)" = cafe4a11 ] || bv_die "\`$bv_path\` is not removed: it is in no file system of BPF"
    done
    for bv_path; do
        [ ! -d "$bv_path" ] || find "$bv_path" -xdev -type f -path '*/links/*' -exec rm -f -- {} + || return 1
        case $bv_path in */tcx/* | */ctlb/* | */calico_connect* | */calico_sendmsg* | */calico_recvmsg*) [ ! -f "$bv_path" ] || rm -f -- "$bv_path" || return 1 ;; esac
    done
    for bv_path; do
        if [ -d "$bv_path" ]; then
            find "$bv_path" -xdev -depth -delete || return 1
        elif [ -e "$bv_path" ]; then
            rm -f -- "$bv_path" || return 1
        fi
        bv_path=${bv_path%/*}
        # tc itself makes what is above them (lib/bpf_legacy.c of iproute2), and again where it needs it.
        while :; do
            case $bv_path in "$BV_BPF"/tc | "$BV_BPF"/tc/* | "$BV_BPF"/tcx) rmdir -- "$bv_path" 2>/dev/null || break ;; *) break ;; esac
            bv_path=${bv_path%/*}
        done
    done
    return 0
}

# Whether no agent runs that would attach again what is taken from under it. One that has another network than this host hangs nothing on its links: it is of a
# cluster in containers.
bv_agents_gone() {
    bv_net=$(readlink "$BV_PROC/self/ns/net")
    for bv_file in "$BV_PROC"/[0-9]*/comm; do
        read -r bv_name 2>/dev/null <"$bv_file" || continue
        case $bv_name in
        cilium-agent | calico-node | calico-felix)
            bv_pid=${bv_file%/comm}
            [ -z "$bv_net" ] || [ "$(readlink "$bv_pid/ns/net")" = "$bv_net" ] || continue
            printf '%s\n' "\`$bv_name\` runs still (process ${bv_pid##*/}) and would attach its programs again: end it, then run this again" >&2
            return 1
            ;;
        esac
    done
}
