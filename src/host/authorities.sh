# shellcheck shell=sh
# The certificate authorities that the system trusts, as text. curl and wget take one file of them and pass
# over the system's then, where that is no directory of its own (RHEL, SUSE).
bv_system_ca() {
    for bv_bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem; do
        if [ -r "$bv_bundle" ]; then
            cat -- "$bv_bundle"
            return
        fi
    done
}
