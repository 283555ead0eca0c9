//! The cluster's own etcd, and snapshots of it.

use super::super::super::host::{ETCD_PKI, Host, goes, kept, owners, unsure};
use super::super::super::removal::Stage;
use super::super::super::{Entry, NONE, Outcome};
use super::super::{file_by_sign, held, hollow};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

/// kubespray's and kubekey's own names for what their etcd is told (roles/etcd/templates, `etcd_cert_dir`).
const OWN: [&str; 3] = ["/etc/etcd.env", "/etc/etcd-events.env", "/etc/ssl/etcd"];

pub(in super::super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "ClusterEtcd",
        classes: &["R02"],
        what: "the data of the cluster's own etcd",
        known: "kubeadm's manifest of etcd names the directory, or kubeadm's certificates for an etcd of its own are there",
        undone: "`member` is removed, and the directory when nothing else is in it",
        never: "snapshots (`*.db`, kainstall's copies); an etcd that this host's API server reaches elsewhere (kubeadm#3225); the default path when nothing says that it was the cluster's",
        paths: &["/var/lib/etcd/member", "/var/lib/etcd"],
        judge: etcd,
        ..NONE
    },
    Entry {
        name: "EtcdFiles",
        classes: &["R02", "R15"],
        what: "the unit, configuration and certificates of an etcd that is a service of its own",
        known: "the paths of kubespray's and kubekey's etcd, and another sign of a Kubernetes",
        undone: "saved and removed with `etcd.service`, where that is named with `--also` or gone",
        never: "while the service is there and not named: it could not start any more, and others may use it; `/etc/etcd` and the unit without a word, which an etcd of the owner's has as well",
        paths: &[
            "/etc/etcd.env",
            "/etc/etcd-events.env",
            "/etc/ssl/etcd",
            "/etc/etcd",
            "/etc/systemd/system/etcd.service",
            "/etc/systemd/system/etcd-events.service",
        ],
        judge: files,
        ..NONE
    },
    Entry {
        name: "EtcdSnapshots",
        classes: &["R02"],
        what: "snapshots of etcd",
        known: "a file `*.db`, or one with `snapshot` or `backup` in its name, beside etcd's data",
        undone: "only where it is named with `--also`",
        never: "by itself: it may be all that is left of the cluster",
        paths: &[
            "/var/lib/etcd/*.db",
            "/var/lib/etcd/*snapshot*",
            "/var/lib/etcd/*backup*",
            "/var/lib/etcd-backup*",
            "/var/backups/etcd*",
            "/var/backups/kube_etcd*",
            "/var/lib/rancher/k3s/server/db/snapshots",
            "/var/lib/rancher/rke2/server/db/snapshots",
            "/opt/rke/etcd-snapshots",
        ],
        judge: |thing, host| {
            if thing.get("empty") == "yes" {
                return hollow(thing, host);
            }
            Some(if host.wants(&thing.name) {
                let clear = if thing.get("type") == "d" { Clear::Tree } else { Clear::Programs };
                goes("named on the command line", Stage::Data, clear, &[&thing.name])
            } else {
                kept("a snapshot of etcd: it goes only where it is named with `--also`")
            })
        },
        ..NONE
    },
];

/// Whether an etcd that is a service of its own stays.
pub(in super::super) fn service_stays(host: &Host<'_>) -> bool {
    host.of(Kind::Unit)
        .any(|it| is_service(&it.name) && !host.wants(&it.name) && !host.was_planned(&it.name))
}

/// Whether there is one at all.
pub(in super::super) fn is_a_service(host: &Host<'_>) -> bool {
    host.of(Kind::Unit).any(|it| is_service(&it.name))
}

/// Whether this host's API server reaches an etcd on another host.
pub(in super::super) fn is_elsewhere(host: &Host<'_>) -> bool {
    host.fact("etcd-servers").split(',').any(|url| {
        !url.is_empty()
            && !url.contains("127.0.0.1")
            && !url.contains("[::1]")
            && !url.contains("localhost")
    })
}

fn is_service(unit: &str) -> bool {
    ["etcd.service", "etcd-events.service"].contains(&unit)
}

/// Whether a program is what such a service starts that goes.
pub(super) fn is_its_program(path: &str, host: &Host<'_>) -> bool {
    let mut units = host.of(Kind::Unit).filter(|it| is_service(&it.name));
    !service_stays(host) && units.any(|it| it.get("program") == path) || host.was_planned(path)
}

fn files(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let is_own = OWN.contains(&thing.name.as_str());
    if service_stays(host) {
        let needs =
            "the etcd that is a service of its own needs it: it goes with `--also etcd.service`";
        return (is_own || host.sign().is_some()).then(|| kept(needs));
    }
    if is_a_service(host) {
        return Some(held(thing, host).unwrap_or_else(|| {
            let proof = "its service is named on the command line";
            goes(proof, Stage::Files, Clear::Files, &[&thing.name])
        }));
    }
    if is_own {
        return file_by_sign(thing, host);
    }
    let whose = "an etcd of the owner's has it as well, and nothing says whose this was";
    host.sign().map(|_| unsure(whose))
}

/// Why data of an etcd stays on a host that may not be the one that is asked.
pub(in super::super) const ETCD_ELSEWHERE: &str =
    "this host's API server uses an etcd elsewhere: nothing says whose this one is";

fn etcd(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let named = host.fact("etcd-data") == "/var/lib/etcd";
    if thing.name == "/var/lib/etcd" {
        // What is in it has verdicts of its own, and with none of it going it is not spoken of.
        return hollow_or_kept(thing, host);
    }
    if is_elsewhere(host) {
        return Some(kept(ETCD_ELSEWHERE));
    }
    if service_stays(host) {
        return Some(kept("an etcd that is a service of its own writes there"));
    }
    if let Some(outcome) = held(thing, host) {
        return Some(outcome);
    }
    let has_pki = host.path(ETCD_PKI).is_some();
    let is_wanted = host.wants("etcd.service") && is_a_service(host);
    Some(if named || is_wanted {
        let proof = if named {
            "the manifest of the cluster's etcd names it"
        } else {
            "its service is named on the command line"
        };
        goes(proof, Stage::Data, Clear::Tree, &[&thing.name])
    } else if has_pki {
        goes(
            "kubeadm's certificates for an etcd of its own are there",
            Stage::Data,
            Clear::Tree,
            &[&thing.name],
        )
    } else {
        unsure("nothing says any more whose etcd it was: name it with `--also`")
    })
}

/// Where its mount is a disk of etcd's own, the disk stays.
fn hollow_or_kept(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    match thing.get("mount") {
        "" | "-" => hollow(thing, host),
        _ => Some(owners("a disk of its own is mounted there")),
    }
}
