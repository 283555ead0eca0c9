//! From what the OCI client says to what is wrong.

use std::error::Error as StdError;
use std::io;

use oci_client::errors::{OciDistributionError, OciErrorCode};
use rustls::CertificateError;

use super::error::{Error, Tls};
use super::{Place, archive};

/// The longest text of a registry that is shown.
const SHOWN: usize = 200;

/// What an error of the client means for an image.
pub(super) fn of(place: &Place<'_>, error: OciDistributionError) -> Error {
    use OciDistributionError as Oci;

    let reference = || place.written.to_owned();
    let registry = || place.registry().to_owned();
    let user = || place.user().map(str::to_owned);
    let missing = || Error::Missing { reference: reference(), registry: registry() };
    match error {
        Oci::UnauthorizedError { .. } | Oci::AuthenticationFailure(_) => {
            Error::Login { reference: reference(), registry: registry(), user: user() }
        }
        Oci::ImageManifestNotFoundError(_) | Oci::ServerError { code: 404, .. } => missing(),
        Oci::ServerError { code: 403, .. } => {
            Error::Denied { reference: reference(), registry: registry(), user: user() }
        }
        Oci::ServerError { code, message, .. } => {
            place.odd(format!("the status {code}: {}", shown(&message)))
        }
        Oci::RegistryError { envelope, .. } => {
            match envelope.errors.first().map(|error| (&error.code, &error.message)) {
                Some((
                    OciErrorCode::ManifestUnknown
                    | OciErrorCode::NameUnknown
                    | OciErrorCode::NotFound
                    | OciErrorCode::BlobUnknown
                    | OciErrorCode::ManifestBlobUnknown,
                    _,
                )) => missing(),
                Some((OciErrorCode::Denied, _)) => {
                    Error::Denied { reference: reference(), registry: registry(), user: user() }
                }
                Some((OciErrorCode::Unauthorized, _)) => {
                    Error::Login { reference: reference(), registry: registry(), user: user() }
                }
                Some((OciErrorCode::Toomanyrequests, message)) => {
                    place.odd(format!("nothing: too many were asked for ({})", shown(message)))
                }
                Some((_, message)) => place.odd(format!("an error: {}", shown(message))),
                None => place.odd("an error that says nothing"),
            }
        }
        Oci::DigestError(oci_client::errors::DigestError::VerificationError {
            expected,
            actual,
        }) => place.wrong_sum(&expected, &actual),
        Oci::RequestError(error) => request(place, &error),
        Oci::IoError(error) => match archive::too_much(&error) {
            Some(found) => place.odd(found),
            None => request(place, &error),
        },
        other => {
            place.odd(format!("an answer that cannot be read ({})", shown(&other.to_string())))
        }
    }
}

/// What went wrong on the way to a registry.
fn request(place: &Place<'_>, error: &(dyn StdError + 'static)) -> Error {
    let (reference, registry) = (place.written.to_owned(), place.registry().to_owned());
    let all = chain(error);
    if let Some(rustls::Error::InvalidCertificate(why)) =
        all.iter().find_map(|error| error.downcast_ref::<rustls::Error>())
    {
        let cause = match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Tls::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Tls::NotYet
            }
            CertificateError::UnknownIssuer => Tls::Unknown,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Tls::Name
            }
            other => Tls::Other(other.to_string()),
        };
        return Error::Tls { reference, registry, cause };
    }
    // The innermost says what happened, those around it what was being done.
    let cause = all.last().map_or_else(String::new, |error| shown(&error.to_string()));
    Error::Unreachable { reference, registry, cause }
}

/// An error and all its sources. What an I/O error carries is not among its sources.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    let mut all = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        all.push(error);
        let carried = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match carried {
            Some(carried) => Some(carried as &(dyn StdError + 'static)),
            None => error.source(),
        };
    }
    all
}

/// A registry's words, as much as fits on a line.
fn shown(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(SHOWN).collect::<String>().escape_debug().to_string()
}
