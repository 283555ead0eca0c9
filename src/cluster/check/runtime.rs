//! `spec.runtime`.

use super::super::yaml::Spot;
use super::super::{Download, RUNTIMES, Runtime, RuntimeKind, Sources, Traits, Version, raw};
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
            RuntimeKind::CriO => {
                self.no_nulls(&given.config);
                self.overrides(&given.config, owned::CRIO)
            }
            RuntimeKind::Docker => self.overrides(&given.config, owned::DOCKER),
        };
        let existing = given.existing.unwrap_or_default();
        // What is in its store is podman's too, so nobody knows whose an image is that a wipe finds there.
        if self.installs
            && existing
            && let Some(name) = given.name.as_ref().filter(|_| traits.kind == RuntimeKind::CriO)
        {
            self.wrong(name.spot, "`existing: true` is not supported for cri-o", |it| {
                it.found("cri-o").expected("no `existing: true`, or `containerd` or `docker`")
            });
            return Runtime { traits, existing, config };
        }
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

    /// cri-o comes from a bundle, or from its project's release server, which has none for the oldest minors.
    pub(super) fn published(&mut self, spec: &raw::Spec, runtime: &Runtime, version: &Version) {
        let given = spec.runtime.as_ref().and_then(|it| it.name.as_ref());
        let bundle = spec.artifacts.as_ref().and_then(|it| it.value.bundle.as_ref());
        let has = version.facts().install.cri_o.is_some();
        if runtime.traits.kind != RuntimeKind::CriO || runtime.existing || bundle.is_some() || has {
            return;
        }
        let spot = given.map_or_else(Spot::default, |given| given.spot);
        let message = format!(
            "there is no archive of cri-o with published sums for Kubernetes 1.{}",
            version.minor()
        );
        self.wrong(spot, message, |it| {
            it.found("cri-o")
                .expected("`containerd`, a newer `version`, or a bundle that has cri-o in it")
        });
    }

    /// Hosts pull through their runtime. One that has an owner is not told of logins and proxies, which would
    /// show only when the first host pulls.
    pub(super) fn existing_pulls(
        &mut self,
        spec: &raw::Spec,
        runtime: &Runtime,
        sources: &Sources,
    ) {
        let registries = spec.registries.iter().flatten();
        let login = registries.filter(|it| it.value.username.is_some()).count() > 0;
        if !self.installs || !runtime.existing || !(login || spec.proxy.is_some()) {
            return;
        }
        let what = if login { "the login of a registry" } else { "the proxy" };
        let message = format!("hosts cannot pull: an existing runtime is not told of {what}");
        let download = spec.artifacts.as_ref().and_then(|it| it.value.download.as_ref());
        let Some(download) = download.filter(|_| sources.download == Download::Hosts) else {
            return;
        };
        self.wrong(download.spot, message, |it| {
            it.found("hosts").expected("`download: operator`, or no `existing: true`")
        });
    }
}
