//! A server of files with faults, over TCP or TLS, and a proxy before it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What is at a path.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The whole file; parts of it on request.
    File(Vec<u8>),
    /// A status and nothing else.
    Status(u16),
    /// It is elsewhere.
    Redirect(String),
    /// The connection is closed after so many bytes, every time.
    CutOff(Vec<u8>, usize),
    /// The same, the first time alone: then it goes on where it was asked to.
    CutOffOnce(Vec<u8>, usize),
    /// The same, on a server that always begins at the beginning.
    CutOffOnceNoRange(Vec<u8>, usize),
    /// So many bytes at each request, from where it was asked to go on.
    Drip(Vec<u8>, usize),
    /// Nothing comes after so many bytes.
    Silent(Vec<u8>, usize),
    /// The status the first times, then the file.
    Busy(u16, usize, Vec<u8>),
}

pub type Site = BTreeMap<String, Answer>;

/// A server on a free port of this machine, until it is dropped.
#[derive(Debug)]
pub struct Server {
    pub base: String,
    /// The requests so far: `GET /path`, and the range if there was one.
    seen: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub async fn plain(site: Site) -> Self {
        Self::start(site, None).await
    }

    pub async fn secure(site: Site, identity: &Identity) -> Self {
        Self::start(site, Some(identity.acceptor())).await
    }

    async fn start(site: Site, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (seen, site) = (Arc::new(Mutex::new(Vec::new())), Arc::new(site));
        let requests = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (site, seen, tls) = (Arc::clone(&site), Arc::clone(&requests), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &site, &seen).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &site, &seen).await;
                            }
                        }
                    }
                });
            }
        });
        Self { base: format!("{scheme}://localhost:{port}"), seen, task }
    }

    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// One request a connection.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    site: &Site,
    seen: &Mutex<Vec<String>>,
) {
    let mut stream = BufReader::new(stream);
    let Some((line, headers)) = head(&mut stream).await else { return };
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let range = headers.iter().find_map(|(name, value)| (name == "range").then_some(value.clone()));
    let shown = range.as_ref().map_or_else(String::new, |range| format!(" {range}"));
    let request = format!("{method} {path}{shown}");
    let earlier = {
        let mut seen = seen.lock().unwrap();
        let earlier = seen.iter().filter(|it| it.split(' ').nth(1) == Some(path)).count();
        seen.push(request);
        earlier
    };
    let from: usize = range
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok())
        .unwrap_or(0);
    let status = |code: u16| (format!("HTTP/1.1 {code} x\r\ncontent-length: 0\r\n"), Vec::new());
    let part = |bytes: &[u8], from: usize, end: usize| {
        let total = bytes.len();
        let (code, range) = match from {
            0 => (200, String::new()),
            from => (206, format!("content-range: bytes {from}-{}/{total}\r\n", total - 1)),
        };
        let head = format!("HTTP/1.1 {code} x\r\ncontent-length: {}\r\n{range}", total - from);
        (head, bytes[from..end.max(from)].to_vec())
    };
    let mut silent = false;
    let (head, body) = match site.get(path) {
        None => status(404),
        Some(Answer::Status(code)) => status(*code),
        Some(Answer::Redirect(to)) => {
            (format!("HTTP/1.1 302 x\r\nlocation: {to}\r\ncontent-length: 0\r\n"), Vec::new())
        }
        Some(Answer::File(bytes)) if from > bytes.len() => status(416),
        Some(Answer::CutOff(bytes, end)) => part(bytes, 0, *end),
        Some(Answer::Drip(bytes, count)) => part(bytes, from, (from + count).min(bytes.len())),
        Some(Answer::CutOffOnce(bytes, end)) => {
            part(bytes, from, if earlier == 0 { *end } else { bytes.len() })
        }
        Some(Answer::CutOffOnceNoRange(bytes, end)) => {
            part(bytes, 0, if earlier == 0 { *end } else { bytes.len() })
        }
        Some(Answer::Silent(bytes, end)) => {
            silent = true;
            part(bytes, 0, *end)
        }
        Some(Answer::Busy(code, times, _)) if earlier < *times => status(*code),
        Some(Answer::File(bytes) | Answer::Busy(_, _, bytes)) => part(bytes, from, bytes.len()),
    };
    let _ = stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).await;
    let _ = stream.write_all(&body).await;
    let _ = stream.flush().await;
    if silent {
        // Until the client gives up.
        let _ = stream.read_line(&mut String::new()).await;
    }
    let _ = stream.shutdown().await;
}

type Head = (String, Vec<(String, String)>);

async fn head(stream: &mut (impl AsyncBufRead + Unpin)) -> Option<Head> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok().filter(|count| *count > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => {
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
            None => return Some((first.trim_end().to_owned(), headers)),
        }
    }
}

/// A proxy that lets through who logs in as this, or everybody. Requests are kept as they came.
pub async fn proxy(login: Option<&'static str>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::clone(&seen);
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = Arc::clone(&requests);
            tokio::spawn(async move {
                let _ = forward(stream, login, &seen).await;
            });
        }
    });
    Server { base: format!("http://127.0.0.1:{port}"), seen, task }
}

async fn forward(
    stream: TcpStream,
    login: Option<&str>,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut client = BufReader::new(stream);
    let Some((line, headers)) = head(&mut client).await else { return Ok(()) };
    seen.lock().unwrap().push(line.clone());
    let given = headers.iter().find(|(name, _)| name == "proxy-authorization");
    if login.is_some_and(|login| given.is_none_or(|(_, given)| given != login)) {
        client.write_all(b"HTTP/1.1 407 x\r\ncontent-length: 0\r\n\r\n").await?;
        return client.shutdown().await;
    }
    let words: Vec<&str> = line.split(' ').collect();
    if words[0] == "CONNECT" {
        let mut server = TcpStream::connect(words[1]).await?;
        client.write_all(b"HTTP/1.1 200 x\r\n\r\n").await?;
        tokio::io::copy_bidirectional(&mut client, &mut server).await?;
        return Ok(());
    }
    let rest = words[1].strip_prefix("http://").unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut server = TcpStream::connect(host).await?;
    server
        .write_all(format!("{} /{path} HTTP/1.1\r\nhost: {host}\r\n\r\n", words[0]).as_bytes())
        .await?;
    tokio::io::copy(&mut server, &mut client).await?;
    client.shutdown().await
}

/// A certificate authority, and a certificate for `localhost` that it signed.
#[derive(Debug)]
pub struct Identity {
    ca: String,
    chain: Vec<rustls::pki_types::CertificateDer<'static>>,
    key: Vec<u8>,
}

/// When certificates end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Nothing,
    Certificate,
    Authority,
}

impl Identity {
    pub fn new(ended: Ended) -> Self {
        let past = |params: &mut CertificateParams| {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        };
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        if ended == Ended::Authority {
            past(&mut authority);
        }
        let ca_key = KeyPair::generate().unwrap();
        let ca = authority.self_signed(&ca_key).unwrap();
        let issuer = Issuer::new(authority, ca_key);
        let mut own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        if ended == Ended::Certificate {
            past(&mut own);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = own.signed_by(&key, &issuer).unwrap();
        Self { ca: ca.pem(), chain: vec![certificate.der().clone()], key: key.serialize_der() }
    }

    /// The authority's certificate as a file.
    pub fn ca(&self, dir: &std::path::Path) -> PathBuf {
        let path = dir.join("ca.pem");
        std::fs::write(&path, &self.ca).unwrap();
        path
    }

    fn acceptor(&self) -> TlsAcceptor {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.clone()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Limits that tests can wait for.
pub fn quick() -> bivouac::http::Settings {
    bivouac::http::Settings {
        idle: Duration::from_millis(300),
        pause: Duration::from_millis(5),
        ..bivouac::http::Settings::default()
    }
}
