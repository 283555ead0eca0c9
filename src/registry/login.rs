//! Logins that `docker login` left: the `auths` of its `config.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::Access;
use crate::secret::Secret;

/// Why a file with logins is of no use.
#[derive(Debug, thiserror::Error)]
#[error("`{}` {problem}", file.display())]
pub struct LoginFileError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub problem: String,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
}

#[derive(Deserialize)]
struct Auth {
    #[serde(default)]
    auth: String,
}

/// Reads docker's `config.json`. Logins that it keeps elsewhere (`credsStore`) are not there.
pub fn logins(file: &Path) -> Result<Vec<Access>, LoginFileError> {
    let wrong = |problem: String| LoginFileError { file: file.to_owned(), problem };
    let text = std::fs::read(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    parse(&text).map_err(wrong)
}

fn parse(text: &[u8]) -> Result<Vec<Access>, String> {
    // The parser's own words would show a piece of the text.
    let file: File = serde_json::from_slice(text).map_err(|error| {
        format!("is not docker's `config.json` (line {}, column {})", error.line(), error.column())
    })?;
    let mut all = Vec::new();
    for (name, auth) in file.auths.into_iter().filter(|(_, auth)| !auth.auth.is_empty()) {
        let pair = STANDARD.decode(&auth.auth).ok().and_then(|pair| String::from_utf8(pair).ok());
        let (user, password) =
            pair.as_deref().and_then(|pair| pair.split_once(':')).ok_or_else(|| {
                format!("has a login for `{}` that cannot be read", name.escape_debug())
            })?;
        all.push(Access {
            address: address(&name).to_owned(),
            login: Some((user.to_owned(), Secret::new(password))),
            ca: None,
        });
    }
    Ok(all)
}

/// Docker names its own hub by a URL.
fn address(name: &str) -> &str {
    let bare = name.strip_prefix("https://").or_else(|| name.strip_prefix("http://"));
    bare.unwrap_or(name).split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_read() {
        let text = br#"{"auths": {
            "https://index.docker.io/v1/": {"auth": "dTpwOnE="},
            "reg.example:5000": {"auth": "YTpi"},
            "kept.elsewhere": {}}, "credsStore": "x"}"#;
        let all = parse(text).unwrap();
        let seen: Vec<_> = all
            .iter()
            .map(|it| {
                let (user, password) = it.login.as_ref().unwrap();
                format!("{} {user} {}", it.address, password.expose())
            })
            .collect();
        assert_eq!(seen, ["index.docker.io u p:q", "reg.example:5000 a b"]);
    }

    #[test]
    fn what_is_odd_is_not_shown() {
        for text in
            [&br#"{"auths": {"r": {"auth": "secret"}}}"#[..], br#"{"auths": {"r": "secret"}}"#]
        {
            let problem = parse(text).unwrap_err();
            assert!(!problem.contains("secret"), "{problem}");
        }
    }
}
