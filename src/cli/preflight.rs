//! `bivouac preflight`: only the checks; and the same checks for the verbs that come after them.

use std::collections::BTreeMap;
use std::path::Path;

use tokio::task::JoinHandle;

use super::exit::{Exit, Stop};
use super::fix::{self, Repaired};
use super::hosts::{self, Seen};
use super::options::Options;
use super::serving;
use super::session::Session;
use super::skips::Skips;
use super::{images, reach, registries, running, sources, version, ways};
use crate::bundle::{self, Artifact, Bundle, Kind, Store};
use crate::cluster::images::{Image, Which, name_and_tag};
use crate::cluster::{Cluster, RuntimeKind};
use crate::event::{EventKind, Finding, Severity};
use crate::host::{Remote, Upload};
use crate::playbook::{Artifacts, Available, HostState, Library, Site, acting};
use crate::preflight::{Api, Context, HostFacts, Judgement, Size, Stored};
use crate::serve;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// List the checks instead: what each makes sure of, and what can be repaired. Needs no cluster.yaml.
    #[arg(long)]
    list: bool,
    /// Repair what can be repaired without a cost to anybody, as the list says, and check again. A wipe takes it back.
    #[arg(long, conflicts_with = "list")]
    fix: bool,
    #[command(flatten)]
    skips: Skips,
}

impl Args {
    /// Whether only the checks are to be listed.
    pub fn lists(&self) -> bool {
        self.list
    }
}

pub async fn run(options: &Options, args: &Args) -> Result<Exit, Stop> {
    let cluster = args.skips.added(version::settled(options).await?)?;
    let mut session = Session::begin(options, "preflight", cluster);
    let exit = match checked(&mut session, options, args.fix).await {
        Ok(exit) => exit,
        Err(stop) => stop.show(),
    };
    Ok(session.end(exit).await)
}

async fn checked(session: &mut Session, options: &Options, fix: bool) -> Result<Exit, Stop> {
    let repaired =
        if fix { Box::pin(fix::repaired(session, options)).await? } else { Repaired::Nothing };
    if let Repaired::Not(exit) = repaired {
        return Ok(exit);
    }
    check(session, options, false).await?;
    session.after = Some(match repaired {
        Repaired::Hosts(1) => {
            "nothing stands in the way any more; one host was repaired".to_owned()
        }
        Repaired::Hosts(some) => {
            format!("nothing stands in the way any more; {some} hosts were repaired")
        }
        _ => "nothing stands in the way; nothing was changed".to_owned(),
    });
    Ok(Exit::Done)
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
    let begun = begin(session, options, unpack)?;
    let remotes = hosts::connect(session, options).await?;
    let (mut remotes, mut seen) = hosts::look(session, remotes).await?;
    ways::tried(session, &mut remotes, &mut seen).await?;
    let states = hosts::states(session, &seen);
    running::shrunk(&mut session.cluster, &states);
    let theirs: Vec<bool> = session
        .cluster
        .hosts
        .iter()
        .zip(&seen)
        .map(|(host, seen)| {
            host.control_plane
                && hosts::state(host, seen, &session.cluster.network.pod_subnet).foreign
        })
        .collect();
    let judged = begun.refused(session, &seen, |host| !theirs[host]).await;
    // To make way for a new cluster is not what somebody wants who names a control plane that runs.
    for (host, _) in session.cluster.hosts.iter().zip(&theirs).filter(|(_, theirs)| **theirs) {
        session.events.host(
            &host.display,
            EventKind::Finding(Finding::new(
"OtherCluster",
Severity::Error,
"it is a control plane of a cluster that bivouac did not make",
"`bivouac join` adds hosts to that cluster; if it is to go, take it away first with the tool that made it (`kubeadm reset`)",
)),
        );
    }
    let (artifacts, library) = judged?;
    if theirs.contains(&true) {
        return Err(Stop::said(Exit::Refused));
    }
    reach::servers(session, &mut remotes, &states).await?;
    let artifacts =
        with_images(session, &mut remotes, &states, artifacts, unpack, &|_, _| true).await?;
    Ok(Checked { remotes, seen, artifacts, library })
}

/// The artifacts with those images that come from registries; see [`images::provided`].
pub async fn with_images(
    session: &Session,
    remotes: &mut Vec<Remote>,
    states: &[HostState],
    artifacts: Artifacts,
    unpack: bool,
    wanted: &(dyn Fn(usize, &Image) -> bool + Sync),
) -> Result<Artifacts, Stop> {
    let have = match session.cluster.bundle {
        Some(_) => listed(&open_bundle(session)?, None),
        None => Artifacts::default(),
    };
    images::provided(session, remotes, states, &have, artifacts, unpack, wanted).await
}

/// What is under way while hosts are connected to and looked at.
#[derive(Debug)]
pub struct Begun {
    library: Library,
    from: From,
}

/// Where the artifacts come from.
#[derive(Debug)]
enum From {
    /// A bundle, which is being checked.
    Bundle {
        architectures: Vec<String>,
        sizes: Vec<Size>,
        content: JoinHandle<Result<Artifacts, Stop>>,
    },
    /// The release servers: what is fetched depends on what hosts there are.
    Servers { fetch: bool },
}

/// Begins to check the bundle, where there is one.
pub fn begin(session: &mut Session, options: &Options, unpack: bool) -> Result<Begun, Stop> {
    registries::read(&mut session.cluster)?;
    let library = library(options)?;
    if session.cluster.bundle.is_none() {
        return Ok(Begun { library, from: From::Servers { fetch: unpack } });
    }
    let bundle = open_bundle(session)?;
    let (architectures, sizes) = (architectures(&bundle), sizes(&bundle, &session.cluster));
    let served = session.cluster.serve.is_some();
    let known = session.cluster.runtime.traits.kind == RuntimeKind::CriO;
    let content = move || {
        let mut all = content(&bundle, unpack, served)?;
        if known && unpack {
            identified(&mut all)?;
        }
        Ok(all)
    };
    let content = tokio::task::spawn_blocking(content);
    Ok(Begun { library, from: From::Bundle { architectures, sizes, content } })
}

/// How large what a bundle has is, where it goes.
fn sizes(bundle: &Bundle, cluster: &Cluster) -> Vec<Size> {
    let is_of = |name: &str, is: fn(Which) -> bool| {
        cluster.images().into_iter().any(|it| it.name == name && is(it.which))
    };
    let of_planes = |artifact: &Artifact| {
        let named = |it: &String| {
            let (name, _) = name_and_tag(it);
            is_of(name, |which| which.is_for(true)) && !is_of(name, |which| which.is_for(false))
        };
        !artifact.images.is_empty() && artifact.images.iter().all(named)
    };
    let size = |artifact: &Artifact| Size {
        arch: artifact.arch.clone(),
        what: match artifact.kind {
            Kind::Binary => Stored::Programs,
            Kind::Cni => Stored::Plugins,
            Kind::Image => Stored::Images,
        },
        bytes: artifact.size,
        control_plane: of_planes(artifact),
    };
    let all = &bundle.manifest().artifacts;
    // As large as its file is here.
    let file = cluster.bundle.as_ref().and_then(|path| std::fs::metadata(path).ok());
    let bytes = file.map_or(0, |it| it.len());
    let whole = |arch| Size { arch, what: Stored::Served, bytes, control_plane: false };
    all.iter().map(size).chain(architectures(bundle).into_iter().map(whole)).collect()
}

/// The architectures that a bundle has something for.
pub fn architectures(bundle: &Bundle) -> Vec<String> {
    let mut all: Vec<String> =
        bundle.manifest().artifacts.iter().map(|artifact| artifact.arch.clone()).collect();
    all.sort();
    all.dedup();
    all
}

impl Begun {
    /// Waits for the bundle, or fetches what these hosts need; nothing is asked of them.
    pub async fn artifacts(
        self,
        session: &Session,
        states: &[HostState],
    ) -> Result<(Artifacts, Library), Stop> {
        let artifacts = match self.from {
            From::Bundle { content, .. } => {
                let content = session.unless_stopped(content).await?;
                content.map_err(|error| Stop::error(Exit::Failed, &error, ""))??
            }
            From::Servers { fetch: true } => {
                sources::artifacts(session, &sources::architectures(states)).await?
            }
            From::Servers { fetch: false } => {
                sources::there(session, &sources::architectures(states)).await?;
                Artifacts::default()
            }
        };
        Ok((artifacts, self.library))
    }

    /// Waits for the bundle, and refuses those hosts, by their index, that `checked` asks for if
    /// something stands in the way; nothing is downloaded for hosts that are refused.
    pub async fn refused(
        self,
        session: &Session,
        seen: &[Seen],
        checked: impl Fn(usize) -> bool,
    ) -> Result<(Artifacts, Library), Stop> {
        let states = hosts::states(session, seen);
        match &self.from {
            From::Bundle { architectures, sizes, .. } => {
                let (architectures, sizes) = (architectures.clone(), sizes.clone());
                let done = self.artifacts(session, &states).await?;
                if tell(session, judged(session, seen, (&architectures, &sizes), &done.1, checked))
                {
                    return Err(Stop::said(Exit::Refused));
                }
                // What was not unpacked is known by the manifest.
                let known =
                    if done.0.0.is_empty() { offered(session)? } else { Artifacts::default() };
                let site = Site {
                    cluster: &session.cluster,
                    hosts: &states,
                    artifacts: if known.0.is_empty() { &done.0 } else { &known },
                    kubeconfig: "",
                    leaving: &[],
                };
                unserved(session, &site)?;
                Ok(done)
            }
            From::Servers { .. } => {
                let architectures = sources::ARCHITECTURES.map(str::to_owned);
                let judgement =
                    judged(session, seen, (&architectures, &[]), &self.library, checked);
                if tell(session, judgement) {
                    return Err(Stop::said(Exit::Refused));
                }
                self.artifacts(session, &states).await
            }
        }
    }
}

/// What the bundle has, and what it would be served with, by name alone.
fn offered(session: &Session) -> Result<Artifacts, Stop> {
    let bundle = open_bundle(session)?;
    let mut all = listed(&bundle, None);
    if session.cluster.serve.is_some() {
        all.0.extend(serving::offered(&bundle, None)?);
    }
    Ok(all)
}

/// Ends the run, with a finding, where hosts could not have the bundle's images.
fn unserved(session: &Session, site: &Site<'_>) -> Result<(), Stop> {
    let Some((why, fix)) = site.unserved() else { return Ok(()) };
    session.events.run(EventKind::Finding(Finding::new("BundleServer", Severity::Error, why, fix)));
    Err(Stop::said(Exit::Refused))
}

/// What preflight says of the hosts that `checked` asks for, by their index. `repairs`: the findings that a playbook
/// repairs.
pub fn judged(
    session: &Session,
    seen: &[Seen],
    (architectures, sizes): (&[String], &[Size]),
    library: &Library,
    checked: impl Fn(usize) -> bool,
) -> Judgement {
    let (families, repairs) = (library.families(), &library.repairs());
    let facts: Vec<HostFacts<'_>> = session
        .cluster
        .hosts
        .iter()
        .zip(seen)
        .enumerate()
        .filter(|(index, _)| checked(*index))
        .map(|(_, it)| it)
        .map(|(host, seen)| HostFacts {
            host,
            facts: &seen.facts,
            asked: seen.clock.0,
            answered: seen.clock.1,
        })
        .collect();
    let states = hosts::states(session, seen);
    let api = api(&session.cluster, &states);
    let context = Context {
        cluster: &session.cluster,
        hosts: &facts,
        bundle_archs: architectures,
        sizes,
        families,
        repairs,
        api,
        foreign: states.iter().any(|state| state.foreign),
    };
    crate::preflight::check(&context)
}

/// Tells what was found, and what could not be looked at; says whether a finding stops the run.
fn tell(session: &Session, judgement: Judgement) -> bool {
    let mut refused = false;
    for it in judgement.findings {
        refused |= it.severity == Severity::Error;
        let (command, breaks, repairs) = (it.command, it.breaks, it.repairs);
        let found = Finding::new(it.name, it.severity, it.message, it.fix);
        let found = Finding { command, breaks, repairs, ..found };
        for host in &it.hosts {
            session.events.host(host, EventKind::Finding(found.clone()));
        }
    }
    for it in judgement.unchecked {
        for host in &it.hosts {
            let (name, because) = (it.name.clone(), it.because.clone());
            session.events.host(host, EventKind::Unchecked { name, because });
        }
    }
    for skip in &session.cluster.skips {
        let (name, because) = (skip.name.clone(), skip.reason.clone());
        session.events.run(EventKind::Skipped { name, because });
    }
    refused
}

/// Where the cluster's API is. One that has another address than cluster.yaml means, and cannot get that,
/// is refused later, by name.
fn api(cluster: &Cluster, states: &[HostState]) -> Api {
    let artifacts = Artifacts::default();
    let site = Site { cluster, hosts: states, artifacts: &artifacts, kubeconfig: "", leaving: &[] };
    let (endpoint, acting) = (cluster.outer_endpoint(), acting(cluster, states));
    match acting.map(|host| &states[host].server) {
        Some(server) if server.is_none() || endpoint.is_none() || *server == endpoint => Api::There,
        Some(_) if site.moves() => Api::Moves,
        _ => Api::Nowhere,
    }
}

/// The playbooks and templates of this run.
pub fn library(options: &Options) -> Result<Library, Stop> {
    match &options.playbooks {
        Some(dir) => Library::from_dir(dir),
        None => Library::embedded(),
    }
    .map_err(|error| Stop::error(Exit::Usage, &error, error.fix()))
}

/// Opens the cluster's bundle; only its manifest is read.
pub fn open_bundle(session: &Session) -> Result<Bundle, Stop> {
    opened(&session.cluster)
}

/// The cluster's bundle for who reads no more than its manifest: where signers are named, every byte is read
/// for them, since it is a signature of all of them.
pub fn vouched(bundle: Bundle, signers: Option<&Path>) -> Result<Bundle, Stop> {
    if signers.is_none() {
        return Ok(bundle);
    }
    let bundle = bundle.signed(signers).map_err(refused)?;
    bundle.verify(&mut |_| {}).map_err(refused)?;
    Ok(bundle)
}

/// Opens a cluster's bundle, which no run is for yet.
pub fn opened(cluster: &Cluster) -> Result<Bundle, Stop> {
    let path = cluster.bundle.as_deref().ok_or_else(|| {
        Stop::new(
            Exit::Usage,
            "no bundle is named\n  fix: give `artifacts: {bundle: FILE}` in cluster.yaml, or `--from-bundle FILE`",
        )
    })?;
    let bundle = Bundle::open(path).map_err(refused)?;
    if bundle.manifest().kubernetes != cluster.kubernetes.version {
        let (has, wanted) = (&bundle.manifest().kubernetes, &cluster.kubernetes.version);
        return Err(version::other_bundle(path, has, &wanted.to_string()));
    }
    // cri-dockerd is brought before an existing docker, too.
    let traits = cluster.runtime.traits;
    if !cluster.runtime.existing || traits.kind == RuntimeKind::Docker {
        bundle.check_runtime(traits).map_err(refused)?;
    }
    match &cluster.signers {
        Some(signers) => bundle.signed(Some(signers)).map_err(refused),
        None => Ok(bundle),
    }
}

/// Why a bundle is not used.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
pub fn refused(error: bundle::Error) -> Stop {
    // A name that leads nowhere, and signers that are not understood, are the file's, or the command line's,
    // mistake; a bad bundle is not.
    let named = matches!(error, bundle::Error::Read(_) | bundle::Error::Signers { .. });
    Stop::error(if named { Exit::Usage } else { Exit::Refused }, &error, &error.fix())
}

/// Checks every byte of the bundle; with `unpack` its files are laid out for the upload; if it is to be
/// served, what a host serves it with too.
fn content(bundle: &Bundle, unpack: bool, served: bool) -> Result<Artifacts, Stop> {
    if !unpack {
        bundle.verify(&mut |_| {}).map_err(refused)?;
        return Ok(Artifacts::default());
    }
    let cache = bundle::cache_dir().map_err(|error| refused(error.into()))?;
    if served {
        let (store, sum) = bundle.unpack_whole(&cache, &mut |_| {}).map_err(refused)?;
        let mut all = listed(bundle, Some(&store));
        all.0.extend(serving::offered(bundle, Some(sum))?);
        return Ok(all);
    }
    let store = bundle.unpack(&cache, &|_| true, &mut |_| {}).map_err(refused)?;
    Ok(listed(bundle, Some(&store)))
}

/// Notes by which sums runtimes know the images. Hosts that pull them compare these.
fn identified(artifacts: &mut Artifacts) -> Result<(), Stop> {
    for image in artifacts.0.iter_mut().filter(|it| it.kind == "image") {
        let found = serve::identities(&image.upload.path, &image.arch)
            .map_err(|error| Stop::error(Exit::Refused, &error, error.fix()))?;
        if let Some(name) = image.references.iter().find(|name| !found.contains_key(*name)) {
            return Err(Stop::new(
                Exit::Refused,
                format!(
                    "the bundle's `{}` has no configuration of `{name}` for {}, by which it could be known again\n  fix: make the bundle anew from what `podman save` or `docker save` wrote",
                    image.name, image.arch
                ),
            ));
        }
        image.ids = found.into_iter().map(|(name, sum)| (name, sum.to_string())).collect();
    }
    Ok(())
}

/// The bundle's artifacts as playbooks name them; without a store they can be planned, not uploaded.
pub fn listed(bundle: &Bundle, store: Option<&Store>) -> Artifacts {
    let available = |artifact: &bundle::Artifact| Available {
        kind: artifact.kind.as_str().to_owned(),
        name: artifact.name.clone(),
        arch: artifact.arch.clone(),
        version: artifact.version.clone(),
        references: artifact.images.clone(),
        ids: BTreeMap::new(),
        upload: Upload {
            name: artifact.name.clone(),
            path: store.map(|store| store.path(artifact.sha256)).unwrap_or_default(),
            size: artifact.size,
            sha256: artifact.sha256.to_string(),
            origin: None,
            served: Some(format!("/files/{}", artifact.sha256)),
        },
    };
    Artifacts(bundle.manifest().artifacts.iter().map(available).collect())
}
