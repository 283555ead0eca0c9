//! A file of certificate authorities.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::Error;

/// The certificates of a PEM file, in DER.
///
/// One that has expired is refused here: TLS libraries do not look at the dates of an authority that was
/// named as trusted (RFC 5280, 6.1.1 (d): a trust anchor is a name and a key).
pub fn certificates(path: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let wrong = |problem: String| Error::Ca { path: path.to_owned(), problem };
    let text =
        std::fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    parse(&text, SystemTime::now()).map_err(wrong)
}

pub(super) fn roots(path: &Path) -> Result<Vec<reqwest::Certificate>, Error> {
    let unusable = |error| Error::Ca {
        path: path.to_owned(),
        problem: format!("has a certificate that cannot be used: {error}"),
    };
    let all = certificates(path)?;
    all.iter().map(|it| reqwest::Certificate::from_der(it).map_err(unusable)).collect()
}

fn parse(text: &str, now: SystemTime) -> Result<Vec<Vec<u8>>, String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    let mut all = Vec::new();
    for (_, rest) in text.match_indices(BEGIN).map(|(at, begin)| text.split_at(at + begin.len())) {
        let (body, _) = rest.split_once("-----END").ok_or("has a certificate that is cut off")?;
        let body: String = body.split_whitespace().collect();
        let der = STANDARD.decode(body).ok();
        let certificate = der.as_deref().and_then(|der| Certificate::from_der(der).ok());
        let (Some(der), Some(certificate)) = (der, certificate) else {
            return Err("has a certificate that cannot be read".to_owned());
        };
        let subject = certificate.tbs_certificate().subject();
        let validity = certificate.tbs_certificate().validity();
        let (from, until) = (validity.not_before, validity.not_after);
        if UNIX_EPOCH + until.to_unix_duration() < now {
            return Err(format!("has the certificate `{subject}`, which has expired ({until})"));
        }
        if UNIX_EPOCH + from.to_unix_duration() > now {
            return Err(format!(
                "has the certificate `{subject}`, which is not valid yet ({from})"
            ));
        }
        all.push(der);
    }
    if all.is_empty() { Err("has no certificate in it (PEM)".to_owned()) } else { Ok(all) }
}
