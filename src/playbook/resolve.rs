//! From a step as written to work as it is done: every string rendered, every artifact found.

use serde_json::Value;

use super::library::{Error, Library};
use super::merge;
use super::site::{Artifacts, Available};
use super::spec::{Action, ArtifactSpec, FileSpec, KubeadmSpec, is_mode};
use crate::cluster::images::name_and_tag;
use crate::cluster::{Cluster, Overrides, RuntimeKind, containerd};
use crate::host::facts::Os;
use crate::host::{Change, Probe, Upload, Wanted, Whose};

/// What a step does on one host, literally.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Changes, in order.
    Changes(Vec<Change>),
    /// Waits until this line succeeds.
    Wait { until: Probe },
    /// Keeps what this line prints as `values.<name>`.
    Read { run: Probe, name: String, shared: bool },
    /// Fetches a file.
    Fetch(Fetch),
    /// Downloads what will be installed, on the host, before anything is changed.
    Stage(Vec<Wanted>),
}

/// A file that goes from a host to the operator's machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    pub path: String,
    pub to: String,
    /// The URL that a kubeconfig's `server:` becomes.
    pub server: Option<String>,
}

/// An image's name without repository and tag.
pub(super) fn image_name(reference: &str) -> &str {
    name_and_tag(reference).0
}

/// Whether a path is absolute, plain and at least two deep, and not in what the kernel or the system's
/// own programs keep: a step that claims it may empty it one day.
fn is_below_the_top(path: &str) -> bool {
    const NEVER: [&str; 6] = ["bin", "boot", "dev", "proc", "sbin", "sys"];
    let Some(rest) = path.strip_prefix('/') else { return false };
    let parts: Vec<&str> = rest.split('/').collect();
    parts.len() > 1
        && parts.iter().all(|part| !["", ".", ".."].contains(part))
        && !NEVER.contains(&parts[0])
        && !path.chars().any(char::is_control)
}

/// What an action is resolved against.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) library: &'a Library,
    pub(super) cluster: &'a Cluster,
    pub(super) artifacts: &'a Artifacts,
    pub(super) os: &'a Os,
    pub(super) package_managers: &'a [String],
    pub(super) arch: &'a str,
    pub(super) context: &'a Value,
}

impl Scope<'_> {
    /// Resolves one action; `Err` holds why it does not fit.
    pub(super) fn work(&self, step: &str, action: &Action) -> Result<Work, Error> {
        let text = |text: &str| self.library.templates.text(text, self.context);
        let texts =
            |list: &[String]| list.iter().map(|item| text(item)).collect::<Result<Vec<_>, _>>();
        let misfit = |cause: String| Error::Step { step: step.to_owned(), cause };
        let changes = match action {
            Action::File(file) => vec![self.file(step, file)?],
            Action::Artifact(artifact) => self.artifacts(artifact).map_err(misfit)?,
            Action::Images(names) => self.images(&texts(names)?).map_err(misfit)?,
            Action::Store(store) => {
                let root = self.path(step, &store.root)?;
                vec![match self.cluster.runtime.traits.kind {
                    RuntimeKind::Docker => Change::DockerStore { root },
                    RuntimeKind::Containerd | RuntimeKind::CriO => {
                        Change::Store { root, state: self.path(step, &store.state)? }
                    }
                }]
            }
            Action::Tree(paths) => self.trees(step, paths, Whose::Own)?,
            Action::Trace(paths) => self.trees(step, paths, Whose::Shared)?,
            Action::Made(paths) => self.trees(step, paths, Whose::Made)?,
            Action::Firewall(sources) => {
                let all = texts(sources)?.join(",");
                let words = all.split([',', ' ']).filter(|word| !word.is_empty());
                vec![Change::Firewall { sources: words.map(str::to_owned).collect() }]
            }
            Action::Package(tools) => self.packages(tools).map_err(misfit)?,
            Action::Group(name) => vec![Change::Group { name: text(name)? }],
            Action::Service(service) => vec![Change::Service {
                unit: text(&service.unit)?,
                enabled: service.enabled,
                active: service.active,
                files: texts(&service.files)?,
            }],
            Action::Sysctl(keys) => keys
                .iter()
                .map(|(key, value)| Ok(Change::Sysctl { key: text(key)?, value: text(value)? }))
                .collect::<Result<_, Error>>()?,
            Action::Swap => vec![Change::Swap],
            Action::Module(names) => vec![Change::Module { names: texts(names)? }],
            Action::Kernel(kernel) => {
                vec![Change::Kernel { pod_subnet: text(&kernel.pod_subnet)? }]
            }
            Action::Kubeadm(kubeadm) => vec![self.kubeadm(step, kubeadm)?],
            Action::Command(command) => vec![Change::Command {
                run: text(&command.run)?,
                undo: if command.undo == "nothing" { String::new() } else { text(&command.undo)? },
                unless: text(&command.unless)?,
                stdin: text(&command.stdin)?.into_bytes(),
            }],
            Action::Wait(wait) => return Ok(Work::Wait { until: Probe::new(text(&wait.until)?) }),
            Action::Read(read) => {
                return Ok(Work::Read {
                    run: Probe::new(text(&read.run)?),
                    name: read.value.clone(),
                    shared: read.shared,
                });
            }
            Action::Fetch(fetch) => {
                let server = fetch.server.as_deref().map(text).transpose()?;
                return Ok(Work::Fetch(Fetch {
                    path: text(&fetch.path)?,
                    to: text(&fetch.to)?,
                    server,
                }));
            }
        };
        Ok(Work::Changes(changes))
    }

    fn trees(&self, step: &str, paths: &[String], whose: Whose) -> Result<Vec<Change>, Error> {
        let tree = |path: &String| {
            let path = self.path(step, path)?;
            Ok(Change::Tree { path, whose })
        };
        paths.iter().map(tree).collect()
    }

    /// A path that a step may write to or claim.
    fn path(&self, step: &str, text: &str) -> Result<String, Error> {
        let path = self.library.templates.text(text, self.context)?;
        if is_below_the_top(&path) {
            return Ok(path);
        }
        let cause = format!(
            "`{path}` is no path for a step; expected an absolute one below a directory such as `/etc`, without `..`"
        );
        Err(Error::Step { step: step.to_owned(), cause })
    }

    fn file(&self, step: &str, file: &FileSpec) -> Result<Change, Error> {
        let templates = &self.library.templates;
        let content = match (&file.template, &file.content) {
            (Some(name), _) => {
                templates.file(&templates.text(name, self.context)?, self.context)?
            }
            (None, content) => {
                templates.text(content.as_deref().unwrap_or_default(), self.context)?
            }
        };
        let content = match file.merge.as_deref() {
            None => Ok(content),
            Some("containerd") => self.containerd(&content),
            Some("cri-o") => merge::toml(&content, &self.cluster.runtime.config),
            Some("docker") => merge::json(&content, &self.cluster.runtime.config),
            Some("kubelet") => {
                let none = Overrides::new();
                let own = self.context["host"]["kubelet"].as_object().unwrap_or(&none);
                merge::documents(&content, &[("KubeletConfiguration", own)])
            }
            Some(other) => Err(format!("there are no overrides called `{other}`")),
        }
        .map_err(|cause| Error::Step { step: step.to_owned(), cause })?;
        let mode = templates.text(&file.mode, self.context)?;
        if !is_mode(&mode) {
            let cause = format!("`{mode}` is not a mode; expected four octal digits");
            return Err(Error::Step { step: step.to_owned(), cause });
        }
        Ok(Change::File {
            path: self.path(step, &file.path)?,
            mode,
            owner: file.owner.clone(),
            content: content.into_bytes(),
        })
    }

    /// The user's `runtime.config` in it, unless that was written for another version of containerd.
    fn containerd(&self, content: &str) -> Result<String, String> {
        let own = &self.cluster.runtime.config;
        let version = self.context["runtime"]["config_version"].as_u64().unwrap_or_default();
        match containerd::misplaced(own, version) {
            Some(cause) => Err(cause),
            None => merge::toml(content, own),
        }
    }

    fn kubeadm(&self, step: &str, spec: &KubeadmSpec) -> Result<Change, Error> {
        let templates = &self.library.templates;
        let rendered =
            templates.file(&templates.text(&spec.template, self.context)?, self.context)?;
        let kubernetes = &self.cluster.kubernetes;
        let config = merge::documents(
            &rendered,
            &[
                ("ClusterConfiguration", &kubernetes.kubeadm),
                ("KubeletConfiguration", &kubernetes.kubelet),
                ("KubeProxyConfiguration", &kubernetes.kube_proxy),
            ],
        )
        .map_err(|cause| Error::Step { step: step.to_owned(), cause })?;
        let words = spec.words.iter().map(|word| templates.text(word, self.context));
        let mut flags = words.collect::<Result<Vec<_>, _>>()?;
        if spec.verb == "init" {
            flags.push("--skip-token-print".to_owned());
            if !kubernetes.skip_phases.is_empty() {
                flags.push(format!("--skip-phases={}", kubernetes.skip_phases.join(",")));
            }
        }
        if !kubernetes.ignore_preflight_errors.is_empty() {
            flags.push(format!(
                "--ignore-preflight-errors={}",
                kubernetes.ignore_preflight_errors.join(",")
            ));
        }
        Ok(Change::Kubeadm { verb: spec.verb.clone(), flags, config: config.into_bytes() })
    }

    fn artifacts(&self, spec: &ArtifactSpec) -> Result<Vec<Change>, String> {
        let there: Vec<&Available> = self.artifacts.of(&spec.kind, self.arch).collect();
        let wanted: Vec<&Available> = if spec.names.is_empty() {
            there
        } else {
            spec.names
                .iter()
                .map(|name| {
                    there.iter().copied().find(|available| available.name == *name).ok_or_else(|| match spec.kind.as_str() {
                        "serve" => format!("it is {}, and this machine's bivouac is not, so it cannot serve the bundle; name another host in `artifacts.serve`", self.arch),
                        kind => self.lacks(kind, name),
                    })
                })
                .collect::<Result<_, _>>()?
        };
        Ok(wanted
            .into_iter()
            .map(|available| Change::Artifact {
                path: format!("{}/{}", spec.into, available.name),
                mode: "0755".to_owned(),
                owner: "root:root".to_owned(),
                upload: self.upload(available),
            })
            .collect())
    }

    /// What is said of an artifact that there is none of.
    fn lacks(&self, kind: &str, name: &str) -> String {
        let arch = self.arch;
        if self.cluster.bundle.is_some() {
            return format!(
                "the bundle has no {kind} `{name}` for {arch}; `bivouac bundle show` lists what it has"
            );
        }
        let from = if kind == "image" { "registries" } else { "the release servers" };
        format!("no {kind} `{name}` for {arch} is among what this run takes from {from}")
    }

    /// How a file gets to the host: where a host of the site serves it, from there.
    fn upload(&self, available: &Available) -> Upload {
        let mut upload = available.upload.clone();
        let served = self.context["cluster"]["served"].as_str().unwrap_or_default();
        let path = upload.served.filter(|_| !served.is_empty());
        upload.served = path.map(|path| format!("{served}{path}"));
        upload
    }

    fn endpoint(&self) -> String {
        self.cluster.runtime.traits.endpoint.to_owned()
    }

    /// Images for a cri-o: those of the bundle it pulls from the host that serves it, and knows them by their sums.
    fn fetched(&self, names: &[String]) -> Result<Vec<Change>, String> {
        let mut images = Vec::new();
        for name in names {
            let fits = |reference: &String| {
                let last = reference.rsplit('/').next().unwrap_or_default();
                if name.contains(':') { last == name } else { image_name(reference) == name }
            };
            let found = self.artifacts.of("image", self.arch).find_map(|available| {
                let source = available.references.iter().find(|it| fits(it))?;
                Some((source, available.ids.get(source)))
            });
            let Some((source, sum)) = found else {
                let pulled = self.cluster.pulled(name);
                let pulled = pulled.ok_or_else(|| self.lacks("image", name))?;
                images.push((pulled.reference, None));
                continue;
            };
            images.push((self.cluster.kubernetes.name_of(source), sum.cloned()));
        }
        Ok(vec![Change::Cri { endpoint: self.endpoint(), images }])
    }

    /// Finds images by the last part of their name and, where one is given, their tag; the cluster may
    /// call them by another repository than the bundle. Those that are not at hand the hosts pull, if they are to.
    fn images(&self, names: &[String]) -> Result<Vec<Change>, String> {
        if self.cluster.runtime.traits.kind == RuntimeKind::CriO {
            return self.fetched(names);
        }
        let all = || self.artifacts.of("image", self.arch);
        let docker = self.cluster.runtime.traits.kind == RuntimeKind::Docker;
        let mut changes: Vec<Change> = Vec::new();
        for name in names {
            let fits = |reference: &&String| {
                let last = reference.rsplit('/').next().unwrap_or_default();
                if name.contains(':') { last == name } else { image_name(reference) == name }
            };
            let found = all()
                .find_map(|available| Some((available, available.references.iter().find(fits)?)));
            // A runtime that was there makes sandboxes of the image that its owner's configuration names.
            let sandbox = self.context["runtime"]["missing_sandbox"].as_str();
            let sandbox = sandbox.filter(|it| name == "pause" && !it.is_empty());
            if let (None, Some(image)) = (&found, self.cluster.pulled(name)) {
                let besides = sandbox.filter(|it| *it != image.reference);
                let besides = besides.map(|it| format!("{it}={}", image.reference));
                let pulls = |it: &&mut Change| {
                    matches!(it, Change::Pull { .. } | Change::DockerPull { .. })
                };
                match changes.iter_mut().find(pulls) {
                    Some(Change::Pull { references }) => {
                        references.extend([Some(image.reference), besides].into_iter().flatten());
                    }
                    Some(Change::DockerPull { references }) => {
                        references.push((image.reference, image.from));
                    }
                    _ if docker => {
                        let references = vec![(image.reference, image.from)];
                        changes.push(Change::DockerPull { references });
                    }
                    _ => {
                        let all = [Some(image.reference), besides].into_iter().flatten();
                        changes.push(Change::Pull { references: all.collect() });
                    }
                }
                continue;
            }
            let (available, source) = found.ok_or_else(|| self.lacks("image", name))?;
            let mut pairs = vec![(self.cluster.kubernetes.name_of(source), source.clone())];
            let besides = sandbox.filter(|it| *it != pairs[0].0);
            pairs.extend(besides.map(|it| (it.to_owned(), source.clone())));
            let same = changes.iter_mut().find_map(|change| match change {
                Change::Image { upload, references }
                | Change::DockerImage { upload, references }
                    if upload.name == available.upload.name
                        && upload.sha256 == available.upload.sha256 =>
                {
                    Some(references)
                }
                _ => None,
            });
            if let Some(references) = same {
                references.extend(pairs);
                continue;
            }
            let (upload, references) = (self.upload(available), pairs);
            changes.push(if docker {
                Change::DockerImage { upload, references }
            } else {
                Change::Image { upload, references }
            });
        }
        Ok(changes)
    }

    /// The packages that bring these tools. Where the distribution is unknown nothing can be installed, and
    /// preflight has seen to it that the tools are there.
    fn packages(&self, tools: &[String]) -> Result<Vec<Change>, String> {
        let families = self.library.families();
        let Some(distribution) = families.find(self.os, self.package_managers) else {
            return Ok(vec![]);
        };
        let mut names: Vec<String> = Vec::new();
        for tool in tools {
            let packages = distribution.packages(tool).ok_or_else(|| {
                format!(
                    "`playbooks/os/{}.yaml` does not say which package brings `{tool}`",
                    distribution.file
                )
            })?;
            for package in packages {
                if !names.contains(package) {
                    names.push(package.clone());
                }
            }
        }
        if names.is_empty() {
            return Ok(vec![]);
        }
        Ok(vec![Change::Package { manager: distribution.manager, names }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_claims_no_directory_of_the_top_and_nothing_outside() {
        for path in ["/etc/kubernetes", "/run/x", "/lib/modules", "/a/b c/d.e", "/opt/..x"] {
            assert!(is_below_the_top(path), "{path}");
        }
        for path in [
            "",
            "/",
            "/etc",
            "/etc/",
            "etc/x",
            "//etc/x",
            "/etc/../x",
            "/etc/x/..",
            "/etc/./x",
            "/etc//x",
            "/proc/x",
            "/dev/shm",
            "/sys/fs",
            "/boot/x",
            "/etc/a\nb",
        ] {
            assert!(!is_below_the_top(path), "{path}");
        }
    }
}
