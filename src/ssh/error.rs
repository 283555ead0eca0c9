use std::io;
use std::path::PathBuf;

use super::host_keys::UnknownKey;

/// Why a host cannot be reached, logged in to, or worked on. [`Error::fix`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No address was found for the host's name.
    #[error("the name `{name}` cannot be resolved: {cause}")]
    Resolve { name: String, cause: String },
    /// Nothing listens on the port.
    #[error("`{address}` refuses connections on port {port}")]
    Refused { address: String, port: u16 },
    /// Nothing answered the dial.
    #[error("`{address}` does not answer on port {port} within {seconds} s")]
    TimedOut { address: String, port: u16, seconds: u64 },
    /// The dial did not work for another reason: no route, a local limit.
    #[error("`{address}` cannot be reached on port {port}")]
    Unreachable { address: String, port: u16, source: io::Error },
    /// Each of several connections was closed before the login.
    #[error("`{address}` port {port} closed {tries} connections in a row before the login")]
    Dropped { address: String, port: u16, tries: u32 },
    /// The connection stands, but SSH could not be agreed on.
    #[error("no SSH session with `{address}` port {port}: {cause}")]
    Handshake { address: String, port: u16, cause: String },
    /// The connection stands, but the server said nothing more.
    #[error("`{address}` port {port} was silent for {seconds} s during the {stage}")]
    Silent { address: String, port: u16, stage: &'static str, seconds: u64 },

    /// The host is in no `known_hosts` file.
    #[error(
        "the host key of `{}` is not known: {} {}",
        .0.known_as(), .0.algorithm, .0.fingerprint
    )]
    HostKeyUnknown(Box<UnknownKey>),
    /// `known_hosts` holds other keys for the host: a new machine, or someone in between.
    #[error(
        "the host key of `{}` has changed: {} line {} has {}, the host shows {}",
        .0.known_as, .0.file.display(), .0.line, .0.known, .0.offered
    )]
    HostKeyChanged(Box<HostKeyClash>),
    /// `known_hosts` says that this key must not be used any more.
    #[error(
        "the host key of `{}` is revoked by {} line {}: {}",
        .0.known_as, .0.file.display(), .0.line, .0.offered
    )]
    HostKeyRevoked(Box<HostKeyClash>),
    /// A name that would not be one name in a `known_hosts` line.
    #[error("`{0}` cannot be written to known_hosts as a host name")]
    HostName(String),
    /// A `known_hosts` file that exists cannot be read, or a new key cannot be written to it.
    #[error("cannot use `{}`", path.display())]
    KnownHosts { path: PathBuf, source: io::Error },

    /// No way to log in was accepted.
    #[error("login as `{user}` refused: {}", refusal(tried, accepts, farewell.as_deref()))]
    LoginRefused {
        user: String,
        /// What was offered, in order, with the answer where it was more than no.
        tried: Vec<String>,
        /// The methods that the server said it would go on with.
        accepts: Vec<String>,
        /// What the server said when it hung up.
        farewell: Option<String>,
    },
    /// The server asked for something besides the password, a one-time code for instance.
    #[error("login as `{user}`: the server asks a further question, `{prompt}`")]
    SecondPrompt { user: String, prompt: String },
    /// A private key file cannot be used.
    #[error("private key `{}`: {problem}", path.display())]
    KeyFile { path: PathBuf, problem: KeyProblem },
    /// The agent cannot be asked, or holds nothing.
    #[error("SSH agent at `{}`: {cause}", socket.display())]
    Agent { socket: PathBuf, cause: String },

    /// sudo did not make us root.
    #[error("sudo for `{user}`: {problem}")]
    Sudo { user: String, problem: SudoProblem },
    /// The server would not open a channel or start a command on it.
    #[error("the server refused a channel: {0}")]
    ChannelRefused(String),
    /// The login shell ended, or stayed silent, instead of starting sh.
    #[error("no shell for `{user}`: {cause}")]
    NoShell { user: String, cause: String },

    /// The script did not end within its time limit.
    #[error("no end after {seconds} s; the command {}", hung(*stopped))]
    Hung {
        seconds: u64,
        /// Whether it was stopped; if not, it may still run and the shell is unusable.
        stopped: bool,
    },
    /// The connection broke while the script ran: its outcome is unknown.
    #[error("the connection was lost while the command ran ({reason}); how it ended is unknown")]
    Lost { reason: String },
    /// The shell that runs the scripts was itself killed.
    #[error("the remote shell was killed ({how}) while the command ran")]
    Killed { how: String },
    /// An earlier request left this shell in an unknown state.
    #[error("this shell cannot be used any more: {0}")]
    Unusable(&'static str),
    /// [`Shell::define`](super::Shell::define) met an error.
    #[error("the shell definitions ended with status {status}: {stderr}")]
    Define { status: i32, stderr: String },
    /// The script cannot be sent.
    #[error("the script holds a NUL byte")]
    Script,
    /// The local file for the script's stdin cannot be read, or is shorter than was said.
    #[error("cannot send `{}`", path.display())]
    Stdin { path: PathBuf, source: io::Error },
}

/// A host key against what `known_hosts` says. Keys are shown as `ssh-ed25519 SHA256:...`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKeyClash {
    /// The name as `known_hosts` has it: `host`, or `[host]:port`.
    pub known_as: String,
    /// The file that has the line.
    pub file: PathBuf,
    /// Its number, from 1; 0 where the first key was met earlier in this run and is not written yet.
    pub line: usize,
    /// The key on that line.
    pub known: String,
    /// The key that the host showed.
    pub offered: String,
}

/// What is wrong with a private key file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// The file cannot be opened or read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Others on this machine can read it (ssh refuses it too).
    #[error("mode {0:04o} lets others read it")]
    TooOpen(u32),
    /// It is encrypted and no passphrase was given.
    #[error("it is encrypted and no passphrase was given")]
    NeedsPassphrase,
    /// The passphrase does not fit.
    #[error("the passphrase does not open it")]
    WrongPassphrase,
    /// It is not a private key in a format that is understood.
    #[error("it is not a private key: {0}")]
    NotAKey(String),
    /// An ECDSA key in OpenSSH's own format whose number begins with a byte of zeros (one of some hundred): OpenSSH
    /// leaves that byte out (RFC 4251, `mpint`), and the crate that reads keys wants all of them.
    #[error("its number is a byte short, which is not understood here")]
    ShortNumber,
    /// An RSA key against a server that takes only SHA-1 signatures.
    #[error("the server takes RSA keys only with SHA-1 signatures, which are refused here")]
    OnlySha1,
    /// The private half is in a security token, and there is no agent that could ask it.
    #[error("its private half is in a security token, and there is no SSH agent to ask it")]
    NeedsAgent,
    /// It opened, and yet it cannot sign.
    #[error("it cannot sign: {0}")]
    CannotSign(String),
}

/// Why sudo said no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SudoProblem {
    /// It asked a second time.
    #[error("the password is wrong")]
    WrongPassword,
    /// It asked, and there is nothing to answer.
    #[error("it asks for a password and none was given")]
    PasswordNeeded,
    /// The user is not in sudoers, or may not run a shell.
    #[error("the user may not run a shell as root: {0}")]
    NotAllowed(String),
    /// `Defaults requiretty`.
    #[error("it wants a terminal (`requiretty`)")]
    RequireTty,
    /// There is no sudo.
    #[error("there is no `sudo` on the host")]
    Missing,
    /// Something else; its own words.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// Whether the host could not be reached at all: nothing was tried on it.
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Resolve { .. }
                | Self::Refused { .. }
                | Self::TimedOut { .. }
                | Self::Unreachable { .. }
                | Self::Dropped { .. }
                | Self::Handshake { .. }
                | Self::Silent { .. }
        )
    }

    /// Whether the host was reached and the way in was refused, by it or by us: host key, login,
    /// key file, agent, sudo.
    pub fn is_login(&self) -> bool {
        self.is_host_key()
            || matches!(
                self,
                Self::LoginRefused { .. }
                    | Self::SecondPrompt { .. }
                    | Self::KeyFile { .. }
                    | Self::Agent { .. }
                    | Self::Sudo { .. }
                    | Self::ChannelRefused(_)
                    | Self::NoShell { .. }
            )
    }

    /// Whether the host's key, or a `known_hosts` file, is the reason.
    pub fn is_host_key(&self) -> bool {
        matches!(
            self,
            Self::HostKeyUnknown(_)
                | Self::HostKeyChanged(_)
                | Self::HostKeyRevoked(_)
                | Self::HostName(_)
                | Self::KnownHosts { .. }
        )
    }
}

fn refusal(tried: &[String], accepts: &[String], farewell: Option<&str>) -> String {
    let mut text = if tried.is_empty() {
        "nothing to offer".to_owned()
    } else {
        format!("tried {}", tried.join(", "))
    };
    if !accepts.is_empty() {
        text = format!("{text}; the server accepts {}", accepts.join(", "));
    }
    if let Some(farewell) = farewell {
        text = format!("{text}; it hung up with `{farewell}`");
    }
    text
}

fn hung(stopped: bool) -> &'static str {
    if stopped { "was stopped" } else { "could not be stopped and may still run" }
}
