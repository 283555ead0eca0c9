//! What templates and `when` expressions can see of a cluster and a host.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::cluster::{Cluster, Host};
use crate::host::Upload;
use crate::ssh::quote;

/// Everything that a plan is made of, apart from the playbooks.
#[derive(Debug)]
pub struct Site<'a> {
    pub cluster: &'a Cluster,
    /// One for each of `cluster.hosts`, in that order.
    pub hosts: &'a [HostState],
    pub artifacts: &'a Artifacts,
    /// Where the kubeconfig goes on the operator's machine.
    pub kubeconfig: &'a str,
}

/// What a plan needs to know of a host.
#[derive(Debug, Clone)]
pub struct HostState {
    /// OS family, as in `playbooks/os/`.
    pub family: String,
    /// Architecture by its Go name: `amd64`.
    pub arch: String,
    /// The node's name: the user's, or the host's own.
    pub node: String,
    /// The address that the node is known by in the cluster.
    pub address: IpAddr,
    /// `kubeadm init` or `join` was completed here.
    pub joined: bool,
}

/// The files that can be uploaded.
#[derive(Debug, Default)]
pub struct Artifacts(pub Vec<Available>);

/// One of them.
#[derive(Debug, Clone)]
pub struct Available {
    /// `binary`, `cni` or `image`.
    pub kind: String,
    /// Its file name: `kubelet`.
    pub name: String,
    /// Architecture by its Go name.
    pub arch: String,
    /// Names of the images in it.
    pub references: Vec<String>,
    /// The file.
    pub upload: Upload,
}

impl Artifacts {
    /// Those of a kind for an architecture.
    pub(super) fn of<'a>(
        &'a self,
        kind: &'a str,
        arch: &'a str,
    ) -> impl Iterator<Item = &'a Available> {
        self.0.iter().filter(move |available| available.kind == kind && available.arch == arch)
    }
}

/// `host:port` of the API server that all hosts use.
pub(super) fn endpoint(site: &Site<'_>) -> String {
    match (&site.cluster.control_plane_endpoint, first_control_plane(site)) {
        (Some(endpoint), _) => endpoint.clone(),
        (None, Some((_, state))) => std::net::SocketAddr::new(state.address, 6443).to_string(),
        (None, None) => String::new(),
    }
}

fn first_control_plane<'a>(site: &Site<'a>) -> Option<(&'a Host, &'a HostState)> {
    site.cluster.hosts.iter().zip(site.hosts).find(|(host, _)| host.control_plane)
}

/// Names of the images at hand, without repository and tag.
fn image_names<'a>(site: &Site<'a>, arch: &'a str) -> Vec<&'a str> {
    let last = |reference: &'a String| reference.rsplit('/').next().unwrap_or_default();
    site.artifacts
        .of("image", arch)
        .flat_map(|available| &available.references)
        .map(|reference| last(reference).split(':').next().unwrap_or_default())
        .collect()
}

/// The shell line that labels the nodes; empty where no host has labels.
fn labels(site: &Site<'_>) -> String {
    site.cluster
        .hosts
        .iter()
        .zip(site.hosts)
        .filter(|(host, _)| !host.labels.is_empty())
        .map(|(host, state)| {
            let labels = host.labels.iter().fold(String::new(), |labels, (key, value)| {
                labels + " " + &quote(&format!("{key}={value}"))
            });
            format!(
                "kubectl --kubeconfig /etc/kubernetes/admin.conf label --overwrite node {}{labels} >/dev/null",
                quote(&state.node)
            )
        })
        .collect::<Vec<_>>()
        .join(" && ")
}

/// The context of host `index`.
pub(super) fn of(site: &Site<'_>, index: usize) -> Value {
    let (host, state) = (&site.cluster.hosts[index], &site.hosts[index]);
    let kubernetes = &site.cluster.kubernetes;
    let version = kubernetes.version.facts();
    let repository = kubernetes
        .image_repository
        .clone()
        .unwrap_or_else(|| kubernetes.version.default_image_repository().to_owned());
    let first = first_control_plane(site);
    // The one host that labels the nodes. With a thousand hosts the line is long, and each host's
    // context would hold it.
    let labels = match first {
        Some((labelling, _)) if std::ptr::eq(labelling, host) => labels(site),
        _ => String::new(),
    };
    let initialized = first.is_some_and(|(_, state)| state.joined);
    json!({
        "cluster": {
            "name": site.cluster.name,
            "endpoint": endpoint(site),
            "kubeconfig": site.kubeconfig,
            "labels": labels,
            "initialized": initialized,
            // Some host is still to join, so a bootstrap token is needed.
            "joins_pending": site.cluster.hosts.iter().zip(site.hosts)
                .any(|(host, state)| !host.control_plane && !state.joined),
        },
        "kubernetes": {
            "version": kubernetes.version.to_string(),
            "minor": kubernetes.version.minor(),
            "api": version.kubeadm_api,
            "repository": repository,
            "pause": format!("{repository}/pause:{}", version.pause),
            "skip_phases": kubernetes.skip_phases,
            // kubeadm's own taint was renamed in 1.24 (kubeadm#2200); until 1.23 only the old one counts.
            "control_plane_taint": if kubernetes.version.minor() < 24 {
                "node-role.kubernetes.io/master"
            } else {
                "node-role.kubernetes.io/control-plane"
            },
            "ignore_preflight_errors": kubernetes.ignore_preflight_errors,
        },
        "bundle": {"images": image_names(site, &state.arch)},
        "network": {
            "pod_subnet": site.cluster.network.pod_subnet.to_string(),
            "service_subnet": site.cluster.network.service_subnet.to_string(),
            "dns_domain": site.cluster.network.dns_domain,
        },
        "host": {
            "name": host.display,
            "node": state.node,
            "address": state.address,
            "arch": state.arch,
            "joined": state.joined,
            "control_plane": host.control_plane,
            "worker": host.worker || !host.control_plane,
            // A control plane that carries pods too, or that has nobody to carry them.
            "schedulable": !host.control_plane || host.worker || site.cluster.hosts.len() == 1,
            "taints": host.taints.iter().map(|taint| {
                let mut value = json!({"key": taint.key, "effect": taint.effect});
                if let Some(text) = &taint.value {
                    value["value"] = json!(text);
                }
                value
            }).collect::<Vec<_>>(),
        },
    })
}
