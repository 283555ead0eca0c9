//! The pods' network: its files, its plugins, the kernel's settings for it.

use super::units::is_executable;
use super::{Scene, Suspect, Weight};
use crate::host::evidence::Evidence;

pub(super) fn rule(scene: &Scene<'_>) -> Vec<Suspect> {
    let mut all = Vec::new();
    if scene.look.is_node() {
        all.extend(config(scene));
        all.extend(plugins(scene));
        all.extend(kernel(scene));
        all.extend(failing(scene));
    }
    all
}

/// The configurations by their files' names, in the order in which a runtime reads them.
fn configs(evidence: &Evidence) -> impl Iterator<Item = (&str, &str)> {
    evidence
        .texts
        .iter()
        .filter_map(|(name, text)| Some((name.strip_prefix("cni ")?, text.as_str())))
}

/// The first configuration, which is the one that counts, where it is none.
pub(super) fn broken_config(evidence: &Evidence) -> Option<(&str, String)> {
    let (name, text) = configs(evidence).next()?;
    match serde_json::from_str::<serde_json::Value>(text) {
        Err(error) => Some((name, error.to_string())),
        Ok(value)
            if name.ends_with(".conflist")
                && value["plugins"].as_array().is_none_or(Vec::is_empty) =>
        {
            Some((name, "it names no plugins".to_owned()))
        }
        Ok(_) => None,
    }
}

fn config(scene: &Scene<'_>) -> Option<Suspect> {
    let evidence = scene.evidence;
    if let Some((name, why)) = broken_config(evidence) {
        let path = format!("/etc/cni/net.d/{name}");
        let message =
            format!("the network configuration for pods `{path}` cannot be understood: {why}");
        return Some(scene.suspect("CniConfigBroken", Weight::Certain, message).proof(path, why));
    }
    let not_ready = evidence_of_not_ready(scene);
    // kubenet and networks that bring their file later are no fault while the node is ready.
    if configs(evidence).next().is_none()
        && let Some(why) = not_ready
    {
        return Some(
            scene
                .certain("CniConfigMissing")
                .proof("the node's conditions", why)
                .proof("/etc/cni/net.d", "no configuration"),
        );
    }
    None
}

/// What the node says of its network.
fn evidence_of_not_ready(scene: &Scene<'_>) -> Option<String> {
    let name = scene.look.node_name()?;
    let told =
        scene.case.looks.iter().filter_map(|look| look.evidence()?.conditions.as_ref()).flatten();
    let said = told.filter(|it| it.node == name && it.kind == "Ready").map(|it| it.why.clone());
    said.into_iter().find(|why| {
        why.contains("network plugin")
            || why.contains("NetworkPluginNotReady")
            || why.contains("NetworkReady")
    })
}

/// Plugins that the configuration names.
fn plugins(scene: &Scene<'_>) -> Option<Suspect> {
    let (file, text) = configs(scene.evidence).next()?;
    let config: serde_json::Value = serde_json::from_str(text).ok()?;
    let listed = config["plugins"].as_array().cloned().unwrap_or_else(|| vec![config.clone()]);
    let dump = scene.evidence.text("containerd.dump").unwrap_or_default();
    let elsewhere = dump.lines().any(|line| {
        line.trim().starts_with("bin_dir =")
            && !line.contains("\"/opt/cni/bin\"")
            && !line.contains("'/opt/cni/bin'")
    });
    if elsewhere
        || !scene.evidence.files.contains_key("/opt/cni/bin")
            && !scene.evidence.lacks("/opt/cni/bin")
    {
        return None;
    }
    let names = listed
        .iter()
        .flat_map(|plugin| [&plugin["type"], &plugin["ipam"]["type"]])
        .filter_map(serde_json::Value::as_str);
    for name in names {
        let path = format!("/opt/cni/bin/{name}");
        let why = match scene.evidence.files.get(&path) {
            None => "is not there",
            Some(file) if !is_executable(&file.mode) => "is not executable",
            Some(file) if file.size == 0 => "is empty",
            Some(_) => continue,
        };
        let message = format!("the network plugin `{path}`, which pods need, {why}");
        let suspect = scene
            .suspect("CniPluginMissing", Weight::Certain, message)
            .proof(format!("/etc/cni/net.d/{file}"), format!("\"type\": \"{name}\""))
            .proof("the host's files", format!("{path} {why}"));
        return Some(if why == "is not executable" {
            suspect.command(format!("chmod 0755 {path}"))
        } else {
            suspect
        });
    }
    None
}

fn kernel(scene: &Scene<'_>) -> Vec<Suspect> {
    let mut all = Vec::new();
    let v4 = scene.case.cluster.network.pod_subnet.to_string().contains('.');
    if v4 && scene.evidence.answer("kernel.ip_forward") == Some("0") {
        all.push(scene.certain("IpForward").proof("/proc/sys/net/ipv4/ip_forward", "0"));
    }
    if scene.evidence.answer("kernel.bridge-nf-call-iptables") == Some("0")
        && scene.evidence.process("kube-proxy").is_some()
    {
        let named = super::named("BridgeNetfilter");
        all.push(
            scene
                .suspect("BridgeNetfilter", Weight::Hint, named.is)
                .proof("/proc/sys/net/bridge/bridge-nf-call-iptables", "0"),
        );
    }
    all
}

/// Pods of the cluster's own that do not run, where nothing says more.
fn failing(scene: &Scene<'_>) -> Vec<Suspect> {
    let mut all = Vec::new();
    for pod in scene.evidence.pods.iter().flatten() {
        let Some(image) = pod.why.split("image \"").nth(1).and_then(|it| it.split('"').next())
        else {
            continue;
        };
        if !pod.why.starts_with("ImagePullBackOff") && !pod.why.starts_with("ErrImage") {
            continue;
        }
        let Some(look) =
            scene.case.looks.iter().find(|look| look.node_name().as_ref() == Some(&pod.node))
        else {
            continue;
        };
        let message = format!(
            "the image `{image}` of the pod `{}` is not on the host and cannot be pulled",
            pod.name
        );
        let mut suspect = scene
            .suspect("ImageMissing", Weight::Likely, message)
            .proof("the cluster's pods", format!("{}: {}", pod.name, pod.why));
        suspect.hosts = vec![look.host.display.clone()];
        all.push(suspect);
    }
    all
}
