//! What the cluster's programs are told beyond kubeadm's own choice, for kubeadm's `ClusterConfiguration` and the
//! configurations that go with it. Data for templates, the same for every version of kubeadm's API.

use serde_json::{Value, json};

use super::site::{HostState, Site};
use crate::cluster::Cluster;

/// Where the API servers find what `spec.security` brings; `playbooks/init` puts it there.
const AUDIT_POLICY: &str = "/etc/kubernetes/bivouac/audit-policy.yaml";
const AUDIT_LOGS: &str = "/var/log/kubernetes/audit";
const ENCRYPTION: &str = "/etc/kubernetes/bivouac/encryption.yaml";

/// The part of a template's context that is called `components`.
pub(super) fn of(cluster: &Cluster) -> Value {
    let (mut arguments, mut volumes) = (Vec::new(), Vec::new());
    let mut argument =
        |name: &str, value: &str| arguments.push(json!({"name": name, "value": value}));
    let mut volume = |name: &str, path: &str, kind: &str, read_only: bool| {
        volumes.push(json!({"name": name, "path": path, "type": kind, "read_only": read_only}));
    };
    let security = cluster.security;
    if security.audit {
        argument("audit-policy-file", AUDIT_POLICY);
        argument("audit-log-path", &format!("{AUDIT_LOGS}/audit.log"));
        // A thousand megabytes at most.
        argument("audit-log-maxage", "30");
        argument("audit-log-maxbackup", "9");
        argument("audit-log-maxsize", "100");
        volume("audit-policy", AUDIT_POLICY, "File", true);
        volume("audit-logs", AUDIT_LOGS, "DirectoryOrCreate", false);
    }
    if security.encryption {
        argument("encryption-provider-config", ENCRYPTION);
        volume("encryption", ENCRYPTION, "File", true);
    }
    if security.serving_certificates {
        argument("kubelet-certificate-authority", "/etc/kubernetes/pki/ca.crt");
    }
    let version = &cluster.kubernetes.version;
    let network = &cluster.network;
    // kubeadm passes its gate on to all components and kubelets (app/phases/controlplane, app/componentconfigs).
    let dual_gate = network.pod_subnet.is_dual() && version.facts().dual_stack_gate;
    json!({
        "gates": if dual_gate { vec!["IPv6DualStack"] } else { vec![] },
        "api_server": {"arguments": arguments, "volumes": volumes},
        "kubelet": {"server_tls_bootstrap": security.serving_certificates},
        "kube_proxy": {
            "mode": network.proxy_mode.word(),
            "gates": network.proxy_mode.gate(version).into_iter().collect::<Vec<_>>(),
        },
    })
}

/// Each node, with the addresses that it is known by, as JSON in one string: with many hosts a list would be
/// taken apart for each step.
pub(super) fn askers(site: &Site<'_>) -> String {
    let asker = |state: &HostState| {
        let addresses = addresses(site, state);
        json!({"node": state.node, "addresses": addresses.split(',').collect::<Vec<_>>()})
    };
    Value::Array(site.hosts.iter().map(asker).collect()).to_string()
}

/// The node's addresses, with a comma: of each family that the cluster has.
pub(super) fn addresses(site: &Site<'_>, state: &HostState) -> String {
    let dual = site.cluster.network.pod_subnet.is_dual();
    let other = state.other_address.filter(|_| dual);
    let all = std::iter::once(state.address).chain(other);
    all.map(|address| address.to_string()).collect::<Vec<_>>().join(",")
}

/// What is said of addresses and services.
pub(super) fn network(site: &Site<'_>) -> Value {
    let network = &site.cluster.network;
    json!({
        "pod_subnet": network.pod_subnet.to_string(),
        "service_subnet": network.service_subnet.to_string(),
        "dns_domain": network.dns_domain,
        "dual": network.pod_subnet.is_dual(),
        "proxy_mode": network.proxy_mode.word(),
    })
}

/// What the cluster is made with; one of another tool is not ours to make.
pub(super) fn security(site: &Site<'_>, foreign: bool) -> Value {
    let security = site.cluster.security;
    json!({
        "audit": !foreign && security.audit,
        "encryption": !foreign && security.encryption,
        "serving_certificates": !foreign && security.serving_certificates,
    })
}
