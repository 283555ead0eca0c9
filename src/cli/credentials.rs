//! From `ssh:` of a host to ways to log in: files are read, the agent is found.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::exit::{Exit, Stop};
use crate::cluster::{Cluster, Host, Ssh};
use crate::secret::Secret;
use crate::ssh::{Credential, Sudo, Target};

/// Names of the keys that ssh tries when none is named (ssh(1), `IdentityFile`).
const DEFAULT_KEYS: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// Where each host is and how to get in, in the order of cluster.yaml.
pub fn targets(cluster: &Cluster, connect_timeout: Duration) -> Result<Vec<Target>, Stop> {
    let mut secrets = Secrets::default();
    cluster.hosts.iter().map(|host| target(host, connect_timeout, &mut secrets)).collect()
}

fn target(host: &Host, connect_timeout: Duration, secrets: &mut Secrets) -> Result<Target, Stop> {
    let ssh = &host.ssh;
    let credentials = credentials(ssh, secrets)?;
    if credentials.is_empty() {
        return Err(Stop::new(
            Exit::Usage,
            format!(
                "{}: there is no way to log in\n  fix: name a `privateKey` or a `passwordFile` under `ssh`, or start an SSH agent",
                host.display
            ),
        ));
    }
    let sudo = match &ssh.sudo {
        None => None,
        Some(sudo) => Some(Sudo {
            password: match (&sudo.password, &sudo.password_file) {
                (Some(password), _) => Some(password.clone()),
                (None, Some(file)) => Some(secrets.read(file)?),
                (None, None) => None,
            },
        }),
    };
    Ok(Target {
        name: host.display.clone(),
        address: host.address.clone(),
        port: ssh.port,
        user: ssh.user.clone(),
        credentials,
        sudo: if ssh.user == "root" { None } else { sudo },
        connect_timeout,
    })
}

fn credentials(ssh: &Ssh, secrets: &mut Secrets) -> Result<Vec<Credential>, Stop> {
    let mut ways = Vec::new();
    let passphrase = ssh.passphrase_file.as_deref().map(|file| secrets.read(file)).transpose()?;
    for path in &ssh.private_keys {
        ways.push(Credential::Key { path: path.clone(), passphrase: passphrase.clone() });
    }
    let password = match (&ssh.password, &ssh.password_file) {
        (Some(password), _) => Some(password.clone()),
        (None, Some(file)) => Some(secrets.read(file)?),
        (None, None) => None,
    };
    let nothing_named = ways.is_empty() && password.is_none();
    let agent = || std::env::var_os("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty());
    if (ssh.agent || nothing_named)
        && let Some(socket) = agent()
    {
        ways.push(Credential::Agent { socket: PathBuf::from(socket) });
    }
    if nothing_named {
        let home = std::env::home_dir().unwrap_or_default().join(".ssh");
        let keys = DEFAULT_KEYS.iter().map(|name| home.join(name)).filter(|path| path.is_file());
        ways.extend(keys.map(|path| Credential::Key { path, passphrase: passphrase.clone() }));
    }
    ways.extend(password.map(Credential::Password));
    Ok(ways)
}

/// A secret that a file of the command line holds.
pub fn read_secret(path: &Path) -> Result<Secret, Stop> {
    Secrets::default().read(path)
}

/// Secret files, each read once.
#[derive(Debug, Default)]
struct Secrets(HashMap<PathBuf, Secret>);

impl Secrets {
    /// The file's content without the line end that editors put there.
    fn read(&mut self, path: &Path) -> Result<Secret, Stop> {
        if let Some(secret) = self.0.get(path) {
            return Ok(secret.clone());
        }
        let wrong = |problem: String, fix: &str| {
            Stop::new(Exit::Usage, format!("`{}` {problem}\n  fix: {fix}", path.display()))
        };
        let unreadable = |error| wrong(format!("cannot be read: {error}"), "correct the path");
        let mode = std::fs::metadata(path).map_err(unreadable)?.mode();
        if mode & 0o077 != 0 {
            let problem = format!("holds a secret and has the mode {:04o}", mode & 0o7777);
            let fix = format!("`chmod 600 {}`", crate::ssh::quote(&path.to_string_lossy()));
            return Err(wrong(problem, &fix));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let secret = Secret::new(
            text.strip_suffix('\n')
                .map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line)),
        );
        self.0.insert(path.to_owned(), secret.clone());
        Ok(secret)
    }
}
