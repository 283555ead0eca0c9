//! Which release a run is for. It is settled before anything is planned.

use std::path::Path;
use std::time::Duration;

use super::exit::{Exit, Stop};
use super::options::Options;
use super::running::refused;
use super::session::Session;
use super::{hosts, preflight, sources};
use crate::bundle::Bundle;
use crate::cluster::versions::{VersionError, Wish, Wished};
use crate::cluster::{Cluster, Version};
use crate::host::facts::Facts;
use crate::release;

/// Limit for the look at one control plane.
const LOOK: Duration = Duration::from_secs(60);

/// The cluster of the file or the flags, with the release that the run is for: the file's own where it
/// names one; else the bundle's; else that of the cluster that runs on the hosts, which is never moved by
/// a wish; else the newest that the release servers name.
pub async fn settled(options: &Options) -> Result<Cluster, Stop> {
    Box::pin(settled_as(options, options.wished(true)?)).await
}

async fn settled_as(options: &Options, wished: Wished) -> Result<Cluster, Stop> {
    if let Some(version) = from_files(&wished)? {
        return settle(wished, &version);
    }
    if let Some((host, version)) = running(options, &wished).await? {
        return of_running(wished, &host, &version);
    }
    newest(wished).await
}

/// The release that a host's cluster runs, if that fulfils the wish.
fn of_running(wished: Wished, host: &str, version: &Version) -> Result<Cluster, Stop> {
    let wish = wished.wish().clone();
    wished.settle(version.clone()).ok_or_else(|| {
        refused(
            format!("{host}: the cluster runs Kubernetes {version}, cluster.yaml asks for {wish}"),
            format!("write `version: {version}` in cluster.yaml"),
        )
    })
}

/// The same for a run on a cluster that is there for certain, and that installs nothing: it is asked first, a bundle
/// need not be here, and settings that are refused by now stop nothing.
pub async fn settled_by_cluster(options: &Options) -> Result<Cluster, Stop> {
    let wished = options.wished(false)?;
    let known = matches!(wished.wish(), Wish::Exact(_));
    if !known && let Some((host, version)) = running(options, &wished).await? {
        return of_running(wished, &host, &version);
    }
    Box::pin(settled_as(options, wished)).await
}

/// The same without any host: what only a running cluster or a server could say is a release that fulfils
/// the wish.
pub fn settled_without_hosts(options: &Options) -> Result<Cluster, Stop> {
    let wished = options.wished(true)?;
    let version = from_files(&wished)?.unwrap_or_else(|| wished.wish().guess());
    settle(wished, &version)
}

fn settle(wished: Wished, version: &Version) -> Result<Cluster, Stop> {
    let wish = wished.wish().clone();
    wished.settle(version.clone()).ok_or_else(|| {
        Stop::new(Exit::Refused, format!("Kubernetes {version} is not what `{wish}` means"))
    })
}

/// The release that the file names, or its bundle has.
fn from_files(wished: &Wished) -> Result<Option<Version>, Stop> {
    match (wished.wish(), wished.bundle()) {
        // Whether the bundle has that one is seen when it is opened.
        (Wish::Exact(version), _) => Ok(Some(version.clone())),
        (_, None) => Ok(None),
        (wish, Some(path)) => {
            let bundle = Bundle::open(path).map_err(preflight::refused)?;
            // What it means nobody says but those who may.
            let bundle = preflight::vouched(bundle, wished.signers())?;
            let version = bundle.manifest().kubernetes.clone();
            if wish.admits(&version) {
                Ok(Some(version))
            } else {
                Err(other_bundle(path, &version, &wish.to_string()))
            }
        }
    }
}

/// Refuses a bundle of another release.
pub fn other_bundle(path: &Path, has: &Version, wanted: &str) -> Stop {
    Stop::new(
        Exit::Refused,
        format!(
            "the bundle `{}` has Kubernetes {has}, the cluster asks for {wanted}\n  fix: name the right bundle, or change `kubernetes.version`",
            path.display(),
        ),
    )
}

/// The release of the first control plane that runs one, and which host that is. Who cannot be reached is
/// passed over: the run itself names them.
async fn running(options: &Options, wished: &Wished) -> Result<Option<(String, Version)>, Stop> {
    let mut cluster = wished.clone().guessed();
    cluster.hosts.retain(|host| host.control_plane);
    // Nobody is told of this run: the one that it is for follows.
    let session = Session::begin(options, "version", cluster);
    let reached = hosts::reached(&session, options).await?;
    for (host, reached) in session.cluster.hosts.iter().zip(reached) {
        let Ok(mut remote) = reached else { continue };
        let facts = session.unless_stopped(remote.facts(&[], LOOK)).await?;
        let version = facts.ok().and_then(|text| Facts::parse(&text).ok()?.api_version);
        if let Some(version) = version.and_then(|version| version.parse().ok()) {
            return Ok(Some((host.display.clone(), version)));
        }
    }
    Ok(None)
}

/// The newest release that the servers name.
async fn newest(wished: Wished) -> Result<Cluster, Stop> {
    let fix = |nearest: &str| format!("write `version: {nearest}` in cluster.yaml");
    let version = newest_of(&wished.clone().guessed(), wished.wish(), fix).await?;
    settle(wished, &version)
}

/// The newest release that fulfils a wish, as this cluster's servers have it. `fix` says where a release that is
/// supported would be written.
pub async fn newest_of(
    cluster: &Cluster,
    wish: &Wish,
    fix: impl Fn(&str) -> String,
) -> Result<Version, Stop> {
    let client = sources::client(cluster)?;
    let found = release::newest(&client, &cluster.sources.mirrors, wish.minor()).await;
    let found = found.map_err(sources::refused)?;
    found.to_string().parse().map_err(|error: VersionError| {
        let nearest = error.nearest().unwrap_or_else(|| Wish::Stable.guess().to_string());
        refused(format!("`{wish}` is v{found}: {error}"), fix(&nearest))
    })
}
