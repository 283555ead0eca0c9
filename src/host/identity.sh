# shellcheck shell=sh disable=SC1091 # the host has it
# What a host is, as lines `KEY VALUE`, for Identity::parse: its distribution, and the version of its Kubernetes. Only reads; programs of
# Kubernetes' that come as one archive are not run, which would unpack them.
if [ -f /etc/os-release ]; then
    os=$(. /etc/os-release 2>/dev/null && printf '%s' "${PRETTY_NAME:-}")
    [ -z "$os" ] || printf 'os %s\n' "$os"
fi
version=
for path in /usr/bin/kubelet /usr/local/bin/kubelet /opt/bin/kubelet /opt/kube/bin/kubelet; do
    if [ -n "$version" ] || [ ! -f "$path" ] || [ ! -x "$path" ]; then continue; fi
    # `Kubernetes v1.20.2`
    version=$(timeout 5 "$path" --version 2>/dev/null </dev/null | sed -n 's/^Kubernetes \(v[0-9][0-9A-Za-z.+-]*\)$/\1/p' | head -n 1)
done
# `v1.31.4+k3s1`, `+rke2r1`, `+k0s.0`: as these projects build it into their programs.
for path in /usr/local/bin/k3s /usr/local/bin/rke2 /usr/bin/rke2 /opt/rke2/bin/rke2 /usr/local/bin/k0s; do
    if [ -n "$version" ] || [ ! -f "$path" ]; then continue; fi
    version=$(timeout 10 grep -aoEm 1 'v1\.[0-9]{1,3}\.[0-9]{1,3}\+(k3s[0-9]{1,3}|rke2r[0-9]{1,3}|k0s\.[0-9]{1,3})' "$path" 2>/dev/null | head -n 1)
done
# The programs may be gone, and a control plane's own manifest still there.
[ -n "$version" ] ||
    version=$(sed -n 's#^ *image: .*/kube-apiserver:\(v[0-9][0-9A-Za-z.+-]*\)$#\1#p' /etc/kubernetes/manifests/kube-apiserver.yaml 2>/dev/null | head -n 1)
[ -z "$version" ] || printf 'kubernetes %s\n' "$version"
