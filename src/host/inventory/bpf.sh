# shellcheck shell=sh
# shellcheck disable=SC2154 # inventory.sh sets them
# Programs of BPF: filters of tc, XDP, on the cgroup above all others; pins, and the mounts that they are in (lists: kind/bpf.sh).

bv_filters_list | while IFS=$tab read -r name link label program; do say filter "$name" link "$link" label "$label" program "$program"; done
bv_xdp_list | while IFS=$tab read -r name link program id; do
    pinned=no
    [ ! -f "$BV_BPF/calico/xdp/prefilter_v1_$link" ] || pinned=yes
    say xdp "$name" link "$link" program "$program" id "$id" pinned $pinned
done
bv_attached_list | while IFS=$tab read -r name program; do say attached "$name" program "$program"; done
# Without these tools what is there is not known; whether that matters is for those who know what else is there.
has tc || say fact 'filters of tc' value unseen
if ! has bpftool; then
    found=unseen
    for path in "$BV_BPF"/cilium/socketlb/links/cgroup/*; do [ ! -f "$path" ] || found=pinned; done
    say fact 'programs on cgroups' value "$found"
fi

if [ -d "$BV_BPF" ]; then
    # A directory of one program's own is one thing, whatever is in it; of anything that is more than a host has, it is said.
    found=$(find "$BV_BPF" -xdev -mindepth 1 -maxdepth 12 \( -path "$BV_BPF/cilium" -o -path "$BV_BPF/calico" -o -path "$BV_BPF/calico_connect4" \) -print -prune -o -type f -print 2>/dev/null | head -n 3001)
    [ -z "$found" ] || printf '%s\n' "$found" | head -n 3000 | while IFS= read -r path; do
        pins=
        [ ! -d "$path" ] || pins=$(find "$path" -xdev -type f 2>/dev/null | wc -l)
        say pin "$path" pins "$pins"
    done
    [ "$(printf '%s\n' "$found" | wc -l)" -le 3000 ] || say fact unread value "of the pins in \`$BV_BPF\` those beyond 3000"
fi
owned=$(
    awk '$1 !~ /^#/ && $2 ~ /^\// { sub(/\/+$/, "", $2); print $2 }' /etc/fstab 2>/dev/null
    sed -n 's/^Where=\(\/.*\)/\1/p' /etc/systemd/system/*.mount 2>/dev/null
)
awk '{
    for (i = 7; i <= NF; i++) if ($i == "-") { type = $(i + 1); break }
    if (type == "bpf" || type == "cgroup2") print $5 "\t" type "\t" $6
}' /proc/self/mountinfo | while IFS=$tab read -r name type options; do
    by=
    ! printf '%s\n' "$owned" | grep -qxF -- "$name" || by=owner
    say mount "$name" type "$type" options ",$options," by "$by"
done
