//! Services, static pods and their units.

use super::super::host::{Host, goes, kept, unsure};
use super::super::removal::Stage;
use super::super::{Entry, NONE, Outcome};
use super::network::{alone, works_alone};
use super::{file, file_by_sign, held};
use crate::host::Clear;
use crate::host::inventory::{Kind, Thing};

/// The services that keep a cluster running, by installer: kubeadm's kubelet; kubeasz' and hand-made control planes; k3s, RKE2, k0s; sealos' shim;
/// cri-dockerd; kubespray's and kubekey's timers.
pub(super) const UNITS: &[&str] = &[
    "kubelet.service",
    "kube-proxy.service",
    "kube-apiserver.service",
    "kube-controller-manager.service",
    "kube-scheduler.service",
    "kube-lb.service",
    "k3s.service",
    "k3s-agent.service",
    "rke2-server.service",
    "rke2-agent.service",
    "k0scontroller.service",
    "k0sworker.service",
    "image-cri-shim.service",
    "cri-docker.service",
    "cri-docker.socket",
    "cri-dockerd.service",
    "calico-node.service",
    "flanneld.service",
    "k8s-certs-renew.service",
    "k8s-certs-renew.timer",
    "kubelet-certs-renew.service",
    "kubelet-certs-renew.timer",
    "kubeadm-certs-renew.service",
    "kubeadm-certs-renew.timer",
];

/// What can be neither recognised nor proven by a name: programs of the owner's may have it too.
const UNIT_FILES: &[&str] = &[
    "/etc/systemd/system/kubelet.service",
    "/etc/systemd/system/kubelet.service.d",
    "/usr/lib/systemd/system/kubelet.service",
    "/usr/lib/systemd/system/kubelet.service.d",
    "/etc/systemd/system/kube-proxy.service",
    "/etc/systemd/system/kube-apiserver.service",
    "/etc/systemd/system/kube-controller-manager.service",
    "/etc/systemd/system/kube-scheduler.service",
    "/etc/systemd/system/kube-lb.service",
    "/etc/systemd/system/k3s.service",
    "/etc/systemd/system/k3s.service.env",
    "/etc/systemd/system/k3s.service.d",
    "/etc/systemd/system/k3s-agent.service",
    "/etc/systemd/system/k3s-agent.service.env",
    "/etc/systemd/system/rke2-server.service",
    "/etc/systemd/system/rke2-server.env",
    "/etc/systemd/system/rke2-agent.service",
    "/etc/systemd/system/rke2-agent.env",
    "/usr/local/lib/systemd/system/rke2-server.service",
    "/usr/local/lib/systemd/system/rke2-server.env",
    "/usr/local/lib/systemd/system/rke2-agent.service",
    "/usr/local/lib/systemd/system/rke2-agent.env",
    "/etc/systemd/system/k0scontroller.service",
    "/etc/systemd/system/k0sworker.service",
    "/etc/systemd/system/image-cri-shim.service",
    "/etc/systemd/system/cri-docker.service",
    "/etc/systemd/system/cri-docker.socket",
    "/etc/systemd/system/cri-dockerd.service",
    "/etc/systemd/system/calico-node.service",
    "/etc/systemd/system/flanneld.service",
    "/etc/systemd/system/k8s-certs-renew.service",
    "/etc/systemd/system/k8s-certs-renew.timer",
    "/etc/systemd/system/kubelet-certs-renew.service",
    "/etc/systemd/system/kubelet-certs-renew.timer",
    "/etc/systemd/system/kubeadm-certs-renew.service",
    "/etc/systemd/system/kubeadm-certs-renew.timer",
    "/etc/default/kubelet",
    "/etc/sysconfig/kubelet",
    "/etc/default/kube-proxy",
];

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "StaticPods",
        classes: &["R01", "R09"],
        what: "manifests that a kubelet starts by itself",
        known: "it is a file in `/etc/kubernetes/manifests`, or in k3s' or RKE2's own directory of them",
        undone: "saved, and removed before the kubelet is stopped, so that nothing starts again",
        never: "manifests elsewhere: a kubelet that runs without a cluster may be somebody's own way to start containers",
        paths: &["/etc/kubernetes/manifests/*"],
        judge: |thing, host| {
            Some(held(thing, host).unwrap_or_else(|| {
                goes("a manifest of a static pod", Stage::Manifests, Clear::Files, &[&thing.name])
            }))
        },
        ..NONE
    },
    Entry {
        name: "Services",
        classes: &["R15", "R09"],
        what: "services that keep a cluster running",
        known: "the unit's name is one that only Kubernetes and its installers use",
        undone: "stopped within two minutes and disabled; its enablement is remembered",
        never: "units of other names; a service is never restarted, and nothing is killed by a pattern of its command line (`pgrep -f` matches the very shell that runs it)",
        units: UNITS,
        judge: service,
        ..NONE
    },
    Entry {
        name: "NamedServices",
        classes: &["R15", "R09"],
        what: "services of a k3s that was given a name of its own (`INSTALL_K3S_NAME`)",
        known: "the unit is called `k3s-NAME.service`, and what it starts is `k3s server` or `k3s agent`",
        undone: "stopped and disabled, then its files are saved and removed",
        never: "units of such a name that start anything else: an exporter, `k3s etcd-snapshot save`",
        paths: &["/etc/systemd/system/k3s-*.service", "/etc/systemd/system/k3s-*.service.env"],
        units: &["k3s-*.service"],
        judge: named,
        ..NONE
    },
    Entry {
        name: "Snaps",
        classes: &["R12", "R15"],
        what: "a Kubernetes that is a snap: MicroK8s, Canonical Kubernetes",
        known: "its directory below `/snap`",
        undone: "by snapd: `snap remove --purge microk8s`; while it is there nothing else of the host's is taken away",
        never: "by itself: snapd starts it again, and much of it is mounted read-only",
        paths: &["/snap/microk8s", "/snap/k8s"],
        judge: |thing, _| {
            let name = thing.name.rsplit('/').next()?;
            Some(kept(format!("snapd alone can remove it: `snap remove --purge {name}`")))
        },
        ..NONE
    },
    Entry {
        name: "EtcdService",
        classes: &["R02", "R15"],
        what: "an etcd that is a service of its own",
        known: "a unit `etcd.service` or `etcd-events.service`",
        undone: "only where it is named with `--also`",
        never: "by itself: it may be an etcd that other clusters, or other programs, use (kubeadm#3225: a wipe emptied one)",
        units: &["etcd.service", "etcd-events.service"],
        judge: |thing, host| {
            if !host.wants(&thing.name) {
                return Some(kept(
                    "others may use this etcd: it goes only where it is named with `--also`",
                ));
            }
            // One that a package brought is known to systemd afterwards as well.
            is_on(thing).then(|| {
                goes("named on the command line", Stage::Services, Clear::Units, &[&thing.name])
            })
        },
        ..NONE
    },
    Entry {
        name: "UnitFiles",
        classes: &["R15"],
        what: "files of units, and their drop-ins",
        known: "the unit is one of Kubernetes', and no package brought the file",
        undone: "saved and removed, then systemd reads its files anew and forgets failed states",
        never: "drop-ins of services that others use (docker's, containerd's)",
        paths: UNIT_FILES,
        judge: |thing, host| {
            if works_alone(&thing.name) { file_by_sign(thing, host) } else { file(thing, host) }
        },
        ..NONE
    },
    Entry {
        name: "DanglingUnits",
        classes: &["R15"],
        what: "links that enable units which are gone",
        known: "the unit is one of Kubernetes', and the link leads nowhere",
        undone: "removed",
        never: "links of other units",
        kinds: &[Kind::Path],
        judge: |thing, _| {
            let unit = thing.name.rsplit('/').next().unwrap_or_default();
            (thing.is("dangling") && UNITS.contains(&unit)).then(|| {
                goes(
                    "it enables a unit of Kubernetes' that is gone",
                    Stage::Files,
                    Clear::Symlinks,
                    &[&thing.name],
                )
            })
        },
        ..NONE
    },
];

/// The program of k3s, where its installer puts it (`INSTALL_K3S_BIN_DIR`).
const K3S: [&str; 3] = ["/usr/local/bin/k3s", "/usr/bin/k3s", "/opt/bin/k3s"];

fn named(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    let file = thing.name.rsplit('/').next()?.trim_end_matches(".env");
    if UNITS.contains(&file) {
        return None;
    }
    let mut units = host.of(Kind::Unit).filter(|it| it.name == file);
    let starts = units.any(|it| K3S.contains(&it.get("program")) && !it.get("role").is_empty());
    if !starts {
        return None;
    }
    match thing.kind {
        Kind::Unit => service(thing, host),
        _ => file_by_sign(thing, host),
    }
}

/// Whether a unit runs, or would at the next boot.
pub(super) fn is_on(thing: &Thing) -> bool {
    matches!(thing.get("enabled"), "enabled" | "enabled-runtime" | "linked")
        || thing.get("active") != "inactive"
}

fn service(thing: &Thing, host: &Host<'_>) -> Option<Outcome> {
    if !is_on(thing) {
        return None;
    }
    if thing.get("enabled") == "masked" && thing.get("active") == "inactive" {
        return Some(unsure("it is masked, and somebody did that on purpose"));
    }
    if host.sign().is_none() && works_alone(&thing.name) {
        return Some(alone());
    }
    Some(goes(
        "only Kubernetes has a unit of this name",
        Stage::Services,
        Clear::Units,
        &[&thing.name],
    ))
}
