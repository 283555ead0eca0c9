use super::error::{Error, KeyProblem, SudoProblem};
use super::quote::quote;
use super::words;

impl Error {
    /// The next thing to do: one sentence, with the command to type where there is one.
    pub fn fix(&self) -> String {
        match self {
            Self::Resolve { .. } => "check the spelling, or write the host's IP address; \
                 `/etc/hosts` and the DNS servers of `/etc/resolv.conf` were asked"
                .into(),
            Self::Refused { port, .. } => {
                format!("start sshd on the host, or correct the port (`ss -ltn` there shows whether {port} is open)")
            }
            Self::TimedOut { address, .. } | Self::Unreachable { address, .. } => {
                format!("check that the host is up and that no firewall is between: `ping {address}`")
            }
            Self::Dropped { .. } => {
                "look at sshd's log on the host (`journalctl -u ssh -u sshd`); too many logins at once \
                 (`MaxStartups`) or a ban of this machine's address do this"
                    .into()
            }
            Self::Handshake { address, port, .. } => {
                format!("compare with `ssh -v -p {port} {address}`")
            }
            Self::Silent { .. } => {
                "the host is overloaded or something else listens on this port; try again, or raise the time limit"
                    .into()
            }
            Self::HostKeyUnknown(key) => {
                let kind = match key.algorithm.as_str() {
                    "ssh-ed25519" => "ed25519",
                    "ssh-rsa" => "rsa",
                    _ => "ecdsa",
                };
                format!(
                    "compare the fingerprint with the host's own (`ssh-keygen -lf \
                     /etc/ssh/ssh_host_{kind}_key.pub` there), then run again with \
                     `--accept-new-host-keys`"
                )
            }
            Self::HostKeyChanged(clash) => format!(
                "if the host was reinstalled, remove the old key: `ssh-keygen -R {} -f {}`; \
                 if not, someone may be listening: stop",
                quote(&clash.known_as),
                quote(&clash.file.display().to_string()),
            ),
            Self::HostKeyRevoked(clash) => format!(
                "give the host a new key, or take the `@revoked` line out of {}",
                clash.file.display()
            ),
            Self::HostName(_) => "write the host's plain name or address".into(),
            Self::KnownHosts { path, .. } => {
                format!("make it readable and writable for you: `ls -l {}`", path.display())
            }
            Self::LoginRefused { user, farewell, tried, .. } => match farewell.as_deref() {
                Some(said) if said.contains("Too many authentication failures") => {
                    "the agent holds more keys than the server tries: name the one key with `privateKey`".into()
                }
                _ if tried.iter().any(|way| way.contains("password")) => format!(
                    "check the password of `{user}`, and that sshd on the host lets this user log in with one{}",
                    root(user)
                ),
                _ => format!(
                    "put the public key into `~{user}/.ssh/authorized_keys` on the host (`ssh-copy-id`), \
                     or name another key or user{}",
                    root(user)
                ),
            },
            Self::SecondPrompt { .. } => {
                "use a key or an agent for this user: questions besides the password cannot be answered".into()
            }
            Self::KeyFile { path, problem } => key_fix(&path.display().to_string(), problem),
            Self::Agent { .. } => "start an agent and add the key: `eval $(ssh-agent); ssh-add`".into(),
            Self::Sudo { user, problem } => sudo_fix(user, problem),
            Self::ChannelRefused(_) => {
                "check `MaxSessions`, `ForceCommand` and the user's shell on the host".into()
            }
            Self::NoShell { user, cause } => words::login(user, cause).unwrap_or_else(|| {
                format!(
                    "look at what the login does: `ssh {user}@host 'echo ok'` must print ok and nothing else"
                )
            }),
            Self::Hung { stopped: true, .. } => {
                "see what it waits for on the host, or raise the time limit; then run again".into()
            }
            Self::Hung { stopped: false, .. } => {
                "look at the process on the host (state D means that a disk or a mount does not answer)".into()
            }
            Self::Lost { .. } => "check the network and whether the host is up, then run again".into(),
            Self::Killed { .. } => {
                "look for who killed it (`journalctl -k | grep -i oom`), then run again".into()
            }
            Self::Unusable(_) => "open a new shell".into(),
            Self::Define { .. } | Self::Script => "this is an error in bivouac: report it".into(),
            Self::Stdin { path, .. } => {
                format!("check that the file is whole and readable: `ls -l {}`", path.display())
            }
        }
    }
}

/// Why a right key or password may not be enough; sshd's log alone tells.
fn root(user: &str) -> &'static str {
    if user == "root" {
        "; sshd may refuse root altogether (`PermitRootLogin`): then log in as a user with `sudo: {}`"
    } else {
        "; sshd's log there says more (`journalctl -u ssh -u sshd`): `AllowUsers`, a locked account"
    }
}

fn key_fix(path: &str, problem: &KeyProblem) -> String {
    let path = quote(path);
    match problem {
        KeyProblem::Unreadable(_) => format!("name a key file that is there: `ls -l {path}`"),
        KeyProblem::TooOpen(_) => format!("`chmod 600 {path}`"),
        KeyProblem::NeedsPassphrase => {
            format!(
                "name a file with the passphrase (`passphraseFile`), or add the key to an agent: `ssh-add {path}`"
            )
        }
        KeyProblem::WrongPassphrase => format!("try it by hand: `ssh-keygen -y -f {path}`"),
        KeyProblem::NotAKey(_) => {
            format!(
                "name the private half of an OpenSSH, PEM or PKCS#8 key; look at it with `ssh-keygen -l -f {path}`"
            )
        }
        KeyProblem::ShortNumber => {
            format!(
                "write the same key in another format: `ssh-keygen -p -m PKCS8 -f {path}`; or add it to an agent: `ssh-add {path}`"
            )
        }
        KeyProblem::NeedsAgent => {
            format!("start an agent and add the key: `eval $(ssh-agent); ssh-add {path}`")
        }
        KeyProblem::OnlySha1 | KeyProblem::CannotSign(_) => {
            "use an ed25519 key: `ssh-keygen -t ed25519`".into()
        }
    }
}

fn sudo_fix(user: &str, problem: &SudoProblem) -> String {
    match problem {
        SudoProblem::WrongPassword => {
            format!("correct the password file; `sudo -k true` as `{user}` must take it")
        }
        SudoProblem::PasswordNeeded => {
            format!(
                "name a file with the password (`sudo: {{passwordFile: ...}}`), or allow `{user} ALL=(ALL) NOPASSWD: ALL`"
            )
        }
        SudoProblem::NotAllowed(_) => {
            format!("allow it in sudoers (`visudo`): `{user} ALL=(ALL) ALL`")
        }
        SudoProblem::RequireTty => {
            format!("take `requiretty` off for this user: `Defaults:{user} !requiretty`")
        }
        SudoProblem::Missing => "install sudo on the host, or log in as root".into(),
        SudoProblem::Other(said) => words::sudo(user, said)
            .unwrap_or_else(|| format!("try it by hand as `{user}`: `sudo sh -c id`")),
    }
}
