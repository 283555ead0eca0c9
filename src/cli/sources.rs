//! Artifacts from the release servers, where cluster.yaml names no bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::credentials;
use super::exit::{Exit, Stop};
use super::session::Session;
use crate::cluster::{Cluster, Download};
use crate::content::{self, Cache, Store};
use crate::engine::describe;
use crate::event::{EventKind, Finding, Severity};
use crate::host::{Origin, Upload, Via};
use crate::http::{self, Client};
use crate::playbook::{
    Artifacts, Available, HostState, Site, Values, runtimes_without_proxy, without_proxy,
};
use crate::release::{self, Contents, Fetched, Published};
use crate::secret::Secret;

/// Architectures that all of the projects publish for.
pub const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// How this machine talks to servers: as cluster.yaml says, else as the environment does.
pub fn settings(cluster: &Cluster) -> Result<http::Settings, Stop> {
    let proxy = match &cluster.proxy {
        None => http::Proxy::from_environment(),
        Some(given) => {
            let with_login = proxy_with_login(cluster)?;
            let [http, https] = with_login;
            http::Proxy { http, https, no_proxy: given.no_proxy.join(",") }
        }
    };
    let ca = cluster.sources.ca.clone();
    Ok(http::Settings { ca, proxy, ..http::Settings::default() })
}

/// The proxies of cluster.yaml, for http and https, with user and password in their addresses.
pub fn proxy_with_login(cluster: &Cluster) -> Result<[Option<Secret>; 2], Stop> {
    let Some(given) = &cluster.proxy else { return Ok([None, None]) };
    let login = match (&given.username, &given.password_file) {
        (Some(user), Some(file)) => {
            let password = credentials::read_secret(file)?;
            Some(Secret::new(format!("{}:{}@", encoded(user), encoded(password.expose()))))
        }
        _ => None,
    };
    let with_login = |address: &String| {
        let login = login.as_ref().map_or("", |login| login.expose());
        let host = address.strip_prefix("http://").unwrap_or(address).trim_end_matches('/');
        Secret::new(format!("http://{login}{host}"))
    };
    Ok([&given.http, &given.https].map(|address| address.as_ref().map(with_login)))
}

/// Text as a part of a URL: everything but letters and digits percent-encoded.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// Why something was not fetched.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
pub fn refused(error: release::Error) -> Stop {
    let exit = match &error {
        // A file that cannot be used is cluster.yaml's mistake.
        release::Error::Http(http::Error::Ca { .. } | http::Error::Proxy { .. }) => Exit::Usage,
        _ => Exit::Refused,
    };
    Stop::error(exit, &error, &error.fix())
}

fn unkept(error: content::Error) -> Stop {
    refused(error.into())
}

/// This user's content cache, once no other run holds it, which takes as long as that downloads.
pub async fn cache() -> Result<Arc<Cache>, Stop> {
    let dir = content::cache_dir().map_err(unkept)?;
    let cache = tokio::task::spawn_blocking(move || Cache::open(&dir)).await;
    let cache = cache.map_err(|error| Stop::error(Exit::Failed, &error, ""))?;
    Ok(Arc::new(cache.map_err(unkept)?))
}

/// A client for this cluster's servers.
pub fn client(cluster: &Cluster) -> Result<Client, Stop> {
    Client::new(&settings(cluster)?).map_err(|error| refused(error.into()))
}

/// Architectures of hosts, each once.
pub fn architectures(states: &[HostState]) -> Vec<String> {
    let all: BTreeSet<&String> = states.iter().map(|state| &state.arch).collect();
    all.into_iter().filter(|arch| !arch.is_empty()).cloned().collect()
}

/// Fetches what hosts of these architectures need into the cache of this machine.
async fn fetched(session: &Session, architectures: &[String]) -> Result<Artifacts, Stop> {
    let client = client(&session.cluster)?;
    let cache = session.unless_stopped(cache()).await??;
    let sources = of(&session.cluster, architectures);
    let fetched = release::fetch(&client, &cache, sources, &session.events);
    let fetched = session.unless_stopped(fetched).await?.map_err(|error| found(session, error))?;
    cache.prune();
    let store = cache.store();
    Ok(Artifacts(fetched.into_iter().map(|it| available(it, &store)).collect()))
}

/// What hosts of these architectures need, brought here or left for them to download.
pub async fn artifacts(session: &Session, architectures: &[String]) -> Result<Artifacts, Stop> {
    match session.cluster.sources.download {
        Download::Operator => fetched(session, architectures).await,
        Download::Hosts => published(session, architectures).await,
    }
}

/// Whether the servers publish what hosts of these architectures need; what this machine has is not asked for.
/// What they have not is a finding, and ends the run.
pub async fn there(session: &Session, architectures: &[String]) -> Result<(), Stop> {
    let sources = of(&session.cluster, architectures);
    let sources = match session.cluster.sources.download {
        Download::Hosts => sources,
        Download::Operator => {
            let cache = session.unless_stopped(cache()).await??;
            release::unfetched(&cache, sources)
        }
    };
    if sources.is_empty() {
        return Ok(());
    }
    let client = client(&session.cluster)?;
    match session.unless_stopped(release::published(&client, sources)).await? {
        Ok(_) => Ok(()),
        Err(error) => Err(found(session, error)),
    }
}

/// What a server does not have, or why it is not reached, as a finding of the whole cluster.
fn found(session: &Session, error: release::Error) -> Stop {
    if matches!(&error, release::Error::Http(http::Error::Ca { .. } | http::Error::Proxy { .. })) {
        return refused(error);
    }
    let found = Finding::new("Sources", Severity::Error, describe(&error), error.fix());
    session.events.run(EventKind::Finding(found));
    Stop::said(Exit::Refused)
}

/// Reads the published sums; the files are the hosts' to download.
async fn published(session: &Session, architectures: &[String]) -> Result<Artifacts, Stop> {
    let client = client(&session.cluster)?;
    let published = release::published(&client, of(&session.cluster, architectures));
    let published =
        session.unless_stopped(published).await?.map_err(|error| found(session, error))?;
    let mut all = Vec::new();
    for Published { source, sum } in published {
        for (name, member) in programs(&source) {
            let origin = Origin { url: source.url.clone(), sum: sum.to_string(), member };
            all.push(without_bytes(&source, name, Some(origin)));
        }
    }
    Ok(Artifacts(all))
}

/// The programs of a file, and where they are in it if it is an archive.
fn programs(source: &release::Source) -> Vec<(&'static str, Option<String>)> {
    match source.contents {
        Contents::Program(name) => vec![(name, None)],
        Contents::Archive { within, members, .. } => {
            let path = |name: &str| match within {
                "" => name.to_owned(),
                within => format!("{within}/{name}"),
            };
            members.iter().map(|name| (*name, Some(path(name)))).collect()
        }
    }
}

/// A program of which there are no bytes here.
fn without_bytes(source: &release::Source, name: &str, origin: Option<Origin>) -> Available {
    Available {
        kind: source.contents.kind().to_owned(),
        name: name.to_owned(),
        arch: source.arch.clone(),
        version: source.version.clone(),
        references: Vec::new(),
        ids: BTreeMap::new(),
        upload: Upload {
            name: name.to_owned(),
            path: PathBuf::new(),
            size: 0,
            // Of a program in an archive only the host will know.
            sha256: match &origin {
                Some(Origin { member: None, sum, .. }) => sum.clone(),
                _ => String::new(),
            },
            origin,
            served: None,
        },
    }
}

/// The proxies of cluster.yaml, for templates: they may have a password in them.
pub fn values(site: &Site<'_>) -> Result<Values, Stop> {
    let [http, https] = proxy_with_login(site.cluster)?;
    let named = [("proxy_http", http), ("proxy_https", https)];
    let text = |secret: Secret| secret.expose().to_owned();
    let named = named.into_iter().filter_map(|(name, it)| Some((name.to_owned(), text(it?))));
    Ok(named.chain([("no_proxy".to_owned(), runtimes_without_proxy(site).join(","))]).collect())
}

/// How hosts reach servers.
pub fn via(site: &Site<'_>) -> Result<Via, Stop> {
    let cluster = site.cluster;
    let [http, https] = proxy_with_login(cluster)?;
    let ca = match (&cluster.sources.ca, cluster.sources.download) {
        (Some(path), Download::Hosts) => {
            Some(http::authorities(path).map_err(|error| refused(error.into()))?)
        }
        _ => None,
    };
    Ok(Via { http, https, no_proxy: without_proxy(site).join(","), ca })
}

/// The files that these architectures need.
pub fn of(cluster: &Cluster, architectures: &[String]) -> Vec<release::Source> {
    let (version, mirrors) = (&cluster.kubernetes.version, &cluster.sources.mirrors);
    let runtime = cluster.runtime.traits.kind;
    let of = |arch: &String| release::sources(version, arch, runtime, mirrors);
    architectures.iter().flat_map(of).collect()
}

fn available(it: Fetched, store: &Store) -> Available {
    Available {
        kind: it.kind.to_owned(),
        arch: it.arch,
        version: it.version,
        references: Vec::new(),
        ids: BTreeMap::new(),
        upload: Upload {
            name: it.name.clone(),
            path: store.path(it.sum),
            size: it.size,
            sha256: it.sum.to_string(),
            origin: None,
            served: None,
        },
        name: it.name,
    }
}

/// What there will be for these architectures, by name alone: it can be planned, not uploaded.
pub fn named(cluster: &Cluster, architectures: &[String]) -> Artifacts {
    let mut all = Vec::new();
    for source in of(cluster, architectures) {
        let programs = programs(&source).into_iter();
        all.extend(programs.map(|(name, _)| without_bytes(&source, name, None)));
    }
    Artifacts(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_no_part_of_the_address_by_accident() {
        assert_eq!(encoded("aZ9"), "aZ9");
        assert_eq!(encoded("p@ss:/w%rd é"), "p%40ss%3A%2Fw%25rd%20%C3%A9");
    }
}
