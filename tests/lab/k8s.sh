#!/usr/bin/env bash
# k8s.sh: the real Kubernetes 1.20.2 of Debian bookworm's source package, built into the cache as bin/v1.20.2 and, the same source
# with another stamp, bin/v1.20.3 for upgrades. 6 minutes on 2 cores; Go's cache makes a second build a matter of linking.
. "$(dirname "$0")/lib.sh"

compile() {
  "$LAB_DIR/build-image.sh"
  podman run --rm -i --network host -v "$CACHE:$CACHE" -e "LAB=$CACHE" -e "VERSIONS=$VERSIONS" "$BUILD_IMAGE" bash -s > "$CACHE/k8s.log" 2>&1 <<'S' || {
set -euo pipefail
mkdir -p "$LAB/src"; cd "$LAB/src"
if [ ! -d k ]; then
  apt-get update -qq
  apt-get source -qq --download-only kubernetes
  rm -rf k.new
  dpkg-source -x kubernetes_*.dsc k.new
  mv k.new k
fi
# The vendored reflect2 crashes under Go 1.18 and later; Debian's package of it does not.
r=k/vendor/github.com/modern-go/reflect2
rm -f $r/*.go $r/*.s
cp /usr/share/gocode/src/github.com/modern-go/reflect2/*.{go,s} $r/
rm -f $r/*_test.go
export PATH=/usr/lib/go-1.19/bin:$PATH GOPATH=$LAB/gopath GOCACHE=$LAB/gocache CGO_ENABLED=0 GO111MODULE=off GOFLAGS=
mkdir -p "$GOPATH/src/k8s.io"
ln -sfn "$LAB/src/k" "$GOPATH/src/k8s.io/kubernetes"
cd "$GOPATH/src/k8s.io/kubernetes"
# Debian's source package comes without this generated file.
generated=pkg/generated/openapi/zz_generated.openapi.go
if [ ! -s $generated ]; then
  go build -o "$LAB/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  inputs=$(grep -rl --include='*.go' '+k8s:openapi-gen=' pkg staging/src/k8s.io | grep -v -E 'sample-|code-generator/examples' | xargs -n1 dirname | sort -u | sed 's#^staging/src/#vendor/#; s#^#k8s.io/kubernetes/#' | paste -sd,)
  "$LAB/openapi-gen" --logtostderr -i "$inputs" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi -h "$PWD/hack/boilerplate/boilerplate.generatego.txt" -r "$LAB/viol" || { rm -f $generated; exit 1; }
fi
for v in $VERSIONS; do
  flags="-s -w"
  for p in component-base/version client-go/pkg/version; do
    q=k8s.io/kubernetes/vendor/k8s.io/$p
    flags="$flags -X $q.gitVersion=$v -X $q.gitMajor=1 -X $q.gitMinor=20 -X $q.gitTreeState=clean -X $q.gitCommit=debian -X $q.buildDate=2021-01-13T00:00:00Z"
  done
  mkdir -p "$LAB/bin/$v"
  go build -p "$(nproc)" -ldflags "$flags" -o "$LAB/bin/$v/" ./cmd/kubeadm ./cmd/kube-apiserver ./cmd/kube-controller-manager ./cmd/kube-scheduler ./cmd/kube-proxy ./cmd/kubelet ./cmd/kubectl
done
S
    tail -n 30 "$CACHE/k8s.log" >&2
    die "Kubernetes did not build: the whole log is $CACHE/k8s.log"
  }
}
for v in $VERSIONS; do [ -x "$CACHE/bin/$v/kubelet" ] || rm -f "$CACHE/stamp/k8s"; done
part k8s "$(digest "$0" "$LAB_DIR/build-image.sh") $VERSIONS" compile
