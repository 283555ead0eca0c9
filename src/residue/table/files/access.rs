//! The administrator's access to the cluster, and what he gave to kubeadm.

use super::super::super::host::{Host, goes, kept, owners, unsure};
use super::super::super::removal::Stage;
use super::super::super::{Entry, NONE, Outcome};
use super::super::{held, tree_by_sign};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

pub(in super::super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "Kubeconfigs",
        classes: &["R05"],
        what: "the administrator's access to the cluster",
        known: "a `~/.kube/config` whose servers are this cluster's only; where they are loopback addresses, by this cluster's authority",
        undone: "saved and removed",
        never: "a file that has other clusters in it as well; `~/.config/helm` and other clients' settings",
        kinds: &[Kind::Path],
        judge: kubeconfig,
        ..NONE
    },
    Entry {
        name: "KubectlCache",
        classes: &["R05"],
        what: "what kubectl remembers of servers",
        known: "`~/.kube/cache`, which kubectl makes anew whenever it needs it",
        undone: "removed; `~/.kube` when nothing else is in it",
        never: "other files in `~/.kube`",
        paths: &["/root/.kube/cache", "/root/.kube/http-cache"],
        judge: |thing, host| match host.sign() {
            Some(_) => tree_by_sign(thing, host),
            None => Some(owners("a client's: there is no cluster on this host that it came with")),
        },
        ..NONE
    },
    Entry {
        name: "KubeadmInputs",
        classes: &["R05"],
        what: "kubeadm's own configuration in root's home",
        known: "its first lines say `apiVersion: kubeadm.k8s.io`",
        undone: "saved and removed, and only where it is named with `--also`",
        never: "by itself: somebody wrote it; other YAML files: manifests are the owner's work",
        kinds: &[Kind::Path],
        judge: |thing, host| {
            if thing.get("words") != "apiVersion: kubeadm" || !thing.name.starts_with("/root/") {
                return None;
            }
            Some(if host.wants(&thing.name) {
                held(thing, host).unwrap_or_else(|| {
                    goes("named on the command line", Stage::Files, Clear::Files, &[&thing.name])
                })
            } else if host.sign().is_none() {
                owners("there is no cluster on this host that it is for")
            } else {
                kept("somebody wrote it: it goes only where it is named with `--also`")
            })
        },
        ..NONE
    },
];

fn kubeconfig(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    if thing.get("words") != "kubeconfig" {
        return None;
    }
    let own: Vec<&str> = host.fact("server").split(' ').filter(|it| !it.is_empty()).collect();
    let servers: Vec<&str> = thing.get("servers").split(' ').filter(|it| !it.is_empty()).collect();
    let others: Vec<&&str> = servers.iter().filter(|it| !own.contains(it)).collect();
    // Any cluster in containers, or behind a tunnel, is at such an address.
    let is_loopback =
        |it: &&str| ["//127.", "//localhost", "//[::1]"].iter().any(|address| it.contains(address));
    let authority: Vec<&str> = host.fact("authority").split_whitespace().collect();
    let mut trusted = thing.get("authorities").split_whitespace().peekable();
    let is_known = trusted.peek().is_some() && trusted.all(|it| authority.contains(&it));
    Some(if host.sign().is_none() {
        owners("a client's: there is no cluster on this host that it is for")
    } else if own.is_empty() && !servers.iter().any(|it| host.is_own(it)) {
        owners("it is for another machine, and nothing says that this host was of that cluster")
    } else if own.is_empty() {
        unsure(format!(
            "nothing says any more which server was this cluster's; it is for {}",
            servers.join(", ")
        ))
    } else if servers.is_empty() {
        unsure("it names no server")
    } else if thing.is("linked") {
        unsure("a link leads to it: what is there may be anybody's")
    } else if others.is_empty() && servers.iter().any(is_loopback) && !is_known {
        unsure(
            "its server is at a loopback address, and its authority is not known as this cluster's",
        )
    } else if others.is_empty() {
        goes("it is for this cluster only", Stage::Files, Clear::Files, &[&thing.name])
    } else {
        owners("it has other clusters as well")
    })
}
