# Who the host is.

say_file hostname /proc/sys/kernel/hostname
say_file static_hostname /etc/hostname
say_file machine_id /etc/machine-id
# An empty one is none, and so is one that waits for the first boot (machine-id(5)).
id=
[ ! -r /etc/machine-id ] || read -r id 2>/dev/null </etc/machine-id
case $id in '' | uninitialized*) say has_machine_id 0 ;; *) say has_machine_id 1 ;; esac
say_file boot_id /proc/sys/kernel/random/boot_id
say_file product_uuid /sys/class/dmi/id/product_uuid
for file in /etc/os-release /usr/lib/os-release; do
    [ -r "$file" ] || continue
    while IFS='=' read -r key value || [ -n "$key" ]; do
        case $key in
        ID) say os.id "$value" ;;
        ID_LIKE) say os.id_like "$value" ;;
        VERSION_ID) say os.version_id "$value" ;;
        PRETTY_NAME) say os.pretty_name "$value" ;;
        esac
    done <"$file"
    break
done
say machine "$(uname -m)"
say_file kernel /proc/sys/kernel/osrelease
if [ -d /run/systemd/system ]; then
    say init systemd
    systemctl --version 2>/dev/null | { read -r _ version _ && say systemd "$version"; }
else
    say_file init /proc/1/comm
fi
