//! Data in places that only a configuration names, and what pods have of the host.

use super::super::host::{Host, Runtime, goes, kept, owners, unsure};
use super::super::removal::Stage;
use super::super::{Entry, NONE, Outcome, entries, matches};
use super::{distributions, files, runtime};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "DataElsewhere",
        classes: &["R01", "R02", "R10"],
        what: "data of etcd, the kubelet, k3s, RKE2, k0s and of runtimes in places that only their configuration names",
        known: "`--data-dir`, `--root-dir`, `data-dir`, `root`, `state` or `data-root` in manifests, units, configurations and in the arguments of what runs; and in the place the names that the program itself gives (etcd's `member`, containerd's `io.containerd.*`), beside what nobody else makes (k3s' token or kubeconfigs, k0s' authority, the kubelet's state of its processors)",
        undone: "only what has such a name, after everything below was unmounted, by a walk in which no mount can be seen; the directory when nothing else is in it",
        never: "files of others there; snapshots and volumes; an etcd that is a service of its own, or that is elsewhere; docker's store; a store that podman is told of as well; a place of the system's, at the top of the file system, in a home, behind a link, or with a disk at one of these names: that is named with the reason; a disk that is mounted at the place itself stays mounted",
        kinds: &[Kind::Place],
        judge: place,
        ..NONE
    },
    Entry {
        name: "PodPaths",
        classes: &["R01", "R45"],
        what: "directories and files that pods have of the host (`hostPath`), anywhere on it",
        known: "the volumes in manifests of static pods, and the mounts of the containers of pods that run (not those that have ended: nothing on the host tells of these)",
        undone: "only where the path is named with `--also`: whole, where no file system is mounted at it or below it",
        never: "by itself: whether the kubelet made it or its owner had it nobody knows; places of the system's, and what a package brought, are not spoken of; nor is `/run/xtables.lock`, which iptables makes and locks as well: without a holder it is harmless, taken away from under one it locks nothing, and the next boot clears it",
        kinds: &[Kind::HostPath],
        judge: host_path,
        ..NONE
    },
];

/// Why a place stays, whoever's it is, and what to do about it.
fn held(thing: &Thing) -> Option<Outcome> {
    let by_hand = |why: &str| unsure(format!("{why}: look at it, and remove it yourself"));
    match thing.get("type") {
        "l" => Some(by_hand(&format!("it is a link to `{}`", thing.get("target")))),
        _ if thing.get("mount") == "remote" => Some(kept("a network file system is mounted there")),
        _ if !thing.get("denied").is_empty() => Some(by_hand(thing.get("denied"))),
        _ if !matches!(thing.get("kept"), "" | "0") => {
            Some(kept("a mount of /etc/fstab, or of a unit, lies below it"))
        }
        _ => None,
    }
}

/// What becomes of a place: two may name the same, and then what speaks against one counts for both.
fn place(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let others =
        host.of(Kind::Place).filter(|it| it.name == thing.name && it.get("of") != thing.get("of"));
    let outcome = place_of(thing, host)?;
    if !matches!(outcome, Outcome::Goes { .. }) {
        return Some(outcome);
    }
    let mut against = others.filter_map(|it| place_of(it, host));
    Some(against.find(|it| !matches!(it, Outcome::Goes { .. })).unwrap_or(outcome))
}

/// Why a place is in doubt in which nothing is the cluster's; after a wipe it is what became of it.
pub(in super::super) const NONE_OF_THEIRS: &str = "but nothing in it has a name that it would have";

/// Whether it is known where each etcd that is a service of its own writes.
fn is_etcd_services_known(host: &Host<'_>) -> bool {
    let services = host
        .of(Kind::Unit)
        .filter(|it| ["etcd.service", "etcd-events.service"].contains(&it.name.as_str()));
    host.of(Kind::Place).filter(|it| it.get("of") == "etcd-service").count() >= services.count()
}

/// Who makes what a place is known by.
fn who(of: &str) -> &str {
    match of {
        "k3s" | "k0s" | "etcd" => of,
        "rke2" => "RKE2",
        "kubelet" => "a kubelet",
        "etcd-service" => "etcd",
        _ => "its runtime",
    }
}

fn place_of(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let (of, from) = (thing.get("of"), thing.get("from"));
    // Nothing is in it, and an empty directory may be anybody's mount point.
    if thing.is("empty") {
        return None;
    }
    let theirs = |proof: &str| {
        held(thing).unwrap_or_else(|| match thing.get("own") {
            "" | "0" => unsure(format!("{from} names it, {NONE_OF_THEIRS}")),
            _ if !thing.is("signed") => unsure(format!(
                "{from} names it, but what only {} makes is not in it: look at it, and remove what is of Kubernetes' yourself",
                who(of)
            )),
            _ => goes(proof, Stage::Data, Clear::Elsewhere, &[of, &thing.name]),
        })
    };
    Some(match of {
        "etcd" if files::is_etcd_elsewhere(host) => {
            kept(files::ETCD_ELSEWHERE)
        }
        // It may have the very same directory: where its own is elsewhere, that has been told.
        "etcd" if files::etcd_service_stays(host) && !is_etcd_services_known(host) => {
            kept("an etcd that is a service of its own may write there: it goes only where it is named with `--also`")
        }
        "etcd-service" if files::etcd_service_stays(host) => kept(
            "an etcd that is a service of its own writes there: it goes with `--also etcd.service`",
        ),
        "etcd-service" if files::is_etcd_a_service(host) => {
            theirs("its service is named on the command line")
        }
        // A process, or a file without its unit.
        "etcd-service" => host.sign().map(|_| {
            unsure("an etcd that no unit here starts writes, or wrote, there: whose it is is not known")
        })?,
        "kubelet" => match host.sign() {
            Some(sign) => theirs(&format!("{from} names it, and {sign}")),
            None => unsure("nothing else here says that there was a Kubernetes"),
        },
        "k3s" | "rke2" if !distributions::is_installed(of, host) => {
            unsure(format!("no {of} was installed here"))
        }
        "etcd" | "k3s" | "rke2" | "k0s" => theirs(&format!("{from} names it")),
        "containerd" | "containerd-state" => {
            runtime::whose(host, |proof| theirs(&format!("{from} names it; {proof}")))
        }
        "crio" | "containers"
            if host.crio_store() != Runtime::Absent && !thing.get("others").trim().is_empty() =>
        {
            let names = thing.get("others").trim();
            owners(format!("containers that are no pods are in it: {names}"))
        }
        "containers" => match host.crio_store() {
            Runtime::Shared(who) => owners(who),
            Runtime::Absent => return None,
            _ => kept(format!(
                "{from} names it, which podman and buildah read as well: it goes only where it is named with `--also`"
            )),
        },
        "crio" => match host.crio_store() {
            Runtime::Cluster(proof) => theirs(&format!("{from} names it; {proof}")),
            Runtime::Shared(who) => owners(who),
            Runtime::Unknown(why) => kept(format!("{why}: it goes only where it is named with `--also`")),
            Runtime::Absent => return None,
        },
        "docker" => owners("docker is of use without Kubernetes: its store is its owner's"),
        _ => return None,
    })
}

/// Whether a containerd's data stays in a place that only its configuration names: then the configuration stays as well.
pub(super) fn containerd_stays(host: &Host<'_>) -> bool {
    let is_containerds = |it: &&Thing| it.get("of").starts_with("containerd");
    host.of(Kind::Place)
        .filter(is_containerds)
        .any(|it| place(it, host).is_some_and(|outcome| !matches!(outcome, Outcome::Goes { .. })))
}

/// Places of the system's, of which a pod may have all (an agent for logs, say) and has made nothing: these, and what lies in them.
const SYSTEM: [&str; 20] = [
    "/proc",
    "/sys",
    "/dev",
    // Gone with the next boot.
    "/run",
    "/boot",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/src",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/var/lib/docker",
    "/var/lib/containers",
    "/var/log/journal",
];
/// Likewise, but what lies in them is not theirs.
const SHARED: [&str; 32] = [
    "/",
    "/etc",
    "/home",
    "/media",
    "/mnt",
    "/opt",
    "/root",
    "/srv",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/sbin",
    "/usr/local",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/share",
    "/usr/share/zoneinfo",
    "/usr/libexec",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/spool",
    "/var/tmp",
    "/etc/group",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/machine-id",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/resolv.conf",
];

/// Whether an entry of the table speaks of a path, or of what it lies in.
fn is_spoken_of(path: &str) -> bool {
    let mut above = path;
    loop {
        let is_whole = above == path;
        // Directories that others share go only when they are empty.
        let mut speaks = entries().filter(|it| is_whole || !it.name.ends_with("Directories"));
        if speaks.any(|it| it.paths.iter().any(|pattern| matches(pattern, above))) {
            return true;
        }
        match above.rsplit_once('/') {
            Some((next, _)) if !next.is_empty() => above = next,
            _ => return false,
        }
    }
}

fn host_path(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let path = thing.name.as_str();
    let is_in = |place: &str| {
        path.strip_prefix(place).is_some_and(|it| it.is_empty() || it.starts_with('/'))
    };
    let is_known = SYSTEM.iter().any(|it| is_in(it)) || SHARED.contains(&path);
    // Data has verdicts of its own.
    let is_data = host.of(Kind::Place).any(|it| is_in(&it.name));
    if is_known || is_data || is_spoken_of(path) || host.package_of(path).is_some() {
        return None;
    }
    // A manifest says more than the container that was made of it.
    let kind = thing.get("of");
    if kind == "-" && host.of(Kind::HostPath).any(|it| it.name == path && it.get("of") != "-") {
        return None;
    }
    if !matches!(kind, "-" | "" | "DirectoryOrCreate" | "FileOrCreate") {
        return Some(owners(format!(
            "a pod's hostPath of the type `{kind}`, which must be there before"
        )));
    }
    let from = thing.get("from");
    Some(match held(thing) {
        Some(Outcome::Unsure { unknown, .. }) => {
            kept(format!("a pod's hostPath (`{from}`), yours to decide; {unknown}"))
        }
        Some(outcome) => outcome,
        None => kept(format!(
            "a pod's hostPath (`{from}`): whether it was there before is not known, so it is yours to decide; it goes only where it is named with `--also`"
        )),
    })
}
