#!/usr/bin/env bash
# crictl.sh: the lab's client of the Container Runtime Interface (crictl.go), built into the cache as bin/crictl with what
# Kubernetes' sources have vendored.
. "$(dirname "$0")/lib.sh"

"$LAB_DIR/k8s.sh"

compile() {
  "$LAB_DIR/build-image.sh"
  mkdir -p "$CACHE/src/k/cmd/lab-crictl"
  cp "$LAB_DIR/crictl.go" "$CACHE/src/k/cmd/lab-crictl/main.go"
  podman run --rm -i --network none -v "$CACHE:$CACHE" -e "LAB=$CACHE" "$BUILD_IMAGE" bash -s > "$CACHE/crictl.log" 2>&1 <<'S' || {
set -euo pipefail
export PATH=/usr/lib/go-1.19/bin:$PATH GOPATH=$LAB/gopath GOCACHE=$LAB/gocache CGO_ENABLED=0 GO111MODULE=off GOFLAGS=
cd "$GOPATH/src/k8s.io/kubernetes"
go vet ./cmd/lab-crictl
go build -trimpath -ldflags '-s -w' -o "$LAB/bin/crictl.new" ./cmd/lab-crictl
mv "$LAB/bin/crictl.new" "$LAB/bin/crictl"
S
    tail -n 30 "$CACHE/crictl.log" >&2
    die "crictl did not build: the whole log is $CACHE/crictl.log"
  }
}
[ -x "$CACHE/bin/crictl" ] || rm -f "$CACHE/stamp/crictl"
part crictl "$(digest "$0" "$LAB_DIR/crictl.go") $(cat "$CACHE/stamp/k8s")" compile
