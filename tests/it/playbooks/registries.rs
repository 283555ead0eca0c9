//! What hosts are told of registries, and what they pull.

use bivouac::cluster::Download;
use bivouac::host::Change;
use bivouac::secret::Secret;
use serde_json::{Value, json};

use super::SINGLE;
use crate::support::site::{Made, changes, file};

const REGISTRIES: &str = "registries:
- {address: 'r.example:5000', username: u, passwordFile: f, ca: c}
- {address: docker.io, username: d, passwordFile: f}
- {address: plain.example, ca: c}
";

/// A password that JSON and TOML would stumble over.
const PASSWORD: &str = "p\"a\\ss{{ 1 }} é'";

fn made(spec: &str, read: bool) -> Made {
    let mut made = Made::new("v1.30.2", "", &format!("{spec}{SINGLE}"));
    for registry in made.cluster.registries.iter_mut().filter(|_| read) {
        registry.password = registry.login.as_ref().map(|_| Secret::new(PASSWORD));
        registry.authorities = registry.ca.as_ref().map(|_| "PEM {{ x }}\n".to_owned());
    }
    made
}

fn mode(all: &[Change], wanted: &str) -> Option<String> {
    all.iter().find_map(|change| match change {
        Change::File { path, mode, .. } if path == wanted => Some(mode.clone()),
        _ => None,
    })
}

#[test]
fn logins_are_in_files_that_only_root_reads() {
    let plan = made(REGISTRIES, true).init();
    let lane = &plan.lanes[0];
    let config: Value = toml::from_str(&file(lane, "/etc/containerd/config.toml")).unwrap();
    let configs = &config["plugins"]["io.containerd.grpc.v1.cri"]["registry"]["configs"];
    assert_eq!(
        *configs,
        json!({
            "r.example:5000": {"auth": {"username": "u", "password": PASSWORD}},
            "registry-1.docker.io": {"auth": {"username": "d", "password": PASSWORD}},
        })
    );
    let kubelet: Value = serde_json::from_str(&file(lane, "/var/lib/kubelet/config.json")).unwrap();
    let auths = kubelet["auths"].as_object().unwrap();
    assert_eq!(auths.keys().collect::<Vec<_>>(), ["https://index.docker.io/v1/", "r.example:5000"]);
    assert_eq!(auths["r.example:5000"]["auth"], "dTpwImFcc3N7eyAxIH19IMOpJw==");
    let all = changes(lane);
    for path in ["/etc/containerd/config.toml", "/var/lib/kubelet/config.json"] {
        assert_eq!(mode(&all, path).as_deref(), Some("0600"), "{path}");
    }
    // The journal and `ps` see arguments.
    for change in &all {
        let seen = format!("{:?}{}", change.arguments(), change.subject());
        assert!(!seen.contains("p\\\"a") && !seen.contains("dTpw"), "{seen}");
    }
}

#[test]
fn authorities_and_addresses_are_where_containerd_looks() {
    let plan = made(REGISTRIES, true).init();
    let lane = &plan.lanes[0];
    let at = |registry: &str, name: &str| format!("/etc/containerd/certs.d/{registry}/{name}");
    assert_eq!(file(lane, &at("r.example:5000", "ca.crt")), "PEM {{ x }}\n");
    let hosts: Value = toml::from_str(&file(lane, &at("r.example:5000", "hosts.toml"))).unwrap();
    let expected = json!({
        "server": "https://r.example:5000",
        "ca": "/etc/containerd/certs.d/r.example:5000/ca.crt",
        // containerd 1.x passes over a file without a host.
        "host": {"https://r.example:5000": {
            "capabilities": ["pull", "resolve"],
            "ca": "/etc/containerd/certs.d/r.example:5000/ca.crt",
        }},
    });
    assert_eq!(hosts, expected);
    // Nothing is to be said of one that only wants a login.
    assert_eq!(mode(&changes(lane), &at("docker.io", "hosts.toml")), None);
}

#[test]
fn without_logins_the_configuration_may_be_read_and_shown() {
    let plan = made("", true).init();
    let all = changes(&plan.lanes[0]);
    assert_eq!(mode(&all, "/etc/containerd/config.toml").as_deref(), Some("0644"));
    assert_eq!(mode(&all, "/var/lib/kubelet/config.json"), None);
}

#[test]
fn what_is_only_shown_has_no_secret_in_it() {
    let plan = made(REGISTRIES, false).init();
    let lane = &plan.lanes[0];
    assert!(file(lane, "/etc/containerd/config.toml").contains("password = \"(secret)\""));
    assert!(file(lane, "/var/lib/kubelet/config.json").contains("{\"auth\": \"(secret)\"}"));
}

#[test]
fn a_mirror_is_asked_in_place_of_kubernetes_own_registry() {
    for (mirror, url, with_path) in [
        ("k8s.mirror.example", "https://k8s.mirror.example", None),
        ("mirror.example:5000/k8s", "https://mirror.example:5000/v2/k8s", Some(true)),
    ] {
        let mut made = made("", true);
        made.cluster.sources.mirrors.images = Some(mirror.to_owned());
        let path = "/etc/containerd/certs.d/registry.k8s.io/hosts.toml";
        let hosts: Value = toml::from_str(&file(&made.init().lanes[0], path)).unwrap();
        assert_eq!(hosts["server"], "https://registry.k8s.io");
        let host = &hosts["host"][url];
        assert_eq!(host["capabilities"], json!(["pull", "resolve"]), "{hosts}");
        assert_eq!(host["override_path"].as_bool(), with_path);
        let image = &made.cluster.images()[0];
        assert_eq!(image.reference, "registry.k8s.io/pause:3.9");
        assert_eq!(image.from, format!("{mirror}/pause:3.9"));
    }
}

#[test]
fn hosts_pull_what_is_not_at_hand_if_they_are_to() {
    let mut made = made("", true);
    made.artifacts.0.retain(|it| it.kind != "image" || it.name == "pause.tar");
    let error = made.plan(&crate::support::site::embedded()).unwrap_err().to_string();
    assert!(error.contains("no image `kube-proxy`"), "{error}");
    made.cluster.sources.download = Download::Hosts;
    let pulled: Vec<String> = changes(&made.init().lanes[0])
        .iter()
        .filter_map(|change| match change {
            Change::Pull { references } => Some(references.join(" ")),
            _ => None,
        })
        .collect();
    let own = "registry.k8s.io";
    let planes = [
        "etcd:3.5.12-0",
        "kube-apiserver:v1.30.2",
        "kube-controller-manager:v1.30.2",
        "kube-scheduler:v1.30.2",
    ];
    assert_eq!(
        pulled,
        [
            format!("{own}/kube-proxy:v1.30.2"),
            planes.map(|image| format!("{own}/{image}")).join(" "),
            format!("{own}/coredns/coredns:v1.11.1"),
        ]
    );
}
