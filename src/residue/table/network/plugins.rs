//! Programs of network plugins.

use super::super::super::host::{CNI_USERS, Host, goes, owners};
use super::super::super::removal::Stage;
use super::super::super::{Entry, NONE, Outcome};
use super::super::held;
use super::{alone, works_alone};
use crate::host::Clear;
use crate::host::inventory::Thing;

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
const PODS: [&str; 24] = [
    "flannel",
    "calico",
    "calico-ipam",
    "install",
    "cilium-cni",
    "cilium-mount",
    "cilium-sysctlfix",
    "weave-ipam",
    "weave-net",
    "weave-plugin-*",
    "kube-ovn",
    "multus",
    "multus-daemon",
    "multus-shim",
    "passthru",
    "antrea",
    "antrea-*",
    "whereabouts",
    "aws-cni",
    "terway",
    "ovn-k8s-cni-overlay",
    "kube-router",
    "egress-cni",
    "egress-v*-cni",
];

pub(in super::super) const ENTRIES: &[Entry] = &[Entry {
    name: "NetworkPlugins",
    classes: &["R03"],
    what: "programs of network plugins",
    known: "a name that only a Kubernetes network brings; the standard ones where nobody else has a network here",
    undone: "removed file by file",
    never: "files of other names in `/opt/cni/bin`: they are the owner's; the standard ones where podman, nerdctl or docker's kin use them",
    paths: &["/opt/cni/bin/*"],
    judge: plugin,
    ..NONE
}];

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
    // The program of Calico's image that copies the others.
    if name == "install" && host.sign().is_some() && host.path("/opt/cni/bin/calico").is_some() {
        return Some(goes(
            "Calico's installer, beside its plugin",
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
