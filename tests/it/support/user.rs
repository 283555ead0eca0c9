//! A user of this machine who is gone after the test.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use bivouac::secret::Secret;
use bivouac::ssh::{Sudo, Target};

use super::sshd::Sshd;

/// useradd and userdel do not wait for each other.
static ACCOUNTS: Mutex<()> = Mutex::new(());
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A user with a password and a login shell.
pub struct User {
    pub name: String,
    sudoers: PathBuf,
}

impl User {
    pub fn new(password: &str, shell: &str) -> Self {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("bivouac-ssh-test-{}-{count}", std::process::id());
        let _lock = ACCOUNTS.lock().unwrap_or_else(PoisonError::into_inner);
        run(Command::new("useradd").args(["-m", "-s", shell, &name]), "");
        // Like chpasswd, but past the password rules of PAM.
        run(Command::new("chpasswd").arg("-c").arg("SHA512"), &format!("{name}:{password}\n"));
        let sudoers = PathBuf::from(format!("/etc/sudoers.d/{name}"));
        Self { name, sudoers }
    }

    /// Writes this user's own sudoers file; `USER` stands for the name.
    pub fn sudoers(&self, lines: &str) {
        let text = lines.replace("USER", &self.name) + "\n";
        fs::write(&self.sudoers, text).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o440);
        fs::set_permissions(&self.sudoers, mode).unwrap();
    }

    /// This user with the server's key, root by sudo.
    pub fn target(&self, sshd: &Sshd, password: Option<&str>) -> Target {
        let password = password.map(Secret::new);
        Target { user: self.name.clone(), sudo: Some(Sudo { password }), ..sshd.target() }
    }

    pub fn home(&self) -> PathBuf {
        PathBuf::from("/home").join(&self.name)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.sudoers);
        let _lock = ACCOUNTS.lock().unwrap_or_else(PoisonError::into_inner);
        let sudo = |directory| format!("{directory}/{}", self.name);
        let quiet = |command: &mut Command| {
            let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        };
        quiet(Command::new("userdel").args(["-f", "-r", &self.name]));
        quiet(Command::new("rm").args([
            "-rf",
            &sudo("/run/sudo/ts"),
            &sudo("/var/lib/sudo/lectured"),
        ]));
    }
}

fn run(command: &mut Command, stdin: &str) {
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{command:?}");
}
