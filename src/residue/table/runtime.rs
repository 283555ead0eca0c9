//! Container runtimes: what pods are in them, and whose they are.

use super::super::host::{Host, Runtime, goes, kept, owners, unsure};
use super::super::removal::Stage;
use super::super::{Entry, NONE, Outcome};
use super::held;
use super::packages::{installed, removed};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

/// What runs.
pub(super) const PODS: &[Entry] = &[
    Entry {
        name: "Pods",
        classes: &["R09"],
        what: "pods that run, and the shims that hold them",
        known: "processes in the cgroups `kubepods`, shims of containerd's namespace `k8s.io`, and programs of the cluster in no container of others",
        undone: "by the runtime's own interface where it answers, so that networks are taken down; then by their cgroups, TERM before KILL: it works with a dead containerd",
        never: "containers of other namespaces; anything found by its command line",
        kinds: &[Kind::Process],
        judge: process,
        ..NONE
    },
    Entry {
        name: "DockerPods",
        classes: &["R09", "R10"],
        what: "containers of pods, and of RKE1, in docker",
        known: "a name `k8s_...` and docker's label `io.kubernetes.pod.name` both, or RKE1's own label",
        undone: "removed one by one with their anonymous volumes; images stay",
        never: "containers without these marks (ext-clean and kubespray end all of them); images and volumes, which may be the owner's",
        kinds: &[Kind::Container],
        judge: |thing, _| match thing.get("kubernetes") {
            "yes" => Some(goes(
                "its name and its label are those of a pod's",
                Stage::Pods,
                Clear::Docker,
                &[&thing.name],
            )),
            "rke" => Some(goes("its label is RKE1's", Stage::Pods, Clear::Docker, &[&thing.name])),
            _ => Some(owners("a container of docker's that is no pod's")),
        },
        ..NONE
    },
    Entry {
        name: "PodCgroups",
        classes: &["R30"],
        what: "cgroups of pods",
        known: "`kubepods` at the top of a tree; deeper ones are of clusters in containers",
        undone: "their unit is stopped, then they are removed from the deepest on",
        never: "other cgroups; `rm` below `/sys/fs/cgroup`",
        kinds: &[Kind::Cgroup],
        judge: |thing, _| {
            Some(goes("only a kubelet makes it", Stage::Network, Clear::Cgroups, &[&thing.name]))
        },
        ..NONE
    },
];

/// What they are stored in.
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "ContainerdPods",
        classes: &["R10"],
        what: "what Kubernetes has in a containerd that others use",
        known: "the namespace `k8s.io`, which is the CRI plugin's alone",
        undone: "its tasks, containers, images, snapshots and leases one by one, then the namespace",
        never: "other namespaces (`moby` is docker's, `default` nerdctl's and ctr's); the runtime itself, which is not restarted",
        kinds: &[Kind::Namespace],
        judge: namespace,
        ..NONE
    },
    Entry {
        name: "ContainerdPackages",
        classes: &["R11"],
        what: "containerd and runc as packages",
        known: "the kubelet's runtime, or only Kubernetes has a namespace in it; no docker, and no package that needs it",
        undone: "removed by `dpkg --purge` or `rpm -e` after its services have ended",
        never: "one that others use (kubespray#10530: Ceph's daemons went with it)",
        packages: &["containerd", "containerd.io", "runc"],
        judge: |thing, host| Some(whose(host, |proof| removed(thing, proof))),
        ..NONE
    },
    Entry {
        name: "ContainerdService",
        classes: &["R15"],
        what: "containerd's service",
        known: "as the packages",
        undone: "stopped and disabled",
        never: "one that others use; it is not restarted either",
        units: &["containerd.service"],
        judge: |thing, host| {
            let runs = thing.get("active") != "inactive" || thing.get("enabled") == "enabled";
            runs.then(|| {
                whose(host, |proof| goes(proof, Stage::Runtime, Clear::Units, &[&thing.name]))
            })
        },
        ..NONE
    },
    Entry {
        name: "ContainerdStore",
        classes: &["R10", "R17"],
        what: "containerd's store and its state",
        known: "as the packages",
        undone: "after containerd has ended: unmounted below, then removed by a walk in which no mount can be seen",
        never: "the store of a runtime that others use; a disk of its own that is mounted there",
        paths: &["/var/lib/containerd", "/run/containerd", "/var/lib/nerdctl"],
        judge: |thing, host| store(thing, host, Stage::Data, Clear::Tree),
        ..NONE
    },
    Entry {
        name: "ContainerdFiles",
        classes: &["R11"],
        what: "containerd's configuration and programs that no package brought",
        known: "as the packages",
        undone: "configuration is saved and removed; programs are removed",
        never: "what a package brought; docker's own programs",
        paths: &[
            "/etc/containerd",
            "/etc/systemd/system/containerd.service",
            "/usr/local/lib/systemd/system/containerd.service",
            "/etc/systemd/system/containerd.service.d",
            "/etc/modules-load.d/containerd.conf",
            "/etc/sysctl.d/99-kubernetes-cri.conf",
        ],
        judge: |thing, host| store(thing, host, Stage::Files, Clear::Files),
        ..NONE
    },
    Entry {
        name: "ContainerdPrograms",
        classes: &["R11"],
        what: "programs of containerd that no package brought",
        known: "as the packages",
        undone: "removed",
        never: "by name from `$PATH` (kubekey and sealos delete the distribution's own)",
        paths: &[
            "/usr/local/bin/containerd",
            "/usr/local/bin/containerd-shim*",
            "/usr/local/bin/containerd-stress",
            "/usr/local/bin/ctr",
            "/usr/local/bin/runc",
            "/usr/local/sbin/runc",
            "/opt/containerd",
            "/usr/bin/containerd",
            "/usr/bin/containerd-shim*",
            "/usr/bin/ctr",
            "/usr/bin/runc",
        ],
        judge: |thing, host| {
            if thing.get("type") == "l" || host.package_of(&thing.name).is_some() {
                return None;
            }
            store(thing, host, Stage::Files, Clear::Programs)
        },
        ..NONE
    },
    Entry {
        name: "Docker",
        classes: &["R10", "R11"],
        what: "docker itself",
        known: "its packages, programs and store",
        undone: "by its owner",
        never: "by itself: what else is in it nobody can tell (kubekey#1654: Harbor went with it)",
        packages: &["docker.io", "docker-ce", "docker-ce-cli", "moby-engine"],
        judge: |_, _| Some(owners("docker is of use without Kubernetes: perhaps yours")),
        ..NONE
    },
    Entry {
        name: "DockerImages",
        classes: &["R10"],
        what: "images of Kubernetes' in a docker that had pods",
        known: "the name begins with `registry.k8s.io/`, `k8s.gcr.io/` or `gcr.io/google_containers/`, and no container of others is made of it",
        undone: "by their names, without force; an image of another name of which only pods have containers goes where it is named with `--also`",
        never: "images that others have containers of; `docker image prune`",
        kinds: &[Kind::Image],
        judge: image,
        ..NONE
    },
    Entry {
        name: "CriO",
        classes: &["R10", "R11", "R15"],
        what: "CRI-O",
        known: "the kubelet's own settings lead to its socket; it serves nobody but a kubelet",
        undone: "its service is stopped and disabled, its package removed by `dpkg --purge` or `rpm -e`, its configuration saved and removed; where no kubelet's settings name it: with `--also cri-o`",
        never: "conmon, crun and runc, which podman uses too; `/etc/containers`",
        paths: &[
            "/etc/crio",
            "/var/lib/crio",
            "/run/crio",
            "/etc/systemd/system/crio.service",
            "/etc/systemd/system/crio.service.d",
            "/usr/local/lib/systemd/system/crio.service",
            "/usr/lib/systemd/system/crio.service",
            "/etc/default/crio",
            "/etc/sysconfig/crio",
            "/usr/bin/crio",
            "/usr/local/bin/crio",
            "/usr/local/bin/crio-status",
            "/usr/local/bin/pinns",
            "/etc/apt/sources.list.d/cri-o.list",
            "/etc/apt/keyrings/cri-o-apt-keyring.gpg",
            "/etc/yum.repos.d/cri-o.repo",
        ],
        units: &["crio.service"],
        packages: &["cri-o", "cri-o-runc"],
        judge: crio,
        ..NONE
    },
    Entry {
        name: "CriOStore",
        classes: &["R10", "R17"],
        what: "CRI-O's store of images and containers",
        known: "as CRI-O, and neither podman nor buildah is here, nor a container in it that is no pod's",
        undone: "after CRI-O has ended: unmounted below, then removed by a walk in which no mount can be seen",
        never: "a store that podman or buildah have too; a disk of its own that is mounted there",
        paths: &["/var/lib/containers/storage"],
        judge: |thing, host| match host.crio_store() {
            Runtime::Cluster(proof) => Some(
                held(thing, host)
                    .unwrap_or_else(|| goes(proof, Stage::Data, Clear::Tree, &[&thing.name])),
            ),
            _ if thing.is("empty") => None,
            Runtime::Shared(who) => Some(owners(who)),
            Runtime::Unknown(why) => Some(kept(format!("{why}: {CRIO}"))),
            Runtime::Absent => None,
        },
        ..NONE
    },
];

/// The way to have CRI-O removed.
const CRIO: &str = "it goes only where it is named: `--also cri-o`";

fn crio(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let proof = match host.crio() {
        Runtime::Cluster(proof) => proof,
        Runtime::Shared(who) => return Some(owners(who)),
        Runtime::Unknown(why) => return Some(kept(format!("{why}: {CRIO}"))),
        // What is left of one that is gone.
        Runtime::Absent => {
            host.sign().map(|sign| format!("there is no CRI-O any more, and {sign}"))?
        }
    };
    match thing.kind {
        Kind::Package => Some(removed(thing, &proof)),
        Kind::Unit => {
            let runs = thing.get("active") != "inactive" || thing.get("enabled") == "enabled";
            runs.then(|| goes(proof, Stage::Runtime, Clear::Units, &[&thing.name]))
        }
        _ => {
            let is_data = thing.name.starts_with("/var/") || thing.name.starts_with("/run/");
            let is_program = thing.name.contains("/bin/");
            let (stage, clear) = match (is_data, is_program) {
                (true, _) if thing.get("type") == "d" => (Stage::Data, Clear::Tree),
                (_, true) => (Stage::Files, Clear::Programs),
                _ => (Stage::Files, Clear::Files),
            };
            Some(held(thing, host).unwrap_or_else(|| goes(proof, stage, clear, &[&thing.name])))
        }
    }
}

fn image(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    const REGISTRIES: [&str; 3] = ["registry.k8s.io/", "k8s.gcr.io/", "gcr.io/google_containers/"];
    let is_own = REGISTRIES.iter().any(|it| thing.name.starts_with(it));
    Some(match thing.get("used") {
        "others" => owners("a container of others is made of it"),
        _ if is_own && host.sign().is_some() => goes(
            "it is of Kubernetes' own registry, and no container of others is made of it",
            Stage::Runtime,
            Clear::Images,
            &[&thing.name],
        ),
        "pods" => unsure(
            "nobody but pods has containers of it, and who else wants it is not known: it goes where it is named with `--also`",
        ),
        _ => owners("nothing else here says that there was a Kubernetes"),
    })
}

/// Units in which a kubelet runs, by itself or as a child.
const SERVICES_OF_KUBELETS: [&str; 7] = [
    "kubelet.service",
    "k3s.service",
    "k3s-agent.service",
    "rke2-server.service",
    "rke2-agent.service",
    "k0scontroller.service",
    "k0sworker.service",
];

fn process(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let pods = || goes("it is in a pod's cgroup, or holds one", Stage::Pods, Clear::Pods, &[]);
    let name = thing.name.as_str();
    if name.starts_with("containerd-shim") {
        return match thing.get("namespace") {
            "k8s.io" => Some(pods()),
            _ => None,
        };
    }
    if thing.is("pods") {
        return Some(pods());
    }
    // A service's: it ends with its unit, which has a verdict of its own.
    let mut units = host.of(Kind::Unit).filter(|it| it.get("active") != "inactive");
    let is_held = units
        .any(|it| SERVICES_OF_KUBELETS.contains(&it.name.as_str()) && it.get("active") != "failed");
    (name == "kubelet" && !is_held).then(|| unsure("it runs, and no known unit holds it"))
}

fn namespace(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    if thing.name != "k8s.io" {
        return Some(owners("a namespace of containerd's that is not Kubernetes'"));
    }
    match host.containerd() {
        // It goes with the store.
        Runtime::Cluster(_) | Runtime::Absent => None,
        Runtime::Shared(_) | Runtime::Unknown(_) if host.fact("containerd") == "yes" => Some(goes(
            "the CRI plugin's own namespace",
            Stage::Runtime,
            Clear::Containerd,
            &[&thing.name],
        )),
        _ => Some(unsure(
            "containerd does not answer, and others may use it: start it, then run this again",
        )),
    }
}

/// What follows from whose containerd is.
pub(super) fn whose(host: &Host<'_>, theirs: impl Fn(&str) -> Outcome) -> Outcome {
    match host.containerd() {
        Runtime::Cluster(proof) => theirs(&proof),
        Runtime::Shared(who) => owners(who),
        Runtime::Absent | Runtime::Unknown(_) if host.sign().is_none() => {
            owners("there is no Kubernetes here that used it")
        }
        Runtime::Unknown(why) => owners(format!("containerd is of use without Kubernetes: {why}")),
        Runtime::Absent => owners("it belongs to no containerd that is here"),
    }
}

fn store(thing: &Thing, host: &Host<'_>, stage: Stage, clear: Clear) -> Option<Outcome> {
    if thing.get("empty") == "yes"
        && installed(host, &["containerd", "containerd.io"]).is_none()
        && host.sign().is_none()
    {
        return None;
    }
    if let Some(outcome) = held(thing, host) {
        // What the runtime's own package brought goes with it, but for what is written there afterwards.
        let own = host
            .package_of(&thing.name)
            .is_some_and(|it| ["containerd", "containerd.io"].contains(&it));
        if !own {
            return Some(outcome);
        }
    }
    if thing.name == "/etc/containerd" && super::elsewhere::containerd_stays(host) {
        return Some(whose(host, |_| kept("it says where containerd's store is")));
    }
    // A name that says it is for Kubernetes.
    if thing.name.contains("kubernetes") {
        return Some(goes("its name says that it is for Kubernetes", stage, clear, &[&thing.name]));
    }
    Some(whose(host, |proof| goes(proof, stage, clear, &[&thing.name])))
}
