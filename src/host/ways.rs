//! Whether packets of one host get to another: each host listens for a moment while the others try.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::mpsc;

use super::remote::{Answer, Error, Lines, Remote};
use crate::ssh::{Stdin, quote};

/// POSIX sh; what it wants in front of it is in its head.
const SCRIPT: &str = include_str!("ways.sh");

/// Ways that a host tries at the same time: each is a process there.
pub const AT_ONCE: usize = 64;

/// A way's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// A connection.
    Tcp,
    /// A small datagram.
    Udp,
    /// A datagram as large as the sender's interface lets through.
    Large,
}

impl Protocol {
    /// What a message calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp | Self::Large => "UDP",
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp | Self::Large => "udp",
        }
    }
}

/// A way that a host is to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// Tells it from the others of the round, of all hosts.
    pub number: usize,
    /// How.
    pub protocol: Protocol,
    /// Where to.
    pub to: IpAddr,
    /// Which port.
    pub port: u16,
    /// How many bytes a datagram has.
    pub size: usize,
}

/// What one host does in a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its own address, on which it listens.
    pub address: IpAddr,
    /// TCP ports to listen on.
    pub tcp: BTreeSet<u16>,
    /// UDP ports to listen on.
    pub udp: BTreeSet<u16>,
    /// Ways to try.
    pub tries: Vec<Try>,
}

/// What came back when a connection was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// A connection.
    Connected,
    /// A refusal: of the host's, where nobody listens, or of a firewall's.
    Refused,
    /// Word that there is no way, or that it is forbidden.
    NoRoute,
    /// Nothing, within the time.
    Nothing,
    /// Nobody tried: the host has no tool for it.
    Untried,
}

/// Whether a host listened on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ear {
    /// It did.
    Up,
    /// Somebody else listens there.
    Taken,
    /// Another run does, for a moment, or has the host to itself: nobody can say who answers when.
    Another,
    /// It could not.
    Deaf,
}

/// A way that was tried, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The display name of the host that it leads to.
    pub to: String,
    /// How it was tried.
    pub protocol: Protocol,
    /// The port there.
    pub port: u16,
    /// Who goes that way: `the kubelet, for the API server`.
    pub purpose: &'static str,
    /// Whether it is open.
    pub outcome: Outcome,
}

/// Whether a way is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is.
    Open,
    /// Nothing comes back, or a datagram does not arrive.
    Silent,
    /// It is refused although the host listens there: by a firewall.
    Rejected,
    /// There is no way, or it is forbidden.
    NoRoute,
    /// Nobody could tell.
    Unknown,
}

impl Outcome {
    /// What a try says. `there` is what the host at the other end heard.
    #[must_use]
    pub fn of(it: &Try, here: &Heard, there: &Heard) -> Self {
        let (ear, came) = (there.ear(it.protocol, it.port), here.way(it.number));
        match it.protocol {
            _ if came == Came::Untried => Self::Unknown,
            Protocol::Tcp => Self::of_connection(ear, came),
            Protocol::Udp | Protocol::Large if ear != Ear::Up => Self::Unknown,
            Protocol::Udp | Protocol::Large if there.has(it.number) => Self::Open,
            Protocol::Udp | Protocol::Large => Self::Silent,
        }
    }

    fn of_connection(ear: Ear, came: Came) -> Self {
        match came {
            Came::Refused if ear == Ear::Up => Self::Rejected,
            // Its listener may just have gone, or never have come.
            Came::Refused if ear == Ear::Another => Self::Unknown,
            // Where nobody listens, or not on this address, the machine itself refuses: so packets get there.
            Came::Connected | Came::Refused => Self::Open,
            Came::NoRoute => Self::NoRoute,
            Came::Nothing => Self::Silent,
            Came::Untried => Self::Unknown,
        }
    }
}

/// What a host said of its part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    ears: BTreeMap<(&'static str, u16), Ear>,
    held: bool,
    ways: BTreeMap<usize, Came>,
    begun: BTreeSet<usize>,
    came: BTreeSet<usize>,
}

impl Part {
    /// The script for it. `word` is what this run's datagrams begin with: of letters and digits; after `limit` nobody listens any more.
    #[must_use]
    pub fn script(&self, word: &str, limit: Duration) -> String {
        let list = |ports: &BTreeSet<u16>| {
            ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        let mut script = format!(
            "bv_address={} bv_tcp={} bv_udp={} bv_word={} bv_limit={}\nbv_ways() {{\n:\n",
            quote(&self.address.to_string()),
            quote(&list(&self.tcp)),
            quote(&list(&self.udp)),
            quote(word),
            limit.as_secs(),
        );
        for some in self.tries.chunks(AT_ONCE) {
            script.push_str("bv_try <<'bv_end'\n");
            for it in some {
                let Try { number, protocol, to, port, size } = it;
                let _ = writeln!(script, "{number} {} {to} {port} {size}", protocol.kind());
            }
            script.push_str("bv_end\n");
        }
        script + "}\n" + SCRIPT
    }

    /// How long the tries take at most: some are tried at a time, and each of these within 5 s.
    #[must_use]
    pub fn limit(&self) -> Duration {
        let turns = self.tries.len().div_ceil(AT_ONCE);
        Duration::from_secs(10 + 6 * u64::try_from(turns).unwrap_or(u64::MAX / 8))
    }
}

impl Heard {
    /// Takes in a line of the script's; `word` is this run's. What strangers send is passed over.
    pub fn take(&mut self, line: &str, word: &str) {
        let line = line.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (second, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        match first {
            "up" | "taken" | "another" => {
                let Ok(port) = rest.parse() else { return };
                let kind = if second == "tcp" { "tcp" } else { "udp" };
                let ear = match first {
                    "up" => Ear::Up,
                    "taken" => Ear::Taken,
                    _ => Ear::Another,
                };
                self.ears.insert((kind, port), ear);
            }
            "held" => self.held = true,
            "way" => {
                let Ok(number) = second.parse() else { return };
                self.ways.insert(number, Came::of(rest));
            }
            "begun" => self.begun.extend(second.parse::<usize>()),
            "came" if second == word => {
                self.came.extend(rest.parse::<usize>());
            }
            _ => {}
        }
    }

    /// Whether the host listened there.
    #[must_use]
    pub fn ear(&self, protocol: Protocol, port: u16) -> Ear {
        let none = if self.held { Ear::Another } else { Ear::Deaf };
        self.ears.get(&(protocol.kind(), port)).copied().unwrap_or(none)
    }

    /// What came back of a try. One that began and said no more got nothing; one that did not begin in time tells nothing.
    #[must_use]
    pub fn way(&self, number: usize) -> Came {
        let nothing = if self.begun.contains(&number) { Came::Nothing } else { Came::Untried };
        self.ways.get(&number).copied().unwrap_or(nothing)
    }

    /// Whether another's datagram came.
    #[must_use]
    pub fn has(&self, number: usize) -> bool {
        self.came.contains(&number)
    }
}

impl Came {
    /// By what bash says of it, without a locale.
    fn of(said: &str) -> Self {
        match said {
            "connected" => Self::Connected,
            "Connection refused" => Self::Refused,
            // Whatever else the kernel says at once, it is no way.
            "No route to host"
            | "Network is unreachable"
            | "Operation not permitted"
            | "Permission denied"
            | "Protocol not available"
            | "Connection reset by peer" => Self::NoRoute,
            "Connection timed out" => Self::Nothing,
            _ => Self::Untried,
        }
    }
}

impl Remote {
    /// Takes part in a round of tries: see `ways.sh` for the words that it waits for, and for those that it says.
    ///
    /// # Errors
    /// As for every script.
    pub async fn walk(
        &mut self,
        part: &Part,
        word: &str,
        words: mpsc::UnboundedReceiver<String>,
        lines: Lines,
        limit: Duration,
    ) -> Result<Answer, Error> {
        let script = part.script(word, limit);
        self.ask(&script, Stdin::Lines(words), limit, Some(lines), None).await
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write as _};
    use std::process::{Child, Command, Stdio};

    use super::*;

    #[test]
    fn what_is_said_is_understood_and_strangers_are_passed_over() {
        let mut heard = Heard::default();
        for line in [
            "up tcp 6443",
            "taken tcp 10250",
            "up udp 32767",
            "way 1 connected",
            "way 2 Connection refused",
            "way 3 No route to host",
            "way 4 untried",
            "begun 5",
            "came w0rd 7\0\0\0",
            "came other 8",
            "came w0rd x",
            "up tcp x",
            "",
        ] {
            heard.take(line, "w0rd");
        }
        assert_eq!(heard.ear(Protocol::Tcp, 6443), Ear::Up);
        assert_eq!(heard.ear(Protocol::Tcp, 10250), Ear::Taken);
        assert_eq!(heard.ear(Protocol::Tcp, 2380), Ear::Deaf);
        assert_eq!(heard.ear(Protocol::Large, 32767), Ear::Up);
        let ways = [1, 2, 3, 4, 5].map(|number| heard.way(number));
        assert_eq!(
            ways,
            [Came::Connected, Came::Refused, Came::NoRoute, Came::Untried, Came::Nothing]
        );
        assert_eq!([7, 8].map(|number| heard.has(number)), [true, false]);
    }

    #[test]
    fn a_refusal_is_the_machine_s_own_or_a_firewall_s() {
        use Protocol::{Large, Tcp, Udp};
        let heard = |lines: &[&str]| {
            let mut heard = Heard::default();
            for line in lines {
                heard.take(line, "w");
            }
            heard
        };
        let of = |protocol, here: &[&str], there: &[&str]| {
            let to = "10.0.0.1".parse().unwrap();
            let it = Try { number: 1, protocol, to, port: 5, size: 64 };
            Outcome::of(&it, &heard(here), &heard(there))
        };
        let refused = ["way 1 Connection refused"];
        assert_eq!(of(Tcp, &["way 1 connected"], &["up tcp 5"]), Outcome::Open);
        assert_eq!(of(Tcp, &refused, &["up tcp 5"]), Outcome::Rejected);
        assert_eq!(of(Tcp, &refused, &["taken tcp 5"]), Outcome::Open);
        assert_eq!(of(Tcp, &refused, &[]), Outcome::Open);
        // Another run's listener may be gone by now; where it has the host to itself nobody listened.
        for there in ["another tcp 5", "held"] {
            assert_eq!(of(Tcp, &refused, &[there]), Outcome::Unknown);
            assert_eq!(of(Tcp, &["way 1 connected"], &[there]), Outcome::Open);
            assert_eq!(of(Tcp, &["begun 1"], &[there]), Outcome::Silent);
        }
        assert_eq!(of(Udp, &["begun 1"], &["another udp 5"]), Outcome::Unknown);
        assert_eq!(of(Udp, &["begun 1"], &["held"]), Outcome::Unknown);
        assert_eq!(of(Tcp, &["begun 1"], &["up tcp 5"]), Outcome::Silent);
        assert_eq!(of(Tcp, &[], &["up tcp 5"]), Outcome::Unknown);
        assert_eq!(of(Tcp, &["way 1 No route to host"], &[]), Outcome::NoRoute);
        assert_eq!(of(Tcp, &["way 1 untried"], &["up tcp 5"]), Outcome::Unknown);
        assert_eq!(of(Udp, &["begun 1"], &["up udp 5", "came w 1"]), Outcome::Open);
        assert_eq!(of(Large, &["begun 1"], &["up udp 5"]), Outcome::Silent);
        assert_eq!(of(Large, &[], &["up udp 5"]), Outcome::Unknown);
        // Who could not listen heard nothing, and that says nothing.
        assert_eq!(of(Udp, &[], &[]), Outcome::Unknown);
        assert_eq!(of(Udp, &["way 1 untried"], &["up udp 5"]), Outcome::Unknown);
    }

    /// A part that has begun here, with `before` in front of its script.
    fn begun(part: &Part, before: &str) -> Child {
        Command::new("sh")
            .arg("-c")
            .arg(format!("{before}\n{}", part.script("w0rd", Duration::from_secs(60))))
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// What a part said until all listen that do; the rest of what it says is in the reader.
    fn listening(child: &mut Child) -> (Heard, impl BufRead + use<>) {
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let mut heard = Heard::default();
        loop {
            let mut line = String::new();
            assert_ne!(reader.read_line(&mut line).unwrap(), 0, "it ended");
            if line == "listening\n" {
                return (heard, reader);
            }
            heard.take(&line, "w0rd");
        }
    }

    /// A part without tries, on ports that nobody has.
    fn ears() -> Part {
        let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        Part {
            address: "127.0.0.1".parse().unwrap(),
            tcp: [tcp.local_addr().unwrap().port()].into(),
            udp: [udp.local_addr().unwrap().port()].into(),
            tries: vec![],
        }
    }

    #[test]
    fn of_two_runs_one_has_the_port_and_the_other_knows() {
        for _ in 0..4 {
            let part = ears();
            // Both begin at once: nobody has the ports when they look.
            let mut two = [begun(&part, ""), begun(&part, "")];
            let mut heard: Vec<_> = two.iter_mut().map(listening).collect();
            // Both end when both listen.
            for child in &mut two {
                child.stdin.take().unwrap().write_all(b"try\nend\n").unwrap();
            }
            for (child, (heard, rest)) in two.iter_mut().zip(&mut heard) {
                for line in rest.lines() {
                    heard.take(&line.unwrap(), "w0rd");
                }
                assert!(child.wait().unwrap().success());
            }
            let ears =
                |protocol, port| heard.iter().map(|(it, _)| it.ear(protocol, port)).collect();
            let mut tcp: Vec<Ear> = ears(Protocol::Tcp, *part.tcp.first().unwrap());
            let udp: Vec<Ear> = ears(Protocol::Udp, *part.udp.first().unwrap());
            // Without systemd's tool nobody has them.
            if tcp == [Ear::Deaf; 2] {
                return;
            }
            tcp.sort_by_key(|ear| *ear != Ear::Up);
            assert_eq!(tcp, [Ear::Up, Ear::Another]);
            // Of UDP both may have it, and who came last gets all.
            assert!(udp != [Ear::Up; 2], "{udp:?}");
        }
    }

    #[test]
    fn a_host_that_another_run_has_does_not_listen() {
        let part = ears();
        let mut child = begun(&part, "bv_lock_state() { echo 'held somebody'; }");
        let (heard, _rest) = listening(&mut child);
        assert_eq!(heard.ear(Protocol::Tcp, *part.tcp.first().unwrap()), Ear::Another);
        let free = std::net::TcpListener::bind(("127.0.0.1", *part.tcp.first().unwrap()));
        assert!(free.is_ok(), "its port is free for the other run");
        child.stdin.take().unwrap().write_all(b"try\nend\n").unwrap();
        assert!(child.wait().unwrap().success());
    }

    /// Here, with this machine as both hosts: where somebody listens he answers, and a closed port refuses.
    #[test]
    fn a_machine_hears_itself() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let port_of = |it: &std::net::TcpListener| it.local_addr().unwrap().port();
        let (taken_port, closed_port) = (port_of(&taken), port_of(&closed));
        let udp_port = udp.local_addr().unwrap().port();
        drop((closed, udp));
        let to: IpAddr = "127.0.0.1".parse().unwrap();
        let one = |number, protocol, port, size| Try { number, protocol, to, port, size };
        let part = Part {
            address: to,
            tcp: [taken_port].into(),
            udp: [udp_port].into(),
            tries: vec![
                one(1, Protocol::Tcp, taken_port, 0),
                one(2, Protocol::Tcp, closed_port, 0),
                one(3, Protocol::Udp, udp_port, 64),
                one(4, Protocol::Large, udp_port, 9000),
            ],
        };
        let mut child = begun(&part, "");
        child.stdin.take().unwrap().write_all(b"try\nend\n").unwrap();
        let output = child.wait_with_output().unwrap();
        let mut heard = Heard::default();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        for line in said.lines() {
            heard.take(line, "w0rd");
        }
        assert_eq!(heard.ear(Protocol::Tcp, taken_port), Ear::Taken, "{said}");
        assert_eq!([1, 2].map(|n| heard.way(n)), [Came::Connected, Came::Refused], "{said}");
        // Where systemd's tool is, which listens.
        if heard.ear(Protocol::Udp, udp_port) == Ear::Up {
            assert_eq!([3, 4].map(|n| heard.has(n)), [true, true], "{said}");
            let again = std::net::UdpSocket::bind(("127.0.0.1", udp_port));
            assert!(again.is_ok(), "nobody listens any more");
        }
    }
}
