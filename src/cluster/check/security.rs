//! `spec.security`: what its lines switch on cannot be said a second time elsewhere.

use super::Check;
use super::network::argument;
use crate::cluster::mistake::quote;
use crate::cluster::{Security, raw};

impl Check<'_> {
    pub(super) fn security(&mut self, spec: &raw::Spec) -> Security {
        let Some(given) = spec.security.as_ref().map(|given| &given.value) else {
            return Security::default();
        };
        let security = Security {
            audit: given.audit.unwrap_or_default(),
            encryption: given.encryption.unwrap_or_default(),
            serving_certificates: given.serving_certificates.unwrap_or_default(),
        };
        for (line, arguments) in security.arguments() {
            for name in arguments {
                if let Some((spot, _)) = argument(spec, "apiServer", &[name]) {
                    self.set_by(spot, name, line);
                }
            }
        }
        let kubelet = spec.kubernetes.as_ref().and_then(|it| it.value.kubelet.as_ref());
        let own = kubelet.and_then(|kubelet| kubelet.value.get("serverTLSBootstrap"));
        if let Some(own) = own.filter(|_| security.serving_certificates) {
            self.set_by(own.spot, "serverTLSBootstrap", "servingCertificates");
        }
        security
    }

    fn set_by(&mut self, spot: crate::cluster::yaml::Spot, name: &str, line: &str) {
        let message = format!("{} is set by `spec.security.{line}`", quote(name));
        self.wrong(spot, message, |it| it.expected("one of the two, not both"));
    }
}
