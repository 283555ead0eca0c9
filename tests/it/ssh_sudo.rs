//! Becoming root with sudo.

use bivouac::ssh::{Connection, Error, Request, Shell, Stdin, SudoProblem};

use crate::support::sshd::{SOON, Sshd, below, command};
use crate::support::user::User;

async fn open(
    sshd: &Sshd,
    user: &User,
    password: Option<&str>,
) -> Result<(Connection, Shell), Error> {
    let connection = Connection::open(&user.target(sshd, password), sshd.keys()).await?;
    let shell = connection.shell().await?;
    Ok((connection, shell))
}

async fn problem(sshd: &Sshd, user: &User, password: Option<&str>) -> SudoProblem {
    match open(sshd, user, password).await.unwrap_err() {
        Error::Sudo { problem, .. } => problem,
        other => panic!("{other}"),
    }
}

async fn is_root(shell: &mut Shell) {
    let output = shell.run(Request::new("id -u; echo $HOME", SOON)).await.unwrap();
    assert_eq!(str::from_utf8(&output.stdout).unwrap(), "0\n/root\n");
}

/// Data of some size, both ways, with any bytes.
async fn carries_data(shell: &mut Shell) {
    let data: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let mut request = Request::new("cat; printf 'e\\000' >&2", SOON);
    request.stdin = Stdin::Bytes(data.clone());
    let output = shell.run(request).await.unwrap();
    assert!(output.stdout == data && output.stderr == b"e\0");
}

#[tokio::test]
async fn without_a_password() {
    let sshd = Sshd::start();
    let user = User::new("x", "/bin/bash");
    user.sudoers("USER ALL=(ALL) NOPASSWD: ALL");
    for password in [None, Some("not needed")] {
        let (_connection, mut shell) = open(&sshd, &user, password).await.unwrap();
        is_root(&mut shell).await;
        carries_data(&mut shell).await;
    }
}

#[tokio::test]
async fn with_a_password_of_any_characters() {
    let sshd = Sshd::start();
    for password in
        ["plain", "it's \"a\" $(id) `id` \\ % ! p\u{e4}ss\u{20ac}", " leading and trailing "]
    {
        let user = User::new(password, "/bin/bash");
        user.sudoers("USER ALL=(ALL) ALL");
        let (_connection, mut shell) = open(&sshd, &user, Some(password)).await.unwrap();
        is_root(&mut shell).await;
        carries_data(&mut shell).await;
        for pid in below(sshd.pid()) {
            let line = command(pid);
            assert!(!line.contains(password), "{line}");
        }
    }
}

/// sudo 1.9.14 made it the default: the command runs in a terminal of sudo's own.
#[tokio::test]
async fn with_use_pty_and_a_lecture() {
    let sshd = Sshd::start();
    let user = User::new("word", "/bin/bash");
    user.sudoers("Defaults:USER use_pty, lecture=always\nUSER ALL=(ALL) ALL");
    let (_connection, mut shell) = open(&sshd, &user, Some("word")).await.unwrap();
    is_root(&mut shell).await;
    carries_data(&mut shell).await;
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let sshd = Sshd::start();
    let user = User::new("word", "/bin/bash");
    assert!(matches!(problem(&sshd, &user, Some("word")).await, SudoProblem::NotAllowed(_)));
    user.sudoers("USER ALL=(ALL) ALL");
    assert_eq!(problem(&sshd, &user, None).await, SudoProblem::PasswordNeeded);
    assert_eq!(problem(&sshd, &user, Some("wrong")).await, SudoProblem::WrongPassword);
    user.sudoers("USER ALL=(ALL) /usr/bin/id");
    assert!(matches!(problem(&sshd, &user, Some("word")).await, SudoProblem::NotAllowed(_)));
    user.sudoers("Defaults:USER requiretty\nUSER ALL=(ALL) NOPASSWD: ALL");
    assert_eq!(problem(&sshd, &user, None).await, SudoProblem::RequireTty);
    let error = open(&sshd, &user, None).await.unwrap_err();
    assert!(error.is_login() && error.fix().contains("!requiretty"), "{}", error.fix());
}

/// A shell that may start nothing is none for us.
#[tokio::test]
async fn a_sudo_whose_shells_start_nothing_is_named() {
    let sshd = Sshd::start();
    let user = User::new("word", "/bin/bash");
    user.sudoers("Defaults:USER noexec\nUSER ALL=(ALL) NOPASSWD: ALL");
    let error = open(&sshd, &user, None).await.unwrap_err();
    assert!(error.fix().contains("`noexec`"), "{error}: {}", error.fix());
    assert!(error.command().is_some_and(|it| it.contains("!noexec")));
}

/// What a hardened sudo has besides changes nothing: its path, its log, its mask.
#[tokio::test]
async fn with_a_path_a_log_and_a_mask_of_its_own() {
    let sshd = Sshd::start();
    let user = User::new("word", "/bin/bash");
    let log = sshd.path("sudo.log");
    user.sudoers(&format!(
        "Defaults:USER secure_path=/usr/bin:/bin, logfile={}, umask=0777, lecture=always, passwd_tries=1\nUSER ALL=(ALL) ALL",
        log.display()
    ));
    let (_connection, mut shell) = open(&sshd, &user, Some("word")).await.unwrap();
    is_root(&mut shell).await;
    let output = shell.run(Request::new("umask; command -v ip sysctl >&2; echo $PATH", SOON)).await;
    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(said.starts_with("0077\n/usr/local/sbin:"), "{said}");
    let logged = std::fs::read_to_string(log).unwrap();
    assert!(logged.contains("COMMAND") && !logged.contains("word"), "{logged}");
}
