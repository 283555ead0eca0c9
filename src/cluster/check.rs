//! From what was written to what is meant: every rule that spans more than one field, and every
//! default.
//!
//! Each check notes its mistakes and goes on, so that one run names them all.

mod hosts;
mod load_balancer;
pub(super) mod names;
mod network;
mod owned;
mod registries;
mod runtime;
mod security;
mod serve;
mod signing;
mod skips;
mod sources;
mod ssh;
mod subnet;

use std::path::{Path, PathBuf};

use super::mistake::{Mistake, Mistakes, quote};
use super::nearest::{nearest, one_of};
use super::versions::{Wish, Wished};
use super::yaml::{At, Source, Spot};
use super::{Cluster, Kubernetes, Overrides, Traits, free, raw, versions};

/// Where relative names and `~` lead.
#[derive(Debug, Clone)]
pub struct Dirs {
    /// The directory of cluster.yaml; for the command line the working directory (empty).
    pub base: PathBuf,
    /// The home directory, where there is one.
    pub home: Option<PathBuf>,
}

/// The checks' notebook.
struct Check<'a> {
    source: Source<'a>,
    dirs: &'a Dirs,
    /// The runtime that is named, on which other fields' checks depend.
    runtime: &'static Traits,
    /// Something is installed with it, so that settings for programs are judged.
    installs: bool,
    mistakes: Vec<Mistake>,
}

/// Checks a file and fills in its defaults.
pub fn cluster(
    source: Source<'_>,
    dirs: &Dirs,
    file: &At<raw::File>,
    installs: bool,
) -> Result<Wished, Mistakes> {
    let spec = file.value.spec.as_ref().map(|it| &it.value);
    let runtime = runtime::traits(spec.and_then(|it| it.runtime.as_ref()));
    let mut check = Check { source, dirs, runtime, installs, mistakes: Vec::new() };
    let cluster = check.file(file);
    match cluster {
        Some(cluster) if check.mistakes.is_empty() => Ok(cluster),
        _ => Err(Mistakes::new(check.mistakes)),
    }
}

impl Check<'_> {
    fn file(&mut self, file: &At<raw::File>) -> Option<Wished> {
        let top = file.spot;
        self.constant(top, "apiVersion", file.value.api_version.as_ref(), "bivouac/v1alpha1");
        self.constant(top, "kind", file.value.kind.as_ref(), "Cluster");
        let name = self.name(top, file.value.metadata.as_ref());
        let Some(spec) = file.value.spec.as_ref() else {
            self.missing(top, "spec", "what the cluster is made of");
            return None;
        };
        let (at, spec) = (spec.spot, &spec.value);
        let kubernetes = self.kubernetes(at, spec.kubernetes.as_ref());
        let endpoint = spec.control_plane_endpoint.as_ref();
        let control_plane_endpoint =
            self.optional(endpoint, "an endpoint", names::cluster_endpoint);
        let runtime = self.runtime(spec.runtime.as_ref());
        let signers = self.signers(spec.artifacts.as_ref());
        let (bundle, sources) = self.artifacts(spec.artifacts.as_ref());
        let proxy = self.proxy(spec.proxy.as_ref());
        let load_balancer = self.load_balancer(at, spec);
        let hosts = self.hosts(at, spec);
        let serve = self.serve(spec.artifacts.as_ref(), hosts.as_deref());
        let registries = self.registries(spec);
        self.existing_pulls(spec, &runtime, &sources);
        let version = kubernetes.as_ref().map(|(_, kubernetes)| &kubernetes.version);
        if let Some(version) = version {
            self.published(spec, &runtime, version);
        }
        let network = self.network(spec, version);
        let security = self.security(spec);
        let skips = self.skips(spec);
        let (wish, kubernetes) = kubernetes?;
        let cluster = Cluster {
            name: name?,
            kubernetes,
            control_plane_endpoint,
            load_balancer: load_balancer?,
            network: network?,
            runtime,
            security,
            signers,
            serve,
            registries: registries?,
            bundle,
            sources,
            proxy,
            skips,
            nodes: Vec::new(),
            hosts: hosts?,
        };
        Some(Wished::new(wish, cluster))
    }

    /// Notes a mistake; the builder methods of the result add to it.
    fn wrong(
        &mut self,
        spot: Spot,
        message: impl Into<String>,
        change: impl FnOnce(Mistake) -> Mistake,
    ) {
        self.mistakes.push(change(self.source.mistake(spot, message)));
    }

    fn missing(&mut self, parent: Spot, field: &str, expected: &str) {
        let spot = parent.start();
        self.wrong(spot, format!("the field `{field}` is missing"), |it| it.expected(expected));
    }

    fn not_supported(&mut self, spot: Spot, what: &str, expected: &str) {
        self.wrong(spot, format!("{what} is not supported yet"), |it| it.expected(expected));
    }

    fn constant(&mut self, top: Spot, field: &str, value: Option<&At<String>>, right: &str) {
        match value {
            None => self.missing(top, field, &format!("`{field}: {right}`")),
            Some(value) if value.value == right => {}
            Some(value) => {
                let message = format!("`{field}` is {}", quote(&value.value));
                self.wrong(value.spot, message, |it| {
                    let nearest = nearest(&value.value, &[right]);
                    it.found(&value.value).expected(format!("`{right}`")).nearest(nearest)
                });
            }
        }
    }

    fn name(&mut self, top: Spot, metadata: Option<&At<raw::Metadata>>) -> Option<String> {
        let Some(name) = metadata.and_then(|metadata| metadata.value.name.as_ref()) else {
            let parent = metadata.map_or(top, |metadata| metadata.spot);
            self.missing(parent, "metadata.name", "a name for the cluster");
            return None;
        };
        self.text(name, "a cluster name", names::label)
    }

    fn kubernetes(
        &mut self,
        spec: Spot,
        given: Option<&At<raw::Kubernetes>>,
    ) -> Option<(Wish, Kubernetes)> {
        let parent = given.map_or(spec, |given| given.spot);
        let version = given.and_then(|given| given.value.version.as_ref());
        if version.is_none() {
            self.missing(parent, "spec.kubernetes.version", "`v1.36.4`, `1.36` or `stable`");
        }
        let version = version.and_then(|version| self.version(version));
        let given = &given?.value;
        let image_repository = given.image_repository.as_ref();
        let image_repository =
            self.optional(image_repository, "an image repository", names::image_repository);
        let wish = version?;
        let kubernetes = Kubernetes {
            image_repository,
            skip_phases: self.words(given.skip_phases.as_deref()),
            ignore_preflight_errors: self.words(given.ignore_preflight_errors.as_deref()),
            kubeadm: self.overrides(&given.kubeadm, owned::KUBEADM),
            kubelet: self.kubelets(&given.kubelet),
            kube_proxy: self.overrides(&given.kube_proxy, owned::KUBE_PROXY),
            version: wish.guess(),
        };
        Some((wish, kubernetes))
    }

    fn version(&mut self, given: &At<String>) -> Option<Wish> {
        let error = match given.value.parse::<Wish>() {
            Ok(wish) => return Some(wish),
            Err(error) => error,
        };
        let rows = versions::supported();
        let minor = |row: Option<&versions::VersionFacts>| row.map_or(0, |row| row.minor);
        let (oldest, newest) = (minor(rows.first()), minor(rows.last()));
        self.wrong(given.spot, error.to_string(), |it| {
            it.found(&given.value)
                .expected(format!(
                    "a release like `v1.{newest}.0`, the newest of a minor from `1.{oldest}` to `1.{newest}`, or `stable`"
                ))
                .nearest(error.nearest())
        });
        None
    }

    fn overrides(&mut self, fields: &raw::Free, owned: &[owned::Owned]) -> Overrides {
        self.owned(fields, owned);
        match fields {
            Some(fields) => free::overrides(self.source, &fields.value, &mut self.mistakes),
            None => Overrides::new(),
        }
    }

    /// A word of a list of which only some are built.
    fn word(&mut self, given: Option<&At<String>>, field: &str, built: &[&str]) {
        if let Some(given) = given.filter(|given| !built.contains(&given.value.as_str())) {
            let message = format!("`{field}` {} is not supported yet", quote(&given.value));
            self.wrong(given.spot, message, |it| {
                it.found(&given.value).expected(one_of(built)).nearest(nearest(&given.value, built))
            });
        }
    }

    fn words(&mut self, words: Option<&[At<String>]>) -> Vec<String> {
        let words = words.unwrap_or_default();
        words.iter().filter_map(|word| self.text(word, "a kubeadm name", names::phase)).collect()
    }

    /// Text of which `what` is the name and `rule` says what is expected where it does not fit.
    fn text(&mut self, given: &At<String>, what: &str, rule: names::Rule) -> Option<String> {
        let Err(expected) = rule(&given.value) else { return Some(given.value.clone()) };
        let repaired = names::repaired(&given.value).filter(|word| rule(word).is_ok());
        let message = if given.value.is_empty() {
            format!("nothing is given where {what} belongs")
        } else {
            format!("{} is not {what}", quote(&given.value))
        };
        self.wrong(given.spot, message, |it| {
            it.found(&given.value).expected(expected).nearest(repaired)
        });
        None
    }

    /// Text that may be left out, or be empty.
    fn optional(
        &mut self,
        given: Option<&At<String>>,
        what: &str,
        rule: names::Rule,
    ) -> Option<String> {
        given.filter(|given| !given.value.is_empty()).and_then(|given| self.text(given, what, rule))
    }

    /// A file name, resolved against the directory of cluster.yaml or the home directory.
    fn path(&mut self, given: &At<String>) -> Option<PathBuf> {
        let text = self.text(given, "a file name", names::path)?;
        if let Some(rest) = text.strip_prefix("~/") {
            let home = self.dirs.home.clone();
            if home.is_none() {
                self.wrong(given.spot, "`~` is used, but `HOME` is not set", |it| {
                    it.found(&text).expected("a name that does not begin with `~`")
                });
            }
            return home.map(|home| home.join(rest));
        }
        let relative = Path::new(&text);
        Some(self.dirs.base.join(relative.strip_prefix(".").unwrap_or(relative)))
    }
}
