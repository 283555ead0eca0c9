//! Whether a host itself reaches servers, asked with curl, where that is there.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::remote::{Error, Remote};
use super::stage::Via;
use crate::ssh::Stdin;

/// The shell half.
const SCRIPT: &str = concat!(include_str!("authorities.sh"), include_str!("servers.sh"));

/// Limit for all questions: they are asked side by side, each for 8 s.
const LIMIT: Duration = Duration::from_secs(20);

/// What each address came to: `Err` with why it is not reached.
pub type Answers = Vec<(String, Result<(), String>)>;

impl Remote {
    /// Asks for these addresses from the host, by its own way. `None`: it has nothing to ask with. A proxy's password travels on stdin.
    pub async fn ask_servers(
        &mut self,
        urls: &[String],
        via: &Via,
    ) -> Result<Option<Answers>, Error> {
        let stdin = Stdin::Bytes(lines(urls, via).into_bytes());
        let answer = self.ask(SCRIPT, stdin, LIMIT, None, None).await?.good()?;
        Ok(answers(urls, &answer.stdout))
    }
}

fn lines(urls: &[String], via: &Via) -> String {
    let coded = |text: &str| match text {
        "" => "-".to_owned(),
        text => STANDARD.encode(text),
    };
    let mut lines = String::new();
    for url in urls {
        let proxy = if url.starts_with("https:") { &via.https } else { &via.http };
        let proxy = proxy.as_ref().map_or("", |proxy| proxy.expose());
        let ca = via.ca.as_deref().unwrap_or_default();
        let _ = writeln!(lines, "way {} {} {}", coded(proxy), coded(&via.no_proxy), coded(ca));
        let _ = writeln!(lines, "ask {}", coded(url));
    }
    lines
}

fn answers(urls: &[String], text: &str) -> Option<Answers> {
    if text.lines().any(|line| line == "unchecked") {
        return None;
    }
    let said = |url: &String| {
        let of = |line: &str| line.strip_prefix(url.as_str())?.strip_prefix(' ').map(str::to_owned);
        let said = text.lines().find_map(of);
        let result = match said.as_deref() {
            Some("reached") => Ok(()),
            Some(why) => Err(why.trim_start_matches("failed").trim().to_owned()),
            None => Err("it said nothing of it".to_owned()),
        };
        (url.clone(), result)
    };
    Some(urls.iter().map(said).collect())
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::secret::Secret;

    /// The address of a server that gives this answer once.
    fn server(head: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut client = listener.accept().unwrap().0;
            let _ = client.read(&mut [0; 1024]);
            client.write_all(head.as_bytes())
        });
        format!("http://{address}/file")
    }

    fn ask(urls: &[String], via: &Via) -> Option<Answers> {
        let mut sh = Command::new("sh");
        sh.arg("-c").arg(SCRIPT).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = sh.spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines(urls, via).as_bytes()).unwrap();
        answers(urls, &String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap())
    }

    #[test]
    fn servers_are_asked_by_the_hosts_way() {
        let missing = server("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let gone = format!("http://{gone}/file");
        let Some(said) = ask(&[missing, gone], &Via::default()) else {
            // A machine without curl says so.
            assert!(Command::new("curl").arg("--version").output().is_err());
            return;
        };
        assert_eq!(said[0].1, Ok(()), "who answers is reached");
        assert!(said[1].1.as_ref().is_err_and(|why| why.starts_with('(')), "{said:?}");
        // By a proxy that does not reach it.
        let proxy = server("HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n");
        let via = Via { http: Some(Secret::new(proxy)), ..Via::default() };
        let said = ask(&["http://server.invalid/file".to_owned()], &via).unwrap();
        assert_eq!(said[0].1, Err("the answer has the status 504".to_owned()));
    }

    #[test]
    fn what_a_host_does_not_say_is_no_success() {
        let urls = ["https://a/b".to_owned()];
        assert_eq!(answers(&urls, "unchecked\n"), None);
        assert!(answers(&urls, "https://a/bc reached\n").unwrap()[0].1.is_err());
    }
}
