//! What is in a certificate. Only this file, `members/serving.rs` and `http/ca.rs` name the X.509 crate.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, SubjectAltName, SubjectKeyIdentifier};

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// From when it is valid.
    pub starts: SystemTime,
    /// Until when.
    pub ends: SystemTime,
    /// Whose it is, as `CN=kube-apiserver`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The name of its own key; authorities have one.
    pub key: Option<Vec<u8>>,
    /// The name of the key that signed it.
    pub signer: Option<Vec<u8>>,
    /// Names and addresses that it is valid for.
    pub names: Vec<String>,
}

/// Reads a certificate; `None` for what is none.
pub(in crate::host) fn read(base64: &str) -> Option<Details> {
    let der = STANDARD.decode(base64).ok()?;
    let certificate = Certificate::from_der(&der).ok()?;
    let inner = certificate.tbs_certificate();
    let at = |since: Duration| UNIX_EPOCH.checked_add(since);
    let names = inner.get_extension::<SubjectAltName>().ok().flatten();
    Some(Details {
        starts: at(inner.validity().not_before.to_unix_duration())?,
        ends: at(inner.validity().not_after.to_unix_duration())?,
        subject: inner.subject().to_string(),
        issuer: inner.issuer().to_string(),
        key: (inner.get_extension::<SubjectKeyIdentifier>().ok().flatten())
            .map(|(_, id)| id.0.as_bytes().to_vec()),
        signer: (inner.get_extension::<AuthorityKeyIdentifier>().ok().flatten())
            .and_then(|(_, id)| Some(id.key_identifier?.as_bytes().to_vec())),
        names: names
            .map(|(_, names)| names.0.iter().filter_map(name).collect())
            .unwrap_or_default(),
    })
}

/// A name, or an address as people write it.
fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        GeneralName::IpAddress(bytes) => match bytes.as_bytes() {
            four if four.len() == 4 => {
                <[u8; 4]>::try_from(four).ok().map(|it| std::net::Ipv4Addr::from(it).to_string())
            }
            more => {
                <[u8; 16]>::try_from(more).ok().map(|it| std::net::Ipv6Addr::from(it).to_string())
            }
        },
        _ => None,
    }
}

/// When the certificate ends; `None` for what is none.
pub(in crate::host) fn ends(base64: &str) -> Option<SystemTime> {
    read(base64).map(|details| details.ends)
}

#[cfg(test)]
mod tests {
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
