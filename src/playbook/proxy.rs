//! What hosts, and programs on them, reach without a proxy.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value, json};

use super::components;
use super::site::Site;

/// As templates see it. The proxies' addresses may have a password in them, and what is reached without one
/// is as long as the list of hosts: they are among the values.
pub(super) fn json(site: &Site<'_>) -> Value {
    let proxy = site.cluster.proxy.as_ref();
    json!({
        "used": proxy.is_some(),
        "http": proxy.is_some_and(|proxy| proxy.http.is_some()),
        "https": proxy.is_some_and(|proxy| proxy.https.is_some()),
    })
}

/// The cluster's own networks, hosts and names, and what the user added: each once, in a fixed order.
///
/// For the time of a run and for programs of all kinds: golang.org/x/net/http/httpproxy and curl from 7.86 on
/// understand networks too, others only names and addresses, so hosts stand here one by one.
#[must_use]
pub fn without_proxy(site: &Site<'_>) -> Vec<String> {
    let hosts = site.cluster.hosts.iter().zip(site.hosts).flat_map(|(host, state)| {
        let known = !state.address.is_unspecified();
        let own = known.then(|| components::addresses(site, state));
        [Some(host.address.clone()), own, Some(state.node.clone())].into_iter().flatten()
    });
    list(site, hosts.chain([api(site)]))
}

/// The name or address of the API server that all hosts use.
fn api(site: &Site<'_>) -> String {
    let endpoint = site.endpoint();
    let api = endpoint.rsplit_once(':').map_or(endpoint.as_str(), |(host, _)| host);
    api.trim_start_matches('[').trim_end_matches(']').to_owned()
}

/// The same for container runtimes, which remember it: they are written in Go, so hosts are in it by the networks
/// that they are on. What is on such a network is reached without a router, and so without a proxy; and a host
/// that comes or goes changes nothing for the others, whose runtimes would have to be started anew. By name only
/// those hosts are in it that something is pulled from.
#[must_use]
pub fn runtimes_without_proxy(site: &Site<'_>) -> Vec<String> {
    let networks: BTreeSet<IpNet> =
        site.hosts.iter().flat_map(|it| &it.networks).copied().collect();
    // The cluster's address is another one when a second control plane joins.
    let within =
        api(site).parse::<IpAddr>().is_ok_and(|api| networks.iter().any(|it| it.contains(&api)));
    let networks = networks.iter().map(IpNet::to_string);
    let asked = site.cluster.asked_registries();
    let names = site.cluster.hosts.iter().zip(site.hosts);
    let names = names.flat_map(|(host, state)| [&host.address, &state.node]);
    let names: BTreeSet<&String> = names.filter(|name| asked.contains(name.as_str())).collect();
    let api = Some(api(site)).filter(|_| !within);
    list(site, networks.chain(names.into_iter().cloned()).chain(api))
}

/// What is reached without a proxy whatever a program understands, with the hosts as they are given.
fn list(site: &Site<'_>, hosts: impl Iterator<Item = String>) -> Vec<String> {
    let network = &site.cluster.network;
    let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into_iter().chain([
        network.pod_subnet.to_string(),
        network.service_subnet.to_string(),
        ".svc".to_owned(),
        format!(".{}", network.dns_domain),
    ]);
    let given = site.cluster.proxy.iter().flat_map(|proxy| &proxy.no_proxy).cloned();
    let mut seen = HashSet::new();
    own.chain(hosts)
        .chain(given)
        // A dual-stack cluster has two networks in one word.
        .flat_map(|words| words.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>())
        .filter(|word| !word.is_empty() && seen.insert(word.clone()))
        .collect()
}
