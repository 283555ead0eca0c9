//! `spec.artifacts`, as far as it is about who vouches for the bundle.

use std::path::PathBuf;

use super::super::raw;
use super::super::yaml::At;
use super::Check;

impl Check<'_> {
    /// The file that names the signers. Without a bundle nothing would be held against it.
    pub(super) fn signers(&mut self, artifacts: Option<&At<raw::Artifacts>>) -> Option<PathBuf> {
        let artifacts = &artifacts?.value;
        let signers = artifacts.signers.as_ref()?;
        if artifacts.bundle.is_none() {
            let message = "`signers` is given, but there is no bundle";
            self.wrong(signers.spot, message, |it| it.expected("`bundle: FILE` beside it"));
        }
        self.path(signers)
    }
}
