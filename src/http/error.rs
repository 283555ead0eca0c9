//! Why a download did not come about: the first cause, in the operator's words.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::Refused;
use crate::content::{self, Digest};
use crate::ssh;

/// Why something was not downloaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or text could not be had.
    #[error("`{url}`: {cause}")]
    Failed {
        /// What was asked for, without credentials.
        url: String,
        /// Why.
        cause: Cause,
    },

    /// The file of certificate authorities is of no use.
    #[error("the CA file `{}` {problem}", path.display())]
    Ca {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },

    /// The proxy's address is of no use. It may have a password in it, so it is not shown.
    #[error("{from}: it is not the address of a proxy, like `http://proxy.example:3128`")]
    Proxy {
        /// Where the address is from.
        from: &'static str,
    },

    /// What was downloaded cannot be kept.
    #[error(transparent)]
    Content(#[from] content::Error),
}

/// What stood in the way of a download.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The server's name has no address.
    #[error("its server's name cannot be resolved: {0}")]
    Name(String),
    /// No connection.
    #[error("its server cannot be reached: {0}")]
    Unreachable(String),
    /// The proxy does not let it through.
    #[error("the proxy refuses: {0}")]
    Proxy(String),
    /// A certificate that has ended.
    #[error("its server's certificate, or the authority's, has expired")]
    Expired,
    /// A certificate of nobody known.
    #[error("its server's certificate is of an authority that is not trusted here")]
    UnknownIssuer,
    /// Something else about TLS.
    #[error("no secure connection to its server: {0}")]
    Tls(String),
    /// The server's answer.
    #[error("the server answers {}", status(*.0))]
    Status(u16),
    /// A redirect that is not followed.
    #[error("its redirect is not followed: {0}")]
    Redirect(String),
    /// The end came too early.
    #[error("the download was cut off: got {got} of {total} bytes")]
    Truncated {
        /// Bytes that came.
        got: u64,
        /// Bytes that were announced.
        total: u64,
    },
    /// The end came too early, and how much was missing is not known.
    #[error("the download was cut off after {0} bytes")]
    CutOff(u64),
    /// Nothing came for too long.
    #[error("its server was silent for {} s", .0.as_secs_f32())]
    Silent(Duration),
    /// It goes on and on.
    #[error("it did not come whole within {} s", .0.as_secs_f32())]
    Slow(Duration),
    /// More than there can be.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
    /// Other bytes than the project published.
    #[error("its checksum is wrong: expected SHA-256 {expected}, found {found}")]
    Sum {
        /// The published sum.
        expected: Digest,
        /// That of what came.
        found: Digest,
    },
    /// Bytes where text belongs.
    #[error("it is not text")]
    NotText,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

fn status(code: u16) -> String {
    match code {
        403 => "403 (forbidden)".to_owned(),
        404 => "404 (there is no such file)".to_owned(),
        407 => "407 (the proxy wants a login)".to_owned(),
        code => code.to_string(),
    }
}

impl Error {
    /// What to do about it; nothing where the message says it.
    pub fn fix(&self) -> String {
        let fix = match self {
            Self::Content(error) => return error.fix(),
            Self::Ca { .. } => "name a file of certificates (PEM) that are valid",
            Self::Proxy { .. } => "correct the address",
            Self::Failed { cause, .. } => match cause {
                Cause::Name(_) | Cause::Unreachable(_) => {
                    "check this machine's way to the network: DNS, and `proxy` or a `mirror` in cluster.yaml; or install from a bundle"
                }
                Cause::Proxy(_) => {
                    "check `proxy` in cluster.yaml, its `username` and `passwordFile`"
                }
                Cause::Expired => {
                    "renew the certificate, or take another mirror; check this machine's clock"
                }
                Cause::UnknownIssuer => {
                    "name the authority's certificate in `artifacts: {ca: FILE}`, or install this machine's `ca-certificates`"
                }
                Cause::Status(404) => {
                    "check the version, and the mirror's base address if you named one"
                }
                Cause::Sum { .. } => "do not use that file: try again, or take another mirror",
                Cause::Redirect(_) | Cause::TooLarge(_) | Cause::NotText => {
                    "check the mirror's base address"
                }
                _ => "try again",
            },
        };
        fix.to_owned()
    }
}

impl Cause {
    /// What a failed request came to.
    pub(super) fn of(error: &reqwest::Error, idle: Duration) -> Self {
        let mut text = error.to_string();
        let mut source: Option<&(dyn StdError + 'static)> = error.source();
        while let Some(inner) = source {
            if let Some(ssh::Error::Resolve { cause, .. }) = inner.downcast_ref() {
                return Self::Name(cause.clone());
            }
            if let Some(Refused(why)) = inner.downcast_ref() {
                return Self::Redirect(why.clone());
            }
            if let Some(tls) = tls(inner) {
                return Self::of_tls(tls);
            }
            text = inner.to_string();
            source = inner.source();
        }
        if text.contains("tunnel") || text.contains("proxy auth") {
            return Self::Proxy(text);
        }
        if error.is_timeout() && !error.is_connect() {
            return Self::Silent(idle);
        }
        if error.is_connect() {
            return Self::Unreachable(text);
        }
        Self::Other(text)
    }

    fn of_tls(error: &rustls::Error) -> Self {
        use rustls::CertificateError as Certificate;
        match error {
            rustls::Error::InvalidCertificate(
                Certificate::Expired | Certificate::ExpiredContext { .. },
            ) => Self::Expired,
            rustls::Error::InvalidCertificate(Certificate::UnknownIssuer) => Self::UnknownIssuer,
            other => Self::Tls(other.to_string()),
        }
    }

    /// Whether a further try may come to something else.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Status(code) => *code >= 500 || matches!(code, 408 | 429),
            Self::Unreachable(_)
            | Self::Truncated { .. }
            | Self::CutOff(_)
            | Self::Silent(_)
            | Self::Other(_) => true,
            _ => false,
        }
    }
}

/// What TLS said: an I/O error hides it from `source`.
fn tls<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref() {
        return Some(tls);
    }
    let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
    inner.downcast_ref().or_else(|| tls(inner))
}

/// A URL for messages: without user, password and query, which may be a signature.
pub(super) fn shown(url: &str) -> String {
    match reqwest::Url::parse(url) {
        Ok(mut parsed) => {
            let _ = parsed.set_username("");
            let _ = parsed.set_password(None);
            parsed.set_query(None);
            parsed.to_string()
        }
        Err(_) => url.to_owned(),
    }
}
