#!/usr/bin/env bash
# hosts.sh: starts and removes lab hosts. A run has a name of its own, a network and hosts that no other run shares.
#   hosts.sh up RUN NAME...    starts hosts and prints a line `NAME ADDRESS CONTAINER` for each
#       --owner PID            `gc` may remove the run when this process has ended (default: it stays until `down`)
#       --suite SUITE          bullseye, bookworm (default) or trixie, or rpm (image-rpm.sh); also SUITE=...
#       --mount DIRECTORY      a directory of this machine that all of them have as /cluster
#       --ipv6             addresses of IPv6 too: those of fd91:A:B:C::/64
#       --subnet A.B.C         the network's first three numbers (default: the first free one); hosts are .11, .12, ...
#   hosts.sh list [RUN]        prints `NAME ADDRESS CONTAINER` of a run, or the names of all runs
#   hosts.sh ssh RUN NAME ...  a shell, or a command, on a host over SSH as root (LAB_USER=ops for another user)
#   hosts.sh exec RUN NAME ... a command in a host, past SSH
#   hosts.sh kernel CONTAINER  kernel settings of its own, again, for a host that was started again
#   hosts.sh down RUN...       removes these runs, whole
#   hosts.sh gc                removes the runs whose owner has ended
. "$(dirname "$0")/lib.sh"

usage() { sed -n '2,/^\. /s/^# \{0,1\}//p' "$0" >&2; exit 2; }
container() { echo "bv-$1-$2"; }
hosts_of() { podman ps -a --filter "label=bivouac.run=$1" --format '{{.Names}}'; }
network_of() { echo "bv-$1"; }
address_of() { podman inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1"; }
check_name() { [[ $1 =~ ^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$ ]] || die "a name is of small letters, digits and hyphens: \`$1\`"; }
# A process is named by its id and its start, since ids come round again.
born() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra stat <<< "${stat##*) }"
  echo "${stat[19]}"
}
# One by one: a network of another run may go between the two questions.
subnets() {
  local net
  for net in $(podman network ls -q); do podman network inspect "$net" 2> /dev/null || true; done | sed -n -E 's/.*"subnet": *"([^"]*)".*/\1/p'
}

# taken A.B.C: does a network of podman or a route of this machine lie in A.B.C.0/24?
taken() {
  local net a=$1
  for net in $(subnets) $(ip -4 route show | awk '$1 ~ /\// {print $1}'); do
    overlap "$a.0/24" "$net" && return 0
  done
  return 1
}
number() { local a b c d; IFS=. read -r a b c d <<< "$1"; echo $((a << 24 | b << 16 | ${c:-0} << 8 | ${d:-0})); }
overlap() { # CIDR CIDR
  [[ $1 == *:* || $2 == *:* ]] && return 1
  local len=${1#*/}
  [ "${2#*/}" -ge "$len" ] || len=${2#*/}
  local mask=$((0xffffffff << (32 - len) & 0xffffffff))
  [ $(($(number "${1%/*}") & mask)) = $(($(number "${2%/*}") & mask)) ]
}

make_network() { # RUN OWNER SUBNET [IPV6]; without a subnet it is the first free one
  local run=$1 owner=$2 subnet=$3 n net v6=()
  net=$(network_of "$run")
  podman network exists "$net" && return
  if [ -n "$subnet" ]; then
    ! taken "$subnet" || die "the addresses $subnet.0/24 are in use by another network of this machine (\`podman network ls\`, \`ip route\`)"
  else
    for n in $(seq 0 255); do
      subnet=10.91.$n
      taken "$subnet" || break
      [ "$n" != 255 ] || die "no free network left: \`$0 gc\` removes those of runs that ended"
    done
  fi
  [ -z "${4:-}" ] || v6=(--ipv6 --subnet "fd91:${subnet//./:}::/64")
  podman network create --subnet "$subnet.0/24" "${v6[@]}" --label "bivouac.run=$run" --label "bivouac.owner=$owner" "$net" >/dev/null
}

start() { # RUN NAME OWNER SUITE ADDRESS DIRECTORY [IPV6]
  local name said mac v6=()
  name=$(container "$1" "$2")
  # A host that is started again has its hardware address still.
  # shellcheck disable=SC2086 # the numbers of the address
  mac=$(printf '02:62:%02x:%02x:%02x:%02x' ${5//./ })
  [ -z "$7" ] || v6=(--ip6 "fd91:$(cut -d. -f1-3 <<< "$5" | tr . :)::${5##*.}")
  # /var is a volume because containerd's overlayfs snapshots do not work on top of overlayfs. /etc/hosts belongs to the host
  # (--no-hosts): a file that podman mounts could not be replaced.
  said=$(podman run -d -q --name "$name" --hostname "$2" --network "$(network_of "$1")" --ip "$5" "${v6[@]}" --mac-address "$mac" --no-hosts --privileged --cgroupns=private \
    --systemd=always --label "bivouac.run=$1" --label "bivouac.owner=$3" --label "bivouac.name=$2" -v /var ${6:+-v "$6:/cluster"} "$HOST_IMAGE:$4" /sbin/init 2>&1) ||
    die "\`$2\` of run \`$1\` did not start: $said"
  own_kernel "$name"
}

# own_kernel CONTAINER: what a kubelet sets in the kernel it sets for the whole machine, and a wipe puts back what there was on its own host
# before, which may be another one's kubelet's. So each host has those settings to itself, until it is started again.
own_kernel() {
  podman exec "$1" sh -ec 'mkdir -p /run/kernel
    for name in kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes vm/overcommit_memory vm/panic_on_oom; do
      own=/run/kernel/$(echo $name | tr / .)
      cat /proc/sys/$name > "$own"
      mount --bind "$own" /proc/sys/$name
    done'
}

# The banner of sshd is the proof that a host takes connections: the unit is active before the port is open.
# shellcheck disable=SC2016 # the inner shell expands it
# Without `timeout` a host that is not there would be dialled for minutes.
banner() { timeout 5 bash -c 'exec 3<> "/dev/tcp/$0/22" && IFS= read -r -t 4 line <&3 && [[ $line == SSH-2.0-* ]]' "$1" 2>/dev/null; }
wait_for_ssh() { # CONTAINER ADDRESS
  local deadline=$((SECONDS + 30))
  while [ "$SECONDS" -lt "$deadline" ]; do
    ! banner "$2" || return 0
    [ "$(podman inspect -f '{{.State.Running}}' "$1")" = true ] || break
    sleep .1
  done
  podman logs "$1" 2>&1 | tail -n 5 >&2
  die "\`$1\` did not answer on $2 port 22 within 30 s: $(podman inspect -f '{{.State.Status}}' "$1")"
}

up() {
  local owner=keep suite=${SUITE:-bookworm} subnet='' mount='' six='' run='' names=() name c prefix last
  while [ $# -gt 0 ]; do
    case $1 in
      --owner) owner="$2:$(born "$2")" || die "no process $2"; shift 2 ;;
      --suite) suite=$2; shift 2 ;;
      --mount) mount=$2; shift 2 ;;
      --subnet) subnet=$2; shift 2 ;;
      --ipv6) six=1; shift ;;
      -*) usage ;;
      *) if [ -z "$run" ]; then run=$1; else names+=("$1"); fi; shift ;;
    esac
  done
  [ ${#names[@]} -gt 0 ] || usage
  for name in "$run" "${names[@]}"; do check_name "$name"; done
  if [ "$suite" = rpm ]; then "$LAB_DIR/image-rpm.sh"; else "$LAB_DIR/image.sh" "$suite"; fi
  # Each host's systemd, containerd and kubelet watch files; the kernel's default, 128 watchers, is enough for about ten hosts.
  local watchers=/proc/sys/fs/inotify/max_user_instances
  [ "$(cat $watchers)" -ge 1024 ] || echo 1024 > $watchers || say "the machine's limit of file watchers stays: many hosts may not start"
  locked hosts make_network "$run" "$owner" "$subnet" "$six"
  prefix=$(podman network inspect "$(network_of "$run")" | sed -n -E 's/.*"subnet": *"([0-9]+\.[0-9]+\.[0-9]+)\..*/\1/p')
  for name in "${names[@]}"; do
    ! podman container exists "$(container "$run" "$name")" || die "\`$name\` of run \`$run\` is there already: \`$0 down $run\` removes the run"
  done
  last=10
  for c in $(hosts_of "$run"); do
    c=$(address_of "$c")
    [ "${c##*.}" -le "$last" ] || last=${c##*.}
  done
  local pids=() started=() i
  for name in "${names[@]}"; do
    last=$((last + 1))
    start "$run" "$name" "$owner" "$suite" "$prefix.$last" "$mount" "$six" &
    pids+=($!)
    started+=("$name $prefix.$last $(container "$run" "$name")")
  done
  for i in "${!pids[@]}"; do wait "${pids[$i]}" || exit 1; done
  for i in "${started[@]}"; do
    read -r name prefix c <<< "$i"
    wait_for_ssh "$c" "$prefix"
    echo "$i"
  done
}

list() {
  local c
  if [ $# = 0 ]; then podman network ls --filter label=bivouac.run --format '{{.Name}}' | sed 's/^bv-//'; return; fi
  # In the order in which they were asked for, which is the order of their addresses.
  for c in $(hosts_of "$1"); do echo "${c#bv-"$1"-} $(address_of "$c") $c"; done | sort -V -k 2,2
}

# With cgroups of version 1 the removal of one container takes the empty directories of all others out of the `systemd` tree, and
# `podman exec` into them no longer works.
cgroups() {
  local tree=/sys/fs/cgroup/systemd/libpod_parent id
  [ -d "$tree" ] || return 0
  for id in $(podman ps -q --no-trunc); do mkdir -p "$tree/libpod-$id" 2>/dev/null || true; done
}

down() {
  local run c
  for run; do
    check_name "$run"
    for c in $(hosts_of "$run"); do podman rm -f -v -t 0 "$c" >/dev/null & done
    wait
    cgroups
    ! podman network exists "$(network_of "$run")" || podman network rm -f "$(network_of "$run")" >/dev/null
  done
}

gc() {
  local run owner
  for run in $(list); do
    owner=$(podman network inspect "$(network_of "$run")" | sed -n -E 's/.*"bivouac\.owner": *"([^"]*)".*/\1/p')
    if [ "$owner" = keep ] || [ -z "$owner" ]; then continue; fi
    [ "$(born "${owner%%:*}")" = "${owner##*:}" ] || { say "removes the hosts of \`$run\`, whose owner has ended"; down "$run"; }
  done
}

command=${1:-}
[ $# = 0 ] || shift
case $command in
  up) up "$@" ;;
  list) list "$@" ;;
  kernel) [ $# = 1 ] || usage; own_kernel "$1" ;;
  down) [ $# -gt 0 ] || usage; down "$@" ;;
  gc) gc ;;
  exec) [ $# -gt 2 ] || usage; c=$(container "$1" "$2"); shift 2; trap - ERR; podman exec -i "$c" "$@" ;;
  ssh)
    [ $# -gt 1 ] || usage
    address=$(address_of "$(container "$1" "$2")"); shift 2
    # A lab host's key is new each time, so it is neither looked up nor kept.
    exec ssh -q -i "$LAB_KEY" -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "${LAB_USER:-root}@$address" "$@" ;;
  *) usage ;;
esac
