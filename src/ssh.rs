//! One SSH connection per host, and one shell on it that runs commands with data on their stdin.
//!
//! Nothing outside this module names `russh`.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::secret::Secret;

/// Where a host is and how to get in.
#[derive(Debug, Clone)]
pub struct Target {
    /// Display name, for messages.
    pub name: String,
    /// Host name or address, as the user wrote it; also the name its key is looked up under.
    pub address: String,
    /// TCP port.
    pub port: u16,
    /// Login name.
    pub user: String,
    /// Ways to log in, in the order in which they are tried.
    pub credentials: Vec<Credential>,
    /// How to become root; `None` means that `user` is root already.
    pub sudo: Option<Sudo>,
    /// Limit for the dial, and again for the login.
    pub connect_timeout: Duration,
}

/// A way to log in.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A private key file, with its passphrase where it has one.
    Key { path: PathBuf, passphrase: Option<Secret> },
    /// The agent at this socket (`SSH_AUTH_SOCK`); with `only`, just the key of that public file.
    Agent { socket: PathBuf },
    /// A password, also given to keyboard-interactive's single prompt.
    Password(Secret),
}

/// How to become root with sudo.
#[derive(Debug, Clone)]
pub struct Sudo {
    /// The password, where sudo asks for one.
    pub password: Option<Secret>,
}

/// A command for the shell of a host.
#[derive(Debug)]
pub struct Request<'a> {
    /// POSIX sh, evaluated in a subshell in which the functions of [`Shell::define`] exist.
    pub script: &'a str,
    /// What the script reads on its stdin.
    pub stdin: Stdin,
    /// The script is stopped after this time and the outcome is [`Error::Hung`].
    pub time_limit: Duration,
    /// Each line of output (stdout and stderr) as it comes, for live display.
    pub lines: Option<mpsc::UnboundedSender<String>>,
    /// Bytes of `stdin` sent so far, as they are sent.
    pub progress: Option<mpsc::UnboundedSender<u64>>,
}

/// What a script reads on its stdin.
#[derive(Debug)]
pub enum Stdin {
    /// Nothing: end of file at once.
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// A file of the operator's machine from `offset` on, `length` bytes, streamed.
    File { path: PathBuf, offset: u64, length: u64 },
}
