#!/usr/bin/env bash
# bench-wipe.sh [ROUNDS]: `bivouac wipe` of a control plane and two workers against what who does it by hand types (no SSH, all hosts at
# once, each part timed on its own) on the same kind of cluster: `kubeadm reset`, its packages go, its directories go, and the host is read to be
# compared with what it was. Prints the milliseconds of each, and the ratio of the medians of the wipe and of the slowest part; ends with 1 when it
# is above BENCH_WIPE_LIMIT (1.5).
. "$(dirname "$0")/lib.sh"
. "$LAB_DIR/measure.sh"

rounds=${1:-3} limit=${BENCH_WIPE_LIMIT:-1.5}
run=wipe-$$
dir=$OUT/bench-wipe
rm -rf "$dir"
mkdir -p "$dir"
trap '"$LAB_DIR/hosts.sh" down $run' EXIT
export BIVOUAC_KNOWN_HOSTS=$dir/known_hosts

# What the distribution has of this install; the rest is files.
packages() { podman exec "$1" sh -c 'dpkg-query -W -f "\${Package}\n" | sort'; }
installed() {
  "$LAB_DIR/hosts.sh" down "$run"
  rm -f "$BIVOUAC_KNOWN_HOSTS"
  mapfile -t containers < <("$LAB_DIR/hosts.sh" up "$run" --owner $$ cp1 w1 w2 | cut -d' ' -f3)
  for c in "${containers[@]}"; do packages "$c" > "$dir/packages-$c"; done
  "$LAB_DIR/cluster.sh" "$run" > "$dir/cluster.yaml"
  tool init -f "$dir/cluster.yaml" --accept-new-host-keys
}
tool() { (cd "$dir" && "$BIVOUAC" "$@") > "$dir/$1.log" 2>&1 || { tail -n 20 "$dir/$1.log" >&2; return 1; }; }
# part NAME: the script on standard input on all hosts at once; what goes wrong ends the benchmark.
part() {
  local name=$1 script c pid pids='' start
  script=$(cat)
  start=$(now)
  for c in "${containers[@]}"; do
    podman exec -i "$c" sh -eu -s < <(printf '%s\n' "added='$(added "$c")'" "$script") > "$dir/part.log" 2>&1 & pids="$pids $!"
  done
  for pid in $pids; do wait "$pid" || { tail -n 20 "$dir/part.log" >&2; die "by hand: $name"; }; done
  ms "$start" >> "$dir/part-$name"
}
added() { comm -13 "$dir/packages-$1" <(packages "$1") | paste -sd' '; }

for round in $(seq "$rounds"); do
  installed
  part reset <<'S'
kubeadm reset --force --cri-socket /run/containerd/containerd.sock
systemctl disable --now kubelet containerd
find /proc/[0-9]*/exe -maxdepth 0 -lname '*/containerd-shim*' | cut -d/ -f3 | xargs -r kill -KILL
S
  part packages <<'S'
[ -z "$added" ] || DEBIAN_FRONTEND=noninteractive apt-get purge -y $added
S
  part directories <<'S'
awk '$5 ~ "^/(var/lib/kubelet|run/containerd|run/netns|var/lib/containerd)/" {print $5}' /proc/self/mountinfo | sort -r | xargs -r umount -l
rm -rf --one-file-system /var/lib/containerd /var/lib/etcd /etc/kubernetes /var/lib/cni /etc/cni /opt/cni /run/containerd /var/log/pods /var/log/containers /etc/containerd
find /var/lib/kubelet -xdev -depth -mindepth 1 -delete
S
  part look <<'S'
find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp \) -prune -o -printf '%y %m %U:%G %p\t%l\n' | sort > /run/paths
find /etc /usr/local /opt /root -xdev -type f -size -8M -print0 | xargs -0r sha256sum > /run/sums
S
  installed
  start=$(now)
  tool wipe -f "$dir/cluster.yaml" --yes
  ms "$start" >> "$dir/wipe"
  echo "round $round: by hand$(for p in reset packages directories look; do printf ' %s %s ms,' "$p" "$(tail -n 1 "$dir/part-$p")"; done) bivouac wipe $(tail -n 1 "$dir/wipe") ms"
done
b=$(median < "$dir/wipe") a=0
for p in reset packages directories look; do m=$(median < "$dir/part-$p"); if [ "$m" -gt "$a" ]; then a=$m slowest=$p; fi; done
ratio=$(ratio "$b" "$a")
echo "median: the slowest part by hand ($slowest) $a ms, bivouac wipe $b ms, ratio $ratio (limit $limit)"
within "$ratio" "$limit"
