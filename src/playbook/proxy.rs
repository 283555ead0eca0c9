//! What hosts, and programs on them, reach without a proxy.

use std::collections::HashSet;

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
/// Programs understand different things (golang.org/x/net/http/httpproxy and curl from 7.86 on networks too,
/// others only names and addresses), so hosts stand here one by one as well.
#[must_use]
pub fn without_proxy(site: &Site<'_>) -> Vec<String> {
    let (mut all, mut seen) = (Vec::new(), HashSet::new());
    let mut add = |name: &str| {
        // A dual-stack cluster has two networks in one word.
        for name in name.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if seen.insert(name.to_owned()) {
                all.push(name.to_owned());
            }
        }
    };
    for name in ["localhost", "127.0.0.1", "::1"] {
        add(name);
    }
    let network = &site.cluster.network;
    add(&network.pod_subnet.to_string());
    add(&network.service_subnet.to_string());
    add(".svc");
    add(&format!(".{}", network.dns_domain));
    for (host, state) in site.cluster.hosts.iter().zip(site.hosts) {
        add(&host.address);
        if !state.address.is_unspecified() {
            add(&components::addresses(site, state));
        }
        add(&state.node);
    }
    let endpoint = site.endpoint();
    let host = endpoint.rsplit_once(':').map_or(endpoint.as_str(), |(host, _)| host);
    add(host.trim_start_matches('[').trim_end_matches(']'));
    for name in site.cluster.proxy.iter().flat_map(|proxy| &proxy.no_proxy) {
        add(name);
    }
    all
}
