#!/usr/bin/env bash
# cri-o.sh: prints the path of a tree for `bundle build --from` with the lab's stand-in for cri-o (cri-o/crio) in place of containerd.
#   cri-o.sh lay CONTAINER...   lays on lab hosts what the stand-in has do the work: Debian's containerd, behind its socket
. "$(dirname "$0")/lib.sh"

lay() {
  local c p
  for c; do
    # Its shims have their sockets in a place that no setting moves.
    podman exec "$c" mkdir -p /usr/lib/bivouac-lab/cri-o /run/containerd
    for p in bin/containerd bin/containerd-shim-runc-v2 bin/ctr sbin/runc; do
      # shellcheck disable=SC2016 # the host expands it
      podman exec -i "$c" sh -c 'cat > "/usr/lib/bivouac-lab/cri-o/${1##*/}"; chmod 755 "/usr/lib/bivouac-lab/cri-o/${1##*/}"' sh "$p" < "$CACHE/debs/usr/$p"
    done
  done
}
if [ "${1:-}" = lay ]; then shift; lay "$@"; exit; fi

v=v1.20.2
make_tree() {
  local t=$CACHE/tree/$v-cri-o
  rm -rf "$t"
  cp -al "$CACHE/tree/$v" "$t"
  rm -f "$t"/bin/{containerd,containerd-shim-runc-v2,ctr,crictl} "$t/VERSIONS"
  cp "$LAB_DIR/cri-o/crio" "$CACHE/bin/crictl" "$t/bin/"
  cp "$CACHE/debs/usr/sbin/runc" "$t/bin/crun"
  for p in conmon pinns; do printf '#!/bin/sh\n# Nothing calls it: the stand-in for cri-o only wants it to be there.\nexit 1\n' > "$t/bin/$p"; done
  chmod 755 "$t"/bin/*
  { grep -v '^\(containerd\|containerd-shim-runc-v2\|ctr\) ' "$CACHE/tree/$v/VERSIONS"; echo 'crio 1.20.9'; } | sort > "$t/VERSIONS"
}
{ "$LAB_DIR/bundle.sh" --tree-only; "$LAB_DIR/crictl.sh"; } >&2
part "tree-$v-cri-o" "$(digest "$0" "$LAB_DIR/cri-o/crio") $(cat "$CACHE/stamp/tree-$v" "$CACHE/stamp/crictl")" make_tree
echo "$CACHE/tree/$v-cri-o"
