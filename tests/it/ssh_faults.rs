//! Hung, lost and killed: three outcomes that must not be taken for each other.

use std::time::{Duration, Instant};

use bivouac::ssh::{Connection, Error, Exit, Request, Shell, Stdin};

use crate::support::sshd::{SOON, Sshd, below, command, kill, until};
use crate::support::user::User;

async fn echo(shell: &mut Shell) {
    let output = shell.run(Request::new("echo alive", SOON)).await.unwrap();
    assert_eq!((output.stdout.as_slice(), output.exit), (b"alive\n".as_slice(), Exit::Code(0)));
}

async fn pid(shell: &mut Shell) -> u32 {
    let output = shell.run(Request::new("echo $$", SOON)).await.unwrap();
    str::from_utf8(&output.stdout).unwrap().trim().parse().unwrap()
}

/// Waits for a process below `root` that has this command line.
async fn appears(root: u32, line: &str) {
    until(line, || below(root).iter().any(|pid| command(*pid) == line)).await;
}

/// Runs a script that hangs and expects it to be stopped and the shell to go on.
async fn is_stopped(shell: &mut Shell, request: Request<'_>, slowest: Duration) {
    let script = request.script.to_owned();
    let start = Instant::now();
    let error = shell.run(request).await.unwrap_err();
    assert!(matches!(error, Error::Hung { stopped: true, .. }), "{script}: {error}");
    assert!(start.elapsed() < slowest, "{script}: {:?}", start.elapsed());
    let root = pid(shell).await;
    assert_eq!(below(root), Vec::<u32>::new(), "{script}: what hung is gone");
    echo(shell).await;
}

const LIMIT: Duration = Duration::from_millis(500);

#[tokio::test]
async fn a_hung_command_is_stopped_and_the_shell_goes_on() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    for script in [
        "sleep 1001",
        "sh -c 'sleep 1002; echo not reached'; echo nor this",
        "sh -c 'kill -STOP $$'",
        "(trap '' HUP; sleep 1003 | cat) & wait",
        "while :; do :; done",
    ] {
        is_stopped(&mut shell, Request::new(script, LIMIT), SOON / 4).await;
    }
}

#[tokio::test]
async fn a_command_that_ignores_term_is_killed_after_five_seconds() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    let script = "trap '' TERM; while :; do sleep 1004; done";
    let start = Instant::now();
    is_stopped(&mut shell, Request::new(script, LIMIT), SOON).await;
    assert!(start.elapsed() > Duration::from_secs(5), "TERM was given its time");
}

#[tokio::test]
async fn a_command_that_hangs_in_the_middle_of_its_data_is_stopped() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    for length in [10, 100_000, 20_000_000] {
        let mut request = Request::new("head -c 5 >/dev/null; sleep 1005", LIMIT);
        request.stdin = Stdin::Bytes(vec![b'x'; length]);
        is_stopped(&mut shell, request, SOON / 2).await;
        let mut request = Request::new("wc -c", SOON);
        request.stdin = Stdin::Bytes(vec![b'\n'; length]);
        let output = shell.run(request).await.unwrap();
        assert_eq!(output.stdout, format!("{length}\n").into_bytes(), "data of the next request");
    }
}

#[tokio::test]
async fn a_hung_command_is_stopped_where_only_one_session_is_allowed() {
    let sshd = Sshd::with(&["ed25519"], "MaxSessions 1");
    let (connection, mut shell) = sshd.shell().await;
    let refused = connection.shell().await.unwrap_err();
    assert!(matches!(refused, Error::ChannelRefused(_)), "{refused}");
    is_stopped(&mut shell, Request::new("sleep 1006", LIMIT), SOON / 2).await;
}

#[tokio::test]
async fn a_hung_command_of_root_is_stopped_by_way_of_sudo() {
    let sshd = Sshd::start();
    let user = User::new("pass word", "/bin/sh");
    user.sudoers("USER ALL=(ALL) ALL");
    let target = user.target(&sshd, Some("pass word"));
    let connection = Connection::open(&target, sshd.keys()).await.unwrap();
    let mut shell = connection.shell().await.unwrap();
    is_stopped(&mut shell, Request::new("sleep 1007", LIMIT), SOON / 2).await;
}

#[tokio::test]
async fn a_command_that_cannot_be_stopped_is_told_as_such() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    let root = pid(&mut shell).await;
    // A loop that is stopped itself stands for a command that cannot be ended: no answer comes.
    let stop = async {
        appears(root, "sleep 1").await;
        let root = rustix::process::Pid::from_raw(i32::try_from(root).unwrap()).unwrap();
        rustix::process::kill_process(root, rustix::process::Signal::STOP).unwrap();
    };
    let (result, ()) = tokio::join!(shell.run(Request::new("sleep 1", LIMIT)), stop);
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Hung { stopped: false, .. }), "{error}");
    let error = shell.run(Request::new("true", SOON)).await.unwrap_err();
    assert!(matches!(error, Error::Unusable(_)), "{error}");
    kill(root);
}

#[tokio::test]
async fn a_connection_that_breaks_is_lost() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    let root = pid(&mut shell).await;
    let cut = async {
        appears(root, "sleep 5").await;
        sshd.kill_sessions();
    };
    let (result, ()) = tokio::join!(shell.run(Request::new("sleep 5", SOON)), cut);
    let error = result.unwrap_err();
    assert!(matches!(&error, Error::Lost { .. }), "{error}");
    assert!(error.to_string().contains("how it ended is unknown"), "{error}");
    assert!(matches!(shell.run(Request::new("true", SOON)).await, Err(Error::Unusable(_))));
    below(root).into_iter().chain([root]).for_each(kill);
}

#[tokio::test]
async fn a_connection_that_breaks_during_an_upload_is_lost() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    let root = pid(&mut shell).await;
    let mut request = Request::new("sleep 5", SOON);
    request.stdin = Stdin::Bytes(vec![0; 16 << 20]);
    let cut = async {
        appears(root, "sleep 5").await;
        sshd.kill_sessions();
    };
    let (result, ()) = tokio::join!(shell.run(request), cut);
    assert!(matches!(result, Err(Error::Lost { .. })), "{result:?}");
    below(root).into_iter().chain([root]).for_each(kill);
}

#[tokio::test]
async fn a_loop_that_is_killed_is_killed_and_the_connection_goes_on() {
    let sshd = Sshd::start();
    let (connection, mut shell) = sshd.shell().await;
    let root = pid(&mut shell).await;
    let murder = async {
        appears(root, "sleep 6").await;
        let children = below(root);
        kill(root);
        // sshd keeps the channel open as long as someone has its streams.
        children.into_iter().for_each(kill);
    };
    let (result, ()) = tokio::join!(shell.run(Request::new("sleep 6", SOON)), murder);
    let error = result.unwrap_err();
    assert!(matches!(&error, Error::Killed { how } if how.contains("KILL")), "{error}");
    assert!(matches!(shell.run(Request::new("true", SOON)).await, Err(Error::Unusable(_))));
    echo(&mut connection.shell().await.unwrap()).await;
}

#[tokio::test]
async fn a_script_that_kills_the_loop_is_told_apart_from_one_that_kills_itself() {
    let sshd = Sshd::start();
    let (connection, mut shell) = sshd.shell().await;
    let output = shell.run(Request::new("sh -c 'kill -9 $$'", SOON)).await.unwrap();
    assert_eq!(output.exit, Exit::Signal(9));
    let error = shell.run(Request::new("kill -9 $$; sleep 0.1", SOON)).await.unwrap_err();
    assert!(matches!(error, Error::Killed { .. }), "{error}");
    echo(&mut connection.shell().await.unwrap()).await;
}

#[tokio::test]
async fn a_cancelled_request_leaves_an_unusable_shell_and_a_usable_connection() {
    let sshd = Sshd::start();
    let (connection, mut shell) = sshd.shell().await;
    let root = pid(&mut shell).await;
    let mut request = Request::new("sleep 2", SOON);
    request.stdin = Stdin::Bytes(vec![0; 8 << 20]);
    tokio::select! {
        _ = shell.run(request) => panic!("it cannot have ended"),
        () = appears(root, "sleep 2") => {}
    }
    let error = shell.run(Request::new("true", SOON)).await.unwrap_err();
    assert!(matches!(error, Error::Unusable(_)), "{error}");
    echo(&mut connection.shell().await.unwrap()).await;
}

#[tokio::test]
async fn two_shells_of_one_connection_do_not_hold_each_other_up() {
    let sshd = Sshd::start();
    let (connection, mut one) = sshd.shell().await;
    let mut two = connection.shell().await.unwrap();
    let mut flood = Request::new("yes | head -c 200000000", SOON * 3);
    flood.keep = 0;
    let small = async {
        for _ in 0..20 {
            echo(&mut two).await;
        }
    };
    let (flooded, ()) = tokio::join!(one.run(flood), small);
    assert_eq!(flooded.unwrap().stdout_dropped, 200_000_000);
    // A child in the background that floods while no request runs does no harm either.
    one.run(Request::new("(sleep 0.1; yes | head -c 50000000) & :", SOON)).await.unwrap();
    for _ in 0..20 {
        echo(&mut two).await;
    }
}

/// The network goes silent: nothing is refused, nothing answers.
#[tokio::test]
async fn a_silent_network_is_noticed_within_half_a_minute() {
    let sshd = Sshd::start();
    for upload in [0, 64 << 20] {
        let (_connection, mut shell) = sshd.shell().await;
        let root = pid(&mut shell).await;
        let server = below(sshd.pid());
        let script = "sleep 61";
        let mut request = Request::new(script, SOON * 10);
        request.stdin = if upload == 0 { Stdin::Empty } else { Stdin::Bytes(vec![0; upload]) };
        let freeze = async {
            appears(root, script).await;
            // Stopped sessions stand for a host that answers nothing any more.
            for pid in server.iter().filter(|pid| command(**pid).starts_with("sshd")) {
                let pid = rustix::process::Pid::from_raw(i32::try_from(*pid).unwrap()).unwrap();
                rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
            }
        };
        let start = Instant::now();
        let (result, ()) = tokio::join!(shell.run(request), freeze);
        assert!(matches!(result, Err(Error::Lost { .. })), "{result:?}");
        assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
        below(sshd.pid()).into_iter().for_each(kill);
    }
}
