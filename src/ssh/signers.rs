//! Who may sign: a file in the format of ssh-keygen's `allowed_signers` (ssh-keygen(1), "ALLOWED SIGNERS").

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{Local, NaiveDate, NaiveDateTime, TimeZone, Utc};
use russh::keys::PublicKey;

use super::known_hosts;
use super::signature::Signature;

/// The signers of a file, in its order.
#[derive(Debug, Clone, Default)]
pub struct Signers(Vec<Signer>);

#[derive(Debug, Clone)]
struct Signer {
    /// Who it is.
    principals: String,
    /// For what; everything where it is not said.
    namespaces: Option<String>,
    /// From when until when, in seconds since 1970.
    after: Option<i64>,
    before: Option<i64>,
    key: PublicKey,
}

/// A line that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct SignersError {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// Why a signature does not count, though its key may have made it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// The key is nobody's.
    #[error("its key {0} is none of the signers'")]
    Unknown(String),
    /// The key is somebody's, but may not sign this.
    #[error("the key of `{who}` is not for signatures of `{namespace}`")]
    Namespace {
        /// Whose it is.
        who: String,
        /// What the signature is for.
        namespace: String,
    },
    /// The key is not valid yet, or no longer.
    #[error("the key of `{who}` is {when}")]
    Expired {
        /// Whose it is.
        who: String,
        /// `valid until ... only`.
        when: String,
    },
}

impl Signers {
    /// Reads a file. A line that is not understood is an error: a signer who is passed over in silence is
    /// looked for in the wrong place.
    pub fn parse(text: &str) -> Result<Self, SignersError> {
        let lines = (1..).zip(text.lines().map(str::trim));
        let said = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let signers = said.map(|(line, text)| {
            Signer::parse(text).map_err(|problem| SignersError { line, problem })
        });
        signers.collect::<Result<_, _>>().map(Self)
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Who made a signature that its key has made; that is not looked at here.
    pub fn who(&self, signature: &Signature, now: SystemTime) -> Result<&str, NotAllowed> {
        let key = signature.public_key();
        let mut refused = NotAllowed::Unknown(known_hosts::fingerprint(&key));
        for signer in self.0.iter().filter(|signer| signer.key.key_data() == key.key_data()) {
            match signer.allows(signature.namespace(), now) {
                Ok(()) => return Ok(&signer.principals),
                Err(why) => refused = why,
            }
        }
        Err(refused)
    }
}

impl Signer {
    /// `PRINCIPALS [OPTIONS] KEYTYPE KEY [COMMENT]`.
    fn parse(line: &str) -> Result<Self, String> {
        let (principals, rest) = field(line)?;
        let (second, after_second) = field(rest)?;
        // OpenSSH tries the key first, and takes what is none for options (sshsig.c, `parse_principals_key_and_options`).
        let (options, key) = if is_key_type(second) { ("", rest) } else { (second, after_second) };
        let key = PublicKey::from_openssh(key)
            .map_err(|error| format!("expected `PRINCIPALS [OPTIONS] KEYTYPE KEY` ({error})"))?;
        let principals = unquoted(principals).to_owned();
        let mut signer = Self { principals, namespaces: None, after: None, before: None, key };
        for option in split(options) {
            signer.option(option)?;
        }
        if let (Some(after), Some(before)) = (signer.after, signer.before)
            && before <= after
        {
            return Err("`valid-before` is not later than `valid-after`".to_owned());
        }
        Ok(signer)
    }

    fn option(&mut self, option: &str) -> Result<(), String> {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        // As ssh-keygen has it (misc.c, `opt_dequote`): a value without quotes is none.
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or("");
        match name.to_ascii_lowercase().as_str() {
            "namespaces" | "valid-after" | "valid-before" if value.is_empty() => {
                return Err(format!("expected `{name}=\"VALUE\"`, with the quotes"));
            }
            "namespaces" if self.namespaces.is_none() => self.namespaces = Some(value.to_owned()),
            "valid-after" if self.after.is_none() => self.after = Some(moment(value)?),
            "valid-before" if self.before.is_none() => self.before = Some(moment(value)?),
            "namespaces" | "valid-after" | "valid-before" => {
                return Err(format!("`{name}` is there twice"));
            }
            "cert-authority" => {
                return Err(
                    "`cert-authority` is not supported: name the keys themselves".to_owned()
                );
            }
            _ => {
                return Err(format!(
                    "the option `{}` is not known; expected `namespaces`, `valid-after` or `valid-before`",
                    name.escape_debug()
                ));
            }
        }
        Ok(())
    }

    fn allows(&self, namespace: &str, now: SystemTime) -> Result<(), NotAllowed> {
        let who = || self.principals.clone();
        if let Some(patterns) = &self.namespaces
            && !known_hosts::is_listed(patterns.as_bytes(), namespace.as_bytes())
        {
            return Err(NotAllowed::Namespace { who: who(), namespace: namespace.to_owned() });
        }
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let when = match (self.after, self.before) {
            (Some(after), _) if now < after => format!("not valid before {}", shown(after)),
            (_, Some(before)) if now > before => format!("no longer valid since {}", shown(before)),
            _ => return Ok(()),
        };
        Err(NotAllowed::Expired { who: who(), when })
    }
}

fn is_key_type(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"].iter().any(|beginning| word.starts_with(beginning))
}

/// The first word of a line, in which blanks between quotes do not count, and what follows it.
fn field(line: &str) -> Result<(&str, &str), String> {
    let mut inside = false;
    let end = line.find(|c: char| {
        inside ^= c == '"';
        !inside && (c == ' ' || c == '\t')
    });
    if inside && end.is_none() {
        return Err("a quote has no end".to_owned());
    }
    let (word, rest) = line.split_at(end.unwrap_or(line.len()));
    if word.is_empty() {
        return Err("expected `PRINCIPALS [OPTIONS] KEYTYPE KEY`".to_owned());
    }
    Ok((word, rest.trim_start()))
}

/// Options between commas; those between quotes do not count.
fn split(options: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    let words = options.split(move |c: char| {
        inside ^= c == '"';
        !inside && c == ','
    });
    words.filter(|word| !word.is_empty())
}

fn unquoted(word: &str) -> &str {
    word.strip_prefix('"').and_then(|word| word.strip_suffix('"')).unwrap_or(word)
}

/// `YYYYMMDD` or `YYYYMMDDHHMM[SS]`, in this machine's time zone or, with a `Z` behind it, in UTC.
fn moment(text: &str) -> Result<i64, String> {
    let wrong =
        || format!("`{}` is no time: expected `YYYYMMDD[HHMM[SS]][Z]`", text.escape_debug());
    let digits = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let time: NaiveDateTime = match digits.len() {
        8 => {
            NaiveDate::parse_from_str(digits, "%Y%m%d").ok().and_then(|it| it.and_hms_opt(0, 0, 0))
        }
        12 => NaiveDateTime::parse_from_str(&format!("{digits}00"), "%Y%m%d%H%M%S").ok(),
        14 => NaiveDateTime::parse_from_str(digits, "%Y%m%d%H%M%S").ok(),
        _ => None,
    }
    .ok_or_else(wrong)?;
    if digits.len() == text.len() {
        // Where clocks are set back an hour is there twice: the earlier one.
        Local.from_local_datetime(&time).earliest().map(|it| it.timestamp()).ok_or_else(wrong)
    } else {
        Ok(time.and_utc().timestamp())
    }
}

fn shown(seconds: i64) -> String {
    Utc.timestamp_opt(seconds, 0)
        .single()
        .map_or_else(|| seconds.to_string(), |it| it.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

    #[test]
    fn a_line_has_principals_options_and_a_key() {
        let text = format!(
            "# who\n\nops@example.com,root {KEY} a comment\n\"a b\" namespaces=\"bundle@bivouac,git\",valid-before=\"20300101Z\" {KEY}\n"
        );
        let signers = Signers::parse(&text).unwrap();
        let who: Vec<_> = signers.0.iter().map(|signer| signer.principals.as_str()).collect();
        assert_eq!(who, ["ops@example.com,root", "a b"]);
        assert_eq!(signers.0[1].namespaces.as_deref(), Some("bundle@bivouac,git"));
        assert_eq!(signers.0[1].before, Some(1_893_456_000));
    }

    #[test]
    fn a_line_that_is_not_understood_is_named() {
        for (line, expected) in [
            (format!("ca cert-authority {KEY}"), "`cert-authority` is not supported"),
            (format!("a validafter=20300101 {KEY}"), "the option `validafter` is not known"),
            (format!("a valid-after=\"2030\" {KEY}"), "`2030` is no time"),
            (format!("a valid-after=\"20301301\" {KEY}"), "`20301301` is no time"),
            (
                format!("a valid-after=\"20300101Z\",valid-before=\"20300101Z\" {KEY}"),
                "is not later than",
            ),
            (format!("a valid-after=20300101 {KEY}"), "expected `valid-after=\"VALUE\"`"),
            (format!("a namespaces=\"a\",namespaces=\"a\" {KEY}"), "`namespaces` is there twice"),
            (format!("a namespaces=\"x {KEY}"), "a quote has no end"),
            ("a".to_owned(), "expected `PRINCIPALS"),
            ("a ssh-ed25519 AAAA".to_owned(), "expected `PRINCIPALS"),
        ] {
            let error = Signers::parse(&format!("\n{line}\n")).unwrap_err().to_string();
            assert!(error.starts_with("line 2: ") && error.contains(expected), "{line}: {error}");
        }
    }

    #[test]
    fn times_are_utc_with_z_and_local_without() {
        assert_eq!(moment("20261125Z"), Ok(1_795_564_800));
        assert_eq!(moment("202611251430Z"), Ok(1_795_617_000));
        assert_eq!(moment("20261125143007Z"), Ok(1_795_617_007));
        let local = Local.with_ymd_and_hms(2026, 11, 25, 14, 30, 7).unwrap().timestamp();
        assert_eq!(moment("20261125143007"), Ok(local));
    }

    #[test]
    fn a_key_counts_for_its_namespaces_and_its_time() {
        let signer = |options: &str| Signer::parse(&format!("ops {options} {KEY}")).unwrap();
        let at = |text: &str| {
            UNIX_EPOCH
                + std::time::Duration::from_secs(u64::try_from(moment(text).unwrap()).unwrap())
        };
        let allows = |options: &str, time: &str| signer(options).allows("bundle@bivouac", at(time));
        assert!(allows("namespaces=\"b*\"", "20260101Z").is_ok());
        assert!(allows("namespaces=\"git,bundle@bivouac\"", "20260101Z").is_ok());
        let why = allows("namespaces=\"*,!bundle@*\"", "20260101Z").unwrap_err().to_string();
        assert_eq!(why, "the key of `ops` is not for signatures of `bundle@bivouac`");
        let limits = "valid-after=\"20260101Z\",valid-before=\"20270101Z\"";
        assert!(allows(limits, "20260601Z").is_ok());
        let why = allows(limits, "20251231Z").unwrap_err().to_string();
        assert_eq!(why, "the key of `ops` is not valid before 2026-01-01 00:00:00 UTC");
        let why = allows(limits, "20270102Z").unwrap_err().to_string();
        assert_eq!(why, "the key of `ops` is no longer valid since 2027-01-01 00:00:00 UTC");
    }
}
