//! From the release servers into the content cache.

use std::fs::File;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::archive::{self, Problem};
use super::{Contents, Error, Source, Sum, sums};
use crate::cluster::Mirrors;
use crate::content::{self, Cache, Digest, Hasher};
use crate::event::{Coming, Events};
use crate::http::Client;

/// A file to be installed, in the content cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// `binary` or `cni`.
    pub kind: &'static str,
    /// Its name: `kubelet`.
    pub name: String,
    /// The architecture, in Go's words.
    pub arch: String,
    /// Its component's version.
    pub version: String,
    /// The sum of its bytes.
    pub sum: Digest,
    /// Bytes.
    pub size: u64,
}

/// A file on a release server, with the sum that its project publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The file.
    pub source: Source,
    /// Its sum.
    pub sum: Digest,
}

/// What the cache knows of a file that was fetched once. Releases do not change: what was right under an
/// address is right under it for ever.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    url: String,
    sum: Digest,
    /// What was taken out of it: name, sum, bytes.
    taken: Vec<(String, Digest, u64)>,
}

/// Files under way at the same time.
const SIDE_BY_SIDE: usize = 4;

/// Fetches all files, side by side, and takes out of them what is installed. What the cache has of an
/// earlier run is not fetched again: then nothing is asked of any server. Each file that comes is told of.
pub async fn fetch(
    client: &Client,
    cache: &Arc<Cache>,
    sources: Vec<Source>,
    events: &Events,
) -> Result<Vec<Fetched>, Error> {
    let (client, cache, events) = (client.clone(), Arc::clone(cache), events.clone());
    let all = side_by_side(sources, move |source| {
        let (client, cache, events) = (client.clone(), Arc::clone(&cache), events.clone());
        async move { one(&client, &cache, &source, &events).await }
    });
    Ok(all.await?.into_iter().flatten().collect())
}

/// Reads the published sums of all files, side by side; the files themselves are not fetched.
pub async fn published(client: &Client, sources: Vec<Source>) -> Result<Vec<Published>, Error> {
    let client = client.clone();
    side_by_side(sources, move |source| {
        let client = client.clone();
        async move { Ok(Published { sum: published_sum(&client, &source).await?, source }) }
    })
    .await
}

/// The newest release of a minor, or of all.
pub async fn newest(
    client: &Client,
    mirrors: &Mirrors,
    minor: Option<u64>,
) -> Result<semver::Version, Error> {
    let url = mirrors.channel(minor);
    let text = client.text(&url).await?;
    let found = text.trim();
    let version = found.strip_prefix('v').and_then(|bare| semver::Version::parse(bare).ok());
    let fits = |version: &semver::Version| {
        version.pre.is_empty()
            && version.build.is_empty()
            && minor.is_none_or(|minor| (version.major, version.minor) == (1, minor))
    };
    version.filter(fits).ok_or_else(|| {
        let found = found.chars().take(40).collect::<String>().escape_debug().to_string();
        Error::Channel { url, found }
    })
}

/// Does the same for each source, a few at a time; results are in the sources' order. The first error ends
/// all.
async fn side_by_side<T, F>(
    sources: Vec<Source>,
    work: impl Fn(Source) -> F,
) -> Result<Vec<T>, Error>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let mut results: Vec<Option<T>> = sources.iter().map(|_| None).collect();
    let mut waiting = sources.into_iter().enumerate();
    let mut working = JoinSet::new();
    loop {
        while working.len() < SIDE_BY_SIDE
            && let Some((index, source)) = waiting.next()
        {
            let work = work(source);
            working.spawn(async move { (index, work.await) });
        }
        match working.join_next().await {
            None => return Ok(results.into_iter().flatten().collect()),
            Some(Ok((index, result))) => results[index] = Some(result?),
            // Only a task that panicked ends so.
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

async fn published_sum(client: &Client, source: &Source) -> Result<Digest, Error> {
    let url = match &source.sum {
        Sum::Pinned(sum) => return Ok(*sum),
        Sum::Published(url) => url,
    };
    let list = client.text(url).await?;
    sums::find(&list, &source.file).map_err(|problem| Error::Sums { url: url.clone(), problem })
}

/// What the cache calls its note of a source.
fn note(source: &Source) -> String {
    format!("release {} {:?}", source.url, source.contents)
}

/// What the cache has whole of an earlier run.
fn known(cache: &Cache, source: &Source) -> Option<Known> {
    cache.known::<Known>(&note(source)).filter(|known| {
        known.url == source.url && known.taken.iter().all(|it| cache.holds(it.1) == Some(it.2))
    })
}

/// Those sources that a fetch would ask servers for.
pub fn unfetched(cache: &Cache, sources: Vec<Source>) -> Vec<Source> {
    sources.into_iter().filter(|source| known(cache, source).is_none()).collect()
}

async fn one(
    client: &Client,
    cache: &Arc<Cache>,
    source: &Source,
    events: &Events,
) -> Result<Vec<Fetched>, Error> {
    let name = note(source);
    let known = if let Some(known) = known(cache, source) {
        known
    } else {
        let sum = published_sum(client, source).await?;
        let size = downloaded(client, cache, source, sum, events).await?;
        let taken = match source.contents {
            Contents::Program(name) => vec![(name.to_owned(), sum, size)],
            Contents::Archive { within, members, .. } => {
                let (cache, url) = (Arc::clone(cache), source.url.clone());
                // Unpacking takes a processor for a while.
                let unpacked = tokio::task::spawn_blocking(move || {
                    unpack(&cache, sum, within, members).map_err(|error| error.of(url))
                });
                match unpacked.await {
                    Ok(taken) => taken?,
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                }
            }
        };
        let known = Known { url: source.url.clone(), sum, taken };
        cache.learn(&name, &known)?;
        known
    };
    let fetched = |(name, sum, size)| Fetched {
        kind: source.contents.kind(),
        name,
        arch: source.arch.clone(),
        version: source.version.clone(),
        sum,
        size,
    };
    Ok(known.taken.into_iter().map(fetched).collect())
}

/// The file itself in the cache; its size.
async fn downloaded(
    client: &Client,
    cache: &Cache,
    source: &Source,
    sum: Digest,
    events: &Events,
) -> Result<u64, Error> {
    if let Some(size) = cache.holds(sum) {
        return Ok(size);
    }
    let file = source.url.rsplit('/').next().unwrap_or(&source.url);
    let coming = Coming::begin(events, &format!("{file} for {}", source.arch));
    let came = |done, total: Option<u64>| {
        if let Some(total) = total {
            coming.bytes(done, total);
        }
    };
    let size = client.download(&source.url, sum, cache, &came).await?;
    coming.end();
    Ok(size)
}

/// Why an archive was not unpacked.
enum Unpacked {
    Problem(Problem),
    Content(content::Error),
}

impl From<Problem> for Unpacked {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<content::Error> for Unpacked {
    fn from(error: content::Error) -> Self {
        Self::Content(error)
    }
}

impl Unpacked {
    fn of(self, url: String) -> Error {
        match self {
            Self::Problem(problem) => Error::Archive { url, problem },
            Self::Content(error) => error.into(),
        }
    }
}

fn unpack(
    cache: &Cache,
    sum: Digest,
    within: &str,
    members: &[&str],
) -> Result<Vec<(String, Digest, u64)>, Unpacked> {
    let archive = File::open(cache.store().path(sum)).map_err(Problem::from)?;
    let mut taken = Vec::new();
    let mut under_way = None;
    let mut whole = Vec::new();
    archive::take(archive, within, members, |name, piece| -> Result<(), Unpacked> {
        let (mut incoming, mut hasher, mut size) = match under_way.take() {
            Some(it) => it,
            None => (cache.create()?, Hasher::default(), 0),
        };
        if let Some(piece) = piece {
            incoming.write(piece)?;
            hasher.update(piece);
            size += piece.len() as u64;
            under_way = Some((incoming, hasher, size));
        } else {
            let sum = hasher.finish();
            taken.push((name.to_owned(), sum, size));
            whole.push((incoming, sum));
        }
        Ok(())
    })?;
    // Only when all of the archive was found right is anything of it kept.
    for (incoming, sum) in whole {
        cache.keep(incoming, sum)?;
    }
    cache.forget(sum);
    taken.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(taken)
}
