//! Hung, lost and killed: three outcomes that must not be taken for each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bivouac::ssh::{Connection, Error, Exit, HostKeys, Policy, Request, Shell, Stdin};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;

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
async fn is_stopped(shell: &mut Shell, script: &str, stdin: Stdin, slowest: Duration) {
    // Nobody else's sleep, not even in another run of the tests, is written like this one's.
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mine = format!("sleep 9{:07}.{count:03}", std::process::id());
    let script = script.replace("sleep", &mine);
    let start = Instant::now();
    let error = shell.run(Request { stdin, ..Request::new(&script, LIMIT) }).await.unwrap_err();
    assert!(matches!(error, Error::Hung { stopped: true, .. }), "{script}: {error}");
    assert!(start.elapsed() < slowest, "{script}: {:?}", start.elapsed());
    let root = pid(shell).await;
    assert_eq!(below(root), Vec::<u32>::new(), "{script}: what hung is gone");
    // Also what has lost its parent.
    let left = below(0).into_iter().filter(|pid| command(*pid).starts_with(&mine));
    assert_eq!(left.count(), 0, "{script}: a part of it runs on");
    echo(shell).await;
}

const LIMIT: Duration = Duration::from_millis(500);

#[tokio::test]
async fn a_hung_command_is_stopped_and_the_shell_goes_on() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    for script in [
        "sleep 1",
        "sh -c 'sleep 2; echo not reached'; echo nor this",
        "sh -c 'kill -STOP $$'",
        "(trap '' HUP; sleep 3 | cat) & wait",
        "sh -c 'sleep 4 & sleep 5'",
        "while :; do :; done",
    ] {
        is_stopped(&mut shell, script, Stdin::Empty, SOON / 4).await;
    }
}

#[tokio::test]
async fn a_command_that_ignores_term_is_killed_after_five_seconds() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    let script = "trap '' TERM; while :; do sleep 6; done";
    let start = Instant::now();
    is_stopped(&mut shell, script, Stdin::Empty, SOON).await;
    assert!(start.elapsed() > Duration::from_secs(5), "TERM was given its time");
}

#[tokio::test]
async fn a_command_that_hangs_in_the_middle_of_its_data_is_stopped() {
    let sshd = Sshd::start();
    let (_connection, mut shell) = sshd.shell().await;
    for length in [10, 100_000, 20_000_000] {
        let script = "head -c 5 >/dev/null; sleep 7";
        is_stopped(&mut shell, script, Stdin::Bytes(vec![b'x'; length]), SOON / 2).await;
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
    is_stopped(&mut shell, "sleep 8", Stdin::Empty, SOON / 2).await;
}

#[tokio::test]
async fn a_hung_command_of_root_is_stopped_by_way_of_sudo() {
    let sshd = Sshd::start();
    let user = User::new("pass word", "/bin/sh");
    user.sudoers("USER ALL=(ALL) ALL");
    let target = user.target(&sshd, Some("pass word"));
    let connection = Connection::open(&target, sshd.keys()).await.unwrap();
    let mut shell = connection.shell().await.unwrap();
    is_stopped(&mut shell, "sleep 9", Stdin::Empty, SOON / 2).await;
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
    let (_connection, mut shell) = sshd.shell().await;
    let root = pid(&mut shell).await;
    let server = below(sshd.pid());
    let freeze = async {
        appears(root, "sleep 61").await;
        // Stopped sessions stand for a host that answers nothing any more.
        for pid in server.iter().filter(|pid| command(**pid).starts_with("sshd")) {
            let pid = rustix::process::Pid::from_raw(i32::try_from(*pid).unwrap()).unwrap();
            rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
        }
    };
    let start = Instant::now();
    let (result, ()) = tokio::join!(shell.run(Request::new("sleep 61", SOON * 10)), freeze);
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Lost { .. }), "{error}");
    assert!(error.to_string().contains("did not answer for 20 s"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    below(sshd.pid()).into_iter().for_each(kill);
}

/// The same while so much is sent that the socket is full: russh then sends no keepalive. One
/// upload has at most two mebibytes under way, which loopback's buffers hold; several do not fit.
#[tokio::test]
async fn a_silent_network_is_noticed_in_the_middle_of_uploads() {
    let sshd = Sshd::start();
    let frozen = Arc::new(AtomicBool::new(false));
    let mut target = sshd.target();
    target.port = proxy(sshd.port, Arc::clone(&frozen));
    let keys = HostKeys::new(sshd.path("none"), vec![], Policy::AcceptNew);
    let connection = Connection::open(&target, Arc::new(keys)).await.unwrap();
    let (sender, mut progress) = mpsc::unbounded_channel();
    let mut uploads = tokio::task::JoinSet::new();
    let path = sshd.path("sparse");
    std::fs::File::create(&path).unwrap().set_len(4 << 30).unwrap();
    for _ in 0..4 {
        let mut shell = connection.shell().await.unwrap();
        let (sender, path) = (sender.clone(), path.clone());
        uploads.spawn(async move {
            let mut request = Request::new("cat >/dev/null", SOON * 10);
            request.stdin = Stdin::File { path, offset: 0, length: 4 << 30 };
            request.progress = Some(sender);
            shell.run(request).await
        });
    }
    while progress.recv().await.unwrap() < 4 << 20 {}
    frozen.store(true, Ordering::Relaxed);
    let start = Instant::now();
    while let Some(result) = uploads.join_next().await {
        let result = result.unwrap();
        assert!(matches!(result, Err(Error::Lost { .. })), "{result:?}");
    }
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
}

/// Passes bytes on to `to`, through small buffers, until it is frozen. Returns its port.
fn proxy(to: u16, frozen: Arc<AtomicBool>) -> u16 {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 << 10).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(8).unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (near, _) = listener.accept().await.unwrap();
        let far = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
        let (mut near_read, mut near_write) = near.into_split();
        let (mut far_read, mut far_write) = far.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut far_read, &mut near_write).await });
        let mut buffer = vec![0; 8 << 10];
        while !frozen.load(Ordering::Relaxed) {
            let length = near_read.read(&mut buffer).await.unwrap();
            far_write.write_all(&buffer[..length]).await.unwrap();
        }
        // Both sockets stay open, and nobody reads them any more.
        tokio::time::sleep(SOON * 10).await;
        drop((near_read, far_write));
    });
    port
}
