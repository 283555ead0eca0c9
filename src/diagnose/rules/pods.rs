//! Static pods: their manifests, images and programs.

use super::units::yaml_error;
use super::{Look, Part, Scene, Suspect, Weight};

/// The parts of a control plane: the pod, and what is broken without it.
///
/// No line to type makes one anew: `kubeadm init phase` without the cluster's configuration writes kubeadm's defaults, which lack what the
/// cluster was made with.
const PLANE: &[(&str, Part)] = &[
    ("etcd", Part::Etcd),
    ("kube-apiserver", Part::ApiServer),
    ("kube-controller-manager", Part::ControllerManager),
    ("kube-scheduler", Part::Scheduler),
];

pub(super) fn rule(scene: &Scene<'_>) -> Vec<Suspect> {
    let mut all = Vec::new();
    all.extend(directory(scene));
    all.extend(broken(scene));
    all.extend(missing(scene));
    all.extend(images(scene));
    all.extend(etcd_address(scene));
    all.extend(frozen(scene));
    all
}

/// Manifests that are no YAML, with the reason.
pub(super) fn broken_manifests<'a>(look: &'a Look<'_>) -> impl Iterator<Item = (&'a str, String)> {
    look.manifests().filter_map(|(name, text)| {
        let why = yaml_error(text).or_else(|| {
            (!text.lines().any(|line| line.trim_end() == "kind: Pod"))
                .then(|| "it has no `kind: Pod`".to_owned())
        })?;
        Some((name, why))
    })
}

fn broken(scene: &Scene<'_>) -> Vec<Suspect> {
    let one = |(name, why): (&str, String)| {
        let path = format!("/etc/kubernetes/manifests/{name}.yaml");
        let message = format!("the kubelet does not understand the manifest `{path}`: {why}");
        scene.suspect("ManifestBroken", Weight::Certain, message).proof(path, why)
    };
    broken_manifests(scene.look).map(one).collect()
}

fn missing(scene: &Scene<'_>) -> Option<Suspect> {
    // One that is about to join has none yet, and one with an etcd elsewhere has no etcd.
    if !scene.look.is_control_plane() || scene.evidence.files.is_empty() {
        return None;
    }
    let own_etcd = scene.evidence.files.contains_key("/etc/kubernetes/pki/etcd/server.key");
    let gone: Vec<&(&str, Part)> = PLANE
        .iter()
        .filter(|(pod, ..)| scene.look.manifest(pod).is_none() && (*pod != "etcd" || own_etcd))
        .filter(|(pod, ..)| scene.evidence.process(pod).is_none())
        .collect();
    let (pod, _) = gone.first()?;
    if gone.len() == PLANE.len()
        && !scene.evidence.files.contains_key("/etc/kubernetes/kubelet.conf")
    {
        return None;
    }
    let names: Vec<String> = gone.iter().map(|(pod, ..)| format!("`{pod}.yaml`")).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    let message = format!(
        "{} {verb} not in /etc/kubernetes/manifests, so that {} does not run",
        names.join(", "),
        pod
    );
    Some(
        scene
            .suspect("ManifestMissing", Weight::Certain, message)
            .proof("/etc/kubernetes/manifests", format!("there is no {pod}.yaml")),
    )
}

/// The kubelet looks elsewhere.
fn directory(scene: &Scene<'_>) -> Option<Suspect> {
    let text =
        scene.evidence.text("kubelet.own").or_else(|| scene.evidence.text("kubelet.config"))?;
    scene.look.manifests().next()?;
    let set = text
        .lines()
        .find_map(|line| line.strip_prefix("staticPodPath:"))
        .map(|it| it.trim().trim_matches('"'));
    if set.is_some_and(|path| path.trim_end_matches('/') == "/etc/kubernetes/manifests")
        || !scene.is_plane_broken()
        || scene.is_broken(Part::Kubelet)
    {
        return None;
    }
    let has = set
        .map_or_else(|| "no `staticPodPath`".to_owned(), |path| format!("`staticPodPath: {path}`"));
    let message = format!(
        "the kubelet's configuration has {has}, and the static pods are in /etc/kubernetes/manifests"
    );
    Some(
        scene
            .suspect("ManifestDirectory", Weight::Certain, message)
            .proof("/var/lib/kubelet/config.yaml", has)
            .command("sed -i '/^staticPodPath:/d; $a staticPodPath: /etc/kubernetes/manifests' /var/lib/kubelet/config.yaml && systemctl restart kubelet"),
    )
}

/// Images that manifests name and the host has not.
fn images(scene: &Scene<'_>) -> Option<Suspect> {
    let images = scene.evidence.images.as_ref().filter(|images| !images.is_empty())?;
    for (pod, text) in scene.look.manifests() {
        let part = PLANE.iter().find(|(name, ..)| *name == pod).map(|(_, part)| *part);
        if part.is_none_or(|part| !scene.is_broken(part)) || scene.evidence.process(pod).is_some() {
            continue;
        }
        let named = text
            .lines()
            .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("image:"));
        for image in named.map(|it| it.trim().trim_matches(['"', '\''])) {
            let image = image.split('@').next().unwrap_or(image);
            if image.is_empty()
                || images.iter().any(|it| it == image || it.ends_with(&format!("/{image}")))
            {
                continue;
            }
            let message = format!("the image `{image}` of {pod} is not on the host");
            let near = images.iter().find(|it| {
                it.rsplit('/').next().is_some_and(|name| name.starts_with(&format!("{pod}:")))
            });
            let suspect = scene
                .suspect("ImageMissing", Weight::Likely, message)
                .proof(format!("/etc/kubernetes/manifests/{pod}.yaml"), format!("image: {image}"));
            return Some(match near {
                Some(near) => suspect.proof("the host's images", near.clone()).fix(format!(
                    "bring that image, or name `{near}`, which the host has, in the manifest"
                )),
                None => suspect.proof("the host's images", format!("no {pod}")),
            });
        }
    }
    None
}

/// Where the API server looks for etcd, and where etcd is.
fn etcd_address(scene: &Scene<'_>) -> Option<Suspect> {
    if !scene.is_broken(Part::ApiServer) || scene.is_broken(Part::Etcd) {
        return None;
    }
    let servers =
        super::machine::flag_value(scene.look.manifest("kube-apiserver")?, "--etcd-servers=")?;
    let listens =
        super::machine::flag_value(scene.look.manifest("etcd")?, "--listen-client-urls=")?;
    let own: Vec<&str> = listens.split(',').collect();
    if servers.split(',').any(|server| own.contains(&server.trim_end_matches('/'))) {
        return None;
    }
    // Another control plane's etcd would do as well.
    let others = scene.case.looks.iter().filter_map(|look| {
        super::machine::flag_value(look.manifest("etcd")?, "--listen-client-urls=")
    });
    if others
        .flat_map(|urls| urls.split(','))
        .any(|url| servers.split(',').any(|server| server == url))
    {
        return None;
    }
    let right =
        own.iter().find(|url| url.contains("127.0.0.1") || url.contains("[::1]")).or(own.first())?;
    let message =
        format!("the API server looks for etcd at `{servers}`, and etcd listens at `{listens}`");
    Some(
        scene
            .suspect("EtcdAddress", Weight::Certain, message)
            .proof("/etc/kubernetes/manifests/kube-apiserver.yaml", format!("--etcd-servers={servers}"))
            .proof("/etc/kubernetes/manifests/etcd.yaml", format!("--listen-client-urls={listens}"))
            .command(format!("sed -i 's|--etcd-servers={servers}|--etcd-servers={right}|' /etc/kubernetes/manifests/kube-apiserver.yaml")),
    )
}

fn frozen(scene: &Scene<'_>) -> Option<Suspect> {
    let (pod, ..) = PLANE
        .iter()
        .find(|(pod, ..)| scene.evidence.process(pod).is_some_and(|process| process.frozen))?;
    let message = format!("{pod} is stopped by a signal: it is there and does nothing");
    let short = pod.get(..15).unwrap_or(pod);
    let mut suspect = scene
        .suspect("ControllerFrozen", Weight::Certain, message)
        .proof("/proc", format!("{pod} is in state T"))
        .command(format!("pkill -CONT -x {short}"));
    if *pod == "etcd" {
        suspect.layer = super::super::Layer::Etcd;
    } else if *pod == "kube-apiserver" {
        suspect.layer = super::super::Layer::ApiServer;
    }
    Some(suspect)
}
