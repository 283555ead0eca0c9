#!/usr/bin/env bash
# release.sh: the layout of the projects' release servers in the cache, release/: Kubernetes 1.20.2 as dl.k8s.io has it, and containerd,
# runc, the network plugins and crictl as their projects pack them for GitHub, each with its list of sums in its project's form. What is in it
# is the lab's own tree (bundle.sh), but for crictl, which has to pull; the versions are those of the tool's table, so that it finds the files.
. "$(dirname "$0")/lib.sh"

"$LAB_DIR/crictl.sh"

table=$ROOT/src/cluster/versions/table.rs
# The first of each name is the row of 1.20.
version() { sed -n -E "/^const V1_20/,\$s/.*\b$1: Release\(([0-9]+), ([0-9]+), ([0-9]+)\).*/\1.\2.\3/p" "$table" | sed -n 1p; }
containerd=$(version containerd) runc=$(version runc) plugins=$(version cni_plugins) crictl=$(version crictl)
# Same input, same bytes: the sums are what the tool remembers.
pack() { tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner "$@" | gzip -n -1; }

make_release() {
  local t=$CACHE/tree/v1.20.2 r=$CACHE/release.new d name
  rm -rf "$r"
  d=$r/dl/release/v1.20.2/bin/linux/amd64
  mkdir -p "$d"
  for name in kubeadm kubectl kubelet; do
    ln "$t/bin/$name" "$d/" 2> /dev/null || cp "$t/bin/$name" "$d/"
    # Without a line break, as Kubernetes has them.
    printf '%s' "$(sha256sum < "$d/$name" | cut -d' ' -f1)" > "$d/$name.sha256"
  done
  echo v1.20.2 > "$r/dl/release/stable-1.20.txt"
  echo v1.20.2 > "$r/dl/release/stable.txt"
  d=$r/github/containerd/containerd/releases/download/v$containerd
  mkdir -p "$d" "$r/pack/bin"
  for name in containerd containerd-shim-runc-v2 ctr; do ln "$t/bin/$name" "$r/pack/bin/" 2> /dev/null || cp "$t/bin/$name" "$r/pack/bin/"; done
  pack -C "$r/pack" -cf - bin > "$d/containerd-$containerd-linux-amd64.tar.gz"
  (cd "$d" && sha256sum "containerd-$containerd-linux-amd64.tar.gz" > "containerd-$containerd-linux-amd64.tar.gz.sha256sum")
  d=$r/github/opencontainers/runc/releases/download/v$runc
  mkdir -p "$d"
  cp "$t/bin/runc" "$d/runc.amd64"
  (cd "$d" && { printf -- '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n'; sha256sum -b runc.amd64; printf -- '-----BEGIN PGP SIGNATURE-----\n\nnone\n-----END PGP SIGNATURE-----\n'; } > runc.sha256sum)
  d=$r/github/containernetworking/plugins/releases/download/v$plugins
  mkdir -p "$d"
  pack -C "$t/cni" -cf - . > "$d/cni-plugins-linux-amd64-v$plugins.tgz"
  (cd "$d" && sha256sum "cni-plugins-linux-amd64-v$plugins.tgz" > "cni-plugins-linux-amd64-v$plugins.tgz.sha256")
  d=$r/github/kubernetes-sigs/cri-tools/releases/download/v$crictl
  mkdir -p "$d"
  pack -C "$CACHE/bin" -cf - crictl > "$d/crictl-v$crictl-linux-amd64.tar.gz"
  sha256sum < "$d/crictl-v$crictl-linux-amd64.tar.gz" | cut -d' ' -f1 > "$d/crictl-v$crictl-linux-amd64.tar.gz.sha256"
  rm -rf "$r/pack" "$CACHE/release"
  mv "$r" "$CACHE/release"
}
[ -d "$CACHE/release/dl" ] || rm -f "$CACHE/stamp/release"
part release "$(digest "$0") $containerd $runc $plugins $crictl $(cat "$CACHE/stamp/tree-v1.20.2" "$CACHE/stamp/crictl")" make_release
