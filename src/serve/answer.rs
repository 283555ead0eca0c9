//! From a request to its answer.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;

use super::archive;
use super::body::{Content, Piece};
use super::shelf::Shelf;
use crate::bundle::Digest;
use crate::secret::Secret;

/// What is served, and to whom.
#[derive(Debug)]
pub(super) struct Server {
    shelf: Shelf,
    token: Option<Secret>,
}

/// What answers a path.
enum Found<'a> {
    Piece(&'a Piece, Option<Digest>),
    Text { text: Vec<u8>, media_type: &'a str, digest: Option<Digest> },
    Nothing(&'static str),
}

impl Server {
    pub(super) fn new(shelf: Shelf, token: Option<Secret>) -> Self {
        Self { shelf, token }
    }

    /// Answers a request, whatever its body.
    pub(super) async fn answer<B>(&self, request: &Request<B>) -> Response<Content> {
        let mut response = self.made(request).await;
        if request.method() == Method::HEAD {
            // The length that the answer to a GET would have.
            let length = hyper::body::Body::size_hint(response.body()).exact().unwrap_or_default();
            response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
            *response.body_mut() = Content::text("");
        }
        response
    }

    async fn made<B>(&self, request: &Request<B>) -> Response<Content> {
        if !self.may(request.headers()) {
            let mut response = refused(StatusCode::UNAUTHORIZED, "UNAUTHORIZED");
            let wanted = HeaderValue::from_static("Basic realm=\"bivouac\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, wanted);
            return response;
        }
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return refused(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED");
        }
        match self.find(request.uri().path()) {
            Found::Nothing(code) => refused(StatusCode::NOT_FOUND, code),
            Found::Text { text, media_type, digest } => {
                let mut response = Response::new(Content::text(text));
                described(response.headers_mut(), media_type, digest);
                response
            }
            Found::Piece(piece, digest) => {
                let mut response = part(piece, request.headers().get(header::RANGE)).await;
                described(response.headers_mut(), "application/octet-stream", digest);
                response
            }
        }
    }

    /// Whether the token is with it: as a bearer's, or as the password of anybody, which is what registries'
    /// clients know.
    fn may(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let Some(given) = headers.get(header::AUTHORIZATION) else { return false };
        let Some((scheme, word)) = given.to_str().ok().and_then(|it| it.split_once(' ')) else {
            return false;
        };
        let token = token.expose().as_bytes();
        if scheme.eq_ignore_ascii_case("bearer") {
            return same(word.trim().as_bytes(), token);
        }
        let login = BASE64_STANDARD.decode(word.trim()).unwrap_or_default();
        let password = login.iter().position(|byte| *byte == b':').map(|at| &login[at + 1..]);
        scheme.eq_ignore_ascii_case("basic") && password.is_some_and(|it| same(it, token))
    }

    fn find(&self, path: &str) -> Found<'_> {
        if let Some(sum) = path.strip_prefix("/files/") {
            let file = Digest::parse(sum).and_then(|sum| self.shelf.files.get(&sum));
            return file.map_or(Found::Nothing("UNKNOWN"), |piece| Found::Piece(piece, None));
        }
        let registry = &self.shelf.registry;
        let json = |text: String| Found::Text {
            text: text.into_bytes(),
            media_type: "application/json",
            digest: None,
        };
        let Some(rest) = path.strip_prefix("/v2") else { return Found::Nothing("UNKNOWN") };
        match rest {
            "" | "/" => return json("{}".to_owned()),
            "/_catalog" => {
                let names: Vec<_> = registry.references().collect();
                return json(json!({"repositories": names}).to_string());
            }
            _ => {}
        }
        let rest = rest.trim_start_matches('/');
        if let Some(name) = rest.strip_suffix("/tags/list") {
            let tags = registry.tags(name);
            if tags.is_empty() {
                return Found::Nothing("NAME_UNKNOWN");
            }
            json(json!({"name": name, "tags": tags}).to_string())
        } else if let Some((name, reference)) = rest.rsplit_once("/manifests/") {
            match registry.manifest(name, reference) {
                None => Found::Nothing("MANIFEST_UNKNOWN"),
                Some(it) => Found::Text {
                    text: it.text.clone(),
                    media_type: &it.media_type,
                    digest: Some(it.digest),
                },
            }
        } else if let Some((_, digest)) = rest.rsplit_once("/blobs/") {
            let digest = archive::parse(digest);
            let blob = digest.and_then(|digest| registry.blobs.get(&digest));
            blob.map_or(Found::Nothing("BLOB_UNKNOWN"), |piece| Found::Piece(piece, digest))
        } else {
            Found::Nothing("NAME_UNKNOWN")
        }
    }
}

/// Whether two words are the same, in a time that does not say where they differ.
fn same(given: &[u8], token: &[u8]) -> bool {
    given.len() == token.len()
        && given.iter().zip(token).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// A piece of a file, or the part of it from where the client has it.
async fn part(whole: &Piece, range: Option<&HeaderValue>) -> Response<Content> {
    let range = range.and_then(|range| range.to_str().ok()).and_then(parse_range);
    if range.is_some_and(|(first, _)| first >= whole.size) {
        let mut response = refused(StatusCode::RANGE_NOT_SATISFIABLE, "SIZE_INVALID");
        set(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{}", whole.size));
        return response;
    }
    let end = whole.size.saturating_sub(1);
    let (first, last) = range.map_or((0, end), |(first, last)| (first, last.min(end)));
    let piece = Piece {
        path: whole.path.clone(),
        offset: whole.offset + first,
        size: if whole.size == 0 { 0 } else { last - first + 1 },
    };
    let Ok(content) = Content::piece(&piece).await else {
        return refused(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN");
    };
    let mut response = Response::new(content);
    set(response.headers_mut(), header::ACCEPT_RANGES, "bytes");
    if range.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {first}-{last}/{}", whole.size);
        set(response.headers_mut(), header::CONTENT_RANGE, &range);
    }
    response
}

/// First and last byte of `bytes=FIRST-[LAST]`; what is not understood is to be passed over (RFC 9110, 14.2).
fn parse_range(range: &str) -> Option<(u64, u64)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let first: u64 = first.parse().ok()?;
    let last = if last.is_empty() { u64::MAX } else { last.parse().ok()? };
    (first <= last).then_some((first, last))
}

fn refused(status: StatusCode, code: &str) -> Response<Content> {
    let text = json!({"errors": [{"code": code, "message": status.as_str()}]}).to_string();
    let mut response = Response::new(Content::text(text));
    *response.status_mut() = status;
    set(response.headers_mut(), header::CONTENT_TYPE, "application/json");
    response
}

fn described(headers: &mut HeaderMap, media_type: &str, digest: Option<Digest>) {
    set(headers, header::CONTENT_TYPE, media_type);
    if let Some(digest) = digest {
        let name = HeaderName::from_static("docker-content-digest");
        set(headers, name, &format!("sha256:{digest}"));
    }
}

/// A header of our own making; one that an archive spoilt is left out.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_understood_or_passed_over() {
        for (range, expected) in [
            ("bytes=0-", Some((0, u64::MAX))),
            ("bytes=4-6", Some((4, 6))),
            ("bytes=6-4", None),
            ("bytes=-4", None),
            ("bytes=0-1,3-4", None),
            ("lines=0-", None),
            ("bytes=x-", None),
        ] {
            assert_eq!(parse_range(range), expected, "{range}");
        }
    }
}
