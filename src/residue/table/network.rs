//! Pod networks: rooms for their configurations, programs, notes and state, for links, routes, rules of routing and addresses.

mod addresses;
mod config;
mod files;
mod links;
mod notes;
mod plugins;
mod policies;
mod routes;
mod words;

pub(super) use addresses::ENTRIES as ADDRESSES;
pub(super) use config::ENTRIES as CONFIG;
pub(super) use files::ENTRIES as FILES;
pub(super) use links::{ENTRIES as LINKS, SWITCH};
pub(in crate::residue) use links::{is_calicos_end, is_clusters_link};
pub(super) use notes::ENTRIES as NOTES;
pub(super) use plugins::ENTRIES as PLUGINS;
pub(super) use policies::ENTRIES as POLICIES;
pub(super) use routes::ENTRIES as ROUTES;

use super::super::Outcome;
use super::super::host::{CNI_USERS, Host, unsure};
use crate::host::inventory::Kind;

/// Whether a name is that of a network that people have on hosts without Kubernetes as well: Nomad has Calico, Weave and Cilium, and Cilium takes in hosts of
/// no cluster (external workloads); kube-router and Antrea are programs that anybody can start.
pub(super) fn works_alone(name: &str) -> bool {
    const NETWORKS: [&str; 6] = ["cali", "weave", "vethwe", "flannel", "cilium", "antrea"];
    let plain = name.to_ascii_lowercase();
    NETWORKS.iter().any(|it| plain.contains(it))
        || plain.contains("kube-router")
        || name == "vxlan-6784"
}

/// What becomes of such a thing where nothing says that there was a Kubernetes.
pub(super) fn alone() -> Outcome {
    unsure("such networks work without Kubernetes too, and nothing else says that there was one")
}

/// Whether anybody else has, or may have, networks of plugins here.
pub(super) fn others_may_use(host: &Host<'_>) -> bool {
    shares(host) || CNI_USERS.iter().any(|path| host.path(path).is_some())
}

/// Whether others have networks here too.
fn shares(host: &Host<'_>) -> bool {
    host.of(Kind::Attachment).any(|it| !it.is("pod")) || !host.other_networks().is_empty()
}
