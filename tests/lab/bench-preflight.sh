#!/usr/bin/env bash
# bench-preflight.sh [ROUNDS]: `bivouac preflight` of 200 hosts against 200 parallel OpenSSH logins that run one small script, in turns on
# one machine; then 1,000 hosts of which 50 cannot be reached: those, and no others, in the table. The hosts are one real sshd on many
# loopback addresses, so all of their work is this machine's too. Ends with 1 when the median is above BENCH_PREFLIGHT_LIMIT (1.5) times
# the logins, or when the 1,000 take more than 60 s or 512 MiB.
. "$(dirname "$0")/lib.sh"
. "$LAB_DIR/measure.sh"

rounds=${1:-5} limit=${BENCH_PREFLIGHT_LIMIT:-1.5} hosts=${BENCH_PREFLIGHT_HOSTS:-200} many=${BENCH_PREFLIGHT_MANY:-1000}
dir=$OUT/bench-preflight-$$
rm -rf "$dir"
mkdir -p "$dir/tree/bin" /run/sshd
trap 'kill "$sshd" "$mute" 2> /dev/null || :; rm -rf "$dir"' EXIT
sshd='' mute=''

# An sshd that takes everybody at once.
ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
ssh-keygen -q -t ed25519 -N '' -f "$dir/id"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')
cat > "$dir/sshd_config" << C
ListenAddress 0.0.0.0
Port $port
HostKey $dir/host
AuthorizedKeysFile $dir/id.pub
PidFile none
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin yes
PasswordAuthentication no
# What root's own shell reads at a login is none of the matter.
SetEnv HOME=$dir
MaxStartups 2000
LogLevel ERROR
C
/usr/sbin/sshd -D -f "$dir/sshd_config" -E "$dir/sshd.log" &
sshd=$!
# Where somebody listens and never takes a connection: the first is silent, and when the queue is full packets are dropped.
python3 - "$dir/mute" << 'P' &
import socket, sys, time
s = socket.socket()
s.bind(("", 0))
s.listen(0)
open(sys.argv[1], "w").write(str(s.getsockname()[1]))
time.sleep(100000)
P
mute=$!
for _ in $(seq 100); do [ -s "$dir/mute" ] && ssh-keyscan -p "$port" 127.0.0.1 > "$dir/scan" 2> /dev/null && [ -s "$dir/scan" ] && break; sleep 0.1; done
[ -s "$dir/scan" ] || die "the sshd of the test does not answer: $(cat "$dir/sshd.log")"
nowhere=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')

# What a bundle must have, as scripts.
for name in kubeadm kubelet kubectl; do printf '#!/bin/sh\necho "%s v1.20.2"\n' "$name" > "$dir/tree/bin/$name"; done
empty_images "$dir/tree/images"
"$BIVOUAC" bundle build "$dir/b.bundle" --from "$dir/tree" --version v1.20.2 > "$dir/log" 2>&1 || die "$(cat "$dir/log")"

# cluster FILE COUNT EVERY: so many hosts; of each EVERY one cannot be reached: it refuses, or it is mute.
cluster() {
  local i port_of
  {
    printf 'apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {name: bench}\nspec:\n  kubernetes: {version: v1.20.2}\n'
    printf '  network: {podSubnet: 10.128.0.0/12, serviceSubnet: 10.96.0.0/16}\n  artifacts: {bundle: %s}\n' "$dir/b.bundle"
    printf '  ssh: {user: root, privateKey: %s}\n  hosts:\n' "$dir/id"
    for i in $(seq "$2"); do
      port_of=$port
      if [ "$3" != 0 ] && [ $((i % $3)) = 0 ]; then
        port_of=$nowhere
        # Three of five do not refuse: one connection is taken and gets no word, the others' packets are dropped.
        [ $((i / $3 % 5)) -lt 2 ] || port_of=$(cat "$dir/mute")
      fi
      printf '  - {address: 127.3.%s.%s, name: n%s, roles: [%s], ssh: {port: %s}}\n' $((i / 250)) $((i % 250 + 1)) "$i" "$([ "$i" = 1 ] && echo control-plane || echo worker)" "$port_of"
    done
  } > "$1"
}
cluster "$dir/200.yaml" "$hosts" 0
cluster "$dir/1000.yaml" "$many" 20
for i in $(seq "$many"); do printf '[127.3.%s.%s]:%s %s\n' $((i / 250)) $((i % 250 + 1)) "$port" "$(cut -d' ' -f1,2 "$dir/host.pub")"; done > "$dir/known_hosts"
export BIVOUAC_KNOWN_HOSTS=$dir/known_hosts

echo 'echo facts; uname -a; cat /etc/os-release; nproc; df -k /; ip -o addr 2> /dev/null || cat /proc/net/fib_trie; echo end' > "$dir/small.sh"
logins() {
  local i pids='' pid
  for i in $(seq "$hosts"); do
    ssh -F none -o BatchMode=yes -o UserKnownHostsFile="$dir/known_hosts" -o LogLevel=ERROR -o IdentitiesOnly=yes -i "$dir/id" -p "$port" \
      "root@127.3.$((i / 250)).$((i % 250 + 1))" sh < "$dir/small.sh" > "$dir/login-$i" &
    pids="$pids $!"
  done
  for pid in $pids; do wait "$pid" || die "a login ended with an error"; done
}
tool() {
  local status=0
  "$BIVOUAC" preflight -f "$1" --log-dir "$dir/logs" --output json > "$dir/json" 2> "$dir/text" || status=$?
  [ "$status" = "$2" ] || { tail -n 20 "$dir/text" >&2; die "preflight ended with $status where $2 was expected"; }
}
for round in $(seq "$rounds"); do
  t=$(now); logins; a=$(ms "$t")
  # All hosts are one machine, and that is said: so the run is refused.
  t=$(now); tool "$dir/200.yaml" 3; b=$(ms "$t")
  echo "$a" >> "$dir/a"; echo "$b" >> "$dir/b"
  echo "round $round: $hosts OpenSSH logins $a ms, preflight $b ms"
done
[ "$(cat "$dir"/login-* | grep -cx end)" = "$hosts" ] || die "not every login ran its script"
[ "$(grep -c '"event":"fact"' "$dir/json")" = "$hosts" ] || die "not every host was looked at"
a=$(median < "$dir/a") b=$(median < "$dir/b")
ratio=$(ratio "$b" "$a")
echo "median: $hosts OpenSSH logins $a ms, preflight $b ms, ratio $ratio (limit $limit)"

t=$(now)
status=0
/usr/bin/time -f '%M' -o "$dir/rss" "$BIVOUAC" preflight -f "$dir/1000.yaml" --log-dir "$dir/logs" > "$dir/out" 2> "$dir/text" || status=$?
c=$(ms "$t") kib=$(tail -n 1 "$dir/rss")
# Exactly those are in the table, each by its name.
for i in $(seq 20 20 "$many"); do echo "n$i"; done | sort > "$dir/expected"
grep -oE '\bn[0-9]+\b' "$dir/text" | sort -u > "$dir/named" || { tail -n 20 "$dir/text"; die "nobody is named"; }
[ "$status" = 4 ] || { tail -n 20 "$dir/text"; die "preflight of $many hosts ended with $status where 4 was expected"; }
diff "$dir/expected" "$dir/named" > "$dir/diff" || { head "$dir/diff"; die "other hosts are named than those that cannot be reached"; }
echo "$many hosts, $(wc -l < "$dir/expected") of them not reached and named: $c ms (limit 60000), $((kib / 1024)) MiB (limit 512)"
within "$ratio" "$limit" && [ "$c" -le 60000 ] && [ "$kib" -le 524288 ]
