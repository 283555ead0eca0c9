//! State of pod networks, and what they tell the system about their links.

use super::super::super::agents::Agent;
use super::super::super::host::{Host, goes, owners, unsure};
use super::super::super::removal::Stage;
use super::super::super::{Entry, NONE, Outcome};
use super::super::{data, file, file_by_sign, held, hollow, tree, tree_by_sign};
use super::works_alone;
use crate::host::inventory::Thing;

pub(in super::super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "NetworkState",
        classes: &["R03"],
        what: "what network plugins write while they run",
        known: "directories that only they make",
        undone: "unmounted below, then removed by a walk in which no mount can be seen",
        never: "`/etc/openvswitch`: an OpenStack or Open vSwitch host has it too",
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
        name: "SwitchState",
        classes: &["R03"],
        what: "what kube-ovn, OVN-Kubernetes and Antrea keep of an Open vSwitch in containers",
        known: "kube-ovn's own places below `/etc/origin`, and the run directories, where one of them was here",
        undone: "unmounted below, then removed by a walk in which no mount can be seen",
        never: "on a host that has an Open vSwitch of its own (`/etc/openvswitch`, `ovs-vsctl`), or where no such network was",
        paths: &[
            "/etc/origin/openvswitch",
            "/etc/origin/ovn",
            "/run/openvswitch",
            "/run/ovn",
            "/var/log/openvswitch",
            "/var/log/ovn",
        ],
        judge: |thing, host| {
            let agents = [Agent::KubeOvn, Agent::OvnKubernetes, Agent::Antrea];
            let sign = agents.into_iter().find_map(|it| host.agent(it));
            Some(match (held(thing, host), host.own_switch(), sign) {
                (Some(outcome), ..) => outcome,
                (None, Some(path), _) => {
                    owners(format!("the host has an Open vSwitch of its own: `{path}` is there"))
                }
                (None, None, None) => owners("Open vSwitch is of use without Kubernetes"),
                (None, None, Some(_)) if host.sign().is_none() => {
                    unsure("nothing else here says that there was a Kubernetes")
                }
                (None, None, Some(sign)) => {
                    let proof = format!("the host has no Open vSwitch of its own, and {sign}");
                    goes(proof, Stage::Data, data(thing), &[&thing.name])
                }
            })
        },
        ..NONE
    },
    Entry {
        name: "OpenVswitch",
        classes: &["R03"],
        what: "Open vSwitch' own directory",
        known: "its name",
        undone: "by its owner",
        never: "by itself (kubespray deletes it, also on an OpenStack host)",
        paths: &["/etc/openvswitch"],
        judge: |_, _| Some(owners("Open vSwitch is of use without Kubernetes")),
        ..NONE
    },
    Entry {
        name: "NetworkTools",
        classes: &["R41"],
        what: "what installers tell NetworkManager and the resolver about pods' links",
        known: "the names in RKE2's and Calico's instructions; a file of another name that speaks of a pod network is named",
        undone: "saved and removed; nothing is restarted",
        never: "a restart of the network, which would cut our own way in (kubespray#4761)",
        paths: &[
            "/etc/NetworkManager/conf.d/flannel.conf",
            "/etc/NetworkManager/conf.d/rke2-canal.conf",
            "/etc/NetworkManager/conf.d/*.conf",
        ],
        judge: tools,
        ..NONE
    },
];

/// Files for `NetworkManager`.
fn tools(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    match thing.name.rsplit('/').next()? {
        "flannel.conf" => file_by_sign(thing, host),
        "rke2-canal.conf" => file(thing, host),
        // Of `SmallConfig`.
        "calico.conf" | "k8s.conf" => None,
        _ => {
            let speaks = ["calico", "flannel", "cilium"];
            let is_about = thing.get("words").split(',').any(|it| speaks.contains(&it));
            (is_about && host.sign().is_some() && held(thing, host).is_none()).then(|| {
                unsure(format!(
                    "it speaks of a pod network, and who wrote it is not known: `rm {}`, if nobody needs it",
                    thing.name
                ))
            })
        }
    }
}
