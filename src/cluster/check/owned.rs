//! Fields of the overrides that are not the user's: bivouac says them itself elsewhere in the same file,
//! other hosts rely on them, or a wipe does.

use super::super::Overrides;
use super::super::containerd::{CRI, IMAGES, RUNTIME};
use super::super::free::Node;
use super::super::mistake::quote;
use super::super::raw;
use super::super::runtime::{CONTAINERD as RUNS, DOCKER as DOCKER_RUNS};
use super::super::yaml::{At, Spot};
use super::Check;

/// A path of field names, the value that it has anyway (which may be said), and what to write instead.
pub(super) type Owned = (&'static [&'static str], &'static str, &'static str);

/// Beneath `spec.kubernetes.kubeadm`.
pub(super) const KUBEADM: &[Owned] = &[
    (&["apiVersion"], "", "nothing: the version of Kubernetes decides it"),
    (&["kind"], "ClusterConfiguration", "nothing: it is always `ClusterConfiguration`"),
    (&["clusterName"], "", "`metadata.name`"),
    (&["kubernetesVersion"], "", "`spec.kubernetes.version`"),
    (&["imageRepository"], "", "`spec.kubernetes.imageRepository`"),
    (&["controlPlaneEndpoint"], "", "`spec.controlPlaneEndpoint`"),
    (&["networking"], "", "`spec.network`"),
    (
        &["featureGates", "ControlPlaneKubeletLocalMode"],
        "",
        "nothing: how a control plane joins goes by its default",
    ),
    (
        &["certificatesDir"],
        "/etc/kubernetes/pki",
        "nothing: a wipe removes keys from `/etc/kubernetes/pki`",
    ),
    (
        &["etcd", "local", "dataDir"],
        "/var/lib/etcd",
        "nothing, or a directory below `/var/lib/etcd`, from which a wipe removes the data",
    ),
];

/// Beneath `spec.kubernetes.kubelet`.
const KUBELET: &[Owned] = &[
    (
        &["apiVersion"],
        "kubelet.config.k8s.io/v1beta1",
        "nothing: it is always `kubelet.config.k8s.io/v1beta1`",
    ),
    (&["kind"], "KubeletConfiguration", "nothing: it is always `KubeletConfiguration`"),
    (&["clusterDomain"], "", "`spec.network.dnsDomain`"),
    (&["cgroupDriver"], "systemd", "nothing: it is `systemd`, as the runtime's"),
    (
        &["staticPodPath"],
        "/etc/kubernetes/manifests",
        "nothing: it is kubeadm's `/etc/kubernetes/manifests`",
    ),
];

/// The kubelet's field for its runtime's socket; its value is the runtime's.
const ENDPOINT: &[&str] = &["containerRuntimeEndpoint"];

/// Beneath `spec.kubernetes.kubeProxy`.
pub(super) const KUBE_PROXY: &[Owned] = &[
    (
        &["apiVersion"],
        "kubeproxy.config.k8s.io/v1alpha1",
        "nothing: it is always `kubeproxy.config.k8s.io/v1alpha1`",
    ),
    (&["kind"], "KubeProxyConfiguration", "nothing: it is always `KubeProxyConfiguration`"),
    (&["clusterCIDR"], "", "`spec.network.podSubnet`"),
];

/// Beneath `spec.runtime.config`.
pub(super) const CONTAINERD: &[Owned] = &[
    (&["version"], "", "nothing: bivouac writes the one that the containerd to run reads"),
    (&["root"], RUNS.root, "nothing: a wipe removes images from `/var/lib/containerd`"),
    (&["state"], RUNS.state, "nothing: a wipe unmounts what is in `/run/containerd`"),
    (
        &["grpc", "address"],
        "/run/containerd/containerd.sock",
        "nothing: kubelet and crictl look for `/run/containerd/containerd.sock`",
    ),
    (
        &["plugins", CRI, "cni", "bin_dir"],
        "/opt/cni/bin",
        "nothing: the plugins are in `/opt/cni/bin`",
    ),
    (
        &["plugins", CRI, "cni", "conf_dir"],
        "/etc/cni/net.d",
        "nothing: their configuration is in `/etc/cni/net.d`",
    ),
    (
        &["plugins", RUNTIME, "cni", "bin_dir"],
        "/opt/cni/bin",
        "nothing: the plugins are in `/opt/cni/bin`",
    ),
    (&["plugins", RUNTIME, "cni", "bin_dirs"], "", "nothing: the plugins are in `/opt/cni/bin`"),
    (
        &["plugins", RUNTIME, "cni", "conf_dir"],
        "/etc/cni/net.d",
        "nothing: their configuration is in `/etc/cni/net.d`",
    ),
    (&["plugins", CRI, "registry", "config_path"], CERTS, HOSTS_TOML),
    (&["plugins", IMAGES, "registry", "config_path"], CERTS, HOSTS_TOML),
    // With these and a `config_path` the plugin does not start (ValidateRegistryConfig of containerd's pkg/cri/config).
    (&["plugins", CRI, "registry", "mirrors"], "", HOSTS_TOML),
    (&["plugins", IMAGES, "registry", "mirrors"], "", HOSTS_TOML),
    (&["plugins", CRI, "registry", "configs", ANY, "tls"], "", HOSTS_TOML),
    (&["plugins", IMAGES, "registry", "configs", ANY, "tls"], "", HOSTS_TOML),
];

/// Beneath `spec.runtime.config` of docker.
pub(super) const DOCKER: &[Owned] = &[
    (&["data-root"], DOCKER_RUNS.root, "nothing: a wipe removes images from `/var/lib/docker`"),
    (&["exec-root"], DOCKER_RUNS.state, "nothing: a wipe unmounts what is in `/run/docker`"),
    (&["hosts"], "", "nothing: docker's unit says where it listens"),
    (&["exec-opts"], "", "nothing: the cgroup driver is `systemd`, as the kubelets'"),
    (&["cgroup-parent"], "", "nothing: the kubelet gives each pod its cgroup"),
    (&["log-driver"], "json-file", "nothing: `kubectl logs` reads docker's `json-file`"),
    (&["bridge"], "none", NETWORK),
    (&["bip"], "", NETWORK),
    (&["iptables"], "", NETWORK),
    (&["ip6tables"], "", NETWORK),
    (&["ip-forward"], "", NETWORK),
    (&["ip-masq"], "", NETWORK),
];

const NETWORK: &str =
    "nothing: pods have the cluster's network, and docker leaves the host's alone";

/// Beneath `spec.runtime.config` of cri-o.
pub(super) const CRIO: &[Owned] = &[
    (&["crio", "root"], "", "nothing: a wipe removes images from `/var/lib/crio`"),
    (&["crio", "runroot"], "", "nothing: a wipe unmounts what is in `/run/crio`"),
    (
        &["crio", "imagestore"],
        "",
        "nothing: images are in `/var/lib/crio`, from which a wipe removes them",
    ),
    (&["crio", "version_file"], "/var/run/crio/version", IN_RUN),
    (&["crio", "version_file_persist"], "/var/lib/crio/version", IN_LIB),
    (&["crio", "clean_shutdown_file"], "/var/lib/crio/clean.shutdown", IN_LIB),
    (
        &["crio", "api", "listen"],
        "/var/run/crio/crio.sock",
        "nothing: kubelet and crictl look for `/var/run/crio/crio.sock`",
    ),
    (
        &["crio", "runtime", "cgroup_manager"],
        "systemd",
        "nothing: it is `systemd`, as the kubelets'",
    ),
    (
        &["crio", "runtime", "namespaces_dir"],
        "/var/run",
        "nothing: a wipe looks for pods' namespaces in `/var/run`",
    ),
    (&["crio", "runtime", "container_exits_dir"], "/var/run/crio/exits", IN_RUN),
    (&["crio", "runtime", "container_attach_socket_dir"], "/var/run/crio", IN_RUN),
    (
        &["crio", "image", "pause_image"],
        "",
        "nothing: it is the release's own, below `spec.kubernetes.imageRepository`",
    ),
    (&["crio", "image", "global_auth_file"], "", "`spec.registries`"),
    (&["crio", "image", "pause_image_auth_file"], "", "`spec.registries`"),
    (
        &["crio", "image", "insecure_registries"],
        "",
        "`spec.registries`: with `ca` it is spoken to over HTTPS",
    ),
    (
        &["crio", "network", "network_dir"],
        "/etc/cni/net.d",
        "nothing: their configuration is in `/etc/cni/net.d`",
    ),
    (&["crio", "network", "plugin_dirs"], "", "nothing: the plugins are in `/opt/cni/bin`"),
];

const IN_RUN: &str = "nothing: a wipe removes it from `/run/crio`";
const IN_LIB: &str = "nothing: a wipe removes it from `/var/lib/crio`";

/// Every field of a mapping.
const ANY: &str = "*";

/// Where containerd looks for what a registry needs.
const CERTS: &str = "/etc/containerd/certs.d";
const HOSTS_TOML: &str =
    "nothing: containerd reads a `hosts.toml` for each registry in `/etc/containerd/certs.d`";

impl Check<'_> {
    /// Notes those fields that are not the user's.
    pub(super) fn owned(&mut self, fields: &raw::Free, owned: &[Owned]) {
        let Some(fields) = fields.as_ref().filter(|_| self.installs) else { return };
        for (path, anyway, instead) in owned {
            let mut found: Vec<(String, &At<Node>)> = Vec::new();
            for (depth, name) in path.iter().enumerate() {
                let fits = |it: &str| *name == ANY || it == *name;
                let all = if depth == 0 {
                    let all = fields.value.iter().filter(|(it, _)| fits(it));
                    all.map(|(it, node)| (it.clone(), node)).collect()
                } else {
                    let maps = found.iter().filter_map(|(path, node)| match &node.value {
                        Node::Map(map) => Some((path, map)),
                        _ => None,
                    });
                    maps.flat_map(|(path, map)| {
                        let all = map.iter().filter(|(it, _)| fits(it));
                        all.map(move |(it, node)| (format!("{path}.{it}"), node))
                    })
                    .collect()
                };
                found = all;
            }
            for (path, node) in found.iter().filter(|(_, node)| !fits(&node.value, anyway)) {
                self.wrong(node.spot, format!("{} is set by bivouac", quote(path)), |it| {
                    it.expected(*instead)
                });
            }
        }
    }

    /// The user's settings of kubelets.
    pub(super) fn kubelets(&mut self, fields: &raw::Free) -> Overrides {
        let endpoint = self.runtime.endpoint;
        self.owned(fields, &[(ENDPOINT, endpoint, "nothing: it is the runtime's socket")]);
        self.overrides(fields, KUBELET)
    }

    /// Notes nulls, which TOML does not have.
    pub(super) fn no_nulls(&mut self, fields: &raw::Free) {
        let Some(fields) = fields else { return };
        let name = self.runtime.name;
        for spot in fields.value.values().flat_map(nulls) {
            let message =
                format!("nothing is given, and {name}'s configuration has no word for that");
            self.wrong(spot, message, |it| it.expected("a value, or no such line"));
        }
    }
}

/// Whether a field says what is so anyway, or a directory below the one that a wipe empties: a disk of its
/// own has a `lost+found`, which etcd does not bear.
fn fits(node: &Node, anyway: &str) -> bool {
    let Node::Text(text) = node else { return false };
    let below = || text.strip_prefix("/var/lib/etcd/").is_some_and(|rest| !rest.contains(".."));
    !anyway.is_empty() && (text == anyway || (anyway == "/var/lib/etcd" && below()))
}

fn nulls(node: &At<Node>) -> Vec<Spot> {
    match &node.value {
        Node::Null => vec![node.spot],
        Node::List(list) => list.iter().flat_map(nulls).collect(),
        Node::Map(map) => map.values().flat_map(nulls).collect(),
        Node::Bool(_) | Node::Number(_) | Node::Text(_) => Vec::new(),
    }
}
