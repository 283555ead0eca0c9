//! The kubelet and the container runtime of each host.

use super::{Context, Finding, Look};
use crate::host::survey::Survey;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    context.installed().flat_map(|(look, survey)| one(look, survey)).collect()
}

fn one(look: &Look<'_>, survey: &Survey) -> Vec<Finding> {
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
            "`journalctl -u containerd` says why; `systemctl restart containerd` starts it again",
        )),
        None => findings.push(look.error(
            "Runtime",
            "whether the container runtime answers is unknown: there is neither `crictl` nor `ctr` to ask it with",
            "look at the host by hand",
        )),
    }
    findings
}
