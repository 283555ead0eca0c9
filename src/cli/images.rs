//! Images that no bundle brings: found at their registries before a host is changed, then pulled here, or
//! later by the hosts themselves.

pub(super) mod pulls;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::exit::{Exit, Stop};
use super::session::Session;
use super::{registries, sources};
use crate::cluster::images::{Image, name_and_tag};
use crate::cluster::{Cluster, RuntimeKind};
use crate::content::{self, Cache, Digest};
use crate::engine::describe;
use crate::event::{Breaks, Coming, EventKind, Events, Finding, Phase, Severity};
use crate::host::{Answer, Probe, Remote, Upload};
use crate::playbook::{Artifacts, Available, HostState};
use crate::registry::{self, Found, Registries};

/// Images that are asked for, or pulled, at the same time.
const AT_ONCE: usize = 6;

/// Limit for one look at a host.
const LOOK: Duration = Duration::from_secs(60);

/// How often an archive that is pulled is looked at.
const LOOK_AT_FILE: Duration = Duration::from_millis(250);

/// The names of a runtime's images, a line each.
const BY_CONTAINERD: &str = "timeout 30 ctr -n k8s.io images ls -q 2>/dev/null";
/// docker leaves its hub's name out.
const BY_DOCKER: &str = r#"(images=$(timeout 30 docker --config /var/lib/kubelet --host unix:///run/docker.sock image ls --format '{{.Repository}}:{{.Tag}}' 2>/dev/null) || exit
printf '%s\n' "$images" | awk '
    { parts = split($0, part, "/") }
    parts == 1 { $0 = "docker.io/library/" $0 }
    parts != 1 && part[1] !~ /[.:]/ && part[1] != "localhost" { $0 = "docker.io/" $0 }
    { print }')"#;
const BY_CRI: &str = "(images=$(timeout 30 crictl images 2>/dev/null) || exit; printf '%s\\n' \"$images\" | awk 'NR != 1 { print $1 \":\" $2 }')";

/// An image for an architecture.
type Key = (String, String);

/// The images that a host needs and that are not among these artifacts.
fn lacking(cluster: &Cluster, control_plane: bool, arch: &str, have: &Artifacts) -> Vec<Image> {
    let kubernetes = &cluster.kubernetes;
    let ignored = |name: &str| {
        kubernetes.ignore_preflight_errors.iter().any(|it| it.eq_ignore_ascii_case(name))
    };
    // kubeadm's own preflight wants the images of add-ons that are skipped, too.
    let skipped = |image: &Image| {
        let phase = format!("addon/{}", image.name);
        kubernetes.skip_phases.contains(&phase) && (ignored("ImagePull") || ignored("all"))
    };
    let here = |image: &Image| {
        let images = have.0.iter().filter(|it| it.kind == "image" && it.arch == arch);
        images.flat_map(|it| &it.references).any(|it| name_and_tag(it).0 == image.name)
    };
    let all = cluster.images().into_iter();
    all.filter(|it| it.which.is_for(control_plane) && !skipped(it) && !here(it)).collect()
}

/// An image by name alone: it can be planned, not uploaded.
fn named(image: &Image, arch: &str) -> Available {
    available(&image.from, arch, PathBuf::new(), 0, String::new())
}

fn available(from: &str, arch: &str, path: PathBuf, size: u64, sha256: String) -> Available {
    Available {
        kind: "image".to_owned(),
        name: from.to_owned(),
        arch: arch.to_owned(),
        version: from.rsplit_once(':').map_or("unknown", |(_, tag)| tag).to_owned(),
        references: vec![from.to_owned()],
        ids: BTreeMap::new(),
        upload: Upload { name: from.to_owned(), path, size, sha256, origin: None, served: None },
    }
}

/// Adds what this machine would pull, by name alone.
pub fn with_names(cluster: &Cluster, states: &[HostState], mut artifacts: Artifacts) -> Artifacts {
    if cluster.hosts_pull() {
        return artifacts;
    }
    for (host, state) in cluster.hosts.iter().zip(states) {
        for image in lacking(cluster, host.control_plane, &state.arch, &artifacts) {
            artifacts.0.push(named(&image, &state.arch));
        }
    }
    artifacts
}

/// What hosts need of registries.
struct Need {
    /// Who lacks an image.
    hosts: BTreeMap<Key, Vec<usize>>,
    /// What some host has already: nothing of it is fetched for that one.
    there: Vec<Available>,
}

/// Makes sure that every image that a host lacks can be had, and has it here where `pull` says so and this
/// machine is to bring it. `have` is what there is without registries; `artifacts` is what will be uploaded.
/// `wanted` leaves out what this run does not bring to a host, by its index.
pub async fn provided(
    session: &Session,
    remotes: &mut Vec<Remote>,
    states: &[HostState],
    have: &Artifacts,
    mut artifacts: Artifacts,
    pull: bool,
    wanted: &(dyn Fn(usize, &Image) -> bool + Sync),
) -> Result<Artifacts, Stop> {
    let need = needs(session, remotes, states, have, wanted).await?;
    if session.cluster.hosts_pull() {
        let unknown = found(session, &need, true).await?.1;
        pulls::can(session, remotes, states, &need.hosts, &unknown).await?;
        return Ok(artifacts);
    }
    let (found, _) = found(session, &need, false).await?;
    if pull {
        artifacts.0.extend(pulled(session, found).await?);
    } else {
        let name =
            |it: &Found| available(&it.reference, &it.arch, PathBuf::new(), 0, String::new());
        artifacts.0.extend(found.iter().map(name));
    }
    // Behind those that are here: the first that fits is taken.
    artifacts.0.extend(need.there);
    Ok(artifacts)
}

/// The images that a node of ours has, by their names.
#[derive(Debug, PartialEq, Eq)]
enum There<'a> {
    None,
    These(BTreeSet<&'a str>),
    /// Its runtime does not answer. The node ran, so it has them all: they are still there when the run has
    /// started the runtime, and nobody needs to reach a registry for that.
    Unknown,
}

impl<'a> There<'a> {
    /// What its own client says of it; where there is no such client (127, by POSIX) there are no images.
    fn of(answer: &'a Answer) -> Self {
        match answer.status {
            0 => Self::These(answer.stdout.lines().collect()),
            127 => Self::None,
            _ => Self::Unknown,
        }
    }

    fn has(&self, reference: &str) -> bool {
        match self {
            Self::None => false,
            Self::These(names) => names.contains(reference),
            Self::Unknown => true,
        }
    }
}

/// Asks each host which of its images it has.
async fn needs(
    session: &Session,
    remotes: &mut Vec<Remote>,
    states: &[HostState],
    have: &Artifacts,
    wanted: &(dyn Fn(usize, &Image) -> bool + Sync),
) -> Result<Need, Stop> {
    let cluster = &session.cluster;
    let lacking = |index: usize| {
        let state: &HostState = &states[index];
        if state.foreign || state.arch.is_empty() {
            return Vec::new();
        }
        let mut all = lacking(cluster, cluster.hosts[index].control_plane, &state.arch, have);
        all.retain(|image| wanted(index, image));
        all
    };
    // A host that is no node yet has none, or somebody else's.
    let asked: Vec<bool> =
        (0..states.len()).map(|index| states[index].joined && !lacking(index).is_empty()).collect();
    let images = match cluster.runtime.traits.kind {
        RuntimeKind::CriO => BY_CRI,
        RuntimeKind::Containerd => BY_CONTAINERD,
        RuntimeKind::Docker => BY_DOCKER,
    };
    let there = pulls::side_by_side(session, remotes, |index, mut remote| {
        let asked = asked[index];
        async move {
            let images = Probe::new(images);
            let answer = if asked { Some(remote.probe(&images, LOOK).await) } else { None };
            (remote, answer)
        }
    })
    .await?;
    let mut need = Need { hosts: BTreeMap::new(), there: Vec::new() };
    for (index, answer) in there.into_iter().enumerate() {
        let answer = answer
            .transpose()
            .map_err(|error| Stop::error(Exit::Unreachable, &error, &error.fix()))?;
        let there = answer.as_ref().map_or(There::None, There::of);
        for image in lacking(index) {
            let arch = &states[index].arch;
            if there.has(&image.reference) {
                need.there.push(named(&image, arch));
            } else {
                need.hosts.entry((image.from, arch.clone())).or_default().push(index);
            }
        }
    }
    Ok(need)
}

/// Finds all images; each that cannot be had is a finding of those hosts that need it, and ends the run. Where
/// hosts pull, this machine need not reach the registry: what it could not ask comes second.
async fn found(
    session: &Session,
    need: &Need,
    by_hosts: bool,
) -> Result<(Vec<Found>, BTreeMap<Key, registry::Error>), Stop> {
    let (mut all, mut unknown) = (Vec::new(), BTreeMap::new());
    if need.hosts.is_empty() {
        return Ok((all, unknown));
    }
    let registries = Arc::new(registries::client(&session.cluster)?);
    let keys = need.hosts.keys().cloned().collect();
    let results = session.unless_stopped(find(&registries, keys)).await?;
    let mut refused = false;
    for (key, result) in results {
        match result {
            Ok(found) => all.push(found),
            Err(error) if by_hosts && error.is_unknown() => {
                unknown.insert(key, error);
            }
            Err(error) => {
                refused = true;
                for host in &need.hosts[&key] {
                    tell(session, *host, Severity::Error, describe(&error), error.fix());
                }
            }
        }
    }
    if refused { Err(Stop::said(Exit::Refused)) } else { Ok((all, unknown)) }
}

/// A finding by kubeadm's own name for what would go wrong.
fn tell(session: &Session, host: usize, severity: Severity, message: String, fix: String) {
    let host = &session.cluster.hosts[host].display;
    let breaks = Breaks { phase: Phase::Images, what: "images cannot be pulled" };
    let found = Finding::new("ImagePull", severity, message, fix);
    session.events.host(host, EventKind::Finding(Finding { breaks: Some(breaks), ..found }));
}

/// Asks registries for all of these, some at a time; the answers come in the order of the keys.
pub async fn find(
    registries: &Arc<Registries>,
    keys: BTreeSet<Key>,
) -> BTreeMap<Key, Result<Found, registry::Error>> {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for key in keys {
        let (registries, turns) = (Arc::clone(registries), Arc::clone(&turns));
        tasks.spawn(async move {
            let _turn = turns.acquire().await;
            let result = registries.find(&key.0, &key.1).await;
            (key, result)
        });
    }
    tasks.join_all().await.into_iter().collect()
}

/// What is known of an archive that was pulled.
#[derive(Serialize, Deserialize)]
struct Note {
    sha256: Digest,
    size: u64,
}

/// An archive in the content cache.
#[derive(Debug)]
pub struct Pulled {
    pub found: Found,
    pub sha256: Digest,
    pub size: u64,
}

/// Pulls these into the cache, those that are not there yet.
async fn pulled(session: &Session, found: Vec<Found>) -> Result<Vec<Available>, Stop> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let registries = Arc::new(registries::client(&session.cluster)?);
    let cache = session.unless_stopped(sources::cache()).await??;
    let pulled =
        session.unless_stopped(pull(&registries, &cache, found, &session.events)).await??;
    cache.prune();
    let store = cache.store();
    let here = |it: Pulled| {
        let path = store.path(it.sha256);
        available(&it.found.reference, &it.found.arch, path, it.size, it.sha256.to_string())
    };
    Ok(pulled.into_iter().map(here).collect())
}

/// Pulls images into the cache, some at a time. One that was pulled before is not pulled again: its name, its
/// architecture and the sum of its manifest say all that is in its archive.
pub async fn pull(
    registries: &Arc<Registries>,
    cache: &Arc<Cache>,
    found: Vec<Found>,
    events: &Events,
) -> Result<Vec<Pulled>, Stop> {
    let needed = found.iter().map(Found::size).sum();
    let unkept = |error: content::Error| Stop::error(Exit::Failed, &error, &error.fix());
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    let mut room = None;
    for found in found {
        let note = format!("image {} {} {}", found.reference, found.arch, found.digest);
        if let Some(Note { sha256, size }) = cache.known(&note)
            && cache.holds(sha256) == Some(size)
        {
            tasks.spawn(async move { Ok(Pulled { found, sha256, size }) });
            continue;
        }
        if room.is_none() {
            cache.check_room(needed).map_err(unkept)?;
            room = Some(());
        }
        let (registries, cache) = (Arc::clone(registries), Arc::clone(cache));
        let (turns, events) = (Arc::clone(&turns), events.clone());
        tasks.spawn(async move {
            let _turn = turns.acquire().await;
            let incoming = cache.create().map_err(unkept)?;
            let what = format!("{} for {}", found.reference, found.arch);
            let coming = Coming::begin(&events, &what);
            let pull = registries.pull(&found, incoming.path());
            let pulled = watched(pull, incoming.path(), found.size(), &coming).await;
            let pulled = pulled.map_err(|error| {
                Stop::new(Exit::Refused, format!("{}\n  fix: {}", describe(&error), error.fix()))
            })?;
            let sha256 = Digest::parse(&pulled.sha256).expect("it is a sum in hexadecimal digits");
            cache.keep(incoming, sha256).map_err(unkept)?;
            let size = pulled.size;
            coming.end();
            cache.learn(&note, &Note { sha256, size }).map_err(unkept)?;
            Ok(Pulled { found, sha256, size })
        });
    }
    let mut all = tasks.join_all().await.into_iter().collect::<Result<Vec<Pulled>, Stop>>()?;
    all.sort_by(|one, other| {
        (&one.found.reference, &one.found.arch).cmp(&(&other.found.reference, &other.found.arch))
    });
    Ok(all)
}

/// Waits for a pull, and tells meanwhile how long the file has become.
async fn watched<T>(pull: impl Future<Output = T>, file: &Path, total: u64, coming: &Coming) -> T {
    let mut pull = std::pin::pin!(pull);
    loop {
        tokio::select! {
            done = &mut pull => return done,
            () = tokio::time::sleep(LOOK_AT_FILE) => {}
        }
        if let Ok(file) = tokio::fs::metadata(file).await {
            coming.bytes(file.len().min(total), total);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_s_short_names_are_told_in_full() {
        let list = "docker() { printf '%s\\n' haproxy:2.6 kindest/node:1 k8s.gcr.io/pause:3.2 localhost/a:1 r:5000/a:1; }
timeout() { shift; \"$@\"; }\n";
        let output =
            std::process::Command::new("sh").arg("-c").arg(format!("{list}{BY_DOCKER}")).output();
        let names = String::from_utf8(output.unwrap().stdout).unwrap();
        let expected = "docker.io/library/haproxy:2.6\ndocker.io/kindest/node:1\nk8s.gcr.io/pause:3.2\nlocalhost/a:1\nr:5000/a:1\n";
        assert_eq!(names, expected);
    }

    #[test]
    fn a_list_that_does_not_come_is_not_an_empty_one() {
        let answer = |status, stdout: &str| Answer {
            status,
            stdout: stdout.to_owned(),
            stderr: String::new(),
        };
        for (status, stdout, expected) in
            [(0, "a:1\nb:1\n", [true, false]), (1, "", [true, true]), (127, "", [false, false])]
        {
            let answer = answer(status, stdout);
            let there = There::of(&answer);
            assert_eq!(["a:1", "c:1"].map(|it| there.has(it)), expected, "{status}");
        }
    }
}
