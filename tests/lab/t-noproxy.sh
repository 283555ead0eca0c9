#!/usr/bin/env bash
# Runtimes behind a proxy, on hosts with a stand-in for the cluster (standin.sh): a host that joins from the same network changes nothing for
# those that are at work; another proxy does, and their runtimes are started anew one after the other.
# in turn
# shellcheck disable=SC2016 # what is in single quotes the host expands
. "$(dirname "$0")/t.sh"
. "$LAB_DIR/standin.sh"
standin_bundle v1.20.2
g=noproxy
# Nobody asks it for anything: the bundle has all, and the packages are there.
group "$g" "proxy: {https: 'http://proxy.example:3128'}" a:control-plane b:worker c:worker
dir=$BASE/$g
sed '/name: c}/d' "$dir/all.yaml" > "$dir/two.yaml"
sed 's/:3128/:3129/' "$dir/all.yaml" > "$dir/other.yaml"
on() { podman exec "$(container_of "$g" "$1")" sh -c "$2"; }
ran() { for h; do on "$h" 'systemctl show -p MainPID -p ActiveEnterTimestampMonotonic containerd.service'; done; }
env_of() { on "$1" 'cat /etc/systemd/system/containerd.service.d/proxy.env'; }
t "a control plane and a worker" exits 0 "$g" two init
quiet() {
  local before after network
  before=$(ran a b)
  network=$(sed -n 's/^a \([0-9.]*\)\.[0-9]* .*/\1.0/p' "$dir/hosts")
  env_of a | grep -qF "$network/" || { env_of a; return 1; }
  exits 0 "$g" all join || return 1
  after=$(ran a b)
  [ "$before" = "$after" ] || { printf '%s\n%s\n' "$before" "$after"; return 1; }
  [ "$(env_of a)" = "$(env_of c)" ] || { env_of a; env_of c; return 1; }
}
t "another worker joins: the others' runtimes are left at work" quiet
# started HOST and done HOST: when that step began and ended, by the events.
moment() { jq -r --arg h "$1" --arg e "$2" 'select(.host == $h and .event == $e and .step == "start containerd") | .time' "$dir/out"; }
in_turn() {
  local before after h last=''
  before=$(ran a b c)
  exits 0 "$g" other init || return 1
  after=$(ran a b c)
  [ "$(diff <(echo "$before") <(echo "$after") | grep -c '^<' || :)" = 6 ] || { printf '%s\n%s\n' "$before" "$after"; return 1; }
  for h in a b c; do echo "$(moment "$h" step_started) $(moment "$h" step_done)"; done | sort > "$dir/turns"
  [ "$(wc -w < "$dir/turns")" = 6 ] || { cat "$dir/turns"; return 1; }
  # Whoever begins has waited for the one before to end.
  while read -r began ended; do
    if [[ $began < $last ]]; then echo "one began at $began, another ended at $last"; return 1; fi
    last=$ended
  done < "$dir/turns"
}
t "with another proxy they are started anew, one after the other" in_turn
nobody_waits() { exits 0 "$g" other init && unchanged "$g" && ! grep 'its turn at the runtime' "$dir/out"; }
t "who has nothing to do waits for nobody" nobody_waits
t "the wipe" exits 0 "$g" all wipe
