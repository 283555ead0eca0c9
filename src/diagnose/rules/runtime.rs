//! The container runtime: its unit, its configuration, its images.

use super::{Part, Scene, Suspect, Weight};
use crate::host::evidence::Evidence;

/// Runtimes by their units, and where they listen.
const KNOWN: &[(&str, &str)] = &[
    ("containerd", "/run/containerd/containerd.sock"),
    ("crio", "/var/run/crio/crio.sock"),
    ("cri-docker", "/run/cri-dockerd.sock"),
];

pub(super) fn rule(scene: &Scene<'_>) -> Vec<Suspect> {
    let mut all = Vec::new();
    if scene.look.is_node() || scene.is_broken(Part::Runtime) {
        all.extend(config(scene));
        all.extend(cri(scene));
    }
    if scene.look.is_node() {
        all.extend(socket(scene));
        all.extend(pause(scene));
        all.extend(cgroups(scene));
    }
    all
}

fn config(scene: &Scene<'_>) -> Option<Suspect> {
    let why = scene.evidence.answer("containerd.config")?.strip_prefix("bad ")?;
    // The program may be what does not run.
    if !why.contains("toml") && !why.contains("config") {
        return None;
    }
    let weight = if scene.is_broken(Part::Runtime) { Weight::Certain } else { Weight::Likely };
    let message = format!(
        "containerd does not understand /etc/containerd/config.toml: {}",
        why.trim_start_matches("containerd: ")
    );
    Some(scene.suspect("ContainerdConfig", weight, message).proof("`containerd config dump`", why))
}

fn cri(scene: &Scene<'_>) -> Option<Suspect> {
    let dump = scene.evidence.text("containerd.dump")?;
    let disabled = dump
        .lines()
        .find(|line| line.trim_start().starts_with("disabled_plugins") && line.contains("cri"));
    match (disabled, scene.evidence.answer("cri.plugin")) {
        (Some(line), state) if state != Some("ok") => {
            Some(scene.certain("CriDisabled").proof("`containerd config dump`", line.trim()))
        }
        (None, Some("error")) => Some(
            scene
                .suspect("CriBroken", Weight::Likely, "containerd's CRI plugin did not start")
                .proof("`ctr plugins ls`", "cri: error"),
        ),
        _ => None,
    }
}

/// The socket that the kubelet is set to.
fn socket(scene: &Scene<'_>) -> Option<Suspect> {
    let evidence = scene.evidence;
    let set = |name: &str| {
        let text = evidence.text(name)?;
        let value =
            super::machine::flag_value(text, "--container-runtime-endpoint=").or_else(|| {
                text.lines()
                    .find_map(|line| line.strip_prefix("containerRuntimeEndpoint:"))
                    .map(str::trim)
            })?;
        Some((value.trim_matches('"').trim_start_matches("unix://").to_owned(), name.to_owned()))
    };
    let (path, place) =
        ["kubelet.default", "kubelet.sysconfig", "kubelet.flags", "kubelet.unit", "kubelet.config"]
            .iter()
            .find_map(|name| set(name))?;
    let place = match place.as_str() {
        "kubelet.flags" => "/var/lib/kubelet/kubeadm-flags.env",
        "kubelet.config" => "/var/lib/kubelet/config.yaml",
        "kubelet.default" => "/etc/default/kubelet",
        "kubelet.sysconfig" => "/etc/sysconfig/kubelet",
        _ => "`systemctl cat kubelet`",
    };
    // `/var/run` is `/run`.
    let same =
        |one: &str, other: &str| one.trim_start_matches("/var") == other.trim_start_matches("/var");
    let (_, right) = KNOWN.iter().find(|(unit, socket)| {
        evidence.unit(unit).is_some_and(|unit| unit.active == "active")
            && evidence.files.keys().any(|path| same(path, socket))
    })?;
    let there = evidence.files.keys().any(|file| same(file, &path))
        || KNOWN.iter().any(|(_, known)| same(known, &path));
    if there || !scene.is_any_broken(&[Part::Kubelet, Part::Node]) {
        return None;
    }
    let message = format!(
        "the kubelet looks for the container runtime at `{path}`, and the one that runs is at `{right}`"
    );
    Some(
        scene
            .suspect("CriSocket", Weight::Certain, message)
            .proof(place, path)
            .command(format!("grep -rn container-runtime-endpoint {}", place.trim_matches('`'))),
    )
}

/// The image that every pod begins with, as the runtime is set.
pub(super) fn pause_image(evidence: &Evidence) -> Option<&str> {
    evidence.text("containerd.dump")?.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        matches!(key.trim(), "sandbox_image" | "sandbox")
            .then(|| value.trim().trim_matches(['"', '\'']))
    })
}

fn pause(scene: &Scene<'_>) -> Option<Suspect> {
    let image = pause_image(scene.evidence)?;
    let images = scene.evidence.images.as_ref()?;
    // Without any image the list is not known.
    if image.is_empty() || images.is_empty() || images.iter().any(|it| it == image) {
        return None;
    }
    // Where it can be pulled, nothing is wrong yet.
    let broken = scene.is_plane_broken()
        || scene.is_any_broken(&[Part::Proxy, Part::Dns, Part::Pods, Part::Node]);
    let weight = if broken { Weight::Likely } else { Weight::Hint };
    let has = images.iter().find(|it| it.contains("/pause:"));
    let message =
        format!("the pause image `{image}`, which containerd is set to, is not on the host");
    let suspect = scene
        .suspect("PauseImage", weight, message)
        .proof("`containerd config dump`", format!("sandbox_image = {image}"));
    Some(match has {
        Some(has) => suspect
            .proof("the host's images", has.clone())
            .fix(format!("set it to `{has}`, which the host has, and start containerd anew"))
            .command(format!("sed -i 's|{image}|{has}|' /etc/containerd/config.toml && systemctl restart containerd")),
        None => suspect,
    })
}

/// The drivers of the kubelet and of containerd, where both are known.
pub(super) fn drivers(evidence: &Evidence) -> Option<(&'static str, &'static str)> {
    // A kubelet of 1.28 and newer may ask the runtime; then what its file says does not count, and is left out.
    let config = evidence.text("kubelet.own").or_else(|| evidence.text("kubelet.config"))?;
    let driver = config
        .lines()
        .find_map(|line| line.strip_prefix("cgroupDriver:"))
        .map(|it| it.trim().trim_matches('"'))?;
    let dump = evidence.text("containerd.dump")?;
    let systemd: Vec<bool> = dump
        .lines()
        .filter_map(|line| line.trim().strip_prefix("SystemdCgroup ="))
        .map(|it| it.trim() == "true")
        .collect();
    let runtime = if systemd.contains(&true) { "systemd" } else { "cgroupfs" };
    Some((if driver == "systemd" { "systemd" } else { "cgroupfs" }, runtime))
}

fn cgroups(scene: &Scene<'_>) -> Option<Suspect> {
    if scene.look.runtimes(scene.case).first() != Some(&"containerd") {
        return None;
    }
    let (kubelet, runtime) = drivers(scene.evidence)?;
    if kubelet == runtime {
        return None;
    }
    let broken = scene.is_plane_broken()
        || scene.is_any_broken(&[Part::Kubelet, Part::Node, Part::Proxy, Part::Dns, Part::Pods]);
    let weight = if broken { Weight::Certain } else { Weight::Likely };
    let message =
        format!("the kubelet's cgroup driver is `{kubelet}`, containerd's is `{runtime}`");
    let suspect = scene
        .suspect("CgroupDriver", weight, message)
        .proof("/var/lib/kubelet/config.yaml", format!("cgroupDriver: {kubelet}"))
        .proof("`containerd config dump`", format!("SystemdCgroup = {}", runtime == "systemd"));
    Some(if kubelet == "cgroupfs" {
        suspect.command("sed -i 's/^cgroupDriver:.*/cgroupDriver: systemd/' /var/lib/kubelet/config.yaml && systemctl restart kubelet")
    } else {
        suspect.command("sed -i 's/SystemdCgroup = false/SystemdCgroup = true/' /etc/containerd/config.toml && systemctl restart containerd kubelet")
    })
}
