#!/usr/bin/env bash
# suite-bundle.sh: prints the path of a bundle of v1.20.2 whose programs run on every suite: containerd, runc and the network plugins are
# bullseye's packages, for Debian links them with its C library, and those of a newer Debian do not start on an older one. (The projects'
# own releases, which users install, are static.) BIVOUAC is the tool that makes it.
. "$(dirname "$0")/lib.sh"

BIVOUAC=${BIVOUAC:-$ROOT/target/release/bivouac}
v=v1.20.2
fs=$CACHE/debs-bullseye

fetch() {
  VARIANT=extract rootfs bullseye containerd,runc,containernetworking-plugins --dpkgopt='path-exclude=/usr/share/*' > "$fs.tar"
  rm -rf "$fs"
  mkdir "$fs"
  tar -C "$fs" -xf "$fs.tar" ./usr/bin ./usr/sbin ./usr/lib/cni
  rm "$fs.tar"
}
make_bundle() {
  local t=$CACHE/tree/$v-bullseye p
  rm -rf "$t" "$bundle"
  cp -al "$CACHE/tree/$v" "$t"
  for p in containerd containerd-shim-runc-v2 ctr; do cp -f --remove-destination "$fs/usr/bin/$p" "$t/bin/$p"; done
  cp -f --remove-destination "$fs/usr/sbin/runc" "$t/bin/runc"
  for p in "$t"/cni/*; do cp -f --remove-destination "$fs/usr/lib/cni/${p##*/}" "$p"; done
  # The versions that it names are those of the other packages.
  rm -f "$t/VERSIONS"
  "$BIVOUAC" bundle build "$bundle.new" --from "$t" --version "$v" --arch amd64 >&2
  mv "$bundle.new" "$bundle"
  rm -rf "$t"
}
"$LAB_DIR/bundle.sh" >&2
part debs-bullseye "$(digest "$0")" fetch
bundle=$OUT/$v-bullseye.bundle
inputs="$(digest "$0") $(cat "$CACHE/stamp/tree-$v") $(find "$ROOT/src" -path "$ROOT/src/bundle*" -type f -print0 | sort -z | xargs -0 cat | sha256sum)"
if [ ! -e "$bundle" ] || [ "$(cat "$bundle.inputs" 2> /dev/null)" != "$inputs" ]; then
  make_bundle
  echo "$inputs" > "$bundle.inputs"
fi
echo "$bundle"
