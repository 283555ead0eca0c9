//! Where a registry sends those who log in.
//!
//! It names the address itself (`realm` of its `WWW-Authenticate`; distribution/distribution,
//! docs/content/spec/auth/token.md), and the client brings user and password to wherever that is.

use super::error::{Error, Tls};
use super::{CONNECT, Place, Registries, SILENCE, held};
use crate::http::{self, Cause, Client, Settings};

impl Registries {
    /// Refuses a registry that would have the login brought to an address without TLS. Asked once of each, and
    /// only where somebody logs in.
    pub(super) async fn check_realm(&self, place: &Place<'_>) -> Result<(), Error> {
        let registry = place.reference.resolve_registry();
        if place.user().is_none() || held(&self.secure).contains(registry) {
            return Ok(());
        }
        let settings = Settings {
            ca: self.access(&place.reference).and_then(|access| access.ca.clone()),
            proxy: self.proxy.clone(),
            connect: CONNECT,
            idle: SILENCE,
            ..Settings::default()
        };
        let asked =
            async { Client::new(&settings)?.challenge(&format!("https://{registry}/v2/")).await };
        let challenge = asked.await.map_err(|error| refused(place, error))?;
        match challenge.as_deref().and_then(realm) {
            Some(realm) if !is_secure(realm) => Err(Error::Realm {
                reference: place.written.to_owned(),
                registry: place.registry().to_owned(),
                realm: realm.escape_debug().to_string(),
            }),
            _ => {
                held(&self.secure).insert(registry.to_owned());
                Ok(())
            }
        }
    }
}

fn is_secure(realm: &str) -> bool {
    realm.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

/// The address that a challenge names.
fn realm(challenge: &str) -> Option<&str> {
    let bearer = challenge.get(..7).filter(|it| it.eq_ignore_ascii_case("bearer "))?;
    let rest = &challenge[bearer.len()..];
    let at = rest.to_ascii_lowercase().find("realm=")?;
    let value = &rest[at + "realm=".len()..];
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => value.split([',', ' ']).next(),
    }
}

/// Why a registry was not asked.
fn refused(place: &Place<'_>, error: http::Error) -> Error {
    let (reference, registry) = (place.written.to_owned(), place.registry().to_owned());
    let tls =
        |cause| Error::Tls { reference: reference.clone(), registry: registry.clone(), cause };
    match error {
        http::Error::Failed { cause: Cause::Expired, .. } => tls(Tls::Expired),
        http::Error::Failed { cause: Cause::UnknownIssuer, .. } => tls(Tls::Unknown),
        http::Error::Failed { cause: Cause::Tls(cause), .. } => tls(Tls::Other(cause)),
        http::Error::Failed { cause, .. } => {
            let cause = match cause {
                Cause::Unreachable(cause) => cause,
                other => other.to_string(),
            };
            Error::Unreachable { reference, registry, cause }
        }
        other => Error::Client { registry, cause: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_realm_is_found() {
        for (challenge, expected) in [
            (
                r#"Bearer realm="https://auth.example/token",service="s""#,
                Some("https://auth.example/token"),
            ),
            (r#"bearer service="s", Realm="http://x""#, Some("http://x")),
            ("Bearer realm=http://x,service=s", Some("http://x")),
            (r#"Basic realm="r""#, None),
            ("Bearer", None),
        ] {
            assert_eq!(realm(challenge), expected, "{challenge}");
        }
        assert!(is_secure("HTTPS://x") && !is_secure("http://x") && !is_secure("/token"));
    }
}
