//! What the user asked for: cluster.yaml, parsed once into types that cannot be wrong.
//!
//! The way in: [`text`] (size, encoding, visible characters) -> [`yaml`] (the YAML crate, with
//! places) -> `raw` (the form of the file, strict) -> `check` (what is meant, with defaults).
//! Every mistake is a [`Mistake`] with its place, what was found, what was expected, and the
//! nearest right word. `free` keeps the free-form parts, [`versions`] knows the releases.

mod check;
pub mod containerd;
pub mod cri_dockerd;
pub mod cri_o;
mod flags;
mod free;
pub mod images;
mod mistake;
mod named;
mod nearest;
mod network;
mod raw;
mod runtime;
mod security;
mod sources;
mod text;
pub mod versions;
pub mod yaml;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use crate::host::facts::ExternalEtcd;
use crate::secret::Secret;
use check::Dirs;
pub use flags::{Flags, from_flags};
pub use mistake::{Mistake, Mistakes};
pub use nearest::nearest;
pub use network::{NoSubnets, ProxyMode, Subnets};
pub use runtime::{CONTAINERD, CRI_O, DOCKER, Kind as RuntimeKind, RUNTIMES, Runtime, Traits};
pub use security::Security;
pub use sources::{Download, Mirrors, Proxy, Sources};
use versions::Wished;
use yaml::{At, Source};

/// Free-form settings that are merged into a component's own configuration.
pub type Overrides = serde_json::Map<String, serde_json::Value>;

/// Port of the API servers.
pub const API_PORT: u16 = 6443;

/// Where every host finds an API server with the internal load balancer: on a control plane its own, on
/// a worker what spreads over all of them.
pub const INTERNAL_ENDPOINT: &str = "127.0.0.1:6443";

/// A cluster, as its file describes it, with every default filled in. Its version is exact: what the file
/// says of that is settled before (see [`Wished`]).
#[derive(Debug, Clone)]
pub struct Cluster {
    /// `metadata.name`: a DNS label.
    pub name: String,
    /// `spec.kubernetes`.
    pub kubernetes: Kubernetes,
    /// `spec.controlPlaneEndpoint`: `host:port`, where one is given.
    pub control_plane_endpoint: Option<String>,
    /// `spec.loadBalancer`: how the API servers are reached.
    pub load_balancer: LoadBalancer,
    /// `spec.network`.
    pub network: Network,
    /// `spec.runtime`.
    pub runtime: Runtime,
    /// `spec.security`.
    pub security: Security,
    /// `spec.artifacts.bundle`, resolved against the directory of cluster.yaml.
    pub bundle: Option<PathBuf>,
    /// `spec.artifacts.signers`, resolved likewise: who may sign the bundle, which must be signed then.
    pub signers: Option<PathBuf>,
    /// `spec.artifacts.serve`: the host that the others get the bundle from.
    pub serve: Option<Serve>,
    /// `spec.registries`: how registries are talked to that want a login, or that an authority of their
    /// own vouches for.
    pub registries: Vec<Registry>,
    /// `spec.artifacts`, where no bundle is given.
    pub sources: Sources,
    /// `spec.proxy`.
    pub proxy: Option<Proxy>,
    /// `spec.preflight.skip`, and what the command line adds.
    pub skips: Vec<Skip>,
    /// Addresses of nodes that the cluster that runs has, of which the file need not name all: known once it was
    /// asked.
    pub nodes: Vec<IpAddr>,
    /// `spec.hosts`, in file order.
    pub hosts: Vec<Host>,
}

/// `spec.artifacts.serve`: the operator sends the bundle to one host, and the others fetch from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serve {
    /// That host's display name.
    pub host: String,
    /// The port on which it serves for the time of a run.
    pub port: u16,
    /// cluster.yaml names it; else another host of ours serves where this one cannot.
    pub named: bool,
}

/// A check of preflight that is not to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// Its name, or that of one of its findings.
    pub name: String,
    /// Why, in the user's words.
    pub reason: String,
    /// What to say if there is no such check, which only [`crate::preflight`] knows.
    pub unknown: Mistake,
}

/// `spec.kubernetes`.
#[derive(Debug, Clone)]
pub struct Kubernetes {
    /// The exact version: `v1.20.2`.
    pub version: Version,
    /// Where images are named after; `None` means the version's own default.
    pub image_repository: Option<String>,
    /// kubeadm phases to skip.
    pub skip_phases: Vec<String>,
    /// kubeadm preflight checks to ignore.
    pub ignore_preflight_errors: Vec<String>,
    /// Merged into kubeadm's `ClusterConfiguration`.
    pub kubeadm: Overrides,
    /// Merged into `KubeletConfiguration`.
    pub kubelet: Overrides,
    /// Merged into `KubeProxyConfiguration`.
    pub kube_proxy: Overrides,
}

/// A Kubernetes release: `v1.20.2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub semver::Version);

/// What makes one address of all API servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadBalancer {
    /// Nothing: there is one control plane, and its own address is the cluster's.
    None,
    /// The tool's own: a proxy on each worker, and on each control plane its own API server.
    Internal,
    /// An address that the control planes pass on to each other.
    KubeVip {
        /// The address.
        vip: Ipv4Addr,
        /// The network interface that carries it; kube-vip finds one by the default route.
        interface: Option<String>,
    },
    /// The user's own, behind `controlPlaneEndpoint`.
    External,
}

impl LoadBalancer {
    /// What cluster.yaml calls it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Internal => "internal",
            Self::KubeVip { .. } => "kube-vip",
            Self::External => "external",
        }
    }
}

/// `spec.network`.
#[derive(Debug, Clone)]
pub struct Network {
    /// Which plugin connects the pods.
    pub plugin: Plugin,
    /// Addresses of pods.
    pub pod_subnet: Subnets,
    /// Addresses of services, of the same families in the same order.
    pub service_subnet: Subnets,
    /// `spec.network.proxyMode`.
    pub proxy_mode: ProxyMode,
    /// The cluster's DNS domain.
    pub dns_domain: String,
}

/// A network plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plugin {
    /// Built in: a bridge a node, host-local addresses, one route per other node.
    Bridge,
}

/// One of `spec.registries`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// `registry.example:5000`, as image references begin.
    pub address: String,
    /// Who logs in, and the file with the password.
    pub login: Option<(String, PathBuf)>,
    /// A PEM file with the authorities that its certificate may be of.
    pub ca: Option<PathBuf>,
    /// What those files hold: read when a run begins, not when something is only shown.
    pub password: Option<Secret>,
    /// Likewise.
    pub authorities: Option<String>,
}

/// One of `spec.hosts`.
#[derive(Debug, Clone)]
pub struct Host {
    /// Display name: `name` where given, else the address.
    pub display: String,
    /// The node's name where the user gave one; otherwise the host's own name is taken.
    pub node_name: Option<String>,
    /// Host name or address that SSH connects to.
    pub address: String,
    /// Whether it carries the control plane.
    pub control_plane: bool,
    /// Whether it carries pods: a worker, or a control plane that is also `worker`.
    pub worker: bool,
    /// How to get in.
    pub ssh: Ssh,
    /// Node labels.
    pub labels: BTreeMap<String, String>,
    /// Node taints: `key=value:Effect`.
    pub taints: Vec<Taint>,
    /// Merged into this host's `KubeletConfiguration`, over the cluster's.
    pub kubelet: Overrides,
}

/// A node taint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taint {
    /// Its key.
    pub key: String,
    /// Its value, if any.
    pub value: Option<String>,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
}

/// `ssh` of a host, merged with `spec.ssh`. Files are named here and read when the run begins.
#[derive(Debug, Clone)]
pub struct Ssh {
    /// Login name.
    pub user: String,
    /// TCP port.
    pub port: u16,
    /// Private key files, `~` resolved; empty when none was named.
    pub private_keys: Vec<PathBuf>,
    /// File with the key's passphrase.
    pub passphrase_file: Option<PathBuf>,
    /// File with the login password.
    pub password_file: Option<PathBuf>,
    /// The login password, where the command line gave one; a file never does.
    pub password: Option<Secret>,
    /// Whether the agent is asked (`agent: true`, or no key and no password named).
    pub agent: bool,
    /// Become root with sudo; required when `user` is not root.
    pub sudo: Option<Sudo>,
}

/// `ssh.sudo`.
#[derive(Debug, Clone, Default)]
pub struct Sudo {
    /// File with the password that sudo asks for.
    pub password_file: Option<PathBuf>,
    /// That password, where the command line gave it; a file never does.
    pub password: Option<Secret>,
}

/// Reads the text of a cluster.yaml. `file_name` names it in messages, and its directory is where
/// relative names (bundle, keys, password files) begin; `~/` is `HOME`. No file is opened.
///
/// # Errors
///
/// The first mistake of form (no YAML, unknown field, wrong type), or, where the form is right,
/// all other mistakes at once.
pub fn wished(file_name: &str, text: &str) -> Result<Wished, Mistakes> {
    let base = Path::new(file_name).parent().map(Path::to_owned).unwrap_or_default();
    parse_in(file_name, text, &Dirs { base, home: home() }, true)
}

/// The same for who has nobody to ask for the newest release: a version that is not exact is one that
/// fulfils the wish.
///
/// # Errors
///
/// Those of [`wished`].
pub fn parse(file_name: &str, text: &str) -> Result<Cluster, Mistakes> {
    wished(file_name, text).map(Wished::guessed)
}

/// Reads a cluster.yaml. `installs`: for a run that installs something. Others, such as `wipe` and `status`, must work
/// with the file that a cluster was made with, whatever later versions of bivouac know better: settings for programs
/// are not judged for them.
///
/// # Errors
///
/// Those of [`wished`], and that the file cannot be read.
pub fn load(path: &Path, installs: bool) -> Result<Wished, Mistakes> {
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large, and /dev/zero, in finite time.
    let limit = text::LIMIT as u64 + 1;
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    if let Err(error) = read {
        let message = match error.kind() {
            ErrorKind::NotFound => "there is no such file; name one with `-f FILE`".to_owned(),
            ErrorKind::IsADirectory => "this is a directory, not a file".to_owned(),
            _ => format!("cannot be read: {error}"),
        };
        return Err(Mistake::new(&name, message).expected("a cluster.yaml").into());
    }
    let text = text::decode(&name, &bytes)?;
    let base = path.parent().map(Path::to_owned).unwrap_or_default();
    parse_in(&name, text, &Dirs { base, home: home() }, installs)
}

fn parse_in(file_name: &str, text: &str, dirs: &Dirs, installs: bool) -> Result<Wished, Mistakes> {
    let file: At<raw::File> = yaml::from_str(file_name, text)?;
    check::cluster(Source::new(file_name, text), dirs, &file, installs)
}

fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

impl Cluster {
    /// The etcd outside of the cluster that `kubernetes.kubeadm` names, where it does.
    pub fn external_etcd(&self) -> Option<ExternalEtcd> {
        let external = self.kubernetes.kubeadm.get("etcd")?.get("external")?;
        let text = |name: &str| external.get(name).and_then(|it| it.as_str()).unwrap_or_default();
        let endpoints = external.get("endpoints").and_then(|it| it.as_array());
        let endpoints = endpoints.into_iter().flatten().filter_map(|it| it.as_str());
        Some(ExternalEtcd {
            endpoints: endpoints.map(str::to_owned).collect(),
            ca: text("caFile").to_owned(),
            certificate: text("certFile").to_owned(),
            key: text("keyFile").to_owned(),
        })
    }

    /// The hosts that carry the control plane, in file order.
    pub fn control_planes(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().filter(|host| host.control_plane)
    }

    /// The hosts that carry no control plane, in file order: those that join as workers.
    pub fn workers(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().filter(|host| !host.control_plane)
    }

    /// The host that initialises the cluster. There is one: a file without is refused.
    pub fn first_control_plane(&self) -> Option<&Host> {
        self.control_planes().next()
    }

    /// `host:port` of the cluster's address where it is no host's own: behind an external load
    /// balancer, or virtual.
    pub fn outer_endpoint(&self) -> Option<String> {
        match (&self.load_balancer, &self.control_plane_endpoint) {
            (LoadBalancer::None | LoadBalancer::Internal, _) | (LoadBalancer::External, None) => {
                None
            }
            (_, Some(endpoint)) => Some(endpoint.clone()),
            (LoadBalancer::KubeVip { vip, .. }, None) => Some(format!("{vip}:{API_PORT}")),
        }
    }

    /// `host:port` of the cluster's address where all hosts use the same and it is no control plane's
    /// own.
    pub fn shared_endpoint(&self) -> Option<String> {
        match self.load_balancer {
            LoadBalancer::Internal => Some(INTERNAL_ENDPOINT.to_owned()),
            _ => self.outer_endpoint(),
        }
    }

    /// What an advice to take another version ends with, where a bundle has to go along.
    pub fn bundle_too(&self) -> &'static str {
        if self.bundle.is_some() { ", with a bundle of that version" } else { "" }
    }

    /// Whether one host is the whole cluster, so that its control plane must carry pods.
    pub fn is_single(&self) -> bool {
        self.hosts.len() == 1
    }
}
