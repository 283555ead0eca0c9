//! What a `known_hosts` file says, as OpenSSH reads it (sshd(8), `SSH_KNOWN_HOSTS FILE FORMAT`).
//!
//! russh's own functions are not used: against OpenSSH on 17 files they differed in eleven, in
//! seven of them by accepting a key that OpenSSH refuses. Not supported: host certificates. A
//! `@cert-authority` line vouches for no plain key, so it is read and has no effect.

use std::io;
use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use russh::keys::{HashAlg, PublicKey, PublicKeyBase64, key::parse_public_key};
use sha1::Sha1;

use super::error::Error;

/// One line that could be read.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) file: PathBuf,
    /// From 1, comments and unreadable lines counted.
    pub(super) number: usize,
    marker: Marker,
    names: Vec<u8>,
    pub(super) key: PublicKey,
    blob: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marker {
    None,
    Revoked,
    Authority,
}

/// What all lines together say about a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict<'a> {
    /// A line has exactly this key.
    Known,
    /// No line speaks of the host.
    Unknown,
    /// Lines speak of the host and none has this key; the first of them, of the same type if
    /// there is one.
    Changed(&'a Line),
    /// A line forbids this key.
    Revoked(&'a Line),
}

impl PartialEq for Line {
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file && self.number == other.number
    }
}

impl Eq for Line {}

/// How `known_hosts` writes a host: `name` for port 22, otherwise `[name]:port`.
pub fn known_as(host: &str, port: u16) -> String {
    let host = host.to_lowercase();
    if port == 22 { host } else { format!("[{host}]:{port}") }
}

/// The address without the brackets that some write around IPv6 addresses.
pub(super) fn bare(address: &str) -> &str {
    address.trim_matches(['[', ']'])
}

/// The key as messages show it.
pub(super) fn fingerprint(key: &PublicKey) -> String {
    format!("{} {}", key.algorithm(), key.fingerprint(HashAlg::Sha256))
}

/// Reads one file; a file that is not there has no lines.
pub(super) fn read(path: &Path) -> Result<Vec<Line>, Error> {
    match std::fs::read(path) {
        Ok(content) => Ok(parse(path, &content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        // Taking an unreadable file for an empty one would turn a known host into a new one.
        Err(source) => Err(Error::KnownHosts { path: path.to_owned(), source }),
    }
}

/// Lines that cannot be read are skipped, as OpenSSH does.
pub(super) fn parse(path: &Path, content: &[u8]) -> Vec<Line> {
    let numbered = content.split(|byte| *byte == b'\n').enumerate();
    numbered.filter_map(|(index, line)| parse_line(path, index + 1, line)).collect()
}

fn parse_line(path: &Path, number: usize, line: &[u8]) -> Option<Line> {
    let mut fields =
        line.split(|byte| matches!(byte, b' ' | b'\t' | b'\r')).filter(|field| !field.is_empty());
    let mut first = fields.next()?;
    let marker = match first {
        b"@revoked" => Marker::Revoked,
        b"@cert-authority" => Marker::Authority,
        other if other.starts_with(b"@") || other.starts_with(b"#") => return None,
        _ => Marker::None,
    };
    if marker != Marker::None {
        first = fields.next()?;
    }
    let kind = fields.next()?;
    let blob = BASE64_STANDARD.decode(fields.next()?).ok()?;
    let key = parse_public_key(&blob).ok()?;
    let sound = key.algorithm().as_str().as_bytes() == kind && key.public_key_bytes() == blob;
    sound.then(|| Line {
        file: path.to_owned(),
        number,
        marker,
        names: first.to_owned(),
        key,
        blob,
    })
}

/// Judges a key that `host` showed on `port` by all lines of all files.
pub(super) fn judge<'a>(
    lines: &'a [Line],
    host: &str,
    port: u16,
    offered: &PublicKey,
) -> Verdict<'a> {
    let blob = offered.public_key_bytes();
    let name = known_as(host, port);
    let bare = known_as(host, 22);
    let about = |line: &&Line, name: &str| matches(&line.names, name);
    // A revoked key is refused under either name; OpenSSH looks at the bare name only for plain
    // keys, and would take it on another port.
    if let Some(line) = lines.iter().find(|line| {
        line.marker == Marker::Revoked
            && line.blob == blob
            && (about(line, &name) || about(line, &bare))
    }) {
        return Verdict::Revoked(line);
    }
    let plain = |name: &str| -> Vec<&'a Line> {
        let named = lines.iter().filter(|line| about(line, name));
        named.filter(|line| line.marker == Marker::None).collect()
    };
    let mine = plain(&name);
    // On another port the bare name counts too, but only in favour: a match is good, a mismatch is
    // not an alarm.
    if mine.iter().any(|line| line.blob == blob)
        || (mine.is_empty() && plain(&bare).iter().any(|line| line.blob == blob))
    {
        return Verdict::Known;
    }
    let same_type = mine.iter().find(|line| line.key.algorithm() == offered.algorithm());
    match same_type.or(mine.first()) {
        Some(line) => Verdict::Changed(line),
        None => Verdict::Unknown,
    }
}

/// The keys known for the host, so that the server is asked for one of these types first.
pub(super) fn known_keys<'a>(lines: &'a [Line], host: &str, port: u16) -> Vec<&'a PublicKey> {
    let names = [known_as(host, port), known_as(host, 22)];
    let plain = lines.iter().filter(|line| line.marker == Marker::None);
    plain
        .filter(|line| names.iter().any(|name| matches(&line.names, name)))
        .map(|line| &line.key)
        .collect()
}

/// Whether a names field speaks of `name` (which is in lower case).
fn matches(names: &[u8], name: &str) -> bool {
    if let Some(hashed) = names.strip_prefix(b"|1|") {
        return matches_hash(hashed, name).unwrap_or(false);
    }
    is_listed(&names.to_ascii_lowercase(), name.as_bytes())
}

/// Whether a list of patterns (`ssh_config(5)`, "PATTERNS") has this word: some pattern fits, and none that
/// begins with `!`.
pub(super) fn is_listed(patterns: &[u8], word: &[u8]) -> bool {
    let mut found = false;
    for pattern in patterns.split(|byte| *byte == b',') {
        let (negated, pattern) = match pattern.strip_prefix(b"!") {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        if glob(pattern, word) {
            if negated {
                return false;
            }
            found = true;
        }
    }
    found
}

fn matches_hash(hashed: &[u8], name: &str) -> Option<bool> {
    let mut parts = hashed.splitn(2, |byte| *byte == b'|');
    let salt = BASE64_STANDARD.decode(parts.next()?).ok()?;
    let hash = BASE64_STANDARD.decode(parts.next()?).ok()?;
    if salt.len() != 20 {
        return None;
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(&salt).ok()?;
    mac.update(name.as_bytes());
    Some(mac.verify_slice(&hash).is_ok())
}

/// Writes a name as `HashKnownHosts` does.
pub(super) fn hash_name(name: &str, salt: &[u8; 20]) -> String {
    let mut mac =
        <Hmac<Sha1> as KeyInit>::new_from_slice(salt).expect("HMAC takes keys of any length");
    mac.update(name.as_bytes());
    let hash = mac.finalize().into_bytes();
    format!("|1|{}|{}", BASE64_STANDARD.encode(salt), BASE64_STANDARD.encode(hash))
}

/// `*` and `?`, nothing else; linear but for the last star.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// Whether any line of the file hides its names, which tells that the user wants them hidden.
pub(super) fn hides_names(lines: &[Line]) -> bool {
    lines.iter().any(|line| line.names.starts_with(b"|1|"))
}

#[cfg(test)]
mod tests;
