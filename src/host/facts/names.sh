# Names, as programs find them: /etc/hosts, nsswitch.conf, resolv.conf. Nobody is asked: only files are read.

# The lines of /etc/hosts that name `localhost` or the host itself. It may be long: some block advertisers with it.
own=
read -r own 2>/dev/null </proc/sys/kernel/hostname
# And where host names are looked up: `files dns`.
[ ! -r /etc/hosts ] || say hosts -
# shellcheck disable=SC2016 # awk's own
OWN=$own awk '
    { sub(/#.*/, "") }
    part == 1 && count < 20 {
        for (i = 2; i <= NF; i++) {
            name = tolower($i)
            if (name == "localhost" || name == tolower(ENVIRON["OWN"])) { print "hosts " $1 " " name; if (++count == 20) break }
        }
    }
    part == 2 && sub(/^[ \t]*hosts:[ \t]*/, "") { lookup = $0 }
    END { if (lookup != "") print "lookup " lookup }' part=1 /etc/hosts part=2 /etc/nsswitch.conf 2>/dev/null

# The files of name servers that a kubelet may be given. resolv KEY FILE
resolv() {
    if [ -f "$2" ]; then
        say "resolv.$1" there
        say "resolv.$1.server" -
        # shellcheck disable=SC2016 # awk's own
        awk -v key="resolv.$1.server" '$1 == "nameserver" && $2 != "" { print key " " $2; if (++count == 10) exit }' "$2" 2>/dev/null
    elif [ -e "$2" ]; then
        say "resolv.$1" 'no file'
    elif [ -L "$2" ]; then
        say "resolv.$1" "dangling $(readlink "$2" 2>/dev/null)"
    else
        say "resolv.$1" missing
    fi
}
resolv etc /etc/resolv.conf
resolv resolved /run/systemd/resolve/resolv.conf
resolv manager /run/NetworkManager/no-stub-resolv.conf

# What will set the name, or /etc/hosts, anew at the next boot.
if has cloud-init && [ ! -e /etc/cloud/cloud-init.disabled ]; then
    say cloud.name "$(cat /etc/cloud/cloud.cfg /etc/cloud/cloud.cfg.d/*.cfg 2>/dev/null | sed -n 's/^hostname:[[:space:]]*//p' | tail -n 1 | tr -d "\"'")"
    if cat /etc/cloud/cloud.cfg /etc/cloud/cloud.cfg.d/*.cfg 2>/dev/null | grep -qiE '^preserve_hostname:[[:space:]]*(true|yes|on)'; then
        say cloud.keeps 1
    else
        say cloud.keeps 0
    fi
    # It writes /etc/hosts anew at each boot (cloud-init's module `update_etc_hosts`).
    # The last word counts, and what came with the machine's own data stands above all.
    case $(cat /etc/cloud/cloud.cfg /etc/cloud/cloud.cfg.d/*.cfg /var/lib/cloud/instance/cloud-config.txt 2>/dev/null |
        sed -n "s/^manage_etc_hosts:[[:space:]]*[\"']*//p" | tail -n 1) in
    [Tt]rue* | TRUE* | localhost* | template*) say cloud.hosts 1 ;;
    esac
fi

# Whether somebody sets the clock. A container has its machine's.
if [ -r /run/systemd/container ]; then say container 1; else say container 0; fi
if [ -d /run/systemd/system ]; then
    say time_sync -
    for unit in chronyd chrony systemd-timesyncd ntpd ntp ntpsec openntpd ptp4l phc2sys vmtoolsd open-vm-tools hv-fcopy-daemon hypervvssd virtualbox-guest-utils vboxadd-service qemu-guest-agent; do
        units="${units:-} $unit.service"
    done
    # shellcheck disable=SC2086 # a list
    systemctl is-active $units 2>/dev/null | grep -n '^active$' | while IFS=: read -r number _; do
        # shellcheck disable=SC2086 # a list
        set -- $units
        shift "$((number - 1))"
        say time_sync "$1"
    done
    units=
    if [ "$(systemctl is-active systemd-resolved.service 2>/dev/null)" = active ]; then say resolved 1; else say resolved 0; fi
    for unit in nm-cloud-setup.timer nm-cloud-setup.service; do
        [ "$(systemctl is-enabled "$unit" 2>/dev/null)" != enabled ] || say cloud_routes "$unit"
    done
fi
