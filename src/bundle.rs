//! All artifacts of a Kubernetes version in one file: made, shown, verified, unpacked.
//!
//! A bundle is a tar archive in one zstd frame. Its first entry is `manifest.json`; the artifacts
//! follow in the manifest's order as `artifacts/ARCH/KIND/NAME`. Everything else about the archive
//! follows from the manifest, to the byte, so a bundle is either exactly what `bundle build` wrote
//! or refused: there is nothing in it that could leave its directory.
//!
//! All functions here block and may take seconds; call them from a blocking thread.

mod build;
mod elf;
mod error;
mod format;
mod image_archive;
mod images;
mod manifest;
mod search;
mod signature;
mod source;
mod stream;

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub use crate::content::{Digest, Store, cache_dir};
pub use build::{build, build_mixed, gather};
pub use error::Error;
pub use images::Image;
pub use manifest::{Artifact, Kind, LIMIT, Manifest, ManifestError, REQUIRED, SCHEMA};
pub use signature::{NAMESPACE, SignatureProblem, SignersProblem, path_of as signature_path};
pub use source::Input;

use crate::cluster::{RUNTIMES, RuntimeKind, Traits, Version, cri_dockerd, cri_o};
use crate::content::{Cache, Identity, Incoming, Sums, Wanted};
use signature::Proof;
use stream::{Front, Stream};

/// How far a pass over a bundle is, in bytes of its artifacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes so far.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
}

/// A bundle whose manifest was read and checked; nothing else of it yet.
#[derive(Debug)]
pub struct Bundle {
    path: PathBuf,
    front: Front,
    /// The signature that it must have.
    proof: Option<Proof>,
}

/// What `bundle show` and `bundle verify` tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The file's size in bytes.
    pub file_size: u64,
    /// SHA-256 of the manifest, which names everything in the bundle.
    pub manifest_sum: Digest,
    /// What is in it.
    pub manifest: Manifest,
}

/// Reads what a bundle says of itself. Only the manifest is checked.
pub fn show(path: &Path) -> Result<Summary, Error> {
    Ok(Bundle::open(path)?.into_summary())
}

/// Reads the whole bundle and checks every byte of it.
pub fn verify(path: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Summary, Error> {
    let bundle = Bundle::open(path)?;
    bundle.verify(progress)?;
    Ok(bundle.into_summary())
}

impl Bundle {
    /// Opens a bundle and reads its manifest, and no more than that.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (_, front) = Stream::open(path, Wanted::default())?;
        Ok(Self { path: path.to_owned(), front, proof: None })
    }

    /// Insists on a signature, `FILE.sig`, by one of these signers (ssh-keygen's `allowed_signers`); without
    /// them on one by anybody. Who made it is seen at once, what it is a signature of when the bundle is read.
    pub fn signed(self, signers: Option<&Path>) -> Result<Self, Error> {
        let proof = Some(Proof::load(&self.path, signers)?);
        Ok(Self { proof, ..self })
    }

    /// By whom it is signed, for people: once [`Bundle::verify`] or [`Bundle::unpack`] has not refused it.
    pub fn signed_by(&self) -> Option<String> {
        self.proof.as_ref().map(Proof::describe)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.front.identity.size
    }

    /// What is in it.
    pub fn manifest(&self) -> &Manifest {
        &self.front.manifest
    }

    /// SHA-256 of the manifest.
    pub fn manifest_sum(&self) -> Digest {
        self.front.sum
    }

    /// Refuses a bundle of another release, or without what every `arch` host needs.
    pub fn check(&self, version: &Version, arch: &str) -> Result<(), Error> {
        let unfit = |found: String, expected: String| {
            Err(Error::Unfit { bundle: self.path.clone(), found, expected })
        };
        let manifest = self.manifest();
        if manifest.kubernetes != *version {
            let [found, expected] = [&manifest.kubernetes, version].map(version_text);
            return unfit(format!("Kubernetes {found}"), expected.to_string());
        }
        for name in REQUIRED {
            if manifest.find(Kind::Binary, name, arch).is_none() {
                return unfit(format!("no `{name}` for `{arch}`"), "one".to_owned());
            }
        }
        Ok(())
    }

    /// Refuses a bundle that was made for another runtime, or whose runtime does not speak with its Kubernetes.
    /// One of unknown version is let through.
    pub fn check_runtime(&self, runtime: &Traits) -> Result<(), Error> {
        let kubernetes = &self.manifest().kubernetes;
        let programs = || self.manifest().artifacts.iter().filter(|it| it.kind == Kind::Binary);
        let unfit = |found: String, expected: String| {
            Err(Error::Unfit { bundle: self.path.clone(), found, expected })
        };
        let architectures: BTreeSet<&str> = programs().map(|it| it.arch.as_str()).collect();
        for arch in architectures {
            let has = |name: &&str| programs().any(|it| it.arch == arch && it.name == *name);
            let another_s = RUNTIMES.iter().any(|it| it.programs.iter().any(&has));
            // What only runs containers comes with several.
            let name = runtime.programs.first().copied().unwrap_or_default();
            if another_s && !has(&name) {
                let needs = format!("one, which the runtime `{}` needs", runtime.name);
                return unfit(format!("no `{name}` for `{arch}`"), needs);
            }
        }
        for program in programs() {
            let facts = kubernetes.facts();
            let release = program.version.parse().ok();
            let expected = release.and_then(|it| match program.name.as_str() {
                "containerd" if runtime.kind == RuntimeKind::Containerd => {
                    facts.containerd.instead_of(it)
                }
                "crio" if runtime.kind == RuntimeKind::CriO => cri_o::instead_of(it, facts),
                "cri-dockerd" if runtime.kind == RuntimeKind::Docker => {
                    cri_dockerd::instead_of(it, facts.cri)
                }
                _ => None,
            });
            if let Some(expected) = expected {
                return unfit(
                    format!("{} {} for `{}`", program.name, program.version, program.arch),
                    format!("{expected}, which {} needs", version_text(kubernetes)),
                );
            }
        }
        Ok(())
    }

    /// Reads everything and checks every byte, in constant memory. The error names the first bad
    /// entry.
    pub fn verify(&self, progress: &mut dyn FnMut(Progress)) -> Result<(), Error> {
        self.pass(Wanted::default(), progress, |_| Ok(None), |_, _| Ok(())).map(|_| ())
    }

    /// Verifies the whole bundle, and signs it: `sign` makes the text of a signature of the file with this
    /// SHA-512 digest. Returns where the signature is.
    pub fn sign<E: From<Error>>(
        &self,
        progress: &mut dyn FnMut(Progress),
        sign: impl FnOnce(&[u8; 64]) -> Result<String, E>,
    ) -> Result<PathBuf, E> {
        let wanted = Wanted { sha512: true, ..Wanted::default() };
        let (_, sums) = self.pass(wanted, progress, |_| Ok(None), |_, _| Ok(()))?;
        let digest = sums
            .sha512
            .as_deref()
            .and_then(crate::content::unhex)
            .and_then(|it| it.try_into().ok());
        let digest: [u8; 64] = digest.expect("the digest was asked for");
        Ok(signature::write(&self.path, &sign(&digest)?)?)
    }

    /// Verifies the whole bundle and puts the `wanted` artifacts into the cache directory (see
    /// [`cache_dir`]), those that are not there yet. When the same file was verified before and
    /// all wanted artifacts are there, that is seen from their inodes and nothing is read; a signature is
    /// compared with the digest that was taken then.
    ///
    /// Waits while another run does the same in the same directory.
    pub fn unpack(
        &self,
        cache_dir: &Path,
        wanted: &dyn Fn(&Artifact) -> bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Store, Error> {
        let (store, _) = self.laid_out(Wanted::default(), cache_dir, wanted, progress)?;
        Ok(store)
    }

    /// As [`Bundle::unpack`] with all artifacts; and the SHA-256 of the bundle as a file.
    pub fn unpack_whole(
        &self,
        cache_dir: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Store, Digest), Error> {
        let sums = Wanted { sha256: true, ..Wanted::default() };
        let (store, sums) = self.laid_out(sums, cache_dir, &|_| true, progress)?;
        let sum = sums.sha256.as_deref().and_then(Digest::parse);
        Ok((store, sum.expect("the digest was asked for")))
    }

    fn laid_out(
        &self,
        sums: Wanted,
        cache_dir: &Path,
        wanted: &dyn Fn(&Artifact) -> bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Store, Sums), Error> {
        let cache = Cache::open(cache_dir)?;
        let lacks = |artifact: &Artifact| wanted(artifact) && !cache.has(artifact.sha256);
        let lacking: Vec<_> = self.manifest().artifacts.iter().filter(|it| lacks(it)).collect();
        if lacking.is_empty()
            && let Some(known) = self.known(&cache)?.filter(|known| known.have(sums))
        {
            return Ok((cache.into_store(), known));
        }
        cache.check_room(lacking.iter().map(|artifact| artifact.size).sum())?;
        let started = SystemTime::now();
        let (identity, sums) = self.pass(
            sums,
            progress,
            |artifact| if lacks(artifact) { Ok(Some(cache.create()?)) } else { Ok(None) },
            |incoming, artifact| Ok(cache.keep(incoming, artifact.sha256)?),
        )?;
        cache.remember(&self.path, identity, self.front.sum, sums.clone(), started)?;
        cache.prune();
        Ok((cache.into_store(), sums))
    }

    /// The digests of this very file, if it was verified before and is what it has to be.
    fn known(&self, cache: &Cache) -> Result<Option<Sums>, Error> {
        let metadata =
            fs::metadata(&self.path).map_err(|source| Error::read(&self.path, source))?;
        let identity = Identity::of(&metadata);
        if identity != self.front.identity {
            return Ok(None);
        }
        let sums = cache.knows(&self.path, identity, self.front.sum);
        Ok(sums.filter(|sums| self.proof.as_ref().is_none_or(|proof| proof.holds(sums))))
    }

    /// One pass over everything. `create` says where an artifact's bytes go, if anywhere; `keep`
    /// gets it back when they were found right.
    fn pass(
        &self,
        wanted: Wanted,
        progress: &mut dyn FnMut(Progress),
        mut create: impl FnMut(&Artifact) -> Result<Option<Incoming>, Error>,
        mut keep: impl FnMut(Incoming, &Artifact) -> Result<(), Error>,
    ) -> Result<(Identity, Sums), Error> {
        let changed = || Error::Changed { bundle: self.path.clone() };
        let proof = self.proof.as_ref();
        let signed = proof.map(Proof::wants).unwrap_or_default();
        let wanted = Wanted {
            sha256: wanted.sha256 || signed.sha256,
            sha512: wanted.sha512 || signed.sha512,
        };
        let (mut stream, front) = Stream::open(&self.path, wanted)?;
        if front.sum != self.front.sum || front.identity != self.front.identity {
            return Err(changed());
        }
        let total = front.manifest.size();
        let mut done = 0;
        progress(Progress { done, total });
        for artifact in &front.manifest.artifacts {
            let mut incoming = create(artifact)?;
            stream.artifact(artifact, |chunk| {
                if let Some(incoming) = &mut incoming {
                    incoming.write(chunk)?;
                }
                done += chunk.len() as u64;
                progress(Progress { done, total });
                Ok(())
            })?;
            if let Some(incoming) = incoming {
                keep(incoming, artifact)?;
            }
        }
        let (identity, sums) = stream.finish()?;
        if identity != front.identity {
            return Err(changed());
        }
        if proof.is_some_and(|proof| !proof.holds(&sums)) {
            let problem = SignatureProblem::OtherFile;
            return Err(Error::Signature { bundle: self.path.clone(), problem });
        }
        Ok((identity, sums))
    }

    fn into_summary(self) -> Summary {
        let Front { manifest, sum, identity } = self.front;
        Summary { file_size: identity.size, manifest_sum: sum, manifest }
    }
}

/// `v1.20.2`.
fn version_text(version: &Version) -> impl fmt::Display {
    format!("v{}", version.0)
}
