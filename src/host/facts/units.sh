# systemd, its services, and firewalls.

# name, loaded or not-found, active or inactive, enabled or disabled
if [ -d /run/systemd/system ]; then
    # Its state, and what it allows services that say nothing else.
    answer=$(timeout 10 systemctl show -p SystemState -p DefaultTasksMax -p DefaultLimitFSIZE -p DefaultLimitAS -p DefaultLimitDATA 2>/dev/null)
    status=$?
    if [ -n "$answer" ]; then
        printf '%s\n' "$answer" | sed -n -e 's/^SystemState=/manager /p' -e 's/^\(Default[A-Za-z]*\)=\([0-9][0-9]*\)$/number \1 \2/p'
    elif [ "$status" != 124 ]; then
        say manager silent
    fi
    unit='' load='' active='' enabled=''
    say unit -
    {
        systemctl show -p Id -p LoadState -p ActiveState -p UnitFileState \
            containerd.service docker.service cri-docker.service crio.service kubelet.service \
            k3s.service k3s-agent.service rke2-server.service rke2-agent.service \
            k0scontroller.service k0sworker.service snap.microk8s.daemon-kubelite.service \
            firewalld.service 2>/dev/null
        echo
    } | while IFS='=' read -r key value; do
        case $key in
        Id) unit=$value ;;
        LoadState) load=$value ;;
        ActiveState) active=$value ;;
        UnitFileState) enabled=$value ;;
        '')
            [ -z "$unit" ] || [ "$load" = not-found ] || say unit "$unit $load $active ${enabled:-unknown}"
            unit='' load='' active='' enabled=''
            ;;
        esac
    done
fi
# ufw's unit is active even where ufw is off.
if [ -r /etc/ufw/ufw.conf ]; then
    while IFS='=' read -r key value; do
        [ "$key" != ENABLED ] || say ufw "$value"
    done </etc/ufw/ufw.conf
fi

# What somebody adds to the services that will be installed, from what goes before to what goes behind (systemd.unit(5)):
# unit, file, setting. Of settings that only add to each other, or limit nothing, nothing is said; of variables the name.
say drop_in -
for unit in service system.slice kubelet.service containerd.service crio.service cri-docker.service docker.service; do
    seen=' '
    for directory in /etc/systemd/system.control /run/systemd/system.control /run/systemd/transient /etc/systemd/system /run/systemd/system \
        /usr/local/lib/systemd/system /usr/lib/systemd/system /lib/systemd/system; do
        for file in "$directory/$unit.d"/*.conf; do
            [ -e "$file" ] || continue
            # One further behind with the same name does not count.
            case $seen in *" ${file##*/} "*) continue ;; esac
            seen="$seen${file##*/} "
            [ -f "$file" ] || continue
            awk -v line="drop_in $unit $file" '
                { sub(/^[ \t]+/, ""); at = index($0, "=") }
                /^[#;]/ || !at { next }
                {
                    key = substr($0, 1, at - 1); sub(/[ \t]+$/, "", key)
                    value = substr($0, at + 1); gsub(/^[ \t]+|[ \t]+$/, "", value)
                }
                key == "Environment" { gsub(/"/, "", value); sub(/=.*/, "", value); print line, key, value; next }
                # Of paths, those that are not there.
                key == "EnvironmentFile" || key == "ConditionPathExists" || key == "AssertPathExists" {
                    if (value ~ /^\// && (getline first < value) < 0) print line, key, value
                    next
                }
                key == "ExecStart" || key ~ /^(Memory(Max|High|Limit)|TasksMax|LimitNOFILE|LimitFSIZE|LimitAS|User|Group|DynamicUser|RootDirectory|RootImage)$/ ||
                    key ~ /^(Protect|Private|ReadOnly|Inaccessible|CapabilityBounding|SystemCallFilter|NoNewPriv|Restrict|MountFlags|Delegate|RefuseManualStart|DevicePolicy)/ { print line, key, value }
            ' "$file" 2>/dev/null
        done
    done
done

# Flags that somebody gives to the kubelet besides: our unit reads this file (templates/systemd/kubelet.service). Their values are not told.
if [ -r /etc/default/kubelet ]; then
    say kubelet_flag -
    sed -n 's/^[[:space:]]*\([A-Z_]*\)=/\1 /p' /etc/default/kubelet | tr -d "\"'" | while read -r name flags; do
        [ "$name" = KUBELET_EXTRA_ARGS ] || say kubelet_variable "$name"
        for flag in $flags; do
            case $flag in --*) say kubelet_flag "${flag%%=*}" ;; esac
        done
    done
fi

# Swap that comes back with the next boot (systemd.swap(5)): what brings it.
say swap_at_boot -
awk '!/^[ \t]*#/ && $3 == "swap" && $4 !~ /(^|,)noauto(,|$)/ { print "swap_at_boot fstab " $1 }' /etc/fstab 2>/dev/null
[ ! -x /usr/lib/systemd/system-generators/zram-generator ] || for file in /etc/systemd/zram-generator.conf /run/systemd/zram-generator.conf /usr/local/lib/systemd/zram-generator.conf /usr/lib/systemd/zram-generator.conf; do
    [ -e "$file" ] || continue
    # The first is the one that counts; an empty one switches it off (zram-generator(8)).
    ! grep -qs '^\[zram' "$file" || say swap_at_boot "zram $file"
    break
done
[ ! -e /etc/dphys-swapfile ] || [ ! -e /etc/systemd/system/multi-user.target.wants/dphys-swapfile.service ] || say swap_at_boot dphys-swapfile
