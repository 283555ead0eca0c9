//! `spec.artifacts`, as far as it is about who vouches for the bundle.

use std::path::PathBuf;

use super::super::raw;
use super::super::yaml::At;
use super::Check;

impl Check<'_> {
    /// The file that names the signers.
    pub(super) fn signers(&mut self, artifacts: Option<&At<raw::Artifacts>>) -> Option<PathBuf> {
        artifacts?.value.signers.as_ref().and_then(|signers| self.path(signers))
    }
}
