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

/// Whether a name is Calico's, Weave's or flannel's, which people have on hosts without Kubernetes as well.
pub(super) fn works_alone(name: &str) -> bool {
    ["cali", "weave", "Weave", "WEAVE", "vethwe", "flannel", "FLANNEL"]
        .iter()
        .any(|it| name.contains(it))
        || name == "vxlan-6784"
}

/// What becomes of such a thing where nothing says that there was a Kubernetes.
pub(super) fn alone() -> Outcome {
    unsure(
        "Calico, Weave and flannel work without Kubernetes too, and nothing else says that there was one",
    )
}

/// Whether anybody else has, or may have, networks of plugins here.
pub(super) fn others_may_use(host: &Host<'_>) -> bool {
    shares(host) || CNI_USERS.iter().any(|path| host.path(path).is_some())
}

/// Whether others have networks here too.
fn shares(host: &Host<'_>) -> bool {
    host.of(Kind::Attachment).any(|it| !it.is("pod")) || !host.other_networks().is_empty()
}
