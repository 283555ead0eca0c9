//! `spec.runtime`.

use super::super::{RUNTIMES, Runtime, raw};
use super::{Check, owned};

impl Check<'_> {
    pub(super) fn runtime(&mut self, given: Option<&raw::Runtime>) -> Runtime {
        let Some(given) = given else { return Runtime::default() };
        self.word(given.name.as_ref(), "spec.runtime.name", &RUNTIMES.map(|it| it.name));
        self.no_nulls(&given.config);
        let config = self.overrides(&given.config, owned::CONTAINERD);
        let existing = given.existing.unwrap_or_default();
        if let Some(own) = given.config.as_ref().filter(|own| existing && !own.value.is_empty()) {
            let message = "`spec.runtime.config` is given, but the configuration of an existing runtime is its owner's";
            self.wrong(own.spot, message, |it| {
                it.expected("no `config`, or no `existing: true`; preflight says what that configuration needs")
            });
        }
        Runtime { existing, config, ..Runtime::default() }
    }
}
