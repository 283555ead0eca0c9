//! What templates and `when` expressions can see of a cluster and a host.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::components;
use super::proxy;
use super::registries;
use super::resolve::image_name;
use super::site::{HostState, Leaving, Site};
use crate::cluster::versions::Release;
use crate::cluster::{Cluster, Host, LoadBalancer, Overrides, RuntimeKind, containerd, cri_o};
use crate::ssh::quote;

/// Names of the images at hand, without repository and tag.
fn image_names<'a>(site: &Site<'a>, arch: &'a str) -> Vec<&'a str> {
    references(site, arch).map(|reference| image_name(reference)).collect()
}

/// What the cluster calls its images, by their names: those at hand, and those that hosts pull. A load balancer
/// that hosts leave keeps its own.
fn image_references(site: &Site<'_>, state: &HostState) -> BTreeMap<String, String> {
    let images = site.cluster.images().into_iter();
    let pulled =
        images.filter_map(|it| Some((it.name.to_owned(), site.cluster.pulled(it.name)?.reference)));
    let here = references(site, &state.arch)
        .map(|it| (image_name(it).to_owned(), site.cluster.kubernetes.name_of(it)));
    let kept = state.balancer.iter().filter(|_| site.shrinks());
    let kept = kept.map(|image| ("haproxy".to_owned(), image.clone()));
    pulled.chain(here).chain(kept).collect()
}

fn references<'a>(site: &Site<'a>, arch: &'a str) -> impl Iterator<Item = &'a String> {
    site.artifacts.of("image", arch).flat_map(|available| &available.references)
}

/// Whether pods belong on a host: on a control plane that carries them too, or that has nobody to carry
/// them.
fn is_schedulable(site: &Site<'_>, host: &Host) -> bool {
    !host.control_plane || host.worker || site.cluster.is_single()
}

/// The arguments of `bv_settings_apply` (`host/members.sh`): each node's labels and taints.
///
/// kubeadm's taint of control planes is one of them: whether pods belong there may change, as when the first
/// worker joins.
fn settings(site: &Site<'_>) -> String {
    let mut words = Vec::new();
    let kubeadms = site.cluster.kubernetes.version.facts().control_plane_taint;
    for (host, state) in site.cluster.hosts.iter().zip(site.hosts) {
        words.push(format!("node {}", quote(&state.node)));
        let labels = host.labels.iter();
        words.extend(
            labels.map(|(key, value)| format!("label {}", quote(&format!("{key}={value}")))),
        );
        words.extend(host.taints.iter().map(|taint| {
            let value = taint.value.as_deref().unwrap_or_default();
            format!("taint {}", quote(&format!("{}={value}:{}", taint.key, taint.effect)))
        }));
        let kept_free = !is_schedulable(site, host) && !state.foreign;
        words.extend(
            kept_free.then(|| format!("taint {}", quote(&format!("{kubeadms}=:NoSchedule")))),
        );
    }
    words.join(" ")
}

/// A host's context, once for each host that leaves.
pub(super) fn of_leaving(site: &Site<'_>, context: &Value) -> Vec<Arc<Value>> {
    let leaving = |it: &Leaving| {
        let mut context = context.clone();
        context["leaving"] = json!({
            "name": it.name,
            "node": it.node,
            "address": it.address,
            "control_plane": it.control_plane,
            "dead": it.dead,
            "drained": it.drain.is_some(),
            "drain": it.drain,
            "drain_timeout": it.drain_timeout,
        });
        Arc::new(context)
    };
    site.leaving.iter().map(leaving).collect()
}

/// The runtime of a host: where it answers, and what its configuration has to look like.
fn runtime(site: &Site<'_>, index: usize) -> Value {
    let mut runtime = of_containerd(site, &site.hosts[index]);
    if site.cluster.runtime.traits.kind == RuntimeKind::CriO {
        of_cri_o(site, index, &mut runtime);
    }
    runtime
}

/// What cri-o's files have to say besides.
fn of_cri_o(site: &Site<'_>, index: usize, runtime: &mut Value) {
    let state = &site.hosts[index];
    let program = site.artifacts.of("binary", &state.arch).find(|it| it.name == "crio");
    let version = program.and_then(|program| program.version.trim_start_matches('v').parse().ok());
    runtime["oci"] = json!(cri_o::default_runtime(version));
    runtime["auth"] = json!("/etc/crio/auth.json");
}

fn of_containerd(site: &Site<'_>, state: &HostState) -> Value {
    let traits = site.cluster.runtime.traits;
    let program = site.artifacts.of("binary", &state.arch).find(|it| it.name == traits.name);
    let kind = traits.kind;
    let of = |it: RuntimeKind| site.cluster.runtime.existing && kind == it;
    let existing = state.containerd.as_ref().filter(|_| of(RuntimeKind::Containerd));
    let docker = state.docker.as_ref().filter(|_| of(RuntimeKind::Docker));
    let root = existing.and_then(|it| it.root.as_ref());
    let root = root.or_else(|| docker.and_then(|it| it.root.as_ref()));
    let version = match existing {
        Some(existing) => existing.version.as_deref(),
        None => program.map(|program| program.version.as_str()),
    };
    let version = version.and_then(|version| version.parse::<Release>().ok());
    let own = |own: Option<&String>, usual: &str| own.map_or(usual, String::as_str).to_owned();
    // A bare path until kubeadm 1.21 is the form that dockershim's time knew.
    let is_bare = site.cluster.kubernetes.version.facts().kubeadm_api == "v1beta2";
    json!({
        "name": traits.name,
        "socket": traits.socket(),
        "endpoint": traits.endpoint,
        "cri_socket": if is_bare { traits.socket() } else { traits.endpoint },
        "unit": traits.unit,
        "engine": traits.engine,
        "config": traits.config,
        "root": own(root, traits.root),
        "state": own(existing.and_then(|it| it.state.as_ref()), traits.state),
        // It was there and has an owner: nothing of it is changed.
        "existing": site.cluster.runtime.existing,
        "missing_sandbox": existing
            .filter(|it| it.has_sandbox == Some(false))
            .and_then(|it| it.sandbox.as_ref()),
        "config_version": containerd::config_version(version),
        "has_bin_dirs": containerd::has_bin_dirs(version),
    })
}

/// What a host can have of the bundle's images.
fn bundle(site: &Site<'_>, index: usize) -> Value {
    let arch = &site.hosts[index].arch;
    let source = |(name, location)| json!({"name": name, "location": location});
    json!({
        "images": image_names(site, arch),
        "references": image_references(site, &site.hosts[index]),
        // Where cri-o finds them, by what the cluster calls them.
        "sources": site.sources(index).into_iter().map(source).collect::<Vec<_>>(),
    })
}

/// A host's context, once for each registry that has a file of its own.
pub(super) fn of_registries(context: &Value) -> Vec<Arc<Value>> {
    let registries = context["registries"].as_array().into_iter().flatten();
    let own = registries.filter(|it| it["hosts"] != json!([]) || it["ca"] != json!(""));
    own.map(|registry| {
        let mut context = context.clone();
        context["registry"] = registry.clone();
        Arc::new(context)
    })
    .collect()
}

/// The virtual address, and the interface that it is to be on.
fn vip(cluster: &Cluster) -> (String, Option<String>) {
    match &cluster.load_balancer {
        LoadBalancer::KubeVip { vip, interface } => (vip.to_string(), interface.clone()),
        _ => (String::new(), None),
    }
}

/// The addresses of the hosts, and of nodes that the file does not name, with commas.
fn addresses(site: &Site<'_>) -> String {
    let hosts = site.hosts.iter().map(|host| components::addresses(site, host));
    let known = |it: &&IpAddr| {
        site.hosts.iter().any(|host| host.address == **it || host.other_address == Some(**it))
    };
    let nodes = site.cluster.nodes.iter().filter(|it| !known(it)).map(IpAddr::to_string);
    hosts.chain(nodes).collect::<Vec<_>>().join(",")
}

/// Names and addresses of the API servers, for those who spread over them.
fn api_servers(site: &Site<'_>) -> Vec<Value> {
    let one =
        |host: usize| json!({"node": site.hosts[host].node, "address": site.hosts[host].address});
    site.control_planes().map(one).collect()
}

/// The addresses of the hosts that leave, each with a `-`, with commas.
fn left(site: &Site<'_>) -> String {
    let all = site.leaving.iter().flat_map(|it| &it.addresses);
    all.map(|address| format!("-{address}")).collect::<Vec<_>>().join(",")
}

/// What of a kubelet's settings is the host's own. kubeadm gives all nodes the file of name servers that is right
/// on the first control plane (kubernetes/kubeadm#3034); one that differs from it gets its own.
fn kubelet(site: &Site<'_>, index: usize) -> Overrides {
    const FILE: &str = "resolvConf";
    let mut own = site.cluster.hosts[index].kubelet.clone();
    let first = site.control_planes().next().and_then(|first| site.hosts[first].resolved);
    let given = own.contains_key(FILE) || site.cluster.kubernetes.kubelet.contains_key(FILE);
    match (first, site.hosts[index].resolved) {
        (Some(false), Some(true)) if !given => {
            own.insert(FILE.to_owned(), "/run/systemd/resolve/resolv.conf".into());
        }
        (Some(true), Some(false)) if !given => {
            own.insert(FILE.to_owned(), "/etc/resolv.conf".into());
        }
        _ => {}
    }
    own
}

/// What is the host's own.
fn own(site: &Site<'_>, index: usize) -> Value {
    let (host, state) = (&site.cluster.hosts[index], &site.hosts[index]);
    let kubelet = kubelet(site, index);
    json!({
        "firewalld": state.firewalld,
        "name": host.display,
        "node": state.node,
        "address": state.address,
        // Those of all families of the cluster, with a comma, as `--node-ip` has them.
        "addresses": components::addresses(site, state),
        "arch": state.arch,
        "joined": state.joined,
        "silent": state.silent,
        // Its kubelet runs a load balancer.
        "balanced": state.balancer.is_some(),
        "control_plane": host.control_plane,
        // What its kubelet has of its own; where it had something once, that has to go.
        "kubelet": kubelet,
        "proxied": state.proxied,
        "own_kubelet": state.own_kubelet || !kubelet.is_empty(),
        // Its own API server, and where the others' etcd answers.
        "api": site.server(Some(index)),
        "etcd_peers": site.control_planes().filter(|host| *host != index)
            .map(|host| site.hosts[host].address.to_string()).collect::<Vec<_>>().join(","),
        // It pulls images from there, and may have a file of its owner's that says where others are.
        "fetches": site.fetches(index),
        "registries_conf": state.registries_conf,
        // It has the bundle for the others.
        "serves": site.served().is_some_and(|served| served.host == index),
        "has_served": state.has_served,
        // It acts for the cluster.
        "first": site.first_control_plane() == Some(index),
        "worker": host.worker || !host.control_plane,
        "schedulable": is_schedulable(site, host),
        "taints": host.taints.iter().map(|taint| {
            let mut value = json!({"key": taint.key, "effect": taint.effect});
            if let Some(text) = &taint.value {
                value["value"] = json!(text);
            }
            value
        }).collect::<Vec<_>>(),
    })
}

/// The release, and what it implies.
fn kubernetes(cluster: &Cluster) -> Value {
    let kubernetes = &cluster.kubernetes;
    let version = kubernetes.version.facts();
    let parts = version.join_parts();
    let etcd = kubernetes.kubeadm.get("etcd").filter(|etcd| etcd.get("external").is_some());
    let repository = kubernetes
        .image_repository
        .as_deref()
        .unwrap_or_else(|| kubernetes.version.default_image_repository());
    json!({
        "version": kubernetes.version.to_string(),
        "api": version.kubeadm_api,
        "repository": repository,
        "pause": format!("{repository}/pause:{}", version.pause),
        "skip_phases": kubernetes.skip_phases,
        "control_plane_taint": version.control_plane_taint,
        "cluster_status": version.cluster_status,
        "stale_watches": version.stale_watches,
        // Which certificates belong to control planes depends on it (kubeadm's phases/copycerts).
        "external_etcd": etcd.map_or_else(String::new, ToString::to_string),
        // A control plane's join in parts: phases of kubeadm's that are not for each.
        "join_parts": [parts.first, parts.etcd, parts.last],
        "ignore_preflight_errors": kubernetes.ignore_preflight_errors,
    })
}

/// The context of host `index`.
pub(super) fn of(site: &Site<'_>, index: usize) -> Value {
    let state = &site.hosts[index];
    let first = site.first_control_plane();
    // The one host that settles the nodes. With a thousand hosts the line is long, and each host's
    // context would hold it.
    let settings = if first == Some(index) { settings(site) } else { String::new() };
    let initialized = first.is_some_and(|first| site.hosts[first].joined);
    let moves = site.moves();
    let foreign = first.is_some_and(|first| HostState::are_foreign(site.hosts, first));
    // Which hosts are still to join: all but the one that initialises.
    let pending = |control_plane: bool| {
        (0..site.hosts.len())
            .filter(|host| site.cluster.hosts[*host].control_plane == control_plane)
            .any(|host| first != Some(host) && !site.hosts[host].joined)
    };
    let registries = registries::json(site.cluster);
    let logins = registries::logins(&registries);
    let (vip, vip_interface) = vip(site.cluster);
    json!({
        "cluster": {
            "name": site.cluster.name,
            "endpoint": site.endpoint(),
            // That is no control plane's own, and ours to keep in step: all nodes go by it.
            "shared": !foreign && site.cluster.shared_endpoint().is_some(),
            "join_via": site.join_via(),
            "outside": site.outside(),
            "sans": site.sans(),
            "load_balancer": site.cluster.load_balancer.kind(),
            // Made by another tool, which brought a pod network of its own.
            "foreign": foreign,
            "vip": vip,
            "vip_interface": vip_interface.unwrap_or_default(),
            // Whose kubelets may have a certificate, for what: for the one host that decides on it.
            "askers": if first == Some(index) { components::askers(site) } else { String::new() },
            "control_planes": api_servers(site),
            "kubeconfig": site.kubeconfig,
            // All hosts', with commas, for a firewall: the line is long, and only who has one needs it.
            "addresses": if state.firewalld { addresses(site) } else { String::new() },
            "left": left(site),
            "settings": settings,
            // Where files of the bundle can be fetched from, if anywhere.
            "served": site.served().map_or_else(String::new, |served| format!("http://{}", served.at)),
            "initialized": initialized,
            // Hosts leave: those that stay are brought in step with that, and keep all else.
            "shrinks": site.shrinks(),
            // It gets another address with this run; it got one, with this or an earlier one.
            "moves": moves,
            "moved": moves || first.is_some_and(|first| site.hosts[first].moved),
            // Some host is still to join, so a bootstrap token is needed.
            "joins_pending": pending(true) || pending(false),
            // Some control plane is, so the certificates are needed as well.
            "control_planes_pending": pending(true),
            // Its only member of etcd gets a second one: until that has started it is without a leader.
            "etcd_begins": pending(true) && site.control_planes()
                .filter(|host| first == Some(*host) || site.hosts[*host].joined).count() == 1,
            // Their addresses, with commas.
            "pending_control_planes": site.control_planes()
                .filter(|host| first != Some(*host) && !site.hosts[*host].joined)
                .map(|host| site.hosts[host].address.to_string()).collect::<Vec<_>>().join(","),
        },
        "kubernetes": kubernetes(site.cluster),
        "bundle": bundle(site, index),
        "runtime": runtime(site, index),
        "registries": registries,
        "logins": logins,
        "proxy": proxy::json(site),
        "network": components::network(site),
        "components": components::of(site.cluster),
        "security": components::security(site, foreign),
        "host": own(site, index),
    })
}
