mod rows;

use regex::Regex;

use super::*;

#[test]
fn every_signature_knows_its_sample_and_not_its_counter() {
    let mut wrong = Vec::new();
    for (cause, signature) in
        causes().flat_map(|it| it.signatures.iter().map(move |signature| (it, signature)))
    {
        let regex = match Regex::new(signature.pattern) {
            Ok(regex) => regex,
            Err(error) => {
                wrong.push(format!("{}: {error}", cause.name));
                continue;
            }
        };
        let matches = |text: &str| regex.is_match(&text.replace('\\', ""));
        if !matches(signature.sample) {
            wrong.push(format!(
                "{}: `{}` does not match `{}`",
                cause.name, signature.pattern, signature.sample
            ));
        }
        if !signature.counter.is_empty() && matches(signature.counter) {
            wrong.push(format!(
                "{}: `{}` matches `{}`",
                cause.name, signature.pattern, signature.counter
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_cause_has_a_name_of_its_own_and_a_page() {
    let mut names: Vec<&str> = causes().map(|cause| cause.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    for cause in causes() {
        assert!(!cause.is.is_empty() && !cause.fix.is_empty(), "{}", cause.name);
        assert!(!cause.is.ends_with('.') && !cause.fix.ends_with('.'), "{}", cause.name);
    }
}

/// What the lab's cp1 and w1 showed while their cluster was well.
const HOSTS: [&str; 2] = [
    include_str!("../../tests/fixtures/evidence/cp1.txt"),
    include_str!("../../tests/fixtures/evidence/w1.txt"),
];
const CLUSTER: &str = "apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {name: demo}\nspec:\n  kubernetes: {version: v1.20.2}\n  hosts:\n  - {address: 10.91.1.11, roles: [control-plane], name: cp1}\n  - {address: 10.91.1.12, roles: [worker], name: w1}\n";

/// The moment at which the hosts were read.
fn moment() -> SystemTime {
    let now = Evidence::parse(HOSTS[0]).unwrap().now.unwrap();
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(now)
}

/// What is found where the hosts show these texts.
fn found(texts: &[String], failed: &[FailedStep]) -> Diagnosis {
    let cluster = crate::cluster::parse("cluster.yaml", CLUSTER).unwrap();
    let now = moment();
    let seen = texts.iter().map(|text| {
        let (survey, evidence) = (Survey::parse(text).unwrap(), Evidence::parse(text).unwrap());
        let clock =
            (now - std::time::Duration::from_secs(9), now + std::time::Duration::from_secs(9));
        Testimony { survey, evidence, text: text.clone(), clock }
    });
    let looks: Vec<Look<'_>> =
        cluster.hosts.iter().zip(seen).map(|(host, seen)| Look { host, seen: Ok(seen) }).collect();
    diagnose(&Case { cluster: &cluster, looks: &looks, failed, now })
}

/// The healthy hosts with something else in place of something: host, what was, what is.
fn with(changes: &[(usize, &str, &str)]) -> Diagnosis {
    let mut texts = HOSTS.map(str::to_owned);
    for (host, was, is) in changes {
        assert!(texts[*host].contains(was), "no `{was}` in the fixture");
        texts[*host] = texts[*host].replace(was, is);
    }
    found(&texts, &[])
}

/// A line at the end of a log that is there.
fn line(log: &str, text: &str) -> (String, String) {
    let now = moment().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    (format!("log {log}\n"), format!("log {log}\n| 1 {} {} {text}\n", now - 5, now - 5))
}

#[test]
fn healthy_hosts_have_no_cause_and_nothing_worth_knowing() {
    let found = with(&[]);
    assert_eq!(found, Diagnosis { read: 2, ..Diagnosis::default() });
    assert!(found.is_well());
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn what_cannot_work_is_named() {
    let down = "healthz down no answer";
    for (changes, host, name) in [
        (
            vec![(
                1,
                "unit kubelet.service age",
                "unit kubelet.service LoadState=loaded ActiveState=inactive SubState=dead Result=success UnitFileState=enabled\nunit other.service age",
            )],
            "w1",
            "KubeletStopped",
        ),
        (
            vec![
                (1, "| failSwapOn: false", "| x: 1"),
                (1, "listeners -", "swap /dev/sda2\nlisteners -"),
                (1, "healthz ok", down),
            ],
            "w1",
            "Swap",
        ),
        (
            vec![(1, "listener 10250 kubelet", "listener 10250 nginx"), (1, "healthz ok", down)],
            "w1",
            "PortInUse",
        ),
        (vec![(1, "kernel.ip_forward 1", "kernel.ip_forward 0")], "w1", "IpForward"),
        (vec![(1, "/opt/cni/bin/bridge\n", "/opt/cni/bin/other\n")], "w1", "CniPluginMissing"),
        (vec![(1, "|   \"cniVersion\"", "|   cniVersion")], "w1", "CniConfigBroken"),
        (vec![(1, "| cgroupDriver: systemd", "| cgroupDriver: cgroupfs")], "w1", "CgroupDriver"),
        (
            vec![
                (0, "cri.plugin ok", "cri.plugin absent"),
                (
                    0,
                    "| disabled_plugins = []",
                    "| disabled_plugins = [\"io.containerd.grpc.v1.cri\"]",
                ),
            ],
            "cp1",
            "CriDisabled",
        ),
        (
            vec![
                (0, "process etcd ", "process x "),
                (0, "etcd.health", "etcd.down no answer\nx"),
                (0, "absent /var/run/crio", "missing etcd.yaml /etc/nosuch\nabsent /var/run/crio"),
            ],
            "cp1",
            "HostPathMissing",
        ),
        (
            vec![
                (0, "process kube-scheduler ", "process x "),
                (0, "image k8s.gcr.io/kube-scheduler:v1.20.2", "image k8s.gcr.io/other:1"),
            ],
            "cp1",
            "ImageMissing",
        ),
        (
            vec![
                (0, "process kube-scheduler ", "process x "),
                (0, "|   name: kube-scheduler", "| : [name"),
            ],
            "cp1",
            "ManifestBroken",
        ),
        (
            vec![
                (0, "api up", "api down refused"),
                (
                    0,
                    "--etcd-servers=https://127.0.0.1:2379",
                    "--etcd-servers=https://127.0.0.1:2399",
                ),
            ],
            "cp1",
            "EtcdAddress",
        ),
        (
            vec![
                (0, "api up", "api down refused"),
                (0, "address 10.91.1.11 ", "address 10.91.1.77 "),
            ],
            "cp1",
            "AddressGone",
        ),
        (
            vec![
                (1, "reach up", "reach down dial tcp 10.91.1.99:6443: connect: no route to host"),
                (1, "https://10.91.1.11:6443", "https://10.91.1.99:6443"),
            ],
            "w1",
            "EndpointWrong",
        ),
        (
            vec![
                (1, "reach up", "reach down i/o timeout"),
                (
                    1,
                    "route 10.91.1.11",
                    "rule -A OUTPUT -p tcp -m tcp --dport 6443 -j DROP\nroute 10.91.1.11",
                ),
            ],
            "w1",
            "FirewallDrops",
        ),
    ] {
        let found = with(&changes);
        let cause = found.cause.as_ref().unwrap_or_else(|| panic!("{name}: {found:?}"));
        assert_eq!(
            (cause.name.as_str(), cause.hosts.as_slice()),
            (name, [host.to_owned()].as_slice()),
            "{found:?}"
        );
        assert!(!cause.proofs.is_empty() && !cause.fix.is_empty(), "{cause:?}");
    }
}

#[test]
fn a_full_disk_comes_before_what_follows_from_it() {
    let mut texts = HOSTS.map(str::to_owned);
    texts[1] = texts[1].replace("healthz ok", "healthz down no answer");
    let disk = texts[1]
        .lines()
        .find(|line| line.starts_with("disk /var/lib/kubelet "))
        .unwrap()
        .to_owned();
    texts[1] = texts[1].replace(&disk, "disk /var/lib/kubelet 1000000 12 1000 900");
    let (was, is) = line("kubelet.service", "kubelet[1]: Error: something else");
    texts[1] = texts[1].replace(&was, &is);
    let found = found(&texts, &[]);
    assert_eq!(found.cause.unwrap().name, "DiskFull");
    assert_eq!(found.others[0].name, "KubeletEnds");
}

#[test]
fn a_line_counts_only_while_what_it_explains_is_broken() {
    let (was, is) = line(
        "kubelet.service",
        "kubelet[1]: E1126 05:10:11.1 900 x.go:1] RunPodSandbox failed: failed to get sandbox image \"k8s.gcr.io/pause:9.9\": x",
    );
    assert!(with(&[(1, &was, &is)]).is_well(), "the node is well");
    // The runtime is set to another image by now, so the line is of before.
    let broken = (1, "reach up", "reach down refused");
    let found = with(&[(1, &was, &is), broken]);
    assert!(found.cause.is_none_or(|cause| cause.name != "PauseImage"));
    // It is set to that one.
    let found = with(&[
        (1, &was, &is),
        broken,
        (1, "sandbox_image = \"k8s.gcr.io/pause:3.2\"", "sandbox_image = \"k8s.gcr.io/pause:9.9\""),
    ]);
    let cause = found.cause.unwrap();
    assert_eq!(cause.name, "PauseImage");
    assert!(cause.message.contains("k8s.gcr.io/pause:9.9"), "{}", cause.message);
}

#[test]
fn an_event_counts_by_the_time_it_was_seen_last() {
    let event = |ago: u64| {
        let time: chrono::DateTime<chrono::Utc> =
            (moment() - std::time::Duration::from_secs(ago)).into();
        let time = time.format("%Y-%m-%dT%H:%M:%SZ");
        format!(
            "log events\n| {time} FailedCreate ReplicaSet/coredns-1: Error creating: failed calling webhook \"a.example.org\": x\n"
        )
    };
    let broken = (
        0,
        "pods -\n",
        "pods -\npod kube-system\tcoredns-1-x\tcp1\tRunning\tcoredns\t9\tCrashLoopBackOff: x\n",
    );
    for (ago, counts) in [(20, true), (300, true), (3600, false)] {
        let found = with(&[(0, "log events\n", &event(ago)), broken]);
        let names: Vec<&str> =
            found.cause.iter().chain(&found.others).map(|it| &*it.name).collect();
        assert_eq!(names.contains(&"Webhook"), counts, "{ago} s: {found:?}");
    }
}

#[test]
fn what_is_not_known_is_said_with_the_last_words() {
    let (was, is) = line(
        "kubelet.service",
        "kubelet[1]: E1126 05:10:11.1 900 x.go:1] a complaint that nobody knows",
    );
    let found = with(&[
        (1, &was, &is),
        (1, "reach up", "reach down the server has asked for something odd"),
    ]);
    assert_eq!(found.cause, None);
    assert!(!found.is_well());
    assert!(
        found
            .last_words
            .iter()
            .any(|(host, proof)| host == "w1" && proof.what.contains("nobody knows")),
        "{found:?}"
    );
}

#[test]
fn the_output_of_a_step_tells_by_itself() {
    let failed = FailedStep {
        host: "cp1".to_owned(),
        step: "control-plane: initialise the control plane".to_owned(),
        cause: "[ERROR Port-6443]: Port 6443 is in use".to_owned(),
        output: vec!["\t[ERROR Port-6443]: Port 6443 is in use".to_owned()],
    };
    let cluster = crate::cluster::parse("cluster.yaml", CLUSTER).unwrap();
    let known = Case { cluster: &cluster, looks: &[], failed: &[failed], now: moment() };
    let cause = diagnose(&known).cause.unwrap();
    assert_eq!(
        (cause.name.as_str(), cause.hosts.as_slice()),
        ("PortInUse", ["cp1".to_owned()].as_slice())
    );
    assert!(cause.message.contains("6443"));
}

#[test]
fn every_rule_names_a_cause_that_there_is() {
    let names = Regex::new(r#"(?:suspect\(\s*|certain\(|named\()"([A-Za-z]+)""#).unwrap();
    for source in [
        include_str!("rules/certificates.rs"),
        include_str!("rules/disks.rs"),
        include_str!("rules/files.rs"),
        include_str!("rules/machine.rs"),
        include_str!("rules/network.rs"),
        include_str!("rules/nodes.rs"),
        include_str!("rules/pods.rs"),
        include_str!("rules/runtime.rs"),
        include_str!("rules/units.rs"),
    ] {
        for found in names.captures_iter(source) {
            assert!(causes().any(|cause| cause.name == &found[1]), "{}", &found[1]);
        }
    }
}
