# The processor, as programs find it; and the kernel's profiles for programs.

# What the first one lacks of x86-64-v2, by the kernel's names (`pni` is sse3); other architectures have another word for it.
flags=$(grep -m 1 '^flags' /proc/cpuinfo 2>/dev/null)
if [ -n "$flags" ]; then
    say cpu_lacks -
    for flag in cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3; do
        case "$flags " in *" $flag "*) ;; *) say cpu_lacks "$flag" ;; esac
    done
elif has getconf; then
    say page_size "$(getconf PAGESIZE 2>/dev/null)"
fi
# AppArmor: on in the kernel, and its tool. In containers it is their machine's business.
if [ -r /sys/module/apparmor/parameters/enabled ] && [ ! -r /run/systemd/container ]; then
    line=
    read -r line 2>/dev/null </sys/module/apparmor/parameters/enabled
    case $line in
    Y*) if has apparmor_parser; then say apparmor tool; else say apparmor alone; fi ;;
    *) say apparmor off ;;
    esac
fi
