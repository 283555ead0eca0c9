//! The kubelet and the container runtime of each host.

use super::{Context, Finding, Look};
use crate::cluster::Runtime;
use crate::host::survey::Survey;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let runtime = &context.cluster.runtime;
    context.installed().flat_map(|(look, survey)| one(runtime, look, survey)).collect()
}

fn one(runtime: &Runtime, look: &Look<'_>, survey: &Survey) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &survey.kubelet {
        Some(unit) if unit.state == "active" => {}
        Some(unit) => findings.push(look.error(
            "Kubelet",
            format!("the kubelet is {}", unit.state),
            "`journalctl -u kubelet` says why; `systemctl start kubelet` starts it",
        )),
        None => findings.push(look.error(
            "Kubelet",
            "whether the kubelet runs is unknown: systemd did not say",
            "look at the host by hand",
        )),
    }
    match survey.runtime {
        Some(true) => {}
        Some(false) => findings.push(look.error(
            "Runtime",
            "the container runtime does not answer",
            says_why(runtime),
        )),
        None => findings.push(look.error(
            "Runtime",
            "whether the container runtime answers is unknown: there is neither `crictl` nor `ctr` to ask it with",
            "look at the host by hand",
        )),
    }
    findings
}

/// What a runtime writes down of itself, and how it is started: by one unit, or by two, of which one may be an owner's.
fn says_why(runtime: &Runtime) -> String {
    let (traits, existing) = (runtime.traits, runtime.existing);
    let name = |unit: &'static str| unit.trim_end_matches(".service");
    let mut units = vec![name(traits.engine)];
    if traits.unit != traits.engine {
        units.push(name(traits.unit));
    }
    let journal = units.iter().fold(String::new(), |all, unit| format!("{all} -u {unit}"));
    let ours = if existing { &units[units.len() - 1..] } else { &units[..] };
    format!(
        "`journalctl{journal}` says why; `systemctl restart {}` starts it again",
        ours.join(" ")
    )
}
