//! A release server with the projects' layout, and what is fetched from it.

use std::sync::Arc;

use bivouac::cluster::{Mirrors, Version};
use bivouac::content::{Cache, Digest};
use bivouac::event::{EventKind, Events};
use bivouac::http::Client;
use bivouac::release::{self, Contents, Error, Fetched, Source, Sum};
use tempfile::TempDir;

use crate::support::server::{Answer, Server, Site, quick};

fn version() -> Version {
    "v1.20.2".parse().unwrap()
}

fn sources(base: &str) -> Vec<Source> {
    let mirrors = Mirrors {
        cri_o: format!("{base}/cri-o"),
        kubernetes: format!("{base}/dl"),
        github: format!("{base}/github"),
        images: None,
    };
    release::sources(&version(), "amd64", bivouac::cluster::RuntimeKind::Containerd, &mirrors)
}

/// Where a file's sum is published.
fn sums(source: &Source) -> String {
    match &source.sum {
        Sum::Published(at) => at.clone(),
        Sum::Pinned(sum) => panic!("{}: the sum is pinned: {sum}", source.file),
    }
}

fn program(name: &str) -> Vec<u8> {
    format!("the program {name}").into_bytes()
}

/// A file as its project packs it.
fn packed(source: &Source) -> Vec<u8> {
    let Contents::Archive { within, members, .. } = source.contents else {
        return program(&source.file);
    };
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    for member in members.iter().chain(&["another"]) {
        let content = program(member);
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        let path =
            if within.is_empty() { format!("./{member}") } else { format!("{within}/{member}") };
        tar.append_data(&mut header, path, &content[..]).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn path(url: &str, base: &str) -> String {
    url.strip_prefix(base).unwrap().to_owned()
}

/// All files of a release, each with its list of sums in its project's form.
fn site() -> Site {
    let mut site = Site::new();
    for source in sources("") {
        let bytes = packed(&source);
        let sum = Digest::of(&bytes);
        let list = match source.component {
            "Kubernetes" => sum.to_string(),
            "runc" => format!(
                "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n{} *runc.arm64\n{sum} *runc.amd64\n-----BEGIN PGP SIGNATURE-----\n",
                Digest::of(b"arm64")
            ),
            _ => format!("{sum}  {}\n", source.file),
        };
        site.insert(path(&source.url, ""), Answer::File(bytes));
        site.insert(path(&sums(&source), ""), Answer::File(list.into_bytes()));
    }
    site.insert("/dl/release/stable.txt".to_owned(), Answer::File(b"v1.37.1".to_vec()));
    site.insert("/dl/release/stable-1.36.txt".to_owned(), Answer::File(b"v1.36.4\n".to_vec()));
    site.insert("/dl/release/stable-1.35.txt".to_owned(), Answer::File(b"v1.36.4\n".to_vec()));
    site.insert("/dl/release/stable-1.34.txt".to_owned(), Answer::File(b"<html>".to_vec()));
    site
}

struct Place {
    dir: TempDir,
    client: Client,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), client: Client::new(&quick()).unwrap() }
    }

    fn cache(&self) -> Arc<Cache> {
        Arc::new(Cache::open(&self.dir.path().join("content")).unwrap())
    }

    async fn fetch(&self, server: &Server) -> Result<Vec<Fetched>, Error> {
        release::fetch(&self.client, &self.cache(), sources(&server.base), &Events::channel().0)
            .await
    }
}

#[tokio::test]
async fn each_file_that_comes_is_told_of_with_its_bytes() {
    let server = Server::plain(site()).await;
    let place = Place::new();
    let told = async || {
        let (events, mut received) = Events::channel();
        let sources = sources(&server.base);
        release::fetch(&place.client, &place.cache(), sources, &events).await.unwrap();
        let mut all = Vec::new();
        while let Ok(event) = received.try_recv() {
            all.push(match event.kind {
                EventKind::StepStarted { step } => format!("{} begins", step.step),
                EventKind::StepProgress { step, done, total } => {
                    format!("{} {done}/{total}", step.step)
                }
                EventKind::StepDone { step, .. } => format!("{} is here", step.step),
                other => panic!("{other:?}"),
            });
        }
        all
    };
    let all = told().await;
    let kubelet: Vec<&String> = all.iter().filter(|it| it.contains(" kubelet ")).collect();
    assert_eq!(
        kubelet,
        [
            "download kubelet for amd64 begins",
            "download kubelet for amd64 19/19",
            "download kubelet for amd64 is here"
        ]
    );
    assert_eq!(all.iter().filter(|it| it.ends_with(" is here")).count(), 7, "{all:?}");
    assert_eq!(told().await, Vec::<String>::new(), "nothing comes a second time");
}

#[tokio::test]
async fn everything_that_a_host_needs_is_fetched_once() {
    let server = Server::plain(site()).await;
    let place = Place::new();
    let fetched = place.fetch(&server).await.unwrap();
    let names: Vec<_> = fetched.iter().map(|it| format!("{} {}", it.kind, it.name)).collect();
    insta::assert_snapshot!(names.join("\n"), @r"
    binary kubelet
    binary kubeadm
    binary kubectl
    binary containerd
    binary containerd-shim-runc-v2
    binary ctr
    binary runc
    cni bandwidth
    cni bridge
    cni firewall
    cni host-local
    cni loopback
    cni portmap
    cni tuning
    binary crictl
    ");
    let store = place.cache().store();
    for it in &fetched {
        let name = if it.name == "runc" { "runc.amd64" } else { &it.name };
        assert_eq!(std::fs::read(store.path(it.sum)).unwrap(), program(name), "{}", it.name);
    }
    assert_eq!(server.seen().len(), 14, "a file and its sum each");
    // Nothing is asked again, not even the sums.
    assert_eq!(place.fetch(&server).await.unwrap(), fetched);
    assert_eq!(server.seen().len(), 14);
    // What is gone, or was changed, is fetched again, and only that.
    std::fs::write(store.path(fetched[0].sum), "spoilt").unwrap();
    std::fs::remove_file(store.path(fetched[7].sum)).unwrap();
    assert_eq!(place.fetch(&server).await.unwrap(), fetched);
    assert_eq!(server.seen().len(), 18, "{:?}", &server.seen()[14..]);
    assert_eq!(std::fs::read(store.path(fetched[0].sum)).unwrap(), program("kubelet"));
}

#[tokio::test]
async fn each_fault_of_each_file_names_it() {
    for source in sources("") {
        for (fault, words) in [
            ("missing", "404"),
            ("wrong", "checksum is wrong"),
            ("no sums", "404"),
            ("sums of another", "expected that of"),
        ] {
            let mut site = site();
            let bytes = packed(&source);
            match fault {
                "missing" => site.remove(&source.url),
                "wrong" => {
                    site.insert(source.url.clone(), Answer::File([&bytes[..], b"!"].concat()))
                }
                "no sums" => site.remove(&sums(&source)),
                _ => site.insert(
                    sums(&source),
                    Answer::File(format!("{}  other\n", Digest::of(&bytes)).into_bytes()),
                ),
            };
            let server = Server::plain(site).await;
            let place = Place::new();
            let error = place.fetch(&server).await.unwrap_err();
            let file = if fault.contains("sums") { sums(&source) } else { source.url.clone() };
            let text = error.to_string();
            assert!(text.contains(words) && text.contains(&format!("{file}`")), "{fault}: {text}");
        }
    }
}

#[tokio::test]
async fn an_archive_with_a_right_sum_and_without_the_program_is_refused() {
    let source = sources("").into_iter().find(|it| it.component == "crictl").unwrap();
    let other = sources("").into_iter().find(|it| it.component == "containerd").unwrap();
    let mut bytes = packed(&other);
    // The same programs, and yet another file than containerd's own.
    let empty = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    bytes.extend(empty.finish().unwrap());
    let mut site = site();
    let list = format!("{}  {}\n", Digest::of(&bytes), source.file);
    site.insert(source.url.clone(), Answer::File(bytes));
    site.insert(sums(&source), Answer::File(list.into_bytes()));
    let server = Server::plain(site).await;
    let place = Place::new();
    let text = place.fetch(&server).await.unwrap_err().to_string();
    assert!(text.contains(&source.file) && text.contains("no member `crictl`"), "{text}");
}

#[tokio::test]
async fn sums_alone_are_read_for_hosts_that_download_themselves() {
    let server = Server::plain(site()).await;
    let place = Place::new();
    let published = release::published(&place.client, sources(&server.base)).await.unwrap();
    for it in &published {
        assert_eq!(it.sum, Digest::of(&packed(&it.source)), "{}", it.source.file);
    }
    assert_eq!(server.seen().len(), 7);
}

#[tokio::test]
async fn the_newest_release_is_what_the_server_says() {
    let server = Server::plain(site()).await;
    let place = Place::new();
    let mirrors = Mirrors { kubernetes: format!("{}/dl", server.base), ..Mirrors::default() };
    let newest = async |minor| release::newest(&place.client, &mirrors, minor).await;
    assert_eq!(newest(None).await.unwrap().to_string(), "1.37.1");
    assert_eq!(newest(Some(36)).await.unwrap().to_string(), "1.36.4");
    for (minor, words) in
        [(35, "names `v1.36.4`"), (34, "names `<html>`"), (33, "404 (there is no such file)")]
    {
        let text = newest(Some(minor)).await.unwrap_err().to_string();
        assert!(text.contains(words) && text.contains(&format!("stable-1.{minor}.txt")), "{text}");
    }
}

#[tokio::test]
async fn a_file_whose_project_publishes_no_sums_has_to_have_the_one_that_is_known() {
    let kind = bivouac::cluster::RuntimeKind::Docker;
    let all = |base: &str| {
        let mirrors =
            Mirrors { kubernetes: base.to_owned(), github: base.to_owned(), ..Mirrors::default() };
        release::sources(&version(), "amd64", kind, &mirrors)
    };
    let source = all("").into_iter().find(|it| it.component == "cri-dockerd").unwrap();
    let mut site = Site::new();
    let bytes = packed(&source);
    site.insert(source.url.clone(), Answer::File(bytes.clone()));
    let server = Server::plain(site).await;
    let place = Place::new();
    let real = all(&server.base).into_iter().find(|it| it.component == "cri-dockerd").unwrap();
    let cache = place.cache();
    let events = Events::channel().0;
    let fetch = |source: Source| release::fetch(&place.client, &cache, vec![source], &events);
    let text = fetch(real.clone()).await.unwrap_err().to_string();
    assert!(text.contains("cri-dockerd-0.3.20.amd64.tgz") && text.contains("checksum"), "{text}");
    let known = Source { sum: Sum::Pinned(Digest::of(&bytes)), ..real };
    let names: Vec<_> = fetch(known).await.unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["cri-dockerd"]);
    let asked = server.seen();
    assert!(!asked.iter().any(|it| it.contains("sha256")), "nobody is asked for a sum: {asked:?}");
}

/// cri-o's static archive, in its bucket's layout.
#[tokio::test]
async fn cri_o_comes_out_of_its_own_archive_and_a_wrong_sum_names_it() {
    let version: Version = "v1.35.0".parse().unwrap();
    let cri_o = |base: &str| {
        let mirrors = Mirrors { cri_o: format!("{base}/cri-o/artifacts"), ..Mirrors::default() };
        let all =
            release::sources(&version, "amd64", bivouac::cluster::RuntimeKind::CriO, &mirrors);
        all.into_iter().filter(|it| it.component == "cri-o").collect::<Vec<_>>()
    };
    let source = cri_o("").pop().unwrap();
    assert_eq!(source.url, "/cri-o/artifacts/cri-o.amd64.v1.35.0.tar.gz");
    let bytes = packed(&source);
    for right in [true, false] {
        let sum = Digest::of(if right { &bytes } else { b"another" });
        let mut site = Site::new();
        site.insert(source.url.clone(), Answer::File(bytes.clone()));
        site.insert(
            format!("{}.sha256sum", source.url),
            Answer::File(format!("{sum}  {}\n", source.file).into_bytes()),
        );
        let server = Server::plain(site).await;
        let place = Place::new();
        let fetched = release::fetch(
            &place.client,
            &place.cache(),
            cri_o(&server.base),
            &Events::channel().0,
        )
        .await;
        if right {
            let mut names: Vec<String> = fetched.unwrap().into_iter().map(|it| it.name).collect();
            names.sort();
            assert_eq!(names, ["conmon", "crio", "crun", "pinns", "runc"]);
        } else {
            let error = fetched.unwrap_err().to_string();
            assert!(error.contains("cri-o.amd64.v1.35.0.tar.gz"), "{error}");
        }
    }
}
