//! `spec.runtime`.

use super::super::{Download, RUNTIMES, Runtime, RuntimeKind, Sources, Traits, raw};
use super::{Check, owned};

/// The runtime that is named; a wrong name is noted in [`Check::runtime`].
pub(super) fn traits(given: Option<&raw::Runtime>) -> &'static Traits {
    let name = given.and_then(|it| it.name.as_ref());
    let named = name.and_then(|name| Traits::named(&name.value));
    named.unwrap_or(Runtime::default().traits)
}

impl Check<'_> {
    pub(super) fn runtime(&mut self, given: Option<&raw::Runtime>) -> Runtime {
        let traits = self.runtime;
        let Some(given) = given else { return Runtime::default() };
        self.word(given.name.as_ref(), "spec.runtime.name", &RUNTIMES.map(|it| it.name));
        let config = match traits.kind {
            RuntimeKind::Containerd => {
                self.no_nulls(&given.config);
                self.overrides(&given.config, owned::CONTAINERD)
            }
            RuntimeKind::Docker => self.overrides(&given.config, owned::DOCKER),
            RuntimeKind::CriO => self.overrides(&given.config, &[]),
        };
        let existing = given.existing.unwrap_or_default();
        if let Some(own) =
            given.config.as_ref().filter(|own| self.installs && existing && !own.value.is_empty())
        {
            let message = "`spec.runtime.config` is given, but the configuration of an existing runtime is its owner's";
            self.wrong(own.spot, message, |it| {
                it.expected("no `config`, or no `existing: true`; preflight says what that configuration needs")
            });
        }
        Runtime { traits, existing, config }
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
        if !self.installs || !runtime.existing || !(login || spec.proxy.is_some()) {
            return;
        }
        let what = if login { "the login of a registry" } else { "the proxy" };
        let message = format!("hosts cannot pull: an existing runtime is not told of {what}");
        self.wrong(download.spot, message, |it| {
            it.found("hosts").expected("`download: operator`, or no `existing: true`")
        });
    }
}
