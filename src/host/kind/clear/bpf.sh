# Programs of BPF, pins, and the mounts that they are in. To take a program off a link only lets through what it held up, so it wants no guard; who is in
# its own way is the link (network.sh).

# filters 'LINK SIDE protocol P pref N chain N handle H NAME PROGRAM'...
bv_clear_filters_is() {
    bv_have=$(bv_filters_list | cut -f 1)
    for bv_word; do
        ! printf '%s\n' "$bv_have" | grep -qxF -- "$bv_word" || return 1
    done
}
bv_clear_filters_before() { :; }
bv_clear_filters_do() { bv_filters_take "$@"; }
# The program that it was is gone with it; so with the others.
bv_clear_filters_undo() { :; }

# xdp 'LINK MODE PROGRAM'...
bv_clear_xdp_is() {
    bv_have=$(bv_xdp_list | cut -f 1)
    for bv_word; do
        ! printf '%s\n' "$bv_have" | grep -qxF -- "$bv_word" || return 1
    done
}
bv_clear_xdp_before() { :; }
bv_clear_xdp_do() { bv_xdp_take "$@"; }
bv_clear_xdp_undo() { :; }

# attached 'TYPE NAME id N'...
bv_clear_attached_is() {
    bv_have=$(bv_attached_list | cut -f 1)
    for bv_word; do
        ! printf '%s\n' "$bv_have" | grep -qxF -- "$bv_word" || return 1
    done
}
bv_clear_attached_before() { :; }
bv_clear_attached_do() { bv_attached_take "$@"; }
bv_clear_attached_undo() { :; }

# pins PATH...
bv_clear_pins_is() {
    for bv_path; do [ ! -e "$bv_path" ] || return 1; done
}
bv_clear_pins_before() { :; }
bv_clear_pins_do() { bv_pins_take "$@"; }
bv_clear_pins_undo() { :; }

# mounts PATH...
bv_clear_mounts_is() {
    for bv_path; do [ -z "$(bv_clear_mounts_type "$bv_path")" ] || return 1; done
}
bv_clear_mounts_type() { awk -v path="$1" '$5 == path { for (i = 7; i <= NF; i++) if ($i == "-") { type = $(i + 1); break } } END { print type }' /proc/self/mountinfo; }
bv_clear_mounts_before() { :; }
bv_clear_mounts_do() {
    for bv_path; do
        case $bv_path:$(bv_clear_mounts_type "$bv_path") in
        *:) continue ;;
        /run/cilium/cgroupv2:cgroup2 | /run/calico/cgroup:cgroup2) ;;
        /run/cilium/bpffs:bpf | /sys/fs/bpf:bpf)
            # The kernel's own lists (kernel/bpf/preload) are in each of them.
            bv_left=$(find "$bv_path" -xdev -mindepth 1 ! -name maps.debug ! -name progs.debug | head -n 1)
            [ -z "$bv_left" ] || bv_die "\`$bv_path\` stays mounted: \`$bv_left\` is in it"
            ;;
        *) bv_die "\`$bv_path\` is not unmounted: it is no mount of Cilium's or Calico's" ;;
        esac
        ! grep -qxF "mount $(bv_clear_mounts_type "$bv_path") $bv_path" "$BV_HAD" || bv_die "\`$bv_path\` stays mounted: a unit or /etc/fstab has it"
        umount -- "$bv_path" || case $bv_path in
        # Who works in the host's own keeps it.
        /sys/fs/bpf) bv_die "\`$bv_path\` stays mounted: something has it in use (\`fuser -vm $bv_path\` tells what): end it, then run this again" ;;
        *) umount -l -- "$bv_path" || return 1 ;;
        esac
        case $bv_path in /run/*) rmdir -- "$bv_path" 2>/dev/null ;; esac
    done
    return 0
}
bv_clear_mounts_undo() { :; }
