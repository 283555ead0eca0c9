# The docker that runs, likewise, by what it says itself: past the settings of root's own client, which may lead to another machine.
pid=0
[ ! -d /run/systemd/system ] || pid=$(systemctl show -p MainPID docker.service 2>/dev/null)
pid=${pid#MainPID=}
if [ "${pid:-0}" != 0 ]; then
    say docker "$pid"
    ask() { timeout 10 docker --config /nonexistent --host unix:///run/docker.sock "$@" 2>/dev/null; }
    # What it was started with, and what its file says: it does not start again where both say one thing. Of neither a value is told.
    if [ -r /etc/docker/daemon.json ]; then
        say docker.flag -
        tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | sed -n 's/^--*\([A-Za-z][a-z-]*\).*/docker.flag \1/p'
        say docker.key -
        # shellcheck disable=SC2016 # awk's own
        tr '\n' ' ' </etc/docker/daemon.json | awk '{
            gsub(/\\./, "")
            count = split($0, part, "\"")
            for (i = 1; i <= count; i++) {
                if (i % 2) {
                    if (depth == 1 && i != 1 && part[i] ~ /^[ \t]*:/) print "docker.key " part[i - 1]
                    depth += gsub(/[{[]/, "", part[i]) - gsub(/[]}]/, "", part[i])
                }
            }
        }' 2>/dev/null
    fi
    if has docker; then
        say docker.api "$(ask version -f '{{.Server.APIVersion}}')"
        answer=$(ask info -f '{{printf "docker.version %s\ndocker.cgroup %s\ndocker.root %s\ndocker.driver %s\ndocker.log %s" .ServerVersion .CgroupDriver .DockerRootDir .Driver .LoggingDriver}}')
        [ -z "$answer" ] || printf '%s\n' "$answer"
        root=$(printf '%s\n' "$answer" | sed -n 's/^docker.root //p')
        case $root in
        '' | /var/lib/docker) ;;
        *) stat -f -c 'disk %n %S %b %a %c %d %i' -- "$root" 2>/dev/null ;;
        esac
        ask info -f '{{printf "docker.live_restore %v\ndocker.swarm %s\ndocker.security %s" .LiveRestoreEnabled .Swarm.LocalNodeState .SecurityOptions}}'
        say docker.pod -
        ask container ls -a --filter 'name=^/?k8s_' --format '{{.Names}}' | head -n 5 | sed 's/^/docker.pod /'
        # What docker's own network is made of shows whether it may be asked: the question would load a module.
        if [ -e /sys/class/net/docker0 ] && has iptables; then
            say docker.forward "$(iptables -w -S FORWARD 2>/dev/null | sed -n 's/^-P FORWARD //p')"
        fi
    fi
fi
