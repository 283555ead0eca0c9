//! What a host finds at the cluster's address before the cluster is there.

use std::net::IpAddr;

use crate::ssh::quote;

/// The cluster's address, as one host sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `host:port`.
    pub name: String,
    /// The addresses that the name has there.
    pub addresses: Vec<IpAddr>,
    /// Whether the host's `/etc/hosts` has the name.
    pub in_hosts: bool,
    /// What came back.
    pub reached: Reached,
}

/// What came back from an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// The name has no address.
    Unresolved,
    /// No answer, or no way there.
    Nobody,
    /// A machine of the same network has the address, and does not answer.
    Silent,
    /// The machine is there, and nothing listens.
    Refused,
    /// An API server.
    ApiServer,
    /// Somebody took the connection: a load balancer with nothing behind it, for one.
    Other,
    /// The host has nothing to find out with.
    Unknown,
}

/// A script that only reads. A server of Go's that speaks TLS answers a request without it by a line
/// of its own (net/http, `serve`), so an API server is told from a load balancer without any tool
/// for TLS. Who drops our packets still says whose hardware has the address; what the kernel remembers
/// from before, it asks again within seconds (arp(7)), so only an answer that is fresh counts.
const SCRIPT: &str = r#"
addresses=$(getent ahosts "$host" 2>/dev/null | cut -d ' ' -f 1 | sort -u)
[ -n "$addresses" ] || { echo unresolved; exit; }
for address in $addresses; do echo "address $address"; done
NAME=$host awk '{ sub(/#.*/, ""); for (i = 2; i <= NF; i++) if ($i == ENVIRON["NAME"]) { print "in-hosts"; exit } }' /etc/hosts 2>/dev/null
held() {
    tries=20
    while [ "$tries" -gt 0 ]; do
        case $(ip neigh show to "$1" 2>/dev/null) in
        *REACHABLE*) return 0 ;;
        *INCOMPLETE* | *DELAY* | *PROBE*) sleep 0.5 ;;
        *) return 1 ;;
        esac
        tries=$((tries - 1))
    done
    return 1
}
command -v bash >/dev/null && command -v timeout >/dev/null || { echo unknown; exit; }
said=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" && echo connected && printf "GET / HTTP/1.0\r\n\r\n" >&3 && head -c 300 <&3' "$host" "$port" 2>&1)
case $said in
*'HTTP request to an HTTPS server'*) echo api-server ;;
connected*) echo other ;;
*refused*) echo refused ;;
*)
    for address in $addresses; do
        ! held "$address" || { echo silent; exit; }
    done
    echo nobody
    ;;
esac
"#;

impl Endpoint {
    /// The script for an address; `None` if it is no `host:port`.
    pub fn script(name: &str) -> Option<String> {
        let (host, port) = name.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        // In a shell of its own, because it may end early.
        Some(format!("(host={} port={}{SCRIPT})", quote(host), quote(port)))
    }

    /// Reads what the script printed.
    pub fn parse(name: &str, stdout: &str) -> Self {
        let addresses = stdout.lines().filter_map(|line| line.strip_prefix("address "));
        let addresses = addresses.filter_map(|it| it.parse().ok()).collect();
        let reached = match stdout.lines().last().unwrap_or_default().trim() {
            "unresolved" => Reached::Unresolved,
            "nobody" => Reached::Nobody,
            "silent" => Reached::Silent,
            "refused" => Reached::Refused,
            "api-server" => Reached::ApiServer,
            "other" => Reached::Other,
            _ => Reached::Unknown,
        };
        let in_hosts = stdout.lines().any(|line| line == "in-hosts");
        Self { name: name.to_owned(), addresses, in_hosts, reached }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::process::Command;

    use super::*;

    fn see(name: &str) -> Endpoint {
        let script = Endpoint::script(name).unwrap();
        let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
        Endpoint::parse(name, &String::from_utf8_lossy(&output.stdout))
    }

    fn look(name: &str) -> Reached {
        see(name).reached
    }

    /// The address of a listener that says this to the first who comes, and is gone.
    fn listener(says: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let name = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let mut client = listener.accept().unwrap().0;
            // Who hangs up on something unread takes back what it said.
            let _ = client.read(&mut [0; 64]);
            client.write_all(says.as_bytes())
        });
        name
    }

    #[test]
    fn an_address_is_told_by_its_answer() {
        let go =
            "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
        assert_eq!(look(&listener(go)), Reached::ApiServer);
        assert_eq!(look(&listener("")), Reached::Other);
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(look(&free.to_string()), Reached::Refused);
        let own: IpAddr = "127.0.0.1".parse().unwrap();
        assert_eq!(see(&free.to_string()).addresses, [own]);
        assert_eq!(look("no-such-name.invalid:6443"), Reached::Unresolved);
        assert_eq!(Endpoint::script("no-port"), None);
    }
}
