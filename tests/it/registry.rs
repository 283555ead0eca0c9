//! Images from registries, against one on loopback that can lie.

mod fake;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use bivouac::http::Proxy;
use bivouac::registry::{Access, Error, Found, Pulled, Registries};
use bivouac::secret::Secret;
use fake::{Auth, Fake, Lie, fixture, layers, start, sum};
use serde_json::Value;

fn at(fake: &Fake, password: Option<&str>, ca: &str) -> Registries {
    let login = password.map(|password| ("u".to_owned(), Secret::new(password)));
    let access = Access { address: fake.address.clone(), login, ca: Some(fixture(ca)) };
    Registries::new(vec![access], Proxy::default())
}

async fn find(fake: &Fake, password: Option<&str>, image: &str) -> Result<Found, Error> {
    let reference = format!("{}/k8s/{image}", fake.address);
    at(fake, password, "ca.crt").find(&reference, "amd64").await
}

/// Finds and pulls into a directory that is thrown away; the archive's bytes.
async fn pull(auth: Auth, lie: Lie, arch: &str) -> Result<(Pulled, Vec<u8>), Error> {
    let fake = start(auth, lie, "server").await;
    let registries = at(&fake, Some("p"), "ca.crt");
    let found = registries.find(&format!("{}/k8s/tool:v1", fake.address), arch).await?;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("image");
    // Who pulls need not be who found it.
    let registries = at(&fake, Some("p"), "ca.crt");
    let pulled = registries.pull(&found, &file).await?;
    let bytes = std::fs::read(file).unwrap();
    assert_eq!(
        (pulled.size, format!("sha256:{}", pulled.sha256)),
        (bytes.len() as u64, sum(&bytes))
    );
    Ok((pulled, bytes))
}

fn entries(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut tar = tar::Archive::new(archive);
    let all = tar.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let header = entry.header();
        assert_eq!(
            (header.mtime().unwrap(), header.uid().unwrap(), header.mode().unwrap()),
            (0, 0, 0o644)
        );
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (name, bytes)
    });
    all.collect()
}

#[tokio::test]
async fn an_image_comes_with_a_password_and_with_a_token() {
    for auth in [Auth::Nobody, Auth::Basic, Auth::Bearer] {
        for arch in ["amd64", "arm64"] {
            let (_, bytes) = pull(auth, Lie::None, arch).await.unwrap();
            let all = entries(&bytes);
            let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names[..3], ["oci-layout", "index.json", "manifest.json"]);
            let files: BTreeMap<&str, &[u8]> =
                all.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
            assert_eq!(files.len(), 7, "each blob once: {names:?}");
            for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with("blobs/")) {
                assert_eq!(*name, sum(bytes).replace("sha256:", "blobs/sha256/"));
            }
            // Both ways to read it lead to the same layers, in the image's own order.
            let blob = |digest: &Value| {
                files[&*digest.as_str().unwrap().replace("sha256:", "blobs/sha256/")]
            };
            let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
            let index = json(files["index.json"]);
            let manifest = json(blob(&index["manifests"][0]["digest"]));
            let [low, high] = layers(arch);
            let expected = [&low[..], &high, &low];
            let oci: Vec<_> = manifest["layers"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| blob(&it["digest"]))
                .collect();
            assert_eq!(oci, expected);
            let docker = &json(files["manifest.json"])[0];
            let paths = docker["Layers"].as_array().unwrap();
            assert_eq!(
                paths.iter().map(|it| files[it.as_str().unwrap()]).collect::<Vec<_>>(),
                expected
            );
            assert_eq!(json(files[docker["Config"].as_str().unwrap()])["architecture"], arch);
            let name = &index["manifests"][0]["annotations"]["io.containerd.image.name"];
            assert_eq!(*name, docker["RepoTags"][0]);
        }
    }
}

#[tokio::test]
async fn two_pulls_give_the_same_bytes_also_over_a_line_that_breaks() {
    // The address, and with it the image's name, is another one each time but for its length.
    let fake = start(Auth::Basic, Lie::BrokenOnce, "server").await;
    let registries = at(&fake, Some("p"), "ca.crt");
    let found = registries.find(&format!("{}/k8s/tool:v1", fake.address), "amd64").await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| dir.path().join(name));
    // What was there before does not show.
    std::fs::write(&two, vec![7; 1 << 20]).unwrap();
    registries.pull(&found, &one).await.unwrap();
    registries.pull(&found, &two).await.unwrap();
    assert!(std::fs::read(&one).unwrap() == std::fs::read(&two).unwrap());
    let log = fake.log.lock().unwrap();
    assert!(log.iter().all(|line| line.starts_with("GET ")), "{log:?}");
}

#[tokio::test]
async fn what_the_registry_gets_wrong_is_refused() {
    for (lie, expected) in [
        (Lie::Blob, "gave bytes with the sum"),
        (Lie::Short, "gave bytes with the sum"),
        (Lie::Broken, "ended after"),
        (Lie::Long, "a part of more than the"),
        (Lie::Manifest, "gave bytes with the sum"),
    ] {
        let error = pull(Auth::Nobody, lie, "amd64").await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(expected) && text.contains("/k8s/tool:v1"), "{lie:?}: {text}");
        assert!(!error.fix().is_empty() && !error.is_unknown(), "{lie:?}");
    }
}

#[tokio::test]
async fn a_refusal_names_image_registry_and_user() {
    for auth in [Auth::Basic, Auth::Bearer] {
        let fake = start(auth, Lie::None, "server").await;
        for (password, who) in [(Some("wrong"), "the user `u`"), (None, "who does not log in")] {
            let error = find(&fake, password, "tool:v1").await.unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, Error::Login { .. }), "{auth:?}: {text}");
            for word in [who, &fake.address, "/k8s/tool:v1"] {
                assert!(text.contains(word), "{auth:?}: {text}");
            }
            assert!(!text.contains("wrong") && !format!("{error:?}").contains("wrong"), "{text}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let fake = start(Auth::Basic, Lie::None, "server").await;
    for image in ["tool:v2", "nothing:v1"] {
        let error = find(&fake, Some("p"), image).await.unwrap_err();
        assert!(matches!(error, Error::Missing { .. }), "{error:?}");
        assert!(error.to_string().contains(image), "{error}");
    }
    let registries = at(&fake, Some("p"), "ca.crt");
    for (image, there) in [("tool", "linux/amd64, linux/arm64"), ("plain", "linux/amd64")] {
        let reference = format!("{}/k8s/{image}:v1", fake.address);
        let error = registries.find(&reference, "s390x").await.unwrap_err();
        let expected =
            format!("image `{reference}`: there is none for linux/s390x, only for {there}");
        assert_eq!(error.to_string(), expected);
    }
    assert!(find(&fake, Some("p"), "plain:v1").await.is_ok());
    let error = registries.find("no such thing", "amd64").await.unwrap_err();
    assert!(matches!(error, Error::Reference { .. }), "{error:?}");
}

#[tokio::test]
async fn certificates_are_checked() {
    for (certificate, ca, cause) in [
        ("server", "other-ca.crt", "no authority that is known here has signed it"),
        ("expired-server", "ca.crt", "it has expired"),
        ("other-name", "ca.crt", "it is for another name"),
        ("server-of-expired", "expired-ca.crt", "has expired"),
        ("server", "server.key", "has a private key in it"),
        ("server", "nothing.crt", "cannot be read"),
    ] {
        let fake = start(Auth::Nobody, Lie::None, certificate).await;
        let reference = format!("{}/k8s/tool:v1", fake.address);
        let error = at(&fake, None, ca).find(&reference, "amd64").await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(cause) && text.contains(&fake.address), "{certificate} {ca}: {text}");
        assert!(matches!(error, Error::Tls { .. } | Error::Authority { .. }), "{error:?}");
        assert!(fake.log.lock().unwrap().is_empty(), "{certificate} {ca}");
    }
}

#[tokio::test]
async fn a_manifest_has_a_limit() {
    let error = pull(Auth::Bearer, Lie::Huge, "amd64").await.unwrap_err();
    assert!(matches!(error, Error::Answer { .. }), "{error:?}");
    assert!(error.to_string().ends_with("gave a manifest of more than 4194304 bytes"), "{error}");
}

#[tokio::test]
async fn a_login_goes_nowhere_in_clear() {
    let fake = start(Auth::InClear, Lie::None, "server").await;
    let reference = format!("{}/k8s/tool:v1", fake.address);
    let error = at(&fake, Some("p"), "ca.crt").find(&reference, "amd64").await.unwrap_err();
    let text = format!("{error}\n{}", error.fix()).replace(&fake.address, "REGISTRY");
    insta::assert_snapshot!(text, @r"
    image `REGISTRY/k8s/tool:v1`: the registry `REGISTRY` has its users log in without TLS, at `http://REGISTRY/token`
    have the registry name an https address in its `auth.token.realm`
    ");
    let log = fake.log.lock().unwrap();
    assert!(log.iter().all(|line| line.ends_with(" nobody")), "{log:?}");
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_unknown_territory() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let registries = Registries::new(Vec::new(), Proxy::default());
    let error = registries.find(&format!("{address}/x:1"), "amd64").await.unwrap_err();
    assert!(error.is_unknown(), "{error:?}");
    assert!(error.to_string().contains("onnection refused"), "{error}");
}

#[tokio::test]
async fn an_archive_that_cannot_be_written_says_where() {
    let fake = start(Auth::Nobody, Lie::None, "server").await;
    let registries = at(&fake, None, "ca.crt");
    let found = registries.find(&format!("{}/k8s/tool:v1", fake.address), "amd64").await.unwrap();
    let path = PathBuf::from("/dev/full");
    let error = registries.pull(&found, &path).await.unwrap_err();
    assert!(
        matches!(error, Error::Write { .. }) && error.to_string().contains("/dev/full"),
        "{error:?}"
    );
}

/// What a host says that asks by itself (`host/registry.sh`), here this machine.
async fn host_says(
    fake: &Fake,
    password: &str,
    ca: Option<&str>,
    image: &str,
    arch: &str,
) -> String {
    let script = concat!(
        include_str!("../../src/host/authorities.sh"),
        include_str!("../../src/host/registry.sh")
    );
    let ca = ca.map_or("-".to_owned(), |ca| STANDARD.encode(std::fs::read(fixture(ca)).unwrap()));
    let login = STANDARD.encode(format!("u:{password}"));
    let asked = format!("registry {} {ca} {login}\nimage {image} {arch}\n", fake.address);
    let output = tokio::task::spawn_blocking(move || {
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(asked.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    });
    let text = String::from_utf8(output.await.unwrap().stdout).unwrap();
    let name = format!("image {}/{} ", fake.address, image.replace(' ', ":"));
    text.trim_end().strip_prefix(&name).map_or(text.clone(), str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_asks_by_itself() {
    if Command::new("curl").arg("--version").output().is_err() {
        let fake = start(Auth::Nobody, Lie::None, "server").await;
        assert_eq!(host_says(&fake, "p", None, "k8s/tool v1", "amd64").await, "unchecked\n");
        return;
    }
    for auth in [Auth::Nobody, Auth::Basic, Auth::Bearer] {
        let fake = start(auth, Lie::None, "server").await;
        let ca = Some("ca.crt");
        for (image, arch, expected) in [
            ("k8s/tool v1", "amd64", "there"),
            ("k8s/tool v1", "arm64", "there"),
            ("k8s/tool v1", "s390x", "arch"),
            ("k8s/tool v2", "amd64", "missing"),
        ] {
            let found = host_says(&fake, "p", ca, image, arch).await;
            assert_eq!(found, expected, "{auth:?} {image} {arch}");
        }
        let found = host_says(&fake, "x", ca, "k8s/tool v1", "amd64").await;
        assert_eq!(found, if auth == Auth::Nobody { "there" } else { "login" }, "{auth:?}");
        let found = host_says(&fake, "p", Some("other-ca.crt"), "k8s/tool v1", "amd64").await;
        assert!(found.starts_with("unknown (60)"), "{found}");
    }
    // Authorities and servers that have ended are as refused as by this machine.
    for (certificate, ca) in [("expired-server", "ca.crt"), ("server-of-expired", "expired-ca.crt")]
    {
        let fake = start(Auth::Nobody, Lie::None, certificate).await;
        let found = host_says(&fake, "p", Some(ca), "k8s/tool v1", "amd64").await;
        assert!(found.starts_with("unknown (60)"), "{certificate}: {found}");
    }
}
