# The cri-o that runs: what of images it has.
pid=0
[ ! -d /run/systemd/system ] || pid=$(systemctl show -p MainPID crio.service 2>/dev/null)
pid=${pid#MainPID=}
if [ "${pid:-0}" != 0 ]; then
    say crio "$pid"
    socket=unix:///var/run/crio/crio.sock
    if has crictl && images=$(timeout 10 crictl -r "$socket" -i "$socket" images 2>/dev/null); then
        say crio.image -
        printf '%s\n' "$images" | awk 'NR != 1 && $2 !~ /^<none/ { print "crio.image " $1 ":" $2 }'
    fi
fi
if [ -s /etc/containers/registries.conf ]; then say registries_conf 1; else say registries_conf 0; fi
