//! The files and shell lines that the playbooks in the binary come to.

use std::io::Write as _;
use std::process::{Command, Stdio};

use bivouac::cluster::{Download, versions, yaml};
use bivouac::host::Change;
use bivouac::host::facts::Containerd;
use bivouac::playbook::Work;
use serde_json::{Value, json};

use super::{SINGLE, TWO};
use crate::support::site::{Made, changes, embedded, every_minor, file, works};

#[test]
fn containerd_s_configuration_is_toml_with_the_user_s_settings() {
    let spec = format!(
        "runtime:
  config:
    oom_score: -999
    plugins:
      io.containerd.grpc.v1.cri:
        registry: {{config_path: /etc/containerd/certs.d}}
        containerd: {{runtimes: {{runc: {{options: {{SystemdCgroup: false}}}}}}}}
{SINGLE}"
    );
    for version in every_minor() {
        for (spec, merged) in [(SINGLE, false), (spec.as_str(), true)] {
            let plan = Made::new(&version, "", spec).init();
            let text = file(&plan.lanes[0], "/etc/containerd/config.toml");
            let value: Value =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(value["version"], 2);
            let cri = &value["plugins"]["io.containerd.grpc.v1.cri"];
            let pause = &versions::supported()
                .iter()
                .find(|row| version.starts_with(&format!("v1.{}.", row.minor)))
                .unwrap()
                .pause;
            assert!(
                cri["sandbox_image"].as_str().unwrap().ends_with(&format!("/pause:{pause}")),
                "{text}"
            );
            let runc = &cri["containerd"]["runtimes"]["runc"];
            assert_eq!(runc["runtime_type"], "io.containerd.runc.v2");
            assert_eq!(runc["options"]["SystemdCgroup"], !merged, "{text}");
            if merged {
                assert_eq!(value["oom_score"], -999);
                assert_eq!(cri["registry"]["config_path"], "/etc/containerd/certs.d");
            }
        }
    }
}

/// A cluster whose bundle has this containerd.
fn with_containerd(containerd: &str, spec: &str) -> Made {
    let mut made = Made::new("v1.35.2", "", spec);
    let programs = made.artifacts.0.iter_mut().filter(|it| it.name == "containerd");
    programs.for_each(|program| containerd.clone_into(&mut program.version));
    made
}

#[test]
fn containerd_2_is_given_version_3_of_its_configuration() {
    for (containerd, version) in
        [("1.6.20~ds1-1+deb12u3", 2), ("1.7.24", 2), ("unknown", 2), ("v2.0.0", 3), ("2.2.1", 3)]
    {
        let plan = with_containerd(containerd, SINGLE).init();
        let text = file(&plan.lanes[0], "/etc/containerd/config.toml");
        let value: Value = toml::from_str(&text).unwrap();
        assert_eq!(value["version"], version, "{containerd}");
        let plugins = &value["plugins"];
        let (images, runtime, pause) = if version == 2 {
            let cri = &plugins["io.containerd.grpc.v1.cri"];
            (cri, cri, &cri["sandbox_image"])
        } else {
            let images = &plugins["io.containerd.cri.v1.images"];
            let runtime = &plugins["io.containerd.cri.v1.runtime"];
            (images, runtime, &images["pinned_images"]["sandbox"])
        };
        assert_eq!(pause, "registry.k8s.io/pause:3.10.1", "{text}");
        assert_eq!(images["registry"]["config_path"], "/etc/containerd/certs.d", "{text}");
        assert_eq!(runtime["cni"]["conf_dir"], "/etc/cni/net.d", "{text}");
        let (one, several) = (&runtime["cni"]["bin_dir"], &runtime["cni"]["bin_dirs"]);
        if containerd.starts_with("2.2") {
            assert_eq!((one, several), (&Value::Null, &json!(["/opt/cni/bin"])), "{text}");
        } else {
            assert_eq!((one, several), (&json!("/opt/cni/bin"), &Value::Null), "{text}");
        }
        let runc = &runtime["containerd"]["runtimes"]["runc"];
        assert_eq!(runc["runtime_type"], "io.containerd.runc.v2", "{text}");
        assert_eq!(runc["options"]["SystemdCgroup"], true, "{text}");
    }
}

#[test]
fn an_existing_containerd_is_used_and_nothing_of_it_is_written() {
    let mut made = Made::new("v1.30.2", "", &format!("runtime: {{existing: true}}\n{SINGLE}"));
    let text = |text: &str| Some(text.to_owned());
    made.states[0].containerd = Some(Containerd {
        version: text("2.1.9"),
        root: text("/data/containerd"),
        state: text("/run/containerd"),
        sandbox: text("registry.k8s.io/pause:3.8"),
        has_sandbox: Some(false),
        ..Containerd::default()
    });
    // A bundle need not have one.
    let programs = ["containerd", "containerd-shim-runc-v2", "ctr", "runc"];
    made.artifacts.0.retain(|it| !programs.contains(&it.name.as_str()));
    let all = changes(&made.init().lanes[0]);
    for change in &all {
        let (kind, subject) = (change.kind(), change.subject());
        let is_its = subject.contains("containerd") && kind != "store" && kind != "service";
        assert!(!is_its, "{kind} {subject}");
    }
    let position = |wanted: &dyn Fn(&Change) -> bool| all.iter().position(wanted).unwrap();
    let store = Change::Store { root: "/data/containerd".into(), state: "/run/containerd".into() };
    let claimed = position(&|change| *change == store);
    // What it claims is removed with crictl's help, and before any image comes.
    assert!(position(&|change| change.subject() == "/usr/local/bin/crictl") < claimed);
    assert!(claimed < position(&|change| change.kind() == "image"));
    let names = |all: &[Change]| -> Vec<Vec<String>> {
        let images = all.iter().filter_map(|change| match change {
            Change::Image { references, .. } => Some(references),
            _ => None,
        });
        images.map(|pairs| pairs.iter().map(|(name, _)| name.clone()).collect()).collect()
    };
    let pause = ["registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.8"];
    assert_eq!(names(&all)[0], pause, "the owner's configuration names another sandbox");
    // The same where the runtime itself pulls.
    let from_bundle = std::mem::replace(&mut made.cluster.sources.download, Download::Hosts);
    let images = std::mem::take(&mut made.artifacts.0);
    made.artifacts.0 = images.iter().filter(|it| it.kind != "image").cloned().collect();
    let pulls: Vec<String> = changes(&made.init().lanes[0])
        .into_iter()
        .filter_map(|change| match change {
            Change::Pull { references } => Some(references.join(" ")),
            _ => None,
        })
        .collect();
    let both = "registry.k8s.io/pause:3.9 registry.k8s.io/pause:3.8=registry.k8s.io/pause:3.9";
    assert_eq!(pulls[0], both);
    (made.cluster.sources.download, made.artifacts.0) = (from_bundle, images);
    // Where the image is there already it is the owner's.
    made.states[0].containerd.as_mut().unwrap().has_sandbox = Some(true);
    assert_eq!(names(&changes(&made.init().lanes[0]))[0], pause[..1]);
}

#[test]
fn settings_for_another_version_of_containerd_are_refused_with_their_place() {
    let own = |plugin: &str| {
        format!(
            "runtime: {{config: {{plugins: {{{plugin}: {{max_concurrent_downloads: 5}}}}}}}}\n{SINGLE}"
        )
    };
    let (old, new) = (own("io.containerd.grpc.v1.cri"), own("io.containerd.cri.v1.images"));
    let plan = |containerd, spec: &str| with_containerd(containerd, spec).plan(&embedded());
    for (containerd, spec, right) in [
        ("2.1.0", &old, "`plugins.\"io.containerd.cri.v1.images\".max_concurrent_downloads`"),
        ("1.7.24", &new, "`plugins.\"io.containerd.grpc.v1.cri\".max_concurrent_downloads`"),
    ] {
        let error = plan(containerd, spec).unwrap_err().to_string();
        assert!(error.contains("configure containerd") && error.ends_with(right), "{error}");
    }
    for (containerd, spec) in [("1.7.24", &old), ("2.1.0", &new)] {
        let plan = plan(containerd, spec).unwrap();
        let text = file(&plan.lanes[0], "/etc/containerd/config.toml");
        assert!(text.contains("max_concurrent_downloads = 5"), "{text}");
    }
}

#[test]
fn the_bridge_is_configured_by_json() {
    let plan = Made::new("v1.20.2", "", TWO).init();
    for lane in &plan.lanes {
        let text = file(lane, "/etc/cni/net.d/10-bivouac.conflist");
        let value: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!((&value["name"], &value["cniVersion"]), (&json!("bivouac"), &json!("0.4.0")));
        let plugins = value["plugins"].as_array().unwrap();
        assert_eq!(plugins[0]["ipam"]["ranges"], json!([[{"subnet": "10.244.1.0/24"}]]));
        // Every plugin that it names is a file of the bundle.
        let uploaded: Vec<String> = changes(lane)
            .iter()
            .filter(|change| change.kind() == "artifact")
            .map(Change::subject)
            .collect();
        let names =
            plugins.iter().map(|plugin| &plugin["type"]).chain([&plugins[0]["ipam"]["type"]]);
        for name in names {
            let path = format!("/opt/cni/bin/{}", name.as_str().unwrap());
            assert!(uploaded.contains(&path), "{path} is not in {uploaded:#?}");
        }
    }
}

#[test]
fn the_discovery_file_is_a_kubeconfig_without_credentials() {
    let plan = Made::new("v1.20.2", "", TWO).init();
    let text = file(&plan.lanes[1], "/etc/kubernetes/bivouac-discovery.conf");
    let document = yaml::documents(&text).unwrap().remove(0);
    assert_eq!(
        document["clusters"],
        json!([{"name": "", "cluster": {
            "server": "https://10.89.7.11:6443", "certificate-authority-data": "LS0tLS1CRUdJTg=="}}])
    );
    assert_eq!((&document["users"], &document["contexts"]), (&json!([]), &json!([])));
}

#[test]
fn units_have_their_sections_and_absolute_programs() {
    let plan = Made::new("v1.20.2", "", TWO).init();
    let mut units = 0;
    for change in changes(&plan.lanes[1]) {
        let Change::File { path, content, .. } = change else { continue };
        if !path.ends_with(".service") {
            continue;
        }
        units += 1;
        let text = String::from_utf8(content).unwrap();
        let mut sections = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if line.starts_with('[') {
                sections.push(line);
            } else {
                let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("{path}: {line}"));
                assert!(key.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{path}: {line}");
                if key.starts_with("Exec") {
                    let program = value.trim_start_matches('-');
                    assert!(program.starts_with('/'), "{path}: {line}");
                }
            }
        }
        assert_eq!(sections, ["[Unit]", "[Service]", "[Install]"], "{path}");
    }
    assert_eq!(units, 3, "containerd, kubelet, network");
}

#[test]
fn routes_go_to_the_pods_of_other_nodes_that_have_some() {
    let plan = Made::new("v1.20.2", "", TWO).init();
    let text = file(&plan.lanes[1], "/usr/local/libexec/bivouac-network");
    assert!(
        text.contains("<<'ROUTES'\n10.244.0.0/24 10.89.7.11\n10.244.2.0/24 10.89.7.14\nROUTES\n"),
        "{text}"
    );
    assert!(
        text.contains("masquerade iptables 224.0.0.0/4 '10.244.1.0/24' '10.244.0.0/16'\n"),
        "{text}"
    );
    assert!(text.contains("stale '10.244.0.0/16'\n") && !text.contains("ip6tables"), "{text}");
}

/// Everything of a lane that a host's shell reads.
fn shell_lines(made: &Made) -> Vec<(String, String)> {
    let plan = made.init();
    let mut lines = Vec::new();
    for (step, work) in plan.lanes.iter().flat_map(works) {
        match work {
            Work::Wait { until } => lines.push((step, until.as_str().to_owned())),
            Work::Read { run, .. } => lines.push((step, run.as_str().to_owned())),
            Work::Changes(changes) => {
                for change in changes {
                    if let Change::Command { run, undo, unless, .. } = change {
                        lines.extend([run, undo, unless].map(|line| (step.clone(), line)));
                    }
                }
            }
            Work::Fetch(_) | Work::Stage(_) => {}
        }
    }
    lines
}

#[test]
fn shell_lines_are_posix_sh() {
    let mut made = Made::new("v1.20.2", "", TWO);
    made.states[0].joined = true;
    let mut lines = shell_lines(&made);
    assert!(lines.len() > 10, "{lines:#?}");
    lines.push(("the negative control".to_owned(), "if true; then".to_owned()));
    for (step, line) in lines {
        let mut shell = Command::new("sh")
            .arg("-n")
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        shell.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
        let good = shell.wait().unwrap().success();
        assert_eq!(good, step != "the negative control", "{step}: {line}");
    }
}

#[test]
fn node_names_reach_the_shell_as_one_word() {
    let mut made = Made::new("v1.20.2", "", TWO);
    for state in &mut made.states {
        state.node = "x'; touch /tmp/hole; '".to_owned();
    }
    let quoted = bivouac::ssh::quote(&made.states[0].node);
    let mut named = 0;
    for (step, line) in shell_lines(&made) {
        if line.contains("hole") {
            named += 1;
            assert!(line.contains(&quoted), "{step}: {line}");
        }
    }
    assert!(named > 5, "{named}");
}

#[test]
fn a_token_is_deleted_unless_it_is_certain_that_there_is_none() {
    let plan = Made::new("v1.20.2", "", TWO).init();
    let (run, unless) = changes(&plan.lanes[0])
        .into_iter()
        .find_map(|change| match change {
            Change::Command { run, unless, .. } if run.contains("bootstrap-token-bv") => {
                Some((run, unless))
            }
            _ => None,
        })
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    // Stands in for kubectl: lists what `names` has, and writes down what it is to delete.
    let stub = "#!/bin/sh\ncase \"$*\" in *' delete '*) echo \"$*\" >\"$DIR/deleted\" ;; *) cat \"$DIR/names\" ;; esac\n";
    std::fs::write(dir.path().join("kubectl"), stub).unwrap();
    let done = Command::new("chmod").arg("+x").arg(dir.path().join("kubectl")).status().unwrap();
    assert!(done.success());
    let shell = |line: &str| {
        let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("sh");
        command.args(["-c", line]).env("PATH", path).env("DIR", dir.path()).stderr(Stdio::null());
        command.status().unwrap().success()
    };
    let names = dir.path().join("names");
    // The list cannot be had.
    assert!(!shell(&unless));
    std::fs::write(&names, "secret/default-token-x\nsecret/bootstrap-token-abcdef\n").unwrap();
    assert!(shell(&unless), "another's token is none of ours");
    std::fs::write(&names, "secret/bootstrap-token-bvabcd\nsecret/bootstrap-token-abcdef\n")
        .unwrap();
    assert!(!shell(&unless));
    assert!(shell(&run));
    let deleted = std::fs::read_to_string(dir.path().join("deleted")).unwrap();
    assert_eq!(deleted, "-n kube-system delete secret/bootstrap-token-bvabcd\n");
}
