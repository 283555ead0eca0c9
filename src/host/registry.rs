//! Whether a host itself can pull images, asked with curl, where that is there.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::remote::{Error, Remote};
use crate::ssh::Stdin;

/// The shell half.
const SCRIPT: &str = concat!(include_str!("authorities.sh"), include_str!("registry.sh"));

/// How a host talks to a registry, and what it asks it for.
#[derive(Clone, PartialEq, Eq)]
pub struct Asked {
    /// `registry.example:5000`.
    pub registry: String,
    /// The text of its authorities, where it has some of its own.
    pub authorities: Option<String>,
    /// User and password.
    pub login: Option<(String, crate::secret::Secret)>,
    /// Repository and tag of each image.
    pub images: Vec<(String, String)>,
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asked")
            .field("registry", &self.registry)
            .field("images", &self.images)
            .finish_non_exhaustive()
    }
}

/// What a host found out about an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It can be pulled.
    There,
    /// The registry does not have it.
    Missing,
    /// The registry refuses who asks.
    Login,
    /// It is there for other architectures.
    Architecture,
    /// The registry did not answer as it should; why.
    Unknown(String),
}

/// An image's name, and what was found out about it.
pub type Verdicts = Vec<(String, Verdict)>;

/// The proxy of a host, and where it is not used.
pub type Way<'a> = Option<(&'a str, &'a str)>;

impl Remote {
    /// Asks registries from the host. `None`: it has nothing to ask with. Logins travel on stdin.
    pub async fn ask_registries(
        &mut self,
        asked: &[Asked],
        arch: &str,
        way: Way<'_>,
        limit: Duration,
    ) -> Result<Option<Verdicts>, Error> {
        let stdin = Stdin::Bytes(lines(asked, arch, way).into_bytes());
        let answer = self.ask(SCRIPT, stdin, limit, None, None).await?.good()?;
        Ok(verdicts(&answer.stdout))
    }
}

fn lines(asked: &[Asked], arch: &str, way: Way<'_>) -> String {
    let coded = |text: &str| STANDARD.encode(text);
    let mut lines = String::new();
    if let Some((proxy, without)) = way {
        let without = if without.is_empty() { "-" } else { without };
        let _ = writeln!(lines, "proxy {} {without}", coded(proxy));
    }
    for registry in asked {
        let authorities = registry.authorities.as_deref().map_or_else(|| "-".to_owned(), coded);
        let login = registry.login.as_ref().map_or_else(
            || "-".to_owned(),
            |(user, password)| coded(&format!("{user}:{}", password.expose())),
        );
        let _ = writeln!(lines, "registry {} {authorities} {login}", registry.registry);
        for (repository, tag) in &registry.images {
            let _ = writeln!(lines, "image {repository} {tag} {arch}");
        }
    }
    lines
}

fn verdicts(text: &str) -> Option<Verdicts> {
    if text.lines().any(|line| line == "unchecked") {
        return None;
    }
    let line = |line: &str| {
        let (image, verdict) = line.strip_prefix("image ")?.split_once(' ')?;
        let verdict = match verdict {
            "there" => Verdict::There,
            "missing" => Verdict::Missing,
            "login" => Verdict::Login,
            "arch" => Verdict::Architecture,
            other => {
                Verdict::Unknown(other.strip_prefix("unknown").unwrap_or(other).trim().to_owned())
            }
        };
        Some((image.to_owned(), verdict))
    };
    Some(text.lines().filter_map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let text = "image r:5/a/b:1 there\nimage r:5/c:2 missing\nimage r:5/d:3 unknown (7) no\nimage r:5/e:4 arch\n";
        let expected = [
            ("r:5/a/b:1", Verdict::There),
            ("r:5/c:2", Verdict::Missing),
            ("r:5/d:3", Verdict::Unknown("(7) no".to_owned())),
            ("r:5/e:4", Verdict::Architecture),
        ];
        let expected: Verdicts = expected.map(|(name, it)| (name.to_owned(), it)).to_vec();
        assert_eq!(verdicts(text), Some(expected));
        assert_eq!(verdicts("unchecked\n"), None);
    }
}
