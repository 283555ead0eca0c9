//! A control plane does not get started on one CPU.

use super::{Check, Context, Finding, HostFacts, Phase, Run, Severity, need};

pub(super) const CHECK: Check = Check {
    name: "NumCPU",
    description: "control planes have 2 CPUs",
    severity: Severity::Error,
    phase: Phase::Init,
    breaks: "kubeadm refuses, and the control plane starves",
    kubeadm: Some("an error for control planes, in every version"),
    needs: &[need::CPUS],
    page: "Seen by `nproc`: the CPUs that a process may use. Control planes need 2; a worker \
           with one is a warning.\n\nGive the host another CPU.",
    run: Run::EachHost(run),
};

/// kubeadm's `ControlPlaneNumCPU` (cmd/kubeadm/app/constants/constants.go).
const CONTROL_PLANE: u32 = 2;

fn run(_: &Context<'_>, host: &HostFacts<'_>) -> Vec<Finding> {
    match host.facts.cpus {
        Some(cpus) if cpus < CONTROL_PLANE && host.host.control_plane => {
            let message = format!("CPUs: {cpus}, but a control plane needs {CONTROL_PLANE}");
            vec![host.error(CHECK.name, message, "give the host another CPU, or use a larger one")]
        }
        Some(cpus @ 0..=1) => {
            let message = format!("CPUs: {cpus}, which leaves little to pods");
            vec![host.warning(CHECK.name, message, "give the host another CPU")]
        }
        _ => vec![],
    }
}
