# The containerd that runs, whoever brought it: what it says itself, and what its configuration comes to with its own defaults (a dump
# reads it anew, so it may be younger than the process). Each question has a limit: it may hang.
pid=0
[ ! -d /run/systemd/system ] || pid=$(systemctl show -p MainPID containerd.service 2>/dev/null)
pid=${pid#MainPID=}
if [ "${pid:-0}" != 0 ]; then
    say containerd "$pid"
    config=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | sed -n -e 's/^--*config=//p' -e '/^-c$/{n;p;}' -e '/^--*config$/{n;p;}')
    dump=$(timeout 10 "/proc/$pid/exe" ${config:+--config "$config"} config dump 2>/dev/null | awk -v q="'" '
        function told(key, text) { if (text != "") print "containerd." key " " text }
        { gsub(/["\t]/, ""); gsub(q, ""); sub(/^ +/, "") }
        /^\[/ { section = substr($0, 2, index($0, "]") - 2); next }
        {
            at = index($0, " = ")
            if (!at) next
            key = substr($0, 1, at - 1); text = substr($0, at + 3)
            if (text ~ /^\[/) gsub(/[][ ]/, "", text)
        }
        section == "" && key == "version" { told("config_version", text) }
        section == "" && (key == "root" || key == "state") { told(key, text) }
        section == "" && key == "disabled_plugins" {
            print "containerd.cri_disabled " ("," text "," ~ /,(cri|io\.containerd\.grpc\.v1\.cri|io\.containerd\.cri\.v1\.(runtime|images)),/ ? 1 : 0)
        }
        section == "grpc" && key == "address" { told(key, text) }
        key == "sandbox_image" || (key == "sandbox" && section ~ /pinned_images$/) { sandbox = text }
        section ~ /cri(\.v1\.runtime)?\.cni$/ && (key == "bin_dir" || key == "bin_dirs") && text != "" { bin = text }
        section ~ /cri(\.v1\.runtime)?\.cni$/ && key == "conf_dir" { told("cni_conf", text) }
        section ~ /cri(\.v1\.images)?\.registry$/ && key == "config_path" { told("certs", text) }
        key == "default_runtime_name" { runs = text }
        key == "SystemdCgroup" {
            name = section
            sub(/\.options$/, "", name); sub(/.*\.runtimes\./, "", name)
            systemd[name] = text
        }
        END {
            told("sandbox", sandbox); told("cni_bin", bin)
            if (runs in systemd) told("cgroup", systemd[runs] == "true" ? "systemd" : "cgroupfs")
            else if (runs != "") told("cgroup", "cgroupfs")
        }')
    [ -z "$dump" ] || printf '%s\n' "$dump"
    # What disk.sh asks about does not have it.
    root=$(printf '%s\n' "$dump" | sed -n 's/^containerd.root //p')
    case $root in
    '' | /var/lib/containerd) ;;
    *) stat -f -c 'disk %n %S %b %a %c %d %i' -- "$root" 2>/dev/null ;;
    esac
    if has ctr && answer=$(timeout 10 ctr --address /run/containerd/containerd.sock version 2>/dev/null); then
        say containerd.version "$(printf '%s\n' "$answer" | sed -n '/^Server/,$s/^ *Version: *//p')"
        sandbox=$(printf '%s\n' "$dump" | sed -n 's/^containerd.sandbox //p')
        if images=$(timeout 10 ctr --address /run/containerd/containerd.sock -n k8s.io images ls -q 2>/dev/null); then
            if printf '%s\n' "$images" | grep -qxF -- "${sandbox:--}"; then say containerd.has_sandbox 1; else say containerd.has_sandbox 0; fi
        fi
        say containerd.ill -
        timeout 10 ctr --address /run/containerd/containerd.sock plugins ls 2>/dev/null | awk '/^io\.containerd\.(grpc\.v1 +cri|cri\.v1) / && $NF != "ok" { print "containerd.ill " $1 "." $2 " is " $NF }'
        say containerd.container -
        timeout 10 ctr --address /run/containerd/containerd.sock -n k8s.io containers ls -q 2>/dev/null | head -n 5 | sed 's/^/containerd.container /'
    fi
fi
