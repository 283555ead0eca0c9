//! What templates and `when` expressions can see of a cluster and a host.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use serde_json::{Value, json};

use super::components;
use super::proxy;
use super::registries;
use super::resolve::image_name;
use crate::cluster::versions::Release;
use crate::cluster::{API_PORT, Cluster, Host, LoadBalancer, containerd};
use crate::host::Upload;
use crate::host::facts::{Containerd, Os};
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
    /// The hosts that leave the cluster, in the order in which they may; none of them is in `cluster`.
    pub leaving: &'a [Leaving],
}

/// A host that leaves the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// Display name.
    pub name: String,
    /// The node's name.
    pub node: String,
    /// The address that the node, and etcd's member, is known by.
    pub address: String,
    /// It has a member of etcd.
    pub control_plane: bool,
    /// It cannot be reached, and its pods cannot end.
    pub dead: bool,
    /// `kubectl drain`'s flags; `None`: it is not drained.
    pub drain: Option<String>,
    /// Seconds that the drain may take.
    pub drain_timeout: u64,
}

/// What a plan needs to know of a host.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct HostState {
    /// The distribution.
    pub os: Os,
    /// The commands of package managers that are there.
    pub package_managers: Vec<String>,
    /// firewalld runs.
    pub firewalld: bool,
    /// Architecture by its Go name: `amd64`.
    pub arch: String,
    /// The node's name: the user's, or the host's own.
    pub node: String,
    /// The address that the node is known by in the cluster.
    pub address: IpAddr,
    /// Its address of the other family, where it has one.
    pub other_address: Option<IpAddr>,
    /// `kubeadm init` or `join` was completed here, by us or by another tool.
    pub joined: bool,
    /// It is a node that another tool made.
    pub foreign: bool,
    /// `host:port` of the API server by the administrator's own file; only control planes have one.
    pub server: Option<String>,
    /// A control plane whose API server does not answer while another one's does: that acts.
    pub silent: bool,
    /// Through it the cluster was given another address than it was made with.
    pub moved: bool,
    /// Its kubelet has, or had, settings of its own.
    pub own_kubelet: bool,
    /// Its container runtime was told of a proxy.
    pub proxied: bool,
    /// It is a node that we made, in a cluster that another tool made.
    pub guest: bool,
    /// The containerd that runs there, by whoever brought it.
    pub containerd: Option<Containerd>,
}

impl HostState {
    /// A host with nothing of a cluster on it yet.
    pub fn bare(node: impl Into<String>, address: IpAddr) -> Self {
        Self {
            os: Os { id: Some("debian".to_owned()), ..Os::default() },
            package_managers: vec!["apt-get".to_owned()],
            firewalld: false,
            arch: "amd64".to_owned(),
            node: node.into(),
            address,
            other_address: None,
            joined: false,
            foreign: false,
            server: None,
            moved: false,
            own_kubelet: false,
            proxied: false,
            guest: false,
            silent: false,
            containerd: None,
        }
    }

    /// The step whose entry marks a guest: it is there before the host joins, and only in such clusters.
    pub const GUEST: &str = "runtime: claim what the cluster's own network makes";

    /// Whether another tool made the cluster of these hosts, for which `acting` acts. A node that was added
    /// to ours by hand does not make it another's.
    pub fn are_foreign(hosts: &[Self], acting: usize) -> bool {
        let is_ours = |host: &Self| host.joined && !host.foreign && !host.guest;
        (hosts[acting].foreign || hosts[acting].guest) && !hosts.iter().any(is_ours)
    }
}

/// The files that can be uploaded.
#[derive(Debug, Default)]
pub struct Artifacts(pub Vec<Available>);

/// One of them.
#[derive(Debug, Clone)]
pub struct Available {
    /// `binary`, `cni`, `image`, or `serve`: what a host serves the bundle with.
    pub kind: String,
    /// Its file name: `kubelet`.
    pub name: String,
    /// Architecture by its Go name.
    pub arch: String,
    /// Its own version; `unknown` where nobody said.
    pub version: String,
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

/// The control plane that acts for the cluster: of those that are in it the first that answers.
#[must_use]
pub fn acting(cluster: &Cluster, states: &[HostState]) -> Option<usize> {
    let in_it = |index: &usize| cluster.hosts[*index].control_plane && states[*index].joined;
    let all = || (0..states.len()).filter(in_it);
    all().find(|index| !states[*index].silent).or_else(|| all().next())
}

impl Site<'_> {
    /// The control plane that acts for the cluster: one that is in it, or the first of the file, which
    /// is to initialise it.
    #[must_use]
    pub fn first_control_plane(&self) -> Option<usize> {
        let acts = acting(self.cluster, self.hosts);
        acts.or_else(|| self.control_planes().next())
    }

    fn control_planes(&self) -> impl Iterator<Item = usize> {
        (0..self.cluster.hosts.len()).filter(|index| self.cluster.hosts[*index].control_plane)
    }

    /// `host:port` of a host's own API server.
    fn server(&self, host: Option<usize>) -> String {
        host.map_or_else(String::new, |host| {
            SocketAddr::new(self.hosts[host].address, API_PORT).to_string()
        })
    }

    /// `host:port` of the API server that all hosts use.
    pub fn endpoint(&self) -> String {
        let shared = self.cluster.shared_endpoint();
        shared.unwrap_or_else(|| self.server(self.first_control_plane()))
    }

    /// Whether this run gives the cluster another address than it was made with: one that has a single
    /// control plane, by whose own address everybody found it, and that is to grow.
    #[must_use]
    pub fn moves(&self) -> bool {
        let mut joined = self.control_planes().filter(|host| self.hosts[*host].joined);
        let (Some(only), None) = (joined.next(), joined.next()) else { return false };
        let own = self.server(Some(only));
        let state = &self.hosts[only];
        !HostState::are_foreign(self.hosts, only)
            && state.server.as_ref() == Some(&own)
            && self.endpoint() != own
    }

    /// Where a host that joins finds the API server. What is behind `127.0.0.1` runs only afterwards.
    fn join_via(&self) -> String {
        match self.cluster.load_balancer {
            LoadBalancer::Internal => self.server(self.first_control_plane()),
            _ => self.endpoint(),
        }
    }

    /// `host:port` for clients outside: where hosts reach themselves under `127.0.0.1`, the address
    /// that SSH reached.
    fn outside(&self) -> String {
        let first = self.first_control_plane();
        match (&self.cluster.load_balancer, first.map(|first| &self.cluster.hosts[first])) {
            (LoadBalancer::Internal, Some(host))
                if is_san(&host.address) && !self.sans_are_own() =>
            {
                match host.address.parse() {
                    Ok(ip) => SocketAddr::new(ip, API_PORT).to_string(),
                    Err(_) => format!("{}:{API_PORT}", host.address),
                }
            }
            (LoadBalancer::Internal, _) => self.server(first),
            _ => self.endpoint(),
        }
    }

    /// Whether the user names what certificates have, so that ours are not in them.
    fn sans_are_own(&self) -> bool {
        let settings = self.cluster.kubernetes.kubeadm.get("apiServer");
        settings.is_some_and(|settings| settings.get("certSANs").is_some())
    }

    /// A host's address of the cluster's second family.
    fn other_address(&self, host: usize) -> Option<String> {
        let other = self.hosts[host].other_address;
        other.filter(|_| self.cluster.network.pod_subnet.is_dual()).map(|it| it.to_string())
    }

    /// Names that every API server's certificate has besides kubeadm's own: with several, clients may
    /// reach any of them by whatever the user calls it.
    fn sans(&self) -> BTreeSet<String> {
        let ours =
            !matches!(self.cluster.load_balancer, LoadBalancer::None | LoadBalancer::External);
        // What it will be called by once there are more of them.
        if self.cluster.load_balancer == LoadBalancer::None {
            let others = self.control_planes().filter_map(|index| self.other_address(index));
            return others.chain(["127.0.0.1".to_owned()]).collect();
        }
        if self.control_planes().count() < 2 && !ours {
            return BTreeSet::new();
        }
        let names = |index: usize| {
            let own = self.hosts[index].address.to_string();
            let given = self.cluster.hosts[index].address.clone();
            let given = Some(given).filter(|given| is_san(given));
            [own].into_iter().chain(self.other_address(index)).chain(given)
        };
        self.control_planes().flat_map(names).collect()
    }
}

/// Where hosts get the bundle from in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// The host that serves, by its index.
    pub host: usize,
    /// Where it listens.
    pub at: SocketAddr,
}

impl Site<'_> {
    /// The host that serves the bundle in this run. With nobody to fill, or one alone, there is nothing to
    /// gain: each is sent what it lacks from here.
    #[must_use]
    pub fn served(&self) -> Option<Served> {
        let serve = self.cluster.serve.as_ref()?;
        let host = self.cluster.hosts.iter().position(|host| host.display == serve.host)?;
        let is_offered = self.artifacts.0.iter().any(|it| it.kind == "serve");
        let empty = self.hosts.iter().filter(|state| !state.joined && !state.foreign).count();
        if self.hosts[host].foreign || !is_offered || empty < 2 {
            return None;
        }
        Some(Served { host, at: SocketAddr::new(self.hosts[host].address, serve.port) })
    }
}

/// Whether a certificate may name it: an address, or a DNS name without underscores.
fn is_san(name: &str) -> bool {
    let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    name.parse::<IpAddr>().is_ok() || (name.bytes().all(inside) && !name.ends_with('.'))
}

/// Names of the images at hand, without repository and tag.
fn image_names<'a>(site: &Site<'a>, arch: &'a str) -> Vec<&'a str> {
    references(site, arch).map(|reference| image_name(reference)).collect()
}

/// What the cluster calls the images at hand, by their names.
fn image_references(site: &Site<'_>, arch: &str) -> BTreeMap<String, String> {
    references(site, arch)
        .map(|it| (image_name(it).to_owned(), site.cluster.kubernetes.name_of(it)))
        .collect()
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
fn runtime(site: &Site<'_>, state: &HostState) -> Value {
    let traits = site.cluster.runtime.traits;
    let program = site.artifacts.of("binary", &state.arch).find(|it| it.name == traits.name);
    let existing = state.containerd.as_ref().filter(|_| site.cluster.runtime.existing);
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
        "config": traits.config,
        "root": own(existing.and_then(|it| it.root.as_ref()), traits.root),
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

/// The hosts' addresses, with commas.
fn addresses(site: &Site<'_>) -> String {
    let each = |host| components::addresses(site, host);
    site.hosts.iter().map(each).collect::<Vec<_>>().join(",")
}

/// Names and addresses of the API servers, for those who spread over them.
fn api_servers(site: &Site<'_>) -> Vec<Value> {
    let one =
        |host: usize| json!({"node": site.hosts[host].node, "address": site.hosts[host].address});
    site.control_planes().map(one).collect()
}

/// The addresses of the hosts that leave, each with a `-`, with commas.
fn left(site: &Site<'_>) -> String {
    site.leaving.iter().map(|it| format!("-{}", it.address)).collect::<Vec<_>>().join(",")
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
            // It gets another address with this run; it got one, with this or an earlier one.
            "moves": moves,
            "moved": moves || first.is_some_and(|first| site.hosts[first].moved),
            // Some host is still to join, so a bootstrap token is needed.
            "joins_pending": pending(true) || pending(false),
            // Some control plane is, so the certificates are needed as well.
            "control_planes_pending": pending(true),
            // Their addresses, with commas.
            "pending_control_planes": site.control_planes()
                .filter(|host| first != Some(*host) && !site.hosts[*host].joined)
                .map(|host| site.hosts[host].address.to_string()).collect::<Vec<_>>().join(","),
        },
        "kubernetes": {
            "version": kubernetes.version.to_string(),
            "api": version.kubeadm_api,
            "repository": repository,
            "pause": format!("{repository}/pause:{}", version.pause),
            "skip_phases": kubernetes.skip_phases,
            "control_plane_taint": version.control_plane_taint,
            "cluster_status": version.cluster_status,
            "ignore_preflight_errors": kubernetes.ignore_preflight_errors,
        },
        "bundle": {
            "images": image_names(site, &state.arch),
            "references": image_references(site, &state.arch),
        },
        "runtime": runtime(site, state),
        "registries": registries,
        "logins": logins,
        "proxy": proxy::json(site),
        "network": components::network(site),
        "components": components::of(site.cluster),
        "security": components::security(site, foreign),
        "host": {
            "firewalld": state.firewalld,
            "name": host.display,
            "node": state.node,
            "address": state.address,
            // Those of all families of the cluster, with a comma, as `--node-ip` has them.
            "addresses": components::addresses(site, state),
            "arch": state.arch,
            "joined": state.joined,
            "silent": state.silent,
            "control_plane": host.control_plane,
            // What its kubelet has of its own; where it had something once, that has to go.
            "kubelet": host.kubelet,
            "proxied": state.proxied,
            "own_kubelet": state.own_kubelet || !host.kubelet.is_empty(),
            // Its own API server, and where the others' etcd answers.
            "api": site.server(Some(index)),
            "etcd_peers": site.control_planes().filter(|host| *host != index)
                .map(|host| site.hosts[host].address.to_string()).collect::<Vec<_>>().join(","),
            // It has the bundle for the others.
            "serves": site.served().is_some_and(|served| served.host == index),
            // It acts for the cluster.
            "first": first == Some(index),
            "worker": host.worker || !host.control_plane,
            "schedulable": is_schedulable(site, host),
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
