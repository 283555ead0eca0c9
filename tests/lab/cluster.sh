#!/usr/bin/env bash
# cluster.sh RUN: prints a cluster.yaml for the hosts of a run (`hosts.sh up RUN ...`): the first is the control plane.
#   --control-planes N   how many of the first hosts are control planes (1)
#   --workers N          how many of the others are workers (all)
#   --user USER          root (default), ops (sudo with a password) or free (sudo without one)
#   --auth key|password  how to log in (key)
#   --name NAME          the cluster's name (the run's)
# BIVOUAC_BUNDLE is the bundle (target/lab/v1.20.2.bundle); its version is taken from its name, or from BIVOUAC_VERSION.
. "$(dirname "$0")/lib.sh"

usage() { sed -n '2,/^\. /s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2; }
run='' planes=1 workers=all user=root auth=key name=''
while [ $# -gt 0 ]; do
  case $1 in
    --control-planes) planes=$2; shift 2 ;;
    --workers) workers=$2; shift 2 ;;
    --user) user=$2; shift 2 ;;
    --auth) auth=$2; shift 2 ;;
    --name) name=$2; shift 2 ;;
    -*) usage ;;
    *) [ -z "$run" ] || usage; run=$1; shift ;;
  esac
done
[ -n "$run" ] || usage

bundle=$(realpath -m "${BIVOUAC_BUNDLE:-$OUT/v1.20.2.bundle}")
version=${BIVOUAC_VERSION:-$(basename "$bundle" | grep -o -E 'v[0-9]+\.[0-9]+\.[0-9]+' | sed -n 1p)}
[ -n "$version" ] || die "no version in the name of $bundle: set BIVOUAC_VERSION"
# secret NAME VALUE: a file that only root can read; prints its path.
secret() { (umask 077; printf '%s\n' "$2" > "$OUT/$1"); echo "$OUT/$1"; }
password=$user
[ "$user" != root ] || password=lab
case $auth in
  key) login="privateKey: $LAB_KEY" ;;
  password) login="passwordFile: $(secret "$user.pass" "$password")" ;;
  *) usage ;;
esac
case $user in
  root) ;;
  ops) login="$login, sudo: {passwordFile: $(secret ops.sudo ops)}" ;;
  free) login="$login, sudo: {}" ;;
  *) usage ;;
esac

sed -e '/^#/d' -e '/^  hosts:/,$d' \
  -e "s|^metadata:.*|metadata: {name: ${name:-$run}}|" \
  -e "s|^    version:.*|    version: $version|" \
  -e "s|^  artifacts:.*|  artifacts: {bundle: $bundle}|" \
  -e "s|^  ssh:.*|  ssh: {user: $user, $login}|" "$LAB_DIR/cluster.yaml"
echo "  hosts:"
count=0
while read -r host address _; do
  count=$((count + 1))
  if [ "$count" -le "$planes" ]; then
    echo "  - {address: $address, roles: [control-plane], name: $host}"
  elif [ "$workers" = all ] || [ "$count" -le $((planes + workers)) ]; then
    echo "  - {address: $address, roles: [worker], name: $host}"
  fi
done < <("$LAB_DIR/hosts.sh" list "$run")
[ "$count" -gt 0 ] || die "the run \`$run\` has no hosts: \`hosts.sh up $run cp1 w1 w2\` starts some"
