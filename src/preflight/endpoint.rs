//! The address under which all hosts reach the API servers, where it is not a host's own.

use std::net::IpAddr;

use super::{Api, Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};
use crate::cluster::{API_PORT, LoadBalancer};
use crate::host::facts::{Endpoint, Reached};

pub(super) const CHECK: Check = Check {
    name: "ControlPlaneEndpoint",
    description: "the cluster's address resolves, leads to the cluster where that runs, and to nobody \
                  else where it does not",
    severity: Severity::Error,
    phase: Phase::Init,
    breaks: "nodes wait for an API server that is not at the cluster's address",
    kubeadm: None,
    needs: &[need::ENDPOINT],
    page: "Seen from each host where the address is no host's own (`controlPlaneEndpoint`, a \
           virtual address): whether the name resolves, and what answers there. Before the cluster \
           is made nobody may answer as an API server, and a virtual address must be nobody's; \
           afterwards the address must lead to the cluster.\n\nCorrect DNS, the load balancer, or \
           cluster.yaml, as the finding says.",
    run: Run::EachHost(run),
};

/// What gives a control plane the virtual address.
const KUBE_VIP: &str = "/etc/kubernetes/manifests/kube-vip.yaml";

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let Some(endpoint) = &host.facts.endpoint else { return vec![] };
    let mut findings = Vec::new();
    let virtual_address = matches!(context.cluster.load_balancer, LoadBalancer::KubeVip { .. });
    let any = |is: fn(&HostFacts<'_>) -> bool| context.hosts.iter().any(is);
    findings.extend(match context.api {
        _ if endpoint.reached == Reached::Unresolved => Some(unresolved(host, endpoint)),
        Api::There => lost(context, host, endpoint),
        // What was begun may answer, or not yet.
        Api::Nowhere if any(|host| host.facts.is_our_node()) => None,
        Api::Moves if virtual_address && any(|host| host.facts.has_claimed(KUBE_VIP)) => None,
        _ if virtual_address => taken(host, endpoint),
        Api::Moves => not_led(host, endpoint),
        Api::Nowhere => external(context, host, endpoint),
    });
    findings.extend(rewritten(host, endpoint));
    if let LoadBalancer::KubeVip { vip, interface } = &context.cluster.load_balancer {
        let inside = host.facts.global_addresses().any(|own| own.net.contains(&IpAddr::V4(*vip)));
        if host.host.control_plane && !inside && interface.is_none() {
            let message =
                format!("it has no address in the network of the virtual address `{vip}`");
            let fix = "choose a free address of the control planes' own network as \
                       `loadBalancer.vip`, or name the `interface` that carries it";
            findings.push(host.error(CHECK.name, message, fix));
        }
    }
    findings
}

fn unresolved(host: &HostFacts<'_>, endpoint: &Endpoint) -> Finding {
    let message = format!("`{}`, the cluster's address, does not resolve here", endpoint.name);
    let fix = "add it to the DNS, or to the hosts' `/etc/hosts`; or correct `controlPlaneEndpoint`";
    host.error(CHECK.name, message, fix)
}

/// The name is in a file that cloud-init makes anew at each boot, of a template that does not have it.
fn rewritten(host: &HostFacts<'_>, endpoint: &Endpoint) -> Option<Finding> {
    if !host.facts.names.cloud_hosts || !endpoint.in_hosts {
        return None;
    }
    let message = format!(
        "`{}` is in `/etc/hosts`, which cloud-init writes anew at each boot: after a reboot the name may be gone",
        endpoint.name
    );
    let command = "echo 'manage_etc_hosts: false' >/etc/cloud/cloud.cfg.d/99-manage-hosts.cfg";
    let fix = "have cloud-init leave the file alone, or put the name into its template below `/etc/cloud/templates` as well";
    Some(host.warning(CHECK.name, message, fix).typed(command))
}

/// The cluster runs, and is not found under its address. A host that is to join would wait for it in
/// vain; but what the address leads to may be starting just now, and a run that goes on waits for it.
fn lost(context: &Context<'_>, host: &HostFacts<'_>, endpoint: &Endpoint) -> Option<Finding> {
    let name = &endpoint.name;
    let instead = instead(endpoint.reached)?;
    let listens = |port: u16| {
        let planes = context.hosts.iter().filter(|host| host.host.control_plane);
        let mut listeners = planes.flat_map(|host| host.facts.listeners.iter().flatten());
        listeners.any(|listener| listener.port == port)
    };
    let message =
        format!("the cluster runs, and is not found at its address `{name}` from here: {instead}");
    let fix = match context.cluster.load_balancer {
        LoadBalancer::KubeVip { .. } => {
            "see that kube-vip runs on the control planes (`crictl ps` there), and that no firewall is \
             in between"
        }
        _ => {
            "see that the load balancer is on, that it sends TCP on to port 6443 of the control \
             planes, and that no firewall is in between"
        }
    };
    Some(if !host.facts.is_our_node() && listens(API_PORT) {
        host.error(CHECK.name, message, fix)
    } else {
        host.warning(CHECK.name, message, fix)
    })
}

/// What came back instead of an API server, where that is known.
fn instead(reached: Reached) -> Option<&'static str> {
    match reached {
        Reached::ApiServer | Reached::Unknown | Reached::Unresolved => None,
        Reached::Refused => Some("the connection is refused"),
        Reached::Other => Some("who takes the connection is no API server"),
        Reached::Nobody | Reached::Silent => Some("nothing answers"),
    }
}

/// All nodes of a cluster that runs are about to go by this address, so it must lead there already.
fn not_led(host: &HostFacts<'_>, endpoint: &Endpoint) -> Option<Finding> {
    let instead = instead(endpoint.reached)?;
    let name = &endpoint.name;
    let message = format!(
        "the cluster is to get the address `{name}`, which does not lead to its API server from here: {instead}"
    );
    let fix = "see that the load balancer is on, that it sends TCP on to port 6443 of the control plane, and \
               that no firewall is in between";
    Some(host.error(CHECK.name, message, fix))
}

/// Before the cluster is there. A load balancer with nothing behind it takes the connection and hangs
/// up, or is silent; few refuse.
fn external(context: &Context<'_>, host: &HostFacts<'_>, endpoint: &Endpoint) -> Option<Finding> {
    let name = &endpoint.name;
    match endpoint.reached {
        Reached::ApiServer => {
            let message = format!("an API server answers at `{name}` already, of another cluster");
            let fix = "name another `controlPlaneEndpoint`, or take the other cluster's servers out \
                       of the load balancer";
            Some(host.error(CHECK.name, message, fix))
        }
        // A name of the control plane itself: its API server comes later.
        Reached::Refused if !is_control_plane(context, endpoint) => {
            let message = format!("nothing listens at `{name}` yet");
            let fix = "see that the load balancer is on; some refuse connections until a control plane \
                       is up, and then this is well";
            Some(host.warning(CHECK.name, message, fix))
        }
        Reached::Nobody | Reached::Silent => {
            let message = format!("nothing answers at `{name}`, not even with a refusal");
            let fix = "see that the load balancer is on, and that no firewall is in between";
            Some(host.warning(CHECK.name, message, fix))
        }
        _ => None,
    }
}

fn is_control_plane(context: &Context<'_>, endpoint: &Endpoint) -> bool {
    let planes = context.hosts.iter().filter(|host| host.host.control_plane);
    let mut own = planes.flat_map(|host| host.facts.addresses.iter().flatten());
    own.any(|own| endpoint.addresses.contains(&own.net.addr()))
}

fn taken(host: &HostFacts<'_>, endpoint: &Endpoint) -> Option<Finding> {
    let addresses = quoted([&endpoint.name]);
    let message = match endpoint.reached {
        Reached::ApiServer | Reached::Other | Reached::Refused => {
            format!("somebody answers at {addresses}: the virtual address is taken")
        }
        Reached::Silent => format!(
            "a machine that does not answer has the address of {addresses}: the virtual address is taken"
        ),
        _ => return None,
    };
    let fix = "choose a `loadBalancer.vip` that no machine has";
    Some(host.error(CHECK.name, message, fix))
}
