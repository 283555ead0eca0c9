//! Why a release could not be had.

use super::archive::Problem;
use crate::{content, http};

/// Why something of a release was not fetched. Nothing of a file that is refused is used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It was not downloaded.
    #[error(transparent)]
    Http(#[from] http::Error),
    /// The published sum is of no use.
    #[error("`{url}`: {problem}")]
    Sums {
        /// The list of sums.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The archive is not what its project publishes.
    #[error("the archive `{url}`: {problem}")]
    Archive {
        /// The archive.
        url: String,
        /// What is wrong with it.
        problem: Problem,
    },
    /// The server names a newest release that is none.
    #[error("`{url}`: it names `{found}` as the newest release, expected one like `v1.36.4`")]
    Channel {
        /// What was asked.
        url: String,
        /// What it says.
        found: String,
    },
    /// What was fetched cannot be kept.
    #[error(transparent)]
    Content(#[from] content::Error),
}

impl Error {
    /// What to do about it; nothing where the message says it.
    pub fn fix(&self) -> String {
        match self {
            Self::Http(error) => error.fix(),
            Self::Content(error) => error.fix(),
            Self::Sums { .. } | Self::Channel { .. } => {
                "check the mirror's base address, or take another mirror".to_owned()
            }
            Self::Archive { .. } => "do not use that file: take another mirror".to_owned(),
        }
    }

    /// Whether the machine's own disk is the trouble.
    pub fn is_content(&self) -> bool {
        matches!(self, Self::Content(_) | Self::Http(http::Error::Content(_)))
    }
}
