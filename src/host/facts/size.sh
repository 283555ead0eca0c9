# CPUs, memory and swap.

say cpus "$(nproc 2>/dev/null)"
while read -r key value _; do
    if [ "$key" = MemTotal: ]; then
        say memory_kib "$value"
        break
    fi
done </proc/meminfo
if [ -r /proc/swaps ]; then
    say swap -
    while read -r name _; do
        [ "$name" = Filename ] || say swap "$name"
    done </proc/swaps
fi
