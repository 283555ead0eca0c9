use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::prelude::{BASE64_STANDARD, Engine};
use russh::keys::{PublicKey, PublicKeyBase64};

use super::error::{Error, HostKeyClash};
use super::known_hosts::{self, Line, Verdict};

/// What happens to a host that no `known_hosts` file speaks of. Changed and revoked keys are refused
/// under every policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// It is refused with [`Error::HostKeyUnknown`], and its key is kept for
    /// [`HostKeys::unknown`].
    Known,
    /// It is accepted, and its key is kept for [`HostKeys::unknown`]. Nothing is written: once all
    /// hosts have answered, the caller passes that list to [`HostKeys::record`].
    AcceptNew,
}

/// A key that was seen for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    /// Host name or address, as the user wrote it.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Its type: `ssh-ed25519`.
    pub algorithm: String,
    /// Its fingerprint: `SHA256:...`.
    pub fingerprint: String,
    key: PublicKey,
}

impl UnknownKey {
    /// The name that `known_hosts` gives the host: `host`, or `[host]:port`.
    pub fn known_as(&self) -> String {
        known_hosts::known_as(&self.host, self.port)
    }
}

/// The `known_hosts` files and what to do about hosts that are not in them; one for all hosts of a
/// run, in an [`Arc`].
#[derive(Debug)]
pub struct HostKeys {
    user_file: PathBuf,
    other_files: Vec<PathBuf>,
    policy: Policy,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The files' lines, read at first use and again after something was recorded.
    lines: Option<Arc<Vec<Line>>>,
    unknown: Vec<UnknownKey>,
    /// The keys that hosts were let in with, as type and fingerprint, by host and port.
    accepted: BTreeMap<(String, u16), String>,
}

impl HostKeys {
    /// `user_file` is read first and is the only one that is ever written; files that are not
    /// there are empty.
    pub fn new(user_file: PathBuf, other_files: Vec<PathBuf>, policy: Policy) -> Self {
        Self { user_file, other_files, policy, state: Mutex::default() }
    }

    /// OpenSSH's own files: `known_hosts` and `known_hosts2` in `~/.ssh` and the two system files.
    pub fn standard(policy: Policy) -> Self {
        let home = std::env::home_dir().unwrap_or_default().join(".ssh");
        let others = [
            home.join("known_hosts2"),
            PathBuf::from("/etc/ssh/ssh_known_hosts"),
            PathBuf::from("/etc/ssh/ssh_known_hosts2"),
        ];
        Self::new(home.join("known_hosts"), others.into(), policy)
    }

    /// Keys first seen in this run that are waiting to be recorded, in the order of their hosts'
    /// answers; each only once.
    pub fn unknown(&self) -> Vec<UnknownKey> {
        self.state().unknown.clone()
    }

    /// Adds the keys to the user's `known_hosts` file; they are no longer [`HostKeys::unknown`].
    ///
    /// Several runs may do this at once: a lock file beside it is held meanwhile, and a key that
    /// someone else has added in the meantime is not added again. Directory and file are made with
    /// modes 0700 and 0600, and all lines are appended in one write. Names are hashed when the
    /// file has hashed names already. Blocks.
    ///
    /// # Errors
    ///
    /// [`Error::KnownHosts`] when the file cannot be written, [`Error::HostKeyChanged`] when it
    /// has another key for one of the hosts by now, [`Error::HostName`] for a name that would not
    /// be one name on the line; in all three cases nothing has been written.
    pub fn record(&self, keys: &[UnknownKey]) -> Result<(), Error> {
        let failed = |source| Error::KnownHosts { path: self.user_file.clone(), source };
        if keys.is_empty() {
            return Ok(());
        }
        let _lock = lock(&self.user_file).map_err(failed)?;
        let lines = known_hosts::read(&self.user_file)?;
        let mut text = String::new();
        for key in keys {
            match known_hosts::judge(&lines, &key.host, key.port, &key.key) {
                Verdict::Known => {}
                Verdict::Unknown => text += &line(key, known_hosts::hides_names(&lines))?,
                verdict => return Err(refusal(&verdict, key)),
            }
        }
        append(&self.user_file, &text).map_err(failed)?;
        let mut state = self.state();
        state.unknown.retain(|waiting| !keys.contains(waiting));
        state.lines = None;
        Ok(())
    }

    /// Judges the key that a host shows; a new one is remembered.
    pub(super) fn check(&self, host: &str, port: u16, offered: &PublicKey) -> Result<(), Error> {
        let lines = self.lines()?;
        let key = UnknownKey {
            host: host.to_owned(),
            port,
            algorithm: offered.algorithm().to_string(),
            fingerprint: offered.fingerprint(russh::keys::HashAlg::Sha256).to_string(),
            key: offered.clone(),
        };
        match known_hosts::judge(&lines, host, port, offered) {
            Verdict::Known => {}
            Verdict::Unknown => self.meet(key)?,
            verdict => return Err(refusal(&verdict, &key)),
        }
        let known_as = (host.to_owned(), port);
        self.state().accepted.insert(known_as, known_hosts::fingerprint(offered));
        Ok(())
    }

    /// The key that a host of this run was let in with, as type and fingerprint: `ssh-ed25519 SHA256:...`.
    pub fn accepted(&self, host: &str, port: u16) -> Option<String> {
        self.state().accepted.get(&(host.to_owned(), port)).cloned()
    }

    fn meet(&self, key: UnknownKey) -> Result<(), Error> {
        let mut state = self.state();
        let mut earlier =
            state.unknown.iter().filter(|seen| seen.host == key.host && seen.port == key.port);
        // A second connection of this run must find the host that the first one found.
        if self.policy == Policy::AcceptNew
            && let Some(first) = earlier.next()
            && first.key.key_data() != key.key.key_data()
        {
            return Err(Error::HostKeyChanged(Box::new(HostKeyClash {
                known_as: key.known_as(),
                file: self.user_file.clone(),
                line: 0,
                known: known_hosts::fingerprint(&first.key),
                offered: known_hosts::fingerprint(&key.key),
            })));
        }
        if !state.unknown.contains(&key) {
            state.unknown.push(key.clone());
        }
        match self.policy {
            Policy::AcceptNew => Ok(()),
            Policy::Known => Err(Error::HostKeyUnknown(Box::new(key))),
        }
    }

    /// The keys that are known for a host already.
    pub(super) fn known(&self, host: &str, port: u16) -> Result<Vec<PublicKey>, Error> {
        let lines = self.lines()?;
        Ok(known_hosts::known_keys(&lines, host, port).into_iter().cloned().collect())
    }

    fn lines(&self) -> Result<Arc<Vec<Line>>, Error> {
        let mut state = self.state();
        if let Some(lines) = &state.lines {
            return Ok(Arc::clone(lines));
        }
        let mut lines = known_hosts::read(&self.user_file)?;
        for file in &self.other_files {
            lines.extend(known_hosts::read(file)?);
        }
        let lines = Arc::new(lines);
        state.lines = Some(Arc::clone(&lines));
        Ok(lines)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal(verdict: &Verdict<'_>, key: &UnknownKey) -> Error {
    let clash = |line: &Line| {
        Box::new(HostKeyClash {
            known_as: key.known_as(),
            file: line.file.clone(),
            line: line.number,
            known: known_hosts::fingerprint(&line.key),
            offered: known_hosts::fingerprint(&key.key),
        })
    };
    match verdict {
        Verdict::Revoked(line) => Error::HostKeyRevoked(clash(line)),
        Verdict::Changed(line) => Error::HostKeyChanged(clash(line)),
        Verdict::Known | Verdict::Unknown => Error::HostKeyUnknown(Box::new(key.clone())),
    }
}

/// A whole line for the file, with its line break.
fn line(key: &UnknownKey, hidden: bool) -> Result<String, Error> {
    let unfit = |c: char| c.is_whitespace() || c.is_control() || "#,|*?!@[]".contains(c);
    if key.host.is_empty() || key.host.contains(unfit) {
        return Err(Error::HostName(key.host.clone()));
    }
    let mut name = key.known_as();
    if hidden {
        let mut salt = [0; 20];
        getrandom::fill(&mut salt).map_err(|error| Error::KnownHosts {
            path: PathBuf::from("/dev/urandom"),
            source: io::Error::other(error),
        })?;
        name = known_hosts::hash_name(&name, &salt);
    }
    let blob = BASE64_STANDARD.encode(key.key.public_key_bytes());
    let mut text = String::new();
    // Writing to a String cannot go wrong.
    let _ = writeln!(text, "{name} {} {blob}", key.algorithm);
    Ok(text)
}

/// Makes the file's directory where it is missing and holds `.NAME.lock` in it until dropped.
fn lock(path: &Path) -> io::Result<File> {
    let directory = path.parent().unwrap_or(Path::new("."));
    if !directory.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let lock = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(directory.join(format!(".{name}.lock")))?;
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive)?;
    Ok(lock)
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    let whole = fs::read(path)?.last().is_none_or(|last| *last == b'\n');
    let text = if whole { text.to_owned() } else { format!("\n{text}") };
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

#[cfg(test)]
mod tests;
