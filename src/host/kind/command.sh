# command RUN UNDO UNLESS: a shell line, the line that takes it back, and one that says whether it
# is needed (empty: by the journal).

bv_command_is() {
    if [ -n "$3" ]; then
        (eval "$3") >/dev/null 2>&1 </dev/null
    else
        bv_stands command "$1" completed
    fi
}

bv_command_before() { :; }
bv_command_do() {
    bv_whole_input
    if [ "$BV_BYTES" -eq 0 ]; then
        (eval "$1")
    else
        printf '%s' "$bv_input" | (eval "$1")
    fi
}
bv_command_undo() { [ -z "$2" ] || (eval "$2"); }
