//! A cluster that runs: looked at through one of its control planes, before anything is changed.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::exit::{Exit, Stop};
use super::session::Session;
use crate::cluster::{API_PORT, Cluster, Host, INTERNAL_ENDPOINT, LoadBalancer};
use crate::event::{EventKind, Finding, Severity};
use crate::host::{Error, Probe, Remote};
use crate::members::{self, Member, Members};
use crate::playbook::{HostState, Leaving, Site};

/// Limit for the look: each member of etcd may take a while not to answer.
const LOOK: Duration = Duration::from_secs(120);

/// Whether a control plane's own API server is ready, which it is with its etcd. All of their certificates
/// have that name.
const READY: &str = "kubectl --kubeconfig /etc/kubernetes/admin.conf --server https://127.0.0.1:6443 --tls-server-name kubernetes --request-timeout 10s get --raw /readyz";

/// Limit for that question.
const ANSWER: Duration = Duration::from_secs(20);

/// Where there are several control planes, finds out which of the first do not answer, so that another acts
/// for the cluster. Where none does, none is silent.
pub async fn find_acting(
    session: &Session,
    remotes: &mut [&mut Remote],
    states: &mut [HostState],
) -> Result<(), Stop> {
    let planes = session.cluster.hosts.iter().zip(states.iter());
    let planes = planes.enumerate().filter(|(_, (host, state))| host.control_plane && state.joined);
    let planes: Vec<usize> = planes.map(|(index, _)| index).collect();
    if planes.len() < 2 {
        return Ok(());
    }
    let ready = Probe::new(READY);
    for (place, index) in planes.iter().enumerate() {
        let look = remotes[*index].probe(&ready, ANSWER);
        if session.unless_stopped(look).await?.is_ok_and(|answer| answer.status == 0) {
            for silent in &planes[..place] {
                states[*silent].silent = true;
                session.events.host(
                    &session.cluster.hosts[*silent].display,
                    EventKind::Finding(Finding::new(
"ApiServer",
Severity::Warning,
"its API server does not answer: another control plane acts for the cluster",
"see that the API server and etcd run there (`crictl ps`, `journalctl -u kubelet`)",
)),
                );
            }
            return Ok(());
        }
    }
    Ok(())
}

/// Refuses a host that was once made a node and is none any more: `remove --dead` took it out, or somebody
/// deleted it. Its journal does not know.
pub fn taken_out(cluster: &Cluster, states: &[HostState], members: &Members) -> Result<(), Stop> {
    let ours = cluster.hosts.iter().zip(states).filter(|(_, state)| state.joined && !state.foreign);
    let known = |state: &HostState| {
        members.node(&state.node, Some(state.address)).is_some()
            || members.member(state.address).is_some()
    };
    let out: Vec<&Host> = ours.filter(|(_, state)| !known(state)).map(|(host, _)| host).collect();
    let Some(first) = out.first() else { return Ok(()) };
    let names: Vec<&str> = out.iter().map(|host| host.display.as_str()).collect();
    Err(refused(
        format!("{}: was a node of this cluster and was taken out of it", names.join(", ")),
        format!(
            "wipe it with `bivouac wipe -m {}`, then let it join again; or take it out of cluster.yaml",
            first.address
        ),
    ))
}

/// Refuses to bring the hosts of a file in step that does not name all of the cluster: what it does not name
/// would be left out of the others' load balancers, and, where the cluster moves to another address, would
/// not find it any more. `leaving` are the addresses of those that are on their way out.
pub fn complete(site: &Site<'_>, members: &Members, leaving: &[IpAddr]) -> Result<(), Stop> {
    let known = |address: &IpAddr| {
        leaving.contains(address) || site.hosts.iter().any(|state| state.address == *address)
    };
    let mut missing: BTreeSet<String> = BTreeSet::new();
    let why = if site.moves() {
        let nodes = members.nodes.iter().filter(|node| !node.addresses.iter().any(known));
        missing.extend(nodes.map(|node| node.name.clone()));
        "the cluster is to get another address, under which they would not find it"
    } else {
        let balanced = site.cluster.load_balancer == LoadBalancer::Internal;
        let planes = members.etcd.iter().flatten().filter(|_| balanced);
        let planes = planes.filter(|member| member.address.is_some_and(|it| !known(&it)));
        // One that has not started yet has no name.
        let address =
            |member: &Member| member.address.map_or_else(String::new, |it| it.to_string());
        missing.extend(planes.map(|member| match member.name.as_str() {
            "" => address(member),
            name => name.to_owned(),
        }));
        "the workers' load balancers would lose them"
    };
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Err(refused(
        format!("the cluster has nodes that cluster.yaml does not name: {names}: {why}"),
        "add them to cluster.yaml; one that is no more goes with `bivouac remove NAME --dead`",
    ))
}

/// Asks the cluster who is in it.
pub async fn survey(session: &Session, host: &Host, remote: &mut Remote) -> Result<Members, Stop> {
    session.unless_stopped(ask(host, remote)).await?
}

async fn ask(host: &Host, remote: &mut Remote) -> Result<Members, Stop> {
    let failed = |cause: String, fix: &str| {
        Stop::new(
            Exit::Refused,
            format!("{}: the cluster cannot be asked: {cause}\n  fix: {fix}", host.display),
        )
    };
    let answer = remote
        .probe(&Probe::new(members::SCRIPT), LOOK)
        .await
        .map_err(|error| failed(error.to_string(), &error.fix()))?;
    match answer.good() {
        Ok(answer) => Ok(Members::parse(&answer.stdout)),
        Err(error) => {
            let way_lost = matches!(&error, Error::Script { answer, .. } if answer.status == members::WAY_LOST);
            let fix = if way_lost {
                "see that the load balancer is on, and that it sends TCP on to port 6443 of the control \
                 planes"
            } else {
                "see that the API server and etcd run there (`crictl ps`, `journalctl -u kubelet`)"
            };
            Err(failed(error.to_string(), fix))
        }
    }
}

/// A cluster that had several control planes once: its nodes still look for them under their own address. It is
/// known before images are: a load balancer has one.
pub fn shrunk(cluster: &mut Cluster, states: &[HostState]) {
    let internal = |state: &HostState| state.server.as_deref() == Some(INTERNAL_ENDPOINT);
    let has_own = states.iter().any(|state| state.joined && internal(state));
    if cluster.load_balancer == LoadBalancer::None && has_own {
        cluster.load_balancer = LoadBalancer::Internal;
    }
}

/// Compares cluster.yaml with the cluster that runs, which has the last word about its own address: it
/// was made with it. Fits the load balancer to that; and the pods' addresses, where another tool (`foreign`)
/// made it. `may_move`: it has a single control plane, and can be given the address that cluster.yaml
/// implies.
pub fn settle(
    cluster: &mut Cluster,
    acting: &HostState,
    foreign: bool,
    members: &Members,
    may_move: bool,
) -> Result<(), Stop> {
    let version = cluster.kubernetes.version.to_string();
    if members.version != version {
        return Err(refused(
            format!("the cluster runs Kubernetes {}, this run is for {version}", members.version),
            format!("write `version: {}` in cluster.yaml{}", members.version, cluster.bundle_too()),
        ));
    }
    let own = SocketAddr::new(acting.address, API_PORT).to_string();
    let real = members.endpoint.clone();
    if foreign {
        if let Some(subnet) = members.pod_subnet {
            cluster.network.pod_subnet = subnet;
        }
        cluster.control_plane_endpoint = Some(real.unwrap_or(own));
        cluster.load_balancer = LoadBalancer::External;
        return Ok(());
    }
    let Some(real) = real else { return Ok(()) };
    let grows = may_move && cluster.hosts.iter().filter(|host| host.control_plane).count() > 1;
    match cluster.shared_endpoint() {
        Some(wanted) if wanted == real => Ok(()),
        // It had several control planes once; its nodes still look for them under this address.
        None if real == INTERNAL_ENDPOINT => {
            cluster.load_balancer = LoadBalancer::Internal;
            Ok(())
        }
        None if real == own => Ok(()),
        // Those who would need another address have no part in this run.
        Some(_) if real == own && cluster.load_balancer == LoadBalancer::Internal && !grows => {
            cluster.load_balancer = LoadBalancer::None;
            Ok(())
        }
        Some(_) if real == own && may_move => Ok(()),
        None => {
            cluster.control_plane_endpoint = Some(real);
            cluster.load_balancer = LoadBalancer::External;
            Ok(())
        }
        Some(wanted) => Err(refused(
            format!(
                "the cluster was made with the address `{real}`, cluster.yaml implies `{wanted}`"
            ),
            format!(
                "write `controlPlaneEndpoint: {real}` in cluster.yaml to keep that address; a cluster with a \
                 single control plane gets the other by `bivouac init`"
            ),
        )),
    }
}

/// Notes the nodes that the cluster has, but for those that leave.
pub fn note_nodes(cluster: &mut Cluster, members: &Members, leaving: &[Leaving]) {
    let stays = |node: &&members::Node| !leaving.iter().any(|it| it.node == node.name);
    let addresses = members.nodes.iter().filter(stays).flat_map(|node| &node.addresses);
    cluster.nodes = addresses.copied().collect::<BTreeSet<_>>().into_iter().collect();
}

/// A refusal of the cluster as a whole.
pub fn refused(message: impl AsRef<str>, fix: impl AsRef<str>) -> Stop {
    Stop::new(Exit::Refused, format!("{}\n  fix: {}", message.as_ref(), fix.as_ref()))
}

/// Keeps those elements whose index is among `kept`.
pub fn only<T>(all: Vec<T>, kept: &[usize]) -> Vec<T> {
    let with_index = all.into_iter().enumerate();
    with_index.filter(|(index, _)| kept.contains(index)).map(|(_, it)| it).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What cluster.yaml with this line comes to for a cluster with that address, and how.
    fn settled(line: &str, second: &str, real: Option<&str>, foreign: bool, grows: bool) -> String {
        let text = format!(
            "apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {{name: demo}}\nspec:\n  kubernetes: {{version: v1.20.2}}\n  artifacts: {{bundle: b}}\n  {line}\n  hosts:\n  - {{address: 10.0.0.1, roles: [control-plane], name: cp1}}\n  - {{address: 10.0.0.2, roles: [{second}], name: h2}}\n"
        );
        let mut cluster = crate::cluster::parse("cluster.yaml", &text).unwrap();
        let acting = HostState {
            joined: true,
            foreign,
            ..HostState::bare("cp1", "10.0.0.1".parse().unwrap())
        };
        let members = Members {
            version: "v1.20.2".to_owned(),
            endpoint: real.map(str::to_owned),
            ..Members::default()
        };
        match settle(&mut cluster, &acting, foreign, &members, grows) {
            Err(stop) => format!("{stop:?}"),
            Ok(()) => format!(
                "{} {}",
                cluster.load_balancer.kind(),
                cluster.control_plane_endpoint.unwrap_or_default()
            ),
        }
    }

    #[test]
    fn the_cluster_has_the_last_word_about_its_address() {
        const NONE: &str = "network: {}";
        let (internal, own) = (Some("127.0.0.1:6443"), Some("10.0.0.1:6443"));
        for (line, second, real, foreign, expected) in [
            (NONE, "control-plane", internal, false, "internal "),
            (NONE, "worker", own, false, "none "),
            (NONE, "worker", internal, false, "internal "),
            (NONE, "worker", Some("a.example:6443"), false, "external a.example:6443"),
            (
                "controlPlaneEndpoint: a.example:6443",
                "worker",
                Some("a.example:6443"),
                false,
                "external a.example:6443",
            ),
            // Another tool's.
            (NONE, "worker", None, true, "external 10.0.0.1:6443"),
            (NONE, "control-plane", Some("a.example:6443"), true, "external a.example:6443"),
        ] {
            assert_eq!(
                settled(line, second, real, foreign, false),
                expected,
                "{line} {second} {real:?}"
            );
        }
        // It gets the address of several with the first that joins, and not before.
        assert_eq!(settled(NONE, "control-plane", own, false, true), "internal ");
        assert_eq!(settled(NONE, "control-plane", own, false, false), "none ");
        let balanced = "loadBalancer: {kind: internal}";
        assert_eq!(settled(balanced, "worker", own, false, true), "none ");
        let chosen = Some("a.example:6443");
        let grown = settled("loadBalancer: {kind: internal}", "worker", chosen, false, true);
        assert!(grown.contains("`a.example:6443`") && grown.contains("`bivouac init`"), "{grown}");
        let other = settled("controlPlaneEndpoint: b.example:6443", "worker", own, false, false);
        assert!(other.contains("b.example:6443"), "{other}");
    }

    /// A cluster file of two control planes and a worker, and what was read of them: all joined, the nodes
    /// go by that address.
    fn three(line: &str, server: &str) -> (Cluster, Vec<HostState>, Members) {
        let text = format!(
            "apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {{name: demo}}\nspec:\n  kubernetes: {{version: v1.20.2}}\n  artifacts: {{bundle: b}}\n  {line}\n  hosts:\n  - {{address: 10.0.0.1, roles: [control-plane], name: cp1}}\n  - {{address: 10.0.0.2, roles: [control-plane], name: cp2}}\n  - {{address: 10.0.0.3, roles: [worker], name: w1}}\n"
        );
        let cluster = crate::cluster::parse("cluster.yaml", &text).unwrap();
        let hosts = || [("cp1", "10.0.0.1"), ("cp2", "10.0.0.2"), ("w1", "10.0.0.3")].into_iter();
        let state = |(node, address): (&str, &str)| HostState {
            joined: true,
            server: Some(server.to_owned()),
            ..HostState::bare(node, address.parse().unwrap())
        };
        let node = |(name, address): (&str, &str)| crate::members::Node {
            name: name.to_owned(),
            ready: true,
            addresses: vec![address.parse().unwrap()],
        };
        let member = |(name, address): (&str, &str)| crate::members::Member {
            name: name.to_owned(),
            address: address.parse().ok(),
            healthy: true,
            learner: false,
        };
        let members = Members {
            nodes: hosts().map(node).collect(),
            etcd: Some(hosts().take(2).map(member).collect()),
            ..Members::default()
        };
        (cluster, hosts().map(state).collect(), members)
    }

    fn said(result: Result<(), Stop>) -> String {
        result.err().map_or_else(String::new, |stop| format!("{stop:?}"))
    }

    #[test]
    fn a_file_that_does_not_name_all_of_the_cluster_is_refused() {
        let whole = |line: &str, server: &str, kept: &[usize], leaving: &[IpAddr]| {
            let (cluster, states, members) = three(line, server);
            let (cluster, hosts) = (cluster.only(kept), only(states, kept));
            let artifacts = crate::playbook::Artifacts::default();
            let site = Site {
                cluster: &cluster,
                hosts: &hosts,
                artifacts: &artifacts,
                kubeconfig: "",
                leaving: &[],
            };
            said(complete(&site, &members, leaving))
        };
        let balanced = "loadBalancer: {kind: internal}";
        assert_eq!(whole(balanced, "127.0.0.1:6443", &[0, 1, 2], &[]), "");
        let lacks = whole(balanced, "127.0.0.1:6443", &[0, 2], &[]);
        assert!(lacks.contains("does not name: `cp2`") && lacks.contains("balancers"), "{lacks}");
        assert_eq!(whole(balanced, "127.0.0.1:6443", &[0, 1], &[]), "", "a worker is not missed");
        let cp2 = ["10.0.0.2".parse().unwrap()];
        assert_eq!(whole(balanced, "127.0.0.1:6443", &[0, 2], &cp2), "", "it is on its way out");
        // Nobody of ours spreads over them.
        let own = "controlPlaneEndpoint: a.b:6443";
        assert_eq!(whole(own, "a.b:6443", &[0, 2], &[]), "");
        // One that moves leaves nobody behind.
        let moves = whole(own, "10.0.0.1:6443", &[0], &[]);
        assert!(moves.contains("`cp2`, `w1`") && moves.contains("another address"), "{moves}");
    }

    #[test]
    fn a_node_that_was_taken_out_is_named() {
        let (cluster, mut states, mut members) = three("network: {}", "127.0.0.1:6443");
        assert_eq!(said(taken_out(&cluster, &states, &members)), "");
        members.nodes.retain(|node| node.name == "cp1");
        // cp2 is in etcd still: a removal was cut off.
        let out = said(taken_out(&cluster, &states, &members));
        assert!(out.contains("w1: was a node") && out.contains("wipe -m 10.0.0.3"), "{out}");
        assert!(!out.contains("cp2"), "{out}");
        states[2].joined = false;
        assert_eq!(said(taken_out(&cluster, &states, &members)), "", "it never was one");
    }

    #[test]
    fn who_answers_acts() {
        let (cluster, mut states, _) = three("network: {}", "127.0.0.1:6443");
        let acts = |states: &[HostState]| crate::playbook::acting(&cluster, states);
        assert_eq!(acts(&states), Some(0));
        states[0].silent = true;
        assert_eq!(acts(&states), Some(1));
        states[1].joined = false;
        assert_eq!(acts(&states), Some(0), "there is nobody else");
        states[0].joined = false;
        assert_eq!(acts(&states), None);
    }

    #[test]
    fn nodes_that_leave_are_not_among_those_that_are_known() {
        let mut cluster = crate::cluster::parse("cluster.yaml", "apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {name: demo}\nspec:\n  kubernetes: {version: v1.20.2}\n  artifacts: {bundle: b}\n  hosts:\n  - {address: 10.0.0.1, roles: [control-plane], name: cp1}\n").unwrap();
        let node = |name: &str, addresses: &[&str]| members::Node {
            name: name.to_owned(),
            ready: true,
            addresses: addresses.iter().map(|it| it.parse().unwrap()).collect(),
        };
        let nodes = vec![node("b", &["10.0.0.2", "fd00::2"]), node("a", &["10.0.0.1"])];
        let members = Members { nodes, ..Members::default() };
        note_nodes(&mut cluster, &members, &[]);
        let shown = |cluster: &Cluster| format!("{:?}", cluster.nodes);
        assert_eq!(shown(&cluster), "[10.0.0.1, 10.0.0.2, fd00::2]");
        let leaving = Leaving {
            name: "h2".to_owned(),
            node: "b".to_owned(),
            address: "10.0.0.2".to_owned(),
            addresses: Vec::new(),
            control_plane: false,
            dead: false,
            drain: None,
            drain_timeout: 1,
        };
        note_nodes(&mut cluster, &members, &[leaving]);
        assert_eq!(shown(&cluster), "[10.0.0.1]");
    }

    #[test]
    fn another_version_is_refused() {
        let mut cluster = crate::cluster::parse("cluster.yaml", "apiVersion: bivouac/v1alpha1\nkind: Cluster\nmetadata: {name: demo}\nspec:\n  kubernetes: {version: v1.20.2}\n  artifacts: {bundle: b}\n  hosts:\n  - {address: 10.0.0.1, roles: [control-plane], name: cp1}\n").unwrap();
        let acting =
            HostState { joined: true, ..HostState::bare("cp1", "10.0.0.1".parse().unwrap()) };
        let members = Members { version: "v1.21.0".to_owned(), ..Members::default() };
        let refused = settle(&mut cluster, &acting, false, &members, true).unwrap_err();
        let said = format!("{refused:?}");
        assert!(said.contains("runs Kubernetes v1.21.0") && said.contains("v1.20.2"), "{said}");
    }
}
