//! Pod networks: a room for their files, one for links, one for routes, addresses and namespaces.

mod addresses;
mod files;
mod links;
mod routes;

pub(super) use addresses::ENTRIES as ADDRESSES;
pub(super) use files::ENTRIES as FILES;
pub(super) use links::ENTRIES as LINKS;
pub(in super::super) use links::is_calicos_end;
pub(super) use routes::ENTRIES as ROUTES;

use super::super::Outcome;
use super::super::host::{CNI_USERS, Host, unsure};
use crate::host::inventory::Kind;

/// Whether a name is Calico's, Weave's or flannel's, which people have on hosts without Kubernetes as well.
pub(super) fn works_alone(name: &str) -> bool {
    ["cali", "weave", "WEAVE", "flannel", "FLANNEL"].iter().any(|it| name.contains(it))
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
