//! Ports that Kubernetes' own processes listen on must be free, and the one that the bundle is served on.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};
use crate::cluster::LoadBalancer;

pub(super) const CHECK: Check = Check {
    name: "Port-*",
    description: "the ports of Kubernetes are free",
    severity: Severity::Error,
    phase: Phase::Init,
    breaks: "a program of Kubernetes cannot listen: `bind: address already in use`",
    kubeadm: Some(
        "in every version, for 6443, 10259, 10257, 10250, 2379 and 2380; not for 10248, 10249 and 10256",
    ),
    needs: &[need::LISTENERS],
    page: "Seen in `/proc/net/tcp` and `tcp6`, with the process where it can be seen. Control \
           planes need 6443, 2379, 2380, 10257 and 10259, all nodes 10248, 10249, 10250 and 10256, \
           workers 6443 for their own load balancer, and who serves the bundle its port.\n\nStop \
           the process, or the service that it belongs to.",
    run: Run::EachHost(run),
};

/// API server; etcd's clients and peers; controller manager; scheduler.
const CONTROL_PLANE: [u16; 5] = [6443, 2379, 2380, 10257, 10259];
/// kubelet's health and API; kube-proxy's metrics and health. kubeadm checks 10250 only, but with
/// 10248 taken the kubelet does not start either.
const EVERY_NODE: [u16; 4] = [10248, 10250, 10249, 10256];

/// A worker's own load balancer.
const LOAD_BALANCER: u16 = 6443;

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    if host.facts.is_our_node() {
        return vec![];
    }
    let is_worker = !host.host.control_plane;
    let control_plane = CONTROL_PLANE.iter().filter(|_| !is_worker);
    let internal = context.cluster.load_balancer == LoadBalancer::Internal;
    let balancer = Some(&LOAD_BALANCER).filter(|_| is_worker && internal);
    let serve = context.cluster.serve.as_ref().filter(|serve| serve.host == host.host.display);
    let serve = serve.map(|serve| &serve.port);
    let finding = |port: &u16| {
        let listeners = host.facts.listeners.as_ref()?;
        let listener = listeners.iter().find(|listener| listener.port == *port)?;
        // Ours, which an earlier run left: it is started anew.
        if serve == Some(port) && listener.process.as_deref() == Some("bivouac") {
            return None;
        }
        // What another run listens with for a moment (`host/ways.sh`); the kernel keeps 15 letters of a name.
        if listener.process.as_deref() == Some("systemd-socket-") {
            return None;
        }
        let (message, fix) = match &listener.process {
            Some(process) => (
                format!("port {port} is in use by `{process}`"),
                format!("stop `{process}`, or the service that it belongs to"),
            ),
            None => (
                format!("port {port} is in use"),
                format!("find out by what (`ss -ltnp 'sport = :{port}'`) and stop it"),
            ),
        };
        let command = format!(
            "kill $(ss -ltnp 'sport = :{port}' | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u)"
        );
        Some(host.error(&format!("Port-{port}"), message, fix).typed(command))
    };
    control_plane.chain(balancer).chain(&EVERY_NODE).chain(serve).filter_map(finding).collect()
}
