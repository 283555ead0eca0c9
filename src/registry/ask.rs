//! What a registry is asked without the OCI client, which has no limit for a manifest, and brings a login to wherever
//! the registry says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference, RegistryOperation};

use super::error::{Error, Tls};
use super::{CONNECT, MANIFEST, Place, Registries, SILENCE, cause, held, manifest};
use crate::http::{self, Cause, Client, Settings};
use crate::secret::Secret;

impl Registries {
    /// A client of our own for a registry.
    fn http(&self, place: &Place<'_>) -> Result<Client, Error> {
        if let Some(client) = held(&self.plain).get(place.registry()) {
            return Ok(client.clone());
        }
        let settings = Settings {
            ca: self.access(&place.reference).and_then(|access| access.ca.clone()),
            proxy: self.proxy.clone(),
            connect: CONNECT,
            idle: SILENCE,
            whole: MANIFEST,
            ..Settings::default()
        };
        let client = Client::new(&settings).map_err(|error| refused(place, error))?;
        held(&self.plain).insert(place.registry().to_owned(), client.clone());
        Ok(client)
    }

    /// Refuses a registry that would have the login brought to an address without TLS; it names the address itself
    /// (`realm` of its `WWW-Authenticate`; distribution/distribution, docs/content/spec/auth/token.md). Asked once
    /// of each, and only where somebody logs in.
    pub(super) async fn check_realm(&self, place: &Place<'_>) -> Result<(), Error> {
        let registry = place.reference.resolve_registry();
        if place.user().is_none() || held(&self.secure).contains(registry) {
            return Ok(());
        }
        let url = format!("https://{registry}/v2/");
        let challenges = self.http(place)?.challenges(&url).await;
        let challenges = challenges.map_err(|error| refused(place, error))?;
        let mut realms = challenges.iter().flat_map(|challenge| realms(challenge));
        if let Some(realm) = realms.find(|realm| !is_secure(realm)) {
            return Err(Error::Realm {
                reference: place.written.to_owned(),
                registry: place.registry().to_owned(),
                realm: realm.escape_debug().to_string(),
            });
        }
        held(&self.secure).insert(registry.to_owned());
        Ok(())
    }

    /// The text of a manifest.
    pub(super) async fn manifest(
        &self,
        place: &Place<'_>,
        reference: &Reference,
        token: Option<&str>,
    ) -> Result<Vec<u8>, Error> {
        let limit = usize::try_from(manifest::SMALL).unwrap_or(usize::MAX);
        let name = reference.digest().or(reference.tag()).unwrap_or("latest");
        let (registry, repository) = (reference.resolve_registry(), reference.repository());
        let url = format!("https://{registry}/v2/{repository}/manifests/{name}");
        let login = match (token, &place.auth) {
            (Some(token), _) => Some(format!("Bearer {token}")),
            (None, RegistryAuth::Basic(user, password)) => {
                Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
            }
            _ => None,
        };
        let login = login.map(Secret::new);
        let accept = manifest::MEDIA_TYPES.join(", ");
        let text = self.http(place)?.bytes(&url, &accept, login.as_ref(), limit).await;
        text.map_err(|error| refused(place, error))
    }
}

impl Place<'_> {
    /// Logs in; the registry's token, where it gives one. Asked for by itself: what the client does on its own
    /// keeps the cause to itself, and for blobs it does nothing.
    pub(super) async fn log_in(&self) -> Result<Option<String>, Error> {
        let login = self.client.auth(&self.reference, &self.auth, RegistryOperation::Pull);
        let login =
            tokio::time::timeout(MANIFEST, login).await.map_err(|_| self.silent(MANIFEST))?;
        login.map_err(|error| cause::of(self, error))
    }
}

fn is_secure(realm: &str) -> bool {
    realm.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

/// The addresses that a challenge names for tokens. The same parser as the OCI client's: what that one would not
/// understand leads nowhere.
fn realms(challenge: &str) -> Vec<String> {
    let all = http_auth::parse_challenges(challenge).unwrap_or_default();
    let bearer = all.iter().filter(|it| it.scheme.eq_ignore_ascii_case("bearer"));
    let parameters = bearer.flat_map(|it| &it.params);
    let realms = parameters.filter(|(name, _)| name.eq_ignore_ascii_case("realm"));
    realms.map(|(_, value)| value.to_unescaped()).collect()
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
        http::Error::Failed { cause: Cause::Status(status), .. } => {
            let user = place.user().map(str::to_owned);
            match status {
                401 => Error::Login { reference, registry, user },
                403 => Error::Denied { reference, registry, user },
                404 => Error::Missing { reference, registry },
                429 => place.odd("nothing: too many were asked for (429)"),
                other => place.odd(format!("the status {other}")),
            }
        }
        http::Error::Failed { cause: Cause::TooLarge(limit), .. } => {
            place.odd(format!("a manifest of more than {limit} bytes"))
        }
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
                r#"Bearer realm="https://a.example/token",service="s""#,
                &["https://a.example/token"][..],
            ),
            (r#"bearer service="s", Realm="http://x""#, &["http://x"]),
            (r#"Basic realm="r", Bearer realm="http://x""#, &["http://x"]),
            (r#"Bearer realm="https://x", realm = "http://y""#, &["https://x", "http://y"]),
            (r#"Basic realm="r""#, &[]),
            ("Bearer", &[]),
        ] {
            assert_eq!(realms(challenge), expected, "{challenge}");
        }
        assert!(is_secure("HTTPS://x") && !is_secure("http://x") && !is_secure("/token"));
    }
}
