//! Writes a bundle: the same input gives the same bytes, whatever the clock, the user, the
//! directory and the number of processors.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::elf;
use super::error::Error;
use super::format::{self, END, MANIFEST, WINDOW_LOG};
use super::manifest::{Manifest, SCHEMA};
use super::source::{self, Input, Source};
use super::version_text;
use crate::cluster::Version;
use crate::content::{Hasher, Incoming};

/// zstd's level. Measured on the 639 MB of Kubernetes 1.20.2: level 3 gives 177 MB in 4 s, 9 gives
/// 159 MB in 9 s, 12 gives 157 MB in 30 s.
const LEVEL: i32 = 9;

/// How zstd's work is divided, in bytes. Fixed, because the division shows in the output: with it
/// the result is the same for any number of threads. Each thread holds some jobs in memory.
const JOB: u32 = 4 << 20;

/// More threads would wait for the disk, and hold some 20 MiB of memory each.
const MOST_THREADS: u32 = 8;

/// Builds the bundle `out` from `bin/*`, `cni/*`, `images/*.tar` and `VERSIONS` below `from`.
/// `out` appears when it is complete and on disk; until then, and after an error, what was there
/// stays. `arch` is in Go's words (`amd64`).
pub fn build(out: &Path, from: &Path, version: &Version, arch: &str) -> Result<Manifest, Error> {
    build_mixed(out, &[(from.to_owned(), arch)], version)
}

/// The same for several architectures: each directory has the files of one of them.
pub fn build_mixed(
    out: &Path,
    from: &[(PathBuf, &str)],
    version: &Version,
) -> Result<Manifest, Error> {
    build_with(out, from, version, threads())
}

/// Builds the bundle `out` from files that lie anywhere, for one architecture or several. Otherwise as
/// [`build`]: the same files give the same bytes, whatever their order.
pub fn gather(out: &Path, version: &Version, inputs: &[Input]) -> Result<Manifest, Error> {
    let sources = source::inspect(inputs, &version_text(version).to_string(), out)?;
    write(out, out, version, &sources, threads())
}

fn threads() -> u32 {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u32::try_from(threads).unwrap_or(1).min(MOST_THREADS)
}

fn build_with(
    out: &Path,
    from: &[(PathBuf, &str)],
    version: &Version,
    threads: u32,
) -> Result<Manifest, Error> {
    let mut sources = Vec::new();
    for (dir, arch) in from {
        if !elf::is_known(arch) {
            return Err(Error::Source {
                file: dir.clone(),
                found: format!("architecture `{}`", arch.escape_debug()),
                expected: format!("one of {}", elf::known()),
            });
        }
        sources.extend(source::collect(dir, &version_text(version).to_string(), arch)?);
    }
    sources.sort_by(|one, other| one.artifact.key().cmp(&other.artifact.key()));
    let place = from.first().map_or(out, |(dir, _)| dir);
    write(out, place, version, &sources, threads)
}

/// Writes the bundle; `from` is where its sources are, for messages.
fn write(
    out: &Path,
    from: &Path,
    version: &Version,
    sources: &[Source],
    threads: u32,
) -> Result<Manifest, Error> {
    let manifest = Manifest {
        schema: SCHEMA,
        kubernetes: version.clone(),
        created_by: concat!("bivouac ", env!("CARGO_PKG_VERSION")).to_owned(),
        artifacts: sources.iter().map(|source| source.artifact.clone()).collect(),
    };
    let text = manifest.encode();
    // What this tool writes it must also read: names that differ only in case, a manifest that is
    // too long.
    Manifest::parse(&text).map_err(|source| Error::Sources { from: from.to_owned(), source })?;
    let file = Incoming::beside(out)?;
    let unwritable = |source| Error::write(out, source);
    let size = format::archive_size(text.len() as u64, &manifest.artifacts);
    let mut encoder = encoder(file.file(), size, threads).map_err(unwritable)?;
    let mut write = |bytes: &[u8]| encoder.write_all(bytes).map_err(unwritable);
    let length = text.len() as u64;
    write(&format::header(MANIFEST, length, 0o644))?;
    write(&text)?;
    write(&[0; END][..format::padding(length)])?;
    for source in sources {
        write(&format::artifact_header(&source.artifact))?;
        copy(source, &mut write)?;
        write(&[0; END][..format::padding(source.artifact.size)])?;
    }
    write(&[0; END])?;
    encoder.finish().map_err(unwritable)?;
    file.keep_as(out)?;
    Ok(manifest)
}

fn encoder(file: &File, size: u64, threads: u32) -> io::Result<zstd::Encoder<'static, &File>> {
    use zstd::zstd_safe::CParameter;

    let mut encoder = zstd::Encoder::new(file, LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.set_pledged_src_size(Some(size))?;
    encoder.window_log(WINDOW_LOG)?;
    // Even on one processor: zstd without worker threads writes other bytes than with one.
    encoder.multithread(threads.max(1))?;
    encoder.set_parameter(CParameter::JobSize(JOB))?;
    Ok(encoder)
}

/// Copies a source, which must still be what was hashed before.
fn copy(source: &Source, write: &mut impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
    let unreadable = |error| Error::read(&source.file, error);
    // One byte more than there was, to see that the file has grown.
    let mut reader = File::open(&source.file).map_err(unreadable)?.take(source.artifact.size + 1);
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 256 << 10];
    loop {
        let count = reader.read(&mut buffer).map_err(unreadable)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        write(&buffer[..count])?;
    }
    if hasher.finish() == source.artifact.sha256 {
        return Ok(());
    }
    Err(Error::Source {
        file: source.file.clone(),
        found: "other bytes than a moment ago".to_owned(),
        expected: "a file at rest; try again".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_number_of_threads_does_not_show() {
        let dir = tempfile::tempdir().unwrap();
        let bin = dir.path().join("bin");
        fs::create_dir(&bin).unwrap();
        for (name, seed) in [("kubeadm", 1u64), ("kubectl", 2), ("kubelet", 3)] {
            // Compressible, and large enough for several jobs.
            let words = (0..u64::from(JOB) / 6).map(|at| (at * at * seed) >> 9);
            let body: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
            fs::write(bin.join(name), [&b"#!/bin/sh\n"[..], &body].concat()).unwrap();
        }
        let version = Version(semver::Version::new(1, 20, 2));
        let built = |threads| {
            let out = dir.path().join(format!("{threads}.bundle"));
            build_with(&out, &[(dir.path().to_owned(), "amd64")], &version, threads).unwrap();
            fs::read(out).unwrap()
        };
        let one = built(1);
        assert!(one.len() > 1 << 20, "{} bytes: too small to mean anything", one.len());
        assert!(one == built(2) && one == built(5));
    }
}
