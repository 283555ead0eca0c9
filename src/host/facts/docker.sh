# The docker that runs, likewise, by what it says itself: past the settings of root's own client, which may lead to another machine.
pid=0
[ ! -d /run/systemd/system ] || pid=$(systemctl show -p MainPID docker.service 2>/dev/null)
pid=${pid#MainPID=}
if [ "${pid:-0}" != 0 ]; then
    say docker "$pid"
    ask() { timeout 10 docker --config /nonexistent --host unix:///run/docker.sock "$@" 2>/dev/null; }
    if has docker; then
        say docker.api "$(ask version -f '{{.Server.APIVersion}}')"
        ask info -f '{{printf "docker.version %s\ndocker.cgroup %s\ndocker.root %s\ndocker.driver %s\ndocker.log %s" .ServerVersion .CgroupDriver .DockerRootDir .Driver .LoggingDriver}}'
        ask info -f '{{printf "docker.live_restore %v\ndocker.swarm %s\ndocker.security %s" .LiveRestoreEnabled .Swarm.LocalNodeState .SecurityOptions}}'
        say docker.pod -
        ask container ls -a --filter 'name=^/?k8s_' --format '{{.Names}}' | head -n 5 | sed 's/^/docker.pod /'
        # What docker's own network is made of shows whether it may be asked: the question would load a module.
        if [ -e /sys/class/net/docker0 ] && has iptables; then
            say docker.forward "$(iptables -w -S FORWARD 2>/dev/null | sed -n 's/^-P FORWARD //p')"
        fi
    fi
fi
