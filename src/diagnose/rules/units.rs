//! Units of systemd: the runtime's and the kubelet's.

use super::{Case, Look, Part, Scene, Suspect, Weight};
use crate::host::evidence::{Evidence, Unit};

/// systemd's status for a program that could not be run (`EXIT_EXEC`, systemd.exec(5)).
const NOT_RUN: i32 = 203;

pub(super) fn rule(scene: &Scene<'_>) -> Vec<Suspect> {
    let mut all = Vec::new();
    if scene.look.is_node() {
        all.extend(runtime(scene));
        all.extend(kubelet(scene));
        all.extend(config(scene));
        all.extend(swap(scene));
    }
    all
}

/// Whether one of the runtime's units does not run.
pub(super) fn runtime_is_down(case: &Case<'_>, look: &Look<'_>) -> bool {
    look.runtimes(case).iter().any(|name| {
        look.evidence().and_then(|it| it.unit(name)).is_none_or(|unit| unit.active != "active")
    })
}

fn runtime(scene: &Scene<'_>) -> Option<Suspect> {
    for name in scene.look.runtimes(scene.case) {
        let Some(unit) = scene.evidence.unit(name) else {
            if scene.evidence.units.is_empty() {
                continue;
            }
            let message =
                format!("the container runtime's unit `{name}.service` is not on the host");
            return Some(
                scene
                    .suspect("RuntimeMissing", Weight::Certain, message)
                    .proof("systemd", format!("no unit {name}.service")),
            );
        };
        if let Some(suspect) = unrunnable(scene, name, unit, "RuntimeMissing") {
            return Some(suspect);
        }
        let state = format!("{} ({}), {}", unit.active, unit.sub, unit.file);
        let place = format!("`systemctl status {name}`");
        if unit.load == "masked" && unit.active != "active" {
            let message = format!("{name} is masked, so that nothing can start it");
            return Some(
                scene
                    .suspect("RuntimeMasked", Weight::Certain, message)
                    .proof(place, state)
                    .command(format!("systemctl unmask {name} && systemctl start {name}")),
            );
        }
        if is_stopped(unit) {
            let message = format!("{name} is stopped");
            return Some(
                scene
                    .suspect("RuntimeStopped", Weight::Certain, message)
                    .proof(place, state)
                    .command(format!("systemctl enable --now {name}")),
            );
        }
        if scene.evidence.process(name).is_some_and(|process| process.frozen) {
            let message = format!("{name} is stopped by a signal: it is there and does nothing");
            return Some(
                scene
                    .suspect("RuntimeFrozen", Weight::Certain, message)
                    .proof("/proc", format!("{name} is in state T"))
                    .command(format!("pkill -CONT -x {name}")),
            );
        }
    }
    None
}

fn kubelet(scene: &Scene<'_>) -> Option<Suspect> {
    let evidence = scene.evidence;
    let unit = match evidence.unit("kubelet") {
        Some(unit) => unit,
        None if evidence.units.is_empty() => return None,
        None => {
            return Some(
                scene
                    .suspect(
                        "KubeletMissing",
                        Weight::Certain,
                        "the kubelet's unit is not on the host",
                    )
                    .proof("systemd", "no unit kubelet.service"),
            );
        }
    };
    let state = format!("{} ({}), {}", unit.active, unit.sub, unit.file);
    let place = "`systemctl status kubelet`";
    if let Some(suspect) = unrunnable(scene, "kubelet", unit, "KubeletMissing") {
        return Some(suspect);
    }
    if unit.load == "masked" && unit.active != "active" {
        return Some(scene.certain("KubeletMasked").proof(place, state));
    }
    let config = "/var/lib/kubelet/config.yaml";
    if evidence.lacks(config) && unit.active != "active" {
        return Some(
            scene
                .certain("KubeletConfigMissing")
                .proof("the host's files", format!("there is no {config}")),
        );
    }
    if is_stopped(unit) {
        return Some(scene.certain("KubeletStopped").proof(place, state));
    }
    if evidence.process("kubelet").is_some_and(|process| process.frozen) {
        return Some(scene.certain("KubeletFrozen").proof("/proc", "kubelet is in state T"));
    }
    if scene.is_broken(Part::Kubelet) {
        return conf(scene);
    }
    if unit.active == "active" && unit.file == "disabled" {
        let named = super::named("KubeletDisabled");
        return Some(scene.suspect("KubeletDisabled", Weight::Hint, named.is).proof(place, state));
    }
    None
}

/// A kubelet without a kubeconfig has no way to the API.
fn conf(scene: &Scene<'_>) -> Option<Suspect> {
    let path = "/etc/kubernetes/kubelet.conf";
    let file = scene.evidence.files.get(path);
    if file.is_some_and(|file| file.size > 0)
        || scene.evidence.files.contains_key("/etc/kubernetes/bootstrap-kubelet.conf")
    {
        return None;
    }
    let what =
        if file.is_some() { format!("{path} is empty") } else { format!("there is no {path}") };
    let message = format!("{what}, so that the kubelet has no way to the API");
    Some(
        scene
            .suspect("KubeletConfMissing", Weight::Certain, message)
            .proof("the host's files", what),
    )
}

/// Stopped by somebody, or never started; not one that ended by itself.
fn is_stopped(unit: &Unit) -> bool {
    unit.active == "inactive" && unit.result == "success" && !unit.refused
}

/// A unit whose program is not there or cannot be run.
fn unrunnable(scene: &Scene<'_>, name: &str, unit: &Unit, cause: &str) -> Option<Suspect> {
    let program = scene.evidence.starts.get(name)?;
    let why = if scene.evidence.lacks(program) {
        "is not there"
    } else if scene.evidence.files.get(program).is_some_and(|file| !is_executable(&file.mode)) {
        "is not executable"
    } else if unit.active != "active" && unit.status == Some(NOT_RUN) {
        if let Some(mount) =
            scene.evidence.noexec.iter().find(|mount| program.starts_with(mount.as_str()))
        {
            let message = format!("`{program}` cannot be run: `{mount}` is mounted with `noexec`");
            return Some(
                scene
                    .suspect("NoExec", Weight::Certain, message)
                    .proof("/proc/mounts", format!("{mount} has noexec"))
                    .command(format!("mount -o remount,exec {mount}")),
            );
        }
        "cannot be run"
    } else {
        return None;
    };
    let weight = if unit.active == "active" { Weight::Hint } else { Weight::Certain };
    let message = format!("`{program}`, which the unit {name} starts, {why}");
    let suspect =
        scene.suspect(cause, weight, message).proof("the host's files", format!("{program} {why}"));
    Some(if why == "is not executable" {
        suspect.command(format!("chmod 0755 {program} && systemctl restart {name}"))
    } else {
        suspect
    })
}

/// Whether a mode like `755` lets its owner run it.
pub(super) fn is_executable(mode: &str) -> bool {
    let digits: Vec<u32> =
        mode.chars().rev().take(3).filter_map(|digit| digit.to_digit(8)).collect();
    digits.iter().any(|digit| digit % 2 == 1)
}

/// Why the kubelet's configuration is no YAML.
pub(super) fn config_error(evidence: &Evidence) -> Option<String> {
    let text = evidence.text("kubelet.config")?;
    yaml_error(text)
}

/// Why a text is no YAML of an object.
pub(super) fn yaml_error(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("it is empty".to_owned());
    }
    match serde_yaml::from_str::<serde_json::Value>(text) {
        Err(error) => error.to_string().lines().next().map(str::to_owned),
        Ok(serde_json::Value::Object(_)) => None,
        Ok(_) => Some("it is no list of keys and values".to_owned()),
    }
}

fn config(scene: &Scene<'_>) -> Option<Suspect> {
    if !scene.is_broken(Part::Kubelet) {
        return None;
    }
    let why = config_error(scene.evidence)?;
    let message = format!("the kubelet does not understand /var/lib/kubelet/config.yaml: {why}");
    Some(
        scene
            .suspect("KubeletConfig", Weight::Certain, message)
            .proof("/var/lib/kubelet/config.yaml", why),
    )
}

fn swap(scene: &Scene<'_>) -> Option<Suspect> {
    let swap = scene.evidence.swaps.first()?;
    let tolerated = ["kubelet.own", "kubelet.config"].iter().any(|name| {
        scene
            .evidence
            .text(name)
            .is_some_and(|text| text.lines().any(|line| line.trim() == "failSwapOn: false"))
    });
    if tolerated || !scene.is_broken(Part::Kubelet) {
        return None;
    }
    Some(
        scene
            .suspect("Swap", Weight::Likely, super::named("Swap").is)
            .proof("/proc/swaps", swap.clone()),
    )
}
