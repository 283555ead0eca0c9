//! The program as it is called: exit codes, what goes to which stream, and that nothing outside of
//! its own directories is touched.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::bundle::support::Fixture;
use crate::support::server::{Answer, Server};
use crate::support::sshd::Sshd;

/// A directory to work in, with a home of its own.
struct Place {
    dir: TempDir,
}

/// What came of a call.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("home")).unwrap();
        let password = dir.path().join("password");
        fs::write(&password, "x\n").unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
        Self { dir }
    }

    /// With a cluster.yaml of one host, where nobody listens.
    fn with_cluster(version: &str) -> Self {
        let place = Self::new();
        // Bound and let go: for the next moments nobody else gets this port.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        place.write(
            "cluster.yaml",
            &format!(
                "apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {{name: demo}}\nspec:\n  kubernetes: {{version: {version}}}\n  artifacts: {{bundle: my.bundle}}\n  hosts:\n  - {{address: 127.0.0.1, name: cp1, roles: [control-plane], ssh: {{port: {port}, passwordFile: password}}}}\n"
            ),
        );
        place
    }

    /// With a bundle of 1.20.2 too.
    fn with_bundle(version: &str) -> Self {
        let place = Self::with_cluster(version);
        let fixture = Fixture::new();
        for name in ["runc", "containerd", "containerd-shim-runc-v2", "ctr"] {
            fixture.add(&format!("bin/{name}"), b"#!/bin/sh\n");
        }
        fixture.add("cni/host-local", b"#!/bin/sh\n");
        fixture.add("cni/portmap", b"#!/bin/sh\n");
        let images = [
            "etcd:3.4.13-0",
            "coredns:1.7.0",
            "kube-apiserver:v1.20.2",
            "kube-controller-manager:v1.20.2",
            "kube-scheduler:v1.20.2",
        ]
        .map(|name| format!("k8s.gcr.io/{name}"));
        let images: Vec<&str> = images.iter().map(String::as_str).collect();
        fixture.add("images/etcd.tar", &crate::bundle::support::docker_archive(&images, "amd64"));
        fixture.add("VERSIONS", b"crictl v1.20.0\nrunc 1.1.4\ncontainerd 1.6.20\ncontainerd-shim-runc-v2 1.6.20\nctr 1.6.20\nbridge 1.1.1\nhost-local 1.1.1\nportmap 1.1.1\n");
        fixture.build().unwrap();
        fs::rename(fixture.bundle(), place.dir.path().join("my.bundle")).unwrap();
        place
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).unwrap();
    }

    fn call(&self, arguments: &[&str]) -> Said {
        let home = self.dir.path().join("home");
        let output = Command::new(env!("CARGO_BIN_EXE_bivouac"))
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &home)
            .env("XDG_STATE_HOME", home.join("state"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("BIVOUAC_KNOWN_HOSTS", home.join("known_hosts"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said {
            code: output.status.code().expect("no signal ends it"),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// Calls, and insists on an exit code and on words that are said to the operator.
    #[track_caller]
    fn refused(&self, arguments: &[&str], code: i32, words: &[&str]) -> Said {
        let said = self.call(arguments);
        assert_eq!(said.code, code, "{arguments:?}: {}{}", said.out, said.err);
        for word in words {
            assert!(said.err.contains(word), "{arguments:?}: no {word:?} in\n{}", said.err);
        }
        said
    }

    fn exists(&self, name: &str) -> bool {
        Path::new(self.dir.path()).join(name).exists()
    }
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let place = Place::new();
    for (arguments, word) in [
        (vec![], "Usage"),
        (vec!["inti"], "init"),
        (vec!["init", "--no-such-option"], "--no-such-option"),
        (vec!["init", "--output", "xml"], "xml"),
        (vec!["init", "--parallel", "many"], "many"),
        (vec!["init", "extra"], "extra"),
        (vec!["bundle"], "build"),
        (vec!["bundle", "build", "x"], "--version"),
        (
            vec![
                "bundle",
                "build",
                "x",
                "--version",
                "v1.30.0",
                "--from",
                "y",
                "--mirror",
                "china",
            ],
            "cannot be used with",
        ),
        (
            vec![
                "bundle",
                "build",
                "x",
                "--version",
                "v1.30.0",
                "--from",
                "y",
                "--arch",
                "amd64,arm64",
            ],
            "cannot read `y/amd64`",
        ),
        (
            vec!["bundle", "build", "x", "--version", "v1.30.0", "--mirror", "chine"],
            "`--mirror chine` is no mirror",
        ),
        (
            vec!["bundle", "build", "x", "--version", "v1.25.0", "--runtime", "cri-o"],
            "no archive of cri-o with published sums for Kubernetes 1.25",
        ),
        (vec!["bundle", "build", "x", "--from", "y", "--version", "1.20"], "exact patch"),
        (vec!["completion", "tcsh-not"], "tcsh-not"),
    ] {
        let said = place.refused(&arguments, 2, &[word]);
        assert_eq!(said.out, "", "{arguments:?}: mistakes belong to standard error");
    }
}

#[test]
fn verbs_that_are_not_built_yet_are_refused_by_name() {
    let place = Place::new();
    for verb in ["upgrade", "certs", "etcd", "addon"] {
        let message = format!("`bivouac {verb}` is not built yet; nothing was changed\n");
        let said = place.refused(&[verb], 2, &[&message]);
        assert_eq!(said.err, message);
        place.refused(&[verb, "--some", "-x", "argument"], 2, &[&message]);
    }
    place.refused(&["renew-cert"], 2, &["`bivouac certs` is not built yet"]);
}

#[test]
fn hosts_to_join_or_remove_are_never_guessed() {
    let place = Place::with_bundle("v1.20.2");
    for verb in ["join", "add", "remove", "del"] {
        for (word, hint) in [
            ("cp", "did you mean `cp1`?"),
            ("127.0.0", "did you mean"),
            ("zebra", "its hosts are `cp1`"),
        ] {
            let said =
                place.refused(&[verb, word, "--yes"], 2, &[&format!("`{word}` is no host"), hint]);
            assert_eq!(said.out, "");
        }
        let both = ["`a-host` is no host", "`b-host` is no host"];
        place.refused(&[verb, "a-host", "b-host"], 2, &both);
    }
    place.refused(&["remove"], 2, &["HOST"]);
    assert!(!place.exists("home/state"), "nothing was begun");
}

#[test]
fn a_check_that_is_skipped_must_be_one() {
    let place = Place::with_bundle("1.20.2");
    for verb in ["preflight", "plan", "init", "join"] {
        place.refused(
            &[verb, "--skip", "Swapp", "--skip", "Port-6443"],
            2,
            &["--skip: `Swapp` is no check of preflight", "did you mean `Swap`?"],
        );
    }
    place.refused(&["plan", "--skip", "IsPrivilegedUser"], 2, &["cannot be skipped"]);
    // With its place, where a file says so; a wipe has no use for it and does not mind.
    let path = place.dir.path().join("cluster.yaml");
    let skip = "spec:\n  preflight: {skip: [{name: Port, reason: ours}]}\n";
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("spec:\n", skip)).unwrap();
    place.refused(
        &["preflight"],
        2,
        &["cluster.yaml:5:29: `Port` is no check of preflight", "did you mean `Port-*`?"],
    );
    let said = place.call(&["wipe", "--yes"]);
    assert_eq!(said.code, 4, "{}", said.err);
}

#[test]
fn the_last_control_plane_stays() {
    let place = Place::with_bundle("v1.20.2");
    for name in ["cp1", "127.0.0.1"] {
        for flags in [&["--yes"][..], &["--yes", "--dead"], &[]] {
            let arguments: Vec<&str> = ["remove", name].iter().chain(flags).copied().collect();
            place.refused(&arguments, 3, &["nobody would be left", "bivouac wipe"]);
        }
    }
    assert!(!place.exists("home/state"), "nothing was begun");
}

#[test]
fn a_removal_asks_first_and_without_a_terminal_ends_with_2() {
    let place = Place::with_bundle("v1.20.2");
    let file = fs::read_to_string(place.dir.path().join("cluster.yaml")).unwrap();
    let worker =
        "  - {address: 127.0.0.2, name: w1, roles: [worker], ssh: {passwordFile: password}}\n";
    place.write("cluster.yaml", &format!("{file}{worker}"));
    place.refused(&["remove", "w1"], 2, &["removing w1 needs an answer", "fix: add `--yes`"]);
    assert!(!place.exists("home/state"));
}

#[test]
fn a_file_that_is_not_there_or_wrong_ends_with_2() {
    let place = Place::new();
    for verb in [
        "init",
        "wipe",
        "preflight",
        "plan",
        "render",
        "reset",
        "check",
        "join",
        "status",
        "kubeconfig",
    ] {
        place.refused(
            &[verb],
            2,
            &["cluster.yaml: there is no such file; name one with `-f FILE`"],
        );
    }
    place.write("bad.yaml", "apiVersion: bivouac/v1alpha1\nkind: Cluster\nspecs: {}\n");
    for verb in ["init", "wipe", "preflight", "plan", "render"] {
        let words = ["bad.yaml:3:1: unknown field `specs`", "did you mean `spec`?"];
        place.refused(&[verb, "-f", "bad.yaml"], 2, &words);
        place.refused(&["--file", "bad.yaml", verb], 2, &words);
    }
    place.write("broken.yaml", "a: [\n");
    place.refused(&["init", "-f", "broken.yaml"], 2, &["broken.yaml:"]);
    assert!(!place.exists("home/state"), "nothing was begun, so nothing is logged");
}

#[test]
fn what_a_cluster_was_made_with_can_be_wiped_whatever_is_refused_by_now() {
    let place = Place::with_cluster("v1.20.2");
    let file = fs::read_to_string(place.dir.path().join("cluster.yaml")).unwrap();
    let own =
        "  runtime: {config: {plugins: {io.containerd.grpc.v1.cri: {registry: {mirrors: {}}}}}}\n";
    place.write("cluster.yaml", &file.replace("  hosts:", &format!("{own}  hosts:")));
    for verb in ["init", "plan"] {
        place.refused(&[verb], 2, &["registry.mirrors` is set by bivouac"]);
    }
    // As far as a host that does not answer.
    for (arguments, code) in [(vec!["wipe", "--yes"], 4), (vec!["status"], 1)] {
        let said = place.refused(&arguments, code, &[]);
        assert!((said.out + &said.err).contains("cp1"), "{arguments:?}");
    }
}

#[test]
fn a_wipe_asks_first_and_without_a_terminal_ends_with_2() {
    let place = Place::with_cluster("v1.20.2");
    let said = place.refused(&["wipe"], 2, &["cluster `demo`", "fix: add `--yes`"]);
    assert_eq!(said.out, "");
    assert!(!place.exists("home/state"));
}

#[test]
fn a_bundle_that_is_missing_ends_with_2_and_one_that_is_damaged_or_another_with_3() {
    let place = Place::with_cluster("v1.20.2");
    for verb in ["init", "preflight", "plan", "render"] {
        place.refused(&[verb], 2, &["my.bundle", "fix: check that it exists"]);
    }
    place.write("my.bundle", "not a bundle");
    for verb in ["init", "preflight", "plan", "render"] {
        place.refused(&[verb], 3, &["my.bundle", "fix: name a file that"]);
    }
    let place = Place::with_bundle("v1.20.3");
    for verb in ["init", "preflight", "plan"] {
        let words = ["has Kubernetes v1.20.2, the cluster asks for v1.20.3", "fix: name the right"];
        let said = place.refused(&[verb], 3, &words);
        assert!(said.err.contains("nothing was changed"), "{}", said.err);
        assert!(!said.err.contains("cut off"), "{}", said.err);
    }
    place.refused(&["init", "--from-bundle", "none.bundle"], 2, &["none.bundle"]);
}

#[test]
fn a_bundle_says_which_release_a_wish_means() {
    for (wish, admitted) in
        [("1.20", true), ("stable", true), ("v1.20.2", true), ("1.21", false), ("v1.20.3", false)]
    {
        let place = Place::with_bundle(wish);
        if admitted {
            let said = place.refused(&["render", "kubeadm-init"], 0, &[]);
            assert!(said.out.contains("kubernetesVersion: v1.20.2"), "{wish}: {}", said.out);
            // Nothing else is asked before the hosts are.
            place.refused(&["preflight"], 4, &[]);
        } else {
            let both = ["my.bundle` has Kubernetes v1.20.2", wish, "fix: name the right bundle"];
            place.refused(&["preflight"], 3, &both);
            place.refused(&["init"], 3, &both);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bundle_the_release_server_says_which_release_a_wish_means() {
    let file =
        |name: &str, text: &str| (format!("/dl/release/{name}.txt"), Answer::File(text.into()));
    let server = Server::plain(
        [
            file("stable", "v1.38.0\n"),
            file("stable-1.36", "v1.36.4\n"),
            file("stable-1.35", "v1.36.4"),
        ]
        .into(),
    )
    .await;
    let run = |wish: &str, verb: &str, code: i32, words: &[&str]| {
        let place = Place::with_cluster(wish);
        let file = fs::read_to_string(place.dir.path().join("cluster.yaml")).unwrap();
        let mirror = format!("{{mirror: {{kubernetes: '{}/dl'}}}}", server.base);
        place.write("cluster.yaml", &file.replace("{bundle: my.bundle}", &mirror));
        place.refused(&[verb], code, words);
    };
    // Who cannot be reached runs no cluster that is known of, and ends the run afterwards.
    run("1.36", "preflight", 4, &["cp1"]);
    assert_eq!(server.seen(), ["GET /dl/release/stable-1.36.txt"]);
    run("stable", "init", 3, &["`stable` is v1.38.0", "not supported", "write `version: v1.37.0`"]);
    run("1.35", "plan", 3, &["stable-1.35.txt", "v1.36.4"]);
    run("1.34", "join", 3, &["stable-1.34.txt", "404"]);
    // For a bundle the same is asked.
    let place = Place::new();
    // All of it from here: which of several files is missed first is nobody's to say, and no test asks others.
    let mirrors =
        ["kubernetes", "github", "cri-o"].map(|name| format!("{name}={}/dl", server.base));
    let build = |wish: &str, words: &[&str]| {
        let from = mirrors.iter().flat_map(|mirror| ["--mirror", mirror]);
        let arguments: Vec<&str> =
            ["bundle", "build", "b", "--version", wish].into_iter().chain(from).collect();
        place.refused(&arguments, 3, words);
    };
    build("stable", &["`stable` is v1.38.0", "not supported", "ask for `--version v1.37.0`"]);
    build("1.36", &["gathers v1.36.4 for amd64", &server.base, "404"]);
    // An exact one asks nobody.
    let before = server.seen().len();
    run("v1.36.4", "preflight", 4, &["cp1"]);
    assert_eq!(server.seen().len(), before);
}

#[test]
fn a_host_that_cannot_be_reached_ends_with_4() {
    let place = Place::with_bundle("v1.20.2");
    for arguments in [
        vec!["init"],
        vec!["preflight"],
        vec!["plan"],
        vec!["wipe", "--yes"],
        vec!["wipe", "--yes", "--quiet"],
    ] {
        let words = [
            "cp1",
            "`127.0.0.1` refuses connections on port",
            "fix: start sshd",
            "nothing was changed",
        ];
        let said = place.refused(&arguments, 4, &words);
        assert_eq!(said.out, "", "{arguments:?}");
    }
}

#[test]
fn with_json_every_line_is_an_object_of_the_contract() {
    let place = Place::with_bundle("v1.20.2");
    for arguments in [vec!["init"], vec!["wipe", "--yes"], vec!["preflight"], vec!["plan"]] {
        let mut all = arguments.clone();
        all.extend(["--output", "json"]);
        let said = place.refused(&all, 4, &["refuses connections"]);
        let lines: Vec<Value> = said
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
            .collect();
        for line in &lines {
            for key in ["time", "run", "host", "playbook", "step", "event"] {
                assert!(line.get(key).is_some(), "no {key} in {line}");
            }
            assert_eq!(line["run"], lines[0]["run"], "one run");
        }
        let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["run_started", "finding", "run_done"], "{arguments:?}");
        assert_eq!(
            (&lines[0]["verb"], &lines[0]["cluster"]),
            (&arguments[0].into(), &"demo".into())
        );
        assert_eq!((&lines[1]["host"], &lines[1]["severity"]), (&"cp1".into(), &"error".into()));
        assert!(lines[1]["fix"].as_str().unwrap().starts_with("start sshd"));
        assert_eq!((&lines[2]["ok"], &lines[2]["differences"]), (&false.into(), &Value::Null));
        assert!(lines[2]["seconds"].is_f64());
    }
}

#[test]
fn a_signal_ends_a_question_at_once() {
    let sshd = Sshd::start();
    let place = Place::new();
    let call = format!(
        "'{}' verify-clean 127.0.0.1 -P {} --private-key '{}' --log-dir logs",
        env!("CARGO_BIN_EXE_bivouac"),
        sshd.port,
        sshd.path("client").display()
    );
    // A terminal of its own; what does not end by itself ends with another status.
    let mut child = Command::new("timeout")
        .args(["60", "script", "-qec", &call, "/dev/null"])
        .current_dir(place.dir.path())
        .env("HOME", place.dir.path().join("home"))
        .env("BIVOUAC_KNOWN_HOSTS", place.dir.path().join("known_hosts"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut screen = child.stdout.take().unwrap();
    let mut byte = [0];
    while !said.contains("to record them: ") {
        assert_eq!(screen.read(&mut byte).unwrap(), 1, "it ended without a question: {said}");
        said.push(char::from(byte[0]));
    }
    let mut keyboard = child.stdin.take().unwrap();
    keyboard.write_all(b"\x03").unwrap();
    screen.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert!(said.contains("interrupted") && !said.contains("once more"), "{said}");
}

#[test]
fn a_look_at_a_host_that_cannot_be_reached_says_so_as_events() {
    let place = Place::with_bundle("v1.20.2");
    for arguments in [vec!["verify-clean"], vec!["plan", "wipe", "--foreign"]] {
        let mut all = arguments.clone();
        all.extend(["--output", "json"]);
        let said = place.refused(&all, 4, &[]);
        let lines: Vec<Value> =
            said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["run_started", "looked", "finding", "run_done"], "{arguments:?}");
        assert!(lines[1]["because"].as_str().unwrap().contains("refuses connections"));
        assert!(lines[2]["fix"].as_str().unwrap().starts_with("start sshd"));
    }
}

#[test]
fn status_of_a_host_that_cannot_be_reached_is_a_row_that_says_why() {
    let place = Place::with_cluster("v1.20.2");
    let said = place.refused(&["status"], 1, &[]);
    for word in ["cp1", "unknown", "`127.0.0.1` refuses connections on port", "fix: start sshd"] {
        assert!(said.out.contains(word), "no {word:?} in\n{}", said.out);
    }
    assert_eq!(said.err, "", "it is said once");
    let json = place.refused(&["status", "--output", "json"], 1, &[]);
    assert_eq!(json.err, "", "it is said once");
    let lines: Vec<Value> =
        json.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(
        events,
        ["run_started", "host_status", "finding", "finding", "finding", "run_done"],
        "{}",
        json.out
    );
    assert_eq!((&lines[1]["reached"], &lines[1]["ready"]), (&false.into(), &"unknown".into()));
    assert_eq!(lines[5]["ok"], false);
}

#[test]
fn kubeconfig_and_kubectl_name_every_control_plane_that_cannot_be_reached() {
    let place = Place::with_cluster("v1.20.2");
    let words = [
        "no control plane can be reached",
        "cp1: `127.0.0.1` refuses connections on port",
        "fix: start sshd",
    ];
    for arguments in [vec!["kubeconfig"], vec!["kubectl", "--", "get", "nodes"]] {
        let said = place.refused(&arguments, 4, &words);
        assert_eq!(said.out, "");
    }
    assert!(!place.exists("demo.kubeconfig") && !place.exists("home/state"));
    for (arguments, word) in [
        (vec!["kubectl"], "-- <ARGUMENTS>"),
        (vec!["kubectl", "get", "nodes"], "unexpected argument 'get'"),
        (vec!["kubectl", "--", "exec", "-it", "pod", "--", "sh"], "leave `-t` out"),
        (vec!["kubeconfig", "--stdout", "-o", "x"], "cannot be used with"),
    ] {
        place.refused(&arguments, 2, &[word]);
    }
}

#[test]
fn a_run_is_logged_where_it_should_be() {
    let place = Place::with_cluster("v1.20.2");
    place.refused(&["wipe", "--yes", "--log-dir", "logs"], 4, &["logs"]);
    assert!(place.exists("logs") && !place.exists("home/state"));
    place.refused(&["wipe", "--yes"], 4, &["logs: "]);
    assert!(place.exists("home/state/bivouac"));
    // It was refused before any key could be seen.
    assert!(!place.exists("home/known_hosts"));
}

#[test]
fn hosts_can_be_given_without_a_file() {
    let place = Place::with_cluster("v1.20.2");
    let said = place.refused(
        &["wipe", "-m", "127.0.0.1", "-P", "1", "-u", "ops", "--private-key", "nokey", "--yes"],
        4,
        &["127.0.0.1"],
    );
    assert!(!said.err.contains("cp1"), "the file was read: {}", said.err);
    place.refused(&["wipe", "-m", "10.0.0.1;id"], 2, &["10.0.0.1;id"]);
    // Hosts from two places would leave it open whose are wiped.
    let both = ["wipe", "-f", "cluster.yaml", "-m", "10.0.0.1", "--yes"];
    place.refused(&both, 2, &["cannot be used with"]);
    let both = ["wipe", "-f", "cluster.yaml", "-w", "10.0.0.1", "--yes"];
    place.refused(&both, 2, &["cannot be used with"]);
    place.refused(&["wipe", "--parallel", "0"], 2, &["a number from 1 on"]);
    place.refused(&["wipe", "--timeout", "0"], 2, &["a number from 1 on"]);
}

#[test]
fn a_host_without_a_way_to_log_in_ends_with_2() {
    let place = Place::with_bundle("v1.20.2");
    let text = fs::read_to_string(place.dir.path().join("cluster.yaml")).unwrap();
    place.write("cluster.yaml", &text.replace(", passwordFile: password", ""));
    place.refused(&["init"], 2, &["cp1: there is no way to log in", "fix: name a `privateKey`"]);
    place.write("cluster.yaml", &text.replace("File: password", "File: nofile"));
    place.refused(&["init"], 2, &["nofile` cannot be read"]);
}

#[test]
fn bundles_are_built_shown_and_verified() {
    let place = Place::new();
    let fixture = Fixture::new();
    let from = fixture.from();
    let from = from.to_str().unwrap();
    let build = ["bundle", "build", "x.bundle", "--from", from, "--version", "v1.20.2"];
    let made = place.refused(&build, 0, &[]);
    assert!(made.out.starts_with("x.bundle: Kubernetes v1.20.2, "), "{}", made.out);
    let shown = place.refused(&["bundle", "show", "x.bundle"], 0, &[]);
    assert_eq!(shown.out, made.out);
    assert!(shown.out.contains("kubelet"), "{}", shown.out);
    assert_eq!(shown.out.lines().count(), 1 + 7);
    let json = place.refused(&["bundle", "show", "x.bundle", "--output", "json"], 0, &[]);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["artifacts"].as_array().unwrap().len(), 7);
    let verified = place.refused(&["bundle", "verify", "x.bundle"], 0, &[]);
    assert_eq!(verified.out, "x.bundle: 7 artifacts, every byte as the manifest says\n");

    let file = place.dir.path().join("x.bundle");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let said = place.refused(&["bundle", "verify", "x.bundle"], 3, &["x.bundle"]);
    assert_eq!(said.out, "");
    place.refused(&["bundle", "show", "none.bundle"], 2, &["none.bundle"]);
}

#[test]
fn render_prints_the_files_without_any_host() {
    let place = Place::with_bundle("v1.20.2");
    let all = place.refused(&["render"], 0, &[]);
    for file in [
        "# kubeadm-init.yaml on cp1\n",
        "# /etc/containerd/config.toml on cp1\n",
        "# /etc/systemd/system/kubelet.service on cp1\n",
        "# /etc/cni/net.d/10-bivouac.conflist on cp1\n",
    ] {
        assert!(all.out.contains(file), "{file}: {}", all.out);
    }
    assert!(all.out.contains("(known when it runs: token)"), "{}", all.out);
    let one = place.refused(&["render", "containerd/config"], 0, &[]);
    assert!(one.out.starts_with("# /etc/containerd/config.toml on cp1\nversion = 2\n"));
    assert_eq!(one.out.matches("\n# /").count(), 0, "{}", one.out);
    assert_eq!(all.err, "");
}

#[test]
fn a_user_s_own_playbooks_are_checked_before_anything_else() {
    let place = Place::with_bundle("v1.20.2");
    fs::create_dir_all(place.dir.path().join("own/playbooks/init")).unwrap();
    place.write("own/playbooks/init/10-x.yaml", "name: x\nsteps:\n- name: y\n  modul: [z]\n");
    for verb in ["init", "plan", "preflight", "render"] {
        let words = ["own/playbooks/init/10-x.yaml:4:3: unknown field `modul`"];
        place.refused(&[verb, "--playbooks", "own"], 2, &words);
    }
    place.refused(
        &["render", "--playbooks", "nowhere"],
        2,
        &["`nowhere/playbooks` cannot be read"],
    );
}

#[test]
fn completion_and_man_print() {
    let place = Place::new();
    let said = place.refused(&["completion", "bash"], 0, &[]);
    assert!(said.out.contains("_bivouac") && said.out.contains("preflight"), "{}", said.out);
    let said = place.refused(&["man"], 0, &[]);
    assert!(said.out.contains(".TH bivouac 1"), "{}", said.out);
    let said = place.refused(&["--version"], 0, &[]);
    assert_eq!(said.out, format!("bivouac {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_secret_that_others_can_read_is_refused() {
    let place = Place::with_cluster("v1.20.2");
    let password = place.dir.path().join("password");
    fs::set_permissions(&password, fs::Permissions::from_mode(0o644)).unwrap();
    let said = ["holds a secret and has the mode 0644", "fix: `chmod 600"];
    place.refused(&["wipe", "--yes"], 2, &said);
}

#[test]
fn help_says_what_there_is() {
    let place = Place::new();
    let said = place.refused(&["--help"], 0, &[]);
    assert_eq!(said.err, "");
    insta::assert_snapshot!(said.out);
    insta::assert_snapshot!("help_remove", place.call(&["remove", "-h"]).out);
    insta::assert_snapshot!("help_bundle_build", place.call(&["bundle", "build", "-h"]).out);
    for verb in ["status", "kubeconfig", "kubectl"] {
        let help = place.call(&[verb, "--help"]).out;
        // The options of every verb are in the first snapshot.
        let own = help.split("\nCluster:").next().unwrap_or_default().to_owned();
        insta::assert_snapshot!(format!("help_{verb}"), own);
    }
}

#[test]
fn no_option_takes_a_password() {
    // What is in argv is in everybody's `ps`.
    let place = Place::new();
    let help = place.call(&["init", "--help"]).out;
    assert!(help.contains("--private-key"), "{help}");
    assert!(!help.contains("--password"), "{help}");
    place.refused(&["init", "-p", "hunter2"], 2, &["-p"]);
}

#[test]
fn a_bundle_is_signed_and_where_signers_are_named_only_theirs_is_used() {
    let place = Place::with_bundle("v1.20.2");
    let key = |name: &str| {
        let path = place.dir.path().join(name);
        let status = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"])
            .arg(&path)
            .status();
        assert!(status.unwrap().success());
        format!("ops@example.com {}", fs::read_to_string(path.with_extension("pub")).unwrap())
    };
    place.write("signers", &key("key"));
    key("other");
    let file = fs::read_to_string(place.dir.path().join("cluster.yaml")).unwrap();
    let signed = file.replace("{bundle: my.bundle}", "{bundle: my.bundle, signers: signers}");
    place.write("cluster.yaml", &signed);
    let refused = |words: &[&str]| {
        for verb in ["init", "preflight", "plan", "join"] {
            let said = place.refused(&[verb], 3, words);
            assert!(said.err.contains("my.bundle") && said.err.contains("fix: "), "{}", said.err);
            // Nobody listens there: whoever had dialled would have ended with 4.
            assert!(!said.err.contains("cp1"), "{}", said.err);
        }
        place.refused(&["bundle", "verify", "my.bundle", "--signers", "signers"], 3, words);
    };
    // Nor does an unsigned one say what a wish means, or is shown.
    let words = &["it is not signed: there is no `my.bundle.sig`"];
    place.refused(&["render"], 3, words);
    place.write("cluster.yaml", &signed.replace("v1.20.2", "1.21"));
    place.refused(&["preflight"], 3, words);
    place.write("cluster.yaml", &signed);
    refused(words);
    place.refused(&["bundle", "sign", "my.bundle", "--key", "other"], 0, &[]);
    refused(&["its signature does not count: its key ssh-ed25519 SHA256:"]);
    let sign = place.refused(&["bundle", "sign", "my.bundle", "--key", "key"], 0, &[]);
    assert_eq!(sign.out, "my.bundle: signed, the signature is `my.bundle.sig`\n");
    let verified =
        place.refused(&["bundle", "verify", "my.bundle", "--signers", "signers"], 0, &[]);
    assert!(
        verified.out.contains("\nsigned by `ops@example.com` with ssh-ed25519 SHA256:"),
        "{}",
        verified.out
    );
    let anybody = place.refused(&["bundle", "verify", "my.bundle"], 0, &[]);
    assert!(anybody.out.contains("`--signers FILE` says whose key"), "{}", anybody.out);
    // Now the hosts are dialled.
    place.refused(&["init"], 4, &["cp1"]);

    place.refused(&["bundle", "sign", "my.bundle", "--key", "nokey"], 2, &["nokey", "fix: "]);
    place.write("signers", "ops ssh-ed25519 AAAA\n");
    place.refused(&["init"], 2, &["signers `", "line 1: expected", "fix: write a line"]);
}

#[test]
fn a_bundle_is_signed_as_it_is_built() {
    let place = Place::new();
    let status = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "word", "-f"])
        .arg(place.dir.path().join("key"))
        .status();
    assert!(status.unwrap().success());
    let fixture = Fixture::new();
    let from = fixture.from();
    let from = from.to_str().unwrap();
    let build = |more: &[&'static str]| {
        let mut all = vec!["bundle", "build", "x.bundle", "--from", from, "--version", "v1.20.2"];
        all.extend(more);
        all
    };
    place.refused(&build(&["--sign", "key"]), 2, &["key`: it is encrypted", "fix: "]);
    assert!(!place.exists("x.bundle.sig"));
    place.write("word", "word\n");
    fs::set_permissions(place.dir.path().join("word"), fs::Permissions::from_mode(0o600)).unwrap();
    let said = place.refused(&build(&["--sign", "key", "--passphrase-file", "word"]), 0, &[]);
    assert!(
        said.out.ends_with("x.bundle: signed, the signature is `x.bundle.sig`\n"),
        "{}",
        said.out
    );
    let verified = place.refused(&["bundle", "verify", "x.bundle"], 0, &[]);
    assert!(verified.out.contains("signed with ssh-ed25519 SHA256:"), "{}", verified.out);
}

#[test]
fn a_bundle_is_not_served_to_everybody() {
    let place = Place::with_bundle("v1.20.2");
    let serve = ["bundle", "serve", "my.bundle", "--listen", "0.0.0.0:0"];
    place.refused(&serve, 2, &["everybody who reaches 0.0.0.0:0 could ask", "`--token-file FILE`"]);
    place.write("token", "");
    let token = place.dir.path().join("token");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let empty = ["bundle", "serve", "my.bundle", "--token-file", "token"];
    place.refused(&empty, 2, &["the token file is empty"]);
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    place.refused(&empty, 2, &["holds a secret and has the mode 0644"]);
    // What is not whole is not served at all.
    let mut bytes = fs::read(place.dir.path().join("my.bundle")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(place.dir.path().join("my.bundle"), bytes).unwrap();
    place.refused(&["bundle", "serve", "my.bundle"], 3, &["my.bundle"]);
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_anything_is_done() {
    let place = Place::new();
    for verb in [&["wipe", "--foreign"][..], &["verify-clean"], &["plan", "wipe", "--foreign"]] {
        let wipe = [verb, &["10.0.0.1", "--report", "no/such/dir/x.json"]].concat();
        place.refused(&wipe, 2, &["the report `no/such/dir/x.json` cannot be written", "fix:"]);
    }
    // A list of steps proves nothing.
    let plan = ["plan", "wipe", "--report", "x.json"];
    place.refused(&plan, 2, &["go with `bivouac plan wipe --foreign`", "fix:"]);
    assert!(!place.dir.path().join("x.json").exists());
}
