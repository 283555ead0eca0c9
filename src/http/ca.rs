//! A file of certificate authorities.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::Error;

/// The longest file that is read, in bytes: all authorities of a browser are a quarter of it.
const LIMIT: u64 = 1 << 20;

/// The certificates of a PEM file that are valid today, in DER.
///
/// Those that have ended are left out, as OpenSSL and Go, and so containerd, do not believe them either; TLS
/// libraries like rustls do not look at the dates of an authority that was named as trusted (RFC 5280, 6.1.1
/// (d): a trust anchor is a name and a key). Where no other is left that is an error.
pub fn certificates(path: &Path) -> Result<Vec<Vec<u8>>, Error> {
    read(path).map(|(_, certificates)| certificates)
}

/// The text of such a file, for hosts.
pub fn authorities(path: &Path) -> Result<String, Error> {
    let (text, _) = read(path)?;
    Ok(if text.ends_with('\n') { text } else { text + "\n" })
}

fn read(path: &Path) -> Result<(String, Vec<Vec<u8>>), Error> {
    let wrong = |problem: String| Error::Ca { path: path.to_owned(), problem };
    let unreadable = |error: std::io::Error| wrong(format!("cannot be read: {error}"));
    if std::fs::metadata(path).map_err(unreadable)?.len() > LIMIT {
        return Err(wrong("is longer than 1 MiB".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let certificates = parse(&text, SystemTime::now()).map_err(wrong)?;
    Ok((text, certificates))
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
    if text.contains("PRIVATE KEY-----") {
        // Hosts get the file, for everybody to read.
        return Err("has a private key in it".to_owned());
    }
    let (mut all, mut refused) = (Vec::new(), None);
    for (_, rest) in text.match_indices(BEGIN).map(|(at, begin)| text.split_at(at + begin.len())) {
        let (body, _) = rest.split_once("-----END").ok_or("has a certificate that is cut off")?;
        let body: String = body.split_whitespace().collect();
        let der = STANDARD.decode(body).ok();
        let certificate = der.as_deref().and_then(|der| Certificate::from_der(der).ok());
        let (Some(der), Some(certificate)) = (der, certificate) else {
            return Err("has a certificate that cannot be read".to_owned());
        };
        match out_of_date(&certificate, now) {
            None => all.push(der),
            Some(why) => refused = Some(why),
        }
    }
    match (all.is_empty(), refused) {
        (false, _) => Ok(all),
        (true, Some(why)) => Err(why),
        (true, None) => Err("has no certificate in it (PEM)".to_owned()),
    }
}

fn out_of_date(certificate: &Certificate, now: SystemTime) -> Option<String> {
    let subject = certificate.tbs_certificate().subject();
    let validity = certificate.tbs_certificate().validity();
    let (from, until) = (validity.not_before, validity.not_after);
    if UNIX_EPOCH + until.to_unix_duration() < now {
        return Some(format!("has the certificate `{subject}`, which has expired ({until})"));
    }
    (UNIX_EPOCH + from.to_unix_duration() > now)
        .then(|| format!("has the certificate `{subject}`, which is not valid yet ({from})"))
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
        parse(text, UNIX_EPOCH + Duration::from_secs(seconds)).map(|all| all.len())
    }

    #[test]
    fn an_authority_counts_until_its_end() {
        assert_eq!(at(1_804_052_331, ONE), Ok(1));
        assert!(at(1_804_052_332, ONE).unwrap_err().contains("`CN=x`, which has expired"));
        assert!(at(0, ONE).unwrap_err().contains("which is not valid yet"));
        assert_eq!(at(1_804_052_331, &format!("{ONE}# another\n{ONE}")), Ok(2));
    }

    #[test]
    fn what_is_no_list_of_authorities_is_refused() {
        const KEY: &str = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let now = 1_804_052_331;
        assert_eq!(at(now, ""), Err("has no certificate in it (PEM)".to_owned()));
        assert_eq!(at(now, &format!("{ONE}{KEY}")), Err("has a private key in it".to_owned()));
    }
}
