#!/usr/bin/env bash
# images.sh: the container images of each version, in the cache: images/VERSION/NAME.tar, one docker-archive each, and
# images-VERSION.tar with those of one control plane for floor.sh. They are made with tar alone: the same input gives the same bytes, and podman's
# store, which this machine shares, is left alone.
. "$(dirname "$0")/lib.sh"

# image NAME TAG ROOT [ENTRYPOINT]: $work/NAME/ with the image's layer, configuration and line of the manifest.
image() {
  local name=$1 tag=$2 root=$3 entry=${4:-} dir=$work/$1 layer config
  mkdir "$dir"
  tar -C "$root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$dir/layer" .
  layer=$(sha256sum < "$dir/layer" | cut -d' ' -f1)
  mv "$dir/layer" "$dir/$layer.tar"
  printf '{"created":"1970-01-01T00:00:00Z","architecture":"amd64","os":"linux","config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]%s},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "${entry:+,\"Entrypoint\":[\"$entry\"]}" "$layer" > "$dir/config"
  config=$(sha256sum < "$dir/config" | cut -d' ' -f1)
  mv "$dir/config" "$dir/$config.json"
  printf '{"Config":"%s.json","RepoTags":["k8s.gcr.io/%s:%s"],"Layers":["%s.tar"]}' "$config" "$name" "$tag" "$layer" > "$work/$name.line"
}
# archive OUT NAME...: these images as one docker-archive.
archive() {
  local out=$1 name args=()
  shift
  (for name; do cat "$work/$name.line"; echo; done) | paste -sd, | sed 's/.*/[&]/' > "$work/manifest.json"
  for name; do args+=(-C "$work/$name" "$(cd "$work/$name" && ls ./*.json)" "$(cd "$work/$name" && ls ./*.tar)"); done
  tar --mtime=@0 --owner=0 --group=0 --numeric-owner --transform='s#^\./##' -cf "$out" -C "$work" manifest.json "${args[@]}"
}

make_images() {
  local v=$1 name root=$CACHE/images/.root names=(kube-apiserver kube-controller-manager kube-scheduler kube-proxy pause coredns etcd)
  work=$CACHE/images/.work
  rm -rf "$work" "$root" "$CACHE/images/$v"
  mkdir -p "$work" "$CACHE/images/$v"
  for name in kube-apiserver kube-controller-manager kube-scheduler; do
    mkdir -p "$root/usr/local/bin"
    cp "$CACHE/bin/$v/$name" "$root/usr/local/bin/"
    image "$name" "$v" "$root"
    rm -rf "$root"
  done
  cp -a "$CACHE/debs/proxyfs" "$root"
  mkdir -p "$root/usr/local/bin"
  cp "$CACHE/bin/$v/kube-proxy" "$root/usr/local/bin/"
  image kube-proxy "$v" "$root"
  rm -rf "$root"
  mkdir -p "$root/usr/local/bin"
  cp "$CACHE/debs/pause" "$root/usr/local/bin/"
  image pause 3.2 "$root" /usr/local/bin/pause
  # Nothing like CoreDNS is to be had from Debian: kubeadm only looks whether the image is there.
  image coredns 1.7.0 "$root" /usr/local/bin/pause
  rm -rf "$root"
  image etcd 3.4.13-0 "$CACHE/debs/etcdfs"
  image haproxy 2.6 "$CACHE/debs/haproxyfs"
  cp -a "$CACHE/debs/vipfs" "$root"
  install -m 0755 "$LAB_DIR/kube-vip" "$root/kube-vip"
  image kube-vip v0.8.0 "$root" /kube-vip
  rm -rf "$root"
  # The load balancers are no part of what floor.sh installs by hand.
  for name in "${names[@]}" haproxy kube-vip; do archive "$CACHE/images/$v/$name.tar" "$name"; done
  archive "$CACHE/images-$v.tar" "${names[@]}"
  rm -rf "$work"
}
for v in $VERSIONS; do
  if [ ! -e "$CACHE/images-$v.tar" ] || [ ! -e "$CACHE/images/$v/kube-vip.tar" ]; then rm -f "$CACHE/stamp/images-$v"; fi
  locked images part "images-$v" "$(digest "$0" "$LAB_DIR/kube-vip") $(cat "$CACHE/stamp/k8s" "$CACHE/stamp/debs")" make_images "$v"
done
