//! Container registries: is an image there for an architecture, and bring it here as one file.
//!
//! The only module that names the OCI client. It asks with GET alone, follows the registry's own way of
//! logging in (Basic, or a token that its server hands out), and believes no byte that does not have the
//! sum by which it was asked for. What it writes is the same for the same image, always.

mod archive;
mod ask;
mod cause;
mod error;
mod login;
mod manifest;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use oci_client::Reference;
use oci_client::client::{Certificate, CertificateEncoding, Client, ClientConfig};
use oci_client::secrets::RegistryAuth;

use crate::http::{self, Proxy};
use crate::secret::Secret;
pub use archive::Pulled;
pub use error::{Error, Tls};
pub use login::{LoginFileError, logins};
use manifest::{Blob, Document};

/// Time to connect, and time without a byte after which a registry counts as silent.
const CONNECT: Duration = Duration::from_secs(15);
const SILENCE: Duration = Duration::from_secs(60);

/// Limit for one manifest, its redirections and its login.
const MANIFEST: Duration = Duration::from_secs(120);

/// Limit for one blob: the largest there is, over a slow line.
const BLOB: Duration = Duration::from_secs(3600);

/// How often a blob is tried that the line lost.
const TRIES: u32 = 3;

/// How one registry is talked to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// `registry.example:5000`, as image references begin.
    pub address: String,
    /// Who logs in, and with what; nobody where the registry asks for nothing.
    pub login: Option<(String, Secret)>,
    /// Authorities that its certificate may be of, besides this machine's own: a PEM file.
    pub ca: Option<PathBuf>,
}

/// All registries of a run.
#[derive(Default)]
pub struct Registries {
    access: Vec<Access>,
    proxy: Proxy,
    clients: Mutex<HashMap<String, Client>>,
    /// Of our own, for what the OCI client has no limit for.
    plain: Mutex<HashMap<String, http::Client>>,
    /// Registries that send nobody who logs in to where others read along.
    secure: Mutex<HashSet<String>>,
}

impl std::fmt::Debug for Registries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registries").field("access", &self.access).finish_non_exhaustive()
    }
}

/// An image that is there, for one architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// As it was asked for: `registry.k8s.io/pause:3.9`.
    pub reference: String,
    /// By Go's name: `amd64`.
    pub arch: String,
    /// `sha256:...` of the manifest for this architecture: it names every byte of the image.
    pub digest: String,
    /// The manifest itself.
    text: Vec<u8>,
    image: manifest::Image,
}

impl Found {
    /// Bytes of its configuration and layers, as they are in the registry.
    pub fn size(&self) -> u64 {
        self.image.blobs().map(|blob| blob.size).sum()
    }
}

/// One image at one registry.
struct Place<'a> {
    /// As the user wrote it.
    written: &'a str,
    reference: Reference,
    client: Client,
    auth: RegistryAuth,
}

impl Registries {
    /// These registries have logins or authorities of their own; all others are asked as anybody.
    pub fn new(access: Vec<Access>, proxy: Proxy) -> Self {
        Self {
            access,
            proxy,
            clients: Mutex::default(),
            plain: Mutex::default(),
            secure: Mutex::default(),
        }
    }

    /// Finds an image for an architecture, by Go's name.
    pub async fn find(&self, reference: &str, arch: &str) -> Result<Found, Error> {
        let place = self.place(reference)?;
        self.check_realm(&place).await?;
        let limited = tokio::time::timeout(MANIFEST, self.found(&place, arch)).await;
        limited.unwrap_or_else(|_| Err(place.silent(MANIFEST)))
    }

    /// Writes an image to `file`, which is made anew: an archive that `ctr images import` and `docker load`
    /// read, the same bytes for the same image.
    pub async fn pull(&self, found: &Found, file: &Path) -> Result<Pulled, Error> {
        let place = self.place(&found.reference)?;
        self.check_realm(&place).await?;
        place.log_in().await?;
        archive::write(&place, found, file).await
    }

    async fn found(&self, place: &Place<'_>, arch: &str) -> Result<Found, Error> {
        let token = place.log_in().await?;
        let (text, digest) = self.document(place, &place.reference, token.as_deref()).await?;
        let (text, digest, image) = match Document::parse(&text).map_err(|odd| place.odd(odd))? {
            Document::Image(image) => (text, digest, image),
            Document::Index(index) => {
                let chosen = index.choose(arch).map_err(|there| place.lacks(arch, there))?;
                let own = place.reference.clone_with_digest(chosen.clone());
                let (text, digest) = self.document(place, &own, token.as_deref()).await?;
                match Document::parse(&text).map_err(|odd| place.odd(odd))? {
                    Document::Image(image) => (text, digest, image),
                    Document::Index(_) => return Err(place.odd("an index in an index")),
                }
            }
        };
        let config = place.small_blob(&image.config).await?;
        let is = manifest::platform(&config).map_err(|odd| place.odd(odd))?;
        if is != format!("linux/{arch}") {
            return Err(place.lacks(arch, vec![is]));
        }
        let (reference, arch) = (place.written.to_owned(), arch.to_owned());
        Ok(Found { reference, arch, digest, text, image })
    }

    /// A manifest, and the sum of its bytes.
    async fn document(
        &self,
        place: &Place<'_>,
        reference: &Reference,
        token: Option<&str>,
    ) -> Result<(Vec<u8>, String), Error> {
        let text = self.manifest(place, reference, token).await?;
        let digest = format!("sha256:{}", archive::hex_sum(&text));
        match reference.digest() {
            Some(asked) if asked != digest => Err(place.wrong_sum(asked, &digest)),
            _ => Ok((text, digest)),
        }
    }

    fn place<'a>(&self, written: &'a str) -> Result<Place<'a>, Error> {
        let reference: Reference = written
            .parse()
            .map_err(|_| Error::Reference { reference: written.escape_debug().to_string() })?;
        let access = self.access(&reference);
        let auth = match access.and_then(|access| access.login.as_ref()) {
            Some((user, password)) => {
                RegistryAuth::Basic(user.clone(), password.expose().to_owned())
            }
            None => RegistryAuth::Anonymous,
        };
        let client = self.client(reference.registry(), access)?;
        Ok(Place { written, reference, client, auth })
    }

    /// What is known of the registry of a reference.
    fn access(&self, reference: &Reference) -> Option<&Access> {
        let names = [reference.registry(), reference.resolve_registry()];
        self.access.iter().find(|access| names.contains(&access.address.as_str()))
    }

    /// One client a registry: its connections and tokens are used again.
    fn client(&self, registry: &str, access: Option<&Access>) -> Result<Client, Error> {
        if let Some(client) = held(&self.clients).get(registry) {
            return Ok(client.clone());
        }
        // One that is there already, of another floor, is this one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let extra_root_certificates = match access.and_then(|access| access.ca.as_deref()) {
            Some(file) => authorities(registry, file)?,
            None => Vec::new(),
        };
        let config = |extra_root_certificates| ClientConfig {
            extra_root_certificates,
            read_timeout: Some(SILENCE),
            connect_timeout: Some(CONNECT),
            user_agent: concat!("bivouac/", env!("CARGO_PKG_VERSION")),
            http_proxy: self.proxy.http.as_ref().map(|it| it.expose().to_owned()),
            https_proxy: self.proxy.https.as_ref().map(|it| it.expose().to_owned()),
            no_proxy: Some(self.proxy.no_proxy.clone()).filter(|it| !it.is_empty()),
            ..ClientConfig::default()
        };
        let odd = |error: oci_client::errors::OciDistributionError| Error::Client {
            registry: registry.to_owned(),
            cause: error.to_string(),
        };
        // Without any, the client's own default would panic where authorities of ours were given besides:
        // this one says it.
        Client::try_from(config(Vec::new())).map_err(odd)?;
        let client = Client::try_from(config(extra_root_certificates)).map_err(odd)?;
        held(&self.clients).insert(registry.to_owned(), client.clone());
        Ok(client)
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The authorities of a file, for a registry's client.
fn authorities(registry: &str, file: &Path) -> Result<Vec<Certificate>, Error> {
    let all = http::certificates(file).map_err(|error| match error {
        http::Error::Ca { path, problem } => {
            Error::Authority { registry: registry.to_owned(), file: path, problem }
        }
        other => Error::Client { registry: registry.to_owned(), cause: other.to_string() },
    })?;
    let one = |data| Certificate { encoding: CertificateEncoding::Der, data };
    Ok(all.into_iter().map(one).collect())
}

impl Place<'_> {
    fn registry(&self) -> &str {
        self.reference.registry()
    }

    fn user(&self) -> Option<&str> {
        match &self.auth {
            RegistryAuth::Basic(user, _) => Some(user),
            _ => None,
        }
    }

    fn silent(&self, limit: Duration) -> Error {
        Error::Unreachable {
            reference: self.written.to_owned(),
            registry: self.registry().to_owned(),
            cause: format!("it did not answer within {} s", limit.as_secs()),
        }
    }

    fn odd(&self, found: impl Into<String>) -> Error {
        Error::Answer { reference: self.written.to_owned(), found: found.into() }
    }

    async fn small_blob(&self, blob: &Blob) -> Result<Vec<u8>, Error> {
        let mut sink = archive::Bytes::new(blob.size);
        let pulled = self.client.pull_blob(&self.reference, blob.digest.as_str(), &mut sink).await;
        pulled.map_err(|error| cause::of(self, error))?;
        if sink.has.len() as u64 == blob.size {
            return Ok(sink.has);
        }
        Err(self.cut(blob, sink.has.len() as u64))
    }

    fn lacks(&self, arch: &str, there: Vec<String>) -> Error {
        Error::Platform { reference: self.written.to_owned(), arch: arch.to_owned(), there }
    }

    fn wrong_sum(&self, expected: &str, found: &str) -> Error {
        Error::Sum {
            reference: self.written.to_owned(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        }
    }

    fn cut(&self, blob: &Blob, found: u64) -> Error {
        Error::Cut {
            reference: self.written.to_owned(),
            blob: blob.digest.clone(),
            found,
            expected: blob.size,
        }
    }
}
