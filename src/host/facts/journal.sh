# Our own journal (its format: journal.sh): entries that stand and were not wiped yet, the run of the last
# one, and of those that say what on the host is ours, the kind and the first argument.
if [ -d /var/lib/bivouac ]; then
    standing=
    if [ -r /var/lib/bivouac/journal ]; then
        standing=$(awk '
            $1 == "start" {
                stands[$2]
                run = $3
                if (match($0, / .(clear|file|artifact|tree|kernel|kubeadm|package|store|docker_store). .[0-9]+. .[^ ]+/)) claim[$2] = substr($0, RSTART + 1, RLENGTH - 1)
            }
            $1 == "undone" || $1 == "kept" { delete stands[$2] }
            END {
                for (entry in stands) count++
                print count + 0, run == "" ? "-" : run
                for (entry in stands) if (entry in claim) print claim[entry]
            }
        ' /var/lib/bivouac/journal)
    fi
    say journal "$(printf '%s\n' "${standing:-0 -}" | head -n 1)"
    printf '%s\n' "$standing" | tr -d "'" | sed -n '2,$s/^\([a-z_]*\) [0-9]* /claim \1 /p'
else
    say journal -
fi
