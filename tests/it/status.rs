//! What hosts of a cluster print, and what `status` makes of it: the whole way from the script's output
//! to the tables. The fixtures are a real cluster's; each state below breaks them in one place.

use std::time::{Duration, SystemTime};

use bivouac::cluster::versions::Wish;
use bivouac::cluster::{self, Cluster};
use bivouac::event::Severity;
use bivouac::host::survey::{Journal, Lock, Survey, SurveyError};
use bivouac::report::{Style, status_text};
use bivouac::status::{Context, Look, Status, Unseen, assess};

const CP1: &str = include_str!("../fixtures/survey/cp1.txt");
const W1: &str = include_str!("../fixtures/survey/w1.txt");

/// 2026-11-24T00:00:00Z, a day after the cluster was made.
const NOW: u64 = 1_795_478_400;
const DAY: u64 = 86_400;

/// A cluster of a control plane and a worker, as their hosts tell it.
struct Scene {
    hosts: String,
    version: &'static str,
    texts: Vec<Option<String>>,
    now: u64,
}

impl Scene {
    fn healthy() -> Self {
        Self {
            hosts: "  - {address: 10.91.0.11, roles: [control-plane], name: cp1}\n  - {address: 10.91.0.12, roles: [worker], name: w1}\n".into(),
            version: "v1.20.2",
            texts: vec![Some(CP1.into()), Some(W1.into())],
            now: NOW,
        }
    }

    /// Replaces text in what a host prints; it must be there.
    #[track_caller]
    fn replace(mut self, host: usize, old: &str, new: &str) -> Self {
        let text = self.texts[host].take().unwrap();
        assert!(text.contains(old), "no {old:?}");
        self.texts[host] = Some(text.replace(old, new));
        self
    }

    /// Takes out the lines that begin so.
    #[track_caller]
    fn without(mut self, host: usize, beginnings: &[&str]) -> Self {
        let text = self.texts[host].take().unwrap();
        let left = text.lines().filter(|line| !beginnings.iter().any(|b| line.starts_with(b)));
        let left = left.fold(String::new(), |all, line| all + line + "\n");
        assert_ne!(left, text, "none of {beginnings:?}");
        self.texts[host] = Some(left);
        self
    }

    /// Adds a line before the last.
    fn with(self, host: usize, line: &str) -> Self {
        self.replace(host, "\nend\n", &format!("\n{line}\nend\n"))
    }

    fn cluster(&self) -> Cluster {
        let text = format!(
            "apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {{name: demo}}\nspec:\n  kubernetes: {{version: {}}}\n  artifacts: {{bundle: x.bundle}}\n  ssh: {{user: root, privateKey: k}}\n  hosts:\n{}",
            self.version, self.hosts
        );
        cluster::parse("cluster.yaml", &text).unwrap()
    }

    fn status(&self) -> Status {
        let cluster = self.cluster();
        let unseen = || Unseen {
            message: "`10.91.0.12` does not answer on port 22 within 15 s".into(),
            fix: "see that it runs".into(),
        };
        let looks: Vec<Look<'_>> = cluster
            .hosts
            .iter()
            .zip(&self.texts)
            .map(|(host, text)| Look {
                host,
                seen: text.as_ref().map(|text| Survey::parse(text).unwrap()).ok_or_else(unseen),
            })
            .collect();
        let wish = Wish::Exact(cluster.kubernetes.version.clone());
        assess(&Context {
            cluster: &cluster,
            looks: &looks,
            wish: Some(&wish),
            now: SystemTime::UNIX_EPOCH + Duration::from_secs(self.now),
        })
    }

    fn text(&self) -> String {
        status_text(&self.status(), false, Style::default())
    }

    /// The names of the findings.
    fn names(&self) -> Vec<&'static str> {
        self.status().findings.iter().map(|finding| finding.name).collect()
    }
}

/// The API server of cp1 answers nothing.
fn api_is_dead() -> Scene {
    let cause = "down The connection to the server 10.91.0.11:6443 was refused - did you specify the right host or port?";
    Scene::healthy()
        .replace(0, "\napi up", &format!("\napi {cause}"))
        .replace(0, "\nreach up", &format!("\nreach {cause}"))
        .replace(1, "\nreach up", &format!("\nreach {cause}"))
        .without(0, &["node", "secret"])
}

#[test]
fn a_healthy_cluster() {
    let scene = Scene::healthy();
    assert!(scene.status().is_well());
    insta::assert_snapshot!("healthy", scene.text());
}

#[test]
fn the_api_is_dead_and_the_hosts_tell_the_rest() {
    let scene = api_is_dead();
    assert!(!scene.status().is_well());
    insta::assert_snapshot!("api_is_dead", scene.text());
    // Without its manifest nobody need look for logs.
    let gone = api_is_dead().without(0, &["manifest kube-apiserver"]).text();
    assert!(gone.contains("there is no `/etc/kubernetes/manifests/kube-apiserver.yaml`"), "{gone}");
}

#[test]
fn a_kubelet_was_stopped() {
    let scene = Scene::healthy().replace(1, "\nkubelet active", "\nkubelet inactive").replace(
        0,
        "node.ready True 2026-11-23T05:38:58Z",
        "node.ready Unknown 2026-11-23T09:00:00Z",
    );
    assert_eq!(scene.names(), ["Kubelet", "NodeReady"]);
    insta::assert_snapshot!("kubelet_stopped", scene.text());
}

#[test]
fn a_host_cannot_be_reached() {
    let mut scene = Scene::healthy();
    scene.texts[1] = None;
    assert_eq!(scene.names(), ["Reachable"], "what its API server says of it is known");
    insta::assert_snapshot!("host_unreachable", scene.text());
    // Nothing at all is known when it was the control plane.
    let mut scene = Scene::healthy();
    scene.texts[0] = None;
    assert_eq!(scene.names(), ["Reachable", "Api", "Etcd"]);
}

#[test]
fn nodes_differ_from_the_file() {
    let mut scene = Scene::healthy()
        .replace(0, "node.version v1.20.2\nnode.ready True 2026-11-23T05:38:58Z", "node.version v1.20.9\nnode.cordoned yes\nnode.ready True 2026-11-23T05:38:58Z")
        .without(0, &["node.taint"])
        .replace(0, "\nsecrets -", "\nnode.label disk=hdd\nnode.taint NoExecute own=1\nnode.taint NoSchedule node.kubernetes.io/unreachable=\nsecrets -");
    scene.hosts = "  - {address: 10.91.0.11, roles: [control-plane], name: cp1, labels: {zone: a}}\n  - {address: 10.91.0.12, roles: [worker], name: w1, labels: {disk: ssd}, taints: [\"gpu=a:NoSchedule\"]}\n".into();
    insta::assert_snapshot!("differences", scene.text());
    let names = scene.names();
    assert_eq!(names, ["Cordoned", "Labels", "Taints", "Labels", "Taints", "Taints", "Version"]);
}

#[test]
fn roles_are_compared() {
    let mut scene = Scene::healthy();
    scene.hosts = "  - {address: 10.91.0.12, roles: [control-plane], name: w1}\n  - {address: 10.91.0.11, roles: [worker], name: cp1}\n".into();
    scene.texts.swap(0, 1);
    let names = scene.names();
    assert_eq!(names.iter().filter(|name| **name == "Role").count(), 2, "{names:?}");
}

#[test]
fn a_node_is_missing_and_another_is_foreign() {
    let scene = Scene::healthy().replace(0, "\nnode w1\n", "\nnode stranger\n");
    assert_eq!(scene.names(), ["Node", "Node"]);
    insta::assert_snapshot!("missing_and_foreign", scene.text());
}

#[test]
fn a_host_was_never_installed_or_only_half() {
    let bare = "survey 1\nclock 1795412420\nhostname w1\njournal -\nlock free\nkubelet  0\nmanifest -\nserver -\ncertificate -\nend\n";
    let mut scene = Scene::healthy().replace(0, "\nnode w1\n", "\nnode w0\n");
    scene.texts[1] = Some(bare.into());
    insta::assert_snapshot!("never_installed", scene.text());
    scene.texts[1] = Some(bare.replace(
        "journal -",
        "journal 12\nbegun start 12 'r7' 'runtime: start containerd' 'service' '0' 'x' .",
    ));
    let text = scene.text();
    assert!(text.contains("its installation was not completed"), "{text}");
    assert!(text.contains("the run r7 broke off in `runtime: start containerd`"), "{text}");
}

#[test]
fn a_wipe_of_another_installers_leftovers_that_was_cut_off_is_no_half_made_node() {
    let half = "survey 1\nclock 1795412420\nhostname w1\njournal 3\nclears yes\nbegun start 3 'r7' 'Chains: chains x' 'clear' '2' 'chains' 'x' .\nlock free\nkubelet  0\nmanifest -\nserver -\ncertificate -\nend\n";
    let mut scene = Scene::healthy().replace(0, "\nnode w1\n", "\nnode w0\n");
    scene.texts[1] = Some(half.into());
    let text = scene.text();
    assert!(scene.names().contains(&"ForeignWipe"), "{text}");
    assert!(text.contains("`bivouac wipe --foreign`"), "{text}");
    for wrong in ["not completed", "broke off", "`bivouac wipe` takes it back"] {
        assert!(!text.contains(wrong), "{wrong}: {text}");
    }
}

#[test]
fn a_run_left_things_behind() {
    let begun = "begun start 55 '20261123T053700Z-aa01' 'network: connect the pods' 'service' '1' 'it'\\''s' 'absent' .";
    let scene = Scene::healthy().with(1, begun).replace(
        0,
        "\nsecrets -",
        "\nsecrets -\nsecret bootstrap-token-bvabcd\nsecret kubeadm-certs",
    );
    assert_eq!(scene.names(), ["Leftover", "Leftover", "Leftover"]);
    insta::assert_snapshot!("leftovers", scene.text());
    // While a run is at work they are no leftovers yet.
    let scene = scene
        .replace(1, "\nlock free", "\nlock orphan r1 since 2026-11-23T05:37:00Z")
        .replace(0, "\nlock free", "\nlock held 20261123T053700Z-aa01 since 2026-11-23T05:37:00Z");
    assert!(scene.status().is_well());
    insta::assert_snapshot!("at_work", scene.text());
}

#[test]
fn who_waits_for_a_serving_certificate_is_named() {
    let asked = |users: &str| {
        Scene::healthy().replace(0, "\nsecrets -", &format!("\nrequests -{users}\nsecrets -"))
    };
    assert_eq!(asked("").names(), [""; 0]);
    let one = asked("\nrequest system:node:w1\nrequest system:node:w1");
    assert!(one.status().is_well(), "a warning");
    assert_eq!(one.names(), ["ServingCertificates"]);
    assert!(one.text().contains("`w1` waits for a serving certificate"), "{}", one.text());
    let two = asked("\nrequest system:node:w1\nrequest system:node:cp1").text();
    assert!(two.contains("`cp1`, `w1` wait for a serving certificate"), "{two}");
}

#[test]
fn certificates_come_to_their_end() {
    let at = |now| Scene { now, ..Scene::healthy() };
    let soon = at(NOW + 340 * DAY);
    assert!(soon.status().is_well(), "a warning");
    insta::assert_snapshot!("certificates_soon", soon.text());
    let over = at(NOW + 370 * DAY).replace(1, "certificate MIICW", "certificate AAAAA");
    assert!(!over.status().is_well());
    insta::assert_snapshot!("certificates_over", over.text());
}

#[test]
fn etcd_is_ill() {
    let scene = Scene::healthy()
        .replace(0, "etcd.health {\"health\":\"true\"}", "etcd.down Error from server: etcdserver: no leader")
        .replace(0, "\"members\":[", "\"members\":[{\"ID\":\"255\",\"name\":\"cp9\",\"peerURLs\":[\"https://10.91.0.19:2380\"]},{\"ID\":\"256\",\"peerURLs\":[\"https://10.91.0.20:2380\"],\"isLearner\":true},");
    assert_eq!(scene.names(), ["Etcd", "EtcdMember", "EtcdMember"]);
    insta::assert_snapshot!("etcd_ill", scene.text());
    let mut external = Scene::healthy().without(0, &["etcd."]);
    assert_eq!(external.names(), ["Etcd", "Etcd"]);
    external.version = "v1.20.2, kubeadm: {etcd: {external: {endpoints: [\"https://e:2379\"]}}}";
    assert_eq!(external.names(), [""; 0], "an etcd of the user's own is not judged");
}

#[test]
fn a_load_balancer_does_not_answer() {
    let scene = Scene::healthy()
        .replace(1, "manifest -", "manifest -\nmanifest haproxy.yaml")
        .replace(1, "\nserver https://10.91.0.11:6443", "\nserver https://127.0.0.1:6443")
        .replace(1, "\nreach up", "\nreach down refused\nbalancer down refused");
    assert_eq!(scene.names(), ["LoadBalancer", "ApiReachable"]);
    insta::assert_snapshot!("load_balancer", scene.text());
}

#[test]
fn what_is_unknown_is_never_fine() {
    // Each line that a host leaves out must be missed, except those that only say more.
    let more = [
        "clock",
        "hostname",
        "kubelet.version",
        "manifest",
        "api.version",
        "node.",
        "node ",
        "etcd.status",
        "begun",
    ];
    for (host, text) in [(0, CP1), (1, W1)] {
        let mut keys: Vec<&str> =
            text.lines().filter_map(|line| line.split_once(' ')).map(|(key, _)| key).collect();
        keys.dedup();
        for key in keys {
            if key == "survey" || more.iter().any(|more| format!("{key} ").starts_with(more)) {
                continue;
            }
            let line = format!("{key} ");
            let scene = Scene::healthy().without(host, &[&line]);
            assert!(!scene.status().is_well(), "nobody misses `{key}` of host {host}");
        }
    }
}

#[test]
fn a_survey_that_was_cut_short_is_none() {
    let last = |text: &str| match Survey::parse(text) {
        Err(SurveyError::CutShort { last }) => last,
        other => panic!("{other:?}"),
    };
    assert_eq!(last(""), "nothing");
    assert_eq!(last("motd\n"), "nothing");
    let cut = CP1.find("\nserver ").unwrap();
    assert_eq!(last(&CP1[..cut]), "secrets");
    assert!(Survey::parse(&format!("Last login: today\n{CP1}")).is_ok());
}

#[test]
fn hostile_values_do_no_harm() {
    let scene = Scene::healthy()
        .replace(0, "\nnode w1\n", "\nnode \u{1b}[2Jw1\n")
        .replace(0, "etcd.list {", "etcd.list [")
        .replace(1, "\nlock free", "\nlock held \u{7}evil")
        .with(1, "begun start 'open quote")
        .with(1, "nonsense")
        .with(1, "certificate");
    let text = scene.text();
    assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");
    let survey = Survey::parse("survey 1\njournal many\nlock\nend\n").unwrap();
    assert_eq!((survey.journal, survey.lock), (Journal::Unknown, Lock::Unknown));
}

#[test]
fn nothing_but_certificates_leaves_a_host() {
    // The fixtures are what a real control plane printed: no key is in them, in no encoding.
    for text in [CP1, W1] {
        for needle in ["PRIVATE", "LS0tLS1CRUdJTi", "client-key-data", "token:"] {
            assert!(!text.contains(needle), "{needle}");
        }
    }
    // `PRIVATE KEY` blocks of PKCS#1 and SEC1 begin with these in base64.
    let keys = CP1.lines().chain(W1.lines()).filter(|line| {
        line.strip_prefix("certificate ")
            .is_some_and(|rest| rest.starts_with("MIIE") || rest.starts_with("MHc"))
    });
    assert_eq!(keys.count(), 0);
}

#[test]
fn findings_are_sentences_with_a_fix() {
    for scene in [api_is_dead(), Scene::healthy().replace(0, "runtime up", "runtime down")] {
        for finding in scene.status().findings {
            assert!(!finding.fix.is_empty() && finding.severity == Severity::Error, "{finding:?}");
            assert!(!finding.message.ends_with('.'), "{finding:?}");
        }
    }
}
