//! Files that a host downloads by itself, before anything on it is changed (`stage.sh`).

use std::time::Duration;

use super::journal::Journal;
use super::remote::{Answer, Error, Lines, Remote};
use crate::secret::Secret;
use crate::ssh::{Stdin, quote};

/// How a host reaches servers.
#[derive(Debug, Clone, Default)]
pub struct Via {
    /// The proxy for `http://` addresses, with user and password where it wants them.
    pub http: Option<Secret>,
    /// The same for `https://`.
    pub https: Option<Secret>,
    /// What is reached without one, with commas.
    pub no_proxy: String,
    /// Certificate authorities that are trusted besides the host's own (PEM).
    pub ca: Option<String>,
}

/// Where the bytes of an artifact are that the host downloads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The file on a release server.
    pub url: String,
    /// Its published SHA-256.
    pub sum: String,
    /// Its path in that file, which is an archive; `None` for a file that is it.
    pub member: Option<String>,
}

impl Origin {
    fn member(&self) -> &str {
        self.member.as_deref().unwrap_or("-")
    }

    /// Where its bytes are on the host once it is downloaded.
    pub(super) fn staged(&self) -> String {
        match &self.member {
            None => format!("$BV_FETCHED/{}", self.sum),
            Some(member) => {
                let name = member.rsplit('/').next().unwrap_or(member);
                format!("$BV_FETCHED/{}.d/{name}", self.sum)
            }
        }
    }
}

/// An artifact that is to be downloaded, and where it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where it is to be.
    pub path: String,
    /// Its permissions.
    pub mode: String,
    /// Its owner.
    pub owner: String,
    /// Where its bytes are.
    pub origin: Origin,
}

/// What was found in what was downloaded: the artifact's own SHA-256 and size.
pub type Staged = (Origin, String, u64);

/// Limit for what only touches small files.
const SHORT: Duration = Duration::from_secs(60);

impl Remote {
    /// The SHA-256 and the size of an artifact out of an archive, if the host remembers that archive and has the
    /// artifact. Nothing is downloaded.
    pub async fn remembered(&mut self, wanted: &Wanted) -> Result<Option<(String, u64)>, Error> {
        let Wanted { path, mode, owner, origin } = wanted;
        let words = [&origin.sum, origin.member(), path, mode, owner].map(quote);
        let answer = self.try_read(&format!("bv_fetch_here {}", words.join(" ")), SHORT).await?;
        let mut words = answer.stdout.split_whitespace().skip(1);
        let told = (words.next(), words.next().and_then(|size| size.parse().ok()));
        Ok(match told {
            (Some(sum), Some(size)) if answer.status == 0 => Some((sum.to_owned(), size)),
            _ => None,
        })
    }

    /// Tells the host's shell how servers are reached: in variables, not in its environment.
    pub(super) async fn reach(&mut self, via: &Via) -> Result<(), Error> {
        if via.http.is_none() && via.https.is_none() && via.ca.is_none() {
            return Ok(());
        }
        let secret = |secret: &Option<Secret>| {
            quote(secret.as_ref().map(Secret::expose).unwrap_or_default())
        };
        let text = format!(
            "BV_PROXY_HTTP={}\nBV_PROXY_HTTPS={}\nBV_NO_PROXY={}\nBV_CA={}\n",
            secret(&via.http),
            secret(&via.https),
            quote(&via.no_proxy),
            quote(via.ca.as_deref().unwrap_or_default()),
        );
        Ok(self.shell.define(&text).await?)
    }
}

impl Journal {
    /// Tells the host how servers are reached.
    pub async fn reach(&mut self, via: &Via) -> Result<(), Error> {
        self.reader().reach(via).await
    }

    /// Downloads what is wanted out of one file, unless it is installed already.
    pub async fn stage(
        &mut self,
        wanted: &[&Wanted],
        limit: Duration,
        lines: Option<Lines>,
    ) -> Result<Vec<Staged>, Error> {
        let Some(first) = wanted.first() else { return Ok(Vec::new()) };
        let mut script =
            format!("bv_fetch {} {}", quote(&first.origin.url), quote(&first.origin.sum));
        for it in wanted {
            for word in [it.origin.member(), &it.path, &it.mode, &it.owner] {
                script.push(' ');
                script.push_str(&quote(word));
            }
        }
        let answer = self.reader().ask(&script, Stdin::Empty, limit, lines, None).await?;
        let answer: Answer = answer.good()?;
        let of = |it: &&&Wanted| {
            let line = answer.stdout.lines().map(|line| line.split(' ').collect::<Vec<_>>());
            line.into_iter().find_map(|words| match words[..] {
                [member, sum, size] if member == it.origin.member() => {
                    Some((it.origin.clone(), sum.to_owned(), size.parse().ok()?))
                }
                _ => None,
            })
        };
        Ok(wanted.iter().filter_map(|it| of(&it)).collect())
    }

    /// Removes what was downloaded. On a host of which nothing was changed everything of ours goes with it,
    /// and the journal with that.
    pub async fn unstage(mut self) -> Result<Option<Self>, Error> {
        self.reader().read("bv_stage_end", SHORT).await?;
        if self.entries().is_empty() {
            self.forget().await?.close().await;
            return Ok(None);
        }
        Ok(Some(self))
    }
}
