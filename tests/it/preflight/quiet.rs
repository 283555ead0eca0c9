//! What is no finding, or a lesser one.

use super::*;

#[test]
fn an_existing_runtime_that_fits_is_no_finding() {
    let mut scene = Scene::healthy();
    scene.cluster.runtime.existing = true;
    for facts in &mut scene.facts {
        facts.containerd = Some(containerd());
        facts.units.as_mut().unwrap().push(unit("containerd.service"));
        facts.runtime_config = vec!["/etc/containerd/config.toml".into()];
    }
    assert_eq!(scene.check(), []);
}

#[test]
fn the_disk_of_an_existing_docker_is_the_one_that_it_names() {
    let mut scene = Scene::healthy();
    scene.cluster.runtime.traits = &DOCKER;
    scene.cluster.runtime.existing = true;
    for facts in &mut scene.facts {
        facts.docker = Some(docker());
        facts.units.as_mut().unwrap().push(unit("docker.service"));
    }
    assert_eq!(scene.check(), []);
    let small = Facts::parse("facts 1\ndisk /data/docker 4096 20000 9000 9000 9000 beef\nend\n");
    scene.facts[1].disks.extend(small.unwrap().disks);
    assert_eq!(scene.check(), [], "nothing of ours goes there");
    scene.facts[1].docker.as_mut().unwrap().root = Some("/data/docker".into());
    let names: Vec<String> = scene.check().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["DiskSpace", "DiskInodes"]);
}

#[test]
fn what_a_bundle_has_is_what_has_room() {
    let mut scene = Scene::healthy();
    let size = |what, mib: u64, control_plane| Size {
        arch: "amd64".into(),
        what,
        bytes: mib << 20,
        control_plane,
    };
    for facts in &mut scene.facts {
        for disk in &mut facts.disks {
            // 6 GiB, on one file system.
            (disk.free_kib, disk.file_system) = (6 << 20, "one".into());
        }
    }
    assert_eq!(scene.check(), [], "by the usual sizes");
    scene.sizes = vec![size(Stored::Programs, 400, false), size(Stored::Images, 1200, false)];
    scene.sizes.push(size(Stored::Images, 400, true));
    scene.sizes.push(size(Stored::Served, 3000, false));
    let found: Vec<(Vec<String>, String)> =
        scene.check().into_iter().map(|it| (it.hosts, it.message)).collect();
    // Three times 1,600 MiB and what goes with it; workers do without those of control planes, and nobody serves.
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, ["cp1"]);
    assert!(found[0].1.starts_with("6.0 GiB are free where 7."), "{found:?}");
    scene.cluster.serve =
        Some(bivouac::cluster::Serve { host: "w1".into(), port: 8000, named: true });
    let hosts: Vec<Vec<String>> = scene.check().into_iter().map(|it| it.hosts).collect();
    assert_eq!(hosts, [["cp1"], ["w1"]]);
}

#[test]
fn an_external_etcd_that_could_not_be_asked_is_unchecked() {
    let mut scene = Scene::healthy();
    let etcd = json!({"external": {"endpoints": ["https://10.0.0.5:2379"]}});
    scene.cluster.kubernetes.kubeadm.insert("etcd".into(), etcd);
    let because = "the external etcd could not be asked from there (`curl` does it)";
    assert_eq!(scene.unchecked(), [format!("ExternalEtcdVersion on cp1: {because}")]);
    let answer = EtcdAnswer {
        endpoint: "https://10.0.0.5:2379".into(),
        said: Said::Version("3.5.9".into()),
    };
    scene.facts[0].external_etcd = Some(vec![answer]);
    assert_eq!((scene.unchecked(), scene.check()), (vec![], vec![]));
}

#[test]
fn an_existing_docker_that_fits_is_no_finding() {
    let mut scene = Scene::healthy();
    scene.cluster.runtime.traits = &DOCKER;
    scene.cluster.runtime.existing = true;
    for facts in &mut scene.facts {
        facts.docker = Some(docker());
        // Its own containerd is there, too.
        facts.units.as_mut().unwrap().extend(["docker.service", "containerd.service"].map(unit));
        facts.runtime_config =
            vec!["/etc/containerd/config.toml".into(), "/etc/docker/daemon.json".into()];
    }
    assert_eq!(scene.check(), []);
}

#[test]
fn a_docker_that_came_with_a_package_of_ours_is_ours() {
    let mut scene = Scene::healthy();
    scene.cluster.runtime.traits = &DOCKER;
    assert_eq!(scene.check(), []);
    // An install that was cut off after the package.
    for facts in &mut scene.facts {
        facts.units.as_mut().unwrap().extend(["docker.service", "containerd.service"].map(unit));
        // The one of its containerd is the package's.
        let brought = ["/etc/containerd/config.toml", "/etc/docker/daemon.json"];
        facts.runtime_config = brought.map(Into::into).to_vec();
    }
    assert_eq!(scene.check().len(), 1, "it is another's until the journal says otherwise");
    for facts in &mut scene.facts {
        let claim =
            |kind: &str, subject: &str| Claim { kind: kind.into(), subject: subject.into() };
        facts.claims =
            vec![claim("tree", "/etc/containerd"), claim("file", "/etc/docker/daemon.json")];
    }
    assert_eq!(scene.check(), []);
}

#[test]
fn what_is_skipped_is_not_looked_at() {
    let names = |skips: &[&str]| -> Vec<String> {
        let mut scene = Scene::healthy();
        scene.facts[1].swaps = None;
        let listeners = [10250, 10256].map(|port| Listener { port, process: None });
        scene.facts[0].listeners = Some(listeners.to_vec());
        scene.cluster.skips = skips.iter().map(|name| skip(name)).collect();
        let unchecked = scene.unchecked().into_iter();
        scene.check().into_iter().map(|it| it.name).chain(unchecked).collect()
    };
    let unchecked = "Swap on w1: the swap is unknown";
    assert_eq!(names(&[]), ["Port-10250", "Port-10256", unchecked]);
    assert_eq!(names(&["Port-10250"]), ["Port-10256", unchecked]);
    assert_eq!(names(&["Port-*"]), [unchecked]);
    assert_eq!(names(&["Swap", "Port-*"]), [""; 0]);
    for (name, right) in [
        ("Port-*", Ok("Port-*")),
        ("Port-6443", Ok("Port-*")),
        ("swap", Err(Some("Swap".to_owned()))),
        ("Ports", Err(Some("Port-*".to_owned()))),
        ("Reachable", Err(None)),
    ] {
        assert_eq!(named(name).map(|check| check.name), right, "{name}");
    }
}

#[test]
fn healthy_hosts_give_no_finding() {
    assert_eq!(Scene::healthy().check(), []);
    for (name, facts) in [("debian-11", DEBIAN_11), ("lab", LAB)] {
        assert_eq!(Scene::of(&[(name, facts)]).check(), [], "{name}");
    }
}

#[test]
fn a_healthy_worker_of_any_distribution_gives_no_finding() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/facts");
    for name in [
        "amazon-2023",
        "anolis-8",
        "centos-7",
        "debian-11",
        "debian-12",
        "debian-13",
        "kylin-v10",
        "lab",
        "openeuler-24.03",
        "opensuse-leap-15.6",
        "opensuse-leap-16",
        "rocky-8",
        "rocky-9",
        "sles-15",
        "ubuntu-22.04",
    ] {
        let facts = std::fs::read_to_string(dir.join(format!("{name}.txt"))).unwrap();
        let plane = if name == "lab" { UBUNTU } else { LAB };
        let mut scene = Scene::of(&[("cp1", plane), ("w1", &facts)]);
        // Recorded hosts have made-up identities, some of them the same.
        scene.facts[0].machine_id = Some("0123456789abcdef0123456789abcdef".into());
        scene.facts[0].boot_id = Some("3f0c1a52-7f0e-4f34-9c53-5e1a7d2b9a10".into());
        // And the networks that they are on are not one.
        let mut found = scene.check();
        found.retain(|finding| finding.name != "NodeNetwork");
        assert_eq!(found, [], "{name}");
        assert_eq!(scene.unchecked(), [""; 0], "{name}");
    }
}

#[test]
fn lab_hosts_share_a_machine_and_are_still_two() {
    let mut scene = Scene::of(&[("h1", LAB), ("h2", LAB)]);
    let other = &mut scene.facts[1];
    other.machine_id = Some("2f8f3e561aaa2be25434ca134dfd8d7f".into());
    other.hostname = Some("h2".into());
    other.static_hostname = Some("h2".into());
    for address in other.addresses.as_mut().unwrap() {
        if address.interface == "eth0" && address.net.addr().is_ipv4() {
            address.net = "10.99.77.12/24".parse().unwrap();
        }
    }
    for facts in &mut scene.facts {
        facts.product_uuid = Some("1f7c0d6e-2b7e-4a55-9c3e-0c1d2e3f4a22".into());
    }
    assert_eq!(scene.check(), []);
}

#[test]
fn what_is_unknown_is_not_a_finding() {
    let keys: BTreeSet<&str> =
        UBUNTU.lines().skip(2).filter_map(|line| line.split(' ').next()).collect();
    for key in keys.into_iter().filter(|key| !["end", "os.id", "os.id_like"].contains(key)) {
        let without = |line: &&str| line.split(' ').next() != Some(key);
        let text: Vec<&str> = UBUNTU.lines().filter(without).collect();
        assert_eq!(Scene::of(&[("cp1", &text.join("\n"))]).check(), [], "without `{key}`");
    }
    let nothing = Facts::parse("facts 1\nend\n").unwrap();
    assert_eq!(nothing, Facts::default());
}

#[test]
fn ignored_errors_are_warnings() {
    for (ignored, severity) in [
        ("numcpu", Severity::Warning),
        ("ALL", Severity::Warning),
        ("Mem", Severity::Error),
        ("Num", Severity::Error),
    ] {
        let mut scene = Scene::healthy();
        scene.facts[0].cpus = Some(1);
        scene.cluster.kubernetes.ignore_preflight_errors = vec![ignored.into()];
        let [finding] = &scene.check()[..] else { panic!("one finding for `{ignored}`") };
        assert_eq!(finding.severity, severity, "{ignored}");
    }
}

#[test]
fn kubelet_overrides_are_respected() {
    let mut scene = Scene::healthy();
    scene.cluster.kubernetes.version = version("1.35.0");
    for facts in &mut scene.facts {
        facts.swaps = Some(vec!["/swapfile".into()]);
        old_cgroups(facts);
        facts.disks.iter_mut().for_each(|disk| disk.size_kib = 1 << 40);
    }
    let names = |scene: &Scene| -> BTreeSet<String> {
        scene.check().into_iter().map(|finding| finding.name).collect()
    };
    assert_eq!(names(&scene).len(), 3);
    let off = json!({"failSwapOn": false, "failCgroupV1": false, "evictionHard": {}});
    scene.cluster.kubernetes.kubelet = off.as_object().unwrap().clone();
    // kubeadm has validators of its own, which ask the host and not the kubelet's settings.
    assert_eq!(names(&scene), BTreeSet::from(["SystemVerification".to_owned()]));
    let [finding] = &scene.check()[..] else { panic!("one for both hosts") };
    assert!(finding.message.contains("has kubeadm refuse"), "{}", finding.message);
    scene.cluster.kubernetes.version = version("1.34.0");
    assert_eq!(names(&scene), BTreeSet::new());
}

#[test]
fn settings_that_the_version_knows_are_no_finding() {
    let mut scene = Scene::healthy();
    scene.cluster.kubernetes.skip_phases = vec!["addon".into(), "addon/coredns".into()];
    scene.cluster.kubernetes.kubeadm = settings(
        &json!({"apiServer": {"extraArgs": {"insecure-port": "0", "profiling": "false"}}}),
    );
    assert_eq!(scene.check(), vec![]);
    // They were for the making of the cluster; it has been made.
    scene.cluster.kubernetes.skip_phases = vec!["none".into()];
    assert_eq!(scene.check().len(), 1);
    scene.api = Api::There;
    assert_eq!(scene.check(), vec![]);
}

#[test]
fn an_argument_of_the_file_s_own_is_no_security_of_ours() {
    let authority = "kubelet-certificate-authority=/etc/kubernetes/pki/ca.crt";
    let map = json!({"kubelet-certificate-authority": "/etc/kubernetes/pki/ca.crt"});
    let list =
        json!([{"name": "kubelet-certificate-authority", "value": "/etc/kubernetes/pki/ca.crt"}]);
    let mut scene = Scene::healthy();
    made_with(&mut scene, &[authority]);
    let found = |scene: &Scene| scene.check().iter().filter(|it| it.name == "MadeWith").count();
    assert_eq!(found(&scene), 1);
    for arguments in [map, list] {
        scene.cluster.kubernetes.kubeadm =
            settings(&json!({"apiServer": {"extraArgs": arguments}}));
        assert_eq!(found(&scene), 0);
        scene.cluster.security.serving_certificates = true;
        assert_eq!(found(&scene), 0);
        scene.cluster.security.serving_certificates = false;
    }
}

/// kubeadm's own default for services is another than ours, and what joined later has it too.
#[test]
fn our_control_plane_in_another_tools_cluster_has_that_clusters_networks() {
    let mut scene = Scene::healthy();
    made_with(&mut scene, &["service-cluster-ip-range=10.96.0.0/12"]);
    let found = |scene: &Scene| scene.check().iter().filter(|it| it.name == "MadeWith").count();
    assert_eq!(found(&scene), 1);
    scene.foreign = true;
    assert_eq!(found(&scene), 0);
    scene.cluster.security.audit = true;
    assert_eq!(found(&scene), 1);
}

#[test]
fn etcd_elsewhere_leaves_its_usual_place_alone() {
    let mut scene = Scene::healthy();
    for facts in &mut scene.facts {
        facts.leftovers.paths = Some(vec!["/var/lib/etcd/member".into()]);
    }
    let [finding] = &scene.check()[..] else { panic!("workers have no etcd") };
    assert_eq!(
        (finding.name.as_str(), &finding.hosts[..]),
        ("DirAvailable--var-lib-etcd", &["cp1".to_owned()][..])
    );
    let external = json!({"etcd": {"external": {"endpoints": ["https://e:2379"]}}});
    scene.cluster.kubernetes.kubeadm = external.as_object().unwrap().clone();
    assert_eq!(scene.check(), []);
    // A directory below is for a disk of its own; another cluster's data is in the way all the same.
    let below = json!({"etcd": {"local": {"dataDir": "/var/lib/etcd/data"}}});
    scene.cluster.kubernetes.kubeadm = below.as_object().unwrap().clone();
    assert_eq!(scene.check().len(), 1);
    scene.facts[0].leftovers.paths = Some(vec!["/var/lib/etcd/lost+found".into()]);
    assert_eq!(scene.check(), []);
}

#[test]
fn an_address_that_is_the_cluster_s_own_is_no_finding() {
    for answer in [Reached::Other, Reached::Unknown] {
        let mut scene = Scene::healthy();
        reached(&mut scene, LoadBalancer::External, answer);
        assert_eq!(scene.check(), [], "{answer:?}: a load balancer with nothing behind it");
    }
    // A name of the control plane itself, whose API server is still to come.
    let mut scene = Scene::healthy();
    reached(&mut scene, LoadBalancer::External, Reached::Refused);
    let own = scene.facts[0].global_addresses().next().unwrap().net.addr();
    scene.facts[1].endpoint.as_mut().unwrap().addresses.push(own);
    assert_eq!(scene.check()[0].hosts, ["cp1", "w2"]);
    // Once the cluster is there, or was begun, its API server is who answers.
    for balancer in [LoadBalancer::External, kube_vip("192.168.7.200")] {
        let mut scene = Scene::healthy();
        reached(&mut scene, balancer, Reached::ApiServer);
        runs(&mut scene);
        scene.api = Api::Nowhere;
        assert_eq!(scene.check(), []);
        scene.api = Api::There;
        assert_eq!(scene.check(), []);
        // A host that another tool made a node is not looked at, and its cluster runs all the same.
        (scene.facts[0].claims, scene.facts[0].listeners) = (vec![], None);
        assert_eq!(scene.check(), []);
    }
    // A cluster that is to get the address: an external load balancer leads to it by now, and a virtual
    // address may be up already, by our own kube-vip.
    let mut scene = Scene::healthy();
    reached(&mut scene, LoadBalancer::External, Reached::ApiServer);
    runs(&mut scene);
    scene.api = Api::Moves;
    assert_eq!(scene.check(), []);
    let mut scene = Scene::healthy();
    reached(&mut scene, kube_vip("192.168.7.200"), Reached::ApiServer);
    runs(&mut scene);
    scene.api = Api::Moves;
    assert!(!scene.check().is_empty(), "it is somebody else's");
    let subject = "/etc/kubernetes/manifests/kube-vip.yaml".into();
    scene.facts[0].claims.push(Claim { kind: "file".into(), subject });
    assert_eq!(scene.check(), []);
    // A control plane's own port on a worker is nobody's business without our load balancer there.
    let mut scene = Scene::healthy();
    scene.facts[1].listeners = Some(vec![Listener { port: 6443, process: None }]);
    assert_eq!(scene.check(), []);
}

#[test]
fn what_our_own_package_step_left_half_done_stops_nobody() {
    let mut scene = Scene::healthy();
    scene.facts[1].dpkg_interrupted = Some(true);
    assert_eq!(scene.check().len(), 1);
    scene.facts[1].claims.push(Claim { kind: "package".into(), subject: "conntrack".into() });
    assert_eq!(scene.check(), []);
}

#[test]
fn a_cluster_that_may_be_starting_is_waited_for() {
    let errors = |scene: &Scene| {
        let of = |it: &&Finding| it.severity == Severity::Error;
        scene.check().iter().filter(of).flat_map(|it| it.hosts.clone()).collect::<Vec<_>>()
    };
    let mut scene = Scene::healthy();
    reached(&mut scene, LoadBalancer::External, Reached::Refused);
    runs(&mut scene);
    assert_eq!(errors(&scene), ["w1", "w2"], "nodes are no errors, hosts that join are");
    scene.facts[0].listeners = Some(vec![]);
    assert_eq!(errors(&scene), [""; 0], "no API server runs");
    assert_eq!(scene.check()[0].hosts.len(), 3);
}

#[test]
fn a_slow_answer_does_not_make_a_clock_wrong() {
    let mut scene = Scene::healthy();
    scene.ahead[1] = Duration::from_secs(20);
    scene.round_trip = Duration::from_secs(45);
    assert_eq!(scene.check(), []);
    scene.round_trip = Duration::from_secs(1);
    assert!(!scene.check().is_empty());
}

#[test]
fn without_root_nothing_else_is_said_of_the_host() {
    let mut scene = Scene::healthy();
    scene.facts[1].uid = Some(1000);
    scene.facts[1].places.read_only = Some(vec!["/etc".into()]);
    scene.facts[1].swaps = Some(vec!["/swapfile".into()]);
    let [finding] = &scene.check()[..] else { panic!("one finding") };
    assert_eq!(finding.name, "IsPrivilegedUser");
}
