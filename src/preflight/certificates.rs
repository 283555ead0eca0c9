//! Certificates of a cluster that is there: who joins it must be able to trust it, and it itself.

use std::time::{Duration, SystemTime};

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, quoted};

pub(super) const CHECK: Check = Check {
    name: "CertificateExpired",
    description: "the certificates of a control plane that is there have not ended",
    severity: Severity::Error,
    phase: Phase::Join,
    breaks: "parts of the cluster do not trust each other, and nobody can join: `x509: certificate has expired`",
    kubeadm: None,
    // A host that is no control plane has none.
    needs: &[],
    page: "Seen by the certificates below `/etc/kubernetes/pki` and in `admin.conf`, `controller-manager.conf` and `scheduler.conf` of control planes, against this \
           machine's clock: ended ones, and those that end within 30 days. kubeadm's live a year (authorities ten), and are renewed by \
           `kubeadm upgrade` or `kubeadm certs renew all` (up to 1.19: `kubeadm alpha certs renew all`).\n\nRenew them on each control plane, and start its static pods \
           anew. An authority that ended is another matter: all that it signed goes with it.",
    run: Run::EachHost(run),
};

/// What `diagnose` says of it, too.
pub const RENEW: &str = "kubeadm certs renew all && for i in etcd kube-apiserver kube-controller-manager kube-scheduler; do crictl ps -q --name $i | xargs -r crictl stop; done";
const SOON: Duration = Duration::from_secs(30 * 86_400);

fn run(context: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    let is_node = host.facts.has_kubelet_conf();
    let etcd = context.cluster.kubernetes.kubeadm.get("etcd");
    let has_own_etcd = etcd.is_none_or(|etcd| etcd.get("external").is_none());
    let all = host.facts.member.certificates.iter().flatten();
    let all = all.filter(|(path, _)| is_node && is_used(path, has_own_etcd));
    let all: Vec<(&str, SystemTime)> =
        all.filter_map(|(path, ends)| Some((path.as_str(), (*ends)?))).collect();
    let now = host.asked;
    let over = |(_, ends): &&(&str, SystemTime)| *ends <= now;
    let soon = |(_, ends): &&(&str, SystemTime)| *ends > now && *ends < now + SOON;
    let names = |of: &dyn Fn(&&(&str, SystemTime)) -> bool| -> Vec<&str> {
        all.iter().filter(of).map(|(path, _)| *path).collect()
    };
    let (over, soon) = (names(&over), names(&soon));
    let fix = "renew them on each control plane, and start its static pods anew";
    let mut findings = Vec::new();
    if !over.is_empty() {
        let message = format!("certificates of the control plane have ended: {}", some(&over));
        findings.push(host.error(CHECK.name, message, fix).typed(RENEW));
    }
    if !soon.is_empty() {
        let message =
            format!("certificates of the control plane end within 30 days: {}", some(&soon));
        findings.push(host.warning(CHECK.name, message, fix).typed(RENEW));
    }
    findings
}

/// Whether the cluster goes by it: by kubeadm's names. What else lies there is the owner's, and those of an etcd that moved away are over.
fn is_used(path: &str, has_own_etcd: bool) -> bool {
    let Some(name) = path.strip_prefix("/etc/kubernetes/pki/") else { return true };
    match name.strip_prefix("etcd/") {
        Some(_) => has_own_etcd,
        None => {
            name == "ca.crt" || name.starts_with("apiserver") || name.starts_with("front-proxy-")
        }
    }
}

/// The first few, and the number of the others.
fn some(paths: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown = quoted(paths.iter().take(SHOWN));
    match paths.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
