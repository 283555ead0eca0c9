//! The plan: what each host does, and that nothing but its input decides it.

use std::time::Duration;

use bivouac::cluster::Serve;
use bivouac::host::Change;
use bivouac::playbook::{Plan, Work};

use crate::support::site::{Made, embedded, every_minor, file, kubeadm, one, works};

const THREE: &str = "hosts:
- {address: 10.89.7.11, roles: [control-plane], name: cp1, labels: {disk: ssd}}
- {address: 10.89.7.12, roles: [worker], name: w1}
- {address: 10.89.7.13, roles: [worker], name: w2, taints: ['gpu:NoSchedule']}
";

const SEVERAL: &str = "hosts:
- {address: 10.89.7.11, roles: [control-plane], name: cp1}
- {address: 10.89.7.12, roles: [control-plane], name: cp2}
- {address: 10.89.7.13, roles: [control-plane, worker], name: cp3, taints: ['a=1:NoSchedule']}
- {address: 10.89.7.14, roles: [worker], name: w1}
- {address: 10.89.7.15, roles: [worker], name: w2}
";

const SINGLE: &str = "hosts:\n- {address: 10.89.7.11, roles: [control-plane], name: cp1}\n";

/// Each lane's steps, with what they wait for and what waits for them.
fn shown(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for lane in &plan.lanes {
        lines.push(format!("{}:", lane.name));
        for task in &lane.tasks {
            if let Some(gate) = &task.needs {
                lines.push(format!("  < {gate}"));
            }
            if let Some(what) = &task.alone {
                lines.push(format!("  | {what}"));
            }
            lines.push(format!("  {}: {}", task.step.playbook, task.step.step));
            if let Some(gate) = &task.opens {
                lines.push(format!("  > {gate}"));
            }
        }
    }
    lines.join("\n")
}

fn steps(plan: &Plan, lane: usize) -> Vec<&str> {
    plan.lanes[lane].tasks.iter().map(|task| task.step.step.as_str()).collect()
}

#[test]
fn what_each_host_does() {
    insta::assert_snapshot!("three", shown(&Made::new("v1.20.2", "", THREE).init()));
    insta::assert_snapshot!("several", shown(&Made::new("v1.20.2", "", SEVERAL).init()));
    insta::assert_snapshot!("single", shown(&Made::new("v1.20.2", "", SINGLE).init()));
}

#[test]
fn a_repair_is_for_hosts_that_have_its_finding() {
    let made = Made::new("v1.20.2", "", THREE);
    let found = |names: [&[&str]; 3]| -> Vec<Vec<String>> {
        names.iter().map(|all| all.iter().map(|name| (*name).to_owned()).collect()).collect()
    };
    let plan = |found: &[Vec<String>]| Plan::fix(&embedded(), &made.site(), found).unwrap();
    assert_eq!(plan(&found([&[], &["Mem"], &[]])).lanes.len(), 0);
    let plan = plan(&found([&["Clock"], &[], &["Port-6443", "Swap"]]));
    let lanes: Vec<_> = plan.lanes.iter().map(|lane| (lane.host, lane.name.as_str())).collect();
    assert_eq!(lanes, [(0, "cp1"), (2, "w2")]);
    assert_eq!(steps(&plan, 1), ["switch swap off, now and for the next boot"]);
    assert!(!steps(&plan, 0).contains(&"switch swap off, now and for the next boot"));
    // An install repairs nothing by itself.
    assert!(
        made.init().lanes.iter().all(|lane| lane.tasks.iter().all(|it| it.step.playbook != "fix"))
    );
}

#[test]
fn the_same_input_gives_the_same_plan() {
    let library = embedded();
    for version in every_minor() {
        let plan = || format!("{:?}", Made::new(&version, "", THREE).plan(&library).unwrap());
        assert_eq!(plan(), plan());
    }
    // And what it prints is not the same for everything.
    let plan = |spec| format!("{:?}", Made::new("v1.20.2", "", spec).plan(&library).unwrap());
    assert_ne!(plan(THREE), plan(SINGLE));
}

#[test]
fn lanes_are_in_the_order_of_the_file() {
    let plan = Made::new("v1.20.2", "", THREE).init();
    let lanes: Vec<_> = plan.lanes.iter().map(|lane| (lane.host, lane.name.as_str())).collect();
    assert_eq!(lanes, [(0, "cp1"), (1, "w1"), (2, "w2")]);
}

const JOIN: &str = "join the cluster";
const TOKEN: &str = "make a token for hosts that still have to join";
const DELETE: &str = "delete the token";

#[test]
fn a_first_run_takes_the_token_of_init() {
    let plan = Made::new("v1.20.2", "", THREE).init();
    // `kubeadm init` makes the first one, before; but not where an earlier run's is still at it now.
    let work =
        works(&plan.lanes[0]).into_iter().find_map(|(step, it)| (step == TOKEN).then_some(it));
    let Some(Work::Changes(changes)) = work else { panic!("no token is made") };
    let Change::Command { unless, .. } = &changes[0] else { panic!("{changes:?}") };
    assert!(unless.contains("get secret bootstrap-token-bvabcd "), "{unless}");
    let at = |name: &str| steps(&plan, 0).iter().position(|step| *step == name).unwrap();
    assert!(at("initialise the control plane") < at(TOKEN));
    assert!(steps(&plan, 0).contains(&DELETE));
    assert!(steps(&plan, 1).contains(&JOIN) && steps(&plan, 2).contains(&JOIN));
    assert!(!steps(&plan, 0).contains(&JOIN));
}

#[test]
fn a_second_run_joins_only_who_has_not_joined() {
    let mut made = Made::new("v1.20.2", "", THREE);
    made.states[0].joined = true;
    made.states[1].joined = true;
    let plan = made.init();
    assert!(steps(&plan, 0).contains(&TOKEN), "the first run's token may be gone");
    assert!(steps(&plan, 0).contains(&DELETE));
    assert!(!steps(&plan, 1).contains(&JOIN), "w1 has joined");
    assert!(!steps(&plan, 1).contains(&"write down where the cluster is"));
    assert!(steps(&plan, 2).contains(&JOIN));
    // The token comes before the gate that w2 waits at.
    let at = |name: &str| steps(&plan, 0).iter().position(|step| *step == name).unwrap();
    let opener = plan.lanes[0]
        .tasks
        .iter()
        .position(|task| task.opens.as_deref() == Some("the control plane answers"));
    assert!(at(TOKEN) < opener.unwrap());
}

#[test]
fn a_run_on_a_finished_cluster_needs_no_token() {
    let mut made = Made::new("v1.20.2", "", THREE);
    made.states.iter_mut().for_each(|state| state.joined = true);
    let plan = made.init();
    assert!(!steps(&plan, 0).contains(&TOKEN));
    assert!(steps(&plan, 0).contains(&DELETE), "an earlier run may have died before its end");
    assert!(plan.lanes.iter().all(|lane| lane.tasks.iter().all(|task| task.step.step != JOIN)));
}

const JOIN_PLANE: &str = "join the control plane";
const CERTIFICATES: &str = "lay out the certificates for control planes that still have to join";
const INIT: &str = "initialise the control plane";

#[test]
fn control_planes_join_by_turns_and_with_certificates() {
    let plan = Made::new("v1.20.2", "", SEVERAL).init();
    assert!(steps(&plan, 0).contains(&INIT) && steps(&plan, 0).contains(&CERTIFICATES));
    for lane in [1, 2] {
        let join = plan.lanes[lane].tasks.iter().find(|task| task.step.step == JOIN_PLANE);
        assert_eq!(join.unwrap().alone.as_deref(), Some("etcd"));
        assert!(!steps(&plan, lane).contains(&INIT) && !steps(&plan, lane).contains(&JOIN));
    }
    let alone = plan.lanes.iter().flat_map(|lane| &lane.tasks).filter(|task| task.alone.is_some());
    assert_eq!(alone.count(), 2, "nothing else is held up");
    assert!(!steps(&plan, 3).contains(&JOIN_PLANE) && steps(&plan, 3).contains(&JOIN));
}

#[test]
fn certificates_are_laid_out_only_while_a_control_plane_has_to_join() {
    let mut made = Made::new("v1.20.2", "", SEVERAL);
    for (joined, certificates, token) in [(3, false, true), (5, false, false), (2, true, true)] {
        made.states.iter_mut().enumerate().for_each(|(i, state)| state.joined = i < joined);
        let plan = made.init();
        assert_eq!(steps(&plan, 0).contains(&CERTIFICATES), certificates, "{joined} joined");
        assert_eq!(steps(&plan, 0).contains(&TOKEN), token, "{joined} joined");
        assert!(!steps(&plan, 0).contains(&INIT), "the cluster is there");
        assert!(steps(&plan, 0).contains(&"delete the certificates"));
    }
    let plan = Made::new("v1.20.2", "", THREE).init();
    assert!(!steps(&plan, 0).contains(&CERTIFICATES));
    assert!(!steps(&plan, 0).contains(&"delete the certificates"));
}

#[test]
fn a_control_plane_that_is_in_the_cluster_acts_for_it() {
    let mut made = Made::new("v1.20.2", "", SEVERAL);
    made.states[1].joined = true;
    made.states[3].joined = true;
    let plan = made.init();
    // The first of the file was wiped, and joins like any other.
    assert!(steps(&plan, 0).contains(&JOIN_PLANE) && !steps(&plan, 0).contains(&INIT));
    assert!(steps(&plan, 1).contains(&CERTIFICATES) && steps(&plan, 1).contains(&TOKEN));
    assert!(!steps(&plan, 1).contains(&JOIN_PLANE) && !steps(&plan, 1).contains(&INIT));
    let (verb, words, _) = kubeadm(&plan.lanes[0]).unwrap();
    assert_eq!(verb, "prepare-control-plane");
    assert_eq!(
        words[..4],
        ["10.89.7.12:6443", "127.0.0.1:6443", "10.89.7.11", "10.89.7.12,10.89.7.13"]
    );
}

#[test]
fn each_load_balancer_has_its_own_steps() {
    let balancer = "import the image of the load balancer";
    let vip = "import the image of kube-vip";
    for (more, on_worker, on_plane) in [
        ("", true, false),
        ("loadBalancer: {kind: internal}\n", true, false),
        ("controlPlaneEndpoint: api.example:6443\n", false, false),
        ("loadBalancer: {kind: kube-vip, vip: 10.89.7.100}\n", false, true),
    ] {
        let mut made = Made::new("v1.20.2", "", &format!("{more}{SEVERAL}"));
        let plan = made.init();
        for (lane, expected) in [(0, false), (2, false), (3, on_worker)] {
            assert_eq!(steps(&plan, lane).contains(&balancer), expected, "{more:?} {lane}");
        }
        for (lane, expected) in [(0, on_plane), (2, on_plane), (3, false)] {
            assert_eq!(steps(&plan, lane).contains(&vip), expected, "{more:?} {lane}");
        }
        // An image is missed only by whom it is for.
        for (image, needed) in [("haproxy", on_worker), ("kube-vip", on_plane)] {
            made.artifacts.0.retain(|it| it.name != format!("{image}.tar"));
            let said = made.plan(&embedded()).map(|_| ()).map_err(|error| error.to_string());
            assert_eq!(said.is_err(), needed, "{more:?}: {said:?}");
            if let Err(said) = said {
                assert!(said.contains(&format!("the bundle has no image `{image}`")), "{said}");
            }
            made = Made::new("v1.20.2", "", &format!("{more}{SEVERAL}"));
        }
    }
    // One control plane needs none of it.
    let plan = Made::new("v1.20.2", "", THREE).init();
    assert!((0..3).all(|lane| !steps(&plan, lane).contains(&balancer)));
}

#[test]
fn images_get_the_cluster_s_names() {
    let own = "imageRepository: mirror.example:5000/k8s";
    let plan = Made::new("v1.20.2", own, SINGLE).init();
    let images: Vec<_> = works(&plan.lanes[0])
        .into_iter()
        .filter_map(|(_, work)| match work {
            Work::Changes(changes) => Some(changes),
            _ => None,
        })
        .flatten()
        .filter(|change| change.kind() == "image")
        .flat_map(|change| change.arguments().into_iter().skip(3))
        .collect();
    assert_eq!(images.len(), 7, "{images:#?}");
    assert_eq!(images[0], "mirror.example:5000/k8s/pause:3.2=k8s.gcr.io/pause:3.2");
    for image in images {
        assert!(image.starts_with("mirror.example:5000/k8s/"), "{image}");
    }
}

#[test]
fn each_host_gets_what_is_made_for_its_architecture() {
    let mut made = Made::new("v1.20.2", "", THREE);
    made.states[1].arch = "arm64".to_owned();
    let arm = made.artifacts.0.iter().cloned().map(|mut it| {
        it.arch = "arm64".to_owned();
        it.upload.sha256 = "cd".repeat(32);
        if it.name == "containerd" {
            it.version = "2.1.0".to_owned();
        }
        it
    });
    let arm: Vec<_> = arm.collect();
    made.artifacts.0.extend(arm);
    let plan = made.init();
    for (lane, sum) in plan.lanes.iter().zip(["ab", "cd", "ab"]) {
        let uploads: Vec<_> = works(lane)
            .into_iter()
            .filter_map(|(_, work)| match work {
                Work::Changes(changes) => Some(changes),
                _ => None,
            })
            .flatten()
            .filter_map(|change| match change {
                Change::Artifact { upload, .. } | Change::Image { upload, .. } => Some(upload),
                _ => None,
            })
            .collect();
        assert!(uploads.len() > 12, "{}: {}", lane.name, uploads.len());
        for upload in uploads {
            assert_eq!(upload.sha256, sum.repeat(32), "{}: {}", lane.name, upload.name);
        }
    }
    // Each containerd reads a configuration of its own version.
    let config = |lane: usize| file(&plan.lanes[lane], "/etc/containerd/config.toml");
    assert!(config(0).starts_with("version = 2") && config(1).starts_with("version = 3"));
    // What is not there for an architecture is named before anything runs.
    made.artifacts.0.retain(|it| it.arch == "amd64" || it.name != "kubelet");
    let error = made.plan(&embedded()).unwrap_err().to_string();
    assert!(error.contains("the bundle has no binary `kubelet` for arm64"), "{error}");
}

#[test]
fn what_the_bundle_lacks_is_named_before_anything_runs() {
    for (without, message) in [
        (
            "kubelet",
            "the bundle has no binary `kubelet` for amd64; `bivouac bundle show` lists what it has",
        ),
        (
            "etcd.tar",
            "the bundle has no image `etcd` for amd64; `bivouac bundle show` lists what it has",
        ),
    ] {
        let mut made = Made::new("v1.20.2", "", SINGLE);
        made.artifacts.0.retain(|available| available.name != without);
        let error = made.plan(&embedded()).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    // Where there is no bundle none is blamed.
    let mut made = Made::new("v1.20.2", "", SINGLE);
    made.cluster.bundle = None;
    made.artifacts.0.retain(|available| available.name != "kubelet");
    let error = made.plan(&embedded()).unwrap_err().to_string();
    let from =
        "no binary `kubelet` for amd64 is among what this run takes from the release servers";
    assert!(error.contains(from) && !error.contains("bundle"), "{error}");
    let mut made = Made::new("v1.20.2", "", SINGLE);
    made.states[0].arch = "arm64".to_owned();
    let error = made.plan(&embedded()).unwrap_err().to_string();
    assert!(error.contains("for arm64"), "{error}");
}

#[test]
fn add_ons_that_are_skipped_need_no_image() {
    let own = "skipPhases: [addon/kube-proxy, addon/coredns]";
    let mut made = Made::new("v1.20.2", own, SINGLE);
    assert!(steps(&made.init(), 0).contains(&"import the image of CoreDNS"), "it is there");
    made.artifacts.0.retain(|it| it.name != "coredns.tar" && it.name != "kube-proxy.tar");
    let plan = made.init();
    assert!(!steps(&plan, 0).iter().any(|step| step.starts_with("import the image of ")));
}

/// How long this thread has run, whoever else wanted the processor (`Documentation/scheduler/sched-stats` of the kernel).
fn on_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn a_plan_grows_with_its_hosts_not_with_their_square() {
    let library = embedded();
    let fastest = |count: usize| {
        let workers = (1..count).fold(String::new(), |all, host| {
            let (third, fourth) = (host / 250, host % 250 + 1);
            format!("{all}- {{address: 10.90.{third}.{fourth}, roles: [worker]}}\n")
        });
        let spec = format!("hosts:\n- {{address: 10.89.7.11, roles: [control-plane]}}\n{workers}");
        let made = Made::new("v1.20.2", "", &spec);
        let one = || {
            let began = on_cpu();
            assert_eq!(made.plan(&library).unwrap().lanes.len(), count);
            on_cpu().saturating_sub(began)
        };
        (0..2).map(|_| one()).min().unwrap()
    };
    // When each host's context held all hosts, eight times the hosts took 46 times as long.
    let (few, many) = (fastest(12), fastest(96));
    assert!(many < few * 16, "12 hosts: {few:?}, 96 hosts: {many:?}");
}

/// Three hosts, of which `host` has the bundle for the others.
fn served_by(host: &str) -> Made {
    let mut made = Made::new("v1.20.2", "", THREE);
    made.cluster.serve = Some(Serve { host: host.to_owned(), port: 8484, named: true });
    made.artifacts.0.extend(["bivouac", "bundle"].map(|name| one("serve", name, vec![])));
    made
}

#[test]
fn one_host_is_sent_the_bundle_and_all_fetch_from_it() {
    let plan = served_by("w1").init();
    insta::assert_snapshot!("served", shown(&plan));
    let base = "http://10.89.7.12:8484/files/";
    for lane in &plan.lanes {
        let mut fetched = 0;
        for (task, (step, work)) in lane.tasks.iter().zip(works(lane)) {
            let Work::Changes(changes) = work else { continue };
            for change in changes {
                let (Change::Artifact { upload, .. } | Change::Image { upload, .. }) = change
                else {
                    continue;
                };
                let sent = task.step.playbook == "serve";
                let expected = (!sent).then(|| format!("{base}{}", upload.sha256));
                assert_eq!(upload.served, expected, "{}: {step}", lane.name);
                fetched += usize::from(!sent);
            }
        }
        assert!(fetched > 10, "{}: {fetched}", lane.name);
    }
}

#[test]
fn with_one_host_to_fill_nothing_is_served() {
    let mut made = served_by("w1");
    made.states[0].joined = true;
    assert!(shown(&made.init()).contains("serve the bundle"), "two are to be filled");
    made.states[1].joined = true;
    assert!(!shown(&made.init()).contains("serve"), "one is");
    let mut made = served_by("w1");
    made.states[1].foreign = true;
    assert!(!shown(&made.init()).contains("serve the bundle"), "it is another tool's");
    // `join w2` leaves it out.
    let mut made = served_by("w1");
    made.cluster = made.cluster.only(&[0, 2]);
    made.states.remove(1);
    assert!(!shown(&made.init()).contains("serve"), "it takes no part");
}

#[test]
fn a_host_of_another_architecture_cannot_serve() {
    let mut made = served_by("w1");
    made.states[1].arch = "arm64".to_owned();
    made.artifacts.0.push({
        let mut whole = one("serve", "bundle", vec![]);
        whole.arch = "arm64".to_owned();
        whole
    });
    let error = made.plan(&embedded()).unwrap_err().to_string();
    assert!(error.contains("it is arm64, and this machine's bivouac is not"), "{error}");
}
