//! Requests to a shell on a real sshd: output, stdin, status, definitions.

use std::process::Command;
use std::time::Instant;

use bivouac::ssh::{Error, Exit, Request, Shell, Stdin};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::support::sshd::{SOON, Sshd, below};
use crate::support::user::User;

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

async fn run(shell: &mut Shell, script: &str) -> bivouac::ssh::Output {
    shell.run(Request::new(script, SOON)).await.unwrap()
}

fn hexadecimal(digit: u8) -> char {
    char::from_digit(digit.into(), 16).unwrap()
}

/// Deterministic bytes that look random.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..=length / 8).flat_map(|_| next().to_le_bytes()).take(length).collect()
}

#[tokio::test]
async fn scripts_run_one_after_the_other_in_a_clean_environment() {
    let sshd = Sshd::start();
    let (connection, mut shell) = sshd.shell().await;
    let output = run(&mut shell, "umask; pwd; echo $LC_ALL; id -u; echo to stderr >&2").await;
    assert_eq!(text(&output.stdout), "0077\n/\nC\n0\n");
    assert_eq!((text(&output.stderr), output.exit), ("to stderr\n", Exit::Code(0)));
    let path = run(&mut shell, "echo $PATH").await;
    assert_eq!(
        text(&path.stdout),
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
    );

    // Nothing stays from one script to the next.
    run(&mut shell, "cd /tmp; left=over; umask 0; set -e; trap 'echo trap' EXIT; exec >/dev/null")
        .await;
    let output = run(&mut shell, "pwd; echo \"<$left>\"; umask; false; echo on").await;
    assert_eq!(text(&output.stdout), "/\n<>\n0077\non\n");
    drop(shell);
    connection.close().await;
}

/// What `/etc/environment` gives people must not lead our programs elsewhere.
#[tokio::test]
async fn what_a_login_has_in_its_environment_stays_there() {
    let sshd = Sshd::with(
        &["ed25519"],
        "SetEnv https_proxy=http://127.0.0.1:9 ALL_PROXY=http://127.0.0.1:8 NO_PROXY=a,b TMPDIR=/nowhere KUBECONFIG=/nowhere POSIXLY_CORRECT=1",
    );
    let (connection, mut shell) = sshd.shell().await;
    let said = run(&mut shell, "env; mktemp -u").await;
    let said = text(&said.stdout);
    for name in ["proxy", "PROXY", "nowhere", "POSIXLY"] {
        assert!(!said.contains(name), "{said}");
    }
    // Package managers are given them back (`host/stage.sh`).
    let kept = run(&mut shell, "echo $bv_login_http $bv_login_https $bv_login_no").await;
    assert_eq!(text(&kept.stdout), "http://127.0.0.1:8 http://127.0.0.1:9 a,b\n");
    drop(shell);
    connection.close().await;
}

#[tokio::test]
async fn statuses_are_told_apart() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    for (script, exit) in [
        ("true", Exit::Code(0)),
        ("exit 1", Exit::Code(1)),
        ("exit 128", Exit::Code(128)),
        ("exit 255", Exit::Code(255)),
        ("set -e; false; echo not reached; exit 0", Exit::Code(1)),
        ("/no/such/command", Exit::Code(127)),
        ("if", Exit::Code(2)),
        ("kill -9 $(sh -c 'echo $PPID')", Exit::Signal(9)),
        ("sh -c 'kill -SEGV $$'", Exit::Signal(11)),
        ("sh -c 'kill -TERM $$'", Exit::Signal(15)),
    ] {
        let output = run(&mut shell, script).await;
        assert_eq!(output.exit, exit, "{script}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stdout, b"", "{script}");
    }
    let big = format!("# {}\nexit 3", "x".repeat(100_000));
    assert_eq!(run(&mut shell, &big).await.exit, Exit::Code(3), "a script sent as bytes");
    let error = shell.run(Request::new("echo \0", SOON)).await.unwrap_err();
    assert!(matches!(error, Error::Script));
}

#[tokio::test]
async fn scripts_arrive_as_they_were_written() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    let nasty =
        " \\n \\\\ 'q' \"d\" $(id) `id` ! * ~ # ; & |\ttab ü \u{7f}\n  indented\n\n trailing \\ ";
    for padding in [0, 10_000] {
        let script = format!("cat <<'END'\n{nasty}\nEND\n: {}\n\n", "x".repeat(padding));
        let output = run(&mut shell, &script).await;
        assert_eq!(text(&output.stdout), format!("{nasty}\n"), "padding {padding}");
    }
    let output = run(&mut shell, "").await;
    assert_eq!(output.exit, Exit::Code(0));
}

#[tokio::test]
async fn output_may_hold_any_bytes_and_need_no_line_break() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    for _ in 0..2 {
        let output =
            run(&mut shell, r"printf 'a\000\377\376\r\n\033[0mz'; printf '\001e' >&2").await;
        assert_eq!(output.stdout, b"a\0\xff\xfe\r\n\x1b[0mz");
        assert_eq!(output.stderr, b"\x01e");
    }
}

#[tokio::test]
async fn sixty_four_mebibytes_come_back_exactly() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    let data = noise(64 << 20);
    let path = sshd.path("data");
    std::fs::write(&path, &data).unwrap();
    let script = format!("cat {}", path.display());
    let mut request = Request::new(&script, SOON * 3);
    request.keep = 64 << 20;
    let output = shell.run(request).await.unwrap();
    assert!(output.stdout == data, "{} bytes came", output.stdout.len());
    assert_eq!((output.stdout_dropped, output.exit), (0, Exit::Code(0)));
    // What is over the limit is counted.
    let output = shell.run(Request::new(&script, SOON * 3)).await.unwrap();
    assert!(output.stdout == data[..16 << 20]);
    assert_eq!(output.stdout_dropped, 48 << 20);
}

#[tokio::test]
async fn the_end_of_a_long_stderr_is_kept() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    let output = run(&mut shell, "head -c 3000000 /dev/zero >&2; printf end >&2; echo out").await;
    assert_eq!((output.stderr.len(), output.stderr_dropped), (256 << 10, 3_000_003 - (256 << 10)));
    assert!(output.stderr.ends_with(b"\0end"));
    assert_eq!(output.stdout, b"out\n");
}

#[tokio::test]
async fn thirty_two_mebibytes_go_up_from_memory_and_from_a_file() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    let data = noise(32 << 20);
    let sum = |bytes: &[u8]| {
        let digest = Sha256::digest(bytes);
        digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hexadecimal).collect::<String>()
    };
    let (sender, mut progress) = mpsc::unbounded_channel();
    let mut request = Request::new("sha256sum", SOON * 3);
    request.stdin = Stdin::Bytes(data.clone());
    request.progress = Some(sender);
    let output = shell.run(request).await.unwrap();
    assert_eq!(text(&output.stdout), format!("{}  -\n", sum(&data)));
    let mut last = 0;
    while let Ok(sent) = progress.try_recv() {
        assert!(sent > last, "progress goes up");
        last = sent;
    }
    assert_eq!(last, 32 << 20);

    let path = sshd.path("upload");
    std::fs::write(&path, &data).unwrap();
    let mut request = Request::new("sha256sum", SOON * 3);
    request.stdin = Stdin::File { path, offset: 1000, length: 20_000_001 };
    let output = shell.run(request).await.unwrap();
    assert_eq!(text(&output.stdout), format!("{}  -\n", sum(&data[1000..20_001_001])));
}

#[tokio::test]
async fn a_script_need_not_read_its_stdin() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    for length in [1, 70_000, 32 << 20] {
        for script in ["echo no; exit 28", "head -c 10 >/dev/null; echo no; exit 28"] {
            let mut request = Request::new(script, SOON);
            request.stdin = Stdin::Bytes(noise(length));
            let start = Instant::now();
            let output = shell.run(request).await.unwrap();
            assert_eq!(
                (output.stdout.as_slice(), output.exit),
                (b"no\n".as_slice(), Exit::Code(28))
            );
            assert!(start.elapsed() < SOON / 4, "{length}: {:?}", start.elapsed());
            assert_eq!(run(&mut shell, "echo still here").await.stdout, b"still here\n");
        }
    }
    // Without data there is an end at once.
    assert_eq!(run(&mut shell, "wc -c").await.stdout, b"0\n");
}

#[tokio::test]
async fn a_script_may_flood_while_it_is_fed() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    let data = noise(8 << 20);
    let mut request = Request::new("cat; head -c 3000000 /dev/zero", SOON);
    request.stdin = Stdin::Bytes(data.clone());
    let output = shell.run(request).await.unwrap();
    assert!(output.stdout[..8 << 20] == data && output.stdout.len() == (8 << 20) + 3_000_000);
}

#[tokio::test]
async fn a_file_that_is_too_short_or_missing_is_named_and_the_shell_goes_on() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    let path = sshd.path("short");
    let mut request = Request::new("cat >/dev/null", SOON);
    request.stdin = Stdin::File { path: path.clone(), offset: 0, length: 10 };
    assert!(matches!(shell.run(request).await, Err(Error::Stdin { .. })));
    std::fs::write(&path, "12345").unwrap();
    let mut request = Request::new("cat >/dev/null", SOON);
    request.stdin = Stdin::File { path: path.clone(), offset: 0, length: 10 };
    let error = shell.run(request).await.unwrap_err();
    assert!(matches!(&error, Error::Stdin { path: named, .. } if *named == path), "{error}");
    assert_eq!(run(&mut shell, "echo on").await.stdout, b"on\n");
}

#[tokio::test]
async fn a_background_child_does_not_hold_the_answer_back() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    let start = Instant::now();
    let output = run(&mut shell, "sleep 10 & echo done").await;
    assert_eq!(output.stdout, b"done\n");
    assert!(start.elapsed() < SOON / 4);
    assert_eq!(run(&mut shell, "echo next").await.stdout, b"next\n");
}

#[tokio::test]
async fn lines_are_shown_while_the_script_runs() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    let flag = sshd.path("flag");
    let script = format!(
        "echo first; until [ -e {} ]; do sleep 0.05; done; echo second >&2",
        flag.display()
    );
    let (sender, mut lines) = mpsc::unbounded_channel();
    let mut request = Request::new(&script, SOON);
    request.lines = Some(sender);
    let watch = async {
        // The script ends only because its first line has been seen.
        assert_eq!(lines.recv().await.unwrap(), "first");
        std::fs::write(&flag, "").unwrap();
        assert_eq!(lines.recv().await.unwrap(), "second");
    };
    let (output, ()) = tokio::join!(shell.run(request), watch);
    assert_eq!(output.unwrap().stderr, b"second\n");
}

#[tokio::test]
async fn definitions_are_there_for_every_script_and_their_errors_are_told() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    shell.define("greet() { echo \"hello $1\"; }\nplace=world\n").await.unwrap();
    assert_eq!(run(&mut shell, "greet \"$place\"; place=x").await.stdout, b"hello world\n");
    assert_eq!(run(&mut shell, "greet \"$place\"").await.stdout, b"hello world\n");
    for (broken, word) in [("f() {", "end of file"), ("no-such-command-here", "not found")] {
        let error = shell.define(broken).await.unwrap_err();
        assert!(matches!(&error, Error::Define { stderr, .. } if stderr.contains(word)), "{error}");
    }
    assert_eq!(run(&mut shell, "greet again").await.stdout, b"hello again\n");
}

#[tokio::test]
async fn login_shells_that_print_and_login_shells_that_are_not_sh() {
    for shell in ["/bin/bash", "/bin/dash", "/usr/bin/fish", "/bin/tcsh"] {
        if !std::path::Path::new(shell).exists() {
            continue;
        }
        let sshd = Sshd::start();
        let user = User::new("x", shell);
        for (name, line) in [
            (".bashrc", "echo noise; echo noise >&2\n"),
            (".tcshrc", "echo noise\n"),
            (".config/fish/config.fish", "echo noise\n"),
        ] {
            let path = user.home().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, line).unwrap();
        }
        let mut target = sshd.target();
        target.user.clone_from(&user.name);
        let connection = bivouac::ssh::Connection::open(&target, sshd.keys()).await.unwrap();
        let mut remote =
            connection.shell().await.unwrap_or_else(|error| panic!("{shell}: {error}"));
        let output = run(&mut remote, "id -un; echo err >&2").await;
        assert_eq!(text(&output.stdout), format!("{}\n", user.name), "{shell}");
        assert_eq!(text(&output.stderr), "err\n", "{shell}");
        drop(remote);
        connection.close().await;
    }
}

#[tokio::test]
async fn a_login_without_a_shell_is_named() {
    let sshd = Sshd::start();
    let user = User::new("x", "/usr/sbin/nologin");
    let mut target = sshd.target();
    target.user.clone_from(&user.name);
    let connection = bivouac::ssh::Connection::open(&target, sshd.keys()).await.unwrap();
    let error = connection.shell().await.unwrap_err();
    assert!(error.to_string().contains("not available"), "{error}");
    assert!(error.is_login());
    assert_eq!(error.command(), Some(format!("usermod -s /bin/sh {}", user.name)));
}

/// As cloud-init leaves root where it has made another user.
#[tokio::test]
async fn a_login_that_is_sent_to_another_user_is_told_as_such() {
    let sshd = Sshd::start();
    let key = std::fs::read_to_string(sshd.path("authorized_keys")).unwrap();
    let only =
        r#"echo 'Please login as the user \"debian\" rather than the user \"root\".'; exit 142"#;
    let line = format!("no-port-forwarding,command=\"{only}\" {key}");
    std::fs::write(sshd.path("authorized_keys"), line).unwrap();
    let connection = sshd.connect().await;
    let error = connection.shell().await.unwrap_err();
    assert!(error.to_string().contains("Please login as the user"), "{error}");
    assert!(error.fix().contains("ssh: {user: ..., sudo: {}}"), "{}", error.fix());
    assert_eq!(error.name(), "LoginShell");
}

#[tokio::test]
async fn a_password_that_has_to_be_changed_is_named_and_the_command_mends_it() {
    // It is PAM that looks.
    let sshd = Sshd::with(&["ed25519"], "UsePAM yes");
    let user = User::new("x", "/bin/bash");
    let shell = |script: &str| {
        let done = std::process::Command::new("sh").args(["-c", script]).status().unwrap();
        assert!(done.success(), "{script}");
    };
    shell(&format!("chage -d 0 {}", user.name));
    let mut target = sshd.target();
    target.user.clone_from(&user.name);
    let open = async || bivouac::ssh::Connection::open(&target, sshd.keys()).await.unwrap();
    let error = open().await.shell().await.unwrap_err();
    assert!(error.to_string().contains("Password change required"), "{error}");
    shell(&error.command().unwrap());
    open().await.shell().await.unwrap();
}

#[tokio::test]
async fn a_dropped_shell_leaves_no_process_behind() {
    let sshd = Sshd::start();
    let (connection, mut shell) = sshd.shell().await;
    let output = run(&mut shell, "echo $$").await;
    let pid: u32 = text(&output.stdout).trim().parse().unwrap();
    drop(shell);
    let gone = || !std::path::Path::new(&format!("/proc/{pid}")).exists();
    crate::support::sshd::until("the end of the loop", gone).await;
    // The connection still works, and closes.
    let mut shell = connection.shell().await.unwrap();
    assert_eq!(run(&mut shell, "echo again").await.stdout, b"again\n");
    connection.close().await;
    assert!(matches!(shell.run(Request::new("true", SOON)).await, Err(Error::Lost { .. })));
}

#[tokio::test]
async fn a_small_request_costs_one_fork() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    // Each new process takes the next pid; other tests take some too, so the least of many counts.
    let mut least = u32::MAX;
    for _ in 0..30 {
        let before = run(&mut shell, "sh -c 'echo $$'").await;
        let after = run(&mut shell, "sh -c 'echo $$'").await;
        let pid = |bytes: &[u8]| text(bytes).trim().parse::<u32>().unwrap();
        least = least.min(pid(&after.stdout).saturating_sub(pid(&before.stdout)));
    }
    assert!(least <= 2, "a subshell and the script's own sh make two, not {least}");
}

/// The same test binary is run again for this, so that its memory holds nothing else.
#[tokio::test]
async fn memory_stays_flat_in_both_directions() {
    const PROBE: &str = "BIVOUAC_TEST_SSH_PROBE";
    let sshd = Sshd::start();
    if std::env::var_os(PROBE).is_none() {
        let name = "ssh::memory_stays_flat_in_both_directions";
        let status = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env(PROBE, "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let (_connection, mut shell) = sshd.shell().await;
    let mut request = Request::new("head -c 300000000 /dev/zero", SOON * 3);
    request.keep = 1000;
    let output = shell.run(request).await.unwrap();
    assert_eq!(output.stdout.len() as u64 + output.stdout_dropped, 300_000_000);
    let path = sshd.path("sparse");
    std::fs::File::create(&path).unwrap().set_len(300_000_000).unwrap();
    let mut request = Request::new("wc -c", SOON * 3);
    request.stdin = Stdin::File { path, offset: 0, length: 300_000_000 };
    assert_eq!(shell.run(request).await.unwrap().stdout, b"300000000\n");
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 40 << 10, "peak {peak} KiB");
    println!("peak {peak} KiB");
}

#[tokio::test]
async fn ps_and_sudo_see_neither_script_nor_data() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    let pid: u32 = text(&run(&mut shell, "echo $$").await.stdout).trim().parse().unwrap();
    let mut request = Request::new("canary=SCRIPT-CANARY; cat >/dev/null; sleep 1", SOON);
    request.stdin = Stdin::Bytes(b"DATA-CANARY".to_vec());
    let look = async {
        crate::support::sshd::until("sleep", || {
            below(pid).iter().any(|pid| crate::support::sshd::command(*pid).starts_with("sleep"))
        })
        .await;
        for pid in [vec![pid], below(pid)].concat() {
            for file in ["cmdline", "environ"] {
                let bytes = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
                assert!(!String::from_utf8_lossy(&bytes).contains("CANARY"), "{file} of {pid}");
            }
        }
    };
    let (output, ()) = tokio::join!(shell.run(request), look);
    assert!(output.unwrap().exit.success());
}
