//! Golden files: what the real plan renders for every supported minor, for each way into a cluster of several
//! control planes with everything on, beside each other in `tests/it/golden`. They are taken anew with
//! `BIVOUAC_GOLDEN=write cargo test golden`; the difference is then for a person to read.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use bivouac::cluster::versions::{self, VersionFacts};
use bivouac::cluster::yaml;
use serde_json::{Value, json};

use super::kubeadm_fields::misfits_in;
use crate::support::site::{Made, file, kubeadm, one};

/// Each minor's files, and the host on which each is made.
const VERBS: [(&str, usize, &str); 3] = [
    ("init", 0, "init"),
    ("join-control-plane", 1, "prepare-control-plane"),
    ("join-worker", 3, "join"),
];

const HOSTS: &str = "network: {podSubnet: '10.244.0.0/16,fd00:10:244::/56', proxyMode: ipvs}
security: {audit: true, encryption: true, servingCertificates: true}
hosts:
- {address: 10.89.7.11, roles: [control-plane], name: cp1, taints: ['dedicated=infra:NoSchedule']}
- {address: 10.89.7.12, roles: [control-plane], name: cp2}
- {address: 10.89.7.13, roles: [control-plane, worker], name: cp3}
- {address: 10.89.7.14, roles: [worker], name: w1, labels: {disk: ssd}, taints: ['gpu=yes:NoSchedule'], kubelet: {maxPods: 250}}
- {address: 10.89.7.15, roles: [worker], name: w2}
";

/// Everything that is on, in the form that the minor reads.
fn settings(row: &VersionFacts) -> String {
    let arguments = |name: &str, value: &str| match row.kubeadm_api {
        "v1beta4" => format!("[{{name: {name}, value: '{value}'}}]"),
        _ => format!("{{{name}: '{value}'}}"),
    };
    let cgroups = if row.minor >= 31 { ", failCgroupV1: false" } else { "" };
    format!(
        "skipPhases: [addon/kube-proxy]
ignorePreflightErrors: [NumCPU]
kubeadm:
  apiServer: {{extraArgs: {}, certSANs: [api.example]}}
  controllerManager: {{extraArgs: {}}}
  scheduler: {{extraArgs: {}}}
  etcd: {{local: {{extraArgs: {}}}}}
kubelet: {{serializeImagePulls: false, evictionHard: {{memory.available: 200Mi}}{cgroups}}}
kubeProxy: {{iptables: {{masqueradeAll: true}}}}",
        arguments("profiling", "false"),
        arguments("terminated-pod-gc-threshold", "100"),
        arguments("v", "1"),
        arguments("quota-backend-bytes", "8589934592"),
    )
}

fn made(row: &VersionFacts, runtime: &str) -> Made {
    let version = format!("v1.{}.{}", row.minor, row.newest_patch);
    let spec = format!("runtime: {{name: {runtime}}}\n{HOSTS}");
    let mut made = Made::new(&version, &settings(row), &spec);
    // Its version decides which configuration it reads.
    for available in made.artifacts.0.iter_mut().filter(|it| it.name == "containerd") {
        available.version = row.install.containerd.to_string();
    }
    made
}

/// A minor's golden files: their names and what they have to be.
fn rendered(row: &VersionFacts) -> Vec<(String, String)> {
    let plan = made(row, "containerd").init();
    let mut files: Vec<(String, String)> = VERBS
        .into_iter()
        .map(|(name, lane, expected)| {
            let lane = &plan.lanes[lane];
            let (verb, flags, config) = kubeadm(lane).expect("kubeadm is called on every host");
            assert_eq!(verb, expected, "{}", lane.name);
            let mut text = format!("# kubeadm {verb} {}\n{}\n", flags.join(" "), config.trim_end());
            if name == "join-worker" {
                let own = file(lane, "/etc/kubernetes/bivouac/kubelet.yaml");
                let _ = write!(text, "---\n# its kubelet's own\n{}\n", own.trim_end());
            }
            (format!("{name}.yaml"), text)
        })
        .collect();
    let containerd = file(&plan.lanes[0], "/etc/containerd/config.toml");
    let head = format!("# containerd {}\n", row.install.containerd);
    files.push(("containerd.toml".to_owned(), head + containerd.trim_end() + "\n"));
    files.push(("docker.txt".to_owned(), docker(row)));
    files.extend(cri_o(row));
    files
}

/// What docker and cri-dockerd are told, and what kubeadm is told of them.
fn docker(row: &VersionFacts) -> String {
    let plan = made(row, "docker").init();
    let lane = &plan.lanes[0];
    let (_, _, config) = kubeadm(lane).unwrap();
    let mut text = format!("# cri-dockerd {}\n", row.install.cri_dockerd);
    // What in kubeadm's own files is docker's.
    let its = |line: &&str| line.contains("criSocket:") || line.contains("containerLogMaxSize:");
    for line in config.lines().filter(its) {
        let _ = writeln!(text, "# {}", line.trim());
    }
    for path in ["/etc/docker/daemon.json", "/etc/systemd/system/cri-docker.service"] {
        let _ = write!(text, "\n# {path}\n{}\n", file(lane, path).trim_end());
    }
    text
}

/// cri-o's own configuration, and what kubeadm is told of it, for those minors that have a published cri-o.
fn cri_o(row: &VersionFacts) -> Option<(String, String)> {
    let release = row.install.cri_o?;
    let version = format!("v1.{}.{}", row.minor, row.newest_patch);
    let hosts = "runtime: {name: cri-o}\nhosts: [{address: 10.89.7.11, roles: [control-plane], name: cp1}]\n";
    let mut made = Made::new(&version, "", hosts);
    for name in bivouac::cluster::CRI_O.programs {
        let mut program = one("binary", name, vec![]);
        program.version = release.to_string();
        made.artifacts.0.push(program);
    }
    let plan = made.init();
    let text = file(&plan.lanes[0], "/etc/crio/crio.conf.d/10-bivouac.conf");
    let (_, _, config) = kubeadm(&plan.lanes[0]).unwrap();
    let socket = config.lines().find(|line| line.contains("criSocket")).unwrap();
    Some((
        "cri-o.toml".to_owned(),
        format!("# cri-o {release}; kubeadm: {}\n{text}", socket.trim()),
    ))
}

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden")
}

#[test]
fn what_is_rendered_is_what_was_rendered() {
    let write = env::var("BIVOUAC_GOLDEN").is_ok_and(|value| value == "write");
    let (mut kept, mut differences) = (BTreeSet::new(), String::new());
    for row in versions::supported() {
        let place = dir().join(format!("v1.{}", row.minor));
        for (name, text) in rendered(row) {
            let path = place.join(name);
            if write {
                fs::create_dir_all(&place).unwrap();
                fs::write(&path, &text).unwrap();
            }
            let golden = fs::read_to_string(&path).unwrap_or_default();
            if golden != text {
                let difference = similar::TextDiff::from_lines(&golden, &text);
                let _ = write!(
                    differences,
                    "{}\n{}",
                    path.display(),
                    difference.unified_diff().context_radius(2)
                );
            }
            kept.insert(path);
        }
    }
    // A file that nothing renders any more is no witness of anything.
    let there = fs::read_dir(dir()).unwrap().map(|entry| entry.unwrap().path());
    let there = there.flat_map(|minor| fs::read_dir(minor).unwrap().map(|it| it.unwrap().path()));
    let there: BTreeSet<PathBuf> = there.collect();
    assert_eq!(there.difference(&kept).collect::<Vec<_>>(), Vec::<&PathBuf>::new());
    assert!(
        differences.is_empty(),
        "rendered files are not the golden ones; `BIVOUAC_GOLDEN=write cargo test golden` takes them over\n{differences}"
    );
    let cri_o = versions::supported().iter().filter(|row| row.install.cri_o.is_some()).count();
    assert_eq!(kept.len(), versions::supported().len() * (VERBS.len() + 2) + cri_o);
}

#[test]
fn golden_files_are_strictly_valid_for_their_minor() {
    for row in versions::supported() {
        let mut kinds = Vec::new();
        for (name, text) in rendered(row).iter().take(VERBS.len()) {
            for document in yaml::documents(text).unwrap() {
                let found = misfits_in(row.minor, &document);
                assert_eq!(found, Vec::<String>::new(), "v1.{} {name}\n{text}", row.minor);
                let api = document["apiVersion"].as_str().unwrap();
                if let Some(api) = api.strip_prefix("kubeadm.k8s.io/") {
                    assert_eq!(api, row.kubeadm_api, "v1.{} {name}", row.minor);
                }
                kinds.push(document["kind"].as_str().unwrap().to_owned());
            }
        }
        let expected = [
            "InitConfiguration",
            "ClusterConfiguration",
            "KubeletConfiguration",
            "KubeProxyConfiguration",
            "JoinConfiguration",
            "JoinConfiguration",
            "KubeletConfiguration",
        ];
        assert_eq!(kinds, expected, "v1.{}", row.minor);
    }
}

#[test]
fn golden_files_show_what_their_minor_is_known_by() {
    for row in versions::supported() {
        let files = rendered(row);
        let text = |name: &str| &files.iter().find(|(it, _)| it == name).unwrap().1;
        let place = format!("v1.{}", row.minor);
        assert!(text("containerd.toml").contains(&format!("/pause:{}\"", row.pause)), "{place}");
        let version = if row.install.containerd.0 >= 2 { 3 } else { 2 };
        assert!(text("containerd.toml").contains(&format!("\nversion = {version}\n")), "{place}");
        let taint = format!("    key: {}\n", row.control_plane_taint);
        assert!(text("init.yaml").contains(&taint), "{place}");
        let certificates = text("join-control-plane.yaml").contains("certificateKey: e6a2");
        assert!(certificates && !text("join-worker.yaml").contains("certificateKey"), "{place}");
        assert!(
            text("init.yaml").starts_with("# kubeadm init ")
                && text("init.yaml").contains("--skip-phases=addon/kube-proxy")
        );
        assert!(text("join-worker.yaml").contains("\nmaxPods: 250\n"), "{place}");
    }
}

/// A document of a golden file, to be broken.
fn part(minor: u64, file: &str, kind: &str) -> Value {
    let row = versions::supported().iter().find(|row| row.minor == minor).unwrap();
    let text = rendered(row).into_iter().find(|(name, _)| name == file).unwrap().1;
    let documents = yaml::documents(&text).unwrap();
    documents.into_iter().find(|document| document["kind"] == kind).unwrap()
}

#[test]
fn what_a_minor_does_not_know_is_found_in_its_files() {
    let init = "init.yaml";
    let kubelet = |minor| part(minor, init, "KubeletConfiguration");
    let proxy = |minor| part(minor, init, "KubeProxyConfiguration");
    let cluster = |minor| part(minor, init, "ClusterConfiguration");
    let join = |minor| part(minor, "join-worker.yaml", "JoinConfiguration");
    let endpoint = json!("unix:///run/containerd/containerd.sock");
    let (list, map) = (json!([{"name": "v", "value": "1"}]), json!({"v": "1"}));
    for (minor, mut document, pointer, wrong, expected) in [
        // Fields that came later.
        (30, kubelet(30), "/failCgroupV1", json!(false), "unknown field before 1.31"),
        (
            26,
            kubelet(26),
            "/containerRuntimeEndpoint",
            endpoint.clone(),
            "unknown field before 1.27",
        ),
        (21, kubelet(21), "/memorySwap", json!({}), "unknown field before 1.22"),
        (28, proxy(28), "/nftables", json!({}), "unknown field before 1.29"),
        (25, proxy(25), "/iptables/localhostNodePorts", json!(false), "unknown field before 1.26"),
        // Of nobody, and of the wrong type.
        (37, kubelet(37), "/dynamicConfigDir", json!("/x"), "unknown field"),
        (37, kubelet(37), "/maxPod", json!(1), "unknown field"),
        (37, kubelet(37), "/failCgroupV1", json!("false"), "true or false"),
        (37, kubelet(37), "/evictionHard/x", json!(200), "text"),
        (37, kubelet(37), "/serializeImagePulls", json!("no"), "true or false"),
        (37, proxy(37), "/ipvs", json!({"strictArp": true}), "unknown field"),
        (37, proxy(37), "/iptables/syncPeriod", json!(30), "a duration"),
        (37, proxy(37), "/mode", json!(null), "text"),
        // The form of extra arguments.
        (30, cluster(30), "/etcd/local/extraArgs", list.clone(), "a mapping"),
        (31, cluster(31), "/etcd/local/extraArgs", map.clone(), "a list"),
        (22, cluster(22), "/controllerManager/extraArgs", list.clone(), "a mapping"),
        (37, cluster(37), "/controllerManager/extraArgs", map.clone(), "a list"),
        (37, cluster(37), "/scheduler/extraArgs/0/values", json!("2"), "unknown field"),
        (37, cluster(37), "/scheduler/extraArgs/0/value", json!(2), "text"),
        (20, join(20), "/nodeRegistration/kubeletExtraArgs", list, "a mapping"),
        (37, join(37), "/nodeRegistration/kubeletExtraArgs", map, "a list"),
    ] {
        assert_eq!(misfits_in(minor, &document), Vec::<String>::new());
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[key] = wrong;
        let found = misfits_in(minor, &document);
        assert!(
            found.len() == 1 && found[0].contains(expected),
            "1.{minor} {pointer}: {found:?}, {expected} is expected"
        );
        if expected.contains("before") {
            assert_eq!(misfits_in(37, &document), Vec::<String>::new(), "{pointer} came later");
        }
    }
    assert!(
        misfits_in(26, &json!({"apiVersion": "kubeadm.k8s.io/v1beta1", "kind": "X"})).len() == 1
    );
}
