//! Configuration, state and programs of pod networks.

use super::super::super::host::{CNI_USERS, Host, Runtime, goes, owners, unsure};
use super::super::super::removal::Stage;
use super::super::super::{Entry, NONE, Outcome};
use super::super::{file, file_by_sign, held, hollow, tree, tree_by_sign};
use super::{alone, others_may_use, shares, works_alone};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

/// The standard network plugins (containernetworking/plugins), which come in one archive; podman, nerdctl and others use them too.
const STANDARD: [&str; 20] = [
    "bandwidth",
    "bridge",
    "dhcp",
    "dummy",
    "firewall",
    "host-device",
    "host-local",
    "ipvlan",
    "loopback",
    "macvlan",
    "portmap",
    "ptp",
    "sbr",
    "static",
    "tap",
    "tuning",
    "vlan",
    "vrf",
    "LICENSE",
    "README.md",
];
/// Plugins that only a Kubernetes network brings.
const PODS: [&str; 18] = [
    "flannel",
    "calico",
    "calico-ipam",
    "install",
    "cilium-cni",
    "weave-ipam",
    "weave-net",
    "weave-plugin-*",
    "kube-ovn",
    "multus",
    "multus-shim",
    "antrea",
    "whereabouts",
    "aws-cni",
    "terway",
    "ovn-k8s-cni-overlay",
    "kube-router",
    "egress-cni",
];

pub(in super::super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "NetworkConfig",
        classes: &["R03"],
        what: "configurations of the pod network",
        known: "a plugin in it that only Kubernetes has, or pods that had an address from it",
        undone: "file by file: saved and removed",
        never: "podman's, nerdctl's and others' files beside them (kubeadm#1822); the directory while anything is in it",
        kinds: &[Kind::Network],
        judge: |thing, host| {
            if let Some(package) = host.package_of(&thing.name) {
                return Some(owners(format!("the package `{package}` brings it")));
            }
            let network = thing.get("network");
            let has_pods =
                host.of(Kind::Attachment).any(|it| it.is("pod") && it.get("network") == network);
            Some(match host.network(thing) {
                Some(true)
                    if host.sign().is_none() && !has_pods && works_alone(thing.get("plugins")) =>
                {
                    alone()
                }
                Some(true) => goes(
                    format!("pods have their addresses from the network `{network}`"),
                    Stage::Files,
                    Clear::Files,
                    &[&thing.name],
                ),
                Some(false) => owners(format!("the network `{network}` is not Kubernetes'")),
                None => match (host.containerd(), host.sign()) {
                    // Nobody else reads this directory.
                    (Runtime::Cluster(_), Some(_)) if !others_may_use(host) => goes(
                        "the kubelet's runtime takes it from there, and nobody else here has networks of plugins",
                        Stage::Files,
                        Clear::Files,
                        &[&thing.name],
                    ),
                    _ => unsure(format!(
                        "whose network `{network}` is is not known: nothing has an address from it"
                    )),
                },
            })
        },
        ..NONE
    },
    Entry {
        name: "RenamedConfig",
        classes: &["R03"],
        what: "network configurations of others that Cilium put aside",
        known: "Cilium's own suffix `.cilium_bak`",
        undone: "they get their names back, as Cilium's own clean-up gives them",
        never: "where a file of that name is there again",
        paths: &["/etc/cni/net.d/*.cilium_bak"],
        judge: |thing, host| {
            let name = thing.name.strip_suffix(".cilium_bak")?;
            Some(held(thing, host).unwrap_or_else(|| {
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
        name: "NetworkState",
        classes: &["R03"],
        what: "what network plugins write while they run",
        known: "directories that only they make",
        undone: "unmounted below, then removed by a walk in which no mount can be seen",
        never: "`/etc/openvswitch` and `/run/openvswitch`: an OpenStack or Open vSwitch host has them too",
        paths: &[
            "/run/flannel",
            "/etc/calico",
            "/var/lib/calico",
            "/run/calico",
            "/run/cilium",
            "/var/lib/cilium",
            "/etc/cilium",
            "/var/lib/kube-router",
            "/var/lib/weave",
            "/etc/weave.env",
            "/run/antrea",
            "/var/lib/antrea",
            "/etc/kube-flannel",
            "/etc/flannel",
            "/run/multus",
        ],
        judge: |thing, host| {
            if works_alone(&thing.name) { tree_by_sign(thing, host) } else { tree(thing, host) }
        },
        ..NONE
    },
    Entry {
        name: "NetworkAddresses",
        classes: &["R03"],
        what: "what the standard plugins remember of containers' addresses",
        known: "libcni's notes: those of pods say so",
        undone: "`/var/lib/cni` whole where only pods are in it, otherwise note by note",
        never: "notes of other containers: with them podman would give an address out twice",
        paths: &["/var/lib/cni"],
        judge: |thing, host| {
            let others = host.of(Kind::Attachment).find(|it| !it.is("pod"));
            match others {
                Some(other) => Some(owners(format!(
                    "containers that are no pods have notes in it: `{}`",
                    other.name
                ))),
                None if host.other_networks().is_empty() => tree_by_sign(thing, host),
                None => Some(owners("other networks use it")),
            }
        },
        ..NONE
    },
    Entry {
        name: "PodNotes",
        classes: &["R03"],
        what: "notes of pods' addresses beside those of other containers",
        known: "libcni wrote `K8S_POD_NAMESPACE` into them",
        undone: "file by file",
        never: "notes of other containers",
        kinds: &[Kind::Attachment],
        judge: |thing, host| {
            let is_shared = host.of(Kind::Attachment).any(|it| !it.is("pod"))
                || !host.other_networks().is_empty();
            (is_shared && thing.is("pod"))
                .then(|| goes("a pod's", Stage::Files, Clear::Programs, &[&thing.name]))
        },
        ..NONE
    },
    Entry {
        name: "PodRanges",
        classes: &["R03"],
        what: "addresses of pods' networks that are given out, beside those of others",
        known: "the directory has the name of a network from which pods have their addresses",
        undone: "removed",
        never: "other networks' directories",
        paths: &["/var/lib/cni/networks/*"],
        judge: |thing, host| {
            let name = thing.name.rsplit('/').next()?;
            (shares(host)
                && host.pod_networks().contains(name)
                && !host.other_networks().contains(name))
            .then(|| {
                goes(
                    format!("the pods' network is called `{name}`"),
                    Stage::Data,
                    Clear::Tree,
                    &[&thing.name],
                )
            })
        },
        ..NONE
    },
    Entry {
        name: "NoteDirectories",
        classes: &["R03"],
        what: "directories of notes that others share",
        known: "their names",
        undone: "removed where they are empty in the end",
        never: "anything in them that is not listed by itself",
        paths: &[
            "/var/lib/cni",
            "/var/lib/cni/networks",
            "/var/lib/cni/results",
            "/var/lib/cni/cache",
            "/var/lib/cni/cache/results",
        ],
        judge: |thing, host| if shares(host) { hollow(thing, host) } else { None },
        ..NONE
    },
    Entry {
        name: "NetworkPlugins",
        classes: &["R03"],
        what: "programs of network plugins",
        known: "a name that only a Kubernetes network brings; the standard ones where nobody else has a network here",
        undone: "removed file by file",
        never: "files of other names in `/opt/cni/bin`: they are the owner's; the standard ones where podman, nerdctl or docker's kin use them",
        paths: &["/opt/cni/bin/*"],
        judge: plugin,
        ..NONE
    },
    Entry {
        name: "NetworkDirectories",
        classes: &["R03"],
        what: "directories for networks of containers",
        known: "their names",
        undone: "removed where they are empty in the end",
        never: "anything in them that is not listed by itself",
        paths: &["/etc/cni", "/etc/cni/net.d", "/opt/cni", "/opt/cni/bin"],
        judge: hollow,
        ..NONE
    },
    Entry {
        name: "OpenVswitch",
        classes: &["R03"],
        what: "Open vSwitch' own directories",
        known: "their names",
        undone: "by their owner",
        never: "by itself (kubespray deletes them, also on an OpenStack host)",
        paths: &["/etc/openvswitch", "/etc/origin/openvswitch", "/etc/origin/ovn"],
        judge: |_, _| Some(owners("Open vSwitch is of use without Kubernetes")),
        ..NONE
    },
    Entry {
        name: "NetworkTools",
        classes: &["R41"],
        what: "what installers tell NetworkManager and the resolver about pods' links",
        known: "Calico's own file names",
        undone: "saved and removed; nothing is restarted",
        never: "a restart of the network, which would cut our own way in (kubespray#4761)",
        paths: &[
            "/etc/NetworkManager/conf.d/flannel.conf",
            "/etc/NetworkManager/conf.d/rke2-canal.conf",
        ],
        judge: |thing, host| {
            if works_alone(&thing.name) { file_by_sign(thing, host) } else { file(thing, host) }
        },
        ..NONE
    },
];

fn plugin(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    if let Some(outcome) = held(thing, host) {
        return Some(outcome);
    }
    let name = thing.name.rsplit('/').next().unwrap_or_default();
    if PODS.iter().any(|it| super::super::super::matches(it, name)) && name != "install" {
        if host.sign().is_none() && works_alone(name) {
            return Some(alone());
        }
        return Some(goes(
            "only a Kubernetes network brings it",
            Stage::Files,
            Clear::Programs,
            &[&thing.name],
        ));
    }
    if !STANDARD.contains(&name) {
        return Some(owners("no plugin of a Kubernetes network has this name"));
    }
    let others = host.other_networks();
    let user = CNI_USERS.iter().find(|path| host.path(path).is_some());
    Some(match (others.first(), user, host.sign()) {
        (Some(network), ..) => owners(format!("the network `{network}` uses it")),
        (None, Some(user), _) => owners(format!("`{user}` uses it")),
        (None, None, Some(sign)) => goes(
            format!("a standard plugin, nobody else has a network here, and {sign}"),
            Stage::Files,
            Clear::Programs,
            &[&thing.name],
        ),
        (None, None, None) => owners("there is no Kubernetes here that it came with"),
    })
}
