//! Routes and network namespaces of pods.

use super::super::super::host::{CNI_USERS, Host, goes, owners, unsure};
use super::super::super::removal::Stage;
use super::super::super::{Entry, NONE, Outcome};
use super::alone;
use super::links::is_calicos_end;
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

pub(in super::super) const ENTRIES: &[Entry] = &[
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
        name: "RoutingRules",
        classes: &["R26"],
        what: "Cilium's rules of routing, and the local rule that it moved",
        known: "its own two rules by their priority, mark and table, the local rule at priority 100, and another sign of Cilium",
        undone: "`ip rule del` one by one by their exact words; the local rule gets its place 0 back before it loses place 100",
        never: "other rules; a moment without a rule that leads to the local table, in which the host would know none of its own addresses",
        kinds: &[Kind::Policy],
        judge: policy,
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
            let user = CNI_USERS.iter().find(|path| host.path(path).is_some());
            Some(match host.sign() {
                Some(sign) => goes(
                    format!("its name, and {sign}"),
                    Stage::Network,
                    Clear::Netns,
                    &[&thing.name],
                ),
                // podman named them the same way until 3.x.
                None if user.is_some() => {
                    owners(format!("`{}` names namespaces so too", user.unwrap_or(&"")))
                }
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

/// Cilium's (pkg/datapath/linux: what its proxy gets is led by marks to tables of its own, and the local rule is moved behind that).
const CILIUMS: [&str; 2] =
    ["9: from all fwmark 0x200/0xf00 lookup 2004", "10: from all fwmark 0xa00/0xf00 lookup 2005"];
const MOVED: &str = "100: from all lookup local";

fn policy(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (_, rule) = thing.name.split_once(' ')?;
    if !CILIUMS.contains(&rule) && rule != MOVED {
        return None;
    }
    Some(match (host.sign(), host.cilium()) {
        (Some(_), Some(cilium)) => goes(
            format!("Cilium's own words, and {cilium}"),
            Stage::Network,
            Clear::Policies,
            &[&thing.name],
        ),
        (Some(_), None) => {
            unsure("it has Cilium's words, and nothing else says that Cilium was here")
        }
        (None, _) => owners("there is no Kubernetes here"),
    })
}

fn route(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (family, route) = thing.name.split_once(' ')?;
    let after = |word: &str| route.split_once(word)?.1.split(' ').next();
    if let Some(table) = after(" table ") {
        // What Cilium sets there leads to the host itself or over its own link.
        let is_ciliums = route.starts_with("local default dev lo ")
            || after(" dev ").is_some_and(|it| it.starts_with("cilium_"));
        return Some(match (host.sign(), host.cilium()) {
            (Some(_), Some(cilium)) if is_ciliums => goes(
                format!("it is in the table {table} of Cilium's proxy, and {cilium}"),
                Stage::Network,
                Clear::Routes,
                &[&thing.name],
            ),
            (Some(_), _) => unsure(format!(
                "the table {table} is Cilium's as a rule, and nothing else says that this is its own"
            )),
            (None, _) => owners("there is no Kubernetes here"),
        });
    }
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
