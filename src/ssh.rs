//! One SSH connection per host, and one shell on it that runs commands with data on their stdin.
//!
//! ```text
//! Target --dial, host key, login--> Connection --one channel, root--> Shell --Request--> Output
//! ```
//!
//! A [`Connection`] checks the host's key against `known_hosts` ([`HostKeys`]) and logs in. A
//! [`Shell`] is one channel on it, without a terminal, in which a small loop reads requests and
//! answers each with the script's output and status, so that thirty steps cost thirty round trips
//! and not thirty logins. Nothing outside this module names `russh`.
//!
//! Messages of [`Error`] do not begin with the host's name: whoever reports them knows it.

mod bootstrap;
mod connection;
mod dial;
mod error;
mod fix;
mod host_keys;
mod inbox;
mod key_file;
mod known_hosts;
mod login;
mod quote;
mod resolve;
mod scan;
mod shell;
mod signature;
mod signers;
mod stop;
mod stream;
mod verifier;
mod words;

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;

pub use self::connection::Connection;
pub use self::error::{Error, HostKeyClash, KeyProblem, SudoProblem};
pub use self::host_keys::{HostKeys, Policy, UnknownKey};
pub use self::known_hosts::known_as;
pub use self::quote::quote;
pub use self::resolve::resolve;
pub use self::shell::Shell;
pub use self::signature::{SIGNATURE_LIMIT, Signature, SignedHash, sign};
pub use self::signers::{NotAllowed, Signers, SignersError};
pub use self::stream::Streams;
use crate::secret::Secret;

/// Bytes of stdout that [`Request::new`] asks to keep: 16 MiB.
pub const KEEP: usize = 16 << 20;

/// Bytes of stderr that are kept, counted from its end: 256 KiB.
pub const KEEP_STDERR: usize = 256 << 10;

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
    /// Limit for the dial, again for the login, and again for the start of a shell.
    pub connect_timeout: Duration,
}

/// A way to log in.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A private key file, with its passphrase where it has one.
    Key { path: PathBuf, passphrase: Option<Secret> },
    /// Every identity of the agent at this socket (`SSH_AUTH_SOCK`), one after the other.
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
    ///
    /// Bytes that are not UTF-8 are replaced and a line is cut every 16 KiB; control characters
    /// are passed on as they are, so whoever shows the line must escape them.
    pub lines: Option<mpsc::UnboundedSender<String>>,
    /// Bytes of `stdin` sent so far, as they are sent.
    pub progress: Option<mpsc::UnboundedSender<u64>>,
    /// Bytes of stdout to keep, from its beginning ([`KEEP`] unless said otherwise); the rest is
    /// read and counted in [`Output::stdout_dropped`].
    pub keep: usize,
}

impl<'a> Request<'a> {
    /// A request without stdin or live output that keeps [`KEEP`] bytes of stdout.
    pub fn new(script: &'a str, time_limit: Duration) -> Self {
        let stdin = Stdin::Empty;
        Self { script, stdin, time_limit, lines: None, progress: None, keep: KEEP }
    }
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
    /// Lines that are decided upon while the script runs: it waits for each with `read`, which takes no more
    /// than that line, and what else it starts must not read. The connection's end is the end of file.
    Lines(mpsc::UnboundedReceiver<String>),
}

/// What a script wrote and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// The beginning of stdout, at most [`Request::keep`] bytes.
    pub stdout: Vec<u8>,
    /// The end of stderr, at most [`KEEP_STDERR`] bytes.
    pub stderr: Vec<u8>,
    /// Bytes of stdout that came after those in `stdout`.
    pub stdout_dropped: u64,
    /// Bytes of stderr that came before those in `stderr`.
    pub stderr_dropped: u64,
}

/// How a script ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this status.
    Code(i32),
    /// A signal killed it, or its last command: sh reports that as status 128 + n, so a script
    /// that says `exit 137` itself looks the same.
    Signal(i32),
}

impl Exit {
    /// Whether the script exited with status 0.
    pub fn success(self) -> bool {
        self == Self::Code(0)
    }

    /// Reads sh's status: 129 to 192 are the signals 1 to 64.
    fn from_status(status: i32) -> Self {
        match status {
            129..=192 => Self::Signal(status - 128),
            code => Self::Code(code),
        }
    }
}
