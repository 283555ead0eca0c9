//! The table: a room for each kind of place, an entry for each kind of leftover. Order matters only for people: it is the order
//! of what is shown.

#![expect(clippy::unnecessary_wraps, reason = "an entry may say nothing, and all have one form")]

mod bpf;
mod distributions;
mod elsewhere;
mod files;
mod firewall;
mod kernel;
mod network;
mod packages;
mod runtime;
mod services;
mod settings;
mod storage;

pub(super) use bpf::UNSEEN;
pub(super) use elsewhere::NONE_OF_THEIRS;
pub(super) use network::{is_calicos_end, is_clusters_link};
pub(super) use packages::is_going;

use super::host::{Host, goes, kept, owners, unsure};
use super::removal::Stage;
use super::{Entry, Outcome};
use crate::host::Clear;
use crate::host::inventory::Thing;

/// Every entry.
pub(super) const TABLE: &[&[Entry]] = &[
    services::ENTRIES,
    runtime::PODS,
    files::ENTRIES,
    files::ETCD,
    files::ACCESS,
    files::PROGRAMS,
    network::CONFIG,
    network::FILES,
    network::NOTES,
    network::PLUGINS,
    distributions::ENTRIES,
    bpf::ENTRIES,
    firewall::ENTRIES,
    network::LINKS,
    network::SWITCH,
    network::ROUTES,
    network::POLICIES,
    network::ADDRESSES,
    runtime::ENTRIES,
    elsewhere::ENTRIES,
    packages::ENTRIES,
    kernel::ENTRIES,
    settings::ENTRIES,
    storage::ENTRIES,
];

/// Why a disk stays that an earlier look found full.
pub(super) const EMPTY_DISK: &str = "a disk of its own is mounted there, and it is empty";

/// What keeps a path from being removed at all, whoever's it is.
fn held(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    // A directory is made anew by whatever writes into it, so one of a package that goes must go as well.
    if let Some(package) = host.package_of(&thing.name)
        && !(thing.get("type") == "d" && packages::is_going(package, host))
    {
        return Some(owners(format!("the package `{package}` brings it")));
    }
    match thing.get("type") {
        "l" => Some(unsure(format!(
            "it is a link to `{}`: what is there may be anybody's",
            thing.get("target")
        ))),
        "o" => Some(unsure("it is neither a file nor a directory")),
        _ if thing.get("mount") == "remote" => Some(kept("a network file system is mounted there")),
        _ if thing.is("empty") && matches!(thing.get("mount"), "fstab" | "other") => {
            Some(owners(EMPTY_DISK))
        }
        _ if !matches!(thing.get("kept"), "" | "0") => {
            Some(kept("a mount of /etc/fstab, or of a unit, lies below it"))
        }
        _ => None,
    }
}

/// A directory of data that nobody but a Kubernetes makes.
fn tree(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    Some(held(thing, host).unwrap_or_else(|| {
        let because = format!("only Kubernetes makes it{}", mounts(thing));
        goes(because, Stage::Data, data(thing), &[&thing.name])
    }))
}

/// What becomes of what is mounted below it.
fn mounts(thing: &Thing) -> String {
    match thing.get("mounts") {
        "" | "0" => String::new(),
        "1" => "; a mount below it is unmounted first".to_owned(),
        count => format!("; {count} mounts below it are unmounted first"),
    }
}

/// Likewise, but one of a name that others might take: only where something else says that there was a Kubernetes.
fn tree_by_sign(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    by_sign(thing, host, Stage::Data, data(thing))
}

/// Data is not saved, be it a directory or a file.
fn data(thing: &Thing) -> Clear {
    if thing.get("type") == "d" { Clear::Tree } else { Clear::Programs }
}

/// A file, or a small directory of files, that nobody but a Kubernetes makes.
fn file(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    Some(held(thing, host).unwrap_or_else(|| {
        goes("only Kubernetes' installers write it", Stage::Files, Clear::Files, &[&thing.name])
    }))
}

fn file_by_sign(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    by_sign(thing, host, Stage::Files, Clear::Files)
}

/// A program, or a directory of programs, that nobody but a Kubernetes brings.
fn program(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    by_sign(thing, host, Stage::Files, Clear::Programs)
}

fn by_sign(thing: &Thing, host: &Host<'_>, stage: Stage, clear: Clear) -> Option<Outcome> {
    if let Some(outcome) = held(thing, host) {
        return Some(outcome);
    }
    Some(match host.sign() {
        Some(sign) => {
            let because = format!("its name, and {sign}{}", mounts(thing));
            goes(because, stage, clear, &[&thing.name])
        }
        None => unsure("nothing else here says that there was a Kubernetes"),
    })
}

/// A directory that others share: it goes when nothing is left in it.
fn hollow(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    host.sign().and_then(|_| hollow_anyway(thing, host))
}

/// Likewise, but one of a name that nobody else takes.
fn hollow_anyway(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    if thing.get("type") != "d" || host.package_of(&thing.name).is_some() {
        return None;
    }
    // What is in it has verdicts of its own; a mount is its owner's.
    matches!(thing.get("mount"), "" | "-").then(|| {
        goes(
            "Kubernetes' installers make it; only if it is empty by then",
            Stage::Hollow,
            Clear::Hollow,
            &[&thing.name],
        )
    })
}
