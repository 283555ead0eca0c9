//! Certificates that have ended, and authorities that do not fit.

use super::{Case, Look, Scene, Suspect, Weight};
use crate::host::evidence::Evidence;

/// The kubelet's own.
const KUBELETS: &[&str] =
    &["/var/lib/kubelet/pki/kubelet-client-current.pem", "/etc/kubernetes/kubelet.conf"];
/// Where the authority lies that all others are signed by.
const AUTHORITY: &str = "/etc/kubernetes/pki/ca.crt";

pub(super) fn rule(scene: &Scene<'_>) -> Vec<Suspect> {
    let mut all = Vec::new();
    if scene.look.is_node() {
        all.extend(ended(scene));
        all.extend(strangers(scene));
    }
    all
}

fn ends<'a>(case: &'a Case<'_>, evidence: &'a Evidence) -> impl Iterator<Item = (&'a str, u64)> {
    evidence.certificates.iter().filter_map(|(path, certificate)| {
        let ago = case.now.duration_since(certificate.as_ref()?.ends).ok()?;
        // A kubeconfig's authority has its own file.
        (!path.ends_with("#ca")).then_some((path.as_str(), ago.as_secs()))
    })
}

/// Whether one of the host's certificates, or of an API server's, has ended.
pub(super) fn any_ended(case: &Case<'_>, look: &Look<'_>, evidence: &Evidence) -> bool {
    let others = case.looks.iter().filter(|other| other.host.display != look.host.display);
    ends(case, evidence).next().is_some()
        || others
            .filter_map(Look::evidence)
            .any(|other| ends(case, other).any(|(path, _)| path.contains("/pki/")))
}

fn ended(scene: &Scene<'_>) -> Vec<Suspect> {
    let mut all = Vec::new();
    let over: Vec<(&str, u64)> = ends(scene.case, scene.evidence).collect();
    let (kubelets, others): (Vec<_>, Vec<_>) =
        over.into_iter().partition(|(path, _)| KUBELETS.contains(path));
    // Once the link leads to a newer one, what is within kubelet.conf does not count.
    let current = kubelets.iter().find(|(path, _)| *path == KUBELETS[0]);
    let linked = scene.evidence.files.contains_key(KUBELETS[0]);
    let counts = if linked { current } else { kubelets.first() };
    if let Some((path, ago)) = counts {
        let message = format!(
            "the certificate with which the kubelet comes to the API ended {} ago",
            span(*ago)
        );
        all.push(
            scene
                .suspect("KubeletCertificateExpired", Weight::Certain, message)
                .proof(*path, format!("ended {} ago", span(*ago))),
        );
    }
    // A control plane's kubeconfigs for people harm nobody but these.
    let weight = if others.iter().any(|(path, _)| {
        *path != "/etc/kubernetes/admin.conf" && *path != "/etc/kubernetes/super-admin.conf"
    }) {
        Weight::Certain
    } else {
        Weight::Likely
    };
    if let Some((first, ago)) = others.iter().max_by_key(|(_, ago)| *ago) {
        let more = match others.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more have ended too"),
        };
        let message = format!("the certificate `{first}` ended {} ago{more}", span(*ago));
        let mut suspect = scene.suspect("CertificateExpired", weight, message);
        for (path, ago) in others.iter().take(3) {
            suspect = suspect.proof(*path, format!("ended {} ago", span(*ago)));
        }
        all.push(suspect);
    }
    all
}

/// Certificates here that are not signed by the authority that lies here.
fn strangers(scene: &Scene<'_>) -> Option<Suspect> {
    let find =
        |path: &str| scene.evidence.certificates.iter().find(|(at, _)| at == path)?.1.as_ref();
    let authority = find(AUTHORITY)?.key.as_ref()?;
    let mut proofs = Vec::new();
    // What an authority signs names its key; one that names none is not judged.
    for path in [
        "/etc/kubernetes/pki/apiserver.crt",
        "/etc/kubernetes/pki/apiserver-kubelet-client.crt",
        KUBELETS[0],
        "/etc/kubernetes/admin.conf",
    ] {
        if let Some(signer) = find(path).and_then(|it| it.signer.as_ref())
            && signer != authority
        {
            proofs.push((path, "is signed by another authority".to_owned()));
        }
    }
    for path in ["/etc/kubernetes/kubelet.conf#ca", "/etc/kubernetes/admin.conf#ca"] {
        if let Some(trusted) = find(path).and_then(|it| it.key.as_ref())
            && trusted != authority
        {
            proofs.push((path.trim_end_matches("#ca"), "trusts another authority".to_owned()));
        }
    }
    // Other hosts have the same one.
    let own = &scene.look.host.display;
    for look in scene.case.looks.iter().filter(|look| look.host.display != *own) {
        let other = look
            .evidence()?
            .certificates
            .iter()
            .find(|(at, _)| at == AUTHORITY)
            .and_then(|(_, it)| it.as_ref()?.key.as_ref());
        if other.is_some_and(|key| key != authority) && !proofs.is_empty() {
            proofs.push((AUTHORITY, format!("is another than that of {}", look.host.display)));
        }
    }
    if proofs.is_empty() {
        return None;
    }
    let message = format!(
        "`{AUTHORITY}` is not the authority that this host's certificates are of: it was replaced, or files of an earlier cluster are left"
    );
    let mut suspect = scene.suspect("AuthorityReplaced", Weight::Certain, message);
    for (path, what) in proofs.into_iter().take(4) {
        suspect = suspect.proof(path, what);
    }
    Some(suspect)
}

fn span(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600);
    match (days, hours) {
        (0, 0) => format!("{} min", seconds / 60),
        (0, 1) => "1 hour".to_owned(),
        (0, hours) => format!("{hours} hours"),
        (1, _) => "1 day".to_owned(),
        (days, _) => format!("{days} days"),
    }
}
