//! `spec.runtime`.

use super::super::{Download, RUNTIMES, Runtime, Sources, raw};
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

    /// Hosts pull through their runtime. One that has an owner is not told of logins and proxies, which would
    /// show only when the first host pulls.
    pub(super) fn existing_pulls(
        &mut self,
        spec: &raw::Spec,
        runtime: &Runtime,
        sources: &Sources,
    ) {
        let download = spec.artifacts.as_ref().and_then(|it| it.value.download.as_ref());
        let Some(download) = download.filter(|_| sources.download == Download::Hosts) else {
            return;
        };
        let registries = spec.registries.iter().flatten();
        let login = registries.filter(|it| it.value.username.is_some()).count() > 0;
        if !runtime.existing || !(login || spec.proxy.is_some()) {
            return;
        }
        let what = if login { "the login of a registry" } else { "the proxy" };
        let message = format!("hosts cannot pull: an existing runtime is not told of {what}");
        self.wrong(download.spot, message, |it| {
            it.found("hosts").expected("`download: operator`, or no `existing: true`")
        });
    }
}
