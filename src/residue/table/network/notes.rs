//! What network plugins remember of the addresses of pods.

use super::super::super::host::{goes, owners};
use super::super::super::removal::Stage;
use super::super::super::{Entry, NONE};
use super::super::{hollow, tree_by_sign};
use super::shares;
use crate::host::Clear;
use crate::host::inventory::Kind;

pub(in super::super) const ENTRIES: &[Entry] = &[
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
        known: "the directory has the name of a network from which pods have their addresses, or is flannel's or Multus' own",
        undone: "removed",
        never: "other networks' directories",
        paths: &["/var/lib/cni/networks/*", "/var/lib/cni/flannel", "/var/lib/cni/multus"],
        judge: |thing, host| {
            let name = thing.name.rsplit('/').next()?;
            // Notes of their own, which nobody else's plugins write.
            if !thing.name.starts_with("/var/lib/cni/networks/") {
                return if shares(host) { tree_by_sign(thing, host) } else { None };
            }
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
];
