//! Files that the control plane names and that are not there, or hold nothing.

use std::collections::BTreeSet;

use super::{Part, Scene, Suspect, Weight};

pub(super) fn rule(scene: &Scene<'_>) -> Vec<Suspect> {
    let mut all = Vec::new();
    if scene.look.is_node() {
        all.extend(plane(scene));
        all.extend(authority(scene));
        all.extend(client(scene));
        for (manifest, path) in &scene.evidence.missing {
            if scene.is_plane_broken() {
                let message =
                    format!("the static pod of `{manifest}` wants `{path}`, which is not there");
                all.push(scene.suspect("HostPathMissing", Weight::Certain, message).proof(
                    format!("/etc/kubernetes/manifests/{manifest}"),
                    format!("there is no {path}"),
                ));
            }
        }
    }
    all
}

/// Every file of the cluster's that a manifest names in a flag.
fn plane(scene: &Scene<'_>) -> Option<Suspect> {
    if !scene.is_plane_broken() {
        return None;
    }
    let mut bad = BTreeSet::new();
    for (_, text) in scene.look.manifests() {
        for word in text.split(|c: char| c.is_whitespace() || c == '"' || c == '=' || c == ',') {
            let kind = word.rsplit_once('.').map_or("", |(_, kind)| kind);
            if !word.starts_with("/etc/kubernetes/")
                || !["crt", "key", "pub", "conf"].contains(&kind)
            {
                continue;
            }
            // Only directories that were listed can be judged.
            let directory = word.rsplit_once('/').map_or("", |(directory, _)| directory);
            let listed = ["/etc/kubernetes", "/etc/kubernetes/pki", "/etc/kubernetes/pki/etcd"];
            match scene.evidence.files.get(word) {
                Some(file) if file.size == 0 => {
                    bad.insert(format!("{word} is empty"));
                }
                None if listed.contains(&directory) => {
                    bad.insert(format!("there is no {word}"));
                }
                _ => {}
            }
        }
    }
    named(scene, &bad)
}

/// The authority that the kubelet itself wants.
fn authority(scene: &Scene<'_>) -> Option<Suspect> {
    let path = "/etc/kubernetes/pki/ca.crt";
    let there = scene.evidence.files.get(path).is_some_and(|file| file.size > 0);
    let wanted = scene.evidence.text("kubelet.config").is_some_and(|text| text.contains(path));
    if there || !wanted || !scene.is_broken(Part::Kubelet) {
        return None;
    }
    named(scene, &BTreeSet::from([format!("there is no {path}")]))
}

/// The certificate that kubelet.conf names.
fn client(scene: &Scene<'_>) -> Option<Suspect> {
    let conf = scene.evidence.text("kubeconfig kubelet.conf")?;
    let path = conf
        .lines()
        .find_map(|line| line.trim().strip_prefix("client-certificate:"))
        .map(str::trim)?;
    let file = scene.evidence.files.get(path);
    let bad = match file {
        Some(file) if file.size == 0 => format!("{path} is empty"),
        Some(file) if file.kind == "broken link" => format!("{path} is a link to nothing"),
        None if scene.evidence.lacks(path) => format!("there is no {path}"),
        _ => return None,
    };
    if !scene.is_any_broken(&[Part::Kubelet, Part::Way, Part::Node]) {
        return None;
    }
    let suspect = named(scene, &BTreeSet::from([bad]))?;
    Some(suspect.fix("take the host out of the cluster and let it join again; or give it a new kubelet.conf (`kubeadm init phase kubeconfig kubelet` on a control plane)"))
}

fn named(scene: &Scene<'_>, bad: &BTreeSet<String>) -> Option<Suspect> {
    let first = bad.first()?;
    let more = match bad.len() - 1 {
        0 => String::new(),
        1 => ", and one more file is missing".to_owned(),
        more => format!(", and {more} more files are missing"),
    };
    let mut suspect = scene.suspect(
        "CertificateMissing",
        Weight::Certain,
        format!("{first}, which the cluster needs on this host{more}"),
    );
    for one in bad.iter().take(3) {
        suspect = suspect.proof("the host's files", one.clone());
    }
    // `kubeadm init phase certs` without the cluster's configuration would leave out its names.
    Some(suspect)
}
