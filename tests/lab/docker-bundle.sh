#!/usr/bin/env bash
# docker-bundle.sh [bare]: prints the path of a bundle of v1.20.2 for `runtime: {name: docker}`: with the lab's cri-dockerd (cri-dockerd.sh) and its
# client of the Container Runtime Interface, without containerd and runc, which docker's package brings; a bare one has no images. BIVOUAC is the tool that makes it.
. "$(dirname "$0")/lib.sh"

BIVOUAC=${BIVOUAC:-$ROOT/target/release/bivouac}
v=v1.20.2 what=docker${1:+-$1}
make_bundle() {
  local t=$CACHE/tree/$v-$what-$$ p
  rm -rf "$t" "$bundle"
  cp -al "$CACHE/tree/$v" "$t"
  [ "$what" = docker ] || rm -rf "$t/images"
  for p in containerd containerd-shim-runc-v2 ctr runc; do rm -f "$t/bin/$p"; done
  for p in crictl cri-dockerd; do cp -f --remove-destination "$CACHE/bin/$p" "$t/bin/$p"; done
  grep -v -E '^(containerd|containerd-shim-runc-v2|ctr|runc) ' "$CACHE/tree/$v/VERSIONS" > "$t/VERSIONS.new"
  echo "cri-dockerd 0.3.20" >> "$t/VERSIONS.new"
  mv "$t/VERSIONS.new" "$t/VERSIONS"
  "$BIVOUAC" bundle build "$bundle.new" --from "$t" --version "$v" --arch amd64 > /dev/null
  mv "$bundle.new" "$bundle"
  rm -rf "$t"
}
"$LAB_DIR/bundle.sh" --tree-only >&2
"$LAB_DIR/crictl.sh"
"$LAB_DIR/cri-dockerd.sh"
bundle=$OUT/$v-$what.bundle
inputs="$(digest "$0") $(cat "$CACHE/stamp/tree-$v" "$CACHE/stamp/crictl" "$CACHE/stamp/cri-dockerd") $(find "$ROOT/src" -path "$ROOT/src/bundle*" -type f -print0 | sort -z | xargs -0 cat | sha256sum)"
if [ ! -e "$bundle" ] || [ "$(cat "$bundle.inputs" 2> /dev/null)" != "$inputs" ]; then
  make_bundle
  echo "$inputs" > "$bundle.inputs"
fi
echo "$bundle"
