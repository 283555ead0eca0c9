# systemd's services, and firewalls.

# name, loaded or not-found, active or inactive, enabled or disabled
if [ -d /run/systemd/system ]; then
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
