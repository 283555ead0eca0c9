# The journal: each change of a host is an entry, on disk before the change is made.
#
# One line an entry, shell-quoted words without a line break, ended by ` .` and a line break, so that
# a torn last line is known as one wherever it was torn:
#   start SEQ RUN STEP KIND NARGS ARG... BEFORE... .
#   done SEQ .
#   undone SEQ .
#   kept SEQ .
# SEQ counts up from 1. BEFORE is what the kind needs to restore the state before the change;
# whole files are kept in before/SEQ, and how a program was left in before/SEQ.note.
#
# A step kind K brings four functions; each gets the step's arguments:
#   bv_K_is      is the host already as the step wants it? (reads only)
#   bv_K_before  sets bv_was to the state before, as quoted words; saves files in $bv_saved
#   bv_K_do      makes the change; data comes on stdin
#   bv_K_undo    restores: gets the arguments and then the words of bv_was; must bear being run
#                twice, after a change that only started, and after none at all

BV=/var/lib/bivouac
# What was on the host before, for those who leave such things alone; who clears up after another installer has a list of his own.
BV_HAD=$BV/baseline
# What tells runs of each other, and need not outlive a boot: a run that changes nothing writes nothing
# that stays.
#   lock    held (flock) by the shell that may change the host, and by all that it started
#   holder  who that is: RUN (WHO) since TIME PID:START, of the session's sshd process
#   busy    the change under way; empty between changes
#   marks   of undos, where the journal could not take them
#   mute    where containerd did not answer
BV_LIVE=/run/bivouac
BV_UNCHANGED=79
BV_NL='
'

# What root wrote down for his own kubectl (`~/.kube/kuberc`, from 1.34 on: `delete` that asks first) is not for ours.
export KUBERC=off

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

# A line that did not fit is taken back, so that the next does not continue it.
bv_unwritten() {
    bv_mend
    bv_die "the journal \`$BV/journal\` cannot be written"
}

# Appends a mark. It need not be on disk: without it the entry counts as started, which undo
# covers and a second run checks again.
bv_mark() {
    printf '%s .\n' "$1" >>"$BV/journal" || bv_unwritten
}

# Appends the mark of an undo, which must work on a full disk and on one that can only be read: then it is kept in memory, for the
# undos that follow in this run. The next run does without it: an undo can be repeated.
bv_mark_undo() {
    printf '%s .\n' "$1" 2>/dev/null >>"$BV/journal" || {
        bv_mend 2>/dev/null
        printf '%s .\n' "$1" >>"$BV_LIVE/marks" || bv_die "\`$BV_LIVE/marks\` cannot be written"
    }
}

# Where marks are that found no room in the journal, into bv_marks: it is to be read after that.
bv_marks() {
    bv_marks=/dev/null
    [ ! -s "$BV_LIVE/marks" ] || bv_marks=$BV_LIVE/marks
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
    bv_busy "$bv_seq $bv_step"
    bv_saved=$BV/before/$bv_seq
    # A try that was killed before its record may have left something under the same number.
    [ ! -e "$bv_saved" ] || rm -rf -- "$bv_saved"
    [ ! -e "$bv_saved.note" ] || rm -f -- "$bv_saved.note"
    bv_was=
    bv_unproven=
    # What may come from servers.
    if [ "$bv_kind" = package ]; then bv_proxied; fi
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
    # Something went that may have let the operator in (guard.sh).
    [ -z "$bv_unproven" ] || echo unproven
    exit 0
}

# Reads the input of a change, BV_BYTES of text, into bv_input: all of it, or nothing is done. A connection
# that breaks in the middle looks like the input's end.
bv_whole_input() {
    bv_input=
    [ "$BV_BYTES" -gt 0 ] || return 0
    bv_input=$(cat && echo .)
    bv_input=${bv_input%.}
    [ "$(printf '%s' "$bv_input" | wc -c)" -eq "$BV_BYTES" ] || bv_die "the input was cut off on its way"
}

# Notes that a change is under way, until this subshell ends by itself. One that is killed leaves the
# note, since what it had started may go on. Without the note the next run would not wait for it.
bv_busy() {
    printf '%s\n' "$1" >"$BV_LIVE/busy" || bv_die "\`$BV_LIVE/busy\` cannot be written"
    trap bv_idle EXIT
}
bv_idle() { printf '' >"$BV_LIVE/busy"; }

# Says whether a change is needed, and how much of its data is already on the host:
# bv_need KIND ARG... prints `unchanged`, or the offset at which the upload goes on, and, where BV_URL is set,
# with what the host can fetch it by itself.
bv_need() {
    bv_kind=$1
    shift
    if "bv_${bv_kind}_is" "$@"; then
        echo unchanged
    else
        bv_part_of "$bv_kind" "$@"
        stat -c %s -- "$bv_part" 2>/dev/null || echo 0
        [ -z "${BV_URL:-}" ] || bv_client "$BV_URL"
    fi
}

# Says that an undo leaves $1 alone, because it is no longer ours. The entry stands, so that the next
# wipe looks again.
bv_keep() {
    echo "kept $1"
    bv_kept=kept
}

# Restores the state before entry $1: bv_undo SEQ. Prints `kept ...` for what was left alone, or `unproven` where it is to be called once more after
# a new login.
bv_undo() {
    bv_seq=$1
    bv_saved=$BV/before/$bv_seq
    bv_line=$(grep "^start $bv_seq " "$BV/journal") || bv_die "the journal has no entry $bv_seq"
    eval "set -- ${bv_line% .}"
    bv_kind=$5 bv_nargs=$6
    shift 6
    bv_busy "undo $bv_seq"
    bv_cut "$bv_seq" undo-before
    bv_kept='' bv_unproven=''
    "bv_${bv_kind}_undo" "$@" || exit 1
    # What let the operator in may have gone (guard.sh): the rest of the undo, and its mark, wait for a new login.
    if [ -n "$bv_unproven" ]; then
        bv_cut "$bv_seq" unproven-after
        echo unproven
        exit 0
    fi
    bv_cut "$bv_seq" undo-after
    # Undone but for what was kept: the entry stands, and the host is no longer in our hands.
    bv_mark_undo "${bv_kept:-undone} $bv_seq"
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
    bv_marks
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
    ' "$BV/journal" "$bv_marks" 2>/dev/null)
    [ -n "$bv_found" ]
}

# Whether an entry of kind $1 stands, whatever its arguments.
bv_any_stands() {
    bv_marks
    BV_KIND="'$1'" awk '
        BEGIN { kind = " " ENVIRON["BV_KIND"] " " }
        $1 == "start" && index($0, kind) { stands[$2] }
        $1 == "undone" || $1 == "kept" { delete stands[$2] }
        END { for (seq in stands) exit 0; exit 1 }' "$BV/journal" "$bv_marks" 2>/dev/null
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

# Cuts a torn last line off, so that the next one does not continue it. That needs no room.
bv_mend() {
    bv_whole || truncate -s "-$(tail -n 1 -- "$BV/journal" | wc -c)" "$BV/journal"
}

# Whether there is a journal. A wipe that was killed at its very end has only its rubbish left, which goes.
bv_known() {
    rm -rf "$BV.gone"
    [ -e "$BV" ] || [ -e "$BV_LIVE" ]
}

# Opens the host for changes: makes our directory and takes the baseline if there is none. What is
# there already is not written again.
bv_open() {
    rm -rf "$BV.gone"
    if [ ! -d "$BV/before" ] || [ "$(stat -c %a "$BV")" != 700 ]; then
        { mkdir -p "$BV/before" && chmod 0700 "$BV"; } || bv_die "\`$BV\` cannot be made"
    fi
    bv_cut open made
    if [ ! -f "$BV/baseline" ]; then
        # Without a baseline nothing was changed yet: whatever else is here is from a run that was
        # killed before its first change.
        bv_baseline_take || bv_die "the baseline cannot be taken"
        bv_cut open taken
        mv "$BV/baseline.new" "$BV/baseline"
        : >>"$BV/journal"
        # Names are on disk when their directory is.
        bv_sync "$BV/journal" "$BV" "${BV%/*}"
        bv_cut open opened
    fi
    bv_mend || bv_die "the journal \`$BV/journal\` cannot be mended"
}

# Opens the host for undos, which write nothing but marks. Without an entry there is nothing to undo, and nothing to compare with.
bv_reopen() {
    rm -rf "$BV.gone"
    [ -s "$BV/journal" ] || return 0
    if [ -f "$BV/baseline" ]; then
        # Where it can only be read nothing is appended to it either.
        bv_mend
        return 0
    fi
    bv_open
}

# Forgets the host: everything of ours goes, in one rename first, so that a wipe that is killed
# here has still ended.
bv_close() {
    rm -rf "$BV.gone"
    if [ -d "$BV" ]; then
        bv_cut close proven
        # A mount point cannot be renamed: the baseline goes last, for without it the next run would
        # take one of what is here now.
        mv "$BV" "$BV.gone" 2>/dev/null ||
            { find "$BV" -mindepth 1 -maxdepth 1 ! -name baseline -exec rm -rf {} + && rm -f "$BV/baseline"; } ||
            bv_die "our directory \`$BV\` stays: it cannot be removed"
        bv_cut close moved
        rm -rf "$BV.gone" || bv_die "our directory \`$BV.gone\` stays: it cannot be removed"
    fi
    bv_unlock
}

# Who may change the host: the shell that holds the lock on descriptor 9. It is let go when that
# shell ends, and with it everything that it started. Prints
#   free           nobody
#   left           something that a change of a run that is over left behind: nobody
#   taken          somebody who has not said yet who he is
#   held HOLDER    somebody who has just come
#   silent N:WORK HOLDER  somebody; N changes whenever his connection says something. WORK is `busy` while a change of his
#                  is under way, or `idle`: when one ends, that is said to him whether he is there or not
#   orphan HOLDER  nobody, but what he had started still runs
bv_lock_state() {
    if [ ! -e "$BV_LIVE/lock" ] || (flock -n 8) 8<"$BV_LIVE/lock"; then
        echo free
        return
    fi
    bv_holder=$(cat "$BV_LIVE/holder" 2>/dev/null)
    bv_session=${bv_holder##* }
    bv_holder=${bv_holder% *}
    if [ -z "$bv_session" ]; then
        echo taken
    elif bv_born "${bv_session%:*}" && [ "$bv_session" = "${bv_session%:*}:$bv_born" ]; then
        bv_age=$(($(date +%s) - $(stat -c %Y "$BV_LIVE/holder")))
        if [ "$bv_age" -ge 0 ] && [ "$bv_age" -lt 20 ]; then
            echo "held $bv_holder"
        else
            bv_work=idle
            [ ! -s "$BV_LIVE/busy" ] || bv_work=busy
            echo "silent $(awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/${bv_session%:*}/status"):$bv_work $bv_holder"
        fi
    elif [ -s "$BV_LIVE/busy" ]; then
        echo "orphan $bv_holder"
    else
        echo left
    fi
}

# When process $1 was started, into bv_born: with it a process is told from a later one of its number.
bv_born() {
    { read -r bv_stat <"/proc/$1/stat"; } 2>/dev/null || return
    # shellcheck disable=SC2086 # The words after the name, which stands in parentheses.
    set -- ${bv_stat##*) }
    bv_born=${20}
}

# Ends the session of a holder that has been silent since bv_lock_state said $1, so that it cannot
# change anything any more.
bv_fence() {
    exec 7<"$BV_LIVE" && flock 7
    [ "$(bv_lock_state)" = "$1" ] || return 0
    bv_session=$(sed 's/.* //; s/:.*//' "$BV_LIVE/holder")
    kill -KILL "$bv_session"
}

# The processes that hold the lock, for people: `sleep (process 17)`.
bv_lock_holders() {
    bv_names=
    for bv_fd in /proc/[0-9]*/fd/9; do
        [ "$bv_fd" -ef "$BV_LIVE/lock" ] || continue
        bv_pid=${bv_fd#/proc/}
        bv_pid=${bv_pid%%/*}
        read -r bv_name 2>/dev/null <"/proc/$bv_pid/comm" || continue
        bv_names="${bv_names:+$bv_names, }\`$bv_name\` (process $bv_pid)"
    done
    echo "${bv_names:-nothing any more}"
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

# Takes the lock if it is free. While it is looked at and taken nobody else does (descriptor 7). With
# `command`, a redirection that does not work does not end this shell: the last run's end may have
# taken the directory away.
bv_lock() {
    # shellcheck disable=SC2174 # /run is there.
    mkdir -p -m 0700 "$BV_LIVE"
    command exec 7<"$BV_LIVE" || return 0
    flock 7
    [ "$(bv_lock_state)" != left ] || rm -f "$BV_LIVE/lock"
    command exec 9>>"$BV_LIVE/lock" || return 0
    if flock -n 9; then
        bv_session
        bv_born "$bv_session"
        printf '%s (%s) since %s %s\n' "$BV_RUN" "$BV_WHO" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$bv_session:$bv_born" >"$BV_LIVE/holder"
        rm -f "$BV_LIVE/marks" "$BV_LIVE/mute"
        bv_idle
    fi
    exec 7<&-
}

# Whether this shell's lock is on the file that is there now.
bv_locked() { flock -n 9 && [ "$BV_LIVE/lock" -ef /proc/self/fd/9 ]; }

# Lets the lock go, as the last thing of a run.
bv_unlock() {
    if bv_locked; then rm -rf "$BV_LIVE"; fi
}

# Stops the cluster's pods, before a wipe removes anything. The entries' own undo does it again where it
# matters, so this need not be one.
bv_still() {
    if bv_any_stands kubeadm; then
        timeout 120 systemctl stop kubelet.service 2>/dev/null
        bv_pods_stop
    fi
    return 0
}
