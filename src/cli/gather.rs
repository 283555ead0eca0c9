//! `bivouac bundle build --version V`: a bundle of what the projects publish, images included.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::exit::{Exit, Stop};
use super::options::Options;
use super::preflight::refused;
use super::{images, registries, session, sources, version};
use crate::bundle::{self, Input, Kind};
use crate::cluster::images::name_and_tag;
use crate::cluster::versions::Wish;
use crate::cluster::{self, Cluster, Flags, LoadBalancer, Mirrors, RuntimeKind, Traits};
use crate::event::Events;
use crate::release;
use crate::report;

/// What is gathered.
#[derive(Debug)]
pub struct Wanted<'a> {
    pub version: &'a Wish,
    pub architectures: &'a [String],
    pub runtime: Option<&'a str>,
    pub mirrors: &'a [String],
    pub ca: Option<&'a Path>,
    pub addons: &'a [Addon],
}

/// Images besides those that every cluster needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Addon {
    /// For `loadBalancer: {kind: internal}`, which is what several control planes have.
    Haproxy,
    /// For `loadBalancer: {kind: kube-vip}`.
    KubeVip,
}

/// Gathers all of it into the bundle `out`, and shows what comes meanwhile. What standard output gets is the bundle's
/// table, also as JSON.
pub async fn gather(options: &Options, out: &Path, wanted: &Wanted<'_>) -> Result<(), Stop> {
    let (events, receiver) = Events::channel();
    let settings = report::Settings {
        quiet: options.quiet,
        verbose: options.verbose,
        has_own_words: true,
        log_dir: options.log_dir.clone(),
        run_id: session::named("bundle build").id,
        ..report::Settings::default()
    };
    let shown = tokio::spawn(report::run(settings, receiver));
    let gathered = all(options, out, wanted, &events).await;
    drop(events);
    let _ = shown.await;
    gathered
}

async fn all(
    options: &Options,
    out: &Path,
    wanted: &Wanted<'_>,
    events: &Events,
) -> Result<(), Stop> {
    let mut cluster = described(options, wanted)?;
    if let Wish::Minor(_) | Wish::Stable = wanted.version {
        let fix = |nearest: &str| format!("ask for `--version {nearest}`");
        cluster.kubernetes.version = version::newest_of(&cluster, wanted.version, fix).await?;
    }
    let version = cluster.kubernetes.version.clone();
    registries::read(&mut cluster)?;
    let client = sources::client(&cluster)?;
    let cache = sources::cache().await?;
    let architectures: Vec<String> =
        BTreeSet::from_iter(wanted.architectures).into_iter().cloned().collect();
    if !options.quiet {
        report::err(&format!("gathers {version} for {}", architectures.join(" and ")));
    }
    let files = sources::of(&cluster, &architectures);
    let fetched = release::fetch(&client, &cache, files, events).await.map_err(sources::refused)?;
    let registries = Arc::new(registries::client(&cluster)?);
    let references = references(&cluster, wanted.addons);
    let keys = references.iter().flat_map(|reference| {
        architectures.iter().map(move |arch| (reference.clone(), arch.clone()))
    });
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for ((_, arch), result) in images::find(&registries, keys.collect()).await {
        match result {
            Ok(image) => found.push(image),
            Err(error) => missing.push(format!("{error} ({arch})\n  fix: {}", error.fix())),
        }
    }
    if !missing.is_empty() {
        return Err(Stop::new(Exit::Refused, missing.join("\n")));
    }
    let pulled = images::pull(&registries, &cache, found, events).await?;
    let store = cache.store();
    let programs = fetched.into_iter().map(|it| Input {
        kind: if it.kind == "cni" { Kind::Cni } else { Kind::Binary },
        file: store.path(it.sum),
        name: it.name,
        arch: it.arch,
        version: it.version,
    });
    let archives = pulled.into_iter().map(|it| {
        let (name, tag) = name_and_tag(&it.found.reference);
        Input {
            kind: Kind::Image,
            name: format!("{name}.tar"),
            version: tag.unwrap_or("latest").to_owned(),
            arch: it.found.arch.clone(),
            file: store.path(it.sha256),
        }
    });
    let inputs: Vec<Input> = programs.chain(archives).collect();
    let out = out.to_owned();
    // The cache stays ours until all of it was read.
    blocking(move || bundle::gather(&out, &version, &inputs).map(|_| ()).map_err(refused)).await?;
    cache.prune();
    Ok(())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Stop> + Send + 'static,
) -> Result<T, Stop> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Stop::error(Exit::Failed, &error, ""))?
}

/// Where things come from: as a cluster.yaml that was named says, and the command line over it.
fn described(options: &Options, wanted: &Wanted<'_>) -> Result<Cluster, Stop> {
    let mut cluster = if options.names_a_file() {
        options.cluster()?
    } else {
        let nobody = vec!["127.0.0.1".to_owned()];
        let version = Some(wanted.version.guess().to_string());
        let flags = Flags { masters: nobody, version, ..Flags::default() };
        let cluster = cluster::from_flags(flags);
        cluster.map_err(|mistakes| Stop::new(Exit::Usage, mistakes.to_string()))?.guessed()
    };
    cluster.kubernetes.version = wanted.version.guess();
    cluster.bundle = None;
    if let Some(named) = wanted.runtime.and_then(Traits::named) {
        cluster.runtime.traits = named;
    }
    for word in wanted.mirrors {
        mirror(&mut cluster.sources.mirrors, word)?;
    }
    if let Some(ca) = wanted.ca {
        cluster.sources.ca = Some(ca.to_owned());
    }
    let version = &cluster.kubernetes.version;
    let has_cri_o = version.facts().install.cri_o.is_some();
    if cluster.runtime.traits.kind == RuntimeKind::CriO && !has_cri_o {
        return Err(Stop::new(
            Exit::Usage,
            format!(
                "there is no archive of cri-o with published sums for Kubernetes 1.{}\n  fix: take `--runtime containerd`, or a newer version; or bring cri-o yourself, with `--from`",
                version.minor()
            ),
        ));
    }
    Ok(cluster)
}

/// A preset's name, or `NAME=ADDRESS`.
fn mirror(mirrors: &mut Mirrors, word: &str) -> Result<(), Stop> {
    if word == "china" {
        *mirrors = Mirrors::china();
        return Ok(());
    }
    let known = word.split_once('=').and_then(|(name, address)| mirrors.set(name, address).ok());
    known.ok_or_else(|| {
        Stop::new(
            Exit::Usage,
            format!(
                "`--mirror {word}` is no mirror\n  fix: `china`, or one of `kubernetes=URL`, `github=URL`, `cri-o=URL` and `images=REPOSITORY`"
            ),
        )
    })
}

/// The images of every cluster of this version, and those of the add-ons, as they are pulled.
fn references(cluster: &Cluster, addons: &[Addon]) -> BTreeSet<String> {
    let of = |load_balancer: LoadBalancer| {
        let cluster = Cluster { load_balancer, ..cluster.clone() };
        cluster.images().into_iter().map(|image| image.from)
    };
    let mut all: BTreeSet<String> = of(LoadBalancer::None).collect();
    for addon in addons {
        let vip = std::net::Ipv4Addr::LOCALHOST;
        all.extend(of(match addon {
            Addon::Haproxy => LoadBalancer::Internal,
            Addon::KubeVip => LoadBalancer::KubeVip { vip, interface: None },
        }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> Cluster {
        let flags = Flags {
            masters: vec!["127.0.0.1".to_owned()],
            version: Some("v1.36.4".to_owned()),
            ..Flags::default()
        };
        cluster::from_flags(flags).unwrap().guessed()
    }

    #[test]
    fn images_are_those_of_the_version_and_of_the_add_ons() {
        let names = |addons: &[Addon]| -> Vec<String> {
            let all = references(&cluster(), addons);
            all.iter().map(|it| name_and_tag(it).0.to_owned()).collect()
        };
        let own = [
            "coredns",
            "etcd",
            "kube-apiserver",
            "kube-controller-manager",
            "kube-proxy",
            "kube-scheduler",
            "pause",
        ];
        assert_eq!(names(&[]), own);
        let more = names(&[Addon::Haproxy, Addon::KubeVip]);
        assert_eq!(more.len(), own.len() + 2);
        assert!(["haproxy", "kube-vip"].iter().all(|name| more.iter().any(|it| it == name)));
    }

    #[test]
    fn mirrors_are_named_by_word() {
        let mut mirrors = Mirrors::default();
        for (word, fits) in [
            ("kubernetes=https://m.example/dl/", true),
            ("images=m.example/k8s", true),
            ("china", true),
            ("chine", false),
            ("github=ftp://x", false),
            ("other=https://m.example", false),
        ] {
            assert_eq!(mirror(&mut mirrors, word).is_ok(), fits, "{word}");
        }
        mirror(&mut mirrors, "github=http://m.example:8080/gh/").unwrap();
        assert_eq!(mirrors.github, "http://m.example:8080/gh");
        assert_eq!(mirrors.kubernetes, Mirrors::china().kubernetes);
    }
}
