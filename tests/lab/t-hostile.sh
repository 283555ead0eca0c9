#!/usr/bin/env bash
# Bundles that somebody made to do harm, damaged, cut, or signed by a stranger: `init` refuses each of them by name, and the host is as it
# was, to the last file's times. Each of the archives of tests/it/bundle/hostile.rs and all flips and cuts are refused there already; here
# a sample of them meets a host.
. "$(dirname "$0")/t.sh"

read -r _ address host < <(hosts h1)
cd "$TMP"
mkdir -p tree/bin hostile bad
for name in kubeadm kubelet kubectl; do printf '#!/bin/sh\necho "%s v1.20.2"\n' "$name" > "tree/bin/$name"; done
head -c 90000 /dev/urandom >> tree/bin/kubelet
"$BIVOUAC" bundle build good.bundle --from tree --version v1.20.2 > /dev/null
size=$(stat -c %s good.bundle)
(cd "$ROOT" && BIVOUAC_TEST_HOSTILE_DIR=$TMP/hostile cargo test --locked --quiet --test it bundle::hostile) > hostile.log 2>&1 || { tail hostile.log; exit 1; }
# flip AT FILE: the good bundle with one byte changed.
flip() { perl -e 'my ($at, $to) = @ARGV; open my $i, "<:raw", "good.bundle"; local $/; my $b = <$i>; substr($b, $at, 1) = chr(ord(substr($b, $at, 1)) ^ 0xff); open my $o, ">:raw", $to; print $o $b' "$1" "$2"; }
for at in $(seq 0 4096 "$((size - 1))"); do flip "$at" "bad/flip-$at.bundle"; done
for part in $(seq 0 5 99); do head -c "$((size * part / 100))" good.bundle > "bad/cut-$part.bundle"; done
# Of the archives every third: there are more than a hundred.
n=0
for file in hostile/*.bundle; do
  n=$((n + 1))
  [ $((n % 3)) != 0 ] || mv "$file" "bad/hostile-$n.bundle"
done
cat > cluster.yaml <<E
apiVersion: bivouac/v1alpha1
kind: Cluster
metadata: {name: bad}
spec:
  kubernetes: {version: v1.20.2, ignorePreflightErrors: [SystemVerification]}
  artifacts: {bundle: good.bundle}
  ssh: {user: root, privateKey: $LAB_KEY}
  hosts:
  - {address: $address, roles: [control-plane], name: h1}
E
export XDG_CACHE_HOME=$TMP/cache XDG_STATE_HOME=$TMP/state
# Its first connection leaves the host's key here, and on the host what a login leaves.
"$BIVOUAC" preflight --accept-new-host-keys > /dev/null 2>&1 || true
snap "$host" > before
times "$host" > before.times

# refused FILE: by name, with status 3, and nothing was begun.
refused() {
  local status=0
  "$BIVOUAC" init --from-bundle "$1" > out 2>&1 || status=$?
  if [ "$status" = 3 ] && grep -qF "$(basename "$1")" out && grep -q 'fix: ' out && grep -q 'nothing was changed' out; then return 0; fi
  echo "$1: $status"
  cat out
  return 1
}
all() { # PATTERN AT-LEAST
  local file count=0
  for file in bad/"$1"-*.bundle; do refused "$file"; count=$((count + 1)); done
  echo "$count refused"
  say "$TEST: $1: $count refused"
  [ "$count" -ge "$2" ]
}
strangers() {
  ssh-keygen -q -t ed25519 -N '' -f ours
  ssh-keygen -q -t ed25519 -N '' -f theirs
  echo "ops $(cat ours.pub)" > signers
  sed -i 's/bundle: good.bundle/bundle: good.bundle, signers: signers/' cluster.yaml
  refused good.bundle
  "$BIVOUAC" bundle sign good.bundle --key theirs
  refused good.bundle
  rm good.bundle.sig
  ssh-keygen -q -Y sign -n file -f ours good.bundle
  refused good.bundle
  rm good.bundle.sig
  "$BIVOUAC" bundle sign good.bundle --key ours
  cp good.bundle.sig other.bundle.sig
  cp tree/bin/kubeadm tree/bin/crictl
  "$BIVOUAC" bundle build other.bundle --from tree --version v1.20.2 > /dev/null
  refused other.bundle
  # shellcheck disable=SC2016 # backquotes are quotes here
  "$BIVOUAC" bundle verify good.bundle --signers signers | grep 'signed by `ops`'
}
untouched() {
  snap "$host" > after && same before after
  times "$host" > after.times && same before.times after.times
  if podman exec "$host" ls -d /var/lib/bivouac /run/bivouac 2> /dev/null; then return 1; fi
}

t "each byte at a distance of 4,096 that is flipped is seen" all flip 20
t "what is cut is refused" all cut 20
t "hostile archives are refused" all hostile 25
t "unsigned, by a stranger, for something else, of another file: refused" strangers
t "the host is as it was, to the times of its files" untouched
