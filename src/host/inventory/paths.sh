# shellcheck shell=sh
# shellcheck disable=SC2154 # inventory.sh sets them
# Paths that are asked for: what is there, and what is mounted at or below it.

# Where units mount something: the owner's as much as /etc/fstab.
unit_mounts=$(sed -n 's/^[[:space:]]*Where[[:space:]]*=[[:space:]]*\(\/.*[^/[:space:]]\)[/[:space:]]*$/\1/p' /etc/systemd/system/*.mount /run/systemd/system/*.mount /usr/local/lib/systemd/system/*.mount /usr/lib/systemd/system/*.mount 2>/dev/null)
# What is mounted at $1 (`self`: bound onto itself, as the kubelet does where the mount is not shared; `fstab`, or a unit; `other`) and how many below.
mounts_at() {
    MOUNT_TOP=$1 UNIT_MOUNTS=$unit_mounts awk -F '\t' '
        BEGIN {
            top = ENVIRON["MOUNT_TOP"]
            n = split(ENVIRON["UNIT_MOUNTS"], units, "\n")
            for (i = 1; i <= n; i++) { fstab[units[i]] = 1; if (units[i] == top) listed = 1 }
        }
        part == "mounts" {
            path = $1
            gsub(/\\040/, " ", path); gsub(/\\011/, "\t", path); gsub(/\\134/, "\\", path)
            if (path == top) at = ($3 == path ? "self" : "other")
            else if (index(path, top "/") == 1) { below++; if (path in fstab) kept++ }
            next
        }
        $0 !~ /^[ \t]*#/ {
            sub(/^[ \t]+/, "")
            split($0, words, /[ \t]+/)
            gsub(/\\040/, " ", words[2])
            sub(/\/+$/, "", words[2])
            if (words[2] == top) listed = 1
            if (words[2] ~ /^\//) fstab[words[2]] = 1
        }
        END { print (at == "" ? "-" : listed ? "fstab" : at), below + 0, kept + 0 }' "$fstab" part=mounts - 2>/dev/null <<M
$mounts
M
}

fstab=/etc/fstab
[ -r "$fstab" ] || fstab=/dev/null
there=
set -f
for pattern in $asked; do
    set +f
    # The pattern has no blanks: only names may have.
    IFS=
    # shellcheck disable=SC2086 # it is a pattern
    set -- $pattern
    IFS=" $tab$newline"
    for path; do
        if is_remote "${path%/*}"; then continue; fi
        if [ -L "$path" ]; then
            say path "$path" type l target "$(readlink -- "$path")"
        elif is_remote "$path"; then
            say path "$path" type d mount remote
        elif [ -d "$path" ]; then
            case "$newline$mounts" in
            *"$newline$path$tab"* | *"$newline$path/"*) at=$(mounts_at "$path") ;;
            *) at='- 0 0' ;;
            esac
            empty=yes
            for inner in "$path"/* "$path"/.[!.]* "$path"/..?*; do
                # It is the file system's own.
                case $at:$inner in fstab*:*/lost+found | other*:*/lost+found) continue ;; esac
                if [ -e "$inner" ] || [ -L "$inner" ]; then
                    empty=no
                    break
                fi
            done
            below=${at#* }
            say path "$path" type d empty $empty mount "${at%% *}" mounts "${below% *}" kept "${below#* }"
        elif [ -f "$path" ]; then
            head=
            # Of small files what tells whose they are, by words that only Kubernetes' own have.
            case $path in
            *.service | *.conf | *.conflist | *.json | *.yaml | *.list | *.sources | *.repo | */config | */.profile | /etc/* | /root/* | /usr/sbin/policy-rc.d)
                head=$(head -c 20000 -- "$path" 2>/dev/null | tr -d '\000' | grep -aoE \
                    -e 'k3s|rke2|k0s|kubernetes|kubelet|kubeadm|k8s|kubekey|kubespray|sealos|kainstall|kubeasz|/opt/kube/bin|calico|flannel|cilium|containerd|dockerd|docker|libpod|podman|nerdctl|exit 101|apiVersion: kubeadm' | sort -u | head -n 12 | tr '\n' ',')
                ;;
            esac
            say path "$path" type f words "$head"
        elif [ -e "$path" ]; then
            say path "$path" type o
        else
            continue
        fi
        # Package databases have no such names, and a line break would be two questions.
        case $path in *[!a-zA-Z0-9_./+:@=-]*) ;; *) there="$there$path$newline" ;; esac
    done
    set -f
done
set +f
