//! The cri-o that runs on a host.

/// A cri-o that runs as `crio.service`. What it did not say is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CriO {
    /// The names of its images; unknown where nobody could be asked.
    pub images: Option<Vec<String>>,
}
