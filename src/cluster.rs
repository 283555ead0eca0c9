//! What the user asked for: cluster.yaml, parsed once into types that cannot be wrong.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ipnet::IpNet;

/// Free-form settings that are merged into a component's own configuration.
pub type Overrides = serde_json::Map<String, serde_json::Value>;

/// A cluster, as its file describes it, with every default filled in.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// `metadata.name`: a DNS label.
    pub name: String,
    /// `spec.kubernetes`.
    pub kubernetes: Kubernetes,
    /// `spec.controlPlaneEndpoint`: `host:port`, where one is given.
    pub control_plane_endpoint: Option<String>,
    /// `spec.network`.
    pub network: Network,
    /// `spec.runtime.config`: merged into containerd's configuration.
    pub runtime_config: Overrides,
    /// `spec.artifacts.bundle`, resolved against the directory of cluster.yaml.
    pub bundle: Option<PathBuf>,
    /// `spec.hosts`, in file order.
    pub hosts: Vec<Host>,
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

/// `spec.network`.
#[derive(Debug, Clone)]
pub struct Network {
    /// Which plugin connects the pods.
    pub plugin: Plugin,
    /// Addresses of pods.
    pub pod_subnet: IpNet,
    /// Addresses of services.
    pub service_subnet: IpNet,
    /// The cluster's DNS domain.
    pub dns_domain: String,
}

/// A network plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plugin {
    /// Built in: a bridge a node, host-local addresses, one route per other node.
    Bridge,
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
}
