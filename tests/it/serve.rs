//! The bundle for a whole site: files by their sums, images as a registry has them, and how a host fetches.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use bivouac::bundle::{Bundle, Digest, Kind};
use bivouac::secret::Secret;
use bivouac::serve::{Listening, Shelf};
use serde_json::Value;

use crate::bundle::support::{AMD64, Fixture, add_plain, elf};

const TOKEN: &str = "t0ken";

/// A server on loopback that lives as long as this value.
struct Site {
    fixture: Fixture,
    at: SocketAddr,
    runtime: tokio::runtime::Runtime,
}

/// What it answered.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Site {
    fn new(fixture: Fixture) -> Self {
        fixture.build().unwrap();
        let bundle = Bundle::open(&fixture.bundle()).unwrap();
        let store = bundle.unpack(&fixture.cache(), &|_| true, &mut |_| ()).unwrap();
        let shelf = Shelf::of(bundle.manifest(), &store).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let at = "127.0.0.1:0".parse().unwrap();
        let token = Some(Secret::new(TOKEN));
        let listening = runtime.block_on(Listening::at(at, shelf, token)).unwrap();
        let at = listening.address().unwrap();
        runtime.spawn(listening.run());
        Self { fixture, at, runtime }
    }

    fn ask(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.at).unwrap();
        let request = request.replace('\n', "\r\n");
        write!(stream, "{request}\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let at = bytes.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..at].to_vec()).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: bytes[at + 4..].to_vec() }
    }

    /// Asks as somebody who may.
    fn get(&self, path: &str, more: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\nAuthorization: Bearer {TOKEN}{more}"))
    }

    fn json(&self, path: &str) -> Value {
        let answer = self.get(path, "");
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// A file of the bundle, with its sum.
    fn file(&self, name: &str) -> (String, Vec<u8>) {
        let bundle = Bundle::open(&self.fixture.bundle()).unwrap();
        let artifact = bundle.manifest().find(Kind::Binary, name, "amd64").unwrap();
        let bytes = fs::read(self.fixture.from().join("bin").join(name)).unwrap();
        (artifact.sha256.to_string(), bytes)
    }
}

/// A docker-archive whose layer is what its configuration says.
fn image(reference: &str, layer: &[u8]) -> Vec<u8> {
    let diff_id = Digest::of(layer);
    let config = format!(
        r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":["sha256:{diff_id}"]}}}}"#
    );
    let mut archive = tar::Builder::new(Vec::new());
    add_plain(&mut archive, "c.json", config.as_bytes());
    add_plain(&mut archive, "l.tar", layer);
    let manifest =
        serde_json::json!([{"Config": "c.json", "RepoTags": [reference], "Layers": ["l.tar"]}]);
    add_plain(&mut archive, "manifest.json", manifest.to_string().as_bytes());
    archive.into_inner().unwrap()
}

/// The same as an OCI layout.
fn layout(reference: &str, layer: &[u8]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut blob = |bytes: &[u8]| {
        let digest = Digest::of(bytes);
        add_plain(&mut archive, &format!("blobs/sha256/{digest}"), bytes);
        (format!("sha256:{digest}"), bytes.len())
    };
    let (layer, layer_size) = blob(layer);
    let (config, config_size) = blob(br#"{"architecture":"amd64","os":"linux"}"#);
    let (kind, oci) = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image");
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": kind,
        "config": {"mediaType": format!("{oci}.config.v1+json"), "digest": config, "size": config_size},
        "layers": [{"mediaType": format!("{oci}.layer.v1.tar"), "digest": layer, "size": layer_size}],
    });
    let (manifest, size) = blob(manifest.to_string().as_bytes());
    let index = serde_json::json!({"manifests": [{
        "mediaType": kind, "digest": manifest, "size": size,
        "annotations": {"io.containerd.image.name": reference},
    }]});
    add_plain(&mut archive, "index.json", index.to_string().as_bytes());
    archive.into_inner().unwrap()
}

/// Sources whose images are whole.
fn fixture() -> Fixture {
    let fixture = Fixture::new();
    for name in ["control.tar", "etcd.tar"] {
        fs::remove_file(fixture.from().join("images").join(name)).unwrap();
    }
    fixture.add("images/pause.tar", &image("k8s.gcr.io/pause:3.2", &[7; 5000]));
    fixture.add("images/coredns.tar", &layout("registry.k8s.io/coredns/coredns:v1.9.3", &[8; 700]));
    fixture.add("bin/kubelet", &elf("kubelet", 3_000_000, AMD64));
    fixture
}

#[test]
fn a_file_is_served_by_its_sum_and_from_where_a_client_has_it() {
    let site = Site::new(fixture());
    let (sum, bytes) = site.file("kubelet");
    let path = format!("/files/{sum}");
    let whole = site.get(&path, "");
    assert_eq!((whole.status, whole.body == bytes), (200, true));
    assert!(whole.head.contains("content-length: 3000000"), "{}", whole.head);
    let rest = site.get(&path, "\nRange: bytes=2999990-");
    assert_eq!((rest.status, &rest.body[..]), (206, &bytes[2_999_990..]));
    assert!(rest.head.contains("content-range: bytes 2999990-2999999/3000000"), "{}", rest.head);
    let some = site.get(&path, "\nRange: bytes=10-19");
    assert_eq!((some.status, &some.body[..]), (206, &bytes[10..20]));
    assert_eq!(site.get(&path, "\nRange: bytes=3000000-").status, 416);
    let head = site.ask(&format!("HEAD {path} HTTP/1.1\nAuthorization: Bearer {TOKEN}"));
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert!(head.head.contains("content-length: 3000000"), "{}", head.head);
}

#[test]
fn nothing_is_served_to_strangers_nor_beside_the_bundle() {
    let site = Site::new(fixture());
    let (sum, _) = site.file("kubelet");
    let path = format!("/files/{sum}");
    // base64 of `x:t0ken`, `x:t0keN` and `t0ken`.
    for (line, status) in [
        ("", 401),
        ("\nAuthorization: Bearer t0keN", 401),
        ("\nAuthorization: Bearer t0ke", 401),
        ("\nAuthorization: Bearer", 401),
        ("\nAuthorization: Basic eDp0MGtlTg==", 401),
        ("\nAuthorization: Basic dDBrZW4=", 401),
        ("\nAuthorization: Basic !", 401),
        ("\nAuthorization: Basic eDp0MGtlbg==", 200),
        ("\nAuthorization: bearer t0ken", 200),
    ] {
        for path in [&path, "/v2/"] {
            assert_eq!(site.ask(&format!("GET {path} HTTP/1.1{line}")).status, status, "{line}");
        }
    }
    let stranger = site.ask(&format!("GET {path} HTTP/1.1"));
    assert!(stranger.head.contains("www-authenticate: basic"), "{}", stranger.head);
    for path in [
        "/",
        "/files/",
        "/files/../../../etc/passwd",
        "/files/%2e%2e/stamp",
        &format!("/files/{}", "0".repeat(64)),
        &format!("/files/{}", sum.to_uppercase()),
        "/v1/",
        "/v2/pause/manifests/3.3",
        "/v2/paus/manifests/3.2",
        "/v2/pause/tags",
        "/v2/none/tags/list",
        "/v2/pause/blobs/sha256:00",
        &format!("/v2/pause/blobs/{sum}"),
    ] {
        assert_eq!(site.get(path, "").status, 404, "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let request =
            format!("{method} /v2/pause/blobs/uploads/ HTTP/1.1\nAuthorization: Bearer {TOKEN}");
        assert_eq!(site.ask(&request).status, 405, "{method}");
    }
}

#[test]
fn images_are_pulled_blob_by_blob_whatever_their_archive_was() {
    let site = Site::new(fixture());
    assert_eq!(site.json("/v2/"), serde_json::json!({}));
    let tags = site.json("/v2/coredns/coredns/tags/list");
    assert_eq!(tags, serde_json::json!({"name": "coredns/coredns", "tags": ["v1.9.3"]}));
    for (name, tag, layer) in [
        ("pause", "3.2", vec![7; 5000]),
        ("k8s.gcr.io/pause", "3.2", vec![7; 5000]),
        ("coredns/coredns", "v1.9.3", vec![8; 700]),
    ] {
        let answer = site.get(&format!("/v2/{name}/manifests/{tag}"), "");
        let digest = format!("sha256:{}", Digest::of(&answer.body));
        assert!(
            answer.head.contains(&format!("docker-content-digest: {digest}")),
            "{}",
            answer.head
        );
        let manifest: Value = serde_json::from_slice(&answer.body).unwrap();
        let kind = manifest["mediaType"].as_str().unwrap();
        assert!(answer.head.contains(&format!("content-type: {kind}")), "{}", answer.head);
        assert_eq!(site.json(&format!("/v2/{name}/manifests/{digest}")), manifest);
        let all = [&manifest["config"], &manifest["layers"][0]];
        let blobs = all.map(|it| {
            let digest = it["digest"].as_str().unwrap();
            let blob = site.get(&format!("/v2/{name}/blobs/{digest}"), "").body;
            assert_eq!(format!("sha256:{}", Digest::of(&blob)), digest);
            assert_eq!(blob.len() as u64, it["size"].as_u64().unwrap());
            blob
        });
        assert!(blobs[1] == layer, "{name}");
    }
}

/// Fetches with a client of the host, as a step does; `begun` is there already.
fn fetch(
    site: &Site,
    client: &str,
    path: &str,
    token: &str,
    begun: &[u8],
    to: &Path,
) -> (bool, String) {
    let bytes = 3_000_000;
    fs::write(to, begun).unwrap();
    let fetch = include_str!("../../src/host/kind/served.sh");
    let script = format!(
        "bv_die() {{ echo \"$*\" >&2; exit 1; }}\n{fetch}\nBV_URL=http://{}{path}\nBV_CLIENT={client}\nbv_receive \"$1\" {bytes}",
        site.at
    );
    let mut child = Command::new("sh")
        .args(["-c", &script, "sh"])
        .arg(to)
        .env("BV", to.parent().unwrap())
        .env("BV_LIVE", to.parent().unwrap())
        .env("http_proxy", "http://127.0.0.1:9")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{token}").unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    (output.status.success(), said)
}

#[test]
fn a_host_fetches_with_what_it_has() {
    let site = Site::new(fixture());
    let (sum, bytes) = site.file("kubelet");
    let path = format!("/files/{sum}");
    let to = site.fixture.dir.path().join("fetched");
    let has = |program: &str| {
        Command::new("sh")
            .args(["-c", &format!("command -v {program}")])
            .output()
            .unwrap()
            .status
            .success()
    };
    let clients: Vec<&str> = ["curl", "wget", "bash"].into_iter().filter(|it| has(it)).collect();
    assert!(clients.contains(&"bash"), "{clients:?}");
    for client in clients {
        for begun in [0, 1, 1_000_000, 2_999_999, 3_000_000] {
            let (done, said) = fetch(&site, client, &path, TOKEN, &bytes[..begun], &to);
            assert!(done, "{client} from {begun}: {said}");
            assert!(fs::read(&to).unwrap() == bytes, "{client} from {begun}");
        }
        assert!(!to.with_file_name("wgetrc").exists());
        let (done, said) = fetch(&site, client, &path, "another", b"", &to);
        let expected = format!("cannot be fetched with {client}: ");
        let why = ["401", "Authentication Failed"].iter().any(|why| said.contains(why));
        assert!(!done && said.contains(&expected) && why, "{client}: {said}");
        assert!(!said.contains("another"), "{client}: {said}");
        assert_eq!(said.lines().count(), 1, "{client}: {said}");
        let (done, said) = fetch(&site, client, "/files/0", TOKEN, b"", &to);
        assert!(!done && said.contains("404"), "{client}: {said}");
    }
    // The server is gone.
    let Site { fixture, at, runtime } = site;
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let site = Site { fixture, at, runtime };
    for client in ["curl", "wget", "bash"].into_iter().filter(|it| has(it)) {
        let (done, said) = fetch(&site, client, &path, TOKEN, b"", &to);
        let said = said.to_lowercase();
        assert!(!done && said.contains("refused") | said.contains("connect"), "{client}: {said}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let site = Site::new(fixture());
    let again = site.runtime.block_on(Listening::at(site.at, Shelf::default(), None));
    let error = again.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on `{}`", site.at));
    assert!(error.fix().contains("artifacts: {serve: HOST:PORT}"));
}
