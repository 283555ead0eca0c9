#!/usr/bin/env bash
# t.sh: sourced by the lab tests, t-NAME.sh. Each test prints `ok WHAT` or `not ok WHAT`; run.sh counts these lines. Hosts that a test
# started are gone when it ends, and when it is killed `hosts.sh gc` finds them.
# shellcheck disable=SC2034 # the variables are for those who source this file
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TEST=$(basename "$0" .sh)
RUN=$TEST-$$
BIVOUAC=${BIVOUAC:-$ROOT/target/release/bivouac}
TMP=$(mktemp -d "${TMPDIR:-/tmp}/bivouac-$TEST.XXXXXX")
export BIVOUAC_KNOWN_HOSTS=$TMP/known_hosts
# A test's end is told by its line, not by the place in a script.
trap - ERR
_failed=0

# t "WHAT" COMMAND...: one test. Its output is shown when it fails; the tests after it go on.
t() {
  local what=$1 status=0
  shift
  # In a shell of its own, so that the command's first error ends it although the caller goes on.
  set +e
  (set -e; trap - EXIT; "$@") > "$TMP/out" 2>&1
  status=$?
  set -e
  if [ "$status" = 0 ]; then
    echo "ok $TEST: $what"
  else
    _failed=$((_failed + 1))
    echo "not ok $TEST: $what (\`$1\` ended with $status)"
    sed 's/^/#   /' "$TMP/out"
  fi
}
# lane NAME DIR COMMAND...: tests beside those of other lanes, in a shell of their own whose TMP is DIR; `lanes_end` shows what they said.
lane() {
  mkdir "$2"
  _lane "$@" > "$2.result" 2>&1 &
  echo "$! $2 $1" >> "$TMP/lanes"
}
_lane() {
  local name=$1 start=$SECONDS
  set +e
  trap - EXIT
  TMP=$2
  export BIVOUAC_KNOWN_HOSTS=$TMP/known_hosts
  _failed=0
  shift 2
  "$@"
  echo "# $name: $((SECONDS - start)) s"
  echo "$_failed" > "$TMP/failed"
}
lanes_end() {
  local pid dir name
  while read -r pid dir name; do
    wait "$pid" || true
    cat "$dir.result"
    if [ -s "$dir/failed" ]; then _failed=$((_failed + $(cat "$dir/failed"))); else t "the lane $name comes to its end" false; fi
  done < "$TMP/lanes"
}
# hosts [RUN-SUFFIX] NAME...: lab hosts that live as long as this test; prints `NAME ADDRESS CONTAINER` lines. The suffix begins with -.
hosts() {
  local run=$RUN
  case $1 in -*) run=$RUN$1; shift ;; esac
  echo "$run" >> "$TMP/runs"
  "$LAB_DIR/hosts.sh" up "$run" --owner $$ "$@"
}
# up NAME... [--FLAG...]: the same, all of them or none. Then `lines` has their lines, `containers` the containers, and `address N` is an
# address; they count from 0.
up() {
  local word count=0
  for word; do case $word in -*) ;; *) count=$((count + 1)) ;; esac; done
  mapfile -t lines < <(hosts "$@")
  mapfile -t containers < <(printf '%s\n' "${lines[@]}" | cut -d' ' -f3)
  [ "${#containers[@]}" = "$count" ] || die "not all hosts started"
}
address() { cut -d' ' -f2 <<< "${lines[$1]}"; }
snap() { "$LAB_DIR/snap.sh" "$1"; }
# times CONTAINER: every file with its times, so that a write shows that left it as it was. What others write because somebody logs in is
# left out. wtmp, lastlog, utmp: the login. journal: sshd, logind and systemd say so. timers: systemd's own stamps.
times() {
  podman exec -i "$1" sh -s <<'E' | grep -v '^/run \|^/var/log \|^/var/log/\(auth.log\|syslog\) ' | sort -u
  find / /var -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /cluster -o -path /var/log/journal -o -path /var/log/wtmp -o -path /var/log/lastlog -o -path /var/log/btmp -o -path /var/lib/systemd/timers \) -prune -o -printf "%p %y %m %U:%G %s %T@ %C@ %l\n"
E
}
same() { diff "$1" "$2" | sed -n '1,40p'; cmp -s "$1" "$2"; }

# comes COMMAND...: waits for it, for two minutes.
comes() { for _ in $(seq 600); do if "$@" > /dev/null 2>&1; then return 0; fi; sleep 0.2; done; echo "never came: $*"; return 1; }
# members CONTAINER NAME...: exactly these are etcd's members, by its own list that this control plane reads, and all of them are healthy.
members() {
  local c=$1 list urls url
  shift
  # shellcheck disable=SC2016 # the host expands it
  etcd() { podman exec -i "$c" sh -c 'cd /etc/kubernetes/pki/etcd; url=$1; shift; echo "{}" | kubectl --kubeconfig /dev/null --server "$url" --certificate-authority ca.crt --client-certificate healthcheck-client.crt --client-key healthcheck-client.key "$@"' sh "$@"; }
  list=$(etcd "$(podman exec "$c" sed -n 's/.*--listen-client-urls=\([^,]*\).*/\1/p' /etc/kubernetes/manifests/etcd.yaml)" create --raw /v3/cluster/member/list -f -)
  echo "$list"
  [ "$(grep -o '"name":"[^"]*"' <<< "$list" | cut -d'"' -f4 | sort | paste -sd ' ')" = "$*" ]
  mapfile -t urls < <(grep -o '"clientURLs":\["[^"]*"' <<< "$list" | cut -d'"' -f4)
  [ "${#urls[@]}" = $# ]
  for url in "${urls[@]}"; do etcd "$url" get --raw /health | grep '"health":"true"'; done
}

# open_ports CONTAINER...: of a cluster's hosts nothing listens for others but SSH, the API, etcd for its peers and clients (with certificates), the kubelet, kube-proxy's health; and
# nobody without a name gets anything of a kubelet.
open_ports() {
  local c port
  for c; do
    podman exec "$c" ss -Hltn | awk '{print $4}' | grep -vE '^(127\.|\[::1\]|\[::ffff:127\.)' | sed 's/.*://' | sort -un > "$TMP/open"
    echo "$c: $(paste -sd ' ' "$TMP/open")"
    while read -r port; do
      case $port in 22 | 6443 | 2379 | 2380 | 10250 | 10256) ;; *) echo "$c listens on $port for everybody"; return 1 ;; esac
    done < "$TMP/open"
    podman exec -i "$c" python3 - << 'P'
import ssl, urllib.request, urllib.error
context = ssl._create_unverified_context()
try:
    urllib.request.urlopen("https://127.0.0.1:10250/pods", context=context, timeout=10)
    raise SystemExit("the kubelet answers anybody")
except urllib.error.HTTPError as error:
    raise SystemExit(0 if error.code == 401 else f"the kubelet says {error.code}")
P
  done
  # The judge judges: what is there for this host alone is seen.
  podman exec "$1" ss -Hltn | grep -q '127.0.0.1:10257'
}

_end() {
  local status=$?
  if [ -f "$TMP/runs" ]; then sort -u "$TMP/runs" | xargs -r "$LAB_DIR/hosts.sh" down; fi
  rm -rf "$TMP"
  [ "$status" = 0 ] || { echo "not ok $TEST: ended with $status before its end"; exit "$status"; }
  [ "$_failed" = 0 ] || exit 1
}
trap _end EXIT
