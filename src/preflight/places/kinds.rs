//! A file where a directory must be, a directory where a file must go, a link that leads nowhere: each ends the installation at
//! the step that meets it.

use super::super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};
use crate::ssh::quote;

pub(crate) const CHECK: Check = Check {
    name: "Places",
    description: "directories and files can be made where the installation makes them",
    severity: Severity::Error,
    phase: Phase::Files,
    breaks: "the installation ends at the step that would write there",
    kubeadm: None,
    needs: &[need::PLACES],
    page: "Seen by `stat` of the directories that files go into, and of the files themselves. Links to directories are \
           fine; one that leads nowhere is not, as of a disk that is not mounted. A directory where a file of ours must go is not \
           replaced.\n\nMove out of the way what is there; nothing is deleted. `/tmp` must be writable for everybody: apt checks \
           signatures there as a user of its own.",
    run: Run::EachHost(run),
};

/// What must be a directory, or nothing.
const DIRECTORIES: [&str; 32] = [
    "/etc/cni",
    "/etc/cni/net.d",
    "/etc/kubernetes",
    "/etc/kubernetes/manifests",
    "/etc/modules-load.d",
    "/etc/sysctl.d",
    "/etc/systemd/system",
    "/opt",
    "/opt/cni",
    "/opt/cni/bin",
    "/run",
    "/tmp",
    "/usr",
    "/usr/libexec",
    "/usr/libexec/kubernetes",
    "/usr/local",
    "/usr/local/bin",
    "/var",
    "/var/lib",
    "/var/lib/bivouac",
    "/var/lib/cni",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/log",
    "/var/log/containers",
    "/var/log/pods",
    // The runtimes' own.
    "/etc/containerd",
    "/opt/containerd",
    "/run/containerd",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/crio",
];
/// What a file goes to (`playbooks/init/*.yaml`). A link there is replaced by it.
const FILES: [&str; 13] = [
    "/etc/crictl.yaml",
    "/etc/modules-load.d/bivouac.conf",
    "/etc/sysctl.d/90-bivouac.conf",
    "/etc/systemd/system/containerd.service",
    "/etc/systemd/system/kubelet.service",
    "/usr/local/bin/containerd",
    "/usr/local/bin/containerd-shim-runc-v2",
    "/usr/local/bin/crictl",
    "/usr/local/bin/ctr",
    "/usr/local/bin/kubeadm",
    "/usr/local/bin/kubectl",
    "/usr/local/bin/kubelet",
    "/usr/local/bin/runc",
];

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let places = &host.facts.places;
    let counts = |path: &str| super::counts(context, host, path);
    let mut findings = Vec::new();
    for place in places.all.iter().flatten().filter(|place| counts(&place.path)) {
        let path = place.path.as_str();
        let (is, wanted) = match place.is_directory() {
            true if FILES.contains(&path) => ("a directory", "a file must go"),
            false if DIRECTORIES.contains(&path) => ("no directory", "a directory must be"),
            _ => continue,
        };
        let message = format!("`{path}` is {is}, where {wanted}");
        let fix = "move it out of the way";
        findings.push(host.error(CHECK.name, message, fix).typed(aside(path)));
    }
    for (path, target) in places.dangling.iter().flatten() {
        if DIRECTORIES.contains(&path.as_str()) && counts(path) {
            let message = format!("`{path}` is a link to `{target}`, where nothing is");
            let fix = "mount or make what it leads to, or move the link out of the way";
            findings.push(host.error(CHECK.name, message, fix).typed(aside(path)));
        }
    }
    findings.extend(tmp(host));
    findings
}

/// Where temporary files of every user go.
fn tmp(host: &HostFacts<'_>) -> Option<Finding> {
    const OTHERS_WRITE: u32 = 0o002;
    let places = &host.facts.places;
    let Some(tmp) = places.at("/tmp") else {
        let dangles = places.dangling.iter().flatten().any(|(path, _)| path == "/tmp");
        let is_known = places.all.as_ref().is_some_and(|all| !all.is_empty());
        return (is_known && !dangles).then(|| {
            host.error(CHECK.name, "`/tmp` is not there", "make it").typed("mkdir -m 1777 /tmp")
        });
    };
    if !tmp.is_directory() || tmp.mode & OTHERS_WRITE != 0 {
        return None;
    }
    let message =
        format!("`/tmp` has mode {:04o}: programs of other users cannot write there", tmp.mode);
    Some(host.error(CHECK.name, message, "give it the mode 1777").typed("chmod 1777 /tmp"))
}

/// Moves it to a name that nobody has.
fn aside(path: &str) -> String {
    format!("mv {path} \"$(mktemp -u {}.XXXXXX)\"", quote(path))
}
