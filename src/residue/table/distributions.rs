//! Kubernetes that comes as one program: k3s, RKE2, k0s; and RKE1's and kubeasz' own directories.

use super::super::host::{Host, goes, kept, owners, unsure};
use super::super::removal::Stage;
use super::super::{Entry, NONE, Outcome};
use super::services::is_on;
use super::{file, held, hollow_anyway, tree};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "DistributionConfig",
        classes: &["R01", "R06"],
        what: "the configuration of k3s, RKE2, k0s and their kin",
        known: "directories that only these make",
        undone: "saved and removed",
        never: "`/etc/rancher` itself while anything else is in it",
        paths: &["/etc/rancher/k3s", "/etc/rancher/rke2", "/etc/rancher/node", "/etc/k0s"],
        judge: file,
        ..NONE
    },
    Entry {
        name: "SealosRecords",
        classes: &["R01", "R06"],
        what: "sealos, and what it notes of the clusters that it made from here, and their images",
        known: "its program and its directories",
        undone: "only where the program or the directory is named with `--also`",
        never: "by itself: on an operator's machine they have the records and credentials of other clusters",
        paths: &["/var/lib/sealos", "/root/.sealos", "/usr/bin/sealos", "/usr/local/bin/sealos"],
        judge: |thing, host| {
            if thing.name.contains("/bin/") {
                return Some(sealos(thing, host));
            }
            (thing.get("empty") != "yes").then(|| {
                kept("it may have records and credentials of other clusters: it goes only where it is named with `--also`")
            })
        },
        ..NONE
    },
    Entry {
        name: "SealosRegistry",
        classes: &["R01", "R12", "R15"],
        what: "the registry of images that sealos runs as a service",
        known: "the names that it gives, and sealos itself or its records",
        undone: "only with `--also registry.service`: stopped and disabled, its configuration saved and removed, its program removed",
        never: "by itself: a registry of the owner's may have these names as well; images in it",
        paths: &["/etc/registry", "/usr/bin/registry", "/etc/systemd/system/registry.service"],
        units: &["registry.service"],
        judge: registry,
        ..NONE
    },
    Entry {
        name: "DistributionData",
        classes: &["R01", "R02", "R10", "R17"],
        what: "what k3s, RKE2, k0s and RKE1 write while they run, their own containerd's store among it",
        known: "directories that only these make",
        undone: "everything below is unmounted, the list of mounts is read again, and the tree is removed by a walk in which no mount can be seen",
        never: "volumes (`storage`) and snapshots of their etcd: they are entries of their own; what k3s in a container keeps in a directory of the host's (Rancher does)",
        paths: &[
            "/var/lib/rancher/k3s/agent",
            "/var/lib/rancher/k3s/data",
            "/var/lib/rancher/k3s/server/*",
            "/var/lib/rancher/k3s/server/db/*",
            "/var/lib/rancher/rke2/agent",
            "/var/lib/rancher/rke2/data",
            "/var/lib/rancher/rke2/bin",
            "/var/lib/rancher/rke2/server/*",
            "/var/lib/rancher/rke2/server/db/*",
            "/var/lib/k0s/*",
            "/run/k3s",
            "/run/k0s",
            "/var/lib/rancher/rke",
            "/opt/rke2",
            "/var/lib/image-cri-shim",
            "/var/lib/cri-dockerd",
        ],
        judge: data,
        ..NONE
    },
    Entry {
        name: "DistributionPrograms",
        classes: &["R12"],
        what: "the programs of k3s, RKE2 and k0s, and their scripts that end and remove them",
        known: "their names, and no package that owns them",
        undone: "removed after everything that they could still be asked for",
        never: "programs that packages brought",
        paths: &[
            "/usr/local/bin/k3s",
            "/usr/local/bin/k3s-killall.sh",
            "/usr/local/bin/k3s-uninstall.sh",
            "/usr/local/bin/k3s-agent-uninstall.sh",
            "/usr/bin/k3s",
            "/usr/bin/k3s-killall.sh",
            "/usr/bin/k3s-uninstall.sh",
            "/usr/bin/k3s-agent-uninstall.sh",
            "/opt/bin/k3s",
            "/opt/bin/k3s-killall.sh",
            "/opt/bin/k3s-uninstall.sh",
            "/opt/bin/k3s-agent-uninstall.sh",
            "/usr/local/bin/ctr",
            "/usr/local/bin/rke2",
            "/usr/local/bin/rke2-killall.sh",
            "/usr/local/bin/rke2-uninstall.sh",
            "/usr/bin/rke2",
            "/usr/bin/rke2-killall.sh",
            "/usr/bin/rke2-uninstall.sh",
            "/usr/local/bin/k0s",
            "/usr/bin/k0s",
        ],
        judge: |thing, host| {
            // containerd's own client has this name, and k3s' a link.
            if thing.name.ends_with("/ctr") {
                let is_link = thing.get("type") == "l"
                    && thing.get("target").rsplit('/').next() == Some("k3s");
                return is_link.then(|| {
                    goes("a link to `k3s`", Stage::Files, Clear::Symlinks, &[&thing.name])
                });
            }
            Some(held(thing, host).unwrap_or_else(|| {
                goes(
                    "a program of this name is only one distribution's",
                    Stage::Files,
                    Clear::Programs,
                    &[&thing.name],
                )
            }))
        },
        ..NONE
    },
    Entry {
        name: "DistributionDirectories",
        classes: &["R01"],
        what: "directories that distributions share with their kin",
        known: "their names",
        undone: "removed where they are empty in the end",
        never: "anything in them that is not listed by itself",
        paths: &[
            "/etc/rancher",
            "/var/lib/rancher",
            "/var/lib/rancher/k3s",
            "/var/lib/rancher/k3s/server",
            "/var/lib/rancher/k3s/server/db",
            "/var/lib/rancher/rke2",
            "/var/lib/rancher/rke2/server",
            "/var/lib/rancher/rke2/server/db",
            "/var/lib/k0s",
            "/opt/rke",
            "/opt/kube",
        ],
        judge: hollow_anyway,
        ..NONE
    },
];

fn sealos(thing: &Thing, host: &Host<'_>) -> Outcome {
    if let Some(outcome) = held(thing, host) {
        return outcome;
    }
    if host.wants(&thing.name) {
        let proof = "named on the command line";
        return goes(proof, Stage::Files, Clear::Programs, &[&thing.name]);
    }
    match host.sign() {
        Some(_) => kept(
            "it may have made other clusters from here: it goes only where it is named with `--also`",
        ),
        None => owners("a client: there is no cluster on this host that it came with"),
    }
}

fn registry(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    const WORD: &str = "registry.service";
    let sealos = ["/var/lib/sealos", "/root/.sealos", "/usr/bin/sealos", "/usr/local/bin/sealos"];
    if !sealos.iter().any(|path| host.path(path).is_some()) && !host.was_planned(&thing.name) {
        return None;
    }
    let is_unit = thing.kind == Kind::Unit;
    if is_unit && !is_on(thing) {
        return None;
    }
    if !is_unit && let Some(outcome) = held(thing, host) {
        return Some(outcome);
    }
    if !host.wants(WORD) {
        return Some(kept(
            "sealos runs such a registry, and so may others: it goes only with `--also registry.service`",
        ));
    }
    let (stage, clear) = match thing.name.as_str() {
        _ if is_unit => (Stage::Services, Clear::Units),
        "/usr/bin/registry" => (Stage::Files, Clear::Programs),
        _ => (Stage::Files, Clear::Files),
    };
    Some(goes("named on the command line", stage, clear, &[&thing.name]))
}

fn data(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    // These have entries of their own.
    if thing.name.ends_with("/db")
        || thing.name.ends_with("/snapshots")
        || thing.name.ends_with("/storage")
    {
        return None;
    }
    // Links and files among the directories.
    if thing.get("type") == "l" && host.package_of(&thing.name).is_none() {
        return Some(goes(
            "it lies in a directory that only one distribution makes",
            Stage::Data,
            Clear::Symlinks,
            &[&thing.name],
        ));
    }
    if let Some(distribution) = ["k3s", "rke2"]
        .into_iter()
        .find(|name| thing.name.starts_with(&format!("/var/lib/rancher/{name}/")))
        && !is_installed(distribution, host)
    {
        return Some(unsure(format!(
            "no {distribution} was installed here: one in a container (Rancher) may have it as its volume"
        )));
    }
    tree(thing, host)
}

/// Whether the installer of k3s or of RKE2 was here: its programs, its configuration or its services.
pub(super) fn is_installed(distribution: &str, host: &Host<'_>) -> bool {
    let files = ["/usr/local/bin/", "/usr/bin/", "/opt/bin/", "/etc/rancher/"];
    let file = |place: &str| host.path(&format!("{place}{distribution}")).is_some();
    let scripts = ["killall", "uninstall", "agent-uninstall"];
    let script = |name: &str| {
        let at = |place: &str| host.path(&format!("{place}{distribution}-{name}.sh")).is_some();
        files[..3].iter().any(|place| at(place))
    };
    files.iter().any(|place| file(place))
        || scripts.iter().any(|name| script(name))
        || host.of(Kind::Unit).any(|unit| unit.name.starts_with(distribution))
}
