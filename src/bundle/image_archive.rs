//! Reads what a bundle must know of an image archive (`docker save`, `podman save`, OCI layout),
//! without unpacking it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::Error;
use super::images;

/// The longest document that is read, in bytes. Real ones have some KiB.
const LIMIT: u64 = 4 << 20;

/// What an image archive holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ImageArchive {
    /// References of its images, each with the architectures that it is there for, as far as they say.
    pub(super) images: BTreeMap<String, BTreeSet<String>>,
}

/// An image in `manifest.json` of a docker-archive.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerImage {
    config: String,
    repo_tags: Option<Vec<String>>,
}

/// The part of an image's configuration that matters here.
#[derive(Deserialize)]
struct Config {
    architecture: String,
}

/// `index.json` of an OCI layout.
#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

/// An image in an OCI index, or an index of one image's architectures.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    platform: Option<Config>,
}

impl Descriptor {
    /// The index that it leads to, by its name in the archive (image-spec, `image-layout.md`).
    fn index(&self) -> Option<String> {
        let is_index = self.media_type == "application/vnd.oci.image.index.v1+json"
            || self.media_type == "application/vnd.docker.distribution.manifest.list.v2+json";
        is_index.then(|| format!("blobs/{}", self.digest.replacen(':', "/", 1)))
    }
}

/// Reads an image archive; anything else is refused.
pub(super) fn read(path: &Path) -> Result<ImageArchive, Error> {
    let documents = documents(path, &["manifest.json", "index.json"])?;
    let archive = if let Some(text) = documents.get("manifest.json") {
        docker(path, text)?
    } else if let Some(text) = documents.get("index.json") {
        oci(path, text)?
    } else {
        return Err(refused(path, "a tar file without `manifest.json` or `index.json`"));
    };
    if archive.images.is_empty() {
        return Err(refused(path, "an archive in which no image has a name"));
    }
    if let Some(odd) = archive.images.keys().find(|it| !images::is_reference(it)) {
        return Err(refused(path, &format!("an image named `{}`", odd.escape_debug())));
    }
    Ok(archive)
}

fn docker(path: &Path, text: &[u8]) -> Result<ImageArchive, Error> {
    let images: Vec<DockerImage> = parse(path, "manifest.json", text)?;
    let names: Vec<&str> = images.iter().map(|image| image.config.as_str()).collect();
    let configs = documents(path, &names)?;
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for image in &images {
        let text = configs.get(image.config.as_str()).ok_or_else(|| lacks(path, &image.config))?;
        let arch = parse::<Config>(path, &image.config, text)?.architecture;
        for name in image.repo_tags.iter().flatten() {
            found.entry(name.clone()).or_default().insert(arch.clone());
        }
    }
    Ok(ImageArchive { images: found })
}

fn oci(path: &Path, text: &[u8]) -> Result<ImageArchive, Error> {
    let index: Index = parse(path, "index.json", text)?;
    let names: Vec<String> = index.manifests.iter().filter_map(Descriptor::index).collect();
    let inner = if names.is_empty() {
        BTreeMap::new()
    } else {
        documents(path, &names.iter().map(String::as_str).collect::<Vec<_>>())?
    };
    let mut images: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for mut descriptor in index.manifests {
        let mut platforms = Vec::from_iter(descriptor.platform.take());
        if let Some(name) = descriptor.index() {
            let text = inner.get(&name).ok_or_else(|| lacks(path, &name))?;
            let index: Index = parse(path, &name, text)?;
            platforms.extend(index.manifests.into_iter().filter_map(|it| it.platform));
        }
        // containerd's annotation is the full name; the standard one is often the tag alone.
        let name = descriptor
            .annotations
            .remove("io.containerd.image.name")
            .or_else(|| descriptor.annotations.remove("org.opencontainers.image.ref.name"));
        let Some(name) = name else { continue };
        images.entry(name).or_default().extend(platforms.into_iter().map(|it| it.architecture));
    }
    Ok(ImageArchive { images })
}

fn lacks(path: &Path, name: &str) -> Error {
    refused(path, &format!("an archive that lacks `{}`, which it names", name.escape_debug()))
}

fn parse<'a, T: Deserialize<'a>>(path: &Path, name: &str, text: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(text).map_err(|error| {
        refused(path, &format!("an archive whose `{}` is odd ({error})", name.escape_debug()))
    })
}

/// Reads these files out of the archive, skipping over everything else.
fn documents(path: &Path, names: &[&str]) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let unreadable = |source| Error::read(path, source);
    let mut archive = tar::Archive::new(File::open(path).map_err(unreadable)?);
    let no_tar = |error| refused(path, &format!("no tar file ({error})"));
    let mut found = BTreeMap::new();
    for entry in archive.entries_with_seek().map_err(no_tar)? {
        let entry = entry.map_err(no_tar)?;
        let name = entry.path().map_err(no_tar)?.into_owned();
        let name = name.strip_prefix(".").map(PathBuf::from).unwrap_or(name);
        let Some(name) = names.iter().find(|wanted| Path::new(wanted) == name) else { continue };
        if !entry.header().entry_type().is_file() || entry.size() > LIMIT {
            continue;
        }
        let mut text = Vec::new();
        entry.take(LIMIT).read_to_end(&mut text).map_err(no_tar)?;
        found.insert((*name).to_owned(), text);
    }
    Ok(found)
}

fn refused(path: &Path, found: &str) -> Error {
    Error::Source {
        file: path.to_owned(),
        found: found.to_owned(),
        expected: "an image archive, not compressed, as `docker save` or \
                   `podman save --format docker-archive` writes it"
            .to_owned(),
    }
}
