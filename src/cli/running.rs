//! A cluster that runs: looked at through one of its control planes, before anything is changed.

use std::net::SocketAddr;
use std::time::Duration;

use super::exit::{Exit, Stop};
use crate::cluster::{Cluster, Host, LoadBalancer};
use crate::host::{Probe, Remote};
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
        Err(error) => Err(failed(
            error.to_string(),
            "see that the API server and etcd run there (`crictl ps`, `journalctl -u kubelet`)",
        )),
    }
}

/// Compares cluster.yaml with the cluster that runs, which has the last word about its own address: it
/// was made with it. Fits the load balancer to that.
pub fn settle(cluster: &mut Cluster, acting: &HostState, members: &Members) -> Result<(), Stop> {
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
    let own = SocketAddr::new(acting.address, 6443).to_string();
    let real = members.endpoint.clone();
    if acting.foreign {
        cluster.control_plane_endpoint = Some(real.unwrap_or(own));
        cluster.load_balancer = LoadBalancer::External;
        return Ok(());
    }
    let Some(real) = real else { return Ok(()) };
    let internal = "127.0.0.1:6443";
    let wanted = match (&cluster.control_plane_endpoint, &cluster.load_balancer) {
        (Some(endpoint), _) => Some(endpoint.clone()),
        (None, LoadBalancer::Internal) => Some(internal.to_owned()),
        (None, LoadBalancer::KubeVip { vip, .. }) => Some(format!("{vip}:6443")),
        (None, _) => None,
    };
    match wanted {
        Some(wanted) if wanted == real => Ok(()),
        // It had several control planes once; its nodes still look for them under this address.
        None if real == internal => {
            cluster.load_balancer = LoadBalancer::Internal;
            Ok(())
        }
        None if real == own => Ok(()),
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
                "write `controlPlaneEndpoint: {real}` in cluster.yaml to keep that address; a cluster that \
                 is to grow to several control planes needs a `controlPlaneEndpoint` or a `loadBalancer` \
                 from the start"
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
