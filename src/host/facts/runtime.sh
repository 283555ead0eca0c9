# What of runtimes is there, running or not.

for path in /etc/containerd/config.toml /etc/docker/daemon.json; do
    [ ! -e "$path" ] || say runtime_config "$path"
done
# cri-o reads all of its directory, and goes on with the store that it finds.
find /etc/crio -xdev ! -type d 2>/dev/null | while IFS= read -r path; do say runtime_config "$path"; done
for path in /var/lib/crio/*; do
    [ ! -e "$path" ] || { say runtime_config /var/lib/crio && break; }
done
for path in /var/lib/containerd /var/lib/docker; do
    for file in "$path"/*; do
        case $file in */lost+found) continue ;; esac
        if [ -e "$file" ]; then
            say runtime_data "$path"
            break
        fi
    done
done
