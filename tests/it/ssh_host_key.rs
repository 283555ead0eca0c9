//! Host keys of a real sshd against `known_hosts` files.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use bivouac::ssh::{Connection, Error, HostKeys, Policy};

use crate::support::sshd::{Sshd, keygen};

/// Writes a `known_hosts` file and opens a connection with it.
async fn open(
    sshd: &Sshd,
    policy: Policy,
    content: &str,
) -> (Arc<HostKeys>, Result<Connection, Error>) {
    let file = sshd.path("known_hosts");
    fs::write(&file, content.replace("HOST", &format!("[127.0.0.1]:{}", sshd.port))).unwrap();
    let keys = Arc::new(HostKeys::new(file, vec![], policy));
    let result = Connection::open(&sshd.target(), Arc::clone(&keys)).await;
    (keys, result)
}

fn public(sshd: &Sshd, name: &str) -> String {
    let line = fs::read_to_string(sshd.path(&format!("{name}.pub"))).unwrap();
    line.rsplit_once(' ').unwrap().0.to_owned()
}

#[tokio::test]
async fn an_unknown_key_is_refused_and_after_record_accepted() {
    let sshd = Sshd::start();
    let (keys, result) = open(&sshd, Policy::Known, "").await;
    let error = result.unwrap_err();
    assert!(
        matches!(&error, Error::HostKeyUnknown(key) if key.algorithm == "ssh-ed25519"),
        "{error}"
    );
    assert!(error.is_host_key() && error.is_login() && !error.is_unreachable());
    let unknown = keys.unknown();
    assert_eq!((unknown.len(), unknown[0].port), (1, sshd.port));
    let print = std::process::Command::new("ssh-keygen")
        .arg("-lf")
        .arg(sshd.path("ed25519.pub"))
        .output()
        .unwrap();
    assert!(String::from_utf8(print.stdout).unwrap().contains(&unknown[0].fingerprint));
    keys.record(&unknown).unwrap();
    Connection::open(&sshd.target(), keys).await.unwrap().close().await;
    // What was recorded is what ssh itself would read.
    let ssh = std::process::Command::new("ssh")
        .args(["-F", "none", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes"])
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", sshd.path("known_hosts").display()))
        .arg("-i")
        .arg(sshd.path("client"))
        .args(["-p", &sshd.port.to_string(), "root@127.0.0.1", "echo ok"])
        .output()
        .unwrap();
    assert_eq!(ssh.stdout, b"ok\n", "{}", String::from_utf8_lossy(&ssh.stderr));
}

#[tokio::test]
async fn accept_new_accepts_an_unknown_key_and_leaves_the_recording_to_the_caller() {
    let sshd = Sshd::start();
    let (keys, result) = open(&sshd, Policy::AcceptNew, "").await;
    result.unwrap().close().await;
    assert_eq!(fs::read_to_string(sshd.path("known_hosts")).unwrap(), "");
    keys.record(&keys.unknown()).unwrap();
    let expected = format!("[127.0.0.1]:{} {}\n", sshd.port, public(&sshd, "ed25519"));
    assert_eq!(fs::read_to_string(sshd.path("known_hosts")).unwrap(), expected);
}

#[tokio::test]
async fn a_changed_key_is_refused_under_every_policy() {
    let sshd = Sshd::start();
    keygen(&sshd.path("old"), "ed25519", "");
    keygen(&sshd.path("old_ecdsa"), "ecdsa", "");
    // The last one: only keys of another type are known, which is a change all the same.
    for known in ["old", "old_ecdsa"] {
        for policy in [Policy::Known, Policy::AcceptNew] {
            let content = format!("# comment\nHOST {}\n", public(&sshd, known));
            let (keys, result) = open(&sshd, policy, &content).await;
            let error = result.unwrap_err();
            let Error::HostKeyChanged(clash) = &error else { panic!("{error}") };
            assert_eq!((clash.line, &clash.file), (2, &sshd.path("known_hosts")));
            assert_ne!(clash.known, clash.offered);
            assert_eq!(error.to_string().matches("SHA256:").count(), 2, "{error}");
            let fix = format!("`ssh-keygen -R '[127.0.0.1]:{}' -f", sshd.port);
            assert!(error.fix().contains(&fix), "{}", error.fix());
            assert_eq!(keys.unknown(), []);
        }
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_even_where_it_is_listed() {
    let sshd = Sshd::start();
    let key = public(&sshd, "ed25519");
    for content in [format!("HOST {key}\n@revoked * {key}\n"), format!("@revoked HOST {key}\n")] {
        let (_, result) = open(&sshd, Policy::AcceptNew, &content).await;
        let error = result.unwrap_err();
        assert!(matches!(error, Error::HostKeyRevoked(_)), "{error}");
    }
}

#[tokio::test]
async fn the_server_is_asked_for_the_key_that_is_known() {
    let sshd = Sshd::with(&["ed25519", "ecdsa", "rsa"], "");
    for kind in ["ecdsa", "rsa", "ed25519"] {
        let (_, result) =
            open(&sshd, Policy::Known, &format!("HOST {}\n", public(&sshd, kind))).await;
        result.unwrap_or_else(|error| panic!("{kind}: {error}")).close().await;
    }
}

#[tokio::test]
async fn a_known_hosts_file_that_cannot_be_read_is_named() {
    let sshd = Sshd::start();
    let keys =
        HostKeys::new(sshd.path("none"), vec![PathBuf::from("/proc/self")], Policy::AcceptNew);
    let error = Connection::open(&sshd.target(), Arc::new(keys)).await.unwrap_err();
    assert!(error.to_string().contains("/proc/self"), "{error}");
    assert!(error.is_host_key());
}
