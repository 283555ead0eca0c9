//! Downloads: what is tried again, what is not, and what is said.

use std::path::Path;
use std::time::Duration;

use bivouac::content::{Cache, Digest, Store};
use bivouac::http::{Client, Error, Proxy, Settings};
use bivouac::secret::Secret;
use tempfile::TempDir;

use crate::support::server::{Answer, Ended, Identity, Server, Site, proxy, quick};

/// 300 kB that do not repeat soon.
fn bytes() -> Vec<u8> {
    (0..100_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[..3].to_vec())
        .collect()
}

fn site(answer: Answer) -> Site {
    Site::from([("/file".to_owned(), answer)])
}

struct Downloads {
    dir: TempDir,
    client: Client,
}

impl Downloads {
    fn new(settings: &Settings) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), client: Client::new(settings).unwrap() }
    }

    async fn get(&self, base: &str, expected: &[u8]) -> Result<u64, Error> {
        let cache = Cache::open(&self.dir.path().join("content")).unwrap();
        self.client
            .download(&format!("{base}/file"), Digest::of(expected), &cache, &|_, _| {})
            .await
    }

    /// The file is there, whole.
    fn has(&self, expected: &[u8]) -> bool {
        let cache = Cache::open(&self.dir.path().join("content")).unwrap();
        let store: Store = cache.store();
        cache.has(Digest::of(expected))
            && std::fs::read(store.path(Digest::of(expected))).unwrap() == expected
    }
}

/// What is said of a failed download; ports are of no interest.
fn said(error: &Error) -> String {
    let text = format!("{error}\nfix: {}", error.fix());
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("localhost:") {
        let end = at + "localhost:".len();
        out.push_str(&rest[..end]);
        out.push_str("PORT");
        rest = rest[end..].trim_start_matches(|c: char| c.is_ascii_digit());
    }
    out + rest
}

#[tokio::test]
async fn a_file_is_downloaded_once() {
    let server = Server::plain(site(Answer::File(bytes()))).await;
    let downloads = Downloads::new(&quick());
    assert_eq!(downloads.get(&server.base, &bytes()).await.unwrap(), 300_000);
    assert!(downloads.has(&bytes()));
    assert_eq!(downloads.get(&server.base, &bytes()).await.unwrap(), 300_000);
    assert_eq!(server.seen(), ["GET /file"]);
}

#[tokio::test]
async fn what_broke_off_goes_on_where_it_was() {
    let server = Server::plain(site(Answer::CutOffOnce(bytes(), 100_000))).await;
    let downloads = Downloads::new(&quick());
    downloads.get(&server.base, &bytes()).await.unwrap();
    assert!(downloads.has(&bytes()));
    let [first, second] = &server.seen()[..] else { panic!("{:?}", server.seen()) };
    assert_eq!(first, "GET /file");
    let from: u32 = second
        .strip_prefix("GET /file bytes=")
        .unwrap()
        .strip_suffix('-')
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=100_000).contains(&from), "{second}");

    let server = Server::plain(site(Answer::CutOffOnceNoRange(bytes(), 100_000))).await;
    let downloads = Downloads::new(&quick());
    downloads.get(&server.base, &bytes()).await.unwrap();
    assert!(downloads.has(&bytes()));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_beginning_of_another_file_is_not_built_upon() {
    let downloads = Downloads::new(&quick());
    let dir = downloads.dir.path().join("content");
    drop(Cache::open(&dir).unwrap());
    for beginning in [&b"something else"[..], &vec![7; 400_000]] {
        std::fs::write(dir.join(format!("part-{}", Digest::of(&bytes()))), beginning).unwrap();
        let server = Server::plain(site(Answer::File(bytes()))).await;
        downloads.get(&server.base, &bytes()).await.unwrap();
        assert!(downloads.has(&bytes()));
        assert_eq!(server.seen().len(), 2, "{:?}", server.seen());
        std::fs::remove_file(dir.join(Digest::of(&bytes()).to_string())).unwrap();
    }
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again() {
    let server = Server::plain(site(Answer::Busy(503, 2, bytes()))).await;
    let downloads = Downloads::new(&quick());
    downloads.get(&server.base, &bytes()).await.unwrap();
    assert_eq!(server.seen().len(), 3);
    let server = Server::plain(site(Answer::Busy(404, 1, bytes()))).await;
    let error = Downloads::new(&quick()).get(&server.base, &bytes()).await.unwrap_err();
    assert!(error.to_string().contains("404"), "{error}");
    assert_eq!(server.seen().len(), 1, "a file that is not there does not come by asking");
}

#[tokio::test]
async fn what_is_wrong_is_said_with_the_file_the_cause_and_the_fix() {
    let mut all = Vec::new();
    let wrong = [&b"x"[..], &bytes()].concat();
    for (name, answer, requests) in [
        ("wrong_sum", Answer::File(wrong), 1),
        ("missing", Answer::Status(404), 1),
        ("broken_server", Answer::Status(502), 4),
        ("cut_off_at_once", Answer::CutOff(bytes(), 0), 4),
        ("goes_round", Answer::Redirect("/file".to_owned()), 6),
        ("to_http", Answer::Redirect("http://localhost:1/file".to_owned()), 0),
        ("silent", Answer::Silent(bytes(), 0), 4),
    ] {
        let identity = Identity::new(Ended::Nothing);
        let server = Server::secure(site(answer), &identity).await;
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings { ca: Some(identity.ca(dir.path())), ..quick() };
        let downloads = Downloads::new(&settings);
        let error = downloads.get(&server.base, &bytes()).await.unwrap_err();
        assert!(!downloads.has(&bytes()), "{name}");
        if requests > 0 {
            assert_eq!(server.seen().len(), requests, "{name}");
        }
        all.push(format!("{name}: {}", said(&error)));
    }
    insta::assert_snapshot!("http_faults", all.join("\n"));
}

#[tokio::test]
async fn what_comes_and_breaks_off_again_and_again_ends() {
    let server = Server::plain(site(Answer::CutOff(bytes(), 100_000))).await;
    let error = Downloads::new(&quick()).get(&server.base, &bytes()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("got 100000 of 300000 bytes"), "{text}");
}

#[tokio::test]
async fn a_server_cannot_hold_a_run_for_ever() {
    // A byte, and then the end, again and again.
    let server = Server::plain(site(Answer::Drip(bytes(), 1))).await;
    let error = Downloads::new(&quick()).get(&server.base, &bytes()).await.unwrap_err();
    assert!(error.to_string().contains("of 300000 bytes"), "{error}");
    let requests = server.seen().len();
    assert!((100..200).contains(&requests), "{requests}");

    // Other bytes than those asked for, with a beginning that has to be given up each time.
    let wrong = [&b"x"[..], &bytes()].concat();
    let server = Server::plain(site(Answer::Drip(wrong, 200_000))).await;
    let error = Downloads::new(&quick()).get(&server.base, &bytes()).await.unwrap_err();
    assert!(error.to_string().contains("its checksum is wrong"), "{error}");
    assert_eq!(server.seen().len(), 4);

    // Neither does a whole file take more time than there is.
    let server = Server::plain(site(Answer::Silent(bytes(), 10))).await;
    let settings =
        Settings { idle: Duration::from_secs(60), whole: Duration::from_millis(200), ..quick() };
    let error = Downloads::new(&settings).get(&server.base, &bytes()).await.unwrap_err();
    assert!(error.to_string().contains("it did not come whole within 0.2 s"), "{error}");
}

#[tokio::test]
async fn a_server_s_certificate_is_checked() {
    let dir = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    for (name, ended, trusted) in [
        ("unknown_authority", Ended::Nothing, false),
        ("expired_certificate", Ended::Certificate, true),
    ] {
        let identity = Identity::new(ended);
        let server = Server::secure(site(Answer::File(bytes())), &identity).await;
        let ca = trusted.then(|| identity.ca(dir.path()));
        let downloads = Downloads::new(&Settings { ca, ..quick() });
        let error = downloads.get(&server.base, &bytes()).await.unwrap_err();
        assert!(server.seen().is_empty(), "{name}");
        all.push(format!("{name}: {}", said(&error)));
    }
    // Its own dates are not looked at by TLS.
    let ca = Identity::new(Ended::Authority).ca(dir.path());
    let error = Client::new(&Settings { ca: Some(ca), ..quick() }).unwrap_err();
    let text = said(&error).replace(&dir.path().display().to_string(), "DIR");
    all.push(format!("expired_authority: {text}"));
    for (name, text) in [
        ("empty", ""),
        ("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        ("cut", "-----BEGIN CERTIFICATE-----\nAAAA"),
    ] {
        let path = dir.path().join("ca.pem");
        std::fs::write(&path, text).unwrap();
        let error = Client::new(&Settings { ca: Some(path), ..quick() }).unwrap_err();
        let text = error.to_string().replace(&dir.path().display().to_string(), "DIR");
        all.push(format!("{name}: {text}"));
    }
    let missing = Settings { ca: Some(Path::new("/nonexistent/ca.pem").to_owned()), ..quick() };
    all.push(format!("no_file: {}", Client::new(&missing).unwrap_err()));
    insta::assert_snapshot!("http_certificates", all.join("\n"));
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_an_error_at_once() {
    let downloads = Downloads::new(&quick());
    let error = downloads.get("https://no-such-host.invalid", b"").await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("no-such-host.invalid") && text.contains("cannot be resolved"), "{text}");
}

fn via(proxy: &Server, login: &str) -> Settings {
    let address = Secret::new(proxy.base.replace("http://", &format!("http://{login}")));
    let proxy = Proxy { http: Some(address.clone()), https: Some(address), ..Proxy::default() };
    Settings { proxy, ..quick() }
}

#[tokio::test]
async fn a_proxy_is_gone_through() {
    let dir = tempfile::tempdir().unwrap();
    let identity = Identity::new(Ended::Nothing);
    let plain = Server::plain(site(Answer::File(bytes()))).await;
    let secure = Server::secure(site(Answer::File(bytes())), &identity).await;
    // `u:p@ss` in base64.
    let between = proxy(Some("Basic dTpwQHNz")).await;
    let settings = Settings { ca: Some(identity.ca(dir.path())), ..via(&between, "u:p%40ss@") };
    for server in [&plain, &secure] {
        let downloads = Downloads::new(&settings);
        downloads.get(&server.base, &bytes()).await.unwrap();
        assert!(downloads.has(&bytes()));
    }
    let [get, connect] = &between.seen()[..] else { panic!("{:?}", between.seen()) };
    assert_eq!(*get, format!("GET {}/file HTTP/1.1", plain.base));
    assert_eq!(*connect, format!("CONNECT {} HTTP/1.1", secure.base.replace("https://", "")));

    for server in [&plain, &secure] {
        let wrong = Settings { ca: settings.ca.clone(), ..via(&between, "u:wrong@") };
        let error = Downloads::new(&wrong).get(&server.base, &bytes()).await.unwrap_err();
        let text = said(&error);
        assert!(text.contains("proxy") && !text.contains("wrong"), "{text}");
    }
}

#[tokio::test]
async fn what_needs_no_proxy_goes_past_it() {
    let server = Server::plain(site(Answer::File(bytes()))).await;
    let between = proxy(None).await;
    let mut settings = via(&between, "");
    settings.proxy.no_proxy = "example.com,localhost".to_owned();
    Downloads::new(&settings).get(&server.base, &bytes()).await.unwrap();
    assert!(between.seen().is_empty());
    let bad = Settings {
        proxy: Proxy { http: Some(Secret::new("http://u:s3cret@ /")), ..Proxy::default() },
        ..quick()
    };
    let text = Client::new(&bad).unwrap_err().to_string();
    assert!(text.contains("proxy") && !text.contains("s3cret"), "{text}");
}
