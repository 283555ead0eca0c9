use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::thread;

use super::*;

const ONE: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIjpZ0KYneVt9YkMs2Y5CfUJJKOL/8kLtKwkKk+j2a/J";
const TWO: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINf35pyI2e8yyC8rIjV7aDCY+hvwkBsOPqrgBmW7UuHJ";

fn key(line: &str) -> PublicKey {
    PublicKey::from_openssh(line).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_new_host_is_refused_collected_recorded_and_then_known() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".ssh/known_hosts");
    let keys = HostKeys::new(file.clone(), vec![], Policy::Known);
    let refused = keys.check("node", 2222, &key(ONE)).unwrap_err();
    assert!(matches!(&refused, Error::HostKeyUnknown(key) if key.known_as() == "[node]:2222"));
    keys.check("node", 2222, &key(ONE)).unwrap_err();
    let unknown = keys.unknown();
    assert_eq!(unknown.len(), 1, "seen twice, listed once");
    assert!(unknown[0].fingerprint.starts_with("SHA256:tPG9Q3"), "{}", unknown[0].fingerprint);

    keys.record(&unknown).unwrap();
    assert_eq!(keys.unknown(), []);
    keys.check("node", 2222, &key(ONE)).unwrap();
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let found =
        Command::new("ssh-keygen").args(["-F", "[node]:2222", "-f"]).arg(&file).output().unwrap();
    assert!(String::from_utf8(found.stdout).unwrap().contains(ONE));
}

#[test]
fn accept_new_accepts_once_and_never_a_second_key() {
    let home = tempfile::tempdir().unwrap();
    let keys = HostKeys::new(home.path().join("known_hosts"), vec![], Policy::AcceptNew);
    keys.check("node", 22, &key(ONE)).unwrap();
    keys.check("node", 22, &key(ONE)).unwrap();
    let clash = keys.check("node", 22, &key(TWO)).unwrap_err();
    assert!(matches!(clash, Error::HostKeyChanged(_)), "{clash}");
    assert!(!home.path().join("known_hosts").exists(), "nothing is written before record()");
    keys.record(&keys.unknown()).unwrap();
    let clash = keys.check("node", 22, &key(TWO)).unwrap_err();
    assert!(clash.to_string().contains("known_hosts line 1"), "{clash}");
    assert!(clash.fix().contains("ssh-keygen -R 'node'"), "{}", clash.fix());
}

#[test]
fn recording_goes_on_after_an_unfinished_line_and_keeps_names_hidden() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("known_hosts");
    let hidden = known_hosts::hash_name("old", &[3; 20]);
    fs::write(&file, format!("{hidden} {ONE}")).unwrap();
    let keys = HostKeys::new(file.clone(), vec![], Policy::AcceptNew);
    keys.check("new", 22, &key(TWO)).unwrap();
    keys.record(&keys.unknown()).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.lines().all(|line| line.starts_with("|1|")) && !text.contains("new"), "{text}");
    keys.check("old", 22, &key(ONE)).unwrap();
    keys.check("new", 22, &key(TWO)).unwrap();
    assert_eq!(keys.unknown(), []);
}

#[test]
fn a_name_that_is_not_one_name_is_never_written() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("known_hosts");
    let keys = HostKeys::new(file.clone(), vec![], Policy::AcceptNew);
    for name in ["a b", "a\nb", "a,b", "*", "a#b", "|1|x", "!a", "@revoked", ""] {
        keys.check(name, 22, &key(ONE)).unwrap();
        let error = keys.record(&keys.unknown()).unwrap_err();
        assert!(matches!(error, Error::HostName(_)), "{name}: {error}");
        keys.state().unknown.clear();
    }
    assert!(!file.exists());
}

#[test]
fn many_writers_lose_no_line_and_write_none_twice() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("known_hosts");
    thread::scope(|scope| {
        for writer in 0..8 {
            let file = file.clone();
            scope.spawn(move || {
                let keys = HostKeys::new(file, vec![], Policy::AcceptNew);
                for host in 0..20 {
                    // Half of the hosts are every writer's, half its own.
                    let name = if host % 2 == 0 {
                        format!("all{host}")
                    } else {
                        format!("w{writer}h{host}")
                    };
                    keys.check(&name, 22, &key(ONE)).unwrap();
                    keys.record(&keys.unknown()).unwrap();
                }
            });
        }
    });
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 10 + 8 * 10);
    assert!(text.lines().all(|line| line.ends_with(ONE)), "{text}");
}
