//! Requests with their tries.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_RANGE, RANGE, WWW_AUTHENTICATE};
use reqwest::{Response, StatusCode};

use super::error::shown;
use super::{Cause, Client, Error, TRIES};
use crate::content::{Cache, Digest, Part};
use crate::secret::Secret;

/// The largest file that is downloaded, in bytes: far above any program or archive of a release.
const LARGEST: u64 = 2 << 30;

/// How often tries begin to count anew, because one brought something on.
const BREAKS: u32 = 100;

/// The longest text: far above any list of sums.
const TEXT: usize = 1 << 20;

/// Who is told of bytes that are here, and of how many there are.
pub type Came<'a> = dyn Fn(u64, Option<u64>) + Sync + 'a;

impl Client {
    /// A small text.
    pub async fn text(&self, url: &str) -> Result<String, Error> {
        self.within(url, self.text_at_last(url)).await
    }

    /// Holds all tries at one address against the limit.
    async fn within<T>(
        &self,
        url: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let slow = || Error::Failed { url: shown(url), cause: Cause::Slow(self.whole) };
        tokio::time::timeout(self.whole, work).await.unwrap_or_else(|_| Err(slow()))
    }

    async fn text_at_last(&self, url: &str) -> Result<String, Error> {
        let mut tries = Tries::new(self.pause);
        loop {
            match self.try_text(url).await {
                Ok(text) => return Ok(text),
                Err(cause) => tries.after(url, cause).await?,
            }
        }
    }

    /// A few bytes, at most `limit` of them, from who may want to know who asks (`Authorization`). Tried once.
    pub async fn bytes(
        &self,
        url: &str,
        accept: &str,
        authorization: Option<&Secret>,
        limit: usize,
    ) -> Result<Vec<u8>, Error> {
        let mut request = self.inner.get(url).header(ACCEPT, accept);
        if let Some(secret) = authorization {
            request = request.header(AUTHORIZATION, secret.expose());
        }
        let asked = async {
            let answer = request.send().await.map_err(|error| Cause::of(&error, self.idle))?;
            match answer.status() {
                StatusCode::OK => self.body(answer, limit).await,
                other => Err(Cause::Status(other.as_u16())),
            }
        };
        let failed = |cause| Error::Failed { url: shown(url), cause };
        self.within(url, async { asked.await.map_err(failed) }).await
    }

    /// The whole of a body, unless it is longer than that.
    async fn body(&self, mut response: Response, limit: usize) -> Result<Vec<u8>, Cause> {
        let total = response.content_length();
        let mut bytes = Vec::new();
        loop {
            let got = bytes.len() as u64;
            match response.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() > limit => {
                    return Err(Cause::TooLarge(limit as u64));
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => return Ok(bytes),
                Err(error) => return Err(self.broken(&error, got, total)),
            }
        }
    }

    /// How a server wants to be logged in to: all that it says of that (`WWW-Authenticate`).
    pub async fn challenges(&self, url: &str) -> Result<Vec<String>, Error> {
        let asked = async {
            let answer = self.inner.get(url).send().await;
            let cause = |error: reqwest::Error| Cause::of(&error, self.idle);
            let answer =
                answer.map_err(|error| Error::Failed { url: shown(url), cause: cause(error) })?;
            let wanted = answer.headers().get_all(WWW_AUTHENTICATE).iter();
            Ok(wanted.map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned()).collect())
        };
        self.within(url, asked).await
    }

    /// Whether there is such a file.
    pub async fn exists(&self, url: &str) -> Result<bool, Error> {
        match self.text(url).await {
            Ok(_) => Ok(true),
            Err(Error::Failed { cause: Cause::Status(404), .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn try_text(&self, url: &str) -> Result<String, Cause> {
        let response = self.answer(url, None).await?;
        let bytes = self.body(response, TEXT).await?;
        String::from_utf8(bytes).map_err(|_| Cause::NotText)
    }

    /// A file with this sum, into the cache; its size. One that is there already is not downloaded. `came` is told
    /// how many of its bytes are here, and how many there are, where the server says so.
    pub async fn download(
        &self,
        url: &str,
        expected: Digest,
        cache: &Cache,
        came: &Came<'_>,
    ) -> Result<u64, Error> {
        if let Some(size) = cache.holds(expected) {
            return Ok(size);
        }
        self.within(url, self.download_at_last(url, expected, cache, came)).await
    }

    async fn download_at_last(
        &self,
        url: &str,
        expected: Digest,
        cache: &Cache,
        came: &Came<'_>,
    ) -> Result<u64, Error> {
        let mut part = cache.part(expected)?;
        let mut tries = Tries::new(self.pause);
        let mut begun_anew = false;
        loop {
            let (before, resumed) = (part.size(), part.size() > 0);
            let cause = match self.try_download(url, &mut part, cache, came).await? {
                None if part.sum() == expected => return Ok(cache.keep_part(&part, expected)?),
                None => {
                    let found = part.sum();
                    part.clear()?;
                    // The beginning may have been another file's.
                    if resumed && !begun_anew {
                        begun_anew = true;
                        continue;
                    }
                    Cause::Sum { expected, found }
                }
                Some(cause) => cause,
            };
            if part.size() > before {
                tries.brought_something();
            }
            if let Err(error) = tries.after(url, cause).await {
                if part.size() == 0 {
                    part.discard();
                }
                return Err(error);
            }
        }
    }

    /// One try: what stopped it, if anything.
    async fn try_download(
        &self,
        url: &str,
        part: &mut Part,
        cache: &Cache,
        came: &Came<'_>,
    ) -> Result<Option<Cause>, Error> {
        let mut response = match self.answer(url, Some(part.size())).await {
            Ok(response) => response,
            // There is nothing behind what is here: it is whole, or of another file.
            Err(Cause::Status(416)) => return Ok(None),
            Err(cause) => return Ok(Some(cause)),
        };
        if !goes_on_at(&response, part.size()) {
            part.clear()?;
        }
        let total = response.content_length().map(|rest| part.size() + rest);
        if total.is_some_and(|total| total > LARGEST) {
            return Ok(Some(Cause::TooLarge(LARGEST)));
        }
        cache.check_room(response.content_length().unwrap_or_default())?;
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    part.write(&chunk)?;
                    came(part.size(), total);
                }
                Ok(None) => return Ok(None),
                Err(error) => return Ok(Some(self.broken(&error, part.size(), total))),
            }
            if part.size() > LARGEST {
                part.clear()?;
                return Ok(Some(Cause::TooLarge(LARGEST)));
            }
        }
    }

    /// The answer to a request that was taken well.
    async fn answer(&self, url: &str, from: Option<u64>) -> Result<Response, Cause> {
        let mut request = self.inner.get(url);
        if let Some(from) = from.filter(|from| *from > 0) {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        let response = request.send().await.map_err(|error| Cause::of(&error, self.idle))?;
        match response.status() {
            StatusCode::OK | StatusCode::PARTIAL_CONTENT => Ok(response),
            other => Err(Cause::Status(other.as_u16())),
        }
    }

    /// What broke a body off.
    fn broken(&self, error: &reqwest::Error, got: u64, total: Option<u64>) -> Cause {
        match (Cause::of(error, self.idle), total) {
            (Cause::Other(_) | Cause::Unreachable(_), Some(total)) => {
                Cause::Truncated { got, total }
            }
            (Cause::Other(_) | Cause::Unreachable(_), None) => Cause::CutOff(got),
            (cause, _) => cause,
        }
    }
}

/// Whether the answer begins where the request asked for.
fn goes_on_at(response: &Response, at: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    let begins = range.is_some_and(|range| range.starts_with(&format!("bytes {at}-")));
    at == 0 || (response.status() == StatusCode::PARTIAL_CONTENT && begins)
}

/// The tries at one file.
struct Tries {
    left: u32,
    /// How often they may begin anew.
    breaks: u32,
    pause: Duration,
    first: Duration,
}

impl Tries {
    fn new(pause: Duration) -> Self {
        Self { left: TRIES - 1, breaks: BREAKS, pause, first: pause }
    }

    fn brought_something(&mut self) {
        if self.breaks > 0 {
            *self = Self { breaks: self.breaks - 1, ..Self::new(self.first) };
        }
    }

    /// Waits for the next try; an error if there is none, or it would come to the same.
    async fn after(&mut self, url: &str, cause: Cause) -> Result<(), Error> {
        if self.left == 0 || !cause.may_pass() {
            return Err(Error::Failed { url: shown(url), cause });
        }
        self.left -= 1;
        tokio::time::sleep(self.pause).await;
        self.pause *= 2;
        Ok(())
    }
}
