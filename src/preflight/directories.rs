//! Directories of Kubernetes must be empty: kubeadm takes what it finds there for its own, down to
//! the certificate authority, and etcd comes back with the old cluster.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need, quoted};
use crate::ssh::quote;

/// What to do about what another cluster left.
pub(super) const OLD_CLUSTER: &str = "`bivouac wipe --foreign` of this host takes the earlier cluster away, after it has shown what goes; what it leaves it names with the reason: move that aside, if you need none of it here";

pub(super) const CHECK: Check = Check {
    name: "DirAvailable-*",
    description: "directories of Kubernetes hold nothing of another cluster",
    severity: Severity::Error,
    phase: Phase::Init,
    breaks: "kubeadm takes an old authority for its own, and etcd comes back with the old cluster",
    kubeadm: Some(
        "in every version, for etcd's directory; for `/etc/kubernetes/manifests` at a join until 1.22",
    ),
    needs: &[need::PATHS],
    page: "Seen by what is in `/etc/kubernetes`, `/var/lib/kubelet`, `/var/lib/etcd` (control \
           planes) and `/etc/cni/net.d` and is not ours by the journal. Empty directories do not \
           count.\n\n`bivouac wipe --foreign` takes the earlier cluster away (`bivouac wipe` one of \
           bivouac's); what it leaves it names with the reason, and that is moved aside. A disk of etcd's own has a `lost+found`: \
           give etcd a directory below.",
    run: Run::EachHost(run),
};

const MANIFESTS: &str = "/etc/kubernetes/manifests";
const ETCD: &str = "/var/lib/etcd";
const CNI: &str = "/etc/cni/net.d";
const KUBELET: &str = "/var/lib/kubelet";
const DIRECTORIES: [&str; 4] = ["/etc/kubernetes", KUBELET, ETCD, CNI];
/// podman's own network. containerd takes the first file by name, and that is ours (`10-...`).
const PODMAN: &str = "/etc/cni/net.d/87-podman";

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    // Workers have no etcd, and where the user has one elsewhere its usual place does not matter.
    let etcd = context.cluster.kubernetes.kubeadm.get("etcd");
    let elsewhere = etcd.is_some_and(|etcd| etcd.get("external").is_some());
    // In a directory below (`owned.rs` allows no other) the disk's own one is in nobody's way.
    let below = etcd.and_then(|etcd| etcd.pointer("/local/dataDir")).is_some_and(|dir| dir != ETCD);
    let harmless =
        |path: &str| path.starts_with(PODMAN) || (below && path.ends_with("/lost+found"));
    let matters =
        |directory: &&&str| **directory != ETCD || (host.host.control_plane && !elsewhere);
    // Of a node's network plugins more than ours may have files there.
    let ours = |directory: &&&str| {
        host.facts.has_claimed(directory) || (**directory == CNI && host.facts.is_our_node())
    };
    let finding = |directory: &&str| {
        let paths = host.facts.leftovers.paths.as_ref()?;
        let inside = |path: &&String| {
            let rest = path.strip_prefix(directory);
            rest.is_some_and(|rest| rest.starts_with('/'))
                && !harmless(path)
                && !host.facts.has_claimed(path)
        };
        let found: Vec<&String> = paths.iter().filter(inside).collect();
        if found.is_empty() {
            return None;
        }
        let names = found.iter().filter_map(|path| path.rsplit('/').next());
        let message = format!("`{directory}` is not empty: {}", quoted(names));
        let name = format!("DirAvailable-{}", directory.replace('/', "-"));
        let finding = host.error(&name, message, fix(directory, &found));
        Some(match found.as_slice() {
            [only] if only.ends_with("/lost+found") => finding,
            // podman's own may stay.
            _ if *directory == CNI => {
                let files: Vec<String> = found.iter().map(|path| quote(path)).collect();
                finding.typed(format!("mkdir -p {CNI}.old && mv {} {CNI}.old/", files.join(" ")))
            }
            _ => aside(finding, directory),
        })
    };
    let mut findings: Vec<Finding> =
        DIRECTORIES.iter().filter(matters).filter(|it| !ours(it)).filter_map(finding).collect();
    findings.extend(manifests(host));
    findings
}

/// A kubelet runs what it finds there; kubeadm has a name of its own for it.
fn manifests(host: &HostFacts<'_>) -> Option<Finding> {
    let all = &host.facts.leftovers.manifests;
    if all.is_empty() || host.facts.has_claimed("/etc/kubernetes") {
        return None;
    }
    let names = all.iter().filter_map(|path| path.rsplit('/').next());
    let message = format!("`{MANIFESTS}` is not empty: {}", quoted(names));
    let finding = host.error("DirAvailable--etc-kubernetes-manifests", message, OLD_CLUSTER);
    Some(aside(finding, "/etc/kubernetes"))
}

/// Moves what is in the directory out of the way, and leaves the directory, which may be a disk's own: nothing is lost that
/// somebody turns out to need. Volumes of pods that still run are mounted in the kubelet's.
pub(super) fn aside(finding: Finding, directory: &str) -> Finding {
    let unmount = if directory == KUBELET {
        format!(
            "awk '$2 ~ \"^{KUBELET}/\" {{print $2}}' /proc/mounts | sort -r | xargs -r umount; "
        )
    } else {
        String::new()
    };
    finding.typed(format!(
        "{unmount}old=$(mktemp -d {directory}.XXXXXX) && find {directory} -mindepth 1 -maxdepth 1 -exec mv -t \"$old\" {{}} +"
    ))
}

fn fix(directory: &str, found: &[&String]) -> String {
    match found {
        [only] if only.ends_with("/lost+found") => format!(
            "etcd needs an empty directory: write `kubernetes: {{kubeadm: {{etcd: {{local: \
             {{dataDir: {directory}/data}}}}}}}}` in cluster.yaml"
        ),
        _ if directory == CNI => {
            format!("move the files out of `{directory}` if the network that they set up is gone")
        }
        _ => OLD_CLUSTER.to_owned(),
    }
}
