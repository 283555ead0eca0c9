//! docker with cri-dockerd: what is installed, in which order, and what of an existing one is left alone.

use bivouac::cluster::Download;
use bivouac::host::Change;
use bivouac::host::facts::Docker;
use bivouac::playbook::{Pending, Work};
use serde_json::{Value, json};

use super::SINGLE;
use crate::support::site::{Made, changes, embedded, every_minor, file, kubeadm, values};

const DOCKER: &str = "runtime: {name: docker}\n";
const OWN: &str = "runtime: {name: docker, config: {log-opts: {max-size: 10m}, registry-mirrors: ['https://m.example']}}\n";

fn made(version: &str, spec: &str) -> Made {
    Made::new(version, "", &format!("{spec}{SINGLE}"))
}

fn position(all: &[Change], wanted: impl Fn(&Change) -> bool) -> usize {
    all.iter().position(wanted).unwrap()
}

#[test]
fn the_daemon_s_configuration_is_json_with_the_user_s_settings() {
    for (spec, size, mirrors) in
        [(DOCKER, "100m", Value::Null), (OWN, "10m", json!(["https://m.example"]))]
    {
        let text = file(&made("v1.35.2", spec).init().lanes[0], "/etc/docker/daemon.json");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["exec-opts"], json!(["native.cgroupdriver=systemd"]));
        assert_eq!(value["log-opts"], json!({"max-size": size, "max-file": "3"}));
        assert_eq!(value["registry-mirrors"], mirrors);
        assert_eq!((&value["bridge"], &value["iptables"]), (&json!("none"), &json!(false)));
        assert_eq!(value["live-restore"], true);
    }
}

#[test]
fn every_minor_is_led_to_cri_dockerd() {
    for version in every_minor() {
        let made = made(&version, DOCKER);
        let lane = &made.init().lanes[0];
        let unit = file(lane, "/etc/systemd/system/cri-docker.service");
        let start = unit.lines().find(|line| line.starts_with("ExecStart=")).unwrap();
        let pause = made.cluster.images()[0].reference.clone();
        for word in [
            "--container-runtime-endpoint unix:///run/cri-dockerd.sock",
            &format!("--pod-infra-container-image {pause}"),
            // Without it commands in pods go over a port that is open to everybody (Mirantis/cri-dockerd#106).
            "--streaming-bind-addr 127.0.0.1:0",
        ] {
            assert!(start.contains(word), "{version}: {word} is not in {start}");
        }
        assert!(!start.contains("dual-stack"), "{start}");
        let (_, _, config) = kubeadm(lane).unwrap();
        let socket = if config.contains("v1beta2") { "" } else { "unix://" };
        let socket = format!("criSocket: {socket}/run/cri-dockerd.sock");
        assert!(config.lines().any(|it| it.trim() == socket), "{version}: {socket}\n{config}");
        // The kubelet leaves logs to docker (Mirantis/cri-dockerd#337).
        assert!(config.contains("containerLogMaxSize: 100Gi"), "{version}\n{config}");
        let kubelet = file(lane, "/etc/systemd/system/kubelet.service");
        assert!(kubelet.contains("After=network-online.target cri-docker.service"), "{kubelet}");
        let crictl = file(lane, "/etc/crictl.yaml");
        assert!(crictl.contains("runtime-endpoint: unix:///run/cri-dockerd.sock"), "{crictl}");
    }
}

#[test]
fn pods_of_two_families_have_both_addresses() {
    let spec = "network: {podSubnet: '10.244.0.0/16,fd00:10:244::/56'}\n";
    let plan = made("v1.35.2", &format!("{spec}{DOCKER}")).init();
    let unit = file(&plan.lanes[0], "/etc/systemd/system/cri-docker.service");
    assert!(unit.contains("--ipv6-dual-stack"), "{unit}");
}

#[test]
fn docker_finds_its_configuration_when_its_package_starts_it() {
    let all = changes(&made("v1.30.2", DOCKER).init().lanes[0]);
    let subject = |wanted: &'static str| move |it: &Change| it.subject() == wanted;
    let package = position(
        &all,
        |it| matches!(it, Change::Package { names, .. } if names.iter().any(|name| name == "docker.io")),
    );
    assert!(position(&all, subject("/etc/docker/daemon.json")) < package);
    // Whose group its socket is, and what it leaves, is noted before it comes.
    assert!(
        position(&all, |it| matches!(it, Change::Group { name } if name == "docker")) < package
    );
    assert!(position(&all, subject("/var/lib/docker")) < package);
    assert!(package < position(&all, subject("docker.service")));
    assert!(
        position(&all, subject("docker.service")) < position(&all, subject("cri-docker.service"))
    );
    let images = position(&all, |it| it.kind() == "docker_image");
    assert!(position(&all, subject("cri-docker.service")) < images);
    // Nothing of containerd's own is installed.
    for change in &all {
        let ours =
            ["/usr/local/bin/containerd", "/usr/local/bin/runc", "/etc/containerd/config.toml"];
        assert!(!ours.contains(&change.subject().as_str()), "{}", change.subject());
        assert!(!["image", "pull", "store"].contains(&change.kind()), "{}", change.kind());
    }
}

#[test]
fn an_existing_docker_is_used_and_nothing_of_it_is_written() {
    let mut made = made("v1.30.2", "runtime: {name: docker, existing: true}\n");
    let docker = Docker { root: Some("/data/docker".to_owned()), ..Docker::default() };
    made.states[0].docker = Some(docker);
    let all = changes(&made.init().lanes[0]);
    for change in &all {
        let (kind, subject) = (change.kind(), change.subject());
        let its = subject.starts_with("/etc/docker") || subject.contains("docker.io");
        let tree = kind == "tree" && subject.contains("docker") && !subject.contains("cri-docker");
        assert!(!its && !tree && kind != "group", "{kind} {subject}");
    }
    let store = Change::DockerStore { root: "/data/docker".to_owned() };
    let claimed = position(&all, |change| *change == store);
    assert!(claimed < position(&all, |it| it.kind() == "docker_image"));
    // It is not restarted, only seen to that it comes back.
    let service = position(&all, |it| it.subject() == "docker.service");
    assert_eq!(all[service].arguments(), ["docker.service", "yes", "-"]);
    assert!(all.iter().any(|it| it.subject() == "/usr/local/bin/cri-dockerd"));
}

#[test]
fn docker_pulls_past_its_own_names_where_there_is_a_mirror() {
    let mut made = made("v1.30.2", DOCKER);
    made.artifacts.0.retain(|it| it.kind != "image" || it.name == "pause.tar");
    made.cluster.sources.download = Download::Hosts;
    for mirror in [None, Some("m.example/k8s")] {
        made.cluster.sources.mirrors.images = mirror.map(str::to_owned);
        let all = changes(&made.init().lanes[0]);
        let pulled = all.iter().find_map(|change| match change {
            Change::DockerPull { .. } => Some(change.arguments()),
            _ => None,
        });
        let from = mirror.unwrap_or("registry.k8s.io");
        let expected = format!("registry.k8s.io/kube-proxy:v1.30.2={from}/kube-proxy:v1.30.2");
        assert_eq!(pulled.unwrap(), [expected]);
    }
}

#[test]
fn authorities_of_registries_are_where_docker_looks() {
    let spec = "registries:\n- {address: 'r.example:5000', username: u, passwordFile: f, ca: c}\n";
    let plan = made("v1.30.2", &format!("{spec}{DOCKER}")).init();
    let lane = &plan.lanes[0];
    assert_eq!(file(lane, "/etc/docker/certs.d/r.example:5000/ca.crt"), "(read when it runs)\n");
    // The login is the kubelet's, and docker's client is told to read it there.
    assert!(file(lane, "/var/lib/kubelet/config.json").contains("r.example:5000"));
    let daemon = file(lane, "/etc/docker/daemon.json");
    assert!(!daemon.contains("r.example"), "{daemon}");
}

#[test]
fn a_proxy_is_told_to_docker_itself() {
    let spec = "proxy: {https: 'http://p.example:3128'}\n";
    let plan = made("v1.30.2", &format!("{spec}{DOCKER}")).init();
    let lane = &plan.lanes[0];
    let step = |name: &str| lane.tasks.iter().find(|it| it.step.step == name).unwrap();
    // What it writes is a value of the run.
    assert!(matches!(step("tell docker of the proxy").work, Pending::Late(_)));
    let lead = step("lead docker to it");
    let Work::Changes(all) = lead.work.resolve(&lead.step, &values()).unwrap() else { panic!() };
    let Change::File { path, content, .. } = &all[0] else { panic!("{all:?}") };
    assert_eq!(path, "/etc/systemd/system/docker.service.d/bivouac-proxy.conf");
    let drop_in = String::from_utf8_lossy(content);
    let setting = "EnvironmentFile=-/etc/systemd/system/docker.service.d/proxy.env";
    assert!(drop_in.lines().any(|it| it == setting), "{drop_in}");
}

#[test]
fn a_bundle_without_cri_dockerd_is_named() {
    let mut made = made("v1.30.2", DOCKER);
    made.artifacts.0.retain(|it| it.name != "cri-dockerd");
    let error = made.plan(&embedded()).unwrap_err().to_string();
    assert!(error.contains("the bundle has no binary `cri-dockerd` for amd64"), "{error}");
}
