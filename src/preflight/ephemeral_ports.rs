//! Ports that the kernel gives to connections of the host's own must not be those that Kubernetes listens on.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "EphemeralPorts",
    description: "connections of the host's own begin at no port of Kubernetes",
    severity: Severity::Warning,
    phase: Phase::Operation,
    breaks: "now and then a component or a node port cannot listen: a connection has its port",
    kubeadm: None,
    needs: &[need::PORT_RANGE],
    page: "Seen by `net.ipv4.ip_local_port_range` and `net.ipv4.ip_local_reserved_ports`. The kernel's own \
           range, 32768 to 60999, is clear of everything; who wants more connections often begins at \
           1024.\n\nReserve the ports of Kubernetes.",
    run: Run::EachHost(run),
};

/// etcd; the API server; the kubelet, kube-proxy, controller manager and scheduler; node ports. Source: the ports
/// that `kubeadm` itself checks, and kube-apiserver's `--service-node-port-range`.
const PORTS: [(u16, u16); 4] = [(2379, 2380), (6443, 6443), (10248, 10259), (30000, 32767)];

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let packets = &host.facts.packets;
    let (Some((first, last)), Some(reserved)) = (packets.ephemeral, &packets.reserved) else {
        return vec![];
    };
    let is_kept = |port: u16| reserved.iter().any(|(from, to)| (*from..=*to).contains(&port));
    let is_taken =
        |(from, to): (u16, u16)| (from.max(first)..=to.min(last)).any(|port| !is_kept(port));
    if !PORTS.into_iter().any(is_taken) {
        return vec![];
    }
    let message = format!(
        "connections of its own begin at ports {first} to {last}, and those of Kubernetes are not reserved"
    );
    let all: Vec<String> = reserved
        .iter()
        .chain(&PORTS)
        .map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") })
        .collect();
    let setting = format!("net.ipv4.ip_local_reserved_ports={}", all.join(","));
    let command =
        format!("sysctl -w {setting} && echo {setting} >/etc/sysctl.d/80-kubernetes-ports.conf");
    vec![host.warning(CHECK.name, message, "reserve them").typed(command)]
}
