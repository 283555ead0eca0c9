//! Sources for small bundles, and bundles built by hand.

use std::fs;
use std::path::{Path, PathBuf};

use bivouac::bundle::{self, Manifest};
use bivouac::cluster::Version;
use tempfile::TempDir;

/// A directory of sources with a bundle beside it.
pub struct Fixture {
    pub dir: TempDir,
}

impl Fixture {
    /// Sources of every kind; `kubelet` is large enough to span several blocks of zstd.
    pub fn new() -> Self {
        let fixture = Self { dir: tempfile::tempdir().unwrap() };
        fixture.add("bin/kubeadm", &elf("kubeadm", 3000, AMD64));
        fixture.add("bin/kubectl", &elf("kubectl", 512, AMD64));
        fixture.add("bin/kubelet", &elf("kubelet", 300_000, AMD64));
        fixture.add("bin/crictl", b"#!/bin/sh\nexec ctr \"$@\"\n");
        fixture.add("cni/bridge", &elf("bridge", 700, AMD64));
        let images = ["k8s.gcr.io/kube-proxy:v1.20.2", "k8s.gcr.io/pause:3.2"];
        fixture.add("images/control.tar", &docker_archive(&images, "amd64"));
        fixture.add("images/etcd.tar", &docker_archive(&["k8s.gcr.io/etcd:3.4.13-0"], "amd64"));
        fixture.add("VERSIONS", b"crictl v1.20.0 # a stand-in\n\nbridge 1.1.1\n");
        fixture
    }

    pub fn from(&self) -> PathBuf {
        self.dir.path().join("from")
    }

    pub fn bundle(&self) -> PathBuf {
        self.dir.path().join("v1.20.2.bundle")
    }

    pub fn cache(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    /// Writes a source, making its directory.
    pub fn add(&self, path: &str, bytes: &[u8]) {
        let path = self.from().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn build(&self) -> Result<Manifest, bundle::Error> {
        bundle::build(&self.bundle(), &self.from(), &version("1.20.2"), "amd64")
    }

    pub fn unpack(&self) -> Result<Vec<(bundle::Artifact, Vec<u8>)>, bundle::Error> {
        self.unpack_counting().map(|(content, _)| content)
    }

    /// Unpacks everything; says also whether the bundle was read.
    #[expect(clippy::type_complexity, reason = "only tests read it")]
    pub fn unpack_counting(
        &self,
    ) -> Result<(Vec<(bundle::Artifact, Vec<u8>)>, bool), bundle::Error> {
        let bundle = bundle::Bundle::open(&self.bundle())?;
        let mut was_read = false;
        let store = bundle.unpack(&self.cache(), &|_| true, &mut |_| was_read = true)?;
        let content = bundle.manifest().artifacts.iter();
        let content =
            content.map(|it| (it.clone(), fs::read(store.path(it.sha256)).unwrap())).collect();
        Ok((content, was_read))
    }
}

pub fn version(text: &str) -> Version {
    Version(semver::Version::parse(text).unwrap())
}

pub const AMD64: u8 = 62;
pub const ARM64: u8 = 183;

/// A file of Kubernetes 1.20.2 with an ELF header and `size` bytes that do not compress.
pub fn elf(seed: &str, size: usize, machine: u8) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(18, 0);
    bytes.extend([machine, 0]);
    bytes.extend(b"v1.20.2\0");
    let mut state = seed.bytes().fold(1u64, |sum, byte| sum * 31 + u64::from(byte));
    while bytes.len() < size {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        bytes.push((state >> 56) as u8);
    }
    bytes
}

/// What `podman save --format docker-archive` writes, as far as a bundle reads it.
pub fn docker_archive(references: &[&str], arch: &str) -> Vec<u8> {
    let mut images = Vec::new();
    let mut archive = tar::Builder::new(Vec::new());
    for (number, reference) in references.iter().enumerate() {
        let config = format!("{number:064}.json");
        add_plain(&mut archive, &config, format!(r#"{{"architecture":"{arch}"}}"#).as_bytes());
        add_plain(&mut archive, &format!("{number:064}.tar"), &[number as u8; 2000]);
        images.push(serde_json::json!({
            "Config": config, "RepoTags": [reference], "Layers": [format!("{number:064}.tar")],
        }));
    }
    let text = serde_json::to_vec(&images).unwrap();
    add_plain(&mut archive, "manifest.json", &text);
    archive.into_inner().unwrap()
}

pub fn add_plain(archive: &mut tar::Builder<Vec<u8>>, path: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, path, bytes).unwrap();
}

/// An error and its causes, the way the edge of the program prints them.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Names in a directory, sorted; empty when it is not there.
pub fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
