//! What good files mean.

use std::path::{Path, PathBuf};

use bivouac::cluster::{self, Download, Flags, LoadBalancer, Mirrors, Plugin, Sources, Taint};
use bivouac::secret::Secret;
use serde_json::json;

use super::{FULL, MINIMAL, minimal_with, parse};

fn home(file: &str) -> PathBuf {
    Path::new(&std::env::var_os("HOME").expect("tests run with a HOME")).join(file)
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let cluster = parse(MINIMAL).unwrap();
    assert_eq!(cluster.name, "demo");
    assert_eq!(cluster.kubernetes.version.to_string(), "v1.20.2");
    assert_eq!(cluster.kubernetes.image_repository, None);
    assert_eq!(cluster.control_plane_endpoint, None);
    assert_eq!(cluster.network.plugin, Plugin::Bridge);
    assert_eq!(cluster.network.pod_subnet.to_string(), "10.244.0.0/16");
    assert_eq!(cluster.network.service_subnet.to_string(), "10.96.0.0/16");
    assert_eq!(cluster.network.dns_domain, "cluster.local");
    assert_eq!(cluster.bundle, Some(PathBuf::from("v1.20.2.bundle")));
    let ssh = &cluster.hosts[0].ssh;
    assert_eq!((ssh.user.as_str(), ssh.port, ssh.agent), ("root", 22, true));
    assert!(ssh.private_keys.is_empty() && ssh.sudo.is_none() && ssh.password.is_none());
    assert_eq!(cluster.first_control_plane().unwrap().display, "10.0.0.1");
    assert_eq!(
        cluster.workers().map(|host| host.address.as_str()).collect::<Vec<_>>(),
        ["10.0.0.2"]
    );
    assert!(!cluster.is_single());
}

#[test]
fn the_load_balancer_follows_from_what_is_given() {
    let three = minimal_with("roles: [worker]", "roles: [control-plane]");
    let with = |text: &str, more: &str| {
        parse(&text.replace("  hosts:", &format!("  {more}\n  hosts:"))).unwrap().load_balancer
    };
    let vip = LoadBalancer::KubeVip {
        vip: "10.0.0.9".parse().unwrap(),
        interface: Some("bond0.5".to_owned()),
    };
    let kube_vip = "loadBalancer: {kind: kube-vip, vip: 10.0.0.9, interface: bond0.5}";
    for (text, more, expected) in [
        (MINIMAL, "network: {}", LoadBalancer::None),
        (MINIMAL, "controlPlaneEndpoint: a.b:6443", LoadBalancer::External),
        (MINIMAL, "loadBalancer: {kind: internal}", LoadBalancer::Internal),
        (&three, "network: {}", LoadBalancer::Internal),
        (&three, "controlPlaneEndpoint: a.b:6443", LoadBalancer::External),
        (&three, kube_vip, vip),
    ] {
        assert_eq!(with(text, more), expected, "{more}");
    }
}

#[test]
fn every_field_arrives() {
    let cluster = cluster::parse("conf/cluster.yaml", FULL).unwrap();
    let kubernetes = &cluster.kubernetes;
    assert_eq!(kubernetes.image_repository.as_deref(), Some("mirror.example:5000/k8s"));
    assert_eq!(kubernetes.skip_phases, ["addon/kube-proxy"]);
    assert_eq!(kubernetes.ignore_preflight_errors, ["NumCPU", "Mem"]);
    assert_eq!(json!(kubernetes.kubeadm), json!({"apiServer": {"extraArgs": {"v": "2"}}}));
    assert_eq!(
        json!(kubernetes.kubelet),
        json!({"maxPods": 200, "failSwapOn": false, "evictionHard": {"memory.available": "100Mi"}})
    );
    assert_eq!(json!(kubernetes.kube_proxy), json!({"bindAddressHardFail": true}));
    assert_eq!(json!(cluster.runtime.config), json!({"oom_score": -999}));
    assert_eq!(cluster.control_plane_endpoint.as_deref(), Some("api.example:6443"));
    assert_eq!(cluster.network.pod_subnet.to_string(), "10.100.0.0/16");
    assert_eq!(cluster.network.service_subnet.to_string(), "10.101.0.0/16");
    assert_eq!(cluster.network.dns_domain, "corp.local");
    assert_eq!(cluster.network.proxy_mode.word(), "ipvs");
    let security = cluster.security;
    assert_eq!(
        (security.audit, security.encryption, security.serving_certificates),
        (true, false, true)
    );
    assert_eq!(cluster.bundle, Some(PathBuf::from("conf/v1.20.2.bundle")));
    let host = &cluster.hosts[0];
    assert_eq!((host.display.as_str(), host.node_name.as_deref()), ("cp1", Some("cp1")));
    assert!(host.control_plane && host.worker);
    assert_eq!(host.labels["example.com/zone"], "a");
    let taint = |key: &str, value: Option<&str>, effect: &str| Taint {
        key: key.into(),
        value: value.map(Into::into),
        effect: effect.into(),
    };
    assert_eq!(
        host.taints,
        [taint("dedicated", Some("db"), "NoSchedule"), taint("flaky", None, "PreferNoSchedule")]
    );
    assert_eq!(host.ssh.private_keys, [home(".ssh/id_ed25519"), "conf/keys/id_rsa".into()]);
    assert_eq!(host.ssh.passphrase_file, Some("conf/secrets/passphrase".into()));
    assert_eq!(host.ssh.sudo.as_ref().unwrap().password_file, Some(home(".sudo-pass")));
    assert_eq!((host.ssh.user.as_str(), host.ssh.port, host.ssh.agent), ("ops", 2222, true));
}

#[test]
fn what_is_not_given_is_of_the_families_of_what_is() {
    let networks = |line: &str| {
        let text = minimal_with("  hosts:", &format!("  network: {{{line}}}\n  hosts:"));
        let network = parse(&text).unwrap().network;
        (network.pod_subnet.to_string(), network.service_subnet.to_string())
    };
    for (line, pods, services) in [
        ("", "10.244.0.0/16", "10.96.0.0/16"),
        (
            "podSubnet: \"10.1.0.0/16, fd01::/56\"",
            "10.1.0.0/16,fd01::/56",
            "10.96.0.0/16,fd00:10:96::/112",
        ),
        (
            "podSubnet: \"fd01::/56,10.1.0.0/16\"",
            "fd01::/56,10.1.0.0/16",
            "fd00:10:96::/112,10.96.0.0/16",
        ),
        (
            "serviceSubnet: \"10.2.0.0/16,fd02::/112\"",
            "10.244.0.0/16,fd00:10:244::/56",
            "10.2.0.0/16,fd02::/112",
        ),
    ] {
        assert_eq!(networks(line), (pods.to_owned(), services.to_owned()), "{line}");
    }
}

#[test]
fn a_share_of_the_user_s_own_is_of_its_family() {
    let with = |mask: &str| {
        let text = format!(
            "version: 1.20.2\n    kubeadm: {{controllerManager: {{extraArgs: {{node-cidr-mask-size-ipv6: '{mask}'}}}}}}\n  network: {{podSubnet: \"10.1.0.0/16,fd01::/64\"}}"
        );
        parse(&minimal_with("version: 1.20.2", &text))
    };
    with("80").unwrap();
    with("64").unwrap_err();
}

#[test]
fn a_hosts_own_ssh_overrides_field_by_field() {
    let cluster = parse(FULL).unwrap();
    let second = &cluster.hosts[1].ssh;
    assert_eq!((second.user.as_str(), second.port), ("root", 22));
    assert_eq!(second.private_keys, [PathBuf::from("/etc/keys/w")]);
    assert_eq!(second.passphrase_file, Some("secrets/passphrase".into()));
    let third = &cluster.hosts[2].ssh;
    assert_eq!((third.user.as_str(), third.port, third.agent), ("ops", 2222, false));
    assert_eq!(third.password_file, Some("secrets/w3".into()));
    assert_eq!(third.sudo.as_ref().unwrap().password_file, None);
}

#[test]
fn one_host_is_a_cluster() {
    let cluster = parse(include_str!("../../fixtures/clusters/single.yaml")).unwrap();
    assert!(cluster.is_single());
    assert_eq!(cluster.control_planes().count(), 1);
    assert_eq!(cluster.workers().count(), 0);
}

#[test]
fn the_bridge_of_editors_is_crossed() {
    for text in [
        format!("\u{feff}{MINIMAL}"),
        MINIMAL.replace('\n', "\r\n"),
        format!("---\n{MINIMAL}...\n"),
        format!("# \u{a0} caf\u{e9}\n{MINIMAL}"),
        MINIMAL.trim_end().to_owned(),
        minimal_with("hosts:\n", &format!("hosts:\n{}", "  # a long story\n".repeat(2000))),
    ] {
        parse(&text).unwrap();
    }
}

#[test]
fn null_and_empty_mean_the_default() {
    for piece in [
        "controlPlaneEndpoint: \"\"",
        "controlPlaneEndpoint:",
        "network: {podSubnet: \"\", dnsDomain: ~}",
        "network:",
        "ssh: {jump: [], certificate: \"\"}",
        "runtime: {config: {}}",
    ] {
        parse(&minimal_with("  hosts:", &format!("  {piece}\n  hosts:"))).unwrap();
    }
}

#[test]
fn anchors_serve_a_thousand_hosts() {
    let hosts: Vec<String> = (0..1000)
        .map(|n| {
            format!("  - {{address: 10.7.{}.{}, roles: [worker], ssh: *ssh}}\n", n / 200, n % 200)
        })
        .collect();
    let text = minimal_with("  hosts:\n", "  ssh: &ssh {user: root, port: 2222}\n  hosts:\n")
        .replace("version: 1.20.2", "version: 1.20.2\n    kubeadm: {}")
        .replace("  artifacts:", "  network: {podSubnet: 10.128.0.0/10}\n  artifacts:")
        + &hosts.concat();
    let cluster = parse(&text).unwrap();
    assert_eq!(cluster.hosts.len(), 1002);
    assert!(cluster.hosts.iter().all(|host| host.ssh.port == 2222));
}

#[test]
fn one_address_with_several_ports_is_several_hosts() {
    let text = minimal_with(
        "- address: 10.0.0.2",
        "- address: 10.0.0.1\n    name: w1\n    ssh: {port: 2201}",
    );
    assert_eq!(parse(&text).unwrap().hosts.len(), 2);
}

#[test]
fn a_node_prefix_of_the_users_own_makes_room() {
    for args in ["{node-cidr-mask-size: \"26\"}", "[{name: node-cidr-mask-size, value: \"26\"}]"] {
        let text = minimal_with(
            "version: 1.20.2",
            &format!("version: 1.20.2\n    kubeadm: {{controllerManager: {{extraArgs: {args}}}}}"),
        )
        .replace("  artifacts:", "  network: {podSubnet: 10.244.0.0/24}\n  artifacts:");
        parse(&text).unwrap();
    }
}

#[test]
fn quoted_words_stay_text() {
    let text = minimal_with(
        "version: 1.20.2",
        "version: 1.20.2\n    kubelet: {a: \"no\", b: '0644', c: \"1.30\", d: true, e: 0o644, f: 1.5}",
    );
    assert_eq!(
        json!(parse(&text).unwrap().kubernetes.kubelet),
        json!({"a": "no", "b": "0644", "c": "1.30", "d": true, "e": 420, "f": 1.5})
    );
}

#[test]
fn load_reads_beside_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cluster.yaml");
    std::fs::write(&path, MINIMAL).unwrap();
    let cluster = cluster::load(&path, true).unwrap().guessed();
    assert_eq!(cluster.bundle, Some(dir.path().join("v1.20.2.bundle")));
}

#[test]
fn without_a_bundle_files_come_from_the_release_servers() {
    let with =
        |artifacts: &str| parse(&MINIMAL.replace("    bundle: v1.20.2.bundle", artifacts)).unwrap();
    let cluster =
        parse(&MINIMAL.replace("  artifacts:\n    bundle: v1.20.2.bundle\n", "")).unwrap();
    assert_eq!((cluster.bundle, cluster.proxy), (None, None));
    assert_eq!(cluster.sources, Sources::default());
    assert_eq!(cluster.sources.mirrors.kubernetes, "https://dl.k8s.io");
    let china = with("    mirror: china\n    download: hosts").sources;
    assert_eq!(china.mirrors, Mirrors::china());
    assert_eq!(china.download, Download::Hosts);
    let own = with("    mirror: {github: 'http://m.example:8080/gh/', images: m.example/k8s}\n    ca: ca.pem\n    download: operator").sources;
    assert_eq!(own.mirrors.github, "http://m.example:8080/gh");
    assert_eq!(own.mirrors.kubernetes, "https://dl.k8s.io");
    assert_eq!(own.mirrors.images.as_deref(), Some("m.example/k8s"));
    assert_eq!((own.ca, own.download), (Some("ca.pem".into()), Download::Operator));
}

#[test]
fn a_proxy_is_given_without_its_password() {
    let proxy = "  proxy: {http: 'http://p.example:3128', noProxy: [.lan, 10.0.0.0/8, '*'], username: u, passwordFile: secret}\n  hosts:";
    let proxy = parse(&minimal_with("  hosts:", proxy)).unwrap().proxy.unwrap();
    assert_eq!(proxy.http.as_deref(), Some("http://p.example:3128"));
    assert_eq!(proxy.https, None);
    assert_eq!(proxy.no_proxy, [".lan", "10.0.0.0/8", "*"]);
    assert_eq!(
        (proxy.username.as_deref(), proxy.password_file),
        (Some("u"), Some("secret".into()))
    );
}

#[test]
fn flags_make_the_same_cluster() {
    let flags = Flags {
        masters: vec!["10.0.0.1".into()],
        workers: vec!["10.0.0.2, 10.0.0.3".into(), "w4".into()],
        user: Some("ops".into()),
        password: Some(Secret::new("hunter2")),
        sudo: true,
        version: Some("v1.20.2".into()),
        bundle: Some("b.bundle".into()),
        ..Flags::default()
    };
    let cluster = cluster::from_flags(flags).unwrap().guessed();
    assert_eq!(cluster.hosts.len(), 4);
    assert_eq!(cluster.hosts[3].display, "w4");
    let ssh = &cluster.hosts[0].ssh;
    assert!(!ssh.agent && ssh.sudo.is_some());
    assert_eq!(ssh.password.as_ref().unwrap().expose(), "hunter2");
    assert!(!format!("{cluster:?}").contains("hunter2"));
    assert_eq!(cluster.bundle, Some("b.bundle".into()));
}

#[test]
fn flags_for_a_wipe_need_no_version() {
    let flags = Flags { masters: vec!["10.0.0.1".into()], hosts_only: true, ..Flags::default() };
    assert_eq!(cluster::from_flags(flags).unwrap().bundle(), None);
}

#[test]
fn flags_are_checked_like_a_file() {
    let errors = cluster::from_flags(Flags::default()).unwrap_err().to_string();
    for words in ["the command line: no control plane", "no Kubernetes version"] {
        assert!(errors.contains(words), "{errors}");
    }
    let flags = Flags {
        masters: vec!["10.0.0.1".into(), "$(id)".into()],
        workers: vec!["10.0.0.1".into()],
        user: Some("a;b".into()),
        port: Some(0),
        version: Some("1.19".into()),
        bundle: Some("b".into()),
        ..Flags::default()
    };
    let errors = cluster::from_flags(flags).unwrap_err().to_string();
    for words in [
        "`$(id)` is not a host address",
        "`a;b`",
        "`0` is not a port",
        "1.19 is not supported",
        "twice",
    ] {
        assert!(errors.contains(words), "{words}: {errors}");
    }
}

#[test]
fn what_a_field_has_anyway_may_be_said() {
    let with = |text: &str| {
        parse(&minimal_with("version: 1.20.2", &format!("version: 1.20.2\n    {text}")))
    };
    let kubelet = with("kubelet: {cgroupDriver: systemd, maxPods: 50}").unwrap().kubernetes.kubelet;
    assert_eq!(kubelet["maxPods"], 50);
    with("kubeadm: {etcd: {local: {dataDir: /var/lib/etcd/data}}}").unwrap();
    with("kubeadm: {etcd: {local: {dataDir: /var/lib/etcd/../x}}}").unwrap_err();
    with("kubeProxy: {mode: iptables, conntrack: {min: 1}}").unwrap();
    with("kubeadm: {certificatesDir: /etc/kubernetes/pki, etcd: {local: {extraArgs: {a: b}}}}")
        .unwrap();
}
