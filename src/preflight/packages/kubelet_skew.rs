//! The kubelet of a host that is a node already, against its cluster.

use super::super::{Context, Finding, HostFacts};
use super::shadows::CHECK;
use crate::cluster::Version;

/// The version of what calls itself `v1.20.2` or `v1.20.2-k3s1`.
fn version(text: &str) -> Option<Version> {
    let plain = text.trim_start_matches('v').split(['-', '+']).next()?;
    plain.parse().ok().map(Version)
}

/// A kubelet is never newer than the API server, and older by so many minors at the most (the version skew policy).
pub(super) fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Option<Finding> {
    let told = host.facts.member.kubelet.as_ref()?;
    let planes = context.hosts.iter().filter_map(|it| it.facts.api_version.as_ref());
    let kubelet = version(told)?;
    // Of several that are not of one version the oldest counts.
    let api = planes.filter_map(|it| version(it)).min_by_key(|it| it.0.clone())?;
    let skew = api.facts().kubelet_skew;
    let message = if kubelet.minor() > api.minor() {
        format!("its kubelet is {told}, newer than the cluster's API server, {api}")
    } else if kubelet.minor() + skew < api.minor() {
        format!(
            "its kubelet is {told}, more than {skew} minors older than the cluster's API server, {api}"
        )
    } else {
        return None;
    };
    let fix = format!("give it the kubelet of {api}, or take the host out of the cluster");
    Some(host.error(CHECK.name, message, fix))
}
