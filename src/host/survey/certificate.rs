//! The end of a certificate. Only this file, `members/serving.rs` and `http/ca.rs` name the X.509 crate.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

/// When the certificate ends; `None` for what is none.
pub(super) fn ends(base64: &str) -> Option<SystemTime> {
    let der = STANDARD.decode(base64).ok()?;
    let certificate = Certificate::from_der(&der).ok()?;
    let end = certificate.tbs_certificate().validity().not_after.to_unix_duration();
    UNIX_EPOCH.checked_add(end)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Made by `openssl req -x509 -newkey ed25519 -nodes -subj /CN=x -days 100`; `openssl x509 -enddate`
    /// says Mar  3 05:38:51 2027 GMT, which is 1804052331 by `date -u +%s`.
    const ONE: &str = "\
        MIIBLDCB36ADAgECAhQMCaZSAfDabcrn6gKGptYZzsSbmTAFBgMrZXAwDDEKMAgGA1UEAwwBeDAeFw0y\
        NjExMjMwNTM4NTFaFw0yNzAzMDMwNTM4NTFaMAwxCjAIBgNVBAMMAXgwKjAFBgMrZXADIQDp8KMaBZt+\
        ICoF/N2DLqEcxYZG9hFAedba0TVwfA7VDKNTMFEwHQYDVR0OBBYEFO7etiKP+TsxIrIN03YfFWSanYiI\
        MB8GA1UdIwQYMBaAFO7etiKP+TsxIrIN03YfFWSanYiIMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EA\
        gEnr6BNNszchrlR/cz8+xsiKs4XjSw7j9MbvcFToHiFdqjaCILQ93wyxGT6Cj2lx9PtNOOsKURAjKIj9\
        6790DQ==";

    #[test]
    fn the_end_is_read() {
        assert_eq!(ends(ONE), Some(UNIX_EPOCH + Duration::from_secs(1_804_052_331)));
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        for text in ["", "AAAA", "not base64!", &ONE[..ONE.len() - 8]] {
            assert_eq!(ends(text), None, "{text}");
        }
    }
}
