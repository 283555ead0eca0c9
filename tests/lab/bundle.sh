#!/usr/bin/env bash
# bundle.sh: target/lab/VERSION.bundle for each version, made by the tool itself (BIVOUAC=the binary) from the tree/VERSION in the
# cache: bin/ (Kubernetes, crictl, containerd, runc), cni/ (the plugins), images/ (one archive each).
. "$(dirname "$0")/lib.sh"

BIVOUAC=${BIVOUAC:-$ROOT/target/release/bivouac}
# A hard link where it can be, for these are gigabytes; a copy across file systems.
give() { cp -lf "$@" 2>/dev/null || cp -f "$@"; }

make_tree() {
  local v=$1 t=$CACHE/tree/$1 d=$CACHE/debs/usr b=$CACHE/bin/$1
  rm -rf "$t"
  mkdir -p "$t/bin" "$t/cni" "$t/images"
  give "$b/kubeadm" "$b/kubelet" "$b/kubectl" "$d/bin/containerd" "$d/bin/containerd-shim-runc-v2" "$d/bin/ctr" "$d/sbin/runc" "$t/bin/"
  cp "$LAB_DIR/crictl" "$t/bin/"
  for p in bridge host-local loopback portmap bandwidth firewall tuning; do give "$d/lib/cni/$p" "$t/cni/"; done
  give "$CACHE/images/$v/"*.tar "$t/images/"
  # What the programs are, for the bundle's manifest: Debian's versions of their packages.
  awk -v k="$v" '
    {v[$1] = $2}
    function note(names, version,  n, i) {split(names, n, " "); for (i in n) print n[i], version}
    END {
      note("kubeadm kubelet kubectl", k)
      note("containerd containerd-shim-runc-v2 ctr", v["containerd"])
      note("runc", v["runc"])
      note("bridge host-local loopback portmap bandwidth firewall tuning", v["containernetworking-plugins"])
    }' "$CACHE/debs/VERSIONS" | sort > "$t/VERSIONS"
}
# What the bundle command is made of decides whether a bundle of an earlier build still serves.
tool() { find "$ROOT/src" -path "$ROOT/src/bundle*" -type f -print0 | sort -z | xargs -0 cat | sha256sum; }

make_bundle() {
  local v=$1 to=$2
  rm -f "$to.new"
  "$BIVOUAC" bundle build "$to.new" --from "$CACHE/tree/$v" --version "$v" --arch amd64
  "$BIVOUAC" bundle verify "$to.new" >/dev/null
  mv "$to.new" "$to"
}

key=$(tool | cut -c1-12)
mkdir -p "$CACHE/bundle"
for v in $VERSIONS; do
  [ -x "$CACHE/tree/$v/bin/kubeadm" ] || rm -f "$CACHE/stamp/tree-$v"
  part "tree-$v" "$(digest "$0" "$LAB_DIR/crictl") $(cat "$CACHE/stamp/images-$v")" make_tree "$v"
  [ "${1:-}" != --tree-only ] || continue
  [ -x "$BIVOUAC" ] || die "no \`bivouac\` at $BIVOUAC: run \`make build\`"
  bundle=$CACHE/bundle/$v-$key.bundle
  [ -e "$bundle" ] || rm -f "$CACHE/stamp/bundle-$v-$key"
  part "bundle-$v-$key" "$(cat "$CACHE/stamp/tree-$v")" make_bundle "$v" "$bundle"
  [ ! "$bundle" -ef "$OUT/$v.bundle" ] || continue
  give "$bundle" "$OUT/$v.bundle.$$"
  mv -f "$OUT/$v.bundle.$$" "$OUT/$v.bundle"
done
# Bundles of tools long gone: the newest six stay.
find "$CACHE/bundle" -name '*.bundle' -printf '%T@ %p\n' | sort -rn | sed '1,6d; s/^[^ ]* //' | xargs -r -d '\n' rm -f
