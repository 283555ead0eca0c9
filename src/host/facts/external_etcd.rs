//! What an external etcd says of itself, asked from a control plane with the certificates that the API server will have.

use crate::ssh::quote;

/// An etcd that cluster.yaml names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExternalEtcd {
    /// `https://10.0.0.5:2379`.
    pub endpoints: Vec<String>,
    /// Paths on the control planes, empty for none.
    pub ca: String,
    /// Likewise.
    pub certificate: String,
    /// Likewise.
    pub key: String,
}

/// What came back from one of its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdAnswer {
    /// The address.
    pub endpoint: String,
    /// What it said.
    pub said: Said,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Its version: `3.4.13`.
    Version(String),
    /// Why there was none, in curl's words.
    Failed(String),
    /// There is nothing to ask with.
    Unknown,
}

/// Asks all addresses side by side, each for at most 5 s, as kubeadm does (`ExternalEtcdVersionCheck` of
/// kubernetes/cmd/kubeadm/app/preflight/checks.go: GET `/version`).
const SCRIPT: &str = r#"
ask() {
    if ! command -v curl >/dev/null; then
        echo "unknown $1"
    elif said=$(curl -q -sS -f --noproxy '*' --max-time 5 ${ca:+--cacert "$ca"} ${certificate:+--cert "$certificate"} ${key:+--key "$key"} "$1/version" 2>&1); then
        echo "version $1 $(printf '%s' "$said" | tr -d '\n' | sed -n 's/.*"etcdserver" *: *"\([^"]*\)".*/\1/p')"
    else
        echo "failed $1 $(printf '%s\n' "$said" | sed -n '1s/^curl: *//p')"
    fi
}
"#;

impl ExternalEtcd {
    /// The script that asks; it only reads.
    pub fn script(&self) -> String {
        let (ca, certificate, key) = (quote(&self.ca), quote(&self.certificate), quote(&self.key));
        let ask = |it: &String| ["ask ", &quote(it.trim_end_matches('/')), " &\n"].concat();
        let asks = self.endpoints.iter().map(ask).collect::<Vec<_>>().concat();
        format!("(ca={ca} certificate={certificate} key={key}{SCRIPT}{asks}wait)")
    }

    /// Reads what the script printed, in the order of the addresses.
    pub fn parse(&self, stdout: &str) -> Vec<EtcdAnswer> {
        let said = |endpoint: &String| {
            let line = stdout.lines().find_map(|line| {
                let (word, rest) = line.split_once(' ')?;
                let (of, what) = rest.split_once(' ').unwrap_or((rest, ""));
                (of == endpoint.trim_end_matches('/')).then_some((word, what.trim()))
            });
            match line {
                Some(("version", version)) if !version.is_empty() => Said::Version(version.into()),
                Some(("version", _)) => Said::Failed("its answer has no version of etcd".into()),
                Some(("failed", why)) => Said::Failed(why.into()),
                _ => Said::Unknown,
            }
        };
        let answer = |it: &String| EtcdAnswer { endpoint: it.clone(), said: said(it) };
        self.endpoints.iter().map(answer).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::process::Command;

    use super::*;

    #[test]
    fn an_etcd_is_asked_for_its_version() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let there = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let mut client = listener.accept().unwrap().0;
            let _ = client.read(&mut [0; 512]);
            let body = r#"{"etcdserver":"3.4.13","etcdcluster":"3.4.0"}"#;
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            client.write_all(format!("{head}{body}").as_bytes())
        });
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let etcd = ExternalEtcd {
            endpoints: vec![there, format!("http://{free}/")],
            ..ExternalEtcd::default()
        };
        let output = Command::new("sh").arg("-c").arg(etcd.script()).output().unwrap();
        let said = etcd.parse(&String::from_utf8_lossy(&output.stdout));
        if said[0].said == Said::Unknown {
            // A machine without curl says so.
            assert!(Command::new("curl").arg("--version").output().is_err());
            return;
        }
        assert_eq!(said[0].said, Said::Version("3.4.13".into()));
        assert!(
            matches!(&said[1].said, Said::Failed(why) if why.contains("refused") || why.contains("onnect")),
            "{said:?}"
        );
    }

    #[test]
    fn what_is_not_said_is_unknown() {
        let etcd = ExternalEtcd {
            endpoints: vec!["https://a:2379".into(), "https://b:2379".into()],
            ..ExternalEtcd::default()
        };
        let said: Vec<Said> =
            etcd.parse("version https://a:2379 \n").into_iter().map(|it| it.said).collect();
        assert_eq!(said, [Said::Failed("its answer has no version of etcd".into()), Said::Unknown]);
    }
}
