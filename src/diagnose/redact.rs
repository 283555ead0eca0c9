//! Takes out of a text what may be a secret: the same patterns as `clean` of `evidence.sh`, once more on
//! this machine, for what did not come from a host too (log files, cluster.yaml).

use std::sync::LazyLock;

use regex::Regex;

const GONE: &str = "(removed)";

/// What a secret is called.
const WORDS: &str = "token|password|passwd|passphrase|secret|api-?key|certificate-?key|client-key-data|authorization";
/// A quote behind such a name; within a text that is itself in quotes it has a backslash before it.
const QUOTE: &str = r#"\\*["']?"#;
/// A value in quotes, in those of such a text, or in deeper ones.
const VALUE: &str =
    r#"\\"(?:[^"\\]|\\{2,}"|\\+[^"\\])*\\"|\\+"[^"]*"|"(?:[^"\\]|\\.)*"|"[^"]*"|'[^']*'"#;

/// What is looked for, and what stands in its place. Too much is taken out rather than too little.
const PATTERNS: &[(&str, &str)] = &[
    (
        r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY.*?(-----END [A-Z ]*PRIVATE KEY-----|\z)",
        "(a private key was here)",
    ),
    (r"(Bearer|Basic) [A-Za-z0-9._~+/=-]+", "${1} (removed)"),
    // A login in an address, up to the last `@` before the path; one with a colon that leads to no port is a
    // login whatever stands in it.
    (
        r#"([A-Za-z][A-Za-z0-9+.-]*://)(?:[^\]\[/@:\s"']+:[0-9]*[^0-9/@\s"\]\[][^\s"]*|[^/?\s"]*)@"#,
        "${1}(removed)@",
    ),
    // A line of YAML, whose value may have blanks.
    (r#"(?im)(^[|\s-]*["']?[\w.-]*(WORDS)["']?:[ \t]+)[^\](|>{"'\s\[].*$"#, "${1}(removed)"),
    (r"(?i)((WORDS)QUOTE\s*[:=]\s*)(VALUE|[^\s,;}]+)", "${1}(removed)"),
    (r"(--[a-z-]*(WORDS)\s+)[^\s-]\S*", "${1}(removed)"),
    (
        r"([A-Z0-9_]*(?:TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIAL|_KEY)[A-Z0-9_]*=)(VALUE|[^\s,;}]+)",
        "${1}(removed)",
    ),
    (r#"(?i)((?:^|[\s"'#|{,\[\\])authQUOTE\s*[:=]\s*)(VALUE|[A-Za-z0-9+/=]{8,})"#, "${1}(removed)"),
    // A variable of a container, by its name.
    (
        r#"(?i)(name["']?\s*:\s*["']?[\w.-]*(?:token|pass|secret|key|cred)[\w.-]*["']?\s*,?[|\s]*["']?value["']?\s*:\s*)(VALUE|[^\s,}]+)"#,
        "${1}(removed)",
    ),
    // The kubelet prints containers whole that do not start (`kuberuntime_manager.go`).
    (r"EnvVar\{.*,ValueFrom:", "EnvVar{(removed),ValueFrom:"),
    // Bootstrap tokens (kubernetes.io, "Authenticating with Bootstrap Tokens").
    (r"(^|[^a-z0-9])[a-z0-9]{6}\.[a-z0-9]{16}([^a-z0-9]|$)", "${1}(removed)${2}"),
    // JSON Web Tokens.
    (r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+", GONE),
];

static ALL: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    PATTERNS
        .iter()
        .map(|(pattern, instead)| {
            let pattern =
                pattern.replace("WORDS", WORDS).replace("QUOTE", QUOTE).replace("VALUE", VALUE);
            (Regex::new(&pattern).expect("a test compiles each"), *instead)
        })
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

    use std::io::Write as _;
    use std::process::{Command, Stdio};

    /// What a function of `evidence.sh` makes of a text.
    fn on_the_host(function: &str, text: &str) -> String {
        let script = include_str!("../host/evidence.sh");
        let from = script.find("clean() {").unwrap();
        let to = script.find("# Behind a mark").unwrap();
        let mut shell = Command::new("sh")
            .args(["-c", &format!("{}\n{function}", &script[from..to])])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        String::from_utf8(shell.wait_with_output().unwrap().stdout).unwrap()
    }

    const SECRETS: &[(&str, &str)] = &[
        ("tokens abcdef.0123456789abcdef", "0123456789abcdef"),
        ("kubeadm join --token abcdef.0123456789abcdef x", "0123456789abcdef"),
        ("HTTPS_PROXY=http://ops:hunter2@proxy:3128", "hunter2"),
        ("proxy http://onlyatoken@proxy:3128 x", "onlyatoken"),
        ("proxy http://ops:hunt@r2@proxy:3128/ x", "r2"),
        ("proxy http://ops:hun/t@r2@proxy:3128 x", "t@r2"),
        ("proxy http://ops:hun't@proxy:3128 x", "t@proxy"),
        ("password = \"hun ter2\"", "ter2"),
        ("password: hun ter2", "ter2"),
        ("| db-password: hun, ter2", "ter2"),
        ("x --password hunter2 --y", "hunter2"),
        ("AWS_SECRET_ACCESS_KEY=hunter2 x", "hunter2"),
        (r#"{"password": "hun\"ter2", "a": 1}"#, "ter2"),
        (r#"msg="{\"password\":\"hunter2\",\"a\":1}""#, "hunter2"),
        (r#"msg="{\"password\": \"hun\\\"ter2\",\"a\":1}""#, "ter2"),
        (r#"msg="{\\\"token\\\":\\\"hunter2\\\"}""#, "hunter2"),
        (r#"{\"auth\":\"dXNlcjpwYXNz\"}"#, "dXNlcjpwYXNz"),
        (r#"{"auth":"dXNlcjpwYXNz"}"#, "dXNlcjpwYXNz"),
        (
            "container &Container{Env:[]EnvVar{EnvVar{Name:A,Value:hunter,2,ValueFrom:nil,},EnvVar{Name:B,Value:hunter2,ValueFrom:nil,},},}",
            "hunter",
        ),
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
    ];

    #[test]
    fn secrets_are_taken_out_on_the_host_and_here() {
        for (text, gone) in SECRETS {
            for clean in [redacted(text), on_the_host("clean", text)] {
                assert!(!clean.contains(gone), "{text} became {clean}");
                assert!(
                    clean.contains(GONE) || clean.contains("was here"),
                    "{text} became {clean}"
                );
            }
        }
    }

    #[test]
    fn a_variable_that_is_called_a_secret_is_one() {
        for text in [
            "env:\n- name: DB_PASS\n  value: hunter2\n- name: A\n  value: b",
            "| env:\n| - name: DB_KEY\n|   value: \"hunter2\"\n| - name: A\n|   value: b",
            "env: [{name: db-credentials, value: hunter2}, {name: A, value: b}]",
            r#"{"env":[{"name":"TOKENS","value":"hunter2"},{"name": "A", "value": b}]}"#,
        ] {
            let clean = redacted(text);
            assert!(!clean.contains("hunter2") && clean.contains(GONE), "{clean}");
            assert!(clean.contains("value: b") || clean.contains("\"value\": b"), "{clean}");
        }
    }

    /// What an owner's static pod may tell its programs.
    const POD: &str = r#"kind: Pod
spec:
  containers:
  - env:
    - name: DB
      value: hunter2
    - name: HTTP_PROXY
      value: http://proxy:3128
    - value: |
        hunter2
        of two lines
      name: X
    - {name: Y, value: "a, hunter2"}
    - {name: Z, value: hunter2}
    - name: Q
      value: "two
   hunter2"
    - name: R
      value: 'x hunter2' # hunter2
    - name: S
      valueFrom: {fieldRef: {fieldPath: metadata.name}}
    - name: T
      value: plain
        hunter2
    image: x:1
"#;

    #[test]
    fn variables_of_static_pods_stay_on_the_host_but_proxies() {
        let clean = on_the_host("valueless", POD);
        assert!(!clean.contains("hunter2"), "{clean}");
        for stays in ["value: http://proxy:3128\n", "fieldPath: metadata.name", "    image: x:1\n"]
        {
            assert!(clean.contains(stays), "{clean}");
        }
        assert_eq!(clean.matches("name: ").count(), 9, "{clean}");
        let read: Result<serde_json::Value, _> = serde_yaml::from_str(&clean);
        assert!(read.is_ok(), "what is left is YAML: {clean}");
        // Manifests of kubeadm's stay as they are.
        let own =
            "spec:\n  containers:\n  - command:\n    - etcd\n    - --data-dir=/var/lib/etcd\n";
        assert_eq!(on_the_host("valueless", own), own);
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
            "https://registry.example:5000/v2/pause@sha256:0123",
            "Get \"https://10.0.0.1:6443/x\": ops@example",
            "Failed pulling k8s.gcr.io/pause@sha256:0123",
            "passwordFile: ~/.pass",
            "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----",
        ] {
            assert_eq!(redacted(text), text);
            assert_eq!(on_the_host("clean", text).trim_end(), text);
        }
    }
}
