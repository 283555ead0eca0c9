//! Plans of `join` and `remove`: what the hosts that stay do when others come and go.

use bivouac::cluster::{LoadBalancer, RUNTIMES};
use bivouac::host::Change;
use bivouac::playbook::{HostState, Lane, Leaving, Plan, Site, Work};

use crate::support::site::{Made, embedded, file, kubeadm, one, works};

const HOSTS: &str = "hosts:
- {address: 10.89.7.11, roles: [control-plane], name: cp1}
- {address: 10.89.7.12, roles: [control-plane], name: cp2}
- {address: 10.89.7.13, roles: [control-plane], name: cp3}
- {address: 10.89.7.14, roles: [worker], name: w1}
";

const ONE: &str = "hosts:
- {address: 10.89.7.11, roles: [control-plane], name: cp1, labels: {disk: ssd}, taints: ['gpu=x:NoSchedule', 'own:NoExecute']}
- {address: 10.89.7.12, roles: [worker], name: w1}
";

fn leaving(name: &str, address: &str, control_plane: bool) -> Leaving {
    Leaving {
        name: name.to_owned(),
        node: name.to_owned(),
        address: address.to_owned(),
        addresses: address.parse().into_iter().collect(),
        control_plane,
        dead: false,
        drain: Some("--force --grace-period 7".to_owned()),
        drain_timeout: 42,
    }
}

fn remove(made: &Made, leaving: &[Leaving]) -> Plan {
    let site = Site {
        cluster: &made.cluster,
        hosts: &made.states,
        artifacts: &made.artifacts,
        kubeconfig: "demo.kubeconfig",
        leaving,
    };
    Plan::chain(&["remove", "init"], &embedded(), &site).unwrap()
}

/// The lines of the playbook `leave` on a lane: commands with what makes them needless, and waits.
fn leave(lane: &Lane) -> Vec<String> {
    let names = lane.tasks.iter().map(|task| task.step.playbook.as_str());
    let of_leave = names.zip(works(lane)).filter(|(playbook, _)| *playbook == "leave");
    of_leave
        .map(|(_, (step, work))| match work {
            Work::Changes(changes) => match &changes[0] {
                Change::Command { run, unless, .. } => {
                    format!("{step}\n  {run}\n  unless {unless}")
                }
                other => panic!("{other:?}"),
            },
            Work::Wait { until } => format!("{step}\n  until {}", until.as_str()),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn joined(version: &str, spec: &str) -> Made {
    let mut made = Made::new(version, "", spec);
    made.states.iter_mut().for_each(|state| state.joined = true);
    made
}

fn steps(lane: &Lane) -> Vec<&str> {
    lane.tasks.iter().map(|task| task.step.step.as_str()).collect()
}

#[test]
fn what_the_acting_control_plane_does_when_hosts_leave() {
    let made = joined("v1.20.2", HOSTS);
    let hosts = [leaving("w9", "10.89.7.19", false), leaving("cp4", "10.89.7.15", true)];
    let plan = remove(&made, &hosts);
    insta::assert_snapshot!("leave", leave(&plan.lanes[0]).join("\n"));
    // The others wait until the hosts have left.
    for lane in &plan.lanes[1..] {
        assert_eq!(leave(lane).len(), 1, "{}", lane.name);
        assert_eq!(lane.tasks[0].needs.as_deref(), Some("the nodes have left"));
    }
}

/// What each kind of host does, with everything on that could give it more to do.
#[test]
fn hosts_that_stay_do_no_more_than_a_removal_asks_of_them() {
    let spec = format!(
        "{}security: {{audit: true, encryption: true, servingCertificates: true}}\nproxy: {{http: 'http://10.89.7.1:3128'}}\n",
        HOSTS.replace("name: w1}", "name: w1, kubelet: {maxPods: 7}}")
    );
    let mut made = joined("v1.20.2", &spec);
    made.states[3].balancer = Some("k8s.gcr.io/haproxy:2.6".to_owned());
    for state in &mut made.states {
        (state.firewalld, state.proxied, state.own_kubelet) = (true, true, true);
    }
    let plan = remove(&made, &[leaving("w9", "10.89.7.19", false)]);
    let stay = [0, 1, 3].map(|lane| {
        let lane = &plan.lanes[lane];
        let rest = lane.tasks.iter().filter(|task| task.step.playbook != "leave");
        let rest = rest.map(|task| format!("  {}: {}\n", task.step.playbook, task.step.step));
        format!("{}\n{}", lane.name, rest.collect::<String>())
    });
    insta::assert_snapshot!("stay", stay.concat());
}

#[test]
fn a_firewall_lets_in_nodes_that_the_file_does_not_name() {
    let mut made = joined("v1.20.2", ONE);
    let others = ["10.89.7.12", "10.89.7.77", "fd00:89::77"];
    made.cluster.nodes = others.map(|it| it.parse().unwrap()).to_vec();
    made.states[1].firewalld = true;
    let all = |plan: &Plan| {
        let work = works(&plan.lanes[1]);
        let work = work.into_iter().find(|(step, _)| step.ends_with("through the firewall"));
        let Some((_, Work::Changes(changes))) = work else { panic!("{work:?}") };
        let Change::Firewall { sources } = &changes[0] else { panic!("{changes:?}") };
        sources.join(" ")
    };
    assert_eq!(all(&made.init()), "10.244.0.0/16 10.89.7.11 10.89.7.12 10.89.7.77 fd00:89::77");
    let left = all(&remove(&made, &[leaving("w9", "10.89.7.19", false)]));
    assert!(left.ends_with("10.89.7.77 fd00:89::77 -10.89.7.19"), "{left}");
    // Of both families, and those that only the cluster knows.
    let mut both = leaving("w9", "10.89.7.19", false);
    both.addresses.push("fd00:89::19".parse().unwrap());
    let left = all(&remove(&made, &[both]));
    assert!(left.ends_with("-10.89.7.19 -fd00:89::19"), "{left}");
}

#[test]
fn a_removal_takes_nothing_from_sources() {
    // Neither a bundle nor a registry has anything.
    let each = RUNTIMES.into_iter().flat_map(|traits| {
        [joined("v1.20.2", HOSTS), pulling()].map(|mut made| {
            made.cluster.runtime.traits = traits;
            made
        })
    });
    for mut made in each {
        made.artifacts.0.clear();
        made.states[3].balancer = Some("own.example/haproxy:2.6".to_owned());
        let plan = remove(&made, &[leaving("w9", "10.89.7.19", false)]);
        assert!(plan.needs().is_nothing(), "{:?}", plan.needs());
        assert!(plan.lanes.iter().flat_map(|lane| &lane.tasks).all(|task| {
            task.needs.as_deref() != Some("every host has downloaded what it needs")
        }));
        let manifest = file(&plan.lanes[3], "/etc/kubernetes/manifests/bivouac-load-balancer.yaml");
        assert!(manifest.contains("image: \"own.example/haproxy:2.6\""), "{manifest}");
        assert!(!manifest.contains("cp9") && manifest.contains("=10.89.7.13"), "{manifest}");
    }
}

#[test]
fn a_removal_brings_a_worker_the_load_balancer_that_it_lacks() {
    for (made, other) in
        [(joined("v1.20.2", HOSTS), "k8s.gcr.io"), (pulling(), "docker.io/library")]
    {
        let plan = remove(&made, &[leaving("w9", "10.89.7.19", false)]);
        let needs = plan.needs();
        assert!(!needs.files);
        assert_eq!(needs.images.into_iter().collect::<Vec<_>>(), [(3, "haproxy".to_owned())]);
        let manifest = file(&plan.lanes[3], "/etc/kubernetes/manifests/bivouac-load-balancer.yaml");
        assert!(manifest.contains(&format!("image: \"{other}/haproxy:")), "{manifest}");
    }
    // An install takes everything, whatever the runtime.
    for traits in RUNTIMES {
        for mut made in [joined("v1.20.2", HOSTS), pulling()] {
            made.cluster.runtime.traits = traits;
            made.artifacts.0.extend(traits.programs.iter().map(|name| one("binary", name, vec![])));
            let needs = made.init().needs();
            assert!(needs.files && needs.images.contains(&(0, "etcd".to_owned())), "{needs:?}");
        }
    }
}

#[test]
fn a_dead_host_is_not_drained_and_its_pods_are_forgotten() {
    let made = joined("v1.22.2", HOSTS);
    let mut dead = leaving("cp4", "10.89.7.15", true);
    dead.dead = true;
    let steps = leave(&remove(&made, &[dead.clone()]).lanes[0]).join("\n");
    assert!(steps.contains("bv_pods_drop 'cp4'") && !steps.contains("kubectl drain"), "{steps}");
    assert!(!steps.contains("bv_status"), "from 1.22 on kubeadm keeps no list of its own");
    dead.dead = false;
    dead.drain = None;
    let steps = leave(&remove(&made, &[dead]).lanes[0]).join("\n");
    assert!(!steps.contains(" drain ") && !steps.contains("bv_pods_drop"), "{steps}");
}

#[test]
fn another_control_plane_acts_where_the_first_is_not_in_the_cluster() {
    let mut made = joined("v1.20.2", HOSTS);
    made.states[0].joined = false;
    let plan = remove(&made, &[leaving("w9", "10.89.7.19", false)]);
    assert!(leave(&plan.lanes[1]).len() > 1 && leave(&plan.lanes[0]).len() == 1);
}

#[test]
fn a_run_without_hosts_that_leave_waits_for_nobody() {
    let plan = remove(&joined("v1.20.2", HOSTS), &[]);
    assert!(plan.lanes.iter().all(|lane| leave(lane).len() == 1));
}

#[test]
fn labels_and_taints_of_all_hosts_are_settled_by_the_acting_control_plane() {
    const STEP: &str = "label and taint the nodes";
    let plan = joined("v1.20.2", ONE).init();
    let work = works(&plan.lanes[0]).into_iter().find(|(step, _)| step == STEP).unwrap().1;
    let Work::Changes(changes) = work else { panic!("{work:?}") };
    let Change::Command { run, unless, .. } = &changes[0] else { panic!("{changes:?}") };
    let words = "node 'cp1' label 'disk=ssd' taint 'gpu=x:NoSchedule' taint 'own=:NoExecute' taint 'node-role.kubernetes.io/master=:NoSchedule' node 'w1'";
    assert_eq!(run, &format!("bv_settings_apply {words}"));
    assert_eq!(unless, &format!("bv_settings_are {words}"));
    assert!(!steps(&plan.lanes[1]).contains(&STEP));
}

#[test]
fn a_cluster_that_another_tool_made_is_only_asked_for_what_a_join_needs() {
    let mut made = Made::new("v1.20.2", "", ONE);
    made.states[0].joined = true;
    made.states[0].foreign = true;
    made.cluster.load_balancer = LoadBalancer::External;
    made.cluster.control_plane_endpoint = Some("10.89.7.11:6443".to_owned());
    let plan = made.init();
    insta::assert_snapshot!("foreign", steps(&plan.lanes[0]).join("\n"));
    let worker = steps(&plan.lanes[1]);
    assert!(worker.contains(&"join the cluster") && worker.contains(&"start containerd"));
    for not in
        ["configure the node's bridge", "connect the pods", "wait for the node's pod addresses"]
    {
        assert!(!worker.contains(&not), "{not}");
    }
    // What its pods will leave is claimed, and by that entry later runs know whose cluster it is.
    let claims = plan.lanes[1]
        .tasks
        .iter()
        .find(|it| format!("{}: {}", it.step.playbook, it.step.step) == HostState::GUEST);
    assert!(claims.is_some(), "{worker:?}");
    // The token must live until it has joined.
    let opens = plan.lanes[1].tasks.iter().filter_map(|task| task.opens.as_deref());
    assert_eq!(opens.collect::<Vec<_>>(), ["all nodes have joined"]);
}

/// One control plane that is in the cluster already, and runs by its own address.
fn single(spec: &str) -> Made {
    let mut made = Made::new("v1.20.2", "", spec);
    made.states[0].joined = true;
    made.states[0].server = Some(format!("{}:6443", made.states[0].address));
    made
}

#[test]
fn a_single_control_plane_gets_the_address_of_several() {
    const MOVES: [&str; 2] = [
        "give the cluster the address of several control planes",
        "lead the administrator to the cluster's new address",
    ];
    const PROXY: &str = "tell kube-proxy the cluster's address";
    let mut made = single(HOSTS);
    let plan = made.init();
    for step in MOVES {
        assert!(steps(&plan.lanes[0]).contains(&step), "{step}");
        assert!(plan.lanes[1..].iter().all(|lane| !steps(lane).contains(&step)), "{step}");
    }
    let (verb, words, config) = kubeadm(&plan.lanes[0]).unwrap();
    assert_eq!(verb, "move");
    assert_eq!(words[..3], ["127.0.0.1:6443", "10.89.7.11:6443", "10.89.7.11:6443"]);
    assert!(config.contains("controlPlaneEndpoint: 127.0.0.1:6443"), "{config}");
    // It joins before anybody else needs it.
    let at = |step: &str| steps(&plan.lanes[0]).iter().position(|it| *it == step).unwrap();
    assert!(at(MOVES[0]) < at("read the cluster's certificate authority"));
    // One that was killed in between has its entry, and goes on with what is left.
    made.states[0].server = Some("127.0.0.1:6443".to_owned());
    made.states[0].moved = true;
    let plan = made.init();
    assert!(!steps(&plan.lanes[0]).contains(&MOVES[0]));
    assert!(steps(&plan.lanes[0]).contains(&PROXY));
    // Nobody else does any of it.
    for made in [single(ONE), Made::new("v1.20.2", "", HOSTS)] {
        let plan = made.init();
        assert!(plan.lanes.iter().all(|lane| MOVES.iter().all(|it| !steps(lane).contains(it))));
    }
    // What is left when the one that began it is gone.
    assert!(steps(&Made::new("v1.20.2", "", HOSTS).init().lanes[0]).contains(&PROXY));
    assert!(!steps(&single(ONE).init().lanes[0]).contains(&PROXY));
}

#[test]
fn a_kubelet_s_own_settings_go_over_the_cluster_s() {
    const PATH: &str = "/etc/kubernetes/bivouac/kubelet.yaml";
    let own = ONE.replace(
        "name: w1}",
        "name: w1, kubelet: {maxPods: 7, evictionHard: {memory.available: 1Gi}}}",
    );
    let plan = Made::new("v1.20.2", "", &own).init();
    let text = file(&plan.lanes[1], PATH);
    let value = bivouac::cluster::yaml::documents(&text).unwrap().remove(0);
    assert_eq!(value["maxPods"], 7);
    assert_eq!(value["clusterDNS"][0], "10.96.0.10");
    assert_eq!(value["evictionHard"]["imagefs.available"], "15%");
    assert_eq!(value["evictionHard"]["memory.available"], "1Gi");
    let writes = |lane: &Lane| steps(lane).contains(&"give the kubelet settings of its own");
    assert!(!writes(&plan.lanes[0]), "the other has none");
    // What cluster.yaml has no longer goes.
    let mut made = Made::new("v1.20.2", "", ONE);
    made.states[1].own_kubelet = true;
    let text = file(&made.init().lanes[1], PATH);
    let value = bivouac::cluster::yaml::documents(&text).unwrap().remove(0);
    assert_eq!(value["maxPods"], 110);
    assert!(value["evictionHard"].get("memory.available").is_none(), "{text}");
}

/// Whether a worker that joins gets the network that bivouac makes.
fn brings_a_network(made: &Made) -> bool {
    let plan = made.init();
    let worker = steps(&plan.lanes[1]);
    assert_ne!(
        worker.contains(&"claim what the cluster's own network makes"),
        worker.contains(&"connect the pods")
    );
    worker.contains(&"connect the pods")
}

#[test]
fn a_cluster_stays_the_other_tools_when_one_of_our_control_planes_acts() {
    let mut made = joined("v1.20.2", ONE);
    made.states[1].joined = false;
    assert!(brings_a_network(&made));
    made.states[0].guest = true;
    assert!(!brings_a_network(&made));
}

#[test]
fn a_cluster_stays_ours_when_a_control_plane_that_was_added_by_hand_acts() {
    let mut made = joined("v1.20.2", HOSTS);
    made.states[0].foreign = true;
    made.states[3].joined = false;
    let plan = made.init();
    assert!(steps(&plan.lanes[3]).contains(&"connect the pods"));
    assert!(!HostState::are_foreign(&made.states, 0));
    made.states[1].guest = true;
    made.states[2].guest = true;
    assert!(HostState::are_foreign(&made.states, 0));
}

/// Hosts that pull by themselves: three control planes and a worker that are in the cluster.
fn pulling() -> Made {
    let text = format!(
        "apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {{name: demo}}\nspec:\n  kubernetes: {{version: v1.20.2}}\n  artifacts: {{download: hosts}}\n  {}",
        HOSTS.replace('\n', "\n  ").trim_end()
    );
    let mut made = joined("v1.20.2", HOSTS);
    made.cluster = bivouac::cluster::parse("cluster.yaml", &text).unwrap();
    made.artifacts.0.retain(|it| it.kind != "image");
    made
}

#[test]
fn a_load_balancer_is_named_where_hosts_pull_its_image() {
    let manifest =
        file(&pulling().init().lanes[3], "/etc/kubernetes/manifests/bivouac-load-balancer.yaml");
    assert!(manifest.contains("image: \"docker.io/library/haproxy:"), "{manifest}");
}
