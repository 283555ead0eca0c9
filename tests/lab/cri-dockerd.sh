#!/usr/bin/env bash
# cri-dockerd.sh: the lab's cri-dockerd (cri-dockerd.go), built into the cache as bin/cri-dockerd out of Kubernetes' own dockershim.
. "$(dirname "$0")/lib.sh"

"$LAB_DIR/k8s.sh"

compile() {
  "$LAB_DIR/build-image.sh"
  mkdir -p "$CACHE/src/k/cmd/lab-cri-dockerd"
  cp "$LAB_DIR/cri-dockerd.go" "$CACHE/src/k/cmd/lab-cri-dockerd/main.go"
  podman run --rm -i --network none -v "$CACHE:$CACHE" -e "LAB=$CACHE" "$BUILD_IMAGE" bash -s > "$CACHE/cri-dockerd.log" 2>&1 <<'S' || {
set -euo pipefail
export PATH=/usr/lib/go-1.19/bin:$PATH GOPATH=$LAB/gopath GOCACHE=$LAB/gocache CGO_ENABLED=0 GO111MODULE=off GOFLAGS=
cd "$GOPATH/src/k8s.io/kubernetes"
go vet ./cmd/lab-cri-dockerd
go build -trimpath -ldflags '-s -w' -o "$LAB/bin/cri-dockerd.new" ./cmd/lab-cri-dockerd
mv "$LAB/bin/cri-dockerd.new" "$LAB/bin/cri-dockerd"
S
    tail -n 30 "$CACHE/cri-dockerd.log" >&2
    die "cri-dockerd did not build: the whole log is $CACHE/cri-dockerd.log"
  }
}
[ -x "$CACHE/bin/cri-dockerd" ] || rm -f "$CACHE/stamp/cri-dockerd"
part cri-dockerd "$(digest "$0" "$LAB_DIR/cri-dockerd.go") $(cat "$CACHE/stamp/k8s")" compile
