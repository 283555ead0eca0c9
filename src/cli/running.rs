//! A cluster that runs: looked at through one of its control planes, before anything is changed.

use std::net::SocketAddr;
use std::time::Duration;

use super::exit::{Exit, Stop};
use crate::cluster::{API_PORT, Cluster, Host, INTERNAL_ENDPOINT, LoadBalancer};
use crate::host::{Error, Probe, Remote};
use crate::members::{self, Members};
use crate::playbook::HostState;

/// Limit for the look: each member of etcd may take a while not to answer.
const LOOK: Duration = Duration::from_secs(120);

/// The control plane that acts for the cluster: the first of these hosts that is in it.
pub fn acting(cluster: &Cluster, states: &[HostState]) -> Option<usize> {
    let mut hosts = cluster.hosts.iter().zip(states);
    hosts.position(|(host, state)| host.control_plane && state.joined)
}

/// Asks the cluster who is in it.
pub async fn survey(host: &Host, remote: &mut Remote) -> Result<Members, Stop> {
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
            format!(
                "the cluster runs Kubernetes {}, cluster.yaml asks for {version}",
                members.version
            ),
            format!(
                "write `version: {}` in cluster.yaml, with a bundle of that version",
                members.version
            ),
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
