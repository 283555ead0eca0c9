//! Files of the hosts that cluster.yaml names for the control plane: kubeadm or the kubelet wait for them in vain.

use serde_json::Value;

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity};
use crate::cluster::Cluster;

pub(super) const CHECK: Check = Check {
    name: "HostPaths",
    description: "files that the control plane's programs are to have are on the host",
    severity: Severity::Error,
    phase: Phase::Init,
    breaks: "a program of the control plane is never started: `hostPath type check failed`",
    kubeadm: None,
    // Nobody asks where cluster.yaml names none.
    needs: &[],
    page: "Seen by looking for each `hostPath` of `extraVolumes` in `kubernetes: {kubeadm: ...}` whose `pathType` wants one that is there \
           (`pkg/volume/hostpath/host_path.go`), on control planes.\n\nPut the file there, on every control plane, or take the volume out.",
    run: Run::EachHost(volumes),
};

pub(super) const ETCD: Check = Check {
    name: "ExternalEtcdClientCertificates",
    description: "the certificates for an external etcd are on the control planes",
    severity: Severity::Error,
    phase: Phase::Init,
    breaks: "kubeadm ends at its own checks, and the API server finds no etcd",
    kubeadm: Some("in every version, at `init` and at the join of control planes"),
    needs: &[],
    page: "Seen by looking for `caFile`, `certFile` and `keyFile` of `kubernetes: {kubeadm: {etcd: {external: ...}}}` on control planes. Whether etcd takes \
           them is not asked.\n\nPut them there, on every control plane.",
    run: Run::EachHost(certificates),
};

const PARTS: [&str; 3] = ["apiServer", "controllerManager", "scheduler"];
const CERTIFICATES: [&str; 3] = ["caFile", "certFile", "keyFile"];
/// kubeadm makes what is below.
const MADE: &str = "/etc/kubernetes/pki";

/// The paths to look at on hosts.
pub fn asked(cluster: &Cluster) -> Vec<String> {
    let volumes = wanted(cluster).into_iter().map(|(path, _)| path);
    volumes.chain(of_etcd(cluster)).map(str::to_owned).collect()
}

/// Paths of volumes, and what must be there.
fn wanted(cluster: &Cluster) -> Vec<(&str, &str)> {
    let parts = PARTS
        .iter()
        .filter_map(|part| cluster.kubernetes.kubeadm.get(*part)?.get("extraVolumes")?.as_array());
    parts
        .flatten()
        .filter_map(|volume| {
            let kind = volume.get("pathType")?.as_str()?;
            let path = volume.get("hostPath")?.as_str()?;
            let counts =
                matches!(kind, "File" | "Directory" | "Socket" | "CharDevice" | "BlockDevice");
            (counts && !path.starts_with(MADE)).then_some((path, kind))
        })
        .collect()
}

fn of_etcd(cluster: &Cluster) -> Vec<&str> {
    let external = cluster.kubernetes.kubeadm.get("etcd").and_then(|etcd| etcd.get("external"));
    let file = |name: &&str| external?.get(*name).and_then(Value::as_str);
    CERTIFICATES.iter().filter_map(file).filter(|path| !path.is_empty()).collect()
}

/// What is at a path; `None` when nobody looked.
fn kind<'a>(host: &'a HostFacts<'_>, path: &str) -> Option<&'a str> {
    host.facts.asked.iter().find(|(it, _)| it == path).map(|(_, kind)| kind.as_str())
}

fn volumes(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    if !host.host.control_plane || host.facts.is_our_node() {
        return vec![];
    }
    let finding = |(path, wanted): (&str, &str)| {
        let is = kind(host, path)?;
        let fits = match wanted {
            "File" => is == "file",
            "Directory" => is == "directory",
            _ => is == "other",
        };
        let message = match is {
            _ if fits => return None,
            "absent" => format!(
                "`{path}` is not there, and a volume of the control plane wants it (`{wanted}`)"
            ),
            is => {
                format!("`{path}` is a {is}, and a volume of the control plane wants a `{wanted}`")
            }
        };
        Some(host.error(
            CHECK.name,
            message,
            "put it there, or take the volume out of `kubernetes.kubeadm`",
        ))
    };
    wanted(context.cluster).into_iter().filter_map(finding).collect()
}

/// What is missing of the certificates for an external etcd.
pub(super) fn certificates(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    if !host.host.control_plane {
        return vec![];
    }
    let missing = |path: &&str| kind(host, path).is_some_and(|kind| kind != "file");
    let finding = |path: &str| {
        let message = format!("`{path}`, for the external etcd, is not there");
        host.error(ETCD.name, message, "put it there, on every control plane")
    };
    of_etcd(context.cluster).into_iter().filter(missing).map(finding).collect()
}
