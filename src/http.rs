//! Downloads over HTTP: small texts, and files of a known SHA-256 into the content cache. The only module
//! that names reqwest.
//!
//! Trusted are the certificate authorities of the operator's machine and, where a file of them is named,
//! those besides. Redirects are followed a few times, and never from https to http. What breaks off goes on
//! where it broke off, if the server lets it; what a second try cannot mend is an error at once.

mod ca;
mod download;
mod error;
mod names;
mod proxy;

use std::path::PathBuf;
use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};

pub use ca::{authorities, certificates};
pub use download::Came;
pub use error::{Cause, Error};
pub use proxy::Proxy;

/// How servers are talked to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A file of certificate authorities (PEM) that are trusted besides the system's.
    pub ca: Option<PathBuf>,
    /// What stands between.
    pub proxy: Proxy,
    /// Limit for a connection, TLS included.
    pub connect: Duration,
    /// How long a server may be silent.
    pub idle: Duration,
    /// Limit for one file or text with all its tries: the largest there is, over a slow line.
    pub whole: Duration,
    /// The pause before the second try; each further one is twice as long.
    pub pause: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ca: None,
            proxy: Proxy::default(),
            connect: Duration::from_secs(15),
            idle: Duration::from_secs(30),
            whole: Duration::from_secs(3600),
            pause: Duration::from_millis(500),
        }
    }
}

/// Tries at one file. One that brought something on does not count, a hundred times.
const TRIES: u32 = 4;

/// Redirects that are followed for one request: GitHub needs one, mirrors a second.
const REDIRECTS: usize = 5;

/// Who downloads.
#[derive(Debug, Clone)]
pub struct Client {
    inner: reqwest::Client,
    idle: Duration,
    whole: Duration,
    pause: Duration,
}

impl Client {
    /// A client with these settings.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        // Whoever comes first installs it: they are all the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let roots = match &settings.ca {
            Some(path) => ca::roots(path)?,
            None => Vec::new(),
        };
        let builder = || {
            let builder = reqwest::Client::builder()
                .user_agent(concat!("bivouac/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(settings.connect)
                .read_timeout(settings.idle)
                .redirect(Policy::custom(redirect))
                .referer(false)
                .dns_resolver(names::Names { limit: settings.connect });
            settings.proxy.set(builder)
        };
        let built = builder()?.tls_certs_merge(roots.clone()).build();
        let inner = match built {
            Ok(inner) => inner,
            // A machine without any authority can still talk to a mirror that needs none.
            Err(_) => builder()?.tls_certs_only(roots).build().map_err(|error| Error::Failed {
                url: "https:".to_owned(),
                cause: Cause::of(&error, settings.idle),
            })?,
        };
        Ok(Self { inner, idle: settings.idle, whole: settings.whole, pause: settings.pause })
    }
}

/// Why a redirect is not followed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

fn redirect(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let was_secure = attempt.previous().iter().any(|url| url.scheme() == "https");
    if was_secure && attempt.url().scheme() != "https" {
        let host = attempt.url().host_str().unwrap_or_default().to_owned();
        return attempt.error(Refused(format!("it leads from https to http, at `{host}`")));
    }
    if attempt.previous().len() > REDIRECTS {
        return attempt.error(Refused(format!("it leads on more than {REDIRECTS} times")));
    }
    attempt.follow()
}
