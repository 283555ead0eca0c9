//! A real sshd on loopback, with keys and a configuration of its own.

use std::fmt::Write as _;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use bivouac::ssh::{Connection, Credential, HostKeys, Policy, Shell, Target};
use tempfile::TempDir;

/// The limit for things that should take milliseconds.
pub const SOON: Duration = Duration::from_secs(20);

/// An sshd that lives as long as this value. It takes the key [`Sshd::key`] for every user.
pub struct Sshd {
    child: Child,
    pub directory: TempDir,
    pub port: u16,
}

impl Sshd {
    /// An sshd with an ed25519 host key.
    pub fn start() -> Self {
        Self::with(&["ed25519"], "")
    }

    /// An sshd with host keys of these types and these lines in its configuration.
    pub fn with(host_keys: &[&str], lines: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        keygen(&path.join("client"), "ed25519", "");
        fs::copy(path.join("client.pub"), path.join("authorized_keys")).unwrap();
        // Users other than root read their keys as themselves.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(path, open).unwrap();
        for kind in host_keys {
            keygen(&path.join(kind), kind, "");
        }
        fs::create_dir_all("/run/sshd").unwrap();
        let host_key = |kind: &&str| format!("HostKey {}/{kind}", path.display());
        let host_keys = host_keys.iter().map(host_key).collect::<Vec<_>>().join("\n");
        // Another process may take the port between its choice and its use.
        for _ in 0..5 {
            let port = free_port();
            // sshd takes the first value of each setting, so the test's lines come first.
            let config = format!(
                "{lines}\n{host_keys}\nPort {port}\nListenAddress 127.0.0.1\nPidFile none\n\
                 AuthorizedKeysFile {}/authorized_keys\nStrictModes no\nUsePAM no\n\
                 PermitRootLogin yes\nPasswordAuthentication no\nUseDNS no\n\
                 MaxStartups 100\nLogLevel DEBUG1\n",
                path.display()
            );
            fs::write(path.join("sshd_config"), config).unwrap();
            let mut child = Command::new("/usr/sbin/sshd")
                .arg("-D")
                .arg("-f")
                .arg(path.join("sshd_config"))
                .arg("-E")
                .arg(path.join("log"))
                .stdin(Stdio::null())
                .spawn()
                .expect("openssh-server is installed");
            if listens(&mut child, port) {
                return Self { child, directory, port };
            }
        }
        panic!("sshd did not start: {}", fs::read_to_string(path.join("log")).unwrap_or_default());
    }

    /// The process that listens.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The private key that every user's `authorized_keys` has.
    pub fn key(&self) -> Credential {
        Credential::Key { path: self.path("client"), passphrase: None }
    }

    /// Root with the right key.
    pub fn target(&self) -> Target {
        Target {
            name: "test".into(),
            address: "127.0.0.1".into(),
            port: self.port,
            user: "root".into(),
            credentials: vec![self.key()],
            sudo: None,
            connect_timeout: SOON,
        }
    }

    /// Host keys that know exactly what this server shows.
    pub fn keys(&self) -> Arc<HostKeys> {
        let file = self.path("known_hosts_test");
        let mut text = String::new();
        for kind in ["ed25519", "ecdsa", "rsa"] {
            if let Ok(public) = fs::read_to_string(self.path(&format!("{kind}.pub"))) {
                writeln!(text, "[127.0.0.1]:{} {}", self.port, public.trim()).unwrap();
            }
        }
        fs::write(&file, text).unwrap();
        Arc::new(HostKeys::new(file, vec![], Policy::Known))
    }

    pub async fn connect(&self) -> Connection {
        Connection::open(&self.target(), self.keys()).await.unwrap()
    }

    /// A connection and a root shell on it.
    pub async fn shell(&self) -> (Connection, Shell) {
        let connection = self.connect().await;
        let shell = connection.shell().await.unwrap();
        (connection, shell)
    }

    /// Kills the processes of sshd that serve connections, but not the one that listens.
    pub fn kill_sessions(&self) {
        for pid in below(self.child.id()) {
            if command(pid).starts_with("sshd") {
                kill(pid);
            }
        }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let sessions = below(self.child.id());
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Sessions outlive their listener; commands that a test left running go with them.
        sessions.into_iter().for_each(kill);
    }
}

/// Makes a key pair at `path` and `path.pub`.
pub fn keygen(path: &Path, kind: &str, passphrase: &str) {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", kind, "-N", passphrase, "-C", "test", "-f"]).arg(path);
    assert!(command.status().unwrap().success());
}

/// Every live process below `root`.
pub fn below(root: u32) -> Vec<u32> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        if fields[0] != "Z" {
            parents.push((pid, fields[1].parse::<u32>().unwrap()));
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while next < found.len() {
        let parent = found[next];
        found.extend(parents.iter().filter(|(_, p)| *p == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
}

/// The command line of a process, with blanks.
pub fn command(pid: u32) -> String {
    let text = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&text).replace('\0', " ").trim().to_owned()
}

/// Kills one process.
pub fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}

/// Waits until `done` says so.
pub async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < SOON, "{what} did not come about");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn listens(child: &mut Child, port: u16) -> bool {
    for _ in 0..500 {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        sleep(Duration::from_millis(10));
    }
    false
}
