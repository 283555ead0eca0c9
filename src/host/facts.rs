//! What a host is: read in one round trip by [`Facts::SCRIPT`], understood by [`Facts::parse`].
//!
//! A fact that the host did not tell is unknown (`None`), never a guess: a check that needs it says
//! nothing. Values come from the host and may be anything; control characters are taken out of them,
//! so that they can be shown.

mod addresses;
mod claims;
mod containerd;
mod cri_o;
mod disk;
mod docker;
mod endpoint;
mod external_etcd;
mod kernel;
mod links;
mod names;
mod node;
mod os;
mod packets;
mod parse;
mod places;
mod processor;
mod services;
mod sources;

pub use addresses::{Address, Route};
pub use claims::{Claim, Journal};
pub use containerd::Containerd;
pub use cri_o::CriO;
pub use disk::Disk;
pub use docker::Docker;
pub use endpoint::{Endpoint, Reached};
pub use external_etcd::{EtcdAnswer, ExternalEtcd, Said};
pub use kernel::{Blocked, Limits};
pub use links::Link;
pub use names::{Names, ResolvConf};
pub use node::Node;
pub use os::Os;
pub use packets::{AtBoot, Interface, Packets, Unusable};
pub use places::{Mount, Place, Places};
pub use processor::{AppArmor, Processor};
pub use services::{DropIn, Services};
pub use sources::Apt;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::SystemTime;

use thiserror::Error;

use super::ways::Way;

/// Why the output of [`Facts::SCRIPT`] is not facts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FactsError {
    /// The first line of the script's output is not there.
    #[error("the host printed no facts, but {found}")]
    NotFacts {
        /// The first line that it printed instead, or `nothing`.
        found: String,
    },
    /// The script did not come to its end.
    #[error("the facts end after `{last}`: the script was cut short")]
    CutShort {
        /// The last key that was read.
        last: String,
    },
}

/// What was read from a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The user that the script ran as: 0 is root.
    pub uid: Option<u32>,
    /// The kernel's host name, which kubeadm and kubelet take for the node's name.
    pub hostname: Option<String>,
    /// The name in `/etc/hostname`, which the host has after a reboot.
    pub static_hostname: Option<String>,
    /// The name that the host's kubelet registered under, where there is one.
    pub node: Option<String>,
    /// `/etc/machine-id`.
    pub machine_id: Option<String>,
    /// Whether there is one.
    pub has_machine_id: Option<bool>,
    /// The firmware's UUID; containers see their machine's, or none.
    pub product_uuid: Option<String>,
    /// Differs at each boot; containers see their machine's.
    pub boot_id: Option<String>,
    /// The distribution.
    pub os: Os,
    /// The kernel's architecture by Go's name: `amd64`, `arm64`.
    pub arch: Option<String>,
    /// The architecture of the distribution's packages by Go's name; 32-bit user lands exist on
    /// 64-bit kernels.
    pub package_arch: Option<String>,
    /// The kernel's release: `6.1.0-18-amd64`.
    pub kernel: Option<String>,
    /// What runs as process 1: `systemd`, `init`.
    pub init: Option<String>,
    /// systemd's version: 252.
    pub systemd: Option<u32>,
    /// CPUs that a process may use.
    pub cpus: Option<u32>,
    /// Memory in KiB (the kernel's `MemTotal`).
    pub memory_kib: Option<u64>,
    /// Swap devices and files that are on.
    pub swaps: Option<Vec<String>>,
    /// Space below the paths that matter; a path that is not there has no entry.
    pub disks: Vec<Disk>,
    /// The places where files will go.
    pub places: Places,
    /// Paths that cluster.yaml names, and what is there: `file`, `directory`, `other`, `absent`.
    pub asked: Vec<(String, String)>,
    /// What the kernel and the login allow.
    pub limits: Limits,
    /// What is laid over the services that will be installed.
    pub services: Services,
    /// What programs may expect of the processor and the kernel.
    pub processor: Processor,
    /// What it shows that is a node already.
    pub member: Node,
    /// Where packages come from.
    pub apt: Apt,
    /// Programs with the names of ours that would be found before them.
    pub shadows: Vec<String>,
    /// Commands that are there and cannot run, and where.
    pub ill_commands: Vec<(String, String)>,
    /// The host's clock, early in the reading.
    pub clock: Option<SystemTime>,
    /// All addresses of all interfaces.
    pub addresses: Option<Vec<Address>>,
    /// All network interfaces.
    pub links: Option<Vec<Link>>,
    /// Routes of the main tables, IPv4 and IPv6, in the kernel's order.
    pub routes: Option<Vec<Route>>,
    /// Who listens on a port that Kubernetes needs.
    pub listeners: Option<Vec<Listener>>,
    /// Commands that were looked for in `PATH`, and whether they are there.
    pub commands: BTreeMap<String, bool>,
    /// The commands of package managers that are there: `apt-get`, `dnf`. A host may have several.
    pub package_managers: Option<Vec<String>>,
    /// Packages that `dpkg --audit` complains about.
    pub dpkg_broken: Option<Vec<String>>,
    /// Whether dpkg is at work, or was killed at it.
    pub dpkg_interrupted: Option<bool>,
    /// Processes that hold the locks of a package manager now.
    pub package_locks: Option<Vec<Process>>,
    /// The version of the cgroup hierarchy: 1 (also hybrid) or 2.
    pub cgroup: Option<u8>,
    /// Its controllers that can be used.
    pub cgroup_controllers: Option<Vec<String>>,
    /// Kernel modules that Kubernetes needs and that this kernel neither has nor can load.
    pub missing_modules: Option<Vec<String>>,
    /// Whether interfaces can have IPv6 addresses: the kernel has IPv6, and it is not switched off.
    pub ipv6: Option<bool>,
    /// Interfaces whose IPv6 default route is a router's word that the kernel listens to only as long as it
    /// forwards no packets itself (`accept_ra` is 1).
    pub accept_ra: Option<Vec<String>>,
    /// `net.ipv4.ip_forward`.
    pub ip_forward: Option<bool>,
    /// Whether sysctls under `net.` can be written.
    pub sysctl_writable: Option<bool>,
    /// `net.bridge.bridge-nf-call-iptables`; unknown while `br_netfilter` is not loaded.
    pub bridge_nf: Option<bool>,
    /// Whether `SELinux` enforces; unknown where it is not there.
    pub selinux: Option<bool>,
    /// systemd's services of runtimes, Kubernetes distributions and firewalls that are there.
    pub units: Option<Vec<Unit>>,
    /// Whether ufw is on; unknown where it is not installed.
    pub ufw: Option<bool>,
    /// Configurations of runtimes that are there already.
    pub runtime_config: Vec<String>,
    /// Directories of runtimes' images and containers that have something in them.
    pub runtime_data: Vec<String>,
    /// The containerd that runs; `None` where none does, or nobody looked.
    pub containerd: Option<Containerd>,
    /// The cri-o that runs, likewise.
    pub cri_o: Option<CriO>,
    /// Whether somebody's `registries.conf` says where images without a registry come from.
    pub registries_conf: Option<bool>,
    /// The docker that runs, likewise.
    pub docker: Option<Docker>,
    /// What another cluster left: paths, network links and firewall chains.
    pub leftovers: Leftovers,
    /// `host:port` of the API server in a control plane's `admin.conf`.
    pub api_server: Option<String>,
    /// Whether the credentials of a node's kubelet are there.
    pub kubelet_conf: Option<bool>,
    /// The version of the API server in a control plane's manifest: `v1.20.2`.
    pub api_version: Option<String>,
    /// The image of the load balancer that its kubelet runs.
    pub balancer: Option<String>,
    /// What a control plane's programs were told: `service-cluster-ip-range=10.96.0.0/16`; only arguments that
    /// cluster.yaml has a word for.
    pub arguments: Option<Vec<String>>,
    /// The mode of the kube-proxy that runs on the host.
    pub proxy_mode: Option<String>,
    /// Whether the key is there that this control plane's API server decrypts Secrets with.
    pub encryption_key: Option<bool>,
    /// Names, as its programs find them.
    pub names: Names,
    /// How its packets go.
    pub packets: Packets,
    /// The host's journal.
    pub journal: Journal,
    /// What on the host is ours, by the entries of its journal that stand.
    pub claims: Vec<Claim>,
    /// What the host finds at the cluster's address; looked for only where that is no host's own.
    pub endpoint: Option<Endpoint>,
    /// What came back from an external etcd; asked only on control planes, where cluster.yaml has one.
    pub external_etcd: Option<Vec<EtcdAnswer>>,
    /// The ways to other hosts that it tried: see `ways.rs`.
    pub ways: Vec<Way>,
}

/// A TCP port of Kubernetes on which somebody listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The port.
    pub port: u16,
    /// Who listens, where that could be seen.
    pub process: Option<String>,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its name, where it could be seen.
    pub name: Option<String>,
}

/// A systemd service that is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// `containerd.service`.
    pub name: String,
    /// `ActiveState`: `active`, `inactive`, `failed`.
    pub active: String,
    /// `UnitFileState`: `enabled`, `disabled`, `masked`.
    pub enabled: String,
}

impl Unit {
    /// Whether it runs, or is about to.
    pub fn is_running(&self) -> bool {
        matches!(self.active.as_str(), "active" | "activating" | "reloading")
    }
}

/// What another cluster left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Files and directories, the first few of each place.
    pub paths: Option<Vec<String>>,
    /// Files that kubeadm looks for by name.
    pub kubeadm_files: Vec<String>,
    /// Manifests of static pods.
    pub manifests: Vec<String>,
    /// Network links: `cni0`.
    pub links: Option<Vec<String>>,
    /// Tables of kube-proxy's and network plugins' own: `ip kube-proxy`.
    pub tables: Option<Vec<String>>,
    /// How many virtual servers IPVS has; unknown while it is not loaded.
    pub servers: Option<u64>,
    /// Processes of a control plane and of kube-proxy.
    pub processes: Option<Vec<Process>>,
    /// Chains in the packet filter: `KUBE-SERVICES`, the first few.
    pub chains: Option<Vec<String>>,
}

impl Facts {
    /// POSIX sh that prints a host's facts. It needs root, takes no input and changes nothing.
    ///
    /// Its parts are independent of each other: a group of facts is a file below `facts/` and a line here.
    pub const SCRIPT: &'static str = concat!(
        include_str!("kind/networks.sh"),
        include_str!("facts.sh"),
        include_str!("facts/identity.sh"),
        include_str!("facts/size.sh"),
        include_str!("facts/processor.sh"),
        include_str!("facts/disk.sh"),
        include_str!("facts/places.sh"),
        include_str!("facts/xfs.sh"),
        include_str!("facts/asked.sh"),
        include_str!("facts/limits.sh"),
        include_str!("facts/network.sh"),
        include_str!("facts/names.sh"),
        include_str!("facts/packets.sh"),
        include_str!("facts/files.sh"),
        include_str!("facts/links.sh"),
        include_str!("facts/ports.sh"),
        include_str!("facts/commands.sh"),
        include_str!("facts/packages.sh"),
        include_str!("facts/kernel.sh"),
        include_str!("facts/units.sh"),
        include_str!("facts/runtime.sh"),
        include_str!("facts/containerd.sh"),
        include_str!("facts/cri_o.sh"),
        include_str!("facts/docker.sh"),
        include_str!("facts/leftovers.sh"),
        include_str!("facts/cluster.sh"),
        include_str!("facts/node.sh"),
        include_str!("facts/journal.sh"),
        "echo end\n",
    );

    /// Understands the output of [`Facts::SCRIPT`]; what stands before it is passed over.
    ///
    /// # Errors
    /// When the output is not that of the script, or not all of it.
    pub fn parse(stdout: &str) -> Result<Self, FactsError> {
        parse::facts(stdout)
    }

    /// Whether a command is in `PATH`; `None` when nobody looked.
    pub fn has(&self, command: &str) -> Option<bool> {
        self.commands.get(command).copied()
    }

    /// A systemd service, where it is there.
    pub fn unit(&self, name: &str) -> Option<&Unit> {
        self.units.iter().flatten().find(|unit| unit.name == name)
    }

    /// Whether the host has a kubelet's credentials: it is a node, or was one.
    pub fn has_kubelet_conf(&self) -> bool {
        self.kubelet_conf == Some(true)
    }

    /// The node's name: the one that was given, else the host's in lower case, as kubeadm has it.
    pub fn node_name(&self, given: Option<&str>) -> Option<String> {
        given.or(self.hostname.as_deref()).map(|name| name.trim().to_lowercase())
    }
}
