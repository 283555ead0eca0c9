//! A registry that lies on demand: HTTPS on loopback, one repository.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// How it wants to know who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    Nobody,
    /// The user `u` with the password `p`.
    Basic,
    /// The same, for a token.
    Bearer,
    /// As [`Auth::Bearer`], but whoever logs in is sent to an address without TLS.
    InClear,
}

/// What it does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lie {
    #[default]
    None,
    /// Layers have another byte.
    Blob,
    /// Layers end early, with a length to match.
    Short,
    /// The line breaks in the middle of each layer.
    Broken,
    /// The line breaks in the middle of the first answer with a layer.
    BrokenOnce,
    /// Layers go on for longer.
    Long,
    /// The manifest for an architecture is another one's.
    Manifest,
    /// Manifests are longer than any.
    Huge,
}

pub struct Fake {
    pub address: String,
    /// Method and path of each request, and who asked.
    pub log: Arc<Mutex<Vec<String>>>,
}

struct State {
    address: String,
    auth: Auth,
    lie: Lie,
    manifests: HashMap<String, Vec<u8>>,
    blobs: HashMap<String, Vec<u8>>,
    log: Arc<Mutex<Vec<String>>>,
    layers_given: Mutex<usize>,
}

/// A body that may break off.
pub struct Text {
    bytes: Option<Bytes>,
    announced: u64,
    /// How often it is still asked before it fails: what it has goes out first.
    breaks: Option<u32>,
}

impl Body for Text {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match &mut self.breaks {
            None => Poll::Ready(None),
            Some(0) => Poll::Ready(Some(Err(io::Error::other("broken")))),
            Some(left) => {
                *left -= 1;
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/registry").join(name)
}

pub fn sum(bytes: &[u8]) -> String {
    let sum = Sha256::digest(bytes);
    sum.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// What the layers of the image for an architecture hold.
pub fn layers(arch: &str) -> [Vec<u8>; 2] {
    let long: Vec<u8> = (0..40_000_u32).flat_map(|at| (at * 7).to_le_bytes()).collect();
    [format!("the lowest of {arch}").into_bytes(), [arch.as_bytes(), &long].concat()]
}

/// The image `k8s/tool:v1` for amd64 and arm64, and `k8s/plain:v1`, which is no index, for amd64.
fn content(state: &mut State) {
    let mut entries = Vec::new();
    for arch in ["amd64", "arm64"] {
        let config = json!({"os": "linux", "architecture": arch, "rootfs": {"type": "layers"}});
        let config = config.to_string().into_bytes();
        let blob = |kind: &str, bytes: &[u8]| json!({"mediaType": kind, "digest": sum(bytes), "size": bytes.len()});
        let layer = "application/vnd.docker.image.rootfs.diff.tar.gzip";
        let all = layers(arch);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": blob("application/vnd.docker.container.image.v1+json", &config),
            "layers": [blob(layer, &all[0]), blob(layer, &all[1]), blob(layer, &all[0])],
        });
        let manifest = manifest.to_string().into_bytes();
        entries.push(json!({
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "digest": sum(&manifest),
            "size": manifest.len(),
            "platform": {"os": "linux", "architecture": arch},
        }));
        for bytes in all.into_iter().chain([config]) {
            state.blobs.insert(sum(&bytes), bytes);
        }
        if arch == "amd64" {
            state.manifests.insert("k8s/plain/v1".to_owned(), manifest.clone());
        }
        state.manifests.insert(format!("k8s/tool/{}", sum(&manifest)), manifest);
    }
    if state.lie == Lie::Manifest {
        let [one, two] = [&entries[0], &entries[1]].map(|entry| entry["digest"].as_str().unwrap());
        let other = state.manifests[&format!("k8s/tool/{two}")].clone();
        state.manifests.insert(format!("k8s/tool/{one}"), other);
    }
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",
        "manifests": entries,
    });
    state.manifests.insert("k8s/tool/v1".to_owned(), index.to_string().into_bytes());
}

/// Starts one whose certificate is the fixture `certificate`.
pub async fn start(auth: Auth, lie: Lie, certificate: &str) -> Fake {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let log = Arc::new(Mutex::new(Vec::new()));
    let mut state = State {
        address: address.clone(),
        auth,
        lie,
        manifests: HashMap::new(),
        blobs: HashMap::new(),
        log: Arc::clone(&log),
        layers_given: Mutex::new(0),
    };
    content(&mut state);
    let state = Arc::new(state);
    let pem = |kind: &str| std::fs::read(fixture(&format!("{certificate}.{kind}"))).unwrap();
    let certificate = CertificateDer::from_pem_slice(&pem("crt")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(&pem("key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = service_fn(move |request| {
                    let answer = answer(&state, &request);
                    async move { Ok::<_, Infallible>(answer) }
                });
                let http = hyper::server::conn::http1::Builder::new();
                let _ = http.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Fake { address, log }
}

fn answer(state: &State, request: &Request<Incoming>) -> Response<Text> {
    let given = request.headers().get(AUTHORIZATION).map_or("", |it| it.to_str().unwrap());
    let basic = format!("Basic {}", STANDARD.encode("u:p"));
    let path = request.uri().path();
    let who = if given.is_empty() { "nobody" } else { given.split(' ').next().unwrap() };
    state.log.lock().unwrap().push(format!("{} {path} {who}", request.method()));
    if path == "/token" {
        let query = request.uri().query().unwrap().replace("%3A", ":").replace("%2F", "/");
        let asked: Vec<&str> = query.split('&').collect();
        for word in ["service=s", "scope=repository:k8s/tool:pull"] {
            assert!(asked.contains(&word), "{query}");
        }
        return if given == basic {
            plain(200, json!({"token": "t0ken", "expires_in": 300}).to_string())
        } else {
            plain(401, error("UNAUTHORIZED"))
        };
    }
    let right = match state.auth {
        Auth::Nobody => true,
        Auth::Basic => given == basic,
        Auth::Bearer | Auth::InClear => given == "Bearer t0ken",
    };
    if !right {
        let challenge = match state.auth {
            Auth::Bearer => {
                format!("Bearer realm=\"https://{}/token\",service=\"s\"", state.address)
            }
            Auth::InClear => {
                format!("Bearer realm=\"http://{}/token\",service=\"s\"", state.address)
            }
            _ => "Basic realm=\"r\"".to_owned(),
        };
        let mut answer = plain(401, error("UNAUTHORIZED"));
        answer.headers_mut().insert(WWW_AUTHENTICATE, challenge.parse().unwrap());
        return answer;
    }
    if path == "/v2/" {
        return plain(200, "{}");
    }
    if let Some((repository, name)) = path.strip_prefix("/v2/").unwrap().split_once("/manifests/") {
        return match state.manifests.get(&format!("{repository}/{name}")) {
            Some(_) if state.lie == Lie::Huge => plain(200, vec![b' '; 5 << 20]),
            Some(manifest) => plain(200, manifest.clone()),
            None => plain(404, error("MANIFEST_UNKNOWN")),
        };
    }
    let Some((_, digest)) = path.split_once("/blobs/") else {
        return plain(404, error("NAME_UNKNOWN"));
    };
    match state.blobs.get(digest) {
        Some(blob) if blob.len() > 1000 => layer(state, blob),
        Some(blob) => plain(200, blob.clone()),
        None => plain(404, error("BLOB_UNKNOWN")),
    }
}

fn layer(state: &State, blob: &[u8]) -> Response<Text> {
    let before = {
        let mut given = state.layers_given.lock().unwrap();
        *given += 1;
        *given - 1
    };
    let broken = || {
        let bytes = Some(Bytes::from(blob[..1000].to_vec()));
        Response::new(Text { bytes, announced: blob.len() as u64, breaks: Some(3) })
    };
    match state.lie {
        Lie::Blob => {
            let mut other = blob.to_vec();
            other[500] ^= 1;
            plain(200, other)
        }
        Lie::Short => plain(200, blob[..1000].to_vec()),
        Lie::Long => plain(200, [blob, &vec![0; 100_000]].concat()),
        Lie::Broken => broken(),
        Lie::BrokenOnce if before == 0 => broken(),
        _ => plain(200, blob.to_vec()),
    }
}

fn plain(status: u16, body: impl Into<Bytes>) -> Response<Text> {
    let bytes = body.into();
    let announced = bytes.len() as u64;
    let mut answer = Response::new(Text { bytes: Some(bytes), announced, breaks: None });
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}

fn error(code: &str) -> String {
    let error: Value = json!({"errors": [{"code": code, "message": "no"}]});
    error.to_string()
}
