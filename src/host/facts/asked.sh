# Paths that cluster.yaml names, one a line in $asked: `KIND PATH`.

printf '%s\n' "${asked:-}" | while IFS= read -r path; do
    [ -n "$path" ] || continue
    kind=absent
    if [ -d "$path" ]; then kind=directory; elif [ -f "$path" ]; then kind='file'; elif [ -e "$path" ]; then kind=other; fi
    say asked "$kind $path"
done
