//! Files with certificate authorities.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci_client::client::{Certificate, CertificateEncoding};
use x509_cert::der::Decode as _;

use super::error::Error;

/// The longest file that is read, in bytes: all authorities of a browser are a quarter of it.
const LIMIT: u64 = 1 << 20;

/// The authorities of a PEM file that are valid today.
///
/// Those that have ended are left out, as OpenSSL and Go, and so containerd, do not believe them either;
/// rustls alone would not look at the dates of an authority it was told to believe
/// (<https://docs.rs/rustls-pki-types>, `TrustAnchor`).
pub(super) fn read(registry: &str, file: &Path) -> Result<Vec<Certificate>, Error> {
    let refused = |problem: String| Error::Authority {
        registry: registry.to_owned(),
        file: file.to_owned(),
        problem,
    };
    let unreadable = |error: std::io::Error| refused(format!("cannot be read: {error}"));
    if std::fs::metadata(file).map_err(unreadable)?.len() > LIMIT {
        return Err(refused("is longer than 1 MiB".to_owned()));
    }
    valid(&std::fs::read_to_string(file).map_err(unreadable)?, SystemTime::now()).map_err(refused)
}

fn valid(text: &str, now: SystemTime) -> Result<Vec<Certificate>, String> {
    let (mut valid, mut ended) = (Vec::new(), 0);
    for block in text.split("-----BEGIN CERTIFICATE-----").skip(1) {
        let (base64, _) = block
            .split_once("-----END CERTIFICATE-----")
            .ok_or_else(|| "has a certificate without an end".to_owned())?;
        let base64: String = base64.split_whitespace().collect();
        let odd = |_| "has a certificate that cannot be read".to_owned();
        let data = STANDARD.decode(base64).map_err(|error| odd(error.to_string()))?;
        let certificate =
            x509_cert::Certificate::from_der(&data).map_err(|error| odd(error.to_string()))?;
        let end = certificate.tbs_certificate().validity().not_after.to_unix_duration();
        if UNIX_EPOCH + end < now {
            ended += 1;
        } else {
            valid.push(Certificate { encoding: CertificateEncoding::Der, data });
        }
    }
    match (valid.is_empty(), ended) {
        (false, _) => Ok(valid),
        (true, 0) => Err("has no certificate".to_owned()),
        (true, _) => Err("has expired".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Made by `openssl req -x509 -newkey ed25519 -nodes -subj /CN=x -days 100`; it ends at 1804052331.
    const ONE: &str = "-----BEGIN CERTIFICATE-----
MIIBLDCB36ADAgECAhQMCaZSAfDabcrn6gKGptYZzsSbmTAFBgMrZXAwDDEKMAgGA1UEAwwBeDAeFw0y
NjExMjMwNTM4NTFaFw0yNzAzMDMwNTM4NTFaMAwxCjAIBgNVBAMMAXgwKjAFBgMrZXADIQDp8KMaBZt+
ICoF/N2DLqEcxYZG9hFAedba0TVwfA7VDKNTMFEwHQYDVR0OBBYEFO7etiKP+TsxIrIN03YfFWSanYiI
MB8GA1UdIwQYMBaAFO7etiKP+TsxIrIN03YfFWSanYiIMA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EA
gEnr6BNNszchrlR/cz8+xsiKs4XjSw7j9MbvcFToHiFdqjaCILQ93wyxGT6Cj2lx9PtNOOsKURAjKIj9
6790DQ==
-----END CERTIFICATE-----
";

    fn at(seconds: u64, text: &str) -> Result<usize, String> {
        valid(text, UNIX_EPOCH + Duration::from_secs(seconds)).map(|all| all.len())
    }

    #[test]
    fn an_authority_counts_until_its_end() {
        assert_eq!(at(1_804_052_331, ONE), Ok(1));
        assert_eq!(at(1_804_052_332, ONE), Err("has expired".to_owned()));
        assert_eq!(at(0, &format!("{ONE}# another\n{ONE}")), Ok(2));
    }

    #[test]
    fn what_has_no_certificate_is_refused() {
        for (text, problem) in [
            ("", "has no certificate"),
            (
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "has no certificate",
            ),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "has a certificate without an end"),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
                "has a certificate that cannot be read",
            ),
        ] {
            assert_eq!(at(0, text), Err(problem.to_owned()), "{text}");
        }
    }
}
