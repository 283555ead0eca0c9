//! The images of an archive (`docker save`, `podman save`, OCI layout) as a registry has them: manifests and
//! blobs, which are pieces of the archive itself.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Take};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use super::Error;
use super::body::Piece;
use crate::bundle::Digest;

/// The longest document that is read, in bytes. Real ones have some KiB.
const LIMIT: u64 = 4 << 20;

/// Docker's manifest, version 2, schema 2: the one kind that containerd and docker have always taken.
const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";

/// A manifest or an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) digest: Digest,
    pub(super) media_type: String,
    pub(super) text: Vec<u8>,
}

/// An image, by what it is called in the archive.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) references: Vec<String>,
    pub(super) arch: String,
    pub(super) digest: Digest,
}

/// What an archive has.
#[derive(Debug, Default)]
pub(super) struct Archive {
    pub(super) images: Vec<Image>,
    pub(super) documents: Vec<Document>,
    pub(super) blobs: BTreeMap<Digest, Piece>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerImage {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// The part of an image's configuration that matters here.
#[derive(Deserialize)]
struct Config {
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Vec<String>,
}

/// The part of an OCI index that matters here; a manifest reads as one without manifests.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: String,
    digest: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// What the image is called.
    fn name(&self) -> Option<&String> {
        let names = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];
        names.iter().find_map(|name| self.annotations.get(*name))
    }
}

/// The part of a manifest, or an index, that leads to an image's configuration.
#[derive(Deserialize)]
struct Leads {
    config: Option<Descriptor>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

/// The part of a configuration that says what it is for.
#[derive(Deserialize)]
struct Platform {
    architecture: String,
}

/// Reads an archive whose images are for this architecture.
pub(super) fn read(path: &Path, arch: &str) -> Result<Archive, Error> {
    let source = Source::open(path)?;
    if source.entries.contains_key(Path::new("manifest.json")) {
        source.docker(arch)
    } else {
        source.oci(arch)
    }
}

/// What the images of an archive for this architecture are called, and the digest of each one's configuration, by which
/// every runtime knows it wherever it came from.
pub fn identities(path: &Path, arch: &str) -> Result<BTreeMap<String, Digest>, Error> {
    let source = Source::open(path)?;
    let mut all = BTreeMap::new();
    if source.entries.contains_key(Path::new("manifest.json")) {
        let (_, text) = source.text("manifest.json")?;
        for image in source.parsed::<Vec<DockerImage>>("manifest.json", &text)? {
            let digest = Digest::of(&source.text(&image.config)?.1);
            all.extend(image.repo_tags.unwrap_or_default().into_iter().map(|name| (name, digest)));
        }
        return Ok(all);
    }
    let (_, text) = source.text("index.json")?;
    for it in source.parsed::<Index>("index.json", &text)?.manifests {
        let digest = source.configuration(&it, arch, 0)?;
        all.extend(it.name().cloned().zip(digest));
    }
    Ok(all)
}

/// A tar file and where its entries are.
struct Source<'a> {
    path: &'a Path,
    entries: BTreeMap<PathBuf, Piece>,
    /// Links to other entries: `docker save` writes a layer that two images share once.
    links: BTreeMap<PathBuf, PathBuf>,
}

impl<'a> Source<'a> {
    fn open(path: &'a Path) -> Result<Self, Error> {
        let mut source = Self { path, entries: BTreeMap::new(), links: BTreeMap::new() };
        let file = File::open(path).map_err(|error| source.unreadable(error))?;
        let mut archive = tar::Archive::new(file);
        let no_tar = |error| odd(path, format!("no tar file ({error})"));
        for entry in archive.entries_with_seek().map_err(no_tar)? {
            let entry = entry.map_err(no_tar)?;
            let name = entry.path().map_err(no_tar)?.into_owned();
            let name = name.strip_prefix(".").map(PathBuf::from).unwrap_or(name);
            if entry.header().entry_type().is_file() {
                let (offset, size) = (entry.raw_file_position(), entry.size());
                source.entries.insert(name, Piece { path: path.to_owned(), offset, size });
            } else if let Some(target) = entry.link_name().map_err(no_tar)? {
                // Relative to the entry's own directory, one above it: `../ID/layer.tar`.
                let target =
                    target.strip_prefix("..").map(PathBuf::from).unwrap_or(target.into_owned());
                source.links.insert(name, target);
            }
        }
        Ok(source)
    }

    fn unreadable(&self, source: std::io::Error) -> Error {
        Error::Read { path: self.path.to_owned(), source }
    }

    fn piece(&self, name: &str) -> Result<&Piece, Error> {
        let name = Path::new(name);
        let name = self.links.get(name).map_or(name, PathBuf::as_path);
        self.entries.get(name).ok_or_else(|| {
            odd(self.path, format!("it lacks `{}`", name.to_string_lossy().escape_debug()))
        })
    }

    fn reader(&self, piece: &Piece) -> Result<Take<File>, Error> {
        let mut file = File::open(self.path).map_err(|error| self.unreadable(error))?;
        file.seek(SeekFrom::Start(piece.offset)).map_err(|error| self.unreadable(error))?;
        Ok(file.take(piece.size))
    }

    fn text(&self, name: &str) -> Result<(&Piece, Vec<u8>), Error> {
        let piece = self.piece(name)?;
        if piece.size > LIMIT {
            return Err(odd(self.path, format!("`{}` is too long", name.escape_debug())));
        }
        let mut text = Vec::new();
        self.reader(piece)?.read_to_end(&mut text).map_err(|error| self.unreadable(error))?;
        Ok((piece, text))
    }

    fn parsed<T: for<'de> Deserialize<'de>>(&self, name: &str, text: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(text)
            .map_err(|error| odd(self.path, format!("`{}` is odd ({error})", name.escape_debug())))
    }

    fn docker(&self, arch: &str) -> Result<Archive, Error> {
        let mut archive = Archive::default();
        let (_, text) = self.text("manifest.json")?;
        for image in self.parsed::<Vec<DockerImage>>("manifest.json", &text)? {
            let (piece, text) = self.text(&image.config)?;
            let config: Config = self.parsed(&image.config, &text)?;
            let diff_ids = config.rootfs.diff_ids;
            if diff_ids.len() != image.layers.len() {
                let found =
                    format!("{} layers, `diff_ids` of {}", image.layers.len(), diff_ids.len());
                return Err(odd(self.path, found));
            }
            let digest = Digest::of(&text);
            archive.blobs.insert(digest, piece.clone());
            let mut layers = Vec::new();
            for (name, diff_id) in image.layers.iter().zip(&diff_ids) {
                let (digest, piece, media_type) = self.layer(name, diff_id)?;
                layers.push(descriptor(media_type, piece.size, digest));
                archive.blobs.insert(digest, piece);
            }
            let manifest = json!({
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": descriptor(CONFIG, piece.size, digest),
                "layers": layers,
            });
            let text = manifest.to_string().into_bytes();
            let document =
                Document { digest: Digest::of(&text), media_type: MANIFEST.to_owned(), text };
            archive.images.push(Image {
                references: image.repo_tags.unwrap_or_default(),
                arch: arch.to_owned(),
                digest: document.digest,
            });
            archive.documents.push(document);
        }
        Ok(archive)
    }

    /// A layer as a blob. One that is not compressed has its `diff_id` for a digest, which the client
    /// compares; one that is has to be read.
    fn layer(&self, name: &str, diff_id: &str) -> Result<(Digest, Piece, &'static str), Error> {
        let piece = self.piece(name)?.clone();
        let mut reader = self.reader(&piece)?;
        let mut magic = [0; 2];
        let is_gzip =
            piece.size > 2 && reader.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
        if !is_gzip {
            let digest = parse(diff_id).ok_or_else(|| {
                odd(self.path, format!("`{}` is no digest", diff_id.escape_debug()))
            })?;
            return Ok((digest, piece, LAYER));
        }
        let (digest, _) =
            Digest::of_all(self.reader(&piece)?).map_err(|error| self.unreadable(error))?;
        Ok((digest, piece, "application/vnd.docker.image.rootfs.diff.tar.gzip"))
    }

    fn oci(&self, arch: &str) -> Result<Archive, Error> {
        let mut archive = Archive::default();
        for (name, piece) in &self.entries {
            let digest = name.strip_prefix("blobs/sha256").ok();
            if let Some(digest) = digest.and_then(|name| Digest::parse(name.to_str()?)) {
                archive.blobs.insert(digest, piece.clone());
            }
        }
        let (_, text) = self.text("index.json")?;
        for it in self.parsed::<Index>("index.json", &text)?.manifests {
            let digest = self.document(&it, &mut archive, 0)?;
            let references = it.name().cloned().into_iter().collect();
            archive.images.push(Image { references, arch: arch.to_owned(), digest });
        }
        Ok(archive)
    }

    /// The digest of the configuration for this architecture that a manifest leads to, or an index.
    fn configuration(
        &self,
        it: &Descriptor,
        arch: &str,
        depth: u8,
    ) -> Result<Option<Digest>, Error> {
        let blob = |digest: &str| Some(format!("blobs/sha256/{}", parse(digest)?));
        // An archive of one platform may name the others' manifests too, and not have them.
        let there = |name: &String| self.entries.contains_key(Path::new(name));
        let Some(name) = blob(&it.digest).filter(there) else { return Ok(None) };
        let leads: Leads = self.parsed(&name, &self.text(&name)?.1)?;
        if let Some(config) = leads.config.and_then(|it| blob(&it.digest)).filter(there) {
            let text = self.text(&config)?.1;
            let platform: Platform = self.parsed(&config, &text)?;
            return Ok((platform.architecture == arch).then(|| Digest::of(&text)));
        }
        for inner in leads.manifests.iter().filter(|_| depth < 2) {
            if let Some(digest) = self.configuration(inner, arch, depth + 1)? {
                return Ok(Some(digest));
            }
        }
        Ok(None)
    }

    /// Takes a manifest, and those that it names if it is an index.
    fn document(&self, it: &Descriptor, archive: &mut Archive, depth: u8) -> Result<Digest, Error> {
        let wrong = || odd(self.path, format!("`{}` is no digest", it.digest.escape_debug()));
        let digest = parse(&it.digest).ok_or_else(wrong)?;
        let name = format!("blobs/sha256/{digest}");
        let (_, text) = self.text(&name)?;
        if Digest::of(&text) != digest {
            return Err(odd(self.path, format!("`{name}` has another digest")));
        }
        // An archive of one platform may name the others' manifests too, and not have them.
        for inner in self.parsed::<Index>(&name, &text)?.manifests {
            let has =
                parse(&inner.digest).is_some_and(|digest| archive.blobs.contains_key(&digest));
            if has && depth < 2 {
                self.document(&inner, archive, depth + 1)?;
            }
        }
        archive.documents.push(Document { digest, media_type: it.media_type.clone(), text });
        Ok(digest)
    }
}

fn descriptor(media_type: &str, size: u64, digest: Digest) -> Value {
    json!({"mediaType": media_type, "size": size, "digest": format!("sha256:{digest}")})
}

/// `sha256:` and 64 digits.
pub(super) fn parse(digest: &str) -> Option<Digest> {
    Digest::parse(digest.strip_prefix("sha256:")?)
}

fn odd(path: &Path, problem: String) -> Error {
    Error::Archive { archive: path.to_owned(), problem }
}
