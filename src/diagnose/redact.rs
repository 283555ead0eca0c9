//! Takes out of a text what may be a secret: the same patterns as `clean` of `evidence.sh`, once more on
//! this machine, for what did not come from a host too (log files, cluster.yaml).

use std::sync::LazyLock;

use regex::Regex;

const GONE: &str = "(removed)";

/// What is looked for, and what stands in its place. Too much is taken out rather than too little.
const PATTERNS: &[(&str, &str)] = &[
    (
        r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY.*?(-----END [A-Z ]*PRIVATE KEY-----|\z)",
        "(a private key was here)",
    ),
    (r"(Bearer|Basic) [A-Za-z0-9._~+/=-]+", "${1} (removed)"),
    // A login in an address.
    (r#"([A-Za-z][A-Za-z0-9+.-]*://)[^/@\s"']*@"#, "${1}(removed)@"),
    (
        r#"(?i)((token|password|passwd|passphrase|secret|api-?key|certificate-?key|client-key-data|authorization)["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;}]+)"#,
        "${1}(removed)",
    ),
    (
        r#"(?i)((?:^|[\s"'#|])auth["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[A-Za-z0-9+/=]{8,})"#,
        "${1}(removed)",
    ),
    // Bootstrap tokens (kubernetes.io, "Authenticating with Bootstrap Tokens").
    (r"(^|[^a-z0-9])[a-z0-9]{6}\.[a-z0-9]{16}([^a-z0-9]|$)", "${1}(removed)${2}"),
    // JSON Web Tokens.
    (r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+", GONE),
];

static ALL: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    PATTERNS
        .iter()
        .map(|(pattern, instead)| (Regex::new(pattern).expect("a test compiles each"), *instead))
        .collect()
});

/// A key of YAML whose value is in the lines below.
static BLOCK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)(token|password|passwd|passphrase|secret|private-?key|api-?key)["']?\s*:\s*([|>][-+0-9]*)\s*$"#)
        .expect("a test compiles it")
});

/// The text without secrets. A path after such a word (`passwordFile: ~/.pass`) is no secret and stays.
pub fn redacted(text: &str) -> String {
    let text = without_blocks(text);
    ALL.iter()
        .fold(text, |text, (pattern, instead)| pattern.replace_all(&text, *instead).into_owned())
}

/// Takes out the lines of secrets that are several lines of YAML: those that are further in than their key.
fn without_blocks(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches(['|', ' ', '\t']).len();
    let mut inside = None;
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if let Some(key) = inside {
            if line.trim().is_empty() || indent(line) > key {
                continue;
            }
            inside = None;
        }
        if BLOCK.is_match(line.trim_end()) {
            inside = Some(indent(line));
        }
        kept.push_str(line);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out() {
        for (text, gone) in [
            ("tokens abcdef.0123456789abcdef", "0123456789abcdef"),
            ("kubeadm join --token abcdef.0123456789abcdef x", "0123456789abcdef"),
            ("HTTPS_PROXY=http://ops:hunter2@proxy:3128", "hunter2"),
            ("proxy http://onlyatoken@proxy:3128 x", "onlyatoken"),
            ("password = \"hun ter2\"", "ter2"),
            ("  \"auth\": \"dXNlcjpwYXNz\"", "dXNlcjpwYXNz"),
            ("    auth = \"dXNlcjpwYXNz\"", "dXNlcjpwYXNz"),
            ("| # auth = \"dXNlcjpwYXNz\"", "dXNlcjpwYXNz"),
            ("| auth = dXNlcjpwYXNz", "dXNlcjpwYXNz"),
            ("Authorization: Bearer abc.def", "abc.def"),
            ("client-key-data: LS0tLS1CRUdJTi", "LS0tLS1CRUdJTi"),
            (
                "x -----BEGIN RSA PRIVATE KEY-----\nMIIEowIB\n-----END RSA PRIVATE KEY-----\ny",
                "MIIEowIB",
            ),
            ("-----BEGIN EC PRIVATE KEY-----\nMIIEowIB", "MIIEowIB"),
            ("--certificate-key=00112233", "00112233"),
            ("got eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJl.c2ln x", "eyJpc3MiOiJrdWJl"),
            ("secret: 'a b'", "a b"),
        ] {
            let clean = redacted(text);
            assert!(!clean.contains(gone), "{text} became {clean}");
            assert!(clean.contains(GONE) || clean.contains("was here"), "{text} became {clean}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "Secret \"kubeadm-certs\" was not found",
            "--service-account-key-file=/etc/kubernetes/pki/sa.pub",
            "--client-cert-auth=true",
            "W | auth: simple token is not cryptographically signed",
            "token id \"abcdef\" is invalid for this cluster",
            "failed to pull image k8s.gcr.io/pause:3.2: unauthorized",
            "https://10.0.0.1:6443/api/v1/nodes",
            "passwordFile: ~/.pass",
            "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----",
        ] {
            assert_eq!(redacted(text), text);
        }
    }
}
