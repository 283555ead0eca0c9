//! What a login or sudo says instead of starting a shell: what to do about it, and what to type on the host.

use super::error::{Error, SudoProblem};

/// Words by which a cause is known; `USER` in the rest is the user.
struct Known {
    says: &'static [&'static str],
    fix: &'static str,
    command: Option<&'static str>,
}

/// Of logins: sshd (session.c), PAM's modules, shadow's nologin, cloud-init's `disable_root`, sudo's `noexec`.
const LOGIN: &[Known] = &[
    Known {
        says: &["account is currently not available"],
        fix: "give `USER` a login shell, or log in as another user",
        command: Some("usermod -s /bin/sh USER"),
    },
    Known {
        says: &["Please login as the user"],
        fix: "log in as the user that it names: `ssh: {user: ..., sudo: {}}` in cluster.yaml",
        command: None,
    },
    Known {
        says: &["Password change required", "password has expired", "change your password"],
        fix: "have `USER` set a new password; for one who logs in with a key alone it is enough to call the present one new",
        command: Some(r#"chage -d "$(date +%F)" USER"#),
    },
    Known {
        says: &["going down", "booting up", "not permitted to log in yet"],
        fix: "wait until the host has started; if it has, take away what keeps users out",
        command: Some("rm -f /run/nologin /etc/nologin"),
    },
    Known {
        says: &["sftp connections only", "sftp-server"],
        fix: "let sshd start commands for `USER`: no `ForceCommand internal-sftp`",
        command: None,
    },
    Known {
        says: &["(`noexec`?)", "dd: Permission denied", "dd: Operation not permitted"],
        fix: "let shells that sudo starts start commands: no `noexec` for `USER`",
        command: Some(
            "echo 'Defaults:USER !noexec' >/etc/sudoers.d/zz-bivouac && chmod 0440 /etc/sudoers.d/zz-bivouac",
        ),
    },
];

/// Of sudo itself.
const SUDO: &[Known] = &[
    Known {
        says: &["no valid sudoers sources", "parse error", "syntax error"],
        fix: "mend the file of sudoers that it names: `visudo -c` as root says where",
        command: None,
    },
    Known {
        says: &["setuid bit set", "'nosuid' option"],
        fix: "give sudo its owner and mode back, on a file system that is not mounted `nosuid`",
        command: Some(r#"chown root:root "$(command -v sudo)" && chmod 4755 "$(command -v sudo)""#),
    },
    Known {
        says: &["is expired", "password has expired"],
        fix: "have `USER` set a new password; for one who logs in with a key alone it is enough to call the present one new",
        command: Some(r#"chage -d "$(date +%F)" -E -1 USER"#),
    },
    Known {
        says: &["account validation failure", "account is locked", "account management"],
        fix: "see why PAM refuses the account (`journalctl -t sudo` there), or use another user",
        command: None,
    },
];

impl Error {
    /// What the finding is called: at which step the way in ended.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sudo { .. } => "Sudo",
            Self::ChannelRefused(_) | Self::NoShell { .. } => "LoginShell",
            _ if self.is_host_key() => "HostKey",
            _ if self.is_login() => "Login",
            _ => "Reachable",
        }
    }

    /// What mends it, to be typed as root on the host, where that is one line.
    pub fn command(&self) -> Option<String> {
        let (known, user) = match self {
            Self::Sudo { user, problem: SudoProblem::RequireTty } => {
                return Some(format!(
                    "echo 'Defaults:{user} !requiretty' >/etc/sudoers.d/zz-bivouac && chmod 0440 /etc/sudoers.d/zz-bivouac"
                ));
            }
            Self::Sudo { user, problem: SudoProblem::NotAllowed(_) } => {
                return Some(format!(
                    "echo '{user} ALL=(ALL) ALL' >/etc/sudoers.d/zz-bivouac && chmod 0440 /etc/sudoers.d/zz-bivouac"
                ));
            }
            Self::Sudo { user, problem: SudoProblem::Other(said) } => (find(SUDO, said), user),
            Self::NoShell { user, cause } => (find(LOGIN, cause), user),
            _ => return None,
        };
        known?.command.map(|command| command.replace("USER", user))
    }
}

/// What to do about a login that starts no shell.
pub(super) fn login(user: &str, said: &str) -> Option<String> {
    Some(find(LOGIN, said)?.fix.replace("USER", user))
}

/// What to do about a sudo that is ill.
pub(super) fn sudo(user: &str, said: &str) -> Option<String> {
    Some(find(SUDO, said)?.fix.replace("USER", user))
}

fn find(all: &'static [Known], said: &str) -> Option<&'static Known> {
    all.iter().find(|known| known.says.iter().any(|words| said.contains(words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_shell(said: &str) -> Error {
        Error::NoShell { user: "ops".into(), cause: format!("status 1, `{said}`") }
    }

    #[test]
    fn what_a_login_says_is_understood() {
        for (said, fix, command) in [
            (
                "This account is currently not available.",
                "login shell",
                Some("usermod -s /bin/sh ops"),
            ),
            (
                "Please login as the user \"ubuntu\" rather than the user \"root\".",
                "`ssh: {user: ..., sudo: {}}`",
                None,
            ),
            (
                "WARNING: Your password has expired.; Password change required but no TTY available.",
                "new password",
                Some("chage -d \"$(date +%F)\" ops"),
            ),
            (
                "\"System is booting up. Unprivileged users are not permitted to log in yet.",
                "wait",
                Some("rm -f /run/nologin /etc/nologin"),
            ),
            ("This service allows sftp connections only.", "ForceCommand", None),
            ("something else", "must print ok and nothing else", None),
        ] {
            let error = no_shell(said);
            assert!(error.fix().contains(fix), "{said}: {}", error.fix());
            assert_eq!(error.command().as_deref(), command, "{said}");
            assert_eq!(error.name(), "LoginShell");
        }
    }

    #[test]
    fn what_sudo_says_is_understood() {
        for (said, fix) in [
            (
                "sudo: parse error in /etc/sudoers near line 3; sudo: no valid sudoers sources found, quitting",
                "visudo -c",
            ),
            (
                "sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set",
                "owner and mode",
            ),
            (
                "sudo: effective uid is not 0, is /usr/bin/sudo on a file system with the 'nosuid' option set",
                "nosuid",
            ),
            (
                "sudo: Account or password is expired, reset your password and try again",
                "new password",
            ),
            ("sudo: account validation failure, is your account locked?", "PAM"),
            ("something else", "try it by hand"),
        ] {
            let problem = SudoProblem::Other(said.into());
            let error = Error::Sudo { user: "ops".into(), problem };
            assert!(error.fix().contains(fix), "{said}: {}", error.fix());
            assert_eq!(error.name(), "Sudo");
        }
    }

    #[test]
    fn each_step_of_the_way_in_has_a_name() {
        let refused = Error::Refused { address: "a".into(), port: 22 };
        assert_eq!((refused.name(), refused.command()), ("Reachable", None));
        assert_eq!(Error::HostName("a b".into()).name(), "HostKey");
        let login = Error::SecondPrompt { user: "ops".into(), prompt: "code".into() };
        assert_eq!(login.name(), "Login");
        let problem = SudoProblem::RequireTty;
        let sudo = Error::Sudo { user: "ops".into(), problem };
        assert!(sudo.command().is_some_and(|it| it.contains("Defaults:ops !requiretty")));
    }
}
