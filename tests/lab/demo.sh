#!/usr/bin/env bash
# demo.sh up: `make cluster`. Starts three lab hosts at fixed addresses, installs the cluster of cluster.yaml on them and shows that pods
# reach each other. demo.sh wipe: `make wipe`. Takes the cluster away with `bivouac wipe`, which proves that nothing is left, and removes the hosts.
. "$(dirname "$0")/lib.sh"

BIVOUAC=${BIVOUAC:-$ROOT/target/release/bivouac}
RUN=cluster
SUBNET=10.89.77
FILE=$LAB_DIR/cluster.yaml
# A lab host's keys are new each time at the same address: they stay out of the user's own known_hosts.
export BIVOUAC_KNOWN_HOSTS=$OUT/known_hosts
hosts() { "$LAB_DIR/hosts.sh" "$@"; }

up() {
  local containers
  if [ "$(hosts list "$RUN" | wc -l)" != 3 ]; then
    hosts down "$RUN"
    rm -f "$BIVOUAC_KNOWN_HOSTS"
    hosts up "$RUN" --subnet "$SUBNET" cp1 w1 w2
  fi
  install -m 600 "$LAB_KEY" "$OUT/id"
  cd "$OUT"
  "$BIVOUAC" init -f "$FILE" --accept-new-host-keys --yes
  mapfile -t containers < <(hosts list "$RUN" | cut -d' ' -f3)
  podman exec "${containers[0]}" kubectl --kubeconfig /etc/kubernetes/admin.conf wait --for=condition=Ready node --all --timeout=120s >/dev/null
  podman exec "${containers[0]}" kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes -o wide
  "$LAB_DIR/pods.sh" "${containers[0]}" "${containers[1]}" "${containers[2]}"
  cat <<END

The cluster stands. Look around:
  tests/lab/hosts.sh ssh $RUN cp1                    a shell on the control plane (also w1, w2), over SSH
  tests/lab/hosts.sh ssh $RUN cp1 kubectl --kubeconfig /etc/kubernetes/admin.conf get pods -A
$(kubeconfig)
Take it away:
  make wipe
END
}
kubeconfig() {
  local file
  file=$(find "$OUT" -maxdepth 1 -name '*kubeconfig*' -newer "$BIVOUAC_KNOWN_HOSTS" | sed -n 1p)
  [ -z "$file" ] || echo "  KUBECONFIG=$file $CACHE/bin/v1.20.2/kubectl get nodes"
}
wipe() {
  [ "$(hosts list "$RUN" | wc -l)" != 0 ] || { say "no lab cluster here: nothing to wipe"; return; }
  cd "$OUT"
  "$BIVOUAC" wipe -f "$FILE" --yes || die "the wipe ended with $?: the hosts stay for a look, \`tests/lab/hosts.sh down $RUN\` removes them"
  hosts down "$RUN"
  rm -f "$BIVOUAC_KNOWN_HOSTS"
  say "wiped; the lab hosts are gone"
}

case ${1:-} in
  up) up ;;
  wipe) wipe ;;
  *) die "demo.sh up|wipe" ;;
esac
