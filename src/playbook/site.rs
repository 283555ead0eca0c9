//! What a plan is made of, apart from the playbooks: the cluster, what is known of its hosts, the files at
//! hand; and what follows from these, such as the address that all hosts use.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::resolve::image_name;
use crate::cluster::{API_PORT, Cluster, LoadBalancer, RuntimeKind, Serve};
use crate::host::Upload;
use crate::host::facts::{Containerd, CriO, Docker, Os};

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
    /// All its addresses, that one among them.
    pub addresses: Vec<IpAddr>,
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
    /// The networks that these addresses are on, by the interfaces' own prefixes.
    pub networks: Vec<IpNet>,
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
    /// The image of the load balancer that its kubelet runs, where it does.
    pub balancer: Option<String>,
    /// Its kubelet has, or had, settings of its own.
    pub own_kubelet: bool,
    /// Whether systemd-resolved runs there, so that `/etc/resolv.conf` leads to the host itself.
    pub resolved: Option<bool>,
    /// Its container runtime was told of a proxy.
    pub proxied: bool,
    /// It served the bundle to others once, and may do so still, if that run was killed.
    pub has_served: bool,
    /// It is a node that we made, in a cluster that another tool made.
    pub guest: bool,
    /// The containerd that runs there, by whoever brought it.
    pub containerd: Option<Containerd>,
    /// The cri-o, likewise.
    pub cri_o: Option<CriO>,
    /// It has somebody's `registries.conf`.
    pub registries_conf: bool,
    /// The docker that runs there, likewise.
    pub docker: Option<Docker>,
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
            networks: Vec::new(),
            joined: false,
            foreign: false,
            server: None,
            moved: false,
            balancer: None,
            own_kubelet: false,
            resolved: None,
            proxied: false,
            has_served: false,
            guest: false,
            silent: false,
            containerd: None,
            cri_o: None,
            registries_conf: false,
            docker: None,
        }
    }

    /// The step whose entry marks a guest: it is there before the host joins, and only in such clusters.
    pub const GUEST: &str = "runtime: claim what the cluster's own network makes";

    /// The unit by which a host serves the bundle.
    pub const SERVER: &str = "/run/systemd/system/bivouac-serve.service";

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
    /// The SHA-256 of each one's configuration, by which every runtime knows it; asked for only where that matters.
    pub ids: BTreeMap<String, String>,
    /// The file.
    pub upload: Upload,
}

impl Artifacts {
    /// Images for an architecture.
    pub(super) fn of_images<'a>(&'a self, arch: &'a str) -> impl Iterator<Item = &'a Available> {
        self.of("image", arch)
    }

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
    pub(super) fn first_control_plane(&self) -> Option<usize> {
        let acts = acting(self.cluster, self.hosts);
        acts.or_else(|| self.control_planes().next())
    }

    /// Whether hosts leave in this run. Those that stay are only brought in step with that: what they were
    /// installed with they keep.
    pub(super) fn shrinks(&self) -> bool {
        !self.leaving.is_empty()
    }

    pub(super) fn control_planes(&self) -> impl Iterator<Item = usize> {
        (0..self.cluster.hosts.len()).filter(|index| self.cluster.hosts[*index].control_plane)
    }

    /// `host:port` of a host's own API server.
    pub(super) fn server(&self, host: Option<usize>) -> String {
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
    pub(super) fn join_via(&self) -> String {
        match self.cluster.load_balancer {
            LoadBalancer::Internal => self.server(self.first_control_plane()),
            _ => self.endpoint(),
        }
    }

    /// `host:port` for clients outside: where hosts reach themselves under `127.0.0.1`, the address
    /// that SSH reached.
    pub(super) fn outside(&self) -> String {
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
    pub(super) fn sans(&self) -> BTreeSet<String> {
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
pub(super) struct Served {
    /// The host that serves, by its index.
    pub host: usize,
    /// Where it listens.
    pub at: SocketAddr,
}

impl Site<'_> {
    /// The host that serves the bundle in this run. With nobody to fill, or one alone, there is nothing to
    /// gain: each is sent what it lacks from here. But cri-o has no other way to images.
    #[must_use]
    pub(super) fn served(&self) -> Option<Served> {
        let serve = self.cluster.serve.as_ref()?;
        let host = self.server_of_bundle(serve)?;
        let is_offered = self.artifacts.0.iter().any(|it| it.kind == "serve");
        let is_worth_it = if self.cluster.runtime.traits.kind == RuntimeKind::CriO {
            // A removal changes no runtime.
            !self.shrinks() && (0..self.hosts.len()).any(|host| self.lacks_images(host))
        } else {
            self.hosts.iter().filter(|state| !state.joined && !state.foreign).count() > 1
        };
        if self.hosts[host].foreign || !is_offered || !is_worth_it {
            return None;
        }
        Some(Served { host, at: SocketAddr::new(self.serving_address(host), serve.port) })
    }

    /// The host that is named, or where nobody named one and it cannot serve the first that can.
    fn server_of_bundle(&self, serve: &Serve) -> Option<usize> {
        let named = self.cluster.hosts.iter().position(|host| host.display == serve.host)?;
        let can = |index: &usize| {
            let state = &self.hosts[*index];
            !state.foreign && self.has_server(&state.arch)
        };
        let first = || (0..self.hosts.len()).find(can);
        if serve.named || can(&named) { Some(named) } else { first() }
    }

    /// Whether there is a program that serves on this architecture: this machine's own.
    fn has_server(&self, arch: &str) -> bool {
        self.artifacts.of("serve", arch).any(|it| it.name == "bivouac")
    }

    /// Why hosts whose cri-o lacks images cannot have those of the bundle, and what to do; nobody could bring them
    /// these later in the run.
    #[must_use]
    pub fn unserved(&self) -> Option<(String, String)> {
        let cluster = self.cluster;
        let serve = cluster.serve.as_ref()?;
        // Unknown where nothing was unpacked.
        self.artifacts.0.iter().find(|it| it.kind == "serve")?;
        let lacking = (0..self.hosts.len()).find(|host| self.lacks_images(*host))?;
        if cluster.runtime.traits.kind != RuntimeKind::CriO {
            return None;
        }
        let lacks = &cluster.hosts[lacking].display;
        let cannot = "its cri-o pulls the images of the bundle from the host that serves it";
        let (why, fix) = match self.server_of_bundle(serve) {
            None => (
                "and none can: each is another tool's, or of another architecture than this machine".to_owned(),
                "run bivouac on a machine of the hosts' architecture".to_owned(),
            ),
            Some(host) if self.hosts[host].foreign => (
                format!("and `{}` is a node of another tool, on which nothing is installed", cluster.hosts[host].display),
                "name another host in `artifacts.serve`".to_owned(),
            ),
            Some(host) if !self.has_server(&self.hosts[host].arch) => (
                format!("and `{}` is of another architecture than this machine", cluster.hosts[host].display),
                "name another host in `artifacts.serve`".to_owned(),
            ),
            Some(host) if self.serving_address(host).is_ipv6() => (
                format!("and `{}` has an IPv6 address alone, which no image's name can have in it", cluster.hosts[host].display),
                "give it an IPv4 address in a cluster of both families, or take `runtime: {name: containerd}`".to_owned(),
            ),
            Some(_) => return None,
        };
        Some((format!("{lacks}: {cannot}, {why}"), fix))
    }

    /// The address at which a host serves. An image's name has no place for an IPv6 address (`reference` of
    /// distribution, `domain`).
    fn serving_address(&self, host: usize) -> IpAddr {
        let state = &self.hosts[host];
        let by_name =
            self.cluster.runtime.traits.kind == RuntimeKind::CriO && state.address.is_ipv6();
        state.other_address.filter(|it| by_name && it.is_ipv4()).unwrap_or(state.address)
    }

    /// Whether a host is to pull images in this run from the one that serves the bundle.
    pub(super) fn fetches(&self, host: usize) -> bool {
        let by_pull = self.cluster.runtime.traits.kind == RuntimeKind::CriO;
        by_pull && self.lacks_images(host) && self.served().is_some()
    }

    /// Whether a host's cri-o lacks images of the bundle: a new host has none, and from a node's the kubelet may have
    /// collected some. A node whose cri-o says nothing is taken to have them.
    fn lacks_images(&self, host: usize) -> bool {
        let state = &self.hosts[host];
        if state.foreign || !state.joined {
            return !state.foreign;
        }
        let there = state.cri_o.as_ref().and_then(|it| it.images.as_ref());
        there.is_some_and(|there| {
            let all = self.cluster.images().into_iter();
            let control_plane = self.cluster.hosts[host].control_plane;
            all.filter(|it| it.which.is_for(control_plane))
                .filter_map(|it| self.in_bundle(it.name, &state.arch))
                .any(|source| !there.contains(&self.cluster.kubernetes.name_of(source)))
        })
    }

    /// What the bundle calls an image.
    fn in_bundle<'a>(&'a self, name: &str, arch: &'a str) -> Option<&'a String> {
        let mut all = self.artifacts.of_images(arch).flat_map(|it| &it.references);
        all.find(|reference| image_name(reference) == name)
    }

    /// Where the host that serves the bundle has its images: what the cluster calls each without its tag, and the same
    /// of the server's.
    pub(super) fn sources(&self, host: usize) -> BTreeMap<String, String> {
        let Some(served) = self.served().filter(|_| self.fetches(host)) else {
            return BTreeMap::new();
        };
        let repository = |reference: &str| {
            let tag = reference.rfind(':').filter(|at| !reference[*at..].contains('/'));
            reference[..tag.unwrap_or(reference.len())].to_owned()
        };
        // A registry's port cannot stand in the middle of a name, so the server has them without registries too.
        let location = |reference: &str| {
            let all = repository(reference);
            let first = all
                .split_once('/')
                .filter(|(first, _)| first.contains(['.', ':']) || *first == "localhost");
            format!("{}/{}", served.at, first.map_or(all.as_str(), |(_, rest)| rest))
        };
        let state = &self.hosts[host];
        let mut sources = BTreeMap::new();
        for source in self.artifacts.of_images(&state.arch).flat_map(|it| &it.references) {
            sources.insert(repository(&self.cluster.kubernetes.name_of(source)), location(source));
        }
        sources
    }
}

/// Whether a certificate may name it: an address, or a DNS name without underscores.
fn is_san(name: &str) -> bool {
    let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    name.parse::<IpAddr>().is_ok() || (name.bytes().all(inside) && !name.ends_with('.'))
}
