//! Plans of hosts that download by themselves, and of hosts behind a proxy.

use bivouac::host::{Change, Origin};
use bivouac::playbook::{Pending, STAGED, Task, Work, runtimes_without_proxy, without_proxy};

use crate::support::site::{Made, changes, preview};

const HOSTS: &str = "hosts:\n- {address: 10.0.0.1, roles: [control-plane], name: cp1}\n- {address: w1.example, roles: [worker], name: w1}\n";

fn downloading() -> Made {
    let mut made = Made::new("v1.30.2", "", HOSTS);
    for it in made.artifacts.0.iter_mut().filter(|it| it.kind != "image") {
        let in_archive = it.kind == "cni" || it.name.starts_with("containerd");
        it.upload.origin = Some(Origin {
            url: format!("https://servers.example/{}", it.name),
            sum: "cd".repeat(32),
            member: in_archive.then(|| format!("bin/{}", it.name)),
        });
    }
    made
}

fn staged(task: &Task) -> Option<usize> {
    match &task.work {
        Pending::Ready(Work::Stage(wanted)) => Some(wanted.len()),
        _ => None,
    }
}

#[test]
fn nothing_is_changed_before_every_host_has_what_it_needs() {
    let made = downloading();
    let plan = made.init();
    for lane in &plan.lanes {
        let [first, second, ..] = &lane.tasks[..] else { panic!("{}", lane.name) };
        let programs = changes(lane)
            .into_iter()
            .filter(|it| matches!(it, Change::Artifact { upload, .. } if upload.origin.is_some()));
        assert_eq!(staged(first), Some(programs.count()), "{}", lane.name);
        assert!(staged(first) > Some(8), "{}: {:?}", lane.name, staged(first));
        assert_eq!((first.needs.as_deref(), first.opens.as_deref()), (None, Some(STAGED)));
        assert_eq!(second.needs.as_deref(), Some(STAGED), "{}", lane.name);
        assert!(lane.tasks[1..].iter().all(|task| staged(task).is_none()));
    }
    let uploading = Made::new("v1.30.2", "", HOSTS).init();
    assert!(uploading.lanes.iter().flat_map(|lane| &lane.tasks).all(|it| staged(it).is_none()));
}

/// What is written to this file on the second host; nothing where it is not.
fn written(made: &Made, path: &str) -> Option<(String, String)> {
    let works = preview(&made.init().lanes[1]).into_iter().filter_map(|(_, work)| work);
    let changes = works.flat_map(|work| match work {
        Work::Changes(changes) => changes,
        _ => Vec::new(),
    });
    changes.into_iter().find_map(|change| match change {
        Change::File { path: at, mode, content, .. } if at == path => {
            Some((mode, String::from_utf8(content).unwrap()))
        }
        _ => None,
    })
}

const ENV: &str = "/etc/systemd/system/containerd.service.d/proxy.env";
const DROP_IN: &str = "/etc/systemd/system/containerd.service.d/bivouac-proxy.conf";

#[test]
fn the_runtime_is_told_of_a_proxy_and_of_its_end() {
    let proxy = "proxy: {https: 'http://p.example:3128', username: u, passwordFile: f}\n";
    let mut host = Made::new("v1.30.2", "", &format!("{proxy}{HOSTS}"));
    let (mode, content) = written(&host, ENV).unwrap();
    assert_eq!(mode, "0600");
    assert!(content.starts_with("HTTPS_PROXY=") && content.contains("\nNO_PROXY="), "{content}");
    assert!(!content.contains("HTTP_PROXY="), "none is given for http: {content}");
    let (mode, content) = written(&host, DROP_IN).unwrap();
    assert_eq!(mode, "0644");
    assert!(content.contains(&format!("EnvironmentFile=-{ENV}\n")), "{content}");

    host.cluster.proxy = None;
    assert_eq!(written(&host, ENV), None);
    // Where there was one, nothing is left in the file.
    host.states[1].proxied = true;
    assert_eq!(written(&host, ENV).unwrap().1, "");
}

/// What a runtime is told to reach without a proxy, of hosts that are on these networks.
fn remembered(spec: &str, networks: &[&str]) -> String {
    let hosts = (0..networks.len()).fold(String::new(), |all, at| {
        let role = if at == 0 { "control-plane" } else { "worker" };
        all + &format!("- {{address: h{at}.example, roles: [{role}]}}\n")
    });
    let mut made = Made::new(
        "v1.30.2",
        "",
        &format!("proxy: {{http: 'http://p.example:3128'}}\n{spec}hosts:\n{hosts}"),
    );
    for (state, network) in made.states.iter_mut().zip(networks) {
        state.networks = vec![network.parse().unwrap()];
    }
    let site = bivouac::playbook::Site {
        cluster: &made.cluster,
        hosts: &made.states,
        artifacts: &made.artifacts,
        kubeconfig: "",
        leaving: &[],
    };
    runtimes_without_proxy(&site).join(" ")
}

#[test]
fn a_host_that_comes_changes_nothing_for_the_others_runtimes() {
    const ENDPOINT: &str = "controlPlaneEndpoint: api.example:6443\n";
    let one = remembered(ENDPOINT, &["10.89.7.0/24"]);
    assert_eq!(
        one,
        "localhost 127.0.0.1 ::1 10.244.0.0/16 10.96.0.0/16 .svc .cluster.local 10.89.7.0/24 api.example"
    );
    assert_eq!(remembered(ENDPOINT, &["10.89.7.0/24", "10.89.7.0/24"]), one);
    // Another network does; in which order does not matter.
    let two = remembered(ENDPOINT, &["10.89.7.0/24", "10.1.0.0/16"]);
    assert!(two.contains(" 10.1.0.0/16 10.89.7.0/24 "), "{two}");
    assert_eq!(remembered(ENDPOINT, &["10.1.0.0/16", "10.89.7.0/24"]), two);
    // A host that something is pulled from may have no other name.
    let registry = format!("{ENDPOINT}registries: [{{address: 'h1.example:5000', ca: f}}]\n");
    let named = remembered(&registry, &["10.89.7.0/24", "10.89.7.0/24"]);
    assert!(named.contains(" 10.89.7.0/24 h1.example api.example"), "{named}");
}

#[test]
fn the_cluster_itself_is_reached_without_a_proxy() {
    let made = Made::new(
        "v1.30.2",
        "",
        &format!(
            "proxy: {{http: 'http://p.example:3128', noProxy: [.corp.example, localhost]}}\nnetwork: {{podSubnet: 10.1.0.0/16, serviceSubnet: 10.2.0.0/16, dnsDomain: k8s.example}}\ncontrolPlaneEndpoint: api.example:6443\n{HOSTS}"
        ),
    );
    let site = bivouac::playbook::Site {
        cluster: &made.cluster,
        hosts: &made.states,
        artifacts: &made.artifacts,
        kubeconfig: "",
        leaving: &[],
    };
    insta::assert_snapshot!(without_proxy(&site).join("\n"), @r"
    localhost
    127.0.0.1
    ::1
    10.1.0.0/16
    10.2.0.0/16
    .svc
    .k8s.example
    10.0.0.1
    10.89.7.11
    cp1
    w1.example
    10.89.7.12
    w1
    api.example
    .corp.example
    ");
}
