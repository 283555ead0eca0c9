//! What is between hosts: which ways are tried, and what is made of it.

use std::collections::BTreeSet;

use bivouac::cluster::LoadBalancer;
use bivouac::host::facts::{Address, Facts, Link, Route};
use bivouac::host::ways::{Outcome, Protocol, Way};
use bivouac::preflight::Finding;
use bivouac::preflight::between::scheme::{Planned, Setting, Station, plan, ports as ports_of};

use super::{Scene, cluster, host, settings, unit};

/// Gives these hosts' interfaces one hardware address, and the others one of their own.
pub(super) fn mac(scene: &mut Scene, same: [usize; 2]) {
    for (place, facts) in scene.facts.iter_mut().enumerate() {
        let last = if same.contains(&place) { 99 } else { place };
        let mac = Some(format!("52:54:00:00:00:{last:02}"));
        let link = |name: &str, mac: Option<String>| Link { name: name.into(), mtu: 1500, mac };
        // Docker's bridge may be alike everywhere.
        let docker = Some("02:42:00:00:00:01".to_owned());
        facts.links = Some(vec![link("lo", None), link("ens3", mac), link("docker0", docker)]);
    }
}

pub(super) fn route(facts: &mut Facts, net: &str, interface: &str) {
    facts.routes.as_mut().unwrap().push(Route {
        destination: Some(net.parse().unwrap()),
        interface: Some(interface.into()),
        source: None,
        ipv6: false,
        gateway: false,
    });
}

/// Moves a host to another network.
pub(super) fn network(facts: &mut Facts, net: &str) {
    let net: ipnet::IpNet = net.parse().unwrap();
    let routes = facts.routes.as_mut().unwrap();
    routes.retain(|route| route.destination.is_none());
    routes[0].source = Some(net.addr());
    let addresses = facts.addresses.as_mut().unwrap();
    addresses.retain(|address| address.interface == "lo");
    addresses.push(Address { interface: "ens3".into(), net });
    route(facts, &net.trunc().to_string(), "ens3");
}

/// Every host tries what the scheme says; the ways that `blocked` names are silent.
pub(super) fn try_all(scene: &mut Scene, blocked: impl Fn(&str, &str, &str) -> bool) {
    let stations: Vec<Station> = scene.cluster.hosts.iter().enumerate().map(station).collect();
    let hosts = &scene.cluster.hosts;
    for way in plan(own(scene), &stations) {
        let (from, to) = (&hosts[way.from].display, &hosts[way.to].display);
        let port = match way.protocol {
            Protocol::Large => "large".to_owned(),
            protocol => format!("{} {}", protocol.word(), way.port),
        };
        let outcome = if blocked(from, to, &port) { Outcome::Silent } else { Outcome::Open };
        let Planned { protocol, port, purpose, .. } = way;
        scene.facts[way.from].ways.push(Way { to: to.clone(), protocol, port, purpose, outcome });
    }
    mac(scene, [7, 8]);
}

fn station((place, host): (usize, &bivouac::cluster::Host)) -> Station {
    Station {
        control_plane: host.control_plane,
        serves: false,
        address: Some(format!("10.0.{}.{}", place / 250, place % 250 + 1).parse().unwrap()),
        mtu: Some(1500),
        machine: place,
        joined: false,
    }
}

/// A cluster of so many control planes and workers.
fn stations(planes: usize, workers: usize) -> Vec<Station> {
    let hosts: Vec<_> = (0..planes + workers).map(|n| host(&format!("h{n}"), n < planes)).collect();
    hosts.iter().enumerate().map(station).collect()
}

fn own(scene: &Scene) -> Setting<'_> {
    Setting { cluster: &scene.cluster, foreign: false }
}

fn scene_of(planes: usize, workers: usize) -> Scene {
    let mut scene = Scene::healthy();
    let names = (0..planes + workers)
        .map(|n| if n < planes { format!("cp{}", n + 1) } else { format!("w{}", n - planes + 1) });
    let hosts: Vec<_> = names.enumerate().map(|(n, name)| host(&name, n < planes)).collect();
    scene.facts = (0..hosts.len())
        .map(|n| {
            let mut facts = scene.facts[1].clone();
            facts.hostname = Some(hosts[n].display.clone());
            facts.static_hostname.clone_from(&facts.hostname);
            facts.machine_id = Some(format!("{n:032}"));
            facts.product_uuid = None;
            network(&mut facts, &format!("10.7.{}.{}/16", n / 250, n % 250 + 1));
            facts
        })
        .collect();
    scene.ahead = vec![std::time::Duration::ZERO; hosts.len()];
    scene.cluster = cluster(hosts);
    if planes > 1 {
        scene.cluster.load_balancer = LoadBalancer::Internal;
    }
    scene
}

fn ports(scene: &Scene) -> Vec<Finding> {
    let all = scene.check();
    assert!(all.iter().all(|it| it.name == "PortsBetweenHosts"), "{all:#?}");
    all
}

#[test]
fn every_traffic_of_a_small_cluster_is_tried() {
    let scene = scene_of(2, 1);
    let ways = plan(own(&scene), &stations(2, 1));
    let all: BTreeSet<String> = ways
        .iter()
        .map(|it| format!("{}>{} {:?} {}", it.from, it.to, it.protocol, it.port))
        .collect();
    let mut expected: BTreeSet<String> = BTreeSet::new();
    for (pairs, port) in [
        (&["0>1", "1>0", "2>0", "2>1"][..], "Tcp 6443"),
        (&["0>1", "1>0"], "Tcp 2379"),
        (&["0>1", "1>0"], "Tcp 2380"),
        (&["0>1", "1>0", "0>2", "1>2"], "Tcp 10250"),
        (&["0>1", "1>0", "0>2", "1>2", "2>0", "2>1"], "Tcp 32767"),
        (&["0>1", "1>0", "0>2", "1>2", "2>0", "2>1"], "Udp 32767"),
        (&["0>1", "1>0", "0>2", "1>2", "2>0", "2>1"], "Large 32767"),
    ] {
        expected.extend(pairs.iter().map(|pair| format!("{pair} {port}")));
    }
    assert_eq!(all, expected);
    let large = ways.iter().find(|it| it.protocol == Protocol::Large).unwrap();
    assert_eq!(large.size, 1472, "what an Ethernet packet holds");
}

#[test]
fn hosts_that_do_not_talk_are_not_tried() {
    let scene = scene_of(2, 1);
    let mut stations = stations(2, 1);
    stations[1].machine = stations[0].machine;
    stations[2].address = None;
    assert_eq!(plan(own(&scene), &stations), []);
    // Nodes of a cluster that runs are not tried anew; who joins is.
    let mut stations = self::stations(2, 1);
    stations[0].joined = true;
    stations[1].joined = true;
    let ways = plan(own(&scene), &stations);
    assert!(ways.iter().all(|it| it.from == 2 || it.to == 2));
    assert!(!ways.is_empty());
    // Behind a load balancer of the owner's nobody goes to the API servers themselves.
    let mut scene = scene;
    scene.cluster.load_balancer = LoadBalancer::External;
    assert!(plan(own(&scene), &self::stations(2, 1)).iter().all(|it| it.port != 6443));
}

#[test]
fn what_a_cluster_does_not_use_is_neither_tried_nor_wanted_of_rules() {
    let mut scene = scene_of(2, 1);
    let tried = |setting: Setting<'_>| {
        let ways = plan(setting, &stations(2, 1));
        ways.iter().map(|it| it.port).collect::<BTreeSet<u16>>()
    };
    assert_eq!(tried(own(&scene)), [2379, 2380, 6443, 10250, 32767].into());
    assert_eq!(ports_of(own(&scene), true, true), [6443, 2379, 2380, 10250]);
    assert_eq!(ports_of(own(&scene), false, true), [6443]);
    assert_eq!(ports_of(own(&scene), true, false), [10250]);
    assert!(ports_of(own(&scene), false, false).is_empty());
    // Another tool's cluster has its own pod network.
    let foreign = Setting { cluster: &scene.cluster, foreign: true };
    assert_eq!(tried(foreign), [2379, 2380, 6443, 10250].into());
    // An etcd elsewhere is on no host of ours.
    let etcd = serde_json::json!({"etcd": {"external": {"endpoints": ["https://e:2379"]}}});
    scene.cluster.kubernetes.kubeadm = settings(&etcd);
    assert_eq!(tried(own(&scene)), [6443, 10250, 32767].into());
    assert_eq!(ports_of(own(&scene), true, true), [6443, 10250]);
    scene.cluster.load_balancer = LoadBalancer::External;
    assert_eq!(ports_of(own(&scene), true, true), [10250]);
    assert!(ports_of(own(&scene), false, true).is_empty());
}

/// Its pods have a network of the other tool's: what ours needs is not asked of hosts that become its nodes.
#[test]
fn guests_of_another_tool_s_cluster_need_no_pod_network_of_ours() {
    let mut scene = scene_of(1, 2);
    network(&mut scene.facts[2], "10.99.0.3/24");
    scene.facts[1].packets.filter = Some(vec![("nft".into(), ":FORWARD DROP [0:0]".into())]);
    let names = |scene: &Scene| -> BTreeSet<String> {
        scene.check().into_iter().map(|it| it.name).collect()
    };
    assert_eq!(names(&scene), ["NodeNetwork".to_owned(), "PacketFilter".to_owned()].into());
    scene.foreign = true;
    assert_eq!(scene.check(), []);
    // What hosts send each other has to pass all the same.
    scene.facts[1].packets.filter = Some(vec![("nft".into(), ":INPUT DROP [0:0]".into())]);
    assert_eq!(names(&scene), ["PacketFilter".to_owned()].into());
}

#[test]
fn the_ways_of_many_hosts_grow_with_the_hosts_and_leave_nobody_out() {
    let scene = scene_of(3, 997);
    let ways = plan(own(&scene), &stations(3, 997));
    assert!(ways.len() < 12_000, "{}", ways.len());
    for host in 0..1000 {
        let to = |port| ways.iter().filter(|it| it.to == host && it.port == port).count();
        assert!(to(10250) >= 1 && to(32767) >= 6, "host {host}");
        let from = ways.iter().filter(|it| it.from == host).count();
        assert!((8..400).contains(&from), "{from} from host {host}");
    }
}

#[test]
fn open_ways_are_no_finding_and_those_of_firewalld_are_opened() {
    let mut scene = scene_of(3, 2);
    try_all(&mut scene, |_, _, _| false);
    assert_eq!(scene.check(), []);
    let mut scene = scene_of(3, 2);
    try_all(&mut scene, |_, to, _| to == "w1");
    scene.facts[3].units.as_mut().unwrap().push(unit("firewalld.service"));
    assert_eq!(scene.check(), []);
}

#[test]
fn a_pair_a_host_that_nobody_reaches_and_one_that_reaches_nobody() {
    let of = |blocked: fn(&str, &str, &str) -> bool| {
        let mut scene = scene_of(3, 2);
        try_all(&mut scene, blocked);
        ports(&scene)
    };
    let pair = of(|from, to, port| (from, to) == ("cp2", "cp3") && port == "TCP 2380");
    assert_eq!(pair.len(), 1, "{pair:#?}");
    assert_eq!(pair[0].hosts, ["cp2", "cp3"]);
    assert!(pair[0].message.contains("`cp2` -> `cp3`"), "{}", pair[0].message);
    assert!(pair[0].message.contains("TCP 2380 (etcd's members)"), "{}", pair[0].message);

    let port = of(|_, to, port| to == "cp1" && port == "TCP 6443");
    assert_eq!(port.len(), 1, "{port:#?}");
    assert_eq!(port[0].hosts, ["cp1"]);
    assert!(port[0].message.starts_with("no other host reaches it on TCP 6443"));

    let alone = of(|_, to, _| to == "w2");
    assert_eq!(alone.len(), 1, "{alone:#?}");
    assert_eq!(alone[0].hosts, ["w2"]);

    let mute = of(|from, _, _| from == "w1");
    assert_eq!(mute.len(), 1, "{mute:#?}");
    assert_eq!(mute[0].hosts, ["w1"]);
    assert!(mute[0].message.starts_with("nothing that it sends"));

    // Both directions between two, and of one that is off the network.
    let both =
        of(|from, to, _| from != to && [from, to].iter().all(|it| ["cp1", "w1"].contains(it)));
    assert_eq!(both.len(), 2, "{both:#?}");
}

#[test]
fn large_packets_count_only_where_small_ones_get_through() {
    let mut scene = scene_of(1, 2);
    try_all(&mut scene, |_, to, port| to == "w1" && port == "large");
    // The reason is known by the interface.
    scene.facts[1].links.as_mut().unwrap().iter_mut().for_each(|link| link.mtu = 1300);
    let found = scene.check();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].name, "PathMTU");
    assert!(found[0].message.contains("1500"), "{}", found[0].message);
    assert!(found[0].fix.contains("`ens3` of `w1`"), "{}", found[0].fix);
}
