//! What kubeadm reads: every version, several clusters, checked against the API's own fields.

mod component_fields;
mod golden;
mod kubeadm_fields;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use bivouac::cluster::versions::{self, VersionFacts};
use bivouac::cluster::{Version, yaml};
use serde_json::{Value, json};

use crate::support::site::{Made, every_minor, file, kubeadm, preview, works};
use bivouac::host::Change;
use bivouac::playbook::Work;
use kubeadm_fields::misfits;

const SINGLE: &str = "hosts:\n- {address: 10.89.7.11, roles: [control-plane]}\n";

const THREE: &str = "hosts:
- {address: 10.89.7.11, roles: [control-plane], name: cp1}
- {address: 10.89.7.12, roles: [worker]}
- {address: 10.89.7.13, roles: [worker]}
";

const TAINTED: &str = "hosts:
- {address: 10.89.7.11, roles: [control-plane], taints: ['dedicated=infra:NoExecute']}
- {address: 10.89.7.12, roles: [worker], labels: {disk: ssd}, taints: ['gpu=yes:NoSchedule', 'flaky:PreferNoSchedule']}
";

const BOTH_ROLES: &str = "hosts:
- {address: 10.89.7.11, roles: [control-plane, worker], taints: ['a=1:NoSchedule']}
- {address: 10.89.7.12, roles: [worker]}
";

/// Names and values that YAML 1.1 readers such as kubeadm's take for something else.
const TREACHEROUS: &str = "controlPlaneEndpoint: api.example:6443
network: {podSubnet: 10.100.0.0/16, serviceSubnet: 10.101.0.0/16, dnsDomain: 'no'}
hosts:
- {address: 10.89.7.11, roles: [control-plane], name: '1e3', taints: ['a=no:NoSchedule', 'b=010:NoSchedule', 'c=0x1f:NoSchedule', 'd=1_0:NoSchedule']}
- {address: 10.89.7.12, roles: [worker], name: 'on', taints: ['e=1.30:NoExecute', 'f=y:NoExecute', 'g=null:NoExecute']}
";

const SEVERAL: &str = "hosts:
- {address: 10.89.7.11, roles: [control-plane], name: cp1}
- {address: 10.89.7.12, roles: [control-plane], name: cp2}
- {address: 10.89.7.13, roles: [control-plane, worker], name: cp3}
- {address: api4.example, roles: [control-plane], name: cp4, taints: ['a=1:NoSchedule']}
- {address: 10.89.7.15, roles: [control-plane, worker], name: cp5, taints: ['a=1:NoSchedule']}
- {address: 10.89.7.16, roles: [worker], name: w1}
";

/// All that is one line to switch on.
const FEATURES: &str = "network: {podSubnet: '10.244.0.0/16,fd00:10:244::/56', proxyMode: ipvs}
security: {audit: true, encryption: true, servingCertificates: true}
hosts:
- {address: 10.89.7.11, roles: [control-plane], name: cp1}
- {address: 10.89.7.12, roles: [control-plane], name: cp2}
- {address: 10.89.7.13, roles: [worker], name: w1}
";

const SITES: [&str; 7] = [SINGLE, THREE, TAINTED, BOTH_ROLES, TREACHEROUS, SEVERAL, FEATURES];

/// The user's settings, in the form that the version's kubeadm reads.
fn settings(version: &str) -> String {
    let minor: u32 = version.split('.').nth(1).unwrap().parse().unwrap();
    let arguments =
        if minor >= 31 { "[{name: v, value: '2'}, {name: v, value: '3'}]" } else { "{v: '2'}" };
    format!(
        "imageRepository: mirror.example:5000/k8s
skipPhases: [addon/kube-proxy]
ignorePreflightErrors: [NumCPU, Mem]
kubeadm:
  apiServer: {{extraArgs: {arguments}, certSANs: ['010', api.example]}}
  dns: {{imageTag: v9}}
kubelet: {{maxPods: 200, failSwapOn: false, evictionHard: {{memory.available: 100Mi}}}}
kubeProxy: {{ipvs: {{strictARP: true}}}}"
    )
}

/// The documents of each host's kubeadm configuration, with the host's name and kubeadm's verb.
fn configurations(made: &Made) -> Vec<(String, String, String)> {
    let plan = made.init();
    let all: Vec<_> = plan
        .lanes
        .iter()
        .map(|lane| {
            let (verb, _, config) = kubeadm(lane).expect("kubeadm is called on every host");
            (lane.name.clone(), verb, config)
        })
        .collect();
    assert_eq!(all[0].1, "init");
    assert!(all[1..].iter().all(|(_, verb, _)| verb == "join" || verb == "prepare-control-plane"));
    all
}

fn part(config: &str, kind: &str) -> Value {
    let documents = yaml::documents(config).unwrap();
    documents.into_iter().find(|document| document["kind"] == kind).unwrap()
}

#[test]
fn every_field_is_one_of_its_api() {
    let mut seen = BTreeSet::new();
    for version in every_minor() {
        for own in [String::new(), settings(&version)] {
            for site in SITES {
                for (host, verb, config) in configurations(&Made::new(&version, &own, site)) {
                    let documents = yaml::documents(&config).unwrap();
                    assert_eq!(documents.len(), if verb == "init" { 4 } else { 1 }, "{config}");
                    for document in documents {
                        let found = misfits(&document);
                        assert!(found.is_empty(), "{version} {host}: {found:#?}\n{config}");
                        let text = |key: &str| document[key].as_str().unwrap().to_owned();
                        seen.insert(format!("{} {}", text("apiVersion"), text("kind")));
                    }
                }
            }
        }
    }
    assert_eq!(seen.len(), 3 * 3 + 2, "{seen:#?}");
}

#[test]
fn the_check_of_fields_catches_what_it_must() {
    let made = |version| configurations(&Made::new(version, "", TAINTED));
    let init = |version| part(&made(version)[0].2, "InitConfiguration");
    let join = |version| part(&made(version)[1].2, "JoinConfiguration");
    let cluster = |version| part(&made(version)[0].2, "ClusterConfiguration");
    let map = json!({"node-ip": "10.0.0.1"});
    let list = json!([{"name": "node-ip", "value": "10.0.0.1"}]);
    for (mut document, pointer, wrong, expected) in [
        // Wrong shape: lists and mappings of extra arguments.
        (init("v1.20.2"), "/nodeRegistration/kubeletExtraArgs", list.clone(), "a mapping"),
        (join("v1.22.2"), "/nodeRegistration/kubeletExtraArgs", list.clone(), "a mapping"),
        (init("v1.31.2"), "/nodeRegistration/kubeletExtraArgs", map.clone(), "a list"),
        (cluster("v1.20.2"), "/apiServer", json!({"extraArgs": list}), "a mapping"),
        (cluster("v1.35.2"), "/scheduler", json!({"extraArgs": map}), "a list"),
        // Wrong type.
        (init("v1.20.2"), "/localAPIEndpoint/bindPort", json!("6443"), "an integer"),
        (init("v1.24.2"), "/nodeRegistration/name", json!(1000.0), "text"),
        (init("v1.31.2"), "/nodeRegistration/taints/0/value", json!(false), "text"),
        (init("v1.31.2"), "/bootstrapTokens/0/ttl", json!("an hour"), "a duration"),
        (cluster("v1.31.2"), "/featureGates", json!({"X": "true"}), "true or false"),
        // Unknown field: misspelled, of another version, in another place.
        (init("v1.20.2"), "/nodeRegistration/tains", json!([]), "unknown field"),
        (init("v1.20.2"), "/skipPhases", json!([]), "unknown field"),
        (init("v1.30.2"), "/timeouts", json!({}), "unknown field"),
        (init("v1.20.2"), "/nodeRegistration/imagePullPolicy", json!("Never"), "unknown field"),
        (
            cluster("v1.31.2"),
            "/apiServer",
            json!({"timeoutForControlPlane": "4m"}),
            "unknown field",
        ),
        (cluster("v1.22.2"), "/dns", json!({"type": "CoreDNS"}), "unknown field"),
        (cluster("v1.22.2"), "/nodeRegistration", json!({}), "unknown field"),
        (join("v1.31.2"), "/discovery/timeout", json!("5m"), "unknown field"),
        (join("v1.22.2"), "/apiVersion", json!("kubeadm.k8s.io/v1beta1"), "there is no"),
    ] {
        assert_eq!(misfits(&document), Vec::<String>::new());
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[key] = wrong;
        let found = misfits(&document);
        assert!(
            found.len() == 1 && found[0].contains(expected),
            "{pointer}: {found:?}, {expected} is expected"
        );
    }
}

#[test]
fn the_version_chooses_the_api() {
    for version in every_minor() {
        let (_, _, config) = configurations(&Made::new(&version, "", SINGLE)).remove(0);
        let init = part(&config, "InitConfiguration");
        let api = match version[3..5].parse::<u32>().unwrap() {
            20 | 21 => "v1beta2",
            22..=30 => "v1beta3",
            _ => "v1beta4",
        };
        assert_eq!(init["apiVersion"], format!("kubeadm.k8s.io/{api}"), "{version}");
        // A bare path until kubeadm 1.23 is the form that dockershim's time knew.
        let socket = if api == "v1beta2" { "/run" } else { "unix:///run" };
        let socket = format!("{socket}/containerd/containerd.sock");
        assert_eq!(init["nodeRegistration"]["criSocket"], socket, "{version}");
        let cluster = part(&config, "ClusterConfiguration");
        assert_eq!(cluster["kubernetesVersion"], version);
        let repository = if version.as_str() < "v1.25" { "k8s.gcr.io" } else { "registry.k8s.io" };
        assert_eq!(cluster["imageRepository"], repository, "{version}");
    }
}

#[test]
fn control_planes_that_are_kept_free_have_one_taint() {
    let own = |minor: u32| {
        if minor < 24 {
            "node-role.kubernetes.io/master"
        } else {
            "node-role.kubernetes.io/control-plane"
        }
    };
    for version in every_minor() {
        let minor: u32 = version.split('.').nth(1).unwrap().parse().unwrap();
        let taints = |site, host: usize| {
            let (_, verb, config) = configurations(&Made::new(&version, "", site)).remove(host);
            let kind = if verb == "init" { "InitConfiguration" } else { "JoinConfiguration" };
            part(&config, kind)["nodeRegistration"].get("taints").cloned()
        };
        // One host carries everything: an empty list, which is not the same as none.
        assert_eq!(taints(SINGLE, 0), Some(json!([])), "{version}");
        // 1.24 by itself would give two, of which we would know one.
        let free = json!([{"key": own(minor), "effect": "NoSchedule"}]);
        assert_eq!(taints(THREE, 0), Some(free), "{version}");
        assert_eq!(taints(THREE, 1), None, "{version}");
        let infra = json!({"key": "dedicated", "value": "infra", "effect": "NoExecute"});
        let expected = json!([{"key": own(minor), "effect": "NoSchedule"}, infra]);
        assert_eq!(taints(TAINTED, 0), Some(expected), "{version}");
        let expected = json!([
            {"key": "gpu", "value": "yes", "effect": "NoSchedule"},
            {"key": "flaky", "effect": "PreferNoSchedule"},
        ]);
        assert_eq!(taints(TAINTED, 1), Some(expected), "{version}");
        let expected = json!([{"key": "a", "value": "1", "effect": "NoSchedule"}]);
        assert_eq!(taints(BOTH_ROLES, 0), Some(expected), "{version}");
    }
}

#[test]
fn control_planes_that_join_get_the_certificates_and_the_right_taints() {
    for version in every_minor() {
        let minor: u32 = version.split('.').nth(1).unwrap().parse().unwrap();
        let all = configurations(&Made::new(&version, "", SEVERAL));
        let join = |host: usize| part(&all[host].2, "JoinConfiguration");
        for host in 1..5 {
            let plane = join(host)["controlPlane"].clone();
            assert_eq!(plane["certificateKey"].as_str().unwrap().len(), 64, "{version}");
            assert_eq!(
                plane["localAPIEndpoint"]["advertiseAddress"],
                format!("10.89.7.{}", 11 + host)
            );
        }
        assert_eq!(join(5).get("controlPlane"), None, "a worker's secret it is not");
        let taints = |host: usize| join(host)["nodeRegistration"].get("taints").cloned();
        let own = if minor < 24 { "master" } else { "control-plane" };
        let own = json!({"key": format!("node-role.kubernetes.io/{own}"), "effect": "NoSchedule"});
        let given = json!({"key": "a", "value": "1", "effect": "NoSchedule"});
        assert_eq!(taints(1), Some(json!([own])), "{version}");
        assert_eq!(taints(2), Some(json!([])), "{version}");
        assert_eq!(taints(3), Some(json!([own, given])), "{version}");
        assert_eq!(taints(4), Some(json!([given])), "{version}");
        let cluster = part(&all[0].2, "ClusterConfiguration");
        assert_eq!(cluster["controlPlaneEndpoint"], "127.0.0.1:6443", "{version}");
        let sans = cluster["apiServer"]["certSANs"].as_array().unwrap();
        for name in ["10.89.7.11", "10.89.7.13", "10.89.7.14", "api4.example"] {
            assert!(sans.contains(&json!(name)), "{version}: {sans:?}");
        }
        assert!(!sans.contains(&json!("10.89.7.16")), "a worker has no API server");
    }
}

#[test]
fn certificates_are_laid_out_in_fields_of_the_api() {
    const STEP: &str = "lay out the certificates for control planes that still have to join";
    for version in every_minor() {
        let plan = Made::new(&version, "", SEVERAL).init();
        let (_, work) = works(&plan.lanes[0]).into_iter().find(|(step, _)| step == STEP).unwrap();
        let Work::Changes(changes) = work else { panic!("{work:?}") };
        let [Change::Command { run, undo, unless, stdin }] = &changes[..] else { panic!() };
        let stdin = String::from_utf8(stdin.clone()).unwrap();
        let documents = yaml::documents(&stdin).unwrap();
        assert_eq!(documents.len(), 2, "{stdin}");
        for document in &documents {
            assert_eq!(misfits(document), Vec::<String>::new(), "{version}\n{stdin}");
        }
        let key = documents[0]["certificateKey"].as_str().unwrap();
        for word in [run, undo, unless] {
            assert!(!word.contains(key), "arguments are journaled: {word}");
        }
        assert!(run.ends_with(">/dev/null"), "kubeadm prints the key: {run}");
    }
}

#[test]
fn a_host_that_joins_asks_an_api_server_that_runs() {
    let discovery = |spec: &str, lane: usize| {
        let plan = Made::new("v1.20.2", "", spec).init();
        let text = file(&plan.lanes[lane], "/etc/kubernetes/bivouac-discovery.conf");
        yaml::documents(&text).unwrap()[0]["clusters"][0]["cluster"]["server"].clone()
    };
    assert_eq!(discovery(SEVERAL, 5), "https://10.89.7.11:6443", "not its own, which is none yet");
    assert_eq!(discovery(SEVERAL, 1), "https://10.89.7.11:6443");
    assert_eq!(discovery(THREE, 1), "https://10.89.7.11:6443");
    let vip = format!("loadBalancer: {{kind: kube-vip, vip: 10.89.7.100}}\n{SEVERAL}");
    assert_eq!(discovery(&vip, 1), "https://10.89.7.100:6443");
    let external = format!("controlPlaneEndpoint: api.example:443\n{SEVERAL}");
    assert_eq!(discovery(&external, 5), "https://api.example:443");
}

#[test]
fn load_balancers_look_like_this() {
    let plan = Made::new("v1.20.2", "", SEVERAL).init();
    let text = |path: &str| file(&plan.lanes[5], path);
    let config = text("/etc/kubernetes/bivouac/haproxy.cfg");
    let manifest = text("/etc/kubernetes/manifests/bivouac-load-balancer.yaml");
    insta::assert_snapshot!("haproxy", format!("{config}---\n{manifest}"));
    assert_eq!(yaml::documents(&manifest).unwrap()[0]["spec"]["hostNetwork"], true);
    for word in ["stats", "admin", "socket"] {
        assert!(!config.contains(word), "nobody looks in or takes hold: {word}");
    }
    let spec =
        format!("loadBalancer: {{kind: kube-vip, vip: 10.89.7.100, interface: eth1}}\n{SEVERAL}");
    let plan = Made::new("v1.28.2", "", &spec).init();
    let manifest = file(&plan.lanes[0], "/etc/kubernetes/manifests/kube-vip.yaml");
    insta::assert_snapshot!("kube_vip", manifest);
    let pod = yaml::documents(&manifest).unwrap().remove(0);
    let env = pod["spec"]["containers"][0]["env"].as_array().unwrap();
    let value = |name: &str| env.iter().find(|it| it["name"] == name).unwrap()["value"].clone();
    assert_eq!((value("address"), value("vip_interface")), (json!("10.89.7.100"), json!("eth1")));
    // What kubeadm starts with is what stays.
    let held = file(&plan.lanes[1], "/etc/kubernetes/bivouac/manifests/kube-vip.yaml");
    assert_eq!(held, manifest);
}

#[test]
fn the_user_s_settings_win_and_leave_the_rest() {
    for version in every_minor() {
        let made = Made::new(&version, &settings(&version), THREE);
        let plan = made.init();
        let (_, flags, config) = kubeadm(&plan.lanes[0]).unwrap();
        assert_eq!(
            flags,
            [
                "--skip-token-print",
                "--skip-phases=addon/kube-proxy",
                "--ignore-preflight-errors=NumCPU,Mem"
            ],
            "{version}"
        );
        let (_, flags, _) = kubeadm(&plan.lanes[1]).unwrap();
        assert_eq!(flags, ["--ignore-preflight-errors=NumCPU,Mem"], "phases of init are its own");
        let cluster = part(&config, "ClusterConfiguration");
        assert_eq!(cluster["imageRepository"], "mirror.example:5000/k8s");
        assert_eq!(cluster["dns"], json!({"imageTag": "v9"}));
        assert_eq!(cluster["networking"]["podSubnet"], "10.244.0.0/16");
        assert_eq!(cluster["apiServer"]["certSANs"], json!(["010", "api.example"]));
        let kubelet = part(&config, "KubeletConfiguration");
        assert_eq!((&kubelet["maxPods"], &kubelet["failSwapOn"]), (&json!(200), &json!(false)));
        assert_eq!(kubelet["cgroupDriver"], "systemd");
        let proxy = part(&config, "KubeProxyConfiguration");
        assert_eq!(
            (&proxy["mode"], &proxy["ipvs"]["strictARP"]),
            (&json!("iptables"), &json!(true))
        );
    }
}

#[test]
fn what_it_looks_like() {
    let text = |version: &str, own: &str, site: &str| {
        configurations(&Made::new(version, own, site)).iter().fold(
            String::new(),
            |mut text, (host, verb, config)| {
                let _ = write!(text, "# {host}: kubeadm {verb}\n{config}");
                text
            },
        )
    };
    insta::assert_snapshot!("v1.20_single", text("v1.20.2", "", SINGLE));
    insta::assert_snapshot!("v1.20_tainted", text("v1.20.2", "", TAINTED));
    insta::assert_snapshot!("v1.28_three", text("v1.28.2", "", THREE));
    insta::assert_snapshot!("v1.20_several", text("v1.20.2", "", SEVERAL));
    insta::assert_snapshot!("v1.31_several", text("v1.31.2", "", SEVERAL));
    insta::assert_snapshot!("v1.31_settings", text("v1.31.2", &settings("v1.31.2"), TREACHEROUS));
}

/// `kubeadm` of 1.20.2 where the test lab has built one; `make test` insists on it.
fn kubeadm_1_20() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = variable("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".cache")))?;
    let kubeadm = cache.join("bivouac-lab/bin/v1.20.2/kubeadm");
    let built = kubeadm.is_file();
    assert!(built || variable("BIVOUAC_LAB_BUILT").is_none(), "there is no {}", kubeadm.display());
    built.then_some(kubeadm)
}

/// What kubeadm makes of a configuration, and what it complains of.
fn migrated(kubeadm: &PathBuf, config: &str) -> (Vec<Value>, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("old.yaml");
    // It looks whether the discovery file is there, not into it.
    let discovery = dir.path().join("discovery.conf");
    std::fs::write(&discovery, "").unwrap();
    let config =
        config.replace("/etc/kubernetes/bivouac-discovery.conf", discovery.to_str().unwrap());
    std::fs::write(&file, &config).unwrap();
    let output = Command::new(kubeadm)
        .args(["config", "migrate", "--old-config"])
        .arg(&file)
        .env_clear()
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    // Of this machine it may say what it likes.
    let complaints: String =
        complaints.lines().filter(|line| !line.contains("systemd-resolved")).collect();
    assert!(output.status.success(), "{complaints}\n{config}");
    let text = String::from_utf8(output.stdout).unwrap();
    (yaml::documents(&text).unwrap(), complaints)
}

#[test]
fn kubeadm_1_20_reads_it_as_it_was_meant() {
    let Some(kubeadm) = kubeadm_1_20() else {
        eprintln!("SKIPPED: `make lab` has built no kubeadm of v1.20.2");
        return;
    };
    for own in [String::new(), settings("v1.20.2")] {
        for site in SITES {
            for (host, verb, config) in configurations(&Made::new("v1.20.2", &own, site)) {
                let (documents, complaints) = migrated(&kubeadm, &config);
                assert_eq!(complaints, "", "{host}\n{config}");
                let kind = if verb == "init" { "InitConfiguration" } else { "JoinConfiguration" };
                let read = documents.iter().find(|document| document["kind"] == kind).unwrap();
                let mut ours = part(&config, kind)["nodeRegistration"].clone();
                let theirs = &read["nodeRegistration"];
                // What is not given is filled in with kubeadm's own taint on a control plane.
                if ours.get("taints").is_none() {
                    ours["taints"] = theirs["taints"].clone();
                }
                assert_eq!(&ours, theirs, "{config}");
                if verb == "init" {
                    let ours = part(&config, "ClusterConfiguration");
                    let read = documents.iter().find(|it| it["kind"] == "ClusterConfiguration");
                    for key in ["networking", "clusterName", "controlPlaneEndpoint"] {
                        assert_eq!(ours[key], read.unwrap()[key], "{key}\n{config}");
                    }
                }
            }
        }
    }
    // The judge judges.
    let (_, _, config) = configurations(&Made::new("v1.20.2", "", SINGLE)).remove(0);
    let wrong = config.replace("advertiseAddress", "adverticeAddress");
    let (_, complaints) = migrated(&kubeadm, &wrong);
    assert!(complaints.contains("unknown field \"adverticeAddress\""), "{complaints}");
}

/// What kubeadm prints.
fn said(kubeadm: &PathBuf, arguments: &[&str]) -> String {
    let output = Command::new(kubeadm).args(arguments).env_clear().output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn kubeadm_1_20_has_the_phases_and_images_of_its_row() {
    let Some(kubeadm) = kubeadm_1_20() else {
        eprintln!("SKIPPED: `make lab` has built no kubeadm of v1.20.2");
        return;
    };
    let version: Version = "v1.20.2".parse().unwrap();
    let repository = version.default_image_repository();
    let images: Vec<String> =
        version.images().iter().map(|image| format!("{repository}/{image}")).collect();
    let listed = said(&kubeadm, &["config", "images", "list", "--kubernetes-version", "v1.20.2"]);
    assert_eq!(listed.lines().collect::<Vec<_>>(), images);
    let help = said(&kubeadm, &["init", "--help"]);
    let (_, help) = help.split_once("```\n").unwrap();
    let (help, _) = help.split_once("```").unwrap();
    let (mut top, mut phases) = ("", BTreeSet::new());
    for line in help.lines() {
        let word = line.split_whitespace().next().unwrap();
        if word.starts_with('/') {
            phases.insert(format!("{top}{word}"));
        } else {
            top = word;
            phases.insert(word.to_owned());
        }
    }
    // It does not show that one, and has it.
    phases.insert("wait-control-plane".to_owned());
    let known: BTreeSet<String> = version.facts().init_phases().map(str::to_owned).collect();
    assert_eq!(known, phases);
}

/// A host's own kubeadm says there which minor it is; the numbers are those of the table.
#[test]
fn the_shell_half_knows_the_same_minors_as_the_table() {
    let first = |has: fn(&VersionFacts) -> bool| {
        versions::supported().iter().find(|row| has(row)).unwrap().minor
    };
    let text = |name: &str| {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/host").join(name);
        std::fs::read_to_string(path).unwrap()
    };
    for (file, words) in [
        ("kind/kubeadm.sh", format!("[ \"$bv_minor\" -ge {} ]", first(|row| row.super_admin))),
        (
            "kind/kubeadm.sh",
            format!("From 1.{} on the kubelet comes", first(|row| row.local_kubelet)),
        ),
        ("members.sh", format!("-ge {} ]", first(|row| !row.kubelet_config_by_minor))),
        ("members.sh", format!("which it kept until 1.{}", first(|row| !row.cluster_status) - 1)),
    ] {
        assert!(text(file).contains(&words), "{file}: {words}");
    }
}

#[test]
fn what_is_one_line_reaches_every_version() {
    for version in every_minor() {
        let minor: u32 = version.split('.').nth(1).unwrap().parse().unwrap();
        let made = Made::new(&version, &settings(&version), FEATURES);
        let all = configurations(&made);
        let cluster = part(&all[0].2, "ClusterConfiguration");
        assert_eq!(cluster["networking"]["podSubnet"], "10.244.0.0/16,fd00:10:244::/56");
        assert_eq!(cluster["networking"]["serviceSubnet"], "10.96.0.0/16,fd00:10:96::/112");
        let gate = (minor == 20).then(|| json!({"IPv6DualStack": true}));
        assert_eq!(cluster.get("featureGates"), gate.as_ref(), "{version}");
        // The user's own argument is there too, in the form of the version.
        let server = &cluster["apiServer"];
        let argument = |name: &str| match &server["extraArgs"] {
            Value::Array(list) => {
                list.iter().find(|it| it["name"] == name).unwrap()["value"].clone()
            }
            map => map[name].clone(),
        };
        assert_eq!(server["extraArgs"].is_array(), minor >= 31, "{version}");
        for (name, value) in [
            ("v", "2"),
            ("audit-policy-file", "/etc/kubernetes/bivouac/audit-policy.yaml"),
            ("audit-log-path", "/var/log/kubernetes/audit/audit.log"),
            ("audit-log-maxbackup", "9"),
            ("encryption-provider-config", "/etc/kubernetes/bivouac/encryption.yaml"),
            ("kubelet-certificate-authority", "/etc/kubernetes/pki/ca.crt"),
        ] {
            assert_eq!(argument(name), value, "{version}");
        }
        let paths: Vec<&Value> =
            server["extraVolumes"].as_array().unwrap().iter().map(|it| &it["hostPath"]).collect();
        assert_eq!(
            paths,
            [
                "/etc/kubernetes/bivouac/audit-policy.yaml",
                "/var/log/kubernetes/audit",
                "/etc/kubernetes/bivouac/encryption.yaml"
            ]
        );
        assert_eq!(part(&all[0].2, "KubeletConfiguration")["serverTLSBootstrap"], true);
        assert_eq!(part(&all[0].2, "KubeProxyConfiguration")["mode"], "ipvs");
        for ((_, verb, config), last) in all.iter().zip(["b", "c", "d"]) {
            let kind = if verb == "init" { "InitConfiguration" } else { "JoinConfiguration" };
            let arguments = &part(config, kind)["nodeRegistration"]["kubeletExtraArgs"];
            let ip = arguments.get("node-ip").unwrap_or(&arguments[0]["value"]).as_str().unwrap();
            assert!(
                ip.starts_with("10.89.7.1") && ip.ends_with(&format!(",fd00:89::{last}")),
                "{ip}"
            );
        }
    }
}

#[test]
fn nothing_listens_for_everybody_without_a_line() {
    for version in every_minor() {
        let (_, _, config) = configurations(&Made::new(&version, "", SINGLE)).remove(0);
        let kubelet = part(&config, "KubeletConfiguration");
        assert_eq!(kubelet["readOnlyPort"], 0);
        assert_eq!(kubelet["authentication"]["anonymous"]["enabled"], false);
        let proxy = part(&config, "KubeProxyConfiguration");
        assert_eq!(proxy["metricsBindAddress"], "127.0.0.1:10249");
        assert!(!config.contains("0.0.0.0"), "{config}");
        assert!(
            part(&config, "ClusterConfiguration")
                .get("apiServer")
                .is_none_or(|it| it.get("extraArgs").is_none())
        );
    }
}

#[test]
fn nftables_is_switched_on_where_it_is_alpha() {
    for version in every_minor() {
        let minor: u32 = version.split('.').nth(1).unwrap().parse().unwrap();
        if minor < 29 {
            continue;
        }
        let site = format!("network: {{proxyMode: nftables}}\n{SINGLE}");
        let (_, _, config) = configurations(&Made::new(&version, "", &site)).remove(0);
        let proxy = part(&config, "KubeProxyConfiguration");
        assert_eq!(proxy["mode"], "nftables");
        let gate = (minor < 31).then(|| json!({"NFTablesProxyMode": true}));
        assert_eq!(proxy.get("featureGates"), gate.as_ref(), "{version}");
        assert_eq!(misfits(&proxy), Vec::<String>::new());
    }
}

#[test]
fn before_a_run_each_value_shows_as_its_name() {
    for version in every_minor() {
        let plan = Made::new(&version, "", THREE).init();
        for lane in &plan.lanes {
            for (step, work) in preview(lane) {
                let work = work.unwrap_or_else(|| panic!("{version}: `{step}` has no preview"));
                let Work::Changes(changes) = work else { continue };
                for change in changes {
                    let Change::Kubeadm { config, .. } = change else { continue };
                    let config = String::from_utf8(config).unwrap();
                    assert!(config.contains("(known when it runs: token)"), "{config}");
                    for document in yaml::documents(&config).unwrap() {
                        assert_eq!(misfits(&document), Vec::<String>::new());
                    }
                }
            }
        }
    }
}
