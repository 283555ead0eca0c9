//! What a bundle is built from: a directory with `bin/*`, `cni/*`, `images/*.tar` and `VERSIONS`, or files
//! that lie anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::elf::{self, Program};
use super::error::Error;
use super::image_archive;
use super::images;
use super::manifest::{self, Artifact, Kind, NAME_RULE, REQUIRED};
use super::search::Search;
use crate::content::{Digest, Hasher};

/// Programs that carry the Kubernetes release as their version.
const OF_KUBERNETES: [&str; 7] = [
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubeadm",
    "kubectl",
    "kubelet",
];

/// A file that goes into a bundle.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: PathBuf,
    pub(super) artifact: Artifact,
}

/// A file that is to go into a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// What it is for.
    pub kind: Kind,
    /// Its name in the bundle: `kubelet`, `pause.tar`.
    pub name: String,
    /// The architecture, in Go's words.
    pub arch: String,
    /// Its own version.
    pub version: String,
    /// The file.
    pub file: PathBuf,
}

/// Checks and hashes these files, sorted as a manifest is. Each architecture must have what every host needs;
/// `out` is the bundle, for messages.
pub(super) fn inspect(inputs: &[Input], release: &str, out: &Path) -> Result<Vec<Source>, Error> {
    let mut sources = Vec::new();
    for input in inputs {
        let versions = BTreeMap::from([(input.name.clone(), input.version.clone())]);
        let collector = Collector { release, arch: &input.arch, versions };
        let artifact = collector.artifact(&input.name, input.kind, &input.file)?;
        sources.push(Source { file: input.file.clone(), artifact });
    }
    let architectures: BTreeSet<&str> = inputs.iter().map(|input| input.arch.as_str()).collect();
    for arch in architectures {
        complete(&sources, arch, out)?;
    }
    sources.sort_by(|one, other| one.artifact.key().cmp(&other.artifact.key()));
    Ok(sources)
}

/// Whether all is there without which there is no cluster.
fn complete(sources: &[Source], arch: &str, from: &Path) -> Result<(), Error> {
    let has = |name: &str| {
        sources.iter().any(|source| source.artifact.key() == (arch, Kind::Binary, name))
    };
    match REQUIRED.into_iter().find(|name| !has(name)) {
        Some(name) => Err(Error::MissingBinary { from: from.to_owned(), name }),
        None => Ok(()),
    }
}

/// Finds, checks and hashes everything below `from`, sorted as a manifest is.
pub(super) fn collect(from: &Path, release: &str, arch: &str) -> Result<Vec<Source>, Error> {
    // A directory that is not there must not look like one in which everything is missing.
    fs::read_dir(from).map_err(|source| Error::read(from, source))?;
    let collector = Collector { release, arch, versions: versions(&from.join("VERSIONS"))? };
    let mut sources = Vec::new();
    for (dir, kind) in [("bin", Kind::Binary), ("cni", Kind::Cni), ("images", Kind::Image)] {
        for (name, file) in list(&from.join(dir))? {
            let artifact = collector.artifact(&name, kind, &file)?;
            sources.push(Source { file, artifact });
        }
    }
    complete(&sources, arch, from)?;
    sources.sort_by(|one, other| one.artifact.key().cmp(&other.artifact.key()));
    Ok(sources)
}

struct Collector<'a> {
    release: &'a str,
    arch: &'a str,
    versions: BTreeMap<String, String>,
}

impl Collector<'_> {
    fn artifact(&self, name: &str, kind: Kind, file: &Path) -> Result<Artifact, Error> {
        if !manifest::is_name(name) {
            return Err(refused(file, format!("named `{}`", name.escape_debug()), NAME_RULE));
        }
        let reading = read(file, self.release)?;
        let (version, images) = match kind {
            Kind::Binary | Kind::Cni => {
                self.check_program(name, file, &reading)?;
                (self.program_version(name), BTreeSet::new())
            }
            Kind::Image => self.image_archive(name, file)?,
        };
        Ok(Artifact {
            name: name.to_owned(),
            kind,
            version,
            arch: self.arch.to_owned(),
            size: reading.size,
            mode: kind.mode(),
            sha256: reading.sum,
            images: images.into_iter().collect(),
        })
    }

    fn check_program(&self, name: &str, file: &Path, reading: &Reading) -> Result<(), Error> {
        let found = match elf::sniff(&reading.head) {
            Program::Script => return Ok(()),
            Program::Elf(arch) if arch == self.arch => {
                // Kubernetes' programs are linked with their release, so that they can print it.
                if reading.has_text || !OF_KUBERNETES.contains(&name) {
                    return Ok(());
                }
                return Err(Error::WrongVersion {
                    file: file.to_owned(),
                    found: format!("a `{name}` in which `{}` does not occur", self.release),
                    expected: format!("the `{name}` of {}", self.release),
                });
            }
            Program::Elf(arch) => format!("`{arch}`"),
            Program::OtherElf(machine) => format!("ELF machine {machine}"),
            Program::Other => {
                let expected = "an ELF program, or a script that begins with `#!`";
                return Err(refused(file, "neither a program nor a script".to_owned(), expected));
            }
        };
        let expected = format!("`{}`", self.arch);
        Err(Error::WrongArchitecture { file: file.to_owned(), found, expected })
    }

    fn program_version(&self, name: &str) -> String {
        if OF_KUBERNETES.contains(&name) {
            return self.release.to_owned();
        }
        self.versions.get(name).cloned().unwrap_or_else(|| "unknown".to_owned())
    }

    fn image_archive(&self, name: &str, file: &Path) -> Result<(String, BTreeSet<String>), Error> {
        let Some(stem) = name.strip_suffix(".tar") else {
            let expected = "an image archive, not compressed, whose name ends in `.tar`";
            return Err(refused(file, format!("named `{name}`"), expected));
        };
        let archive = image_archive::read(file)?;
        // An archive may have an image for several: a host imports its own.
        let lacking = |archs: &&BTreeSet<String>| !archs.is_empty() && !archs.contains(self.arch);
        if let Some(others) = archive.images.values().find(lacking) {
            let others = others.iter().map(|arch| format!("`{}`", arch.escape_debug()));
            return Err(Error::WrongArchitecture {
                file: file.to_owned(),
                found: others.collect::<Vec<_>>().join(", "),
                expected: format!("`{}`", self.arch),
            });
        }
        // kubeadm asks for its own release, in which a tag cannot have a `+`.
        let release_tag = self.release.replace('+', "_");
        let tails = || archive.images.keys().map(|reference| images::tail(reference));
        let of_kubernetes = || tails().filter(|(image, _)| OF_KUBERNETES.contains(image));
        if let Some((image, tag)) = of_kubernetes().find(|(_, tag)| *tag != release_tag) {
            return Err(Error::WrongVersion {
                file: file.to_owned(),
                found: format!("image `{image}:{tag}`"),
                expected: format!("`{image}:{release_tag}`"),
            });
        }
        let tags: BTreeSet<_> = tails().map(|(_, tag)| tag).collect();
        let version = if of_kubernetes().next().is_some() {
            self.release.to_owned()
        } else if let (Some(tag), 1) = (tags.first(), tags.len()) {
            (*tag).to_owned()
        } else {
            let noted = self.versions.get(name).or_else(|| self.versions.get(stem));
            noted.cloned().unwrap_or_else(|| "unknown".to_owned())
        };
        if !manifest::is_version(&version) {
            let found = format!("tagged `{}`", version.escape_debug());
            return Err(refused(file, found, "a tag of at most 64 characters"));
        }
        let references = archive.images.keys().cloned().collect();
        Ok((version, references))
    }
}

/// Plain files of a directory by name; a directory that is not there is empty.
fn list(dir: &Path) -> Result<BTreeMap<String, PathBuf>, Error> {
    let unreadable = |source| Error::read(dir, source);
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut files = BTreeMap::new();
    for entry in entries {
        let file = entry.map_err(unreadable)?.path();
        let metadata = fs::metadata(&file);
        let metadata = metadata.map_err(|source| Error::read(&file, source))?;
        if !metadata.is_file() {
            return Err(refused(&file, "no plain file".to_owned(), "a file; take it away"));
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.insert(name, file);
    }
    Ok(files)
}

/// Reads `name version` lines; `#` begins a comment. A file that is not there is empty.
fn versions(file: &Path) -> Result<BTreeMap<String, String>, Error> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(source) => return Err(Error::read(file, source)),
    };
    let mut versions = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        let words: Vec<_> = line.split_whitespace().collect();
        let is_new = match words[..] {
            [] => true,
            [name, version] if manifest::is_version(version) => {
                versions.insert(name.to_owned(), version.to_owned()).is_none()
            }
            _ => false,
        };
        if !is_new {
            let found = format!("line {number} is `{}`", line.trim().escape_debug());
            return Err(refused(file, found, "`NAME VERSION`, each name once"));
        }
    }
    Ok(versions)
}

/// What one reading of a file tells.
struct Reading {
    sum: Digest,
    /// Bytes.
    size: u64,
    /// The first bytes.
    head: Vec<u8>,
    /// Whether the text that was looked for is in it.
    has_text: bool,
}

fn read(file: &Path, text: &str) -> Result<Reading, Error> {
    let unreadable = |source| Error::read(file, source);
    let mut reader = File::open(file).map_err(unreadable)?;
    let (mut hasher, mut search) = (Hasher::default(), Search::new(text));
    let (mut head, mut size) = (Vec::with_capacity(elf::HEAD), 0);
    let mut buffer = vec![0; 256 << 10];
    loop {
        let count = reader.read(&mut buffer).map_err(unreadable)?;
        if count == 0 {
            return Ok(Reading { sum: hasher.finish(), size, head, has_text: search.finish() });
        }
        let chunk = &buffer[..count];
        let lacking = elf::HEAD - head.len();
        head.extend_from_slice(&chunk[..lacking.min(count)]);
        hasher.update(chunk);
        search.update(chunk);
        size += count as u64;
    }
}

fn refused(file: &Path, found: String, expected: &str) -> Error {
    Error::Source { file: file.to_owned(), found, expected: expected.to_owned() }
}
