//! `bivouac preflight`: only the checks; and the same checks for the verbs that come after them.

use super::exit::{Exit, Stop};
use super::hosts::{self, Seen};
use super::options::Options;
use super::session::Session;
use crate::bundle::{self, Bundle, Store};
use crate::event::{EventKind, Severity};
use crate::host::{Remote, Upload};
use crate::playbook::{Artifacts, Available, Library};
use crate::preflight::{Context, HostFacts};

#[derive(Debug, clap::Args)]
pub struct Args {}

pub async fn run(options: &Options, _args: &Args) -> Result<Exit, Stop> {
    let mut session = Session::begin(options, "preflight", options.cluster(true)?);
    let exit = match check(&mut session, options, false).await {
        Ok(checked) => {
            drop(checked);
            session.after = Some("nothing stands in the way; nothing was changed".to_owned());
            Exit::Done
        }
        Err(stop) => stop.show(),
    };
    Ok(session.end(exit).await)
}

/// What is at hand once everything was checked and nothing was touched.
#[derive(Debug)]
pub struct Checked {
    pub remotes: Vec<Remote>,
    pub seen: Vec<Seen>,
    pub artifacts: Artifacts,
    pub library: Library,
}

/// Checks the bundle and, meanwhile, connects to the hosts and looks at them. `unpack`: the bundle's
/// files will be uploaded.
pub async fn check(
    session: &mut Session,
    options: &Options,
    unpack: bool,
) -> Result<Checked, Stop> {
    let library = library(options)?;
    let bundle = open_bundle(session)?;
    let architectures: Vec<String> = {
        let mut all: Vec<String> =
            bundle.manifest().artifacts.iter().map(|artifact| artifact.arch.clone()).collect();
        all.sort();
        all.dedup();
        all
    };
    let bytes = tokio::task::spawn_blocking(move || content(&bundle, unpack));
    let remotes = hosts::connect(session, options).await?;
    let (remotes, seen) = hosts::look(session, remotes).await?;
    let artifacts = bytes.await.map_err(|error| Stop::error(Exit::Failed, &error, ""))??;
    let facts: Vec<HostFacts<'_>> = session
        .cluster
        .hosts
        .iter()
        .zip(&seen)
        .map(|(host, seen)| HostFacts {
            host,
            facts: &seen.facts,
            asked: seen.clock.0,
            answered: seen.clock.1,
        })
        .collect();
    let context =
        Context { cluster: &session.cluster, hosts: &facts, bundle_archs: &architectures };
    let findings = crate::preflight::check(&context);
    let mut refused = false;
    for finding in findings {
        refused |= finding.severity == Severity::Error;
        for host in &finding.hosts {
            session.events.host(
                host,
                EventKind::Finding {
                    name: finding.name.clone(),
                    severity: finding.severity,
                    message: finding.message.clone(),
                    fix: finding.fix.clone(),
                },
            );
        }
    }
    if refused {
        Err(Stop::said(Exit::Refused))
    } else {
        Ok(Checked { remotes, seen, artifacts, library })
    }
}

/// The playbooks and templates of this run.
pub fn library(options: &Options) -> Result<Library, Stop> {
    match &options.playbooks {
        Some(dir) => Library::from_dir(dir),
        None => Library::embedded(),
    }
    .map_err(|error| Stop::error(Exit::Usage, &error, ""))
}

/// Opens the cluster's bundle; only its manifest is read.
pub fn open_bundle(session: &Session) -> Result<Bundle, Stop> {
    let path = session.cluster.bundle.as_deref().ok_or_else(|| {
        Stop::new(
            Exit::Usage,
            "no bundle is named\n  fix: give `artifacts: {bundle: FILE}` in cluster.yaml, or `--from-bundle FILE`",
        )
    })?;
    let refused = |error: bundle::Error| Stop::error(Exit::Refused, &error, "");
    let bundle = Bundle::open(path).map_err(refused)?;
    if bundle.manifest().kubernetes != session.cluster.kubernetes.version {
        return Err(Stop::new(
            Exit::Refused,
            format!(
                "the bundle `{}` has Kubernetes {}, the cluster asks for {}\n  fix: name the right bundle, or change `kubernetes.version`",
                path.display(),
                bundle.manifest().kubernetes,
                session.cluster.kubernetes.version
            ),
        ));
    }
    Ok(bundle)
}

/// Checks every byte of the bundle; with `unpack` its files are laid out for the upload.
fn content(bundle: &Bundle, unpack: bool) -> Result<Artifacts, Stop> {
    let refused = |error: bundle::Error| Stop::error(Exit::Refused, &error, "");
    if !unpack {
        bundle.verify(&mut |_| {}).map_err(refused)?;
        return Ok(Artifacts::default());
    }
    let cache = bundle::cache_dir().map_err(refused)?;
    let store = bundle.unpack(&cache, &|_| true, &mut |_| {}).map_err(refused)?;
    Ok(listed(bundle, Some(&store)))
}

/// The bundle's artifacts as playbooks name them; without a store they can be planned, not uploaded.
pub fn listed(bundle: &Bundle, store: Option<&Store>) -> Artifacts {
    let available = |artifact: &bundle::Artifact| Available {
        kind: artifact.kind.as_str().to_owned(),
        name: artifact.name.clone(),
        arch: artifact.arch.clone(),
        references: artifact.images.clone(),
        upload: Upload {
            name: artifact.name.clone(),
            path: store.map(|store| store.path(artifact)).unwrap_or_default(),
            size: artifact.size,
            sha256: artifact.sha256.to_string(),
        },
    };
    Artifacts(bundle.manifest().artifacts.iter().map(available).collect())
}
