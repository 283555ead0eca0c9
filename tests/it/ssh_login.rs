//! Ways in, refused and granted, and hosts that are not there.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bivouac::secret::Secret;
use bivouac::ssh::{Connection, Credential, Error, KeyProblem, Target};

use crate::support::sshd::{SOON, Sshd, free_port, keygen};
use crate::support::user::User;

async fn login(sshd: &Sshd, user: &str, credentials: Vec<Credential>) -> Result<(), Error> {
    let mut target = sshd.target();
    user.clone_into(&mut target.user);
    target.credentials = credentials;
    let connection = Connection::open(&target, sshd.keys()).await?;
    connection.close().await;
    Ok(())
}

fn key(path: PathBuf) -> Credential {
    Credential::Key { path, passphrase: None }
}

fn password(word: &str) -> Credential {
    Credential::Password(Secret::new(word))
}

/// An ssh-agent that lives as long as this value.
struct Agent {
    child: Child,
    socket: PathBuf,
}

impl Agent {
    fn start(sshd: &Sshd) -> Self {
        let socket = sshd.path("agent");
        let mut child = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Its first line of output comes when it listens.
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, socket }
    }

    fn add(&self, key: &Path) {
        let mut add = Command::new("ssh-add");
        let status = add.arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.socket).status();
        assert!(status.unwrap().success());
    }

    fn credential(&self) -> Credential {
        Credential::Agent { socket: self.socket.clone() }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn keys_of_every_kind_get_in_also_with_a_passphrase() {
    let sshd = Sshd::with(&["ed25519"], "PubkeyAcceptedAlgorithms -ssh-rsa");
    for kind in ["ed25519", "ecdsa", "rsa"] {
        for passphrase in ["", "a 'b' $(id)"] {
            let path = sshd.path(&format!("key_{kind}_{}", passphrase.len()));
            keygen(&path, kind, passphrase);
            fs::copy(path.with_extension("pub"), sshd.path("authorized_keys")).unwrap();
            let passphrase = (!passphrase.is_empty()).then(|| Secret::new(passphrase));
            let credential = Credential::Key { path, passphrase };
            login(&sshd, "root", vec![credential])
                .await
                .unwrap_or_else(|error| panic!("{kind}: {error}"));
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_with_what_was_tried_and_what_is_accepted() {
    let sshd = Sshd::with(&["ed25519"], "PasswordAuthentication yes");
    keygen(&sshd.path("wrong"), "ed25519", "");
    let error = login(&sshd, "root", vec![key(sshd.path("wrong"))]).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::LoginRefused { .. }), "{text}");
    assert!(text.contains("wrong` (ssh-ed25519 SHA256:"), "{text}");
    assert!(text.contains("accepts publickey, password"), "{text}");
    assert!(error.is_login() && !error.is_unreachable());
    // The right one behind it gets in.
    login(&sshd, "root", vec![key(sshd.path("wrong")), sshd.key()]).await.unwrap();
}

#[tokio::test]
async fn key_files_that_cannot_be_used_are_named() {
    let sshd = Sshd::start();
    let locked = sshd.path("locked");
    keygen(&locked, "ed25519", "word");
    let open = sshd.path("open");
    keygen(&open, "ed25519", "");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    for (path, expected) in
        [(locked, KeyProblem::NeedsPassphrase), (open, KeyProblem::TooOpen(0o644))]
    {
        let error = login(&sshd, "root", vec![key(path.clone())]).await.unwrap_err();
        assert!(
            matches!(&error, Error::KeyFile { path: named, problem } if *named == path && *problem == expected),
            "{error}"
        );
        // Another credential still counts.
        login(&sshd, "root", vec![key(path), sshd.key()]).await.unwrap();
    }
}

#[tokio::test]
async fn an_rsa_key_never_signs_with_sha_1() {
    let sshd = Sshd::with(&["ed25519"], "PubkeyAcceptedAlgorithms ssh-rsa");
    let path = sshd.path("key");
    keygen(&path, "rsa", "");
    fs::copy(path.with_extension("pub"), sshd.path("authorized_keys")).unwrap();
    let error = login(&sshd, "root", vec![key(path)]).await.unwrap_err();
    // The key is the right one: only its signature was not to the server's taste. (A server that
    // announces this as well gets no signature at all: `KeyProblem::OnlySha1`.)
    assert!(error.is_login() && error.to_string().contains("(ssh-rsa SHA256:"), "{error}");
}

#[tokio::test]
async fn an_agent_is_asked_for_each_of_its_keys() {
    let sshd = Sshd::start();
    let agent = Agent::start(&sshd);
    let error = login(&sshd, "root", vec![agent.credential()]).await.unwrap_err();
    assert!(
        matches!(&error, Error::Agent { .. }) && error.to_string().contains("no keys"),
        "{error}"
    );
    for kind in ["ecdsa", "rsa"] {
        let path = sshd.path(&format!("agent_{kind}"));
        keygen(&path, kind, "");
        agent.add(&path);
    }
    let error = login(&sshd, "root", vec![agent.credential()]).await.unwrap_err();
    assert!(error.to_string().matches("agent key (").count() == 2, "{error}");
    agent.add(&sshd.path("client"));
    login(&sshd, "root", vec![agent.credential()]).await.unwrap();
    // An RSA key signs with SHA-2 by way of the agent, too.
    fs::copy(sshd.path("agent_rsa.pub"), sshd.path("authorized_keys")).unwrap();
    login(&sshd, "root", vec![agent.credential()]).await.unwrap();
    let missing = Credential::Agent { socket: sshd.path("no-agent") };
    let error = login(&sshd, "root", vec![missing]).await.unwrap_err();
    assert!(matches!(error, Error::Agent { .. }), "{error}");
}

#[tokio::test]
async fn an_agent_with_too_many_keys_is_told_as_such() {
    let sshd = Sshd::with(&["ed25519"], "MaxAuthTries 3");
    let agent = Agent::start(&sshd);
    for number in 0..5 {
        let path = sshd.path(&format!("many{number}"));
        keygen(&path, "ed25519", "");
        agent.add(&path);
    }
    let error = login(&sshd, "root", vec![agent.credential()]).await.unwrap_err();
    assert!(error.to_string().contains("Too many authentication failures"), "{error}");
    assert!(error.fix().contains("privateKey"), "{}", error.fix());
}

#[tokio::test]
async fn passwords_get_in_by_the_password_method() {
    let sshd =
        Sshd::with(&["ed25519"], "PasswordAuthentication yes\nKbdInteractiveAuthentication no");
    let word = "it's \"a\" $(id) \\pass% wörd";
    let user = User::new(word, "/bin/sh");
    login(&sshd, &user.name, vec![password(word)]).await.unwrap();
    let error = login(&sshd, &user.name, vec![password("wrong")]).await.unwrap_err();
    assert!(matches!(&error, Error::LoginRefused { .. }), "{error}");
    assert!(!format!("{error:?} {error}").contains("wrong"), "the word is not in the error");
    let failures = sshd.log().matches("Failed password for").count();
    assert_eq!(failures, 1, "a wrong password is tried once");
}

/// With PAM the same word is asked for by keyboard-interactive.
#[tokio::test]
async fn passwords_get_in_by_keyboard_interactive() {
    let lines = "UsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication no";
    let sshd = Sshd::with(&["ed25519"], lines);
    let user = User::new("pass word", "/bin/sh");
    login(&sshd, &user.name, vec![password("pass word")]).await.unwrap();
    let error = login(&sshd, &user.name, vec![password("wrong")]).await.unwrap_err();
    // PAM asks again after a wrong word; the same word is not given twice.
    assert!(matches!(&error, Error::SecondPrompt { .. } | Error::LoginRefused { .. }), "{error}");
    assert!(error.is_login());
}

#[tokio::test]
async fn a_key_and_a_password_together_get_in_where_both_are_asked_for() {
    let lines = "PasswordAuthentication yes\nAuthenticationMethods publickey,password";
    let sshd = Sshd::with(&["ed25519"], lines);
    let user = User::new("word", "/bin/sh");
    login(&sshd, &user.name, vec![sshd.key(), password("word")]).await.unwrap();
    let error = login(&sshd, &user.name, vec![sshd.key()]).await.unwrap_err();
    assert!(error.to_string().contains("accepted, but not enough"), "{error}");
}

fn nowhere(address: &str, port: u16, seconds: u64) -> Target {
    Target {
        name: "nowhere".into(),
        address: address.into(),
        port,
        user: "root".into(),
        credentials: vec![],
        sudo: None,
        connect_timeout: Duration::from_secs(seconds),
    }
}

#[tokio::test]
async fn hosts_that_cannot_be_reached_are_named_by_their_cause() {
    let sshd = Sshd::start();
    let open = async |target: Target| Connection::open(&target, sshd.keys()).await.unwrap_err();

    let error = open(nowhere("127.0.0.1", free_port(), 5)).await;
    assert!(matches!(error, Error::Refused { .. }) && error.is_unreachable(), "{error}");

    let error = open(nowhere("no-such-host.invalid", 22, 5)).await;
    assert!(matches!(error, Error::Resolve { .. }) && error.is_unreachable(), "{error}");

    // A listener that accepts and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = open(nowhere("127.0.0.1", silent.local_addr().unwrap().port(), 1)).await;
    assert!(matches!(error, Error::Silent { stage: "handshake", .. }), "{error}");

    // Something that is not sshd.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let serve = std::thread::spawn(move || {
        use std::io::Write as _;
        let (mut stream, _) = other.accept().unwrap();
        let _ = stream.write_all("HTTP/1.1 400 Bad Request\r\n".repeat(1000).as_bytes());
        std::thread::sleep(Duration::from_secs(1));
    });
    let error = open(nowhere("127.0.0.1", port, 5)).await;
    assert!(matches!(error, Error::Handshake { .. }), "{error}");
    serve.join().unwrap();
}

/// What sshd does at `MaxStartups`: it hangs up before a word.
#[tokio::test]
async fn a_dial_that_is_cut_off_is_tried_until_the_time_limit() {
    let sshd = Sshd::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = std::thread::spawn(move || {
        listener.set_nonblocking(true).unwrap();
        let start = Instant::now();
        let mut count = 0;
        while start.elapsed() < Duration::from_secs(6) {
            count += usize::from(listener.accept().is_ok());
            std::thread::sleep(Duration::from_millis(5));
        }
        count
    });
    let error = Connection::open(&nowhere("127.0.0.1", port, 3), sshd.keys()).await.unwrap_err();
    let Error::Dropped { tries, .. } = error else { panic!("{error}") };
    assert!((5..20).contains(&tries), "{tries}");
    assert_eq!(count.join().unwrap(), tries as usize);
}

#[tokio::test]
async fn names_of_etc_hosts_are_found() {
    let sshd = Sshd::start();
    let mut target = sshd.target();
    target.address = "localhost".into();
    let error = Connection::open(&target, sshd.keys()).await.unwrap_err();
    assert!(matches!(error, Error::HostKeyUnknown(_)), "reached under another name: {error}");
    let own = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let listed = fs::read_to_string("/etc/hosts").unwrap();
    if listed.split_whitespace().any(|word| word == own.trim()) {
        target.address = own.trim().into();
        target.connect_timeout = SOON;
        let error = Connection::open(&target, sshd.keys()).await.unwrap_err();
        assert!(!matches!(error, Error::Resolve { .. }), "{error}");
    }
}
