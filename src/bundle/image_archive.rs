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
    /// References of its images.
    pub(super) references: BTreeSet<String>,
    /// Architectures of its images, as far as they say.
    pub(super) architectures: BTreeSet<String>,
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

/// An image in an OCI index.
#[derive(Deserialize)]
struct Descriptor {
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    platform: Option<Config>,
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
    if archive.references.is_empty() {
        return Err(refused(path, "an archive in which no image has a name"));
    }
    if let Some(odd) = archive.references.iter().find(|it| !images::is_reference(it)) {
        return Err(refused(path, &format!("an image named `{}`", odd.escape_debug())));
    }
    Ok(archive)
}

fn docker(path: &Path, text: &[u8]) -> Result<ImageArchive, Error> {
    let images: Vec<DockerImage> = parse(path, "manifest.json", text)?;
    let names: Vec<&str> = images.iter().map(|image| image.config.as_str()).collect();
    let configs = documents(path, &names)?;
    let mut architectures = BTreeSet::new();
    for name in names {
        let Some(text) = configs.get(name) else {
            let found = format!("an archive that lacks `{}`, which it names", name.escape_debug());
            return Err(refused(path, &found));
        };
        architectures.insert(parse::<Config>(path, name, text)?.architecture);
    }
    let references = images.into_iter().filter_map(|image| image.repo_tags).flatten().collect();
    Ok(ImageArchive { references, architectures })
}

fn oci(path: &Path, text: &[u8]) -> Result<ImageArchive, Error> {
    let index: Index = parse(path, "index.json", text)?;
    let mut archive = ImageArchive { references: BTreeSet::new(), architectures: BTreeSet::new() };
    for mut descriptor in index.manifests {
        // containerd's annotation is the full name; the standard one is often the tag alone.
        let name = descriptor
            .annotations
            .remove("io.containerd.image.name")
            .or_else(|| descriptor.annotations.remove("org.opencontainers.image.ref.name"));
        archive.references.extend(name);
        archive.architectures.extend(descriptor.platform.map(|platform| platform.architecture));
    }
    Ok(archive)
}

fn parse<'a, T: Deserialize<'a>>(path: &Path, name: &str, text: &'a [u8]) -> Result<T, Error> {
    serde_json::from_slice(text).map_err(|error| {
        refused(path, &format!("an archive whose `{}` is odd ({error})", name.escape_debug()))
    })
}

/// Reads these files out of the archive, skipping over everything else.
fn documents(path: &Path, names: &[&str]) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let unreadable = |source| Error::Read { path: path.to_owned(), source };
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
