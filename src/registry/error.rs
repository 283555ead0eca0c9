//! Why an image cannot be had, and what to do about it.

use std::fmt;
use std::path::PathBuf;

/// Why an image is not here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is no image reference.
    #[error("`{reference}` is no image reference")]
    Reference {
        /// What was given.
        reference: String,
    },

    /// The registry cannot be reached.
    #[error("image `{reference}`: the registry `{registry}` cannot be reached: {cause}")]
    Unreachable {
        /// The image.
        reference: String,
        /// The registry.
        registry: String,
        /// What the system said.
        cause: String,
    },

    /// The registry's certificate is not believed.
    #[error(
        "image `{reference}`: the certificate of the registry `{registry}` is refused: {cause}"
    )]
    Tls {
        /// The image.
        reference: String,
        /// The registry.
        registry: String,
        /// Why.
        cause: Tls,
    },

    /// A file with authorities is of no use.
    #[error("`{}`, the authority of the registry `{registry}`, {problem}", file.display())]
    Authority {
        /// The registry.
        registry: String,
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },

    /// The registry wants somebody else.
    #[error("image `{reference}`: the registry `{registry}` refuses {} (401)", who(user.as_deref()))]
    Login {
        /// The image.
        reference: String,
        /// The registry.
        registry: String,
        /// Who asked.
        user: Option<String>,
    },

    /// The registry would have the password read by everybody on the way.
    #[error(
        "image `{reference}`: the registry `{registry}` has its users log in without TLS, at `{realm}`"
    )]
    Realm {
        /// The image.
        reference: String,
        /// The registry.
        registry: String,
        /// Where it sends them.
        realm: String,
    },

    /// Who asked may not read this.
    #[error("image `{reference}`: the registry `{registry}` does not give it to {} (403)", who(user.as_deref()))]
    Denied {
        /// The image.
        reference: String,
        /// The registry.
        registry: String,
        /// Who asked.
        user: Option<String>,
    },

    /// There is no such image.
    #[error("image `{reference}`: the registry `{registry}` does not have it (404)")]
    Missing {
        /// The image.
        reference: String,
        /// The registry.
        registry: String,
    },

    /// It is there for other architectures only.
    #[error("image `{reference}`: there is none for linux/{arch}, only for {}", there.join(", "))]
    Platform {
        /// The image.
        reference: String,
        /// The architecture that is needed.
        arch: String,
        /// Those that are there.
        there: Vec<String>,
    },

    /// Other bytes than those that were asked for.
    #[error(
        "image `{reference}`: the registry gave bytes with the sum {found}, expected {expected}"
    )]
    Sum {
        /// The image.
        reference: String,
        /// The sum by which they were asked for.
        expected: String,
        /// The sum that they have.
        found: String,
    },

    /// Less, or more, than there should be.
    #[error("image `{reference}`: {blob} ended after {found} bytes, expected {expected}")]
    Cut {
        /// The image.
        reference: String,
        /// The sum of the part that was cut.
        blob: String,
        /// Bytes that came.
        found: u64,
        /// Bytes that its manifest names.
        expected: u64,
    },

    /// An answer that no registry should give.
    #[error("image `{reference}`: the registry gave {found}")]
    Answer {
        /// The image.
        reference: String,
        /// What it gave.
        found: String,
    },

    /// The archive cannot be written.
    #[error("image `{reference}`: cannot write `{}`", path.display())]
    Write {
        /// The image.
        reference: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// There can be no client: this machine has no authorities, or the proxy is no URL.
    #[error("the registry `{registry}` cannot be asked from this machine: {cause}")]
    Client {
        /// The registry.
        registry: String,
        /// Why.
        cause: String,
    },
}

/// Why a certificate is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// It, or an authority above it, has ended.
    Expired,
    /// It begins later, or this machine's clock is wrong.
    NotYet,
    /// None of the authorities that are known made it.
    Unknown,
    /// It is another host's.
    Name,
    /// Anything else.
    Other(String),
}

impl fmt::Display for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("it has expired"),
            Self::NotYet => f.write_str("it is not valid yet"),
            Self::Unknown => f.write_str("no authority that is known here has signed it"),
            Self::Name => f.write_str("it is for another name"),
            Self::Other(cause) => f.write_str(cause),
        }
    }
}

fn who(user: Option<&str>) -> String {
    user.map_or_else(
        || "who does not log in".to_owned(),
        |user| format!("the user `{}`", user.escape_debug()),
    )
}

impl Error {
    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            Self::Reference { .. } => "write it like `registry.k8s.io/pause:3.9`".to_owned(),
            Self::Unreachable { registry, .. } => {
                format!(
                    "see that `{registry}` runs and that no firewall or proxy is in the way, or name another registry in `kubernetes.imageRepository`"
                )
            }
            Self::Tls { cause: Tls::Expired, .. } => {
                "renew the registry's certificate; if it has not ended, set this machine's clock"
                    .to_owned()
            }
            Self::Tls { cause: Tls::NotYet, .. } => "set this machine's clock".to_owned(),
            Self::Tls { cause: Tls::Unknown, registry, .. } => {
                format!(
                    "name the file of its authority: `registries: [{{address: {registry}, ca: FILE}}]`"
                )
            }
            Self::Tls { cause: Tls::Name, .. } => {
                "name the registry as its certificate does".to_owned()
            }
            Self::Tls { .. } => {
                "look at the registry's certificate (`openssl s_client`)".to_owned()
            }
            Self::Authority { .. } => {
                "name a PEM file with certificates that are valid today in `ca`".to_owned()
            }
            Self::Login { registry, user: None, .. } => {
                format!(
                    "give a login: `registries: [{{address: {registry}, username: NAME, passwordFile: FILE}}]`; some registries say this of an image that is not there"
                )
            }
            Self::Login { .. } => {
                "correct `username` or the file that `passwordFile` names".to_owned()
            }
            Self::Realm { .. } => {
                "have the registry name an https address in its `auth.token.realm`".to_owned()
            }
            Self::Denied { .. } => "let that user read the image, or log in as another".to_owned(),
            Self::Missing { .. } => {
                "push it there, or correct `kubernetes.imageRepository` or the version".to_owned()
            }
            Self::Platform { arch, .. } => {
                format!("push the image for {arch} too, as one with several platforms")
            }
            Self::Sum { .. } | Self::Cut { .. } => {
                "try again; if it stays, push the image to the registry anew".to_owned()
            }
            Self::Answer { .. } => "look at the registry's log, and try again".to_owned(),
            Self::Write { .. } => "check its directory's permissions and free space".to_owned(),
            Self::Client { .. } => {
                "install this machine's authorities (`ca-certificates`), and check the proxy's URL"
                    .to_owned()
            }
        }
    }

    /// Whether the registry could not be asked at all, so that nothing is known of the image.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}
