//! `spec.security`: what is one line to switch on.

/// What a cluster is made with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Security {
    /// The API servers keep an audit log.
    pub audit: bool,
    /// Secrets are encrypted in etcd.
    pub encryption: bool,
    /// The kubelets' serving certificates are of the cluster's authority, and the API servers ask for that.
    pub serving_certificates: bool,
}

impl Security {
    /// Arguments of the API servers that are ours where a line is on, by that line's name. Sources:
    /// kubernetes.io, "Auditing", "Encrypting Confidential Data at Rest", and kube-apiserver's reference.
    pub fn arguments(self) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
        const AUDIT: &[&str] = &["audit-policy-file", "audit-log-path"];
        const ENCRYPTION: &[&str] = &["encryption-provider-config"];
        const SERVING: &[&str] = &["kubelet-certificate-authority"];
        [
            (self.audit, "audit", AUDIT),
            (self.encryption, "encryption", ENCRYPTION),
            (self.serving_certificates, "servingCertificates", SERVING),
        ]
        .into_iter()
        .filter_map(|(on, name, arguments)| on.then_some((name, arguments)))
    }
}
