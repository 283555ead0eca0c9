//! Pod networks: their configuration and state, links, routes, namespaces.

use super::super::host::{CNI_USERS, Host, Runtime, goes, owners, unsure};
use super::super::removal::Stage;
use super::super::{Entry, NONE, Outcome};
use super::{file, file_by_sign, held, hollow, tree, tree_by_sign};
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

pub(super) const FILES: &[Entry] = &[
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

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "Links",
        classes: &["R23", "R24"],
        what: "links of pod networks and of kube-proxy",
        known: "a name that only they use, and the kind of link that it is there; `cni0` is one only where something else says that there was a Kubernetes",
        undone: "`ip link del` one by one; a link that leads to the default route is refused",
        never: "`docker0`, `br-*`, `virbr*`, `lxc*` (LXC has them too), `dummy0`, `veth*` in general, and links that are configurable: a name is the proof, not a difference",
        kinds: &[Kind::Link],
        judge: link,
        ..NONE
    },
    Entry {
        name: "Routes",
        classes: &["R26"],
        what: "routes of pod networks",
        known: "the protocol that the plugin writes, `bird` or `80`, over a link of Calico's",
        undone: "`ip route del` one by one, by their exact words; those over a link go with it",
        never: "`ip route flush`; routes whose author is not written in them; other routes of a BIRD, which may be the owner's router",
        kinds: &[Kind::Route],
        judge: route,
        ..NONE
    },
    Entry {
        name: "AddressesOfServices",
        classes: &["R25"],
        what: "virtual addresses of API servers on the host's own links",
        known: "not at all: an address does not say who set it",
        undone: "by their owner; a reboot takes those of kube-vip away",
        never: "by itself (kube-vip#798: a host lost all of its addresses)",
        ..NONE
    },
    Entry {
        name: "PodNamespaces",
        classes: &["R27"],
        what: "network namespaces of pods",
        known: "`cni-` and a UUID, as containerd's CRI plugin names them, and another sign of a Kubernetes",
        undone: "unmounted lazily and removed one by one",
        never: "other namespaces (k0s and kubespray delete all: VPNs, OpenStack's routers)",
        kinds: &[Kind::Netns],
        judge: |thing, host| {
            let uuid = thing.name.strip_prefix("cni-")?;
            let is_uuid = uuid.len() == 36
                && uuid.bytes().enumerate().all(|(at, c)| match at {
                    8 | 13 | 18 | 23 => c == b'-',
                    _ => c.is_ascii_hexdigit(),
                });
            if !is_uuid {
                return Some(owners("its name is not one that the CRI plugin gives"));
            }
            Some(match host.sign() {
                Some(sign) => goes(
                    format!("its name, and {sign}"),
                    Stage::Network,
                    Clear::Netns,
                    &[&thing.name],
                ),
                None => unsure("nothing else here says that there was a Kubernetes"),
            })
        },
        ..NONE
    },
    Entry {
        name: "Conntrack",
        classes: &["R29"],
        what: "connections that the kernel still translates",
        known: "not looked for: they end by themselves within minutes",
        undone: "by themselves",
        never: "`conntrack -F`, which cuts everybody's connections",
        ..NONE
    },
];

/// Whether a name is Calico's, Weave's or flannel's, which people have on hosts without Kubernetes as well.
pub(super) fn works_alone(name: &str) -> bool {
    ["cali", "weave", "WEAVE", "flannel", "FLANNEL"].iter().any(|it| name.contains(it))
        || name == "vxlan-6784"
}

/// What becomes of such a thing where nothing says that there was a Kubernetes.
pub(super) fn alone() -> Outcome {
    unsure(
        "Calico, Weave and flannel work without Kubernetes too, and nothing else says that there was one",
    )
}

/// Whether anybody else has, or may have, networks of plugins here.
pub(super) fn others_may_use(host: &Host<'_>) -> bool {
    shares(host) || CNI_USERS.iter().any(|path| host.path(path).is_some())
}

/// Whether others have networks here too.
fn shares(host: &Host<'_>) -> bool {
    host.of(Kind::Attachment).any(|it| !it.is("pod")) || !host.other_networks().is_empty()
}

fn plugin(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    if let Some(outcome) = held(thing, host) {
        return Some(outcome);
    }
    let name = thing.name.rsplit('/').next().unwrap_or_default();
    if PODS.iter().any(|it| super::super::matches(it, name)) && name != "install" {
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

/// Names of links with the kinds that they are: of the sources of kube-proxy, flannel, Calico, Cilium, Weave, kube-router, Antrea, kube-ovn.
const LINKS: [(&str, &[&str]); 29] = [
    ("kube-ipvs0", &["dummy"]),
    ("nodelocaldns", &["dummy"]),
    ("kube-dummy-if", &["dummy"]),
    ("kube-bridge", &["bridge"]),
    ("cbr0", &["bridge"]),
    ("flannel.1", &["vxlan"]),
    ("flannel.4096", &["vxlan"]),
    ("flannel-v6.1", &["vxlan"]),
    ("flannel-v6.4096", &["vxlan"]),
    ("flannel-wg", &["wireguard"]),
    ("flannel-wg-v6", &["wireguard"]),
    ("vxlan.calico", &["vxlan"]),
    ("vxlan-v6.calico", &["vxlan"]),
    ("wireguard.cali", &["wireguard"]),
    ("wg-v6.cali", &["wireguard"]),
    ("bpfin.cali", &["veth"]),
    ("bpfout.cali", &["veth"]),
    ("egress.calico", &["vxlan"]),
    ("cilium_host", &["veth"]),
    ("cilium_net", &["veth"]),
    ("cilium_vxlan", &["vxlan"]),
    ("cilium_geneve", &["geneve"]),
    ("cilium_wg0", &["wireguard"]),
    ("lxc_health", &["veth"]),
    ("weave", &["bridge"]),
    ("vxlan-6784", &["vxlan"]),
    ("antrea-gw0", &["", "openvswitch"]),
    ("ovn0", &["", "openvswitch"]),
    ("ovn-k8s-mp0", &["", "openvswitch"]),
];

fn link(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (name, kind) = (thing.name.as_str(), thing.get("type"));
    let mine = |proof: &str| goes(proof, Stage::Links, Clear::Links, &[name]);
    if let Some((_, kinds)) = LINKS.iter().find(|(it, _)| *it == name) {
        return Some(if kinds.contains(&kind) && host.sign().is_none() && works_alone(name) {
            alone()
        } else if kinds.contains(&kind) {
            mine("only Kubernetes and its network plugins name a link so")
        } else {
            unsure(format!(
                "a link of this name should be of the kind `{}` and is `{kind}`",
                kinds[0]
            ))
        });
    }
    if is_calicos_end(name) && kind == "veth" {
        return Some(match host.sign() {
            Some(_) => mine("Calico names pods' links so"),
            None => alone(),
        });
    }
    if name == "cni0" {
        return Some(match host.sign() {
            _ if kind != "bridge" => unsure(format!("`cni0` should be a bridge and is `{kind}`")),
            _ if bridged_by_others(host) => {
                owners("a network that is not Kubernetes' has it as its bridge")
            }
            Some(sign) => mine(&format!("the pods' bridge, and {sign}")),
            None => unsure("nothing else here says that there was a Kubernetes"),
        });
    }
    // Pods' ends that outlived them.
    if thing.get("master") == "cni0"
        && kind == "veth"
        && host.sign().is_some()
        && !bridged_by_others(host)
    {
        return Some(mine("it hangs on the pods' bridge"));
    }
    None
}

/// `cali` and eleven digits, as Calico and its kin name pods' ends.
fn is_calicos_end(name: &str) -> bool {
    name.strip_prefix("cali")
        .is_some_and(|it| it.len() == 11 && it.bytes().all(|c| c.is_ascii_hexdigit()))
}

fn route(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (family, route) = thing.name.split_once(' ')?;
    let after = |word: &str| route.split_once(word)?.1.split(' ').next();
    let protocol = after(" proto ").filter(|it| matches!(*it, "bird" | "80"))?;
    let link = after(" dev ").unwrap_or_default();
    let is_calicos =
        matches!(link, "tunl0" | "vxlan.calico" | "vxlan-v6.calico") || is_calicos_end(link);
    Some(if is_calicos && host.sign().is_none() {
        alone()
    } else if is_calicos {
        goes(
            format!("its protocol is `{protocol}`, and it leads over Calico's link `{link}`"),
            Stage::Network,
            Clear::Routes,
            &[&format!("{family} {route}")],
        )
    } else if protocol == "bird" && host.sign().is_none() {
        owners("BIRD set it, and there is no Kubernetes here")
    } else if protocol == "bird" {
        unsure("BIRD set it: Calico's or your own")
    } else {
        unsure("its protocol `80` is Calico's as a rule, but its link is not")
    })
}

/// Whether a network of others has `cni0` as its bridge.
fn bridged_by_others(host: &Host<'_>) -> bool {
    host.of(Kind::Network).any(|it| it.get("bridge") == "cni0" && host.network(it) == Some(false))
}
