//! `spec.runtime`.

use super::super::{RUNTIMES, Runtime, raw};
use super::{Check, owned};

impl Check<'_> {
    pub(super) fn runtime(&mut self, given: Option<&raw::Runtime>) -> Runtime {
        let Some(given) = given else { return Runtime::default() };
        self.word(given.name.as_ref(), "spec.runtime.name", &RUNTIMES.map(|it| it.name));
        self.no_nulls(&given.config);
        let config = self.overrides(&given.config, owned::CONTAINERD);
        Runtime { config, ..Runtime::default() }
    }
}
