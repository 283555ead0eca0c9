//! The address under which all hosts reach the API servers, where it is not a host's own.

use super::{Check, Context, Finding, HostFacts, Run, quoted};
use crate::cluster::LoadBalancer;
use crate::host::facts::{Endpoint, Reached};

pub(super) const CHECK: Check = Check {
    name: "ControlPlaneEndpoint",
    description: "the cluster's address resolves, and nobody else answers there",
    run: Run::EachHost(run),
};

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let Some(endpoint) = &host.facts.endpoint else { return vec![] };
    let ours = context.hosts.iter().any(|host| host.facts.is_our_node());
    let mut findings = Vec::new();
    if let LoadBalancer::KubeVip { vip, interface } = &context.cluster.load_balancer {
        findings.extend(virtual_address(host, endpoint, ours));
        let inside =
            host.facts.global_addresses().any(|own| own.net.contains(&std::net::IpAddr::V4(*vip)));
        if host.host.control_plane && !inside && interface.is_none() {
            let message =
                format!("it has no address in the network of the virtual address `{vip}`");
            let fix = "choose a free address of the control planes' own network as \
                       `loadBalancer.vip`, or name the `interface` that carries it";
            findings.push(host.error(CHECK.name, message, fix));
        }
    } else {
        findings.extend(external(host, endpoint, ours));
    }
    findings
}

fn external(host: &HostFacts<'_>, endpoint: &Endpoint, ours: bool) -> Option<Finding> {
    let name = &endpoint.name;
    match endpoint.reached {
        Reached::Unresolved => {
            let message = format!("`{name}`, the cluster's address, does not resolve here");
            let fix = "add it to the DNS, or to the hosts' `/etc/hosts`; or correct \
                       `controlPlaneEndpoint`";
            Some(host.error(CHECK.name, message, fix))
        }
        Reached::ApiServer if !ours => {
            let message = format!("an API server answers at `{name}` already, of another cluster");
            let fix = "name another `controlPlaneEndpoint`, or take the other cluster's servers out \
                       of the load balancer";
            Some(host.error(CHECK.name, message, fix))
        }
        // Nothing is behind it yet, so a refusal is as good an answer as any.
        Reached::Nobody => {
            let message = format!("nothing answers at `{name}`, not even with a refusal");
            let fix = "see that the load balancer is on, and that no firewall is in between";
            Some(host.warning(CHECK.name, message, fix))
        }
        _ => None,
    }
}

fn virtual_address(host: &HostFacts<'_>, endpoint: &Endpoint, ours: bool) -> Option<Finding> {
    let taken = matches!(endpoint.reached, Reached::ApiServer | Reached::Other | Reached::Refused);
    if ours || !taken {
        return None;
    }
    let addresses = quoted([&endpoint.name]);
    let message = format!("somebody answers at {addresses}: the virtual address is taken");
    let fix = "choose a `loadBalancer.vip` that no machine has";
    Some(host.error(CHECK.name, message, fix))
}
