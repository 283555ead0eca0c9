# module NAME...: kernel modules that must be loaded, or built in.

# What a module brings that can be seen when it is built in and has no directory in /sys/module.
bv_module_works() {
    [ -d "/sys/module/$1" ] && return
    case $1 in
    overlay) grep -qw overlay /proc/filesystems ;;
    br_netfilter) [ -d /proc/sys/net/bridge ] ;;
    *) grep -qs "/$1.ko" "/lib/modules/$(uname -r)/modules.builtin" ;;
    esac
}

bv_module_is() {
    for bv_name; do
        bv_module_works "$bv_name" || return 1
    done
}

bv_module_before() {
    for bv_name; do
        bv_module_works "$bv_name" || bv_was "$bv_name"
    done
}

bv_module_do() {
    for bv_name; do
        bv_module_works "$bv_name" || modprobe -- "$bv_name" || return 1
    done
}

bv_module_undo() {
    shift "$bv_nargs"
    # A module in use stays until the next boot; that is no difference that anybody sees.
    for bv_name; do
        modprobe -r -- "$bv_name" 2>/dev/null
    done
    return 0
}
