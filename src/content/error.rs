//! What can be wrong with the cache, and what to do about it.

use std::io;
use std::path::PathBuf;

/// Why content cannot be kept or found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or directory cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// A file or directory cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// The cache directory cannot be used.
    #[error("cache directory `{}`: {problem}", dir.display())]
    Cache {
        /// The directory.
        dir: PathBuf,
        /// What is wrong, and the fix.
        problem: String,
    },

    /// Neither `XDG_CACHE_HOME` nor `HOME` names a directory.
    #[error("no cache directory: neither `XDG_CACHE_HOME` nor `HOME` is an absolute path")]
    NoDirectory,
}

impl Error {
    /// What to do about it; nothing where the message says it.
    pub fn fix(&self) -> String {
        match self {
            Self::Read { .. } => "check that it exists and that you may read it".to_owned(),
            Self::Write { .. } => "check its directory's permissions and free space".to_owned(),
            Self::NoDirectory => "set one of them".to_owned(),
            Self::Cache { .. } => String::new(),
        }
    }
}
