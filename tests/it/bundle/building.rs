//! `bundle build` and `bundle show`.

use std::fs;

use bivouac::bundle::{self, Bundle, Digest, Input, Kind};
use bivouac::cluster::{CONTAINERD, CRI_O, DOCKER};

use super::support::{
    AMD64, ARM64, Fixture, add_plain, chain, docker_archive, elf, names, version,
};

#[test]
fn a_round_trip_gives_every_byte_back() {
    let fixture = Fixture::new();
    let manifest = fixture.build().unwrap();
    let summary = bundle::show(&fixture.bundle()).unwrap();
    assert_eq!(summary.manifest, manifest);
    assert_eq!(summary.file_size, fs::metadata(fixture.bundle()).unwrap().len());
    let mut seen = Vec::new();
    let verified = bundle::verify(&fixture.bundle(), &mut |progress| seen.push(progress)).unwrap();
    assert_eq!(verified, summary);
    let last = seen.last().unwrap();
    assert_eq!((seen[0].done, last.done, last.total), (0, manifest.size(), manifest.size()));
    assert!(seen.is_sorted_by_key(|progress| progress.done));

    let sources = ["bin", "cni", "images"].map(|dir| fixture.from().join(dir));
    for (artifact, bytes) in fixture.unpack().unwrap() {
        let source = sources.iter().map(|dir| dir.join(&artifact.name)).find(|it| it.exists());
        assert!(bytes == fs::read(source.unwrap()).unwrap(), "{}", artifact.path());
        assert_eq!(Digest::of(&bytes), artifact.sha256);
    }
}

#[test]
fn the_manifest_says_what_is_inside() {
    let fixture = Fixture::new();
    let manifest = fixture.build().unwrap();
    let lines: Vec<_> = manifest
        .artifacts
        .iter()
        .map(|it| format!("{} {} {} {:04o}", it.path(), it.version, it.images.join(","), it.mode))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    artifacts/amd64/binary/crictl v1.20.0  0755
    artifacts/amd64/binary/kubeadm v1.20.2  0755
    artifacts/amd64/binary/kubectl v1.20.2  0755
    artifacts/amd64/binary/kubelet v1.20.2  0755
    artifacts/amd64/cni/bridge 1.1.1  0755
    artifacts/amd64/image/control.tar v1.20.2 k8s.gcr.io/kube-proxy:v1.20.2,k8s.gcr.io/pause:3.2 0644
    artifacts/amd64/image/etcd.tar 3.4.13-0 k8s.gcr.io/etcd:3.4.13-0 0644
    ");
    assert!(manifest.find(Kind::Binary, "kubelet", "amd64").is_some());
    assert!(manifest.find(Kind::Binary, "kubelet", "arm64").is_none());
    assert!(manifest.find(Kind::Cni, "kubelet", "amd64").is_none());
}

#[test]
fn images_are_found_by_reference_and_by_name() {
    let manifest = Fixture::new().build().unwrap();
    let image = |reference| manifest.image(reference, "amd64").map(|it| it.reference);
    assert_eq!(image("k8s.gcr.io/pause:3.2"), Some("k8s.gcr.io/pause:3.2"));
    assert_eq!(image("mirror.example:5000/k8s/pause:3.2"), Some("k8s.gcr.io/pause:3.2"));
    assert_eq!(image("k8s.gcr.io/pause:3.3"), None);
    assert_eq!(manifest.image("k8s.gcr.io/pause:3.2", "arm64"), None);
    let asked = ["k8s.gcr.io/etcd:3.4.13-0", "k8s.gcr.io/coredns:1.7.0"].map(str::to_owned);
    let missing = manifest.images_for(&asked, "amd64").unwrap_err();
    assert_eq!(missing, ["k8s.gcr.io/coredns:1.7.0"]);
    let found = manifest.images_for(&asked[..1], "amd64").unwrap();
    assert_eq!(found[0].artifact.name, "etcd.tar");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, other) = (Fixture::new(), Fixture::new());
    one.build().unwrap();
    other.build().unwrap();
    let first = fs::read(one.bundle()).unwrap();
    assert!(first == fs::read(other.bundle()).unwrap());
    one.build().unwrap();
    assert!(first == fs::read(one.bundle()).unwrap(), "built again over the first");
    one.add("bin/crictl", b"#!/bin/sh\n");
    one.build().unwrap();
    assert!(first != fs::read(one.bundle()).unwrap());
    assert_eq!(names(one.dir.path()), ["from", "v1.20.2.bundle"], "nothing is left behind");
}

#[test]
fn a_bundle_is_a_plain_tar_archive_in_zstd() {
    let fixture = Fixture::new();
    let manifest = fixture.build().unwrap();
    let file = fs::File::open(fixture.bundle()).unwrap();
    let mut archive = tar::Archive::new(zstd::Decoder::new(file).unwrap());
    let paths: Vec<_> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().to_str().unwrap().to_owned())
        .collect();
    let expected: Vec<_> = manifest.artifacts.iter().map(bundle::Artifact::path).collect();
    assert_eq!(paths[0], "manifest.json");
    assert_eq!(paths[1..], expected);
}

#[test]
fn a_bundle_must_be_the_one_that_is_needed() {
    let fixture = Fixture::new();
    fixture.build().unwrap();
    let bundle = Bundle::open(&fixture.bundle()).unwrap();
    bundle.check(&version("1.20.2"), "amd64").unwrap();
    let error = bundle.check(&version("1.20.3"), "amd64").unwrap_err().to_string();
    assert!(error.contains("holds Kubernetes v1.20.2, expected v1.20.3"), "{error}");
    let error = bundle.check(&version("1.20.2"), "arm64").unwrap_err().to_string();
    assert!(error.contains("no `kubeadm` for `arm64`"), "{error}");
}

#[test]
fn a_runtime_that_does_not_go_with_the_release_is_named() {
    for (kubernetes, containerd, expected) in [
        ("1.30.2", "1.5.13", Some("holds containerd 1.5.13 for `amd64`, expected 1.6.0 or newer")),
        ("1.20.2", "2.1.0", Some("expected one older than 2.0.0, which v1.20.2 needs")),
        ("1.20.2", "1.6.20~ds1-1+deb12u3", None),
        ("1.37.1", "2.3.7", None),
        ("1.30.2", "unknown", None),
    ] {
        let fixture = Fixture::new();
        for program in ["kubeadm", "kubectl", "kubelet", "containerd"] {
            fixture.add(&format!("bin/{program}"), b"#!/bin/sh\n");
        }
        fs::remove_dir_all(fixture.from().join("images")).unwrap();
        fixture.add("VERSIONS", format!("containerd {containerd}\n").as_bytes());
        bundle::build(&fixture.bundle(), &fixture.from(), &version(kubernetes), "amd64").unwrap();
        let checked = Bundle::open(&fixture.bundle()).unwrap().check_runtime(&CONTAINERD);
        let found = checked.err().map(|error| error.to_string());
        match (&found, expected) {
            (Some(found), Some(expected)) => assert!(found.contains(expected), "{found}"),
            _ => assert_eq!(found.as_deref(), expected, "{kubernetes} {containerd}"),
        }
    }
}

#[test]
fn a_bundle_of_another_runtime_is_named() {
    for (programs, versions, runtime, expected) in [
        (
            &["containerd"][..],
            "",
            &DOCKER,
            Some("holds no `cri-dockerd` for `amd64`, expected one"),
        ),
        (
            &["cri-dockerd"],
            "",
            &CONTAINERD,
            Some("holds no `containerd` for `amd64`, expected one"),
        ),
        (&["cri-dockerd"], "cri-dockerd 0.3.20", &DOCKER, None),
        (&["cri-dockerd"], "cri-dockerd 0.3.24", &DOCKER, Some("expected one older than 0.3.22")),
        // One of small steps has none at all.
        (&[], "", &DOCKER, None),
    ] {
        let fixture = Fixture::new();
        fs::remove_dir_all(fixture.from().join("bin")).unwrap();
        fs::remove_dir_all(fixture.from().join("images")).unwrap();
        for program in ["kubeadm", "kubectl", "kubelet"].iter().chain(programs) {
            fixture.add(&format!("bin/{program}"), b"#!/bin/sh\n");
        }
        fixture.add("VERSIONS", format!("{versions}\n").as_bytes());
        bundle::build(&fixture.bundle(), &fixture.from(), &version("1.20.2"), "amd64").unwrap();
        let checked = Bundle::open(&fixture.bundle()).unwrap().check_runtime(runtime);
        let found = checked.err().map(|error| error.to_string());
        match (&found, expected) {
            (Some(found), Some(expected)) => assert!(found.contains(expected), "{found}"),
            _ => assert_eq!(found.as_deref(), expected, "{programs:?} {versions}"),
        }
    }
}

#[test]
fn a_cri_o_of_another_minor_is_named() {
    let found = |of: &str| {
        let fixture = Fixture::new();
        for program in ["kubeadm", "kubectl", "kubelet", "crio"] {
            fixture.add(&format!("bin/{program}"), b"#!/bin/sh\n");
        }
        fs::remove_dir_all(fixture.from().join("images")).unwrap();
        fixture.add("VERSIONS", format!("crio {of}\n").as_bytes());
        bundle::build(&fixture.bundle(), &fixture.from(), &version("1.30.2"), "amd64").unwrap();
        let checked = Bundle::open(&fixture.bundle()).unwrap().check_runtime(&CRI_O);
        checked.err().map(|error| error.to_string())
    };
    assert_eq!(["1.30.14", "1.29.3", "unknown"].map(found), [None, None, None]);
    for of in ["1.28.11", "1.31.0"] {
        let found = found(of).unwrap();
        assert!(
            found.contains(&format!("holds crio {of} for `amd64`, expected 1.30.x or 1.29.x")),
            "{found}"
        );
    }
}

/// Changes the sources; the build must fail with `expected` and leave nothing.
fn refuses(change: impl FnOnce(&Fixture), expected: &str) {
    let fixture = Fixture::new();
    change(&fixture);
    let error = fixture.build().unwrap_err();
    let text = chain(&error);
    assert!(text.contains(expected), "found: {text}\nexpected: {expected}");
    assert_eq!(names(fixture.dir.path()), ["from"], "{text}");
}

#[test]
fn sources_of_another_architecture_are_refused() {
    refuses(|it| it.add("bin/kubelet", &elf("", 100, ARM64)), "made for `arm64`, expected `amd64`");
    refuses(|it| it.add("cni/host-local", &elf("", 100, 8)), "made for ELF machine 8");
    refuses(
        |it| it.add("images/etcd.tar", &docker_archive(&["etcd:1"], "arm64")),
        "images/etcd.tar`: made for `arm64`",
    );
}

/// An OCI layout with one image, there for several architectures.
fn for_several(archs: &[&str]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let manifests: Vec<_> = archs
        .iter()
        .map(|arch| serde_json::json!({"platform": {"architecture": arch, "os": "linux"}}))
        .collect();
    let inner = serde_json::json!({"schemaVersion": 2, "manifests": manifests}).to_string();
    let outer = serde_json::json!({"schemaVersion": 2, "manifests": [{
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "digest": "sha256:abc",
        "annotations": {"io.containerd.image.name": "k8s.gcr.io/etcd:3.4.13-0"},
    }]});
    add_plain(&mut archive, "index.json", outer.to_string().as_bytes());
    add_plain(&mut archive, "blobs/sha256/abc", inner.as_bytes());
    archive.into_inner().unwrap()
}

#[test]
fn an_image_archive_may_be_for_several_architectures() {
    let fixture = Fixture::new();
    fixture.add("images/etcd.tar", &for_several(&["arm64", "amd64"]));
    let manifest = fixture.build().unwrap();
    let etcd = manifest.find(Kind::Image, "etcd.tar", "amd64").unwrap();
    assert_eq!(
        (etcd.images.as_slice(), etcd.version.as_str()),
        (&["k8s.gcr.io/etcd:3.4.13-0".to_owned()][..], "3.4.13-0")
    );
    refuses(
        |it| it.add("images/etcd.tar", &for_several(&["arm64", "s390x"])),
        "images/etcd.tar`: made for `arm64`, `s390x`, expected `amd64`",
    );
    // One image of the host's architecture does not make up for another that is not.
    let mixed = [docker_archive(&["k8s.gcr.io/etcd:3.4.13-0"], "arm64")];
    refuses(|it| it.add("images/etcd.tar", &mixed[0]), "made for `arm64`, expected `amd64`");
}

/// The fixture's directories for two architectures.
fn two(fixture: &Fixture) -> Vec<(std::path::PathBuf, &'static str)> {
    let from = fixture.from();
    fs::create_dir(from.join("amd64")).unwrap();
    for dir in ["bin", "cni", "images", "VERSIONS"] {
        fs::rename(from.join(dir), from.join("amd64").join(dir)).unwrap();
    }
    for name in bundle::REQUIRED {
        fixture.add(&format!("arm64/bin/{name}"), &elf(&format!("arm {name}"), 900, ARM64));
    }
    let pause = docker_archive(&["k8s.gcr.io/pause:3.2"], "arm64");
    fixture.add("arm64/images/pause.tar", &pause);
    vec![(from.join("arm64"), "arm64"), (from.join("amd64"), "amd64")]
}

#[test]
fn a_bundle_may_be_for_several_architectures() {
    let fixture = Fixture::new();
    let from = two(&fixture);
    let manifest = bundle::build_mixed(&fixture.bundle(), &from, &version("1.20.2")).unwrap();
    let bytes = fs::read(fixture.bundle()).unwrap();
    bundle::verify(&fixture.bundle(), &mut |_| {}).unwrap();
    let bundle = Bundle::open(&fixture.bundle()).unwrap();
    for arch in ["amd64", "arm64"] {
        bundle.check(&version("1.20.2"), arch).unwrap();
    }
    let sum = |arch| manifest.find(Kind::Binary, "kubelet", arch).unwrap().sha256;
    assert_ne!(sum("amd64"), sum("arm64"));
    assert!(manifest.find(Kind::Cni, "bridge", "arm64").is_none(), "it is amd64's");
    assert_eq!(fixture.unpack().unwrap().len(), manifest.artifacts.len());
    // In whichever order they are named.
    let from: Vec<_> = from.into_iter().rev().collect();
    bundle::build_mixed(&fixture.bundle(), &from, &version("1.20.2")).unwrap();
    assert!(bytes == fs::read(fixture.bundle()).unwrap());
    // One program among those of the other architecture is named with its place.
    fixture.add("arm64/cni/bridge", &elf("bridge", 700, AMD64));
    let error = bundle::build_mixed(&fixture.bundle(), &from, &version("1.20.2")).unwrap_err();
    let text = chain(&error);
    assert!(text.contains("arm64/cni/bridge`: made for `amd64`, expected `arm64`"), "{text}");
}

#[test]
fn sources_of_another_release_are_refused() {
    let mut kubelet = elf("", 100, AMD64);
    let at = kubelet.windows(7).position(|it| it == b"v1.20.2").unwrap();
    kubelet[at + 7] = b'0';
    refuses(|it| it.add("bin/kubelet", &kubelet), "a `kubelet` in which `v1.20.2` does not occur");
    let archive = docker_archive(&["k8s.gcr.io/kube-apiserver:v1.20.3"], "amd64");
    refuses(
        |it| it.add("images/a.tar", &archive),
        "found image `kube-apiserver:v1.20.3`, expected `kube-apiserver:v1.20.2`",
    );
}

#[test]
fn the_required_binaries_must_be_there() {
    for name in bundle::REQUIRED {
        let remove = |it: &Fixture| fs::remove_file(it.from().join("bin").join(name)).unwrap();
        refuses(remove, &format!("`bin/{name}` is missing"));
    }
    refuses(|it| fs::remove_dir_all(it.from().join("bin")).unwrap(), "`bin/kubeadm` is missing");
}

#[test]
fn what_is_no_image_archive_is_refused() {
    let mut empty = tar::Builder::new(Vec::new());
    add_plain(&mut empty, "readme", b"hello");
    let empty = empty.into_inner().unwrap();
    let mut nameless = tar::Builder::new(Vec::new());
    add_plain(&mut nameless, "c.json", br#"{"architecture":"amd64"}"#);
    add_plain(&mut nameless, "manifest.json", br#"[{"Config":"c.json","RepoTags":null}]"#);
    let nameless = nameless.into_inner().unwrap();
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0].repeat(100);
    let shell = docker_archive(&["pause:$(reboot)"], "amd64");
    for (bytes, expected) in [
        (&b"<html>not found</html>"[..], "an image archive, not compressed"),
        (&gzip, "an image archive, not compressed"),
        (&empty, "without `manifest.json` or `index.json`"),
        (&nameless, "in which no image has a name"),
        (&shell, "an image named `pause:$(reboot)`"),
    ] {
        refuses(|it| it.add("images/x.tar", bytes), expected);
    }
    refuses(|it| it.add("images/x.tar.gz", &gzip), "whose name ends in `.tar`");
}

#[test]
fn an_oci_layout_is_an_image_archive() {
    let fixture = Fixture::new();
    let mut archive = tar::Builder::new(Vec::new());
    add_plain(&mut archive, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
    let index = r#"{"manifests":[{"digest":"sha256:00",
        "annotations":{"io.containerd.image.name":"docker.io/library/busybox:1.36",
                       "org.opencontainers.image.ref.name":"1.36"}}]}"#;
    add_plain(&mut archive, "./index.json", index.as_bytes());
    fixture.add("images/busybox.tar", &archive.into_inner().unwrap());
    let manifest = fixture.build().unwrap();
    let image = manifest.image("busybox:1.36", "amd64").unwrap();
    assert_eq!(
        (&*image.artifact.version, image.reference),
        ("1.36", "docker.io/library/busybox:1.36")
    );
}

#[test]
fn odd_sources_are_refused() {
    refuses(|it| it.add("bin/a b", b"#!"), "named `a b`, expected a file name");
    refuses(|it| it.add("bin/.hidden", b"#!"), "named `.hidden`");
    refuses(|it| it.add("bin/dir/file", b"#!"), "no plain file");
    refuses(|it| it.add("bin/page", b"<html>"), "neither a program nor a script");
    refuses(|it| it.add("bin/empty", b""), "neither a program nor a script");
    refuses(
        |it| it.add("bin/KUBELET", b"#!"),
        "in one bundle: \
         `artifacts/amd64/binary/kubelet` is there twice, or differs",
    );
    refuses(|it| it.add("VERSIONS", b"a 1\na 2\n"), "line 2 is `a 2`, expected `NAME VERSION`");
    refuses(|it| it.add("VERSIONS", b"\n\na\n"), "line 3 is `a`");
}

#[test]
fn a_directory_of_sources_that_is_not_there_is_named() {
    let fixture = Fixture::new();
    fs::remove_dir_all(fixture.from()).unwrap();
    let error = fixture.build().unwrap_err().to_string();
    assert!(error.contains("cannot read") && error.contains("/from`"), "{error}");
}

#[test]
fn an_unknown_architecture_is_refused() {
    let fixture = Fixture::new();
    let built = bundle::build(&fixture.bundle(), &fixture.from(), &version("1.20.2"), "x86_64");
    let error = built.unwrap_err().to_string();
    assert!(error.contains("architecture `x86_64`, expected one of"), "{error}");
}

#[test]
fn files_from_anywhere_for_two_architectures_give_the_same_bytes_in_any_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut inputs = Vec::new();
    for (arch, machine) in [("arm64", ARM64), ("amd64", AMD64)] {
        let mut add = |kind, name: &str, version: &str, bytes: &[u8]| {
            // As in the content cache: a name says nothing.
            let file = dir.path().join(Digest::of(bytes).to_string());
            fs::write(&file, bytes).unwrap();
            let (name, version) = (name.to_owned(), version.to_owned());
            inputs.push(Input { kind, name, arch: arch.to_owned(), version, file });
        };
        for name in ["kubelet", "kubeadm", "kubectl"] {
            add(Kind::Binary, name, "v1.20.2", &elf(name, 900, machine));
        }
        add(Kind::Binary, "runc", "1.3.3", &elf("runc", 700, machine));
        add(Kind::Cni, "bridge", "1.9.1", &elf("bridge", 700, machine));
        add(Kind::Image, "pause.tar", "3.2", &docker_archive(&["k8s.gcr.io/pause:3.2"], arch));
    }
    let (one, two) = (dir.path().join("one.bundle"), dir.path().join("two.bundle"));
    let manifest = bundle::gather(&one, &version("1.20.2"), &inputs).unwrap();
    inputs.reverse();
    bundle::gather(&two, &version("1.20.2"), &inputs).unwrap();
    assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap());
    bundle::verify(&one, &mut |_| {}).unwrap();
    for arch in ["amd64", "arm64"] {
        let runc = manifest.find(Kind::Binary, "runc", arch).unwrap();
        assert_eq!(runc.version, "1.3.3");
        let pause = manifest.image("k8s.gcr.io/pause:3.2", arch).unwrap();
        assert_eq!(pause.artifact.name, "pause.tar");
    }
    assert_eq!(manifest.artifacts.len(), 12);

    // Each architecture needs all of it, and the right one.
    let without: Vec<Input> = inputs
        .iter()
        .filter(|it| (&*it.name, &*it.arch) != ("kubectl", "arm64"))
        .cloned()
        .collect();
    let error = bundle::gather(&two, &version("1.20.2"), &without).unwrap_err().to_string();
    assert!(error.contains("kubectl"), "{error}");
    let mut swapped = inputs.clone();
    swapped[0].arch = if swapped[0].arch == "amd64" { "arm64" } else { "amd64" }.to_owned();
    let error = bundle::gather(&two, &version("1.20.2"), &swapped).unwrap_err().to_string();
    assert!(error.contains("made for"), "{error}");
}
