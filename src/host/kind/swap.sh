# swap off: no swap, now and after a reboot. What is on is switched off; lines of /etc/fstab become comments with a mark of ours;
# units that systemd has from elsewhere (a file of their own, zram's generator, a GPT) are disabled, or masked where they cannot be.
#
# bv_was: `fstab` where lines were made comments (the file is saved), `disable=UNIT`, `mask=UNIT`, and what was on, `on=PRIORITY:PATH`.

BV_FSTAB=/etc/fstab
BV_FSTAB_MARK='# bivouac: '
BV_FSTAB_LINE='[[:space:]]*[^#[:space:]][^[:space:]]*[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)'

# What is on, as PRIORITY:PATH; the kernel writes blanks in a path in octal.
bv_swap_on() { awk 'NR > 1 { print $NF ":" $1 }' /proc/swaps 2>/dev/null; }

# Enabled units, and those at work that a generator made of something else than fstab: disable=UNIT or mask=UNIT, one a line.
bv_swap_units() {
    systemctl list-unit-files --type=swap --state=enabled --no-legend 2>/dev/null | while read -r bv_unit _; do
        printf 'disable=%s\n' "$bv_unit"
    done
    systemctl list-units --type=swap --state=active --plain --no-legend 2>/dev/null | while read -r bv_unit _; do
        bv_unit_file='' bv_unit_source=''
        while IFS='=' read -r bv_key bv_value; do
            case $bv_key in
            FragmentPath) bv_unit_file=$bv_value ;;
            SourcePath) bv_unit_source=$bv_value ;;
            esac
        done <<E
$(systemctl show -p FragmentPath -p SourcePath -- "$bv_unit")
E
        case $bv_unit_file:$bv_unit_source in
        :* | *:"$BV_FSTAB" | /etc/*) ;;
        *) printf 'mask=%s\n' "$bv_unit" ;;
        esac
    done
}

bv_swap_is() {
    [ -z "$(bv_swap_on)" ] && ! grep -Eqs "^$BV_FSTAB_LINE" "$BV_FSTAB" && [ -z "$(bv_swap_units)" ]
}

bv_swap_before() {
    if grep -Eqs "^$BV_FSTAB_LINE" "$BV_FSTAB"; then
        { mkdir -p "$bv_saved" && cp -a -- "$BV_FSTAB" "$bv_saved/fstab"; } || bv_die "\`$BV_FSTAB\` cannot be saved"
        bv_sync "$bv_saved/fstab" "$bv_saved"
        bv_was fstab
    fi
    while IFS= read -r bv_word; do
        [ -z "$bv_word" ] || bv_was "$bv_word"
    done <<E
$(bv_swap_units)
$(bv_swap_on | sed 's/^/on=/')
E
}

# Puts a file in fstab's place that was made of it, with its mode and owner.
bv_swap_fstab() { bv_sync "$BV_FSTAB.bivouac~" && mv -fT -- "$BV_FSTAB.bivouac~" "$BV_FSTAB" && bv_label "$BV_FSTAB"; }

# The path of PRIORITY:PATH as it is.
bv_swap_path() { printf '%b' "$(printf '%s' "${1#*:}" | sed 's/\\\([0-7]\{3\}\)/\\0\1/g')"; }

bv_swap_do() {
    if grep -Eqs "^$BV_FSTAB_LINE" "$BV_FSTAB"; then
        { cp -a -- "$BV_FSTAB" "$BV_FSTAB.bivouac~" &&
            sed -E "s/^($BV_FSTAB_LINE)/$BV_FSTAB_MARK\\1/" "$BV_FSTAB" >"$BV_FSTAB.bivouac~" &&
            bv_swap_fstab; } || return 1
    fi
    for bv_word in $(bv_swap_units); do
        systemctl "${bv_word%%=*}" -q -- "${bv_word#*=}" || return 1
    done
    for bv_word in $(bv_swap_on); do
        swapoff -- "$(bv_swap_path "$bv_word")" || return 1
    done
    systemctl daemon-reload && [ -z "$(bv_swap_on)" ]
}

bv_swap_undo() {
    shift "$bv_nargs"
    rm -f -- "$BV_FSTAB.bivouac~"
    for bv_word; do
        case $bv_word in
        fstab)
            grep -qs "^$BV_FSTAB_MARK" "$BV_FSTAB" || continue
            # Other lines are its owner's, and stay as they are by now.
            { cp -a -- "$BV_FSTAB" "$BV_FSTAB.bivouac~" &&
                sed "s/^$BV_FSTAB_MARK//" "$BV_FSTAB" >"$BV_FSTAB.bivouac~" &&
                { ! cmp -s -- "$BV_FSTAB.bivouac~" "$bv_saved/fstab" || cp -a -- "$bv_saved/fstab" "$BV_FSTAB.bivouac~"; } &&
                bv_swap_fstab; } || return 1
            ;;
        disable=*) systemctl enable -q -- "${bv_word#disable=}" || return 1 ;;
        mask=*) systemctl unmask -q -- "${bv_word#mask=}" || return 1 ;;
        esac
    done
    systemctl daemon-reload || return 1
    for bv_word; do
        case $bv_word in on=*) ;; *) continue ;; esac
        bv_word=${bv_word#on=}
        ! bv_swap_on | sed 's/^[^:]*://' | grep -qxF -- "${bv_word#*:}" || continue
        # The kernel gives out negative ones by itself.
        case $bv_word in
        -*) swapon -- "$(bv_swap_path "$bv_word")" ;;
        *) swapon -p "${bv_word%%:*}" -- "$(bv_swap_path "$bv_word")" ;;
        esac || return 1
    done
}
