# kubeadm move ENDPOINT OWN OUTSIDE FLAG...: gives a cluster with one control plane, which everybody found under that one's own address OWN, the
# address ENDPOINT, under which there may be several. Each part can be repeated, and until all of them are done everybody still comes
# in under the old one. OUTSIDE is what clients elsewhere call it. The rest is steps of its own: the administrators' files,
# the kubelets, kube-proxy.

bv_address_move() {
    bv_endpoint=$1 bv_own=$2 bv_outside=$3
    shift 3
    # What control planes that join go by.
    bv_phase init phase upload-config kubeadm || return 1
    bv_name=$(bv_name_of "$bv_endpoint")
    bv_names="$bv_name $(bv_name_of "$bv_outside")"
    bv_serves_as_all || bv_certificate_renew || return 1
    # Who joins by hand reads it before he knows anything. Behind 127.0.0.1 he would find nobody.
    [ "$bv_name" = 127.0.0.1 ] || bv_server_replace kube-public cluster-info "$bv_own" "$bv_endpoint"
}

# The name, or the address, in `host:port`.
bv_name_of() {
    bv_host=${1%:*}
    bv_host=${bv_host#[}
    printf '%s' "${bv_host%]}"
}

# Whether the API server shows a certificate for all of bv_names.
bv_serves_as_all() {
    # shellcheck disable=SC2086 # Names have no blanks.
    for bv_each in $bv_names; do
        kubectl --kubeconfig /etc/kubernetes/admin.conf --server "https://$bv_own" --tls-server-name "$bv_each" --request-timeout 5s \
            get --raw /readyz >/dev/null 2>&1 || return 1
    done
}

# A new certificate by the new configuration. The API server looks at its files once a minute
# (kubernetes#84200, since 1.17), so that nobody is cut off.
bv_certificate_renew() {
    bv_pki=/etc/kubernetes/pki
    # Where a try was killed in between they are here already.
    mkdir -p "$BV_HELD" && { [ -s "$BV_HELD/apiserver.key" ] || cp -p "$bv_pki/apiserver.crt" "$bv_pki/apiserver.key" "$BV_HELD/"; } || return 1
    rm -f "$bv_pki/apiserver.crt" "$bv_pki/apiserver.key"
    if ! bv_phase init phase certs apiserver >/dev/null; then
        cp -p "$BV_HELD/apiserver.crt" "$BV_HELD/apiserver.key" "$bv_pki/"
        return 1
    fi
    rm -rf "$BV_HELD"
    bv_wait_for 750 bv_serves_as_all || bv_die "the API server does not take its new certificate, for \`$bv_each\`"
}

# Replaces an address in a kubeconfig that a ConfigMap holds: bv_server_replace NAMESPACE NAME OLD NEW; any where OLD is empty.
bv_server_replace() {
    bv_map=$(bv_kubectl -n "$1" get configmap "$2" --ignore-not-found -o yaml) || return 1
    [ -n "$bv_map" ] || return 0
    printf '%s\n' "$bv_map" | sed "s#^\( *server: https://\)${3:-.*}\$#\1$4#" | bv_kubectl replace -f - >/dev/null
}

# Whether kube-proxy, where the cluster has it, was told the address $1: all of its pods, not only its configuration.
bv_proxy_knows() {
    bv_map=$(bv_kubectl -n kube-system get configmap kube-proxy --ignore-not-found -o yaml) || return 1
    [ -n "$bv_map" ] || return 0
    [ "$(printf '%s\n' "$bv_map" | sed -n 's#^ *server: https://##p')" = "$1" ] || return 1
    ! printf '%s\n' "$bv_map" | grep -q '^    bivouac/tells: '
}

# Tells it, and lets its pods start anew: bv_proxy_tell ADDRESS. All at once, for its rules stay in the kernel; and without the 30 s that
# each would have to end, for it does not hear that it should. Until that is done the annotation says so.
bv_proxy_tell() {
    bv_kubectl -n kube-system annotate --overwrite configmap kube-proxy "bivouac/tells=$1" >/dev/null &&
        bv_server_replace kube-system kube-proxy '' "$1" &&
        bv_kubectl -n kube-system patch daemonset kube-proxy \
            -p "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"bivouac/address\":\"$1\"}}}}}" >/dev/null &&
        bv_kubectl -n kube-system delete pods -l k8s-app=kube-proxy --grace-period 1 --wait=false >/dev/null &&
        kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system rollout status daemonset kube-proxy --timeout 300s >/dev/null &&
        bv_kubectl -n kube-system annotate configmap kube-proxy bivouac/tells- >/dev/null
}
