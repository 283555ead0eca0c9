//! Configurations of pod networks, and what lies beside them.

use super::super::super::host::{Host, Runtime, goes, owners, unsure};
use super::super::super::removal::Stage;
use super::super::super::{Entry, NONE, Outcome};
use super::super::{file_by_sign, held};
use super::{alone, others_may_use, works_alone};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

/// The suffix of what Cilium puts aside.
const ASIDE: &str = ".cilium_bak";

pub(in super::super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "NetworkConfig",
        classes: &["R03"],
        what: "configurations of the pod network",
        known: "a plugin in it that only Kubernetes has, or pods that had an address from it",
        undone: "file by file: saved and removed",
        never: "podman's, nerdctl's and others' files beside them (kubeadm#1822); the directory while anything is in it",
        kinds: &[Kind::Network],
        judge: |thing, host| (!thing.name.ends_with(ASIDE)).then(|| config(thing, host)),
        ..NONE
    },
    Entry {
        name: "RenamedConfig",
        classes: &["R03"],
        what: "network configurations of others that Cilium put aside",
        known: "Cilium's own suffix `.cilium_bak`",
        undone: "they get their names back, as Cilium's own clean-up gives them; one of another pod network goes as it would under its own name",
        never: "where a file of that name is there again",
        paths: &["/etc/cni/net.d/*.cilium_bak"],
        judge: |thing, host| {
            let name = thing.name.strip_suffix(ASIDE)?;
            let network = host.of(Kind::Network).find(|it| it.name == thing.name);
            let pods =
                network.map(|it| config(it, host)).filter(|it| matches!(it, Outcome::Goes { .. }));
            Some(held(thing, host).or(pods).unwrap_or_else(|| {
                if host.path(name).is_some() || host.of(Kind::Network).any(|it| it.name == name) {
                    unsure("a file of its old name is there again")
                } else {
                    goes("Cilium renamed it", Stage::Files, Clear::Rename, &[&thing.name, name])
                }
            }))
        },
        ..NONE
    },
    Entry {
        name: "NetworkAccess",
        classes: &["R03", "R05"],
        what: "what pod networks keep beside their configurations: access to the API server, other networks' configurations",
        known: "names that only Calico, Canal, Multus and Whereabouts use (their manifests and installers), and another sign of a Kubernetes",
        undone: "saved (they are root's alone: tokens are in them) and removed",
        never: "files of other names in this directory",
        paths: &[
            "/etc/cni/net.d/calico-kubeconfig",
            "/etc/cni/net.d/canal-kubeconfig",
            "/etc/cni/net.d/calico-tls",
            "/etc/cni/net.d/multus.d",
            "/etc/cni/net.d/whereabouts.d",
            "/etc/cni/multus",
        ],
        judge: file_by_sign,
        ..NONE
    },
];

/// What becomes of a network's configuration.
fn config(thing: &Thing, host: &Host<'_>) -> Outcome {
    if let Some(package) = host.package_of(&thing.name) {
        return owners(format!("the package `{package}` brings it"));
    }
    let network = thing.get("network");
    let has_pods = host.of(Kind::Attachment).any(|it| it.is("pod") && it.get("network") == network);
    let mine = |proof: String| goes(proof, Stage::Files, Clear::Files, &[&thing.name]);
    match host.network(thing) {
        Some(true) if host.sign().is_none() && !has_pods && works_alone(thing.get("plugins")) => {
            alone()
        }
        Some(true) => mine(format!("pods have their addresses from the network `{network}`")),
        Some(false) => owners(format!("the network `{network}` is not Kubernetes'")),
        None => match (host.containerd(), host.sign()) {
            // Nobody else reads this directory.
            (Runtime::Cluster(_), Some(_)) if !others_may_use(host) => mine(
                "the kubelet's runtime takes it from there, and nobody else here has networks of plugins".to_owned(),
            ),
            _ if network.is_empty() => unsure(
                "it names no network that can be read: look at it, and remove it if it is a cluster's",
            ),
            _ => unsure(format!(
                "nothing says whose the network `{network}` is, and nothing has an address from it: remove it if it is a cluster's"
            )),
        },
    }
}
