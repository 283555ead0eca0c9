# The journal: each change of a host is an entry, on disk before the change is made.
#
# One line an entry, shell-quoted words without a line break, ended by ` .` and a line break, so that
# a torn last line is known as one wherever it was torn:
#   start SEQ RUN STEP KIND NARGS ARG... BEFORE... .
#   done SEQ .
#   undone SEQ .
#   kept SEQ .
# SEQ counts up from 1. BEFORE is what the kind needs to restore the state before the change;
# whole files are kept in before/SEQ.
#
# A step kind K brings four functions; each gets the step's arguments:
#   bv_K_is      is the host already as the step wants it? (reads only)
#   bv_K_before  sets bv_was to the state before, as quoted words; saves files in $bv_saved
#   bv_K_do      makes the change; data comes on stdin
#   bv_K_undo    restores: gets the arguments and then the words of bv_was; must bear being run
#                twice, after a change that only started, and after none at all

BV=/var/lib/bivouac
BV_UNCHANGED=79
BV_NL='
'

bv_die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Quotes a word for the journal, into bv_quoted, without a process of its own. A line break becomes
# `'"$BV_NL"'`: an entry is one line.
bv_quote() {
    bv_quoted=
    bv_rest=$1
    while :; do
        case $bv_rest in
        *\'*)
            bv_quoted="$bv_quoted${bv_rest%%\'*}'\\''"
            bv_rest=${bv_rest#*\'}
            ;;
        *) break ;;
        esac
    done
    bv_quoted="'$bv_quoted$bv_rest'"
    case $bv_quoted in *"$BV_NL"*) ;; *) return ;; esac
    bv_rest=$bv_quoted
    bv_quoted=
    while :; do
        case $bv_rest in
        *"$BV_NL"*)
            bv_quoted="$bv_quoted${bv_rest%%"$BV_NL"*}'\"\$BV_NL\"'"
            bv_rest=${bv_rest#*"$BV_NL"}
            ;;
        *) break ;;
        esac
    done
    bv_quoted="$bv_quoted$bv_rest"
}

# Adds quoted words to bv_was.
bv_was() {
    for bv_word; do
        bv_quote "$bv_word"
        bv_was="$bv_was $bv_quoted"
    done
}

# Appends a line to the journal and waits until it is on disk.
bv_record() {
    printf '%s .\n' "$1" | dd of="$BV/journal" oflag=append conv=notrunc,fsync status=none || bv_unwritten
}

# A line that did not fit is taken back, which needs no room, so that the next does not continue it.
bv_unwritten() {
    if [ -n "$(tail -c 1 "$BV/journal")" ]; then
        truncate -s "-$(tail -n 1 "$BV/journal" | wc -c)" "$BV/journal"
    fi
    bv_die "the journal \`$BV/journal\` cannot be written"
}

# Appends a mark. It need not be on disk: without it the entry counts as started, which undo
# covers and a second run checks again.
bv_mark() {
    printf '%s .\n' "$1" >>"$BV/journal" || bv_unwritten
}

# Makes sure that files are on disk (`sync FILE` is coreutils 8.24; older ones sync everything).
bv_sync() {
    sync -- "$@" 2>/dev/null || sync
}

# Test builds only: dies like a host that loses power, at entry $1 (or `open`, `close`), point $2.
bv_cut() {
    if [ "${BV_CUT:-}" = "$1:$2" ]; then
        kill -9 $$
        exit 99
    fi
}

# Makes one journaled change: bv_change SEQ STEP KIND ARG...
bv_change() {
    bv_seq=$1 bv_step=$2 bv_kind=$3
    shift 3
    if "bv_${bv_kind}_is" "$@"; then
        exit "$BV_UNCHANGED"
    fi
    bv_saved=$BV/before/$bv_seq
    # A try that was killed before its record may have left something under the same number.
    [ ! -e "$bv_saved" ] || rm -rf -- "$bv_saved"
    bv_was=
    "bv_${bv_kind}_before" "$@" || exit 1
    bv_line="start $bv_seq"
    for bv_word in "$BV_RUN" "$bv_step" "$bv_kind" "$#" "$@"; do
        bv_quote "$bv_word"
        bv_line="$bv_line $bv_quoted"
    done
    bv_cut "$bv_seq" record-before
    bv_record "$bv_line$bv_was"
    bv_cut "$bv_seq" record-after
    "bv_${bv_kind}_do" "$@" || exit 1
    bv_cut "$bv_seq" effect-after
    bv_mark "done $bv_seq"
    bv_cut "$bv_seq" mark-after
    exit 0
}

# Says whether a change is needed, and how much of its data is already on the host:
# bv_need KIND ARG... prints `unchanged`, or the offset at which the upload goes on.
bv_need() {
    bv_kind=$1
    shift
    if "bv_${bv_kind}_is" "$@"; then
        echo unchanged
    else
        bv_part_of "$bv_kind" "$@"
        stat -c %s -- "$bv_part" 2>/dev/null || echo 0
    fi
}

# Says that an undo leaves $1 alone, because it is no longer ours. The entry stands, so that the next
# wipe looks again.
bv_keep() {
    echo "kept $1"
    bv_kept=kept
}

# Restores the state before entry $1: bv_undo SEQ. Prints `kept ...` for what was left alone.
bv_undo() {
    bv_seq=$1
    bv_saved=$BV/before/$bv_seq
    bv_line=$(grep "^start $bv_seq " "$BV/journal") || bv_die "the journal has no entry $bv_seq"
    eval "set -- ${bv_line% .}"
    bv_kind=$5 bv_nargs=$6
    shift 6
    bv_cut "$bv_seq" undo-before
    bv_kept=
    "bv_${bv_kind}_undo" "$@" || exit 1
    bv_cut "$bv_seq" undo-after
    # Undone but for what was kept: the entry stands, and the host is no longer in our hands.
    bv_mark "${bv_kept:-undone} $bv_seq"
    bv_cut "$bv_seq" undone-after
    exit 0
}

# Whether an entry of this kind and first argument stands in the journal, not undone; with a third
# argument `completed`, whether its change was completed. Sets bv_found to its number.
bv_stands() {
    bv_quote "$1"
    bv_want_kind=$bv_quoted
    bv_quote "$2"
    # By the environment: `awk -v` would read the backslashes of the quoting as its own.
    bv_found=$(BV_KIND=$bv_want_kind BV_FIRST=$bv_quoted BV_WANT=${3:-start} awk '
        BEGIN { kind = ENVIRON["BV_KIND"]; first = ENVIRON["BV_FIRST"]; want = ENVIRON["BV_WANT"] }
        $NF != "." { next }
        $1 == "start" {
            line = $0
            n = index(line, " " kind " ")
            rest = substr(line, n + length(kind) + 2)
            sub(/^[^ ]* /, "", rest)
            if (n && index(rest " ", first " ") == 1) start[$2] = 1
        }
        $1 == "done" { completed[$2] = 1 }
        $1 == "undone" { delete start[$2] }
        END { for (s in start) if (want == "start" || s in completed) { print s; exit } }
    ' "$BV/journal" 2>/dev/null)
    [ -n "$bv_found" ]
}

# Whether the journal's last line is whole.
bv_whole() {
    [ ! -s "$BV/journal" ] || [ "$(tail -c 3 -- "$BV/journal" | tr '\0' '?' && echo x)" = " .${BV_NL}x" ]
}

# Prints the journal; a torn last line is left out.
bv_journal() {
    if [ ! -f "$BV/journal" ]; then
        :
    elif bv_whole; then
        cat -- "$BV/journal"
    else
        sed '$d' "$BV/journal"
    fi
}

# Cuts a torn last line off, so that the next one does not continue it.
bv_mend() {
    bv_whole && return
    bv_journal >"$BV/journal.new" || bv_die "the journal \`$BV/journal\` cannot be mended"
    bv_sync "$BV/journal.new"
    mv -f "$BV/journal.new" "$BV/journal"
}

# Whether there is a journal. A wipe that was killed at its very end has only its rubbish left, which goes.
bv_known() {
    rm -rf "$BV.gone"
    [ -e "$BV" ]
}

# Opens the host for changes: makes our directory and takes the baseline if there is none.
bv_open() {
    rm -rf "$BV.gone"
    { mkdir -p "$BV/before" && chmod 0700 "$BV"; } || bv_die "\`$BV\` cannot be made"
    bv_cut open made
    if [ ! -f "$BV/baseline" ]; then
        # Without a baseline nothing was changed yet: whatever else is here is from a run that was
        # killed before its first change.
        bv_baseline >"$BV/baseline.new" || bv_die "the baseline cannot be taken"
        bv_sync "$BV/baseline.new"
        bv_cut open taken
        mv "$BV/baseline.new" "$BV/baseline"
        : >>"$BV/journal"
        # Names are on disk when their directory is.
        bv_sync "$BV/journal" "$BV" "${BV%/*}"
        bv_cut open opened
    fi
    bv_mend
}

# Forgets the host: everything of ours goes, in one rename first, so that a wipe that is killed
# here has still ended.
bv_close() {
    rm -rf "$BV.gone"
    if [ -d "$BV" ]; then
        bv_cut close proven
        mv "$BV" "$BV.gone"
        bv_cut close moved
        rm -rf "$BV.gone"
    fi
}

# Who may change the host: the shell that holds this lock on descriptor 9. It is let go when that
# shell ends, and with it everything that it started.
bv_lock_state() {
    if [ ! -e "$BV/lock" ] || (flock -n 8) 8<"$BV/lock"; then
        echo free
        return
    fi
    # The last word is the session's sshd process: without it the operator is gone.
    bv_holder=$(cat "$BV/holder" 2>/dev/null)
    if [ -d "/proc/${bv_holder##* }" ]; then
        echo "held ${bv_holder% *}"
    else
        echo "orphan ${bv_holder% *}"
    fi
}

# The process of sshd that serves this shell, into bv_session: sudo may outlive it, so the parent is
# not enough.
bv_session() {
    bv_session=$$
    while [ "$bv_session" -gt 1 ]; do
        read -r bv_name <"/proc/$bv_session/comm"
        case $bv_name in sshd*) return ;; esac
        bv_session=$(awk '$1 == "PPid:" { print $2 }' "/proc/$bv_session/status")
    done
    bv_session=$PPID
}

bv_lock() {
    mkdir -p "$BV" && chmod 0700 "$BV"
    exec 9>>"$BV/lock"
    if flock -n 9; then
        bv_session
        printf '%s since %s %s\n' "$BV_RUN" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$bv_session" >"$BV/holder"
    fi
}

# Whether this shell's lock is on the file that is there now.
bv_locked() { flock -n 9 && [ "$BV/lock" -ef /proc/self/fd/9 ]; }
