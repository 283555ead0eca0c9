# What `spec.security` needs on hosts: the key for Secrets, the kubelets' serving certificates.

# Makes the key that the API servers encrypt Secrets with, on the first control plane: 32 random bytes, which secretbox wants. Only builtins
# of the shell have it in their arguments. What was written before there was a key could still be read (`identity`).
bv_encryption_make() {
    bv_to=/etc/kubernetes/bivouac/encryption.yaml
    bv_key=$(head -c 32 /dev/urandom | base64 | tr -d '\n')
    [ "${#bv_key}" = 44 ] || bv_die "this host gives no random bytes"
    mkdir -p "${bv_to%/*}" || return 1
    (
        umask 077
        printf '%s\n' 'apiVersion: apiserver.config.k8s.io/v1' 'kind: EncryptionConfiguration' 'resources:' \
            '- resources: [secrets]' '  providers:' \
            "  - secretbox: {keys: [{name: key1, secret: \"$bv_key\"}]}" '  - identity: {}' >"$bv_to.bivouac~"
    ) && bv_sync "$bv_to.bivouac~" && mv -fT -- "$bv_to.bivouac~" "$bv_to"
}

BV_AUDIT=/var/log/kubernetes/audit

# Who was there before may have let others in. What the API server writes there is root's alone; its own file has mode 0644 in 1.20.
bv_audit_shut() { [ ! -d "$BV_AUDIT" ] || [ -z "$(find -H "$BV_AUDIT" -maxdepth 0 -perm /077)" ]; }
bv_audit_shut_do() {
    # The first time is what counts.
    [ -s "$BV/audit-mode" ] || { stat -L -c %a "$BV_AUDIT" >"$BV/audit-mode.new" && bv_sync "$BV/audit-mode.new" && mv -fT "$BV/audit-mode.new" "$BV/audit-mode"; } || return 1
    chmod 0700 "$BV_AUDIT"
}
# The mode that it had, where it was there.
bv_audit_shut_undo() {
    [ -s "$BV/audit-mode" ] && [ -d "$BV_AUDIT" ] || return 0
    chmod "$(cat "$BV/audit-mode")" "$BV_AUDIT" && rm -f "$BV/audit-mode"
}

BV_SERVING=/var/lib/kubelet/pki/kubelet-server-current.pem

# Whether the kubelet of this node, $1, has a serving certificate of the cluster, or asked for one.
bv_serving_asked() {
    [ ! -s "$BV_SERVING" ] || return 0
    bv_asked=$(kubectl --kubeconfig /etc/kubernetes/kubelet.conf --request-timeout=30s get certificatesigningrequests \
        -o go-template='{{range .items}}{{.spec.signerName}} {{.spec.username}}{{"\n"}}{{end}}') || return 1
    printf '%s\n' "$bv_asked" | grep -qxF "kubernetes.io/kubelet-serving system:node:$1"
}

# Approves requests, and says why others were not: bv_serving_approve approve NAME refuse WHY...
bv_serving_approve() {
    while [ $# -gt 1 ]; do
        case $1 in
        approve) bv_kubectl certificate approve "$2" >/dev/null || return 1 ;;
        refuse) printf '%s\n' "$2" >&2 ;;
        esac
        shift 2
    done
}
